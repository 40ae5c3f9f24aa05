"""How long the stages of a run take, told to whoever watches."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, float], None]


class Stopwatch:
    """Times the stages of a run and tells the reader which one is on. [s].

    >>> watch = Stopwatch()
    >>> with watch.stage("reading positions", 0.0):
    ...     pass
    >>> list(watch.seconds)
    ['reading_positions']
    """

    def __init__(self, progress: Progress | None = None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress

    @contextmanager
    def stage(self, name: str, share: float) -> Iterator[None]:
        """Time one stage; ``share`` is how much of the run lies before it."""
        if self._progress is not None:
            self._progress(name, share)
        started = time.perf_counter()
        yield
        self.seconds[name.replace(" ", "_")] = time.perf_counter() - started

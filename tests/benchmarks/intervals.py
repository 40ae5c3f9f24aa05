"""What intervals cost: the time inside them while a study of so many rows is run and written.

Usage: ``python -m tests.benchmarks.intervals FOLDER ROWS`` prints one line of JSON.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any
from unittest import mock

import corridor
from corridor import worlds
from corridor.accounts.spreads import Spreads
from tests.benchmarks.synthetic import Fleet, fleet

ROUNDS = 3


class Clock:
    """Seconds of the core spent inside some functions."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function, timed."""

        def timed(*values: Any, **named: Any) -> Any:
            started = time.process_time()
            try:
                return work(*values, **named)
            finally:
                self.seconds += time.process_time() - started

        return timed


def one_run(made: Fleet, cache: Path) -> tuple[float, float]:
    """Seconds inside intervals, and of the whole run: positions converted before, results written."""
    clock = Clock()
    ais = made.positions.parent / "simulated_ais.csv.gz"
    with ExitStack() as stack:
        for owner, name in (
            (Spreads, "__init__"),
            (Spreads, "of"),
            (worlds, "cell_spreads"),
        ):
            stack.enter_context(mock.patch.object(owner, name, clock.around(getattr(owner, name))))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        started = time.process_time()
        study = corridor.run_study(ais, ships=made.register, work_dir=cache, pieces=False)
        study.to_folder(Path(folder) / "study")
        whole = time.process_time() - started
    return clock.seconds, whole


def compare(made: Fleet, cache: Path, rounds: int = ROUNDS) -> dict[str, float]:
    """Median share of a warm run that intervals add to it."""
    one_run(made, cache)
    pairs = [one_run(made, cache) for _ in range(rounds)]
    return {
        "intervals_s": median(inside for inside, _ in pairs),
        "run_s": median(whole for _, whole in pairs),
        "ratio": median(inside / (whole - inside) for inside, whole in pairs),
    }


def main(folder: Path, rows: int) -> None:
    """Print the comparison."""
    sys.stdout.write(json.dumps(compare(fleet(rows, folder), folder / "cache")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

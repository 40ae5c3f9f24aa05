"""One way of doing the work, kept warm in a process of its own and run when told.

Reads lines ``ROWS`` on standard input, answers each with one line of JSON: seconds, steps, peak memory. The
first run of a size is not timed by the caller; imports, compilation and the zone index lie before the clock.
"""

import gc
import json
import resource
import sys
import time
from pathlib import Path
from typing import Protocol

from tests.benchmarks.synthetic import Fleet, fleet

MODES = ("floor", "ours", "ours with pieces", "naive")


class Way(Protocol):
    """Something that goes through a fleet and says how long its steps took."""

    def run(self, made: Fleet) -> dict[str, float]:
        """Go through every row. [s]"""
        ...


def way(mode: str, folder: Path) -> Way:
    """Return the way of a mode; its imports are its own."""
    if mode == "floor":
        from tests.benchmarks.floor import Floor  # noqa: PLC0415 — each way pays for its own imports

        return Floor()
    if mode == "naive":
        from tests.benchmarks.naive import Naive  # noqa: PLC0415

        return Naive()
    from tests.benchmarks.ours import Ours  # noqa: PLC0415

    return Ours(folder / "cache", pieces=mode == "ours with pieces")


def peak_mib() -> float:
    """Return the largest resident memory this process has had. [MiB]

    From its own memory map: what `getrusage` tells also holds the parent's peak from before the start.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return float(line.split()[1]) / 1024.0


def answer(ready: Way, made: Fleet) -> dict[str, object]:
    """Run once, in turn with the other ways: each then finds the caches as the others left them. [s, MiB]"""
    gc.collect()
    started, cpu_started = time.perf_counter(), time.process_time()
    steps = ready.run(made)
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": time.process_time() - cpu_started,
        "steps": steps,
        "peak_mib": peak_mib(),
    }


def main(mode: str, folder: Path) -> None:
    """Get ready, say so, then answer every line."""
    ready = way(mode, folder)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(answer(ready, fleet(int(line), folder))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

"""Time the floor, ours and the naive chain in one interleaved run, and write what came out.

Usage, from the root of the repository::

    python -m tests.benchmarks.run --write docs/performance.md

The ways take turns (floor, ours, ours with pieces, naive, floor, ...), each warm in its own process, so that
a busy machine slows them all alike; ratios are taken within a round and their median is quoted.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.benchmarks.report import Goal, Startup, page
from tests.benchmarks.synthetic import Fleet, fingerprint, fleet
from tests.benchmarks.worker import MODES

SMALL, LARGE = 100_000, 1_000_000
FLOOR, OURS, PIECES, NAIVE = MODES
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Process:
    """A warm worker and what it has answered, by number of rows."""

    mode: str
    folder: Path
    seconds: dict[int, list[float]] = field(default_factory=dict)
    cpu_seconds: dict[int, list[float]] = field(default_factory=dict)
    peak_mib: dict[int, float] = field(default_factory=dict)
    steps: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.worker", self.mode, str(self.folder)]
        self._worker = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._line()

    def _line(self) -> str:
        assert self._worker.stdout is not None
        line = self._worker.stdout.readline()
        if not line:
            raise RuntimeError(f"the worker '{self.mode}' ended; its message stands above")
        return line

    def ask(self, rows: int, *, count: bool = True) -> None:
        """Let it go through a fleet once; the answer counts, unless it only warms."""
        assert self._worker.stdin is not None
        self._worker.stdin.write(f"{rows}\n")
        self._worker.stdin.flush()
        answer = json.loads(self._line())
        self.peak_mib[rows] = answer["peak_mib"]
        if count:
            self.seconds.setdefault(rows, []).append(answer["seconds"])
            self.cpu_seconds.setdefault(rows, []).append(answer["cpu_seconds"])
            for step, seconds in answer["steps"].items():
                self.steps.setdefault(step, []).append(seconds)

    def close(self) -> None:
        """Let the worker end."""
        assert self._worker.stdin is not None
        self._worker.stdin.close()
        self._worker.wait()


def interleave(folder: Path, rounds: int, naive_rounds: int) -> dict[str, Process]:
    """Run the ways in turns, small and large; return the warm workers with their answers."""
    ways = {mode: Process(mode, folder) for mode in MODES}
    # Small before large, so that the peak memory of the small size is its own.
    for rows in (SMALL, LARGE):
        for mode in (FLOOR, OURS, PIECES):
            ways[mode].ask(rows, count=False)
        for turn in range(rounds):
            for mode in (FLOOR, OURS, PIECES):
                ways[mode].ask(rows)
            if rows == SMALL and turn < naive_rounds:
                ways[NAIVE].ask(rows)
            say(f"{rows:>9,} rows, round {turn + 1} of {rounds}")
    for process in ways.values():
        process.close()
    return ways


def ratio(name: str, ways: dict[str, Process], rows: int, above: str, below: str, limit: float) -> Goal:
    """Return how many times one way's time is another's: the median of the rounds, by clock and by core."""
    clock, core = (
        median(one / other for one, other in zip(times[0][rows], times[1][rows], strict=False))
        for times in (
            (ways[above].seconds, ways[below].seconds),
            (ways[above].cpu_seconds, ways[below].cpu_seconds),
        )
    )
    return Goal(name, clock, limit, by_core=core, at_least=above == NAIVE)


def goals(ways: dict[str, Process]) -> list[Goal]:
    """Return what was aimed at beside what was measured."""
    peaks = {mode: ways[mode].peak_mib[LARGE] / 1024.0 for mode in (OURS, PIECES)}
    return [
        ratio("ours / floor, 1e6 rows, without pieces", ways, LARGE, OURS, FLOOR, 12.0),
        ratio("ours / floor, 1e6 rows, with a row per piece", ways, LARGE, PIECES, FLOOR, 20.0),
        ratio("naive / ours, the same 1e5 rows", ways, SMALL, NAIVE, OURS, 300.0),
        Goal("peak memory at 1e6 rows, without pieces [GiB]", peaks[OURS], 0.8),
        Goal("peak memory at 1e6 rows, with pieces [GiB]", peaks[PIECES], 0.8),
    ]


def zone_step(folder: Path) -> Goal:
    """Compare the walk with shapely's tree on diced polygons, in a process of their own."""
    command = [sys.executable, "-m", "tests.benchmarks.zones", str(folder), str(SMALL)]
    done = subprocess.run(command, cwd=ROOT, text=True, check=True, stdout=subprocess.PIPE)
    found = json.loads(done.stdout)
    name = "zone step: shapely's tree on diced zones / the walk, the same legs of 1e5 rows"
    return Goal(name, found["ratio"], 20.0, by_core=found["ratio_by_core"], at_least=True)


def interval_step(folder: Path) -> Goal:
    """Time spent on intervals over the rest of a run that is written, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.intervals", str(folder), str(LARGE)]
    done = subprocess.run(command, cwd=ROOT, text=True, check=True, stdout=subprocess.PIPE)
    found = json.loads(done.stdout)
    name = "intervals / the rest of a run, 1e6 rows, results written, positions converted before"
    return Goal(name, found["ratio"], 0.2, by_core=found["ratio"])


def startup(folder: Path, rounds: int) -> list[Startup]:
    """Time whole processes on the small fleet: interpreter, imports, zone index from its cache, all."""
    warm = [_whole_process(folder, None) for _ in range(rounds)]
    with tempfile.TemporaryDirectory() as empty:
        cold = [_whole_process(folder, Path(empty))]
    return [
        Startup("compiled kernels in the cache", median(warm), len(warm)),
        Startup("first run ever: kernels compiled", median(cold), len(cold)),
    ]


def _whole_process(folder: Path, numba_cache: Path | None) -> float:
    environment = dict(os.environ)
    if numba_cache is not None:
        environment["NUMBA_CACHE_DIR"] = str(numba_cache)
    command = [sys.executable, "-m", "tests.benchmarks.worker", OURS, str(folder)]
    started = time.perf_counter()
    subprocess.run(
        command, cwd=ROOT, env=environment, input=f"{SMALL}\n", text=True, check=True, capture_output=True
    )
    return time.perf_counter() - started


def say(text: str) -> None:
    """Tell on standard error how far it is."""
    sys.stderr.write(f"{text}\n")


def main() -> int:
    """Make the fleets, time, print, write; fail when a goal is missed and that was asked for."""
    parser = argparse.ArgumentParser(description="Time corridor against the floor and a naive chain.")
    parser.add_argument("--write", type=Path, help="Markdown file to write, such as docs/performance.md")
    parser.add_argument("--rounds", type=int, default=7, help="rounds of the fast ways")
    parser.add_argument("--naive-rounds", type=int, default=3, help="rounds of the naive chain")
    parser.add_argument("--folder", type=Path, help="where to keep the synthetic fleets between runs")
    parser.add_argument("--check", action="store_true", help="exit 1 if a goal is missed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        made: dict[int, Fleet] = {rows: fleet(rows, folder) for rows in (SMALL, LARGE)}
        say("synthetic fleets are ready")
        ways = interleave(folder.resolve(), options.rounds, options.naive_rounds)
        reached = [*goals(ways), zone_step(folder.resolve()), interval_step(folder.resolve())]
        text = page(
            seconds={mode: process.seconds for mode, process in ways.items()},
            cpu_seconds={mode: process.cpu_seconds for mode, process in ways.items()},
            peak_mib={mode: process.peak_mib for mode, process in ways.items()},
            naive_steps={step: median(values) for step, values in ways[NAIVE].steps.items()},
            goals=reached,
            startup=startup(folder.resolve(), 3),
            fingerprints={rows: fingerprint(one) for rows, one in made.items()},
            command=f"python -m tests.benchmarks.run --write {options.write or 'docs/performance.md'}",
        )
    if options.write:
        options.write.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return int(options.check and not all(goal.is_met for goal in reached))


if __name__ == "__main__":
    sys.exit(main())

"""The page of the benchmark: figures, goals, machine, method."""

import datetime
import importlib.metadata
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

Times = Mapping[str, Mapping[int, Sequence[float]]]
PACKAGES = ("numpy", "pandas", "pyarrow", "numba", "shapely", "geopandas", "movingpandas")

INTRODUCTION = """\
# Performance

What a study costs, against the least it could cost and against the usual way of writing it. Made by

    {command}

on {date}; `make bench` runs the same. The ways take turns on the same rows, each warm in a process of its
own (imports done, kernels compiled, zone index loaded before the clock starts), so a busy machine slows them
all alike: **quote the ratios**, medians of ratios within a round, not the times. A turn is one
pass; none is repeated in a row, where its rows would still lie in the processor's cache. "Processor" is the
time a core really worked.
"""

METHOD = """\
## What is timed

* **floor**: one vessel-sorted Parquet file read with one thread, all columns, and one pass of NumPy over
  each. Nobody goes below it.
* **ours**: `corridor.engine.process` and `merge` on the same file: cleaning, shared identities, stays,
  segments, unobserved gaps, the exact cut at six zone systems, cells and months, phases, dated rules, main
  engine, auxiliary engines and boilers, nine species, ledger and cells in integers, thinned tracks. One core.
  *With pieces* also writes a Parquet row for every piece of a segment.
* **naive**: movingpandas collection, gap split, speed and lines; a propeller law by `apply`, row by row, one
  species; `geopandas.overlay` with the same zone systems and with the cells that are touched. No stays, no
  cleaning, planar lines: it does less than ours, which favours it.
* **zone step**: `layers.walk.walk` with the six systems and the cells on the legs of the same rows, against
  shapely's `STRtree` on the same zones diced to half a degree, lines that lie whole in a piece not cut, no
  cells. Dicing, tree and index lie before the clock; both give the same shares to 1e-6
  (`tests/benchmarks/zones.py`).

The rows are simulated crossings between Shenzhen and San Pedro Bay with stays, holes and faults, passed
through the project's own reader (`tests/benchmarks/synthetic.py`). SHA-256 of the positions: {fingerprints}.
A fleet that lives among islands has more cells on zone boundaries and is slower to cut.
"""


@dataclass(frozen=True)
class Goal:
    """A measured figure and its limit."""

    name: str
    value: float
    limit: float
    by_core: float | None = None
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Whether the figure keeps to its limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True)
class Startup:
    """Time of a whole process. [s]"""

    name: str
    seconds: float
    runs: int


def page(
    *,
    seconds: Times,
    cpu_seconds: Times,
    peak_mib: Mapping[str, Mapping[int, float]],
    naive_steps: Mapping[str, float],
    goals: Sequence[Goal],
    startup: Sequence[Startup],
    fingerprints: Mapping[int, str],
    command: str,
) -> str:
    """Return the page as Markdown."""
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    prints = ", ".join(f"`{text}` for {rows:,} rows" for rows, text in fingerprints.items())
    parts = [
        INTRODUCTION.format(command=command, date=date),
        _goal_table(goals),
        _time_table(seconds, cpu_seconds, peak_mib),
        _startup_table(startup),
        _step_table(naive_steps, seconds),
        METHOD.format(fingerprints=prints),
        _machine(),
    ]
    return "\n".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _goal_table(goals: Sequence[Goal]) -> str:
    rows = [
        [
            goal.name,
            _short(goal.value),
            "" if goal.by_core is None else _short(goal.by_core),
            f"{'≥' if goal.at_least else '≤'} {goal.limit:g}",
            "met" if goal.is_met else "**missed**",
        ]
        for goal in goals
    ]
    return "## Goals\n\n" + _table(["figure", "by the clock", "by processor time", "goal", ""], rows)


def _short(value: float) -> str:
    return f"{value:,.3g}" if value < 100 else f"{value:,.0f}"


def _time_table(seconds: Times, cpu_seconds: Times, peak_mib: Mapping[str, Mapping[int, float]]) -> str:
    rows = []
    for mode, by_rows in seconds.items():
        for count, times in by_rows.items():
            each = [f"{moment / count * 1e9:,.0f}" for moment in (median(times), min(times), max(times))]
            cpu = median(cpu_seconds[mode][count]) / count * 1e9
            peak = f"{peak_mib[mode][count] / 1024:.2f}"
            middle = f"{median(times):.3f}"
            rows.append(
                [
                    mode,
                    f"{count:,}",
                    str(len(times)),
                    middle,
                    each[0],
                    f"{each[1]}–{each[2]}",
                    f"{cpu:,.0f}",
                    peak,
                ]
            )
    head = ["way", "rows", "rounds", "median s", "ns/row", "range", "processor ns/row", "peak GiB"]
    return "## Times\n\n" + _table(head, rows)


def _startup_table(startup: Sequence[Startup]) -> str:
    rows = [[one.name, f"{one.seconds:.1f}", str(one.runs)] for one in startup]
    head = ["whole process on 100,000 rows, zone index in its cache", "median s", "runs"]
    return "## Start-up\n\n" + _table(head, rows)


def _step_table(steps: Mapping[str, float], seconds: Times) -> str:
    count = next(iter(seconds["naive"]))
    rows = [[step, f"{value:.2f}", f"{value / count * 1e6:.1f}"] for step, value in steps.items()]
    return "## Where the naive chain spends it\n\n" + _table(["step", "median s", "µs/row"], rows)


def _machine() -> str:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)
    return (
        "## Machine\n\n"
        f"{_processor()}, {os.cpu_count()} cores, {_memory_gib():.0f} GiB, load average at the end "
        f"{os.getloadavg()[2]:.1f} (15 minutes; above the number of cores the ratios by the "
        f"clock stray); {platform.system()} on "
        f"{platform.machine()}; Python {platform.python_version()}; {versions}.\n"
    )


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        for line in facts.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown processor"


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30

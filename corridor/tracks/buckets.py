"""Positions of whole ships in sorted Parquet files of about a million rows, whatever the order of the input.

Rows are spilled as they come; when all are in, ships are packed into buckets in order of their key, the spill
is dealt out, and each bucket is sorted by itself: memory holds one block or one bucket.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from corridor.tracks.quality import YEAR_MS, flag_islands

Rows = npt.NDArray[np.void]
Integers = npt.NDArray[np.int64]

BUCKET_ROWS = 1_000_000
MEMORY_ROWS = 3_000_000
FILE_SHIFT = 40

# As the positions table, with the station instead of the ship until all identities are known.
ROW = np.dtype(
    [
        ("ship", "i4"),
        ("t_ms", "i8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("sog_kn", "f4"),
        ("draught_m", "f4"),
        ("status", "i1"),
        ("row_ref", "i8"),
    ]
)


@dataclass
class Spill:
    """Rows set aside until all identities are known: in memory while few, else in one file."""

    path: Path
    rows: int = 0
    _parts: list[Rows] = field(default_factory=list)
    _held: int = 0

    def add(self, part: Rows) -> None:
        """Set some rows aside."""
        self._parts.append(part)
        self.rows += len(part)
        self._held += len(part)
        if self._held > MEMORY_ROWS:
            self.flush()

    def flush(self) -> None:
        """Put the rows held in memory into the file."""
        with self.path.open("ab") as target:
            for part in self._parts:
                part.tofile(target)
        self._parts, self._held = [], 0

    def parts(self) -> Iterator[Rows]:
        """Give all rows back, part by part."""
        if self.path.exists():
            with self.path.open("rb") as source:
                while len(part := np.fromfile(source, ROW, BUCKET_ROWS)):
                    yield part
        yield from self._parts

    def drop(self) -> None:
        """Forget the rows."""
        self._parts = []
        self.path.unlink(missing_ok=True)


def pack(rows_of_ship: Integers, limit: int = BUCKET_ROWS) -> Integers:
    """Return the bucket of each ship: neighbours together, at most ``limit`` rows unless one ship has more.

    >>> pack(np.array([4, 5, 3, 20, 1]), limit=10).tolist()
    [0, 0, 1, 2, 3]
    """
    bucket = np.zeros(len(rows_of_ship), np.int64)
    current = filled = 0
    for ship, rows in enumerate(rows_of_ship.tolist()):
        if filled and filled + rows > limit:
            current, filled = current + 1, 0
        bucket[ship] = current
        filled += rows
    return bucket


class Parts(Protocol):
    """Whatever gives its rows part by part, as often as asked."""

    def parts(self) -> Iterator[Rows]:
        """Give all rows, part by part."""


def write_buckets(
    spill: Parts, ship_of: Integers, ships: int, folder: Path
) -> tuple[list[Path], pd.DataFrame]:
    """Write the kept rows as sorted buckets; return their paths and rows, span and draught of each ship.

    ``ship_of`` gives the ship of each station, −1 to leave its rows out.
    """
    rows_of_ship = np.zeros(ships, np.int64)
    for part in spill.parts():
        numbers = ship_of[part["ship"]]
        rows_of_ship += np.bincount(numbers[numbers >= 0], minlength=ships)
    bucket_of = pack(rows_of_ship)
    count = int(bucket_of.max()) + 1 if ships else 0
    dealt = [Spill(folder / f"deal-{number:04d}.tmp") for number in range(count)]
    for part in spill.parts():
        _deal(part, ship_of, bucket_of, dealt)
    paths, facts = [], []
    for number, pile in enumerate(dealt):
        rows = sort_rows(np.concatenate(list(pile.parts())))
        pile.drop()
        path = folder / f"positions-{number:04d}.parquet"
        pq.write_table(_as_table(rows), path, compression="lz4", use_dictionary=False, write_statistics=False)
        paths.append(path)
        facts.append(_facts(rows))
    return paths, pd.concat(facts, ignore_index=True)


def _deal(part: Rows, ship_of: Integers, bucket_of: Integers, dealt: list[Spill]) -> None:
    numbers = ship_of[part["ship"]]
    part = part[numbers >= 0]
    part["ship"] = numbers[numbers >= 0]
    if len(dealt) == 1:
        dealt[0].add(part)
        return
    bucket = bucket_of[part["ship"]]
    order = np.argsort(bucket, kind="stable")
    edges = np.searchsorted(bucket[order], np.arange(len(dealt) + 1))
    for number, pile in enumerate(dealt):
        if edges[number] < edges[number + 1]:
            pile.add(part[order[edges[number] : edges[number + 1]]])
            # Many piles share the memory of one block.
            pile.flush()


def sort_rows(rows: Rows) -> Rows:
    """Return rows by ship and time; rows of one ship and time by all their values, last by their place."""
    ship, time = rows["ship"].astype(np.int64), rows["t_ms"].copy()
    low, high = (int(time.min()), int(time.max())) if len(time) else (0, 0)
    first_ship, last_ship = (int(ship.min()), int(ship.max())) if len(ship) else (0, 0)
    span = high - low + 1
    if (last_ship - first_ship + 1) * span < 2**62:
        key = (ship - first_ship) * span + (time - low)
        order = np.arange(len(key)) if (key[1:] >= key[:-1]).all() else np.argsort(key, kind="stable")
    else:
        order = np.lexsort((time, ship))
    rows = rows[order]
    same = (rows["ship"][1:] == rows["ship"][:-1]) & (rows["t_ms"][1:] == rows["t_ms"][:-1])
    tied = np.append(False, same) | np.append(same, False)
    if tied.any():
        places = np.flatnonzero(tied)
        group = rows[places]
        values = [
            group[name] for name in ("row_ref", "status", "draught_m", "sog_kn", "lon", "lat", "t_ms", "ship")
        ]
        rows[places] = group[np.lexsort(values)]
    return rows


def _as_table(rows: Rows) -> pa.Table:
    return pa.table({name: np.ascontiguousarray(rows[name]) for name in ROW.names or ()})


def _facts(rows: Rows) -> pd.DataFrame:
    """Rows, first and last believed time and deepest draught of each ship in a sorted bucket."""
    ship = rows["ship"]
    start = np.flatnonzero(np.append(True, ship[1:] != ship[:-1]))
    end = np.append(start[1:], len(ship)) - 1
    first_ms, last_ms = _believed_span(rows["t_ms"], start, end)
    return pd.DataFrame(
        {
            "ship": ship[start],
            "draught_max_m": np.fmax.reduceat(rows["draught_m"], start),
            "rows": end - start + 1,
            "first_ms": first_ms,
            "last_ms": last_ms,
        }
    )


def _believed_span(t_ms: Integers, start: Integers, end: Integers) -> tuple[Integers, Integers]:
    """First and last moment of each ship, rows that bear a wrong date left out: no study lasts to 2099."""
    first, last = t_ms[start], t_ms[end]
    for ship in np.flatnonzero(last - first > YEAR_MS).tolist():
        times = t_ms[start[ship] : end[ship] + 1].copy()
        flags = np.zeros(len(times), np.uint16)
        places = np.zeros(len(times))
        flag_islands(0, len(times), (times, places, places, places.astype(np.float32)), flags)
        if not flags.all():
            first[ship], last[ship] = times[flags == 0][[0, -1]]
    return first, last

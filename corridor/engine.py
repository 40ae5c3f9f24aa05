"""Partitions in, results out: where tracks, emissions and accounts meet.

``process`` is a pure function of a bucket and a plan, so that it can run in another process or on another
machine; ``merge`` joins results in any order. A ship is never split over buckets, and its sums are integers:
any number of buckets, workers or orders gives the same accounts.
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from corridor.accounts.ledger import Ledger, in_order
from corridor.accounts.ledger import merge as merge_ledgers
from corridor.emissions.basis import Basis, account
from corridor.emissions.fleet import fleet
from corridor.emissions.inference import fast_speed_kn
from corridor.emissions.phases import phase_rules
from corridor.emissions.places import Places, places
from corridor.emissions.register import RegisterIndex, index_register
from corridor.emissions.rules import Rulebook
from corridor.emissions.ships import Ship, resolve_ships
from corridor.pieces import write_pieces
from corridor.tracks.lines import Line, thinned_lines
from corridor.tracks.quality import NAMES, Cleaned, clean, kept_rows, ship_edges
from corridor.tracks.trajectories import OBSERVED, SIMULATED, STAY, Segments, TraceSettings, trace
from layers.atoms import Atoms, cut_times
from layers.walk import walk
from layers.zones import ZoneIndex, ZoneSystem

CHUNK_ROWS = 200_000
MOST_FLAGGED = 20_000
PARTICULARS = ("imo", "mmsi", "name", "ais_type", "length_m", "beam_m")

Columns = dict[str, NDArray[Any]]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything a partition needs besides its positions; small enough to send to a worker."""

    ships: pd.DataFrame
    register: pd.DataFrame | None
    systems: tuple[ZoneSystem, ...]
    index: ZoneIndex
    rulebook: Rulebook
    trace: TraceSettings
    method: str = "imo4"
    main_off: bool = True
    simulated: bool = False
    pieces_dir: Path | None = None
    lines: bool = True

    @functools.cached_property
    def entries(self) -> RegisterIndex:
        """Register rows of the plan's ships, by the keys they are found by."""
        return index_register(self.register, self.ships)

    @functools.cached_property
    def particulars(self) -> dict[str, NDArray[Any]]:
        """What messages said of the plan's ships, by column."""
        return {name: self.ships[name].to_numpy() for name in PARTICULARS}

    @functools.cached_property
    def places(self) -> Places:
        """What zone codes mean to the method."""
        return places(self.systems, self.index.decode, phase_rules(self.method))


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a partition adds up to, and what a reader wants to know of it."""

    ledger: Ledger
    vessels: pd.DataFrame
    lines: tuple[Line, ...]
    unobserved: pd.DataFrame
    flagged: pd.DataFrame
    counts: dict[str, int]
    piece_sums: dict[str, int]
    main_off_ms: int


def process(bucket: Path, plan: Plan) -> Result:
    """Trace, cut and account the ships of one bucket.

    Parameters
    ----------
    bucket : Path
        Positions of whole ships, sorted by ship and time.
    plan : Plan
        Settings and geography.
    """
    columns = _read(bucket)
    results = [
        _process_ships(chunk, plan, f"{bucket.stem}-{n:04d}") for n, chunk in enumerate(_chunks(columns))
    ]
    return _join(results)


def run(
    buckets: Sequence[Path],
    plan: Plan,
    *,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Result:
    """Process every bucket and merge, in this process or with an executor.

    Parameters
    ----------
    executor : concurrent.futures.Executor, optional
        A process pool, or Dask's ``client.get_executor()``.
    progress : callable, optional
        Called with the number of buckets done and their number.
    """
    work = functools.partial(process, plan=plan)
    results: list[Result] = []
    for result in executor.map(work, buckets) if executor is not None else map(work, buckets):
        results.append(result)
        if progress is not None:
            progress(len(results), len(buckets))
    return merge(results)


def merge(results: Iterable[Result]) -> Result:
    """Join results of different vessels; vessels are numbered by their ids, whatever the order."""
    joined = _join(list(results))
    order = np.argsort(joined.vessels["vessel_id"].to_numpy(dtype=str), kind="stable")
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    ledger = _renumbered(joined.ledger, number)
    lines = sorted(joined.lines, key=lambda line: (line.vessel_id, line.t0_ms))
    unobserved = joined.unobserved.sort_values(["vessel_id", "t0_ms"], kind="stable").reset_index(drop=True)
    flagged = joined.flagged.sort_values(["reason", "row_ref"], kind="stable").reset_index(drop=True)
    return Result(
        ledger=in_order(ledger),
        vessels=joined.vessels.iloc[order].reset_index(drop=True),
        lines=tuple(lines),
        unobserved=unobserved,
        flagged=flagged,
        counts=joined.counts,
        piece_sums=joined.piece_sums,
        main_off_ms=joined.main_off_ms,
    )


def _join(results: Sequence[Result]) -> Result:
    """Put results one behind the other, their vessels numbered on."""
    offsets = np.cumsum([0, *(len(result.vessels) for result in results)])
    ledgers = [
        _renumbered(result.ledger, np.arange(len(result.vessels)) + offset)
        for result, offset in zip(results, offsets[:-1], strict=True)
    ]
    return Result(
        ledger=merge_ledgers(ledgers),
        vessels=_stack([result.vessels for result in results]),
        lines=tuple(line for result in results for line in result.lines),
        unobserved=_stack([result.unobserved for result in results]),
        flagged=_stack([result.flagged for result in results]),
        counts=_added([result.counts for result in results]),
        piece_sums=_added([result.piece_sums for result in results]),
        main_off_ms=sum(result.main_off_ms for result in results),
    )


def _renumbered(ledger: Ledger, number: NDArray[np.int64]) -> Ledger:
    return Ledger(ledger.rows.assign(vessel=number[ledger.rows["vessel"].to_numpy()]), ledger.cells)


def _stack(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    # Empty tables say nothing of their types and would change those of the others.
    filled = [table for table in tables if len(table)] or list(tables[:1])
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def _added(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for count in counts:
        for name, number in count.items():
            total[name] = total.get(name, 0) + number
    return dict(sorted(total.items()))


def _read(bucket: Path) -> Columns:
    table = pq.read_table(bucket, use_threads=False, memory_map=True)
    return {name: table[name].to_numpy() for name in table.column_names}


def _chunks(columns: Columns) -> Iterator[Columns]:
    """Whole ships, about CHUNK_ROWS rows at a time: what fits the processor's cache."""
    edges = ship_edges(columns["ship"])
    first = 0
    for place in range(1, len(edges)):
        last = place == len(edges) - 1
        if last or edges[place + 1] - edges[first] > CHUNK_ROWS:
            yield {name: values[edges[first] : edges[place]] for name, values in columns.items()}
            first = place


def _process_ships(positions: Columns, plan: Plan, name: str) -> Result:
    cleaned = clean(positions)
    segments = trace(kept_rows(positions, cleaned), plan.trace, plan.ships)
    if plan.simulated:
        origin = np.where(segments.origin == OBSERVED, SIMULATED, segments.origin)
        segments = replace(segments, origin=origin.astype(np.uint8))
    vessels = _vessels(segments, plan)
    ships = resolve_ships(vessels, plan.entries)
    atoms, period = _cut(segments, plan)
    basis = account(
        segments,
        atoms,
        period,
        fleet=fleet(ships, plan.rulebook.supplies, plan.method),
        places=plan.places,
        rulebook=plan.rulebook,
        main_off=plan.main_off,
        pieces=plan.pieces_dir is not None,
    )
    return Result(
        ledger=Ledger(basis.ledger, basis.cells),
        vessels=_facts(vessels, ships),
        lines=thinned_lines(segments, vessels) if plan.lines else (),
        unobserved=segments.unobserved.assign(
            vessel_id=vessels["vessel_id"].to_numpy()[segments.unobserved["vessel"]]
        ),
        flagged=_flagged(positions, cleaned),
        counts=cleaned.counts,
        piece_sums=_pieces(segments, basis, vessels, plan, name),
        main_off_ms=basis.main_off_ms,
    )


def _vessels(segments: Segments, plan: Plan) -> pd.DataFrame:
    """Vessels of the segments with what their messages said of them."""
    ship = segments.vessels["ship"].to_numpy()
    said = {name: values[ship] for name, values in plan.particulars.items()}
    # Several ships under one identity: its number is of one of them, and nobody knows of which.
    said["imo"] = np.where(segments.vessels["part"].to_numpy() > 0, -1, said["imo"])
    moving = np.where(segments.kind == STAY, np.nan, segments.sog_kn)
    duration_ms = segments.t1_ms - segments.t0_ms
    fast_kn = fast_speed_kn(segments.vessel, moving, duration_ms, len(ship))
    return segments.vessels.assign(**said, fast_kn=fast_kn)


def _cut(segments: Segments, plan: Plan) -> tuple[Atoms, NDArray[np.int32]]:
    """Cut segments at zones and cells, then at months and rule dates."""
    atoms = walk(
        segments.lat0, segments.lon0, segments.lat1, segments.lon1, plan.index, stay=segments.kind == 1
    )
    return cut_times(atoms, segments.t0_ms, segments.t1_ms, plan.rulebook.calendar.marks_ms)


def _facts(vessels: pd.DataFrame, ships: Sequence[Ship]) -> pd.DataFrame:
    """Facts of each vessel as they stand in ``vessels.csv``, with their provenance."""
    names = {
        "ship_class": "ship_type",
        "size_bin": "size_bin",
        "main_power_kw": "me_kw",
        "reference_speed_kn": "v_ref_kn",
        "design_draught_m": "t_ref_m",
        "tier": "tier",
    }
    table: dict[str, Any] = {
        "vessel_id": vessels["vessel_id"].to_numpy(),
        "name": [ship.name for ship in ships],
        "imo": vessels["imo"].to_numpy(),
        "mmsi": vessels["mmsi"].to_numpy(),
        "fixes": vessels["fixes"].to_numpy(),
    }
    for column, field in names.items():
        table[column] = [getattr(ship, field) for ship in ships]
        stem = column.removesuffix("_kw").removesuffix("_kn").removesuffix("_m")
        table[f"{stem}_provenance"] = [ship.provenance.get(field, "default") for ship in ships]
    table["main_diesel"] = [ship.is_diesel for ship in ships]
    table["remarks"] = ["; ".join(ship.remarks) for ship in ships]
    return pd.DataFrame(table)


def _flagged(positions: Columns, cleaned: Cleaned) -> pd.DataFrame:
    """Rows that cleaning dropped or marked, by reason; the first of them where there are very many."""
    found: dict[str, NDArray[np.int64]] = {
        reason: positions["row_ref"][(cleaned.flags & NAMES[reason]) != 0][:MOST_FLAGGED]
        for reason in cleaned.counts
    }
    rows = np.concatenate([np.zeros(0, np.int64), *found.values()])
    return pd.DataFrame({"row_ref": rows, "reason": np.repeat(list(found), [len(r) for r in found.values()])})


def _pieces(segments: Segments, basis: Basis, vessels: pd.DataFrame, plan: Plan, name: str) -> dict[str, int]:
    if plan.pieces_dir is None or basis.pieces is None:
        return {}
    ids = vessels["vessel_id"].to_numpy(dtype=str)
    return write_pieces(plan.pieces_dir / f"{name}.parquet", segments, basis, ids, plan.index)

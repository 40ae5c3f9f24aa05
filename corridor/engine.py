"""Partitions in, results out: where tracks, emissions and accounts meet.

``process`` is a pure function of a bucket and a plan, so that it can run in another process or on another
machine; ``merge`` joins results in any order. A ship is never split over buckets, and its sums are integers:
any number of buckets, workers or orders gives the same accounts.
"""

import functools
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from corridor import reference
from corridor.accounts.ledger import Ledger, in_order
from corridor.accounts.ledger import merge as merge_ledgers
from corridor.emissions.basis import Basis, account
from corridor.emissions.behaviour import Surroundings
from corridor.emissions.fleet import Fleet, fleet
from corridor.emissions.inference import fast_speed_kn
from corridor.emissions.phases import phase_rules
from corridor.emissions.places import Places, places
from corridor.emissions.register import RegisterIndex, index_register
from corridor.emissions.rules import Rulebook
from corridor.emissions.ships import Ship, resolve_ships
from corridor.errors import InputError
from corridor.pieces import write_pieces
from corridor.tracks.gaps import APPROACH, HARBOUR, OPEN, GapSettings, fill
from corridor.tracks.lines import Line, thinned_lines
from corridor.tracks.quality import MS_PER_HOUR, NAMES, Cleaned, clean, kept_rows, ship_edges
from corridor.tracks.rests import Rests, rests
from corridor.tracks.trajectories import OBSERVED, SIMULATED, STAY, Segments, TraceSettings, trace
from layers.atoms import Atoms, cut_times
from layers.geodesy import NAUTICAL_MILE_M
from layers.walk import walk
from layers.zones import ZoneIndex, ZoneSystem

CHUNK_ROWS = 500_000
MOST_FLAGGED = 20_000
# Faster by both its speeds, no leg is in a band that the distance to the coast decides. [kn]
ASKED_KN = 6.0
SHELTERS = {
    "berth": HARBOUR,
    "port_area": HARBOUR,
    "anchorage": HARBOUR,
    "precautionary": APPROACH,
    "approach": APPROACH,
}
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
    gaps: GapSettings | None = None
    method: str = "imo4"
    main_off: bool = True
    simulated: bool = False
    pieces_dir: Path | None = None
    lines: bool = True
    only_ship: int | None = None

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

    @functools.cached_property
    def _shelter_of_zone(self) -> NDArray[np.int64]:
        (inventory,) = (system.zones for system in self.systems if system.name == "port")
        return np.array([OPEN, *(SHELTERS.get(kind, OPEN) for kind in inventory["kind"])], np.int64)

    def shelter(self, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.int64]:
        """How likely a ship lies still at places, by the kind of port zone; see `corridor.tracks.gaps`."""
        zones = self.index.decode(self.index.zone_at(lat, lon))
        found: NDArray[np.int64] = self._shelter_of_zone[zones[:, self.index.names.index("port")]]
        return found


@dataclass(frozen=True)
class Source:
    """What a study was made from, for those who ask how: plan, positions, names of the input files."""

    plan: Plan
    buckets: tuple[Path, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Worked:
    """What became of the positions of some ships, step by step."""

    cleaned: Cleaned
    segments: Segments
    vessels: pd.DataFrame
    ships: list[Ship]
    atoms: Atoms
    period: NDArray[np.int32]
    fleet: Fleet
    basis: Basis


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
    columns = read_positions(bucket, plan.only_ship)
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


@contextmanager
def processes(workers: int) -> Iterator[Executor | None]:
    """Give an executor of so many processes, or none for one.

    >>> with processes(1) as executor:
    ...     print(executor)
    None
    """
    if workers <= 1:
        yield None
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def merge(results: Iterable[Result]) -> Result:
    """Join results of different vessels; vessels are numbered by their ids, whatever the order."""
    joined = _join(list(results))
    order = np.argsort(joined.vessels["vessel_id"].to_numpy(dtype=str), kind="stable")
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    ledger = _renumbered(joined.ledger, number)
    lines = sorted(joined.lines, key=lambda line: (line.vessel_id, line.t0_ms))
    unobserved = joined.unobserved.assign(vessel=number[joined.unobserved["vessel"].to_numpy(np.int64)])
    unobserved = unobserved.sort_values(["vessel_id", "t0_ms"], kind="stable").reset_index(drop=True)
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
        unobserved=_stack(
            [
                result.unobserved.assign(vessel=result.unobserved["vessel"] + offset)
                for result, offset in zip(results, offsets[:-1], strict=True)
            ]
        ),
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


def read_positions(bucket: Path, ship: int | None = None) -> Columns:
    """Positions of a bucket, or of one of its ships, which may have none there."""
    only = None if ship is None else [("ship", "=", ship)]
    table = pq.read_table(bucket, use_threads=False, memory_map=True, filters=only)
    return {name: table[name].to_numpy() for name in table.column_names}


def _chunks(columns: Columns) -> Iterator[Columns]:
    """Whole ships, about CHUNK_ROWS rows at a time: what bounds the memory of a large bucket."""
    edges = ship_edges(columns["ship"])
    first = 0
    for place in range(1, len(edges)):
        last = place == len(edges) - 1
        if last or edges[place + 1] - edges[first] > CHUNK_ROWS:
            yield {name: values[edges[first] : edges[place]] for name, values in columns.items()}
            first = place


def ship_number(ships: pd.DataFrame, vessel: str) -> int:
    """Row of a ship, by its id (``IMO9811000``, ``MMSI209289000/2``) or its bare IMO number or MMSI.

    Parameters
    ----------
    ships : pandas.DataFrame
        Ships of a study.
    vessel : str
        What to look for.

    Raises
    ------
    InputError
        If no ship has it; the message names some that are there.
    """
    wanted = vessel.strip().upper().split("/")[0]
    keys = ships["ship_key"].astype(str)
    numbers = (ships["imo"].astype(str), ships["mmsi"].astype(str))
    for names in (keys.str.upper(), *numbers):
        if (names == wanted).any():
            return int(ships.loc[names == wanted, "ship"].iloc[0])
    some = ", ".join(keys.iloc[:8]) + (", …" if len(keys) > 8 else "")
    raise InputError(
        "unknown_vessel", f"found no vessel '{vessel}'; expected one of the {len(keys)} there: {some}"
    )


def work(positions: Columns, plan: Plan, *, pieces: bool) -> Worked:
    """Positions of whole ships to accounts, keeping what lies between."""
    cleaned = clean(positions)
    kept = kept_rows(positions, cleaned)
    segments = trace(kept, plan.trace, plan.ships)
    if plan.gaps is not None and len(segments.unobserved):
        segments = fill(segments, plan.gaps, reference.sea(), plan.shelter)
    if plan.simulated:
        origin = np.where(segments.origin == OBSERVED, SIMULATED, segments.origin)
        segments = replace(segments, origin=origin.astype(np.uint8))
    vessels = _vessels(segments, plan)
    ships = resolve_ships(vessels, plan.entries)
    atoms, period = _cut(segments, plan)
    made = fleet(ships, plan.rulebook.supplies, plan.method)
    basis = account(
        segments,
        atoms,
        period,
        fleet=made,
        places=plan.places,
        rulebook=plan.rulebook,
        surroundings=_surroundings(segments, rests(kept, segments)),
        main_off=plan.main_off,
        pieces=pieces,
    )
    return Worked(
        cleaned=cleaned,
        segments=segments,
        vessels=vessels,
        ships=ships,
        atoms=atoms,
        period=period,
        fleet=made,
        basis=basis,
    )


def _process_ships(positions: Columns, plan: Plan, name: str) -> Result:
    worked = work(positions, plan, pieces=plan.pieces_dir is not None)
    segments, vessels, basis = worked.segments, worked.vessels, worked.basis
    return Result(
        ledger=Ledger(basis.ledger, basis.cells),
        vessels=_facts(vessels, worked.ships),
        lines=thinned_lines(segments, vessels) if plan.lines else (),
        unobserved=segments.unobserved.assign(
            vessel_id=vessels["vessel_id"].to_numpy()[segments.unobserved["vessel"]],
            zone0=_zones_at(segments.unobserved, "0", plan),
            zone1=_zones_at(segments.unobserved, "1", plan),
        ),
        flagged=_flagged(positions, worked.cleaned),
        counts=worked.cleaned.counts,
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


def _surroundings(segments: Segments, lay: Rests) -> Surroundings:
    """Distance to the coast of stays and slow legs, whose phase alone asks for it, and how stays lay."""
    lasting_ms = segments.t1_ms - segments.t0_ms
    fast_m = ASKED_KN * NAUTICAL_MILE_M / MS_PER_HOUR * lasting_ms
    asked = np.flatnonzero(~((segments.sog_kn > ASKED_KN) & (segments.distance_m > fast_m)))
    coast_nm = np.full((2, len(segments)), np.nan)
    shore = reference.shore()
    coast_nm[0, asked] = shore.distance_nm(segments.lat0[asked], segments.lon0[asked])
    coast_nm[1, asked] = shore.distance_nm(segments.lat1[asked], segments.lon1[asked])
    return Surroundings(
        coast0_nm=coast_nm[0], coast1_nm=coast_nm[1], swing_m=lay.swing_m, drift_m=lay.drift_m
    )


def _zones_at(places: pd.DataFrame, end: str, plan: Plan) -> NDArray[np.int64]:
    """Zone codes of one end of each hole."""
    return plan.index.zone_at(places[f"lat{end}"].to_numpy(float), places[f"lon{end}"].to_numpy(float))


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
    marked = np.flatnonzero(cleaned.flags)
    flags, row_ref = cleaned.flags[marked], positions["row_ref"][marked]
    found: dict[str, NDArray[np.int64]] = {
        reason: row_ref[(flags & NAMES[reason]) != 0][:MOST_FLAGGED] for reason in cleaned.counts
    }
    rows = np.concatenate([np.zeros(0, np.int64), *found.values()])
    return pd.DataFrame({"row_ref": rows, "reason": np.repeat(list(found), [len(r) for r in found.values()])})


def _pieces(segments: Segments, basis: Basis, vessels: pd.DataFrame, plan: Plan, name: str) -> dict[str, int]:
    if plan.pieces_dir is None or basis.pieces is None:
        return {}
    ids = vessels["vessel_id"].to_numpy(dtype=str)
    return write_pieces(plan.pieces_dir / f"{name}.parquet", segments, basis, ids, plan.index)

"""Partitions in, results out: where tracks, emissions and accounts meet.

``process`` is a pure function of a bucket and a plan, so that it can run in another process or on another
machine; ``merge`` joins results in any order. A ship is never split over buckets, and its sums are integers:
any number of buckets, workers or orders gives the same accounts.
"""

import functools
import itertools
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
from corridor.accounts.ledger import Ledger, complete, in_order
from corridor.accounts.ledger import merge as merge_ledgers
from corridor.berths import Terms
from corridor.bookings import Findings, Ground, book
from corridor.callbook import Called, in_journeys, note_calls, shown
from corridor.emissions.basis import Basis
from corridor.emissions.behaviour import Surroundings
from corridor.emissions.control import Control
from corridor.emissions.facts import vessel_facts
from corridor.emissions.fleet import Fleet, fleet
from corridor.emissions.hotel import with_hotel_remarks
from corridor.emissions.inference import fast_speed_kn
from corridor.emissions.ships import Ship, resolve_ships
from corridor.errors import InputError
from corridor.joining import added, stacked
from corridor.levers import Chunk, book_scenario
from corridor.pieces import write_pieces
from corridor.plan import Plan
from corridor.regroup import Books
from corridor.tracks.gaps import fill
from corridor.tracks.lines import Line, thinned_lines
from corridor.tracks.quality import INLAND_NM, MS_PER_HOUR, NAMES, Cleaned, clean, kept_rows, ship_edges
from corridor.tracks.rests import Rests, rests
from corridor.tracks.trajectories import OBSERVED, PLANNED, SIMULATED, STAY, Segments, trace
from layers.atoms import Atoms
from layers.geodesy import NAUTICAL_MILE_M

CHUNK_ROWS = 1_000_000
# Of a chunk: so much above a whole number of them, and there is one more.
SPARE = 0.4
MOST_FLAGGED = 20_000
# Faster by both its speeds, no leg is in a band that the distance to the coast decides. [kn]
ASKED_KN = 6.0

Columns = dict[str, NDArray[Any]]


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
    control: Control | None
    findings: Findings
    called: Called
    only: NDArray[np.bool_] | None


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
    no_draught_ms: int
    scenarios: dict[str, Ledger]
    findings: Findings
    called: Called


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
        _process_ships(chunk, plan, f"{bucket.stem}-{n:04d}")
        for n, chunk in enumerate(_chunks(columns, _most_rows(plan)))
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
        no_draught_ms=joined.no_draught_ms,
        scenarios={key: in_order(_renumbered(one, number)) for key, one in joined.scenarios.items()},
        findings=joined.findings.in_order(number),
        called=joined.called.in_order(number),
    )


def _join(results: Sequence[Result]) -> Result:
    """Put results one behind the other, their vessels numbered on."""
    if len(results) == 1:
        return replace(results[0], counts=added([results[0].counts]))
    offsets = np.cumsum([0, *(len(result.vessels) for result in results)])

    def joined(ledgers: Iterable[Ledger]) -> Ledger:
        """Add ledgers up, their vessels numbered on."""
        numbered = (
            _renumbered(ledger, np.arange(len(result.vessels)) + offset)
            for ledger, result, offset in zip(ledgers, results, offsets[:-1], strict=True)
        )
        return merge_ledgers(list(numbered))

    keys = results[0].scenarios if results else ()
    return Result(
        ledger=joined(result.ledger for result in results),
        vessels=stacked([result.vessels for result in results]),
        lines=tuple(line for result in results for line in result.lines),
        unobserved=stacked(
            [
                result.unobserved.assign(vessel=result.unobserved["vessel"] + offset)
                for result, offset in zip(results, offsets[:-1], strict=True)
            ]
        ),
        flagged=stacked([result.flagged for result in results]),
        counts=added([result.counts for result in results]),
        piece_sums=added([result.piece_sums for result in results]),
        main_off_ms=sum(result.main_off_ms for result in results),
        no_draught_ms=sum(result.no_draught_ms for result in results),
        scenarios={key: joined(result.scenarios[key] for result in results) for key in keys},
        findings=Findings.joined([result.findings for result in results], offsets[:-1].tolist()),
        called=Called.joined([result.called for result in results], offsets[:-1].tolist()),
    )


def _renumbered(ledger: Ledger, number: NDArray[np.int64]) -> Ledger:
    return Ledger(
        ledger.rows.assign(vessel=number[ledger.rows["vessel"].to_numpy()]),
        ledger.cells,
        ledger.pairs.assign(vessel=number[ledger.pairs["vessel"].to_numpy()]),
    )


def read_positions(bucket: Path, ship: int | None = None) -> Columns:
    """Positions of a bucket, or of one of its ships, which may have none there."""
    only = None if ship is None else [("ship", "=", ship)]
    table = pq.read_table(bucket, use_threads=False, memory_map=True, filters=only)
    return {name: table[name].to_numpy() for name in table.column_names}


def _most_rows(plan: Plan) -> int:
    """Rows of a chunk; pieces take as much memory again."""
    return CHUNK_ROWS if plan.pieces_dir is None else CHUNK_ROWS // 2


def _chunks(columns: Columns, rows: int) -> Iterator[Columns]:
    """Whole ships, about so many rows at a time: what bounds the memory of a large bucket."""
    edges = ship_edges(columns["ship"])
    # Alike in size: a small rest would cost nearly as much as a chunk, most of it not by rows.
    parts = max(round(int(edges[-1]) / rows + SPARE), 1)
    aims = np.arange(parts + 1) * int(edges[-1]) // parts
    bounds = np.unique(edges[np.searchsorted(edges, aims)])
    for first, last in itertools.pairwise(bounds.tolist()):
        yield {name: values[first:last] for name, values in columns.items()}


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
    cleaned = clean(positions, reference.inland(INLAND_NM).holds(positions["lat"], positions["lon"]))
    kept = kept_rows(positions, cleaned)
    segments = trace(kept, plan.trace, plan.ships)
    if plan.gaps is not None and len(segments.unobserved):
        segments = fill(segments, plan.gaps, reference.sea(), plan.shelter)
    if plan.simulated:
        origin = np.where(segments.origin == OBSERVED, SIMULATED, segments.origin)
        segments = replace(segments, origin=origin.astype(np.uint8))
    if plan.planned:
        origin = np.full(len(segments), PLANNED, np.uint8)
        segments = replace(segments, origin=origin, observed_ms=np.zeros_like(segments.observed_ms))
    rest = rests(kept, segments)
    segments, called = note_calls(segments, rest, plan.index, plan.grounds, plan.calling)
    only = in_journeys(segments, called, plan.calling)
    vessels = _vessels(segments, kept, plan)
    ships = with_hotel_remarks(resolve_ships(vessels, plan.entries), plan.hotel_loads)
    made = fleet(ships, plan.rulebook.supplies, plan.method, hotel_loads=plan.hotel_loads)
    lay = _surroundings(segments, rest, plan.emission_method.asks_coast)
    booked = book(
        segments,
        vessels,
        ships,
        books=Books(made, plan.places, plan.rulebook, lay, plan.main_off),
        ground=Ground(plan.systems, plan.index),
        terms=Terms(plan.use, plan.shore_log),
        masses=plan.measured,
        only=only,
        pieces=pieces,
    )
    return Worked(
        cleaned=cleaned,
        segments=segments,
        vessels=vessels,
        ships=ships,
        atoms=booked.atoms,
        period=booked.period,
        fleet=made,
        basis=booked.basis,
        control=booked.control,
        findings=booked.findings,
        called=called,
        only=only,
    )


def _process_ships(positions: Columns, plan: Plan, name: str) -> Result:
    worked = work(positions, plan, pieces=plan.pieces_dir is not None)
    segments, vessels, basis = worked.segments, worked.vessels, worked.basis
    seen = shown(segments, worked.called, worked.only)
    return Result(
        ledger=Ledger(complete(basis.ledger), basis.cells, basis.pairs),
        vessels=vessel_facts(vessels, worked.ships),
        lines=thinned_lines(seen, vessels) if plan.lines else (),
        unobserved=seen.unobserved.assign(
            vessel_id=vessels["vessel_id"].to_numpy()[seen.unobserved["vessel"]],
            zone0=_zones_at(seen.unobserved, "0", plan),
            zone1=_zones_at(seen.unobserved, "1", plan),
        ),
        flagged=_flagged(positions, worked.cleaned),
        counts=worked.cleaned.counts,
        piece_sums=_pieces(segments, basis, vessels, plan, name),
        main_off_ms=basis.main_off_ms,
        no_draught_ms=_without_draught_ms(seen),
        scenarios=_scenarios(worked, plan),
        findings=worked.findings,
        called=worked.called,
    )


def _scenarios(worked: Worked, plan: Plan) -> dict[str, Ledger]:
    """The ships as each scenario has them."""
    if not plan.scenarios:
        return {}
    baseline = Chunk(
        segments=worked.segments,
        atoms=worked.atoms,
        period=worked.period,
        ships=worked.ships,
        fleet=worked.fleet,
        make_fleet=functools.partial(fleet, method=plan.method, hotel_loads=plan.hotel_loads),
        rulebook=plan.rulebook,
        places=plan.places,
        systems=plan.systems,
        basis=worked.basis,
        control=worked.control,
        main_off=plan.main_off,
    )
    return {scenario.key: book_scenario(scenario, baseline) for scenario in plan.scenarios}


def _without_draught_ms(segments: Segments) -> int:
    """Time under way without a draught reported: as at the design draught, or the method's mean. [ms]"""
    silent = np.isnan(segments.draught_m) & (segments.kind != STAY)
    return int((segments.t1_ms - segments.t0_ms)[silent].sum())


def _vessels(segments: Segments, kept: Columns, plan: Plan) -> pd.DataFrame:
    """Vessels of the segments with what their messages said of them."""
    ship = segments.vessels["ship"].to_numpy()
    said = {name: values[ship] for name, values in plan.particulars.items()}
    # Several ships under one identity: its number is of one of them, and only their own rows tell of which.
    said["imo"] = np.where(segments.vessels["part"].to_numpy() > 0, -1, said["imo"])
    if plan.claims is not None:
        plan.claims.tell(said, kept, segments.vessels)
    moving = np.where(segments.kind == STAY, np.nan, segments.sog_kn)
    duration_ms = segments.t1_ms - segments.t0_ms
    fast_kn = fast_speed_kn(segments.vessel, moving, duration_ms, len(ship))
    return segments.vessels.assign(**said, fast_kn=fast_kn)


def _surroundings(segments: Segments, lay: Rests, everywhere: bool = False) -> Surroundings:
    """Distance to the coast of stays and slow legs, whose phase alone asks for it, and how stays lay.

    ``everywhere``: of fast legs too, for a method whose loads ask for it.
    """
    lasting_ms = segments.t1_ms - segments.t0_ms
    fast_m = ASKED_KN * NAUTICAL_MILE_M / MS_PER_HOUR * lasting_ms
    asked = np.flatnonzero(everywhere | ~((segments.sog_kn > ASKED_KN) & (segments.distance_m > fast_m)))
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

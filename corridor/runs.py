"""Run a study: the whole flow as one paragraph."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from corridor import engine
from corridor.accounts.totals import derived_factors
from corridor.emissions.register import read_register
from corridor.emissions.rules import Calendar, calendar, rulebook
from corridor.engine import Plan
from corridor.errors import InputError
from corridor.ground import is_simulated, study_lattice, study_systems
from corridor.holes import hole_table, hours_by_waters
from corridor.manifest import describe, file_identity, input_report
from corridor.stopwatch import Progress, Stopwatch
from corridor.study import Study, with_engine_kind
from corridor.tracks.columns import read_mapping
from corridor.tracks.gaps import GapSettings
from corridor.tracks.ingest import Ingested, ingest
from corridor.tracks.trajectories import TraceSettings
from corridor.userzones import datum_remark
from layers.zones import ZoneIndex, ZoneSystem


def run_study(  # noqa: PLR0913 - one setting each, all by name
    inputs: str | Path | Sequence[str | Path],
    *,
    columns: str | Path | None = None,
    ships: str | Path | None = None,
    zones: str | Path | None = None,
    zones_datum: str | None = None,
    cell_deg: float = 0.1,
    start: datetime | None = None,
    end: datetime | None = None,
    bbox: tuple[float, float, float, float] | None = None,
    tz: str | None = None,
    population: str | Sequence[int] = "ogv",
    workers: int = 1,
    work_dir: str | Path | None = None,
    pieces: bool = True,
    method: str = "imo4",
    vessel: str | None = None,
    progress: Progress | None = None,
) -> Study:
    """Compute a study from AIS files: positions to segments, zones, emissions and accounts.

    Parameters
    ----------
    inputs : path or sequence of paths
        AIS tables, or patterns such as ``ais/*.csv.zst``; see `corridor.tracks.ingest.ingest`.
    columns : path, optional
        TOML mapping of another table's columns, units and time zone.
    ships : path, optional
        Register of ships; what it does not say is inferred or a class default, and marked so.
    zones : path, optional
        Your own zones, added as the system ``user``; ``file.gpkg#layer`` names one of several layers.
    zones_datum : str, optional
        ``wgs84`` if you know that your zones are; without it, zones in mainland China are warned of.
    cell_deg : float
        Side of a grid cell; ten times finer in the ports. [degrees]
    start, end : datetime, optional
        First moment, and the moment before which to stop.
    bbox : tuple of float, optional
        West, south, east, north; west may be greater than east, across 180°. [degrees]
    tz : str, optional
        Zone of times that name none; UTC by default.
    population : str or sequence of int
        ``ogv`` (ocean-going vessels), ``all``, or AIS ship types.
    workers : int
        Processes that share the work.
    work_dir : path, optional
        Where converted positions and the zone index are kept for the next run; the user's cache by default.
    pieces : bool
        Whether to keep a row for every piece of a segment.
    method : str
        Name of the emission method.
    vessel : str, optional
        Compute this vessel alone, as it comes out among the others: its id, IMO number or MMSI.
    progress : callable, optional
        Called with the name of the stage and the share done.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        If an input or a setting cannot be used as it is; one line says what to do.
    """
    watch = Stopwatch(progress)
    cache = Path(work_dir) if work_dir is not None else user_cache_path("corridor")
    systems, lattice = study_systems(zones, zones_datum), study_lattice(cell_deg)
    with watch.stage("reading positions", 0.05):
        mapping = read_mapping(columns) if columns is not None else None
        register = read_register(ships) if ships is not None else None
        ingested = ingest(
            _files(inputs),
            columns=mapping,
            work_dir=cache,
            period=_period_ms(start, end),
            bbox=bbox,
            tz=tz,
            population=population,
        )
    with watch.stage("preparing zones", 0.35):
        index = ZoneIndex.load_or_build(systems, lattice, cache)
    gaps = GapSettings(area=bbox)
    plan = Plan(
        ships=ingested.ships,
        register=register,
        systems=systems,
        index=index,
        rulebook=rulebook(_sulphur_zones(systems), _calendar(ingested)),
        trace=TraceSettings(),
        gaps=gaps,
        method=method,
        simulated=is_simulated(ingested.ships),
        pieces_dir=_pieces_folder() if pieces else None,
        only_ship=None if vessel is None else engine.ship_number(ingested.ships, vessel),
    )
    folder = plan.pieces_dir
    with (
        _removed_on_failure(folder),
        watch.stage("tracks and emissions", 0.4),
        engine.processes(workers) as executor,
    ):
        result = engine.run(ingested.buckets, plan, executor=executor)
    settings = {
        "method": method,
        "vessel": vessel,
        "cell_deg": cell_deg,
        "population": population if isinstance(population, str) else list(population),
        "start_utc": start.isoformat() if start is not None else None,
        "end_utc": end.isoformat() if end is not None else None,
        "bbox": list(bbox) if bbox is not None else None,
        "time_zone": tz or "UTC",
        "zones_datum": zones_datum,
        "files": {
            role: file_identity(path)
            for role, path in (("columns", columns), ("ships", ships), ("zones", zones))
            if path is not None
        },
        "zone_systems": [system.name for system in systems],
        **asdict(plan.trace),
        **{f"hole_{name}": value for name, value in asdict(gaps).items() if name != "area"},
    }
    with _removed_on_failure(folder), watch.stage("accounts", 0.8):
        return _study(ingested, plan, result, settings, folder, watch)


def _study(
    ingested: Ingested,
    plan: Plan,
    result: engine.Result,
    settings: dict[str, Any],
    folder: Path | None,
    watch: Stopwatch,
) -> Study:
    derived = derived_factors()
    simulated = plan.simulated
    manifest = describe(
        result,
        rows=with_engine_kind(result.ledger, result.vessels),
        derived=derived,
        ingested=ingested,
        parameters=settings
        | {"gwp_basis": derived.gwp_basis, "boundary": "tank-to-wake", "simulated": simulated},
        pieces=folder is not None,
    )
    remark = (
        datum_remark(plan.systems[-1], settings["zones_datum"]) if plan.systems[-1].name == "user" else None
    )
    manifest["warnings"] += [remark] if remark else []
    holes = hole_table(result.unobserved, plan.systems)
    manifest["unobserved"] = hours_by_waters(holes).to_dict("records")
    study = Study(
        ledger=result.ledger,
        vessels=result.vessels,
        systems=plan.systems,
        lattice=plan.index.lattice,
        derived=derived,
        tracks=result.lines,
        unobserved=result.unobserved,
        input_report=input_report(ingested, result.flagged, result.counts),
        manifest=manifest,
        timings_s=watch.seconds,
        pieces=folder,
        simulated=simulated,
        first_ms=int(ingested.ships["first_ms"].min()),
        source=engine.Source(
            plan, tuple(ingested.buckets), tuple(str(item["name"]) for item in ingested.inputs)
        ),
    )
    if folder is not None:
        weakref.finalize(study, shutil.rmtree, folder.parent, ignore_errors=True)
    return study


def _pieces_folder() -> Path:
    """Make a folder for pieces that lasts as long as the study they belong to."""
    folder = Path(tempfile.mkdtemp(prefix="corridor-")) / "pieces"
    folder.mkdir()
    return folder


@contextmanager
def _removed_on_failure(folder: Path | None) -> Iterator[None]:
    """Leave no pieces behind of a study that does not come about."""
    try:
        yield
    except BaseException:
        if folder is not None:
            shutil.rmtree(folder.parent, ignore_errors=True)
        raise


def _sulphur_zones(systems: tuple[ZoneSystem, ...]) -> tuple[str, ...]:
    return next(system.zone_ids for system in systems if system.name == "sulphur")


def _calendar(ingested: Ingested) -> Calendar:
    return calendar(int(ingested.ships["first_ms"].min()), int(ingested.ships["last_ms"].max()))


def _period_ms(start: datetime | None, end: datetime | None) -> tuple[int, int] | None:
    """First and last instant from two optional times. [ms]."""
    if start is None and end is None:
        return None
    first = -(2**62) if start is None else int(_aware(start).timestamp() * 1000)
    last = 2**62 if end is None else int(_aware(end).timestamp() * 1000)
    if last <= first:
        raise InputError(
            "empty_period",
            f"the period from {start} to {end} holds no time; give a later --to or an earlier --from",
        )
    return first, last


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _files(inputs: str | Path | Sequence[str | Path]) -> list[str | Path]:
    """List files from paths or patterns; what matches nothing is left for the reader to refuse."""
    given = [inputs] if isinstance(inputs, str | Path) else list(inputs)
    found: list[str | Path] = []
    for item in given:
        path = Path(item)
        matches = [] if path.exists() else sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
        found += matches or [item]
    return found

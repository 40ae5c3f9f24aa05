"""Run a study: the whole flow as one paragraph."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from corridor import engine
from corridor.accounts.prices import read_prices
from corridor.accounts.scenarios import Alternative, Scenario, read_scenarios
from corridor.accounts.targets import read_target
from corridor.accounts.totals import Derived, derived_factors
from corridor.accounts.unknowns import said_of, unestimated
from corridor.bookings import told
from corridor.callbook import call_plan, completed, summary
from corridor.emissions.at_berth import use_of
from corridor.emissions.fleet import Method, method_named
from corridor.emissions.hotel import check_hotel_loads
from corridor.emissions.measured import read_measured
from corridor.emissions.register import read_register
from corridor.emissions.rules import Calendar, calendar, rulebook
from corridor.emissions.shore_log import read_shore_log
from corridor.errors import InputError
from corridor.ground import is_simulated, study_lattice, study_systems
from corridor.holes import hole_table, hours_by_waters
from corridor.manifest import describe, file_identity, input_report
from corridor.plan import Plan, Source
from corridor.receptors import read_receptors, written
from corridor.stopwatch import Progress, Stopwatch
from corridor.study import NAMES, Study
from corridor.sums import with_engine_kind
from corridor.tracks.columns import read_mapping
from corridor.tracks.gaps import GapSettings
from corridor.tracks.ingest import Ingested, ingest
from corridor.tracks.routes import Planned
from corridor.tracks.trajectories import TraceSettings
from corridor.userzones import datum_remark
from corridor.worlds import LEVEL
from layers.zones import ZoneIndex, ZoneSystem

DEFAULT_TARGET = "per_teu_30_percent_2030"
# A wider interval than the most says nothing, a narrower one than the least is no interval.
LEAST_LEVEL, MOST_LEVEL = 0.5, 0.999


def run_study(  # noqa: PLR0913 - one setting each, all by name
    inputs: Any,
    *,
    columns: str | Path | None = None,
    ships: str | Path | None = None,
    ships_columns: str | Path | None = None,
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
    method: str | Method = "imo4",
    gwp: str = "ar5",
    interval_level: float = LEVEL,
    main_off: bool = True,
    hotel_loads: str | None = None,
    shore_power: str | Path | None = None,
    shore_power_columns: str | Path | None = None,
    shore_power_tz: str | None = None,
    shore_power_use: str | None = None,
    measured: str | Path | None = None,
    measured_columns: str | Path | None = None,
    suppose: Sequence[str] = (),
    vessel: str | None = None,
    calls: str | Path | None = None,
    calls_columns: str | Path | None = None,
    calls_tz: str | None = None,
    journeys: str | None = None,
    scenarios: Sequence[str | Path | Scenario] = (),
    targets: Sequence[str | Path] = (),
    receptors: str | Path | None = None,
    prices: str | Path | None = None,
    hotspot_test: bool = False,
    names: str = NAMES[0],
    progress: Progress | None = None,
) -> Study:
    """Compute a study from AIS files: positions to segments, zones, emissions and accounts.

    Parameters
    ----------
    inputs : path, table in memory, or a sequence of them
        A GeoDataFrame, movingpandas Trajectory or TrajectoryCollection; AIS files, patterns such as
        ``ais/*.csv.zst``, folders, or addresses such as ``s3://bucket/ais/``, see
        `corridor.tracks.inputs.gather`. Files that an earlier run read are not read again.
    columns : path, optional
        TOML mapping of another table's columns, units and time zone.
    ships : path, optional
        Register of ships; what it does not say is inferred or a class default, and marked so.
    ships_columns : path, optional
        TOML that says which column of the register is what; see `corridor.emissions.headers`.
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
    method : str or Method
        Emission method: ``imo4``, ``epa2022``, ``icct``, or one of your own
        (:class:`corridor.emissions.fleet.Method`).
    main_off : bool
        Whether the main engine counts as off below the method's least load (7 % by imo4, none by the others).
        The hours concerned are counted; ``run.json`` and the page say them.
    gwp : str
        Potentials that make CO2e: ``ar4``, ``ar5`` or ``ar6``.
    interval_level : float
        Share of what is possible that intervals hold, such as 0.9 or 0.95. [0–1]
    hotel_loads : str, optional
        Auxiliary and boiler loads that a port found on ships, inside its own zones: ``polb2024`` or
        ``pola2024``. The method's own elsewhere, and everywhere by default.
    shore_power : path, optional
        Log of ships at shore power; it replaces the at-berth rule for the visits it covers.
    shore_power_columns, shore_power_tz : path and str, optional
        TOML mapping of the log, and the zone of its times: ``Asia/Shanghai`` is Beijing time.
    shore_power_use : str, optional
        Share of full compliance with at-berth rules where no log says: ``0.8``, or ``0.6..0.9``; from none
        to full by default, with half of it as the central value.
    measured, measured_columns : path, optional
        Reports of fuel burned, which replace the modelled mass, and their TOML mapping.
    suppose : sequence of str
        Rules that are not in force and are to hold, such as ``china-0.10``.
    vessel : str, optional
        Compute this vessel alone, as it comes out among the others: its id, IMO number or MMSI.
    calls : path, optional
        A list of port calls that overrides what positions show, and is reconciled with it; see
        `corridor.tracks.calllist.read_calls`.
    calls_columns : path, optional
        TOML mapping of its columns and times.
    calls_tz : str, optional
        Zone of its times that name none: a name, or ``port`` for local time at the port called at.
    journeys : str, optional
        Keep accounts of journeys alone: from the last call in Shenzhen to the first in Long Beach (``LB``),
        or in either port of San Pedro Bay (``LB+LA``), and back.
    scenarios : sequence of path, str or Scenario
        Alternatives to the baseline: TOML files, names of shipped ones, or `Scenario` objects.
    targets : sequence of path or str
        Targets to hold them against: TOML files or names of shipped ones; 30 % less per TEU by 2030 where
        there are scenarios and no target is named.
    receptors : path, optional
        Places near which emissions are summed: a table with name, lat and lon, or points of a GeoJSON.
    prices : path, optional
        TOML with your prices of fuels, carbon and energy from shore; see `corridor.accounts.prices.Prices`.
    hotspot_test : bool
        Whether to test hotspots for clusters; needs the extra ``hotspots``.
    names : str
        What pages tell of the ships of a cell: their ``class``, or ``all`` their names, or ``none``.
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
    chosen = method_named(method)
    derived = derived_factors(gwp)
    check_interval(interval_level)
    _check_names(names)
    watch = Stopwatch(progress)
    alternatives = read_scenarios(scenarios)
    goals = [read_target(one) for one in (targets or ([DEFAULT_TARGET] if alternatives else []))]
    decided = _asked_to_decide(receptors, prices, hotspot_test)
    use = use_of(shore_power_use)
    log = (
        read_shore_log(shore_power, mapping=shore_power_columns, zone=shore_power_tz)
        if shore_power is not None
        else None
    )
    masses = read_measured(measured, mapping=measured_columns) if measured is not None else None
    cache = Path(work_dir) if work_dir is not None else user_cache_path("corridor")
    systems, lattice = study_systems(zones, zones_datum), study_lattice(cell_deg)
    with watch.stage("reading positions", 0.05):
        mapping = read_mapping(columns) if columns is not None else None
        register = read_register(ships, ships_columns) if ships is not None else None
        ingested = (
            inputs
            if isinstance(inputs, Planned)
            else ingest(
                list(inputs) if isinstance(inputs, list | tuple) else [inputs],
                columns=mapping,
                work_dir=cache,
                period=_period_ms(start, end),
                bbox=bbox,
                tz=tz,
                population=population,
            )
        )
    if isinstance(ingested, Planned):
        register = ingested.register
    with watch.stage("preparing zones", 0.35):
        index = ZoneIndex.load_or_build(systems, lattice, cache)
    gaps = GapSettings(area=bbox)
    calling = call_plan(ingested.ships, calls=calls, columns=calls_columns, tz=calls_tz, journeys=journeys)
    plan = Plan(
        ships=ingested.ships,
        register=register,
        systems=systems,
        index=index,
        rulebook=rulebook(_sulphur_zones(systems), _calendar(ingested, suppose), suppose),
        trace=TraceSettings(),
        gaps=gaps,
        method=chosen,
        main_off=main_off,
        hotel_loads=check_hotel_loads(hotel_loads),
        simulated=is_simulated(ingested.ships, ingested.report),
        planned=isinstance(ingested, Planned),
        pieces_dir=_pieces_folder() if pieces else None,
        only_ship=None if vessel is None else engine.ship_number(ingested.ships, vessel),
        scenarios=alternatives,
        calling=calling,
        use=use,
        shore_log=log,
        measured=masses,
        claims=ingested.claims,
    )
    folder = plan.pieces_dir
    with (
        _removed_on_failure(folder),
        watch.stage("tracks and emissions", 0.4),
        engine.processes(workers) as executor,
    ):
        result = engine.run(ingested.buckets, plan, executor=executor)
    settings = {
        "method": chosen.name,
        "method_tables": chosen.tables,
        "gwp": gwp,
        "interval_level": interval_level,
        "names": names,
        "main_off": main_off,
        "hotel_loads": hotel_loads,
        "vessel": vessel,
        "calls_time_zone": calls_tz,
        "journeys": journeys,
        "cell_deg": cell_deg,
        "population": population if isinstance(population, str) else list(population),
        "start_utc": start.isoformat() if start is not None else None,
        "end_utc": end.isoformat() if end is not None else None,
        "bbox": list(bbox) if bbox is not None else None,
        "time_zone": tz or "UTC",
        "zones_datum": zones_datum,
        "files": {
            role: file_identity(path)
            for role, path in (
                ("columns", columns),
                ("ships", ships),
                ("ships_columns", ships_columns),
                ("zones", zones),
                ("calls", calls),
                ("calls_columns", calls_columns),
                ("shore_power", shore_power),
                ("shore_power_columns", shore_power_columns),
                ("measured", measured),
                ("measured_columns", measured_columns),
            )
            if path is not None
        },
        "shore_power_use": shore_power_use,
        "shore_power_tz": shore_power_tz,
        "use_at_berth": asdict(use),
        "suppose": list(suppose),
        "targets": [goal.model_dump(mode="json", exclude_defaults=True) for goal in goals],
        "scenarios": {one.key: one.model_dump(mode="json", exclude_defaults=True) for one in alternatives},
        "zone_systems": [system.name for system in systems],
        **decided,
        **({"planned": ingested.described} if isinstance(ingested, Planned) else {}),
        **asdict(plan.trace),
        **{f"hole_{name}": value for name, value in asdict(gaps).items() if name != "area"},
    }
    watch.seconds.update(files=len(ingested.names), files_read=ingested.files_read)
    with _removed_on_failure(folder), watch.stage("accounts", 0.8):
        return _study(ingested, plan, result, settings, derived, folder, watch)


def _study(
    ingested: Ingested,
    plan: Plan,
    result: engine.Result,
    settings: dict[str, Any],
    derived: Derived,
    folder: Path | None,
    watch: Stopwatch,
) -> Study:
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
    unknown = unestimated(result.ledger, result.vessels, plan.emission_method.tables)
    manifest["not_estimated"] = unknown.to_dict("records")
    manifest["warnings"] += said_of(unknown)
    called = completed(result.called, plan.calling)
    manifest["calls"] = summary(called, plan.calling, result.vessels)
    holes = hole_table(result.unobserved, plan.systems)
    manifest["unobserved"] = hours_by_waters(holes).to_dict("records")
    findings: dict[str, Any] = dict(told(result.findings, plan.shore_log))
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
        calls=called.calls,
        journeys=called.journeys,
        reconciled=called.reconciled,
        voyages=called.voyages,
        source=Source(plan, tuple(ingested.buckets), ingested.names),
        alternatives={one.key: Alternative(one, result.scenarios[one.key]) for one in plan.scenarios},
        **findings,
    )
    if folder is not None:
        weakref.finalize(study, shutil.rmtree, folder.parent, ignore_errors=True)
    return study


def _asked_to_decide(
    receptors: str | Path | None, prices: str | Path | None, hotspot_test: bool
) -> dict[str, Any]:
    """Places, prices and tests that a study is read with: they change no account of it."""
    if hotspot_test and find_spec("esda") is None:
        raise InputError(
            "missing_extra",
            "found no package esda; expected it for --hotspot-test; install it: "
            "pip install 'corridor-emissions[hotspots]'",
        )
    return {
        **({} if receptors is None else {"receptors": written(read_receptors(receptors))}),
        **({} if prices is None else {"prices": read_prices(prices).model_dump(mode="json")}),
        **({"hotspot_test": True} if hotspot_test else {}),
    }


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


def _calendar(ingested: Ingested, suppose: Sequence[str]) -> Calendar:
    return calendar(int(ingested.ships["first_ms"].min()), int(ingested.ships["last_ms"].max()), suppose)


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


def check_interval(level: float) -> None:
    """Refuse a level that makes no interval.

    Raises
    ------
    InputError
        If it is not a share such as 0.9.
    """
    if not LEAST_LEVEL <= level <= MOST_LEVEL:
        raise InputError(
            "bad_level",
            f"found an interval level of {level:g}; expected a share from {LEAST_LEVEL} to {MOST_LEVEL}, "
            "such as 0.9 or 0.95",
        )


def _check_names(names: str) -> None:
    if names not in NAMES:
        raise InputError(
            "bad_names", f"found names '{names}'; expected one of {', '.join(NAMES)}; see corridor run --help"
        )


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)

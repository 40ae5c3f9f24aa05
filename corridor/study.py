"""Run a study: the whole flow as one paragraph, and the study that comes out of it."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from platformdirs import user_cache_path

from corridor import engine, reference
from corridor.accounts.ledger import Ledger
from corridor.accounts.totals import Derived, derived_factors, mass_table
from corridor.emissions.inference import ship_types
from corridor.emissions.phases import PHASES
from corridor.emissions.register import read_register
from corridor.emissions.rules import FUELS, Calendar, calendar, rulebook
from corridor.engine import Plan
from corridor.errors import InputError
from corridor.holes import hole_table, hours_by_waters
from corridor.manifest import describe, file_identity, input_report
from corridor.stopwatch import Progress, Stopwatch
from corridor.tracks.columns import read_mapping
from corridor.tracks.gaps import GapSettings
from corridor.tracks.ingest import Ingested, ingest
from corridor.tracks.lines import Line
from corridor.tracks.trajectories import TraceSettings
from corridor.userzones import datum_remark, read_user_zones
from corridor.words import ORIGINS
from layers.lattice import Lattice
from layers.zones import ZoneIndex, ZoneSystem, decode

if TYPE_CHECKING:
    import folium

    from corridor.explain import Explanation
    from corridor.outputs.folder import Written
    from maps.content import Basemap

SYSTEMS = ("port", "sulphur", "nox", "speed", "waters", "jurisdiction")
FINE = 10


@dataclass(frozen=True, kw_only=True)
class Study:
    """A computed study: the ledger every total comes from, and what is needed to read it.

    Attributes
    ----------
    ledger : Ledger
        Integer accounts by vessel, voyage, zone, month, phase, origin and fuel; and by cell.
    vessels : pandas.DataFrame
        One row per vessel number of the ledger: particulars and their provenance.
    systems : tuple of ZoneSystem
        The zone systems, in the order of the zone code.
    tracks : tuple of Line
        Thinned tracks, for pages and layers.
    unobserved : pandas.DataFrame
        Gaps that were not filled: vessel, times, places, reason.
    input_report : pandas.DataFrame
        Rows dropped or changed: file, line, reason.
    manifest : dict
        What ``run.json`` says: version, parameters, hashes, row balance, totals, mass balance, warnings.
    """

    ledger: Ledger
    vessels: pd.DataFrame
    systems: tuple[ZoneSystem, ...]
    lattice: Lattice
    derived: Derived
    tracks: tuple[Line, ...]
    unobserved: pd.DataFrame
    input_report: pd.DataFrame
    manifest: dict[str, Any]
    timings_s: dict[str, float]
    pieces: Path | None
    simulated: bool
    first_ms: int
    source: engine.Source

    @cached_property
    def _coded_rows(self) -> pd.DataFrame:
        return with_engine_kind(self.ledger, self.vessels)

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        return decode(self.ledger.rows["zone"].to_numpy(), [len(system.zone_ids) for system in self.systems])

    def ledger_rows(self) -> pd.DataFrame:
        """Ledger rows with ``main_diesel``, whether the vessel's main engine is a diesel."""
        return self._coded_rows

    def ledger_classes(self) -> NDArray[np.int64]:
        """Ship class number of each ledger row, an index into `class_names`."""
        order = {name: place for place, name in enumerate(self.class_names())}
        number = np.asarray(self.vessels["ship_class"].map(order), np.int64)
        classes: NDArray[np.int64] = number[self.ledger.rows["vessel"].to_numpy()]
        return classes

    def class_names(self) -> tuple[str, ...]:
        """Ship classes, in the order of the class number of the cells."""
        return ship_types()

    def zone_places(self) -> NDArray[np.int64]:
        """(n_rows, n_systems) row of each system's zone table; 0 is the remainder."""
        return self._places

    def zone_names(self, place: int) -> pd.DataFrame:
        """Zones of one system, the remainder first: zone_id, name_en, name_zh, kind and attributes."""
        table = self.systems[place].table()
        text = table.select_dtypes(include=["object", "string"]).columns
        return table.assign(**{name: table[name].fillna("") for name in text})

    def months(self) -> NDArray[np.int64]:
        """Months with hours in them, as year * 12 + month - 1, ascending; else that of the first fix."""
        found = np.unique(self.ledger.rows["month"].to_numpy(np.int64))
        first = pd.Timestamp(self.first_ms, unit="ms")
        return found if len(found) else np.array([first.year * 12 + first.month - 1], np.int64)

    def totals(self, by: Sequence[str] = ("phase",)) -> pd.DataFrame:
        """Hours, distance, fuel and masses by ledger keys or zone systems. [h, nm, kg].

        Parameters
        ----------
        by : sequence of str
            Any of ``vessel``, ``voyage``, ``month``, ``phase``, ``origin``, ``fuel`` and the names of the
            zone systems; ``zone`` stands for the port inventory.

        Raises
        ------
        ValueError
            If a key is unknown; the message names the known ones.
        """
        rows = self.ledger_rows()
        names = [system.name for system in self.systems]
        keys = ["port" if key == "zone" else key for key in by]
        known = ("vessel", "voyage", "month", "phase", "origin", "fuel", *names)
        for key in keys:
            if key not in known:
                raise ValueError(f"key {key!r} is unknown; known: {', '.join(known)}")
        places = {name: self._places[:, place] for place, name in enumerate(names) if name in keys}
        table = mass_table(rows.drop(columns="zone").assign(**places), keys, self.derived)
        for place, name in enumerate(names):
            if name in keys:
                table[name] = self.zone_names(place)["zone_id"].to_numpy()[table[name]]
        return self._named(table)

    def _named(self, table: pd.DataFrame) -> pd.DataFrame:
        labels = {"phase": PHASES, "origin": ORIGINS, "fuel": FUELS}
        for key in table.columns.intersection(list(labels)):
            table[key] = np.array(labels[key], dtype=object)[table[key]]
        if "vessel" in table:
            table["vessel"] = self.vessels["vessel_id"].to_numpy()[table["vessel"]]
        return table

    def holes(self) -> pd.DataFrame:
        """One row per hole that stays unobserved: vessel, times, places, reason, waters. [h, degrees]."""
        return hole_table(self.unobserved, self.systems)

    def cells(self, species: str = "co2") -> pd.DataFrame:
        """One row per cell with bounds, area, hours and the mass of one species. [degrees, km2, h, kg]."""
        from corridor.outputs import tables

        table = tables.cells(self)
        column = species if species.endswith("_kg") else f"{species}_kg"
        if column not in table:
            known = [str(name) for name in table if str(name).endswith("_kg")]
            raise ValueError(f"species {species!r} is unknown; known: {', '.join(known)}")
        return table[
            ["cell_id", "west", "south", "east", "north", "area_km2", "hours", "observed_share", column]
        ]

    def explore(self) -> folium.Map:
        """Return the study's map as a `folium.Map`, for notebooks."""
        from corridor.outputs.page import page_data
        from maps.page import build

        return build(page_data(self))

    def to_folder(
        self, out: str | Path, *, overwrite: bool = False, basemap: Basemap | None = None
    ) -> Written:
        """Write map, GeoPackage, tables and manifest into a folder, whole or not at all.

        Parameters
        ----------
        out : path
            The folder.
        overwrite : bool
            Whether a folder that holds something may be written over.
        basemap : maps.content.Basemap, optional
            An approved base map of your own: tiles that the reader may switch on, and the line that
            credits it, with its number.

        Raises
        ------
        OutputError
            If the folder holds something and ``overwrite`` is false, or cannot be written.
        """
        from corridor.outputs.folder import write

        return write(self, Path(out), overwrite=overwrite, basemap=basemap)

    def explain(self, vessel: str, time: datetime | str) -> Explanation:
        """Every step from reports to masses for one piece: numbers, units, sources.

        Parameters
        ----------
        vessel : str
            Id of the vessel, or its IMO number or MMSI.
        time : datetime or str
            An instant in the piece; UTC where it names no zone.
        """
        from corridor.explain import explain

        return explain(self.source, vessel, time)

    def _repr_html_(self) -> str:
        table = self.totals(by=["phase"])[["phase", "hours", "distance_nm", "fuel_kg", "co2_kg", "nox_kg"]]
        html: str = table.round(1).to_html(index=False)
        return html


def with_engine_kind(ledger: Ledger, vessels: pd.DataFrame) -> pd.DataFrame:
    """Ledger rows with ``main_diesel``: whether the vessel's main engine is a diesel."""
    diesel = vessels["main_diesel"].to_numpy(dtype=bool)
    return ledger.rows.assign(main_diesel=diesel[ledger.rows["vessel"].to_numpy()])


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


def study_systems(zones: str | Path | None = None, datum: str | None = None) -> tuple[ZoneSystem, ...]:
    """Zone systems of a study, in the order of the zone code; your own come last."""
    systems = tuple(reference.zones(name) for name in SYSTEMS)
    return systems if zones is None else (*systems, read_user_zones(zones, datum=datum))


def study_lattice(cell_deg: float = 0.1) -> Lattice:
    """Grid of a study: cells ten times finer in windows around the ports. [degrees]."""
    ports = reference.table("ports_2026")
    windows = ports[["west", "south", "east", "north"]].itertuples(index=False, name=None)
    return Lattice(cell_deg, fine=FINE, windows=tuple(windows))


def is_simulated(ships: pd.DataFrame) -> bool:
    """Whether any ship is an invented one, by the country code that is given to nobody but our simulator."""
    code = int(reference.value("simulation_marks_2026", item="mmsi_country_code"))
    return bool((ships["mmsi"] // 1_000_000 == code).any())


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

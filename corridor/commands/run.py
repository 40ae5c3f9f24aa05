"""``corridor demo`` and ``corridor run``: positions to a folder of results."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from corridor.commands.options import (
    AtLeast,
    HotspotTest,
    Json,
    Out,
    Overwrite,
    Prices,
    Quiet,
    Receptors,
    Scenarios,
    Targets,
    Workers,
    given_away,
)
from corridor.commands.report import report, say
from corridor.commands.settings import (
    BBox,
    Calls,
    CallsColumns,
    CallsZone,
    Cell,
    Columns,
    End,
    Gwp,
    HotelLoads,
    Journeys,
    Level,
    MainOff,
    Measured,
    MeasuredColumns,
    MethodName,
    Names,
    Population,
    Ships,
    ShipsColumns,
    ShorePower,
    ShorePowerColumns,
    ShorePowerUse,
    ShorePowerZone,
    Start,
    Suppose,
    TimeZone,
    Zones,
    ZonesDatum,
)
from corridor.errors import InputError, writing_to
from layers import atomic

DEMO_EXAMPLES = "Example: corridor demo --out demo"
RUN_EXAMPLES = """\b
Examples:
  corridor run day.csv --ships register.csv --out day
  corridor run ais/*.csv.zst --from 2024-01-01 --to 2025-01-01 --workers 4 --out 2024
  corridor run s3://bucket/ais/2024/ --out 2024   (a folder; files read once are kept)
  corridor run noon.csv --columns noon.toml --tz Asia/Shanghai --out noon
  corridor run ais.csv --bbox 110,10,-110,60 --population 70-79 --out cargo
"""


def demo(
    out: Out,
    scenarios: Scenarios = None,
    workers: Workers = 1,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run the whole chain on simulated voyages that ship with the package.

    Needs no network and no data of your own. Everything it writes says SIMULATED.
    """
    from corridor import reference  # noqa: PLC0415 — slow to import, see the top

    folder = reference.data_path() / "demo"
    inputs = [str(path) for path in sorted(folder.glob("*.csv.gz"))]
    ships = next(iter(sorted(folder.glob("*ships*.csv"))), None)
    if not inputs:
        raise InputError(
            "demo_missing", f"found no *.csv.gz in {folder}; expected the demo data; install again"
        )
    study_command(
        inputs, out, overwrite, quiet, as_json, ships=ships, workers=workers, scenarios=scenarios or ()
    )


def run(  # noqa: PLR0913, PLR0917 — one parameter per option
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="AIS files, patterns, folders, addresses.")
    ],
    out: Out,
    columns: Columns = None,
    ships: Ships = None,
    ships_columns: ShipsColumns = None,
    zones: Zones = None,
    zones_datum: ZonesDatum = None,
    cell: Cell = 0.1,
    start: Start = None,
    end: End = None,
    bbox: BBox = None,
    tz: TimeZone = None,
    population: Population = "ogv",
    hotel_loads: HotelLoads = None,
    shore_power: ShorePower = None,
    shore_power_columns: ShorePowerColumns = None,
    shore_power_tz: ShorePowerZone = None,
    shore_power_use: ShorePowerUse = None,
    measured: Measured = None,
    measured_columns: MeasuredColumns = None,
    suppose: Suppose = None,
    calls: Calls = None,
    calls_columns: CallsColumns = None,
    calls_tz: CallsZone = None,
    journeys: Journeys = None,
    scenarios: Scenarios = None,
    targets: Targets = None,
    receptors: Receptors = None,
    prices: Prices = None,
    hotspot_test: HotspotTest = False,
    method: MethodName = "imo4",
    gwp: Gwp = "ar5",
    level: Level = 0.9,
    names: Names = "class",
    main_off: MainOff = True,
    basemap: Annotated[
        str | None,
        typer.Option("--basemap", metavar="URL", help="Tiles a reader may switch on: https://…/{z}/{x}/{y}."),
    ] = None,
    basemap_credit: Annotated[
        str, typer.Option("--basemap-credit", metavar="TEXT", help="Who made it, and its approval number.")
    ] = "",
    publish: Annotated[
        bool, typer.Option("--publish", help="Leave out vessels: classes of three ships or more, no tracks.")
    ] = False,
    at_least: AtLeast = None,
    workers: Workers = 1,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Turn AIS positions into emissions by zone, cell, vessel and phase.

    Writes map.html, study.gpkg, totals.csv, vessels.csv, pieces/, input_report.csv, run.json, timings.json.
    """
    settings = {
        "columns": columns,
        "ships": ships,
        "ships_columns": ships_columns,
        "zones": zones,
        "zones_datum": zones_datum,
        "cell_deg": cell,
        "start": start,
        "end": end,
        "bbox": bbox,
        "tz": tz,
        "population": population,
        "method": method,
        "gwp": gwp,
        "interval_level": level,
        "names": names,
        "main_off": main_off,
        "hotel_loads": hotel_loads,
        "shore_power": shore_power,
        "shore_power_columns": shore_power_columns,
        "shore_power_tz": shore_power_tz,
        "shore_power_use": shore_power_use,
        "measured": measured,
        "measured_columns": measured_columns,
        "suppose": suppose or (),
        "calls": calls,
        "calls_columns": calls_columns,
        "calls_tz": calls_tz,
        "journeys": journeys,
        "scenarios": scenarios or (),
        "targets": targets or (),
        "receptors": receptors,
        "prices": prices,
        "hotspot_test": hotspot_test,
        "workers": workers,
    }
    tiles = (basemap, basemap_credit) if basemap else None
    passing = (publish, at_least)
    study_command(inputs, out, overwrite, quiet, as_json, tiles=tiles, passing=passing, **settings)


def study_command(
    inputs: Sequence[str],
    out: Path,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
    tiles: tuple[str, str] | None = None,
    passing: tuple[bool, int | None] = (False, None),
    **settings: Any,
) -> None:
    """Run a study, write its folder, say where it is."""
    with ExitStack() as stack:
        with writing_to(out):
            folder = stack.enter_context(atomic.reserve(out, overwrite=overwrite))
        from corridor.outputs.decisions import headlines  # noqa: PLC0415 — slow to import, see the top
        from corridor.runs import run_study  # noqa: PLC0415 — slow to import, see the top

        basemap = _basemap(tiles)
        with _progress(quiet) as progress:
            study = run_study(inputs, progress=progress, **settings)
            given = given_away(study, *passing)
            given.to_folder(folder, overwrite=overwrite, basemap=basemap)
        summary = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for warning in summary.get("warnings", []):
        say(f"warning {warning}", quiet=quiet)
    paths = {"map": str(out / "map.html"), "geopackage": str(out / "study.gpkg")}
    lines = [*_files_line(study.timings_s), *_headline(summary), *headlines(study)]
    report(summary, paths, lines, quiet=quiet, as_json=as_json)


def _files_line(counts: Mapping[str, float]) -> list[str]:
    """Say how many files had to be read, where an earlier run had read some.

    >>> _files_line({"files": 365, "files_read": 1})
    ['365 tables of positions: 1 read, 364 known from an earlier run']
    """
    tables, read = int(counts.get("files", 0)), int(counts.get("files_read", 0))
    if tables == read:
        return []
    noun = "table" if tables == 1 else "tables"
    return [f"{tables:,} {noun} of positions: {read:,} read, {tables - read:,} known from an earlier run"]


def _basemap(tiles: tuple[str, str] | None) -> Any:
    """Tiles for the page, or none; an address that is none is refused before the work."""
    if tiles is None:
        return None
    from maps.content import Basemap  # noqa: PLC0415 — slow to import, see the top

    try:
        return Basemap(*tiles)
    except ValueError as error:
        raise InputError("bad_basemap", str(error)) from None


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str, float], None] | None]:
    """Give a function that shows stage and share done, on a terminal only."""
    from rich.console import Console  # noqa: PLC0415 — only when something is shown
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    shown = (TextColumn("{task.description:<24}"), BarColumn(), TimeElapsedColumn())
    with Progress(*shown, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda stage, share: bar.update(task, description=stage, completed=share)


def _headline(summary: dict[str, Any]) -> list[str]:
    totals = summary.get("totals", {})
    rows = f"{summary.get('rows_in', 0):,} rows read, {summary.get('rows_kept', 0):,} used"
    sums = f"{totals.get('hours', 0):,.0f} ship hours, {totals.get('nm', 0):,.0f} nm"
    return [rows, f"{sums}, {totals.get('co2_kg', 0) / 1000:,.0f} t CO2"]

"""``corridor demo`` and ``corridor run``: positions to a folder of results."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from corridor.cli_options import (
    Json,
    Out,
    Overwrite,
    Quiet,
    Workers,
    box,
    cell_size,
    file_option,
    moment,
    population_of,
    zone_name,
)
from corridor.cli_report import report, say
from corridor.errors import InputError, writing_to
from layers import atomic

DEMO_EXAMPLES = "Example: corridor demo --out demo"
RUN_EXAMPLES = """\b
Examples:
  corridor run day.csv --ships register.csv --out day
  corridor run ais/*.csv.zst --from 2024-01-01 --to 2025-01-01 --workers 4 --out 2024
  corridor run noon.csv --columns noon.toml --tz Asia/Shanghai --out noon
  corridor run ais.csv --bbox 110,10,-110,60 --population 70-79 --out cargo
"""


def demo(
    out: Out,
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
    study_command(inputs, out, overwrite, quiet, as_json, ships=ships, workers=workers)


def run(  # noqa: PLR0913, PLR0917 — one parameter per option
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="AIS files: CSV, .gz, .zip, .zst.")],
    out: Out,
    columns: Annotated[
        Path | None, file_option("--columns", "TOML: which column is what, in which unit.")
    ] = None,
    ships: Annotated[Path | None, file_option("--ships", "Register: particulars of the ships.")] = None,
    zones: Annotated[
        Path | None,
        typer.Option("--zones", metavar="FILE", help="Your own zones: GeoPackage, GeoJSON, GeoParquet."),
    ] = None,
    zones_datum: Annotated[
        str | None,
        typer.Option("--zones-datum", metavar="NAME", help="Datum of your zones: wgs84, gcj02 [asked]."),
    ] = None,
    cell: Annotated[
        float,
        typer.Option("--cell", metavar="DEG", callback=cell_size, help="Size of a grid cell in degrees."),
    ] = 0.1,
    start: Annotated[
        datetime | None,
        typer.Option(
            "--from", metavar="TIME", parser=moment, help="First moment, UTC unless it says otherwise."
        ),
    ] = None,
    end: Annotated[
        datetime | None,
        typer.Option("--to", metavar="TIME", parser=moment, help="Moment before which to stop."),
    ] = None,
    bbox: Annotated[
        Any,
        typer.Option(
            "--bbox", metavar="W,S,E,N", parser=box, help="Positions in this box; W > E crosses 180°."
        ),
    ] = None,
    tz: Annotated[
        str | None,
        typer.Option("--tz", metavar="ZONE", parser=zone_name, help="Zone of times that name none [UTC]."),
    ] = None,
    population: Annotated[
        Any,
        typer.Option("--population", metavar="ogv|all|TYPES", parser=population_of, help="Ships to count."),
    ] = "ogv",
    basemap: Annotated[
        str | None,
        typer.Option("--basemap", metavar="URL", help="Tiles a reader may switch on: https://…/{z}/{x}/{y}."),
    ] = None,
    basemap_credit: Annotated[
        str, typer.Option("--basemap-credit", metavar="TEXT", help="Who made it, and its approval number.")
    ] = "",
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
        "zones": zones,
        "zones_datum": zones_datum,
        "cell_deg": cell,
        "start": start,
        "end": end,
        "bbox": bbox,
        "tz": tz,
        "population": population,
        "workers": workers,
    }
    tiles = (basemap, basemap_credit) if basemap else None
    study_command(inputs, out, overwrite, quiet, as_json, tiles=tiles, **settings)


def study_command(
    inputs: Sequence[str],
    out: Path,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
    tiles: tuple[str, str] | None = None,
    **settings: Any,
) -> None:
    """Run a study, write its folder, say where it is."""
    with ExitStack() as stack:
        with writing_to(out):
            folder = stack.enter_context(atomic.reserve(out, overwrite=overwrite))
        from corridor.runs import run_study  # noqa: PLC0415 — slow to import, see the top

        basemap = _basemap(tiles)
        with _progress(quiet) as progress:
            study = run_study(inputs, progress=progress, **settings)
            study.to_folder(folder, overwrite=overwrite, basemap=basemap)
        summary = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for warning in summary.get("warnings", []):
        say(f"warning {warning}", quiet=quiet)
    paths = {"map": str(out / "map.html"), "geopackage": str(out / "study.gpkg")}
    report(summary, paths, _headline(summary), quiet=quiet, as_json=as_json)


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

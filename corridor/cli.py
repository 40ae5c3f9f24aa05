"""The command line: ``corridor demo``, ``run``, ``simulate``, ``zones``, ``explain``, ``validate``.

Results go to standard output, everything else to standard error. An error is one line with its cause and its
cure. What is slow to import (the engine, tables, geography) is imported when a command runs, so that
``--help`` answers at once.
"""

import json
import math
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from corridor import __version__, cli_explain, cli_validate, cli_zones
from corridor.cli_options import file_option as _file
from corridor.cli_options import zone_name as _zone_name
from corridor.errors import CorridorError, InputError, writing_to
from layers import atomic

OK, INTERNAL, USAGE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143
SIMULATION = ("simulated_ais.csv.gz", "simulated_ships.csv", "simulated_truth.csv", "simulated_faults.csv")

RUN_EXAMPLES = """\b
Examples:
  corridor run day.csv --ships register.csv --out day
  corridor run ais/*.csv.zst --from 2024-01-01 --to 2025-01-01 --workers 4 --out 2024
  corridor run noon.csv --columns noon.toml --tz Asia/Shanghai --out noon
  corridor run ais.csv --bbox 110,10,-110,60 --population 70-79 --out cargo
"""

Box = tuple[float, float, float, float]

app = typer.Typer(
    name="corridor",
    help="Ship emissions between Shenzhen and Long Beach: AIS tracks to zones, maps and tables.",
    epilog="Begin with: corridor demo --out demo",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

app.add_typer(cli_zones.app, name="zones")


class Terminated(BaseException):
    """The system asked the program to stop."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0 is success, 2 a fault in the call or the input, 1 a fault of ours or of the machine, 130 and 143 a stop
    by the user or the system.

    >>> main(["version"])
    corridor ...
    0
    """
    with suppress(ValueError):  # only the main thread may listen to signals
        signal.signal(signal.SIGTERM, _terminate)
    try:
        status = app(args=arguments, standalone_mode=False, prog_name="corridor")
        if status == INTERRUPTED:  # typer turns the interrupt into its status, without a word
            _complain(KeyboardInterrupt())
    except (BrokenPipeError, SystemExit):  # nobody reads on (typer then leaves): let what is left go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except BaseException as error:  # the last door: one line instead of a traceback
        if os.environ.get("CORRIDOR_DEBUG") == "1":
            traceback.print_exc()
        status = _complain(error)
    return status if isinstance(status, int) else OK


def _complain(error: BaseException) -> int:
    """Print the line of a fault; return the exit status."""
    code, message, status = _explained(error)
    _say(f"error [{code}] {message}")
    return status


def _explained(error: BaseException) -> tuple[str, str, int]:
    """Code, line and exit status of what went wrong."""
    again = "stopped before the end; no result was written; run it again"
    match error:
        case typer.TyperException():
            return "usage", f"{error.format_message().rstrip('.')}; see corridor --help", USAGE
        case CorridorError():
            return error.code, error.message, USAGE
        case KeyboardInterrupt() | typer.Abort():
            return "interrupted", again, INTERRUPTED
        case Terminated():
            return "terminated", again, TERMINATED
        case OSError():
            return "system", f"{error}; expected it to succeed; check the place and its free space", INTERNAL
    found = f"found an unexpected {type(error).__name__}: {error}"
    cure = "this is a fault of corridor: set CORRIDOR_DEBUG=1 for the traceback and report it"
    return "internal", f"{found}; expected none; {cure}", INTERNAL


# Options used by several commands

Out = Annotated[
    Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the results.", show_default=False)
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace the results in a folder that has some.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Json = Annotated[
    bool, typer.Option("--json", help="Print the summary of the run as JSON on standard output.")
]
Workers = Annotated[int, typer.Option("--workers", min=1, metavar="N", help="Processes that share the work.")]


def _box(text: str) -> Box:
    """Read west, south, east, north [degrees].

    >>> _box("110,10,-110,60")
    (110.0, 10.0, -110.0, 60.0)
    """
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"found '{text}'; expected W,S,E,N in degrees, such as -125,30,-115,36."
        ) from None
    if not (-180 <= west <= 180 and -180 <= east <= 360 and -90 <= south < north <= 90):
        raise typer.BadParameter(f"found '{text}'; expected W and E in ±180, S below N, both in ±90.")
    return west, south, east, north


def _moment(text: str) -> datetime:
    """Read an ISO time; UTC where it names no zone.

    >>> _moment("2024-03-01")
    datetime.datetime(2024, 3, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"found '{text}'; expected a date or time such as 2024-03-01T06:00Z."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _cell(degrees: float) -> float:
    """Accept a cell size that fits between the poles a whole number of times [degrees]."""
    fits = 0.005 <= degrees <= 10 and math.isclose(90 / degrees, round(90 / degrees), rel_tol=1e-9)
    if not fits:
        raise typer.BadParameter(
            f"found {degrees:g}; expected 0.005 to 10 and a whole number of cells in 90°."
        )
    return degrees


def _population(text: str) -> str | list[int]:
    """Read which ships to count: a name, or AIS ship types.

    >>> _population("ogv"), _population("70,72-74")
    ('ogv', [70, 72, 73, 74])
    """
    if text in {"ogv", "all"}:
        return text
    try:
        spans = [[int(number) for number in part.split("-")] for part in text.split(",")]
    except ValueError:
        spans = [[]]
    types = [kind for span in spans if span for kind in range(span[0], span[-1] + 1)]
    if not (types and all(0 <= kind <= 99 for kind in types)):
        raise typer.BadParameter(f"found '{text}'; expected ogv, all, or AIS ship types such as 70-79,84.")
    return types


# Commands


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"corridor {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command(epilog="Example: corridor demo --out demo")
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
    _study(inputs, out, overwrite, quiet, as_json, ships=ships, workers=workers)


@app.command(epilog=RUN_EXAMPLES)
def run(  # noqa: PLR0913, PLR0917 — one parameter per option
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="AIS files: CSV, .gz, .zip, .zst.")],
    out: Out,
    columns: Annotated[Path | None, _file("--columns", "TOML: which column is what, in which unit.")] = None,
    ships: Annotated[Path | None, _file("--ships", "Register: particulars of the ships.")] = None,
    zones: Annotated[
        Path | None,
        typer.Option("--zones", metavar="FILE", help="Your own zones: GeoPackage, GeoJSON, GeoParquet."),
    ] = None,
    zones_datum: Annotated[
        str | None,
        typer.Option("--zones-datum", metavar="NAME", help="Datum of your zones: wgs84, gcj02 [asked]."),
    ] = None,
    cell: Annotated[
        float, typer.Option("--cell", metavar="DEG", callback=_cell, help="Size of a grid cell in degrees.")
    ] = 0.1,
    start: Annotated[
        datetime | None,
        typer.Option(
            "--from", metavar="TIME", parser=_moment, help="First moment, UTC unless it says otherwise."
        ),
    ] = None,
    end: Annotated[
        datetime | None,
        typer.Option("--to", metavar="TIME", parser=_moment, help="Moment before which to stop."),
    ] = None,
    bbox: Annotated[
        Any,
        typer.Option(
            "--bbox", metavar="W,S,E,N", parser=_box, help="Positions in this box; W > E crosses 180°."
        ),
    ] = None,
    tz: Annotated[
        str | None,
        typer.Option("--tz", metavar="ZONE", parser=_zone_name, help="Zone of times that name none [UTC]."),
    ] = None,
    population: Annotated[
        Any,
        typer.Option("--population", metavar="ogv|all|TYPES", parser=_population, help="Ships to count."),
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
    _study(inputs, out, overwrite, quiet, as_json, tiles=tiles, **settings)


@app.command(epilog="Example: corridor simulate --voyages 8 --seed 1 --out fleet")
def simulate(
    voyages: Annotated[int, typer.Option("--voyages", min=1, metavar="N", help="Ocean crossings to sail.")],
    out: Out,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="S", help="Seed of the random numbers.")] = 0,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write AIS of invented ships on the corridor, with the holes and faults of real AIS.

    Beside the positions: a ship register, the truth to compare with, and a count of the faults put in.
    """
    with writing_to(out):
        from corridor.simulate import simulate as sail  # noqa: PLC0415 — slow to import, see the top

        with atomic.whole_folder(out, last=SIMULATION[-1], owned=SIMULATION, overwrite=overwrite) as part:
            fleet = sail(voyages, seed, part)
    names = {
        "ais": fleet.ais_path,
        "ships": fleet.ships_path,
        "truth": fleet.truth_path,
        "faults": fleet.faults_path,
    }
    paths = {key: str(out / path.name) for key, path in names.items()}
    counts = {"rows": fleet.rows, "ships": fleet.ships, "voyages": fleet.voyages, "seed": seed}
    said = f"SIMULATED: {fleet.rows:,} positions of {fleet.ships} ships on {fleet.voyages} voyages"
    _report({**counts, "simulated": True}, paths, [said], quiet=quiet, as_json=as_json)


app.command(epilog=cli_explain.EXAMPLES)(cli_explain.explain)
app.command(epilog="Example: corridor validate --out validation")(cli_validate.validate)


@app.command()
def version(as_json: Json = False) -> None:
    """Print the version."""
    if as_json:
        typer.echo(json.dumps({"corridor": __version__, "python": sys.version.split()[0]}))
    else:
        typer.echo(f"corridor {__version__}")


# How they work


def _study(
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
        from corridor.study import run_study  # noqa: PLC0415 — slow to import, see the top

        basemap = _basemap(tiles)
        with _progress(quiet) as progress:
            study = run_study(inputs, progress=progress, **settings)
            study.to_folder(folder, overwrite=overwrite, basemap=basemap)
        summary = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for warning in summary.get("warnings", []):
        _say(f"warning {warning}", quiet=quiet)
    paths = {"map": str(out / "map.html"), "geopackage": str(out / "study.gpkg")}
    _report(summary, paths, _headline(summary), quiet=quiet, as_json=as_json)


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


def _report(
    summary: dict[str, Any], paths: dict[str, str], lines: Sequence[str], *, quiet: bool, as_json: bool
) -> None:
    """Print the summary; the paths of the main files are the last lines."""
    if as_json:
        typer.echo(json.dumps({**summary, "paths": paths}))
    elif not quiet:
        for line in lines:
            typer.echo(line)
        for key, path in paths.items():
            typer.echo(f"{key:<11}{path}")


def _say(text: str, *, quiet: bool = False) -> None:
    """Print one line to standard error, red where it is an error on a terminal that wants colour."""
    if quiet:
        return
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    coloured = line.startswith("error") and sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    typer.echo(f"\x1b[31merror\x1b[0m{line[5:]}" if coloured else line, err=True)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated

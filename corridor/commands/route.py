"""``corridor route``: a planned voyage to a folder of results, its lanes compared."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from corridor.commands.options import (
    Json,
    Out,
    Overwrite,
    Quiet,
    Scenarios,
    Targets,
    cell_size,
    file_option,
    moment,
)
from corridor.commands.report import report, say
from corridor.commands.settings import CallsColumns, CallsZone, Ships, ShipsColumns
from corridor.errors import writing_to
from layers import atomic

EXAMPLES = """\b
Examples:
  corridor route Yantian "Long Beach" --ship container:8500 --speed 16 --out plan
  corridor route 盐田 长滩 --ship fleet.csv#9811000 --speed 14,16,18 --lane bering --out plan
  corridor route Shekou "33.75,241.79" --ship container:14000 --speed 17 --via Busan --out plan
  corridor route --calls calls.csv --calls-tz port --ships fleet.csv --ship container:8500 --out plan
"""


def speeds_of(text: str) -> list[float]:
    """Read one speed, or several between commas [kn].

    >>> speeds_of("14,16.5")
    [14.0, 16.5]
    """
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(2.0 <= speed <= 40.0 for speed in found):
        raise typer.BadParameter(f"found '{text}'; expected knots from 2 to 40, such as 16 or 14,16,18.")
    return list(dict.fromkeys(found))


def hours_of(text: str) -> tuple[float, float]:
    """Read hours at berth, the same at both ends or one for each [h].

    >>> hours_of("24"), hours_of("12,36")
    ((24.0, 24.0), (12.0, 36.0))
    """
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) not in (1, 2) or not all(0.0 <= hours <= 720.0 for hours in found):
        raise typer.BadParameter(f"found '{text}'; expected hours from 0 to 720, such as 24 or 12,36.")
    return found[0], found[-1]


def route(  # noqa: PLR0913, PLR0917 — one parameter per option
    out: Out,
    start: Annotated[
        str | None,
        typer.Argument(metavar="FROM", help="Terminal, port, or coordinates such as 33.75N 118.21W."),
    ] = None,
    end: Annotated[
        str | None,
        typer.Argument(metavar="TO", help="Terminal, port, or coordinates such as 33.75N 118.21W."),
    ] = None,
    ship: Annotated[
        str | None,
        typer.Option("--ship", metavar="CLASS|FILE", help="container:8500, or a register: ships.csv#IMO."),
    ] = None,
    speed: Annotated[
        Any,
        typer.Option("--speed", metavar="KN", parser=speeds_of, help="At sea; several are compared: 14,16."),
    ] = None,
    calls: Annotated[
        Path | None, file_option("--calls", "Instead of FROM and TO: port calls, voyages between them.")
    ] = None,
    calls_columns: CallsColumns = None,
    calls_tz: CallsZone = None,
    ships: Ships = None,
    ships_columns: ShipsColumns = None,
    via: Annotated[
        list[str] | None, typer.Option("--via", metavar="PLACE", help="A place to pass; may be repeated.")
    ] = None,
    along: Annotated[Path | None, file_option("--along", "Route to keep to: GPX, RTZ or GeoJSON.")] = None,
    lane: Annotated[
        str | None,
        typer.Option("--lane", metavar="NAME", help="osumi, great_circle, tsugaru, luzon, … or shortest."),
    ] = None,
    depart: Annotated[
        datetime | None,
        typer.Option("--depart", metavar="TIME", parser=moment, help="Time of leaving, UTC [2026-01-01]."),
    ] = None,
    berth_hours: Annotated[
        Any,
        typer.Option("--berth-hours", metavar="H[,H]", parser=hours_of, help="At berth before and after."),
    ] = "0",
    zones: Annotated[
        Path | None,
        typer.Option("--zones", metavar="FILE", help="Your own zones: GeoPackage, GeoJSON, GeoParquet."),
    ] = None,
    cell: Annotated[
        float,
        typer.Option("--cell", metavar="DEG", callback=cell_size, help="Size of a grid cell in degrees."),
    ] = 0.1,
    scenarios: Scenarios = None,
    targets: Targets = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Plan a voyage from berth to berth, or those between the calls of a list, and compute what is emitted.

    Everything it writes says PLANNED: no ship sailed it. The folder is that of `run`, with lanes.csv (lanes
    and speeds compared, without hours at berth) and the route as route.gpx, route.rtz and route.geojson. The
    study holds the voyage at the first speed. With --calls, speeds are those that keep the times of the
    list, and unplanned.csv lists the pairs of calls that are no voyage, with the reason.
    """
    ground: dict[str, Any] = {"zones": zones, "cell_deg": cell}
    ground |= {"scenarios": scenarios or (), "targets": targets or ()}
    one = {"FROM": start, "TO": end, "--ship": ship, "--speed": speed}
    if calls is not None:
        _alone(one | {"--via": via, "--along": along, "--depart": depart}, but=("--ship",))
        from_list = {"calls_columns": calls_columns, "calls_tz": calls_tz, "ships_columns": ships_columns}
        ground |= from_list | {"ships": ships, "ship": ship, "lane": lane}
        _list(calls, out, overwrite, quiet, as_json, ground)
        return
    _alone({"--calls-columns": calls_columns, "--calls-tz": calls_tz, "--ships": ships}, other="--calls")
    if missing := [name for name, value in one.items() if value is None]:
        raise typer.BadParameter(f"found no {missing[0]}; expected FROM, TO, --ship and --speed, or --calls.")
    start, end, ship = str(start), str(end), str(ship)
    with ExitStack() as stack:
        with writing_to(out):
            folder = stack.enter_context(atomic.reserve(out, overwrite=overwrite))
        from corridor import planning  # noqa: PLC0415
        from corridor.outputs.decisions import headlines  # noqa: PLC0415
        from corridor.outputs.folder import write  # noqa: PLC0415 — slow to import
        from corridor.tracks.passages import plan_route  # noqa: PLC0415
        from corridor.tracks.routes import DEPART  # noqa: PLC0415

        facts, leaving = planning.ship_of(ship), depart or DEPART
        passed = [*(via or ()), *_waypoints(along)]
        own = plan_route(start, end, via=passed, lane=lane, harbour_ways=along is None)
        study = planning.route_study(
            own, ship=facts, speed_kn=speed[0], depart=leaving, berth_hours=berth_hours, **ground
        )
        routes = [own] if passed else planning.lane_routes(start, end)
        compared = planning.voyage_table(planning.voyages_of(routes, speed, leaving), facts)
        write(study, folder, overwrite=overwrite, extras={"lanes.csv": compared, **_route_files(study)})
        summary = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for warning in summary.get("warnings", []):
        say(f"warning {warning}", quiet=quiet)
    names = {"map": "map.html", "geopackage": "study.gpkg", "lanes": "lanes.csv", "route": "route.gpx"}
    paths = {key: str(out / name) for key, name in names.items()}
    summary["lanes"] = json.loads(compared.to_json(orient="records"))
    lines = [*_lines(study, compared), *headlines(study)]
    report(summary, paths, lines, quiet=quiet, as_json=as_json)


def _alone(given: Mapping[str, Any], but: tuple[str, ...] = (), other: str = "") -> None:
    """Refuse options that say nothing where voyages come from a list, or from places."""
    extra = [name for name, value in given.items() if value is not None and name not in but]
    if extra:
        beside = f"without {other}" if other else "beside --calls"
        raise typer.BadParameter(f"found {extra[0]} {beside}; expected one voyage or a list; leave one out.")


def _list(
    calls: Path, out: Path, overwrite: bool, quiet: bool, as_json: bool, settings: Mapping[str, Any]
) -> None:
    """Write the study of the voyages between the calls of a list, and say where it is."""
    with ExitStack() as stack:
        with writing_to(out):
            folder = stack.enter_context(atomic.reserve(out, overwrite=overwrite))
        from corridor.outputs.decisions import headlines  # noqa: PLC0415 — slow to import
        from corridor.outputs.folder import write  # noqa: PLC0415 — slow to import
        from corridor.schedule import schedule_study  # noqa: PLC0415 — slow to import

        study, rest = schedule_study(calls, **settings)
        write(study, folder, overwrite=overwrite, extras={"unplanned.csv": rest})
        summary = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    for warning in summary.get("warnings", []):
        say(f"warning {warning}", quiet=quiet)
    names = {"map": "map.html", "geopackage": "study.gpkg", "calls": "calls.csv", "rest": "unplanned.csv"}
    paths = {key: str(out / name) for key, name in names.items()}
    lines = [*_voyage_lines(study), *headlines(study)]
    report(summary, paths, lines, quiet=quiet, as_json=as_json)


def _voyage_lines(study: Any) -> list[str]:
    """What is printed of planned voyages: their sums, then each of them."""
    totals, voyages = study.manifest["totals"], study.manifest["parameters"]["planned"]
    first = (
        f"PLANNED: {len(voyages)} voyages, {totals['nm']:,.0f} nm, {totals['hours']:,.0f} h, "
        f"{totals['fuel_kg'] / 1000:,.0f} t fuel, {totals['co2_kg'] / 1000:,.0f} t CO2"
    )
    head = f"{'vessel':<16}{'leaves':<18}{'nm':>7}{'kn':>6}  {'lane':<14}from – to"
    return [first, head] + [
        f"{one['vessel']:<16}{one['depart_utc'][:16]:<18}{one['distance_nm']:>7,.0f}{one['speed_kn']:>6.1f}  "
        f"{one['lane']:<14}{one['from']} – {one['to']}"
        for one in voyages
    ]


def _waypoints(along: Path | None) -> list[tuple[float, float]]:
    """Places of a route file to pass, in order."""
    if along is None:
        return []
    from corridor.tracks.routefiles import read_route  # noqa: PLC0415 — slow to import

    return [(point.lat, point.lon) for point in read_route(along).points]


def _route_files(study: Any) -> dict[str, str]:
    from corridor.tracks.routefiles import ENDINGS, RouteFile, route_text  # noqa: PLC0415

    said = study.manifest["parameters"]["planned"][0]
    lat, lon = zip(*said["points"], strict=True)
    own = RouteFile.of(f"{said['from']} – {said['to']}, {said['lane']}", lat, lon)
    return {f"route{ending}": route_text(own, ending) for ending in ENDINGS}


def _lines(study: Any, compared: Any) -> list[str]:
    """What is printed: the voyage, then the lanes side by side."""
    said = study.manifest["parameters"]["planned"][0]
    totals = study.manifest["totals"]
    first = (
        f"PLANNED: {said['from']} – {said['to']}, {said['lane']}, {said['speed_kn']:g} kn: "
        f"{totals['nm']:,.0f} nm, {totals['hours']:,.0f} h, {totals['fuel_kg'] / 1000:,.0f} t fuel, "
        f"{totals['co2_kg'] / 1000:,.0f} t CO2"
    )
    head = f"{'lane':<14}{'kn':>6}{'nm':>8}{'h':>7}{'t fuel':>9}{'NA ECA':>8}{'China':>7}  months"
    return [first, head, *(_row(row) for row in compared.to_dict("records"))]


def _row(row: Mapping[Any, Any]) -> str:
    return (
        f"{row['lane']:<14}{row['speed_kn']:>6g}{row['distance_nm']:>8,.0f}{row['hours']:>7,.0f}"
        f"{row['fuel_kg'] / 1000:>9,.0f}{row['na_eca_distance_share']:>8.1%}"
        f"{row['china_eca_distance_share']:>7.1%}  {row['months'] or 'not sourced'}"
    )

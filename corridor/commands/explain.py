"""``corridor explain``: the ladder of one piece, from reports to kilograms."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

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
    MainOff,
    Measured,
    MeasuredColumns,
    MethodName,
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
from corridor.errors import InputError

EXAMPLES = """\b
Examples:
  corridor explain day.csv --vessel IMO9811000 --at 2024-03-01T06:00Z
  corridor explain out ais/*.csv.zst --ships register.csv --vessel 9811000 --at 2024-03-01T06:00Z
"""


def explain(  # noqa: PLR0913, PLR0917 — one parameter per option
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="[STUDY] INPUT...", help="Folder of the study, if any, and its AIS files."),
    ],
    vessel: Annotated[str, typer.Option("--vessel", metavar="ID", help="Vessel id, IMO number or MMSI.")],
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="Instant; UTC unless it says otherwise.")],
    study: Annotated[
        Path | None,
        typer.Option(
            "--study", metavar="DIR", help="Its folder: settings are taken from it, and the inputs checked."
        ),
    ] = None,
    ships: Ships = None,
    ships_columns: ShipsColumns = None,
    columns: Columns = None,
    zones: Zones = None,
    zones_datum: ZonesDatum = None,
    cell: Cell = 0.1,
    start: Start = None,
    end: End = None,
    bbox: BBox = None,
    tz: TimeZone = None,
    population: Population = "all",
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
    method: MethodName = "imo4",
    gwp: Gwp = "ar5",
    main_off: MainOff = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the steps as JSON.")] = False,
) -> None:
    """Print every step from reports to masses for one vessel at one instant.

    Each step has its numbers, unit and source; the end compares the masses with those in the accounts.
    Give the inputs, register and zones of the study, and its settings or its folder: only the vessel asked
    for is computed.
    """
    files: dict[str, Any] = {
        "ships": ships,
        "ships_columns": ships_columns,
        "columns": columns,
        "zones": zones,
        "calls": calls,
        "calls_columns": calls_columns,
        "shore_power": shore_power,
        "shore_power_columns": shore_power_columns,
        "measured": measured,
        "measured_columns": measured_columns,
    }
    settings = {
        "zones_datum": zones_datum,
        "cell_deg": cell,
        "start": start,
        "end": end,
        "bbox": bbox,
        "tz": tz,
        "population": population,
        "hotel_loads": hotel_loads,
        "shore_power_tz": shore_power_tz,
        "shore_power_use": shore_power_use,
        "suppose": suppose or (),
        "calls_tz": calls_tz,
        "journeys": journeys,
        "method": method,
        "gwp": gwp,
        "main_off": main_off,
    }
    found = _explained(inputs, vessel, at, study, files, settings)
    typer.echo(json.dumps(found.to_dict(), ensure_ascii=False) if as_json else str(found))


def _explained(
    inputs: list[str],
    vessel: str,
    at: str,
    folder: Path | None,
    files: dict[str, Any],
    settings: dict[str, Any],
) -> Any:
    """Run the vessel as in the study, and explain it."""
    inputs, folder = _apart(inputs, folder)
    from corridor.recall import check_same, read_said, settings_of  # noqa: PLC0415 — slow to import
    from corridor.runs import run_study  # noqa: PLC0415

    said = None if folder is None else read_said(folder)
    chosen = settings if said is None else settings | settings_of(said)
    found = run_study(inputs, **files, **chosen, vessel=vessel, pieces=False)
    if said is not None:
        check_same(found.manifest, said)
    return found.explain(vessel, at)


def _apart(inputs: list[str], folder: Path | None) -> tuple[list[str], Path | None]:
    """Files of positions, and the folder of the study: a folder that holds a run.json is no input.

    Raises
    ------
    InputError
        If more than one study is named, or no file of positions.
    """
    named = [text for text in inputs if (Path(text) / "run.json").is_file()]
    studies = [*([folder] if folder is not None else []), *(Path(text) for text in named)]
    if len({study.resolve() for study in studies}) > 1:
        found = ", ".join(str(study) for study in studies)
        raise InputError("two_studies", f"found the studies {found}; expected one; name the one to explain")
    rest = [text for text in inputs if text not in named]
    if not rest:
        raise InputError(
            "no_inputs",
            f"found the study {studies[0]} alone, which holds no positions; expected the files of positions "
            f"it was made from; name them too: corridor explain {studies[0].name} ais.csv …",
        )
    return rest, studies[0] if studies else None

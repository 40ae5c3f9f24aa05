"""``corridor explain``: the ladder of one piece, from reports to kilograms."""

import json
from pathlib import Path
from typing import Annotated

import typer

from corridor.cli_options import file_option, zone_name

EXAMPLES = """\b
Examples:
  corridor explain day.csv --vessel IMO9811000 --at 2024-03-01T06:00Z
  corridor explain ais/*.csv.zst --ships register.csv --vessel 9811000 --at 2024-03-01T06:00Z --json
"""


def explain(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="AIS files of the study.")],
    vessel: Annotated[str, typer.Option("--vessel", metavar="ID", help="Vessel id, IMO number or MMSI.")],
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="Instant; UTC unless it says otherwise.")],
    ships: Annotated[Path | None, file_option("--ships", "Register: particulars of the ships.")] = None,
    columns: Annotated[
        Path | None, file_option("--columns", "TOML: which column is what, in which unit.")
    ] = None,
    zones: Annotated[
        Path | None, typer.Option("--zones", metavar="FILE", help="Your own zones, if the study had some.")
    ] = None,
    tz: Annotated[
        str | None,
        typer.Option("--tz", metavar="ZONE", parser=zone_name, help="Zone of times that name none [UTC]."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the steps as JSON.")] = False,
) -> None:
    """Print every step from reports to masses for one vessel at one instant.

    Each step has its numbers, unit and source; the end compares the masses with those in the accounts.
    Give the inputs, register and zones of the study: only the vessel asked for is computed.
    """
    from corridor.runs import run_study  # noqa: PLC0415 — slow to import

    study = run_study(
        inputs,
        ships=ships,
        columns=columns,
        zones=zones,
        tz=tz,
        population="all",
        vessel=vessel,
        pieces=False,
    )
    found = study.explain(vessel, at)
    typer.echo(json.dumps(found.to_dict(), ensure_ascii=False) if as_json else str(found))

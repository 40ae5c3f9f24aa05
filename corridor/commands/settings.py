"""Options that say what a study is made of: the same for running it and for explaining a piece of it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from corridor.commands.options import box, cell_size, file_option, moment, population_of, zone_name


def table_path(text: str) -> Path:
    """Accept a file that is there, one sheet of it behind ``#``.

    >>> table_path("nowhere.csv")
    Traceback (most recent call last):
    typer...BadParameter: File 'nowhere.csv' does not exist.
    """
    if not (Path(text).is_file() or Path(text.partition("#")[0]).is_file()):
        raise typer.BadParameter(f"File '{text}' does not exist.")
    return Path(text)


Columns = Annotated[Path | None, file_option("--columns", "TOML: which column is what, in which unit.")]
Ships = Annotated[
    Path | None,
    typer.Option("--ships", metavar="FILE", parser=table_path, help="Register: CSV, Excel, Parquet."),
]
ShipsColumns = Annotated[
    Path | None, file_option("--ships-columns", "TOML: which column of the register is what.")
]
Zones = Annotated[
    Path | None,
    typer.Option("--zones", metavar="FILE", help="Your own zones: GeoPackage, GeoJSON, GeoParquet."),
]
ZonesDatum = Annotated[
    str | None,
    typer.Option("--zones-datum", metavar="NAME", help="Datum of your zones: wgs84, gcj02 [asked]."),
]
Cell = Annotated[
    float, typer.Option("--cell", metavar="DEG", callback=cell_size, help="Size of a grid cell in degrees.")
]
Start = Annotated[
    datetime | None,
    typer.Option("--from", metavar="TIME", parser=moment, help="First moment, UTC unless it says otherwise."),
]
End = Annotated[
    datetime | None,
    typer.Option("--to", metavar="TIME", parser=moment, help="Moment before which to stop."),
]
BBox = Annotated[
    Any,
    typer.Option("--bbox", metavar="W,S,E,N", parser=box, help="Positions in this box; W > E crosses 180°."),
]
TimeZone = Annotated[
    str | None,
    typer.Option("--tz", metavar="ZONE", parser=zone_name, help="Zone of times that name none [UTC]."),
]
Population = Annotated[
    Any,
    typer.Option("--population", metavar="ogv|all|TYPES", parser=population_of, help="Ships to count."),
]
HotelLoads = Annotated[
    str | None,
    typer.Option("--hotel-loads", metavar="NAME", help="A port's own loads there: polb2024, pola2024."),
]
MethodName = Annotated[
    str, typer.Option("--method", metavar="imo4|epa2022|icct", help="Emission method; never mixed.")
]
Gwp = Annotated[
    str, typer.Option("--gwp", metavar="ar4|ar5|ar6", help="IPCC report whose potentials make CO2e.")
]
MainOff = Annotated[
    bool,
    typer.Option(
        "--main-off/--no-main-off", help="Main engine off below the method's least load; hours are counted."
    ),
]
ShorePower = Annotated[
    Path | None, file_option("--shore-power", "Log of ships at shore power; replaces the rule.")
]
ShorePowerColumns = Annotated[
    Path | None, file_option("--shore-power-columns", "TOML: which column of the log is what.")
]
ShorePowerZone = Annotated[
    str | None,
    typer.Option(
        "--shore-power-tz", metavar="ZONE", parser=zone_name, help="Zone of the log: Asia/Shanghai, UTC."
    ),
]
ShorePowerUse = Annotated[
    str | None,
    typer.Option("--shore-power-use", metavar="LOW..HIGH", help="Use where no log says [none to full]."),
]
Level = Annotated[
    float, typer.Option("--level", metavar="SHARE", help="Share that intervals hold: 0.9 or 0.95.")
]
Names = Annotated[
    str,
    typer.Option("--names", metavar="none|class|all", help="What the map tells of the ships of a cell."),
]
Measured = Annotated[
    Path | None, file_option("--measured", "Fuel burned, by ship and period; replaces the model's.")
]
MeasuredColumns = Annotated[
    Path | None, file_option("--measured-columns", "TOML: which column of the reports is what.")
]
Suppose = Annotated[
    list[str] | None,
    typer.Option("--suppose", metavar="RULE", help="A rule not in force that is to hold: china-0.10."),
]
Calls = Annotated[Path | None, file_option("--calls", "List of port calls; what it knows overrides.")]
CallsColumns = Annotated[
    Path | None, file_option("--calls-columns", "TOML: which column of the list is what.")
]
CallsZone = Annotated[
    str | None,
    typer.Option("--calls-tz", metavar="ZONE", help="Zone of its times: Asia/Shanghai, or port (local)."),
]
Journeys = Annotated[
    str | None,
    typer.Option("--journeys", metavar="LB|LB+LA", help="Only journeys from Shenzhen there, or back."),
]

"""Options that several commands share."""

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from corridor.errors import InputError

if TYPE_CHECKING:
    from corridor.study import Study

Box = tuple[float, float, float, float]


def file_option(name: str, text: str) -> Any:
    """Option that names a file which must be there."""
    return typer.Option(name, metavar="FILE", exists=True, dir_okay=False, readable=True, help=text)


def zone_name(name: str) -> str:
    """Accept the name of a time zone.

    >>> zone_name("Asia/Shanghai")
    'Asia/Shanghai'
    """
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise typer.BadParameter(f"found '{name}'; expected a zone such as UTC or Asia/Shanghai.") from None
    return name


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
AtLeast = Annotated[
    int | None,
    typer.Option(
        "--at-least",
        min=3,
        metavar="SHIPS",
        help="With --publish: no cell, and no zone in a month and phase, of fewer ships.",
    ),
]
Scenarios = Annotated[
    list[str] | None,
    typer.Option("--scenario", metavar="FILE|NAME", help="An alternative to compare with; may be repeated."),
]
Targets = Annotated[
    list[str] | None,
    typer.Option("--target", metavar="FILE|NAME", help="A target to hold them against; may be repeated."),
]
Receptors = Annotated[
    Path | None, file_option("--receptors", "Places with name, lat, lon: what was emitted near them.")
]
Prices = Annotated[Path | None, file_option("--prices", "TOML: your prices of fuels, carbon, shore power.")]
HotspotTest = Annotated[
    bool, typer.Option("--hotspot-test", help="Test hotspots for clusters (extra: hotspots).")
]
Workers = Annotated[int, typer.Option("--workers", min=1, metavar="N", help="Processes that share the work.")]


def box(text: str) -> Box:
    """Read west, south, east, north [degrees].

    >>> box("110,10,-110,60")
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


def moment(text: str) -> datetime:
    """Read an ISO time; UTC where it names no zone.

    >>> moment("2024-03-01")
    datetime.datetime(2024, 3, 1, 0, 0, tzinfo=datetime.timezone.utc)
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"found '{text}'; expected a date or time such as 2024-03-01T06:00Z."
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def cell_size(degrees: float) -> float:
    """Accept a cell size that fits between the poles a whole number of times [degrees]."""
    fits = 0.005 <= degrees <= 10 and math.isclose(90 / degrees, round(90 / degrees), rel_tol=1e-9)
    if not fits:
        raise typer.BadParameter(
            f"found {degrees:g}; expected 0.005 to 10 and a whole number of cells in 90°."
        )
    return degrees


def population_of(text: str) -> str | list[int]:
    """Read which ships to count: a name, or AIS ship types.

    >>> population_of("ogv"), population_of("70,72-74")
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


def given_away(study: "Study", publish: bool, at_least: int | None) -> "Study":
    """Return the study as it may be passed on, where that is asked for.

    Raises
    ------
    InputError
        If there is a least number of ships, and nothing is to be passed on.
    """
    if publish:
        from corridor.outputs.publish import published  # noqa: PLC0415 — slow to import

        return published(study, at_least)
    if at_least is not None:
        raise InputError(
            "at_least_alone", f"found --at-least {at_least} alone; expected --publish beside it; give both"
        )
    return study

"""Options that several commands share."""

from typing import Any
from zoneinfo import ZoneInfo

import typer


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

"""What commands print: a summary on standard output, everything else on standard error."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

import typer


def report(
    summary: dict[str, Any], paths: dict[str, str], lines: Sequence[str], *, quiet: bool, as_json: bool
) -> None:
    """Print the summary; the paths of the main files are the last lines."""
    if as_json:
        typer.echo(json.dumps({**summary, "paths": paths}))
    elif not quiet:
        for line in lines:
            typer.echo(line)
        for key, path in paths.items():
            typer.echo(f"{key:<10} {path}")


def say(text: str, *, quiet: bool = False) -> None:
    """Print one line to standard error, red where it is an error on a terminal that wants colour."""
    if quiet:
        return
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    coloured = line.startswith("error") and sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    typer.echo(f"\x1b[31merror\x1b[0m{line[5:]}" if coloured else line, err=True)

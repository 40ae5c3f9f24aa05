"""``corridor validate``: every published case, what was expected and what came out."""

from pathlib import Path
from typing import Annotated

import typer

from corridor.errors import writing_to
from layers import atomic

FAILED = 1


def validate(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the results.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the results in a folder that has some.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Run every published case; exit status 1 when one fails.

    Writes validation.html and validation.csv: case, expected, ours, difference, tolerance, verdict, source.
    """
    from corridor.validation.run import OWNED, failures, write  # noqa: PLC0415 — slow to import
    from corridor.validation.run import validate as run_cases  # noqa: PLC0415

    with (
        writing_to(out),
        atomic.whole_folder(out, last="validation.csv", owned=OWNED, overwrite=overwrite) as part,
    ):
        table = run_cases()
        write(table, part)
    wrong = failures(table)
    for row in wrong.to_dict("records"):
        typer.echo(
            f"failed {row['group']}: {row['case']}, {row['quantity']}: expected {row['expected']:.7g}, "
            f"found {row['ours']:.7g} {row['unit']}",
            err=True,
        )
    if not quiet:
        counts = table["verdict"].value_counts()
        typer.echo(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
        typer.echo(str(out / "validation.html"))
    if len(wrong):
        raise typer.Exit(FAILED)

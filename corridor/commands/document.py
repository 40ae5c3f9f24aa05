"""``corridor report``: a finished study as a printed report with its pictures."""

from pathlib import Path
from typing import Annotated

import typer

from corridor.commands.export import StudyFolder
from corridor.commands.options import AtLeast, Json, Overwrite, Quiet, given_away
from corridor.commands.report import report as print_report
from corridor.errors import InputError

EXAMPLES = """\b
Examples:
  corridor report 2024
  corridor report 2024 --before 2023
  corridor report 2024 --lang en --port LB --out inventory
  corridor report 2024 --lang zh --port SZ --publish --out shenzhen
"""
_LANGUAGES = {"en": ("en",), "zh": ("zh",), "both": ("en", "zh")}


def report(  # noqa: PLR0913, PLR0917 — one parameter per option
    study: StudyFolder,
    language: Annotated[str, typer.Option("--lang", metavar="en|zh|both", help="Language.")] = "both",
    port: Annotated[
        str | None,
        typer.Option(
            "--port",
            metavar="LB|SZ",
            help="One port's inventory; LB in English in short tons, as it prints them.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder for the files [STUDY/report].")
    ] = None,
    before: Annotated[
        Path | None,
        typer.Option(
            "--before",
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Folder of an earlier study: what changed since is split into causes.",
        ),
    ] = None,
    publish: Annotated[
        bool, typer.Option("--publish", help="Leave out what is said of vessels and their calls.")
    ] = False,
    at_least: AtLeast = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write a study as a report: PDF, HTML and Markdown, with figures for slides."""
    if language not in _LANGUAGES:
        raise InputError("unknown_language", f"found --lang {language}; expected en, zh or both")
    from corridor.outputs.report import check_typst, write_report  # noqa: PLC0415
    from corridor.outputs.store import open_study  # noqa: PLC0415

    check_typst()
    opened = open_study(study)
    written = write_report(
        given_away(opened, publish, at_least),
        out if out is not None else study / "report",
        languages=_LANGUAGES[language],
        port=port,
        before=None if before is None else open_study(before),
        overwrite=overwrite,
    )
    print_report(
        {"languages": _LANGUAGES[language], "port": port},
        {_kind(path): str(path) for path in written},
        [],
        quiet=quiet,
        as_json=as_json,
    )


def _kind(path: Path) -> str:
    """What a file is, in a word.

    >>> _kind(Path("SIMULATED_report_en.pdf")), _kind(Path("figures"))
    ('pdf_en', 'figures')
    """
    language = path.stem.rpartition("_")[2]
    return f"{path.suffix[1:]}_{language}" if path.suffix else path.name

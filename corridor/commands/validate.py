"""``corridor validate``: every published case, what was expected and what came out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corridor.commands.options import file_option
from corridor.commands.settings import Level
from corridor.errors import InputError, writing_to
from layers import atomic

if TYPE_CHECKING:
    from corridor.validation.reported import Reported

FAILED = 1
BESIDE = ("shared", "ais")
REAL_AIS = "sbarc_20180601-02_cargo150m_marinecadastre-columns.csv"
REAL_MRV = "eu_mrv_container_ships_2018-2020.csv"
EXAMPLES = """\b
Examples:
  corridor validate --out validation
  corridor validate --full --out validation
  corridor validate --ais day.csv --mrv 2018-v272.xlsx --out validation
"""


def validate(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for the results.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the results in a folder that has some.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    ais: Annotated[
        list[str] | None,
        typer.Option("--ais", metavar="FILE", help="AIS to compare with reports; again for more."),
    ] = None,
    mrv: Annotated[
        list[Path] | None,
        typer.Option("--mrv", metavar="FILE", help="EU MRV reports of its ships; again for more."),
    ] = None,
    ships: Annotated[Path | None, file_option("--ships", "Register of the ships of the AIS.")] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Also judge bias and intervals on simulated voyages: minutes.")
    ] = False,
    level: Level = 0.9,
) -> None:
    """Run every published case; exit status 1 when one fails.

    Writes validation.html and validation.csv: case, expected, ours, difference, tolerance, verdict, source.
    With --ais and --mrv also reported_fuel.csv: fuel per mile beside the ships' own yearly reports. With
    --full also coverage.csv; and the reports that stand beside a checkout, where none are given.
    """
    if full and not ais and not mrv:
        ais, mrv = _beside()
    if bool(ais) != bool(mrv):
        raise InputError(
            "missing_option", "found one of --ais and --mrv; expected both or none; give the other"
        )
    import pandas as pd  # noqa: PLC0415 — slow to import

    from corridor.runs import check_interval  # noqa: PLC0415
    from corridor.validation.coverage import Trial  # noqa: PLC0415
    from corridor.validation.run import OWNED, failures, judge, write  # noqa: PLC0415
    from corridor.validation.run import validate as run_cases  # noqa: PLC0415

    check_interval(level)
    with (
        writing_to(out),
        atomic.whole_folder(out, last="validation.csv", owned=OWNED, overwrite=overwrite) as part,
    ):
        table = run_cases()
        judged = judge(Trial(level=level)) if full else None
        table = table if judged is None else pd.concat([table, judged.cases], ignore_index=True)
        reported = _reported(ais, mrv, ships, level)
        write(table, part, reported, judged)
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
        if reported is not None:
            typer.echo(str(reported))
            typer.echo(reported.coverage)
        typer.echo(str(out / "validation.html"))
    if len(wrong) or (reported is not None and not reported.holds):
        raise typer.Exit(FAILED)


def _beside() -> tuple[list[str] | None, list[Path] | None]:
    """Real AIS and its ships' yearly reports that stand beside a checkout; says loudly where none do."""
    from corridor.reference import beside_checkout  # noqa: PLC0415 — slow to import

    folder = beside_checkout(*BESIDE)
    ais, mrv = folder / REAL_AIS, folder / REAL_MRV
    if ais.is_file() and mrv.is_file():
        return [str(ais)], [mrv]
    typer.echo(
        f"REAL SHIPS MISSING: no {'/'.join(('..', *BESIDE))} with {REAL_AIS} and {REAL_MRV} beside the "
        "checkout; intervals are compared with no report. What follows is simulated and validates nothing",
        err=True,
    )
    return None, None


def _reported(
    ais: list[str] | None, mrv: list[Path] | None, ships: Path | None, level: float
) -> "Reported | None":
    """Compare with the ships' own reports, where they are given."""
    if not ais or not mrv:
        return None
    from corridor.validation.reported import compare_files  # noqa: PLC0415 — slow to import

    return compare_files(ais, mrv, ships=ships, level=level)

"""``corridor compare``: two written studies beside each other, or one beside its scenarios, and why."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corridor.commands.options import Json, Overwrite, Quiet
from corridor.commands.report import report, say
from corridor.errors import writing_to
from layers import atomic

if TYPE_CHECKING:
    import pandas as pd

    from corridor.study import Study

EXAMPLES = """\b
Examples:
  corridor compare 2023 2024 --out change
  corridor compare demo          (a study that was run with --scenario)
"""
LAST = "compare.json"
FILES = (
    *("compare.csv", "why_changed.csv", "cells_changed.csv", "circumstances.csv"),
    *("scenarios.csv", "scenario_delays.csv", "scenario_grid.csv"),
)
KG_PER_T = 1000.0


def compare(
    before: Annotated[
        Path, typer.Argument(metavar="A", exists=True, file_okay=False, help="Folder of a written study.")
    ],
    after: Annotated[
        Path | None,
        typer.Argument(
            metavar="[B]", exists=True, file_okay=False, help="Another; without it, A's scenarios."
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder for tables.")] = None,
    level: Annotated[
        float | None, typer.Option("--level", min=0.5, max=0.999, metavar="SHARE", help="Of the intervals.")
    ] = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Compare two periods, or a baseline with its scenarios: differences with intervals, and why.

    Writes compare.csv, why_changed.csv, cells_changed.csv, circumstances.csv; scenarios.csv for one study.
    """
    from corridor.outputs.store import open_study  # noqa: PLC0415 — slow to import, see cli.py

    first = open_study(before)
    if after is None:
        tables, lines, warnings = _of_scenarios(first, level)
    else:
        tables, lines, warnings = _of_two(first, open_study(after), level)
    for warning in warnings:
        say(f"warning {warning}", quiet=quiet)
    summary = {
        "before": before.name,
        "after": "" if after is None else after.name,
        "level": first.interval_level if level is None else level,
    }
    paths = {} if out is None else _write(out, tables, summary, overwrite=overwrite)
    report(summary | {"lines": lines}, paths, lines, quiet=quiet, as_json=as_json)


def _of_scenarios(
    study: "Study", level: float | None
) -> tuple[dict[str, "pd.DataFrame"], list[str], list[str]]:
    from corridor import comparison  # noqa: PLC0415 — slow to import, see cli.py
    from corridor.errors import InputError  # noqa: PLC0415

    if not study.alternatives:
        raise InputError(
            "nothing_to_compare",
            "found one study without scenarios; expected two studies, or one with them; name a second "
            "folder, or run it again with --scenario",
        )
    table = comparison.compare(study, level)
    whole = table[(table["dimension"] == "total") & (table["unit"] == "kg")]
    lines = [f"{row['scenario']}: {_said(row)}" for row in whole.to_dict("records") if _is_shown(row)]
    tables = {
        "scenarios": table,
        "scenario_delays": comparison.sailing(study),
        "scenario_grid": comparison.ashore(study),
    }
    return tables, lines, []


def _of_two(
    before: "Study", after: "Study", level: float | None
) -> tuple[dict[str, "pd.DataFrame"], list[str], list[str]]:
    from corridor import contrast  # noqa: PLC0415 — slow to import, see cli.py
    from corridor.why import why  # noqa: PLC0415

    known = not (before.published or after.published)
    causes = {"why_changed": why(before, after)} if known else {}
    made_of = contrast.circumstances(before, after)
    table = contrast.contrast(before, after, level)
    tables = {
        "compare": table,
        **causes,
        "circumstances": made_of,
        "cells_changed": contrast.cells_between(before, after),
    }
    whole = table[(table["dimension"] == "total") & (table["unit"] == "kg")]
    lines = [_said(row) for row in whole.to_dict("records") if _is_shown(row)]
    warnings = contrast.differing(made_of)
    if known:
        lines += ["why CO2e changed:", *_causes(causes["why_changed"])]
    else:
        warnings.append("a published study has no ships: why it changed cannot be told")
    return {name: one for name, one in tables.items() if len(one)}, lines, warnings


def _is_shown(row: dict[Any, Any]) -> bool:
    return row["quantity"] in {"co2e", "nox", "sox", "pm25"}


def _said(row: dict[Any, Any]) -> str:
    """One pollutant's difference with its interval. [t]"""
    # The bounds are the last two columns; their names tell the level.
    low, high = (row[name] / KG_PER_T for name in list(row)[-2:])
    change = f"{row['difference'] / KG_PER_T:+,.1f} t ({low:+,.1f} to {high:+,.1f})"
    return f"{row['quantity']:<5} {change}, {row['difference_percent']:+.1f} %"


def _causes(causes: "pd.DataFrame") -> list[str]:
    """Effects on CO2e of all ships, the largest first. [t]"""
    mine = causes[(causes["pollutant"] == "co2e") & (causes["ship_class"] == "all")]
    mine = mine.sort_values("change_kg", key=abs, ascending=False, kind="stable")
    return [
        f"  {row['effect'].replace('_', ' '):<16}{row['change_kg'] / KG_PER_T:+12,.1f} t"
        f"{row['change_percent']:+8.1f} %"
        for row in mine.to_dict("records")
        if row["change_kg"]
    ]


def _write(
    out: Path, tables: dict[str, "pd.DataFrame"], summary: dict[str, Any], *, overwrite: bool
) -> dict[str, str]:
    """Write the tables, whole or not at all; the paths of the main ones."""
    from corridor.outputs.folder import write_csv  # noqa: PLC0415 — slow to import, see cli.py

    owned = (*FILES, LAST)
    with writing_to(out), atomic.whole_folder(out, last=LAST, owned=owned, overwrite=overwrite) as part:
        for name, table in tables.items():
            write_csv(table, part / f"{name}.csv")
        text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
        (part / LAST).write_text(text, encoding="utf-8")
    return {"tables": str(out), **({"why": str(out / "why_changed.csv")} if "why_changed" in tables else {})}

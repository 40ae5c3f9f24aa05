"""All cases in one go, as a table and as a page."""

import html
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from corridor import __version__
from corridor.outputs.folder import write_csv
from corridor.validation import agency, bias, coverage, properties, published
from corridor.validation.check import FAIL, NOT_RUN, as_table
from corridor.validation.document import verdicts
from corridor.validation.reported import Reported
from corridor.validation.sailed import sail

OWNED = ("validation.csv", "validation.html", "reported_fuel.csv", "coverage.csv")
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:76rem;padding:0 1rem;color:#1a1a1a}"
    "table{border-collapse:collapse;width:100%;font-size:13px;margin:0 0 2rem}"
    "th,td{text-align:left;padding:.2rem .5rem;border-bottom:1px solid #ddd;vertical-align:top}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}"
    ".fail{background:#fbe3e0;font-weight:600}.not{color:#666}"
)


def validate(work_dir: Path | None = None) -> pd.DataFrame:
    """Run every case: one row a quantity, with expected, ours, difference, tolerance and verdict.

    Parameters
    ----------
    work_dir : Path, optional
        Where converted positions and the zone index are kept; the user's cache by default.
    """
    sailed = sail([*published.voyages(), *properties.voyages()], work_dir)
    return as_table([*published.checks(sailed), *agency.checks(), *properties.checks(sailed, work_dir)])


class Judged(NamedTuple):
    """What simulated voyages say: cases as of `validate`, and coverage by species and zone."""

    cases: pd.DataFrame
    covered: pd.DataFrame
    trial: coverage.Trial


def judge(trial: coverage.Trial | None = None, work_dir: Path | None = None) -> Judged:
    """Judge the whole chain on simulated voyages: its bias, and how often its intervals hold. Minutes.

    Parameters
    ----------
    trial : Trial, optional
        How coverage is tried.
    work_dir : Path, optional
        As in `validate`.
    """
    how = trial or coverage.Trial()
    covered = coverage.coverage(how, work_dir)
    cases = as_table([*bias.checks(work_dir=work_dir), *coverage.checks(covered, how.level)])
    return Judged(cases, covered, how)


def failures(table: pd.DataFrame) -> pd.DataFrame:
    """Rows whose case fails."""
    return table[table["verdict"] == FAIL]


def write(
    table: pd.DataFrame, folder: Path, reported: Reported | None = None, judged: Judged | None = None
) -> None:
    """Write ``validation.csv`` and ``validation.html``; ``reported_fuel.csv``, ``coverage.csv`` if known."""
    whole = page(table, reported, judged)
    (folder / "validation.html").write_text(whole, encoding="utf-8", newline="\n")
    if judged is not None:
        write_csv(judged.covered, folder / "coverage.csv")
    if reported is not None:
        write_csv(reported.ships, folder / "reported_fuel.csv")
    write_csv(table, folder / "validation.csv")


def page(table: pd.DataFrame, reported: Reported | None = None, judged: Judged | None = None) -> str:
    """Return the page: a count of verdicts by group, the ships' own reports, then every case."""
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
        f"<title>Validation of corridor {__version__}</title><style>{_STYLE}</style></head><body>",
        f"<h1>Validation of corridor {__version__}</h1>",
        (
            "<p>What the programme answers where an answer is published, worked by hand, or follows from the "
            "method. Agreement with a peer programme on the same equations is no evidence of truth. Bands of "
            "10 % and wider were set after the answer was seen: they test for gross error, not for accuracy. "
            "A case that is <em>not run</em> says what it needs.</p>"
        ),
        _html_table(verdicts(table)),
    ]
    for group, rows in table.groupby("group", sort=False):
        parts += [f"<h2>{html.escape(str(group))}</h2>", _html_table(rows.drop(columns="group"))]
    if judged is not None:
        parts += _covered(judged)
    if reported is not None:
        parts += _reported(reported)
    return "\n".join([*parts, "</body></html>\n"])


def _covered(judged: Judged) -> list[str]:
    """Return the section on the coverage of intervals, zone by zone."""
    how = judged.trial
    said = (
        f"{how.repetitions} worlds drawn from the error model over {how.fleets} simulated fleets of "
        f"{how.voyages} voyages, heard with holes and noise; every third ship has power and speed by class "
        f"alone. Intervals are meant to hold the truth in {100 * how.level:g} % of the worlds. The truth is "
        "drawn from the very model that the intervals are made of: this shows that the arithmetic is right, "
        "not that the model is. It is no validation; for that see the ships' own reports."
    )
    return [
        "<h2>Coverage of intervals on simulated voyages</h2>",
        f"<p>{html.escape(said)}</p>",
        _html_table(judged.covered),
    ]


def _reported(found: Reported) -> list[str]:
    """Return the section on fuel per mile beside the ships' own reports."""
    outside = found.ships.loc[~found.ships["within"], ["name", "ratio"]].itertuples(index=False, name=None)
    named = ", ".join(f"{name} ({ratio:.2f})" for name, ratio in outside) or "none"
    said = (
        f"{found}. Ships with a report and {found.hours_least:g} h or more of observed way at "
        f"{found.speed_from_kn:g} to {found.speed_to_kn:g} kn; outside: {named}. A report is the mean of a "
        "whole year, over all speeds, draughts and weathers, fuel in port and at anchor included; ours is of "
        "these hours. The comparison finds gross errors, not the accuracy. "
        f"{found.coverage}"
    )
    return [
        "<h2>Fuel per mile beside the ships' own EU MRV reports</h2>",
        f"<p>{html.escape(said)}</p>",
        _html_table(found.ships),
    ]


def _html_table(rows: pd.DataFrame) -> str:
    head = "".join(f'<th scope="col">{html.escape(str(c).replace("_", " "))}</th>' for c in rows.columns)
    lines = [f"<table><thead><tr>{head}</tr></thead><tbody>"]
    for row in rows.to_dict("records"):
        verdict = row.get("verdict")
        kind = {FAIL: ' class="fail"', NOT_RUN: ' class="not"'}.get(str(verdict), "")
        lines.append(f"<tr{kind}>{''.join(_html_cell(value) for value in row.values())}</tr>")
    return "\n".join([*lines, "</tbody></table>"])


def _html_cell(value: object) -> str:
    if isinstance(value, int | float):
        return f'<td class="n">{"" if pd.isna(value) else f"{value:.7g}"}</td>'
    return f"<td>{html.escape(str(value))}</td>"

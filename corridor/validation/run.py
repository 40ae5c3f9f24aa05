"""All cases in one go, as a table and as a page."""

import html
from pathlib import Path

import pandas as pd

from corridor import __version__
from corridor.outputs.folder import write_csv
from corridor.validation import properties, published
from corridor.validation.check import FAIL, NOT_RUN, as_table
from corridor.validation.document import verdicts
from corridor.validation.sailed import sail

OWNED = ("validation.csv", "validation.html")
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
    return as_table([*published.checks(sailed), *properties.checks(sailed, work_dir)])


def failures(table: pd.DataFrame) -> pd.DataFrame:
    """Rows whose case fails."""
    return table[table["verdict"] == FAIL]


def write(table: pd.DataFrame, folder: Path) -> None:
    """Write ``validation.csv`` and ``validation.html`` into a folder."""
    (folder / "validation.html").write_text(page(table), encoding="utf-8", newline="\n")
    write_csv(table, folder / "validation.csv")


def page(table: pd.DataFrame) -> str:
    """Return the page: a count of verdicts by group, then every case."""
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
    return "\n".join([*parts, "</body></html>\n"])


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

"""Small charts as SVG text, each with its table: for reports, notebooks and readers without script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maps import text

BAR_COLOUR = "#2c7a9b"
_WIDTH, _STEP, _NAMES = 480, 26, 170


@dataclass(frozen=True)
class Chart:
    """A picture and the same figures as a table, both ready to stand in HTML."""

    svg: str
    table: str

    def _repr_html_(self) -> str:
        return self.svg + self.table


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an HTML table; the first column names the row. All text is made harmless.

    Examples
    --------
    >>> table(["Zone", "NOx [kg]"], [["Pier <J>", "12"]])  # doctest: +ELLIPSIS
    '<table>...<th scope="row">Pier &#60;J&#62;</th><td>12</td>...</table>'
    """
    heads = "".join(f'<th scope="col">{text.html(name)}</th>' for name in head)
    lines = "".join(
        f'<tr><th scope="row">{text.html(row[0])}</th>'
        + "".join(f"<td>{text.html(c)}</td>" for c in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{lines}</tbody></table>"


def bars(title: str, names: Sequence[str], values: Sequence[float], *, unit: str) -> Chart:
    """Return horizontal bars of values >= 0 that say their unit, with their table.

    Raises
    ------
    ValueError
        When the unit is empty, names and values differ in number, or a value is negative.

    Examples
    --------
    >>> chart = bars("NOx by phase", ["at berth", "cruising"], [1.0, 4.0], unit="t")
    >>> "4 t" in chart.svg and "cruising" in chart.table
    True
    """
    if not unit:
        raise ValueError("a chart without a unit cannot be read; say for example unit='t'")
    if len(names) != len(values):
        raise ValueError(f"{len(names)} names for {len(values)} values: give one name per value")
    if any(value < 0 for value in values):
        raise ValueError("bars are for values >= 0; draw differences as a table")
    most = max([*values, 0.0]) or 1.0
    room = _WIDTH - _NAMES - 90
    parts = []
    for k, (name, value) in enumerate(zip(names, values, strict=True)):
        y = 30 + k * _STEP
        length = value / most * room
        parts.append(
            f'<text x="{_NAMES - 8}" y="{y + 13}" text-anchor="end">{text.html(name)}</text>'
            f'<rect x="{_NAMES}" y="{y}" width="{length:.1f}" height="18" fill="{BAR_COLOUR}"/>'
            f'<text x="{_NAMES + length + 6:.1f}" y="{y + 13}">{text.html(f"{value:,.4g} {unit}")}</text>'
        )
    high = 36 + len(values) * _STEP
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {high}" width="{_WIDTH}" role="img" '
        f'aria-label="{text.html(title)}" font-family="sans-serif" font-size="12">'
        f'<text x="0" y="16" font-weight="bold">{text.html(title)} [{text.html(unit)}]</text>'
        f"{''.join(parts)}</svg>"
    )
    rows = [[name, f"{value:,.4g}"] for name, value in zip(names, values, strict=True)]
    return Chart(svg, table([title, unit], rows))

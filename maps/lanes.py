"""A still picture of lines at sea over land, as SVG text: opens in any browser, needs no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps import text
from maps.picture import FILLS, land, view_of

WIDTH, ROW, LAND, SEA = 900, 18, "#d9d5cc", "#eef4f7"
# Between places of a line so far apart the great circle is drawn through places of its own. [degrees]
APART_DEG = 5.0


@dataclass(frozen=True)
class Drawn:
    """A named line, dense enough to be drawn straight from place to place; any longitudes. [degrees]."""

    name: str
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    dashed: bool = False


def lanes_svg(lines: Sequence[Drawn], *, title: str, note: str = "") -> str:
    """Return lines over land in one picture with the Pacific in the middle, and a legend under it.

    Raises
    ------
    ValueError
        When there is nothing to draw, or a line has places too far apart to be drawn straight.

    Examples
    --------
    >>> line = Drawn("a <lane>", np.array([30.0, 31.0]), np.array([179.0, -179.0]))
    >>> "a &#60;lane&#62;" in lanes_svg([line], title="Lanes")
    True
    """
    shown = [_display(line) for line in lines]
    if not shown:
        raise ValueError("there is no line to draw; give at least one")
    whole = np.concatenate(shown)
    view = view_of(*whole.min(axis=0), *whole.max(axis=0))
    strokes = "".join(
        f'<path fill="none" stroke="{FILLS[k % len(FILLS)]}" stroke-width="2"{_dash(line)} '
        f'd="M{"L".join(f"{x:.7g},{y:.7g}" for x, y in view.points(xy))}"/>'
        for k, (line, xy) in enumerate(zip(lines, shown, strict=True))
    )
    high = view.height + ROW * (len(lines) + 3)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {high:.0f}" role="img" '
        f'aria-label="{text.html(title)}" font-family="sans-serif" font-size="13">'
        f"<title>{text.html(title)}</title>"
        f'<svg width="{WIDTH}" height="{view.height:.0f}"><rect width="100%" height="100%" fill="{SEA}"/>'
        f'<path fill="{LAND}" fill-rule="evenodd" d="{view.path(land())}"/>{strokes}</svg>'
        f"{_legend(lines, view.height, title, note)}</svg>\n"
    )


def _display(line: Drawn) -> NDArray[np.float64]:
    """Places with longitudes that run on past 180, between 0 and 360."""
    lon = np.unwrap(np.asarray(line.lon, np.float64), period=360.0)
    lon += 360.0 * np.round((180.0 - lon.mean()) / 360.0)
    if np.abs(np.diff(lon)).max(initial=0) > APART_DEG:
        raise ValueError(f"line '{line.name}' has places over {APART_DEG:g} degrees apart; give it more")
    return np.column_stack([lon, line.lat])


def _dash(line: Drawn) -> str:
    return ' stroke-dasharray="6 4"' if line.dashed else ""


def _legend(lines: Sequence[Drawn], top: float, title: str, note: str) -> str:
    rows = [f'<text x="8" y="{top + ROW:.0f}" font-weight="bold">{text.html(title)}</text>']
    for k, line in enumerate(lines):
        y = top + ROW * (k + 2)
        rows.append(
            f'<line x1="8" x2="36" y1="{y - 4:.0f}" y2="{y - 4:.0f}" stroke="{FILLS[k % len(FILLS)]}" '
            f'stroke-width="3"{_dash(line)}/><text x="44" y="{y:.0f}">{text.html(line.name)}</text>'
        )
    y = top + ROW * (len(lines) + 2)
    return "".join([*rows, f'<text x="8" y="{y:.0f}" fill="#555">{text.html(note)}</text>'])

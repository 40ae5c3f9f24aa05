"""A still picture of areas on land and sea, as SVG text: opens in any browser, needs no network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maps import text

Ring = NDArray[np.float64]

FILLS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8ac20", "#7a5195")
"""Eight colours that colour-blind readers tell apart (Okabe and Ito), then they begin again."""

_SEA, _LAND = "#eef4f7", "#d9d5cc"
_WIDTH, _TALLEST, _LEGEND, _LINE = 900, 900, 600, 16
_APART_DEG = 20.0


@dataclass(frozen=True)
class Area:
    """A named area: polygons of rings, longitudes from 0 to 360. [degrees]"""

    name: str
    polygons: tuple[tuple[Ring, ...], ...]


def areas_svg(areas: Sequence[Area], *, title: str, note: str = "") -> str:
    """Return areas as tints without outlines over land, with a legend that names each.

    A line at sea would be read as a boundary, so none is drawn.

    Raises
    ------
    ValueError
        When there is nothing to draw.

    Examples
    --------
    >>> square = np.array([(241, 33), (242, 33), (242, 34), (241, 33)], float)
    >>> "Bay &#60;1&#62;" in areas_svg([Area("Bay <1>", ((square,),))], title="Zones")
    True
    """
    if not any(_rings(area) for area in areas):
        raise ValueError("there is no area to draw; give at least one polygon")
    panels, top = [], 0.0
    for group in _groups(areas):
        xy = np.concatenate([ring for k in group for ring in _rings(areas[k])])
        view = view_of(*xy.min(axis=0), *xy.max(axis=0))
        shapes = [
            f'<path fill="{_fill(k)}" fill-opacity="0.45" d="{view.path(_rings(areas[k]))}"/>' for k in group
        ]
        panels.append(
            f'<svg y="{top:.0f}" width="{_WIDTH}" height="{view.height:.0f}">'
            f'<rect width="100%" height="100%" fill="{_SEA}"/>'
            f'<path fill="{_LAND}" d="{view.path(land())}"/>{"".join(shapes)}</svg>'
        )
        top += view.height + _LINE
    high = max(top, _LINE * (len(areas) + 5))
    # Even-odd: holes need no order of their corners.
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH + _LEGEND} {high:.0f}" role="img" '
        f'aria-label="{text.html(title)}" font-family="sans-serif" font-size="12" fill-rule="evenodd">'
        f"<title>{text.html(title)}</title>{''.join(panels)}{_legend(areas, title, note)}</svg>\n"
    )


def _fill(number: int) -> str:
    return FILLS[number % len(FILLS)]


def _groups(areas: Sequence[Area]) -> list[list[int]]:
    """Return numbers of areas that stand near one another: each group has a picture of its own."""
    ends = {
        k: (min(ring[:, 0].min() for ring in rings), max(ring[:, 0].max() for ring in rings))
        for k, area in enumerate(areas)
        if (rings := _rings(area))
    }
    groups: list[list[int]] = []
    reach = -np.inf
    for k in sorted(ends, key=lambda number: ends[number]):
        if ends[k][0] > reach + _APART_DEG:
            groups.append([])
        groups[-1].append(k)
        reach = max(reach, ends[k][1])
    return [sorted(group) for group in groups]


def _rings(area: Area) -> list[Ring]:
    return [ring for polygon in area.polygons for ring in polygon]


@dataclass(frozen=True)
class View:
    """Mercator picture of a window. [degrees, pixels]"""

    west: float
    north_v: float
    scale: float
    height: float

    def path(self, rings: Sequence[Ring]) -> str:
        """Return what of the rings can be seen, as SVG path data to a hundredth of a pixel."""
        east = self.west + _WIDTH / self.scale
        seen = [ring for ring in rings if ring[:, 0].max() >= self.west and ring[:, 0].min() <= east]
        return "".join(self._ring(ring) for ring in seen)

    def points(self, ring: Ring) -> Ring:
        """Return where longitudes and latitudes (n, 2) stand in the picture. [pixels]."""
        x = (ring[:, 0] - self.west) * self.scale
        y = (self.north_v - _mercator(ring[:, 1])) * self.scale
        # Far outside a place does not matter, and short numbers keep the file small.
        placed: Ring = np.asarray(np.round(np.clip(np.column_stack([x, y]), -5e3, 5e3), 2), np.float64)
        return placed

    def _ring(self, ring: Ring) -> str:
        points = self.points(ring)
        kept = np.append(True, (np.diff(points, axis=0) != 0).any(axis=1))
        return "M" + "L".join(f"{a:.7g},{b:.7g}" for a, b in points[kept]) + "Z"


def _mercator(lat: NDArray[np.float64]) -> NDArray[np.float64]:
    v: NDArray[np.float64] = np.degrees(np.arctanh(np.sin(np.radians(np.clip(lat, -85.0, 85.0)))))
    return v


def view_of(west: float, south: float, east: float, north: float) -> View:
    """Return the window of a box with a margin, as wide as the picture allows."""
    low, high = _mercator(np.array([south, north]))
    margin = 0.04 * max(east - west, high - low, 1e-3)
    width, height = east - west + 2 * margin, high - low + 2 * margin
    scale = min(_WIDTH / width, _TALLEST / height)
    left = (west + east) / 2 - _WIDTH / scale / 2
    return View(left, high + margin, scale, height * scale)


def _legend(areas: Sequence[Area], title: str, note: str) -> str:
    x = _WIDTH + 12
    lines = [f'<text x="{x}" y="20" font-size="15" font-weight="bold">{text.html(title)}</text>']
    for k, area in enumerate(areas):
        y = 32 + _LINE * k
        lines.append(
            f'<rect x="{x}" y="{y}" width="11" height="11" fill="{_fill(k)}" fill-opacity="0.6"/>'
            f'<text x="{x + 18}" y="{y + 10}">{text.html(area.name)}</text>'
        )
    y = 32 + _LINE * (len(areas) + 1)
    return "".join([*lines, f'<text x="{x}" y="{y}" fill="#555">{text.html(note)}</text>'])


@cache
def land() -> tuple[Ring, ...]:
    """Return rings of the page's land. [degrees, 0-360]."""
    content = json.loads((Path(__file__).parent / "assets" / "land.json").read_text(encoding="utf-8"))
    return tuple(
        np.cumsum(np.reshape(ring, (-1, 2)), axis=0) * group["quantum"]
        for group in content["groups"]
        for ring in group["rings"]
    )

"""Where positions are: cells tinted by their number, over land, with the holes between; needs no network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from maps import text
from maps.pacific import display_longitude
from maps.palette import SEQUENTIAL, class_edges
from maps.picture import View, land, view_of

Floats = NDArray[np.float64]

SIZES_DEG = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
_MOST_CELLS, _MOST_HOLES = 150, 2000
# Beyond these shares of latitudes and longitudes a position does not decide what the picture shows.
_OUTER = 0.0005
_SEA, _LAND, _HOLE = "#eef4f7", "#d9d5cc", "#1f5fa8"
_WIDTH, _LEGEND, _LINE = 900, 330, 18
_STYLE = (
    "body{font-family:sans-serif;margin:1.5rem;color:#222;background:#fff}svg{max-width:100%;height:auto}"
    "table{border-collapse:collapse;margin-top:1rem}th,td{text-align:left;padding:.2rem 1rem .2rem 0;"
    "vertical-align:top}@media print{body{margin:0}}"
)


def coverage_svg(lat: Floats, lon: Floats, holes: Floats, *, title: str, note: str = "") -> str:
    """Return positions per cell over land, and dashes across the holes, as SVG text.

    Parameters
    ----------
    lat, lon : array
        Positions. [degrees]
    holes : (k, 4) array
        Latitude, longitude before and after each hole. [degrees]
    title, note : str
        What the picture shows, and what a reader should know.

    Raises
    ------
    ValueError
        When there is no position.

    Examples
    --------
    >>> at = np.array([33.7, 33.71, 33.72])
    >>> "Fixes in a cell" in coverage_svg(at, at - 152, np.empty((0, 4)), title="Bay")
    True
    """
    if not len(lat):
        raise ValueError("there is no position to draw; give at least one")
    east = display_longitude(np.asarray(lon, np.float64))
    box = _box(east, np.asarray(lat, np.float64))
    size = _cell_size(box)
    cells, counts = _counted(east, np.asarray(lat, np.float64), size)
    shown = view_of(*box)
    # Whole numbers: no class below one, and none that holds no number.
    edges = class_edges(2.0, max(float(np.quantile(counts, 0.97)), 200.0))
    outside = int(((east < box[0]) | (east > box[2]) | (lat < box[1]) | (lat > box[3])).sum())
    notes = [note, f"{outside:,} of {len(lat):,} positions lie outside the picture"] if outside else [note]
    high = max(shown.height, _LINE * (len(edges) + 9))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH + _LEGEND} {high:.0f}" role="img" '
        f'aria-label="{text.html(title)}" font-family="sans-serif" font-size="12" fill-rule="evenodd">'
        f"<title>{text.html(title)}</title>"
        f'<svg width="{_WIDTH}" height="{shown.height:.0f}"><rect width="100%" height="100%" fill="{_SEA}"/>'
        f'<path fill="{_LAND}" d="{shown.path(land())}"/>'
        f"{_tinted(cells, counts, edges, size, shown)}{_dashes(holes, shown)}</svg>"
        f"{_legend(edges, size, len(holes), title, notes)}</svg>\n"
    )


def coverage_page(picture: str, *, title: str, facts: Sequence[tuple[str, str]]) -> str:
    """Return the picture and a table of facts as one page that asks nothing of a network.

    >>> page = coverage_page("<svg></svg>", title="Day", facts=[("ships", "<3>")])
    >>> "&#60;3&#62;" in page, "http" in page.replace("http-equiv", "")
    (True, False)
    """
    style = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{style}'"
    rows = "".join(f"<tr><th>{text.html(name)}</th><td>{text.html(value)}</td></tr>" for name, value in facts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text.html(title)}</title><style>{_STYLE}</style></head>"
        f"<body><h1>{text.html(title)}</h1>{picture}<table>{rows}</table></body></html>\n"
    )


def _box(east: Floats, lat: Floats) -> tuple[float, float, float, float]:
    """West, south, east, north of all but the outermost positions. [degrees, 0-360]."""
    west, far = np.quantile(east, [_OUTER, 1 - _OUTER], method="nearest")
    south, north = np.quantile(lat, [_OUTER, 1 - _OUTER], method="nearest")
    return float(west), float(south), float(far), float(north)


def _cell_size(box: tuple[float, float, float, float]) -> float:
    """Return the finest cell of which not too many stand side by side. [degrees]."""
    extent = max(box[2] - box[0], box[3] - box[1])
    return next((size for size in SIZES_DEG if extent / size <= _MOST_CELLS), SIZES_DEG[-1])


def _counted(east: Floats, lat: Floats, size: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Column and row (n, 2) of each cell that has positions, and their number."""
    place = np.column_stack([np.floor(east / size), np.floor(lat / size)]).astype(np.int64)
    cells, counts = np.unique(place, axis=0, return_counts=True)
    return cells, counts.astype(np.int64)


def _tinted(
    cells: NDArray[np.int64], counts: NDArray[np.int64], edges: Sequence[float], size: float, shown: View
) -> str:
    """One path for the cells of each class."""
    low: Floats = shown.points(np.asarray(cells * size, np.float64))
    high: Floats = shown.points(np.asarray((cells + 1) * size, np.float64))
    classes = np.searchsorted(np.asarray(edges), counts, side="right")
    paths = []
    for number, colour in enumerate(SEQUENTIAL):
        parts = [
            f"M{a:.7g},{b:.7g}H{c:.7g}V{d:.7g}H{a:.7g}Z"
            for (a, b), (c, d) in zip(low[classes == number], high[classes == number], strict=True)
        ]
        if parts:
            paths.append(f'<path fill="{colour}" d="{"".join(parts)}"/>')
    return "".join(paths)


def _dashes(holes: Floats, shown: View) -> str:
    """Straight dashes across holes: they join ends and claim no way."""
    lines = []
    for lat0, lon0, lat1, lon1 in np.asarray(holes, np.float64)[:_MOST_HOLES]:
        ends = shown.points(np.column_stack([display_longitude(np.array([lon0, lon1])), [lat0, lat1]]))
        lines.append(f"M{ends[0, 0]:.7g},{ends[0, 1]:.7g}L{ends[1, 0]:.7g},{ends[1, 1]:.7g}")
    if not lines:
        return ""
    return (
        f'<path fill="none" stroke="{_HOLE}" stroke-width="0.8" stroke-opacity="0.6" '
        f'stroke-dasharray="5 4" d="{"".join(lines)}"/>'
    )


def _legend(edges: Sequence[float], size: float, holes: int, title: str, notes: Sequence[str]) -> str:
    x = _WIDTH + 12
    limits = [1.0, *edges]
    lines = [
        f'<text x="{x}" y="20" font-size="15" font-weight="bold">{text.html(title)}</text>',
        f'<text x="{x}" y="44">Fixes in a cell of {size:g}° × {size:g}° [number]</text>',
    ]
    tops = [np.ceil(top) - 1 for top in edges]
    named = [
        f"{np.ceil(low):,.0f}" + (f" – {top:,.0f}" if top > low else "")
        for low, top in zip(limits, tops, strict=False)
    ]
    for number, name in enumerate([*named, f"{edges[-1]:,.0f} or more"]):
        y = 52 + _LINE * number
        lines.append(f'<rect x="{x}" y="{y}" width="14" height="14" fill="{SEQUENTIAL[number]}"/>')
        lines.append(f'<text x="{x + 22}" y="{y + 11}">{name}</text>')
    y = 52 + _LINE * (len(SEQUENTIAL) + 1)
    dashed = f"hole of 6 h or more in a track ({holes:,}), ends joined"
    lines.append(
        f'<path stroke="{_HOLE}" stroke-dasharray="5 4" d="M{x},{y}H{x + 18}"/>'
        f'<text x="{x + 22}" y="{y + 4}">{dashed}</text>'
    )
    for number, note in enumerate(note for note in notes if note):
        lines.append(f'<text x="{x}" y="{y + _LINE * (number + 2)}" fill="#555">{text.html(note)}</text>')
    return "".join(lines)

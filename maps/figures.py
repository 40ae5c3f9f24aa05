"""Pictures of 16:9 for slides and reports, as SVG: bars, shares, hotspots on land and sea."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps import fonts, text
from maps.palette import SEQUENTIAL
from maps.picture import FILLS, View, land

WIDE, HIGH = 960, 540
INK, SOFT, ALARM, LINE = "#1d2b3a", "#5b6775", "#a3201c", "#c9d1d9"
_SEA, _LAND, _BAR = "#eef4f7", "#d9d5cc", "#2c7a9b"
_LEFT, _TOP, _FOOT = 24, 84, 40
# Places of `FILLS` on which white is read better than ink.
_DARK = (0, 7)
# The width that `maps.picture.View` counts with. [pixels]
_VIEW_WIDE = 900.0
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """What stands around every picture.

    Attributes
    ----------
    title : str
        What is shown, with its unit.
    mark : str
        SIMULATED, PLANNED or nothing.
    source : str
        The line at the foot.
    """

    title: str
    mark: str = ""
    source: str = ""


@dataclass(frozen=True)
class Bar:
    """A bar with its printed value; ``low`` and ``high`` bound its interval, where there is one."""

    name: str
    value: float
    shown: str
    low: float = np.nan
    high: float = np.nan


@dataclass(frozen=True)
class Place:
    """A named point on a map. [degrees, longitude from 0 to 360]"""

    name: str
    lon: float
    lat: float


@dataclass(frozen=True)
class CellMap:
    """Cells of a window with their class. [degrees, longitudes from 0 to 360]

    Attributes
    ----------
    window : tuple of float
        West, south, east, north.
    west, south, size : array
        Corner and side of each cell.
    classes : array
        Class of each cell, 0 to 6.
    legend : tuple of str
        Names of the classes, little to much.
    legend_title : str
        What the classes are of, with the unit.
    """

    window: tuple[float, float, float, float]
    west: Floats
    south: Floats
    size: Floats
    classes: NDArray[np.int64]
    legend: tuple[str, ...]
    legend_title: str


def bars_svg(frame: Frame, bars: Sequence[Bar]) -> str:
    """Return horizontal bars of values >= 0, each with its value and its interval.

    Raises
    ------
    ValueError
        When there is no bar, or a value is negative.

    Examples
    --------
    >>> "12 t" in bars_svg(Frame("NOx [t]"), [Bar("Pier <J>", 12.0, "12 t")])
    True
    """
    if not bars or any(bar.value < 0 for bar in bars):
        raise ValueError("bars are for one or more values >= 0; draw differences as a table")
    step = min((HIGH - _TOP - _FOOT) / len(bars), 110.0)
    size = min(24.0, 0.5 * step + 4)
    # As much room as the longest name needs, and never more than half the picture.
    left = min(max(_width(bar.name, size) for bar in bars) + 30.0, WIDE / 2)
    ends = [max(bar.value, 0.0 if np.isnan(bar.high) else bar.high) for bar in bars]
    scale = (WIDE - left - 150) / (max(ends) or 1.0)
    parts = []
    for k, (bar, end) in enumerate(zip(bars, ends, strict=True)):
        middle = _TOP + (k + 0.5) * step
        fitting = size * min(1.0, (left - 24.0) / max(_width(bar.name, size), 1.0))
        parts.append(
            _text(left - 12, middle + size / 3, bar.name, size=fitting, anchor="end")
            + f'<rect x="{left:g}" y="{middle - 0.31 * step:.1f}" width="{bar.value * scale:.1f}" '
            f'height="{0.62 * step:.1f}" fill="{_BAR}"/>'
            + _whisker(left + bar.low * scale, left + bar.high * scale, middle, 0.14 * step)
            + _text(left + end * scale + 10, middle + size / 3, bar.shown, size=size)
        )
    return _sheet(frame, "".join(parts))


def shares_svg(frame: Frame, names: Sequence[str], parts: Sequence[str], shares: NDArray[np.float64]) -> str:
    """Return bars of 100 %, each cut into the same parts.

    Parameters
    ----------
    frame : Frame
        Title, mark and source.
    names, parts : sequence of str
        Names of the bars and of the parts.
    shares : array (bars, parts)
        Shares of each bar. [0–1]

    Examples
    --------
    >>> "60 %" in shares_svg(Frame("Phases"), ["NOx"], ["berth", "sea"], np.array([[0.4, 0.6]]))
    True
    """
    step = min((HIGH - _TOP - 34 - _FOOT) / len(names), 76.0)
    left, wide = 150.0, WIDE - 150.0 - _LEFT
    drawn = [_keys(parts)]
    for k, name in enumerate(names):
        top = _TOP + 34 + k * step
        drawn.append(_text(left - 12, top + 0.55 * step, name, size=23, anchor="end"))
        start = left
        for number, share in enumerate(shares[k]):
            drawn.append(
                f'<rect x="{start:.1f}" y="{top:.1f}" width="{share * wide:.1f}" height="{0.74 * step:.1f}" '
                f'fill="{FILLS[number % len(FILLS)]}"/>'
            )
            if share >= 0.07:
                words = f"{100 * share:.0f} %"
                middle = start + share * wide / 2
                fill = "#fff" if number % len(FILLS) in _DARK else INK
                drawn.append(_text(middle, top + 0.5 * step, words, size=20, anchor="middle", fill=fill))
            start += share * wide
    return _sheet(frame, "".join(drawn))


def map_svg(frame: Frame, shown: CellMap, places: Sequence[Place] = ()) -> str:
    """Return cells over land and sea, with a legend that names its unit; no line that could be a boundary.

    Examples
    --------
    >>> one = np.array([0.0])
    >>> cells = CellMap((241, 33, 242, 34), one + 241, one + 33, one + 0.1, np.array([3]), ("1",), "kg")
    >>> "Long Beach" in map_svg(Frame("CO2"), cells, [Place("Long Beach", 241.8, 33.7)])
    True
    """
    view, across = _view(shown.window)
    east = view.west + _VIEW_WIDE / view.scale
    top, ratio = 64.0, WIDE / _VIEW_WIDE
    by_class = []
    for number in range(len(SEQUENTIAL)):
        mine = shown.classes == number
        # To its own edge on both sides: neighbours without a gap.
        mine &= (shown.west < east) & (shown.west + shown.size > view.west)
        if mine.any():
            path = _squares(view, shown.west[mine], shown.south[mine], shown.size[mine])
            by_class.append(f'<path fill="{SEQUENTIAL[number]}" d="{path}"/>')
    named = "".join(_place(view, one) for one in places)
    panel = (
        f'<svg y="{top:g}" width="{WIDE}" height="{across:.0f}" viewBox="0 0 {_VIEW_WIDE:g} '
        f'{across / ratio:.1f}"><rect width="100%" height="100%" fill="{_SEA}"/>'
        f'<path fill="{_LAND}" fill-rule="evenodd" d="{view.path(land())}"/>'
        f"{''.join(by_class)}{named}</svg>"
    )
    return _sheet(frame, panel + _legend(shown, top + across))


def _view(window: tuple[float, float, float, float]) -> tuple[View, float]:
    """The window widened or heightened to the room there is; how high that is. [pixels]"""
    west, south, east, north = window
    low, high = _mercator(south), _mercator(north)
    room = HIGH - 64.0 - 92.0
    ratio = room / WIDE
    wide = max(east - west, (high - low) / ratio)
    middle, centre = (west + east) / 2, (low + high) / 2
    scale = _VIEW_WIDE / wide
    return View(middle - wide / 2, centre + wide * ratio / 2, scale, room), room


def _mercator(lat: float) -> float:
    return float(np.degrees(np.arctanh(np.sin(np.radians(lat)))))


def _squares(view: View, west: Floats, south: Floats, size: Floats) -> str:
    first = view.points(np.column_stack([west, south + size]))
    last = view.points(np.column_stack([west + size, south]))
    return "".join(
        f"M{a:g},{b:g}H{c:g}V{d:g}H{a:g}Z"
        for (a, b), (c, d) in zip(first.tolist(), last.tolist(), strict=True)
    )


def _place(view: View, place: Place) -> str:
    ((x, y),) = view.points(np.array([[place.lon, place.lat]])).tolist()
    anchor, aside = ("end", -9) if x > 0.8 * _VIEW_WIDE else ("start", 9)
    halo = 'stroke="#fff" stroke-width="4" paint-order="stroke" '
    words = _word(place.name)
    return (
        f'<circle cx="{x:g}" cy="{y:g}" r="4.5" fill="{INK}" stroke="#fff" stroke-width="1.5"/>'
        f'<text x="{x + aside:g}" y="{y - 8:g}" font-size="19" font-weight="bold" {halo}'
        f'text-anchor="{anchor}" fill="{INK}">{words}</text>'
    )


def _legend(shown: CellMap, top: float) -> str:
    wide = (WIDE - 2 * _LEFT) / max(len(shown.legend), 1)
    parts = [_text(_LEFT, top + 20, shown.legend_title, size=17, fill=SOFT)]
    for k, name in enumerate(shown.legend):
        x = _LEFT + k * wide
        parts.append(
            f'<rect x="{x:.1f}" y="{top + 28:.1f}" width="22" height="16" fill="{SEQUENTIAL[k]}"/>'
            + _text(x + 28, top + 42, name, size=17)
        )
    return "".join(parts)


def _keys(parts: Sequence[str]) -> str:
    """The parts' colours with their names in one line, as wide as each name needs."""
    drawn, x = [], float(_LEFT)
    for number, name in enumerate(parts):
        drawn.append(
            f'<rect x="{x:.1f}" y="{_TOP - 8}" width="18" height="18" fill="{FILLS[number % len(FILLS)]}"/>'
            + _text(x + 24, _TOP + 7, name, size=20)
        )
        x += 24 + 18 + _width(name, 20)
    return "".join(drawn)


def _whisker(low: float, high: float, middle: float, half: float) -> str:
    if np.isnan(low) or np.isnan(high):
        return ""
    return (
        f'<path d="M{low:.1f},{middle - half:.1f}V{middle + half:.1f}M{low:.1f},{middle:.1f}H{high:.1f}'
        f'M{high:.1f},{middle - half:.1f}V{middle + half:.1f}" stroke="{INK}" stroke-width="2" fill="none"/>'
    )


def _text(
    x: float, y: float, words: str, *, size: float, anchor: str = "start", fill: str = INK, bold: bool = False
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" fill="{fill}"{weight}>'
        f"{_word(words)}</text>"
    )


def _width(words: str, size: float) -> float:
    """Room that words take at the most, about. [pixels]

    >>> _width("Long Beach", 20.0), _width("长滩", 20.0)
    (114.0, 42.0)
    """
    return size * sum(1.05 if ord(one) > 0x2E80 else 0.57 for one in words)


def _word(words: str) -> str:
    return text.html(fonts.printed(words))


def _sheet(frame: Frame, inside: str) -> str:
    mark = _text(WIDE - _LEFT, HIGH - 14, frame.mark, size=18, anchor="end", fill=ALARM, bold=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" width="{WIDE}" height="{HIGH}" '
        f'role="img" aria-label="{_word(frame.title)}" font-family="{fonts.FAMILIES}">'
        f'<rect width="{WIDE}" height="{HIGH}" fill="#fff"/>'
        f"{_text(_LEFT, 42, frame.title, size=28, bold=True)}{inside}"
        f"{_text(_LEFT, HIGH - 14, frame.source, size=17, fill=SOFT)}{mark if frame.mark else ''}</svg>\n"
    )

"""The one walk: legs over the lattice, cut exactly where zone or cell changes.

A leg follows the great circle, which is walked as short straight lines in longitude and latitude. Each line
passes the cells it crosses in order; in a whole cell nothing else is asked, in a boundary cell it is cut at
the edges of zones. What comes out are *atoms*: stretches of one segment in one zone of every system and one
cell.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layers.atoms import Atoms
from layers.jit import borrowing, zero
from layers.lookup import (
    Cuts,
    Grid,
    Shape,
    StateArray,
    cell_state,
    column_of,
    fine_cell,
    group_code,
    row_of,
    turn_of,
    within,
)
from layers.zones import ZoneIndex, check_places

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Circle = tuple[float, float, float, float, float, float, float, float]

_MEAN_RADIUS_M = 6_371_008.8
# A straight line in longitude and latitude bends away from the great circle by at most
# 1.09 tan(latitude) / radius (1.09 is the maximum of sin a (1 + cos² a) over headings a); its sagitta over a
# length L is an eighth of the bend times L². Lines are so short that it stays below 50 m, and below 5e-5 of
# the leg.
_BEND = 1.09 / (8 * _MEAN_RADIUS_M)
_SAGITTA_M = 50.0
_SAGITTA_SHARE = 5e-5
# Shares below this are rounding; they go to the neighbour.
_SLIVER = 1e-12
# Cuts just beyond an edge's end are kept, so that none is lost at a vertex; a needless cut joins up again.
_BEYOND = 1e-9
# An edge farther from a line than this is not asked where it crosses it. [degrees]
_BESIDE = 1e-6
_NEVER = 2.0
# The longest leg that needs one line only, by the whole degree of latitude above its ends and half a degree
# more; a hundredth is left for rounding. [degrees of latitude]
_STRAIGHT_DEG = np.degrees(
    0.99
    / _MEAN_RADIUS_M
    * _SAGITTA_SHARE
    / (_BEND * np.tan(np.radians(np.minimum(np.arange(91.0) + 1.5, 89.0))))
)
_NO_CIRCLE = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


class _Legs(NamedTuple):
    """Ends of segments; `stays` keep their first place."""

    lat0: FloatArray
    lon0: FloatArray
    lat1: FloatArray
    lon1: FloatArray
    stays: npt.NDArray[np.bool_]


class _Path(NamedTuple):
    """Scratch: of the cells a line passes, in order, the share of the line at its end, state and number."""

    end: FloatArray
    state: IntArray
    cell: IntArray


class _Out(NamedTuple):
    """Atoms in writing, column by column, as they are handed on."""

    segment: npt.NDArray[np.int32]
    code: IntArray
    cell: IntArray
    f0: FloatArray
    f1: FloatArray

    def first(self, count: int) -> "_Out":
        """The atoms written, without the room that is left."""
        shares = self.f0[:count], self.f1[:count]
        return _Out(self.segment[:count], self.code[:count], self.cell[:count], *shares)

    @classmethod
    def room_for(cls, atoms: int) -> "_Out":
        """Make room for so many atoms."""
        codes, cells = np.empty(atoms, np.int64), np.empty(atoms, np.int64)
        return cls(np.empty(atoms, np.int32), codes, cells, np.empty(atoms), np.empty(atoms))


def walk(
    lat0: npt.ArrayLike,
    lon0: npt.ArrayLike,
    lat1: npt.ArrayLike,
    lon1: npt.ArrayLike,
    index: ZoneIndex,
    *,
    stay: npt.ArrayLike | None = None,
) -> Atoms:
    """Cut segments at the edges of zones and cells.

    A segment runs on the great circle, the shorter way round; its shares are of that way's length, and of its
    time if its speed is constant. A segment without length, or marked in `stay`, is one atom at its first
    place.

    Parameters
    ----------
    lat0, lon0, lat1, lon1
        First and last place of each segment. [degrees]; longitudes may count turns of the Earth.
    index
        Zones and lattice.
    stay
        Whether each segment is a stay; by default none is.

    Raises
    ------
    ValueError
        If a place is missing or beyond ±90 degrees of latitude, or the columns differ in length.

    Examples
    --------
    >>> import geopandas, shapely
    >>> from layers.lattice import Lattice
    >>> from layers.zones import ZoneSystem
    >>> east = geopandas.GeoDataFrame({"zone_id": ["east"]}, geometry=[shapely.box(180.5, -1, 185, 1)])
    >>> index = ZoneIndex.build([ZoneSystem("halves", east)], Lattice(1.0))
    >>> atoms = walk([0.0], [179.5], [0.0], [-178.5], index)
    >>> atoms.code.tolist(), atoms.f0.tolist(), atoms.f1.tolist()
    ([0, 0, 1, 1], [0.0, 0.25, 0.5, 0.75], [0.25, 0.5, 0.75, 1.0])
    """
    y0, x0, y1, x1 = (np.ascontiguousarray(value, np.float64) for value in (lat0, lon0, lat1, lon1))
    stays = np.zeros(y0.size, np.bool_) if stay is None else np.ascontiguousarray(stay, np.bool_)
    shapes = [column.shape for column in (y0, x0, y1, x1, stays)]
    if any(shape != (y0.size,) for shape in shapes):
        raise ValueError(f"columns of segments have shapes {shapes}; expected one dimension, equal lengths")
    legs = _Legs(y0, x0, y1, x1, stays)
    check_places(legs.lat0, legs.lon0)
    check_places(legs.lat1, legs.lon1)
    return _collect(legs, index)


def _collect(legs: _Legs, index: ZoneIndex) -> Atoms:
    """Walk with room for a third more atoms than segments; go on with more room where that is too little."""
    segments = legs.lat0.size
    room = segments + segments // 3 + 1024
    path, marks = _scratch(index)
    done = 0
    parts: list[_Out] = []
    while done < segments or not parts:
        out = _Out.room_for(room)
        done, count = _scan(done, legs, index.grid, index.cuts, path, marks, out)
        parts.append(out.first(count))
        # A single leg that overflows the room gets twice as much.
        room = max(segments - done, 2 * room if count == 0 else 0) + 1024
    if len(parts) == 1:
        return Atoms(*parts[0])
    return Atoms(
        np.concatenate([part.segment for part in parts]),
        np.concatenate([part.code for part in parts]),
        np.concatenate([part.cell for part in parts]),
        np.concatenate([part.f0 for part in parts]),
        np.concatenate([part.f1 for part in parts]),
    )


def _scratch(index: ZoneIndex) -> tuple[_Path, FloatArray]:
    """Return scratch for the longest line, all in fine cells, and for the busiest boundary cell."""
    shape, cuts = index.grid.shape, index.cuts
    edges = int(np.diff(cuts.fragments[cuts.groups[:, 1], 0]).max(initial=0))
    finest = 2 * shape.fine + 1 if index.grid.fine_state.size else 1
    size = (shape.nx + shape.ny + 8) * finest
    path = _Path(np.empty(size), np.empty(size, np.int64), np.empty(size, np.int64))
    return path, np.empty(edges + 1)


@borrowing
def _scan(
    first: int, legs: _Legs, grid: Grid, cuts: Cuts, path: _Path, marks: FloatArray, out: _Out
) -> tuple[int, int]:
    """Write the atoms of segments from `first` on while there is room: (next segment, atoms written)."""
    lat0, lon0, lat1, lon1, stays = legs
    shape, codes, state, fine_state = grid
    segment, codes_out, cells_out, f0, f1 = out
    k = zero()
    for i in range(first, lat0.size):
        if k == f1.size:
            return i, k
        y0, x0, y1 = lat0[i], lon0[i], lat1[i]
        x1 = _nearest_turn(lon1[i], x0)
        here, cell = cell_state(x0, y0, shape, state, fine_state)
        if stays[i] or (y0 == y1 and x0 == x1):
            code = codes[here] if here >= 0 else group_code(x0 - turn_of(x0, shape), y0, -1 - here, cuts)
        elif here >= 0 and cell_state(x1, y1, shape, state, fine_state)[1] == cell:
            code = codes[here]
        else:
            begun = k
            k = _leg(i, k, (x0, y0, x1, y1), grid, cuts, path, marks, out)
            if k > f1.size:
                return i, begun
            continue
        segment[k], codes_out[k], cells_out[k], f0[k], f1[k] = i, code, cell, 0.0, 1.0
        k += 1
    return lat0.size, k


@borrowing
def _nearest_turn(x: float, near: float) -> float:
    """Longitude moved by whole turns to within 180 degrees of another."""
    while x - near > 180.0:
        x -= 360.0
    while x - near < -180.0:
        x += 360.0
    return x


@borrowing
def _leg(
    i: int,
    k: int,
    ends: tuple[float, float, float, float],
    grid: Grid,
    cuts: Cuts,
    path: _Path,
    marks: FloatArray,
    out: _Out,
) -> int:
    """Write the atoms of one leg from row `k` on; return the next row, beyond the room if that ended."""
    shape, codes, state, fine_state = grid
    ends_at, states, cells = path
    begun, lines = k, _lines_needed(ends)
    circle = _circle(ends) if lines > 1 else _NO_CIRCLE
    px, py = ends[0], ends[1]
    for number in range(lines):
        qx, qy = _waypoint(ends, circle, number + 1, lines, px)
        line = px, py, qx - px, qy - py
        steps = _pieces(line, shape, state, fine_state, path)
        begin = 0.0
        for step in range(steps):
            here, end = states[step], ends_at[step]
            if here >= 0:
                k = _put(i, k, begun, codes[here], cells[step], (number + end) / lines, out)
            else:
                # The number of cuts is known only here, so pieces of a boundary cell are put one by one.
                turn = turn_of(px + (begin + end) / 2 * line[2], shape)
                shifted = px - turn, py, line[2], line[3]
                found = _edge_crossings(shifted, begin, end, -1 - here, cuts, marks)
                for mark in range(found + 1):
                    until = marks[mark]
                    if until - begin <= _SLIVER and mark < found:
                        continue
                    middle = (begin + until) / 2
                    x, y = shifted[0] + middle * line[2], py + middle * line[3]
                    code = group_code(x, y, -1 - here, cuts)
                    k = _put(i, k, begun, code, cells[step], (number + until) / lines, out)
                    begin = until
            begin = end
        px, py = qx, qy
    return k


@borrowing
def _lines_needed(ends: tuple[float, float, float, float]) -> int:
    """Into how many straight lines a leg must be split to stay near the great circle."""
    x0, y0, x1, y1 = ends
    if x0 == x1:  # a meridian is straight, and rounded points between would waver about it
        return 1
    higher = max(abs(y0), abs(y1))
    if math.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0)) < min(_STRAIGHT_DEG[int(higher)], 0.5):
        return 1
    radian = math.pi / 180
    east = (x1 - x0) * math.cos((y0 + y1) / 2 * radian)
    length = math.sqrt(east * east + (y1 - y0) * (y1 - y0)) * radian * _MEAN_RADIUS_M
    # No place of the leg is farther north or south than half its length beyond its ends; 89 degrees is
    # where more lines stop helping: the pole itself has no longitude.
    farthest = higher * radian + length / (2 * _MEAN_RADIUS_M)
    bend = _BEND * math.tan(min(farthest, 89 * radian))
    lines = max(math.sqrt(bend * length / _SAGITTA_SHARE), length * math.sqrt(bend / _SAGITTA_M))
    return max(math.ceil(lines), 1)


@borrowing
def _circle(ends: tuple[float, float, float, float]) -> Circle:
    """Return the vector of a leg's beginning, one square to it towards its end, its length, and the arc."""
    radian = math.pi / 180
    ax, ay, az = _vector(ends[0] * radian, ends[1] * radian)
    bx, by, bz = _vector(ends[2] * radian, ends[3] * radian)
    cosine = ax * bx + ay * by + az * bz
    bx, by, bz = bx - cosine * ax, by - cosine * ay, bz - cosine * az
    sine = math.sqrt(bx * bx + by * by + bz * bz)
    return ax, ay, az, bx, by, bz, sine, math.atan2(sine, cosine)


@borrowing
def _vector(lam: float, phi: float) -> tuple[float, float, float]:
    return math.cos(phi) * math.cos(lam), math.cos(phi) * math.sin(lam), math.sin(phi)


@borrowing
def _waypoint(
    ends: tuple[float, float, float, float], circle: Circle, number: int, lines: int, near: float
) -> tuple[float, float]:
    """Longitude and latitude at the end of a line of a leg; longitude the turn nearest to the one before."""
    x0, y0, x1, y1 = ends
    if number == lines:
        return _nearest_turn(x1, near), y1
    share = number / lines
    ax, ay, az, bx, by, bz, sine, arc = circle
    if sine < 1e-12:
        # Opposite ends have no one great circle: latitude and longitude run linearly.
        return x0 + share * (x1 - x0), y0 + share * (y1 - y0)
    c, s = math.cos(share * arc), math.sin(share * arc) / sine
    gx, gy, gz = c * ax + s * bx, c * ay + s * by, c * az + s * bz
    degrees = 180 / math.pi
    lon, lat = math.atan2(gy, gx) * degrees, math.atan2(gz, math.sqrt(gx * gx + gy * gy)) * degrees
    return _nearest_turn(lon, near), lat


@borrowing
def _pieces(
    line: tuple[float, float, float, float],
    shape: Shape,
    state: StateArray,
    fine_state: StateArray,
    path: _Path,
) -> int:
    """Write the cells that a line passes, fine ones where there are, in order; return how many."""
    ends_at, states, cells = path
    x, y, dx, dy = line
    column, row = column_of(x, shape.per_degree), row_of(y, shape.per_degree, shape.ny)
    stop = column_of(x + dx, shape.per_degree), row_of(y + dy, shape.per_degree, shape.ny)
    steps = abs(stop[0] - column) + abs(stop[1] - row)
    found, begin = zero(), 0.0
    for _ in range(steps + 1):
        end, next_column, next_row = _next(line, (begin, 1.0), (column, row), stop, shape.per_degree)
        wrapped = column % shape.nx
        here = state[row, wrapped]
        if here >= -shape.groups:
            ends_at[found], states[found], cells[found] = end, here, row * shape.nx + wrapped
            found += 1
        else:
            found = _fine_pieces(line, (begin, end), (column, row, here), shape, fine_state, path, found)
        begin, column, row = end, next_column, next_row
    return found


@borrowing
def _fine_pieces(
    line: tuple[float, float, float, float],
    span: tuple[float, float],
    coarse: tuple[int, int, int],
    shape: Shape,
    fine_state: StateArray,
    path: _Path,
    found: int,
) -> int:
    """Write the fine cells that a span of a line passes in one refined cell; return the new count."""
    ends_at, states, cells = path
    per_degree = shape.per_degree * shape.fine
    column, row = _fine_place(line, span[0], coarse, shape)
    stop = _fine_place(line, span[1], coarse, shape)
    steps = abs(stop[0] - column) + abs(stop[1] - row)
    begin = span[0]
    for _ in range(steps + 1):
        end, next_column, next_row = _next(line, (begin, span[1]), (column, row), stop, per_degree)
        ends_at[found] = end
        states[found], cells[found] = fine_cell(coarse[2], column, row, shape, fine_state)
        found += 1
        begin, column, row = end, next_column, next_row
    return found


@borrowing
def _fine_place(
    line: tuple[float, float, float, float], t: float, coarse: tuple[int, int, int], shape: Shape
) -> tuple[int, int]:
    """Fine column and row of the place at share `t` of a line, inside a coarse cell."""
    per_degree = shape.per_degree * shape.fine
    column = column_of(line[0] + t * line[2], per_degree)
    row = row_of(line[1] + t * line[3], per_degree, shape.ny * shape.fine)
    return within(column, coarse[0], shape.fine), within(row, coarse[1], shape.fine)


@borrowing
def _next(
    line: tuple[float, float, float, float],
    span: tuple[float, float],
    at: tuple[int, int],
    stop: tuple[int, int],
    per_degree: float,
) -> tuple[float, int, int]:
    """Share at which a line leaves a cell, and column and row of the next on the way to `stop`.

    As the last cell is known beforehand, rounding can shift a crossing by a breath but never lose one.
    """
    column, row = at
    if column == stop[0] and row == stop[1]:
        return span[1], column, row
    to_x = to_y = _NEVER
    if column != stop[0] and line[2] != 0.0:
        side = column + 1 if stop[0] > column else column
        to_x = (side / per_degree - 180.0 - line[0]) / line[2]
    if row != stop[1] and line[3] != 0.0:
        side = row + 1 if stop[1] > row else row
        to_y = (side / per_degree - 90.0 - line[1]) / line[3]
    end = min(max(min(to_x, to_y), span[0]), span[1])
    if row == stop[1] or (column != stop[0] and to_x <= to_y):
        return end, column + (1 if stop[0] > column else -1), row
    return end, column, row + (1 if stop[1] > row else -1)


@borrowing
def _edge_crossings(
    line: tuple[float, float, float, float],
    begin: float,
    end: float,
    group: int,
    cuts: Cuts,
    marks: FloatArray,
) -> int:
    """Write the shares at which a line crosses edges of a group, in order, then `end`; return their count."""
    groups, fragments, edges = cuts
    x, y, dx, dy = line
    west, east_most = min(x, x + dx) - _BESIDE, max(x, x + dx) + _BESIDE
    south, north_most = min(y, y + dy) - _BESIDE, max(y, y + dy) + _BESIDE
    found = 0
    for e in range(fragments[groups[group, 1], 0], fragments[groups[group + 1, 1], 0]):
        if edges[e, 3] < south or edges[e, 1] > north_most:
            continue
        if max(edges[e, 0], edges[e, 2]) < west or min(edges[e, 0], edges[e, 2]) > east_most:
            continue
        across, up = edges[e, 0] - x, edges[e, 1] - y
        east, north = edges[e, 2] - edges[e, 0], edges[e, 3] - edges[e, 1]
        turn = dx * north - dy * east
        if turn == 0.0:
            continue
        t = (across * north - up * east) / turn
        if not begin < t < end:
            continue
        along = (across * dy - up * dx) / turn
        if -_BEYOND <= along <= 1.0 + _BEYOND:
            at = found
            while at > 0 and marks[at - 1] > t:
                marks[at] = marks[at - 1]
                at -= 1
            marks[at] = t
            found += 1
    marks[found] = end
    return found


@borrowing
def _put(i: int, k: int, begun: int, code: int, cell: int, end: float, out: _Out) -> int:
    """Add a piece that ends at share `end`: to the atom before if alike or a sliver, else as a new one."""
    f1 = out.f1
    if k > f1.size:
        return k
    if k > begun:
        if (out.code[k - 1] == code and out.cell[k - 1] == cell) or end - f1[k - 1] < _SLIVER:
            f1[k - 1] = max(end, f1[k - 1])
            return k
    elif end < _SLIVER:
        return k
    if k < f1.size:
        out.segment[k], out.code[k], out.cell[k], f1[k] = i, code, cell, end
        out.f0[k] = f1[k - 1] if k > begun else 0.0
    return k + 1

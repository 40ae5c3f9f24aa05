"""What holds a place: the arrays of a zone index, and the kernels that read them.

The state of a coarse cell is a number. From 0 up it is the position of the zone code in which the whole cell
lies; below 0, its complement is the position of the cell's boundary group or, after those, of its refinement
into fine cells.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layers.jit import borrowing, njit
from layers.lattice import FINE_BIT

IntArray = npt.NDArray[np.int64]
StateArray = npt.NDArray[np.int32]
FloatArray = npt.NDArray[np.float64]


class Shape(NamedTuple):
    """Sizes of a lattice, and how many boundary groups its index has."""

    per_degree: float
    nx: int
    ny: int
    fine: int
    groups: int


class Grid(NamedTuple):
    """States of all cells: coarse by row and column, fine by refinement, row and column inside."""

    shape: Shape
    codes: IntArray
    state: StateArray
    fine_state: StateArray


class Cuts(NamedTuple):
    """Boundary groups: for each boundary cell the zones whose edges it holds, and the edges.

    Columns of `groups`: base code, first fragment. Columns of `fragments`, one a group and zone, ordered by
    system, then zone: first edge, system, and what the zone adds to the base code. Columns of `edges`: x0,
    y0, x1, y1 (y0 <= y1), dx/dy. `groups` and `fragments` have one closing row more.
    """

    groups: IntArray
    fragments: IntArray
    edges: FloatArray


@borrowing
def column_of(x: float, per_degree: float) -> int:
    """Column of cells at a longitude, not wrapped: turns of the Earth add `nx`."""
    return math.floor((x + 180.0) * per_degree)


@borrowing
def turn_of(x: float, shape: Shape) -> float:
    """Whole turns of the Earth in a longitude beyond [-180, 180), by the column it falls in. [degrees]."""
    return 360.0 * (column_of(x, shape.per_degree) // shape.nx)


@borrowing
def row_of(y: float, per_degree: float, ny: int) -> int:
    """Row of cells at a latitude."""
    return min(max(math.floor((y + 90.0) * per_degree), 0), ny - 1)


@borrowing
def within(value: int, cell: int, parts: int) -> int:
    """Fine row or column, kept inside the coarse one against rounding."""
    return min(max(value, cell * parts), cell * parts + parts - 1)


@borrowing
def group_code(x: float, y: float, group: int, cuts: Cuts) -> int:
    """Zone code of a place inside the cell of a boundary group, longitude in [-180, 180].

    A ray to the east is inside a zone if it crosses an odd number of its edges; the first zone of each system
    that holds the place sets the digit.
    """
    groups, fragments, edges = cuts
    code: int = groups[group, 0]
    done = -1
    for fragment in range(groups[group, 1], groups[group + 1, 1]):
        if fragments[fragment, 1] == done:
            continue
        odd = False
        for e in range(fragments[fragment, 0], fragments[fragment + 1, 0]):
            y0 = edges[e, 1]
            if y0 <= y < edges[e, 3] and x < edges[e, 0] + (y - y0) * edges[e, 4]:
                odd = not odd
        if odd:
            code += fragments[fragment, 2]
            done = fragments[fragment, 1]
    return code


@borrowing
def cell_state(
    x: float, y: float, shape: Shape, state: StateArray, fine_state: StateArray
) -> tuple[int, int]:
    """State and number of the finest cell at a place."""
    column, row = column_of(x, shape.per_degree), row_of(y, shape.per_degree, shape.ny)
    wrapped = column
    if column < 0 or column >= shape.nx:
        wrapped = column % shape.nx
    here = state[row, wrapped]
    if here >= -shape.groups:
        return here, row * shape.nx + wrapped
    fine = shape.per_degree * shape.fine
    fine_column = within(column_of(x, fine), column, shape.fine)
    fine_row = within(row_of(y, fine, shape.ny * shape.fine), row, shape.fine)
    return fine_cell(here, fine_column, fine_row, shape, fine_state)


@borrowing
def fine_cell(here: int, column: int, row: int, shape: Shape, fine_state: StateArray) -> tuple[int, int]:
    """State and number of a fine cell in a coarse one of state `here`; columns may count turns."""
    columns = shape.nx * shape.fine
    wrapped = column % columns
    refinement = -1 - here - shape.groups
    state = fine_state[refinement, row % shape.fine, wrapped % shape.fine]
    return state, FINE_BIT | (row * columns + wrapped)


@njit
def places(lat: FloatArray, lon: FloatArray, grid: Grid, cuts: Cuts) -> IntArray:
    """Zone codes of many places."""
    shape, of_state, state, fine_state = grid
    codes = np.empty(lat.size, np.int64)
    for i in range(lat.size):
        here, _ = cell_state(lon[i], lat[i], shape, state, fine_state)
        if here >= 0:
            codes[i] = of_state[here]
        else:
            codes[i] = group_code(lon[i] - turn_of(lon[i], shape), lat[i], -1 - here, cuts)
    return codes

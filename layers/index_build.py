"""Zone index: from the edges in each cell to the arrays that the walk reads."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from layers.fragments import Edges, Front, descend, edge_rows, inside, root, select, with_toggles, zone_edges
from layers.lattice import Lattice
from layers.lookup import Cuts, Grid, Shape

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
StateArray = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Digits:
    """For each zone of all systems, counted through: its system and position there; each system's weight."""

    system: IntArray
    position: IntArray
    radix: IntArray

    @classmethod
    def of(cls, sizes: Sequence[int]) -> "Digits":
        """Return the digits of systems with so many zones each."""
        radix = np.cumprod([1, *(size + 1 for size in sizes)], dtype=np.int64)[: len(sizes)]
        counted = [np.zeros(0, np.int64), *(np.arange(1, size + 1) for size in sizes)]
        return cls(np.repeat(np.arange(len(sizes)), sizes), np.concatenate(counted), radix)


def build(shapes: Sequence[npt.NDArray[np.object_]], lattice: Lattice) -> tuple[Grid, Cuts]:
    """Return the grid and the boundary groups of systems of polygons with longitudes in [-180, 180]."""
    digits = Digits.of([len(system) for system in shapes])
    edges = zone_edges(np.concatenate([np.zeros(0, object), *shapes]))
    coarse, fine = lattice.per_degree, lattice.per_degree * lattice.fine
    whole, boundary = descend(root(edges, lattice.nx, lattice.ny), edges, coarse)
    refined = lattice.refined[boundary.box[:, 2], boundary.box[:, 0]]
    inner = select(boundary, refined)
    inner = replace(inner, box=inner.box * lattice.fine)
    fine_whole, fine_boundary = descend(inner, edges, fine)
    boundary = select(boundary, ~refined)
    cuts = _joined(_cuts(boundary, edges, digits, coarse), _cuts(fine_boundary, edges, digits, fine))

    fronts = [(front, coarse) for front in whole] + [(front, fine) for front in fine_whole]
    node_codes = [_inside_positions(front, digits, scale) @ digits.radix for front, scale in fronts]
    codes, states = np.unique(np.concatenate(node_codes), return_inverse=True)
    painted = np.split(states.astype(np.int32), np.cumsum([len(front.box) for front, _ in fronts])[:-1])

    state = np.zeros((lattice.ny, lattice.nx), np.int32)
    for front, of_front in zip(whole, painted, strict=False):
        _paint(state, front.box, of_front)
    _paint(state, boundary.box, -1 - np.arange(len(boundary.box), dtype=np.int32))
    groups = len(cuts.groups) - 1
    fine_state, state = _refine(state, lattice, groups)
    marks = -1 - len(boundary.box) - np.arange(len(fine_boundary.box), dtype=np.int32)
    for front, of_front in zip([*fine_whole, fine_boundary], [*painted[len(whole) :], marks], strict=True):
        _paint_fine(fine_state, state, front.box, of_front, (lattice.fine, groups))
    shape = Shape(coarse, lattice.nx, lattice.ny, lattice.fine, groups)
    return Grid(shape, codes, state, fine_state), cuts


def _inside_positions(front: Front, digits: Digits, per_degree: float) -> IntArray:
    """Position of the first zone of each system that holds a node wholly, 0 for none: nodes by systems."""
    none = np.iinfo(np.int64).max
    positions = np.full((len(front.box), digits.radix.size), none)
    node, zone = inside(front, per_degree)
    np.minimum.at(positions, (node, digits.system[zone]), digits.position[zone])
    positions[positions == none] = 0
    return positions


def _cuts(front: Front, edges: Edges, digits: Digits, per_degree: float) -> Cuts:
    """Return boundary groups of a front of single cells."""
    zones = max(digits.system.size, 1)
    framed = np.isin(
        front.toggle_node * zones + front.toggle_zone, front.edge_node * zones + edges.zone[front.edge]
    )
    base = _inside_positions(with_toggles(front, ~framed), digits, per_degree)
    node, zone, rows = edge_rows(with_toggles(front, framed), edges)
    # Where a zone without an edge here holds the whole cell, later ones of its system never show.
    whole = base[node, digits.system[zone]]
    shown = (whole == 0) | (digits.position[zone] < whole)
    node, zone, rows, whole = node[shown], zone[shown], rows[shown], whole[shown]
    first = np.ones(node.size, np.bool_)
    first[1:] = (node[1:] != node[:-1]) | (zone[1:] != zone[:-1])
    start = np.flatnonzero(first)
    system = digits.system[zone[start]]
    starts = np.searchsorted(node[start], np.arange(len(front.box) + 1))
    fragments = np.zeros((start.size + 1, 3), np.int64)
    fragments[:, 0] = np.append(start, node.size)
    fragments[:-1, 1] = system
    fragments[:-1, 2] = (digits.position[zone[start]] - whole[start]) * digits.radix[system]
    return Cuts(np.stack([np.append(base @ digits.radix, 0), starts], axis=1), fragments, rows)


def _joined(one: Cuts, other: Cuts) -> Cuts:
    """Return the groups of both, the other's after the one's."""
    groups, fragments = other.groups.copy(), other.fragments.copy()
    groups[:, 1] += one.groups[-1, 1]
    fragments[:, 0] += one.fragments[-1, 0]
    return Cuts(
        np.concatenate([one.groups[:-1], groups]),
        np.concatenate([one.fragments[:-1], fragments]),
        np.concatenate([one.edges, other.edges]),
    )


def _paint(state: StateArray, box: IntArray, value: StateArray) -> None:
    """Write the value of each box of cells into all its cells."""
    x0, x1, y0, y1 = box.T
    single = (x1 - x0 == 1) & (y1 - y0 == 1)
    state[y0[single], x0[single]] = value[single]
    for (left, right, low, high), number in zip(box[~single].tolist(), value[~single], strict=True):
        state[low:high, left:right] = number


def _refine(state: StateArray, lattice: Lattice, groups: int) -> tuple[StateArray, StateArray]:
    """Return states of fine cells, as of their coarse one, and coarse states that point to them."""
    row, column = np.nonzero(lattice.refined)
    shape = (row.size, lattice.fine, lattice.fine)
    fine_state = np.broadcast_to(state[row, column][:, np.newaxis, np.newaxis], shape).copy()
    pointing = state.copy()
    pointing[row, column] = -1 - groups - np.arange(row.size)
    return fine_state, pointing


def _paint_fine(
    fine_state: StateArray, state: StateArray, box: IntArray, value: StateArray, sizes: tuple[int, int]
) -> None:
    """Write the value of boxes of fine cells, each inside one coarse cell."""
    fine, groups = sizes
    corner = box[:, [0, 2]] // fine
    refinement = -1 - groups - state[corner[:, 1], corner[:, 0]]
    inner = box - np.repeat(corner * fine, 2, axis=1)
    for at, (left, right, low, high), number in zip(refinement, inner.tolist(), value, strict=True):
        fine_state[at, low:high, left:right] = number

"""Edges of zones, distributed over the cells of a lattice.

Which zone holds a place is decided by counting the zone's edges that a ray to the east crosses. Here the
count is prepared: the lattice is halved again and again, and each node keeps

* the edges that touch its box, whole and unclipped, and
* *toggles*: latitudes at which the count of all edges farther east changes between odd and even.

An edge farther east counts for a ray at latitude y if y lies between its ends, so the parity of all of them
is the parity of the number of their ends above y; ends shared by neighbours cancel. A node without edges is
wholly inside or outside of each zone. In the remaining boundary cells the answer is that of the whole
polygons: nothing is clipped, so no gap or overlap can arise along an edge that two zones share.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# Boxes are widened by 0.1 mm, so that a place that rounding moves over a cell's side still finds its edges.
_PAD_DEG = 1e-9
# Abscissa for edges east of everything; ordinate below everything.
_FAR = 1e9


@dataclass(frozen=True)
class Edges:
    """Straight edges of all zones, each from its southern to its northern end. [degrees]."""

    x0: FloatArray
    y0: FloatArray
    x1: FloatArray
    y1: FloatArray
    zone: IntArray


@dataclass(frozen=True)
class Front:
    """Nodes (boxes of whole cells), with what is known of each.

    `box` has columns (first column, after-last column, first row, after-last row).
    """

    box: IntArray
    edge_node: IntArray
    edge: IntArray
    toggle_node: IntArray
    toggle_zone: IntArray
    toggle_y: FloatArray


def zone_edges(geometries: npt.ArrayLike) -> Edges:
    """Return the edges of polygons with longitudes in [-180, 180], `zone` being the polygon's position."""
    rings, zone = _rings(np.asarray(geometries, object))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    joined = ring[1:] == ring[:-1]
    ends = np.hstack([xy[:-1][joined], xy[1:][joined]])
    zone = zone[ring[:-1][joined]]
    swap = (ends[:, 1] > ends[:, 3]) | ((ends[:, 1] == ends[:, 3]) & (ends[:, 0] > ends[:, 2]))
    ends[swap] = ends[swap][:, [2, 3, 0, 1]]
    # A seam at 180 is no boundary: both its sides are set off the Earth, where no leg meets them.
    for side, beyond in ((180.0, _FAR), (-180.0, -_FAR)):
        seam = (ends[:, 0] == side) & (ends[:, 2] == side)
        ends[np.ix_(seam, [0, 2])] = beyond
    # A zone that reaches the north pole holds it: the count of a ray leaves out an edge's northern end.
    ends[:, [1, 3]] = np.where(ends[:, [1, 3]] == 90, 90 + _PAD_DEG, ends[:, [1, 3]])
    real = (ends[:, :2] != ends[:, 2:]).any(axis=1)
    x0, y0, x1, y1 = ends[real].T
    return Edges(x0, y0, x1, y1, zone[real].astype(np.int64))


def _rings(geometries: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.object_], IntArray]:
    """Rings and the polygon each belongs to. Parts first: `get_rings` passes over multipolygons."""
    parts, part_of = shapely.get_parts(geometries, return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    return rings, part_of[ring_of]


def root(edges: Edges, columns: int, rows: int) -> Front:
    """Return one node over the whole lattice, with all edges."""
    n = edges.zone.size
    none = np.zeros(0, np.int64)
    box = np.array([[0, columns, 0, rows]])
    return Front(box, np.zeros(n, np.int64), np.arange(n), none, none, np.zeros(0))


def descend(front: Front, edges: Edges, per_degree: float) -> tuple[list[Front], Front]:
    """Halve the nodes until each has no edges or is one cell: (fronts without edges, cells with edges)."""
    uniform: list[Front] = []
    while True:
        busy = np.bincount(front.edge_node, minlength=len(front.box)) > 0
        size = front.box[:, [1, 3]] - front.box[:, [0, 2]]
        uniform.append(select(front, ~busy))
        front = select(front, busy)
        if (size[busy] == 1).all():
            return uniform, front
        front = _halve(front, edges, per_degree)


def select(front: Front, keep: BoolArray) -> Front:
    """Return the nodes of a front where `keep`, renumbered."""
    number = np.cumsum(keep) - 1
    edges, toggles = keep[front.edge_node], keep[front.toggle_node]
    return Front(
        front.box[keep],
        number[front.edge_node[edges]],
        front.edge[edges],
        number[front.toggle_node[toggles]],
        front.toggle_zone[toggles],
        front.toggle_y[toggles],
    )


def with_toggles(front: Front, keep: BoolArray) -> Front:
    """Return the front with those of its toggles where `keep`."""
    return Front(
        front.box,
        front.edge_node,
        front.edge,
        front.toggle_node[keep],
        front.toggle_zone[keep],
        front.toggle_y[keep],
    )


def _halve(front: Front, edges: Edges, per_degree: float) -> Front:
    """Split each node in up to four, and hand down its edges and toggles."""
    boxes: list[IntArray] = []
    seen: list[tuple[IntArray, IntArray]] = []
    toggles: list[tuple[IntArray, IntArray, FloatArray]] = []
    count = 0
    for quarter in _quarters(front.box):
        exists = (quarter[:, 0] < quarter[:, 1]) & (quarter[:, 2] < quarter[:, 3])
        number = np.where(exists, count + np.cumsum(exists) - 1, -1)
        boxes.append(quarter[exists])
        count += int(exists.sum())
        pairs = exists[front.edge_node]
        node, edge = front.edge_node[pairs], front.edge[pairs]
        touching, east = _classify(edges, edge, _bounds(quarter, per_degree)[node])
        seen.append((number[node[touching]], edge[touching]))
        far, far_node = edge[east], number[node[east]]
        toggles.append((far_node, edges.zone[far], edges.y0[far]))
        toggles.append((far_node, edges.zone[far], edges.y1[far]))
        kept = exists[front.toggle_node]
        node = number[front.toggle_node[kept]]
        toggles.append((node, front.toggle_zone[kept], front.toggle_y[kept]))
    box = np.concatenate(boxes)
    edge_node, edge = (np.concatenate(column) for column in zip(*seen, strict=True))
    node, zone, y = (np.concatenate(column) for column in zip(*toggles, strict=True))
    return Front(box, edge_node, edge, *_cancel(node, zone, y, box, per_degree))


def _quarters(box: IntArray) -> list[IntArray]:
    """Four quarters of boxes of cells; those of a box one cell wide may be empty."""
    x0, x1, y0, y1 = box.T
    x, y = (x0 + x1 + 1) // 2, (y0 + y1 + 1) // 2
    halves = [
        (left, right, low, high) for left, right in ((x0, x), (x, x1)) for low, high in ((y0, y), (y, y1))
    ]
    return [np.stack(half, axis=1) for half in halves]


def _bounds(box: IntArray, per_degree: float) -> FloatArray:
    """Return padded west, east, south, north of boxes of cells. [degrees]."""
    sides = box / per_degree - np.array([180, 180, 90, 90])
    padded: FloatArray = sides + np.array([-_PAD_DEG, _PAD_DEG, -_PAD_DEG, _PAD_DEG])
    return padded


def _classify(edges: Edges, edge: IntArray, bounds: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Whether an edge touches a box, and whether it passes wholly east of it within the box's latitudes."""
    west, east, south, north = bounds.T
    x0, y0, x1, y1 = edges.x0[edge], edges.y0[edge], edges.x1[edge], edges.y1[edge]
    level = (y1 >= south) & (y0 <= north)
    low, high = np.minimum(x0, x1), np.maximum(x0, x1)
    overlap = level & (high >= west) & (low <= east)
    # Sign of the box's side of the edge's line, for edges that pass the box at a slant.
    across = ((west + east) / 2 - x0) * (y1 - y0) - ((south + north) / 2 - y0) * (x1 - x0)
    reach = (east - west) / 2 * (y1 - y0) + (north - south) / 2 * np.abs(x1 - x0)
    return overlap & (np.abs(across) <= reach), level & ((low > east) | (overlap & (across < -reach)))


def _cancel(
    node: IntArray, zone: IntArray, y: FloatArray, box: IntArray, per_degree: float
) -> tuple[IntArray, IntArray, FloatArray]:
    """Drop toggles below their box, lift those above it to infinity, and strike out equal pairs."""
    _, _, south, north = _bounds(box, per_degree).T
    above = y > north[node]
    relevant = above | (y > south[node])
    node, zone, y = node[relevant], zone[relevant], np.where(above, np.inf, y)[relevant]
    order = np.lexsort((y, zone, node))
    node, zone, y = node[order], zone[order], y[order]
    new = np.ones(y.size, np.bool_)
    new[1:] = (node[1:] != node[:-1]) | (zone[1:] != zone[:-1]) | (y[1:] != y[:-1])
    first = np.flatnonzero(new)
    odd = first[np.diff(first, append=y.size) % 2 == 1]
    return node[odd], zone[odd], y[odd]


def inside(front: Front, per_degree: float) -> tuple[IntArray, IntArray]:
    """Pairs (node, zone) whose toggles say: inside, at the middle latitude of the node."""
    middle = (front.box[:, 2] + front.box[:, 3]) / 2 / per_degree - 90
    counted = front.toggle_y > middle[front.toggle_node]
    node, zone = front.toggle_node[counted], front.toggle_zone[counted]
    zones = int(zone.max(initial=0)) + 1
    pair, times = np.unique(node * zones + zone, return_counts=True)
    odd = pair[times % 2 == 1]
    return odd // zones, odd % zones


def edge_rows(front: Front, edges: Edges) -> tuple[IntArray, IntArray, FloatArray]:
    """Node, zone and row (x0, y0, x1, y1, dx/dy) of all edges of cells, sorted by node and zone.

    Toggles become upright edges far in the east, so that one loop counts everything.
    """
    edge, toggle = front.edge, front.toggle_y
    node = np.concatenate([front.edge_node, front.toggle_node])
    zone = np.concatenate([edges.zone[edge], front.toggle_zone])
    x0, y0 = edges.x0[edge], edges.y0[edge]
    dx, dy = edges.x1[edge] - x0, edges.y1[edge] - y0
    slope = np.divide(dx, dy, out=np.zeros(edge.size), where=dy > 0)
    near = np.stack([x0, y0, edges.x1[edge], edges.y1[edge], slope], axis=1)
    far = np.zeros((toggle.size, 5))
    far[:, [0, 2]] = _FAR
    far[:, 1] = -_FAR
    far[:, 3] = np.where(np.isinf(toggle), _FAR, toggle)
    order = np.lexsort((zone, node))
    return node[order], zone[order], np.concatenate([near, far])[order]

"""Shapes on the ellipsoid: circles, geodesic outlines, widened coasts, and a partition without slivers."""

import itertools
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

_GEOD = pyproj.Geod(ellps="WGS84")

# One grid for all corners, in degrees: 1 cm. Zones that meet then share their corners exactly.
GRID_DEG = 1e-7
# A straight line in degrees leaves the geodesic by step² tan(lat) / 8R: 0.8 m for 5 km at 58° N.
STEP_M = 5000.0
_MERIDIAN_180 = shapely.LineString([(180, -90), (180, 90)])


def circle(lat: float, lon: float, radius_m: float, corners: int = 720) -> shapely.Polygon:
    """Polygon whose corners lie `radius_m` [m] from a centre, along geodesics.

    The chord of two corners of 720 comes 0.7 m nearer at a radius of 40 nm.

    Raises
    ------
    ValueError
        If the radius is not positive, or there are fewer than three corners.

    Examples
    --------
    >>> twenty_nm = circle(33.7061, -118.2937, 20 * 1852.0)
    >>> x, y = twenty_nm.exterior.coords[100]
    >>> round(_GEOD.inv(-118.2937, 33.7061, x, y)[2], 3)
    37040.0
    """
    if radius_m <= 0 or corners < 3:
        raise ValueError(
            f"a circle of {radius_m} m with {corners} corners; expected a radius > 0 and three corners"
        )
    azimuth = np.arange(corners) * (360.0 / corners)
    x, y, _ = _GEOD.fwd(
        np.full(corners, lon), np.full(corners, lat), azimuth, np.full(corners, float(radius_m))
    )
    return shapely.Polygon(np.column_stack([x, y]))


def geodesic_points(corners: npt.ArrayLike, step_m: float = STEP_M) -> npt.NDArray[np.float64]:
    """Corners (lon, lat) with points between them on the geodesics, at most `step_m` [m] apart.

    >>> len(geodesic_points([(0, 0), (0.1, 0)], step_m=5000.0))
    4
    """
    xy = np.asarray(corners, np.float64)
    out = [xy[:1]]
    for (lon0, lat0), (lon1, lat1) in itertools.pairwise(xy):
        length = _GEOD.inv(lon0, lat0, lon1, lat1)[2]
        between = int(np.ceil(length / step_m)) - 1
        if between > 0:
            out.append(np.array(_GEOD.npts(lon0, lat0, lon1, lat1, between), np.float64))
        out.append(np.array([[lon1, lat1]]))
    return np.concatenate(out)


def geodesic_polygon(corners: npt.ArrayLike, step_m: float = STEP_M) -> shapely.Polygon:
    """Polygon whose edges are geodesics, followed to less than a metre.

    Parameters
    ----------
    corners
        Longitude and latitude [deg], in order; the ring closes itself. No edge may cross 180.
    step_m
        Longest straight piece. [m]

    Raises
    ------
    ValueError
        If the outline crosses itself.

    Examples
    --------
    >>> wide = geodesic_polygon([(-150, 50), (-130, 50), (-140, 30)])
    >>> bool(wide.bounds[3] > 50.3)
    True
    """
    xy = np.asarray(corners, np.float64)
    shape = shapely.Polygon(geodesic_points(np.concatenate([xy, xy[:1]]), step_m))
    return _checked(shape, "an outline of geodesics")


def buffer(
    shape: BaseGeometry, distance_m: float, corners: int = 360, step_m: float = 1000.0
) -> BaseGeometry:
    """Everything within a geodesic distance [m] of a shape.

    The union of circles round points of its edges, `step_m` apart: between two of them the true edge lies at
    most step² / 8 distance further out (2.8 m for 24 nm).

    >>> near = buffer(shapely.Point(-120, 34), 1000.0)
    >>> bool(near.contains(shapely.Point(-120.01, 34)))
    True
    """
    if shape.geom_type == "Point":
        points = shapely.get_coordinates(shape)
    else:
        edges = shapely.get_parts(shapely.union_all(shapely.boundary(shapely.get_parts(shape))))
        points = np.concatenate([geodesic_points(shapely.get_coordinates(edge), step_m) for edge in edges])
    points = np.unique(points, axis=0)
    azimuth = np.tile(np.arange(corners) * (360.0 / corners), len(points))
    lon, lat = (np.repeat(points[:, i], corners) for i in (0, 1))
    x, y, _ = _GEOD.fwd(lon, lat, azimuth, np.full(azimuth.shape, float(distance_m)))
    rings = np.stack([x, y], axis=-1).reshape(len(points), corners, 2)
    return shapely.union_all([shape, *shapely.polygons(rings)])


def around(corners: npt.ArrayLike, reach_m: float) -> BaseGeometry:
    """Polygon of a terminal with the water within `reach_m` [m] of its edges.

    Drawn in a plane that is true to scale at the middle of the terminal (1e-6 over its few kilometres).

    >>> quay = around([(-118.21, 33.75), (-118.20, 33.75), (-118.20, 33.76)], 100.0)
    >>> bool(quay.contains(shapely.Point(-118.205, 33.7495)))
    True
    """
    shape = polygon(corners)
    lon, lat = shape.centroid.coords[0]
    plane = pyproj.Transformer.from_crs(
        "EPSG:4326", f"+proj=tmerc +lat_0={lat:.4f} +lon_0={lon:.4f} +ellps=WGS84", always_xy=True
    )
    flat = shapely.transform(shape, plane.transform, interleaved=False)
    wide = shapely.buffer(flat, reach_m, quad_segs=4)
    back: BaseGeometry = shapely.transform(
        wide, lambda x, y: plane.transform(x, y, direction="INVERSE"), interleaved=False
    )
    return back


def polygon(corners: npt.ArrayLike) -> shapely.Polygon:
    """Polygon with straight edges in degrees.

    Raises
    ------
    ValueError
        If the outline crosses itself.
    """
    return _checked(shapely.Polygon(np.asarray(corners, np.float64)), "an outline")


def _checked(shape: shapely.Polygon, what: str) -> shapely.Polygon:
    if not shape.is_valid:
        raise ValueError(f"{what} is not valid: {shapely.is_valid_reason(shape)}; put its corners in order")
    return shape


def partition(shapes: Mapping[str, BaseGeometry]) -> dict[str, BaseGeometry]:
    """Disjoint shapes: a place that lies in several belongs to the first of them.

    All edges are noded together on one grid of 1 cm, and every face goes to one shape. Cutting the shapes one
    after another would round each cut differently on its two sides and leave slivers. Longitudes may run from
    0 to 360; what is returned lies in ±180 and is cut at 180.

    Parameters
    ----------
    shapes
        By name, in order of precedence.

    Raises
    ------
    ValueError
        If nothing is left of a shape.

    Examples
    --------
    >>> parts = partition({"inner": shapely.box(1, 1, 2, 2), "outer": shapely.box(0, 0, 3, 3)})
    >>> parts["inner"].area, parts["outer"].area
    (1.0, 8.0)
    >>> partition({"ocean": shapely.box(170, 0, 200, 1)})["ocean"].bounds
    (-180.0, 0.0, 180.0, 1.0)
    """
    snapped = {name: shapely.set_precision(shape, GRID_DEG) for name, shape in shapes.items()}
    lines = [shapely.boundary(shape) for shape in snapped.values()]
    noded = shapely.union_all([*lines, _MERIDIAN_180], grid_size=GRID_DEG)
    faces = np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(noded))), object)
    inside = shapely.point_on_surface(faces)
    free = np.ones(len(faces), bool)
    out: dict[str, BaseGeometry] = {}
    for name, shape in snapped.items():
        shapely.prepare(shape)
        mine = free & shapely.intersects(shape, inside)
        free &= ~mine
        if not mine.any():
            raise ValueError(
                f"nothing is left of zone {name!r}: the zones before it cover it; change the order"
            )
        out[name] = _tidy(shapely.coverage_union_all(_to_half_turn(faces[mine])))
    return out


def _to_half_turn(faces: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Faces with longitudes in ±180; none of them crosses 180."""
    beyond = shapely.bounds(faces)[:, 0] >= 180
    faces[beyond] = shapely.transform(faces[beyond], lambda xy: xy - [360.0, 0.0])
    return faces


def _tidy(shape: BaseGeometry) -> BaseGeometry:
    """Return the shape with its polygons and rings in one order, so that a rebuild gives the same bytes."""
    parts = shapely.get_parts(shapely.normalize(shape))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(list(parts))

"""Circles about places: which part of each grid cell lies within a distance."""

import functools

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

from layers.lattice import Lattice

FloatArray = npt.NDArray[np.float64]

# Corners of the drawn circle; its radius is stretched so that polygon and circle have one area.
CORNERS = 1024
# Edges of cells are bent where they are drawn around a place: vertices no further apart than this. [degrees]
STEP_DEG = 0.02
M_PER_DEG = 111_700.0


def shares_within(
    lattice: Lattice, cells: npt.ArrayLike, lat: float, lon: float, radius_m: float
) -> FloatArray:
    """Share of each cell's area that lies within a distance of a place. [0–1]

    The circle is drawn in an azimuthal projection about the place, in which distances from it are geodesic
    lengths on the ellipsoid and longitudes have no seam; within 20 km its areas are true to 1e-6.

    Parameters
    ----------
    lattice : Lattice
        Grid of the cells.
    cells : array (n)
        Cells.
    lat, lon : float
        Place. [degrees]
    radius_m : float
        Distance. [m]

    Raises
    ------
    ValueError
        If the radius is not positive, or the place is none.

    Examples
    --------
    Around the corner of four cells each holds a quarter of the circle.

    >>> lattice = Lattice(0.5)
    >>> cells = lattice.cell_at([0.25, 0.25, -0.25, -0.25], [179.75, -179.75, 179.75, -179.75])
    >>> shares = shares_within(lattice, cells, 0.0, 180.0, 5000.0)
    >>> ((shares * lattice.cell_area_m2(cells)).sum() / (np.pi * 5000.0**2)).round(4).item()
    1.0
    """
    if not radius_m > 0.0 or not (-90.0 <= lat <= 90.0 and np.isfinite(lon)):
        raise ValueError(f"found a circle of {radius_m} m about {lat}, {lon}; expected a place and a radius")
    numbers = np.asarray(cells, np.int64)
    found = np.zeros(len(numbers))
    west, south, east, north = lattice.cell_bounds(numbers)
    # Both sides near the place: nothing lies across 180 degrees then.
    width = (east - west) % 360.0
    west = (west - lon + 180.0) % 360.0 - 180.0
    reach = radius_m / M_PER_DEG * 1.02
    across = reach / max(np.cos(np.radians(min(abs(lat) + reach, 89.9))), 1e-3)
    near = (south <= lat + reach) & (north >= lat - reach)
    near &= (west <= across) & (west + width >= -across)
    if not near.any():
        return found
    boxes = shapely.box(west[near], south[near], (west + width)[near], north[near])
    drawn = shapely.transform(shapely.segmentize(boxes, STEP_DEG), _projected(lat))
    part = shapely.area(shapely.intersection(drawn, _circle(radius_m)))
    found[near] = np.clip(part / lattice.cell_area_m2(numbers[near]), 0.0, 1.0)
    return found


@functools.lru_cache
def _projection(lat: float) -> pyproj.Proj:
    return pyproj.Proj(proj="aeqd", lat_0=lat, lon_0=0.0, ellps="WGS84")


def _projected(lat: float) -> functools.partial[FloatArray]:
    return functools.partial(_project, lat)


def _project(lat: float, degrees: FloatArray) -> FloatArray:
    return np.column_stack(_projection(lat)(degrees[:, 0], degrees[:, 1]))


def _circle(radius_m: float) -> shapely.Polygon:
    angle = 2.0 * np.pi / CORNERS
    stretched = radius_m * np.sqrt(angle / np.sin(angle))
    turns = angle * np.arange(CORNERS)
    return shapely.polygons(stretched * np.column_stack([np.cos(turns), np.sin(turns)]))

"""How far the coast is: distances on a grid, read between its points.

Longitudes here run from 0 to 360, so that the Pacific is whole; `ShoreGrid` takes any.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from layers.coast import Coast, Shapes
from layers.geodesy import MEAN_RADIUS_M, NAUTICAL_MILE_M, display_longitude
from layers.jit import njit

FloatArray = npt.NDArray[np.float64]

TENTHS = 10.0
# What a byte cannot hold: the coast is farther than 25.4 nm.
FAR = 255


@dataclass(frozen=True, eq=False)
class ShoreGrid:
    """Distance to the coast at the points of a grid; 0 on land.

    Attributes
    ----------
    west, south, step : float
        First point and spacing; longitudes from 0 to 360. [degrees]
    tenths : array of uint8, rows x columns
        Distance, 255 where it is farther than 25.4 nm. [0.1 nm]

    Examples
    --------
    >>> grid = ShoreGrid.of([shapely.box(179.5, -0.5, 180.5, 0.5)], (178.0, -1.0, 182.0, 1.0), 0.1)
    >>> grid.distance_nm([0.0, 0.0, 0.0], [-179.4, -179.0, 178.0]).round(1).tolist()
    [6.0, inf, inf]
    """

    west: float
    south: float
    step: float
    tenths: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, land: Shapes, window: tuple[float, float, float, float], step: float) -> "ShoreGrid":
        """Measure the distance to polygons of land, longitudes from 0 to 360, inside a window.

        On Mercator's chart the nearest coast is the nearest on the Earth, to some 0.5 % within the 25 nm that
        are asked for; the distance there is divided by the chart's scale.

        Parameters
        ----------
        land : sequence of polygons
            Land, of which the window may show a part.
        window : tuple of float
            West, south, east, north. [degrees]
        step : float
            Spacing of the points. [degrees]
        """
        west, south, east, north = window
        lon = west + step * np.arange(round((east - west) / step) + 1)
        lat = south + step * np.arange(round((north - south) / step) + 1)
        # A degree more on each side: a coast knows land inside its window only.
        ground = Coast.of(land, (west - 1, south - 1, east + 1, north + 1))
        ends = _mercator(ground.grid.coast.reshape(-1, 2)).reshape(-1, 2, 2)
        # A piece at a time: a tree of whole coasts would measure all of Asia for every point.
        coast = shapely.STRtree(shapely.linestrings(ends))
        tenths = np.full((len(lat), len(lon)), FAR, np.uint8)
        for row, parallel in enumerate(lat):
            points = shapely.points(_mercator(np.column_stack([lon, np.full(len(lon), parallel)])))
            scale = MEAN_RADIUS_M * np.cos(np.radians(parallel)) / NAUTICAL_MILE_M
            asked, nm = _nearest(coast, points, FAR / TENTHS / scale)
            tenths[row, asked] = np.minimum(np.rint(nm * scale * TENTHS), FAR)
            tenths[row, ground.on_land(parallel, lon)] = 0
        return cls(float(west), float(south), float(step), tenths)

    def distance_nm(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> FloatArray:
        """Distance to the coast; infinite beyond 25.4 nm, not a number outside the grid. [nm]"""
        y, x = np.broadcast_arrays(np.asarray(lat, np.float64), display_longitude(lon))
        grid = (self.west, self.south, self.step, self.tenths)
        out: FloatArray = _between(grid, y.ravel(), x.ravel()).reshape(y.shape)
        return out


@njit
def _between(grid: tuple[float, float, float, Any], lat: FloatArray, lon: FloatArray) -> FloatArray:
    """Distance between the four points around each place. [nm]"""
    west, south, step, tenths = grid
    rows, columns = tenths.shape
    out = np.empty(len(lat))
    for k in range(len(lat)):
        row, column = (lat[k] - south) / step, (lon[k] - west) / step
        if not (0.0 <= row <= rows - 1 and 0.0 <= column <= columns - 1):
            out[k] = np.nan
            continue
        i, j = min(int(row), rows - 2), min(int(column), columns - 2)
        a, b, c, d = tenths[i, j], tenths[i, j + 1], tenths[i + 1, j], tenths[i + 1, j + 1]
        if max(a, b, c, d) == FAR:
            out[k] = np.inf
            continue
        u, v = row - i, column - j
        out[k] = ((1 - u) * ((1 - v) * a + v * b) + u * ((1 - v) * c + v * d)) / TENTHS
    return out


def _nearest(tree: shapely.STRtree, points: Any, reach: float) -> tuple[Any, FloatArray]:
    """Points with a line of the tree within reach, and how far the nearest is. [units of the chart]"""
    (asked, _), far = tree.query_nearest(points, max_distance=reach, return_distance=True, all_matches=False)
    return asked, np.asarray(far, np.float64)


def _mercator(places: FloatArray) -> FloatArray:
    """Chart of unit radius from longitudes and latitudes. [1]"""
    lat = np.radians(places[:, 1])
    return np.column_stack([np.radians(places[:, 0]), np.arctanh(np.sin(lat))])

"""How far the coast is: distances on a grid, read between its points.

Longitudes here run from 0 to 360, so that the Pacific is whole; `ShoreGrid` takes any.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from layers.geodesy import MEAN_RADIUS_M, display_longitude

FloatArray = npt.NDArray[np.float64]

METRES_PER_NM = 1852.0
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
    def of(
        cls, land: Sequence[Any], window: tuple[float, float, float, float], step: float
    ) -> "ShoreGrid":
        """Measure the distance to polygons of land, longitudes from 0 to 360, inside a window.

        On Mercator's chart the nearest coast is the nearest on the Earth, within the 25 nm that are asked for,
        to some 0.5 %; its length there is divided by the chart's scale.

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
        chart = shapely.transform(np.asarray(land, dtype=object), _mercator)
        coast = shapely.STRtree(shapely.get_parts(shapely.boundary(chart)))
        ground = shapely.STRtree(chart)
        tenths = np.full((len(lat), len(lon)), FAR, np.uint8)
        for row, parallel in enumerate(lat):
            points = shapely.points(_mercator(np.column_stack([lon, np.full(len(lon), parallel)])))
            scale = MEAN_RADIUS_M * np.cos(np.radians(parallel)) / METRES_PER_NM
            asked, nm = _nearest(coast, points, FAR / TENTHS / scale)
            tenths[row, asked] = np.minimum(np.rint(nm * scale * TENTHS), FAR)
            tenths[row, ground.query(points, predicate="intersects")[0]] = 0
        return cls(float(west), float(south), float(step), tenths)

    def distance_nm(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> FloatArray:
        """Distance to the coast; infinite beyond 25.4 nm, not a number outside the grid. [nm]"""
        y, x = np.asarray(lat, np.float64), display_longitude(lon)
        row, column = (y - self.south) / self.step, (x - self.west) / self.step
        rows, columns = self.tenths.shape
        inside = (row >= 0) & (row <= rows - 1) & (column >= 0) & (column <= columns - 1)
        r = np.where(inside, np.minimum(row, rows - 1.000001), 0.0)
        c = np.where(inside, np.minimum(column, columns - 1.000001), 0.0)
        i, j = r.astype(np.int64), c.astype(np.int64)
        u, v = r - i, c - j
        corners = np.stack([self.tenths[i + a, j + b] for a in (0, 1) for b in (0, 1)])
        weights = np.stack([(1 - u) * (1 - v), (1 - u) * v, u * (1 - v), u * v])
        nm = (corners * weights).sum(axis=0) / TENTHS
        nm = np.where((corners == FAR).any(axis=0), np.inf, nm)
        return np.where(inside, nm, np.nan)


def _nearest(tree: shapely.STRtree, points: Any, reach: float) -> tuple[Any, FloatArray]:
    """Points with a line of the tree within reach, and how far the nearest is. [units of the chart]"""
    (asked, _), far = tree.query_nearest(points, max_distance=reach, return_distance=True, all_matches=False)
    return asked, np.asarray(far, np.float64)


def _mercator(places: FloatArray) -> FloatArray:
    """Chart of unit radius from longitudes and latitudes. [1]"""
    lat = np.radians(places[:, 1])
    return np.column_stack([np.radians(places[:, 0]), np.arctanh(np.sin(lat))])

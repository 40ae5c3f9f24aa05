"""Far inland: where no water of a map lies within a distance, so that no ship can be there."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layers.jit import njit
from layers.shore import ShoreGrid

Mask = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
NM_PER_DEGREE = 60.0


@dataclass(frozen=True, eq=False)
class Inland:
    """Points of a grid with nothing but land around them.

    Attributes
    ----------
    west, south, step : float
        First point and spacing; longitudes from 0 to 360. [degrees]
    mask : array of bool, rows x columns
        True where every point within the distance, north to south and west to east, is land.
    """

    west: float
    south: float
    step: float
    mask: Mask

    @classmethod
    def of(cls, shore: ShoreGrid, distance_nm: float) -> "Inland":
        """Mark what is farther from any water than a distance. [nm]

        Outside the grid nothing is known, and nothing there is marked; at its edge the rest of the world is
        taken for land, so that only what the grid shows to be water counts.

        Parameters
        ----------
        shore : ShoreGrid
            Distance to the coast, 0 on land.
        distance_nm : float
            Half the side of the square around each point that must be land. [nm]

        Examples
        --------
        >>> import shapely
        >>> grid = ShoreGrid.of([shapely.box(170.0, -3.0, 176.0, 3.0)], (169.0, -4.0, 177.0, 4.0), 0.25)
        >>> Inland.of(grid, 90.0).holds([0.0, 0.0, 0.0], [173.0, 175.0, -120.0]).tolist()
        [True, False, False]
        """
        water = shore.tenths > 0
        rows, columns = water.shape
        summed = np.zeros((rows + 1, columns + 1), np.int64)
        summed[1:, 1:] = water.cumsum(0).cumsum(1)
        row, column = np.arange(rows), np.arange(columns)
        lat = shore.south + shore.step * row
        reach = distance_nm / NM_PER_DEGREE / shore.step
        low, high = np.clip(row - int(reach), 0, rows), np.clip(row + int(reach) + 1, 0, rows)
        mask = np.zeros(water.shape, bool)
        for k in range(rows):
            # A degree of longitude is shortest at the higher edge of the square: more columns, more caution.
            widest = min(abs(lat[k]) + distance_nm / NM_PER_DEGREE, 89.0)
            side = int(reach / np.cos(np.radians(widest)))
            left, right = np.clip(column - side, 0, columns), np.clip(column + side + 1, 0, columns)
            upper, lower = summed[high[k]], summed[low[k]]
            mask[k] = upper[right] - upper[left] - lower[right] + lower[left] == 0
        return cls(shore.west, shore.south, shore.step, mask)

    def holds(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> Mask:
        """Whether places are marked; never outside the grid. [bool]"""
        y, x = np.broadcast_arrays(np.asarray(lat, np.float64), np.asarray(lon, np.float64))
        corner = (self.west, self.south, self.step)
        return _holds(self.mask, corner, y.ravel(), x.ravel()).reshape(y.shape)


@njit
def _holds(mask: Mask, corner: tuple[float, float, float], lat: FloatArray, lon: FloatArray) -> Mask:
    """Look up the nearest point of the grid."""
    west, south, step = corner
    rows, columns = mask.shape
    out = np.zeros(len(lat), np.bool_)
    for k in range(len(lat)):
        east = lon[k] - west
        if east < 0.0:
            east += 360.0
        row, column = (lat[k] - south) / step + 0.5, east / step + 0.5
        if 0.0 <= row < rows and 0.0 <= column < columns:
            out[k] = mask[int(row), int(column)]
    return out

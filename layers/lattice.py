"""The lattice of cells: coarse over the whole Earth, finer inside windows; its numbers, bounds, areas."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from layers.geodesy import area_from_equator_m2, wrap_longitude

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Window = tuple[float, float, float, float]

FINE_BIT = 1 << 40
"""Set in the number of a fine cell; the rest counts rows and columns of the fine lattice."""


@dataclass(frozen=True)
class Lattice:
    """Cells of equal degrees, split `fine` by `fine` inside windows.

    Parameters
    ----------
    cell_deg
        Side of a coarse cell [degrees]. It divides 180, so that no cell crosses a pole or 180 degrees.
    fine
        Parts into which a side is split inside windows.
    windows
        Boxes (west, south, east, north) [degrees]. Each is widened to whole coarse cells; `west` may be
        greater than `east` for a window over 180 degrees.

    Raises
    ------
    ValueError
        If `cell_deg` does not divide 180, `fine` is below 1, or a window is not a box.

    Examples
    --------
    >>> lattice = Lattice(0.1, fine=10, windows=((-118.4, 33.6, -118.0, 33.9),))
    >>> cell = lattice.cell_at(33.755, -118.215)
    >>> [round(float(side), 2) for side in lattice.cell_bounds(cell)]
    [-118.22, 33.75, -118.21, 33.76]
    >>> round(float(lattice.cell_area_m2(cell)))
    1027646
    """

    cell_deg: float = 0.1
    fine: int = 10
    windows: tuple[Window, ...] = ()

    def __post_init__(self) -> None:
        rows = 180 / self.cell_deg if self.cell_deg > 0 else math.nan
        if not 1 <= rows <= 18_000 or abs(rows - round(rows)) > 1e-6:
            raise ValueError(
                f"a cell of {self.cell_deg} degrees does not divide 180 evenly between 0.01 and 180; "
                "use for example 0.05, 0.1, 0.25, 0.5 or 1"
            )
        if self.fine < 1 or self.fine != int(self.fine):
            raise ValueError(f"fine is {self.fine}; expected a whole number of parts, 1 or more")
        for west, south, east, north in self.windows:
            if not (-90 <= south < north <= 90 and -180 <= west <= 360 and -180 <= east <= 360):
                raise ValueError(
                    f"window {(west, south, east, north)} is no box; expected (west, south, east, north) in "
                    "degrees, south below north"
                )

    @property
    def ny(self) -> int:
        """Rows of coarse cells, counted from the south pole."""
        return round(180 / self.cell_deg)

    @property
    def nx(self) -> int:
        """Columns of coarse cells, counted from 180 degrees eastwards."""
        return 2 * self.ny

    @property
    def per_degree(self) -> float:
        """Coarse cells per degree."""
        return self.ny / 180

    @cached_property
    def refined(self) -> npt.NDArray[np.bool_]:
        """Whether a coarse cell (row, column) is split into fine ones."""
        mask = np.zeros((self.ny, self.nx), np.bool_)
        if self.fine == 1:
            return mask
        for west, south, east, north in self.windows:
            row0, row1 = _snapped(south + 90, north + 90, self.per_degree)
            width = east - west if east > west else east - west + 360
            left = float(wrap_longitude(west)) + 180
            col0, col1 = _snapped(left, left + width, self.per_degree)
            mask[row0 : min(row1, self.ny), np.arange(col0, min(col1, col0 + self.nx)) % self.nx] = True
        return mask

    def cell_at(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> IntArray:
        """Return the number of the cell that holds a place: the fine one inside windows.

        A place on a line between cells belongs to the cell north and east of it.
        """
        rows, cols = self._row_col(lat, lon, 1)
        cells: IntArray = rows * self.nx + cols
        fine = self.refined[rows, cols]
        if fine.any():
            # Found within the coarse cell, as the walk does: rounding must not lift a place out of it.
            row, col = self._row_col(lat, lon, self.fine)
            row = np.clip(row, rows * self.fine, rows * self.fine + self.fine - 1)
            col = np.clip(col, cols * self.fine, cols * self.fine + self.fine - 1)
            cells = np.where(fine, FINE_BIT | (row * self.nx * self.fine + col), cells)
        return cells

    def _row_col(self, lat: npt.ArrayLike, lon: npt.ArrayLike, parts: int) -> tuple[IntArray, IntArray]:
        per_degree = self.per_degree * parts
        y = np.floor((np.asarray(lat, np.float64) + 90) * per_degree).astype(np.int64)
        x = np.floor((wrap_longitude(lon) + 180) * per_degree).astype(np.int64)
        return np.clip(y, 0, self.ny * parts - 1), x % (self.nx * parts)

    def cell_bounds(self, cells: npt.ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """West, south, east and north of cells, longitudes in [-180, 180]. [degrees]."""
        row, col, parts = self._unpack(cells)
        per_degree = self.per_degree * parts
        west, south = col / per_degree - 180, row / per_degree - 90
        return west, south, (col + 1) / per_degree - 180, (row + 1) / per_degree - 90

    def cell_centre(self, cells: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Latitude and longitude of the middle of cells. [degrees]."""
        west, south, east, north = self.cell_bounds(cells)
        return (south + north) / 2, (west + east) / 2

    def cell_area_m2(self, cells: npt.ArrayLike) -> FloatArray:
        """Area of cells on the ellipsoid, exact. [m²]."""
        west, south, east, north = self.cell_bounds(cells)
        area: FloatArray = np.radians(east - west) * (
            area_from_equator_m2(north) - area_from_equator_m2(south)
        )
        return area

    def coarse_cell(self, cells: npt.ArrayLike) -> IntArray:
        """Return the coarse cell that holds each cell; coarse cells are their own.

        >>> lattice = Lattice(1.0, fine=10, windows=((0, 0, 1, 1),))
        >>> int(lattice.coarse_cell(lattice.cell_at(0.55, 0.55))) == 90 * 360 + 180
        True
        """
        row, col, parts = self._unpack(cells)
        coarse: IntArray = row // parts * self.nx + col // parts
        return coarse

    def _unpack(self, cells: npt.ArrayLike) -> tuple[IntArray, IntArray, IntArray]:
        given = np.asarray(cells, np.int64)
        parts = np.where(given & FINE_BIT, self.fine, 1)
        columns = self.nx * parts
        number = given & ~FINE_BIT
        return number // columns, number % columns, parts


def _snapped(low: float, high: float, per_degree: float) -> tuple[int, int]:
    """First and after-last cell that a stretch touches; 1e-9 cells of rounding touch nothing."""
    first = math.floor(low * per_degree + 1e-9)
    return first, max(math.ceil(high * per_degree - 1e-9), first + 1)

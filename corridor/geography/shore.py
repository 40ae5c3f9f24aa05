"""Distance to the coast on a grid, from the land of ``data/geo`` to a small file.

A maintainer runs it when the coast is renewed (a minute); a study only reads the file::

    python -m corridor.geography.shore
"""

import io
import sys
import zipfile

import numpy as np
import shapely

from corridor import reference
from layers.coast import Shapes
from layers.shore import ShoreGrid

STEP_DEG = 0.05
# The first moment that a zip archive can name: the same bytes every time.
_EPOCH = (1980, 1, 1, 0, 0, 0)


Window = tuple[float, float, float, float]


def whole() -> Window:
    """West, south, east and north of where land is known; longitudes from 0 to 360. [degrees]"""
    known = reference.rows("geo/sea_windows_2026", window="north_pacific").iloc[0]
    return float(known["west"]), float(known["south"]), float(known["east"]), float(known["north"])


def measured(window: Window) -> ShoreGrid:
    """Measure the distance to the coast in a window; longitudes from 0 to 360. [0.1 nm]"""
    return ShoreGrid.of(_land(window), window, STEP_DEG)


def _land(window: Window) -> Shapes:
    """Land in a window and beyond it as far as a byte holds a distance."""
    shapes = reference.land_polygons()
    west, south, east, north = window
    near = shapely.box(west - 1.0, south - 0.5, east + 1.0, north + 0.5)
    chosen: Shapes = shapes[shapely.intersects(shapely.envelope(shapes), near)]
    return chosen


def packed(grid: ShoreGrid) -> bytes:
    """Return the file of a grid: NumPy arrays in a zip archive, the same bytes every time."""
    arrays = {"west_south_step": np.array([grid.west, grid.south, grid.step]), "tenths_nm": grid.tenths}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.save(content, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            archive.writestr(entry, content.getvalue(), zipfile.ZIP_DEFLATED, 9)
    return out.getvalue()


def main() -> None:
    """Write the grid; it is written beside, then renamed."""
    content = packed(measured(whole()))
    target = reference.data_path() / "geo" / reference.SHORE_FILE
    beside = target.with_suffix(".part")
    beside.write_bytes(content)
    beside.replace(target)
    sys.stdout.write(f"{target.name}: {len(content) / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()

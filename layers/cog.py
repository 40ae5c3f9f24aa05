"""One quantity per cloud-optimised GeoTIFF, with its unit, and the QGIS style beside it."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from layers import atomic
from layers.rasters import Grid


class Band(NamedTuple):
    """What the values are: a name, a sentence, the unit."""

    name: str
    description: str
    unit: str


def write(
    path: str | Path,
    grid: Grid,
    values: npt.NDArray[np.float64],
    band: Band,
    *,
    tags: Mapping[str, str],
    qml: str = "",
) -> Path:
    """Write a grid as GeoTIFF in EPSG:4326, north up; a style goes into a file of the same stem.

    Longitudes run from -180 to 180, as in vector files, so that both lie on each other. A raster across 180
    degrees then goes once around the Earth: programs draw it whole in any projection of the Pacific, where
    they draw nothing beyond 180 degrees of one that goes on.

    Parameters
    ----------
    path
        Where the file goes; ends in ``.tif``.
    grid
        Of the values.
    values
        (rows, columns), south to north. Best a density: overviews average.
    band
        Name, description, unit.
    tags
        Of the file: title, licence, provenance.
    qml
        QGIS style; none where it is empty.

    Raises
    ------
    ModuleNotFoundError
        If rasterio is not installed.
    OSError
        If the file cannot be written.
    """
    import rasterio  # noqa: PLC0415 — slow to import, and not everybody has it

    path = Path(path)
    side = 1.0 / grid.per_degree
    west, turned = within_180(grid, values)
    transform = rasterio.Affine(side, 0.0, west, 0.0, -side, grid.lat_edges[-1])
    shape = {"height": grid.rows, "width": turned.shape[1], "count": 1, "dtype": "float64"}
    packed = {"compress": "DEFLATE", "predictor": "FLOATING_POINT", "overview_resampling": "AVERAGE"}
    with (
        atomic.whole_file(path) as part,
        rasterio.open(
            part, "w", driver="COG", crs="EPSG:4326", transform=transform, **shape, **packed
        ) as file,
    ):
        file.write(turned[::-1], 1)
        file.set_band_description(1, f"{band.name}: {band.description}")
        file.set_band_unit(1, band.unit)
        file.update_tags(**tags)
    if qml:
        atomic.write_text(path.with_suffix(".qml"), qml)
    return path


def within_180(grid: Grid, values: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
    """West edge within ±180 [degrees], and the values; once around the Earth where they cross 180.

    >>> west, around = within_180(Grid(90.0, 1, 0, 2, 1), np.array([[1.0, 2.0]]))
    >>> west, around.tolist()
    (-180.0, [[2.0, 0.0, 0.0, 1.0]])
    >>> within_180(Grid(90.0, 2, 0, 2, 1), np.array([[1.0, 2.0]]))[0]
    -180.0
    """
    west, east = float(grid.lon_edges[0]), float(grid.lon_edges[-1])
    turn = 360.0 if west >= 180.0 else 0.0
    if east - turn <= 180.0:
        return west - turn, values
    columns = round(360 * grid.per_degree)
    around = np.zeros((grid.rows, columns))
    around[:, (grid.west_column + np.arange(grid.columns) + columns // 2) % columns] = values
    return -180.0, around

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

    Longitudes run from 0 to 360, so that a raster across 180 degrees is in one piece.

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
    transform = rasterio.Affine(side, 0.0, grid.lon_edges[0], 0.0, -side, grid.lat_edges[-1])
    shape = {"height": grid.rows, "width": grid.columns, "count": 1, "dtype": "float64"}
    packed = {"compress": "DEFLATE", "predictor": "FLOATING_POINT", "overview_resampling": "AVERAGE"}
    with (
        atomic.whole_file(path) as part,
        rasterio.open(
            part, "w", driver="COG", crs="EPSG:4326", transform=transform, **shape, **packed
        ) as file,
    ):
        file.write(values[::-1], 1)
        file.set_band_description(1, f"{band.name}: {band.description}")
        file.set_band_unit(1, band.unit)
        file.update_tags(**tags)
    if qml:
        atomic.write_text(path.with_suffix(".qml"), qml)
    return path

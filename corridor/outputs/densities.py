"""Maps of a study as GeoTIFF: density of one species a file, coarse for all of it and fine for each port."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corridor.outputs import notes
from corridor.outputs.flux import Gridded, attributes
from corridor.outputs.grids import port_windows
from corridor.reference import table as reference_table
from corridor.study import Study
from layers import cog, styles
from layers.rasters import Grid, grid_over, regridding
from maps.palette import SEQUENTIAL, class_edges

M2_PER_KM2 = 1e6
SHOWN = (0.05, 0.99)
SUMMARY = "Ship emissions, tank-to-wake, by area over the period."


class _Picture(NamedTuple):
    """Density of a species on a grid, the stem of its file, and what place it shows. [kg km-2]"""

    stem: str
    place: str
    grid: Grid
    density: NDArray[np.float64]


def write_cogs(study: Study, folder: Path, *, cell_deg: float = 0.1) -> list[Path]:
    """Write one GeoTIFF per species, density over the whole period, each with its QGIS style. [kg km-2]

    Longitudes run from -180 to 180, as in the GeoPackage. Around each port the fine cells of the study stand
    in files of their own, as they are: nothing is spread or blurred.

    Parameters
    ----------
    study : Study
        The study.
    folder : Path
        Where the files go: ``co2_kg_per_km2.tif``, ``port_lb_co2_kg_per_km2.tif``, …, each with its ``.qml``.
    cell_deg : float
        Side of a cell of the files that show everything. [degrees]
    """
    told = attributes(study, SUMMARY)
    tags = {key: told[key] for key in ("title", "summary", "comment", "source", "history")}
    names = reference_table("species_names_2026").set_index("species")["name_en"]
    gridded = Gridded(study, cell_deg)
    written = []
    for key in gridded.species:
        for picture in _pictures(gridded, key):
            title = f"{names.get(key, key)}, {picture.place}{notes.period(study)[0]}"
            band = cog.Band(f"{picture.stem}{key}_kg_per_km2", title, "kg km-2")
            path = folder / f"{band.name}.tif"
            qml = _style(picture.density)
            written += [
                cog.write(path, picture.grid, picture.density, band, tags=tags, qml=qml),
                path.with_suffix(".qml"),
            ]
    return written


def _style(density: NDArray[np.float64]) -> str:
    held = density[density > 0]
    edges = class_edges(*np.quantile(held, SHOWN)) if len(held) else (1.0,)
    return styles.raster_qml(edges, SEQUENTIAL[: len(edges) + 1], unit="kg/km2")


def _pictures(gridded: Gridded, species: str) -> Iterator[_Picture]:
    """All of the study, then each port that has fine cells."""
    density = gridded.total(species) / (gridded.grid.area_m2 / M2_PER_KM2)
    yield _Picture("", "", gridded.grid, density)
    mass = gridded.cell_masses(species)
    lattice = gridded.study.lattice
    boxes = np.stack(lattice.cell_bounds(gridded.cells))
    for window in port_windows(boxes, lattice.cell_deg):
        fine = list(boxes[:, window.rows])
        grid = grid_over(fine, lattice.cell_deg / lattice.fine)
        spread = regridding(fine, grid).spread(mass[window.rows])
        yield _Picture(f"port_{window.key}_", f"{window.names}, ", grid, spread / (grid.area_m2 / M2_PER_KM2))

"""Distance to the coast on a grid, from land polygons to a small file.

A maintainer runs it when the coast is renewed; a study only reads ``data/geo/shore_distance_2026.npz``::

    python -m corridor.geography.shore ne_land.gpkg osm_land_ports.gpkg

Natural Earth (10 m) serves the ocean; in the windows around the ports OpenStreetMap land replaces it.
"""

import io
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from corridor import reference
from layers.shore import ShoreGrid

WINDOW = (99.0, 5.0, 255.0, 66.0)
"""Where the land is known: west, south, east, north; longitudes from 0 to 360. [degrees]"""
STEP_DEG = 0.05
OCEAN_LAYER = "ne_10m_land_corridor"
PORT_WINDOWS = {
    "san_pedro_bay": (241.25, 33.30, 242.15, 33.95),
    "pearl_river_delta": (113.40, 21.90, 115.00, 22.95),
}
"""Where OpenStreetMap land replaces Natural Earth: west, south, east, north. [degrees]"""
# The first moment that a zip archive can name: the same bytes every time.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def land(ocean: Path, ports: Path) -> list[Any]:
    """Land polygons, longitudes from 0 to 360: the ocean's coasts, and OpenStreetMap's around the ports."""
    windows = [shapely.box(*window) for window in PORT_WINDOWS.values()]
    coarse = shapely.difference(_display(ocean, OCEAN_LAYER), shapely.union_all(windows))
    fine = [
        shapely.intersection(_display(ports, layer), window)
        for layer, window in zip(PORT_WINDOWS, windows, strict=True)
    ]
    # One land: no coast runs along the edge of a window.
    whole = shapely.union_all([*coarse, *(shape for shapes in fine for shape in shapes)], grid_size=1e-6)
    return list(shapely.get_parts(whole))


def _display(path: Path, layer: str) -> Any:
    shapes = gpd.read_file(path, layer=layer).geometry.to_numpy()
    moved = [
        shapely.transform(shape, lambda places: places + [360.0, 0.0]) if shape.bounds[2] <= 0 else shape
        for shape in shapes
    ]
    return shapely.make_valid(np.asarray(moved, dtype=object))


def packed(grid: ShoreGrid) -> bytes:
    """Return the file of a grid: NumPy arrays in a zip archive, the same bytes every time."""
    arrays = {
        "west_south_step": np.array([grid.west, grid.south, grid.step]),
        "tenths_nm": grid.tenths,
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, array in arrays.items():
            content = io.BytesIO()
            np.save(content, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content.getvalue(), compresslevel=9)
    return out.getvalue()


def main(arguments: Sequence[str]) -> None:
    """Write the grid from the two land files named; it is written beside, then renamed."""
    ocean, ports = map(Path, arguments)
    content = packed(ShoreGrid.of(land(ocean, ports), WINDOW, STEP_DEG))
    target = reference.data_path() / "geo" / "shore_distance_2026.npz"
    beside = target.with_suffix(".part")
    beside.write_bytes(content)
    beside.replace(target)
    sys.stdout.write(f"{target.name}: {len(content) / 1000:.0f} kB\n")


if __name__ == "__main__":
    main(sys.argv[1:])

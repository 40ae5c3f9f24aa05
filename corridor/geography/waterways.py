"""Capes of the northern Pacific and which of them see each other: ``python -m corridor.geography.waterways``.

Drawn anew when the land changes; it takes a minute or two. A way at sea turns ``corner_nm`` off a cape and no
line comes nearer to land than ``line_nm``; in the port windows, where the land is drawn to ten metres and the
water is narrow, both are smaller.
"""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from corridor import reference
from layers.capes import corners, graph, widened
from layers.coast import Coast, Shapes

DEGREES = 1e-5


def waterways() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return capes (latitude and longitude in 1e-5 degrees) and pairs of capes joined by open water."""
    windows = reference.table("geo/sea_windows_2026").set_index("window")
    ocean, ports = windows.iloc[0], windows.iloc[1:]
    land = reference.land_polygons()
    frames = shapely.union_all([_box(port) for _, port in ports.iterrows()])
    off_lines = [shapely.difference(widened(land, ocean["line_nm"]), frames)]
    turns = [corners(widened(land, ocean["corner_nm"]), ocean["tolerance_nm"])]
    for _, port in ports.iterrows():
        near = _inside(land, port)
        off_lines.append(shapely.intersection(widened(near, port["line_nm"]), _box(port)))
        found = corners(widened(near, port["corner_nm"]), port["tolerance_nm"])
        turns.append(found[shapely.contains_xy(_box(port), found[:, 0], found[:, 1])])
    coast = Coast.of(shapely.get_parts(off_lines), tuple(ocean[["west", "south", "east", "north"]]))
    places, pairs = graph(coast, [np.round(found, 5) for found in turns])
    return _tables(places, pairs)


def _box(window: pd.Series) -> shapely.Polygon:
    return shapely.box(window["west"], window["south"], window["east"], window["north"])


def _inside(land: Shapes, window: pd.Series) -> npt.NDArray[np.object_]:
    shapes = np.asarray(land, dtype=object)
    cut = shapely.intersection(shapes, _box(window))
    kept: npt.NDArray[np.object_] = cut[shapely.area(cut) > 0]
    return kept


def _tables(
    places: npt.NDArray[np.float64], pairs: npt.NDArray[np.int64]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    lon = np.where(places[:, 0] >= 180, places[:, 0] - 360, places[:, 0])
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].astype(np.int32)
    capes = {
        "lat_e5": np.rint(places[:, 1] / DEGREES).astype(np.int32),
        "lon_e5": np.rint(lon / DEGREES).astype(np.int32),
    }
    return pd.DataFrame(capes), pd.DataFrame({"cape": pairs[:, 0], "other": pairs[:, 1]})


def write(folder: Path) -> None:
    """Write ``capes_2026.parquet`` and ``sights_2026.parquet`` into a folder."""
    for name, table in zip(("capes_2026", "sights_2026"), waterways(), strict=True):
        beside = folder / f"{name}.parquet.part"
        table.to_parquet(beside, index=False, compression="zstd", compression_level=19)
        beside.replace(folder / f"{name}.parquet")
        sys.stdout.write(f"{name}: {len(table)} rows\n")


if __name__ == "__main__":
    write(reference.data_path() / "lanes")

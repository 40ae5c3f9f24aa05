"""Places near which a study sums what was emitted: schools, homes, monitors; read from a user's file."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from corridor.emissions.sheets import plain, read_sheet
from corridor.errors import InputError

NAMES = {
    "name": ("name", "place", "receptor", "site", "名称", "地点", "站点"),
    "lat": ("lat", "latitude", "y", "纬度"),
    "lon": ("lon", "lng", "long", "longitude", "x", "经度"),
}
SHAPES = {".geojson", ".json", ".gpkg"}
OPTION = "--receptors"


@dataclass(frozen=True)
class Receptor:
    """A place. [degrees]"""

    name: str
    lat: float
    lon: float


def read_receptors(path: str | Path) -> tuple[Receptor, ...]:
    """Read places from a table with name, lat and lon, or from points of a GeoJSON or GeoPackage.

    Parameters
    ----------
    path : path
        CSV, Excel, OpenDocument, Parquet; GeoJSON, GeoPackage. Degrees, WGS 84.

    Raises
    ------
    InputError
        If it cannot be read, or a row is no place; the message names the line.
    """
    place = Path(path)
    table = _of_shapes(place) if place.suffix.lower() in SHAPES else _of_sheet(place)
    if not len(table):
        raise InputError("no_receptors", f"{place.name}: found no place; expected at least one; add rows")
    lines = zip(table.index, table.to_dict("records"), strict=True)
    found = tuple(_receptor(place.name, int(line), row) for line, row in lines)
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                "equal_receptors", f"{place.name}: found '{name}' twice; expected a name each; rename one"
            )
    return found


def _of_sheet(place: Path) -> pd.DataFrame:
    def fields(row: Sequence[str]) -> dict[str, str]:
        given = {plain(cell): cell.strip() for cell in row if cell}
        return {field: given[key] for field, keys in NAMES.items() for key in reversed(keys) if key in given}

    sheet = read_sheet(
        place, lambda row: len(fields(row)) == len(NAMES), expected="name, lat and lon", option=OPTION
    )
    where = fields([str(name) for name in sheet.rows])
    return pd.DataFrame({field: sheet.rows[column] for field, column in where.items()})


def _of_shapes(place: Path) -> pd.DataFrame:
    import geopandas as gpd  # noqa: PLC0415 — slow to import, and only for shapes

    try:
        frame = gpd.read_file(place)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(
            "unreadable_receptors", f"{place.name}: not a file of points that can be read ({error}); give CSV"
        ) from error
    kinds = set(frame.geometry.geom_type.unique())
    if kinds - {"Point"}:
        raise InputError(
            "no_points",
            f"{place.name}: found {', '.join(sorted(map(str, kinds)))}; expected points; give their middles",
        )
    frame = frame.to_crs(4326) if frame.crs is not None else frame
    named = next((str(name) for name in frame if plain(str(name)) in NAMES["name"]), None)
    names = frame[named] if named is not None else [f"place {n + 1}" for n in range(len(frame))]
    table = pd.DataFrame({"name": names, "lat": frame.geometry.y, "lon": frame.geometry.x})
    return table.set_index(pd.RangeIndex(1, len(table) + 1))


def _receptor(file: str, line: int, row: dict[Any, Any]) -> Receptor:
    name = "" if pd.isna(row["name"]) else str(row["name"]).strip()
    try:
        lat, lon = float(row["lat"]), float(row["lon"])
    except (TypeError, ValueError):
        lat = lon = np.nan
    if not name or not (-90.0 <= lat <= 90.0 and -180.0 <= lon <= 360.0):
        raise InputError(
            "bad_receptor",
            f"{file} line {line}: found name '{name}' at {row['lat']}, {row['lon']}; expected a name, a "
            "latitude in ±90 and a longitude in ±180; correct the line",
        )
    return Receptor(name, lat, lon - 360.0 if lon > 180.0 else lon)


def written(receptors: Sequence[Receptor]) -> list[dict[str, Any]]:
    """Places as ``run.json`` holds them."""
    return [asdict(one) for one in receptors]

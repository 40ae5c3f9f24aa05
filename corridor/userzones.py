"""Your own zones as a system of their own: GeoPackage, GeoJSON or GeoParquet, any coordinate system."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyproj
import shapely

from corridor import reference
from corridor.accounts.totals import MASS_COLUMNS
from corridor.errors import InputError
from layers import geopackage
from layers.zones import ZoneSystem, check_disjoint

SYSTEM = "user"
DATUMS = ("wgs84", "gcj02")
_SQLITE, _PARQUET = b"SQLite format 3\x00", b"PAR1"
_UNREADABLE = (
    ValueError, KeyError, TypeError, AttributeError, OSError, RuntimeError, RecursionError,
    sqlite3.Error, shapely.GEOSException, pa.ArrowException,
)  # fmt: skip
# What a table of totals says of a zone; a column of the same name in your file is kept under another.
_TAKEN = {"hours", "observed_share", "distance_nm", "zone_place", "system", *MASS_COLUMNS}


def read_user_zones(path: str | Path, *, datum: str | None = None) -> ZoneSystem:
    """Read polygons, in ±180 or 0–360 or any named coordinate system, as the zone system ``user``.

    Attributes are carried through. ``zone_id`` names the zones; without it they are numbered in file order.
    ``name_en`` or ``name``, and ``name_zh``, are what readers see. Edges are straight in longitude and
    latitude between the corners.

    Parameters
    ----------
    path : path
        GeoPackage, GeoJSON or GeoParquet; ``file.gpkg#layer`` names one layer of several.
    datum : str, optional
        ``wgs84`` if the coordinates are known to be; ``gcj02`` is refused: see `datum_remark`.

    Raises
    ------
    InputError
        If the file is of another kind, its layer cannot be told, it holds no polygon, its datum cannot be
        used, or zones overlap; the message names the zones.
    """
    _check_datum(datum)
    file, layer = _file_and_layer(path)
    frame = _identified(_named(_read(file, layer)), file.name)
    try:
        system = ZoneSystem(SYSTEM, frame, "elsewhere", "Outside your zones", "自定义分区以外")
    except ValueError as error:
        raise InputError("bad_zones", f"{file.name}: {error}") from error
    try:
        check_disjoint(system)
    except ValueError as error:
        raise InputError("overlapping_zones", f"{file.name}: {error}") from error
    return system


def datum_remark(system: ZoneSystem, datum: str | None) -> str | None:
    """Warn of zones in mainland China whose datum nobody stated: they may lie 100 to 700 m off.

    Chinese web maps show GCJ-02, a shifted copy of WGS 84, and files exported from them seldom say so.
    """
    if datum is not None:
        return None
    coast = {f["properties"]["name"]: _outline(f) for f in reference.features("geo/china_waters_osm_1000m")}
    china = shapely.difference(coast["China mainland coast"], coast["Hong Kong"])
    touched = shapely.intersects(china, system.zones.geometry.to_numpy())
    if not touched.any():
        return None
    names = ", ".join(system.zones.loc[touched, "zone_id"].iloc[:3])
    more = f" and {touched.sum() - 3} more" if touched.sum() > 3 else ""
    return (
        f"your zones {names}{more} lie in mainland China: coordinates from Chinese web maps are GCJ-02 "
        "and lie 100 to 700 m off; check a quay on a chart, then say --zones-datum wgs84"
    )


def _outline(feature: dict[str, Any]) -> Any:
    return shapely.from_geojson(json.dumps(feature["geometry"]))


def _check_datum(datum: str | None) -> None:
    if datum is not None and datum not in DATUMS:
        raise InputError("unknown_datum", f"datum '{datum}' is unknown; known: {', '.join(DATUMS)}")
    if datum == "gcj02":
        raise InputError(
            "gcj02_zones",
            "zones in GCJ-02 lie 100 to 700 m off and no published inverse gives them back exactly; "
            "expected WGS 84 or CGCS2000; ask their maker for surveyed coordinates, or draw them on a chart",
        )


def _file_and_layer(path: str | Path) -> tuple[Path, str | None]:
    """Split ``file.gpkg#layer``; a file that bears the whole name comes first."""
    text = str(path)
    if "#" not in text or Path(text).exists():
        return Path(text), None
    file, _, layer = text.rpartition("#")
    return Path(file), layer


def _read(path: Path, layer: str | None) -> gpd.GeoDataFrame:
    """Read by what the first bytes say, never by what a library would guess from the rest."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise InputError(
            "unreadable_file", f"{path.name} cannot be read ({error.strerror}); give another"
        ) from error
    if layer is not None and not head.startswith(_SQLITE):
        raise InputError("no_such_layer", f"{path.name} has no layers; give it without '#{layer}'")
    try:
        if head.startswith(_SQLITE):
            frame = _read_geopackage(path, layer)
        elif head.startswith(_PARQUET):
            frame = gpd.read_parquet(path)
        elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            frame = _read_geojson(path)
        else:
            raise InputError(
                "wrong_format",
                f"{path.name} is no GeoPackage, GeoJSON or GeoParquet; export it as one of them",
            )
    except _UNREADABLE as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            "bad_zones",
            f"{path.name} cannot be read as zones ({' '.join(str(error).split())}); "
            "expected polygons with a coordinate system; export it again",
        ) from error
    if frame.empty:
        raise InputError("no_rows", f"{path.name} holds no zone; expected polygons")
    if frame.crs is None:
        raise InputError(
            "no_crs", f"{path.name} names no coordinate system; expected one such as EPSG:4326; assign it"
        )
    return _in_degrees(frame)


def _read_geopackage(path: Path, layer: str | None) -> gpd.GeoDataFrame:
    names = geopackage.spatial_names(path)
    if layer is None and len(names) != 1:
        raise InputError(
            "several_layers",
            f"{path.name} holds {len(names)} layers with shapes ({', '.join(names) or 'none'}); "
            f"expected one; name it: {path.name}#{names[0] if names else 'layer'}",
        )
    if layer is not None and layer not in names:
        raise InputError(
            "no_such_layer",
            f"{path.name} has no layer '{layer}' with shapes; known: {', '.join(names) or 'none'}",
        )
    return geopackage.read(path, layer or names[0], as_stored=True)


def _read_geojson(path: Path) -> gpd.GeoDataFrame:
    """Read features; longitude and latitude unless an old ``crs`` member says otherwise."""
    content = json.loads(path.read_text(encoding="utf-8-sig"))
    features = content.get("features")
    if content.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise ValueError(f"type is {content.get('type')!r}, expected a FeatureCollection")
    given = content.get("crs") or {}
    crs = pyproj.CRS.from_user_input(given.get("properties", {}).get("name", "OGC:CRS84"))
    shapes = [
        None if one.get("geometry") is None else shapely.from_geojson(json.dumps(one["geometry"]))
        for one in features
    ]
    table = pd.DataFrame([one.get("properties") or {} for one in features], index=range(len(features)))
    return gpd.GeoDataFrame(table.drop(columns="geometry", errors="ignore"), geometry=shapes, crs=crs)


def _in_degrees(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Zones in longitude and latitude without heights; those that a projection tore at 180 in 0–360."""
    facts = pd.DataFrame(frame.drop(columns=frame.geometry.name)).drop(columns="geometry", errors="ignore")
    flat = gpd.GeoDataFrame(facts, geometry=shapely.force_2d(frame.geometry.to_numpy()), crs=frame.crs)
    if flat.crs.is_geographic and flat.crs.equals("EPSG:4326", ignore_axis_order=True):
        return flat
    moved = flat.to_crs(4326)
    return moved.set_geometry([_mended(shape) for shape in moved.geometry], crs=4326)


def _mended(shape: Any) -> Any:
    if shape is None or shape.is_empty:
        return shape
    xy, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shape)), return_index=True)
    step = np.abs(np.diff(xy[:, 0]))[ring[1:] == ring[:-1]]
    if not (step > 180).any():
        return shape
    return shapely.transform(
        shape, lambda places: np.column_stack([np.mod(places[:, 0], 360.0), places[:, 1]])
    )


def _named(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put names where readers look for them; what is called like a total is kept as ``own_…``."""
    frame = frame.rename(columns={name: str(name) for name in frame.columns})
    taken = {name: f"own_{name}" for name in frame.columns if name.lower() in _TAKEN}
    frame = frame.rename(columns=taken)
    lower = {name.lower(): name for name in reversed(list(frame.columns))}
    for column, others in (("zone_id", ()), ("name_en", ("name",)), ("name_zh", ())):
        found = next((lower[name] for name in (column, *others) if name in lower), None)
        if found is not None and column not in frame:
            frame = frame.assign(**{column: frame[found]})
    return frame


def _identified(frame: gpd.GeoDataFrame, file_name: str) -> gpd.GeoDataFrame:
    """Zones with text ids, names, and what is known of where they come from."""
    if "zone_id" not in frame:
        frame = frame.assign(zone_id=[f"zone_{number}" for number in range(1, len(frame) + 1)])
    if frame["zone_id"].isna().any():
        row = int(np.argmax(frame["zone_id"].isna().to_numpy())) + 1
        raise InputError("bad_zones", f"{file_name}: zone {row} has no zone_id; give every zone one")
    frame = frame.assign(zone_id=[_text(value) for value in frame["zone_id"]])
    if "name_en" in frame:
        names = frame["name_en"]
        frame = frame.assign(name_en=[_text(n) for n in names.where(names.notna(), frame["zone_id"])])
    if "name_zh" in frame:
        frame = frame.assign(name_zh=["" if pd.isna(n) else _text(n) for n in frame["name_zh"]])
    said = {"source": file_name, "licence": "", "verification": "given by the user", "kind": "zone"}
    return frame.assign(**{name: value for name, value in said.items() if name not in frame})


def _text(value: object) -> str:
    """Write a key as text; a whole number that a gap made a float stays whole.

    >>> _text(3.0), _text("A 1")
    ('3', 'A 1')
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)

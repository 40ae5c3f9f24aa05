"""Your own zones as a system of their own."""

from pathlib import Path

import geopandas as gpd
import pyogrio

from corridor.errors import InputError
from layers.zones import ZoneSystem

SYSTEM = "user"
_MAGIC = {b"SQLite format 3\x00": "GPKG", b"{": "GeoJSON"}


def read_user_zones(path: str | Path) -> ZoneSystem:
    """Read a GeoPackage or GeoJSON of polygons, in ±180 or 0–360, as the zone system ``user``.

    Attributes are carried through. ``zone_id`` names the zones; without it they are numbered in file order.

    Raises
    ------
    InputError
        If the file is of another kind, holds several layers or no polygon, or its zones overlap.
    """
    path = Path(path)
    frame = _read(path)
    if "zone_id" not in frame:
        frame = frame.assign(zone_id=[f"zone_{number}" for number in range(1, len(frame) + 1)])
    frame["zone_id"] = frame["zone_id"].astype(str)
    frame = frame.assign(source=path.name, licence="", verification="given by the user")
    try:
        return ZoneSystem(SYSTEM, frame, "elsewhere", "Outside your zones", "自定义分区以外")
    except ValueError as error:
        raise InputError("bad_zones", f"{path.name}: {error}") from error


def _read(path: Path) -> gpd.GeoDataFrame:
    try:
        head = path.read_bytes()[:16]
    except OSError as error:
        raise InputError(
            "unreadable_file", f"{path.name} cannot be read ({error.strerror}); give another"
        ) from error
    driver = next(
        (name for magic, name in _MAGIC.items() if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(magic)), ""
    )
    if not driver:
        raise InputError(
            "wrong_format", f"{path.name} is neither a GeoPackage nor GeoJSON; export it as one of them"
        )
    layers = pyogrio.list_layers(path)
    if len(layers) != 1:
        names = ", ".join(str(row[0]) for row in layers)
        raise InputError(
            "several_layers", f"{path.name} holds {len(layers)} layers ({names}); give a file with one"
        )
    frame = gpd.read_file(path, engine="pyogrio")
    if frame.empty:
        raise InputError("no_rows", f"{path.name} holds no zone; expected polygons")
    if frame.crs is None:
        raise InputError(
            "no_crs", f"{path.name} names no coordinate system; expected one such as EPSG:4326; assign it"
        )
    return frame

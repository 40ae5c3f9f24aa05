"""Route files: GPX, RTZ and GeoJSON, read and written; told apart by content.

A route here is a name and its waypoints; the legs between them are great circles. What else a file holds
(times, depths, limits of cross-track error) is not read.
"""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import defusedxml
import defusedxml.ElementTree as SafeET
import gpxpy
import gpxpy.gpx
import numpy as np
import shapely

from corridor.errors import InputError
from layers.geodesy import wrap_longitude
from layers.geometry import track_lines

RTZ = "http://www.cirm.org/RTZ/1/0"
ENDINGS = (".gpx", ".rtz", ".geojson")
# A route of more bytes is none.
MOST_BYTES = 20_000_000
DECIMALS = 9


@dataclass(frozen=True)
class Waypoint:
    """A place of a route, longitude in ±180. [degrees]."""

    lat: float
    lon: float
    name: str = ""


@dataclass(frozen=True)
class RouteFile:
    """A named list of waypoints."""

    name: str
    points: tuple[Waypoint, ...]

    @classmethod
    def of(cls, name: str, lat: Sequence[float], lon: Sequence[float]) -> "RouteFile":
        """Route of places without names. [degrees].

        >>> RouteFile.of("to the line", [10.0, 0.0], [170.0, 190.0]).points[1]
        Waypoint(lat=0.0, lon=-170.0, name='')
        """
        pairs = zip(lat, wrap_longitude(np.asarray(lon, float)), strict=True)
        return cls(
            name, tuple(Waypoint(round(float(y), DECIMALS), round(float(x), DECIMALS)) for y, x in pairs)
        )


def read_route(path: str | Path) -> RouteFile:
    """Read the first route of a file, whatever its name ends in.

    Parameters
    ----------
    path : path
        GPX (a route, else a track, else waypoints), RTZ (also zipped as .rtzp), or GeoJSON with points in
        their order or a line.

    Raises
    ------
    InputError
        If the file is missing, none of these, cut, unsafe, or holds fewer than two places on the sphere.
    """
    file = Path(path)
    if not file.is_file():
        raise InputError("missing_file", f"{file.name}: no such route; give a .gpx, .rtz or .geojson file")
    if file.stat().st_size > MOST_BYTES:
        raise InputError(
            "wrong_format", f"{file.name}: more than {MOST_BYTES:,} bytes; expected a route file"
        )
    return parse_route(file.read_bytes(), file.name)


def parse_route(content: bytes, name: str = "route") -> RouteFile:
    """Read a route from the content of a file; see `read_route`.

    >>> line = {"type": "LineString", "coordinates": [[179.0, 40.0], [181.0, 40.0]]}
    >>> [point.lon for point in parse_route(json.dumps(line).encode()).points]
    [179.0, -179.0]
    """
    if not content.strip():
        raise InputError("empty_file", f"{name}: no bytes; fetch the file again")
    if content[:4] == b"PK\x03\x04":
        content = _unzipped(content, name)
    text = _text(content, name)
    route = _geojson(text, name) if text.lstrip()[:1] in "{[" else _xml(text, name)
    return _checked(route, name)


def _unzipped(content: bytes, name: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [each for each in archive.infolist() if each.filename.lower().endswith(".rtz")]
            if len(members) != 1 or members[0].file_size > MOST_BYTES:
                raise InputError("wrong_format", f"{name}: expected one .rtz in the archive; unpack it")
            return archive.read(members[0])
    except zipfile.BadZipFile as error:
        raise InputError(
            "corrupt_file", f"{name}: the archive is damaged ({error}); fetch it again"
        ) from error


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("utf-16")
    except UnicodeDecodeError as error:
        message = f"{name}: found bytes that are no UTF-8 text; expected GPX, RTZ or GeoJSON"
        raise InputError("wrong_format", message) from error


def _xml(text: str, name: str) -> RouteFile:
    try:
        root = SafeET.fromstring(text.encode("utf-8"), forbid_dtd=True)
    except defusedxml.DefusedXmlException as error:
        raise InputError("unsafe_xml", f"{name}: declares entities of its own; take that part out") from error
    except ET.ParseError as error:
        message = f"{name}: no whole GPX, RTZ or GeoJSON file ({error}); fetch it again"
        raise InputError("wrong_format", message) from error
    kind = str(root.tag).rpartition("}")[2].lower()
    if kind == "gpx":
        return _gpx(text, name)
    if kind == "route":
        return _rtz(root, name)
    raise InputError("wrong_format", f"{name}: found XML of '{kind}'; expected GPX, RTZ or GeoJSON")


def _gpx(text: str, name: str) -> RouteFile:
    try:
        found = gpxpy.parse(text)
    except (gpxpy.gpx.GPXException, ValueError) as error:
        raise InputError("wrong_format", f"{name}: no whole GPX file ({error}); fetch it again") from error
    lists: list[tuple[str | None, list[Any]]] = [(route.name, route.points) for route in found.routes]
    lists += [
        (track.name, [point for part in track.segments for point in part.points]) for track in found.tracks
    ]
    lists += [(found.name, found.waypoints)]
    title, points = next((each for each in lists if each[1]), (None, []))
    return RouteFile(
        title or "", tuple(_point(point.latitude, point.longitude, point.name, name) for point in points)
    )


def _rtz(root: Any, name: str) -> RouteFile:
    """Waypoints of an RTZ route of any version, its names with or without a namespace."""
    local = {id(each): str(each.tag).rpartition("}")[2] for each in root.iter()}
    info = next((each for each in root.iter() if local[id(each)] == "routeInfo"), None)
    points = []
    for each in root.iter():
        if local[id(each)] == "waypoint":
            position = next((part for part in each if local[id(part)] == "position"), None)
            if position is None:
                raise InputError("no_position", f"{name}: waypoint {each.get('id')} has no position; add it")
            points.append(_point(position.get("lat"), position.get("lon"), each.get("name"), name))
    return RouteFile("" if info is None else str(info.get("routeName") or ""), tuple(points))


def _geojson(text: str, name: str) -> RouteFile:
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            "wrong_format", f"{name}: no whole GeoJSON file ({error}); fetch it again"
        ) from error
    features = _features(found, name)
    title = next((str(each["name"]) for each in (found, *(p for _, p in features)) if each.get("name")), "")
    stops = [(shape["coordinates"], own) for shape, own in features if shape.get("type") == "Point"]
    if len(stops) >= 2:
        stops.sort(key=lambda stop: _order(stop[1]))
        points = [_point(xy[1], xy[0], own.get("waypoint", ""), name) for xy, own in stops]
        return RouteFile(title, tuple(points))
    lines = [line for shape, _ in features for line in _lines(shape)]
    return RouteFile(
        title, tuple(_joined([[_point(xy[1], xy[0], "", name) for xy in line] for line in lines]))
    )


def _order(properties: Mapping[str, Any]) -> float:
    order = properties.get("order", 0)
    return float(order) if isinstance(order, int | float) else 0.0


def _features(found: Any, name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Geometries and properties of a GeoJSON object of any kind."""
    if not isinstance(found, dict):
        raise InputError("wrong_format", f"{name}: found a JSON list; expected a GeoJSON object")
    each = found["features"] if isinstance(found.get("features"), list) else [found]
    shapes = []
    for feature in each:
        shape = feature.get("geometry", feature) if isinstance(feature, dict) else None
        if isinstance(shape, dict) and isinstance(shape.get("coordinates"), list):
            shapes.append((shape, feature.get("properties") or {}))
    return shapes


def _lines(shape: Mapping[str, Any]) -> list[Any]:
    kinds = {"LineString": [shape["coordinates"]], "MultiLineString": shape["coordinates"]}
    return list(kinds.get(str(shape.get("type")), []))


def _joined(lines: list[list[Waypoint]]) -> list[Waypoint]:
    """Lines as one; where they were cut at 180 degrees the cut goes out again."""
    points: list[Waypoint] = []
    for line in lines:
        if (
            points
            and abs(points[-1].lon) == 180
            and abs(line[0].lon) == 180
            and points[-1].lat == line[0].lat
        ):
            points.pop()
            line = line[1:]  # noqa: PLW2901 — the cut is no waypoint
        points += line
    return points


def _point(lat: Any, lon: Any, title: Any, name: str) -> Waypoint:
    try:
        y, x = float(lat), float(lon)
    except (TypeError, ValueError):
        y = x = float("nan")
    if not (abs(y) <= 90.0 and abs(x) <= 360.0):
        message = f"{name}: found a waypoint at {lat}, {lon}; expected latitude in ±90, longitude in ±360"
        raise InputError("no_position", message)
    return Waypoint(y, float(wrap_longitude(x)), str(title or ""))


def _checked(route: RouteFile, name: str) -> RouteFile:
    if len(route.points) < 2:
        message = f"{name}: found {len(route.points)} waypoints; expected a route of two or more"
        raise InputError("no_rows", message)
    return route


def write_route(route: RouteFile, path: str | Path) -> Path:
    """Write a route as GPX, RTZ or GeoJSON, as the name ends; return the path.

    Raises
    ------
    InputError
        If the name ends in something else.
    """
    file = Path(path)
    file.write_text(route_text(route, file.suffix), encoding="utf-8")
    return file


def route_text(route: RouteFile, ending: str) -> str:
    """Return a route as text: ``.gpx``, ``.rtz`` or ``.geojson``.

    >>> route = RouteFile("a", (Waypoint(40.0, 179.0), Waypoint(40.0, -179.0, "gate")))
    >>> all(parse_route(route_text(route, ending).encode()) == route for ending in ENDINGS)
    True
    """
    writers = {".gpx": _as_gpx, ".rtz": _as_rtz, ".geojson": _as_geojson}
    if ending.lower() not in writers:
        message = f"found a route file that ends in '{ending}'; expected {', '.join(ENDINGS)}"
        raise InputError("wrong_format", message)
    return writers[ending.lower()](route)


def _as_gpx(route: RouteFile) -> str:
    gpx = gpxpy.gpx.GPX()
    gpx.creator = "corridor"
    own = gpxpy.gpx.GPXRoute(name=route.name or None)
    own.points = [
        gpxpy.gpx.GPXRoutePoint(point.lat, point.lon, name=point.name or None) for point in route.points
    ]
    gpx.routes.append(own)
    return str(gpx.to_xml(version="1.1"))


def _as_rtz(route: RouteFile) -> str:
    root = ET.Element("route", {"version": "1.0", "xmlns": RTZ})
    ET.SubElement(root, "routeInfo", {"routeName": route.name})
    points = ET.SubElement(root, "waypoints")
    for number, point in enumerate(route.points, start=1):
        own = ET.SubElement(points, "waypoint", {"id": str(number), "revision": "1", "name": point.name})
        ET.SubElement(own, "position", {"lat": repr(point.lat), "lon": repr(point.lon)})
        if number > 1:
            ET.SubElement(own, "leg", {"geometryType": "Orthodrome"})
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _as_geojson(route: RouteFile) -> str:
    """Waypoints as points, and the line for the eye, cut at 180 degrees."""
    stops = [
        {
            "type": "Feature",
            "properties": {"order": number, "waypoint": point.name},
            "geometry": {"type": "Point", "coordinates": [point.lon, point.lat]},
        }
        for number, point in enumerate(route.points, start=1)
    ]
    lat, lon = (np.array([getattr(point, name) for point in route.points]) for name in ("lat", "lon"))
    shape = track_lines(lat, lon, np.zeros(len(lat), int))[0]
    line = {
        "type": "Feature",
        "properties": {"name": route.name},
        "geometry": None if shape is None else json.loads(shapely.to_geojson(shape)),
    }
    collection = {"type": "FeatureCollection", "name": route.name, "features": [line, *stops]}
    return json.dumps(collection, ensure_ascii=False) + "\n"

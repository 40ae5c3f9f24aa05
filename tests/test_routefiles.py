"""Route files: what is written is read back, what is none or unsafe is refused."""

import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor.errors import InputError
from corridor.tracks.passages import plan_route
from corridor.tracks.routefiles import (
    ENDINGS,
    RouteFile,
    Waypoint,
    parse_route,
    read_route,
    route_text,
    write_route,
)

# Characters that XML can hold, without the white space that its readers may fold.
names = st.text(
    st.characters(
        blacklist_categories=("Cs", "Cc", "Cn", "Zs", "Zl", "Zp"), blacklist_characters="\ufffe\uffff"
    ),
    max_size=12,
)
points = st.builds(
    Waypoint,
    lat=st.floats(-90, 90).map(lambda value: round(value, 7)),
    lon=st.floats(-180, 179.9999).map(lambda value: round(value, 7)),
    name=names,
)
routes = st.builds(RouteFile, name=names, points=st.lists(points, min_size=2, max_size=8).map(tuple))


@pytest.mark.parametrize("ending", ENDINGS)
@given(route=routes)
def test_what_is_written_is_read_back(ending, route):
    assert parse_route(route_text(route, ending).encode()) == route


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_planned_route_survives_its_file(ending, tmp_path):
    way = plan_route("Yantian", "Long Beach").way
    route = RouteFile.of("Yantian – Long Beach", way.lat, way.lon)
    # The name does not decide: content does.
    path = write_route(route, tmp_path / f"r{ending}").rename(tmp_path / "route.txt")
    assert read_route(path) == route
    assert max(abs(point.lon) for point in route.points) <= 180


def test_an_rtz_of_another_version_and_a_zipped_one_are_read():
    text = """<?xml version="1.0"?><route version="1.1" xmlns="http://www.cirm.org/RTZ/1/1">
      <routeInfo routeName="over the line" vesselName="x"/>
      <waypoints><defaultWaypoint radius="0.5"/>
        <waypoint id="1" name="A"><position lat="45.5" lon="179.5"/></waypoint>
        <waypoint id="7"><position lat="46.0" lon="-179.5"/><leg geometryType="Orthodrome"/></waypoint>
      </waypoints></route>"""
    route = parse_route(text.encode())
    assert route == RouteFile("over the line", (Waypoint(45.5, 179.5, "A"), Waypoint(46.0, -179.5)))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("voyage.rtz", text)
    assert parse_route(packed.getvalue()) == route


def test_a_gpx_track_is_a_route_where_there_is_none():
    text = """<gpx version="1.1" creator="x" xmlns="http://www.topografix.com/GPX/1/1"><trk><name>t</name><trkseg>
      <trkpt lat="10" lon="170"/><trkpt lat="11" lon="-170"/></trkseg></trk></gpx>"""
    assert parse_route(text.encode()).points == (Waypoint(10, 170), Waypoint(11, -170))


@pytest.mark.parametrize(
    "shape",
    [
        {"type": "LineString", "coordinates": [[170, 40], [190, 41]]},
        {"type": "LineString", "coordinates": [[170, 40, 5], [-170, 41, 5]]},
        {"type": "MultiLineString", "coordinates": [[[170, 40], [180, 40.5]], [[-180, 40.5], [-170, 41]]]},
    ],
)
def test_lines_of_any_convention_are_one_route(shape):
    for found in (shape, {"type": "Feature", "properties": None, "geometry": shape}):
        route = parse_route(json.dumps(found).encode())
        assert route.points == (Waypoint(40, 170), Waypoint(41, -170))


BOMB = '<!DOCTYPE g [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><gpx version="1.1">&b;</gpx>'


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"   \n", "empty_file"),
        (b"MMSI,LAT,LON\n1,2,3\n", "wrong_format"),
        (b"\xff\xfe\xff", "wrong_format"),
        (b"<kml></kml>", "wrong_format"),
        (b"<gpx version='1.1'><rte><rtept lat='1' ", "wrong_format"),
        (b'{"type": "FeatureCollection", "features": [', "wrong_format"),
        (b"[1, 2]", "wrong_format"),
        (b"PK\x03\x04rest", "corrupt_file"),
        (BOMB.encode(), "unsafe_xml"),
        (b"<gpx version='1.1'><rte><rtept lat='1' lon='2'/></rte></gpx>", "no_rows"),
        (b'{"type": "LineString", "coordinates": [[10, 95], [1, 2]]}', "no_position"),
        (b'{"type": "LineString", "coordinates": [["x", 5], [1, 2]]}', "no_position"),
        (b"<route><waypoints><waypoint id='1'/></waypoints></route>", "no_position"),
    ],
)
def test_what_is_no_route_is_refused_in_one_line(content, code):
    with pytest.raises(InputError) as refused:
        parse_route(content, "route.rtz")
    assert refused.value.code == code
    assert "\n" not in str(refused.value)
    assert "route.rtz" in str(refused.value)


def test_a_missing_file_and_an_unknown_ending_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such route"):
        read_route(tmp_path / "none.gpx")
    with pytest.raises(InputError, match=r"\.gpx"):
        write_route(RouteFile.of("a", [0, 1], [0, 1]), tmp_path / "a.kml")

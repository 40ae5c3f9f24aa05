"""Lines and polygons at the doors: the seam at 180°, its two sides, and what a file may hold."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from layers import geometry

GEOD = Geod(ellps="WGS84")
LATITUDES = st.floats(-70, 70)
STEPS = st.floats(-3, 3).filter(lambda x: abs(x) > 1e-6)


def wrap(lon):
    return (np.asarray(lon) + 180.0) % 360.0 - 180.0


def parts_of(line):
    return [np.array(part.coords) for part in line.geoms]


def test_a_line_over_the_seam_is_two_lines_that_meet_on_it():
    #   179 ──── 180 ┊ -180 ──── -179
    (line,) = geometry.track_lines([10, 20], [179, -179], [0, 0])
    west, east = parts_of(line)
    assert west[-1][0] == 180.0
    assert east[0][0] == -180.0
    assert west[-1][1] == east[0][1]


def test_westbound_leaves_on_the_other_side():
    (line,) = geometry.track_lines([10, 20], [-179, 179], [0, 0])
    assert [part[[0, -1], 0].tolist() for part in parts_of(line)] == [[-179.0, -180.0], [180.0, 179.0]]


def test_the_crossing_lies_on_the_great_circle():
    # On a sphere, the mid-point of two places on one parallel: tan φm = tan φ / cos(Δλ / 2).
    expected = np.degrees(np.arctan(np.tan(np.radians(45)) / np.cos(np.radians(10))))
    assert geometry.crossing_latitude(45, 170, 45, -170) == pytest.approx(expected, abs=1e-12)
    sphere = Geod(a=6371000, b=6371000)
    lon, lat = 150.0, 30.0
    azimuth, _, whole = sphere.inv(lon, lat, -150.0, 50.0)
    found = float(geometry.crossing_latitude(lat, lon, 50.0, -150.0))
    azimuth_there, _, _ = sphere.inv(lon, lat, 180.0, found)
    assert azimuth_there == pytest.approx(azimuth, abs=1e-9)
    assert whole > 0


def test_a_vertex_on_the_seam_leaves_no_stub():
    (line,) = geometry.track_lines([0, 0, 0], [179, -180, -179], [0, 0, 0])
    assert [part[:, 0].tolist() for part in parts_of(line)] == [[179.0, 180.0], [-180.0, -179.0]]


def test_a_track_that_turns_back_on_the_seam_stays_on_its_side():
    (line,) = geometry.track_lines([0, 0, 1], [179, -180, 179], [0, 0, 0])
    assert all((part[:, 0] > 0).all() for part in parts_of(line))


def test_two_names_of_the_seam_are_one_place():
    (line,) = geometry.track_lines([5, 6, 7], [179, 180, -180], [0, 0, 0])
    assert line.bounds[0] in {-180.0, 179.0}
    assert line.is_valid


def test_tracks_keep_their_places_and_one_that_never_moves_has_no_line():
    lines = geometry.track_lines([1, 1, 2, 3, 5, 6], [7, 7, 8, 9, 0, 1], [0, 0, 1, 1, 3, 3])
    assert [line is None for line in lines] == [True, False, True, False]
    assert lines[1].wkt == "MULTILINESTRING ((8 2, 9 3))"


def test_segments_are_tracks_of_two_fixes():
    lines = geometry.segment_lines([0, 0], [179, 20], [0, 0], [-179, 20])
    assert len(lines[0].geoms) == 2
    assert lines[1] is None


@pytest.mark.parametrize(
    ("lat", "lon", "track", "word"),
    [
        ([91], [0], [0], "±90"),
        ([0], [200], [0], "wrap"),
        ([np.nan], [0], [0], "nan"),
        ([0, 0], [0, 0], [1, 0], "sort"),
    ],
)
def test_bad_fixes_are_refused_with_a_cure(lat, lon, track, word):
    with pytest.raises(ValueError, match=word):
        geometry.track_lines(lat, lon, track)


def test_counts_that_differ_are_refused():
    with pytest.raises(ValueError, match="as many"):
        geometry.track_lines([0, 1], [0], [0, 0])


def test_nothing_gives_nothing():
    assert len(geometry.track_lines([], [], [])) == 0
    assert len(geometry.split_at_180([])) == 0
    assert len(geometry.cell_polygons([], [], [], [])) == 0


@given(st.lists(st.tuples(STEPS, STEPS), min_size=1, max_size=30), LATITUDES, st.floats(-180, 179.99))
def test_splitting_conserves_length_and_never_jumps(steps, lat, lon):
    lats = np.clip(lat + np.cumsum([0.0] + [s[0] for s in steps]), -80, 80)
    unwrapped = lon + np.cumsum([0.0] + [s[1] for s in steps])
    (line,) = geometry.track_lines(lats, wrap(unwrapped), np.zeros(len(lats), int))
    vertices = parts_of(line)
    assert all(np.abs(np.diff(part[:, 0])).max() < 180 for part in vertices)
    assert all(np.abs(part[:, 0]).max() <= 180 for part in vertices)
    geometry.check_exchange([line], "track")
    # The added vertex lies on a great circle of the sphere: on the ellipsoid within 1e-5 of the geodesic.
    straight = GEOD.line_length(unwrapped, lats)
    assert sum(GEOD.line_length(*part.T) for part in vertices) == pytest.approx(straight, rel=1e-5, abs=0.5)


@given(
    st.lists(st.tuples(STEPS, STEPS), min_size=1, max_size=10),
    LATITUDES,
    st.floats(-180, 179.99),
    st.integers(-1, 1),
)
def test_a_turn_of_the_globe_changes_nothing(steps, lat, lon, turns):
    lats = np.clip(lat + np.cumsum([0.0] + [round(s[0], 3) for s in steps]), -80, 80)
    lons = np.round(lon + np.cumsum([0.0] + [s[1] for s in steps]), 3)
    tracks = np.zeros(len(lats), int)
    here = geometry.track_lines(lats, np.round(wrap(lons), 6), tracks)
    there = geometry.track_lines(lats, np.round(wrap(lons + 360 * turns), 6), tracks)
    assert (here[0] is None) == (there[0] is None)
    if here[0] is not None:
        assert here[0].equals_exact(there[0], 1e-9)


@given(st.floats(100, 179), st.floats(181, 260), st.floats(-60, 0), st.floats(1, 60))
def test_zones_over_the_seam_keep_their_area_and_come_back(west, east, south, north):
    zone = shapely.box(west, south, east, north)
    (split,) = geometry.split_at_180([zone])
    assert split.area == pytest.approx(zone.area, rel=1e-12)
    assert len(split.geoms) == 2
    geometry.check_exchange([split], "zones")
    (shown,) = geometry.to_display([split])
    assert shown.geom_type == "Polygon"
    assert shown.symmetric_difference(zone).area < 1e-9


def test_a_zone_that_only_touches_the_seam_stays_whole():
    zone = shapely.box(170, 0, 180, 10)
    assert geometry.split_at_180([zone])[0] is zone
    turned = shapely.box(180, 0, 190, 10)
    assert geometry.split_at_180([turned])[0].equals(shapely.box(-180, 0, -170, 10))
    assert geometry.split_at_180([shapely.box(-190, 0, -180, 10)])[0].equals(zone)


def test_lines_come_back_whole_on_the_page():
    (line,) = geometry.track_lines([0, 0, 0], [170, -170, -160], [0, 0, 0])
    (shown,) = geometry.to_display([line])
    assert shown.geom_type == "LineString"
    assert shown.length == pytest.approx(30)
    assert shown.bounds == (170, 0, 200, 0)


def test_what_crosses_greenwich_is_cut_there_on_the_page():
    (shown,) = geometry.to_display([shapely.box(-10, 0, 10, 5)])
    assert shown.area == pytest.approx(100)
    assert shown.bounds == (0, 0, 360, 5)


def test_west_and_east_of_greenwich_on_the_page():
    shown = geometry.to_display([shapely.Point(-118.2, 33.7), shapely.Point(114.3, 22.6)])
    assert [p.x for p in shown] == pytest.approx([241.8, 114.3])


def test_points_wrap_and_cells_end_at_the_seam():
    assert [p.x for p in geometry.points([0, 0, 0], [241.8, -180, 180])] == [-118.2, -180, 180]
    (cell,) = geometry.cell_polygons([-180], [0], [-179.9], [0.1])
    assert cell.bounds == (-180, 0, -179.9, 0.1)
    with pytest.raises(ValueError, match="180 is a cell edge"):
        geometry.cell_polygons([179.95], [0], [180.05], [0.1])


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (None, "missing or empty"),
        (shapely.Point(), "missing or empty"),
        (shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]), "invalid"),
        (shapely.Point(200, 0), "outside"),
        (shapely.Point(0, 95), "outside"),
        (shapely.LineString([(-179, 0), (179, 0)]), "wider than 180"),
    ],
)
def test_a_file_refuses(bad, word):
    with pytest.raises(ValueError, match=f"1 of 2 geometries {word}.*row 1"):
        geometry.check_exchange([shapely.Point(0, 0), bad], "things")

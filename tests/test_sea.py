"""Coasts, and ways at sea that keep off them."""

import itertools

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from corridor import reference
from corridor.simulation.lanes import draw, network
from layers import capes
from layers.coast import Coast
from layers.geodesy import display_longitude, distance_m, great_circle_points
from layers.sea import NoWayError, Sea

# Small seas with much land in them: latitude and longitude ranges.
WATERS = {
    "japan": ((30.0, 43.0), (128.0, 146.0)),
    "taiwan": ((21.0, 27.0), (116.0, 124.0)),
    "philippines": ((7.0, 19.0), (117.0, 127.5)),
    "california": ((32.0, 38.5), (-125.0, -117.0)),
    "pearl_river": ((21.9, 22.9), (113.4, 115.0)),
    "san_pedro": ((33.4, 33.8), (-118.6, -117.9)),
    "west_of_180": ((40.0, 60.0), (160.0, 179.9)),
    "east_of_180": ((40.0, 60.0), (-179.9, -150.0)),
}


@st.composite
def places(draw_from, names=tuple(WATERS)):
    lats, lons = WATERS[draw_from(st.sampled_from(names))]
    return draw_from(st.floats(*lats)), draw_from(st.floats(*lons))


@pytest.fixture(scope="module")
def sea():
    return reference.sea()


@pytest.fixture(scope="module")
def land():
    """A tree over land in 0-360, cut small to be quick; apart from the index that is tested."""
    shapes = reference.land_polygons()
    west, south = (values.ravel() for values in np.meshgrid(np.arange(99, 255, 3), np.arange(5, 65, 3)))
    boxes = shapely.box(west, south, west + 3, south + 3)
    box, shape = shapely.STRtree(shapes).query(boxes)
    parts = shapely.intersection(shapes[shape], boxes[box])
    return shapely.STRtree(parts[shapely.area(parts) > 0])


def crossings(sea, way, land, step_m=2000.0):
    """How many pieces of a way, drawn point by point along its great circles, touch land."""
    _, (lat0, lon0, lat1, lon1) = sea.pieces([way], step_m)
    ends = [(display_longitude(lon), lat) for lon, lat in ((lon0, lat0), (lon1, lat1))]
    lines = shapely.linestrings(np.stack([np.column_stack(end) for end in ends], axis=1))
    return len(np.unique(land.query(lines, predicate="intersects")[0]))


def way_or_reason(sea, *ends):
    try:
        return sea.way(*ends)
    except NoWayError as error:
        return error.reason


def in_water(land, *ends):
    points = [shapely.Point(float(display_longitude(lon)), lat) for lat, lon in ends]
    return not len(land.query(points, predicate="intersects")[0])


@given(start=places(), end=places())
@settings(max_examples=120)
def test_no_way_between_places_at_sea_touches_land(sea, land, start, end):
    assume(in_water(land, start, end))
    way = way_or_reason(sea, *start, *end)
    # A lagoon that has no mouth on the map is the only place at sea without a way.
    if way == "enclosed":
        return
    assert crossings(sea, way, land) == 0
    assert (way.lat[0], way.lat[-1]) == (start[0], end[0])
    assert way.length_m >= float(distance_m(*start, *end)) - 0.1


@given(start=places(), end=places(), turns=st.tuples(st.integers(-1, 1), st.integers(-1, 1)))
@settings(max_examples=60)
def test_both_directions_and_any_longitudes_give_the_same_way(sea, start, end, turns):
    way, back = way_or_reason(sea, *start, *end), way_or_reason(sea, *end, *start)
    # Whole turns cost the last bits of a longitude.
    shifted = way_or_reason(sea, start[0], start[1] + 360.0 * turns[0], end[0], end[1] + 360.0 * turns[1])
    if isinstance(way, str):
        assert back == way
        return
    assert back.lat.tolist() == way.lat[::-1].tolist()
    assert back.lon.tolist() == way.lon[::-1].tolist()
    assert back.length_m == way.length_m
    assert shifted.length_m == pytest.approx(way.length_m, rel=1e-6, abs=0.1)


@given(middle=places(), start=places(), end=places())
@settings(max_examples=40)
def test_a_way_is_not_longer_than_one_past_a_third_place(sea, land, middle, start, end):
    assume(in_water(land, start, middle, end))
    try:
        direct, past = sea.way(*start, *end), sea.via([start, middle, end])
    except NoWayError:
        assume(False)
    # Ways keep 1.5 nm off the capes they turn at; one that goes to a cape's foot may save a mile at each.
    assert direct.length_m <= past.length_m * 1.005 + 6 * 1852.0


@pytest.mark.parametrize("lane", ["osumi", "luzon", "mid_pacific"])
def test_a_hole_of_120_hours_over_180_is_within_2_percent_of_the_drawn_lane(sea, land, lane):
    lane_nm = []
    for seed in range(3):
        path = draw(network().lanes[lane], np.random.default_rng(seed))
        at = path.distance_nm
        # 120 hours at 18 kn, the date line a quarter, a half and three quarters down the hole.
        line = at[np.argmin(np.abs(display_longitude(path.longitude_deg) - 180.0))]
        for share in (0.25, 0.5, 0.75):
            first, last = np.searchsorted(at, [line - share * 2160.0, line + (1 - share) * 2160.0])
            lat, lon = path.latitude_deg, path.longitude_deg
            way = sea.way(lat[first], lon[first], lat[last], lon[last])
            lane_nm.append(way.length_m / 1852.0 / (at[last] - at[first]))
            assert crossings(sea, way, land) == 0
    assert np.abs(np.array(lane_nm) - 1.0).max() < 0.02


def test_the_stored_capes_stand_in_water_and_their_lines_keep_off_land(sea):
    lanes = reference.data_path() / "lanes"
    capes = pd.read_parquet(lanes / "capes_2026.parquet") / 1e5
    pairs = pd.read_parquet(lanes / "sights_2026.parquet").sample(4000, random_state=1)
    lat, lon = capes["lat_e5"].to_numpy(), capes["lon_e5"].to_numpy()
    here, there = pairs["cape"].to_numpy(), pairs["other"].to_numpy()
    assert not sea.coast.on_land(lat, lon).any()
    assert sea.coast.clear(lat[here], lon[here], lat[there], lon[there]).all()


def test_yantian_to_long_beach_goes_all_the_way_by_sea(sea, land):
    way = sea.way(22.56, 114.28, 33.745, -118.21)
    assert 6350 <= way.length_m / 1852 <= 6600
    # The approach of both ports is drawn on the port windows: only the ends may touch a quay.
    assert crossings(sea, way, land) <= 2
    assert way.lat.max() < 60


@pytest.mark.parametrize(
    ("place", "reason"),
    [((39.0, -106.0), "inland"), ((0.0, 180.0), "unknown_sea"), ((np.nan, 120.0), "unknown_sea")],
)
def test_places_without_a_way_say_why(sea, place, reason):
    with pytest.raises(NoWayError) as caught:
        sea.way(*place, 33.0, -125.0)
    assert caught.value.reason == reason


def test_a_berth_on_mapped_land_is_taken_to_the_nearest_water(sea):
    # Pier J: the middle of a terminal yard, 300 m from its quays.
    way = sea.way(33.7365, -118.1870, 33.0, -119.0)
    assert 60 < way.length_m / 1852 < 70


def test_out_of_enclosed_waters_on_the_lattice(sea, land):
    # Oakland lies behind the Golden Gate, Seattle behind Puget Sound: no cape of the network is in sight.
    # The Cerritos Channel at Long Beach is 150 m wide.
    places = {(37.80, -122.35): (360, 400), (47.65, -122.45): (1100, 1170), (33.7690, -118.2270): (18, 20)}
    for place, nm in places.items():
        way = sea.way(*place, 33.5, -118.4)
        assert nm[0] < way.length_m / 1852 < nm[1]
        assert crossings(sea, way, land) == 0


def test_ways_on_a_drawn_sea_are_the_shortest():
    # Two walls with a gap each, and a way between them by hand: round both inner corners.
    walls = [shapely.box(179.0, 0.5, 179.2, 9.0), shapely.box(180.8, 11.0, 181.0, 19.5)]
    coast = Coast.of(walls, (175.0, 0.0, 185.0, 20.0))
    sea = Sea(coast, *capes.graph(coast, [capes.corners(capes.widened(walls, 0.5), 0.05)]))
    way = sea.way(5.0, 177.0, 15.0, -177.0)
    by_hand = [(5.0, 177.0), (9.0, 179.0), (11.0, 181.0), (15.0, 183.0)]
    least = sum(float(distance_m(*a, *b)) for a, b in itertools.pairwise(by_hand))
    assert least < way.length_m < least * 1.005
    around = sea.way(5.0, 178.9, 5.0, 179.3)
    south = 2 * float(distance_m(5.0, 179.0, 9.0, 179.0))
    assert around.length_m == pytest.approx(south, rel=0.03)


@given(st.data())
@settings(max_examples=80)
def test_the_index_agrees_with_polygons(sea, land, data):
    water = data.draw(st.sampled_from(list(WATERS)))
    (lat0, lon0), (lat1, lon1) = data.draw(places((water,))), data.draw(places((water,)))
    assert bool(sea.coast.on_land(lat0, lon0)) != in_water(land, (lat0, lon0))
    assume(in_water(land, (lat0, lon0), (lat1, lon1)))
    number = int(float(distance_m(lat0, lon0, lat1, lon1)) / 1000) + 2
    lat, lon = great_circle_points(lat0, lon0, lat1, lon1, np.linspace(0, 1, number))
    lat[[0, -1]], lon[[0, -1]] = (lat0, lat1), (lon0, lon1)
    points = np.column_stack([display_longitude(lon), lat])
    lines = shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1))
    touches = len(land.query(lines, predicate="intersects")[0]) > 0
    assert bool(sea.coast.clear(lat0, lon0, lat1, lon1)) != touches


def test_land_is_whole_at_180(sea):
    # Semisopochnoi lies west of 180, Adak east of it; between them, and south of both, is water.
    assert sea.coast.on_land([51.94, 51.85, 51.9], [179.6, -176.65, 180.0]).tolist() == [True, True, False]
    assert sea.coast.clear(50.0, 179.0, 50.0, -179.0)

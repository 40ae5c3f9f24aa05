"""Routes from berth to berth: lengths, land, both directions, 180 degrees, and what is refused."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor import reference
from corridor.errors import InputError
from corridor.tracks.passages import SHORTEST, lanes, plan_route, way_between
from layers.geodesy import distance_m, great_circle_points
from layers.sea import NoWayError

TERMINALS = ("Yantian", "Shekou", "Da Chan Bay")
NAMES = (*lanes(), SHORTEST)
# A berth lies in a strip beside its quay; a point of it may touch land as mapped. [m]
BERTH_M = 400.0


def on_land(way):
    """Whether each point of a way, one every half mile, lies on land; away from its ends."""
    legs_m = distance_m(way.lat[:-1], way.lon[:-1], way.lat[1:], way.lon[1:])
    lat, lon = [], []
    for k, metres in enumerate(legs_m):
        share = np.linspace(0, 1, max(int(metres / 926.0), 1) + 1)
        y, x = great_circle_points(way.lat[k], way.lon[k], way.lat[k + 1], way.lon[k + 1], share)
        lat.append(y)
        lon.append(x)
    lat, lon = np.concatenate(lat), np.concatenate(lon)
    ends = [distance_m(lat, lon, way.lat[k], way.lon[k]) > BERTH_M for k in (0, -1)]
    return reference.sea().coast.on_land(lat, lon) & ends[0] & ends[1]


@pytest.mark.parametrize("lane", NAMES)
@pytest.mark.parametrize("terminal", TERMINALS)
def test_every_lane_is_off_land_everywhere_in_both_directions(lane, terminal):
    for ends in ((terminal, "Long Beach"), ("Long Beach", terminal)):
        way = plan_route(*ends, lane=lane).way
        assert not on_land(way).any(), (lane, ends)


def test_the_default_from_yantian_has_the_length_that_ships_sail():
    route = plan_route("Yantian", "Long Beach")
    assert route.lane == "osumi"
    assert 6_350 < route.distance_nm < 6_600


def test_shekou_lies_farther_than_yantian_by_the_way_round_hong_kong():
    nm = {name: plan_route(name, "Long Beach").distance_nm for name in TERMINALS}
    assert 20 < nm["Shekou"] - nm["Yantian"] < 80
    assert nm["Shekou"] < nm["Da Chan Bay"] < nm["Shekou"] + 15


@pytest.mark.parametrize("lane", NAMES)
def test_a_lane_is_as_long_home_as_out(lane):
    out = plan_route("Yantian", "Long Beach", lane=lane)
    home = plan_route("Long Beach", "Yantian", lane=lane)
    assert (out.direction, home.direction) == ("eastbound", "westbound")
    assert home.distance_nm == pytest.approx(out.distance_nm, rel=0.01)


@pytest.mark.parametrize("lane", NAMES)
def test_a_route_crosses_180_degrees_once_and_in_one_piece(lane):
    way = plan_route("Yantian", "Long Beach", lane=lane).way
    lon = np.unwrap(way.lon, period=360.0)
    assert lon[-1] - lon[0] == pytest.approx(241.8 - 114.3, abs=1.0)
    assert np.abs(np.diff(lon)).max() < 120
    assert (np.abs(way.lon) <= 180).all()


@pytest.mark.parametrize("lane", lanes())
def test_lanes_pass_the_places_they_are_drawn_through(lane):
    way = plan_route("Yantian", "Long Beach", lane=lane).way
    for point in lanes()[lane].points:
        assert distance_m(*point, way.lat, way.lon).min() < 1.0


def test_lanes_sail_where_their_names_say():
    waters = reference.zones("waters").zones.set_index("zone_id").geometry
    for lane, water in (
        ("osumi", "taiwan_strait"),
        ("tsugaru", "sea_of_japan"),
        ("luzon", "luzon_strait"),
        ("bering", "bering_sea"),
        ("southern", "luzon_strait"),
    ):
        lat, lon = points_of(plan_route("Yantian", "Long Beach", lane=lane).way)
        assert waters[water].intersects(multipoint(lat, lon)), (lane, water)


def points_of(way):
    share = np.linspace(0, 1, 200)
    lat, lon = great_circle_points(
        way.lat[:-1, None], way.lon[:-1, None], way.lat[1:, None], way.lon[1:, None], share
    )
    return lat.ravel(), lon.ravel()


def multipoint(lat, lon):
    return shapely.MultiPoint(np.column_stack([lon, lat]))


def test_a_place_to_pass_is_passed():
    route = plan_route("Yantian", "Long Beach", via=["KRPUS"])
    assert distance_m(*route.via[0].where, route.way.lat, route.way.lon).min() < 1.0
    assert route.lane == SHORTEST
    kept = plan_route("Yantian", "Long Beach", via=[(45.0, 180.0)], lane="osumi")
    assert distance_m(45.0, 180.0, kept.way.lat, kept.way.lon).min() < 1.0
    assert kept.distance_nm < plan_route("Yantian", "Long Beach").distance_nm + 30


@pytest.mark.parametrize(
    ("start", "end", "settings_", "code"),
    [
        ("Yantian", "Long Beach", {"lane": "panama"}, "unknown_lane"),
        ("Yantian", "Tokyo", {"lane": "osumi"}, "lane_elsewhere"),
        ((39.0, -98.0), "Yantian", {}, "no_way"),
        ("Yantian", (0.0, float("nan")), {}, "bad_place"),
        ((33.9, -118.2), "Yantian", {}, "no_way"),  # eight miles inland of Long Beach
        ((22.58, 114.268), "Long Beach", {}, "no_way"),  # a pond behind the quays of Yantian
    ],
)
def test_what_cannot_be_planned_is_refused(start, end, settings_, code):
    with pytest.raises(InputError) as refused:
        plan_route(start, end, **settings_)
    assert refused.value.code == code
    assert len(str(refused.value).splitlines()) == 1


def test_river_ports_are_reached_over_the_lanes():
    for name, nm in (("Bangkok", 1_500), ("Huangpu", 1_500)):
        assert plan_route(name, "Tokyo" if name == "Huangpu" else "Yantian").distance_nm > nm * 0.95


def test_other_pairs_go_over_the_lanes_of_the_world():
    route = plan_route("Yantian", "NLRTM")
    assert 9_500 < route.distance_nm < 10_300
    assert not on_land(route.way).any()
    assert plan_route("Yantian", "Shekou").distance_nm < 80
    assert plan_route("Long Beach", "Los Angeles").distance_nm < 15


places = st.tuples(st.floats(6, 64), st.floats(100, 254))


@settings(max_examples=60, deadline=None)
@given(places, places)
def test_any_two_places_of_the_northern_pacific_have_a_way_off_land_or_a_refusal(start, end):
    try:
        way = way_between(start, end)
    except NoWayError as refused:
        reasons = refused.reason
    else:
        reasons = ""
        assert math.isfinite(way.length_m)
        assert way.length_m >= float(distance_m(*start, *end)) * (1 - 1e-5)
        assert way_between(end, start).length_m == pytest.approx(way.length_m, rel=0.01)
    assert reasons in {"", "inland", "enclosed", "unknown_sea"}


@settings(max_examples=30, deadline=None)
@given(places, places)
def test_ways_between_places_at_sea_cross_no_land(start, end):
    coast = reference.sea().coast
    if coast.on_land(*start) or coast.on_land(*end):
        return
    try:
        way = reference.sea().way(*start, *end)
    except NoWayError:
        return
    assert not on_land(way).any()

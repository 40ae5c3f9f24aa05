"""Lanes of the world: finite, off land, refused where they cannot be; and nothing moved without a word."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor import reference
from corridor.geography.lanegraph import lane_tables
from layers.lanes import Land, LaneGraph, way_of
from layers.sea import NoWayError

# Rivers and harbours lie inside the coast of a map of 1 : 50 million. [nm]
SHORE_NM = 10.0


@pytest.fixture(scope="module")
def graph():
    return reference.lane_graph()


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ((39.0, -98.0), "inland"),
        ((float("nan"), 10.0), "unknown_sea"),
        ((10.0, float("inf")), "unknown_sea"),
        ((95.0, 10.0), "unknown_sea"),
        ((10.0, 400.0), "unknown_sea"),
        ((47.0, 60.0), "inland"),
    ],
)
def test_what_other_routers_accept_without_a_word_is_refused(graph, place, reason):
    with pytest.raises(NoWayError) as refused:
        graph.way(place, (51.98, 4.05))
    assert refused.value.reason == reason


def test_longitudes_from_0_to_360_are_the_same_places(graph):
    east, west = graph.way((-33.9, 18.4), (-34.6, 301.7)), graph.way((-33.9, 18.4), (-34.6, -58.3))
    assert east.length_m == pytest.approx(west.length_m, rel=1e-12)
    assert np.abs(west.lon).max() <= 180


# Lengths that tables of distances agree on to some 2 %. [nm]
@pytest.mark.parametrize(
    ("start", "end", "nm"),
    [
        ((51.98, 4.05), (1.25, 103.85), 8_290),  # Rotterdam – Singapore by Suez
        ((40.65, -74.05), (33.7, -118.2), 4_930),  # New York – Los Angeles by Panama
        ((-33.9, 18.4), (-34.6, -58.2), 3_770),  # Cape Town – Buenos Aires
    ],
)
def test_known_distances_are_met(graph, start, end, nm):
    assert graph.way(start, end).length_m / 1852 == pytest.approx(nm, rel=0.03)


def test_lanes_of_the_ocean_keep_off_land(graph):
    here, there = graph.pairs.T
    length = np.array(
        [
            way_of([(graph.lat[a], graph.lon[a]), (graph.lat[b], graph.lon[b])]).length_m
            for a, b in zip(here[::40], there[::40], strict=True)
        ]
    )
    long = np.flatnonzero(length > 25 * 1852)
    assert len(long) > 50
    for number in long:
        a, b = graph.pairs[::40][number]
        over = graph.land.crossed_nm(graph.lat[a], graph.lon[a], graph.lat[b], graph.lon[b])
        assert over <= 2.0, (a, b, over)


seas = st.tuples(st.floats(-60, 65), st.floats(-180, 180))


@settings(max_examples=40, deadline=None)
@given(seas, seas)
def test_any_two_places_have_a_finite_way_or_a_clear_refusal(start, end):
    graph = reference.lane_graph()
    way = _way_or_refusal(graph, start, end)
    if way is None:
        return
    assert math.isfinite(way.length_m)
    direct = way_of([start, end]).length_m
    assert way.length_m >= direct * (1 - 1e-5)
    assert (way.lat[0], way.lat[-1]) == (start[0], end[0])
    back = graph.way(end, start)
    assert back.length_m == pytest.approx(way.length_m, rel=0.01)
    steps = np.abs(np.diff(np.unwrap(way.lon, period=360)))
    assert steps.max(initial=0) <= 180
    assert _over_land(graph.land, way) <= _rivers(graph, way) + 2 * SHORE_NM + 0.02 * way.length_m / 1852


def _way_or_refusal(graph, start, end):
    """The way; or nothing where it is refused with a reason and a cure."""
    try:
        return graph.way(start, end)
    except NoWayError as error:
        refused = error
    assert refused.reason in {"inland", "enclosed"}
    assert "give a place" in str(refused)
    return None


def _over_land(land, way):
    legs = zip(way.lat[:-1], way.lon[:-1], way.lat[1:], way.lon[1:], strict=True)
    return sum(land.crossed_nm(*leg) for leg in legs)


def _rivers(graph, way):
    """Miles over coarse land of the short and narrow lanes: rivers, canals, straits."""
    legs = zip(way.lat[1:-2], way.lon[1:-2], way.lat[2:-1], way.lon[2:-1], strict=True)
    short = [leg for leg in legs if way_of([leg[:2], leg[2:]]).length_m < 100 * 1852]
    return sum(graph.land.crossed_nm(*leg) for leg in short)


def test_land_is_measured_in_miles_everywhere():
    land = Land([shapely.box(-10, 55, 10, 65)])
    assert land.crossed_nm(60, -20, 60, 20) > 500
    assert land.inland_nm(60.0, 9.0) == pytest.approx(30.0, rel=0.02)
    assert land.inland_nm(60.0, 11.0) == 0


def test_the_graph_is_built_without_lanes_over_land_but_with_rivers_and_canals():
    def line(*points, passage=None):
        return {"properties": {"passage": passage}, "geometry": {"type": "LineString", "coordinates": points}}

    land = Land([shapely.box(-10, 10, 10, 20)])
    features = [
        line([-12, 9], [0, 9], [12, 9]),
        line([-12, 9], [-12, 21], [12, 21], [12, 9]),
        line([0, 9], [0, 9.9], [0, 10.2], [0, 10.4]),  # a river
        line([12, 21], [190, 21]),
        line([-170, 21], [-160, 21]),  # goes on where 190 E ends
        line([0, 9], [0, 21], passage="suez"),
        line([3, 9], [3, 21]),  # over land
        line([100, -40], [101, -40]),  # hangs together with nothing
    ]
    places, pairs = lane_tables(features, land)
    at = list(zip(places["lon_e5"] / 1e5, places["lat_e5"] / 1e5, strict=True))
    joined = {frozenset((at[a], at[b])) for a, b in pairs.to_numpy()}
    assert frozenset(((0, 9), (0, 21))) in joined
    assert frozenset(((0, 10.2), (0, 10.4))) in joined
    assert frozenset(((-170, 21), (-160, 21))) in joined
    assert not {(3.0, 9.0), (3.0, 21.0), (100.0, -40.0)} & set(at)
    assert len(places) == len(set(at))


def test_a_place_out_of_reach_is_refused():
    lone = LaneGraph(
        np.array([0.0, 1.0]), np.array([0.0, 0.0]), np.array([[0, 1]]), Land([shapely.box(50, -90, 60, 90)])
    )
    with pytest.raises(NoWayError, match="no sea lane"):
        lone.way((0.0, 100.0), (0.0, 0.5))

"""Holes in tracks: filled at sea, or unobserved for a reason; no hour lost, none counted twice."""

import dataclasses

import numpy as np
import pytest
import shapely
from drawn_ais import HOUR, MINUTE, together, track
from hypothesis import given, settings
from hypothesis import strategies as st
from test_trajectories import assert_balanced, hours, lost_ms, moored, sailing

from corridor import reference, schema
from corridor.simulation.lanes import draw, network
from corridor.tracks.gaps import APPROACH, HARBOUR, OPEN, GapSettings, fill
from corridor.tracks.trajectories import FILLED, LEG, OBSERVED, STAY, trace
from layers.geodesy import display_longitude, distance_m, wrap_longitude

SETTINGS = GapSettings()


@pytest.fixture(scope="module")
def sea():
    return reference.sea()


@pytest.fixture(scope="module")
def crossing():
    """A lane over the Pacific drawn for the simulator, sailed at 18 kn: a fix every ten minutes."""
    path = draw(network().lanes["luzon"], np.random.default_rng(3))
    t_ms = np.arange(0, int(path.distance_nm[-1] / 18 * 60), 10) * MINUTE
    at = t_ms / HOUR * 18.0
    lat = np.interp(at, path.distance_nm, path.latitude_deg)
    lon = wrap_longitude(np.interp(at, path.distance_nm, path.longitude_deg))
    return track(t_ms, lat, lon, 18.0)


def kept(rows, mask):
    return {name: values[mask] for name, values in rows.items()}


def nm(segments, origin=None):
    chosen = slice(None) if origin is None else segments.origin == origin
    return float(segments.distance_m[chosen].sum() / 1852.0)


def filled_hours(segments):
    span = segments.t1_ms - segments.t0_ms
    return float(span[segments.origin == FILLED].sum()) / HOUR


def assert_joined(segments):
    """Each leg begins where the segment before it ended, unless a hole or a stay lies between."""
    after = np.flatnonzero(
        (segments.vessel[1:] == segments.vessel[:-1]) & (segments.t0_ms[1:] == segments.t1_ms[:-1])
    )
    jump = distance_m(
        segments.lat1[after], segments.lon1[after], segments.lat0[after + 1], segments.lon0[after + 1]
    )
    # A stay lies at the mean of its fixes, up to its radius of 0.3 nm (half a square's side) from each.
    stays = (segments.kind[after] == STAY) | (segments.kind[after + 1] == STAY)
    assert (jump <= np.where(stays, 0.3 * 1852 * 1.5, 1e-6)).all()


def test_a_hole_of_120_hours_over_180_is_filled_within_2_percent(sea, crossing):
    t_h = crossing["t_ms"] / HOUR
    # Where the lane meets 180 the ship has sailed for about 160 hours.
    line = t_h[np.argmin(np.abs(display_longitude(crossing["lon"]) - 180.0))]
    rows = kept(crossing, (t_h < line - 70) | (t_h > line + 50))
    whole, holed = trace(crossing), fill(trace(rows), SETTINGS, sea)
    assert_balanced(holed, rows)
    assert_joined(holed)
    assert filled_hours(holed) == pytest.approx(120, abs=0.4)
    assert nm(holed) == pytest.approx(nm(whole), rel=0.005)
    assert nm(holed, FILLED) == pytest.approx(18 * filled_hours(holed), rel=0.02)
    filled = holed.origin == FILLED
    assert holed.observed_ms[filled].tolist() == [0] * int(filled.sum())
    assert np.isnan(holed.sog_kn[filled]).all()
    assert set(holed.draught_m[filled].tolist()) == {12.0}
    assert (np.diff(display_longitude(holed.lon0[filled])) > 0).all()
    assert set(holed.voyage.tolist()) == {0}
    schema.check(holed.columns(), schema.SEGMENTS)
    schema.check(holed.unobserved, schema.UNOBSERVED)


def test_a_hole_while_moored_adds_no_miles_and_loses_no_hours(sea):
    rows = together(moored(5), moored(5, start=65 * HOUR))
    segments = fill(trace(rows), SETTINGS, sea)
    assert (segments.kind.tolist(), hours(segments), nm(segments)) == ([STAY], 70, 0.0)
    assert segments.observed_ms.tolist() == [10 * HOUR]
    # Seen again at the next basin: a mile sailed, and the rest of the hours waited.
    rows = together(moored(5), moored(5, start=65 * HOUR, at=(33.7375, -118.2160)))
    segments = fill(trace(rows), SETTINGS, sea)
    assert_balanced(segments, rows)
    assert hours(segments, STAY) > 69
    assert 1 < nm(segments) < 4
    assert filled_hours(segments) == pytest.approx(60, abs=0.2)


@given(seed=st.integers(0, 2**31), share=st.floats(0.02, 0.9), block_h=st.integers(1, 30))
@settings(max_examples=25)
def test_thinning_keeps_every_hour_and_raises_the_filled_share(sea, crossing, seed, share, block_h):
    rng = np.random.default_rng(seed)
    block = crossing["t_ms"] // (block_h * HOUR)
    gone = rng.random(block.max() + 1) < share
    gone[[0, -1]] = False
    once = kept(crossing, ~gone[block])
    gone |= rng.random(len(gone)) < 0.3
    gone[[0, -1]] = False
    twice = kept(crossing, ~gone[block])
    results = [fill(trace(rows), SETTINGS, sea) for rows in (crossing, once, twice)]
    for segments, rows in zip(results, (crossing, once, twice), strict=True):
        assert_balanced(segments, rows)
        assert hours(segments) + lost_ms(segments) / HOUR == hours(results[0])
        # No way is longer than the one that was sailed, but for the capes it keeps off.
        assert nm(segments) <= nm(results[0]) * 1.01
    shares = [filled_hours(segments) for segments in results]
    assert shares[0] == 0 <= shares[1] <= shares[2] + 1e-9


@given(
    ends=st.lists(
        st.tuples(st.floats(21, 42), st.floats(118, 146), st.integers(0, 400)), min_size=2, max_size=5
    )
)
@settings(max_examples=40)
def test_filled_legs_cross_no_land_and_every_hole_is_filled_or_has_a_reason(sea, ends):
    """Reports anywhere around Japan and Taiwan, on land too, some hours apart."""
    t_ms = np.cumsum([hour for *_, hour in ends]) * HOUR + np.arange(len(ends)) * HOUR
    rows = track(t_ms, np.array([lat for lat, *_ in ends]), np.array([lon for _, lon, _ in ends]), 12.0)
    traced = trace(rows)
    segments = fill(traced, SETTINGS, sea)
    assert_balanced(segments, rows)
    known = {"too_long", "inland", "enclosed", "impossible_speed"}
    assert set(segments.unobserved["reason"]) <= known
    way = segments.origin == FILLED
    speed = segments.distance_m[way] / 1852 / ((segments.t1_ms - segments.t0_ms)[way] / HOUR)
    assert (speed[segments.distance_m[way] > 10_000] <= SETTINGS.most_kn * 1.001).all()
    land = shapely.STRtree(reference.land_polygons())
    at_sea = ~sea.coast.on_land(rows["lat"], rows["lon"])
    for i in np.flatnonzero(way & (segments.kind == LEG)):
        ends_x = display_longitude([segments.lon0[i], segments.lon1[i]])
        line = shapely.LineString(np.column_stack([ends_x, [segments.lat0[i], segments.lat1[i]]]))
        if at_sea.all() and line.length > 0:
            # The straight line of 60 nm lies within 0.1 nm of its great circle; ways keep 1.5 nm off capes.
            assert not len(land.query(line, predicate="crosses"))


def leaving_and_back(silence_h, miles, kn=12.0):
    """Under way for three hours, silence, under way again so many miles further east."""
    first = sailing(3, kn=kn)
    start = int(first["t_ms"][-1]) + int(silence_h * HOUR)
    east = miles / 60 / np.cos(np.radians(33.0))
    return together(first, sailing(3, start=start, lon=float(first["lon"][-1]) + east, kn=kn))


def test_a_ship_that_had_more_time_than_she_needed_waited_before_arrival(sea):
    rows = leaving_and_back(40, -120)
    segments = fill(trace(rows), SETTINGS, sea)
    assert_balanced(segments, rows)
    filled = np.flatnonzero(segments.origin == FILLED)
    assert segments.kind[filled].tolist() == [LEG] * (len(filled) - 1) + [STAY]
    legs = filled[:-1]
    sailed_h = (segments.t1_ms[legs] - segments.t0_ms[legs]).sum() / HOUR
    assert nm(segments, FILLED) / sailed_h == pytest.approx(12.0, rel=0.01)
    assert (segments.lat0[filled[-1]], segments.lon1[filled[-1]]) == (
        segments.lat0[filled[-1] + 1],
        segments.lon0[filled[-1] + 1],
    )


@pytest.mark.parametrize(
    ("ends", "waits_at", "reason"),
    [
        ((OPEN, OPEN), "end", None),
        ((HARBOUR, OPEN), "beginning", None),
        ((HARBOUR, HARBOUR), "end", None),
        ((APPROACH, HARBOUR), "end", None),
        ((HARBOUR, APPROACH), "beginning", None),
        # Nobody knows where she lay: not in the fairway.
        ((APPROACH, OPEN), None, "call_unseen"),
        ((OPEN, APPROACH), None, "call_unseen"),
    ],
)
def test_a_wait_is_put_where_a_ship_may_lie(sea, ends, waits_at, reason):
    rows = leaving_and_back(40, -120)
    asked = iter(ends)
    segments = fill(trace(rows), SETTINGS, sea, lambda lat, lon: np.full(len(lat), next(asked)))
    assert_balanced(segments, rows)
    assert segments.unobserved["reason"].tolist() == ([reason] if reason else [])
    stays = (segments.kind == STAY)[segments.origin == FILLED]
    found = {"beginning": stays[:1], "end": stays[-1:]}.get(waits_at, ~stays)
    assert found.all()
    assert stays.sum() == (waits_at is not None)


def test_a_short_wait_near_a_port_is_filled(sea):
    rows = leaving_and_back(14, -120)
    segments = fill(trace(rows), SETTINGS, sea, lambda lat, lon: np.full(len(lat), APPROACH))
    assert len(segments.unobserved) == 0
    assert filled_hours(segments) == 14.0


def test_a_ship_seen_at_rest_before_waited_there(sea):
    rest = moored(5, at=(33.0, -119.0))
    rows = together(rest, sailing(3, start=45 * HOUR, lon=-121.0))
    segments = fill(trace(rows), SETTINGS, sea)
    assert_balanced(segments, rows)
    filled = np.flatnonzero(segments.origin == FILLED)
    assert segments.kind[filled].tolist() == [STAY] + [LEG] * (len(filled) - 1)
    assert hours(segments, STAY) > 30


def test_a_drifting_ship_drifts_on(sea):
    rows = leaving_and_back(20, -30, kn=1.8)
    rows["sog_kn"][:] = 1.8
    # Under way before: her own speed is 12 kn, and yet she did not sail two hours and lie still for 18.
    before = sailing(3, start=-4 * HOUR, lon=-118.4, kn=-12.0)
    before["sog_kn"][:] = 12.0
    segments = fill(trace(together(before, rows)), SETTINGS, sea)
    filled = segments.origin == FILLED
    assert set(segments.kind[filled].tolist()) == {LEG}
    assert nm(segments, FILLED) == pytest.approx(30, rel=0.01)


def test_slow_steaming_is_no_wait(sea):
    segments = fill(trace(leaving_and_back(20, -150)), SETTINGS, sea)
    assert STAY not in segments.kind[segments.origin == FILLED]
    assert segments.unobserved.empty


def test_an_incredible_speed_at_an_end_is_not_taken_for_her_own(sea):
    """65 kn before the hole: she did not sail a hole at 40 kn and lie still for half of it."""
    rows = leaving_and_back(20, -300)
    rows["sog_kn"][: len(rows["sog_kn"]) // 2] = 65.0
    segments = fill(trace(rows), SETTINGS, sea)
    assert STAY not in segments.kind[segments.origin == FILLED]


@pytest.mark.parametrize(
    ("rows", "changes", "reason"),
    [
        (leaving_and_back(400, -300), {}, "too_long"),
        (leaving_and_back(20, -100), {"longest_h": 19.0}, "too_long"),
        (leaving_and_back(8, -300), {}, "impossible_speed"),
        (leaving_and_back(30, -20), {"area": (-118.5, 30.0, -110.0, 40.0)}, "out_of_area"),
        (leaving_and_back(30, -20), {"area": (100.0, 30.0, -118.3, 40.0)}, "out_of_area"),
    ],
)
def test_holes_that_stay_say_why(sea, rows, changes, reason):
    traced = trace(rows)
    segments = fill(traced, dataclasses.replace(SETTINGS, **changes), sea)
    assert segments.unobserved["reason"].tolist() == [reason]
    assert_balanced(segments, rows)
    # Whoever was out of sight for good begins a new voyage.
    assert segments.voyage.tolist() == traced.voyage.tolist()
    assert set(segments.voyage.tolist()) == {0, 1}


def test_ends_inland_or_in_unknown_waters_are_said(sea):
    for place, reason in (((39.0, -106.5), "inland"), ((-10.0, -119.0), "unknown_sea")):
        far = track(np.arange(3) * HOUR + 350 * HOUR, *np.repeat(place, 3).reshape(2, 3), 0.5)
        rows = together(sailing(3), far)
        segments = fill(trace(rows), SETTINGS, sea)
        assert segments.unobserved["reason"].tolist() == [reason]
        assert_balanced(segments, rows)


def test_voyages_run_through_filled_holes_and_are_numbered_on(sea):
    # Filled hole, hole that stays, filled hole: two voyages.
    parts = [
        sailing(3, start=hour * HOUR, lon=-120 - away) for hour, away in ((0, 0), (13, 2), (500, 4), (513, 6))
    ]
    rows = together(*parts)
    traced = trace(rows)
    assert sorted(set(traced.voyage.tolist())) == [0, 1, 2, 3]
    segments = fill(traced, SETTINGS, sea)
    assert_balanced(segments, rows)
    assert sorted(set(segments.voyage.tolist())) == [0, 1]
    assert segments.unobserved["reason"].tolist() == ["too_long"]
    assert (np.diff(segments.voyage) >= 0).all()
    assert segments.unobserved["voyage"].tolist() == [0]


def test_no_vessel_changes_another(sea, crossing):
    holed = kept(crossing, (crossing["t_ms"] // (40 * HOUR)) % 2 == 0)
    other = leaving_and_back(20, -150)
    other["ship"][:] = 1
    alone = [fill(trace(rows), SETTINGS, sea) for rows in (holed, other)]
    both = fill(trace(together(holed, other)), SETTINGS, sea)
    for name in ("t0_ms", "lat0", "lon1", "distance_m", "voyage", "origin", "draught_m"):
        joined = np.concatenate([getattr(segments, name) for segments in alone])
        np.testing.assert_array_equal(getattr(both, name), joined)


def test_without_holes_nothing_is_touched(sea):
    segments = trace(sailing(3))
    assert fill(segments, SETTINGS, sea) is segments
    assert set(segments.origin.tolist()) == {OBSERVED}

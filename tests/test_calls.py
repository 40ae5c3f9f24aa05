"""Port calls read from tracks: drawn ships with a known truth, and what must hold for any track."""

import numpy as np
import pandas as pd
import pytest
from drawn_calls import BUSAN, GROUNDS, HOUR, LB, QUAY, START, called, drawn
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor import reference
from corridor.tracks.calls import COLUMNS, HOURS, CallSettings, Grounds, find_calls, no_calls, ports
from corridor.tracks.trajectories import trace
from layers.geodesy import distance_m


def miles_of_point_fermin(off):
    """Distance of a place so many miles south of the quay from the middle of the rings. [nm]"""
    lat = QUAY[0] - np.atleast_1d(off) / 60.0
    there = (
        np.full(lat.shape, ports().lat[LB]),
        np.full(lat.shape, ports().lon[LB]),
        np.full(lat.shape, QUAY[1]),
    )
    return distance_m(there[0], there[1], lat, there[2]) / 1852


def test_a_call_has_its_times_and_hours():
    calls = called(drawn([(80, 0), (10, 5), (0, 20), (80, 0)]))
    assert calls["port"].tolist() == ["LB"]
    assert calls["berth_zone"].tolist() == ["quay"]
    call = calls.iloc[0]
    hour = pd.Timedelta(hours=1)
    # 70 nm at 12 kn, five hours at anchor, 10 nm more.
    begin = pd.Timestamp(START, unit="ms", tz="UTC")
    assert abs(call["anchored_utc"] - (begin + 70 / 12 * hour)) < pd.Timedelta(minutes=7)
    assert abs(call["all_fast_utc"] - (begin + (80 / 12 + 5) * hour)) < pd.Timedelta(minutes=7)
    assert call["hours_at_berth"] == pytest.approx(20, abs=0.1)
    assert call["hours_at_anchor"] == pytest.approx(5, abs=0.1)
    off = np.linspace(0, 80, 8001)
    ring = {miles: off[np.abs(miles_of_point_fermin(off) - miles).argmin()] for miles in (20, 40)}
    for miles, name in ((40, "arrive_40nm_utc"), (20, "arrive_20nm_utc")):
        expected = begin + (80 - ring[miles]) / 12 * hour
        assert abs(call[name] - expected) < pd.Timedelta(minutes=1)
    assert abs(call["leave_40nm_utc"] - call["sailed_utc"] - ring[40] / 12 * hour) < pd.Timedelta(minutes=7)
    assert call["observed_share"] == 1.0
    assert call["shifts"] == 0


def test_speeds_tell_a_slow_ship_from_a_fast_one():
    slow, fast = called(drawn([(80, 0), (0, 20)], knots=12.0)), called(drawn([(80, 0), (0, 20)], knots=15.0))
    assert slow["in_20nm_slow_share"].iloc[0] == 1.0
    assert slow["in_40nm_max_kn"].iloc[0] == pytest.approx(12, abs=0.01)
    assert fast["in_40nm_slow_share"].iloc[0] < 0.1
    assert fast["in_40nm_mean_kn"].iloc[0] == pytest.approx(15, abs=0.4)
    assert np.isnan(fast["out_20nm_mean_kn"].iloc[0])


def test_a_ship_that_only_waits_off_the_port_does_not_call():
    assert called(drawn([(80, 0), (10, 30), (80, 0)])).empty


def test_two_visits_are_two_calls_and_a_shift_is_none():
    twice = called(drawn([(80, 0), (0, 20), (80, 0), (0, 20)]))
    assert twice["call_no"].tolist() == [1, 2]
    assert twice["hours_at_berth"].round().tolist() == [20, 20]
    # Out to the anchorage and back to the berth is one call.
    assert called(drawn([(80, 0), (0, 20), (12, 8), (0, 20), (80, 0)]))[
        "hours_at_berth"
    ].round().tolist() == [40]


def test_a_silence_of_days_between_stays_parts_two_calls():
    track = drawn([(0, 20), (20, 0), (0, 20)])
    away = (track["t_ms"] > START + 21 * HOUR) & (track["t_ms"] < START + 22 * HOUR)
    later = track["t_ms"] >= START + 22 * HOUR
    track["t_ms"] = np.where(later, track["t_ms"] + 20 * 24 * HOUR, track["t_ms"])
    heard = {name: values[~away] for name, values in track.items()}
    calls = called(heard)
    assert len(calls) == 2
    assert calls["hours_unobserved"].tolist() == [0.0, 0.0]
    assert calls["leave_40nm_utc"].isna().all()
    assert calls["arrive_40nm_utc"].isna().all()


def test_a_moored_ship_elsewhere_calls_at_the_nearest_port():
    lat, lon = ports().lat[BUSAN], ports().lon[BUSAN]
    track = drawn([(0, 12)])
    for miles, expected in ((10, "KRPUS"), (40, "other")):
        moved = track | {
            "lat": np.full_like(track["lat"], lat + miles / 60),
            "lon": np.full_like(track["lon"], lon),
        }
        segments = trace(moved)
        still = np.full(len(segments), 4.0), np.full(len(segments), 0.4)
        found = find_calls(segments, np.zeros(len(segments), np.int64), *still, GROUNDS)
        assert found["port"].tolist() == [expected]
        swinging = np.full(len(segments), 90.0), still[1]
        assert find_calls(segments, np.zeros(len(segments), np.int64), *swinging, GROUNDS).empty
        short = CallSettings(least_h=13.0)
        assert find_calls(segments, np.zeros(len(segments), np.int64), *still, GROUNDS, short).empty


def test_no_calls_have_the_columns_and_types_of_calls():
    some = called(drawn([(80, 0), (0, 20), (80, 0)]))
    assert list(no_calls().columns) == list(COLUMNS) == list(some.columns)
    assert {name: str(kind) for name, kind in no_calls().dtypes.items()} == {
        name: str(kind) for name, kind in some.dtypes.items()
    }


def test_the_inventory_says_which_zones_are_berths():
    grounds = Grounds.of(reference.zones("port"))
    berths = dict(zip(grounds.zone_ids, grounds.berth_port, strict=True))
    assert berths["lb_pier_t"] == LB
    assert berths["spb_anchorage_f"] == -1
    assert berths["lb_harbour"] == -1
    assert {ports().codes[place] for place in grounds.berth_port if place >= 0} == {
        "LB",
        "LA",
        "YT",
        "SZW",
    }


STOPS = st.lists(
    st.tuples(st.sampled_from([0, 0, 5, 12, 18, 25, 38, 45, 70]), st.sampled_from([0.0, 0.6, 3.0, 14.0])),
    min_size=2,
    max_size=9,
)


@settings(max_examples=150)
@given(STOPS, st.sampled_from([8.0, 12.0, 19.0]), st.sets(st.integers(0, 400), max_size=60))
def test_hours_of_a_call_add_up_and_no_hour_is_in_two_calls(stops, knots, lost):
    track = drawn(stops, knots)
    kept = np.array(
        [row not in lost or row in (0, len(track["t_ms"]) - 1) for row in range(len(track["t_ms"]))]
    )
    calls = called({name: values[kept] for name, values in track.items()})
    parts = calls[list(HOURS)].sum(axis=1)
    assert (calls["hours"] - parts).abs().max() < 1e-5 or calls.empty
    assert (calls["hours_at_berth"] > 0).all()
    assert (calls["from_utc"] <= calls["all_fast_utc"]).all()
    assert (calls["sailed_utc"] <= calls["to_utc"]).all()
    assert (calls["from_utc"].iloc[1:].to_numpy() >= calls["to_utc"].iloc[:-1].to_numpy()).all()
    for first, second in (("arrive_40nm_utc", "arrive_20nm_utc"), ("arrive_20nm_utc", "all_fast_utc")):
        both = calls[first].notna() & calls[second].notna()
        assert (calls.loc[both, first] <= calls.loc[both, second]).all()
    if len(calls):
        # Every stay at the quay is in exactly one call.
        segments = trace({name: values[kept] for name, values in track.items()})
        still = (segments.kind == 1) & (np.abs(segments.lat0 - QUAY[0]) < 0.003)
        at_quay = (segments.t1_ms - segments.t0_ms)[still].sum() / HOUR
        assert calls["hours_at_berth"].sum() == pytest.approx(at_quay, abs=1e-6)


@settings(max_examples=60)
@given(STOPS, STOPS)
def test_a_ship_calls_alike_alone_and_in_company(one, other):
    first, second = drawn(one), drawn(other, ship=1)
    together = called(first, second)
    alone = pd.concat([called(first), called(second)], ignore_index=True).drop(columns="vessel_id")
    pd.testing.assert_frame_equal(together.drop(columns="vessel_id"), alone)

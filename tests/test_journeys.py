"""Journeys between the ends of the corridor, and voyages that lie between calls."""

import itertools

import numpy as np
import pandas as pd
import pytest
from drawn_calls import HOUR, START, called, drawn
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor.tracks.journeys import cut_at_calls, find_journeys, within
from corridor.tracks.trajectories import trace

PORTS = st.lists(st.sampled_from(["YT", "SZW", "LB", "LA", "KRPUS", "other"]), max_size=14)


def calls_at(ports, vessel="a"):
    """Calls of a ship, one a week, each twelve hours long."""
    at = pd.to_datetime("2026-01-05", utc=True) + pd.to_timedelta(7 * np.arange(len(ports)), unit="D")
    return pd.DataFrame(
        {
            "vessel_id": pd.Series([vessel] * len(ports), dtype="str"),
            "call_no": np.arange(len(ports)) + 1,
            "port": pd.Series(ports, dtype="str"),
            "lat": 30.0,
            "lon": 122.0,
            "all_fast_utc": at,
            "sailed_utc": at + pd.Timedelta(hours=12),
            "to_utc": at + pd.Timedelta(hours=16),
        }
    )


def test_a_journey_goes_from_the_last_call_to_the_first():
    found = find_journeys(calls_at(["SZW", "YT", "KRPUS", "other", "LB", "LA", "KRPUS", "SZW", "YT"]))
    assert found["direction"].tolist() == ["eastbound", "westbound"]
    assert found["from_port"].tolist() == ["YT", "LB"]
    assert found["to_port"].tolist() == ["LB", "SZW"]
    assert found["via"].tolist() == ["KRPUS; other (30.00, 122.00)", "LA; KRPUS"]
    assert found["direct"].tolist() == [False, False]
    assert found["hours"].tolist() == [3 * 168 - 12, 3 * 168 - 12]


def test_los_angeles_is_an_end_where_asked_for():
    calls = calls_at(["YT", "LA", "LB", "LA", "YT"])
    assert find_journeys(calls)["via"].tolist() == ["LA", "LA"]
    both = find_journeys(calls, end="LB+LA")
    assert both["to_port"].tolist() == ["LA", "YT"]
    assert both["direct"].all()
    with pytest.raises(ValueError, match="known: LB, LB"):
        find_journeys(calls, end="SF")


def test_ships_do_not_finish_each_others_journeys():
    assert find_journeys(pd.concat([calls_at(["YT"]), calls_at(["LB"], "b")], ignore_index=True)).empty


@given(PORTS)
def test_journeys_take_turns_and_end_at_an_end(ports):
    found = find_journeys(calls_at(ports))
    ways = found["direction"].tolist()
    assert all(first != second for first, second in itertools.pairwise(ways))
    sides = [{"YT": "w", "SZW": "w", "LB": "e"}.get(port) for port in ports]
    known = [side for side in sides if side]
    assert len(found) == sum(a != b for a, b in itertools.pairwise(known))
    assert (found["depart_utc"] < found["arrive_utc"]).all()


@settings(max_examples=100)
@given(
    st.lists(
        st.tuples(st.sampled_from([0, 12, 45, 70]), st.sampled_from([0.0, 3.0, 14.0])), min_size=2, max_size=8
    )
)
def test_voyages_lie_between_calls_and_keep_every_segment(stops):
    segments = trace(drawn(stops))
    calls = called(drawn(stops))
    cut, voyages = cut_at_calls(segments, calls, find_journeys(calls))
    assert (cut.t0_ms == segments.t0_ms).all()
    assert len(cut) == len(segments)
    assert (np.diff(cut.voyage) >= 0).all()
    assert (cut.voyage >= segments.voyage).all()
    assert not voyages.duplicated(["vessel", "voyage"]).any()
    assert set(voyages["voyage"]) == set(cut.voyage.tolist())
    sailed = calls["sailed_utc"].dt.tz_convert(None).to_numpy("datetime64[ms]").astype(np.int64)
    for t_ms in sailed:
        before, after = cut.voyage[cut.t1_ms <= t_ms], cut.voyage[cut.t0_ms >= t_ms]
        assert not set(before.tolist()) & set(after.tolist())
    middle = (cut.t0_ms + cut.t1_ms) // 2
    port = voyages.set_index("voyage")
    for voyage, moment in zip(cut.voyage.tolist(), middle.tolist(), strict=True):
        assert port.loc[voyage, "last_port"] == ("LB" if (sailed < moment).any() else "")
        assert port.loc[voyage, "next_port"] == ("LB" if (sailed >= moment).any() else "")


def test_a_departure_is_not_booked_on_the_other_port_of_the_bay():
    stops = [(0, 20), (60, 3), (0, 20)]
    segments, calls = trace(drawn(stops)), called(drawn(stops))
    calls["port"] = pd.Series(["LB", "LA"], dtype="str")
    cut, voyages = cut_at_calls(segments, calls, find_journeys(calls))
    around = voyages.set_index("voyage")
    left = calls["to_utc"].iloc[0].timestamp() * 1000
    out = (cut.t0_ms >= START + 20 * HOUR) & ((cut.t0_ms + cut.t1_ms) // 2 <= left)
    assert {tuple(around.loc[v, ["last_port", "next_port"]]) for v in cut.voyage[out]} == {("LB", "")}
    back = (cut.t0_ms + cut.t1_ms) // 2 > left
    assert {around.loc[v, "next_port"] for v in cut.voyage[back]} == {"LA"}
    moving = back & (cut.kind == 0)
    assert {tuple(around.loc[v, ["last_port", "next_port"]]) for v in cut.voyage[moving]} == {("", "LA")}


def test_what_lies_in_a_journey_is_told_by_its_middle():
    segments = trace(drawn([(0, 20), (70, 0), (0, 20)]))
    journeys = pd.DataFrame(
        {
            "vessel_id": segments.vessels["vessel_id"],
            "depart_utc": pd.to_datetime([START + 20 * HOUR], unit="ms", utc=True),
            "arrive_utc": pd.to_datetime([int(segments.t0_ms[-1])], unit="ms", utc=True),
        }
    )
    inside = within(segments, segments, journeys)
    assert (inside == (segments.kind == 0)).all()

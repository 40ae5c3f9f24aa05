"""A list of calls against the calls that AIS shows: the best pairs, and nothing lost on either side."""

from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
from drawn_calls import START, called, drawn
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor.tracks.reconcile import (
    CALL_COLUMNS,
    MATCHED,
    ONLY_AIS,
    ONLY_LIST,
    RECONCILED,
    MatchSettings,
    identify,
    reconcile,
)
from corridor.tracks.trajectories import trace

# Calls of twenty hours each, with about 13 hours between them.
STOPS = [(80, 0), (0, 20), (80, 0), (0, 20), (80, 0), (0, 20), (80, 0)]
SHIPS = pd.DataFrame({"ship": [0], "imo": [9811000], "mmsi": [366999202], "name": ["SIM ALPHA"]})


def listed(hours, ports=None, lasting=20.0, **more):
    """Rows of a list: hours of arrival after the start."""
    arrival = pd.to_datetime(START, unit="ms", utc=True) + pd.to_timedelta(np.array(hours, float), unit="h")
    n = len(arrival)
    text = {
        "vessel": "SIM ALPHA",
        "berth": "",
        "berth_zone": "",
        "last_port": "",
        "next_port": "",
        "remark": "",
    }
    table = pd.DataFrame(
        {
            "line": np.arange(n) + 2,
            "imo": 9811000,
            "mmsi": -1,
            "port": pd.Series(ports or ["LB"] * n, dtype="str"),
            "arrival_utc": arrival.as_unit("ms"),
            "departure_utc": (arrival + pd.Timedelta(hours=lasting)).as_unit("ms"),
            "teu_on_board": np.nan,
            "teu_moved": np.nan,
            **text,
        }
    )
    return table.assign(**more)


def compared(rows, stops=STOPS, tolerance_h=48.0, identified=True):
    segments = trace(drawn(stops))
    table = rows.assign(ship=0) if identified else identify(rows, SHIPS)
    return called(drawn(stops)), *reconcile(
        called(drawn(stops)), table, segments, MatchSettings(tolerance_h=tolerance_h)
    )


def hours_of(calls):
    return (
        (calls["all_fast_utc"] - pd.to_datetime(START, unit="ms", utc=True)) / pd.Timedelta(hours=1)
    ).tolist()


def test_calls_are_matched_with_their_differences():
    first, second, third = hours_of(called(drawn(STOPS)))
    _, calls, report = compared(listed([first + 1.5, second - 2, third], teu_on_board=[8000.0, 9000, 1]))
    assert list(calls.columns) == list(CALL_COLUMNS)
    assert list(report.columns) == list(RECONCILED)
    assert report["status"].tolist() == [MATCHED] * 3
    assert report["arrival_difference_h"].round(6).tolist() == [1.5, -2, 0]
    assert calls["teu_on_board"].tolist() == [8000, 9000, 1]
    # What positions show of the times stays.
    assert hours_of(calls) == [first, second, third]


def test_a_row_more_or_less_stands_apart():
    first, second, third = hours_of(called(drawn(STOPS)))
    _, calls, report = compared(listed([first, third]))
    assert report["status"].tolist() == [MATCHED, ONLY_AIS, MATCHED]
    assert calls["listed"].tolist() == [MATCHED, ONLY_AIS, MATCHED]
    _, calls, report = compared(listed([first, first + 1, second, third]))
    assert sorted(report["status"]) == [MATCHED] * 3 + [ONLY_LIST]
    assert report["remark"].tolist()[-1] == "a second row of one call"
    assert len(calls) == 3


def test_a_call_elsewhere_is_none_where_the_ship_was_seen():
    first, *_ = hours_of(called(drawn(STOPS)))
    _, calls, report = compared(listed([first, first + 40], ports=["LB", "KRPUS"]))
    assert len(calls) == 3
    assert report["remark"].iloc[-1].startswith("seen ")
    assert report["remark"].iloc[-1].endswith(" nm away")


def test_the_list_knows_where_receivers_heard_nothing():
    last = hours_of(called(drawn(STOPS)))[-1]
    _, calls, report = compared(listed([last, last + 500], ports=["LB", "YT"]))
    assert calls["port"].tolist() == ["LB", "LB", "LB", "YT"]
    assert calls["call_no"].tolist() == [1, 2, 3, 4]
    assert calls["origin"].iloc[-1] == "listed"
    assert calls["hours_at_berth"].iloc[-1] == 20
    alone = report[report["status"] == ONLY_LIST].iloc[0]
    assert alone["remark"] == "no AIS at that time"
    assert pd.isna(alone["all_fast_utc"])


def test_ports_that_the_list_does_not_cover_are_not_missed_in_it():
    calls, found, report = compared(listed([100], ports=["YT"]))
    assert set(found["listed"].iloc[: len(calls)]) == {"not_covered"}
    assert not (report["status"] == ONLY_AIS).any()


@pytest.mark.parametrize(
    ("said", "ship"),
    [
        ({"imo": 9811000}, 0),
        ({"imo": -1, "mmsi": 366999202}, 0),
        ({"imo": -1, "vessel": "sim-alpha"}, 0),
        ({"imo": 9074729, "vessel": "SIM ALPHA"}, -1),
        ({"imo": 9074729, "mmsi": 366999202}, 0),
        ({"imo": -1, "vessel": ""}, -1),
    ],
)
def test_a_ship_is_found_by_number_then_by_a_name_of_its_own(said, ship):
    assert identify(listed([1]).assign(**said), SHIPS)["ship"].tolist() == [ship]


def test_a_name_that_two_ships_have_finds_neither():
    two = pd.concat([SHIPS, SHIPS.assign(ship=1, imo=9074729, mmsi=366999203)], ignore_index=True)
    assert identify(listed([1], imo=-1), two)["ship"].tolist() == [-1]


def test_of_two_ships_with_one_number_the_one_that_was_there_is_meant():
    times = {"first_ms": [0, START], "last_ms": [START - 1, 2 * START]}
    two = pd.concat([SHIPS, SHIPS.assign(ship=1)], ignore_index=True).assign(**times)
    assert identify(listed([1]), two)["ship"].tolist() == [1]
    assert identify(listed([1]), two.assign(first_ms=0, last_ms=2 * START))["ship"].tolist() == [-1]


ROWS = st.lists(st.floats(-60, 190).map(lambda hour: round(hour, 1)), max_size=6)


@settings(max_examples=60)
@given(ROWS)
def test_every_call_and_every_row_stands_once(hours):
    before, calls, report = compared(listed(hours), tolerance_h=12.0)
    assert sorted(report.loc[report["list_line"] > 0, "list_line"]) == list(range(2, 2 + len(hours)))
    assert (
        len(calls)
        == len(before)
        + (report["remark"] == "no AIS at that time").sum()
        + (report["remark"] == "seen near the port, at no berth").sum()
    )
    assert (calls["call_no"] == np.arange(len(calls)) + 1).all()
    shuffled = listed(hours).sample(frac=1.0, random_state=1)
    again = compared(shuffled, tolerance_h=12.0)
    pd.testing.assert_frame_equal(again[1], calls)
    key = ["listed_arrival_utc", "list_line", "call_no"]
    pd.testing.assert_frame_equal(
        again[2].sort_values(key).reset_index(drop=True), report.sort_values(key).reset_index(drop=True)
    )


@settings(max_examples=40)
@given(ROWS)
def test_no_other_pairs_are_more_or_nearer(hours):
    _, _, report = compared(listed(hours, lasting=1.0), tolerance_h=12.0)
    begin = np.array(hours_of(called(drawn(STOPS))))
    end = begin + called(drawn(STOPS))["hours_at_berth"].to_numpy()
    rows = np.array(sorted(hours))

    def cost(call, row):
        apart = abs(rows[row] - begin[call])
        overlaps = rows[row] <= end[call] and rows[row] + 1 >= begin[call]
        return apart + abs(rows[row] + 1 - end[call]) if apart <= 12 or overlaps else np.inf

    best = (0, 0.0)
    for size in range(1, min(len(begin), len(rows)) + 1):
        for some in combinations(range(len(begin)), size):
            for chosen in permutations(range(len(rows)), size):
                best = (
                    max(best, (size, -sum(map(cost, some, chosen))))
                    if all(np.isfinite(cost(*pair)) for pair in zip(some, chosen, strict=True))
                    else best
                )
    matched = report[report["status"] == MATCHED]
    total = matched["arrival_difference_h"].abs().sum() + matched["departure_difference_h"].abs().sum()
    assert len(matched) == best[0]
    assert total == pytest.approx(-best[1], abs=1e-3)

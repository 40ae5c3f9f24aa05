"""Planned voyages as positions: hours, miles and speeds are those planned, and none is observed."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor import schema
from corridor.errors import InputError
from corridor.tracks.buckets import FILE_SHIFT
from corridor.tracks.gazetteer import find_place
from corridor.tracks.passages import Route, plan_route
from corridor.tracks.routes import MOORED, STEP_NM, Voyage, arrival, planned, sail
from layers.geodesy import distance_m
from layers.lanes import way_of

MS_PER_HOUR = 3_600_000


def legs_nm(sailed):
    return distance_m(sailed.lat[:-1], sailed.lon[:-1], sailed.lat[1:], sailed.lon[1:]) / 1852


@pytest.fixture(scope="module")
def yantian():
    return plan_route("Yantian", "Long Beach")


def test_a_voyage_has_the_miles_of_its_route_and_the_speed_asked_for(yantian):
    sailed = sail(Voyage(route=yantian, speed_kn=16.0))
    nm, hours = legs_nm(sailed), np.diff(sailed.t_ms) / MS_PER_HOUR
    assert nm.sum() == pytest.approx(yantian.distance_nm, rel=1e-6)
    at = np.cumsum(nm)
    open_sea = (at > 60) & (at < yantian.distance_nm - 60)
    moving = hours > 0.1
    assert np.abs((nm / hours)[open_sea & moving] - 16.0).max() < 0.01
    # Stations lie evenly on the sphere: on the ellipsoid some legs are a little longer.
    assert nm.max() <= STEP_NM * 1.003
    assert (np.diff(sailed.t_ms) > 0).all()


def test_ships_slow_down_near_berths_and_nowhere_else(yantian):
    sailed = sail(Voyage(route=yantian, speed_kn=20.0))
    nm, hours = legs_nm(sailed), np.diff(sailed.t_ms) / MS_PER_HOUR
    kn, at = nm / hours, np.cumsum(nm) - nm / 2
    left = yantian.distance_nm - at
    assert kn[at < 0.9].max() < 5.1
    assert kn[left < 0.9].max() < 5.1
    green_flag = (left > 16) & (left < 44)
    assert np.abs(kn[green_flag] - 12.0).max() < 0.05
    assert kn.max() < 20.1


def test_a_slow_ship_keeps_her_own_speed_where_the_limit_is_higher(yantian):
    sailed = sail(Voyage(route=yantian, speed_kn=9.0))
    kn = legs_nm(sailed) / (np.diff(sailed.t_ms) / MS_PER_HOUR)
    assert kn.max() < 9.05


@pytest.mark.parametrize("hours", [(0.0, 0.0), (0.5, 0.0), (12.0, 36.25)])
def test_hours_at_berth_are_kept_exactly(yantian, hours):
    bare = sail(Voyage(route=yantian, speed_kn=16.0))
    sailed = sail(Voyage(route=yantian, speed_kn=16.0, berth_hours=hours))
    assert sailed.hours == pytest.approx(bare.hours + sum(hours), abs=1e-6)
    moored = sailed.status == MOORED
    assert moored.any() == (sum(hours) > 0)
    ends = {(yantian.start.lat, yantian.start.lon), (yantian.end.lat, yantian.end.lon)}
    assert set(zip(sailed.lat[moored], sailed.lon[moored], strict=True)) <= ends


def test_departure_is_that_of_the_clock_and_arrival_follows(yantian):
    leave = datetime(2026, 3, 1, 6, tzinfo=UTC)
    voyage = Voyage(route=yantian, speed_kn=16.0, depart=leave, berth_hours=(5.0, 7.0))
    assert sail(voyage).t_ms[0] == (leave.timestamp() - 5 * 3600) * 1000
    assert sail(voyage).t_ms[-1] == pytest.approx((arrival(voyage).timestamp() + 7 * 3600) * 1000, abs=2)
    naive = Voyage(route=yantian, speed_kn=16.0, depart=leave.replace(tzinfo=None))
    assert sail(naive).t_ms[0] == leave.timestamp() * 1000


@settings(max_examples=40, deadline=None)
@given(
    st.floats(-55, 55),
    st.floats(-180, 180),
    st.floats(0.001, 8),
    st.floats(-8, 8),
    st.floats(2, 40),
)
def test_hours_times_speed_are_miles_on_the_open_sea(lat, lon, north, east, speed):
    start, end = find_place((lat, lon)), find_place((lat + north, lon + east))
    if start.port or end.port:
        return
    route = Route(start, end, (), "shortest", way_of([start.where, end.where]))
    sailed = sail(Voyage(route=route, speed_kn=speed))
    assert sailed.hours * speed == pytest.approx(route.distance_nm, rel=1e-4, abs=1e-3)
    assert (sailed.lat[0], sailed.lon[0]) == start.where
    assert (sailed.lat[-1], sailed.lon[-1]) == end.where
    assert legs_nm(sailed).sum() == pytest.approx(route.distance_nm, rel=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"speed_kn": 0.0},
        {"speed_kn": float("nan")},
        {"speed_kn": 99.0},
        {"speed_kn": 16.0, "berth_hours": (-1.0, 0.0)},
    ],
)
def test_speeds_and_hours_that_no_ship_has_are_refused(yantian, wrong):
    with pytest.raises(InputError, match="expected"):
        Voyage(route=yantian, **wrong)


def test_a_way_from_a_place_to_itself_is_refused():
    with pytest.raises(InputError, match="one place"):
        sail(Voyage(route=plan_route((40.0, 170.0), (40.0, 170.0)), speed_kn=16.0))


def test_positions_have_the_shape_that_ingest_makes(yantian, tmp_path):
    voyages = [Voyage(route=yantian, speed_kn=speed, vessel_id=f"PLAN{speed}") for speed in (14, 18)]
    made = planned(voyages, pd.DataFrame({"vessel_id": ["PLAN14", "PLAN18"]}), tmp_path)
    table = pq.read_table(made.buckets[0]).to_pandas()
    schema.check(table, schema.POSITIONS)
    schema.check(made.ships, schema.SHIPS)
    assert made.report.rows_in == len(table) == made.report.rows_kept
    assert table["sog_kn"].isna().all()
    order = table[["ship", "t_ms"]].to_numpy()
    assert (np.lexsort((order[:, 1], order[:, 0])) == np.arange(len(order))).all()
    assert set(table["row_ref"].to_numpy() >> FILE_SHIFT) == {0, 1}
    assert len(made.inputs) == len(made.names) == 2
    assert all("planned" in item["name"] for item in made.inputs)
    assert made.inputs[0]["sha256"] != made.inputs[1]["sha256"]


def test_the_same_plan_gives_the_same_bytes(yantian, tmp_path):
    voyage = Voyage(route=yantian, speed_kn=16.0)
    register = pd.DataFrame({"vessel_id": ["PLAN1"]})
    one, other = (planned([voyage], register, tmp_path / name) for name in "ab")
    assert one.buckets[0].read_bytes() == other.buckets[0].read_bytes()
    assert one.inputs == other.inputs


def test_a_vessel_sails_one_planned_voyage_at_a_time(yantian, tmp_path):
    voyage = Voyage(route=yantian, speed_kn=16.0)
    with pytest.raises(InputError, match="before she arrived"):
        planned([voyage, voyage], pd.DataFrame(), tmp_path)
    with pytest.raises(InputError, match="no voyage"):
        planned([], pd.DataFrame(), tmp_path)

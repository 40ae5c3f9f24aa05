import warnings
from datetime import timedelta

import geopandas
import numpy as np
import pandas as pd
import pytest
from drawn_ais import HOUR, MINUTE, together, track

from corridor.errors import InputError
from corridor.tracks.movement import _movingpandas, from_movingpandas, to_movingpandas
from corridor.tracks.trajectories import STAY, TraceSettings, trace

# movingpandas 0.23 gives pandas 3 an argument that pandas deprecates.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def leg(t_ms, lon, lat=33.0, kn=12.0, ship=0):
    return track(t_ms, lat, lon + kn * (t_ms - t_ms[0]) / HOUR / 60 / np.cos(np.radians(lat)), kn, ship)


def minutes(first, last, step=10):
    return np.arange(first, last, step) * MINUTE


def split_by_gap(collection, hours):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _movingpandas().ObservationGapSplitter(collection).split(gap=timedelta(hours=hours))


def stops(collection, metres, minutes_):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        detector = _movingpandas().TrajectoryStopDetector(collection)
        return detector.get_stop_segments(max_diameter=metres, min_duration=timedelta(minutes=minutes_))


def test_gaps_are_split_where_the_oracle_splits():
    rows = together(
        leg(minutes(0, 300), -150.0),
        leg(minutes(900, 1200), -145.0),
        leg(minutes(1500, 1800), -142.0),
        leg(minutes(4000, 4300), -135.0),
        leg(minutes(0, 300), 170.0, ship=1),
        leg(minutes(1000, 1300), 175.0, ship=1),
    )
    segments = trace(rows)
    oracle = split_by_gap(to_movingpandas(rows), 6)
    assert len(oracle.trajectories) == 5
    starts = sorted(int(item.get_start_time().timestamp() * 1000) for item in oracle.trajectories)
    after = [*segments.unobserved["t1_ms"].tolist(), 0, 0]
    assert sorted(after) == starts
    ours = pd.DataFrame(segments.columns()).groupby(["vessel", "voyage"])["distance_m"].sum()
    theirs = sorted(item.get_length() for item in oracle.trajectories)
    assert sorted(ours) == pytest.approx(theirs, rel=1e-5)


def test_stays_are_found_where_the_oracle_finds_them():
    arrive = leg(minutes(0, 120, 5), -118.9, lat=33.7)
    rng = np.random.default_rng(1)
    still = minutes(120, 600, 5)
    quay = track(
        still, 33.75 + rng.normal(0, 1e-4, len(still)), -118.2 + rng.normal(0, 1e-4, len(still)), 0.0
    )
    leave = leg(minutes(605, 700, 5), -118.1, lat=33.6)
    rows = together(arrive, quay, leave)
    segments = trace(rows)
    found = stops(to_movingpandas(rows), 1000, 30).trajectories
    stay = segments.kind == STAY
    assert len(found) == stay.sum() == 1
    begin, end = (
        moment.timestamp() * 1000 for moment in (found[0].get_start_time(), found[0].get_end_time())
    )
    assert abs(begin - segments.t0_ms[stay][0]) <= 5 * MINUTE
    assert abs(end - segments.t1_ms[stay][0]) <= 5 * MINUTE


def test_a_track_over_180_degrees_runs_on():
    rows = leg(minutes(0, 600), 179.5, lat=45.0)
    whole = to_movingpandas(rows).trajectories[0]
    lon = whole.df.geometry.x.to_numpy()
    assert (np.diff(lon) > 0).all()
    assert (lon[0], lon[-1] > 181) == (179.5, True)
    assert whole.get_length() == pytest.approx(
        trace(rows, TraceSettings(thin_s=0)).distance_m.sum(), rel=1e-5
    )
    west = to_movingpandas(leg(minutes(0, 100), -118.0)).trajectories[0]
    assert west.df.geometry.x.iloc[0] == pytest.approx(242.0)


def test_positions_come_back_as_they_went():
    rows = together(leg(minutes(0, 300), 179.5), leg(minutes(0, 200), -120.0, ship=1))
    back, ships = from_movingpandas(to_movingpandas(rows), speed="sog_kn")
    for name in ("ship", "t_ms", "sog_kn", "draught_m"):
        assert back[name].tolist() == rows[name].tolist(), name
    assert back["lat"].tolist() == rows["lat"].tolist()
    assert np.abs(back["lon"] - rows["lon"]).max() < 1e-9
    assert ships["ship_key"].tolist() == ["ID:0", "ID:1"]
    assert len(trace(back, ships=ships).vessels) == 2


def test_segments_go_out_by_vessel():
    rows = together(leg(minutes(0, 300), -150.0), leg(minutes(0, 200), -120.0, ship=1))
    ships = pd.DataFrame({"ship_key": ["IMO9999010", "MMSI366999202"]})
    segments = trace(rows, ships=ships)
    found = to_movingpandas(segments)
    assert [item.id for item in found.trajectories] == ["IMO9999010", "MMSI366999202"]
    lengths = [item.get_length() for item in found.trajectories]
    assert lengths == pytest.approx(
        [segments.distance_m[segments.vessel == v].sum() for v in (0, 1)], rel=1e-5
    )


def test_other_coordinate_systems_are_brought_to_degrees_and_none_is_refused():
    frame = geopandas.GeoDataFrame(
        {"id": ["a"] * 3},
        geometry=geopandas.points_from_xy([-118.0, -118.1, -118.2], [33.0, 33.0, 33.0]),
        crs=4326,
        index=pd.date_range("2024-01-10", periods=3, freq="h"),
    )
    trajectory = _movingpandas().Trajectory(frame.to_crs(3857), "a")
    back, _ = from_movingpandas(trajectory)
    assert back["lon"] == pytest.approx([-118.0, -118.1, -118.2])
    trajectory.df = trajectory.df.set_crs(None, allow_override=True)
    with pytest.raises(InputError, match="no coordinate reference system"):
        from_movingpandas(trajectory)
    with pytest.raises(InputError, match="no trajectory"):
        from_movingpandas(_movingpandas().TrajectoryCollection([]))

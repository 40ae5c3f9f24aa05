import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from drawn_ais import HOUR, MINUTE, together, track
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor import schema
from corridor.tracks import quality
from corridor.tracks.ingest import ingest
from corridor.tracks.quality import clean, kept_rows
from corridor.tracks.trajectories import LEG, STAY, TraceSettings, trace
from layers.geodesy import distance_m

BERTH = (33.7545, -118.2316)


def moored(hours, start=0, every=10, at=BERTH, noise_m=10.0):
    t_ms = start + np.arange(0, int(hours * 60) + 1, every) * MINUTE
    rng = np.random.default_rng(5)
    north, east = rng.normal(0, noise_m / 111_000, (2, len(t_ms)))
    return track(t_ms, at[0] + north, at[1] + east, 0.0)


def sailing(hours, start=0, every=10, lat=33.0, lon=-119.0, kn=12.0):
    t_ms = start + np.arange(0, int(hours * 60) + 1, every) * MINUTE
    east = kn * (t_ms - start) / HOUR / 60 / np.cos(np.radians(lat))
    return track(t_ms, lat, lon + east, kn)


def hours(segments, kind=None):
    span = segments.t1_ms - segments.t0_ms
    return int(span.sum() if kind is None else span[segments.kind == kind].sum()) / HOUR


def lost_ms(segments):
    return int((segments.unobserved["t1_ms"] - segments.unobserved["t0_ms"]).sum())


def assert_balanced(segments, rows):
    """Σ segments + unobserved = last − first of each vessel, and each begins where the other ends."""
    table = pd.DataFrame(segments.columns())[["vessel", "t0_ms", "t1_ms"]]
    gone = segments.unobserved[["vessel", "t0_ms", "t1_ms"]]
    both = pd.concat([table, gone]).sort_values(["vessel", "t0_ms"])
    for vessel, part in both.groupby("vessel"):
        assert (part["t1_ms"].to_numpy()[:-1] == part["t0_ms"].to_numpy()[1:]).all(), vessel
    part = rows.get("vessel_part", np.zeros(len(rows["ship"]), int))
    spans = pd.DataFrame({"s": rows["ship"], "p": part, "t": rows["t_ms"]}).groupby(["s", "p"])["t"]
    expected = (spans.max() - spans.min()).to_numpy()
    found = (both["t1_ms"] - both["t0_ms"]).groupby(both["vessel"]).sum()
    assert found.reindex(range(len(expected)), fill_value=0).to_numpy().tolist() == expected.tolist()
    assert (segments.observed_ms <= segments.t1_ms - segments.t0_ms).all()


def test_a_moored_ship_is_one_stay_without_length():
    rows = moored(24)
    segments = trace(rows)
    assert segments.kind.tolist() == [STAY]
    assert (hours(segments), segments.distance_m.tolist()) == (24, [0.0])
    assert float(distance_m(segments.lat0[0], segments.lon0[0], *BERTH)) < 5
    assert (segments.lat0 == segments.lat1).all()
    assert segments.sog_kn.tolist() == [0.0]
    assert segments.observed_ms.tolist() == [24 * HOUR]
    schema.check(segments.columns(), schema.SEGMENTS)
    schema.check(segments.vessels, schema.VESSELS)
    schema.check(segments.unobserved, schema.UNOBSERVED)


def test_a_hole_inside_a_stay_keeps_all_its_hours():
    rows = together(moored(5), moored(5, start=65 * HOUR))
    segments = trace(rows)
    assert segments.kind.tolist() == [STAY]
    assert hours(segments) == 70
    assert segments.observed_ms.tolist() == [10 * HOUR]
    assert segments.unobserved.empty


def test_status_decides_nothing_but_the_majority_is_kept():
    rows = moored(24)
    rows["status"][:] = 0
    rows["status"][::3] = 5
    segments = trace(rows)
    assert (segments.kind.tolist(), segments.status.tolist()) == ([STAY], [0])


def test_noise_breaks_no_stay():
    rows = moored(24)
    rows["lat"][40:43] += 0.05
    rows["lon"][90] -= 0.4
    segments = trace(rows)
    assert (segments.kind.tolist(), hours(segments)) == ([STAY], 24)
    assert float(distance_m(segments.lat0[0], segments.lon0[0], *BERTH)) < 5


def test_an_anchored_ship_swings_in_one_stay():
    # 450 m around the anchor, once in 12 hours, and seven hours of each day unheard.
    t_ms = np.arange(0, 48 * 60, 6) * MINUTE
    t_ms = t_ms[(t_ms // HOUR) % 24 >= 7]
    turn = 2 * np.pi * t_ms / (12 * HOUR)
    lat = 33.7 + 450 / 111_000 * np.cos(turn)
    lon = -118.15 + 450 / 92_500 * np.sin(turn)
    segments = trace(track(t_ms, lat, lon, 0.2))
    assert segments.kind.tolist() == [STAY]
    assert float(distance_m(segments.lat0[0], segments.lon0[0], 33.7, -118.15)) < 200


def test_arrival_stay_departure():
    arrive = sailing(3, lat=BERTH[0], lon=BERTH[1] - 0.722)
    stay = moored(10, start=int(arrive["t_ms"][-1]) + 10 * MINUTE)
    leave = sailing(3, start=int(stay["t_ms"][-1]) + 10 * MINUTE, lat=BERTH[0] + 0.05, lon=BERTH[1])
    rows = together(arrive, stay, leave)
    segments = trace(rows)
    assert_balanced(segments, rows)
    assert (segments.kind == STAY).sum() == 1
    assert hours(segments, STAY) == pytest.approx(10, abs=0.2)
    assert segments.voyage[segments.kind == STAY].tolist() == [0]
    assert segments.voyage[-1] == 1, "after ten hours in port a new voyage begins"


def test_a_slow_drift_is_no_stay():
    drift = sailing(12, kn=1.5)
    assert not (trace(drift).kind == STAY).any()


def test_the_same_place_passed_twice_at_speed_is_no_stay():
    rows = together(sailing(2), sailing(2, start=40 * 24 * HOUR, lon=-119.0))
    rows = {name: values[::-1].copy() if name in ("lat", "lon") else values for name, values in rows.items()}
    segments = trace(rows)
    assert not (segments.kind == STAY).any()
    assert len(segments.unobserved) == 1


def test_a_silence_at_sea_is_unobserved_and_splits_the_voyage():
    rows = together(sailing(2), sailing(2, start=22 * HOUR, lon=-114.0))
    segments = trace(rows)
    assert_balanced(segments, rows)
    gone = segments.unobserved.iloc[0]
    assert (gone["reason"], gone["t1_ms"] - gone["t0_ms"]) == ("gap", 20 * HOUR)
    assert (gone["lat0"], gone["lon1"]) == (33.0, -114.0)
    assert sorted(set(segments.voyage.tolist())) == [0, 1]
    longer = trace(rows, TraceSettings(gap_limit_h=24))
    assert longer.unobserved.empty
    assert hours(longer) == 24


def test_an_impossible_step_is_nobodys_leg():
    rows = together(sailing(2), sailing(2, start=2 * HOUR + 30 * MINUTE, lat=20.0, lon=116.0))
    segments = trace(rows)
    assert segments.unobserved["reason"].tolist() == ["impossible_speed"]
    assert_balanced(segments, rows)


@pytest.mark.parametrize(("reported", "unseen_h"), [(65.0, 0.0), (np.nan, 2.0)])
def test_a_run_of_steps_beyond_60_knots_needs_reports_that_say_so(reported, unseen_h):
    """Each step of two minutes at 65 kn is within the slack of `clean`; the whole is believed if reported."""
    rows = sailing(2, every=2, kn=65.0)
    rows["sog_kn"][:] = reported
    cleaned = clean(rows)
    assert cleaned.dropped == {}
    segments = trace(kept_rows(rows, cleaned))
    assert lost_ms(segments) / HOUR == unseen_h
    assert_balanced(segments, rows)


def test_frozen_fixes_tell_no_place():
    rows = sailing(6, every=2)
    rows["lon"][60:90] = rows["lon"][59]
    cleaned = clean(rows)
    segments = trace(kept_rows(rows, cleaned))
    assert cleaned.counts["frozen"] == 30
    assert not (segments.kind == STAY).any()
    assert segments.distance_m.sum() == pytest.approx(72 * 1852, rel=0.004)
    assert_balanced(segments, rows)


def test_thinning_keeps_time_and_takes_noise_out_of_the_way():
    rows = sailing(4)
    t_ms = np.arange(0, 4 * 3600, 13) * 1000
    rng = np.random.default_rng(2)
    north, east = rng.normal(0, 10 / 111_000, (2, len(t_ms)))
    lon = -119 + 18 * t_ms / HOUR / 60 / np.cos(np.radians(33))
    rows = track(t_ms, 33 + north, lon + east, 18.0)
    every, thin = trace(rows, TraceSettings(thin_s=0)), trace(rows)
    true = trace(track(t_ms, 33.0, lon, 18.0)).distance_m.sum()
    assert hours(every) == hours(thin) == t_ms[-1] / HOUR
    assert every.distance_m.sum() > 1.005 * true
    assert thin.distance_m.sum() == pytest.approx(true, rel=0.001)
    assert (np.diff(thin.t0_ms) >= 60_000).all()


def test_a_single_fix_has_no_segment_and_is_counted():
    segments = trace(sailing(0))
    assert (len(segments), segments.too_short, segments.vessels["fixes"].tolist()) == (0, 1, [1])
    assert len(trace({name: values[:0] for name, values in sailing(1).items()})) == 0


def test_vessels_of_a_shared_number_are_numbered():
    both = together(sailing(4, every=2), sailing(4, every=2, lat=-5.0, lon=80.0))
    ships = pd.DataFrame({"ship_key": ["MMSI416000000"]})
    segments = trace(kept_rows(both, clean(both)), ships=ships)
    assert segments.vessels["vessel_id"].tolist() == ["MMSI416000000/1", "MMSI416000000/2"]
    assert hours(segments) == 8


def test_settings_are_frozen_and_the_stay_length_is_one():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TraceSettings().stay_min = 5
    assert not (trace(moored(0.4)).kind == STAY).any()
    assert (trace(moored(0.4), TraceSettings(stay_min=20)).kind == STAY).any()


DAYS = st.lists(
    st.tuples(
        st.sampled_from(["sail", "moor", "hole", "jump", "drift"]), st.integers(1, 40), st.floats(0.05, 3.0)
    ),
    min_size=1,
    max_size=12,
)


def drawn_voyage(days):
    """A ship that sails east, lies, drifts, falls silent, jumps; a fix every few minutes."""
    t, lon, found = 0, -150.0, []
    for what, count, size in days:
        for _ in range(count):
            found.append((t, 33.0, lon, {"sail": 12.0, "drift": 1.2}.get(what, 0.1)))
            t += int(size * 10 * MINUTE)
            lon += {"sail": 12.0, "drift": 1.2}.get(what, 0.0) * size / 6 / 60 / 0.84
        t += int(size * 10 * HOUR) if what == "hole" else MINUTE
        lon += size if what == "jump" else 0.0
    return track(*(np.array(column) for column in zip(*found, strict=True)))


@settings(max_examples=200)
@given(days=DAYS, shift=st.sampled_from([-30.0, -28.5, -27.0, 360.0, 90.0]))
def test_time_is_kept_and_no_place_on_the_parallel_is_special(days, shift):
    rows = drawn_voyage(days)
    cleaned = clean(rows)
    kept = kept_rows(rows, cleaned)
    segments = trace(kept)
    assert_balanced(segments, kept)
    speed = segments.distance_m / 1852 / np.maximum((segments.t1_ms - segments.t0_ms) / HOUR, 1e-9)
    assert (speed <= 60.5).all()
    moved = rows | {"lon": (rows["lon"] + shift + 180) % 360 - 180}
    other = trace(kept_rows(moved, clean(moved)))
    assert abs(len(other) - len(segments)) <= 2
    total = segments.distance_m.sum(), other.distance_m.sum()
    assert total[0] == pytest.approx(total[1], rel=1e-6, abs=200)
    assert int((other.t1_ms - other.t0_ms).sum()) + lost_ms(other) == int(
        (segments.t1_ms - segments.t0_ms).sum()
    ) + lost_ms(segments)


@settings(max_examples=60)
@given(days=DAYS, seed=st.integers(0, 999))
def test_missing_fixes_cost_no_hours(days, seed):
    rows = drawn_voyage(days)
    keep = np.random.default_rng(seed).random(len(rows["t_ms"])) < 0.6
    keep[[0, -1]] = True
    thinned = {name: values[keep] for name, values in rows.items()}
    for part in (rows, thinned):
        segments = trace(part)
        total = int((segments.t1_ms - segments.t0_ms).sum()) + lost_ms(segments)
        assert total == rows["t_ms"][-1] - rows["t_ms"][0]


def test_work_grows_with_the_rows_alone():
    def seconds(days):
        rows = together(moored(24 * days, every=3), sailing(24, start=24 * days * HOUR + HOUR))
        best = 9.0
        for _ in range(3):
            begun = time.perf_counter()
            trace(rows)
            best = min(best, time.perf_counter() - begun)
        return best / len(rows["t_ms"])

    seconds(1)
    assert seconds(400) < 10 * seconds(40)


PLAIN_PYTHON = """
import sys
import numpy as np
from layers import jit
from corridor.tracks.quality import clean, kept_rows
from corridor.tracks.trajectories import trace
assert not jit.ENABLED and "numba" not in sys.modules
rows = dict(np.load(sys.argv[1]))
segments = trace(kept_rows(rows, clean(rows)))
np.savez(sys.argv[2], **segments.columns())
"""


def test_plain_python_gives_the_same_segments(tmp_path):
    arrive = sailing(3, lat=BERTH[0], lon=BERTH[1] - 0.722)
    rows = together(arrive, moored(10, start=4 * HOUR), sailing(3, start=30 * HOUR, lat=-5.0, lon=80.0))
    np.savez(tmp_path / "in.npz", **rows)
    places = [str(tmp_path / name) for name in ("in.npz", "out.npz")]
    environment = os.environ | {"CORRIDOR_JIT": "0", "PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run([sys.executable, "-c", PLAIN_PYTHON, *places], check=True, env=environment)
    plain = np.load(places[1])
    for name, column in trace(kept_rows(rows, clean(rows))).columns().items():
        np.testing.assert_allclose(plain[name], column, rtol=1e-12, err_msg=name)


@pytest.fixture(scope="module")
def real(shared_ais, tmp_path_factory):
    name = "sbarc_20180601-02_cargo150m_marinecadastre-columns.csv"
    result = ingest([shared_ais / name], work_dir=tmp_path_factory.mktemp("real"))
    frame = pq.read_table(result.buckets[0])
    rows = {column: frame[column].to_numpy() for column in frame.column_names}
    cleaned = clean(rows)
    kept = kept_rows(rows, cleaned)
    return result, rows, cleaned, kept, trace(kept, ships=result.ships)


def of_ship(real, mmsi):
    result, _, _, _, segments = real
    ship = result.ships.loc[result.ships["mmsi"] == mmsi, "ship"].iloc[0]
    vessel = segments.vessels.loc[segments.vessels["ship"] == ship, "vessel"].iloc[0]
    return {name: column[segments.vessel == vessel] for name, column in segments.columns().items()}


def test_every_real_row_is_accounted_for(real):
    result, rows, cleaned, kept, segments = real
    assert result.report.rows_in == 79_765 == len(rows["t_ms"]) + 1
    assert len(kept["t_ms"]) + sum(cleaned.dropped.values()) == 79_764
    assert sum(cleaned.dropped.values()) < 0.02 * 79_764
    assert not cleaned.vessel_part.any(), "no two ships share a number in these two days"
    assert_balanced(segments, kept)
    assert not (kept["flags"] & quality.DROPPED).any()


def test_hyundai_oakland_lies_still_for_two_days_under_way(real):
    oakland = of_ship(real, 235072407)
    assert oakland["kind"].tolist() == [STAY]
    assert oakland["status"].tolist() == [0]
    assert (oakland["t1_ms"] - oakland["t0_ms"])[0] / HOUR == pytest.approx(44.54, abs=0.01)
    assert float(distance_m(oakland["lat0"][0], oakland["lon0"][0], *BERTH)) < 100
    assert oakland["observed_ms"][0] < 0.5 * (oakland["t1_ms"] - oakland["t0_ms"])[0]


def test_no_real_leg_is_faster_than_60_knots(real):
    segments = real[-1]
    legs = segments.kind == LEG
    kn = segments.distance_m[legs] / 1852 / ((segments.t1_ms - segments.t0_ms)[legs] / HOUR)
    assert kn.max() <= 60
    assert np.median(kn) == pytest.approx(12.6, abs=0.5)

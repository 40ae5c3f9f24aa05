import json

import numpy as np
import pytest
from drawn_ais import HOUR, MINUTE, together, track
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor.tracks import quality
from corridor.tracks.quality import clean, kept_rows

N = 60


def eastward(lat=33.6, lon=-119.0, n=N, step=2 * MINUTE, start=0, kn=12.0, ship=0):
    """Along a parallel at a steady speed, from one longitude east."""
    t_ms = start + step * np.arange(n)
    degrees = kn * (t_ms - start) / HOUR / 60 / np.cos(np.radians(lat))
    return track(t_ms, lat, lon + degrees, kn, ship)


def changed(rows, at, **values):
    new = {name: column.copy() for name, column in rows.items()}
    for name, value in values.items():
        new[name][at] = value
    return new


def again(rows, cleaned):
    return clean({name: values[cleaned.kept] for name, values in rows.items()})


def test_a_clean_track_is_left_alone():
    cleaned = clean(eastward())
    assert cleaned.counts == {}
    assert cleaned.kept.all()
    assert not cleaned.vessel_part.any()


def test_repeated_rows_are_duplicates():
    rows = eastward()
    cleaned = clean(together(rows, {name: values[:20] for name, values in rows.items()}))
    assert cleaned.counts == {"duplicate": 20}


def test_one_time_two_places_keeps_the_plausible_one():
    rows = eastward()
    for north in (0.6, -0.6):
        other = {name: values[30:31] for name, values in changed(rows, 30, lat=33.6 + north).items()}
        both = together(rows, other)
        cleaned = clean(both)
        assert cleaned.dropped == {"conflict": 1}
        assert both["lat"][~cleaned.kept].tolist() == [33.6 + north]


def test_near_conflicts_are_settled_by_the_speed():
    rows = eastward()
    near = {name: values[30:31] for name, values in changed(rows, 30, lon=rows["lon"][30] - 0.006).items()}
    both = together(rows, near)
    cleaned = clean(both)
    assert cleaned.dropped == {"conflict": 1}
    assert both["lon"][~cleaned.kept].tolist() == near["lon"].tolist()


def test_a_teleport_is_dropped_even_at_the_start_and_twice_in_a_row():
    rows = eastward()
    for places in ([30], [30, 31], [0], [N - 1], [0, 1]):
        cleaned = clean(changed(rows, places, lat=42.9, lon=-128.1))
        assert cleaned.dropped == {"teleport": len(places)}
        assert np.flatnonzero(~cleaned.kept).tolist() == places


def test_years_apart_is_a_wrong_clock():
    rows = eastward()
    year = 366 * 24 * HOUR
    strays = track([-20 * year, -20 * year + HOUR, 30 * year], 33.6, -119.0)
    both = together(rows, strays)
    cleaned = clean(both)
    assert cleaned.counts == {"clock_fault": 3}
    assert both["t_ms"][cleaned.kept].tolist() == rows["t_ms"].tolist()


def test_two_ships_under_one_number_are_told_apart():
    for lat, lon in ((-5.0, 80.0), (33.8, -119.0)):  # far, and 12 nm away
        both = together(eastward(), eastward(lat, lon))
        cleaned = clean(both)
        assert cleaned.counts == {"shared_mmsi": 2 * N}
        north = both["lat"] == 33.6
        assert len(set(cleaned.vessel_part[north])) == 1
        assert {cleaned.vessel_part[north][0], cleaned.vessel_part[~north][0]} == {1, 2}
        split = kept_rows(both, cleaned)
        assert (np.diff(split["vessel_part"]) >= 0).all()
        assert again(both, cleaned).counts == {"shared_mmsi": 2 * N}


def test_a_ship_met_again_far_away_stays_one():
    later = eastward(21.0, 116.0, start=N * 2 * MINUTE + HOUR)
    cleaned = clean(together(eastward(), later))
    assert cleaned.counts == {}


def test_a_block_displaced_inside_a_gap_is_not_used():
    rows = eastward(n=120)
    block = changed(rows, slice(40, 70), lat=42.9, lon=-128.1)
    assert clean(block).dropped == {"displaced": 30}


def test_late_messages_make_no_second_ship():
    rows = eastward(n=200)
    late = {name: values[50:150:5] for name, values in rows.items()}
    late = changed(late, slice(None), t_ms=late["t_ms"] + 40 * MINUTE + 7000)
    both = together(rows, late)
    cleaned = clean(both)
    assert cleaned.counts["teleport"] == 20
    assert "shared_mmsi" not in cleaned.counts


def test_a_position_that_stands_still_at_speed_is_frozen():
    rows = eastward()
    stuck = changed(rows, slice(20, 30), lat=rows["lat"][19], lon=rows["lon"][19])
    cleaned = clean(stuck)
    assert np.flatnonzero(cleaned.flags & quality.FROZEN).tolist() == list(range(20, 30))
    assert clean(changed(rows, slice(None), lon=-119.0, sog_kn=0.2)).counts == {}


def test_a_speed_that_the_positions_contradict_is_flagged():
    cleaned = clean(changed(eastward(), slice(20, 40), sog_kn=22.0))
    assert cleaned.counts == {"sog_mismatch": 20}
    assert np.flatnonzero(cleaned.flags).tolist() == list(range(20, 40))


def test_180_degrees_is_no_jump_and_missing_speed_no_fault():
    cleaned = clean(eastward(49.0, 179.8, step=10 * MINUTE) | {"sog_kn": np.full(N, np.nan, "f4")})
    assert cleaned.counts == {}


def test_the_pole_is_no_jump():
    # 88.5 N, over the pole along a meridian: 3 nm a quarter of an hour.
    lat = np.concatenate([np.linspace(88.5, 89.95, 30), np.linspace(89.95, 88.5, 30)])
    cleaned = clean(track(15 * MINUTE * np.arange(60), lat, np.repeat([-100.0, 80.0], 30), 12.0))
    assert cleaned.dropped == {}


def test_ships_do_not_touch_one_another():
    one, two = eastward(), changed(eastward(-5.0, 80.0, ship=1), 30, lat=20.0)
    cleaned = clean(together(one, two))
    assert cleaned.counts["teleport"] == 1
    assert not cleaned.flags[:N].any()


def test_nothing_gives_nothing():
    empty = {name: values[:0] for name, values in eastward().items()}
    assert clean(empty).counts == {}


JUMPS = st.lists(
    st.tuples(st.integers(0, 79), st.floats(-1.5, 1.5), st.floats(-3, 3), st.integers(-900, 900)), max_size=25
)


@settings(max_examples=200)
@given(jumps=JUMPS, shared=st.booleans(), shift=st.sampled_from([0.0, 61.0, -61.0, 120.0, 360.0]))
def test_cleaning_is_idempotent_and_the_same_anywhere_on_the_parallel(jumps, shared, shift):
    rows = eastward(n=80)
    for at, north, east, seconds in jumps:
        moved = {"lat": rows["lat"][at] + north, "lon": rows["lon"][at] + east}
        rows = changed(rows, at, **moved, t_ms=rows["t_ms"][at] + 1000 * seconds)
    if shared:
        rows = together(rows, eastward(30.0, -125.0, n=80))
    rows = together(rows)
    cleaned = clean(rows)
    kept = kept_rows(rows, cleaned)
    assert again(rows, cleaned).dropped == {}
    same = (kept["vessel_part"][1:] == kept["vessel_part"][:-1]) & (np.diff(kept["t_ms"]) <= 0)
    assert not same.any(), "one place at one time"
    moved = rows | {"lon": np.round((rows["lon"] + shift + 180) % 360 - 180, 12)}
    assert np.count_nonzero(clean(moved).flags != cleaned.flags) <= 2 * bool(shift % 360)
    assert sum(cleaned.dropped.values()) == np.count_nonzero(~cleaned.kept)


@settings(max_examples=50)
@given(jumps=JUMPS)
def test_duplicates_change_nothing(jumps):
    rows = eastward(n=80)
    for at, north, east, _ in jumps:
        rows = changed(rows, at, lat=rows["lat"][at] + north, lon=rows["lon"][at] + east)
    once, twice = kept_rows(rows, clean(rows)), together(rows, rows)
    doubled = kept_rows(twice, clean(twice))
    assert doubled["t_ms"].tolist() == once["t_ms"].tolist()
    assert doubled["lat"].tolist() == once["lat"].tolist()


def hard_track(path):
    found = [json.loads(text) for text in path.read_text().splitlines()]
    found = [row for row in found if row.get("lat") is not None and abs(row["lat"]) <= 90]
    stamps = [row["timestamp"].replace("Z", "").replace(" ", "T")[:23] for row in found]
    speeds = [np.nan if row.get("speed") is None else row["speed"] for row in found]
    t_ms = np.array(stamps, "datetime64[ms]").astype(np.int64)
    return together(track(t_ms, [r["lat"] for r in found], [r["lon"] for r in found], speeds))


@pytest.mark.parametrize(
    ("mmsi", "parts", "most"), [(263576000, 1, 0), (338013000, 1, 30), (416000000, 4, 60)]
)
def test_the_three_hard_tracks(shared_ais, mmsi, parts, most):
    rows = hard_track(shared_ais / "gpsdio_segment" / f"{mmsi}.json")
    cleaned = clean(rows)
    dropped = {name: count for name, count in cleaned.dropped.items() if name != "duplicate"}
    assert sum(dropped.values()) <= most
    assert len(set(cleaned.vessel_part[cleaned.kept].tolist())) == parts
    assert again(rows, cleaned).dropped == {}


def test_what_is_far_inland_is_no_ship_and_leaves_a_gap():
    """A track through Utah, as displaced tracks have sailed: its hours are a hole in the track before."""
    rows = changed(eastward(), slice(50, 60), lat=40.7, lon=-112.1)
    inland = (rows["lat"] == 40.7) & (rows["lon"] == -112.1)
    cleaned = clean(rows, inland)
    assert cleaned.counts == {"on_land": 10}
    assert cleaned.kept.sum() == N - 10
    assert clean(kept_rows(rows, cleaned)).dropped == {}
    assert clean(rows, np.ones(N, bool)).dropped == {"on_land": N}

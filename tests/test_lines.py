"""Thinned tracks: unbroken over the Pacific, cut where the page ends at Greenwich."""

from itertools import pairwise

import engine_world as world
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor import engine
from corridor.tracks.lines import Line


def line(lon, lat=None):
    lon = np.asarray(lon, float)
    lat = np.linspace(10.0, 20.0, len(lon)) if lat is None else np.asarray(lat, float)
    return Line(
        vessel_id="V",
        vessel_name="V",
        voyage=0,
        origin=0,
        t0_ms=0,
        t1_ms=1,
        lat=lat,
        lon=(lon + 180) % 360 - 180,
    )


def test_a_track_over_180_stays_in_one_piece():
    (part,) = line([178, 179, 180, 181, 182]).display_lines()
    assert part[:, 0].tolist() == [178, 179, 180, 181, 182]


@given(
    start=st.floats(-180, 180),
    steps=st.lists(st.floats(-40, 40).filter(lambda step: abs(step) > 1e-6), min_size=1, max_size=30),
)
def test_parts_hang_together_and_hold_the_whole_way(start, steps):
    """No part leaves 0-360 or jumps; each begins where the one before ends; together they are the track."""
    lon = start + np.concatenate([[0.0], np.cumsum(steps)])
    parts = line(lon).display_lines()
    for part in parts:
        assert part[:, 0].min() >= -1e-9
        assert part[:, 0].max() <= 360 + 1e-9
        assert np.abs(np.diff(part[:, 0])).max(initial=0) <= 40 + 1e-9
    for before, after in pairwise(parts):
        assert {round(before[-1, 0], 6), round(after[0, 0], 6)} == {0.0, 360.0}
        assert before[-1, 1] == pytest.approx(after[0, 1])
    way = sum(np.abs(np.diff(part[:, 0])).sum() for part in parts)
    assert way == pytest.approx(np.abs(steps).sum(), abs=1e-6)
    assert parts[0][0, 1] == 10.0
    assert parts[-1][-1, 1] == 20.0


@given(knots=st.floats(6, 24), east=st.sampled_from([0, 90, 180, -180]))
def test_a_thinned_track_keeps_its_ends_and_its_course(tmp_path_factory, knots, east):
    track = world.crossing(0, east=east, knots=knots)
    path = world.bucket(tmp_path_factory.mktemp("line") / "a.parquet", [track])
    lines = engine.run([path], world.plan(1, east=east)).lines
    assert lines[0].lat[0] == track["lat"][0]
    np.testing.assert_allclose([lines[0].lon[0], lines[-1].lon[-1]], track["lon"][[0, -1]], atol=1e-9)
    for one in lines:
        assert len(one.lat) == len(one.lon) >= 2
        assert np.abs(one.lat - world.LAT).max() < 0.01
        assert one.t0_ms < one.t1_ms

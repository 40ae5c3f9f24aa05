"""How a ship lay still, from her fixes."""

from dataclasses import replace

import numpy as np
import pytest
from drawn_ais import HOUR, MINUTE, START, together, track
from hypothesis import given
from hypothesis import strategies as st

from corridor.tracks.rests import rests
from corridor.tracks.trajectories import FILLED, STAY, trace

M = 1 / 1852 / 60


def anchored(radius_m, *, lon=-118.13, ship=0, hours=6):
    """A fix every ten minutes on a circle around the anchor."""
    turn = np.linspace(0, 2 * np.pi, 6 * hours + 1)
    north, east = radius_m * np.sin(turn) * M, radius_m * np.cos(turn) * M / np.cos(np.radians(33.7))
    return track(START + 10 * MINUTE * np.arange(len(turn)), 33.7 + north, lon + east, sog=0.1, ship=ship)


@given(radius_m=st.floats(1, 400), lon=st.sampled_from([-118.13, 0.0, 179.9999, -180.0]))
def test_the_swing_is_the_radius_anywhere(radius_m, lon):
    fixes = anchored(radius_m, lon=lon)
    lay = rests(fixes, trace(fixes))
    assert lay.swing_m.tolist() == pytest.approx([radius_m], rel=0.02)
    assert lay.drift_m[0] == pytest.approx(0.0, abs=0.5)


def test_a_ship_that_shifted_once_is_judged_by_where_she_lay():
    fixes = anchored(2.0)
    fixes["lat"][:4] += 250 * M
    lay = rests(fixes, trace(fixes))
    assert lay.swing_m[0] < 5
    assert lay.drift_m[0] == pytest.approx(250, abs=5)


def test_each_stay_is_measured_in_its_own_ship():
    fixes = together(
        anchored(100.0), anchored(5.0, ship=1), track([START, START + HOUR], 33.0, -120.0, ship=2)
    )
    segments = trace(fixes)
    lay = rests(fixes, segments)
    assert np.round(lay.swing_m[segments.kind == STAY]).tolist()[:2] == [100, 5]


def test_legs_and_waits_nobody_saw_have_no_swing():
    t_ms = START + 10 * MINUTE * np.arange(12)
    fixes = together(track(t_ms, 33.0, -119 + 0.04 * np.arange(12)), anchored(50.0, ship=1))
    segments = trace(fixes)
    assert np.isnan(rests(fixes, segments).swing_m[segments.kind != STAY]).all()
    filled = replace(segments, origin=np.full(len(segments), FILLED, np.uint8))
    assert np.isnan(rests(fixes, filled).swing_m).all()


def test_positions_of_other_ships_are_refused():
    one, two = anchored(50.0), together(anchored(50.0), anchored(50.0, ship=1))
    with pytest.raises(ValueError, match="positions of 1 vessels for segments of 2"):
        rests(one, trace(two))

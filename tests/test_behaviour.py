"""How a ship moved and lay where no polygon says: flicker smoothed, rest told by three signs."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor.emissions.behaviour import Surroundings, behaviour, kind_of_rest, rest_in_harbour
from corridor.emissions.phases import PHASES, phase_rules

RULES = phase_rules()
MINUTE = 60_000
STOPPED, DRIFTING, SLOW, FAST = range(4)
SPEED = np.array([0.5, 2.0, 4.0, 15.0])


def legs(bands, minutes, *, vessel=0, stays=(), gap_after=()):
    """Legs of one vessel end to end, with a speed of each band, and a silent hour after some."""
    n = len(bands)
    lasting = np.asarray(minutes) * MINUTE
    pause = np.zeros(n, np.int64)
    pause[list(gap_after)] = 60 * MINUTE
    t1 = np.cumsum(lasting + pause) - pause
    kind = np.zeros(n, np.uint8)
    kind[list(stays)] = 1
    columns = {
        "vessel": np.full(n, vessel, np.int32) if np.isscalar(vessel) else np.asarray(vessel, np.int32),
        "t0_ms": t1 - lasting,
        "t1_ms": t1,
        "kind": kind,
        "status": np.full(n, -1, np.int8),
    }
    return SimpleNamespace(**columns), SPEED[np.asarray(bands)]


def smoothed(bands, minutes, **options):
    segments, speed_kn = legs(bands, minutes, **options)
    return behaviour(segments, speed_kn, Surroundings.unknown(len(bands)), RULES).band.tolist()


def test_one_slow_leg_in_a_fast_run_is_fast():
    assert smoothed([FAST, SLOW, FAST], [30, 1, 30]) == [FAST] * 3


def test_a_dip_of_several_bands_goes_too():
    #         fast 30      slow drift slow     fast 30: six minutes down and up again
    assert smoothed([FAST, SLOW, DRIFTING, SLOW, FAST], [30, 2, 2, 2, 30]) == [FAST] * 5


def test_ten_minutes_are_no_flicker():
    assert smoothed([FAST, SLOW, FAST], [30, 10, 30]) == [FAST, SLOW, FAST]


def test_a_passage_from_fast_to_slow_keeps_its_steps():
    assert smoothed([FAST, SLOW, DRIFTING], [30, 3, 30]) == [FAST, SLOW, DRIFTING]


def test_neighbours_shorter_than_the_flicker_do_not_swallow_it():
    assert smoothed([FAST, SLOW, FAST], [2, 8, 2]) == [FAST, SLOW, FAST]


def test_alternation_settles_from_the_first_run_on():
    assert smoothed([FAST, SLOW] * 5 + [FAST], [3] * 11) == [FAST] * 11


@pytest.mark.parametrize("broken", [{"vessel": [0, 1, 1]}, {"gap_after": [0]}, {"gap_after": [1]}])
def test_nothing_is_joined_over_a_hole_or_another_ship(broken):
    assert smoothed([FAST, SLOW, FAST], [30, 1, 30], **broken) == [FAST, SLOW, FAST]


def test_a_stay_is_stopped_and_parts_what_lies_around_it():
    assert smoothed([FAST, SLOW, FAST, FAST], [30, 1, 40, 30], stays=[2]) == [FAST, SLOW, STOPPED, FAST]


@given(
    runs=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40)), min_size=1, max_size=30),
    cut=st.integers(2, 4),
)
def test_halving_legs_changes_no_band_and_no_speed_is_touched(runs, cut):
    bands, minutes = (list(column) for column in zip(*runs, strict=True))
    whole = smoothed(bands, minutes)
    parts = smoothed(np.repeat(bands, cut), np.repeat(np.array(minutes) / cut, cut))
    assert parts == np.repeat(whole, cut).tolist()
    segments, speed_kn = legs(bands, minutes)
    before = speed_kn.copy()
    behaviour(segments, speed_kn, Surroundings.unknown(len(bands)), RULES)
    assert np.array_equal(before, speed_kn)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(10, 40)), min_size=1, max_size=20))
def test_long_stretches_are_never_changed(runs):
    bands, minutes = (list(column) for column in zip(*runs, strict=True))
    assert smoothed(bands, minutes) == bands


#        carried    coast    status   swing    phase
RESTS = """
         0.01 kn    2 nm     1        63 m     at_anchor
         0.01 kn    2 nm     0        63 m     at_anchor
         0.01 kn    15 nm    1        63 m     at_anchor
         0.34 kn    2 nm     1        63 m     at_anchor
         0.34 kn    2 nm     0        63 m     drifting
         0.01 kn    26 nm    0        63 m     drifting
         0.50 kn    25 nm    5        73 m     drifting
         0.50 kn    inf nm   0        300 m    drifting
         0.00 kn    0.2 nm   5        1 m      at_berth
         0.00 kn    0.2 nm   0        1 m      at_berth
         0.00 kn    3 nm     5        1 m      at_anchor
         0.34 kn    0.2 nm   0        1 m      drifting
"""


def at_rest(carried_kn, coast_nm, status, swing_m, *, kind=1):
    stay = SimpleNamespace(
        t0_ms=np.array([0]), t1_ms=np.array([3_600_000]), kind=np.array([kind]), status=np.array([status])
    )
    known = Surroundings(
        coast0_nm=np.array([coast_nm]),
        coast1_nm=np.array([coast_nm]),
        swing_m=np.array([swing_m]),
        drift_m=np.array([carried_kn * 1852]),
    )
    return PHASES[kind_of_rest(stay, known)[0]]


@pytest.mark.parametrize("row", RESTS.strip().splitlines())
def test_rest_outside_every_polygon(row):
    carried, _, coast, _, status, swing, _, phase = row.split()
    assert at_rest(float(carried), float(coast), int(status), float(swing)) == phase


def test_a_leg_outside_polygons_drifts_whatever_it_broadcasts():
    assert at_rest(0.0, 0.2, 5, 1.0, kind=0) == "drifting"


def test_a_wait_that_fills_a_hole_is_at_anchor_near_the_coast_and_adrift_far_off():
    nobody_saw = float("nan")
    assert at_rest(nobody_saw, 5.0, -1, nobody_saw) == "at_anchor"
    assert at_rest(nobody_saw, float("inf"), -1, nobody_saw) == "drifting"
    assert at_rest(nobody_saw, nobody_saw, -1, nobody_saw) == "drifting"


def test_in_a_harbour_a_ship_that_swings_is_not_moored():
    stays = np.array([True, True, True, False])
    swing_m = np.array([5.0, 80.0, np.nan, np.nan])
    found = [PHASES[phase] for phase in rest_in_harbour(stays, swing_m)]
    assert found == ["at_berth", "at_anchor", "at_berth", "manoeuvring"]

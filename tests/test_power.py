"""Speed and draught to load."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor.emissions.power import main_loads, propeller_load, segment_speed_kn, segment_speeds

speeds = st.floats(0.0, 30.0)
ratios = st.floats(0.3, 1.1)
LIMITS = np.array([1.0, 0.3, 1.1, 0.66])


@given(speed_kn=speeds, draught=ratios)
def test_arrays_and_floats_agree(speed_kn, draught):
    one = propeller_load(speed_kn, draught, v_ref_kn=25.0, eta=0.795)
    many = propeller_load(np.array([speed_kn]), np.array([draught]), v_ref_kn=25.0, eta=0.795)
    assert many[0] == pytest.approx(one, rel=1e-14)
    assert 0.0 <= one <= 1.0


@given(speed_kn=st.floats(1.0, 15.0), draught=ratios)
def test_twice_the_speed_eight_times_the_load(speed_kn, draught):
    slow, fast = (propeller_load(v, draught, v_ref_kn=40.0) for v in (speed_kn, 2 * speed_kn))
    assert fast == pytest.approx(8 * slow, rel=1e-12) or fast == 1.0


def test_corrections_multiply():
    plain = propeller_load(10.0, 1.0, v_ref_kn=20.0)
    assert plain == 0.125
    assert propeller_load(10.0, 1.0, v_ref_kn=20.0, delta_w=0.75) == pytest.approx(0.75 * plain)
    assert propeller_load(10.0, 1.0, v_ref_kn=20.0, eta=0.8) == pytest.approx(plain / 0.8)
    assert propeller_load(10.0, 0.5, v_ref_kn=20.0) == pytest.approx(plain * 0.5**0.66)
    assert propeller_load(30.0, 1.0, v_ref_kn=20.0) == 1.0


@given(
    st.lists(
        st.tuples(st.integers(0, 1), speeds, st.floats(0.5, 25.0, width=32) | st.just(float("nan"))),
        min_size=1,
        max_size=20,
    )
)
def test_the_loop_over_segments_is_the_formula(rows):
    vessel = np.array([row[0] for row in rows], np.int32)
    speed = np.array([row[1] for row in rows])
    draught = np.array([row[2] for row in rows], np.float32)
    ships = (np.array([20.0, 25.0]), np.array([10.0, 14.0]), np.array([1.0, 0.75]), np.array([0.8, 0.9]))
    ratio = np.clip(draught.astype(float) / ships[1][vessel], 0.3, 1.1)
    ratio = np.where(np.isnan(ratio), 1.0, ratio)
    expected = propeller_load(
        speed, ratio, v_ref_kn=ships[0][vessel], delta_w=ships[2][vessel], eta=ships[3][vessel]
    )
    np.testing.assert_allclose(main_loads(vessel, speed, draught, ships, LIMITS), expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("distance_nm", "hours", "sog", "observed", "expected"),
    [
        (10, 1, 11.0, 1.0, 11.0),  # reported
        (10, 1, float("nan"), 1.0, 10.0),  # nothing reported
        (10, 1, 60.0, 1.0, 10.0),  # reported nonsense
        (10, 1, 11.0, 0.5, 10.0),  # part of it in a gap
        (0, 0, float("nan"), 0.0, 0.0),  # no time
    ],
)
def test_speed_of_a_segment(distance_nm, hours, sog, observed, expected):
    found = segment_speed_kn(distance_nm * 1852.0, hours * 3.6e6, sog, observed, 40.0)
    assert found == pytest.approx(expected)


def test_stays_have_no_speed():
    times = (np.array([0, 0]), np.array([3_600_000] * 2), np.array([3_600_000] * 2))
    found = segment_speeds(
        np.zeros(2, np.int32),
        times,
        np.array([0.0, 18520.0]),
        np.array([5, 5], np.float32),
        np.array([1, 0], np.uint8),
        np.array([40.0]),
    )
    assert found.tolist() == [0.0, 5.0]

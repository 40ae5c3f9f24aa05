"""A change split among factors: nothing is left over, and zeros have an owner."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from corridor.accounts.divisia import effects, logarithmic_mean

POSITIVE = st.floats(1e-6, 1e6)
FACTORS = hnp.arrays(float, (5, 4), elements=st.one_of(st.just(0.0), POSITIVE))


@given(FACTORS, FACTORS)
def test_effects_sum_to_the_change_of_each_product(before, after):
    found = effects(before, after).sum(axis=1)
    was, now = before.prod(axis=1), after.prod(axis=1)
    assert np.all(np.abs(found - (now - was)) <= 1e-9 * np.maximum(was, now))


@given(FACTORS, FACTORS)
def test_back_again_is_the_same_with_the_other_sign(before, after):
    there, back = effects(before, after), effects(after, before)
    scale = np.maximum(before.prod(axis=1), after.prod(axis=1))[:, None]
    assert np.all(np.abs(there + back) <= 1e-9 * scale * 20)


@given(st.lists(POSITIVE, min_size=3, max_size=3), POSITIVE)
def test_one_factor_that_changes_has_the_whole_change(factors, changed):
    before, after = np.array([factors]), np.array([[changed, *factors[1:]]])
    whole = after.prod() - before.prod()
    assert effects(before, after)[0, 0] == pytest.approx(whole, rel=1e-9, abs=1e-9 * before.prod())
    assert np.all(effects(before, after)[0, 1:] == 0.0)


@given(POSITIVE, POSITIVE)
def test_the_mean_lies_between_the_geometric_and_the_arithmetic_one(a, b):
    mean = float(logarithmic_mean(np.array([a]), np.array([b]))[0])
    assert np.sqrt(a * b) * (1 - 1e-9) <= mean <= (a + b) / 2 * (1 + 1e-9)


def test_what_appears_belongs_to_the_first_factor_that_was_absent():
    # No ship of this kind called, so she had no hours and no power: it is the ships, not the hours.
    before = np.array([[10.0, 0.0, np.nan, np.nan]])
    after = np.array([[10.0, 0.5, 3.0, 2.0]])
    assert effects(before, after).tolist() == [[0.0, 30.0, 0.0, 0.0]]
    assert effects(after, before).tolist() == [[0.0, -30.0, 0.0, 0.0]]


def test_what_is_absent_on_both_sides_has_no_effect():
    assert effects(np.array([[0.0, 5.0]]), np.array([[3.0, 0.0]])).tolist() == [[0.0, 0.0]]


def test_a_worked_example():
    # 100 = 10 x 10 becomes 240 = 12 x 20; L = 140 / ln 2.4 = 159.914; 159.914 ln 1.2 = 29.156.
    found = effects(np.array([[10.0, 10.0]]), np.array([[12.0, 20.0]]))[0]
    assert found.round(3).tolist() == [29.156, 110.844]


@pytest.mark.parametrize(
    ("before", "after", "match"),
    [([[1.0]], [[1.0, 2.0]], "expected equal ones"), ([[-1.0]], [[1.0]], "negative")],
)
def test_a_wrong_table_is_refused(before, after, match):
    with pytest.raises(ValueError, match=match):
        effects(np.array(before), np.array(after))

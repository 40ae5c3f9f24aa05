"""Spans spread over the hours they lasted: nothing lost, nothing below nothing, each hour its part."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers import hours
from layers.hours import MS_PER_HOUR, add_by_hour

FIRST, COUNT = 100, 60
MOMENTS = st.integers(FIRST * MS_PER_HOUR, (FIRST + COUNT) * MS_PER_HOUR)
SPANS = st.lists(
    st.tuples(MOMENTS, MOMENTS, st.integers(0, 2), st.floats(0, 1e6)).filter(
        lambda one: min(one[:2]) < (FIRST + COUNT) * MS_PER_HOUR
    ),
    min_size=1,
    max_size=25,
)


def arrays(spans):
    begin, end, group, mass = (np.array(column) for column in zip(*spans, strict=True))
    return np.minimum(begin, end), np.maximum(begin, end), group, np.stack([mass, 2.0 * mass], axis=1)


def summed(spans):
    begin, end, group, mass = arrays(spans)
    sums = np.zeros((3, COUNT, 2))
    add_by_hour(sums, FIRST, (begin, end), group, mass)
    return sums


@given(SPANS)
def test_the_sum_of_each_group_stays(spans):
    sums = summed(spans)
    _, _, group, mass = arrays(spans)
    wanted = np.stack([mass[group == number].sum(axis=0) for number in range(3)])
    np.testing.assert_allclose(sums.sum(axis=1), wanted, rtol=1e-12)
    assert (sums >= 0).all()


@given(SPANS)
def test_each_hour_holds_the_part_of_each_span_that_lies_in_it(spans):
    begin, end, group, mass = arrays(spans)
    wanted = np.zeros((3, COUNT, 2))
    for first, last, number, amount in zip(begin, end, group, mass, strict=True):
        for hour in range(COUNT):
            low, high = (FIRST + hour) * MS_PER_HOUR, (FIRST + hour + 1) * MS_PER_HOUR
            if first == last:
                wanted[number, hour] += amount * (low <= first < high)
            else:
                wanted[number, hour] += amount * max(min(last, high) - max(first, low), 0) / (last - first)
    np.testing.assert_allclose(summed(spans), wanted, rtol=1e-9, atol=1e-9)


@given(SPANS)
def test_in_parts_it_is_the_same(spans):
    whole = summed(spans)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hours, "_MOST", 7)
        np.testing.assert_allclose(summed(spans), whole, rtol=1e-12)


@pytest.mark.parametrize("span", [(FIRST - 1, FIRST + 1), (FIRST, FIRST + COUNT + 1)])
def test_a_span_outside_the_hours_is_refused(span):
    begin, end = (np.array([one * MS_PER_HOUR]) for one in span)
    with pytest.raises(ValueError, match="outside the hours"):
        add_by_hour(np.zeros((1, COUNT, 1)), FIRST, (begin, end), np.array([0]), np.ones((1, 1)))

"""Cuts at instants of a segment's own: berth marks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.atoms import Atoms, cut_offsets, cut_times

HOUR = 3_600_000


def stays(count):
    """One atom a segment."""
    return Atoms(
        np.arange(count, dtype=np.int32),
        np.full(count, 5),
        np.full(count, 9),
        np.zeros(count),
        np.ones(count),
    )


def split(random, count):
    """Segments of one to four atoms with uneven shares."""
    parts = [np.unique(np.round(random.random(random.integers(0, 4)), 3)) for _ in range(count)]
    edges = [np.concatenate([[0.0], part[(part > 0) & (part < 1)], [1.0]]) for part in parts]
    segment = np.repeat(np.arange(count), [len(edge) - 1 for edge in edges]).astype(np.int32)
    f0, f1 = (np.concatenate([edge[cut] for edge in edges]) for cut in (slice(None, -1), slice(1, None)))
    return Atoms(segment, np.arange(segment.size), np.arange(segment.size), f0, f1)


def test_control_at_berth_lasts_from_two_hours_after_arrival_to_one_before_sailing():
    # A stay of ten hours, and one of 2.5: there the pilot boards before control begins.
    t0, t1 = np.array([0, 0]), np.array([10 * HOUR, int(2.5 * HOUR)])
    marks = np.concatenate([t0 + 2 * HOUR, t1 - HOUR])
    atoms, passed = cut_offsets(stays(2), t0, t1, [0, 1, 0, 1], marks)
    hours = (atoms.f1 - atoms.f0) * (t1 - t0)[atoms.segment] / HOUR
    np.testing.assert_allclose(hours, [2, 7, 1, 1.5, 0.5, 0.5])
    assert passed.tolist() == [0, 1, 2, 0, 1, 2]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_own_marks_cut_where_they_lie_and_conserve_everything(seed):
    random = np.random.default_rng(seed)
    count = 30
    atoms = split(random, count)
    t0 = random.integers(0, 5000, count)
    t1 = t0 + random.integers(0, 3000, count) * (random.random(count) < 0.9)
    row = random.integers(0, count, 50)
    marks = t0[row] + random.integers(-500, 3500, 50)
    marks[:5], marks[5:10] = t0[row[:5]], t1[row[5:10]]  # at the ends, too
    row, marks = np.append(row, row[:3]), np.append(marks, marks[:3])  # and twice
    cut, passed = cut_offsets(atoms, t0, t1, row, marks)
    # Each part lies in one old atom and ends where the next begins.
    first = np.diff(cut.segment, prepend=-1) != 0
    assert (cut.f0[first] == 0).all()
    assert (cut.f1[np.append(first[1:], True)] == 1).all()
    assert (cut.f0[~first] == cut.f1[np.flatnonzero(~first) - 1]).all()
    assert (cut.f1 > cut.f0).all()
    shares = np.bincount(cut.code, cut.f1 - cut.f0, minlength=len(atoms))
    np.testing.assert_allclose(shares, atoms.f1 - atoms.f0, atol=1e-12)
    # The count is that of a slow reader.
    pairs = set(zip(row.tolist(), marks.tolist(), strict=True))
    length = t1 - t0
    for segment, f0, f1, number in zip(cut.segment, cut.f0, cut.f1, passed, strict=True):
        begins, ends = (t0[segment] + f * length[segment] for f in (f0, f1))
        own = np.array([mark for one, mark in pairs if one == segment])
        assert number == (own <= begins + 1e-6).sum()
        assert not ((own > begins + 1e-6) & (own < ends - 1e-6)).any()
    again, counted = cut_offsets(cut, t0, t1, row, marks)
    assert again.f1.tolist() == cut.f1.tolist()
    assert counted.tolist() == passed.tolist()


def test_months_and_own_marks_go_together():
    # ----|--------  month at 40
    # --|-------|--  own marks at 20 and 80
    t0, t1 = [0], [100]
    cut, _ = cut_offsets(stays(1), t0, t1, [0, 0], [80, 20])
    both, period = cut_times(cut, t0, t1, [40])
    same, passed = cut_offsets(both, t0, t1, [0, 0], [80, 20])
    assert same is not None
    assert both.f1.tolist() == [0.2, 0.4, 0.8, 1.0]
    assert period.tolist() == [0, 0, 1, 1]
    assert passed.tolist() == [0, 1, 1, 2]


def test_nothing_to_cut_is_nothing_cut():
    atoms = stays(2)
    for row, marks in (([], []), ([0, 1], [-5, 5000])):
        same, passed = cut_offsets(atoms, [0, 0], [100, 100], row, marks)
        assert same is atoms
        assert passed.tolist() == [len(row) // 2, 0]


@pytest.mark.parametrize(
    ("t1", "row", "marks", "message"),
    [
        ([100], [0], [5, 6], "differ in length"),
        ([-1], [0], [5], "segment 0 ends before it begins"),
        ([100], [1], [5], "names segment 1; expected 0 to 0"),
        ([100], [-1], [5], "names segment -1"),
    ],
)
def test_faulty_columns_are_refused(t1, row, marks, message):
    with pytest.raises(ValueError, match=message):
        cut_offsets(stays(1), [0], t1, row, marks)

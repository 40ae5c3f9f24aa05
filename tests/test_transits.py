"""Transits of the Green Flag waters, on a line that leads to a quay.

nm from the quay    50      40      20       0
waters              outside | ring  |  near  | quay
band                   0        2       1       1
"""

import numpy as np
import pytest
from emission_world import HOUR, START, Parts, tracks
from hypothesis import given
from hypothesis import strategies as st

from corridor.tracks.transits import transits
from layers.geodesy import NAUTICAL_MILE_M

LIMIT = 12.0


def sailed(*legs):
    """Segments and atoms of one ship: (nm, knots) a leg, "stay" for ten hours, "hole" for a silence."""
    t_ms, rows, atoms, bands = START, [], [], []
    for leg in legs:
        if leg == "hole":
            t_ms += 5 * HOUR
            continue
        parts = [(0.0, 1.0, 1)] if leg == "stay" else leg[2]
        length = 10 * HOUR if leg == "stay" else round(leg[0] / leg[1] * HOUR)
        nm, kn = (0.0, 0.0) if leg == "stay" else leg[:2]
        for f0, f1, band in parts:
            atoms.append((len(rows), f0, f1))
            bands.append(band)
        rows.append((t_ms, t_ms + length, nm * NAUTICAL_MILE_M, kn, int(leg == "stay")))
        t_ms += length
    t0, t1, metres, kn, kind = np.array(rows).T
    segments = tracks(len(rows), t0_ms=t0, t1_ms=t1, distance_m=metres, sog_kn=kn, kind=kind)
    segment, f0, f1 = np.array(atoms).T
    n = len(atoms)
    made = Parts(segment.astype(np.int32), np.zeros(n, np.int64), np.zeros(n, np.int64), f0, f1)
    return transits(segments, made, np.array(bands), np.asarray(kn), limit_kn=LIMIT)


# From 50 nm to the quay: one leg across the 40 nm line, one across the 20 nm line, one inside.
IN = (
    (20.0, 16.0, [(0.0, 0.5, 0), (0.5, 1.0, 2)]),
    (20.0, 12.0, [(0.0, 0.5, 2), (0.5, 1.0, 1)]),
    (10.0, 8.0, [(0.0, 1.0, 1)]),
)
OUT = (
    (20.0, 10.0, [(0.0, 1.0, 1)]),
    (30.0, 15.0, [(0.0, 2 / 3, 2), (2 / 3, 1.0, 0)]),
)


def test_in_by_hand():
    """Within 40 nm: 10 nm at 16 kn, 20 nm at 12 kn, 10 nm at 8 kn; within 20 nm the last 10 and 10."""
    (row,) = sailed(*IN, "stay").to_dict("records")
    assert row["direction"] == "in"
    assert row["distance_nm_40nm"] == pytest.approx(40.0)
    assert row["hours_40nm"] == pytest.approx(10 / 16 + 20 / 12 + 10 / 8)
    assert row["mean_kn_40nm"] == pytest.approx(40.0 / (10 / 16 + 20 / 12 + 10 / 8))
    assert row["highest_kn_40nm"] == 16.0
    # Twelve knots are twelve knots or less.
    assert row["slow_share_40nm"] == pytest.approx(30 / 40)
    assert row["distance_nm_20nm"] == pytest.approx(20.0)
    assert row["highest_kn_20nm"] == 12.0
    assert row["slow_share_20nm"] == pytest.approx(1.0)
    assert row["t0_ms"] == START + round(20 / 16 * HOUR / 2)


def test_a_speed_that_is_reported_as_twelve_knots_keeps_twelve_knots():
    for knots, share in ((12.04, 1.0), (12.06, 0.0)):
        table = sailed(IN[0], (15.0, knots, [(0.0, 1.0, 1)]), "stay")
        assert table["slow_share_20nm"].tolist() == [share]


def test_in_and_out_and_a_shift_between():
    shift = (1.0, 4.0, [(0.0, 1.0, 1)])
    table = sailed(*IN, "stay", shift, "stay", *OUT)
    assert table["direction"].tolist() == ["in", "out"]
    assert table["slow_share_40nm"].tolist() == pytest.approx([0.75, 0.5])


def test_a_ship_that_passes_goes_through():
    assert sailed(*IN, *OUT)["direction"].tolist() == ["through"]


def test_a_hole_leaves_the_direction_unknown():
    assert sailed(*IN, "hole", *OUT)["direction"].tolist() == ["unknown", "unknown"]
    assert sailed(IN[1], IN[2], "stay")["direction"].tolist() == ["unknown"]


def test_a_ship_that_leaves_the_waters_and_comes_back_makes_two():
    outside = (20.0, 14.0, [(0.0, 1.0, 0)])
    table = sailed(*IN, *OUT, outside, *IN, "stay")
    assert table["direction"].tolist() == ["through", "in"]


def test_nobody_in_the_waters_is_an_empty_table():
    assert sailed((20.0, 14.0, [(0.0, 1.0, 0)])).empty


@given(cut=st.floats(0.01, 0.99), knots=st.floats(4.0, 25.0))
def test_where_a_leg_is_cut_changes_no_measure(cut, knots):
    """Two parts of one leg in the same waters are the leg."""
    whole = sailed(IN[0], (15.0, knots, [(0.0, 1.0, 1)]), "stay").iloc[0]
    parts = sailed(IN[0], (15.0, knots, [(0.0, cut, 1), (cut, 1.0, 1)]), "stay").iloc[0]
    for name in whole.index.drop(["direction"]):
        assert parts[name] == pytest.approx(whole[name], rel=1e-12), name

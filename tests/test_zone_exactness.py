"""Zones that ship, against plane geometry on diced polygons; time, against the calendar."""

import drawn_ais
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import corridor
from corridor.ground import study_lattice, study_systems
from layers.walk import walk
from layers.zones import ZoneIndex
from tests.benchmarks.zones import Tree, worst


@pytest.fixture(scope="module")
def world(work_dir):
    systems = study_systems()
    index = ZoneIndex.load_or_build(systems, study_lattice(), work_dir)
    corners = [shapely.get_coordinates(system.zones.geometry.to_numpy()) for system in systems]
    return index, Tree(systems), corners


@settings(deadline=None, max_examples=10)
@given(seed=st.integers(0, 2**32 - 1))
def test_shares_at_the_edges_of_every_system_are_those_of_diced_polygons(world, seed):
    index, tree, corners = world
    random = np.random.default_rng(seed)
    # Short legs through corners of zones, where a cut is hardest; the poles of the map are left alone.
    near = np.concatenate([xy[random.integers(0, len(xy), 60)] for xy in corners])
    near = near[(np.abs(near[:, 1]) < 80) & (np.abs(near[:, 0]) < 179.98)]
    begin, end = (near + random.uniform(-0.004, 0.004, near.shape) for _ in range(2))
    x0, x1 = np.mod(begin[:, 0], 360.0), np.mod(end[:, 0], 360.0)
    ends = tuple(np.ascontiguousarray(values) for values in (begin[:, 1], x0, end[:, 1], x1))
    lines = shapely.linestrings(
        np.stack([np.column_stack([x0, begin[:, 1]]), np.column_stack([x1, end[:, 1]])], 1)
    )
    atoms = walk(*ends, index)
    assert worst(atoms, index, tree.shares(lines), ends) < 1e-6


def test_dicing_loses_nothing(world):
    _, tree, _ = world
    for system, (_, pieces, zone) in zip(study_systems(), tree.systems, strict=True):
        areas = np.bincount(zone, shapely.area(pieces), minlength=len(system.zones) + 1)[1:]
        np.testing.assert_allclose(areas, shapely.area(system.zones.geometry.to_numpy()), rtol=1e-9)
        assert (np.ptp(shapely.bounds(pieces).reshape(-1, 2, 2), axis=1) <= 0.5 + 1e-12).all()


def test_a_new_year_and_its_rule_cut_a_leg_at_midnight(tmp_path, work_dir):
    # Eight hours at sea over 2020-01-01T00:00Z, a fix an hour, none at midnight: 3.5 h before, 4.5 h after.
    start = np.datetime64("2019-12-31T20:30", "ms")
    times = [str(start + np.timedelta64(i, "h"))[:19] for i in range(9)]
    rows = [
        drawn_ais.line(0, lat="30.00000", lon=f"{-150 + 0.23 * i:.5f}", time=time)
        for i, time in enumerate(times)
    ]
    (tmp_path / "day.csv").write_bytes(drawn_ais.table(rows))
    study = corridor.run_study(tmp_path / "day.csv", work_dir=work_dir, pieces=False)
    hours = study.totals(by=["month", "fuel"])[["month", "fuel", "hours"]]
    expected = pd.DataFrame(
        {"month": [2019 * 12 + 11, 2020 * 12], "fuel": ["hfo", "vlsfo"], "hours": [3.5, 4.5]}
    )
    pd.testing.assert_frame_equal(
        hours.reset_index(drop=True), expected, check_dtype=False, check_exact=False, atol=1e-6
    )

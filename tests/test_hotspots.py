"""Ranks, the fewest cells, and clusters that know no 180th meridian."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from layers.hotspots import NEIGHBOURS, clusters, fewest_cells, rank_cells

MASSES = arrays(float, st.integers(1, 60), elements=st.floats(0, 1e9, allow_subnormal=False))


@given(MASSES, st.floats(0.01, 1.0))
def test_the_fewest_cells_hold_the_share_and_one_less_does_not(mass, share):
    chosen = fewest_cells(mass, share)
    total = mass.sum()
    if total == 0:
        assert len(chosen) == 0
        return
    assert mass[chosen].sum() >= share * total * (1 - 1e-9)
    assert mass[chosen[:-1]].sum() < share * total


@given(MASSES)
def test_every_cell_has_a_rank_and_the_last_share_is_everything(mass):
    ranks = rank_cells(mass, np.full(len(mass), 2.0))
    assert sorted(ranks.rank) == list(range(1, len(mass) + 1))
    assert (np.diff(ranks.density[np.argsort(ranks.rank)]) <= 0).all()
    if mass.sum() > 0:
        assert ranks.cumulative_share[np.argmax(ranks.rank)] == pytest.approx(1.0)


def test_a_share_of_nothing_is_refused():
    with pytest.raises(ValueError, match="expected more than 0"):
        fewest_cells(np.ones(3), 0.0)


def test_the_statistic_is_that_of_getis_and_ord_by_hand():
    rng = np.random.default_rng(3)
    lat, lon = rng.uniform(20, 50, 40), rng.uniform(120, 240, 40)
    density = rng.lognormal(size=40)
    xyz = np.column_stack(
        [
            np.cos(np.radians(lat)) * np.cos(np.radians(lon)),
            np.cos(np.radians(lat)) * np.sin(np.radians(lon)),
            np.sin(np.radians(lat)),
        ]
    )
    apart = np.linalg.norm(xyz[:, None] - xyz[None], axis=2)
    mean, sd, n = density.mean(), density.std(), len(density)
    for i, found in enumerate(clusters(lat, lon, density).z):
        near = np.argsort(apart[i])[: NEIGHBOURS + 1]  # itself among them
        w = len(near)
        z = (density[near].sum() - mean * w) / (sd * np.sqrt((n * w - w**2) / (n - 1)))
        assert found == pytest.approx(z, rel=1e-9)


def test_the_180th_meridian_changes_nothing():
    rng = np.random.default_rng(5)
    lat, lon = rng.uniform(30, 40, 50), rng.uniform(-5, 5, 50)
    density = rng.lognormal(size=50)
    here = clusters(lat, lon, density)
    there = clusters(lat, (lon + 360.0) % 360.0 - 180.0, density)
    np.testing.assert_allclose(here.z, there.z, rtol=1e-9)
    assert (here.hot == there.hot).all()


def test_noise_is_no_hot_spot_and_a_cluster_is():
    rng = np.random.default_rng(8)
    lat, lon = (axis.ravel() for axis in np.meshgrid(np.arange(20.0, 22, 0.1), np.arange(120.0, 122, 0.1)))
    density = rng.uniform(0.9, 1.1, len(lat))
    assert clusters(lat, lon, density).hot.mean() < 0.05
    centre = (np.abs(lat - 21) < 0.25) & (np.abs(lon - 121) < 0.25)
    hot = clusters(lat, lon, np.where(centre, 20.0, density)).hot
    assert hot[centre].all()
    assert hot.sum() < 2.5 * centre.sum()


def test_too_few_cells_are_never_hot():
    assert not clusters(np.zeros(5), np.arange(5.0), np.arange(5.0)).hot.any()

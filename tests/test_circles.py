"""Circles about places: every square metre once, anywhere on the Earth."""

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.circles import shares_within
from layers.lattice import Lattice

COARSE = Lattice(0.1)


def around(lattice, lat, lon, steps=9):
    """Cells of a square of half a degree and more about a place."""
    wide = 0.7 / np.cos(np.radians(lat))
    lats = lat + np.linspace(-0.7, 0.7, 4 * steps * 4)
    lons = lon + np.linspace(-wide, wide, 4 * steps * 8)
    grid = np.meshgrid(lats, lons)
    return np.unique(lattice.cell_at(grid[0].ravel(), (grid[1].ravel() + 180) % 360 - 180))


@given(
    st.floats(-70, 70),
    st.one_of(st.floats(-180, 180), st.floats(179.95, 180), st.floats(-180, -179.95)),
    st.sampled_from([1000.0, 2000.0, 5000.0, 10_000.0]),
)
def test_the_parts_of_a_circle_are_the_circle(lat, lon, radius_m):
    cells = around(COARSE, lat, lon)
    area = (shares_within(COARSE, cells, lat, lon, radius_m) * COARSE.cell_area_m2(cells)).sum()
    assert area == pytest.approx(np.pi * radius_m**2, rel=1e-4)


def test_a_wider_circle_holds_no_less_of_any_cell():
    cells = around(COARSE, 33.75, -118.2)
    shares = [shares_within(COARSE, cells, 33.75, -118.2, radius) for radius in (1e3, 2e3, 5e3, 1e4)]
    assert np.all(np.diff(shares, axis=0) >= -1e-12)
    assert shares[-1].max() == pytest.approx(1.0) or shares[-1].max() < 1.0


def test_fine_and_coarse_cells_share_one_circle():
    # Fine cells of 0.01° about Long Beach, coarse ones outside: the circle lies across their border.
    lattice = Lattice(0.1, fine=10, windows=((-118.3, 33.7, -118.2, 33.8),))
    cells = around(lattice, 33.75, -118.2, steps=20)
    area = (shares_within(lattice, cells, 33.75, -118.2, 5000.0) * lattice.cell_area_m2(cells)).sum()
    assert area == pytest.approx(np.pi * 25e6, rel=1e-4)


@pytest.mark.parametrize(("lat", "lon"), [(33.7, -118.2), (22.5, 114.3), (-20.0, 180.0), (65.0, 0.0)])
def test_a_cell_is_in_where_the_geodesic_says_so(lat, lon):
    lattice = Lattice(0.01)
    cells = around(lattice, lat, lon, steps=40)
    shares = shares_within(lattice, cells, lat, lon, 10_000.0)
    middle = lattice.cell_centre(cells)
    far = pyproj.Geod(ellps="WGS84").inv(np.full(len(cells), lon), np.full(len(cells), lat), *middle[::-1])[2]
    assert np.all(shares[far < 9000.0] == pytest.approx(1.0, abs=1e-6))
    assert np.all(shares[far > 11_000.0] == 0.0)
    assert (far < 9000.0).sum() > 100


def test_a_far_cell_has_no_part():
    cells = COARSE.cell_at([0.0, 10.0], [0.0, 100.0])
    assert shares_within(COARSE, cells, 50.0, 50.0, 1000.0).tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("lat", "radius_m"), [(0.0, 0.0), (0.0, np.nan), (91.0, 1000.0), (np.nan, 1000.0)])
def test_no_circle_is_refused(lat, radius_m):
    with pytest.raises(ValueError, match="expected a place and a radius"):
        shares_within(COARSE, [0], lat, 0.0, radius_m)

"""Cells onto regular grids: no gram lost, whatever the sizes, and in one piece across 180°."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.cog import within_180
from layers.lattice import Lattice
from layers.rasters import Grid, grid_over, regridding

SIDES = st.sampled_from([0.05, 0.1, 0.25, 1 / 3, 0.5, 1.0, 2.0])
WINDOWS = ((-118.4, 33.6, -118.0, 33.9), (113.7, 22.3, 114.5, 22.7))
# Cells of 0.1° with ones of 0.01° in two ports, all over a box from China to California.
LATTICE = Lattice(0.1, fine=10, windows=WINDOWS)


def boxes(lat, lon):
    return LATTICE.cell_bounds(LATTICE.cell_at(np.array(lat), np.array(lon)))


places = st.lists(
    st.tuples(st.floats(-80, 80), st.one_of(st.floats(110, 180), st.floats(-180, -110))),
    min_size=1,
    max_size=30,
)


@given(places, SIDES, st.integers(0, 2**31))
def test_the_sum_stays(found, side, seed):
    lat, lon = zip(*found, strict=True)
    cells = boxes(lat, lon)
    mass = np.random.default_rng(seed).lognormal(0, 5, len(lat))
    onto = regridding(cells, grid_over(cells, side))
    assert onto.spread(mass).sum() == pytest.approx(mass.sum(), rel=1e-12)
    assert np.bincount(onto.source, weights=onto.share) == pytest.approx(np.ones(len(lat)), abs=1e-12)


@given(places, SIDES)
def test_mass_comes_to_lie_where_the_cell_is(found, side):
    lat, lon = zip(*found, strict=True)
    west, south, east, north = boxes(lat, lon)
    grid = grid_over((west, south, east, north), side)
    onto = regridding((west, south, east, north), grid)
    column, row = onto.place % grid.columns, onto.place // grid.columns
    middle = np.mod((west + east) / 2, 360.0)[onto.source]
    left, right = grid.lon_edges[column], grid.lon_edges[column + 1]
    apart = np.minimum(np.abs(middle - (left + right) / 2), 360 - np.abs(middle - (left + right) / 2))
    assert (apart <= (side + 0.1) / 2 + 1e-6).all()
    bottom, top = grid.lat_edges[row], grid.lat_edges[row + 1]
    assert (north[onto.source] > bottom - 1e-6).all()
    assert (south[onto.source] < top + 1e-6).all()


def test_a_corridor_over_180_is_one_strip():
    # 170°E | 180° | 170°W: 20 columns of one degree, not 340.
    grid = grid_over(boxes([40.0, 40.0], [170.0, -170.1]), 1.0)
    assert grid.lon_edges[[0, -1]].tolist() == [170.0, 190.0]
    assert (grid.rows, grid.columns) == (1, 20)


def test_a_study_over_greenwich_is_one_strip():
    grid = grid_over(boxes([50.0, 50.0], [-2.0, 1.0]), 1.0)
    assert grid.lon_edges[[0, -1]].tolist() == [358.0, 362.0]


def test_cells_of_the_same_size_stay_what_they_are():
    # Three cells in one row: A . B A   →   the same values in the same places.
    cells = boxes([10.05, 10.05, 10.05], [120.05, 120.25, 120.35])
    spread = regridding(cells, grid_over(cells, 0.1)).spread([1.0, 2.0, 3.0])
    assert spread.tolist() == [[1.0, 0.0, 2.0, 3.0]]


def test_areas_add_up_to_the_earth():
    grid = grid_over([[-180.0, 0.0], [-90.0, -90.0], [0.0, 180.0], [90.0, 90.0]], 10.0)
    assert grid.area_m2.sum() == pytest.approx(510_065_621_724_089, rel=1e-9)  # WGS 84, ellipsoid


@pytest.mark.parametrize("side", [0.0, -1.0, 0.7, 1e-9])
def test_a_side_that_does_not_fit_is_refused(side):
    with pytest.raises(ValueError, match="divides 180"):
        grid_over([[0.0], [0.0], [1.0], [1.0]], side)


def test_cells_outside_the_grid_are_refused():
    small = grid_over([[0.0], [0.0], [1.0], [1.0]], 0.5)
    with pytest.raises(ValueError, match="outside the grid"):
        regridding([[5.0], [0.0], [6.0], [1.0]], small)


@given(st.integers(1, 8), st.data())
def test_a_raster_within_180_holds_each_value_where_it_was(per_turn, data):
    columns = 4 * per_turn
    first = data.draw(st.integers(0, columns - 1))
    wide = data.draw(st.integers(1, columns))
    grid = Grid(360.0 / columns, first, 0, wide, 1)
    values = 1.0 + np.arange(wide, dtype=np.float64)[None, :]
    west, turned = within_180(grid, values)
    side = 360.0 / columns
    assert west >= -180.0
    assert west + turned.shape[1] * side <= 180.0 + 1e-9
    assert turned.sum() == values.sum()
    middle = (grid.lon_edges[:-1] + grid.lon_edges[1:]) / 2.0
    place = np.floor(((middle + 180.0) % 360.0 - 180.0 - west) / side).astype(int)
    assert (turned[0, place] == values[0]).all()

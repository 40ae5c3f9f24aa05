"""Cells: numbers, bounds, nesting, windows."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from layers.lattice import FINE_BIT, Lattice

EARTH_M2 = 510_065_621_724_088.4
BAYS = ((-118.43, 33.61, -117.95, 33.87), (179.2, 10.0, -179.3, 11.0))


@pytest.mark.parametrize("cell_deg", [0.1, 0.25, 0.5, 1.0, 0.3, 4.0])
def test_a_column_of_cells_covers_its_share_of_the_earth(cell_deg):
    lattice = Lattice(cell_deg)
    column = np.arange(lattice.ny) * lattice.nx
    assert lattice.cell_area_m2(column).sum() * lattice.nx == pytest.approx(EARTH_M2, rel=1e-12)


@pytest.mark.parametrize("cell_deg", [0.05, 0.1, 0.25, 1.0])
@given(st.floats(-90, 90), st.floats(-180, 360))
@example(33.7, -118.3)
@example(90.0, 180.0)
@example(-90.0, -180.0)
def test_a_cell_holds_its_place(cell_deg, lat, lon):
    lattice = Lattice(cell_deg)
    west, south, east, north = lattice.cell_bounds(lattice.cell_at(lat, lon))
    place = (lon + 180) % 360 - 180
    assert south - 1e-9 <= lat <= north + 1e-9
    assert west - 1e-9 <= place <= east + 1e-9 or abs(place - west) > 359
    assert -180 <= west < east <= 180


@given(st.floats(33.4, 34.0), st.floats(-118.6, -117.8))
@example(33.6, -118.5)
def test_windows_hold_fine_cells_inside_coarse_ones(lat, lon):
    lattice, plain = Lattice(0.1, 10, BAYS), Lattice(0.1)
    cell = lattice.cell_at(lat, lon)
    assert lattice.coarse_cell(cell) == plain.cell_at(lat, lon)
    # The window grows to whole cells: 33.6 to 33.9 and -118.5 to -117.9.
    inside = 33.6 + 1e-9 < lat < 33.9 - 1e-9 and -118.5 + 1e-9 < lon < -117.9 - 1e-9
    outside = not (33.6 - 1e-9 < lat < 33.9 + 1e-9 and -118.5 - 1e-9 < lon < -117.9 + 1e-9)
    if inside:
        assert cell & FINE_BIT
    if outside:
        assert not cell & FINE_BIT


def test_a_window_may_cross_180():
    lattice = Lattice(0.5, 5, BAYS)
    fine = lattice.cell_at([10.2, 10.2, 10.2, 10.2], [179.9, -179.9, 178.9, -178.9]) & FINE_BIT != 0
    assert fine.tolist() == [True, True, False, False]


def test_fine_cells_add_up_to_their_coarse_cell():
    lattice = Lattice(1.0, 10, ((10.0, 50.0, 11.0, 51.0),))
    y, x = np.meshgrid(np.arange(50.05, 51, 0.1), np.arange(10.05, 11, 0.1))
    cells = lattice.cell_at(y.ravel(), x.ravel())
    assert np.unique(cells).size == 100
    coarse = Lattice(1.0).cell_at(50.5, 10.5)
    assert lattice.cell_area_m2(cells).sum() == pytest.approx(float(lattice.cell_area_m2(coarse)), rel=1e-12)


def test_the_centre_of_a_cell_lies_in_it():
    lattice = Lattice(0.1, 10, BAYS)
    cells = np.unique(lattice.cell_at(np.linspace(-80, 80, 999), np.linspace(-180, 179, 999)))
    cells = np.append(cells, lattice.cell_at(33.755, -118.215))
    assert (lattice.cell_at(*lattice.cell_centre(cells)) == cells).all()


def test_numbers_of_cells_are_stable():
    lattice = Lattice(0.1, 10, BAYS)
    assert lattice.cell_at(0.05, 0.05) == 900 * 3600 + 1800
    assert lattice.cell_at(33.755, -118.215) == FINE_BIT | (12375 * 36000 + 6178)


@pytest.mark.parametrize("cell_deg", [0.7, 0.0, -1.0, 200.0, 1e-4, float("nan")])
def test_a_cell_must_divide_180(cell_deg):
    with pytest.raises(ValueError, match="does not divide 180 evenly"):
        Lattice(cell_deg)


@pytest.mark.parametrize("window", [(0, 1, 1, 0), (0, -91, 1, 0), (-200, 0, 1, 1)])
def test_a_window_must_be_a_box(window):
    with pytest.raises(ValueError, match="is no box"):
        Lattice(0.1, 10, (window,))


def test_fine_must_be_whole():
    with pytest.raises(ValueError, match="whole number"):
        Lattice(0.1, 0)

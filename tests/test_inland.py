"""Far inland: squares of land, seen from both sides of 180°, and outside the map."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from corridor import reference
from layers.inland import Inland
from layers.shore import ShoreGrid

# Land from 170° E over 180° to 170° W, 10° S to 10° N, in a window of sea.
LAND = shapely.box(170.0, -10.0, 190.0, 10.0)
GRID = ShoreGrid.of([LAND], (165.0, -15.0, 195.0, 15.0), 0.25)


@given(lat=st.floats(-15, 15), lon=st.floats(165, 195), nm=st.floats(30, 400))
def test_what_is_marked_is_farther_from_the_sea_than_the_distance(lat, lon, nm):
    """The nearest sea of a box lies straight across its nearest edge; a cell of 15 nm is the grid's grain."""
    inland = Inland.of(GRID, nm)
    to_edge = min(lat + 10, 10 - lat) * 60, min(lon - 170, 190 - lon) * 60 * np.cos(np.radians(abs(lat)))
    grain = 0.25 * 60
    if inland.holds(lat, lon):
        assert min(to_edge) >= nm - 2 * grain
    elif min(to_edge) >= 0 and LAND.contains(shapely.Point(lon, lat)):
        corner = np.cos(np.radians(min(abs(lat) + nm / 60, 89)))
        assert min(to_edge[0], to_edge[1] * corner) <= nm + 2 * grain


@given(lat=st.floats(-15, 15), lon=st.floats(165, 195))
def test_a_longitude_is_the_same_place_however_it_is_written(lat, lon):
    inland = Inland.of(GRID, 120.0)
    wrapped = (lon + 180) % 360 - 180
    assert inland.holds(lat, lon) == inland.holds(lat, wrapped)


@pytest.mark.parametrize(
    ("name", "lat", "lon", "far"),
    [
        ("Salt Lake City", 40.76, -111.89, True),
        ("Xi'an", 34.34, 108.94, True),
        ("Nanjing", 32.09, 118.72, False),
        ("Guangzhou", 23.09, 113.42, False),
        ("Portland, Oregon", 45.60, -122.72, False),
        ("Stockton", 37.95, -121.33, False),
        ("Long Beach", 33.75, -118.22, False),
        ("outside the map", -33.0, 150.0, False),
        ("nowhere", np.nan, np.nan, False),
    ],
)
def test_cities_far_from_the_sea_and_river_ports(name, lat, lon, far):
    assert reference.inland(150.0).holds(lat, lon) == far, name

"""Distance to the coast on a grid."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from corridor import reference
from corridor.geography.shore import measured, packed
from layers.geodesy import distance_m
from layers.shore import ShoreGrid

#   land from 180° to the east, sea to the west: the nearest coast lies on the parallel
EAST = ShoreGrid.of([shapely.box(180.0, 30.0, 184.0, 40.0)], (178.0, 33.0, 182.0, 37.0), 0.05)


@given(lat=st.floats(33.1, 36.9), lon=st.floats(179.6, 179.99))
def test_distance_to_a_straight_coast(lat, lon):
    on_the_ellipsoid = float(distance_m(lat, lon, lat, 180.0)) / 1852
    # A byte counts tenths; the sphere and the chart take half a per cent.
    assert EAST.distance_nm(lat, lon) == pytest.approx(on_the_ellipsoid, rel=0.006, abs=0.11)


@given(lat=st.floats(33.0, 37.0), lon=st.floats(178.9, 181.9))
def test_any_form_of_a_longitude_is_one_place(lat, lon):
    assert EAST.distance_nm(lat, lon - 360.0) == pytest.approx(float(EAST.distance_nm(lat, lon)), abs=1e-6)


def test_far_land_and_unknown_are_told_apart():
    found = EAST.distance_nm([35.0, 35.0, 35.0, 50.0, np.nan], [178.5, -179.0, 179.9, 179.9, 180.0])
    assert found[0] == np.inf
    assert found[1] == 0.0
    assert 0 < found[2] < 6
    assert np.isnan(found[3:]).all()


#    place                        lat      lon        least  most [nm], read off a chart
PLACES = """
     Pier J                       33.740   -118.190    0.0    0.7
     Port Hueneme                 34.149   -119.206    0.0    0.6
     National City, San Diego     32.653   -117.122    0.0    0.6
     midway to Avalon             33.530   -118.270    8.0    9.0
     between Oahu and Molokai     21.250   -157.480    9.0   10.5
     Yantian                      22.575    114.270    0.0    0.7
     mid Pacific                  40.000    180.000    inf    inf
"""


@pytest.mark.parametrize("row", PLACES.strip().splitlines())
def test_known_places(row):
    *_, lat, lon, least, most = row.split()
    assert float(least) <= reference.shore().distance_nm(float(lat), float(lon)) <= float(most)


def test_the_stored_grid_is_what_the_land_gives():
    window = (241.0, 32.0, 243.0, 34.0)
    again, stored = measured(window), reference.shore()
    row, column = round((window[1] - stored.south) / 0.05), round((window[0] - stored.west) / 0.05)
    rows, columns = again.tenths.shape
    assert np.array_equal(again.tenths, stored.tenths[row : row + rows, column : column + columns])


def test_the_file_is_the_same_bytes_every_time():
    file = reference.data_path() / "geo" / reference.SHORE_FILE
    assert packed(EAST) == packed(EAST)
    assert packed(reference.shore()) == file.read_bytes()
    assert f"geo/{reference.SHORE_FILE}" in reference.table_hashes()

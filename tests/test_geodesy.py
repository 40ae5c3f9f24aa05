"""Lengths, areas and longitudes against published values, pyproj, and themselves."""

import csv
from pathlib import Path

import numpy as np
import pyproj
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from layers import geodesy

GEOD = pyproj.Geod(ellps="WGS84")
TABLE = Path(__file__).parent / "regression" / "geodesy.csv"
CASES = list(csv.DictReader(TABLE.read_text(encoding="utf-8").splitlines()))

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_published_lengths(case):
    ends = [float(case[name]) for name in ("lat1_deg", "lon1_deg", "lat2_deg", "lon2_deg")]
    expected = float(case["expected_geodesic_nm"])
    assert geodesy.distance_m(*ends) / geodesy.NAUTICAL_MILE_M == pytest.approx(expected, rel=1e-4)
    assert geodesy.lambert_m(*ends) / geodesy.NAUTICAL_MILE_M == pytest.approx(expected, rel=1e-4)


@given(latitudes, longitudes, latitudes, longitudes)
@example(0.0, 0.0, 0.0, 180.0)
@example(0.0, 0.0, 0.5, 179.7)
@example(90.0, 0.0, -90.0, 77.0)
@example(89.9999, 10.0, 89.9999, -170.0)
def test_length_is_the_geodesic(lat0, lon0, lat1, lon1):
    true = GEOD.inv(lon0, lat0, lon1, lat1)[2]
    assert float(geodesy.distance_m(lat0, lon0, lat1, lon1)) == pytest.approx(true, rel=1e-5, abs=1e-6)


@given(latitudes, longitudes, st.floats(-0.1, 0.1), st.floats(-0.1, 0.1))
def test_kernel_agrees_on_short_legs(lat, lon, up, along):
    other = min(max(lat + up, -90), 90)
    true = GEOD.inv(lon, lat, lon + along, other)[2]
    assert geodesy.lambert_m(lat, lon, other, lon + along) == pytest.approx(true, rel=1e-5, abs=1e-6)


@given(latitudes, longitudes)
def test_no_way_has_no_length(lat, lon):
    assert geodesy.distance_m(lat, lon, lat, lon) == 0
    assert geodesy.lambert_m(lat, lon, lat, lon) == 0


def test_opposite_places_are_finite_in_the_kernel():
    assert geodesy.lambert_m(0.0, 0.0, 0.0, 180.0) == pytest.approx(20_003_931, rel=2e-3)


@given(st.floats(-1000, 1000))
@example(-180.00000000000003)
@example(180.0)
def test_wrapping_keeps_the_place(lon):
    wrapped = float(geodesy.wrap_longitude(lon))
    assert -180 <= wrapped < 180
    assert abs((wrapped - lon + 180) % 360 - 180) < 1e-9
    shown = float(geodesy.display_longitude(lon))
    assert 0 <= shown < 360
    assert abs((shown - lon + 180) % 360 - 180) < 1e-9


@given(st.lists(st.floats(-179, 179), min_size=1, max_size=20), st.floats(-180, 179))
def test_unwrapping_gives_back_a_track(steps, start):
    track = start + np.cumsum([0, *steps])
    np.testing.assert_allclose(geodesy.unwrap_longitudes(geodesy.wrap_longitude(track)), track, atol=1e-9)


@given(st.floats(-80, 80), longitudes, st.floats(-80, 80), longitudes, st.floats(0, 1))
def test_great_circle_points_divide_the_way(lat0, lon0, lat1, lon1, share):
    sphere = pyproj.Geod(a=geodesy.MEAN_RADIUS_M, f=0)
    whole = sphere.inv(lon0, lat0, lon1, lat1)[2]
    if whole > 19e6:  # where opposite places have no one great circle
        return
    lat, lon = geodesy.great_circle_points(lat0, lon0, lat1, lon1, share)
    assert sphere.inv(lon0, lat0, lon, lat)[2] == pytest.approx(share * whole, abs=0.1)
    assert sphere.inv(lon, lat, lon1, lat1)[2] == pytest.approx((1 - share) * whole, abs=0.1)


def test_area_of_the_earth():
    whole = 4 * np.pi * geodesy.area_from_equator_m2(90.0)
    assert whole == pytest.approx(510_065_621_724_088.4, rel=1e-12)


def test_area_of_a_strip_against_pyproj():
    # Along the parallels the polygon needs many corners: its sides are geodesics.
    lon = np.linspace(-118.5, -118.0, 2001)
    ring_lon = np.concatenate([lon, lon[::-1]])
    ring_lat = np.concatenate([np.full(lon.size, 33.5), np.full(lon.size, 34.0)])
    area = np.radians(0.5) * np.diff(geodesy.area_from_equator_m2([33.5, 34.0]))[0]
    assert area == pytest.approx(GEOD.polygon_area_perimeter(ring_lon, ring_lat)[0], rel=1e-9)

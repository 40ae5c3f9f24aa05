"""Your own zones: read in either form of longitude, cut exactly, refused where they overlap."""

from itertools import pairwise

import drawn_ais
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import corridor
from corridor.errors import InputError
from corridor.userzones import read_user_zones

HALF, FULL = "±180", "0-360"


def write(path, shapes, driver="GeoJSON", **columns):
    frame = gpd.GeoDataFrame(columns or {"n": range(len(shapes))}, geometry=list(shapes), crs=4326)
    frame.to_file(path, driver=driver, engine="pyogrio")
    return path


def over_180(form):
    """Two boxes that meet at 180° and one beyond it, in either form."""
    turn = 0.0 if form == FULL else -360.0
    return [
        shapely.box(179, 30, 180, 40),
        shapely.box(180 + turn, 30, 181 + turn, 40),
        shapely.box(181 + turn, 30, 182 + turn, 40),
    ]


@pytest.mark.parametrize("driver", ["GeoJSON", "GPKG"])
def test_both_forms_of_longitude_are_the_same_zones(tmp_path, driver):
    ids = {"zone_id": ["west", "middle", "east"]}
    half, full = (
        read_user_zones(write(tmp_path / f"{n}.{driver.lower()}", over_180(form), driver, **ids))
        for n, form in enumerate((HALF, FULL))
    )
    assert half.zone_ids == full.zone_ids == ("elsewhere", "west", "middle", "east")
    for ours, others in zip(half.zones.geometry, full.zones.geometry, strict=True):
        assert ours.equals(others)
        assert others.bounds[0] >= -180
        assert others.bounds[2] <= 180


def test_a_study_cut_at_them_holds_the_same_sums_in_both_forms(work_dir, tmp_path):
    """A ship over 180° with both forms of three zones; by hand: two degrees of the way lie in two of them."""
    lon = 178.6 + 0.0125 * np.arange(240)
    lines = [drawn_ais.line(i, lon=f"{(x + 180) % 360 - 180:.5f}") for i, x in enumerate(lon)]
    (tmp_path / "day.csv").write_bytes(drawn_ais.table(lines))
    tables = []
    for n, form in enumerate((HALF, FULL)):
        zones = write(tmp_path / f"{n}.geojson", over_180(form), zone_id=["west", "middle", "east"])
        study = corridor.run_study([tmp_path / "day.csv"], zones=zones, work_dir=work_dir)
        whole = study.manifest["totals"]
        table = study.totals(by=["user"]).set_index("user")
        assert table["co2_kg"].sum() == pytest.approx(whole["co2_kg"], rel=1e-12)
        tables.append(table)
        assert study.totals(by=["user", "port"])["hours"].sum() == pytest.approx(whole["hours"], rel=1e-12)
    pd.testing.assert_frame_equal(*tables, rtol=1e-9)
    degree_nm = tables[0]["distance_nm"]
    # A degree of longitude at 33.7° north is 92.7 km, 50.06 nm.
    assert degree_nm[["west", "middle"]].to_numpy() == pytest.approx([50.06, 50.06], rel=1e-3)
    assert degree_nm["east"] == pytest.approx((lon[-1] - 181) * 50.06, rel=1e-3)
    assert degree_nm["elsewhere"] == pytest.approx((179 - lon[0]) * 50.06, rel=1e-3)


def test_an_overlap_is_refused_with_the_names_of_the_zones(tmp_path):
    shapes = [shapely.box(0, 0, 2, 2), shapely.box(1, 1, 3, 3), shapely.box(5, 5, 6, 6)]
    path = write(tmp_path / "z.geojson", shapes, zone_id=["inner", "outer", "far"])
    with pytest.raises(InputError, match="overlap") as refused:
        read_user_zones(path)
    assert refused.value.code == "overlapping_zones"
    assert "'inner' with 'outer'" in refused.value.message
    assert "far" not in refused.value.message
    assert "z.geojson" in refused.value.message


@settings(max_examples=20)
@given(
    west=st.integers(-180, 179),
    widths=st.lists(st.integers(1, 20), min_size=1, max_size=5),
)
def test_neighbours_that_touch_are_no_overlap_wherever_they_lie(tmp_path_factory, west, widths):
    """A row of boxes side by side, written in 0-360 from any meridian, is read as so many zones."""
    edges = (west % 360) + np.cumsum([0, *widths])
    shapes = [shapely.box(a, 10, b, 20) for a, b in pairwise(edges)]
    system = read_user_zones(write(tmp_path_factory.mktemp("row") / "z.geojson", shapes))
    assert len(system.zone_ids) == 1 + len(widths)
    areas = [shape.area for shape in system.zones.geometry]
    assert areas == pytest.approx([10.0 * width for width in widths])


def test_zones_without_ids_are_numbered_and_attributes_carried(tmp_path):
    path = write(tmp_path / "z.gpkg", [shapely.box(0, 0, 1, 1)], "GPKG", berths=[7])
    system = read_user_zones(path)
    assert system.zone_ids[0] == "elsewhere"
    assert len(set(system.zone_ids)) == 2
    row = system.table().iloc[1]
    assert row["berths"] == 7
    assert row["source"] == "z.gpkg"


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", ""),
        (b"<OGRVRTDataSource/>", ""),
        (b'{"type": "FeatureCollection", "features": []}', ""),
        (b'{"type": "FeatureCollection"', ""),
        (b"zone,wkt\n", ""),
        (
            b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},%s}]}'
            % b'"geometry":{"type":"Point","coordinates":[1,2]}',
            "Point",
        ),
    ],
)
def test_what_is_no_file_of_zones_is_refused_by_its_name(tmp_path, content, word):
    path = tmp_path / "z.geojson"
    path.write_bytes(content)
    with pytest.raises(InputError) as refused:
        read_user_zones(path)
    assert "z.geojson" in refused.value.message
    assert word in refused.value.message
    assert "\n" not in refused.value.message


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"none\.gpkg"):
        read_user_zones(tmp_path / "none.gpkg")

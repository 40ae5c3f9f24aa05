"""Places from a user's file, and what was emitted near them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from corridor.errors import InputError
from corridor.outputs.near import WITHIN_KM, near_people, panel
from corridor.receptors import Receptor, read_receptors, written

SCHOOL = Receptor("Harbour school", 33.76, -118.21)


def test_a_table_of_places(tmp_path):
    file = tmp_path / "places.csv"
    file.write_text("Name,Latitude,Longitude,note\nA,33.7,-118.2,x\nB,22.5,240.5,\n", encoding="utf-8")
    assert read_receptors(file) == (Receptor("A", 33.7, -118.2), Receptor("B", 22.5, -119.5))


def test_a_chinese_table_of_places(tmp_path):
    file = tmp_path / "places.csv"
    file.write_text("名称;经度;纬度\n盐田外国语学校;114.24;22.56\n", encoding="gb18030")
    assert read_receptors(file) == (Receptor("盐田外国语学校", 22.56, 114.24),)


def test_points_of_a_geojson(tmp_path):
    points = [
        {"type": "Feature", "properties": {"Name": name}, "geometry": {"type": "Point", "coordinates": at}}
        for name, at in (("A", [-118.2, 33.7]), ("B", [114.2, 22.5]))
    ]
    file = tmp_path / "places.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": points}), encoding="utf-8")
    assert read_receptors(file) == (Receptor("A", 33.7, -118.2), Receptor("B", 22.5, 114.2))
    line = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}
    points[0]["geometry"] = line
    file.write_text(json.dumps({"type": "FeatureCollection", "features": points}), encoding="utf-8")
    with pytest.raises(InputError, match="expected points"):
        read_receptors(file)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,lat,lon\nA,95,0\n", "places.csv line 2"),
        ("name,lat,lon\n,5,0\n", "expected a name"),
        ("name,lat,lon\nA,x,0\n", "latitude"),
        ("name,lat,lon\nA,5,\n", "line 2"),
        ("name,lat,lon\nA,5,1\nA,6,1\n", "'A' twice"),
        ("name,lat,lon\n", "no place"),
        ("name,where\nA,5\n", "found no header with name, lat and lon"),
    ],
)
def test_what_is_no_place_is_refused(tmp_path, text, said):
    file = tmp_path / "places.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_receptors(file)


def test_masses_grow_with_the_circle_and_stay_below_the_whole(demo):
    table = near_people(demo.study, (SCHOOL,)).set_index("within_km")
    assert tuple(table.index) == WITHIN_KM
    assert (table["cell_km"] < 1.5).all()
    for column in ("hours", "nox_kg", "dpm_kg", "co2e_kg"):
        assert (np.diff(table[column]) > 0).all()
    whole = demo.study.totals(by=["phase"])["nox_kg"].sum()
    assert 0 < table["nox_kg"].iloc[-1] < whole
    assert table["observed_share"].between(0, 1).all()


def test_inside_one_cell_a_circle_has_its_share_of_it(demo):
    # The busiest coarse cell at sea: a circle of 1 km in its middle holds π km² of its mass.
    cells = demo.study.cells("co2")
    sea = cells[cells["area_km2"] > 50].sort_values("co2_kg").iloc[-1]
    middle = Receptor("sea", (sea["south"] + sea["north"]) / 2, (sea["west"] + sea["east"]) / 2)
    table = near_people(demo.study, (middle,)).set_index("within_km")
    assert table["co2_kg"][1.0] == pytest.approx(sea["co2_kg"] * np.pi / sea["area_km2"], rel=1e-4)
    assert table["cell_km"][1.0] == pytest.approx(np.sqrt(sea["area_km2"]), abs=0.01)


def test_the_page_shows_places_only_where_they_are_given(demo):
    assert panel(demo.study) == ()
    manifest = demo.study.manifest
    given = manifest["parameters"] | {"receptors": written([SCHOOL])}
    (shown,) = panel(replace(demo.study, manifest=manifest | {"parameters": given}))
    assert [row[0].en for row in shown.rows] == ["Harbour school"] * 2
    assert "Not exposure" in shown.note.en
    assert "暴露" in shown.note.zh

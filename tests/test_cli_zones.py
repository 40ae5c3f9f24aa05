"""`corridor zones`: what it lists, writes and draws, and how it refuses."""

import json
import re
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pytest
import shapely

from corridor import cli
from layers.zones import ZoneSystem, check_disjoint
from maps.picture import Area, areas_svg

NAMES = ["port", "sulphur", "nox", "speed", "waters", "jurisdiction"]


@pytest.fixture
def call(capsys):
    def run(*arguments):
        status = cli.main(["zones", *map(str, arguments)])
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def own(tmp_path):
    frame = gpd.GeoDataFrame(
        {"zone_id": ["dock"], "name": ["Dock <7>"]}, geometry=[shapely.box(170, 0, 190, 5)]
    )
    path = tmp_path / "own.geojson"
    frame.set_crs(4326).to_file(path, engine="pyogrio")
    return path


def test_help_shows_examples(call):
    for arguments in (["--help"], ["list", "--help"], ["export", "--help"], ["draw", "--help"]):
        status, out, _ = call(*arguments)
        assert status == 0
        assert "corridor zones export --out zones.gpkg" in out


def test_the_list_has_every_system_with_what_is_known_of_each_zone(call):
    status, out, err = call("list")
    assert (status, err) == (0, "")
    assert re.findall(r"^(\w+): \d+ zones$", out, re.MULTILINE) == NAMES
    assert "lb_pier_j" in out
    (proxy,) = re.findall(r"^  coast_canada .*$", out, re.MULTILINE)
    assert "NOT legal limits" in proxy


def test_the_list_as_json_has_areas_on_the_ellipsoid(call, own):
    _, out, _ = call("list", "--json", "--zones", own, "--system", "user")
    (row,) = json.loads(out)
    assert (row["zone_id"], row["name_en"]) == ("dock", "Dock <7>")
    # 20° by 5° at the equator: 2226 km by 553 km.
    assert row["area_km2"] == pytest.approx(2226.39 * 552.7, rel=2e-3)


@pytest.mark.parametrize("name", ["zones.gpkg", "zones.geojson"])
def test_an_export_opens_with_all_systems_and_keeps_to_180(call, tmp_path, own, name):
    out = tmp_path / name
    assert call("export", "--out", out, "--zones", own) == (0, f"{out}\n", "")
    found = gpd.read_file(out, engine="pyogrio", **({"layer": "zones"} if name.endswith("gpkg") else {}))
    assert found["system"].unique().tolist() == [*NAMES, "user"]
    assert {"zone_id", "name_zh", "licence", "verification", "valid_from", "speed_limit_kn"} <= set(found)
    parts = shapely.bounds(shapely.get_parts(found.geometry.to_numpy()))
    assert (parts[:, 2] - parts[:, 0]).max() < 180
    for system in NAMES:
        check_disjoint(ZoneSystem(system, found[found["system"] == system]))
    assert found.loc[found["system"] == "speed", "speed_limit_kn"].tolist() == [12.0, 12.0]


def test_an_export_is_the_same_bytes_again_and_replaces_nothing_unasked(call, tmp_path):
    out = tmp_path / "nox.gpkg"
    call("export", "--system", "nox", "--out", out)
    first = out.read_bytes()
    status, _, err = call("export", "--system", "nox", "--out", out)
    assert status == 2
    assert err.startswith("error [file_exists]")
    assert call("export", "--system", "nox", "--out", out, "--overwrite")[0] == 0
    assert out.read_bytes() == first


def test_a_picture_has_every_name_and_no_outline(call, tmp_path, own):
    out = tmp_path / "waters.svg"
    assert call("draw", "--system", "waters", "--out", out)[0] == 0
    text = out.read_text(encoding="utf-8")
    ElementTree.fromstring(text)  # noqa: S314 — our own file
    assert "Taiwan Strait 台湾海峡" in text
    assert "stroke" not in text
    assert call("draw", "--zones", own, "--out", out, "--overwrite")[0] == 0
    assert "Dock &#60;7&#62;" in out.read_text(encoding="utf-8")


def test_areas_far_apart_are_drawn_side_by_side_in_their_own_scale():
    def square(lon):
        return Area(f"at {lon}", ((np.array([(lon, 0), (lon + 1, 0), (lon + 1, 1), (lon, 0)], float),),))

    assert areas_svg([square(120), square(125)], title="near").count("<svg") == 2
    assert areas_svg([square(120), square(240)], title="far").count("<svg") == 3
    with pytest.raises(ValueError, match="no area to draw"):
        areas_svg([], title="none")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["list", "--system", "stars"], "unknown_system", "known: port, sulphur, nox"),
        (["draw", "--system", "user", "--out", "a.svg"], "unknown_system", "give --zones FILE"),
        (["draw", "--system", "jurisdiction", "--out", "a.svg"], "not_drawn", "for files only"),
        (["draw", "--out", "a.png"], "unknown_format", "expected .svg"),
        (["export", "--out", "a.shp"], "unknown_format", "expected .gpkg or .geojson"),
        (["export", "--system", "speed", "--out", "no/where/a.gpkg"], "cannot_write", "give another"),
        (["export", "--system", "speed", "--out", "no/where/a.geojson"], "cannot_write", "give another"),
        (["list", "--zones", "nowhere.gpkg"], "unreadable_file", "cannot be read"),
        (["list", "--zones", "bad.geojson"], "bad_zones", "expected a FeatureCollection"),
        (["list", "--zones", "two.geojson"], "overlapping_zones", "'zone_1' with 'zone_2' over"),
        (["list", "--zones", "two.geojson", "--zones-datum", "gcj02"], "gcj02_zones", "surveyed"),
    ],
)
def test_a_fault_is_one_line_and_writes_nothing(call, tmp_path, monkeypatch, arguments, code, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.geojson").write_text("{}")
    two = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)], crs=4326)
    two.to_file(tmp_path / "two.geojson", engine="pyogrio")
    before = sorted(tmp_path.iterdir())
    status, out, err = call(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith(f"error [{code}]")
    assert words in err
    assert err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_run_with_overlapping_zones_is_one_line_and_writes_nothing(tmp_path, capsys):
    two = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)], crs=4326)
    two.to_file(tmp_path / "two.geojson", engine="pyogrio")
    (tmp_path / "day.csv").write_text("MMSI\n")
    arguments = ["run", tmp_path / "day.csv", "--zones", tmp_path / "two.geojson", "--out", tmp_path / "out"]
    assert cli.main([str(argument) for argument in arguments]) == 2
    assert capsys.readouterr().err.startswith("error [overlapping_zones]")
    assert not list(tmp_path.glob("out/*"))


def test_shenzhen_zones_are_asked_for_their_datum(call, tmp_path):
    path = tmp_path / "yantian.geojson"
    gpd.GeoDataFrame(geometry=[shapely.box(114.27, 22.55, 114.3, 22.58)], crs=4326).to_file(
        path, engine="pyogrio"
    )
    assert "GCJ-02" in call("list", "--zones", path, "--system", "user")[2]
    assert call("list", "--zones", path, "--system", "user", "--zones-datum", "wgs84")[2] == ""

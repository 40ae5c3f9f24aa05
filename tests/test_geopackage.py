"""The GeoPackage: what its readers rely on, checked in the file itself."""

import dataclasses
import hashlib
import json
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from small_study import METADATA, STAMP, frame, layers

from layers import geometry, geopackage

ROOT = Path(__file__).parents[1]
SPATIAL = ["hotspot_grid", "voyage_tracks", "zones", "ports"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return geopackage.write(
        tmp_path_factory.mktemp("g") / "study.gpkg", layers(), metadata=METADATA, stamp=STAMP
    )


@pytest.fixture
def ask(study):
    file = sqlite3.connect(study)
    yield lambda query: file.execute(query).fetchall()
    file.close()


def one(name, /, **changes):
    (layer,) = (layer for layer in layers() if layer.name == name)
    return dataclasses.replace(layer, **changes)


def test_it_is_a_sound_file_of_version_1_3(ask):
    assert ask("PRAGMA application_id") == [(1196444487,)]
    assert ask("PRAGMA user_version") == [(10300,)]
    assert ask("PRAGMA integrity_check") == [("ok",)]
    assert ask("PRAGMA foreign_key_check") == []


def test_every_table_says_what_it_is(ask):
    rows = ask("SELECT table_name, identifier, description, data_type, last_change FROM gpkg_contents")
    assert [row[0] for row in rows] == [*SPATIAL, "totals", "layer_styles"]
    assert all(identifier and description for _, identifier, description, _, _ in rows)
    assert {row[4] for row in rows} == {STAMP}
    assert [row[0] for row in rows if row[3] == "attributes"] == ["totals", "layer_styles"]


def test_every_layer_has_an_index_and_one_style(ask):
    indexed = ask("SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'")
    assert sorted(name for (name,) in indexed) == sorted(SPATIAL)
    styled = ask("SELECT f_table_name, f_geometry_column, useAsDefault, update_time FROM layer_styles")
    assert styled == [*((name, "geom", 1, STAMP) for name in SPATIAL), ("totals", "", 1, STAMP)]


def test_styles_name_the_columns_as_the_table_has_them(ask):
    for name, text in ask("SELECT f_table_name, styleQML FROM layer_styles"):
        root = ET.fromstring(text.split("\n", 1)[1])  # noqa: S314 — the text is our own
        fields = [row[1] for row in ask(f"PRAGMA table_info({name})")]
        aliases = [(int(a.get("index")), a.get("field")) for a in root.iter("alias")]
        assert aliases == [
            (i, field) for i, field in enumerate(f for f in fields if f != "geom") if field != "fid"
        ]
        assert (root.find("temporal") is not None) == (name == "voyage_tracks")
        assert (root.find("renderer-v2") is not None) == (name in SPATIAL)


def test_columns_are_described_with_their_unit(ask):
    assert ask("SELECT * FROM gpkg_data_columns WHERE table_name = 'totals' AND column_name = 'co2_kg'") == [
        (
            "totals",
            "co2_kg",
            "CO2 (kg)",
            "CO2",
            "Carbon dioxide from ship exhaust in the period [kg]",
            None,
            None,
        )
    ]
    described = ask("SELECT table_name || '.' || column_name FROM gpkg_data_columns")
    assert {name for (name,) in described} == {f"{la.name}.{c}" for la in layers() for c in la.attributes}
    names = [n for la in layers() for n in [la.name, *la.attributes]]
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{0,29}", name) for name in names)


def test_vocabularies_are_value_lists(ask):
    assert ask("SELECT constraint_name FROM gpkg_data_columns WHERE column_name = 'kind'") == [
        ("zones_kind",)
    ]
    assert ask("SELECT constraint_type, value, description FROM gpkg_data_column_constraints") == [
        ("enum", "port_area", "Port area"),
        ("enum", "waters", "Named waters"),
    ]


def test_provenance_is_in_the_file(ask):
    ((mime, text),) = ask("SELECT mime_type, metadata FROM gpkg_metadata")
    assert (mime, json.loads(text)) == ("application/json", METADATA)
    assert ask("SELECT reference_scope, timestamp FROM gpkg_metadata_reference") == [("geopackage", STAMP)]


@pytest.mark.parametrize("name", SPATIAL)
def test_geometry_is_fit_for_exchange_and_of_one_type(study, name):
    table = gpd.read_file(study, layer=name)
    geometry.check_exchange(table.geometry, name)
    assert table.crs.to_epsg() == 4326
    assert len(set(table.geom_type)) == 1


def test_types_are_those_readers_know(study):
    info = {name: pyogrio.read_info(study, layer=name) for name in [*SPATIAL, "totals"]}
    assert {n: i["geometry_type"] for n, i in info.items()} == {
        "hotspot_grid": "Polygon",
        "voyage_tracks": "MultiLineString",
        "zones": "MultiPolygon",
        "ports": "Point",
        "totals": None,
    }
    assert dict(zip(info["totals"]["fields"], info["totals"]["dtypes"], strict=True))["calls"] == "int64"
    assert info["voyage_tracks"]["dtypes"][1].startswith("datetime64")


def test_tables_come_back(study):
    for layer in layers():
        found = geopackage.read(study, layer.name)
        assert found[layer.attributes[0]].tolist() == layer.table[layer.attributes[0]].tolist()
    assert geopackage.read(study, "totals")["co2_kg"].sum() == 4.0
    tracks = geopackage.read(study, "voyage_tracks")
    assert tracks["end_utc"].dt.tz_convert("UTC")[2] == pd.Timestamp("2024-03-15", tz="UTC")
    assert geopackage.read(study, "ports")["name_zh"].tolist() == ["长滩", "盐田"]


def test_the_same_tables_give_the_same_bytes(tmp_path, study):
    again = geopackage.write(tmp_path / "again.gpkg", layers(), metadata=METADATA, stamp=STAMP)
    assert hashlib.sha256(again.read_bytes()).hexdigest() == hashlib.sha256(study.read_bytes()).hexdigest()


def test_another_process_zone_and_locale_give_the_same_bytes(tmp_path, study):
    code = (
        "import sys; sys.path[:0] = ['tests', '.']\n"
        "from small_study import *; from layers import geopackage\n"
        "geopackage.write(sys.argv[1], layers(), metadata=METADATA, stamp=STAMP)"
    )
    environment = {"TZ": "Asia/Shanghai", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-c", code, tmp_path / "b.gpkg"], cwd=ROOT, env=environment, check=True)
    assert (tmp_path / "b.gpkg").read_bytes() == study.read_bytes()


def test_the_clock_is_given_back(study):
    assert study.exists()
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") is None


def test_an_empty_layer_is_a_layer(tmp_path):
    empty = one("ports", table=one("ports").table.iloc[:0])
    path = geopackage.write(tmp_path / "e.gpkg", [empty, one("totals")], metadata={})
    assert len(geopackage.read(path, "ports")) == 0


def test_columns_of_text_may_be_empty(tmp_path):
    table = pd.DataFrame(
        {"zone_id": [None, None], "note": pd.array([None, "a"], "str"), "co2_kg": [np.nan, 1.0]}
    )
    columns = {"zone_id": ("Zone", "", "Key"), "note": ("Note", "", "Note"), "co2_kg": ("CO2", "kg", "Mass")}
    path = geopackage.write(tmp_path / "n.gpkg", [one("totals", table=table, columns=columns)], metadata={})
    found = geopackage.read(path)
    assert found["zone_id"].isna().all()
    assert found["note"].isna().tolist() == [True, False]
    assert found["co2_kg"].isna().tolist() == [True, False]


def test_hostile_text_stays_text(tmp_path):
    name = 'x\'); DROP TABLE totals;-- "<script>" {{7*7}} =1+1'
    table = one("totals").table.assign(zone_id=[name, "b"])
    layer = one("totals", table=table, title=name, description=name)
    path = geopackage.write(tmp_path / "o'brien #1 [x].gpkg", [layer], metadata={"title": name})
    assert geopackage.read(path)["zone_id"].tolist() == [name, "b"]


def test_the_callers_table_is_not_touched(tmp_path):
    layer = one("zones")
    before = layer.table.copy()
    geopackage.write(tmp_path / "a.gpkg", [layer], metadata={})
    pd.testing.assert_frame_equal(pd.DataFrame(layer.table), pd.DataFrame(before))


LINE_OVER = shapely.LineString([(-179, 0), (179, 0)])


@pytest.mark.parametrize(
    ("layer", "word"),
    [
        (one("totals", name="Zone-Totals"), "rename"),
        (one("totals", name="gpkg_totals"), "rename"),
        (one("totals", title=""), "title or description"),
        (one("totals", columns={}), "calls, co2_kg, zone_id"),
        (one("totals", table=one("totals").table.rename(columns={"calls": "fid"})), "rename"),
        (one("totals", columns={**one("totals").columns, "calls": ("CO2", "kg", "x")}), "one readable name"),
        (one("totals", style=one("ports").style), "only there"),
        (one("ports", style=None), "where there is geometry"),
        (one("ports", table=one("ports").table.to_crs(3832)), "EPSG:4326"),
        (one("ports", table=one("ports").table.set_crs(None, allow_override=True)), "EPSG:4326"),
        (
            one("voyage_tracks", table=one("voyage_tracks").table.set_geometry([LINE_OVER] * 3, crs=4326)),
            "wider",
        ),
    ],
)
def test_what_is_not_fit_is_refused_and_leaves_nothing(tmp_path, layer, word):
    with pytest.raises(ValueError, match=word):
        geopackage.write(tmp_path / "x.gpkg", [layer], metadata={})
    assert list(tmp_path.iterdir()) == []


def test_two_kinds_of_geometry_are_two_layers(tmp_path):
    mixed = frame({"port": ["a", "b"], "name_zh": ["", ""]}, [shapely.Point(0, 0), shapely.box(0, 0, 1, 1)])
    with pytest.raises(ValueError, match="split the layer"):
        geopackage.write(tmp_path / "x.gpkg", [one("ports", table=mixed)], metadata={})


def test_layers_have_names_of_their_own(tmp_path):
    with pytest.raises(ValueError, match="twice: ports"):
        geopackage.write(tmp_path / "x.gpkg", [one("ports"), one("ports")], metadata={})
    with pytest.raises(ValueError, match="no layers"):
        geopackage.write(tmp_path / "x.gpkg", [], metadata={})
    with pytest.raises(ValueError, match="milliseconds"):
        geopackage.write(tmp_path / "x.gpkg", [one("ports")], metadata={}, stamp="2024")


def test_a_full_disk_is_reported_and_the_old_file_stays(tmp_path):
    target = tmp_path / "study.gpkg"
    target.write_text("old")
    code = (
        "import sys, resource, signal; sys.path[:0] = ['tests', '.']\n"
        "from small_study import *; from layers import geopackage\n"
        "ready = layers(5000); signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "geopackage.write(sys.argv[1], ready, metadata=METADATA, stamp=STAMP)"
    )
    for limit in [50_000, 200_000, 600_000]:
        done = subprocess.run(
            [sys.executable, "-c", code, target, str(limit)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "OSError" in done.stderr
        assert "check the" in done.stderr
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["study.gpkg"]


# Reading


def test_only_a_geopackage_is_read(tmp_path):
    inner = "<OGRVRTLayer name='x'><SrcDataSource>secret.csv</SrcDataSource></OGRVRTLayer>"
    vrt = f"<OGRVRTDataSource>{inner}</OGRVRTDataSource>"
    (tmp_path / "zones.gpkg").write_text(vrt)
    with pytest.raises(ValueError, match="no GeoPackage"):
        geopackage.read(tmp_path / "zones.gpkg")
    sqlite3.connect(tmp_path / "plain.gpkg").executescript("CREATE TABLE a (b)").connection.close()
    with pytest.raises(ValueError, match="no GeoPackage"):
        geopackage.layer_names(tmp_path / "plain.gpkg")


def test_of_several_layers_one_has_to_be_named(study):
    with pytest.raises(ValueError, match="no layer named"):
        geopackage.read(study)
    with pytest.raises(ValueError, match="'zone' wanted"):
        geopackage.read(study, "zone")


def test_other_coordinates_are_brought_to_ours(tmp_path):
    table = frame({"a": [1]}, [shapely.Point(-118.2, 33.7)]).to_crs(32611)
    table.to_file(tmp_path / "utm.gpkg", layer="berths", engine="pyogrio")
    found = geopackage.read(tmp_path / "utm.gpkg")
    assert found.geometry[0].x == pytest.approx(-118.2, abs=1e-9)


def test_coordinates_without_a_system_are_refused(tmp_path):
    table = gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(0, 0)])
    with pytest.warns(UserWarning, match="crs"):
        table.to_file(tmp_path / "none.gpkg", layer="berths", engine="pyogrio")
    with pytest.raises(ValueError, match="without coordinate reference system"):
        geopackage.read(tmp_path / "none.gpkg")

"""A user's own zones: any usual form of file, attributes kept, faults told in one line."""

import json
import sqlite3

import drawn_ais
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import corridor
from corridor.errors import InputError
from corridor.outputs.geopackage import study_layers
from corridor.outputs.page import page_data
from corridor.userzones import datum_remark, read_user_zones

WEST, EAST = shapely.box(-119, 33, -118.5, 34), shapely.box(-118.5, 33, -118, 34)
YANTIAN = shapely.box(114.27, 22.55, 114.30, 22.58)


def frame(*shapes, crs=4326, **columns):
    ids = [f"z{i}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"zone_id": ids, **columns}, geometry=list(shapes), crs=crs)


def saved(table, path, **options):
    table.to_parquet(path) if path.suffix == ".parquet" else table.to_file(path, engine="pyogrio", **options)
    return path


@pytest.mark.parametrize("name", ["own.gpkg", "own.geojson", "own.parquet"])
@pytest.mark.parametrize("crs", [4326, 32611, 3832, 4490])
def test_forms_and_coordinate_systems_give_the_same_zones(tmp_path, name, crs):
    # What GeoJSON is written in otherwise than in degrees, it names in an old member `crs`.
    table = frame(WEST, EAST, berth_m=[340.0, 400.0]).to_crs(crs)
    system = read_user_zones(saved(table, tmp_path / name))
    assert system.zone_ids == ("elsewhere", "z0", "z1")
    assert system.zones["berth_m"].tolist() == [340.0, 400.0]
    assert system.zones.geometry.iloc[0].equals_exact(WEST, 1e-6)


@pytest.mark.parametrize("crs", [4326, 3832])
def test_a_zone_across_180_may_be_written_in_0_to_360_or_in_a_pacific_projection(tmp_path, crs):
    whole = frame(shapely.box(175, 30, 185, 40))
    if crs != 4326:
        whole = gpd.GeoDataFrame(
            whole.drop(columns="geometry"),
            geometry=[shapely.box(*_projected(175, 30), *_projected(185, 40))],
            crs=crs,
        )
    zones = read_user_zones(saved(whole, tmp_path / "own.gpkg")).zones
    assert zones.total_bounds == pytest.approx([-180, 30, 180, 40], abs=1e-6)
    assert zones.geometry.iloc[0].area == pytest.approx(100.0, abs=1e-4)


def _projected(lon, lat):
    point = gpd.GeoSeries([shapely.Point((lon + 180) % 360 - 180, lat)], crs=4326).to_crs(3832).iloc[0]
    return point.x, point.y


def test_names_come_from_the_columns_people_use_and_ids_from_the_order_of_rows(tmp_path):
    table = gpd.GeoDataFrame(
        {"Name": ["Pier", None], "name_zh": ["码头", None]}, geometry=[WEST, EAST], crs=4326
    )
    system = read_user_zones(saved(table, tmp_path / "own.geojson"))
    assert system.zones["zone_id"].tolist() == ["zone_1", "zone_2"]
    assert system.zones["name_en"].tolist() == ["Pier", "zone_2"]
    assert system.zones["name_zh"].tolist() == ["码头", ""]
    assert set(system.zones["verification"]) == {"given by the user"}


def test_ids_that_are_numbers_stay_whole(tmp_path):
    table = frame(WEST, EAST).assign(zone_id=[1.0, 2.0])
    assert read_user_zones(saved(table, tmp_path / "own.parquet")).zone_ids[1:] == ("1", "2")


def test_one_layer_of_several_is_chosen_by_its_name(tmp_path):
    path = saved(frame(WEST), tmp_path / "own.gpkg", layer="berths")
    saved(frame(WEST, EAST), path, layer="lanes")
    with pytest.raises(InputError, match=r"2 layers with shapes \(berths, lanes\).*name it: own.gpkg#berths"):
        read_user_zones(path)
    assert len(read_user_zones(f"{path}#lanes").zones) == 2
    with pytest.raises(InputError, match="has no layer 'quays' with shapes; known: berths, lanes"):
        read_user_zones(f"{path}#quays")
    odd = path.rename(tmp_path / "own#1.gpkg")
    with pytest.raises(InputError, match="2 layers"):
        read_user_zones(odd)


def test_overlapping_zones_are_named_with_the_area_they_share(tmp_path):
    path = saved(frame(WEST, WEST.buffer(0.1), name=["Pier J", "Pier T"]), tmp_path / "own.geojson")
    with pytest.raises(
        InputError, match=r"'z0' \(Pier J\) with 'z1' \(Pier T\) over 51\d\d\.\d km²"
    ) as found:
        read_user_zones(path)
    assert found.value.code == "overlapping_zones"


def test_a_zone_that_crosses_itself_is_named(tmp_path):
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    path = saved(frame(WEST, bow), tmp_path / "own.gpkg")
    with pytest.raises(InputError, match="zone 'z1' of system 'user' is not valid: Self-intersection"):
        read_user_zones(path)


FEATURE = {"type": "Feature", "properties": {}, "geometry": None}
COLLECTION = {"type": "FeatureCollection", "features": [FEATURE]}
BAD = {
    "empty.geojson": (b"{}", "bad_zones", "expected a FeatureCollection"),
    "list.geojson": (b"[]", "wrong_format", "is no GeoPackage"),
    "cut.geojson": (json.dumps(COLLECTION).encode()[:40], "bad_zones", "cannot be read as zones"),
    "words.geojson": (json.dumps({**COLLECTION, "features": ["x"]}).encode(), "bad_zones", "cannot be read"),
    "none.geojson": (json.dumps({**COLLECTION, "features": []}).encode(), "no_rows", "holds no zone"),
    "nothing.geojson": (json.dumps(COLLECTION).encode(), "bad_zones", "is nothing; expected a polygon"),
    "deep.geojson": (b'{"a":' * 100_000, "bad_zones", "cannot be read as zones"),
    "crs.geojson": (
        json.dumps({**COLLECTION, "crs": {"properties": {"name": "EPSG:0"}}}).encode(),
        "bad_zones",
        "cannot be read as zones",
    ),
    "broken.gpkg": (b"SQLite format 3\x00" + b"\x00" * 52 + b"GPKG" + b"\x07" * 400, "bad_zones", "cannot"),
    "other.gpkg": (b"SQLite format 3\x00" + b"\x00" * 400, "bad_zones", "to be no GeoPackage"),
    "broken.parquet": (b"PAR1 and no more", "bad_zones", "cannot be read as zones"),
    "drawing.vrt": (b"<OGRVRTDataSource/>", "wrong_format", "is no GeoPackage, GeoJSON or GeoParquet"),
    "hidden.gpkg": (b"<OGRVRTDataSource/>", "wrong_format", "is no GeoPackage, GeoJSON or GeoParquet"),
    "no.geojson": (b"", "wrong_format", "is no GeoPackage"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_no_zones_is_one_line(tmp_path, name):
    content, code, message = BAD[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as found:
        read_user_zones(tmp_path / name)
    assert found.value.code == code
    assert "\n" not in found.value.message


def test_a_table_without_shapes_is_no_layer(tmp_path):
    path = saved(frame(WEST), tmp_path / "own.gpkg", layer="berths")
    with sqlite3.connect(path) as file:
        file.execute("UPDATE gpkg_contents SET data_type = 'attributes'")
    with pytest.raises(InputError, match=r"0 layers with shapes \(none\)"):
        read_user_zones(path)


def test_a_missing_id_a_missing_file_and_a_missing_coordinate_system_are_told(tmp_path):
    with pytest.raises(InputError, match="zone 2 has no zone_id"):
        read_user_zones(saved(frame(WEST, EAST).assign(zone_id=["a", None]), tmp_path / "a.geojson"))
    with pytest.raises(InputError, match="cannot be read"):
        read_user_zones(tmp_path / "nowhere.gpkg")
    with pytest.raises(InputError, match="names no coordinate system") as found:
        read_user_zones(saved(frame(WEST).set_crs(None, allow_override=True), tmp_path / "b.parquet"))
    assert found.value.code == "no_crs"


# Datum


def test_zones_in_mainland_china_are_warned_of_until_the_datum_is_said(tmp_path):
    path = saved(frame(WEST, YANTIAN), tmp_path / "own.geojson")
    system = read_user_zones(path)
    assert "your zones z1 lie in mainland China" in (datum_remark(system, None) or "")
    assert datum_remark(read_user_zones(path, datum="wgs84"), "wgs84") is None
    elsewhere = read_user_zones(
        saved(frame(WEST, shapely.box(114.15, 22.28, 114.2, 22.3)), tmp_path / "b.geojson")
    )
    assert datum_remark(elsewhere, None) is None


def test_a_shifted_or_unknown_datum_is_refused(tmp_path):
    path = saved(frame(YANTIAN), tmp_path / "own.geojson")
    with pytest.raises(InputError, match=r"100 to 700 m off.*surveyed coordinates"):
        read_user_zones(path, datum="gcj02")
    with pytest.raises(InputError, match="datum 'bd09' is unknown; known: wgs84, gcj02"):
        read_user_zones(path, datum="bd09")


# In a study


@pytest.fixture(scope="module")
def study(tmp_path_factory, work_dir):
    folder = tmp_path_factory.mktemp("own")
    own = {
        "Berth No.": [7, 8], "hours": ["all day", None], "泊位": ["一", "二"], "open": [True, False],
        "kind": ["quay", "quay"], "source": ["survey", "survey"],
    }  # fmt: skip
    zones = saved(frame(WEST, EAST, **own), folder / "own.geojson")
    (folder / "day.csv").write_bytes(drawn_ais.table([drawn_ais.line(i) for i in range(110)]))
    return corridor.run_study(folder / "day.csv", zones=zones, work_dir=work_dir, pieces=False)


def test_hours_of_own_zones_and_the_rest_are_the_study_s(study):
    hours = study.totals(by=["user"]).set_index("user")["hours"]
    assert hours.index.tolist() == ["elsewhere", "z0", "z1"] or set(hours.index) == {"z0", "z1"}
    assert hours.sum() == pytest.approx(study.manifest["totals"]["hours"], abs=1e-9)
    # 12 kn on a parallel: 0.008° in two minutes, 62.5 fixes a zone.
    assert hours["z0"] == pytest.approx(62.5 / 30, rel=1e-3)


def test_attributes_stand_in_the_geopackage_under_plain_names(study):
    layer = next(one for one in study_layers(study) if one.name == "zones")
    rows = layer.table[layer.table["system"] == "user"].set_index("zone_id")
    assert rows["berth_no"].tolist() == [7.0, 8.0]
    assert rows["own_hours"].tolist() == ["all day", ""]
    assert rows["column"].tolist() == ["一", "二"]
    assert rows["open"].tolist() == ["True", "False"]
    assert rows["source"].tolist() == ["survey", "survey"]
    assert layer.columns["column"][0] == "泊位"
    assert rows["hours"].sum() > 3.0
    speed = layer.table[layer.table["system"] == "speed"]
    assert speed["speed_limit_kn"].tolist() == [12.0, 12.0]


def test_every_system_stands_in_the_totals_and_no_boundary_on_the_page(study):
    from corridor.outputs import tables  # noqa: PLC0415

    totals = tables.totals(study)
    systems = ["port", "sulphur", "nox", "speed", "waters", "jurisdiction", "user"]
    assert totals["system"].unique().tolist() == systems
    sums = totals.groupby("system")["co2_kg"].sum()
    np.testing.assert_allclose(sums, sums.iloc[0], rtol=1e-12)
    page = page_data(study)
    assert {zone.system for zone in page.zones} == {"port", "speed", "user"}
    assert [b.key for b in page.breakdowns if b.kind == "zones"] == [
        "port",
        "sulphur",
        "speed",
        "waters",
        "user",
    ]
    assert not any("nearest coast" in row.name.en for b in page.breakdowns for row in b.rows)


def test_the_manifest_asks_for_the_datum(tmp_path, work_dir):
    (tmp_path / "day.csv").write_bytes(drawn_ais.table([drawn_ais.line(i) for i in range(5)]))
    zones = saved(frame(YANTIAN), tmp_path / "own.geojson")
    asked = corridor.run_study(tmp_path / "day.csv", zones=zones, work_dir=work_dir, pieces=False)
    assert any("GCJ-02" in warning for warning in asked.manifest["warnings"])
    said = corridor.run_study(
        tmp_path / "day.csv", zones=zones, zones_datum="wgs84", work_dir=work_dir, pieces=False
    )
    assert not any("GCJ-02" in warning for warning in said.manifest["warnings"])
    assert said.manifest["parameters"]["zones_datum"] == "wgs84"


def test_own_zones_across_180_count_the_same_in_both_numberings(tmp_path, work_dir):
    # ALPHA sails east over 180 on 45° N; one zone lies across it, one touches it from the east.
    lons = [(179.5 + 0.01 * i + 180) % 360 - 180 for i in range(120)]
    rows = [drawn_ais.line(i, lat="45.00000", lon=f"{lon:.5f}") for i, lon in enumerate(lons)]
    (tmp_path / "day.csv").write_bytes(drawn_ais.table(rows))
    across, beside = shapely.box(179.8, 44, 180.3, 46), shapely.box(180.3, 44, 180.5, 46)
    halves = [shapely.box(179.8, 44, 180, 46), shapely.box(-180, 44, -179.7, 46)]
    written = {
        "east.geojson": frame(across, beside),
        "west.geojson": frame(shapely.MultiPolygon(halves), shapely.box(-179.7, 44, -179.5, 46)),
    }
    tables = []
    for name, zones in written.items():
        path = saved(zones, tmp_path / name)
        made = corridor.run_study(tmp_path / "day.csv", zones=path, work_dir=work_dir, pieces=False)
        tables.append(made.totals(by=["user", "phase"]))
    pd.testing.assert_frame_equal(*tables)
    hours = tables[0].groupby("user")["hours"].sum()
    assert hours["z0"] == pytest.approx(2.5 * hours["z1"], rel=1e-6)

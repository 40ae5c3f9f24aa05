"""The folder of a study: every file there, the same numbers in each, no text that acts."""

import csv
import hashlib
import json
import sqlite3
from collections import defaultdict
from html import unescape

import drawn_ais
import geopandas as gpd
import numpy as np
import page_reading
import pandas as pd
import pyarrow.dataset as ds
import pyogrio
import pytest
import shapely

import corridor
from corridor import reference
from corridor.emissions.phases import PHASES
from corridor.ground import SYSTEMS
from corridor.outputs import folder as folder_of
from corridor.outputs import notes, tables

FILES = {
    *("activity.csv", "intervals.csv"),
    "map.html",
    "study.gpkg",
    "ledger",
    "cells.csv",
    "totals.csv",
    "vessels.csv",
    "pieces",
    "input_report.csv",
    "unobserved.csv",
    "run.json",
    "timings.json",
    "at_berth.csv",
    "at_berth_interval.csv",
    "green_flag.csv",
    "green_flag_operators.csv",
    "calls.csv",
    "journeys.csv",
    "totals_by_call_port.csv",
    "two_ports.csv",
    "per_teu.csv",
    "indicators.csv",
    "hotspots.csv",
}
MASSES = [f"{name}_kg" for name in ("fuel", *reference.table("species_names_2026")["species"])]
HOSTILE = ("=1+1", "<img src=x onerror=alert(1)>", "{{7*7}}", "@SUM(A1)", "+2", "-3", "{% for x in y %}")


@pytest.fixture(scope="module")
def run(demo):
    return json.loads((demo.folder / "run.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(demo):
    return page_reading.content((demo.folder / "map.html").read_text(encoding="utf-8"))


def layer(demo, name):
    return gpd.read_file(demo.folder / "study.gpkg", layer=name, engine="pyogrio")


# Files and sums


def test_the_folder_holds_the_files_and_nothing_else(demo):
    assert {path.name for path in demo.folder.iterdir()} == FILES
    timings = json.loads((demo.folder / "timings.json").read_text(encoding="utf-8"))
    assert {"reading_positions", "tracks_and_emissions", "geopackage", "map"} <= timings.keys()
    assert all(seconds >= 0 for seconds in timings.values())


def test_the_manifest_says_what_went_in_and_how(demo, run):
    raw = demo.inputs[0].read_bytes()
    (said,) = run["inputs"]
    assert said == {
        "name": demo.inputs[0].name,
        "bytes": len(raw),
        "sha256": hashlib.sha256(raw).hexdigest(),
    }
    assert run["version"] == corridor.__version__
    assert run["parameters"]["zone_systems"] == list(SYSTEMS)
    assert run["tables"] == reference.table_hashes()
    assert run["rows_in"] == run["rows_kept"] + sum(run["rows_dropped"].values())
    assert run["mass_balance"]["equal"] is True
    assert run["mass_balance"]["paths"] == ["cells", "pieces", "vessels", "zones"]
    assert run["totals"]["co2_kg"] == run["mass_balance"]["sums"]["co2"] / 1e6


def test_the_input_report_accounts_for_every_dropped_row(demo, run):
    report = pd.read_csv(demo.folder / "input_report.csv", keep_default_na=False)
    counts = report.groupby("reason")["count"].sum().to_dict()
    for reason, number in (run["rows_dropped"] | run["rows_repaired"]).items():
        assert counts.get(reason, 0) == number, reason
    for column, number in run["not_available"].items():
        assert counts.get(f"not_available:{column}", 0) == number, column


def test_each_system_of_the_totals_adds_up_to_the_run(demo, run):
    totals = pd.read_csv(demo.folder / "totals.csv", keep_default_na=False, na_values=[""])
    assert totals["system"].unique().tolist() == list(SYSTEMS)
    assert set(totals["consumer"]) == {"ship", "main", "aux", "boiler"}
    assert set(totals["phase"]) <= set(PHASES)
    for _, part in totals.groupby("system"):
        assert not part.duplicated(["zone_id", "phase", "consumer"]).any()
        sums = part.select_dtypes("number").sum()
        assert sums["hours"] == pytest.approx(run["totals"]["hours"], rel=1e-12)
        assert sums["distance_nm"] == pytest.approx(run["totals"]["nm"], rel=1e-12)
        for name in MASSES:
            assert sums[name] == pytest.approx(run["totals"][name], rel=1e-12), name


def test_vessels_add_up_to_the_run(demo, run):
    vessels = pd.read_csv(demo.folder / "vessels.csv")
    assert len(vessels) == run["vessels"]
    assert vessels["vessel_id"].is_unique
    hours = vessels[[f"hours_{phase}" for phase in PHASES]].to_numpy().sum()
    assert hours == pytest.approx(run["totals"]["hours"], rel=1e-12)
    assert vessels["hours"].sum() == pytest.approx(run["totals"]["hours"], rel=1e-12)
    assert vessels["distance_nm"].sum() == pytest.approx(run["totals"]["nm"], rel=1e-12)
    for name in MASSES:
        assert vessels[name].sum() == pytest.approx(run["totals"][name], rel=1e-12), name
    told = {"register", "ais", "inferred", "default"}
    for name in vessels.columns[vessels.columns.str.endswith("_provenance")]:
        # What nobody says has no origin: the value is a placeholder.
        assert set(vessels[name].dropna()) <= told
    for name in ("main_power", "reference_speed", "ship_class", "tier", "engine_type"):
        assert vessels[f"{name}_provenance"].notna().all(), name
    assert "register" in set(vessels["main_power_provenance"])


def test_pieces_add_up_to_the_run(demo, run):
    pieces = ds.dataset(demo.folder / "pieces", format="parquet").to_table().to_pandas()
    for name in ["fuel_kg", "co2_kg", "nox_kg", "bc_kg"]:
        assert pieces[name].sum() == pytest.approx(run["totals"][name], rel=1e-9)
    assert pieces["hours"].sum() == pytest.approx(run["totals"]["hours"], rel=1e-9)
    assert pieces["distance_nm"].sum() == pytest.approx(run["totals"]["nm"], rel=1e-9)


def test_layers_add_up_to_the_run(demo, run):
    grid, zones, totals = (layer(demo, name) for name in ("hotspot_grid", "zones", "totals"))
    vessels = layer(demo, "vessels")
    for name in MASSES:
        assert grid[name].sum() == pytest.approx(run["totals"][name], rel=1e-9), name
        assert vessels[name].sum() == pytest.approx(run["totals"][name], rel=1e-12), name
    assert grid["hours"].sum() == pytest.approx(run["totals"]["hours"], rel=1e-9)
    for system, part in totals.groupby("system"):
        assert part["co2_kg"].sum() == pytest.approx(run["totals"]["co2_kg"], rel=1e-12)
        # The remainder has no outline: it is what the layer of zones lacks.
        rest = part[~part["zone_id"].isin(zones.loc[zones["system"] == system, "zone_id"])]
        shown = zones.loc[zones["system"] == system, "co2_kg"].sum()
        assert shown + rest["co2_kg"].sum() == pytest.approx(run["totals"]["co2_kg"], rel=1e-12)


def test_no_geometry_crosses_180(demo):
    for name in ("hotspot_grid", "voyage_tracks", "zones", "ports"):
        frame = layer(demo, name)
        assert frame.crs.to_epsg() == 4326
        parts = shapely.get_parts(frame.geometry.to_numpy())
        bounds = shapely.bounds(parts)
        assert bounds[:, 0].min() >= -180
        assert bounds[:, 2].max() <= 180
        assert (bounds[:, 2] - bounds[:, 0]).max() < 180 or name == "zones"
        assert shapely.is_valid(parts).all()


def test_the_page_shows_the_same_sums(demo, run, page):
    upstream = demo.study.totals(["phase"], boundary="wtw")["wtw_co2e_kg"].sum()
    totals = run["totals"] | {"wtw_co2e_kg": upstream}
    names = [species["key"] for species in page["species"]]
    for name, kg in zip(names, page["sums"][0], strict=True):
        assert kg == pytest.approx(totals[f"{name}_kg"], rel=1e-12), name
    for number, breakdown in enumerate(page["breakdowns"]):
        mass = page["arrays"][f"b{number}.mass"].reshape(len(names), len(breakdown["rows"]), -1)
        for species, name in enumerate(names):
            assert mass[species].sum() == pytest.approx(totals[f"{name}_kg"], rel=1e-9)
        hours = page["arrays"][f"b{number}.hours"].sum(dtype=float)
        assert hours == pytest.approx(run["totals"]["hours"], rel=1e-5)


def test_the_page_shows_emissions_in_both_ports_and_over_the_ocean(page):
    (number,) = [n for n, b in enumerate(page["breakdowns"]) if b["key"] == "port"]
    rows = [row["key"] for row in page["breakdowns"][number]["rows"]]
    mass = page["arrays"][f"b{number}.mass"].reshape(len(page["species"]), len(rows), -1).sum(axis=2)
    port = reference.zones("port").table().set_index("zone_id")["port"].reindex(rows)
    at_berth = reference.zones("port").table().set_index("zone_id")["kind"].reindex(rows).eq("berth")
    for name in ("LB", "YT"):
        assert (mass[:, (port == name) & at_berth].sum(axis=1) > 0).all()
    assert (mass[:, rows.index("open_sea")] > 0).all()
    # Cells over the ocean, on both sides of 180°, in display longitudes.
    level, edge = page["arrays"]["level"], np.array(page["sizes"])
    west = page["arrays"]["ix"] * edge[level]
    for low, high in ((150, 180), (180, 210)):
        assert ((west > low) & (west < high)).any()


def test_every_zone_stands_in_the_layer_even_with_nothing_in_it(demo):
    zones = layer(demo, "zones")
    for system in demo.study.systems:
        assert zones.loc[zones["system"] == system.name, "zone_id"].tolist() == list(system.zones["zone_id"])
    assert (zones["co2_kg"] == 0).any()
    assert zones[["hours", *MASSES]].notna().all(axis=None)


# What is said


def test_simulated_is_said_in_every_output(demo, run, page):
    assert run["parameters"]["simulated"] is True
    assert page["simulated"] is True
    assert "SIMULATED" in page["status"][0][0]
    with sqlite3.connect(demo.folder / "study.gpkg") as file:
        ours = "SELECT table_name, description FROM gpkg_contents WHERE table_name != 'layer_styles'"
        described = dict(file.execute(ours))
    assert {"hotspot_grid", "voyage_tracks", "zones", "totals", "vessels"} <= set(described)
    assert all("SIMULATED" in text for text in described.values()), described
    assert set(layer(demo, "voyage_tracks")["origin"]) <= {"simulated", "filled"}
    pieces = ds.dataset(demo.folder / "pieces", format="parquet").to_table(columns=["origin"]).to_pandas()
    assert "observed" not in set(pieces["origin"])
    # A CSV has no title: a column says it of every row.
    for path in demo.folder.glob("*.csv"):
        assert pd.read_csv(path)["simulated"].all(), path.name


def test_limits_and_method_are_said_in_both_languages(demo):
    for said in (notes.status(demo.study), notes.method(demo.study), notes.limits()):
        assert said
        assert all(en.strip() and any("\u4e00" <= c <= "\u9fff" for c in zh) for en, zh in said)
    assert "tank-to-wake" in set(notes.parameters(demo.study)["value"])


def test_every_column_of_the_geopackage_says_its_unit_and_meaning(demo):
    with sqlite3.connect(demo.folder / "study.gpkg") as file:
        rows = file.execute("SELECT table_name, column_name, title, description FROM gpkg_data_columns")
        said = defaultdict(dict)
        for table, column, title, description in rows:
            said[table][column] = (title, description)
    for name in pyogrio.list_layers(demo.folder / "study.gpkg")[:, 0]:
        for column in pyogrio.read_info(demo.folder / "study.gpkg", layer=name)["fields"]:
            if not name.startswith("layer_styles"):
                assert said[name][column][1], (name, column)


# Text from data


@pytest.fixture(scope="module")
def hostile(work_dir, tmp_path_factory):
    """A study of ships whose names are formulas, markup and templates."""
    place = tmp_path_factory.mktemp("hostile")
    lines = [
        drawn_ais.line(i, mmsi=str(477999101 + n), imo="", name=f'"{name}"', lat=f"{33 + 0.1 * n:.5f}")
        for n, name in enumerate(HOSTILE)
        for i in range(20)
    ]
    (place / "day.csv").write_bytes(drawn_ais.table(lines))
    study = corridor.run_study([place / "day.csv"], work_dir=work_dir, names="all")
    study.to_folder(place / "out")
    return place / "out", study


def test_names_are_inert_in_tables(hostile):
    folder, study = hostile
    assert set(study.vessels["name"]) == set(HOSTILE)
    with (folder / "vessels.csv").open(encoding="utf-8", newline="") as file:
        names = {row["name"] for row in csv.DictReader(file)}
    assert names == {f"'{name}" if name[0] in "=+-@" else name for name in HOSTILE}
    for path in folder.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                for cell in row:
                    assert cell[:1] not in {"=", "@", "+"}, cell
                    assert cell[:1] != "-" or float(cell) <= 0


def test_names_are_text_in_the_geopackage(hostile):
    table = gpd.read_file(hostile[0] / "study.gpkg", layer="vessels", engine="pyogrio")
    assert len(table) == len(HOSTILE)
    for name in HOSTILE:
        assert table["name"].str.endswith(name).any(), name


def test_names_are_inert_in_the_page(hostile):
    html = (hostile[0] / "map.html").read_text(encoding="utf-8")
    assert "<img src=x" not in html
    data = page_reading.content(html)
    assert {track["name"] for track in data["tracks"]} == set(HOSTILE)
    outside = page_reading.DATA.sub("", html)
    for name in HOSTILE[1:3]:
        assert name not in outside
        assert name not in unescape(outside)


def test_cells_of_a_table_are_guarded_and_numbers_kept_in_full(tmp_path):
    table = pd.DataFrame({"text": ["=1", None, "a,b"], "x": [-0.1, 1 / 3, 1e15 + 1], "n": [2**60, -1, 0]})
    folder_of.write_csv(table, tmp_path / "a.csv")
    rows = list(csv.reader((tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()))
    assert rows[1:] == [
        ["'=1", "-0.1", str(2**60)],
        ["", repr(1 / 3), "-1"],
        ["a,b", "1000000000000001.0", "0"],
    ]
    assert table["text"][0] == "=1"  # the caller's table is not touched


# The tables


def test_cells_hold_bounds_areas_and_densities(demo):
    table = tables.cells(demo.study)
    assert (table["east"] > table["west"]).all()
    assert (table["north"] > table["south"]).all()
    assert set(np.round(table["east"] - table["west"], 9)) == {0.1, 0.01}
    np.testing.assert_allclose(table["co2_kg_per_km2"] * table["area_km2"], table["co2_kg"], rtol=1e-12)
    # A cell of 0.1 degree at 33.7° north is 9.27 km by 11.09 km.
    row = table[(table["south"].between(33.69, 33.71)) & np.isclose(table["east"] - table["west"], 0.1)]
    assert row["area_km2"].iloc[0] == pytest.approx(9.27 * 11.09, rel=2e-3)
    assert table["observed_share"].dropna().between(0, 1).all()

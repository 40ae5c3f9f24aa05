"""The demo's GeoPackage as others read it, and its sums beside those of the other files."""

import json
import re
import sqlite3
import subprocess

import pandas as pd
import pyogrio
import pytest

from corridor import cli
from layers import geometry


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "out"
    assert cli.main(["demo", "--out", str(out), "--quiet"]) == 0
    return out


@pytest.fixture(scope="module")
def ask(demo):
    file = sqlite3.connect(demo / "study.gpkg")
    yield lambda query: file.execute(query).fetchall()
    file.close()


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.parametrize("extra", [[], ["--extra"]])
def test_the_validator_of_the_standard_finds_nothing(demo, extra):
    done = run("/usr/bin/python3", "-m", "osgeo_utils.samples.validate_gpkg", *extra, demo / "study.gpkg")
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_older_gdal_reads_it_without_a_warning(demo):
    done = run("/usr/bin/ogrinfo", "-so", "-ro", "-al", demo / "study.gpkg")
    assert done.returncode == 0
    assert not re.search("warning|error", done.stderr, flags=re.IGNORECASE), done.stderr


def test_sums_are_those_of_the_other_files(demo):
    totals = json.loads((demo / "run.json").read_text(encoding="utf-8"))["totals"]
    by_system = pd.read_csv(demo / "totals.csv").groupby("system")
    vessels = pd.read_csv(demo / "vessels.csv")
    grid = pyogrio.read_dataframe(demo / "study.gpkg", layer="hotspot_grid", read_geometry=False)
    masses = [name for name in totals if name.endswith("_kg")]
    assert len(masses) > 8
    for name in masses:
        expected = pytest.approx(totals[name], rel=1e-9)
        assert grid[name].sum() == expected
        assert vessels[name].sum() == expected
        for _, rows in by_system:
            assert rows[name].sum() == expected


def test_every_layer_is_described_indexed_and_styled(demo, ask):
    assert ask("SELECT count(*) FROM gpkg_contents WHERE coalesce(description, '') = ''") == [(0,)]
    assert "SIMULATED" in ask("SELECT description FROM gpkg_contents WHERE table_name = 'hotspot_grid'")[0][0]
    spatial = [name for name, kind in pyogrio.list_layers(demo / "study.gpkg") if kind]
    indexed = ask("SELECT table_name FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'")
    styled = ask("SELECT f_table_name FROM layer_styles WHERE f_geometry_column = 'geom'")
    assert sorted(spatial) == sorted(n for (n,) in indexed) == sorted(n for (n,) in styled)


def test_units_are_in_the_names(ask):
    units = {"kg": "_kg", "kWh": "_kwh", "nm": "_nm", "km2": "_km2"}
    for table, column, label in ask("SELECT table_name, column_name, name FROM gpkg_data_columns"):
        unit = re.search(r"\((.*)\)$", label)
        if unit and unit[1] in units:
            # A word may stand behind: shore_kwh_low.
            assert f"{units[unit[1]]}_" in f"{column}_", f"{table}.{column}"


def test_tracks_and_zones_are_cut_at_the_seam(demo):
    for name in ["hotspot_grid", "voyage_tracks", "zones", "ports"]:
        table = pyogrio.read_dataframe(demo / "study.gpkg", layer=name)
        geometry.check_exchange(table.geometry, name)
    tracks = pyogrio.read_dataframe(demo / "study.gpkg", layer="voyage_tracks")
    assert (tracks.geometry.count_geometries() > 1).any()
    west, _, east, _ = tracks.total_bounds
    assert (west, east) == (-180.0, 180.0)

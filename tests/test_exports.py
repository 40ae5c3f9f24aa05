"""Files in other formats, as those who open them see them: the same sums in each, and nothing that acts."""

import hashlib
import importlib.util
import json
import re
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import drawn_ais
import duckdb
import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import rasterio
import shapely
import xarray as xr
from rio_cogeo.cogeo import cog_validate

import corridor
from corridor.errors import InputError, OutputError
from corridor.outputs import export as export_of
from corridor.outputs import pieces
from corridor.outputs.export import FORMATS, Settings, export
from corridor.userzones import read_user_zones
from layers.geodesy import area_from_equator_m2

SPECIES = ("co2", "nox", "sox", "pm10", "pm25", "bc", "ch4")


@pytest.fixture(scope="module")
def files(demo, tmp_path_factory):
    """Every format, from the study opened again."""
    folder = tmp_path_factory.mktemp("export") / "out"
    export(corridor.open_study(demo.folder), folder, list(FORMATS))
    return folder


@pytest.fixture(scope="module")
def totals(demo):
    return demo.study.manifest["totals"]


# What is written


def test_the_study_just_run_makes_the_same_files_as_the_one_opened(demo, files, tmp_path):
    export(demo.study, tmp_path / "out", list(FORMATS))
    ours = {
        p.relative_to(tmp_path / "out"): p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()
    }
    theirs = {p.relative_to(files): p.read_bytes() for p in files.rglob("*") if p.is_file()}
    assert ours.keys() == theirs.keys()
    assert not [name for name in ours if ours[name] != theirs[name]]


def test_the_list_of_files_holds_their_hashes(files):
    told = json.loads((files / "export.json").read_text(encoding="utf-8"))
    assert told["simulated"] is True
    found = {p.relative_to(files).as_posix() for p in files.rglob("*") if p.is_file()}
    assert set(told["files"]) == found - {"export.json"}
    for name, said in told["files"].items():
        content = (files / name).read_bytes()
        assert said == {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}, name


def test_an_unknown_format_is_refused(demo, tmp_path):
    with pytest.raises(InputError, match="known: geoparquet, gpkg") as refusal:
        export(demo.study, tmp_path / "x", ["shapefile"])
    assert refusal.value.code == "unknown_format"


@pytest.mark.parametrize(("name", "extra"), [("netcdf", "rasters"), ("cog", "rasters"), ("xlsx", "sheets")])
def test_a_missing_package_is_named_with_its_extra(demo, tmp_path, monkeypatch, name, extra):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match=re.escape(f"[{extra}]")) as refusal:
        export(demo.study, tmp_path / "x", [name])
    assert refusal.value.code == "missing_extra"
    assert not (tmp_path / "x").exists()


def test_the_extras_are_those_of_the_project():
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    for known in FORMATS.values():
        if known.extra:
            (line,) = re.findall(rf"^{known.extra} = (.*)$", text, flags=re.MULTILINE)
            assert f'"{known.package}>' in line


def test_a_folder_with_files_is_not_written_over(demo, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError):
        export(demo.study, tmp_path, ["csv"])
    export(demo.study, tmp_path, ["csv"], overwrite=True)
    assert (tmp_path / "mine.txt").read_text() == "mine"


# GeoParquet


def test_pieces_open_in_geopandas(files, totals):
    frame = gpd.read_parquet(files / "pieces.parquet")
    assert frame.crs.to_epsg() == 4326
    assert frame.geometry.is_valid.all()
    assert set(frame.geom_type) == {"MultiLineString", "Point"}
    for name in ("co2_kg", "nox_kg", "hours"):
        assert frame[name].sum() == pytest.approx(totals[name], rel=1e-9)
    parts = shapely.get_parts(frame.geometry.to_numpy())
    bounds = shapely.bounds(parts)
    assert (bounds[:, 2] - bounds[:, 0]).max() < 180
    crossing = frame[frame.geometry.count_geometries() == 2]
    assert len(crossing)
    assert (crossing.total_bounds[[0, 2]] == [-180, 180]).all()


def test_a_box_reads_only_what_lies_in_it(files):
    box = (113.0, 22.0, 115.0, 23.0)
    part = gpd.read_parquet(files / "pieces.parquet", bbox=box)
    whole = gpd.read_parquet(files / "pieces.parquet")
    inside = shapely.intersects(shapely.box(*shapely.bounds(whole.geometry.to_numpy()).T), shapely.box(*box))
    assert 0 < len(part) == inside.sum() < len(whole)


def test_duckdb_reads_every_file(files, totals):
    for name in ("pieces", "cells", "cells_long", "zones"):
        ((count,),) = duckdb.sql(f"select count(*) from '{files / name}.parquet'").fetchall()  # noqa: S608 — ours
        assert count == pq.ParquetFile(files / f"{name}.parquet").metadata.num_rows
    query = f"select sum(co2_kg) from '{files}/cells.parquet' where bbox.xmin < 0 or bbox.xmin >= 0"  # noqa: S608
    assert duckdb.sql(query).fetchall()[0][0] == pytest.approx(totals["co2_kg"], rel=1e-12)
    rows = duckdb.sql(f"select species, sum(mass_kg) from '{files}/cells_long.parquet' group by 1")  # noqa: S608
    for species, mass in rows.fetchall():
        assert mass == pytest.approx(totals[f"{species}_kg"], rel=1e-9), species


@pytest.mark.parametrize("name", ["pieces", "cells", "zones", "tracks"])
def test_the_foot_follows_the_standard_and_tells_units(files, name):
    file = pq.ParquetFile(files / f"{name}.parquet")
    schema, foot = file.schema_arrow, file.metadata.metadata
    geo = json.loads(foot[b"geo"])
    assert geo["version"] == "1.1.0"
    column = geo["columns"][geo["primary_column"]]
    assert column["encoding"] == "WKB"
    assert column["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
    assert len(column["bbox"]) == 4
    assert b"SIMULATED" in foot[b"description"]
    assert json.loads(foot[b"provenance"])["program"] == "corridor"
    for field in schema:
        if field.name.endswith("_kg"):
            assert field.metadata[b"unit"] == b"kg", field.name


def test_a_large_study_goes_into_parts(demo, tmp_path, monkeypatch):
    (only,) = sorted(demo.study.pieces.iterdir())
    halves = tmp_path / "pieces"
    halves.mkdir()
    table = pq.read_table(only)
    for number in (0, 1):
        pq.write_table(table.slice(number * 1000, 1000), halves / f"p{number}.parquet")
    monkeypatch.setattr(pieces, "MOST", 1500)
    study = corridor.open_study(demo.folder)
    object.__setattr__(study, "pieces", halves)
    export(study, tmp_path / "out", ["geoparquet"])
    parts = sorted((tmp_path / "out" / "pieces.parquet").iterdir())
    assert [part.name for part in parts] == ["part-0000.parquet", "part-0001.parquet"]
    whole = pd.concat([gpd.read_parquet(part) for part in parts])
    assert whole["co2_kg"].sum() == pytest.approx(table["co2_kg"].to_numpy()[:2000].sum(), rel=1e-12)


# GeoPackage


def test_pieces_in_a_geopackage_are_lines_and_stays(files, totals):
    path = files / "pieces.gpkg"
    lines, stays = (gpd.read_file(path, layer=name, engine="pyogrio") for name in ("pieces", "stays"))
    assert set(lines.geom_type) == {"MultiLineString"}
    assert set(stays.geom_type) == {"Point"}
    both = lines["co2_kg"].sum() + stays["co2_kg"].sum()
    assert both == pytest.approx(totals["co2_kg"], rel=1e-9)
    assert str(lines["start_utc"].dtype).startswith("datetime64")
    with sqlite3.connect(path) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (10300,)
        indexed = "SELECT count(*) FROM gpkg_extensions WHERE extension_name = 'gpkg_rtree_index'"
        assert file.execute(indexed).fetchone() == (2,)
        ((style,),) = file.execute(
            "SELECT styleQML FROM layer_styles WHERE f_table_name = 'pieces'"
        ).fetchall()
    assert 'startField="start_utc"' in style


def test_the_layers_of_a_study_add_up(demo, totals):
    path = demo.folder / "study.gpkg"
    read = {
        name: gpd.read_file(path, layer=name, engine="pyogrio") for name in pyogrio.list_layers(path)[:, 0]
    }
    grid = read["hotspot_grid"]
    ports = {name: table for name, table in read.items() if name.startswith("port_grid_")}
    assert {"port_grid_lb", "port_grid_yt", "port_grid_szw"} <= set(ports)
    for table in ports.values():
        merged = table.merge(grid, on="cell_id", suffixes=("", "_whole"))
        assert (merged["co2_kg"] == merged["co2_kg_whole"]).all()
        assert len(merged) == len(table)
    long = read["cells_long"].merge(grid[["cell_id"]], on="cell_id")
    for species, part in long.groupby("species"):
        assert part["mass_kg"].sum() == pytest.approx(totals[f"{species}_kg"], rel=1e-9)
    assert (read["berths"]["kind"] == "berth").all()
    assert set(read["class_breaks"]["class_number"]) <= set(range(1, 8))
    for _, part in read["class_breaks"].groupby("species"):
        assert (
            part["from_kg_per_km2"].iloc[1:].to_numpy() == part["below_kg_per_km2"].iloc[:-1].to_numpy()
        ).all()
    assert len(read["sources"])


def test_names_of_layers_and_columns_are_plain(demo):
    plain = re.compile(r"^[a-z][a-z0-9_]{0,29}$")
    for name in pyogrio.list_layers(demo.folder / "study.gpkg")[:, 0]:
        if name != "layer_styles":
            fields = pyogrio.read_info(demo.folder / "study.gpkg", layer=name)["fields"]
            assert all(plain.match(field) for field in [name, *fields])


# NetCDF


@pytest.fixture(scope="module")
def flux(files):
    with xr.open_dataset(files / "emissions.nc") as data:
        yield data


def test_the_checker_of_the_conventions_finds_nothing(files):
    checker = Path(sys.executable).with_name("compliance-checker")
    command = [str(checker), "-t", "cf:1.11", str(files / "emissions.nc")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert "All tests passed!" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("species", SPECIES)
def test_mass_closes(flux, totals, species):
    seconds = np.diff(flux["time_bounds"].to_numpy(), axis=1).astype("timedelta64[s]").astype(float).ravel()
    each = (flux[species].sum("phase") * flux["cell_area"]).sum(("lat", "lon")).to_numpy()
    assert each @ seconds == pytest.approx(totals[f"{species}_kg"], rel=1e-9)


def test_the_pacific_is_in_one_piece(flux):
    lon = flux["lon"].to_numpy()
    assert lon[0] < 120
    assert lon[-1] > 240
    assert np.diff(lon) == pytest.approx(np.full(len(lon) - 1, 0.1), abs=1e-9)
    assert float(flux["co2"].sel(lon=slice(175, 185)).sum()) > 0


def test_variables_say_what_they_are(flux):
    nox = flux["nox"].attrs
    assert nox["units"] == "kg m-2 s-1"
    assert nox["molecule"] == "NO2"
    assert "standard_name" not in nox  # the table knows maritime NOx as NO only
    assert (
        flux["sox"].attrs["standard_name"].endswith("sulfur_dioxide_due_to_emission_from_maritime_transport")
    )
    assert flux["crs"].attrs["grid_mapping_name"] == "latitude_longitude"
    assert flux.attrs["Conventions"].startswith("CF-1.11")
    assert "SIMULATED" in flux.attrs["title"]
    words = flux["phase"].attrs["flag_meanings"].split()
    assert words == list(corridor.emissions.phases.PHASES)


def test_months_and_phases_are_those_of_the_ledger(demo, flux):
    by = demo.study.totals(by=["month", "phase"])
    phases = list(corridor.emissions.phases.PHASES)
    for number, month in enumerate(demo.study.months()):
        first = pd.Timestamp(year=month // 12, month=month % 12 + 1, day=1)
        assert pd.Timestamp(flux["time_bounds"].to_numpy()[number, 0]) == first
        seconds = float(
            np.diff(flux["time_bounds"].to_numpy()[number]).astype("timedelta64[s]").astype(float)[0]
        )
        for row in by[by["month"] == month].itertuples():
            field = flux["co2"].isel(time=number, phase=phases.index(row.phase)) * flux["cell_area"]
            assert float(field.sum()) * seconds == pytest.approx(row.co2_kg, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("side", [0.25, 1.0])
def test_another_grid_holds_the_same_mass(demo, totals, tmp_path, side):
    export(demo.study, tmp_path / "out", ["netcdf"], settings=Settings(cell_deg=side))
    with xr.open_dataset(tmp_path / "out" / "emissions.nc") as data:
        seconds = (
            np.diff(data["time_bounds"].to_numpy(), axis=1).astype("timedelta64[s]").astype(float).ravel()
        )
        each = (data["nox"].sum("phase") * data["cell_area"]).sum(("lat", "lon")).to_numpy()
        assert each @ seconds == pytest.approx(totals["nox_kg"], rel=1e-9)
        assert float(data["lat"][1] - data["lat"][0]) == pytest.approx(side)


# GeoTIFF


def mass_of(path):
    """Sum of density by area over a raster. [kg]"""
    with rasterio.open(path) as file:
        density, side = file.read(1), abs(file.transform.e)
        north = file.bounds.top - np.arange(file.height + 1) * side
    return (density * (-np.diff(area_from_equator_m2(north)) * np.radians(side) / 1e6)[:, None]).sum()


@pytest.mark.parametrize("species", SPECIES)
def test_each_raster_is_sound_and_closes(files, totals, species):
    path = files / "cog" / f"{species}_kg_per_km2.tif"
    valid, errors, warnings = cog_validate(path)
    assert valid, (errors, warnings)
    with rasterio.open(path) as file:
        assert file.crs.to_epsg() == 4326
        assert file.units == ("kg km-2",)
        assert "SIMULATED" in file.tags()["title"]
        assert (file.bounds.left, file.bounds.right) == (-180.0, 180.0)
    assert mass_of(path) == pytest.approx(totals[f"{species}_kg"], rel=1e-9)


def test_a_raster_lies_where_the_cells_of_the_geopackage_lie(demo, files):
    cells = gpd.read_file(demo.folder / "study.gpkg", layer="hotspot_grid", engine="pyogrio")
    coarse = cells[cells.bounds["maxx"] - cells.bounds["minx"] > 0.09]
    assert (coarse.bounds["minx"] < -170).any()
    assert (coarse.bounds["minx"] > 170).any()
    middle = coarse.geometry.representative_point()
    with rasterio.open(files / "cog" / "co2_kg_per_km2.tif") as file:
        found = [value[0] for value in file.sample(zip(middle.x, middle.y, strict=True))]
    np.testing.assert_allclose(found, coarse["co2_kg_per_km2"], rtol=1e-9)


@pytest.mark.parametrize("port", ["lb", "yt", "szw"])
def test_each_port_has_a_raster_of_its_own_cells(demo, files, port):
    path = files / "cog" / f"port_{port}_nox_kg_per_km2.tif"
    valid, errors, warnings = cog_validate(path)
    assert valid, (errors, warnings)
    cells = gpd.read_file(demo.folder / "study.gpkg", layer=f"port_grid_{port}", engine="pyogrio")
    middle = cells.geometry.representative_point()
    with rasterio.open(path) as file:
        assert file.transform.a == pytest.approx(0.01, rel=1e-12)
        found = [value[0] for value in file.sample(zip(middle.x, middle.y, strict=True))]
        assert int((file.read(1) > 0).sum()) == int((cells["nox_kg"] > 0).sum())
    np.testing.assert_allclose(found, cells["nox_kg"] / cells["area_km2"], rtol=1e-6)
    assert mass_of(path) == pytest.approx(cells["nox_kg"].sum(), rel=1e-9)


def test_each_raster_has_a_style(files):
    styles = sorted((files / "cog").glob("*.qml"))
    assert len(styles) == len(list((files / "cog").glob("*.tif")))
    for path in styles:
        root = ET.fromstring(path.read_text(encoding="utf-8").split("\n", 1)[1])  # noqa: S314 — our own
        items = [item.get("label") for item in root.iter("item")]
        assert items[0] == "0 kg/km2"
        assert items[-1].startswith("at least")


# Sheets


@pytest.fixture(scope="module")
def book(files):
    return openpyxl.load_workbook(files / "report.xlsx")


def test_the_workbook_holds_the_tables_with_units(book, totals):
    assert book.sheetnames[:2] == ["Contents", "notes"]
    assert {"totals", "vessels", "zones", "sources", "columns"} <= set(book.sheetnames)
    sheet = book["totals"]
    head = [cell.value for cell in sheet[1]]
    assert sheet.auto_filter.ref
    assert sheet.freeze_panes == "B2"
    at, where = head.index("CO₂ (kg)"), head.index("System")
    rows = [row for row in sheet.iter_rows(min_row=2, values_only=True) if row[where] == "port"]
    assert sum(row[at] or 0 for row in rows) == pytest.approx(totals["co2_kg"], rel=1e-9)
    assert "SIMULATED" in book.properties.title
    assert any(
        "\u4e00" <= c <= "\u9fff" for row in book["notes"].iter_rows(values_only=True) for c in str(row[2])
    )


def test_the_workbook_has_no_formula(book):
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row), sheet.title


def test_names_stay_text_in_every_sheet(work_dir, tmp_path):
    names = ["=1+1", "@SUM(A1)", "+2", "http://example.org/a"]
    lines = [
        drawn_ais.line(i, mmsi=str(477999101 + n), imo="", name=f'"{name}"')
        for n, name in enumerate(names)
        for i in range(20)
    ]
    (tmp_path / "day.csv").write_bytes(drawn_ais.table(lines))
    study = corridor.run_study([tmp_path / "day.csv"], work_dir=work_dir)
    export(study, tmp_path / "out", ["xlsx"])
    sheet = openpyxl.load_workbook(tmp_path / "out" / "report.xlsx")["vessels"]
    found = [cell for row in sheet.iter_rows() for cell in row if cell.value in names]
    assert {cell.value for cell in found} == set(names)
    assert all(cell.data_type == "s" and cell.hyperlink is None for cell in found)


def test_csv_for_chinese_excel_begins_with_a_mark(demo, files, tmp_path):
    export(demo.study, tmp_path / "out", ["csv"], settings=Settings(bom=True))
    for path in (tmp_path / "out").glob("*.csv"):
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbf")
        assert content[3:] == (files / path.name).read_bytes()


# One file for mail


def test_the_archive_holds_what_can_be_mailed(demo, files):
    with zipfile.ZipFile(files / "corridor_simulated.zip") as archive:
        names = set(archive.namelist())
        assert {"map.html", "study.gpkg", "report.xlsx", "totals.csv", "run.json"} <= names
        assert not [name for name in names if name.startswith(("pieces/", "ledger/"))]
        assert archive.testzip() is None
        assert archive.read("map.html") == (demo.folder / "map.html").read_bytes()
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_published_archive_holds_no_vessel(demo, tmp_path):
    export(demo.study, tmp_path / "out", ["zip", "geoparquet"], publish_only=True)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("corridor_simulated.zip", "cells.parquet", "cells_long.parquet", "zones.parquet", "export.json"),
    }
    with zipfile.ZipFile(tmp_path / "out" / "corridor_simulated.zip") as archive:
        assert "vessels.csv" not in archive.namelist()


def test_names_written_are_names_owned(files):
    """Only what is known as ours is taken away when an export is written over."""
    assert {path.name for path in files.iterdir()} - {"export.json"} <= set(export_of.owned())


# Back in


def test_zones_come_back_as_zones(demo, files, tmp_path):
    berths = read_user_zones(f"{demo.folder / 'study.gpkg'}#berths")
    port = next(system for system in demo.study.systems if system.name == "port")
    ours = port.zones[port.zones["kind"] == "berth"]
    assert list(berths.zones["zone_id"]) == list(ours["zone_id"])
    assert shapely.equals(berths.zones.geometry.to_numpy(), ours.geometry.to_numpy()).all()
    table = gpd.read_parquet(files / "zones.parquet")
    table[table["system"] == "speed"].to_parquet(tmp_path / "speed.parquet")
    speed = next(system for system in demo.study.systems if system.name == "speed")
    again = read_user_zones(tmp_path / "speed.parquet")
    assert list(again.zones["zone_id"]) == list(speed.zones["zone_id"])

"""A study's files in QGIS, as Debian ships it: every layer opens, styled; the Pacific is in one piece.

Needs ``python3-qgis`` and ``gdal-bin`` (``make test-qgis`` installs them); without them these tests fail,
they are not passed over. One session without a screen opens everything (`session.py`); what it told and drew
is judged here, against the file read with other means.
"""

import json
import os
import sqlite3
import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyogrio
import pyproj
import pytest
import shapely
from PIL import Image
from scipy import ndimage

from corridor import cli
from maps.palette import SEQUENTIAL

SESSION = Path(__file__).with_name("session.py")
SHAPES = {
    "hotspot_grid": "Polygon",
    "voyage_tracks": "MultiLineString",
    "unobserved": "MultiLineString",
    "port_calls": "Point",
    "zones": "MultiPolygon",
    "berths": "MultiPolygon",
    "ports": "Point",
}
PLAYED = {
    "voyage_tracks": ["start_utc", "end_utc"],
    "unobserved": ["start_utc", "end_utc"],
    "port_calls": ["all_fast_utc", "sailed_utc"],
}
EIGHT = np.ones((3, 3))
PIXELS = 3


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """The demo, its rasters, and what QGIS saw of them."""
    folder = tmp_path_factory.mktemp("qgis")
    study = folder / "demo" / "study.gpkg"
    assert cli.main(["demo", "--out", str(study.parent), "--quiet"]) == 0
    formats = ["--format", "netcdf", "--format", "cog", "--out", str(folder / "files"), "--quiet"]
    assert cli.main(["export", str(study.parent), *formats]) == 0
    tif = folder / "files" / "cog" / "co2_kg_per_km2.tif"
    port = tif.with_name("port_lb_co2_kg_per_km2.tif")
    flux = f'NETCDF:"{folder / "files" / "emissions.nc"}":co2'
    out = folder / "out"
    run(["/usr/bin/python3", SESSION, out, study, tif, port, flux], folder)
    return SimpleNamespace(**json.loads((out / "report.json").read_text("utf-8")), study=study, out=out)


def run(command, folder):
    """Run a program of the system, out of reach of this environment's own libraries."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run(
        command,
        cwd=folder,
        env=kept | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def ask(seen):
    file = sqlite3.connect(seen.study)
    yield lambda query: file.execute(query).fetchall()
    file.close()


def ink(seen, name):
    """Where a picture is not white."""
    with Image.open(seen.out / f"{name}.png") as picture:
        return (np.asarray(picture.convert("RGB")) < 250).any(axis=2)


def pixel(seen, lon, lat):
    """Column and row of places in the pictures of the Pacific, by another library than the one that drew."""
    x, y = pyproj.Transformer.from_crs(4326, 3832, always_xy=True).transform(lon, lat)
    west, south, east, north = seen.extent
    return (np.asarray(x) - west) / (east - west) * 1200, (north - np.asarray(y)) / (north - south) * 500


def label_near(labels, column, row):
    around = labels[
        int(row) - PIXELS : int(row) + PIXELS + 1, int(column) - PIXELS : int(column) + PIXELS + 1
    ]
    return set(around[around > 0].tolist())


# Layers


def test_every_layer_opens_whole(seen):
    expected = {
        name: pyogrio.read_info(seen.study, layer=name)["features"]
        for name in pyogrio.list_layers(seen.study)[:, 0]
        if name != "layer_styles"
    }
    assert {"port_calls", "berths", "activity", "cells_long", "at_berth", "green_flag"} <= set(expected)
    assert {"intervals", "totals", "vessels"} <= set(expected)
    assert {name: layer["rows"] for name, layer in seen.layers.items()} == expected
    assert all(layer["valid"] for layer in seen.layers.values())


def test_shapes_are_of_one_type_whatever_the_study_holds(seen):
    for name, layer in seen.layers.items():
        spatial = layer["shape"] != "NoGeometry"
        wanted = SHAPES.get(name, "Polygon" if name.startswith("port_grid") else "NoGeometry")
        assert layer["shape"] == wanted, name
        assert layer["crs"] == ("EPSG:4326" if spatial else "")


def test_stored_styles_are_taken_without_a_complaint(seen):
    assert seen.said == []
    for name, layer in seen.layers.items():
        assert layer["style"] is True, name
        assert layer["stored"] == 1, name
        assert bool(layer["renderer"]) == (layer["shape"] != "NoGeometry"), name
        assert layer["abstract"], name


def test_the_grid_is_classed_as_the_page_is(seen):
    grid = seen.layers["hotspot_grid"]["renderer"]
    assert grid["type"] == "graduatedSymbol"
    assert len(grid["classes"]) == 7
    lows, labels, colours = zip(*grid["classes"], strict=True)
    assert list(lows) == sorted(lows)
    assert lows[0] == 0
    assert list(colours) == list(SEQUENTIAL)
    assert all(label.endswith(" kg/km2") for label in labels)
    assert labels[0].startswith("below")
    assert labels[-1].startswith("at least")


def test_zones_are_drawn_by_kind(seen, ask):
    zones = seen.layers["zones"]["renderer"]
    assert zones["type"] == "categorizedSymbol"
    values = {value for value, _, _ in zones["classes"]}
    assert {"berth", "anchorage", "port_area", ""} <= values
    assert len(values & {kind for (kind,) in ask("SELECT DISTINCT kind FROM zones")}) > 3


def test_columns_have_readable_names_with_their_unit(seen, ask):
    told = ask("SELECT table_name, column_name, name FROM gpkg_data_columns")
    assert len(told) > 200
    for table, column, label in told:
        assert seen.layers[table]["aliases"][column] == label
        for ending, unit in (("_kg", "(kg)"), ("_kwh", "(kWh)"), ("_nm", "(nm)"), ("_km2", "km2)")):
            assert not column.endswith(ending) or label.endswith(unit), f"{table}.{column}: {label}"


def test_vocabularies_are_shown_by_their_meaning(seen, ask):
    lists = ask(
        "SELECT d.table_name, d.column_name, c.value, c.description FROM gpkg_data_columns d "
        "JOIN gpkg_data_column_constraints c USING (constraint_name)"
    )
    expected = {}
    for table, column, value, meaning in lists:
        expected.setdefault((table, column), []).append({meaning: value})
    assert {("totals", "phase"), ("cells_long", "species"), ("zones", "system")} <= set(expected)
    for (table, column), pairs in expected.items():
        assert seen.layers[table]["widgets"][column]["map"] == pairs
        ((outside,),) = ask(
            f'SELECT count(*) FROM "{table}" WHERE "{column}" <> \'\' AND "{column}" NOT IN '  # noqa: S608 — ours
            f"(SELECT value FROM gpkg_data_column_constraints WHERE constraint_name = '{table}_{column}')"
        )
        assert outside == 0, f"{table}.{column}"


# Time


def test_layers_with_two_instants_play(seen):
    for name, layer in seen.layers.items():
        assert layer["time"] == [name in PLAYED, *PLAYED.get(name, ["", ""])], name
        times = {kind for column, kind in layer["kinds"].items() if column.endswith("_utc")}
        assert times <= {"DateTime"}, name


def test_the_temporal_controller_finds_the_range_of_the_tracks(seen):
    tracks = pyogrio.read_dataframe(seen.study, layer="voyage_tracks", read_geometry=False)
    calls = pyogrio.read_dataframe(seen.study, layer="port_calls", read_geometry=False)
    begin = min(tracks["start_utc"].min(), calls["all_fast_utc"].min())
    end = max(tracks["end_utc"].max(), calls["sailed_utc"].max())
    second = pd.Timedelta(seconds=1)
    assert abs(pd.Timestamp(seen.played["begin"]) - begin.tz_localize(None)) <= second
    assert abs(pd.Timestamp(seen.played["end"]) - end.tz_localize(None)) <= second


def test_a_day_shows_some_of_the_voyages_and_another_year_none(seen):
    whole, day = ink(seen, "tracks_3832"), ink(seen, "played_day")
    assert 0 < day.sum() < whole.sum()
    assert not ink(seen, "played_long_ago").any()


# The picture


def test_the_corridor_is_one_track_across_180_degrees(seen):
    labels, _ = ndimage.label(ink(seen, "tracks_3832"), EIGHT)
    long_beach = label_near(labels, *pixel(seen, -118.2, 33.73))
    yantian = label_near(labels, *pixel(seen, 114.28, 22.56))
    (track,) = long_beach & yantian
    seam = int(pixel(seen, 180.0, 40.0)[0])
    assert (labels[:, seam - 1 : seam + 2] == track).any(axis=0).all()
    assert (labels == track).sum() > 0.98 * (labels > 0).sum()


def test_nothing_is_drawn_where_no_track_lies(seen):
    """Every pixel lies beside a leg of a track, and every leg is drawn: no line runs across the map."""
    tracks = pyogrio.read_dataframe(seen.study, layer="voyage_tracks")
    expected = np.zeros((500, 1200), bool)
    for part in shapely.get_parts(tracks.geometry.to_numpy()):
        x, y = pixel(seen, *shapely.get_coordinates(part).T)
        steps = np.maximum(np.abs(np.diff(x)), np.abs(np.diff(y))).astype(int) + 2
        for k, count in enumerate(steps):
            columns = np.linspace(x[k], x[k + 1], count).astype(int)
            rows = np.linspace(y[k], y[k + 1], count).astype(int)
            expected[rows, columns] = True
    drawn = ink(seen, "tracks_3832")
    assert not (drawn & ~ndimage.binary_dilation(expected, EIGHT, PIXELS)).any()
    assert not (expected & ~ndimage.binary_dilation(drawn, EIGHT, PIXELS)).any()


def test_in_another_projection_the_same_check_sees_two_pieces(seen):
    labels, pieces = ndimage.label(ink(seen, "tracks_3857"), EIGHT)
    assert pieces >= 2
    sides = [set(labels[:, half].ravel().tolist()) - {0} for half in (slice(0, 600), slice(600, 1200))]
    assert sides[0]
    assert sides[1]
    assert not sides[0] & sides[1]


def test_the_map_is_filled(seen):
    assert ink(seen, "qgis_3832").mean() > 0.2


# Rasters


def test_rasters_open_with_their_style(seen):
    tif, port, flux = seen.rasters
    assert [raster["valid"] for raster in seen.rasters] == [True] * 3
    assert [raster["crs"] for raster in seen.rasters] == ["EPSG:4326"] * 3
    assert tif["extent"][::2] == [-180.0, 180.0]
    assert -119 < port["extent"][0] < port["extent"][2] < -118
    assert flux["extent"][0] < 120
    assert flux["extent"][2] > 240
    for raster in (tif, port):
        assert raster["bands"] == 1
        assert raster["renderer"] == "singlebandpseudocolor"
        assert raster["labels"][0] == "0 kg/km2"
        assert raster["labels"][-1].startswith("at least")
    assert flux["bands"] == 12


def test_a_raster_is_drawn_whole_across_180_degrees(seen):
    """As it comes out of the export: nothing is warped or put together by hand."""
    seam = int(pixel(seen, 180.0, 40.0)[0])
    drawn = ink(seen, "raster_0")
    assert drawn[:, seam - PIXELS : seam + PIXELS + 1].any(axis=0).all()
    west, east = (int(pixel(seen, lon, lat)[0]) for lon, lat in ((115.0, 22.0), (-119.0, 33.5)))
    assert drawn[:, west:east].any(axis=0).all()
    beside = ndimage.binary_dilation(ink(seen, "tracks_3832"), EIGHT, PIXELS + 1)
    assert (drawn & beside).sum() > 0.95 * drawn.sum()

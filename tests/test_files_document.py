"""The recipes of the document on files run as they stand, on the files of the demo."""

import re
from pathlib import Path

import geopandas as gpd
import h3
import netCDF4
import numpy as np
import pandas as pd
import pyogrio
import pytest
import xarray as xr

from corridor.outputs.export import FORMATS, Settings, export

TEXT = (Path(__file__).parents[1] / "docs" / "files.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def place(demo, tmp_path_factory):
    """The demo's files, and beside them half of its own NOx as if it were of another inventory."""
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "STUDY").symlink_to(demo.folder, target_is_directory=True)
    export(demo.study, folder / "files", ["geoparquet", "netcdf"], settings=Settings(members=20))
    with xr.open_dataset(folder / "files" / "emissions.nc") as ours:
        spans = ours["time_bounds"].diff("bound").squeeze("bound") / np.timedelta64(1, "s")
        half = ours["nox"].sum("phase").weighted(spans).mean("time") / 2
        turned = half.assign_coords(lon=(half["lon"] + 180) % 360 - 180).sortby("lon")
        # Twelve months that are not alike, with a mean over the year of one half.
        months = pd.date_range("2026-01-01", periods=12, freq="MS")
        days = months.days_in_month.to_numpy()
        height = np.arange(1.0, 13.0) / np.average(np.arange(1.0, 13.0), weights=days)
        year = turned * xr.DataArray(height, coords={"time": months}, dims="time")
        year.rename("fluxes").to_netcdf(folder / "files" / "edgar.nc")
    return folder


def run(recipe, place, monkeypatch):
    monkeypatch.chdir(place)
    found = {}
    exec(recipe, found)  # noqa: S102 — our own document
    return found


def recipe(word):
    (found,) = [text for text in RECIPES if word in text]
    return found


def test_a_study_opens_and_is_exported(place, monkeypatch):
    text = recipe("open_study").replace('"files"', '"again"')
    run(text, place, monkeypatch)
    same = (place / "again" / "emissions.nc").read_bytes() == (place / "files" / "emissions.nc").read_bytes()
    assert same


def test_a_box_of_pieces_is_summed(place, monkeypatch, capsys):
    run(recipe("group by phase"), place, monkeypatch)
    assert "at_berth" in capsys.readouterr().out


def test_an_hourly_profile_of_a_box_holds_what_lies_in_the_box(place, monkeypatch):
    profile = run(recipe("least(b"), place, monkeypatch)["profile"]
    assert profile["hour"].tolist() == list(range(24))
    pieces = gpd.read_parquet(place / "files" / "pieces.parquet")
    box = pieces.bounds
    inside = pieces[(box["minx"] > 113) & (box["maxx"] < 115)]
    lasting = inside[inside["end_utc"] > inside["start_utc"]]
    assert profile["nox_kg"].sum() == pytest.approx(lasting["nox_kg"].sum(), rel=1e-9)
    assert profile["nox_kg"].sum() > 0


def test_the_interval_of_a_box_holds_its_flux(place, monkeypatch):
    found = run(recipe("emissions_members.nc"), place, monkeypatch)
    with xr.open_dataset(place / "files" / "emissions.nc") as data:
        spans = data["time_bounds"].diff("bound").squeeze("bound") / np.timedelta64(1, "s")
        box = (data["nox"].sum("phase") * data["cell_area"]).sel(lat=slice(21, 24), lon=slice(113, 116))
        central = float(box.sum(["lat", "lon"]).dot(spans, dim="time"))
    assert 0.5 * central < found["low"] < central < found["high"] < 2.0 * central
    assert found["mass_kg"].sizes == {"member": 20}


def test_cells_go_into_h3(place, monkeypatch, demo):
    hexagons = run(recipe("latlng_to_cell"), place, monkeypatch)["hexagons"]
    assert 100 < len(hexagons) < len(demo.study.cells())
    assert all(h3.get_resolution(key) == 4 for key in hexagons.index)
    for name in ("co2_kg", "nox_kg"):
        assert hexagons[name].sum() == pytest.approx(demo.study.manifest["totals"][name], rel=1e-9)


def test_the_coards_file_is_classic_and_holds_the_mass(place, monkeypatch, demo):
    run(recipe("NETCDF3_CLASSIC"), place, monkeypatch)
    with netCDF4.Dataset(place / "files" / "coards.nc") as data:
        assert data.data_model == "NETCDF3_CLASSIC"
        assert data["nox"].dimensions == ("time", "lat", "lon")
        assert data.dimensions["time"].isunlimited()
        assert data["time"].units.startswith("hours since")
        assert data["nox"].units == "kg/m2/s"
        for name in ("time", "lat", "lon"):
            assert (np.diff(data[name][:]) > 0).all()
        first = netCDF4.num2date(data["time"][:], data["time"].units, only_use_cftime_datetimes=False)
        assert [one.day for one in first] == [1] * len(first)
        flux = np.asarray(data["nox"][:], np.float64)
    with xr.open_dataset(place / "files" / "emissions.nc") as data:
        spans = np.diff(data["time_bounds"].to_numpy(), axis=1).ravel() / np.timedelta64(1, "s")
        mass = (flux * data["cell_area"].to_numpy()).sum(axis=(1, 2)) @ spans
    assert mass == pytest.approx(demo.study.manifest["totals"]["nox_kg"], rel=1e-6)


def test_the_scale_factors_of_hours_are_one_on_the_average(place, monkeypatch):
    scale = [float(word) for word in run(recipe("24 * share"), place, monkeypatch)["scale"].split("/")]
    assert len(scale) == 24
    assert sum(scale) / 24 == pytest.approx(1.0, abs=1e-4)


def test_the_route_deck_has_the_journeys(place, monkeypatch, demo):
    deck = run(recipe("ROUND_TRIP"), place, monkeypatch)["deck"]
    lists = dict(re.findall(r"^    (\w+) = \[(.*)\]$", deck, flags=re.MULTILINE))
    assert lists["Ports"] == 'Port("SZW"), Port("LB")'
    assert re.findall(r'^(\w+) "(\w+)" \{$', deck, flags=re.MULTILINE) == [
        ("Port", "SZW"),
        ("Port", "LB"),
        ("Route", "szw_lb"),
    ]
    journeys = demo.study.journeys
    there = journeys[journeys["direct"] & (journeys["from_port"] == "SZW") & (journeys["to_port"] == "LB")]
    numbers = {key: [float(one) for one in text.split(",")] for key, text in lists.items() if key != "Ports"}
    assert {len(one) for one in numbers.values()} == {2}
    assert numbers["Distances"][0] == pytest.approx(there["distance_nm"].mean(), abs=0.1)
    assert 10 < min(numbers["Speeds"]) <= max(numbers["Speeds"]) < 25
    assert 0 < min(numbers["PortDurations"]) <= max(numbers["PortDurations"]) < 10


def test_cells_go_into_flatgeobuf(place, monkeypatch, demo):
    run(recipe("FlatGeobuf"), place, monkeypatch)
    assert pyogrio.read_info(place / "files" / "cells.fgb")["features"] == len(demo.study.cells())


def test_the_ratio_to_another_inventory_is_found(place, monkeypatch):
    ratio = run(recipe("edgar.nc"), place, monkeypatch)["ratio"]
    assert ratio == pytest.approx(2.0, rel=1e-9)


@pytest.mark.parametrize("group", ["class", "total"])
def test_the_ratio_is_found_with_other_groups_too(place, monkeypatch, demo, group):
    export(demo.study, place / group, ["netcdf"], settings=Settings(group=group))
    text = recipe("edgar.nc").replace("files/emissions.nc", f"{group}/emissions.nc")
    assert run(text, place, monkeypatch)["ratio"] == pytest.approx(2.0, rel=1e-9)


def test_every_format_stands_in_the_document():
    for name, known in FORMATS.items():
        assert f"| `{name}` |" in TEXT
        assert not known.extra or f"corridor-emissions[{known.extra}]" in TEXT


def test_layers_of_the_document_are_those_of_the_file(demo):
    layers = set(pyogrio.list_layers(demo.folder / "study.gpkg")[:, 0]) - {"layer_styles"}
    said = set(re.findall(r"`([a-z_]+)`", TEXT.split("### Layers")[1].split("## Other")[0]))
    assert layers <= said


def test_every_test_that_the_document_names_is_there():
    named = re.findall(r"`([a-z_/0-9]+\.py)::(test_\w+)`", TEXT)
    assert len(named) == 11
    for file, test in named:
        assert f"def {test}(" in (Path(__file__).parent / file).read_text(encoding="utf-8")

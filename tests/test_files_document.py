"""The recipes of the document on files run as they stand, on the files of the demo."""

import re
from pathlib import Path

import pyogrio
import pytest
import xarray as xr

from corridor.outputs.export import FORMATS, export

TEXT = (Path(__file__).parents[1] / "docs" / "files.md").read_text(encoding="utf-8")
RECIPES = re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def place(demo, tmp_path_factory):
    """The demo's files, and beside them half of its own NOx as if it were of another inventory."""
    folder = tmp_path_factory.mktemp("recipes")
    (folder / "STUDY").symlink_to(demo.folder, target_is_directory=True)
    export(demo.study, folder / "files", ["geoparquet", "netcdf"])
    with xr.open_dataset(folder / "files" / "emissions.nc") as ours:
        half = ours["nox"].sum("phase").mean("time") / 2
        turned = half.assign_coords(lon=(half["lon"] + 180) % 360 - 180).sortby("lon")
        turned.rename("fluxes").to_netcdf(folder / "files" / "edgar.nc")
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
    run(recipe("bbox.xmin"), place, monkeypatch)
    assert "at_berth" in capsys.readouterr().out


def test_an_hourly_profile_adds_up(place, monkeypatch, demo):
    profile = run(recipe("at time zone"), place, monkeypatch)["profile"]
    assert profile["hour"].tolist() == list(range(24))
    assert profile["nox_kg"].sum() == pytest.approx(demo.study.manifest["totals"]["nox_kg"], rel=1e-9)


def test_cells_go_into_flatgeobuf(place, monkeypatch, demo):
    run(recipe("FlatGeobuf"), place, monkeypatch)
    assert pyogrio.read_info(place / "files" / "cells.fgb")["features"] == len(demo.study.cells())


def test_the_ratio_to_another_inventory_is_found(place, monkeypatch):
    ratio = run(recipe("edgar.nc"), place, monkeypatch)["ratio"]
    assert ratio == pytest.approx(2.0, rel=1e-9)


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

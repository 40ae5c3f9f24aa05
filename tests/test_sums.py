"""One number in every file: what a study emitted is the same in each format that says it."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from page_reading import content

from corridor.outputs.export import export


@pytest.fixture(scope="module")
def files(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sums") / "out"
    export(demo.study, folder, ["geoparquet", "netcdf"])
    return folder


def of_tables(folder, name):
    totals = pd.read_csv(folder / "totals.csv")
    found = {f"totals.csv {system}": rows[name].sum() for system, rows in totals.groupby("system")}
    return found | {file: pd.read_csv(folder / file)[name].sum() for file in ("cells.csv", "vessels.csv")}


def of_geopackage(folder, name):
    path = folder / "study.gpkg"
    read = {key: gpd.read_file(path, layer=key) for key in ("hotspot_grid", "totals", "cells_long")}
    found = {f"gpkg {system}": rows[name].sum() for system, rows in read["totals"].groupby("system")}
    long = read["cells_long"]
    species = long[long["species"] == name.removesuffix("_kg")]
    return found | {"gpkg grid": read["hotspot_grid"][name].sum(), "gpkg long": species["mass_kg"].sum()}


def of_netcdf(files, name):
    with xr.open_dataset(files / "emissions.nc") as data:
        spans = np.diff(data["time_bounds"].to_numpy(), axis=1).ravel() / np.timedelta64(1, "s")
        mass = (data[name.removesuffix("_kg")].sum("phase") * data["cell_area"]).sum(("lat", "lon"))
        return {"netcdf": float(mass.to_numpy() @ spans)}


def of_page(folder, name):
    """Sum that the page shows, and the sum of the zones of each system on it."""
    page = content((folder / "map.html").read_text("utf-8"))
    place = [species["key"] for species in page["species"]].index(name.removesuffix("_kg"))
    found = {"page": page["sums"][0][place]}
    scenarios = len(page["sums"])
    assert scenarios == 1
    for number in range(len(page["breakdowns"])):
        rows = page["arrays"][f"b{number}.mass"].reshape(len(page["species"]), -1)
        found[f"page b{number}"] = rows[place].sum()
    return found


@pytest.mark.parametrize("name", ["co2_kg", "nox_kg", "sox_kg"])
def test_every_file_says_the_same(demo, files, name):
    expected = json.loads((demo.folder / "run.json").read_text("utf-8"))["totals"][name]
    found = of_tables(demo.folder, name) | of_geopackage(demo.folder, name)
    found |= of_netcdf(files, name) | of_page(demo.folder, name)
    for key in ("cells", "pieces"):
        found[f"geoparquet {key}"] = gpd.read_parquet(files / f"{key}.parquet")[name].sum()
    assert len(found) > 15
    assert found == pytest.approx(dict.fromkeys(found, expected), rel=1e-9)

"""The rasters of an export as Debian's GDAL reads them, and the checkers of their formats."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio

from corridor import cli
from layers.geodesy import area_from_equator_m2

GDALINFO = "/usr/bin/gdalinfo"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rasters")
    assert cli.main(["demo", "--out", str(folder / "demo"), "--quiet"]) == 0
    formats = ["--format", "netcdf", "--format", "cog", "--out", str(folder / "out"), "--quiet"]
    assert cli.main(["export", str(folder / "demo"), *formats]) == 0
    return folder / "out"


@pytest.fixture(scope="module")
def totals(files):
    return json.loads((files.parent / "demo" / "run.json").read_text("utf-8"))["totals"]


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ERROR" not in done.stdout + done.stderr
    return done.stdout


def is_wgs84(told):
    return 'ID["EPSG",4326]' in told["coordinateSystem"]["wkt"]


def test_every_geotiff_is_cloud_optimised_by_gdals_own_validator(files):
    found = sorted((files / "cog").glob("*.tif"))
    assert len(found) > 8
    for path in found:
        command = ["-m", "osgeo_utils.samples.validate_cloud_optimized_geotiff", "--full-check=yes", path]
        assert "is a valid cloud optimized GeoTIFF" in run("/usr/bin/python3", *command)


@pytest.mark.parametrize("species", ["co2", "nox", "sox"])
def test_a_geotiff_tells_its_unit_place_and_mass(files, totals, species):
    path = files / "cog" / f"{species}_kg_per_km2.tif"
    told = json.loads(run(GDALINFO, "-json", path))
    (band,) = told["bands"]
    assert band["unit"] == "kg km-2"
    assert band["description"].startswith(f"{species}_kg_per_km2")
    assert is_wgs84(told)
    west, north = told["cornerCoordinates"]["upperLeft"]
    assert west == -180.0
    assert told["cornerCoordinates"]["lowerRight"][0] == 180.0
    flat = run("/usr/bin/gdal_translate", "-q", "-of", "ENVI", path, path.with_suffix(".img"))
    assert flat == ""
    density = np.fromfile(path.with_suffix(".img"), "<f8").reshape(told["size"][::-1])
    edges = north - np.arange(density.shape[0] + 1) * 0.1
    band_km2 = -np.diff(area_from_equator_m2(edges)) * np.radians(0.1) / 1e6
    assert (density * band_km2[:, None]).sum() == pytest.approx(totals[f"{species}_kg"], rel=1e-9)


def test_each_species_of_the_netcdf_is_a_raster_in_a_known_system(files):
    path = files / "emissions.nc"
    told = json.loads(run(GDALINFO, "-json", path))
    listed = [name for key, name in told["metadata"]["SUBDATASETS"].items() if key.endswith("_NAME")]
    species = {name.rpartition(":")[2] for name in listed}
    assert {"co2", "nox", "sox", "pm25", "bc", "cell_area"} <= species
    flux = json.loads(run(GDALINFO, "-json", f'NETCDF:"{path}":nox'))
    assert is_wgs84(flux)
    with rasterio.open(files / "cog" / "nox_kg_per_km2.tif") as other:
        assert flux["size"][1] == other.height
    assert flux["cornerCoordinates"]["lowerRight"][0] > 240
    assert len(flux["bands"]) == 12
    assert flux["metadata"][""]["nox#units"] == "kg m-2 s-1"


def test_gdal_warps_a_raster_whole_into_a_projection_of_the_pacific(files):
    """Nothing has to be built by hand: the file goes through 180 degrees as it is."""
    path, warped = files / "cog" / "co2_kg_per_km2.tif", files / "warped.tif"
    box = [
        "-t_srs",
        "EPSG:3832",
        "-te",
        "-4500000",
        "2000000",
        "11000000",
        "6000000",
        "-tr",
        "10000",
        "10000",
    ]
    run("/usr/bin/gdalwarp", "-q", *box, path, warped)
    with rasterio.open(warped) as file:
        seen, seam = file.read(1) > 0, int((180.0 - 150.0) * 111_319.49 + 4_500_000) // 10_000
    columns = np.flatnonzero(seen.any(axis=0))
    assert columns.min() < 100
    assert columns.max() > seam + 500
    gaps = np.diff(columns)
    assert gaps.max() <= 2


@pytest.mark.parametrize("name", ["emissions.nc", "emissions_profiles.nc"])
def test_the_checker_of_the_conventions_finds_nothing(files, name):
    checker = Path(sys.executable).with_name("compliance-checker")
    assert "All tests passed!" in run(checker, "-t", "cf:1.11", files / name)

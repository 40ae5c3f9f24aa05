"""Pieces streamed into a GeoPackage as Debian's GDAL and the validator of the standard see them."""

import subprocess

import pytest
from benchmarks.files import dataset, layers_of
from small_study import METADATA

from layers import geopackage


@pytest.fixture(scope="module")
def pieces(tmp_path_factory):
    folder = tmp_path_factory.mktemp("p")
    data = dataset(folder / "pieces.parquet", rows=2000)
    layers = [layers_of(data, only) for only in ("pieces", "stays")]
    return geopackage.write(folder / "pieces.gpkg", layers, metadata=METADATA)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("extra", [[], ["--extra"]])
def test_the_validator_of_the_standard_finds_nothing(pieces, extra):
    done = run("/usr/bin/python3", "-m", "osgeo_utils.samples.validate_gpkg", *extra, pieces)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_older_gdal_reads_lines_and_stays(pieces):
    done = run("/usr/bin/ogrinfo", "-so", "-ro", "-al", pieces)
    assert done.returncode == 0
    assert "Warning" not in done.stdout + done.stderr
    assert "Geometry: Multi Line String" in done.stdout
    assert "Geometry: Point" in done.stdout
    counts = [
        int(line.split(": ")[1]) for line in done.stdout.splitlines() if line.startswith("Feature Count")
    ]
    assert sum(counts[:2]) == 2000

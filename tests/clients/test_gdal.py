"""The GeoPackage as Debian's GDAL reads it: an older reader than ours, and the validator of the standard.

Needs ``gdal-bin`` and ``python3-gdal`` (``make test-clients`` installs them); without them these tests fail,
they are not passed over.
"""

import json
import subprocess

import pytest
from small_study import METADATA, STAMP, layers

from layers import geopackage

TYPES = {
    "hotspot_grid": "Polygon",
    "voyage_tracks": "Multi Line String",
    "zones": "Multi Polygon",
    "ports": "Point",
    "totals": "None",
}


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("g") / "study.gpkg"
    return geopackage.write(path, layers(cells=2000), metadata=METADATA, stamp=STAMP)


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("extra", [[], ["--extra"]])
def test_the_validator_of_the_standard_finds_nothing(study, extra):
    done = run("/usr/bin/python3", "-m", "osgeo_utils.samples.validate_gpkg", *extra, study)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_older_gdal_reads_it_without_a_warning(study):
    done = run("/usr/bin/ogrinfo", "-so", "-ro", "-al", study)
    assert done.returncode == 0
    assert "Warning" not in done.stdout + done.stderr
    assert "ERROR" not in done.stdout + done.stderr


def test_layers_types_and_provenance_are_seen(study):
    done = run("/usr/bin/ogrinfo", "-ro", study)
    listed = dict(
        line.split(": ", 1)[1].rsplit(" (", 1) for line in done.stdout.splitlines() if line[:1].isdigit()
    )
    assert {name: kind.rstrip(")") for name, kind in listed.items() if name in TYPES} == TYPES
    summary = run("/usr/bin/ogrinfo", "-ro", "-so", study, "totals").stdout
    assert "GPKG_METADATA_ITEM" in summary
    assert json.dumps(METADATA["title"]) in summary


def test_a_query_of_an_older_gdal_adds_up(study):
    query = "SELECT sum(co2_kg) AS total, count(*) AS n FROM hotspot_grid"
    done = run("/usr/bin/ogrinfo", "-ro", "-q", "-sql", query, study)
    expected = layers(cells=2000)[0].table["co2_kg"].sum()
    total = next(float(line.split("=")[1]) for line in done.stdout.splitlines() if "total (Real)" in line)
    assert total == pytest.approx(expected, rel=1e-12)
    assert "n (Integer) = 2000" in done.stdout

"""``corridor export``, ``merge`` and ``run --publish``: what they write, say and refuse."""

import json
import shutil

import drawn_ais
import pytest
import xarray as xr

from corridor.cli import OK, USAGE, main


@pytest.fixture
def study(demo, tmp_path):
    """The demo's folder, to be added to."""
    return shutil.copytree(demo.folder, tmp_path / "study")


def test_files_go_beside_the_study(study, capsys):
    assert main(["export", str(study), "--format", "csv", "--format", "cog", "--cell", "0.5"]) == OK
    assert (study / "export" / "totals.csv").read_bytes() == (study / "totals.csv").read_bytes()
    assert (study / "export" / "cog" / "nox_kg_per_km2.tif").is_file()
    assert str(study / "export" / "totals.csv") in capsys.readouterr().out


def test_fluxes_are_grouped_and_have_members_where_asked(study):
    options = ["--format", "netcdf", "--cell", "1", "--group", "class", "--members", "2"]
    assert main(["export", str(study), *options]) == OK
    with xr.open_dataset(study / "export" / "emissions.nc") as data:
        assert "ship_class" in data.dims
    with xr.open_dataset(study / "export" / "emissions_members.nc") as data:
        assert data.sizes["member"] == 2


def test_a_published_export_is_said_as_json(study, tmp_path, capsys):
    command = ["export", str(study), "-f", "geoparquet", "--publish", "--out", str(tmp_path / "x"), "--json"]
    assert main(command) == OK
    told = json.loads(capsys.readouterr().out)
    assert set(told["paths"]) == {"cells", "cells_long", "zones"}


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["-f", "dxf"], "unknown_format"),
        ([], "usage"),
        (["-f", "csv", "--cell", "0.7"], "usage"),
        (["-f", "netcdf", "--group", "engine"], "unknown_group"),
        (["-f", "csv", "--group", "engine"], "unknown_group"),
        (["-f", "netcdf", "--group", "engine", "--members", "1000"], "unknown_group"),
        (["-f", "netcdf", "--members", "1"], "bad_members"),
        (["-f", "csv", "--members", "1"], "bad_members"),
        (["-f", "netcdf", "--members", "3", "--publish"], "no_pairs"),
    ],
)
def test_what_cannot_be_done_is_one_line(study, capsys, options, code):
    assert main(["export", str(study), *options]) == USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error [{code}]")
    assert not (study / "export").exists()


def test_a_folder_that_is_no_study_is_one_line(tmp_path, capsys):
    assert main(["export", str(tmp_path), "-f", "csv"]) == USAGE
    assert "error [no_study]" in capsys.readouterr().err


def test_a_study_is_not_merged_with_itself(study, tmp_path, capsys):
    assert main(["merge", str(study), str(study), "--out", str(tmp_path / "both")]) == USAGE
    assert "error [same_input]" in capsys.readouterr().err
    assert not (tmp_path / "both").exists()


@pytest.fixture
def own_cache(work_dir, tmp_path, monkeypatch):
    """Keep out of the user's cache."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "corridor").symlink_to(work_dir, target_is_directory=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def day(place, first):
    """Positions of three ships with numbers of their own."""
    lines = [
        drawn_ais.line(
            i, mmsi=str(first + ship), imo="", name=f"SHIP {first + ship}", lat=f"{33 + 0.1 * ship:.5f}"
        )
        for ship in range(3)
        for i in range(20)
    ]
    place.write_bytes(drawn_ais.table(lines))
    return str(place)


def test_two_ports_publish_and_are_merged(own_cache, tmp_path, capsys):
    for name, first in (("east", 477999101), ("west", 477999201)):
        command = [
            "run",
            day(tmp_path / f"{name}.csv", first),
            "--publish",
            "--out",
            str(tmp_path / name),
            "-q",
        ]
        assert main(command) == OK
        assert not (tmp_path / name / "vessels.csv").exists()
    capsys.readouterr()
    assert (
        main(["merge", str(tmp_path / "west"), str(tmp_path / "east"), "--out", str(tmp_path / "both")]) == OK
    )
    assert "counts twice" in capsys.readouterr().out  # the two were drawn in one place
    told = {
        name: json.loads((tmp_path / name / "run.json").read_text(encoding="utf-8"))
        for name in ("east", "west", "both")
    }
    sums = told["east"]["totals"]["co2_kg"] + told["west"]["totals"]["co2_kg"]
    assert told["both"]["totals"]["co2_kg"] == pytest.approx(sums, rel=1e-12)
    assert told["both"]["vessels"] == 6
    page = (tmp_path / "both" / "map.html").read_text(encoding="utf-8")
    assert "SHIP 477999101" not in page

"""A study: one call from files to totals, and what must not change its numbers."""

import filecmp
import gc
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import drawn_ais
import folium
import numpy as np
import page_reading
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import corridor
from corridor import cli, engine, reference
from corridor.emissions.phases import PHASES
from corridor.errors import InputError

ROOT = Path(__file__).parents[1]
SHIPS = 3


def voyages(fixes=60):
    """Rows of three ships that sail from 119° W towards Long Beach, each on its own parallel."""
    return [
        drawn_ais.line(i, mmsi=str(477999101 + n), imo="", name=f"TEST {n}", lat=f"{33.3 + 0.1 * n:.5f}")
        for n in range(SHIPS)
        for i in range(fixes)
    ]


def study_of(folder, files, work_dir, **options):
    """Write files of rows and run them."""
    paths = []
    for name, lines in files.items():
        paths.append(folder / name)
        paths[-1].write_bytes(drawn_ais.table(lines))
    return corridor.run_study(paths, work_dir=work_dir, **options)


@pytest.fixture(scope="module")
def small(work_dir, tmp_path_factory):
    return study_of(tmp_path_factory.mktemp("small"), {"day.csv": voyages()}, work_dir)


def same_accounts(left, right):
    pd.testing.assert_frame_equal(left.ledger.rows, right.ledger.rows)
    pd.testing.assert_frame_equal(left.ledger.cells, right.ledger.cells)
    pd.testing.assert_frame_equal(left.vessels, right.vessels)
    assert left.manifest["totals"] == right.manifest["totals"]
    assert left.manifest["mass_balance"] == right.manifest["mass_balance"]


# What must not change the numbers


@settings(max_examples=6)
@given(seed=st.integers(0, 999), files=st.integers(1, 3))
def test_any_order_of_rows_and_files_gives_the_same_accounts(small, work_dir, tmp_path_factory, seed, files):
    random = np.random.default_rng(seed)
    lines = random.permutation(voyages()).tolist()
    parts = {f"{n}.csv": lines[n::files] for n in random.permutation(files)}
    same_accounts(study_of(tmp_path_factory.mktemp("any"), parts, work_dir), small)


def test_every_row_twice_changes_nothing_but_the_count_of_duplicates(small, work_dir, tmp_path):
    twice = study_of(tmp_path, {"a.csv": voyages(), "b.csv": voyages()[::-1]}, work_dir)
    same_accounts(twice, small)
    rows = len(voyages())
    assert twice.manifest["rows_in"] == 2 * rows
    assert twice.manifest["rows_dropped"] == {"duplicate": rows}
    assert twice.manifest["rows_kept"] == small.manifest["rows_kept"] == rows


def test_a_file_given_twice_is_counted_once(small, work_dir, tmp_path):
    same_accounts(study_of(tmp_path, {"a.csv": voyages(), "b.csv": voyages()}, work_dir), small)


def test_longitudes_of_0_to_360_are_the_same_places(work_dir, tmp_path):
    """A ship that crosses 180° eastwards, written both ways."""

    def lines(turn):
        lon = 179.5 + 0.0125 * np.arange(80)
        wrapped = np.where(lon >= 180, lon - (0.0 if turn else 360.0), lon)
        return [drawn_ais.line(i, lon=f"{wrapped[i]:.5f}", sog="") for i in range(80)]

    half, full = (
        study_of(tmp_path, {f"{turn}.csv": lines(turn)}, work_dir, population="all") for turn in (False, True)
    )
    keys = ["zone", "month", "phase", "fuel"]
    pd.testing.assert_frame_equal(half.ledger.rows[keys], full.ledger.rows[keys])
    amounts = half.ledger.rows.columns.difference(keys)
    np.testing.assert_allclose(full.ledger.rows[amounts], half.ledger.rows[amounts], rtol=1e-8, atol=3)
    # 79 steps of 0.0125° at 33.7° north: 79 x 0.6258 nm.
    assert full.manifest["totals"]["nm"] == pytest.approx(49.44, rel=2e-3)


def test_two_runs_write_the_same_bytes_whatever_the_place_and_the_clock(demo, tmp_path):
    """Another process, hash seed, time zone, working folder and number of workers."""
    environment = os.environ | {
        "PYTHONHASHSEED": "7",
        "TZ": "Asia/Shanghai",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTHONPATH": str(ROOT),
    }
    command = "import sys; from corridor.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", command, "demo", "--out", "again", "--workers", "2"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    again = tmp_path / "again"
    names = sorted(
        path.relative_to(demo.folder).as_posix() for path in demo.folder.rglob("*") if path.is_file()
    )
    assert names == sorted(path.relative_to(again).as_posix() for path in again.rglob("*") if path.is_file())
    _, different, unreadable = filecmp.cmpfiles(demo.folder, again, names, shallow=False)
    assert (set(different) - {"timings.json"}, unreadable) == (set(), [])


def test_without_compiling_the_integers_are_the_same(small, work_dir, tmp_path):
    (tmp_path / "day.csv").write_bytes(drawn_ais.table(voyages()))
    code = """
        import sys
        import corridor
        study = corridor.run_study(sys.argv[1], work_dir=sys.argv[2])
        study.ledger.rows.to_csv("rows.csv", index=False)
        study.ledger.cells.to_csv("cells.csv", index=False)
        print("numba" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(line[8:] for line in code.splitlines()), "day.csv", str(work_dir)],
        cwd=tmp_path,
        env=os.environ | {"CORRIDOR_JIT": "0", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "rows.csv"), small.ledger.rows)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "cells.csv"), small.ledger.cells)


# What one asks of it


def test_totals_by_any_keys_hold_the_same_sums(demo):
    whole = demo.study.manifest["totals"]
    for by in (["phase"], ["zone", "phase"], ["sulphur", "fuel"], ["vessel", "month"], ["voyage", "origin"]):
        table = demo.study.totals(by=by)
        assert table["co2_kg"].sum() == pytest.approx(whole["co2_kg"], rel=1e-12)
        assert table["hours"].sum() == pytest.approx(whole["hours"], rel=1e-12)
    assert set(demo.study.totals(by=["phase"])["phase"]) <= set(PHASES)
    assert set(demo.study.totals(by=["vessel"])["vessel"]) == set(
        demo.study.vessels.loc[demo.study.vessels["fixes"] > 1, "vessel_id"]
    )


def test_questions_that_cannot_be_answered_name_the_known_words(demo):
    with pytest.raises(ValueError, match="key 'harbour' is unknown; known: vessel, voyage"):
        demo.study.totals(by=["harbour"])
    with pytest.raises(ValueError, match=r"species 'smoke' is unknown; known: .*nox_kg"):
        demo.study.cells("smoke")


def test_cells_of_one_species_hold_its_total(demo):
    for name in ("nox", "nox_kg", "co2e"):
        table = demo.study.cells(name)
        key = f"{name.removesuffix('_kg')}_kg"
        assert table[key].sum() == pytest.approx(demo.study.manifest["totals"][key], rel=1e-9)


def test_a_study_shows_itself_in_a_notebook(demo):
    assert isinstance(demo.study.explore(), folium.Map)
    assert "<td>at_berth</td>" in demo.study._repr_html_()


def test_the_year_is_told_by_months(demo):
    first, last = (demo.study.months()[place] for place in (0, -1))
    assert (first // 12, first % 12 + 1) == (2026, 3)
    assert last > first


def test_a_period_and_a_box_keep_what_lies_in_them(small, work_dir, tmp_path):
    start, end = datetime(2024, 1, 10, 6, 30, tzinfo=UTC), datetime(2024, 1, 10, 7, 0, tzinfo=UTC)
    part = study_of(tmp_path, {"day.csv": voyages()}, work_dir, start=start, end=end)
    # A fix every two minutes from 06:00: 15 of each ship lie in the half hour.
    assert part.manifest["rows_kept"] == 15 * SHIPS
    assert part.manifest["totals"]["hours"] == pytest.approx(SHIPS * 28 / 60)
    assert part.manifest["parameters"]["start_utc"] == "2024-01-10T06:30:00+00:00"
    box = study_of(tmp_path, {"day.csv": voyages()}, work_dir, bbox=(-120.0, 33.25, -110.0, 33.35))
    assert len(box.vessels) == 1
    with pytest.raises(InputError, match="holds no time"):
        study_of(tmp_path, {"day.csv": voyages()}, work_dir, start=end, end=start)


def test_the_stages_are_told_in_order(work_dir, tmp_path):
    told = []
    study = study_of(
        tmp_path, {"d.csv": voyages()}, work_dir, progress=lambda name, share: told.append((share, name))
    )
    assert told == sorted(told)
    stages = {name.replace(" ", "_") for _, name in told}
    assert stages == set(study.timings_s) - {"files", "files_read"}


def test_ships_without_a_segment_are_counted_and_have_no_hours(work_dir, tmp_path):
    lone = drawn_ais.line(0, mmsi="477999109", imo="", name="LONE", lat="33.90000")
    study = study_of(tmp_path, {"day.csv": [*voyages(), lone]}, work_dir)
    assert study.manifest["vessels_with_one_fix"] == 1
    assert study.manifest["vessels"] == SHIPS + 1


def east_of(start, knots_deg=0.008, lat="50.00000", fixes=60, **cells):
    return [drawn_ais.line(i, lon=f"{start + knots_deg * i:.5f}", lat=lat, **cells) for i in range(fixes)]


@pytest.mark.parametrize(
    ("lines", "hours", "tracks"),
    [
        pytest.param([drawn_ais.line(0)], 0.0, 0, id="one fix"),
        pytest.param(east_of(-118.2, 0.0, "33.75500", sog="0.0"), 118 / 60, 0, id="moored all the time"),
        pytest.param(east_of(-0.2), 118 / 60, 2, id="over Greenwich"),
        pytest.param(east_of(-0.2, name=""), 118 / 60, 2, id="without a name"),
    ],
)
def test_an_unusual_study_is_written_like_any_other(work_dir, tmp_path, lines, hours, tracks):
    study = study_of(tmp_path, {"day.csv": lines}, work_dir)
    written = study.to_folder(tmp_path / "out")
    assert study.manifest["totals"]["hours"] == pytest.approx(hours)
    page = page_reading.content(written.map.read_text(encoding="utf-8"))
    assert len(page["tracks"]) == tracks
    assert {track["name"] for track in page["tracks"]} <= {"TEST ALPHA", ""}
    assert page["months"] == ["2024-01"]
    assert "nan" not in (tmp_path / "out" / "vessels.csv").read_text(encoding="utf-8").split(",")


# Refusals


CUT = {
    "missing_column": (drawn_ais.HEADER.replace("LAT", "LATT") + "\n1,2,3\n", "LAT"),
    "empty_file": ("", "day.csv"),
    "no_rows": (drawn_ais.HEADER + "\n", "day.csv"),
    "bad_time": (drawn_ais.table([drawn_ais.line(i, time="soon") for i in range(9)]).decode(), "soon"),
}


@pytest.mark.parametrize("code", CUT)
def test_an_unusable_file_is_one_line_and_leaves_nothing(code, capsys, tmp_path, monkeypatch):
    text, word = CUT[code]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "day.csv").write_text(text, encoding="utf-8")
    status = cli.main(["run", str(tmp_path / "day.csv"), "--out", str(tmp_path / "out")])
    refused(status, capsys.readouterr(), code, word)
    assert not (tmp_path / "out").exists()


def test_an_unknown_ship_class_is_one_line_and_leaves_nothing(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "day.csv").write_bytes(drawn_ais.table(voyages()))
    (tmp_path / "ships.csv").write_text("mmsi,ship_type\n477999101,spaceship\n", encoding="utf-8")
    status = cli.main(
        [
            "run",
            str(tmp_path / "day.csv"),
            "--ships",
            str(tmp_path / "ships.csv"),
            "--out",
            str(tmp_path / "out"),
        ]
    )
    refused(status, capsys.readouterr(), "unknown_ship_type", "container")
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_in_it_is_refused_and_kept(capsys, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine", encoding="utf-8")
    status = cli.main(["demo", "--out", str(tmp_path / "out")])
    refused(status, capsys.readouterr(), "folder_not_empty", "--overwrite")
    assert [path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_a_folder_is_refused_from_python_too(small, tmp_path):
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(corridor.OutputError, match="--overwrite"):
        small.to_folder(tmp_path)
    small.to_folder(tmp_path, overwrite=True)
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["vessels"] == SHIPS


@pytest.mark.parametrize("fault", [KeyboardInterrupt, MemoryError])
def test_a_run_that_ends_early_leaves_no_temporary_files(work_dir, tmp_path, monkeypatch, fault):
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))

    def stop(*_, **__):
        assert list(place.iterdir())
        raise fault

    monkeypatch.setattr(engine, "run", stop)
    with pytest.raises(fault):
        study_of(tmp_path, {"day.csv": voyages()}, work_dir)
    assert list(place.iterdir()) == []


def test_pieces_last_as_long_as_their_study(work_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    study = study_of(tmp_path, {"day.csv": voyages()}, work_dir)
    folder = study.pieces
    assert list(folder.iterdir())
    del study
    gc.collect()
    assert not folder.parent.exists()
    assert study_of(tmp_path, {"day.csv": voyages()}, work_dir, pieces=False).pieces is None


def refused(status, printed, code, word):
    assert (status, printed.out) == (2, "")
    assert printed.err.startswith(f"error [{code}] ")
    assert printed.err.count("\n") == 1
    assert word in printed.err
    assert "Traceback" not in printed.err


def test_the_settings_and_files_that_made_it_are_in_the_manifest(demo):
    parameters = demo.study.manifest["parameters"]
    assert parameters["gwp_basis"] == "GWP100, IPCC AR5"
    assert parameters["boundary"] == "tank-to-wake"
    assert parameters["method"] == "imo4"
    assert parameters["files"]["ships"]["sha256"] == hashlib.sha256(demo.ships.read_bytes()).hexdigest()
    assert demo.study.manifest["tables"] == reference.table_hashes()

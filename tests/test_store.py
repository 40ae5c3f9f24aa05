"""A study opened again from its folder: the same answers, the same bytes, nothing computed."""

import hashlib
import json
import shutil
from dataclasses import fields, replace

import folium
import pandas as pd
import pytest

import corridor
from corridor.accounts.scenarios import Alternative, read_scenario
from corridor.errors import InputError
from corridor.outputs import store
from corridor.outputs.settling import APART
from corridor.study import Study


def hashes(folder):
    """Every file with its hash, but for the time it took."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "timings.json")
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files
    }


@pytest.fixture(scope="module")
def opened(demo):
    return corridor.open_study(demo.folder)


def test_written_again_every_file_is_the_same(demo, opened, tmp_path):
    opened.to_folder(tmp_path / "again")
    assert hashes(tmp_path / "again") == hashes(demo.folder)


def test_a_folder_may_be_written_over_from_itself(demo, tmp_path):
    before = hashes(shutil.copytree(demo.folder, tmp_path / "copy"))
    corridor.open_study(tmp_path / "copy").to_folder(tmp_path / "copy", overwrite=True)
    assert hashes(tmp_path / "copy") == before


def test_answers_are_the_same(demo, opened):
    for by in (["phase"], ["zone", "month"], ["vessel", "fuel"]):
        pd.testing.assert_frame_equal(opened.totals(by), demo.study.totals(by))
    pd.testing.assert_frame_equal(opened.cells("nox"), demo.study.cells("nox"))
    pd.testing.assert_frame_equal(opened.holes(), demo.study.holes())
    assert opened.lattice == demo.study.lattice
    assert [len(line.lat) for line in opened.tracks] == [len(line.lat) for line in demo.study.tracks]


def test_its_map_can_be_drawn(opened):
    assert isinstance(opened.explore(), folium.Map)


def test_how_a_piece_came_about_needs_the_positions(opened):
    with pytest.raises(InputError, match="run it again from its inputs") as refusal:
        opened.explain(str(opened.vessels["vessel_id"].iloc[0]), "2026-03-10")
    assert refusal.value.code == "no_positions"


def test_scenarios_are_kept(demo, tmp_path):
    scenario = read_scenario("slow_steaming_12kn_40nm")
    slow = replace(demo.study, alternatives={scenario.key: Alternative(scenario, demo.study.ledger)})
    (tmp_path / "s").mkdir()
    store.keep(slow, tmp_path / "s")
    (tmp_path / "s" / "run.json").write_text(json.dumps(demo.study.manifest), encoding="utf-8")
    (found,) = corridor.open_study(tmp_path / "s").alternatives.values()
    assert found.scenario == scenario
    pd.testing.assert_frame_equal(found.ledger.rows, demo.study.ledger.rows)


def test_every_part_of_a_study_has_its_place(demo):
    """A part that is neither a table nor known to the store would be lost without a word."""
    for field in fields(Study):
        value = getattr(demo.study, field.name)
        kept_apart = field.name in APART
        assert kept_apart or value is None or isinstance(value, pd.DataFrame), field.name


def test_a_folder_that_is_no_study_is_refused(tmp_path):
    with pytest.raises(InputError) as refusal:
        corridor.open_study(tmp_path)
    assert refusal.value.code == "no_study"
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError) as refusal:
        corridor.open_study(tmp_path)
    assert refusal.value.code == "no_ledger"


def test_a_damaged_study_is_refused(demo, tmp_path):
    folder = shutil.copytree(demo.folder, tmp_path / "s")
    (folder / "ledger" / "cells.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(InputError, match="run the study again") as refusal:
        corridor.open_study(folder)
    assert refusal.value.code == "damaged_study"


def test_numbers_that_mean_other_words_are_refused(demo, tmp_path):
    folder = shutil.copytree(demo.folder, tmp_path / "s")
    head = json.loads((folder / "ledger" / "study.json").read_text(encoding="utf-8"))
    head["words"]["phase"].reverse()
    (folder / "ledger" / "study.json").write_text(json.dumps(head), encoding="utf-8")
    with pytest.raises(InputError, match="phase") as refusal:
        corridor.open_study(folder)
    assert refusal.value.code == "other_version"

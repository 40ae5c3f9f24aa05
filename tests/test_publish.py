"""Studies that may leave a port: no vessel in them, the same sums; and two of them joined."""

import json
import re
import sqlite3
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
from hypothesis import given
from hypothesis import strategies as st

import corridor
from corridor.accounts.scenarios import Alternative, read_scenario
from corridor.accounts.targets import read_target
from corridor.errors import InputError
from corridor.outputs.merge import merge_studies
from corridor.outputs.publish import KEPT, LEAST, pooled_classes, published


@pytest.fixture(scope="module")
def public(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("public") / "out"
    published(demo.study).to_folder(folder)
    return folder


def halves(study):
    """Two studies of other inputs: what the first and the other ships emitted."""
    middle = len(study.vessels) // 2
    rows = study.ledger.rows
    # Cells cannot be told apart by ship: each half takes every second of them, which is enough to add up.
    cells = study.ledger.cells
    even = cells["cell"].to_numpy() % 2 == 0
    parts = []
    for number, (ours, kept) in enumerate(
        ((rows["vessel"] < middle, even), (rows["vessel"] >= middle, ~even))
    ):
        ledger = replace(study.ledger, rows=rows[ours], cells=cells[kept])
        inputs = [{"name": f"{number}.csv", "bytes": 1, "sha256": f"{number}" * 64}]
        manifest = study.manifest | {"inputs": inputs}
        parts.append(replace(study, ledger=ledger, manifest=manifest))
    return parts


# What is left out


def test_no_vessel_is_in_any_file(demo, public):
    assert {path.name for path in public.iterdir()} == {
        *("map.html", "study.gpkg", "totals.csv", "intervals.csv", "cells.csv", "hotspots.csv", "ledger"),
        *("run.json", "timings.json"),
    }
    words = set(demo.study.vessels["vessel_id"]) | set(demo.study.vessels["name"])
    words |= {str(number) for number in demo.study.vessels["mmsi"] if number > 0}
    words -= {""}
    for path in public.rglob("*"):
        if path.suffix == ".parquet":
            text = pq.read_table(path).to_pandas().to_csv()
        else:
            text = path.read_bytes().decode("utf-8", errors="ignore") if path.is_file() else ""
        assert not [word for word in words if word in text], path.name
    layers = set(pyogrio.list_layers(public / "study.gpkg")[:, 0])
    assert {name for name in layers if not name.startswith("port_grid_")} == {
        *("hotspot_grid", "zones", "berths", "ports", "totals", "cells_long", "intervals", "class_breaks"),
        *("method", "sources", "layer_styles"),
    }


LISTED = "NO SHIP OF THE DEMO"


@pytest.fixture(scope="module")
def told(demo, work_dir, tmp_path_factory):
    """The demo with all that can name a ship: a call list, a shore log, reports of fuel, scenarios."""
    folder = tmp_path_factory.mktemp("told")
    ships = demo.study.vessels[demo.study.vessels["imo"] > 0]
    imo, name = int(ships["imo"].iloc[0]), str(ships["name"].iloc[1])
    call = demo.study.calls.iloc[0]
    (folder / "calls.csv").write_text(
        f"vessel,imo,port,arrival\n{LISTED},{imo},{call['port']},{call['all_fast_utc']:%Y-%m-%dT%H:%MZ}\n"
        f"{LISTED},,{call['port']},{call['all_fast_utc']:%Y-%m-%dT%H:%MZ}\n"
    )
    visit = demo.study.visits.iloc[0]
    times = [pd.to_datetime(visit[key], unit="ms") for key in ("t0_ms", "t1_ms")]
    (folder / "log.csv").write_text(
        "vessel,IMO,connect,disconnect,kWh\n"
        f"{LISTED},9321483,{times[0]:%Y-%m-%dT%H:%MZ},{times[1]:%Y-%m-%dT%H:%MZ},100\n"
    )
    (folder / "fuel.csv").write_text(f'name,from,to,fuel_t\n"{name}",2026-01-01,2026-12-31,500\n')
    study = corridor.run_study(
        demo.inputs,
        ships=demo.ships,
        work_dir=work_dir,
        calls=folder / "calls.csv",
        shore_power=folder / "log.csv",
        measured=folder / "fuel.csv",
        scenarios=["speed_cap_ocean_16kn"],
    )
    published(study).to_folder(folder / "out")
    return study, folder / "out"


def text_of(path):
    """Everything that is in a file, as text."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pandas().to_csv() + str(pq.read_schema(path).metadata)
    if path.suffix == ".gpkg":
        with sqlite3.connect(path) as connection:
            return "\n".join(connection.iterdump())
    return path.read_bytes().decode("utf-8", errors="ignore")


def test_no_byte_of_any_file_says_whose_it_was(told):
    study, folder = told
    for table in (study.calls, study.journeys, study.reconciled, study.visits, study.transits, study.reports):
        assert len(table), "there is something that could leave the port"
    vessels = study.vessels
    words = {LISTED, "9321483", *vessels["vessel_id"], *vessels["name"]}
    words |= {str(number) for key in ("imo", "mmsi") for number in vessels[key] if number > 0}
    named = re.compile("|".join(rf"(?<![\w.]){re.escape(word)}(?!\w)" for word in sorted(words - {""})))
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".html", ".gpkg", ".csv", ".json", ".parquet"}
    for path in files:
        found = {match.group() for match in named.finditer(text_of(path))}
        raw = path.read_bytes()
        found |= {word for word in words - {""} if not word.isdigit() and word.encode() in raw}
        assert not found, f"{path.relative_to(folder)}: {sorted(found)[:5]}"
    # The same look at a folder that is not published finds them: the test can fail.
    assert named.search(study.calls.to_csv())


def test_every_table_of_a_published_study_but_groups_is_empty(told):
    public = published(told[0])
    for name in ("calls", "journeys", "reconciled", "voyages", "visits", "shore_log", "transits", "reports"):
        table = getattr(public, name)
        assert table is not None, name
        assert table.empty, name
    assert public.input_report.empty
    assert public.unobserved.empty
    assert set(public.manifest) <= {*KEPT, "parameters", "inputs", "warnings", "unobserved", "published"}


def test_a_plan_is_published_without_its_voyages(demo):
    voyages = [{"vessel": str(name)} for name in demo.study.vessels["vessel_id"]]
    settings = demo.study.manifest["parameters"] | {"planned": voyages}
    plan = published(replace(demo.study, manifest=demo.study.manifest | {"parameters": settings}))
    assert plan.planned
    assert plan.manifest["parameters"]["planned"] == {"voyages": len(voyages)}


def test_totals_stay_to_the_milligram(demo, public):
    opened = corridor.open_study(public)
    assert opened.published
    for by in (["phase"], ["zone", "month"], ["fuel"]):
        pd.testing.assert_frame_equal(opened.totals(by), demo.study.totals(by))
    pd.testing.assert_frame_equal(opened.totals(boundary="wtw"), demo.study.totals(boundary="wtw"))
    pd.testing.assert_frame_equal(opened.cells("nox"), demo.study.cells("nox"))


def test_names_of_inputs_stay_behind(demo, public):
    run = json.loads((public / "run.json").read_text(encoding="utf-8"))
    assert [item["sha256"] for item in run["inputs"]] == [
        item["sha256"] for item in demo.study.manifest["inputs"]
    ]
    assert demo.inputs[0].name not in (public / "run.json").read_text(encoding="utf-8")
    assert run["published"]["least_ships_in_a_class"] == LEAST


def test_published_twice_is_published_once(demo):
    once = published(demo.study)
    assert published(once) is once


def test_a_study_of_few_ships_is_not_published(demo):
    two = replace(demo.study, vessels=demo.study.vessels.iloc[:2])
    with pytest.raises(InputError, match="found 2 ships") as refusal:
        published(two)
    assert refusal.value.code == "too_few_ships"


@given(st.lists(st.sampled_from(["container", "cruise", "ro_ro", "miscellaneous"]), min_size=3))
def test_no_class_is_left_with_fewer_than_three_ships(classes):
    pooled = pooled_classes(classes)
    after = pd.Series(["miscellaneous" if name in pooled else name for name in classes])
    assert after.value_counts().min() >= LEAST
    assert all(classes.count(name) >= LEAST for name in set(classes) - pooled)


# Two studies


def test_two_halves_make_the_whole(demo):
    first, second = halves(demo.study)
    whole = merge_studies(first, second)
    for by in (["phase"], ["zone", "month"]):
        pd.testing.assert_frame_equal(whole.totals(by), demo.study.totals(by))
    pd.testing.assert_frame_equal(whole.cells("co2"), demo.study.cells("co2"))
    told = whole.manifest["totals"]
    assert told["co2_kg"] == pytest.approx(demo.study.manifest["totals"]["co2_kg"], rel=1e-12)
    assert told["hours"] == pytest.approx(demo.study.manifest["totals"]["hours"], rel=1e-12)
    assert len(whole.manifest["inputs"]) == 2


def test_the_order_of_the_two_does_not_matter(demo):
    first, second = halves(demo.study)
    one, other = merge_studies(first, second), merge_studies(second, first)
    pd.testing.assert_frame_equal(one.ledger.rows, other.ledger.rows)
    pd.testing.assert_frame_equal(one.ledger.cells, other.ledger.cells)
    pd.testing.assert_frame_equal(one.vessels, other.vessels)
    assert one.manifest == other.manifest


def test_cells_of_both_are_warned_of(demo):
    first, second = halves(demo.study)
    overlapping = replace(second, ledger=replace(second.ledger, cells=demo.study.ledger.cells))
    (remark,) = merge_studies(first, overlapping).manifest["warnings"]
    assert "counts twice" in remark
    assert merge_studies(first, second).manifest["warnings"] == []


def scenarios_of(study, *names):
    """A study with scenarios whose accounts are its own."""
    found = {one.key: Alternative(one, study.ledger) for one in map(read_scenario, names)}
    return replace(study, alternatives=found)


def test_a_scenario_of_one_study_only_is_named(demo):
    first, second = halves(demo.study)
    one = scenarios_of(first, "slow_steaming_12kn_40nm", "speed_cap_ocean_16kn")
    other = scenarios_of(second, "slow_steaming_12kn_40nm")
    shared, lone = one.alternatives
    for pair in ((one, other), (other, one)):
        whole = merge_studies(*pair)
        assert set(whole.alternatives) == {shared}
        (remark,) = [text for text in whole.manifest["warnings"] if "scenarios left out" in text]
        assert remark.startswith("scenarios left out (1)")
        assert lone in remark
        assert shared not in remark


def test_a_scenario_of_one_name_and_two_meanings_is_named(demo):
    one, other = (scenarios_of(half, "slow_steaming_12kn_40nm") for half in halves(demo.study))
    ((key, found),) = other.alternatives.items()
    changed = replace(found, scenario=found.scenario.model_copy(update={"description": "another"}))
    whole = merge_studies(one, replace(other, alternatives={key: changed}))
    assert not whole.alternatives
    assert any(key in text for text in whole.manifest["warnings"])


def with_setting(study, **settings):
    return replace(study, manifest=study.manifest | {"parameters": study.manifest["parameters"] | settings})


def test_targets_and_unequal_settings_are_named(demo):
    first, second = halves(demo.study)
    target = read_target("per_teu_30_percent_2030")
    receptor = {"name": "School", "lat": 33.77, "lon": -118.2}
    settings = {"receptors": [receptor], "targets": [target.model_dump(mode="json")]}
    whole = merge_studies(with_setting(first, **settings), second)
    assert any(target.name in text for text in whole.manifest["warnings"])
    assert any("settings left out" in text and "receptors" in text for text in whole.manifest["warnings"])
    assert "receptors" not in whole.manifest["parameters"]


def test_intervals_of_two_levels_are_not_joined(demo):
    first, second = halves(demo.study)
    with pytest.raises(InputError, match="interval_level") as refusal:
        merge_studies(with_setting(first, interval_level=0.95), second)
    assert refusal.value.code == "studies_differ"
    both = merge_studies(*(with_setting(half, interval_level=0.95) for half in (first, second)))
    assert both.interval_level == 0.95


def test_the_same_input_is_not_counted_twice(demo):
    with pytest.raises(InputError) as refusal:
        merge_studies(demo.study, demo.study)
    assert refusal.value.code == "same_input"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda s: {"lattice": replace(s.lattice, cell_deg=0.5)}, "grid"),
        (lambda s: {"systems": s.systems[:-1]}, "zones"),
        (lambda s: {"manifest": s.manifest | {"tables": {}}}, "tables"),
        (lambda s: {"manifest": s.manifest | {"version": "0.0"}}, "version"),
        (
            lambda s: {"manifest": s.manifest | {"parameters": s.manifest["parameters"] | {"method": "x"}}},
            "method",
        ),
    ],
)
def test_studies_made_otherwise_are_refused(demo, change, named):
    first, second = halves(demo.study)
    with pytest.raises(InputError, match=named) as refusal:
        merge_studies(first, replace(second, **change(second)))
    assert refusal.value.code == "studies_differ"


def test_a_merged_study_can_be_opened_again(demo, tmp_path):
    first, second = halves(demo.study)
    whole = merge_studies(first, second)
    whole.to_folder(tmp_path / "both")
    again = corridor.open_study(tmp_path / "both")
    np.testing.assert_array_equal(again.ledger.rows.to_numpy(), whole.ledger.rows.to_numpy())
    assert again.manifest["merged_from"] == whole.manifest["merged_from"]

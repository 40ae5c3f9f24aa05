"""Plain tables of the GeoPackage beside totals: activity, scenarios, intervals, the long table of cells."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pyogrio
import pytest

from corridor.accounts.scenarios import Alternative, read_scenario
from corridor.accounts.totals import MASS_COLUMNS
from corridor.accounts.uncertainty import percentile_names
from corridor.comparison import compare
from corridor.outputs import grids
from corridor.outputs.activity import TIERS, activity
from corridor.outputs.alternatives import levers, scenario_table
from corridor.outputs.geopackage import study_layers
from corridor.outputs.intervals import interval_table
from corridor.outputs.page import page_data
from corridor.outputs.publish import published
from corridor.outputs.report_activity import PORTS, calls_of, hours_per_call
from corridor.outputs.report_words import Words


@pytest.fixture(scope="module")
def scenario_study(demo):
    """The demo with a scenario in which every third row of its accounts is left out."""
    scenario = read_scenario("slow_steaming_12kn_40nm")
    rows = demo.study.ledger.rows
    ledger = replace(demo.study.ledger, rows=rows[np.arange(len(rows)) % 3 > 0])
    return replace(demo.study, alternatives={scenario.key: Alternative(scenario, ledger)})


def table_of(demo, name):
    return pyogrio.read_dataframe(demo.folder / "study.gpkg", layer=name)


# Activity


def test_activity_is_counted_call_by_call(demo):
    table = activity(demo.study)
    calls = demo.study.calls
    assert table["calls"].sum() == len(calls)
    for port, part in table.groupby("port"):
        mine = calls[calls["port"] == port]
        assert part["calls"].sum() == len(mine)
        assert part["arrivals"].sum() == mine["arrive_40nm_utc"].notna().sum()
        assert part["berth_total_h"].sum() == pytest.approx(mine["hours_at_berth"].sum(), rel=1e-12)
        assert part["anchor_total_h"].sum() == pytest.approx(mine["hours_at_anchor"].sum(), rel=1e-12)
        assert part["anchor_calls"].sum() == (mine["hours_at_anchor"] > 0).sum()
    assert (table[[f"calls_tier_{tier}" for tier in TIERS]].sum(axis=1) == table["calls"]).all()
    described = table[table["berth_calls"] > 0]
    mean = described["berth_total_h"] / described["berth_calls"]
    assert np.allclose(mean, described["berth_mean_h"], rtol=1e-12)
    assert (described["berth_min_h"] <= described["berth_mean_h"] + 1e-9).all()
    assert (described["berth_mean_h"] <= described["berth_max_h"] + 1e-9).all()
    assert table["port"].drop_duplicates().tolist() == ["LB", "LA", "YT", "SZW"]


@pytest.mark.parametrize(("column", "stem"), [("hours_at_berth", "berth"), ("hours_at_anchor", "anchor")])
def test_the_report_prints_the_same_activity(demo, column, stem):
    """The printed table and the table of the file, row by row."""
    calls = calls_of(demo.study, "all")
    printed = hours_per_call(calls[calls[column] > 0], column, "", Words("en"))
    table = activity(demo.study)
    ours = table[(table[f"{stem}_calls"] > 0) & table["port"].isin(PORTS["all"])]
    names = [
        "port_name",
        "type_and_size",
        *(f"{stem}_{one}" for one in ("calls", "min_h", "mean_h", "max_h")),
    ]
    told = [
        (port, kind, f"{n:,}", *(f"{hours:,.1f}" for hours in rest))
        for port, kind, n, *rest in ours[names].itertuples(index=False)
    ]
    assert told
    assert [tuple(row[:6]) for row in printed.rows[:-1]] == told


def test_activity_is_the_first_plain_table(demo):
    layers = study_layers(demo.study)
    plain = [layer.name for layer in layers if not layer.spatial]
    assert plain[:3] == ["activity", "totals", "cells_long"]
    assert plain.index("vessels") < plain.index("intervals") < plain.index("class_breaks")
    assert (demo.folder / "activity.csv").is_file()


def test_no_call_no_table(demo):
    assert activity(replace(demo.study, calls=None)).empty
    assert activity(replace(demo.study, calls=demo.study.calls.iloc[:0])).empty
    names = {layer.name for layer in study_layers(replace(demo.study, calls=None))}
    assert not names & {"activity", "port_calls", "scenarios"}


def test_activity_stays_behind_when_a_study_is_published(demo, tmp_path):
    """Least and most hours of one call would tell of one ship."""
    public = published(demo.study)
    assert activity(public).empty
    public.to_folder(tmp_path / "public")
    assert not (tmp_path / "public" / "activity.csv").exists()
    assert "activity" not in pyogrio.list_layers(tmp_path / "public" / "study.gpkg")[:, 0]


# Scenarios


def test_scenarios_are_the_totals_of_the_csv(scenario_study):
    table = scenario_table(scenario_study)
    low, high = percentile_names(scenario_study.interval_level)
    whole = compare(scenario_study).query("dimension == 'total' and unit == 'kg'").reset_index(drop=True)
    pairs = {
        "baseline_kg": "baseline",
        "scenario_kg": "scenario_value",
        "difference_kg": "difference",
        "difference_low_kg": f"difference_{low}",
        "difference_high_kg": f"difference_{high}",
    }
    assert table["species"].tolist() == whole["quantity"].tolist()
    for ours, theirs in pairs.items():
        np.testing.assert_array_equal(table[ours], whole[theirs])
    assert (table["difference_low_kg"] < table["difference_high_kg"]).all()
    assert table["levers"].str.startswith("speed_cap: zones speed:green_flag").all()


def test_every_lever_is_said_with_its_source():
    said = levers(read_scenario("green_corridor_2030"))
    parts = said.split(" | ")
    assert len(parts) > 1
    for part in parts:
        assert re.match(r"[a-z_]+: ", part), part
        assert "source " in part


def test_scenarios_are_a_layer_where_there_are_any(scenario_study):
    (layer,) = [layer for layer in study_layers(scenario_study) if layer.name == "scenarios"]
    assert layer.rows == len(MASS_COLUMNS)
    assert set(layer.attributes) == set(layer.columns)


# Intervals


def test_intervals_are_those_of_totals_and_of_the_page(demo):
    table = interval_table(demo.study)
    for row in table.itertuples():
        assert row.low_kg < row.high_kg
        assert row.low_kg > 0
    assert set(table["interval_level"]) == {0.9}
    data = page_data(demo.study)
    whole = table[table["dimension"] == "total"].set_index("species")
    page = {one.key: place for place, one in enumerate(data.species)}
    for species in ("co2", "co2e", "nox", "pm25", "dpm"):
        low, high = data.total_interval_kg[:, 0, page[species]]
        assert whole.loc[species, "low_kg"] == pytest.approx(low, rel=1e-9)
        assert whole.loc[species, "high_kg"] == pytest.approx(high, rel=1e-9)


def test_the_figures_between_the_bounds_are_the_totals(demo):
    table = interval_table(demo.study)
    told = demo.study.manifest["totals"]
    for name in MASS_COLUMNS:
        mine = table[table["species"] == name.removesuffix("_kg")]
        for dimension in ("total", "phase", "ship_class", "port", "waters"):
            amount = mine.loc[mine["dimension"] == dimension, "mass_kg"].sum()
            assert amount == pytest.approx(told[name], rel=1e-9), (name, dimension)


# Times, and the long table


def test_every_time_is_a_time(demo):
    """Programs filter and play times, not text that looks like them."""
    path = demo.folder / "study.gpkg"
    found = {}
    for name in pyogrio.list_layers(path)[:, 0]:
        facts = pyogrio.read_info(path, layer=name)
        kinds = zip(facts["fields"], facts["ogr_types"], strict=True)
        found |= {(name, field): kind for field, kind in kinds if field.endswith("_utc")}
    assert {("at_berth", "arrive_utc"), ("green_flag", "start_utc"), ("port_calls", "sailed_utc")} <= set(
        found
    )
    assert set(found.values()) == {"OFTDateTime"}


def test_times_of_the_tables_are_those_of_the_csv(demo):
    for name, column in (("at_berth", "depart_utc"), ("green_flag", "end_utc")):
        csv = pd.read_csv(demo.folder / f"{name}.csv")[column]
        ours = pd.to_datetime(table_of(demo, name)[column], utc=True)
        assert (ours == pd.to_datetime(csv, utc=True)).all()


def test_the_long_table_holds_every_species(demo):
    """Sums of cells, months and phases are the study's totals, those that follow from others too."""
    totals = demo.study.manifest["totals"]
    table = table_of(demo, "cells_long")
    sums = table.groupby("species")["mass_kg"].sum()
    assert set(sums.index) == {name.removesuffix("_kg") for name in MASS_COLUMNS} - {"fuel"}
    for species, amount in sums.items():
        assert amount == pytest.approx(totals[f"{species}_kg"], rel=1e-9), species
    by = demo.study.totals(["phase"]).set_index("phase")
    for (species, phase), part in table.groupby(["species", "phase"]):
        assert part["mass_kg"].sum() == pytest.approx(by.loc[phase, f"{species}_kg"], rel=1e-9)
    assert not table.duplicated(["cell_id", "month", "phase", "species"]).any()


def test_a_long_table_too_long_for_the_file_is_left_out(demo, monkeypatch):
    monkeypatch.setattr(grids, "MOST_LONG", 1000)
    assert grids.long_layer(demo.study) == []

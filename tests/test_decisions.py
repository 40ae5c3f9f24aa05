"""Alternatives beside the baseline: totals agree along every path, shared errors cancel, words are plain."""

import json

import numpy as np
import pandas as pd
import pytest

import corridor
from corridor import cli, comparison, intensity, tracker
from corridor.accounts.targets import Target, read_target
from corridor.accounts.totals import MASS_COLUMNS
from corridor.errors import InputError
from corridor.outputs import decisions, two_ports
from corridor.outputs.page import page_data

SCENARIOS = ("green_corridor_2030", "just_in_time", "cargo_growth_20_percent", "both_ports_shore_power")


@pytest.fixture(scope="module")
def study(demo, work_dir):
    return corridor.run_study(
        demo.inputs, ships=demo.ships, work_dir=work_dir, pieces=False, scenarios=SCENARIOS
    )


@pytest.fixture(scope="module")
def compared(study):
    return comparison.compare(study)


def keys(study):
    return list(study.alternatives)


def test_the_baseline_does_not_know_its_scenarios(study, demo):
    pd.testing.assert_frame_equal(study.ledger.rows, demo.study.ledger.rows)
    pd.testing.assert_frame_equal(study.ledger.cells, demo.study.ledger.cells)


def test_every_dimension_adds_up_to_the_same_difference(compared):
    for (_, quantity), rows in compared.groupby(["scenario", "quantity"]):
        sums = rows.groupby("dimension")[["baseline", "scenario_value", "difference"]].sum()
        for column in sums:
            np.testing.assert_allclose(
                sums[column], sums[column].loc["total"], rtol=1e-9, atol=1e-6, err_msg=quantity
            )


def test_comparison_and_totals_are_the_same_numbers(study, compared):
    for key in keys(study):
        table = study.alternative(key).totals(by=["phase"])
        mine = compared[(compared["scenario"] == key) & (compared["dimension"] == "total")].set_index(
            "quantity"
        )
        for column in MASS_COLUMNS:
            species = column.removesuffix("_kg")
            assert mine.loc[species, "scenario_value"] == pytest.approx(table[column].sum(), rel=1e-9)


def test_a_difference_is_surer_than_its_two_sides(study, compared):
    low, high = (study.manifest["totals"]["co2_kg"] * factor for factor in (0.87, 1.17))
    for key in keys(study):
        row = compared[
            (compared["scenario"] == key)
            & (compared["dimension"] == "total")
            & (compared["quantity"] == "co2")
        ].iloc[0]
        assert row["difference_p05"] <= row["difference"] <= row["difference_p95"]
        assert row["difference_p95"] - row["difference_p05"] < 0.5 * (high - low)


def test_growth_is_exactly_a_fifth_and_changes_no_figure_per_container(study):
    grown = study.alternative("20_more_cargo")
    for column in ("hours_ms", "distance_mm", "main_co2_mg", "aux_nox_mg"):
        assert grown.ledger.total(column) == pytest.approx(1.2 * study.ledger.total(column), rel=1e-9)
    carbon = intensity.per_teu(study)
    assert carbon.loc[carbon["scenario"] == "20_more_cargo", "change_percent"].abs().max() < 1e-6


def test_just_in_time_arrives_when_it_arrived(study):
    table = comparison.sailing(study).set_index("scenario")
    just = table.loc["just_in_time_arrival_at_the_two_ports"]
    # Legs of a second or two may round.
    assert just["longest_delay_h"] < 0.25
    assert just["ships_needed_ratio"] == pytest.approx(1.0, abs=1e-3)
    slow = table.loc["green_corridor_2030"]
    assert slow["mean_delay_h"] > 1
    assert slow["ships_needed_ratio"] > 1.01


def test_shore_power_moves_ashore_and_does_not_vanish(study):
    table = comparison.ashore(study)
    mine = table[table["scenario"] == "shore_power_at_the_two_ports_90"]
    assert set(mine["grid_g_co2e_per_kwh"]) == {226.0, 440.0}
    for row in mine.to_dict("records"):
        assert row["co2e_kg"] == pytest.approx(row["energy_kwh"] * row["grid_g_co2e_per_kwh"] / 1000)
    assert mine["energy_kwh"].sum() > 0


def test_carbon_per_container_by_hand(study):
    carried = intensity.trips(study)
    table = intensity.per_teu(study)
    row = table[
        (table["scenario"] == "baseline")
        & (table["direction"] == "round_trip")
        & (table["boundary"] == "ttw")
        & (table["denominator"] == "teu_km_at_70_percent_planned")
    ].iloc[0]
    ways = intensity.rows_of_trips(study, carried)
    rows = study.ledger.rows[ways != ""]
    derived = study.derived
    grams = (
        sum(
            rows[f"{c}_co2_mg"].sum()
            + derived.gwp_ch4 * rows[f"{c}_ch4_mg"].sum()
            + derived.gwp_n2o * rows[f"{c}_n2o_mg"].sum()
            for c in ("main", "aux", "boiler")
        )
        / 1000
    )
    slot_km = (carried["teu_nominal"] * carried["distance_km"]).sum()
    assert row["value"] == pytest.approx(grams / (slot_km * 0.70) * 1.15, rel=1e-9)
    assert row["journeys"] == len(carried) == len(study.journeys)


def test_hours_of_journeys_are_those_of_the_ledger(study):
    ways = intensity.rows_of_trips(study, intensity.trips(study))
    hours = study.ledger.rows.loc[ways != "", "hours_ms"].sum() / 3.6e6
    assert hours == pytest.approx(study.journeys["hours_tracked"].sum(), rel=1e-6)


def test_the_tracker_says_plainly_what_is_reached(study):
    target = read_target("per_teu_30_percent_2030")
    table = tracker.track(study, target).set_index("scenario")
    assert table.loc["baseline", "verdict"] == "not reached"
    green = table.loc["green_corridor_2030"]
    assert green["change_percent"] < -10
    assert green["verdict"] == "not reached"
    assert green["gap"] == pytest.approx(green["value"] - green["goal"])
    easy = tracker.track(study, target.model_copy(update={"reduction_percent": 5.0})).set_index("scenario")
    assert easy.loc["green_corridor_2030", "verdict"] == "reached"
    lines = tracker.sentences(table.reset_index(), target)
    assert any("green_corridor_2030" in english and "not reached" in english for english, _ in lines)
    assert all("未达到" in chinese for _, chinese in lines)


def test_an_own_baseline_and_a_missing_denominator(study):
    target = read_target("per_teu_30_percent_2030")
    own = target.model_copy(update={"baseline_value": 10_000.0, "baseline_year": 2020})
    assert (tracker.track(study, own)["verdict"] == "reached").all()
    moved = Target.model_validate({**target.model_dump(), "denominator": "teu_moved"})
    with pytest.raises(InputError, match="found no teu_moved"):
        tracker.track(study, moved)


def test_the_two_ports_add_up_to_the_calls_waters(study):
    table = two_ports.side_by_side(study)
    parts = table[table["activity"] != "all"].groupby("port")["co2_kg"].sum()
    whole = table[table["activity"] == "all"].set_index("port")["co2_kg"]
    pd.testing.assert_series_equal(parts.sort_index(), whole.sort_index(), check_names=False)
    one = table[(table["port"] == "long_beach") & (table["activity"] == "at_berth")].iloc[0]
    calls = study.calls[study.calls["port"] == "LB"]
    assert one["calls"] == len(calls)
    assert one["hours_per_call"] == pytest.approx(one["hours"] / len(calls))


def test_the_page_has_every_side_and_its_words(study):
    page = page_data(study)
    assert len(page.scenarios) == 1 + len(SCENARIOS)
    assert page.cells.mass_kg.shape[0] == len(page.scenarios)
    assert {panel.key for panel in page.panels} >= {"per_teu", "two_ports"}
    assert len(page.targets) == len(SCENARIOS)
    for breakdown in page.breakdowns:
        assert breakdown.interval_kg is not None
        mass = breakdown.mass_kg.sum(axis=3)
        assert (breakdown.interval_kg[0] <= mass + 1e-9).all()
        assert (breakdown.interval_kg[1] >= mass - 1e-9).all()


def test_a_run_ends_in_a_comparison_and_a_verdict(demo, tmp_path, capsys):
    call = ["run", *map(str, demo.inputs), "--ships", str(demo.ships), "--out", str(tmp_path / "out")]
    status = cli.main([*call, "--scenario", "just_in_time", "--scenario", "hull_cleaning"])
    printed = capsys.readouterr().out
    assert status == 0
    assert printed.count("30 % less carbon per TEU by 2030: not reached") == 3
    for name in ("scenarios.csv", "per_teu.csv", "targets.csv", "two_ports.csv", "scenario_delays.csv"):
        table = pd.read_csv(tmp_path / "out" / name)
        assert len(table)
        assert table["simulated"].all()
    said = json.loads((tmp_path / "out" / "run.json").read_text())
    assert set(said["parameters"]["scenarios"]) == {
        "just_in_time_arrival_at_the_two_ports",
        "regular_hull_cleaning",
    }


def test_a_study_without_scenarios_has_no_table_of_them(demo):
    assert "scenarios" not in decisions.files(demo.study)
    assert not (demo.folder / "scenarios.csv").exists()

"""Tables of rules and reports in a study and its folder: the demo, a ship at shore power, a ship measured."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

import corridor
from corridor.outputs.panels import rule_panels
from corridor.outputs.rule_tables import (
    at_berth,
    at_berth_interval,
    green_flag,
    green_flag_operators,
    measured,
    shore_power,
    tables_of_rules,
)
from corridor.outputs.tables import totals


@pytest.fixture(scope="module")
def study(demo):
    return demo.study


def test_shore_energy_is_one_number_everywhere(study):
    visits = at_berth(study)["shore_kwh_central"].sum()
    by_zone = totals(study).query("system == 'port'")["shore_kwh"].sum()
    interval = at_berth_interval(study).query("zone_id == 'all' and use == 'central'")["shore_kwh"].iloc[0]
    ledger = study.ledger.total("shore_mwh") / 1e6
    assert visits > 100_000
    assert visits == pytest.approx(ledger, abs=1e-3)
    assert by_zone == pytest.approx(ledger, rel=1e-12)
    assert interval == pytest.approx(ledger, rel=1e-12)


def test_the_central_case_lies_between_the_ends_and_is_the_study(study):
    table = at_berth_interval(study)
    for _, rows in table.groupby(["zone_id", "phase"]):
        assert rows["use"].tolist() == ["low", "central", "high"]
        assert (np.diff(rows["nox_kg"]) < 0).all()
        assert (np.diff(rows["shore_kwh"]) > 0).all()
    whole = table.query("zone_id == 'all' and use == 'central'")
    port = totals(study).query("system == 'port'")
    assert whole["co2_kg"].iloc[0] == pytest.approx(port["co2_kg"].sum(), rel=1e-12)


def test_visits_are_under_the_rule_of_their_port(study):
    table = at_berth(study)
    rules = {"LB": "california_2020", "LA": "california_2020", "YT": "china_2018", "SZW": "china_2018"}
    assert (table["basis"] == table["port"].map(rules)).all()
    assert (table["hours"] - table["controllable_h"]).between(2.999, 3.001).all()
    full = table["port"].map({"YT": 0.8}).fillna(1.0)
    assert np.allclose(table["use_high"], full)
    assert np.allclose(table["use_central"], full / 2)


def test_transits_near_long_beach_come_in_or_go_out(study):
    table = green_flag(study)
    assert set(table["direction"]) == {"in", "out"}
    assert table["distance_nm_40nm"].between(35, 90).all()
    assert (table["highest_kn_40nm"] >= table["mean_kn_40nm"]).all()
    assert table["slow_share_20nm"].between(0, 1).all()
    assert table["end_utc"].str.endswith("Z").all()


def test_transits_by_operator_and_year_at_long_beach(study):
    """Two transits of one operator, one in each year there; both on the first of January in UTC."""
    times = pd.to_datetime(["2026-01-01T07:00Z", "2026-01-01T09:00Z"]).as_unit("ms").astype("int64")
    two = study.transits[study.transits["direction"] == "in"].iloc[:1]
    drawn = pd.concat([two, two], ignore_index=True).assign(
        t0_ms=times, mean_kn_20nm=[12.04, 12.06], mean_kn_40nm=[14.0, 12.0]
    )
    table = green_flag_operators(dataclasses.replace(study, transits=drawn))
    assert table["year"].tolist() == [2025, 2026]
    assert table["transits"].tolist() == [1, 1]
    # What a receiver would round to 12 kn is 12 kn.
    assert table["kept_share_20nm"].tolist() == [1.0, 0.0]
    assert table["kept_share_40nm"].tolist() == [0.0, 1.0]
    assert (table["programme_share"] == 0.9).all()
    assert table["basis"].str.contains("not the port's verdict").all()


def test_what_a_study_has_nothing_of_is_no_file(study):
    assert set(tables_of_rules(study)) == {
        *("at_berth", "at_berth_interval", "green_flag", "green_flag_operators"),
    }
    bare = dataclasses.replace(study, visits=None, use_ends=None, transits=None)
    assert tables_of_rules(bare) == {}
    assert rule_panels(bare) == ()


def test_panels_have_a_row_for_each_port_and_words_in_both_languages(study):
    flag, berth = rule_panels(study)
    assert len(berth.rows) == study.visits["port"].nunique()
    assert flag.rows[0][1] == len(green_flag(study))
    for panel in (flag, berth):
        assert all(head.zh for head in panel.head)
        assert panel.title.zh
        assert panel.note.zh


def test_an_unknown_case_of_use_names_the_known_ones(study):
    with pytest.raises(ValueError, match="known: low, central, high"):
        study.rows_at_use("half")


@pytest.fixture(scope="module")
def reported(demo, work_dir, tmp_path_factory):
    """The demo with a log of one connection, and the fuel of one ship over all she sailed."""
    folder = tmp_path_factory.mktemp("records")
    visit = at_berth(demo.study).query("port == 'LB'").iloc[0]
    log = folder / "log.csv"
    imo = visit["vessel_id"].removeprefix("IMO").split("/")[0]
    log.write_text(
        "IMO,Connect,Disconnect,kWh\n"
        f"{imo},{visit['arrive_utc']},{visit['depart_utc']},50000\n"
        "9321483,2026-03-01T00:00Z,2026-03-02T00:00Z,1\n"
    )
    fuel = folder / "fuel.csv"
    fuel.write_text(f"imo,from,to,fuel_t\n{imo},2026-01-01,2026-12-31,1234.567891\n")
    study = corridor.run_study(
        demo.inputs, ships=demo.ships, work_dir=work_dir, shore_power=log, measured=fuel, pieces=False
    )
    return study, visit, imo


def test_a_log_and_reports_reach_the_tables(reported):
    study, visit, _ = reported
    rows = shore_power(study)
    assert rows["reason"].tolist() == ["matched", "vessel_not_in_positions"]
    assert rows["hours_used"].iloc[0] == pytest.approx(visit["hours"], abs=1e-3)
    assert rows["logged_kwh"].iloc[0] == 50000.0
    report = measured(study).iloc[0]
    # A year of which two months were seen: the part that was seen, by its hours.
    assert report["basis"] == "per_hour"
    share = report["seen_h"] / report["hours"]
    assert report["booked_kg"] == pytest.approx(1_234_567.891 * share, rel=1e-9)


def test_totals_say_how_much_was_measured(reported):
    study, _, imo = reported
    by_vessel = study.totals(["vessel"]).set_index("vessel")
    mine = by_vessel.index.str.contains(imo)
    assert (by_vessel.loc[mine, "measured_share"] > 0.99).any()
    assert (by_vessel.loc[~mine, "measured_share"] == 0).all()
    shares = by_vessel[["measured_share", "modelled_share", "default_share"]].sum(axis=1)
    assert np.allclose(shares, 1.0)
    assert isinstance(study.reports, pd.DataFrame)

"""A simulated year of a weekly service with a faulty list of its calls: what comes out equals the truth.

Six ships, eight round trips each, calls at Ningbo, Oakland and Busan in between, one call that nobody heard.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from corridor import engine
from corridor.outputs import notes
from corridor.outputs.call_ports import totals_by_call_port
from corridor.reference import rows as facts
from corridor.runs import run_study
from corridor.simulation.service import LISTED_PORTS, compose_service
from corridor.tracks.calls import HOURS
from corridor.tracks.reconcile import MATCHED, ONLY_AIS, ONLY_LIST

SEED = 7
TIMES = ("arrive_40nm", "anchored", "weighed", "all_fast", "sailed", "leave_20nm", "leave_40nm")


@pytest.fixture(scope="module")
def year(work_dir, tmp_path_factory):
    """The service, and the study made of its reports and its list."""
    truth = compose_service(SEED)
    folder = tmp_path_factory.mktemp("service")
    truth.ais.to_csv(folder / "simulated_ais.csv", index=False)
    truth.listed.to_csv(folder / "simulated_calls.csv", index=False)
    given = {
        "calls": folder / "simulated_calls.csv",
        "calls_tz": "UTC",
        "work_dir": work_dir,
        "pieces": False,
    }
    study = run_study(folder / "simulated_ais.csv", **given)
    return SimpleNamespace(truth=truth, study=study, folder=folder, given=given)


@pytest.fixture(scope="module")
def pairs(year):
    """Each true call beside the one that was found."""
    found = year.study.calls.copy()
    return year.truth.calls.merge(
        found, on=["vessel_id", "call_no"], how="outer", suffixes=("_true", ""), indicator=True
    )


def test_a_year_has_278_calls_and_each_is_found(year, pairs):
    assert len(year.truth.calls) == 278
    assert (pairs["_merge"] == "both").all()
    assert (pairs["port"] == pairs["port_true"]).all()
    assert (pairs["berths"] == pairs["zones"]).all()
    assert (pairs["shifts"] == pairs["shifts_true"]).all()
    assert pairs["shifts"].sum() == 12
    assert pairs["anchored_utc"].notna().sum() == 12


@pytest.mark.parametrize("name", [f"{name}_utc" for name in TIMES])
def test_times_are_true_to_a_minute(pairs, name):
    heard = pairs[~pairs["unheard"]]
    assert (heard[name].isna() == heard[f"{name}_true"].isna()).all()
    assert (heard[name] - heard[f"{name}_true"]).abs().max() < pd.Timedelta(seconds=60)


def test_the_inner_ring_is_crossed_within_minutes_where_reports_are_an_hour_apart(pairs):
    off = (pairs["arrive_20nm_utc"] - pairs["arrive_20nm_utc_true"]).abs()
    assert off.max() < pd.Timedelta(minutes=4)
    assert off[pairs["port"] == "LB"].max() < pd.Timedelta(seconds=60)


def test_speeds_near_point_fermin_tell_who_kept_to_12_knots(pairs):
    bay = pairs[pairs["port"] == "LB"]
    for name in ("in_20nm_slow_share", "in_40nm_slow_share", "out_20nm_slow_share", "out_40nm_slow_share"):
        assert (bay[name] - bay[f"{name}_true"]).abs().max() < 0.06
    assert (bay["in_20nm_slow_share_true"] == 1.0).sum() == (bay["in_20nm_slow_share"] > 0.99).sum() == 24
    assert pairs.loc[pairs["port"] != "LB", "in_20nm_mean_kn"].isna().all()


def test_hours_of_calls_add_up(year):
    calls = year.study.calls
    assert (calls["hours"] - calls[list(HOURS)].sum(axis=1)).abs().max() < 1e-5
    between = calls.groupby("vessel_id")["from_utc"].shift(-1) - calls["to_utc"]
    assert (between.dropna() >= pd.Timedelta(0)).all()


def test_a_year_has_96_journeys_with_what_lies_between(year):
    truth, found = year.truth.journeys, year.study.journeys
    names = ["vessel_id", "direction", "from_port", "to_port", "via", "direct"]
    assert len(found) == 96
    pd.testing.assert_frame_equal(found[names], truth[names], check_dtype=False)
    for name in ("depart_utc", "arrive_utc"):
        assert (found[name] - truth[name]).abs().max() <= pd.Timedelta(seconds=1)
    assert found["direction"].value_counts().to_dict() == {"eastbound": 48, "westbound": 48}
    assert found["direct"].sum() == 16
    assert set(found["via"]) == {"", "CNNGB", "USOAK; KRPUS"}


def test_the_reconciliation_names_every_mistake_of_the_list(year):
    mistakes, report = year.truth.mistakes, year.study.reconciled
    count = mistakes["mistake"].value_counts()
    assert count.to_dict() == {
        "": 188,
        "extra": 10,
        "late": 2,
        "early": 2,
        "missing": 2,
        "wrong digit": 2,
        "no ship": 2,
    }
    assert report["status"].value_counts().to_dict() == {MATCHED: 193, ONLY_LIST: 13, ONLY_AIS: 4}
    assert sorted(report.loc[report["list_line"] > 0, "list_line"]) == list(
        range(2, 2 + len(year.truth.listed))
    )
    matched = report[report["status"] == MATCHED]
    off = matched["arrival_difference_h"].round(1).value_counts().to_dict()
    assert off == {0.0: 189, 24.0: 2, -9.0: 2}
    assert matched["remark"].str.contains("fails its check digit").sum() == 2
    rest = report[report["status"] == ONLY_LIST]["remark"]
    assert rest.str.startswith("seen ").sum() == 10
    assert (rest == "no AIS at that time").sum() == 1
    assert rest.str.contains("ship not in AIS").sum() == 2


def test_calls_missing_in_the_list_are_those_left_out_of_it(year):
    mistakes, report = year.truth.mistakes, year.study.reconciled
    wanted = mistakes[mistakes["mistake"].isin(["missing", "no ship"])]
    found = report[report["status"] == ONLY_AIS]
    key = ["vessel_id", "call_no"]
    assert sorted(map(tuple, found[key].to_numpy())) == sorted(map(tuple, wanted[key].to_numpy()))
    calls = year.study.calls
    assert (calls.loc[~calls["port"].isin(LISTED_PORTS), "listed"] == "not_covered").all()
    assert calls.loc[calls["listed"] == ONLY_LIST, "port"].tolist() == ["KRPUS"]


def test_run_json_says_how_many_ships_a_corridor_study_holds(year):
    said = year.study.manifest["calls"]
    assert said["journeys"] == {"eastbound": 48, "westbound": 48}
    assert said["calls_by_port"] == {"CNNGB": 32, "KRPUS": 48, "LB": 48, "SZW": 54, "USOAK": 48, "YT": 48}
    assert (said["ships"], said["ships_with_a_journey"], said["ships_at_one_end_only"]) == (6, 6, 0)
    assert said["list"]["rows_of_ships_not_in_ais"] == 2
    assert not said["journeys_only"]


def test_totals_by_port_called_add_up_to_the_totals(year):
    table, whole = totals_by_call_port(year.study), year.study.totals(by=["phase"])
    for name in ("hours", "distance_nm", "co2_kg", "nox_kg", "pm10_kg", "fuel_kg"):
        assert table[name].sum() == pytest.approx(whole[name].sum(), rel=1e-12)
    port = year.study.totals(by=["port"]).set_index("port")["hours"]
    bay = table[table["waters"] == "san_pedro_bay"]
    # Nobody of this service calls at Los Angeles, though its waters are passed.
    assert bay["call_port"].unique().tolist() == ["LB"]
    zones = [name for name in port.index if name.startswith(("lb_", "la_", "spb_"))]
    assert bay["hours"].sum() == pytest.approx(port[zones].sum(), rel=1e-12)


def test_only_journeys_hold_the_time_of_journeys(year):
    only = run_study(year.folder / "simulated_ais.csv", journeys="LB", **year.given)
    journeys = only.journeys
    assert only.ledger.total("hours_ms") == round(journeys["hours_tracked"].sum() * 3_600_000)
    assert only.manifest["mass_balance"]["equal"]
    assert only.manifest["calls"]["journeys_only"]
    lines = [pair[0] for pair in notes.status(only)]
    assert any("96 journeys of 6 ships" in line and "2 rows of the call list" in line for line in lines)
    assert not any("journeys" in line for line, _ in notes.status(year.study))
    pd.testing.assert_frame_equal(journeys, year.study.journeys)
    whole = year.study.ledger.rows.set_index(["vessel", "voyage", "zone", "month", "phase", "origin", "fuel"])
    kept = only.ledger.rows.set_index(whole.index.names)
    both = kept.join(whole[["hours_ms", "main_fuel_mg"]].add_suffix("_whole"))
    assert (both["hours_ms"] <= both["hours_ms_whole"]).all()
    alike = both[both["hours_ms"] == both["hours_ms_whole"]]
    # Rounded once a row, and what is left over carried to the next: milligrams.
    assert (alike["main_fuel_mg"] - alike["main_fuel_mg_whole"]).abs().max() < 10
    assert len(alike) > 0.9 * len(both)
    # At berth in Long Beach a ship is on no journey; at one in between she is.
    assert "at_berth" not in set(only.totals(by=["phase", "port"]).query("port == 'lb_pier_t'")["phase"])


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Two ships and one round trip, written in order and shuffled."""
    ais = compose_service(3, ships=2, rounds=1).ais
    folder = tmp_path_factory.mktemp("few")
    ais.to_csv(folder / "simulated_a.csv", index=False)
    ais.sample(frac=1.0, random_state=5).to_csv(folder / "simulated_b.csv", index=False)
    return folder


def test_any_order_of_rows_and_any_partition_give_the_same_calls(few, work_dir, monkeypatch):
    one = run_study(few / "simulated_a.csv", work_dir=work_dir, pieces=False)
    shuffled = run_study(few / "simulated_b.csv", work_dir=work_dir, pieces=False)
    monkeypatch.setattr(engine, "CHUNK_ROWS", 10)
    ships = run_study(few / "simulated_a.csv", work_dir=work_dir, pieces=False)
    for other in (shuffled, ships):
        pd.testing.assert_frame_equal(other.calls, one.calls)
        pd.testing.assert_frame_equal(other.journeys, one.journeys)
        pd.testing.assert_frame_equal(other.voyages, one.voyages)
    assert len(one.calls) == 13


def test_the_files_hold_what_the_study_holds(few, work_dir, tmp_path):
    study = run_study(few / "simulated_a.csv", work_dir=work_dir, pieces=False)
    study.to_folder(tmp_path / "out")
    calls = pd.read_csv(tmp_path / "out" / "calls.csv")
    assert (
        calls["all_fast_utc"].tolist()
        == study.calls["all_fast_utc"].dt.round("s").dt.strftime("%Y-%m-%dT%H:%M:%SZ").tolist()
    )
    journeys = pd.read_csv(tmp_path / "out" / "journeys.csv")
    assert journeys["hours"].tolist() == pytest.approx(study.journeys["hours"].tolist(), abs=1e-3)
    assert not (tmp_path / "out" / "reconcile.csv").exists()
    totals = pd.read_csv(tmp_path / "out" / "totals_by_call_port.csv")
    assert totals["hours"].sum() == pytest.approx(study.totals()["hours"].sum(), rel=1e-9)
    import pyogrio  # noqa: PLC0415 - slow to import

    points = pyogrio.read_dataframe(tmp_path / "out" / "study.gpkg", layer="port_calls")
    assert len(points) == len(calls)
    assert np.allclose(points.geometry.y, calls["lat"])


def test_the_rings_stand_around_point_fermin():
    for port in ("LB", "LA"):
        row = facts("call_ports_2026", port=port).iloc[0]
        assert (row["lat"], row["lon"]) == (33.7061, -118.2937)

"""Planned voyages through the whole chain: planned everywhere, observed nowhere, lanes compared."""

import json
import sqlite3

import pandas as pd
import pytest

import corridor as co
from corridor import planning
from corridor.cli import main
from corridor.errors import InputError

SHIP = "container:8500"


@pytest.fixture(scope="module")
def study(work_dir):
    return co.route_study(
        "Yantian", "Long Beach", ship=SHIP, speed_kn=16, berth_hours=(10, 20), work_dir=work_dir
    )


def test_nothing_of_a_planned_study_is_observed(study):
    totals = study.totals(by=["origin"])
    assert totals["origin"].tolist() == ["planned"]
    assert study.manifest["totals"]["hours_observed"] == 0
    assert study.manifest["totals"]["hours_filled"] == 0
    assert study.planned
    assert not study.simulated
    assert (study.cells("co2")["observed_share"] == 0).all()


def test_hours_and_miles_are_those_of_the_plan(study):
    said = study.manifest["parameters"]["planned"][0]
    totals = study.manifest["totals"]
    assert totals["nm"] == pytest.approx(said["distance_nm"], rel=1e-4)
    phases = study.totals(by=["phase"]).set_index("phase")
    assert phases.loc["at_berth", "hours"] == pytest.approx(30.0, abs=0.2)
    assert phases.loc["at_berth", "distance_nm"] < 0.3
    under_way = phases.drop("at_berth")
    assert under_way["distance_nm"].sum() / under_way["hours"].sum() == pytest.approx(16.0, rel=0.01)


def test_she_sails_when_her_hours_at_berth_are_over(study):
    """The fix at which she leaves is still one at berth: the hour before it is none under way."""
    leave, arrive = study.calls.sort_values("call_no").iloc[[0, -1]].to_dict("records")
    assert leave["sailed_utc"] == pd.Timestamp("2026-01-01", tz="UTC")
    assert leave["hours_at_berth"] == pytest.approx(10.0, abs=1e-6)
    assert arrive["hours_at_berth"] == pytest.approx(20.0, abs=1e-3)


def test_a_voyage_begins_and_ends_in_its_berths(study):
    zones = study.totals(by=["zone"]).set_index("port")
    assert zones.loc["yt_central", "hours"] >= 10
    assert zones.loc["lb_pier_e", "hours"] >= 20
    assert {"spb_precautionary", "yt_harbour", "open_sea"} <= set(zones.index)


def test_every_row_of_the_plan_is_used(study):
    manifest = study.manifest
    assert manifest["rows_in"] == manifest["rows_kept"]
    assert manifest["rows_dropped"] == {}
    assert manifest["warnings"] == []


def test_a_faster_voyage_burns_more_in_fewer_hours(work_dir):
    table = planning.compare_lanes(
        "Yantian", "Long Beach", ship=SHIP, speeds_kn=[14, 17, 20], only=["osumi"], work_dir=work_dir
    )
    assert table["hours"].is_monotonic_decreasing
    assert table["fuel_kg"].is_monotonic_increasing
    assert table["distance_nm"].max() - table["distance_nm"].min() < 0.01


@pytest.fixture(scope="module")
def lanes(work_dir):
    return planning.compare_lanes("Yantian", "Long Beach", ship=SHIP, speeds_kn=[16], work_dir=work_dir)


def test_lanes_are_compared_by_miles_hours_fuel_and_areas(lanes, study):
    rows = lanes.set_index("lane")
    assert {"osumi", "great_circle", "tsugaru", "luzon", "bering", "southern", "shortest"} == set(rows.index)
    assert rows["distance_nm"].idxmin() == "shortest"
    assert rows["distance_nm"].idxmax() == "southern"
    assert (rows["origin"] == "planned").all()
    assert (rows["observed_share"] == 0).all()
    for area in ("na_eca", "china_eca"):
        assert rows[f"{area}_distance_share"].between(0.005, 0.2).all()
    assert rows.loc["bering", "na_eca_nm"] > rows.loc["southern", "na_eca_nm"]
    # Only what a source says; and then with the source.
    assert (rows["months"].ne("") == rows["months_source"].ne("")).all()
    assert rows.loc["bering", "months"] == "12–2"


def test_lanes_that_lead_elsewhere_are_not_compared():
    assert [route.lane for route in planning.lane_routes("Shekou", "Tokyo")] == ["shortest"]
    assert [route.lane for route in planning.lane_routes("Shekou", "NLRTM")] == ["shortest"]
    assert "tsugaru" in [route.lane for route in planning.lane_routes("Hong Kong", "Oakland")]


def test_a_voyage_alone_and_among_others_is_the_same(lanes, work_dir):
    route = co.plan_route("Yantian", "Long Beach")
    alone = co.route_study(route, ship=SHIP, speed_kn=16, pieces=False, work_dir=work_dir)
    row = lanes.set_index("lane").loc["osumi"]
    assert alone.manifest["totals"]["fuel_kg"] == pytest.approx(row["fuel_kg"], rel=1e-9)
    assert alone.manifest["totals"]["hours"] == pytest.approx(row["hours"], rel=1e-9)


def test_ships_are_classes_or_rows_of_a_register(tmp_path, work_dir):
    register = tmp_path / "ships.csv"
    register.write_text(
        "imo,name,ship_type,teu,me_kw\n9811000,EVER A,container,20124,59300\n9074729,B,container,4000,\n"
    )
    one = planning.ship_of(f"{register}#9811000")
    assert one["me_kw"].tolist() == [59300.0]
    with pytest.raises(InputError, match="2 ships"):
        planning.ship_of(register)
    for wrong, code in (
        ("tugboat:5", "unknown_ship_type"),
        ("container:many", "bad_size"),
        ("container:-5", "bad_size"),
        ("none.csv", "missing_file"),
        (f"{register}#1", "which_ship"),
    ):
        with pytest.raises(InputError) as refused:
            planning.ship_of(wrong)
        assert refused.value.code == code
    study = co.route_study("Yantian", "Shekou", ship=one, speed_kn=12, pieces=False, work_dir=work_dir)
    vessel = study.vessels.iloc[0]
    assert (vessel["vessel_id"], vessel["main_power_kw"]) == ("IMO9811000", 59300.0)
    assert vessel["main_power_provenance"] == "register"


def test_a_planned_piece_can_be_explained(study):
    said = str(study.explain("PLAN1", "2026-01-05T12:00Z"))
    assert "planned" in said


def test_a_route_without_an_end_is_refused():
    with pytest.raises(InputError, match="no place to sail to"):
        planning.plan_voyage("Yantian", ship=SHIP, speed_kn=16)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("plan") / "out"
    status = main(
        [
            "route",
            "Yantian",
            "Long Beach",
            "--ship",
            SHIP,
            "--speed",
            "16,18",
            "--cell",
            "1",
            "--out",
            str(out),
        ]
    )
    assert status == 0
    return out


def test_the_command_says_planned_wherever_a_number_stands(folder):
    assert "PLANNED" in (folder / "map.html").read_text(encoding="utf-8").split("</title>")[0]
    assert "PLANNED voyages: no ship sailed them" in (folder / "map.html").read_text(encoding="utf-8")
    for name in ("totals", "vessels", "cells"):
        assert pd.read_csv(folder / f"{name}.csv")["planned"].all()
    lanes = pd.read_csv(folder / "lanes.csv")
    assert (lanes["origin"] == "planned").all()
    assert len(lanes) == 14
    said = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert said["parameters"]["planned"][0]["lane"] == "osumi"
    with sqlite3.connect(folder / "study.gpkg") as connection:
        described = connection.execute("select description from gpkg_contents").fetchall()
    assert sum("PLANNED" in text for (text,) in described if text) >= 4


def test_the_route_is_written_in_three_forms_that_can_be_read_back(folder):
    files = [co.read_route(folder / f"route.{ending}") for ending in ("gpx", "rtz", "geojson")]
    assert files[0] == files[1] == files[2]
    assert len(files[0].points) > 20


def test_a_route_may_follow_a_file(folder, tmp_path, capsys):
    out = tmp_path / "along"
    words = ["route", "Yantian", "Long Beach", "--ship", SHIP, "--speed", "16", "--cell", "1", "--json"]
    status = main([*words, "--along", str(folder / "route.gpx"), "--out", str(out)])
    assert status == 0
    summary = json.loads(capsys.readouterr().out)
    nm = pd.read_csv(folder / "lanes.csv").set_index("lane").loc["osumi", "distance_nm"].iloc[0]
    assert summary["totals"]["nm"] == pytest.approx(nm, rel=0.005)
    assert len(summary["lanes"]) == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["Shenzhen", "Long Beach", "--ship", SHIP, "--speed", "16"], "ambiguous_place"),
        (["Yantian", "Long Beach", "--ship", "rowing", "--speed", "16"], "unknown_ship_type"),
        (["Yantian", "Long Beach", "--ship", SHIP, "--speed", "fast"], "usage"),
        (["Yantian", "39,-98", "--ship", SHIP, "--speed", "16"], "no_way"),
        (["Yantian", "Long Beach", "--ship", SHIP, "--speed", "16", "--lane", "suez"], "unknown_lane"),
    ],
)
def test_what_cannot_be_planned_leaves_nothing_behind(words, code, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["route", *words, "--out", str(out)]) == 2
    assert f"[{code}]" in capsys.readouterr().err
    assert not out.exists()

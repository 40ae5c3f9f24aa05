"""Planned voyages from a list of calls: on time from berth to berth, and each stay once."""

import json
from dataclasses import replace
from datetime import timedelta

import pandas as pd
import pytest

import corridor as co
from corridor.cli import main
from corridor.errors import InputError
from corridor.tracks.list_voyages import list_voyages
from corridor.tracks.routes import arrival, planned, sail


def calls(ports, days, hours=24.0):
    at = pd.to_datetime("2026-01-01", utc=True) + pd.to_timedelta(days, unit="D")
    return pd.DataFrame(
        {
            "line": range(2, 2 + len(ports)),
            "imo": 9811000,
            "mmsi": -1,
            "vessel": "SIM A",
            "port": ports,
            "berth_zone": "",
            "arrival_utc": at,
            "departure_utc": at + pd.Timedelta(hours=hours),
        }
    )


def test_voyages_leave_and_arrive_as_the_list_says(tmp_path):
    table = calls(["YT", "LB", "KRPUS"], [0, 17, 34])
    voyages, rest = list_voyages(table)
    assert rest.empty
    assert [voyage.vessel_id for voyage in voyages] == ["IMO9811000", "IMO9811000"]
    for voyage, (_, call), (_, following) in zip(
        voyages, table.iloc[:-1].iterrows(), table.iloc[1:].iterrows(), strict=True
    ):
        assert voyage.depart == call["departure_utc"]
        # The first voyage also holds the stay before it; arrival is told without the stays.
        sailing = sail(voyage).hours - sum(voyage.berth_hours)
        due = (following["arrival_utc"] - call["departure_utc"]).total_seconds() / 3600
        assert sailing == pytest.approx(due, abs=0.02)
        assert abs(arrival(voyage) - following["arrival_utc"]) < pd.Timedelta(minutes=2)
        assert 10 < voyage.speed_kn < 22
    assert sum(sum(voyage.berth_hours) for voyage in voyages) == pytest.approx(3 * 24, abs=0.01)
    ships = planned(voyages, pd.DataFrame({"vessel_id": []}), tmp_path).ships
    assert ships["ship_key"].tolist() == ["IMO9811000"]
    assert ships["last_ms"].tolist() == [int(table["departure_utc"].iloc[-1].timestamp() * 1000)]


def test_voyages_of_one_vessel_follow_one_another(tmp_path):
    voyages, _ = list_voyages(calls(["YT", "LB", "YT"], [0, 17, 36]))
    late = replace(voyages[1], depart=voyages[0].depart + timedelta(days=3))
    for wrong in ([voyages[0], late], [voyages[0], replace(voyages[0], depart=late.depart)], []):
        with pytest.raises(InputError) as refused:
            planned(wrong, pd.DataFrame({"vessel_id": []}), tmp_path)
        assert refused.value.code == "bad_voyages"


def test_pairs_that_are_no_voyage_are_told_with_their_lines():
    table = calls(["YT", "LB", "YT", "", "LB", "KRPUS"], [0, 4, 20, 40, 60, 160])
    table.loc[1, "departure_utc"] = pd.NaT
    voyages, rest = list_voyages(table)
    assert not voyages
    assert list(rest.columns) == ["vessel", "line", "next_line", "reason"]
    said = " | ".join(rest["reason"])
    for word in ("more than 30 kn", "no departure", "not known", "less than 6 kn"):
        assert word in said


# One ship with an unknown port in between, one that is in no register, one whose times cannot be.
LIST = """vessel,imo,port,berth,arrival,departure,teu on board
SIM A,9811000,YT,,2026-01-01T00:00Z,2026-01-02T00:00Z,
SIM A,9811000,Long Beach,Pier E,2026-01-18T00:00Z,2026-01-21T00:00Z,12000
SIM A,9811000,Nowhere,,2026-01-30T00:00Z,2026-01-31T00:00Z,
SIM A,9811000,YT,,2026-02-12T00:00Z,2026-02-13T00:00Z,5000
SIM A,9811000,LB,,2026-03-01T00:00Z,2026-03-04T00:00Z,9000
SIM B,,SZW,,2026-01-01T00:00Z,2026-01-02T00:00Z,
SIM B,,LB,,2026-01-20T00:00Z,2026-01-21T00:00Z,
SIM C,,SZW,,2026-01-01T00:00Z,2026-01-02T00:00Z,
SIM C,,LB,,2026-01-06T00:00Z,2026-01-07T00:00Z,
"""


@pytest.fixture
def files(tmp_path):
    (tmp_path / "calls.csv").write_text(LIST, encoding="utf-8")
    (tmp_path / "ships.csv").write_text("imo,ship_type,teu\n9811000,container,14000\n", encoding="utf-8")
    return tmp_path


def test_a_list_alone_makes_a_study_with_journeys_and_what_it_left_out(files, capsys):
    words = ["route", "--calls", str(files / "calls.csv"), "--ships", str(files / "ships.csv")]
    words += ["--ship", "container:4000", "--lane", "bering", "--cell", "1", "--out", str(files / "out")]
    assert main([*words, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    out = files / "out"
    assert co.open_study(out).totals(by=["origin"])["origin"].tolist() == ["planned"]
    assert summary["totals"]["hours_observed"] == 0
    assert {one["lane"] for one in summary["parameters"]["planned"]} == {"bering"}
    vessels = pd.read_csv(out / "vessels.csv").set_index("vessel_id")
    assert vessels["teu"].to_dict() == {"IMO9811000": 14000, "IMO9811000-2": 14000, "SIM B": 4000}
    journeys = pd.read_csv(out / "journeys.csv")
    assert journeys[["vessel_id", "from_port", "to_port"]].to_numpy().tolist() == [
        ["IMO9811000", "YT", "LB"],
        ["IMO9811000-2", "YT", "LB"],
        ["SIM B", "SZW", "LB"],
    ]
    calls_ = pd.read_csv(out / "calls.csv", parse_dates=["all_fast_utc", "listed_arrival_utc"])
    assert len(calls_) == 6
    assert (calls_["listed"] == "matched").all()
    off = (calls_["all_fast_utc"] - calls_["listed_arrival_utc"]).abs()
    assert off.max() < pd.Timedelta(seconds=2)
    assert calls_.loc[calls_["port"] == "LB", "teu_on_board"].dropna().tolist() == [12000, 9000]
    rest = pd.read_csv(out / "unplanned.csv")
    assert rest[["vessel", "line", "next_line"]].to_numpy().tolist() == [
        ["SIM C", 9, 10],
        ["SIM A", 3, 4],
        ["SIM A", 4, 5],
    ]
    assert "3 pairs of calls are no voyage" in summary["warnings"][0]
    assert len(co.open_study(out).journeys) == 3


def test_what_no_one_says_is_asked_for(files, work_dir, capsys):
    with pytest.raises(InputError, match=r"SIM B.*--ship container:8500") as refused:
        co.schedule_study(files / "calls.csv", ships=files / "ships.csv", work_dir=work_dir)
    assert refused.value.code == "unknown_ships"
    (files / "one.csv").write_text(LIST.splitlines()[0] + "\n" + LIST.splitlines()[1], encoding="utf-8")
    with pytest.raises(InputError, match="no ship has two calls") as refused:
        co.schedule_study(files / "one.csv", ship="container", work_dir=work_dir)
    assert refused.value.code == "no_voyage"
    listed, out = ["--calls", str(files / "calls.csv")], ["--out", str(files / "out")]
    for words in (["Yantian", *listed], ["--speed", "14", *listed], ["Yantian"], ["--calls-tz", "UTC"]):
        assert main(["route", *words, *out]) == 2
        assert "[usage]" in capsys.readouterr().err
    assert not (files / "out").exists()

"""A shore-power log: read in two languages, laid over visits, in the place of the rule."""

from dataclasses import replace

import engine_world as world
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_at_berth import AUX_KW, boxes

from corridor import engine
from corridor.bookings import told
from corridor.emissions.at_berth import windows_of
from corridor.emissions.rules import ms_of
from corridor.emissions.shore_log import lay_over, read_shore_log
from corridor.errors import InputError

HOUR = 3_600_000
T0 = ms_of("2024-01-10")

ENGLISH = """\
IMO,Vessel,Berth,Connect,Disconnect,kWh,System
9811000,EVER GIVEN,J266,2024-01-10 08:00,2024-01-11 20:30,"41,400",shore
"""
CHINESE = """\
船名,泊位,接电时间,断电时间,用电量(kWh),方式
长赐轮,5号,2024/1/10 16:00,2024/1/12 4:30,41400,岸电
"""


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "log.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_both_languages_say_the_same(tmp_path):
    english = read_shore_log(written(tmp_path, ENGLISH), zone="UTC").iloc[0]
    chinese = read_shore_log(written(tmp_path, CHINESE, "gb18030"), zone="Asia/Shanghai").iloc[0]
    for name in ("t0_ms", "t1_ms", "kwh", "system", "fault"):
        assert english[name] == chinese[name], name
    assert english["t0_ms"] == T0 + 8 * HOUR
    assert (english["imo"], english["name"], chinese["name"]) == (9811000, "EVER GIVEN", "长赐轮")


def test_a_time_without_a_zone_needs_one(tmp_path):
    with pytest.raises(InputError, match="state it with --shore-power-tz"):
        read_shore_log(written(tmp_path, ENGLISH))
    zoned = ENGLISH.replace("08:00", "08:00Z").replace("20:30", "20:30+00:00")
    assert read_shore_log(written(tmp_path, zoned))["t1_ms"].tolist() == [T0 + 44.5 * HOUR]


def test_a_mapping_names_columns_and_zone(tmp_path):
    mapping = tmp_path / "log.toml"
    mapping.write_text(
        '[columns]\nconnect = "an"\ndisconnect = "aus"\n[time]\nzone = "Europe/Berlin"\n'
        'format = "%d.%m.%Y %H:%M"\n'
    )
    text = "imo;an;aus\n9811000;10.01.2024 09:00;10.01.2024 10:00\n"
    log = read_shore_log(written(tmp_path, text), mapping=mapping)
    assert log["t0_ms"].tolist() == [T0 + 8 * HOUR]
    mapping.write_text('[columns]\nplug = "an"\n')
    with pytest.raises(InputError, match="unknown; known are"):
        read_shore_log(written(tmp_path, text), mapping=mapping)


def test_columns_that_are_missing_are_named(tmp_path):
    with pytest.raises(InputError, match="no column disconnect"):
        read_shore_log(written(tmp_path, "imo,connect,kwh\n9811000,2024-01-10T08:00Z,3\n"))
    with pytest.raises(InputError, match="imo, mmsi or vessel"):
        read_shore_log(written(tmp_path, "berth,connect,disconnect\nJ,2024-01-10T08Z,2024-01-10T09Z\n"))


FAULTS = [
    (",2024-01-10T08:00Z,2024-01-10T09:00Z,1,shore", "no_vessel"),
    ("9811000,,2024-01-10T09:00Z,1,shore", "no_connect_time"),
    ("9811000,2024-01-10T08:00Z,10/01/2024,1,shore", "no_disconnect_time"),
    ("9811000,2024-01-10T09:00Z,2024-01-10T08:00Z,1,shore", "ends_before_it_begins"),
    ("9811000,2024-01-10T08:00Z,2024-01-10T09:00Z,-1,shore", "bad_kwh"),
    ("9811000,2024-01-10T08:00Z,2024-01-10T09:00Z,1,nuclear", "bad_system"),
    ("9811000,2024-01-10T08:00Z,2024-01-10T09:00Z,,", ""),
]


@pytest.mark.parametrize(("row", "fault"), FAULTS)
def test_a_row_that_cannot_be_used_says_why(tmp_path, row, fault):
    log = read_shore_log(written(tmp_path, f"imo,connect,disconnect,kwh,system\n{row}\n"))
    assert log["fault"].tolist() == [fault]
    assert log["line"].tolist() == [2]


# Visits of two ships:   A  |--6h--|      |--10h--|        B   |---8h---|
#                        0          6     20      30           2         10

VESSELS = pd.DataFrame(
    {"vessel_id": ["IMO9811000", "MMSI7"], "imo": [9811000, -1], "mmsi": [-1, 7], "name": ["A", "B"]}
)
VISITS = pd.DataFrame(
    {
        "vessel": [0, 0, 1],
        "zone_id": ["j", "t", "j"],
        "t0_ms": np.array([0, 20, 2]) * HOUR,
        "t1_ms": np.array([6, 30, 10]) * HOUR,
    }
)


def log_of(*rows):
    columns = ["vessel_id", "imo", "mmsi", "name", "berth", "t0_ms", "t1_ms", "kwh", "system"]
    table = pd.DataFrame(rows, columns=columns)
    table[["t0_ms", "t1_ms"]] = table[["t0_ms", "t1_ms"]] * float(HOUR)
    return table.assign(line=range(2, 2 + len(rows)), fault="")


def test_rows_find_their_visit_or_say_why_not():
    log = log_of(
        ("", 9811000, -1, "", "", 1.0, 5.0, 10.0, "shore"),
        ("", -1, 7, "", "", 3.0, 4.0, 10.0, "shore"),
        ("", -1, -1, "B", "", 4.0, 30.0, 10.0, "capture"),
        ("", 9811000, -1, "", "j", 21.0, 25.0, 10.0, "shore"),
        ("", 9811000, -1, "", "", 8.0, 9.0, 10.0, "shore"),
        ("", 9321483, -1, "", "", 1.0, 5.0, 10.0, "shore"),
    )
    matches, windows = lay_over(log, VESSELS, VISITS)
    assert matches["row"].tolist() == [0, 1, 2, 3, 4]
    assert matches["visit"].tolist() == [0, 2, 2, -1, -1]
    # Berth j was named, and the ship lay at t then.
    assert matches["reason"][3].startswith("no_visit_at_that_time; nearest at t")
    assert matches["reason"][4] == "no_visit_at_that_time; nearest at j from 1970-01-01T00:00Z"
    # Clipped to the visit and to one another.
    found = windows_of(windows)
    assert (found.t0_ms / HOUR).tolist() == [1, 3, 4]
    assert (found.t1_ms / HOUR).tolist() == [5, 4, 10]
    assert found.system == ("shore", "shore", "capture")
    assert (found.shares == 1.0).all()


def test_a_row_inside_another_is_said_to_overlap():
    log = log_of(
        ("", 9811000, -1, "", "", 1.0, 5.0, 10.0, "shore"), ("", 9811000, -1, "", "", 2.0, 4.0, 9.0, "shore")
    )
    matches, windows = lay_over(log, VESSELS, VISITS)
    assert matches["reason"].tolist() == ["matched", "overlaps_an_earlier_row"]
    assert len(windows) == 1


@given(
    spans=st.lists(st.tuples(st.floats(-3, 32), st.floats(0.1, 20)), min_size=1, max_size=6),
    ships=st.lists(st.sampled_from([9811000, 0]), min_size=6, max_size=6),
)
def test_windows_never_overlap_and_lie_in_their_visit(spans, ships):
    rows = [
        ("", imo or -1, -1 if imo else 7, "", "", begin, begin + length, 1.0, "shore")
        for (begin, length), imo in zip(spans, ships, strict=False)
    ]
    matches, windows = lay_over(log_of(*rows), VESSELS, VISITS)
    assert len(matches) == len(rows)
    table = pd.DataFrame([row[:3] for row in windows], columns=["visit", "t0_ms", "t1_ms"])
    for visit, part in table.sort_values("t0_ms").groupby("visit"):
        assert (part["t1_ms"].to_numpy()[:-1] <= part["t0_ms"].to_numpy()[1:]).all()
        assert part["t0_ms"].min() >= VISITS["t0_ms"][visit]
        assert part["t1_ms"].max() <= VISITS["t1_ms"][visit]
        assert (part["t1_ms"] > part["t0_ms"]).all()


# Through the engine: a ship at the quay for ten hours, connected for four of them.


def connected(tmp_path, log):
    track = world.crossing(0, berth_h=10.0)
    plan = replace(boxes(1), shore_log=log)
    return engine.run([world.bucket(tmp_path / "a.parquet", [track])], plan)


def engine_log(begin_h, end_h, system="shore", kwh=4000.0, mmsi=477999100):
    # All fast at 06:00 + 19 steps of six minutes and one minute, as the world draws it.
    all_fast = world.START + (19 * 6 + 1) * world.MINUTE
    row = ("", -1, mmsi, "", "", (all_fast / HOUR) + begin_h, (all_fast / HOUR) + end_h, kwh, system)
    return log_of(row)


def test_a_log_overrides_the_rule_for_its_visit(tmp_path):
    log = engine_log(1.0, 5.0)
    result = connected(tmp_path, log)
    visit = result.findings.visits.iloc[0]
    assert visit["basis"] == "log"
    assert (visit["use_low"], visit["use_central"], visit["use_high"]) == (1.0, 1.0, 1.0)
    assert visit["shore_kwh_central"] == pytest.approx(AUX_KW * 4.0, rel=1e-6)
    # Nothing is unknown any more: the ends are the central case.
    ends = result.findings.ends.drop(columns="case")
    assert (ends.filter(like="_m").to_numpy() == 0).all()
    table = told(result.findings, log)["shore_log"].iloc[0]
    assert table["matched"]
    assert table["logged_kwh"] == 4000.0
    assert table["modelled_kwh"] == pytest.approx(4600.0, rel=1e-6)
    assert table["hours_used"] == pytest.approx(4.0)


def test_a_log_that_says_not_connected_leaves_everything(tmp_path):
    result = connected(tmp_path, engine_log(1.0, 5.0, "none"))
    assert result.findings.visits["basis"].tolist() == ["log"]
    assert result.ledger.rows["shore_mwh"].sum() == 0


def test_capture_leaves_carbon_dioxide_and_takes_nitrogen_oxides(tmp_path):
    bare = connected(tmp_path, engine_log(1.0, 5.0, "none"))
    caught = connected(tmp_path, engine_log(1.0, 5.0, "capture"))
    stay_h = bare.findings.visits["hours"].iloc[0]
    bare, caught = (result.ledger.rows.query("phase == 0").sum() for result in (bare, caught))
    for name in ("aux_mwh", "aux_fuel_mg", "aux_co2_mg", "aux_sox_mg", "boiler_nox_mg", "main_nox_mg"):
        assert bare[name] == caught[name], name
    assert caught["shore_mwh"] == 0
    # Four hours of the stay lose 95 % of their NOx and 99 % of their particles.
    for name, taken in (("nox", 0.95), ("pm10", 0.99)):
        left = caught[f"aux_{name}_mg"] / bare[f"aux_{name}_mg"]
        assert left == pytest.approx(1.0 - taken * 4.0 / stay_h, rel=1e-6)


def test_rows_of_ships_nobody_saw_are_listed(tmp_path):
    log = pd.concat([engine_log(1.0, 5.0), engine_log(1.0, 5.0, mmsi=1)], ignore_index=True)
    log.loc[len(log)] = log.loc[1].to_dict() | {"fault": "no_connect_time"}
    result = connected(tmp_path, log)
    table = told(result.findings, log)["shore_log"]
    assert table["reason"].tolist() == ["matched", "vessel_not_in_positions", "no_connect_time"]
    assert table["matched"].tolist() == [True, False, False]

"""Engines at berth: which rule, when, and what shore power and capture leave of the accounts."""

import itertools
from dataclasses import replace

import engine_world as world
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor import engine, reference
from corridor.accounts.ledger import balance
from corridor.emissions import at_berth
from corridor.emissions.at_berth import Use, control, multipliers, rule_for, use_of, windows_of
from corridor.emissions.basis import LEDGER_COLUMNS, LEDGER_KEYS
from corridor.emissions.phases import PHASES
from corridor.emissions.rules import calendar, ms_of, rulebook
from corridor.errors import InputError, ReferenceDataError

HOUR = 3_600_000
# Fourth IMO GHG Study, Table 17. [kW]
AUX_KW = 1150.0
AT_BERTH = PHASES.index("at_berth")
COLUMN = {name: place for place, name in enumerate(LEDGER_COLUMNS)}

DATED = [
    # port  type              day           rule               share of the window
    ("LB", "container", "2013-12-31", None, None),
    ("LB", "container", "2014-01-01", "california_2007", 0.5),
    ("LA", "cruise", "2016-12-31", "california_2007", 0.5),
    ("LB", "container", "2017-01-01", "california_2007", 0.7),
    ("LB", "refrigerated_bulk", "2022-12-31", "california_2007", 0.8),
    ("LB", "container", "2023-01-01", "california_2020", 1.0),
    ("LB", "vehicle_carrier", "2024-12-31", None, None),
    ("LB", "vehicle_carrier", "2025-01-01", "california_2020", 1.0),
    ("LA", "oil_tanker", "2025-01-01", "california_2020", 1.0),
    ("LB", "bulk_carrier", "2026-06-01", None, None),
    ("YT", "container", "2019-06-30", None, None),
    ("YT", "container", "2019-07-01", "china_2018", 0.8),
    ("SZW", "bulk_carrier", "2026-01-01", "china_2018", 1.0),
    ("SZW", "oil_tanker", "2026-01-01", None, None),
    ("SZW", "cruise", "2021-01-01", "china_2018", 1.0),
    ("HK", "container", "2026-01-01", None, None),
]


@pytest.mark.parametrize(("port", "ship_type", "day", "name", "share"), DATED)
def test_the_rule_of_a_visit(port, ship_type, day, name, share):
    rule = rule_for(port, ship_type, "unknown", ms_of(day))
    assert (rule and (rule.name, rule.full_share)) == (name and (name, share))


def test_china_asks_equipped_ships_alone_and_cruise_ships_all():
    assert rule_for("YT", "container", "no", ms_of("2024-01-01")) is None
    assert rule_for("YT", "container", "yes", ms_of("2024-01-01")).longer_than_h == 3.0
    assert rule_for("SZW", "cruise", "no", ms_of("2020-12-31")) is None
    assert rule_for("SZW", "cruise", "no", ms_of("2021-01-01")) is not None
    # California asks every ship: capture serves those without a plug.
    assert rule_for("LB", "container", "no", ms_of("2024-01-01")) is not None


PORTS = ("LB", "LA", "YT", "SZW", "HK")
TYPES = ("container", "refrigerated_bulk", "cruise", "vehicle_carrier", "oil_tanker", "bulk_carrier")
ROWS = range(len(reference.table(at_berth.RULES)))


def rules_of(days):
    """The rule of every port, type, equipment and day, looked up anew."""
    at_berth._rules.cache_clear()
    rule_for.cache_clear()
    asked = itertools.product(PORTS, TYPES, ("yes", "no", "unknown"), days)
    return {key: rule_for(*key[:3], ms_of(key[3])) for key in asked}


@pytest.mark.parametrize("row", ROWS)
def test_changing_one_rule_changes_only_its_ports_types_and_period(row, monkeypatch):
    table = reference.table
    facts = table(at_berth.RULES)
    edges = pd.to_datetime(pd.concat([facts["from_date"], facts["to_date"].dropna()]).unique())
    days = sorted(
        {f"{day + pd.Timedelta(days=step):%Y-%m-%d}" for day in edges for step in (-1, 0, 1)} | {"2030-01-01"}
    )
    before = rules_of(days)
    changed = facts.assign(full_share=facts["full_share"].where(facts.index != row, 0.123))
    monkeypatch.setattr(reference, "table", lambda name: changed if name == at_berth.RULES else table(name))
    after = rules_of(days)
    monkeypatch.undo()
    at_berth._rules.cache_clear()
    rule_for.cache_clear()
    rule = facts.iloc[row]
    last = rule["to_date"] if isinstance(rule["to_date"], str) else "9999-12-31"
    types = set(TYPES) if rule["ship_types"] == "*" else set(rule["ship_types"].split())
    types -= set(str(rule["except_types"]).split())
    expected = {
        (port, ship_type, equipped, day)
        for port, ship_type, equipped, day in before
        if port in rule["ports"].split()
        and ship_type in types
        and rule["from_date"] <= day <= last
        and not (rule["equipped_only"] and equipped == "no")
    }
    assert expected
    assert {key for key, found in before.items() if found != after[key]} == expected


def test_two_rules_at_once_are_an_error(monkeypatch):
    table = reference.table
    doubled = pd.concat([table(at_berth.RULES)] * 2, ignore_index=True)
    monkeypatch.setattr(reference, "table", lambda name: doubled if name == at_berth.RULES else table(name))
    at_berth._rules.cache_clear()
    rule_for.cache_clear()
    with pytest.raises(ReferenceDataError, match="2 rules hold for container at LB"):
        rule_for("LB", "container", "unknown", ms_of("2024-01-01"))
    monkeypatch.undo()
    at_berth._rules.cache_clear()
    rule_for.cache_clear()


@pytest.mark.parametrize("text", ["", "1.2", "0.9..0.1", "half", "0.1..0.2..0.3", "-0.1"])
def test_a_use_that_is_none_is_refused(text):
    with pytest.raises(InputError, match="expected a share"):
        use_of(text)


def test_unknown_use_is_from_none_to_full_with_half_of_it_in_the_middle():
    assert use_of() == Use(0.0, 0.5, 1.0)


def test_shore_power_leaves_the_boiler_and_the_main_engine():
    left = multipliers(["shore"], [1.0])[0]
    for name, place in COLUMN.items():
        assert left[place] == (0.0 if name.startswith("aux_") else 1.0), name


def test_capture_leaves_energy_fuel_and_carbon_dioxide():
    left = multipliers(["capture"], [1.0])[0]
    changed = {name for name, place in COLUMN.items() if left[place] != 1.0}
    assert changed == {"aux_nox_mg", "aux_pm10_mg", "aux_bc_mg"}
    assert left[COLUMN["aux_nox_mg"]] == pytest.approx(0.05)


def test_a_connection_that_is_none_changes_nothing():
    windows = windows_of([(0, 0, 9, "none", "log", (0.0, 0.0, 0.0), np.nan, 0)])
    made = control(windows, np.array([0, -1]), "central")
    assert (made.multipliers[made.variant] == 1.0).all()


# A ship at the quay for ten hours: from 06:00 + 20 steps of six minutes, as `engine_world` draws it.


@pytest.fixture(scope="module")
def tracks():
    return [world.crossing(ship, berth_h=10.0 + 7.3 * ship, lat=world.LAT + 0.1 * ship) for ship in range(3)]


BOX = {
    "ship_type": "container",
    "teu": 8500.0,
    "me_kw": 61000.0,
    "v_ref_kn": 25.9,
    "t_ref_m": 14.4,
    "build_year": 2010,
}


def boxes(number, **settings_):
    """Plan of so many box ships of 8,500 TEU."""
    register = pd.DataFrame([{"imo": -1, "mmsi": 477999100 + ship, **BOX} for ship in range(number)])
    return replace(world.plan(number, **settings_), register=register)


def run(tmp_path_factory, tracks, use="0..1", **settings_):
    plan = boxes(3, use=use_of(use), **settings_)
    return engine.run([world.bucket(tmp_path_factory.mktemp("berth") / "all.parquet", tracks)], plan)


def rows(result, case="central"):
    """Ledger at a case of use, by its keys."""
    ledger = result.ledger.rows[[*LEDGER_KEYS, *LEDGER_COLUMNS]]
    if case != "central":
        ends = result.findings.ends
        ledger = pd.concat([ledger, ends[ends["case"] == case].drop(columns="case")])
    return ledger.groupby(list(LEDGER_KEYS)).sum().astype("int64")


@pytest.fixture(scope="module")
def central(tmp_path_factory, tracks):
    return run(tmp_path_factory, tracks)


def test_shore_power_at_one_terminal_by_hand(central):
    """One 300 m box ship at Pier "quay", 10 h: 7 h of them in the rule's window, half used."""
    visit = central.findings.visits.iloc[0]
    assert (visit["zone_id"], visit["port"], visit["basis"]) == ("quay", "LB", "california_2020")
    hours = visit["hours"]
    assert hours == pytest.approx(10.0, abs=0.05)
    assert visit["controllable_h"] == pytest.approx(hours - 3.0, abs=1e-9)
    ship = rows(central).xs(0, level="vessel").xs(AT_BERTH, level="phase").sum()
    # IMO Table 17: auxiliary engines of 8,000 to 11,999 TEU at berth; their demand is what they gave and
    # what came through the cable.
    aux_kw = AUX_KW
    demand_kwh = (ship["aux_mwh"] + ship["shore_mwh"]) / 1e6
    assert demand_kwh == pytest.approx(aux_kw * ship["hours_ms"] / HOUR, rel=1e-9)
    # Half of seven hours comes through the cable.
    assert ship["shore_mwh"] / 1e6 == pytest.approx(aux_kw * (hours - 3.0) * 0.5, rel=1e-9)
    assert visit["shore_kwh_central"] == pytest.approx(ship["shore_mwh"] / 1e6, abs=1e-5)
    # And with it half of their fuel; 0.185 kg/kWh on distillate.
    saved_kg = aux_kw * (hours - 3.0) * 0.5 * 0.185
    assert visit["fuel_saved_kg_central"] == pytest.approx(saved_kg, rel=1e-9)
    assert visit["co2_saved_kg_central"] == pytest.approx(saved_kg * 3.206, rel=1e-9)
    assert visit["fuel_saved_kg_high"] == pytest.approx(2 * saved_kg, rel=1e-9)
    assert visit["fuel_saved_kg_low"] == 0.0


@pytest.mark.parametrize(("case", "use"), [("low", "0"), ("high", "1")])
def test_the_ends_are_what_a_run_at_that_use_gives(central, tracks, tmp_path_factory, case, use):
    """To the milligram that each ship's rounding leaves."""
    other = rows(run(tmp_path_factory, tracks, use))
    ours = rows(central, case)
    pd.testing.assert_index_equal(ours.index, other.index)
    assert (ours - other).abs().to_numpy().max() <= 2


def test_an_hour_on_shore_power_has_no_auxiliary_engine_and_an_unchanged_boiler(tracks, tmp_path_factory):
    without, full = (rows(run(tmp_path_factory, tracks, use)) for use in ("0", "1"))
    same = [name for name in LEDGER_COLUMNS if not name.startswith(("aux_", "shore_"))]
    pd.testing.assert_frame_equal(without[same], full[same])
    window_h = run(tmp_path_factory, tracks, "1").findings.visits["controllable_h"].sum()
    assert window_h > 40.0
    berth = without.xs(AT_BERTH, level="phase").sum(), full.xs(AT_BERTH, level="phase").sum()
    left_h = berth[1]["hours_ms"] / HOUR - window_h
    # Three ships of one class: what is left runs in the hours outside the windows.
    assert berth[1]["aux_mwh"] / berth[0]["aux_mwh"] == pytest.approx(left_h / (left_h + window_h), rel=1e-9)
    assert berth[1]["shore_mwh"] + berth[1]["aux_mwh"] == pytest.approx(berth[0]["aux_mwh"], abs=10)


@settings(max_examples=12)
@given(share=st.floats(0, 1), hours=st.floats(3.5, 60), ship=st.integers(0, 2))
def test_cutting_at_the_marks_conserves(tmp_path_factory, share, hours, ship):
    """Hours, distance, boiler and main engine are what they were; auxiliary and shore energy are one sum."""
    track = [world.crossing(0, berth_h=hours, lat=world.LAT + 0.1 * ship)]
    bare = boxes(1, use=Use(0.0, 0.0, 0.0))
    used = boxes(1, use=Use(share, share, share))
    bucket = world.bucket(tmp_path_factory.mktemp("one") / "a.parquet", track)
    without, with_power = (rows(engine.run([bucket], plan)).sum() for plan in (bare, used))
    for name in LEDGER_COLUMNS:
        if not name.startswith(("aux_", "shore_")):
            assert without[name] == with_power[name], name
    assert with_power["aux_mwh"] + with_power["shore_mwh"] == pytest.approx(without["aux_mwh"], abs=2)
    result = engine.run([bucket], used)
    for quantity, paths in balance(result.ledger).items():
        assert len(set(paths.values())) == 1, quantity


def test_where_positions_are_older_than_any_rule_nothing_is_controlled(tracks, tmp_path_factory):
    """Years back, the same ships lie at the same quay and no rule asks anything of them."""
    back_ms = world.START - ms_of("2013-06-01")
    old = [track | {"t_ms": track["t_ms"] - back_ms} for track in tracks]
    periods = calendar(ms_of("2013-05-01"), ms_of("2013-12-01"))
    plan = replace(boxes(3), rulebook=rulebook(("global", "na_eca"), periods))
    result = engine.run([world.bucket(tmp_path_factory.mktemp("old") / "a.parquet", old)], plan)
    assert result.findings.visits["basis"].tolist() == ["no_rule"] * 3
    assert (result.findings.visits["hours"] > 9.0).all()
    assert result.findings.ends.empty
    assert result.ledger.rows["shore_mwh"].sum() == 0

"""Each lever worked out by hand, rebound included; and what no lever may do."""

import functools
import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor import reference
from corridor.accounts.ledger import Ledger
from corridor.accounts.scenarios import Scenario, read_scenario, shipped_scenarios
from corridor.emissions.basis import account
from corridor.emissions.fleet import fleet
from corridor.emissions.fuels import FUELS
from corridor.emissions.phases import PHASES
from corridor.errors import InputError
from corridor.levers import Chunk, book_scenario
from corridor.tracks.trajectories import Segments
from layers.atoms import Atoms
from tests.emission_world import BOX, HOUR, KINDS, SULPHUR, book, code, parts, places, ships, tracks

PORTS = ["", "LB", "LB", "", "LB", "LB"]
SYSTEMS = (
    SimpleNamespace(name="port", zone_ids=KINDS, zones=pd.DataFrame({"port": PORTS[1:]})),
    SimpleNamespace(name="sulphur", zone_ids=SULPHUR, zones=pd.DataFrame()),
)
ME_KW = 61_000.0
CURVE = (0.455, -0.710, 1.280)
MAIN_SFC, AUX_SFC, BOILER_SFC = 175.0, 195.0, 340.0
HFO = 3.114


def chunk(codes, *, rules=None, who=(BOX,), **columns):
    """The baseline of hand-made legs, one atom each."""
    legs = tracks(len(codes), **columns)
    vessels = pd.DataFrame({"vessel": range(len(who))})
    segments = Segments(
        vessel=legs.vessel,
        voyage=legs.voyage,
        t0_ms=legs.t0_ms,
        t1_ms=legs.t1_ms,
        lat0=np.zeros(len(codes)),
        lon0=np.zeros(len(codes)),
        lat1=np.zeros(len(codes)),
        lon1=np.zeros(len(codes)),
        distance_m=legs.distance_m,
        sog_kn=legs.sog_kn,
        draught_m=legs.draught_m,
        kind=legs.kind,
        origin=legs.origin,
        observed_ms=legs.observed_ms,
        status=legs.status,
        row_ref=np.arange(len(codes)),
        vessels=vessels,
        unobserved=pd.DataFrame(),
    )
    made = parts(codes)
    atoms = Atoms(made.segment, made.code, made.cell, made.f0, made.f1)
    rules = rules or book()
    of = fleet(ships(*who), rules.supplies)
    period = rules.calendar.period_at(legs.t0_ms).astype(np.int32)
    basis = account(segments, atoms, period, fleet=of, places=places(), rulebook=rules)
    return Chunk(
        segments=segments,
        atoms=atoms,
        period=period,
        ships=ships(*who),
        fleet=of,
        make_fleet=functools.partial(fleet, method="imo4"),
        rulebook=rules,
        places=places(),
        systems=SYSTEMS,
        basis=basis,
        control=None,
        main_off=True,
    )


def scenario(**levers):
    named = {kind: [{"source": "test"} | lever for lever in many] for kind, many in levers.items()}
    return Scenario.model_validate_json(json.dumps({"name": "test", **named}))


def sums(ledger):
    """Totals of a ledger's accounts."""
    return ledger.rows.sum(numeric_only=True)


def baseline(of):
    return Ledger(of.basis.ledger, of.basis.cells)


def kg(table, consumer, what):
    return table[f"{consumer}_{what}_mg"] / 1e6


def curve(load):
    return np.polyval(CURVE, load)


def stays(hours):
    """A ship at berth for hours."""
    return {"kind": [1], "sog_kn": [0.0], "distance_m": [0.0], "t1_ms": [tracks(1).t0_ms[0] + hours * HOUR]}


# --- by hand ------------------------------------------------------------------------------------------


def test_shore_power_at_one_terminal_by_hand():
    of = chunk([code("berth")], **stays(10))
    aux_kw, boiler_kw = of.fleet.aux_kw[0, 0, 0], of.fleet.boiler_kw[0, 0, 0]
    lever = {"zones": ["berth"], "share": 0.8}
    lever |= {"grid_g_co2e_per_kwh": 200, "grid_year": 2022, "grid_place": "here"}
    found = sums(book_scenario(scenario(shore_power=[lever]), of))
    # Ten hours: a fifth of the auxiliary fuel is left, the boiler burns as before, the rest is on the cable.
    assert kg(found, "aux", "fuel") == pytest.approx(0.2 * aux_kw * 10 * AUX_SFC / 1000)
    assert kg(found, "aux", "co2") == pytest.approx(0.2 * aux_kw * 10 * AUX_SFC / 1000 * HFO)
    assert kg(found, "boiler", "fuel") == pytest.approx(boiler_kw * 10 * BOILER_SFC / 1000)
    assert found["shore_mwh"] / 1e6 == pytest.approx(0.8 * aux_kw * 10)
    assert found["hours_ms"] == 10 * HOUR
    elsewhere = scenario(shore_power=[lever | {"zones": ["anchorage"]}])
    assert sums(book_scenario(elsewhere, of))["aux_fuel_mg"] == sums(baseline(of))["aux_fuel_mg"]


def test_twelve_knots_inside_forty_miles_by_hand_with_its_rebound():
    of = chunk([code("remainder"), code("approach")])
    aux_kw = of.fleet.aux_kw[0, 0]
    load = of.basis.load[1]
    slow = scenario(speed_cap=[{"zones": ["approach"], "max_kn": 12}])
    found, base = book_scenario(slow, of), baseline(of)
    # 18 miles at 12 kn take an hour and a half, at (12/18)³ of the power.
    slow_load = load * (12 / 18) ** 3
    main_kg = ME_KW * slow_load * 1.5 * MAIN_SFC * curve(slow_load) / 1000
    before_kg = ME_KW * load * 1.0 * MAIN_SFC * curve(load) / 1000
    assert main_kg < 0.51 * before_kg
    inside = found.rows[found.rows["zone"] == code("approach")].sum(numeric_only=True)
    assert kg(inside, "main", "fuel") == pytest.approx(main_kg, rel=1e-9)
    assert inside["hours_ms"] == 1.5 * HOUR
    # The rebound: the auxiliaries run half an hour longer.
    phase = int(of.basis.phase[1])
    assert kg(inside, "aux", "fuel") == pytest.approx(aux_kw[phase] * 1.5 * AUX_SFC / 1000)
    assert inside["distance_mm"] == base.rows.loc[base.rows["zone"] == code("approach"), "distance_mm"].sum()
    outside = found.rows[found.rows["zone"] == code("remainder")].reset_index(drop=True)
    before = base.rows[base.rows["zone"] == code("remainder")].reset_index(drop=True)
    pd.testing.assert_frame_equal(outside[before.columns], before, check_dtype=False)


def test_a_cap_slows_only_the_fast():
    of = chunk([code("approach")] * 2, sog_kn=[11.9, 18.0], distance_m=[11.9 * 1852, 18 * 1852])
    found = sums(book_scenario(scenario(speed_cap=[{"zones": ["approach"], "max_kn": 12}]), of))
    assert found["hours_ms"] == round((1 + 18 / 12) * HOUR)


def test_a_fifth_of_hvo_by_hand():
    of = chunk([code("remainder")])
    load, aux_kw = of.basis.load[0], of.fleet.aux_kw[0, 0, int(of.basis.phase[0])]
    found = book_scenario(scenario(fuel=[{"fuel": "bio_hvo", "share": 0.2}]), of)
    fuels = found.rows.groupby("fuel").sum(numeric_only=True)
    oil, hvo = fuels.loc[FUELS.index("hfo")], fuels.loc[FUELS.index("bio_hvo")]
    assert kg(oil, "main", "fuel") == pytest.approx(0.8 * ME_KW * load * MAIN_SFC * curve(load) / 1000)
    assert kg(oil, "aux", "fuel") == pytest.approx(0.8 * aux_kw * AUX_SFC / 1000)
    assert kg(oil, "main", "co2") == pytest.approx(HFO * kg(oil, "main", "fuel"))
    # A fifth of the energy from hydrotreated oil: its own consumption and carbon, no sulphur to speak of.
    carbon = float(reference.value("fuels_mepc364_2022", "cf_co2", fuel="bio_hvo"))
    assert hvo["main_mwh"] / 1e6 == pytest.approx(0.2 * ME_KW * load)
    assert kg(hvo, "main", "co2") == pytest.approx(carbon * kg(hvo, "main", "fuel"), rel=1e-6)
    assert kg(hvo, "main", "sox") < 0.01 * kg(oil, "main", "sox")
    assert hvo["hours_ms"] == 0
    assert oil["hours_ms"] == HOUR
    assert sums(found)["main_mwh"] == pytest.approx(sums(baseline(of))["main_mwh"])


def just_in_time_world():
    """Ten hours at 18 kn, five at anchor, ten at berth."""
    n = 12
    kind = [0] * 10 + [1, 1]
    start = tracks(1).t0_ms[0]
    ends = np.array([*range(1, 11), 15, 25]) * HOUR + start
    return chunk(
        [code("remainder")] * 10 + [code("anchorage"), code("berth")],
        kind=kind,
        sog_kn=[18.0] * 10 + [0.0, 0.0],
        distance_m=[18 * 1852.0] * 10 + [0.0, 0.0],
        t0_ms=np.append(start, ends[: n - 1]),
        t1_ms=ends,
    )


def test_just_in_time_by_hand():
    of = just_in_time_world()
    load, aux = of.basis.load[0], of.fleet.aux_kw[0, 0]
    found = book_scenario(scenario(just_in_time=[{"ports": ["LB"], "least_kn": 8}]), of)
    # 180 miles in fifteen hours instead of ten and five of waiting: 12 kn; she moors when she moored before.
    slow = load * (12 / 18) ** 3
    main = ME_KW * slow * 15 * MAIN_SFC * curve(slow) / 1000
    total = sums(found)
    assert kg(total, "main", "fuel") == pytest.approx(main, rel=1e-9)
    assert total["hours_ms"] == 25 * HOUR
    hours = found.rows.groupby("phase")["hours_ms"].sum() / HOUR
    assert hours.get(PHASES.index("at_anchor"), 0) == pytest.approx(0)
    assert hours[PHASES.index("at_berth")] == 10
    sea = int(of.basis.phase[0])
    assert hours[sea] == pytest.approx(15)
    # The rebound: five hours of hotel load are at sea now instead of at anchor.
    at_berth, at_sea = aux[PHASES.index("at_berth")], aux[sea]
    assert kg(total, "aux", "fuel") == pytest.approx((at_sea * 15 + at_berth * 10) * AUX_SFC / 1000)


def test_no_ship_is_slowed_below_the_least_speed_and_waits_what_is_left():
    of = just_in_time_world()
    found = book_scenario(scenario(just_in_time=[{"ports": ["LB"], "least_kn": 15}]), of)
    hours = found.rows.groupby("phase")["hours_ms"].sum() / HOUR
    assert hours[int(of.basis.phase[0])] == pytest.approx(12)
    assert hours[PHASES.index("at_anchor")] == pytest.approx(3)
    half = book_scenario(scenario(just_in_time=[{"ports": ["LB"], "share": 0.5}]), of)
    assert (half.rows.groupby("phase")["hours_ms"].sum() / HOUR)[PHASES.index("at_anchor")] == pytest.approx(
        2.5
    )


def test_savings_growth_rules_and_newbuilds_by_hand():
    rules = book("2020-06-01", "2020-06-30")
    old = BOX | {"build_year": 1998}
    of = chunk([code("remainder"), code("remainder", "na_eca")], rules=rules, who=(old,))
    base = sums(baseline(of))
    wind = sums(book_scenario(scenario(saving=[{"measure": "wind", "main_percent": 8.2, "share": 0.5}]), of))
    assert wind["main_fuel_mg"] == pytest.approx(base["main_fuel_mg"] * (1 - 0.5 * 0.082))
    assert wind["aux_fuel_mg"] == base["aux_fuel_mg"]
    more = sums(book_scenario(scenario(growth=[{"cargo_percent": 20}]), of))
    for column in ("hours_ms", "distance_mm", "main_co2_mg", "aux_nox_mg"):
        assert more[column] == pytest.approx(1.2 * base[column])
    eca = {"zones": ["sulphur:global"], "fuel": "mdo", "sulphur_percent": 0.1}
    clean = book_scenario(scenario(rule=[eca]), of).rows
    assert set(clean["fuel"]) == {FUELS.index("mdo")}
    inside = clean["zone"] == code("remainder", "na_eca")
    was = of.basis.ledger
    now, before = clean[inside], was[was["zone"] == code("remainder", "na_eca")]
    # It was one before; one milligram of rounding goes along a ship.
    assert now["main_sox_mg"].sum() == pytest.approx(before["main_sox_mg"].sum(), abs=2)
    new = sums(book_scenario(scenario(newbuild=[{"tier": 3, "share": 0.5}]), of))
    assert new["main_nox_mg"] < base["main_nox_mg"]
    assert new["main_co2_mg"] == base["main_co2_mg"]


# --- what holds for all -------------------------------------------------------------------------------


def test_a_scenario_without_levers_is_the_baseline_to_the_milligram():
    of = just_in_time_world()
    found = book_scenario(Scenario(name="none"), of)
    keys = [name for name in of.basis.ledger.columns if not name.endswith(("_mg", "_mwh", "_ms", "_mm"))]
    mine = found.rows[of.basis.ledger.columns].sort_values(keys).reset_index(drop=True)
    base = of.basis.ledger.sort_values(keys).reset_index(drop=True)
    pd.testing.assert_frame_equal(mine, base, check_dtype=False)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(5, 25),
    st.floats(0, 1),
    st.floats(0, 1),
    st.sampled_from(["bio_hvo", "lng", "methanol", "e_methanol"]),
    st.integers(0, 10**6),
)
def test_cells_and_rows_add_up_whatever_the_levers(cap, share, shore, fuel, seed):
    r = np.random.default_rng(seed)
    n = 20
    kinds = r.choice(["remainder", "approach", "anchorage", "berth"], n)
    kind = np.isin(kinds, ["anchorage", "berth"]).astype(np.uint8)
    sog = np.where(kind == 1, 0.0, r.uniform(4, 24, n))
    of = chunk([code(k) for k in kinds], kind=kind, sog_kn=sog, distance_m=sog * 1852)
    levers = scenario(
        speed_cap=[{"max_kn": cap}],
        fuel=[{"fuel": fuel, "share": share}],
        just_in_time=[{"ports": ["LB"], "least_kn": 6}],
        shore_power=[
            {"share": shore, "grid_g_co2e_per_kwh": 1, "grid_year": 2020, "grid_place": "x"},
        ],
    )
    found = book_scenario(levers, of)
    for species in ("fuel", "co2", "nox", "ch4"):
        in_rows = sum(int(found.rows[f"{c}_{species}_mg"].sum()) for c in ("main", "aux", "boiler"))
        assert in_rows == int(found.cells[f"{species}_mg"].sum())
    assert int(found.rows["hours_ms"].sum()) == int(found.cells["hours_ms"].sum())
    # Every place and phase of a scenario is one of the baseline; distance never changes.
    there = set(map(tuple, of.basis.ledger[["zone", "month", "phase"]].to_numpy()))
    assert set(map(tuple, found.rows[["zone", "month", "phase"]].to_numpy())) <= there
    assert abs(int(found.rows["distance_mm"].sum()) - int(of.basis.ledger["distance_mm"].sum())) <= n


def test_shore_power_of_the_baseline_is_not_saved_twice():
    of = chunk([code("berth")], **stays(10))
    lever = {"share": 0.6, "grid_g_co2e_per_kwh": 1, "grid_year": 2020, "grid_place": "x"}
    once = scenario(shore_power=[lever])
    twice = scenario(shore_power=[lever, lever | {"share": 0.5}])
    assert sums(book_scenario(once, of))["aux_fuel_mg"] == sums(book_scenario(twice, of))["aux_fuel_mg"]


@pytest.mark.parametrize(
    ("levers", "said"),
    [
        ({"speed_cap": [{"zones": ["nowhere"], "max_kn": 12}]}, "zone 'nowhere' is unknown in 'port'"),
        ({"speed_cap": [{"zones": ["moon:sea"], "max_kn": 12}]}, "zone system 'moon' is unknown"),
        ({"fuel": [{"fuel": "coal"}]}, "coal"),
        ({"fuel": [{"fuel": "lng", "classes": ["submarine"]}]}, "class 'submarine' is unknown"),
        ({"just_in_time": [{"ports": ["XX"]}]}, "port 'XX' is unknown"),
        ({"rule": [{"zones": ["berth"], "fuel": "mdo"}]}, "system sulphur"),
        ({"rule": [{"fuel": "mdo"}]}, "needs zones"),
    ],
)
def test_a_lever_that_names_nothing_is_refused(levers, said):
    with pytest.raises(InputError, match=said):
        book_scenario(scenario(**levers), chunk([code("berth")]))


def test_every_shipped_scenario_is_read_and_has_sources():
    assert len(shipped_scenarios()) >= 12
    keys = [read_scenario(name).key for name in shipped_scenarios()]
    assert len(set(keys)) == len(keys)
    for name in shipped_scenarios():
        one = read_scenario(name)
        assert one.levers
        assert one.name_zh
        assert all(lever.source for lever in one.levers)


def test_includes_are_all_of_their_levers():
    both = read_scenario("both_ports_shore_power")
    assert [len(one.zones) for one in both.shore_power] == [6, 7]

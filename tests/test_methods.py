"""Methods side by side: each has a row for whatever can be asked, its own law of power, and its own words."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor import reference
from corridor.emissions.behaviour import Surroundings
from corridor.emissions.bunkers import burnt, fuel_named, supply_of
from corridor.emissions.factors import factors, not_estimated, records
from corridor.emissions.fleet import METHODS, Method, fleet, hotel_kw, method_named, reference_speed_kn
from corridor.emissions.fuels import FUELS
from corridor.emissions.inference import ship_types, size_bins
from corridor.emissions.loads import imo4_loads
from corridor.emissions.phases import PHASES, phase_rules
from corridor.emissions.rules import NO_TIER_3, Supply
from corridor.emissions.ships import DIESEL_ENGINES
from corridor.emissions.species import CONSUMERS, SPECIES
from corridor.errors import InputError, ReferenceDataError
from corridor.explain import ROUNDING_KG
from corridor.outputs import notes
from corridor.runs import run_study
from corridor.validation.sailed import IN_NA_ECA, Voyage, sail
from tests.emission_world import BOX, book, code, parts, run, ships, tracks

OPEN, ECA = code("remainder"), code("remainder", "na_eca")
ENGINES = tuple(dict.fromkeys(reference.table("engine_fuels_2026")["engine_type"]))
OF = {name: place for place, name in enumerate(SPECIES)}
MDO = Supply("mdo", 0.001, "limit", NO_TIER_3)
# Printed as nothing, or nothing by chemistry.
NONE = {("ammonia", "co2"), ("ammonia", "sox"), ("e_ammonia", "co2"), ("e_ammonia", "sox")}


def of(method, *rows, rules=None):
    return fleet(ships(*(rows or (BOX,))), (rules or book()).supplies, method)


def total(found, column):
    return int(found.ledger[column].sum())


# --- rows for everything that can be asked


@pytest.mark.parametrize("method", METHODS)
def test_every_engine_fuel_tier_and_year_has_a_row_be_it_not_estimated(method):
    (plain,) = ships(BOX)
    for engine, fuel, tier in itertools.product(ENGINES, FUELS, range(4)):
        for year in (1980, 1995, 2010):
            ship = replace(plain, engine_type=engine, tier=tier, build_year=year, rpm=np.nan)
            found = factors(ship, Supply(fuel, 0.005, "limit", NO_TIER_3), method)
            assert found.fuel == fuel
            assert (found.sfc > 0).all()
            assert np.isfinite(found.ef).all()
            declared = not_estimated(method, fuel_named(fuel).kind, engine)
            for c, s in np.ndindex(found.ef.shape):
                factor = (
                    found.ef[c, s] + found.ef_fuel[c, s] + (found.bc[0] if (c, s) == (0, OF["bc"]) else 0)
                )
                printed_zero = (method, SPECIES[s]) == ("epa2022", "nmvoc") or (fuel_named(fuel).kind, c) == (
                    "methanol",
                    2,
                )
                assert factor > 0 or found.unknown[c, s] or (fuel, SPECIES[s]) in NONE or printed_zero, (
                    engine,
                    fuel,
                    tier,
                    year,
                    CONSUMERS[c],
                    SPECIES[s],
                )
                assert not found.unknown[c, s] or declared or engine not in DIESEL_ENGINES


@pytest.mark.parametrize("method", METHODS)
def test_every_class_size_and_phase_has_its_powers(method):
    rules = phase_rules(method)
    (ship,) = ships(BOX)
    number = 0
    for ship_type in ship_types():
        for size_bin, *_ in size_bins(ship_type):
            power = hotel_kw(replace(ship, ship_type=ship_type, size_bin=size_bin), rules, method)
            assert power.shape == (2, len(PHASES))
            assert (power >= 0).all()
            number += 1
    assert number == 70


def test_methods_know_the_same_kinds_of_place():
    known = {method: phase_rules(method).kinds for method in METHODS}
    assert len(set(known.values())) == 1, known


def test_what_is_unknown_is_an_error_that_names_the_known():
    with pytest.raises(InputError, match="method 'stone' is unknown; known: imo4, epa2022, icct"):
        method_named("stone")
    with pytest.raises(
        ReferenceDataError, match=r"coal.*known fuel: hfo, vlsfo.*data/fuels_mepc364_2022.csv"
    ):
        fuel_named("coal")
    with pytest.raises(InputError, match=r"'hfo' cannot be chosen; known: lng, methanol.*csv"):
        supply_of("hfo", MDO)
    (ship,) = ships(BOX)
    with pytest.raises(ReferenceDataError, match=r"warp.*known engine_type: ssd.*engine_fuels_2026.csv"):
        factors(replace(ship, engine_type="warp"), MDO)


def test_a_missing_row_is_an_error_and_no_zero(monkeypatch):
    known = records("energy_factors_icct_2025", "engine_type", "fuel_kind")
    (ship,) = ships(BOX | {"rpm": 77.125})
    less = {key: tuple(row for row in rows if row["species"] != "co") for key, rows in known.items()}
    monkeypatch.setattr(
        "corridor.emissions.factors.records",
        lambda name, *columns: less if name.startswith("energy") else records(name, *columns),
    )
    with pytest.raises(
        ReferenceDataError, match=r"no co factor for main of ssd .*energy_factors_icct_2025.csv"
    ):
        factors(ship, MDO)


# --- physics


@pytest.mark.parametrize("method", METHODS)
@given(slow=st.floats(11.0, 24.0), more=st.floats(0.05, 5.0))
@settings(max_examples=15, deadline=None)
def test_fuel_rises_with_speed(method, slow, more):
    made = of(method)
    legs = [run(tracks(1, sog_kn=[speed]), parts([OPEN]), of=made) for speed in (slow, slow + more)]
    first, second = (total(leg, "main_fuel_mg") for leg in legs)
    assert second > first > 0 or legs[1].load[0] == 1.0


@pytest.mark.parametrize("method", METHODS)
def test_twice_the_hours_is_twice_everything(method):
    made = of(method)
    one, two = run(tracks(1), parts([OPEN]), of=made), run(tracks(2), parts([OPEN] * 2), of=made)
    for name in one.ledger.columns[7:]:
        assert abs(total(two, name) - 2 * total(one, name)) <= 1


@pytest.mark.parametrize("method", METHODS)
def test_co2_follows_the_carbon_of_the_fuel(method):
    found = run(tracks(2), parts([OPEN, ECA]), of=of(method)).ledger.set_index("fuel")
    for fuel, factor in (("hfo", 3.114), ("mdo", 3.206)):
        row = found.loc[FUELS.index(fuel)]
        for consumer in ("main", "aux"):
            assert row[f"{consumer}_co2_mg"] / row[f"{consumer}_fuel_mg"] == pytest.approx(factor, rel=1e-8)


def test_the_same_speed_means_another_load_to_each_method():
    loads = {name: run(tracks(1), parts([OPEN]), of=of(name)).load[0] for name in METHODS}
    cube = (18.0 / 25.9) ** 3
    assert loads["imo4"] == pytest.approx(cube / (0.867 * 0.917), rel=1e-6)
    assert loads["epa2022"] == pytest.approx(cube * 1.15, rel=1e-6)
    # No coast is known in this world: off shore.
    assert loads["icct"] == pytest.approx(cube * 1.07 * 1.15, rel=1e-6)


def test_icct_takes_the_weather_of_the_shore_and_one_draught_a_ship():
    legs = tracks(2, draught_m=[14.4, 7.2])
    near = Surroundings.unknown(2)
    near.coast0_nm[:] = near.coast1_nm[:] = 2.0
    far, close = (run(legs, parts([OPEN] * 2), of=of("icct"), surroundings=where) for where in (None, near))
    assert far.load[0] == far.load[1]
    assert close.load[0] / far.load[0] == pytest.approx(1.10 / 1.15)
    cube = (18.0 / 25.9) ** 3
    assert far.load[0] == pytest.approx(cube * 1.07 * 1.15 * (10.8 / 14.4) ** (2 / 3), rel=1e-6)


def test_the_listed_speed_is_raised_by_each_method_its_own_way():
    (service,) = ships(BOX | {"v_ref_kn": 18.8, "speed_meaning": "service"})
    (eexi,) = ships(BOX | {"v_ref_kn": 18.8, "speed_meaning": "eexi_75"})
    speeds = {name: round(reference_speed_kn(service, name), 3) for name in METHODS}
    assert speeds == {"imo4": 18.8, "epa2022": 20.0, "icct": 20.0}
    assert {round(reference_speed_kn(eexi, name) ** 3 * 0.75, 3) for name in METHODS} == {round(18.8**3, 3)}


def test_the_cut_off_is_of_one_method_alone_and_a_switch():
    slow = tracks(1, sog_kn=[8.0])
    runs = {name: total(run(slow, parts([OPEN]), of=of(name)), "main_mwh") > 0 for name in METHODS}
    assert runs == {"imo4": False, "epa2022": True, "icct": True}
    assert total(run(slow, parts([OPEN]), of=of("imo4"), main_off=False), "main_mwh") > 0
    assert run(slow, parts([OPEN]), of=of("imo4")).main_off_ms == 3_600_000
    assert run(slow, parts([OPEN]), of=of("epa2022")).main_off_ms == 0


def test_phases_of_the_epa_part_transit_from_manoeuvring_by_load():
    fast = run(tracks(2, sog_kn=[8.0, 20.0]), parts([OPEN] * 2), of=of("epa2022"))
    assert [PHASES[phase] for phase in fast.phase] == ["manoeuvring", "cruising"]
    assert [PHASES[phase] for phase in run(tracks(1), parts([OPEN]), of=of("icct")).phase] == ["cruising"]


def test_sulphate_of_the_epa_follows_the_fuel_as_burnt_and_the_low_load_factor_takes_it_all():
    made = of("epa2022")
    for speed in (9.0, 18.0):
        row = run(tracks(1, sog_kn=[speed]), parts([OPEN]), of=made)
        load = row.load[0]
        kwh, fuel_g = total(row, "main_mwh") / 1e6, total(row, "main_fuel_mg") / 1e3
        factor = total(row, "ll_pm_mwh") / total(row, "main_mwh")
        expected = (kwh * 0.5761 + fuel_g * 0.026 * 7 * 0.02247) * factor
        assert total(row, "main_pm10_mg") / 1e3 == pytest.approx(expected, rel=1e-6)
        assert (factor > 1.0) == (load < 0.195)


def test_hfo_to_mdo_and_sulphur_in_the_control_area():
    found = run(tracks(2), parts([OPEN, ECA])).ledger.set_index("fuel")
    high_seas, eca = found.loc[FUELS.index("hfo")], found.loc[FUELS.index("mdo")]
    assert eca["main_co2_mg"] / high_seas["main_co2_mg"] == pytest.approx(0.9707, abs=5e-5)
    rules = book()
    made = fleet(ships(BOX), [Supply("vlsfo", 0.005, "limit", 9999), Supply("mdo", 0.001, "limit", 9999)])
    ratio = (
        made.ef_fuel[0, 1, 0, OF["sox"]]
        * made.sfc[0, 1, 0]
        / (made.ef_fuel[0, 0, 0, OF["sox"]] * made.sfc[0, 0, 0])
    )
    assert ratio == pytest.approx(0.20 * 165 / 175)
    assert rules.supplies


# --- fuels of choice


def test_a_gas_engine_slips_and_its_pilot_fuel_is_in_the_fuel():
    box = BOX | {"engine_type": "lng_diesel", "build_year": 2018, "fuel": "lng"}
    found = run(tracks(1), parts([OPEN]), of=of("imo4", box))
    row = found.ledger.iloc[0]
    assert FUELS[row["fuel"]] == "lng"
    kwh, curve = row["main_mwh"] / 1e6, np.polyval([0.455, -0.71, 1.28], found.load[0])
    assert row["main_fuel_mg"] / 1e3 == pytest.approx(kwh * (135 * curve + 6), rel=1e-8)
    assert row["main_co2_mg"] / 1e3 == pytest.approx(kwh * (135 * curve * 2.75 + 6 * 3.206), rel=1e-8)
    assert row["main_ch4_mg"] / 1e3 == pytest.approx(kwh * 0.2, rel=1e-6)
    assert found.cells["pm10_diesel_mg"].sum() == 0
    otto = run(tracks(1), parts([OPEN]), of=of("imo4", box | {"engine_type": "lng_otto_ms"})).ledger.iloc[0]
    assert otto["main_ch4_mg"] / otto["main_mwh"] == pytest.approx(5.5 / 1e3)


def test_a_dual_fuel_ship_on_oil_is_an_oil_ship():
    dual = run(tracks(1), parts([OPEN]), of=of("imo4", BOX | {"engine_type": "lng_diesel", "fuel": "oil"}))
    oil = run(tracks(1), parts([OPEN]), of=of("imo4"))
    pd.testing.assert_frame_equal(dual.ledger, oil.ledger)
    pd.testing.assert_frame_equal(dual.cells, oil.cells)


@pytest.mark.parametrize("fuel", [name for name in FUELS if fuel_named(name).of_choice])
def test_a_fuel_is_chosen_by_the_ship_or_forced_by_the_supply(fuel):
    (chosen,) = ships(BOX | {"fuel": fuel})
    (oil,) = ships(BOX)
    by_ship, by_supply = factors(chosen, MDO), factors(oil, supply_of(fuel, MDO))
    assert by_ship.fuel == by_supply.fuel == fuel
    assert by_ship.ef.tolist() == by_supply.ef.tolist()
    assert by_ship.ef_fuel.tolist() == by_supply.ef_fuel.tolist()
    # The same energy: a fuel poorer in it is burnt in greater mass, but for gas, whose engine differs.
    if fuel_named(fuel).sfc_kind == "distillate":
        assert by_ship.sfc[0] * reference.value(
            "fuels_mepc364_2022", "lower_heating_value", fuel=fuel
        ) == pytest.approx(165 * 42_700)


def test_a_scrubber_burns_residual_fuel_where_it_is_accepted():
    (ship,) = ships(BOX | {"scrubber": "open_loop"})
    (plain,) = ships(BOX | {"scrubber": "none"})
    sea = Supply("vlsfo", 0.0049, "measured 2021", NO_TIER_3, limit=0.005)
    california = Supply("mdo", 0.0007, "measured 2021", 2016, limit=0.001, scrubber_accepted=False)
    assert (burnt(ship, sea).fuel, burnt(ship, sea).sulphur) == ("hfo", 0.005)
    assert burnt(plain, sea).fuel == "vlsfo"
    assert burnt(ship, california).fuel == "mdo"
    assert burnt(ship, sea, "epa2022").fuel == "vlsfo"
    found = factors(ship, sea)
    assert found.ef[:, OF["pm10"]].tolist() == [0.3, 0.3, 0.3]
    assert found.ef_fuel[0, OF["co2"]] == 3.114


# --- one of your own, and the ladder


def half_loads(made, motion):
    speed, load = imo4_loads(made, motion)
    return speed, load / 2


def drawn(name, **changes):
    ship = BOX | changes.pop("ship", {})
    return Voyage(name=name, particulars=ship, speed_kn=18.0, draught_m=12.0, **changes)


VOYAGES = [
    drawn("oil"),
    drawn("eca", start=IN_NA_ECA, day="2021-06-10"),
    drawn("slow", start=(40.0, -150.0)),
    drawn("gas", ship={"engine_type": "lng_diesel", "fuel": "lng", "build_year": 2018}),
    drawn("ammonia", ship={"fuel": "ammonia"}),
    drawn("methanol", ship={"fuel": "bio_methanol"}),
    drawn("scrubber", ship={"scrubber": "closed_loop"}, day="2021-06-10"),
]


@pytest.fixture(scope="module", params=[*METHODS, "own"])
def sailed(request, work_dir):
    method = Method("own", half_loads) if request.param == "own" else request.param
    return sail(VOYAGES, work_dir, method)


def test_the_ladder_follows_a_kilogram_by_every_method_and_fuel(sailed):
    study = sailed.study
    pieces = pd.read_parquet(study.pieces).astype({"vessel_id": str})
    assert pieces["fuel"].nunique() >= 5
    for vessel_id, rows in pieces.groupby("vessel_id"):
        row = rows.iloc[len(rows) // 2]
        found = study.explain(vessel_id, row["start_utc"] + (row["end_utc"] - row["start_utc"]) / 2)
        for name in ("fuel_kg", *(f"{species}_kg" for species in SPECIES)):
            assert found.booked[name] == pytest.approx(row[name], rel=1e-9), name
            assert found.computed[name] == pytest.approx(row[name], rel=1e-4, abs=ROUNDING_KG), name


def test_totals_name_what_is_not_estimated(sailed):
    unknown = sailed.study.not_estimated()
    ammonia = unknown[unknown["fuel"] == "ammonia"]
    assert {"nh3", "n2o", "nox"} <= set(ammonia["species"])
    assert (ammonia["hours"] > 0.9).all()
    assert (ammonia["fuel_kg"] >= 0).all()
    said = [line for line in sailed.study.manifest["warnings"] if "ammonia" in line]
    assert said
    assert "not estimated, and not zero" in said[0]
    oil = unknown[unknown["fuel"] == "hfo"]
    assert oil.empty == (sailed.study.method_tables != "epa2022")


def test_a_species_without_any_estimate_is_blank_and_no_zero(sailed, tmp_path):
    unknown = sailed.study.method_tables == "epa2022"
    sailed.study.to_folder(tmp_path / "out")
    written = pd.read_csv(tmp_path / "out" / "totals.csv")
    for table in (sailed.study.totals(), written, pd.read_csv(tmp_path / "out" / "vessels.csv")):
        assert table["bc_kg"].isna().all() == unknown
        assert table["co2_kg"].notna().any()
    assert bool(sailed.study.manifest["not_estimated"])
    words = [line for line, _ in notes.method(sailed.study) if line.startswith("Not estimated")]
    assert "ammonia: " in words[0]


def test_well_to_wake_is_a_weight_on_the_ledger(sailed):
    table = sailed.study.totals(by=["fuel"], boundary="wtw", gwp="ar4").set_index("fuel")
    assert sailed.study.totals().attrs == {"boundary": "tank-to-wake", "gwp_basis": "GWP100, IPCC AR5"}
    assert table["wtw_co2e_kg"].to_numpy() == pytest.approx(table["co2e_kg"] + table["wtt_co2e_kg"])
    hfo = table.loc["hfo"]
    assert hfo["wtt_co2e_kg"] / hfo["fuel_kg"] == pytest.approx(0.0405 * 13.5)
    assert table.loc["ammonia", "wtw_co2e_kg"] > 0
    methanol = table.loc["bio_methanol"]
    assert methanol["co2_renewable_kg"] == pytest.approx(methanol["co2_kg"])
    assert methanol["wtt_co2e_kg"] < 0
    assert hfo["co2_renewable_kg"] == 0
    gas = table.loc["lng"]
    vessel = sailed.study.ledger.rows.query("fuel == @FUELS.index('lng')")
    pilot_kg = 6e-3 * vessel["main_mwh"].sum() / 1e6 if sailed.study.method_tables != "epa2022" else 0.0
    expected = (gas["fuel_kg"] - pilot_kg) * 0.0491 * 18.5 + pilot_kg * 0.0427 * 14.4
    assert gas["wtt_co2e_kg"] == pytest.approx(expected)
    whole = sailed.study.totals(by=["origin"], boundary="wtw", gwp="ar4")
    assert whole["wtw_co2e_kg"].sum() == pytest.approx(table["wtw_co2e_kg"].sum(), rel=1e-12)


def test_potentials_are_chosen_and_said(sailed):
    by = {gwp: sailed.study.totals(by=["origin"], gwp=gwp) for gwp in ("ar4", "ar5", "ar6")}
    for gwp, (ch4, n2o) in {"ar4": (25, 298), "ar5": (28, 265), "ar6": (29.8, 273)}.items():
        row = by[gwp].iloc[0]
        slip, laughing = (row[name] if row[name] == row[name] else 0.0 for name in ("ch4_kg", "n2o_kg"))
        assert row["co2e_kg"] == pytest.approx(row["co2_kg"] + ch4 * slip + n2o * laughing)
        assert by[gwp].attrs["gwp_basis"] == f"GWP100, IPCC {gwp.upper()}"
    with pytest.raises(InputError, match="'ar7' is unknown; known: ar4, ar5, ar6"):
        sailed.study.totals(gwp="ar7")
    with pytest.raises(InputError, match="'cradle' is unknown; known: ttw, wtw"):
        sailed.study.totals(boundary="cradle")


def test_an_unknown_method_or_report_is_refused_before_the_work(tmp_path):
    nothing = tmp_path / "none.csv"
    with pytest.raises(InputError, match="method 'x' is unknown"):
        run_study(nothing, method="x")
    with pytest.raises(InputError, match="GWP basis 'x' is unknown"):
        run_study(nothing, gwp="x")


def test_the_cut_off_can_be_switched_and_its_hours_are_said(work_dir, tmp_path):
    slow = Voyage(name="slow", particulars=BOX, speed_kn=8.0, draught_m=12.0)
    study = sail([slow], work_dir).study
    assert study.manifest["totals"]["hours_main_engine_off_by_low_load"] == pytest.approx(1.0)
    assert any("counts as off: 1 ship hours" in line for line, _ in notes.method(study))
    table = pd.DataFrame(
        {"mmsi": [499_300_001], "t": ["2024-03-01T00:00:00Z"], "lat": [10.0], "lon": [-150.0]}
    )
    rows = [table.assign(t=f"2024-03-01T0{n}:00:00Z", lat=10.0 + n * 5 / 60) for n in range(3)]
    pd.concat(rows).rename(columns={"t": "timestamp"}).to_csv(tmp_path / "slow.csv", index=False)
    options = {"work_dir": work_dir, "population": "all", "pieces": False}
    fuel = {
        off: _main_fuel(run_study(tmp_path / "slow.csv", main_off=off, **options)) for off in (True, False)
    }
    assert fuel[False] > fuel[True]


def _main_fuel(study):
    return study.ledger.total("main_fuel_mg")

"""Intervals: errors are shared as they are in the world, and nothing averages out that should not."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor import reference
from corridor.accounts import uncertainty
from corridor.accounts.cell_spreads import cell_spreads
from corridor.accounts.shore_use import shore_use
from corridor.accounts.spreads import Spreads, factors
from corridor.accounts.totals import derived_factors
from corridor.accounts.uncertainty import (
    Members,
    bounds,
    components,
    drivers,
    ensemble,
    error_model,
    interval_table,
)
from corridor.emissions.phases import PHASES
from corridor.emissions.species import CONSUMERS, SPECIES
from corridor.outputs import tables
from corridor.outputs.page import page_data
from corridor.outputs.tables import cells_with_bounds
from corridor.words import ORIGINS

CRUISING, AT_BERTH = PHASES.index("cruising"), PHASES.index("at_berth")
Z90 = 1.6449
# Of methane and nitrous oxide there is little in an exhaust of oil.
PARTS = {"ch4": 1e-5, "n2o": 5e-5}


def rows_of(*rows):
    """Ledger rows from (vessel, voyage, phase, origin, main, aux, boiler) in tonnes of everything."""
    table = []
    for vessel, voyage, phase, origin, *tonnes in rows:
        row = {"vessel": vessel, "voyage": voyage, "phase": phase, "origin": ORIGINS.index(origin)}
        for consumer, mass in zip(CONSUMERS, tonnes, strict=True):
            row |= {f"{consumer}_{one}_mg": int(mass * PARTS.get(one, 1) * 1e9) for one in ("fuel", *SPECIES)}
        table.append(row | {"main_diesel": True, "aux_diesel": True})
    return pd.DataFrame(table)


def vessels(*gsd):
    return pd.DataFrame({"main_fuel_gsd": gsd})


def spread(members):
    """Geometric standard deviation of the members."""
    return float(np.exp(np.std(np.log(members))))


def one_group(rows, ships, n=4000, seed=0, only=()):
    worlds = ensemble(rows, error_model(ships), n, seed)
    if only:
        errors = uncertainty.replace(worlds.errors, only=only)
        worlds = uncertainty.replace(worlds, errors=errors)
    return Members(worlds, rows, np.zeros(len(rows), np.int64), 1, derived_factors())


def test_the_error_of_a_ship_does_not_average_out_over_her_segments():
    rows = rows_of(*((0, n % 5, CRUISING, "observed", 10, 0, 0) for n in range(200)))
    found = one_group(rows, vessels(1.3), only=("particulars",)).of("co2")[0]
    assert spread(found) == pytest.approx(1.3, rel=0.02)


def test_the_errors_of_many_ships_do_and_common_ones_never():
    many = rows_of(*((ship, 0, CRUISING, "observed", 10, 0, 0) for ship in range(100)))
    ships = vessels(*[1.3] * 100)
    alone = one_group(many, ships, only=("particulars",)).of("co2")[0]
    assert np.log(spread(alone)) == pytest.approx(np.log(1.3) / 10, rel=0.15)
    margin = one_group(many, ships, only=("weather_margin",)).of("co2")[0]
    assert spread(margin) == pytest.approx(1.05, rel=0.01)


def test_one_component_gives_the_quantiles_of_its_distribution():
    rows = rows_of((0, 0, CRUISING, "observed", 10, 0, 0))
    low, high = bounds(one_group(rows, vessels(1.78), n=20_000, only=("particulars",)).of("co2")[0])
    assert low == pytest.approx(10_000 / 1.78**Z90, rel=0.03)
    assert high == pytest.approx(10_000 * 1.78**Z90, rel=0.03)


def test_only_filled_hours_have_the_error_of_filling_and_by_voyage():
    ships = vessels(1.3)
    seen = rows_of((0, 0, CRUISING, "observed", 10, 0, 0))
    filled = rows_of(*((0, n, CRUISING, "filled", 10, 0, 0) for n in range(64)))
    assert spread(one_group(seen, ships, only=("gap_filling",)).of("co2")[0]) == pytest.approx(1.0)
    found = spread(one_group(filled, ships, only=("gap_filling",)).of("co2")[0])
    assert np.log(found) == pytest.approx(np.log(1.15) / 8, rel=0.1)


def test_fuel_consumption_moves_carbon_and_sulphur_but_no_nitrogen_oxides():
    rows = rows_of((0, 0, CRUISING, "observed", 10, 2, 1))
    members = one_group(rows, vessels(1.3), only=("fuel_consumption",))
    assert spread(members.of("co2")[0]) == pytest.approx(1.034, rel=0.003)
    assert spread(members.of("nox")[0]) == pytest.approx(1.0)


def test_auxiliaries_at_berth_do_not_know_the_error_at_sea():
    rows = rows_of((0, 0, AT_BERTH, "observed", 0, 5, 0))
    assert spread(one_group(rows, vessels(1.3), only=("aux_under_way",)).of("co2")[0]) == pytest.approx(1.0)
    assert spread(one_group(rows, vessels(1.3), only=("aux_at_berth",)).of("co2")[0]) > 1.1


def test_what_two_scenarios_share_cancels_in_their_difference():
    base = rows_of(*((ship, 0, CRUISING, "observed", 100, 10, 5) for ship in range(4)))
    slow = rows_of(*((ship, 0, CRUISING, "observed", 90, 12, 5) for ship in range(4)))
    worlds = ensemble(base, error_model(vessels(*[1.3] * 4)), 2000)
    group = np.zeros(4, np.int64)
    before = Members(worlds, base, group, 1, derived_factors()).of("co2")[0]
    after = Members(worlds, slow, group, 1, derived_factors()).of("co2")[0]
    width = np.ptp(bounds(before - after))
    assert width < 0.25 * np.ptp(bounds(before))
    independent = Members(
        ensemble(base, error_model(vessels(*[1.3] * 4)), 2000, seed=9), slow, group, 1, derived_factors()
    ).of("co2")[0]
    assert width < 0.25 * np.ptp(bounds(before - independent))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.1, 1e4), min_size=2, max_size=6), st.integers(0, 1000))
def test_groups_add_up_in_every_world(tonnes, seed):
    rows = rows_of(*((n % 2, n, CRUISING, "filled", mass, mass / 9, 1) for n, mass in enumerate(tonnes)))
    worlds = ensemble(rows, error_model(vessels(1.3, 1.78)), 50, seed)
    parts = Members(worlds, rows, np.arange(len(rows)), len(rows), derived_factors())
    whole = Members(worlds, rows, np.zeros(len(rows), np.int64), 1, derived_factors())
    for species in ("fuel", "co2", "pm25", "dpm", "co2e", "nox"):
        np.testing.assert_allclose(parts.of(species).sum(axis=0), whole.of(species)[0], rtol=1e-9)


@given(st.integers(0, 2**31))
def test_equal_seeds_are_equal_worlds(seed):
    rows = rows_of((0, 0, CRUISING, "observed", 10, 1, 1))
    first = one_group(rows, vessels(1.3), 30, seed).of("co2")
    assert (first == one_group(rows, vessels(1.3), 30, seed).of("co2")).all()
    assert (first != one_group(rows, vessels(1.3), 30, seed + 1).of("co2")).any()


def test_a_wider_level_is_a_wider_interval_and_columns_say_it():
    rows = rows_of((0, 0, CRUISING, "observed", 10, 1, 1))
    members = {"co2": one_group(rows, vessels(1.3)).of("co2")}
    table = pd.DataFrame({"co2_kg": [12_000.0]})
    ninety = interval_table(table, members, ["co2"], 0.9)
    wider = interval_table(table, members, ["co2"], 0.95)
    assert list(ninety) == ["co2_kg", "co2_p05_kg", "co2_p95_kg"]
    assert list(wider) == ["co2_kg", "co2_p025_kg", "co2_p975_kg"]
    assert wider["co2_p975_kg"][0] > ninety["co2_p95_kg"][0] > 12_000 > ninety["co2_p05_kg"][0]


def test_the_ranking_names_the_particulars_first_where_they_are_looked_up():
    rows = rows_of(*((ship, 0, CRUISING, "observed", 100, 10, 5) for ship in range(3)))
    ranking = drivers(
        rows, ensemble(rows, error_model(vessels(1.78, 1.78, 1.78)), 800), derived_factors(), "co2"
    )
    assert ranking["component"][0] == "particulars"
    assert set(ranking["component"]) == set(components())
    assert ranking["variance_share"].sum() == pytest.approx(1.0)


def test_every_component_has_a_source_and_a_spread():
    facts = reference.table("uncertainty_2026")
    assert (facts["gsd"] > 1).all()
    assert facts["source"].notna().all()
    assert {f"factor_{one}" for one in SPECIES} <= set(facts["component"])


def test_unknown_species_and_levels_are_refused():
    rows = rows_of((0, 0, CRUISING, "observed", 10, 1, 1))
    with pytest.raises(KeyError, match="expected fuel"):
        one_group(rows, vessels(1.3)).of("gold")
    with pytest.raises(ValueError, match=r"between 0 and 1"):
        bounds(np.ones(3), 90)


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 40), st.integers(0, 99), st.sampled_from(["co2", "nox", "pm25", "dpm", "co2e", "fuel"]))
def test_sums_of_squares_agree_with_members(ships, seed, species):
    rng = np.random.default_rng(seed)
    rows = rows_of(
        *(
            (ship, voyage, phase, origin, *rng.uniform(0.1, 30, 3))
            for ship in range(ships)
            for voyage in range(2)
            for phase, origin in ((CRUISING, "observed"), (CRUISING, "filled"), (AT_BERTH, "observed"))
        )
    )
    table = vessels(*rng.choice([1.3, 1.48, 1.78], ships))
    group = rng.integers(0, 3, len(rows))
    found = Spreads(error_model(table), rows, group, 3, derived_factors()).of(species)
    members = Members(ensemble(rows, error_model(table), 3000, seed), rows, group, 3, derived_factors()).of(
        species
    )
    for g in np.flatnonzero(members.sum(axis=1) > 0):
        assert found.sigma[g] == pytest.approx(np.std(np.log(members[g])), rel=0.12)


def test_factors_of_a_level_are_the_quantiles_of_the_members():
    rows = rows_of((0, 0, CRUISING, "observed", 10, 3, 1))
    table = vessels(1.3)
    spread_ = Spreads(error_model(table), rows, np.zeros(1, np.int64), 1, derived_factors()).of("co2")
    low, high = factors(spread_, 0.9)[:, 0]
    wanted = bounds(one_group(rows, table, n=20_000).of("co2")[0]) / 14_000
    assert (low, high) == pytest.approx(tuple(wanted), rel=0.05)


def test_what_a_ship_reported_has_no_error_of_ship_or_consumption():
    rows = rows_of((0, 0, CRUISING, "observed", 10, 2, 1))
    rows = rows.assign(**{f"{one}_measured_mg": rows[f"{one}_fuel_mg"] for one in CONSUMERS})
    table = vessels(1.78)
    assert spread(one_group(rows, table).of("fuel")[0]) == pytest.approx(1.0)
    # Carbon dioxide of known fuel is as uncertain as the carbon in it.
    assert spread(one_group(rows, table).of("co2")[0]) == pytest.approx(1.009, rel=1e-3)
    one = np.zeros(len(rows), np.int64)
    found = Spreads(error_model(table), rows, one, 1, derived_factors())
    assert np.exp(found.of("co2").sigma[0]) == pytest.approx(1.009, rel=1e-3)
    assert found.of("fuel").sigma[0] == 0.0


@settings(max_examples=15, deadline=None)
@given(st.floats(0.0, 1.0), st.sampled_from(["co2", "nox", "fuel"]))
def test_half_measured_is_half_uncertain(share, species):
    rows = rows_of(*((ship, 0, CRUISING, "observed", 10, 2, 1) for ship in range(5)))
    known = {f"{one}_measured_mg": (rows[f"{one}_fuel_mg"] * share).astype(np.int64) for one in CONSUMERS}
    rows, table = rows.assign(**known), vessels(*[1.48] * 5)
    one = np.zeros(len(rows), np.int64)
    found = factors(Spreads(error_model(table), rows, one, 1, derived_factors()).of(species))[:, 0]
    members = one_group(rows, table, n=4000).of(species)[0]
    nominal = rows[[f"{one}_{species}_mg" for one in CONSUMERS]].to_numpy().sum()
    np.testing.assert_allclose(found, bounds(members) / (nominal / 1e6), rtol=0.04)


def at_berths(ships=4, tonnes=10.0):
    """Ships at berth in two countries, and half of what their auxiliaries emit unknown either way."""
    rows = rows_of(*((ship, 0, AT_BERTH, "observed", 0, tonnes, 1) for ship in range(ships)))
    rows = rows.assign(zone=np.arange(ships) % 2, month=24_000)
    ends = []
    for case, sign in (("low", 1), ("high", -1)):
        more = {f"aux_{one}_mg": sign * rows[f"aux_{one}_mg"] // 2 for one in ("fuel", *SPECIES)}
        ends.append(rows.assign(case=case, **more))
    ends = pd.concat(ends, ignore_index=True)
    return rows, shore_use(ends, rows, ends["zone"].to_numpy(np.int64))


def test_shore_power_of_unknown_use_is_anything_between_its_ends():
    rows, use = at_berths(ships=1)
    errors = error_model(vessels(1.3), use)
    only = uncertainty.replace(errors, only=("shore_power_use",))
    worlds = ensemble(rows, only, 20_000)
    found = Members(worlds, rows, np.zeros(1, np.int64), 1, derived_factors()).of("nox")[0]
    # Auxiliaries 10 t, from 5 to 15; the boiler's 1 t does not move.
    assert (found.min(), found.max()) == pytest.approx((6_000, 16_000), rel=1e-3)
    assert bounds(found) == pytest.approx([6_500, 15_500], rel=0.01)
    assert np.mean(found) == pytest.approx(11_000, rel=0.01)


def test_ships_of_a_country_share_the_use_and_countries_do_not():
    rows, use = at_berths(ships=40)
    only = uncertainty.replace(error_model(vessels(*[1.3] * 40), use), only=("shore_power_use",))
    worlds = ensemble(rows, only, 4000)
    country = Members(worlds, rows, np.arange(40) % 2, 2, derived_factors()).of("co2")
    assert np.std(country[0]) / np.mean(country[0]) == pytest.approx(10 / 22 / np.sqrt(3) * 1.0, rel=0.05)
    assert abs(np.corrcoef(country)[0, 1]) < 0.05


@pytest.mark.parametrize("species", ["co2", "nox", "fuel", "co2e"])
def test_sums_of_squares_agree_with_members_at_berth(species):
    rows, use = at_berths(ships=6)
    errors = error_model(vessels(*[1.3] * 6), use)
    group = np.arange(6) % 3
    found = Spreads(errors, rows, group, 3, derived_factors()).of(species)
    members = Members(ensemble(rows, errors, 4000), rows, group, 3, derived_factors()).of(species)
    np.testing.assert_allclose(found.sigma, np.std(np.log(members), axis=1), rtol=0.2)


def test_a_scenario_that_connects_every_ship_leaves_nothing_unknown():
    rows, use = at_berths()
    still = rows.assign(**{name: 0 for name in rows if name.startswith("aux_") and name.endswith("_mg")})
    only = uncertainty.replace(error_model(vessels(*[1.3] * 4), use), only=("shore_power_use",))
    found = Members(ensemble(rows, only, 50), still, np.zeros(4, np.int64), 1, derived_factors()).of("co2")
    assert np.ptp(found) == 0.0


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 60), st.sampled_from([1.3, 1.78]), st.sampled_from([0.5, 0.9, 0.95]))
def test_bounds_of_many_ships_are_those_of_the_members(ships, gsd, level):
    rows = rows_of(*((ship, 0, CRUISING, "observed", 10 + ship, 1, 0.2) for ship in range(ships)))
    table, one = vessels(*[gsd] * ships), np.zeros(ships, np.int64)
    found = factors(Spreads(error_model(table), rows, one, 1, derived_factors()).of("co2"), level)[:, 0]
    total = rows[[f"{one}_co2_mg" for one in CONSUMERS]].to_numpy().sum() / 1e6
    wanted = bounds(one_group(rows, table, n=6000).of("co2")[0], level) / total
    np.testing.assert_allclose(found, wanted, rtol=0.06)


def test_a_cell_is_as_uncertain_as_the_ships_that_made_it():
    """Two cells: one ship alone at sea, and four at sea and at berth; the ledger knows them by zone."""
    rows = rows_of(
        (0, 0, CRUISING, "observed", 10, 1, 0.1),
        *((ship, 0, CRUISING, "observed", 8, 1, 0.1) for ship in range(1, 5)),
    ).assign(zone=[0, 1, 1, 1, 1], month=24_000)
    co2 = rows[[f"{one}_co2_mg" for one in CONSUMERS]].sum(axis=1)
    pairs = pd.DataFrame({"cell": rows["zone"] + 70, "vessel": rows["vessel"], "co2_mg": co2})
    cells = pairs.groupby("cell", as_index=False)["co2_mg"].sum()
    cells = cells.assign(phase=CRUISING, hours_ms=10, observed_ms=10)
    errors = error_model(vessels(1.78, *[1.3] * 4))
    found = cell_spreads(errors, rows, cells, pairs)
    wanted = Spreads(errors, rows, rows["zone"].to_numpy(np.int64), 2, derived_factors()).of("co2")
    np.testing.assert_allclose(found["sigma"], wanted.sigma, rtol=1e-9)
    np.testing.assert_allclose(found["centre"], wanted.centre, rtol=1e-9)
    assert found.index.tolist() == [70, 71]
    assert found["sigma"].iloc[0] > 1.5 * found["sigma"].iloc[1]


def test_an_unobserved_cell_is_less_certain():
    rows = rows_of((0, 0, CRUISING, "filled", 10, 1, 0.1)).assign(zone=0, month=24_000)
    pairs = pd.DataFrame({"cell": [7], "vessel": [0], "co2_mg": [11]})
    cells = pd.DataFrame({"cell": [7], "co2_mg": [11], "phase": [CRUISING], "hours_ms": [10]})
    seen, unseen = (
        cell_spreads(error_model(vessels(1.3)), rows, cells.assign(observed_ms=ms), pairs)["sigma"].iloc[0]
        for ms in (10, 0)
    )
    assert unseen > seen


def test_a_cell_that_was_only_touched_has_bounds_of_nothing():
    rows = rows_of((0, 0, CRUISING, "observed", 10, 1, 0.1)).assign(zone=0, month=24_000)
    pairs = pd.DataFrame({"cell": [7, 8], "vessel": [0, 0], "co2_mg": [11, 0]})
    cells = pairs.assign(phase=CRUISING, hours_ms=[10, 0], observed_ms=[10, 0])
    found = cell_spreads(error_model(vessels(1.3)), rows, cells, pairs)
    assert np.isfinite(found.to_numpy()).all()


def test_members_of_a_study_reproduce_its_intervals(demo):
    study = demo.study
    whole = study.members(n=2000)
    assert whole.shape == (1, 2000)
    total = study.totals(["phase"])["co2_kg"].sum()
    rows, one = study.ledger_rows(), np.zeros(len(study.ledger.rows), np.int64)
    said = factors(Spreads(study.errors, rows, one, 1, study.derived).of("co2"))[:, 0] * total
    np.testing.assert_allclose(bounds(whole[0]), said, rtol=0.05)
    phases = study.members(["phase"], n=2000)
    np.testing.assert_allclose(phases.sum(axis=0), whole[0], rtol=1e-9)
    assert len(phases) == len(study.totals(["phase"]))
    zones = study.members(["zone", "phase"], "nox", n=20)
    assert len(zones) == len(study.totals(["zone", "phase"]))
    assert (study.members(["zone"], n=5, seed=1) == study.members(["zone"], n=5, seed=1)).all()
    with pytest.raises(ValueError, match="known: vessel"):
        study.members(["colour"])


def test_cells_of_a_study_have_bounds_around_their_mass(demo):
    table = cells_with_bounds(demo.study)
    there = table["co2_kg"] > 0
    assert (table["co2_p05_kg"] <= table["co2_kg"])[there].mean() > 0.99
    assert (table["co2_p95_kg"] > table["co2_kg"])[there].all()
    assert list(table).index("co2_p05_kg") == list(table).index("co2_kg") + 1
    page = page_data(demo.study)
    assert page.cells.interval.shape == (2, len(table))


def test_the_level_is_a_parameter_of_the_study(demo):
    manifest = {
        **demo.study.manifest,
        "parameters": demo.study.manifest["parameters"] | {"interval_level": 0.95},
    }
    wider = dataclasses.replace(demo.study, manifest=manifest)
    assert {"co2_p025_kg", "co2_p975_kg"} <= set(tables.totals(wider)) & set(tables.vessels(wider))
    assert {"co2_p025_kg", "co2_p975_kg"} <= set(cells_with_bounds(wider))
    assert "co2_p05_kg" in tables.totals(demo.study)
    assert demo.study.manifest["parameters"]["interval_level"] == 0.9

"""Totals: kilograms, hours and miles from the integer ledger, column sums that hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor.accounts.totals import MASS_COLUMNS, Derived, consumer_table, mass_table, phase_hours
from corridor.emissions.basis import LEDGER_COLUMNS, LEDGER_KEYS
from corridor.emissions.phases import PHASES
from corridor.emissions.species import CONSUMERS

DERIVED = Derived(pm25_per_pm10=0.92, gwp_ch4=28.0, gwp_n2o=265.0, gwp_basis="GWP100, test")


def one_row(**values):
    """A ledger row of zeros with some accounts."""
    row = dict.fromkeys((*LEDGER_KEYS, *LEDGER_COLUMNS), 0) | {"main_diesel": True} | values
    return pd.DataFrame([row])


@st.composite
def ledgers(draw):
    n = draw(st.integers(1, 8))
    numbers = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 10**9, (n, len(LEDGER_COLUMNS)))
    table = pd.DataFrame(numbers, columns=list(LEDGER_COLUMNS))
    for name in LEDGER_KEYS:
        table[name] = draw(st.lists(st.integers(0, 2), min_size=n, max_size=n))
    return table.assign(main_diesel=draw(st.lists(st.booleans(), min_size=n, max_size=n)))


def test_units_by_hand():
    """One hour, one mile, 1 kWh, 2 kg of fuel of the main engine and 1 kg of the boiler, 3 kg of CO2."""
    row = one_row(
        hours_ms=3_600_000,
        observed_ms=900_000,
        distance_mm=1_852_000,
        main_mwh=1_000_000,
        main_fuel_mg=2_000_000,
        boiler_fuel_mg=1_000_000,
        main_co2_mg=3_000_000,
        main_ch4_mg=1_000_000,
        aux_n2o_mg=1_000_000,
    )
    (total,) = mass_table(row, ["zone"], DERIVED).to_dict("records")
    said = {"hours": 1.0, "observed_share": 0.25, "distance_nm": 1.0, "fuel_kg": 3.0, "co2_kg": 3.0}
    assert {name: total[name] for name in said} == said
    # CO2e by hand: 3 + 28 x 1 + 265 x 1.
    assert total["co2e_kg"] == 296.0
    table = consumer_table(row, ["zone"], DERIVED).set_index("consumer")
    assert table.index.tolist() == ["ship", "main", "aux", "boiler"]
    assert table.loc["main", ["energy_kwh", "fuel_kg", "co2_kg", "co2e_kg"]].tolist() == [1, 2, 3, 31]
    assert table.loc["aux", "co2e_kg"] == 265.0
    assert table.loc["boiler", "fuel_kg"] == 1.0
    assert table.loc["ship", ["hours", "distance_nm"]].tolist() == [1.0, 1.0]
    assert table.loc[["main", "aux", "boiler"], ["hours", "distance_nm"]].isna().all(axis=None)


@pytest.mark.parametrize(("diesel", "main"), [(True, 5.0), (False, 0.0)])
def test_diesel_particles_are_those_of_diesel_engines(diesel, main):
    """PM10 of 5, 3 and 2 kg: a boiler is no engine, a turbine or gas engine no diesel."""
    row = one_row(main_pm10_mg=5_000_000, aux_pm10_mg=3_000_000, boiler_pm10_mg=2_000_000, main_diesel=diesel)
    total = mass_table(row, ["zone"], DERIVED).iloc[0]
    assert total["dpm_kg"] == main + 3.0
    assert total["pm10_kg"] == 10.0
    assert total["pm25_kg"] == pytest.approx(9.2)
    by_consumer = consumer_table(row, ["zone"], DERIVED).set_index("consumer")["dpm_kg"]
    assert by_consumer[["main", "aux", "boiler"]].tolist() == [main, 3.0, 0.0]


@settings(max_examples=20)
@given(rows=ledgers(), keys=st.sampled_from([["zone"], ["vessel", "phase"], ["month", "origin", "fuel"]]))
def test_every_column_adds_up_whatever_the_keys(rows, keys):
    whole = mass_table(rows.assign(all=0), ["all"], DERIVED).iloc[0]
    parts = mass_table(rows, keys, DERIVED)
    by_consumer = consumer_table(rows, keys, DERIVED)
    for name in ("hours", "distance_nm", *MASS_COLUMNS):
        assert parts[name].sum() == pytest.approx(whole[name], rel=1e-12)
        assert by_consumer[name].sum() == pytest.approx(whole[name], rel=1e-12)
    energy = sum(int(rows[f"{consumer}_mwh"].sum()) for consumer in CONSUMERS)
    assert by_consumer["energy_kwh"].sum() == pytest.approx(energy / 1e6, rel=1e-12)
    assert not parts.duplicated(keys).any()


@settings(max_examples=20)
@given(rows=ledgers())
def test_phases_hold_all_the_hours_of_a_vessel(rows):
    hours = phase_hours(rows.assign(phase=rows["phase"] * 2))
    assert hours.columns.tolist() == [f"hours_{name}" for name in PHASES]
    whole = rows.groupby("vessel")["hours_ms"].sum() / 3_600_000
    np.testing.assert_allclose(hours.sum(axis=1), whole, rtol=1e-12)


def test_a_row_without_time_has_no_observed_share():
    assert mass_table(one_row(), ["zone"], DERIVED)["observed_share"].isna().all()


def test_no_rows_give_no_totals():
    empty = one_row().iloc[:0]
    assert mass_table(empty, ["zone"], DERIVED).empty
    assert consumer_table(empty, ["zone"], DERIVED).empty

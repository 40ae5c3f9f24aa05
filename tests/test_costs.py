"""Costs at a user's prices: arithmetic, unknown prices, refused files."""

from dataclasses import replace

import numpy as np
import pytest

from corridor.accounts.prices import Prices, read_prices
from corridor.accounts.scenarios import Alternative, read_scenario
from corridor.costs import costs, prices_of
from corridor.errors import InputError

PRICES = Prices(
    currency="USD",
    source="made up",
    fuel_per_t={"vlsfo": 600.0, "mdo": 800.0},
    carbon_per_t_co2e=100.0,
    shore_power_per_kwh=0.2,
)


def item(table, name, scenario="baseline"):
    return table[(table["scenario"] == scenario) & (table["item"] == name)].iloc[0]


def test_quantity_times_price(demo):
    table = costs(demo.study, PRICES)
    fuels = demo.study.totals(by=["fuel"]).set_index("fuel")
    expected = 0.0
    for fuel, price in PRICES.fuel_per_t.items():
        found = item(table, f"fuel: {fuel}")
        assert found["quantity"] == pytest.approx(fuels["fuel_kg"][fuel] / 1000, rel=1e-12)
        assert found["cost"] == pytest.approx(fuels["fuel_kg"][fuel] / 1000 * price, rel=1e-12)
        assert found["low"] < found["cost"] < found["high"]
        expected += found["cost"]
    expected += fuels["co2e_kg"].sum() / 1000 * 100.0 + fuels["shore_kwh"].sum() * 0.2
    assert item(table, "total")["cost"] == pytest.approx(expected, rel=1e-12)
    assert (table["currency"] == "USD").all()


def test_without_a_price_there_is_no_cost_and_no_total(demo):
    table = costs(demo.study, PRICES.model_copy(update={"fuel_per_t": {"vlsfo": 600.0}}))
    assert np.isnan(item(table, "fuel: mdo")["cost"])
    assert np.isnan(item(table, "total")["cost"])
    assert item(table, "fuel: vlsfo")["cost"] > 0


def test_a_scenario_is_told_by_its_change(demo):
    rows = demo.study.ledger.rows
    fuel = [name for name in rows if name.endswith("_fuel_mg")]
    half = rows.assign(**{name: rows[name] // 2 for name in fuel})
    ledger = replace(demo.study.ledger, rows=half)
    scenario = read_scenario("hull_cleaning")
    table = costs(replace(demo.study, alternatives={scenario.key: Alternative(scenario, ledger)}), PRICES)
    was, now = (item(table, "fuel: vlsfo", key) for key in ("baseline", scenario.key))
    assert now["cost"] == pytest.approx(was["cost"] / 2, rel=1e-6)
    assert now["change"] == pytest.approx(-was["cost"] / 2, rel=1e-6)
    assert was["change"] == 0.0


def test_no_prices_no_table(demo):
    assert prices_of(demo.study) is None
    assert costs(demo.study).empty


def test_a_file_of_prices(tmp_path):
    file = tmp_path / "prices.toml"
    text = 'currency = "CNY"\nsource = "broker, 1 June"\ncarbon_per_t_co2e = 80\n[fuel_per_t]\nvlsfo = 4300\n'
    file.write_text(text, encoding="utf-8")
    prices = read_prices(file)
    assert (prices.fuel_per_t["vlsfo"], prices.shore_power_per_kwh) == (4300.0, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('currency = "USD"\nsource = "x"\n[fuel_per_t]\npeat = 3\n', "fuel_per_t.peat"),
        ('currency = "USD"\nsource = "x"\n[fuel_per_t]\nvlsfo = -3\n', "prices.toml, line 4"),
        ('currency = "USD"\n[fuel_per_t]\nvlsfo = 3\n', "'source'"),
        ('currency = "USD"\nsource = "x"\ncarbon = 3\n[fuel_per_t]\n', "the key 'carbon'"),
    ],
)
def test_a_wrong_price_is_refused_by_key_and_line(tmp_path, text, said):
    file = tmp_path / "prices.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_prices(file)

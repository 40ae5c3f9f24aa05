"""What fuel, carbon and energy from shore cost at a user's prices, in the baseline and each scenario."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from corridor.accounts.ledger import MG_PER_KG, MWH_PER_KWH
from corridor.accounts.prices import Prices
from corridor.accounts.uncertainty import Ensemble, Members, bounds
from corridor.emissions.fuels import FUELS
from corridor.emissions.species import CONSUMERS
from corridor.intensity import Floats, sides
from corridor.kept import kept
from corridor.study import Study

KG_PER_T = 1000.0
TOTAL = "total"
COLUMNS = ["scenario", "item", "quantity", "unit", "price", "currency", "cost", "low", "high", "change"]


def prices_of(study: Study) -> Prices | None:
    """Prices that the study was given."""
    said = study.manifest["parameters"].get("prices")
    return None if said is None else Prices.model_validate_json(json.dumps(said))


@kept
def costs(study: Study, prices: Prices | None = None, level: float | None = None) -> pd.DataFrame:
    """Cost of fuels, carbon and shore power at given prices, with intervals of the quantities.

    Prices are taken as they are: the bounds are those of how much is burnt. What has no price has no cost,
    and then neither has the total. The pilot fuel of a gas engine is counted with the fuel it lights.

    Parameters
    ----------
    study : Study
        A study.
    prices : Prices, optional
        The study's own by default.
    level : float
        Share of the worlds inside an interval; the study's own by default. [0–1]

    Returns
    -------
    pandas.DataFrame
        scenario, item (``fuel: …``, ``carbon``, ``shore_power``, ``total``), quantity, unit, price, currency,
        cost with low and high, and its change against the baseline; empty without prices.
    """
    level = study.interval_level if level is None else level
    chosen = prices_of(study) if prices is None else prices
    if chosen is None:
        return pd.DataFrame(columns=COLUMNS)
    worlds = study.worlds()
    found = [row for key, side in sides(study) for row in _side(key, side, chosen, worlds, level)]
    table = pd.DataFrame(found)
    baseline = table[table["scenario"] == "baseline"].set_index("item")["cost"]
    # An item that the baseline does not have cost nothing there; one without a price is not known.
    return table.assign(
        currency=chosen.currency, change=table["cost"] - table["item"].map(baseline).where(
            table["item"].isin(baseline.index), 0.0
        )
    )[COLUMNS]  # fmt: skip


def _side(key: str, side: Study, prices: Prices, worlds: Ensemble, level: float) -> list[dict[str, Any]]:
    """Items of one side and their total, which no unknown price leaves known."""
    total, drawn, rows = 0.0, np.zeros(worlds.n), []
    for item, quantity, unit, price, amounts in _items(side, prices, worlds):
        head = {"scenario": key, "item": item, "quantity": quantity, "unit": unit, "price": price}
        low, high = bounds(price * amounts, level)
        rows.append(head | {"cost": price * quantity, "low": low, "high": high})
        total, drawn = total + price * quantity, drawn + price * amounts
    low, high = bounds(drawn, level)
    return [*rows, {"scenario": key, "item": TOTAL, "cost": total, "low": low, "high": high}]


def _items(side: Study, prices: Prices, worlds: Ensemble) -> Iterator[tuple[str, float, str, float, Floats]]:
    """Item, quantity, unit, price (NaN: none given), and the quantity in every world."""
    rows = side.ledger_rows()
    fuels = rows["fuel"].to_numpy(np.int64)
    drawn = Members(worlds, rows, fuels, len(FUELS), side.derived).of("fuel")
    for number in np.unique(fuels):
        mine = rows.loc[fuels == number, [f"{one}_fuel_mg" for one in CONSUMERS]]
        tonnes = float(mine.to_numpy().sum()) / MG_PER_KG / KG_PER_T
        price = prices.fuel_per_t.get(FUELS[number], np.nan)
        if tonnes > 0.0:
            yield f"fuel: {FUELS[number]}", tonnes, "t", price, drawn[number] / KG_PER_T
    whole = Members(worlds, rows, np.zeros(len(rows), np.int64), 1, side.derived)
    carbon = float(side.totals(by=["phase"])["co2e_kg"].sum()) / KG_PER_T
    yield "carbon", carbon, "t CO2e", prices.carbon_per_t_co2e, whole.of("co2e")[0] / KG_PER_T
    energy = float(rows["shore_mwh"].sum()) / MWH_PER_KWH
    if energy > 0.0:
        price = np.nan if prices.shore_power_per_kwh is None else prices.shore_power_per_kwh
        yield "shore_power", energy, "kWh", price, np.full(worlds.n, energy)

"""What is known of each vessel, with its provenance and spread: the columns of ``vessels.csv``."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from corridor.emissions.bunkers import is_piston
from corridor.emissions.ships import Ship
from corridor.emissions.spread import MAIN_FUEL, ship_spread
from corridor.emissions.stated import NUMBERS, STATED, TEXTS, stem


def vessel_facts(vessels: pd.DataFrame, ships: Sequence[Ship]) -> pd.DataFrame:
    """One row a vessel: identity, particulars, their provenance and geometric standard deviations.

    An empty provenance says that nobody knows: the value is a placeholder, such as ``unknown``.

    Parameters
    ----------
    vessels : DataFrame
        vessel_id, imo, mmsi and fixes of each vessel.
    ships : sequence of Ship
        Her particulars, in the same order.
    """
    table: dict[str, Any] = {
        "vessel_id": vessels["vessel_id"].to_numpy(),
        "name": [ship.name for ship in ships],
        "imo": vessels["imo"].to_numpy(),
        "mmsi": vessels["mmsi"].to_numpy(),
        "fixes": vessels["fixes"].to_numpy(),
    }
    spreads = [ship_spread(ship) for ship in ships]
    for column, field in STATED.items():
        table[column] = [getattr(ship, field) for ship in ships]
        short = stem(column)
        table[f"{short}_provenance"] = [ship.provenance.get(field, "") for ship in ships]
        if column in NUMBERS:
            table[f"{short}_gsd"] = [spread.get(field, float("nan")) for spread in spreads]
    table["main_fuel_gsd"] = [spread[MAIN_FUEL] for spread in spreads]
    for name in TEXTS:
        table[name] = [getattr(ship, name) for ship in ships]
    table["main_diesel"] = [is_piston(ship.engine_type) for ship in ships]
    table["remarks"] = ["; ".join(ship.remarks) for ship in ships]
    return pd.DataFrame(table)

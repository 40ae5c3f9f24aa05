"""What is known of each vessel, with its provenance and spread: the columns of ``vessels.csv``."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from corridor.emissions.bunkers import is_piston
from corridor.emissions.ships import Ship
from corridor.emissions.spread import MAIN_FUEL, ship_spread

# Column of the table, and field of the ship; provenance and spread stand under the column without its unit.
NUMBERS = {
    "main_power_kw": "me_kw",
    "reference_speed_kn": "v_ref_kn",
    "design_draught_m": "t_ref_m",
}
STATED = {
    "ship_class": "ship_type",
    "size_bin": "size_bin",
    **NUMBERS,
    "tier": "tier",
    "engine_type": "engine_type",
    "ship_fuel": "fuel",
    "scrubber": "scrubber",
    "build_year": "build_year",
    "flag": "flag",
    "teu": "teu",
    "dwt_t": "dwt_t",
    "gt": "gt",
}
TEXTS = ("operator", "service", "shore_power")


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
        stem = _stem(column)
        table[f"{stem}_provenance"] = [ship.provenance.get(field, "") for ship in ships]
        if column in NUMBERS:
            table[f"{stem}_gsd"] = [spread.get(field, float("nan")) for spread in spreads]
    table["main_fuel_gsd"] = [spread[MAIN_FUEL] for spread in spreads]
    for name in TEXTS:
        table[name] = [getattr(ship, name) for ship in ships]
    table["main_diesel"] = [is_piston(ship.engine_type) for ship in ships]
    table["remarks"] = ["; ".join(ship.remarks) for ship in ships]
    return pd.DataFrame(table)


def _stem(column: str) -> str:
    """Return a column without its unit.

    >>> _stem("main_power_kw"), _stem("dwt_t"), _stem("tier")
    ('main_power', 'dwt', 'tier')
    """
    for unit in ("_kw", "_kn", "_m", "_t"):
        column = column.removesuffix(unit)
    return column

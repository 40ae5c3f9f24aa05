"""Auxiliary and boiler power that a port has found on ships in its own waters, in place of the method's."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import numpy.typing as npt

from corridor import reference
from corridor.emissions.inference import size_bins
from corridor.emissions.phases import AT_ANCHOR, AT_BERTH, PhaseRules
from corridor.emissions.ships import Ship
from corridor.errors import InputError

LOADS = "hotel_loads_san_pedro_2024"
PLACES = "hotel_places_2026"
FloatArray = npt.NDArray[np.float64]
_CONSUMERS = ("aux", "boiler")


def hotel_loads_known() -> tuple[str, ...]:
    """Names of the ports' own loads.

    >>> hotel_loads_known()
    ('polb2024', 'pola2024')
    """
    return tuple(str(name) for name in reference.table(PLACES)["loads"])


def check_hotel_loads(name: str | None) -> str | None:
    """Return the name, if it is one.

    Raises
    ------
    InputError
        If it is unknown; the message names the known ones.
    """
    if name is not None and name not in hotel_loads_known():
        raise InputError(
            "unknown_hotel_loads",
            f"hotel loads '{name}' are unknown; known: {', '.join(hotel_loads_known())} (data/{LOADS}.csv)",
        )
    return name


def port_of_loads(loads: str) -> str:
    """Return the port whose zones the loads hold in, by its code in the port system.

    >>> port_of_loads("polb2024")
    'LB'
    """
    return str(reference.rows(PLACES, loads=loads)["port"].iloc[0])


def local_hotel_kw(ship: Ship, rules: PhaseRules, loads: str, base: FloatArray) -> FloatArray:
    """Power of auxiliary engines and boiler by phase in the port's waters. [kW]

    At berth and at anchor as the port found it; where it has no row for the ship's class and size, and under
    way, what the method says.

    Parameters
    ----------
    ship : Ship
        Ship.
    rules : PhaseRules
        Phases of the method.
    loads : str
        Name of the port's loads.
    base : array (2, phases)
        What the method says. [kW]

    Examples
    --------
    >>> import pandas as pd
    >>> from corridor.emissions.phases import phase_rules
    >>> from corridor.emissions.ships import resolve_ships
    >>> box = {"vessel_id": ["X"], "ais_type": [71], "length_m": [366.0], "beam_m": [51.0]}
    >>> ship = resolve_ships(pd.DataFrame(box))[0]
    >>> found = local_hotel_kw(ship, phase_rules(), "polb2024", np.zeros((2, 6)))
    >>> found[:, :2].tolist()  # auxiliary engines and boiler, at berth and at anchor
    [[1154.0, 1165.0], [580.0, 594.0]]
    """
    found = base.copy()
    row = _row(loads, ship.ship_type, size_of(ship))
    if row is None:
        return found
    column_of = {rules.load_columns[AT_ANCHOR]: "anchored", rules.load_columns[AT_BERTH]: "berth"}
    for phase, name in enumerate(rules.load_columns):
        if column := column_of.get(name):
            found[:, phase] = [row[consumer, column] for consumer in _CONSUMERS]
    return found


def with_hotel_remarks(ships: Sequence[Ship], loads: str | None) -> list[Ship]:
    """Ships, with a remark where the port's loads have no row for them."""
    if loads is None:
        return list(ships)
    missing = f"no row in {loads} for a {{}} of this size: the method's own auxiliary and boiler loads there"
    return [
        ship
        if _row(loads, ship.ship_type, size_of(ship)) is not None
        else replace(ship, remarks=(*ship.remarks, missing.format(ship.ship_type)))
        for ship in ships
    ]


def size_of(ship: Ship) -> float:
    """Size of a ship, the lower limit of her bin where only that is known. [size unit of the class]"""
    if not np.isnan(ship.size):
        return ship.size
    return next(lower for number, lower, _ in size_bins(ship.ship_type) if number == ship.size_bin)


def _row(loads: str, ship_type: str, size: float) -> dict[tuple[str, str], float] | None:
    for least, below, power in _rows(loads, ship_type):
        if least <= size < below:
            return power
    return None


@cache
def _rows(loads: str, ship_type: str) -> tuple[tuple[float, float, dict[tuple[str, str], float]], ...]:
    """Power by consumer and column for each span of sizes of a class."""
    facts = reference.rows(LOADS, loads=loads)
    facts = facts[facts["ship_type"] == ship_type].fillna({"size_below": np.inf})
    names = ["size_min", "size_below", "consumer", "load_column", "value"]
    spans: dict[tuple[float, float], dict[tuple[str, str], float]] = {}
    for least, below, consumer, column, kw in facts[names].itertuples(index=False, name=None):
        spans.setdefault((float(least), float(below)), {})[str(consumer), str(column)] = float(kw)
    return tuple((least, below, power) for (least, below), power in spans.items())

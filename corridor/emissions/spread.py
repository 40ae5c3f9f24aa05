"""How far a ship's particulars may be off, by where they come from."""

from functools import cache

from corridor import reference
from corridor.emissions.ships import Ship

FIELDS = ("me_kw", "v_ref_kn", "t_ref_m", "length_m", "beam_m", "size", "aux_kw", "boiler_kw")
MAIN_FUEL = "main_fuel"


def ship_spread(ship: Ship) -> dict[str, float]:
    """Geometric standard deviation of each particular of a ship, and of her main engine's fuel. [1]

    About two in three true values lie between the particular divided by it and multiplied with it.
    ``main_fuel`` is measured and holds the errors of the method too; ``me_kw`` and ``v_ref_kn`` alone are
    what it has more than the fuel of ships with a register: never multiply the two.

    Parameters
    ----------
    ship : Ship
        Ship; a field whose provenance is unknown is left out.

    Examples
    --------
    >>> import pandas as pd
    >>> from corridor.emissions.ships import resolve_ships
    >>> box = {"vessel_id": ["X"], "ais_type": [71], "length_m": [366.0], "beam_m": [51.0]}
    >>> found = ship_spread(resolve_ships(pd.DataFrame(box))[0])
    >>> found["me_kw"], found["length_m"], found["main_fuel"]
    (1.44, 1.03, 1.78)

    References
    ----------
    .. [1] ``data/ship_spread_2026.csv``: each row with its source or as a judgement.
    """
    said = {name: ship.provenance.get(name, "") for name in FIELDS}
    said |= {"aux_kw": "default", "boiler_kw": "default"}
    said[MAIN_FUEL] = weakest(said["me_kw"], said["v_ref_kn"])
    table = _spreads()
    return {name: table[name, origin] for name, origin in said.items() if (name, origin) in table}


def weakest(*provenance: str) -> str:
    """Return the least certain of several origins.

    >>> weakest("register", "inferred", "register")
    'inferred'
    """
    order = ("register", "ais", "inferred", "default")
    return max(provenance, key=order.index)


@cache
def _spreads() -> dict[tuple[str, str], float]:
    facts = reference.table("ship_spread_2026")[["field", "provenance", "gsd"]]
    return {
        (str(name), str(origin)): float(gsd) for name, origin, gsd in facts.itertuples(index=False, name=None)
    }

"""What no factor is known for: named with the hours and the fuel it concerns, since it is not zero."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from corridor.accounts.ledger import MG_PER_KG, MS_PER_H, MWH_PER_KWH, Ledger
from corridor.emissions.factors import unestimated_table
from corridor.emissions.fuels import FUELS
from corridor.emissions.species import CONSUMERS, SPECIES


def unestimated(ledger: Ledger, vessels: pd.DataFrame, tables: str) -> pd.DataFrame:
    """Return what is *not estimated* in a ledger, by species, consumer and fuel. [h, kg]

    Parameters
    ----------
    ledger : Ledger
        The accounts.
    vessels : pandas.DataFrame
        Columns engine_type and tier, by vessel number.
    tables : str
        Tables of the method.

    Returns
    -------
    pandas.DataFrame
        Columns species, consumer, fuel, reason, hours and fuel_kg: to so much a factor is missing.
    """
    vessel = ledger.rows["vessel"].to_numpy()
    rows = pd.DataFrame(
        {
            "engine_type": vessels["engine_type"].to_numpy(dtype=str)[vessel],
            "tier": vessels["tier"].to_numpy(np.int64)[vessel],
            "fuel": np.array(FUELS, dtype=object)[ledger.rows["fuel"].to_numpy()],
            "hours": ledger.rows["hours_ms"] / MS_PER_H,
        }
    )
    for consumer in CONSUMERS:
        rows[f"{consumer}_kwh"] = ledger.rows[f"{consumer}_mwh"] / MWH_PER_KWH
        rows[f"{consumer}_fuel_kg"] = ledger.rows[f"{consumer}_fuel_mg"] / MG_PER_KG
    return unestimated_table(rows, tables)


def joined(parts: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Rows of several studies as those of one: hours and fuel added up.

    >>> row = {"species": "n2o", "consumer": "aux", "fuel": "ammonia", "reason": "x"}
    >>> parts = [[row | {"hours": 1.0, "fuel_kg": 2.0}], [row | {"hours": 3.0, "fuel_kg": 4.0}], []]
    >>> joined(parts)[0]["hours"]
    4.0
    """
    rows = [dict(row) for part in parts for row in part]
    if not rows:
        return []
    keys = ["species", "consumer", "fuel", "reason"]
    sums = pd.DataFrame(rows).groupby(keys, sort=True, as_index=False)[["hours", "fuel_kg"]].sum()
    return [{str(name): value for name, value in row.items()} for row in sums.to_dict("records")]


def blanked(table: pd.DataFrame, ledger: Ledger, unknown: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a table of masses with nothing, instead of a zero, where a species has no estimate at all.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns such as ``n2o_kg``.
    ledger : Ledger
        The accounts.
    unknown : sequence of mapping
        Rows of :func:`unestimated`.
    """
    names = {str(row["species"]) for row in unknown} & set(SPECIES)
    nothing = {
        name for name in names if not any(ledger.total(f"{consumer}_{name}_mg") for consumer in CONSUMERS)
    }
    columns = [str(c) for c in table.columns if str(c).partition("_kg")[0] in nothing and "_kg" in str(c)]
    return table.assign(**dict.fromkeys(columns, np.nan))


def said_of(unknown: pd.DataFrame) -> list[str]:
    """Lines that name what is not estimated, one a fuel.

    >>> rows = {"species": ["n2o", "nh3"], "consumer": "main", "fuel": "ammonia", "reason": "x"}
    >>> said_of(pd.DataFrame(rows | {"hours": 2.0, "fuel_kg": 9000.0}))
    ['not estimated, and not zero: n2o, nh3 of ammonia, 9.0 t of it']
    """
    lines = []
    for fuel, rows in unknown.groupby("fuel", sort=True):
        burnt_t = rows.drop_duplicates("consumer")["fuel_kg"].sum() / 1000.0
        species = ", ".join(sorted(set(rows["species"])))
        lines.append(f"not estimated, and not zero: {species} of {fuel}, {burnt_t:,.1f} t of it")
    return lines

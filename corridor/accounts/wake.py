"""From the tank to the well: what a fuel has cost before it came on board, as a weight on the ledger.

Tank-to-wake is what leaves the funnel. Well-to-wake adds what was emitted while the fuel was won, made and
brought: energy burnt times the factor of Annex II of FuelEU Maritime, by fuel. No ship sails again for it.
Carbon that came from the air (biogenic, captured) leaves the funnel all the same: it stays in ``co2_kg`` and
in CO2e, stands apart as ``co2_renewable_kg``, and its credit stands upstream, where the annex has it.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor import reference
from corridor.accounts.ledger import MWH_PER_KWH
from corridor.emissions.bunkers import (
    PILOT,
    WELL_TABLE,
    carbon_factor,
    engine_row,
    fuel_named,
    upstream_g_per_g,
)
from corridor.emissions.factors import pilot_of
from corridor.emissions.fuels import FUELS
from corridor.emissions.species import CONSUMERS
from corridor.errors import InputError

BOUNDARIES = {"ttw": "tank-to-wake", "wtw": "well-to-wake"}
GWP_TABLE = "gwp100_ipcc_2021"
MG_PER_G = 1000.0
PERCENT = 100.0


@dataclass(frozen=True)
class Intensity:
    """Greenhouse gas of a fuel in an engine. [g CO2e/MJ]"""

    well_to_tank: float
    tank_to_wake: float

    @property
    def well_to_wake(self) -> float:
        """Both together. [g CO2e/MJ]"""
        return self.well_to_tank + self.tank_to_wake


def intensity(fuel: str, engine_type: str = "all", gwp: str = "ar4") -> Intensity:
    """Greenhouse gas of a fuel in an engine, by the formula of FuelEU Maritime [1]_. [g CO2e/MJ]

    ``WtT + ((1 - slip) (C_CO2 + C_CH4 GWP + C_N2O GWP) + slip GWP) / LCV``, slip as a share of the fuel.

    Parameters
    ----------
    fuel, engine_type : str
        Fuel, and the engine where the annex tells engines apart (gas).
    gwp : str
        ar4 (as the regulation has it), ar5 or ar6.

    Raises
    ------
    ReferenceDataError
        If fuel or engine is unknown; the message names the known ones.

    Examples
    --------
    >>> [round(intensity(fuel).well_to_wake, 2) for fuel in ("hfo", "vlsfo", "mdo")]
    [91.74, 91.39, 90.77]

    References
    ----------
    .. [1] Regulation (EU) 2023/1805, Annex II.
    """
    row = reference.rows(WELL_TABLE, fuel=fuel, engine_type=engine_type).iloc[0]
    ch4, n2o = (gwp_of(gwp, species) for species in ("ch4", "n2o"))
    slip = float(row["slip_percent"]) / PERCENT
    burnt = float(row["cf_co2"]) + float(row["cf_ch4"]) * ch4 + float(row["cf_n2o"]) * n2o
    emitted = (1.0 - slip) * burnt + slip * ch4
    return Intensity(float(row["wtt"]), emitted / float(row["lower_calorific_value"]))


def gwp_of(basis: str, species: str) -> float:
    """Global warming potential over 100 years. [g CO2e/g]

    Raises
    ------
    InputError
        If the basis is unknown; the message names the known ones.

    Examples
    --------
    >>> gwp_of("ar6", "ch4")
    29.8
    """
    known = list(dict.fromkeys(reference.table(GWP_TABLE)["basis"]))
    if basis not in known:
        raise InputError(
            "unknown_gwp", f"GWP basis '{basis}' is unknown; known: {', '.join(known)} (data/{GWP_TABLE}.csv)"
        )
    return reference.value(GWP_TABLE, basis=basis, species=species)


def boundary_named(name: str) -> str:
    """Words of a boundary.

    Raises
    ------
    InputError
        If it is unknown; the message names the known ones.

    Examples
    --------
    >>> boundary_named("wtw")
    'well-to-wake'
    """
    if name not in BOUNDARIES:
        raise InputError("unknown_boundary", f"boundary '{name}' is unknown; known: {', '.join(BOUNDARIES)}")
    return BOUNDARIES[name]


def with_upstream(rows: pd.DataFrame, engine_types: NDArray[np.str_], tables: str) -> pd.DataFrame:
    """Ledger rows with what their fuel emitted upstream, and their carbon from the air. [mg].

    Parameters
    ----------
    rows : pandas.DataFrame
        Ledger rows.
    engine_types : array of str
        Main engine of each row's vessel.
    tables : str
        Tables of the method.

    Returns
    -------
    pandas.DataFrame
        The rows with ``wtt_co2e_mg`` and ``co2_renewable_mg``.
    """
    fuel = rows["fuel"].to_numpy()
    burnt = sum(rows[f"{consumer}_fuel_mg"].to_numpy(np.float64) for consumer in CONSUMERS)
    co2 = sum(rows[f"{consumer}_co2_mg"].to_numpy(np.float64) for consumer in CONSUMERS)
    pilot = rows["main_mwh"].to_numpy(np.float64) / MWH_PER_KWH * MG_PER_G
    pilot = pilot * np.array([_pilot(tables, e, FUELS[f]) for e, f in zip(engine_types, fuel, strict=True)])
    used = {int(f): fuel_named(FUELS[f]) for f in np.unique(fuel)}
    factor = np.array([upstream_g_per_g(used[int(f)].name) for f in fuel])
    renewable = np.array([used[int(f)].renewable_carbon != "none" for f in fuel], bool)
    return rows.assign(
        wtt_co2e_mg=(burnt - pilot) * factor + pilot * upstream_g_per_g(PILOT),
        co2_renewable_mg=np.where(renewable, co2 - pilot * carbon_factor(PILOT, tables), 0.0),
    )


@cache
def _pilot(tables: str, engine_type: str, fuel: str) -> float:
    kind = fuel_named(fuel).kind
    return pilot_of(tables, engine_row(engine_type, kind), kind)

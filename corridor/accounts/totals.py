"""Totals in the field's units from the integer ledger: by zone, phase, consumer, vessel or month."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from corridor import reference
from corridor.accounts.ledger import MG_PER_KG, MM_PER_NM, MS_PER_H, MWH_PER_KWH, complete
from corridor.accounts.wake import gwp_of
from corridor.emissions.phases import PHASES
from corridor.emissions.species import CONSUMERS, SPECIES

# Of the fuel: from reports of the ship; modelled with a known or inferred engine; with that of her class.
SHARE_COLUMNS = ("measured_share", "modelled_share", "default_share")
MASS_COLUMNS = ("fuel_kg", *(f"{name}_kg" for name in SPECIES), "pm25_kg", "dpm_kg", "co2e_kg")


@dataclass(frozen=True)
class Derived:
    """Factors of species that follow from others: PM2.5 from PM10, CO2e from CO2, CH4 and N2O. [kg/kg]."""

    pm25_per_pm10: float
    gwp_ch4: float
    gwp_n2o: float
    gwp_basis: str
    gwp: str = "ar5"


def derived_factors(gwp: str = "ar5") -> Derived:
    """Factors of PM2.5 and CO2e from the reference tables.

    Parameters
    ----------
    gwp : str
        ar4, ar5 or ar6: which report's potentials over 100 years make CO2e.

    Raises
    ------
    InputError
        If the report is unknown; the message names the known ones.

    Examples
    --------
    >>> derived_factors("ar6").gwp_basis
    'GWP100, IPCC AR6'
    """
    return Derived(
        pm25_per_pm10=reference.value(
            "particulate_sulphur_imo4_2020", fuel_kind="all", parameter="pm25_of_pm10"
        ),
        gwp_ch4=gwp_of(gwp, "ch4"),
        gwp_n2o=gwp_of(gwp, "n2o"),
        gwp_basis=f"GWP100, IPCC {gwp.upper()}",
        gwp=gwp,
    )


def consumer_table(rows: pd.DataFrame, by: Sequence[str], derived: Derived) -> pd.DataFrame:
    """Hours, distance, energy, fuel and masses by keys and consumer. [h, nm, kWh, kg].

    Time and distance belong to the ship, not to an engine: they stand in a row of their own whose consumer is
    ``ship``. So every column of the table adds up to the study's total.

    Parameters
    ----------
    rows : pandas.DataFrame
        Ledger rows with the key columns in ``by`` and a boolean ``main_diesel``.
    by : sequence of str
        Key columns.
    derived : Derived
        The factors of PM2.5 and CO2e.

    Returns
    -------
    pandas.DataFrame
        Columns ``by``, consumer, hours, observed_share, distance_nm, energy_kwh, fuel_kg, one per pollutant.
    """
    keys = list(by)
    sums = _with_kinds(_with_dpm(rows)).groupby(keys, sort=True, as_index=False).sum(numeric_only=True)
    ship = sums[keys].assign(consumer="ship")
    ship["hours"] = sums["hours_ms"] / MS_PER_H
    ship["observed_share"] = sums["observed_ms"] / sums["hours_ms"].where(sums["hours_ms"] > 0)
    ship["distance_nm"] = sums["distance_mm"] / MM_PER_NM
    engines = [_engine_rows(sums, keys, consumer, derived) for consumer in CONSUMERS]
    table = pd.concat([ship, *engines], ignore_index=True)
    order = {name: place for place, name in enumerate(("ship", *CONSUMERS))}
    table = table.assign(_order=table["consumer"].map(order)).sort_values([*keys, "_order"], kind="stable")
    return table.drop(columns="_order").reset_index(drop=True)


def _engine_rows(sums: pd.DataFrame, keys: list[str], consumer: str, derived: Derived) -> pd.DataFrame:
    out = sums[keys].assign(consumer=consumer)
    out["energy_kwh"] = sums[f"{consumer}_mwh"] / MWH_PER_KWH
    out["fuel_kg"] = sums[f"{consumer}_fuel_mg"] / MG_PER_KG
    for name in SPECIES:
        out[f"{name}_kg"] = sums[f"{consumer}_{name}_mg"] / MG_PER_KG
    diesel = {"main": sums["main_dpm_mg"], "aux": sums["aux_dpm_mg"]}
    out["shore_kwh"] = sums["shore_mwh"] / MWH_PER_KWH if consumer == "aux" else 0.0
    return _with_derived(_with_shares(out, sums, [consumer]), diesel.get(consumer, 0), derived)


def mass_table(rows: pd.DataFrame, by: Sequence[str], derived: Derived) -> pd.DataFrame:
    """Hours, distance, fuel and masses by keys, all consumers together. [h, nm, kg].

    Rows with upstream emissions (:func:`corridor.accounts.wake.with_upstream`) give them, and their sum with
    the ship's own, as columns too.
    """
    keys = list(by)
    sums = _with_kinds(_with_dpm(rows)).groupby(keys, sort=True, as_index=False).sum(numeric_only=True)
    out = sums[keys].copy()
    out["hours"] = sums["hours_ms"] / MS_PER_H
    out["observed_share"] = sums["observed_ms"] / sums["hours_ms"].where(sums["hours_ms"] > 0)
    out["distance_nm"] = sums["distance_mm"] / MM_PER_NM
    out["fuel_kg"] = sum(sums[f"{consumer}_fuel_mg"] for consumer in CONSUMERS) / MG_PER_KG
    for name in SPECIES:
        out[f"{name}_kg"] = sum(sums[f"{consumer}_{name}_mg"] for consumer in CONSUMERS) / MG_PER_KG
    out["shore_kwh"] = sums["shore_mwh"] / MWH_PER_KWH
    out = _with_derived(out, sums["main_dpm_mg"] + sums["aux_dpm_mg"], derived)
    out = _with_shares(out, sums, CONSUMERS)
    if "wtt_co2e_mg" in sums:
        out["co2_renewable_kg"] = sums["co2_renewable_mg"] / MG_PER_KG
        out["wtt_co2e_kg"] = sums["wtt_co2e_mg"] / MG_PER_KG
        out["wtw_co2e_kg"] = out["co2e_kg"] + out["wtt_co2e_kg"]
    return out


def _with_dpm(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with particulates of diesel engines; auxiliary engines are diesels unless the rows deny it."""
    aux = rows.get("aux_diesel", True)
    return rows.assign(
        main_dpm_mg=np.where(rows["main_diesel"], rows["main_pm10_mg"], 0),
        aux_dpm_mg=np.where(aux, rows["aux_pm10_mg"], 0),
    )


def _with_kinds(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with the fuel that a class default stands behind; none unless they say ``main_default``."""
    rows = complete(rows)
    default = rows.get("main_default", False)
    return rows.assign(
        **{
            f"{consumer}_default_mg": np.where(
                default, rows[f"{consumer}_fuel_mg"] - rows[f"{consumer}_measured_mg"], 0
            )
            for consumer in CONSUMERS
        }
    )


def _with_shares(table: pd.DataFrame, sums: pd.DataFrame, consumers: Sequence[str]) -> pd.DataFrame:
    """Shares of the fuel that was measured, modelled, and modelled with the engine of a class. [1]"""
    fuel, measured, default = (
        sums[[f"{consumer}_{kind}_mg" for consumer in consumers]].sum(axis=1)
        for kind in ("fuel", "measured", "default")
    )
    burnt = fuel.where(fuel > 0)
    shares = (measured / burnt, (fuel - measured - default) / burnt, default / burnt)
    return table.assign(**dict(zip(SHARE_COLUMNS, shares, strict=True)))


def _with_derived(table: pd.DataFrame, diesel_mg: "pd.Series[int] | int", derived: Derived) -> pd.DataFrame:
    table["pm25_kg"] = derived.pm25_per_pm10 * table["pm10_kg"]
    table["dpm_kg"] = diesel_mg / MG_PER_KG
    table["co2e_kg"] = table["co2_kg"] + derived.gwp_ch4 * table["ch4_kg"] + derived.gwp_n2o * table["n2o_kg"]
    return table


def phase_hours(rows: pd.DataFrame, by: str = "vessel") -> pd.DataFrame:
    """Hours in each phase by one key, one column a phase. [h]."""
    sums = rows.pivot_table(index=by, columns="phase", values="hours_ms", aggfunc="sum", fill_value=0)
    hours = sums / MS_PER_H
    hours = hours.reindex(columns=range(len(PHASES)), fill_value=0.0)
    return hours.set_axis([f"hours_{name}" for name in PHASES], axis=1)

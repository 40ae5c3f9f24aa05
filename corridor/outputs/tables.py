"""The tables of a study folder, as data frames with units in their column names."""

import numpy as np
import pandas as pd

from corridor.accounts.ledger import MG_PER_KG, MS_PER_H
from corridor.accounts.totals import (
    MASS_COLUMNS,
    SHARE_COLUMNS,
    consumer_table,
    mass_table,
    phase_hours,
)
from corridor.emissions.phases import PHASES
from corridor.emissions.species import SPECIES
from corridor.kept import kept
from corridor.outputs.intervals import bound_columns, cell_factors, with_bounds
from corridor.study import Study

VESSEL_FACTS = (
    "vessel_id", "name", "imo", "mmsi", "ship_class", "size_bin", "ship_class_provenance",
    "size_bin_provenance", "main_power_kw", "main_power_provenance", "reference_speed_kn",
    "reference_speed_provenance", "speed_meaning", "speed_meaning_provenance", "design_draught_m",
    "design_draught_provenance", "tier", "tier_provenance", "main_power_gsd", "reference_speed_gsd",
    "design_draught_gsd", "main_fuel_gsd", "engine_type", "engine_type_provenance", "rpm", "rpm_provenance",
    "ship_fuel", "ship_fuel_provenance", "scrubber", "scrubber_provenance", "shore_power", "build_year",
    "build_year_provenance", "keel_year", "keel_year_provenance", "flag", "flag_provenance", "operator",
    "service", "teu", "teu_provenance", "dwt_t", "dwt_provenance", "gt", "gt_provenance", "remarks",
)  # fmt: skip


@kept
def totals(study: Study) -> pd.DataFrame:
    """Totals by zone system, zone, phase and consumer. [h, nm, kWh, kg].

    Each system is a partition of the same study, so a column adds up to the study's total within one system.

    Parameters
    ----------
    study : Study
        A computed study.

    Returns
    -------
    pandas.DataFrame
        Columns system, zone_id, zone_name, phase, consumer and one per quantity.
    """
    parts = []
    for place, system in enumerate(study.systems):
        rows = study.ledger_rows().assign(zone_place=study.zone_places()[:, place])
        table = consumer_table(rows.drop(columns=["zone"]), ["zone_place", "phase"], study.derived)
        zones = study.zone_names(place)
        table.insert(0, "system", system.name)
        table.insert(1, "zone_id", zones["zone_id"].to_numpy()[table["zone_place"]])
        table.insert(2, "zone_name", zones["name_en"].to_numpy()[table["zone_place"]])
        table = with_bounds(
            table,
            study,
            (rows["zone_place"] * len(PHASES) + rows["phase"]).to_numpy(np.int64),
            (table["zone_place"] * len(PHASES) + table["phase"]).to_numpy(np.int64),
        )
        table["phase"] = np.array(PHASES, dtype=object)[table["phase"]]
        parts.append(table.drop(columns="zone_place"))
    order = ["system", "zone_id", "zone_name", "phase", "consumer", "hours", "observed_share", "distance_nm"]
    return pd.concat(parts, ignore_index=True)[
        [
            *order,
            "energy_kwh",
            "shore_kwh",
            *MASS_COLUMNS,
            *bound_columns(level=study.interval_level),
            *SHARE_COLUMNS,
        ]
    ]


def zone_totals(study: Study, place: int) -> pd.DataFrame:
    """Totals of each zone of one system, all phases and consumers. [h, nm, kg].

    A zone nobody entered stands in the table with zeros: an absence is a finding too.
    """
    rows = study.ledger_rows().assign(zone_place=study.zone_places()[:, place])
    table = mass_table(rows.drop(columns=["zone"]), ["zone_place"], study.derived).set_index("zone_place")
    zones = study.zone_names(place)
    amounts = table.reindex(range(len(zones)))
    observed = amounts.pop("observed_share")
    table = pd.concat([zones.reset_index(drop=True), amounts.fillna(0.0).reset_index(drop=True)], axis=1)
    table["observed_share"] = observed.to_numpy()
    return table


@kept
def vessels(study: Study) -> pd.DataFrame:
    """One row per vessel: particulars with provenance, hours by phase, fuel and masses. [h, nm, kg]"""
    rows = study.ledger_rows()
    masses = mass_table(rows.drop(columns=["zone"]), ["vessel"], study.derived).set_index("vessel")
    hours = phase_hours(rows)
    group = rows["vessel"].to_numpy(np.int64)
    masses = with_bounds(masses, study, group, masses.index.to_numpy(np.int64))
    facts = study.vessels[list(VESSEL_FACTS)]
    table = facts.join(masses, how="left").join(hours, how="left")
    numbers = [
        "hours",
        "distance_nm",
        *hours.columns,
        *MASS_COLUMNS,
        *bound_columns(level=study.interval_level),
        "shore_kwh",
    ]
    table[numbers] = table[numbers].fillna(0.0)
    order = [*VESSEL_FACTS, "hours", "observed_share", "distance_nm", *hours.columns, *MASS_COLUMNS]
    order += bound_columns(level=study.interval_level)
    order += ["shore_kwh", *SHARE_COLUMNS]
    return table[order].reset_index(drop=True)


@kept
def cells(study: Study) -> pd.DataFrame:
    """One row per cell: bounds, area, hours, observed share, masses. [degrees, km2, h, kg].

    ``wtt_co2e_kg`` was emitted before the fuel came on board; ``co2_kg_per_km2`` is the density that makes
    coarse and fine cells comparable.
    """
    source = study.ledger.cells
    sums = source.drop(columns=["month", "phase", "class"]).groupby("cell", as_index=False).sum()
    ids = sums["cell"].to_numpy()
    west, south, east, north = study.lattice.cell_bounds(ids)
    table = pd.DataFrame({"cell_id": ids, "west": west, "south": south, "east": east, "north": north})
    table["area_km2"] = study.lattice.cell_area_m2(ids) / 1e6
    table["hours"] = sums["hours_ms"] / MS_PER_H
    table["observed_share"] = sums["observed_ms"] / sums["hours_ms"].where(sums["hours_ms"] > 0)
    table["fuel_kg"] = sums["fuel_mg"] / MG_PER_KG
    for name in SPECIES:
        table[f"{name}_kg"] = sums[f"{name}_mg"] / MG_PER_KG
    derived = study.derived
    table["pm25_kg"] = derived.pm25_per_pm10 * table["pm10_kg"]
    table["dpm_kg"] = sums["pm10_diesel_mg"] / MG_PER_KG
    table["co2e_kg"] = table["co2_kg"] + derived.gwp_ch4 * table["ch4_kg"] + derived.gwp_n2o * table["n2o_kg"]
    table["wtt_co2e_kg"] = sums["wtt_co2e_mg"] / MG_PER_KG
    table["co2_kg_per_km2"] = table["co2_kg"] / table["area_km2"]
    return table


def cells_with_bounds(study: Study) -> pd.DataFrame:
    """Cells with the bounds of carbon dioxide beside it. [kg]"""
    table, bounds = cells(study), cell_factors(study)
    if bounds is None:
        return table
    names = bound_columns(["co2_kg"], study.interval_level)
    place = list(table.columns).index("co2_kg") + 1
    for nth, name in enumerate(names):
        table.insert(place + nth, name, bounds[nth] * table["co2_kg"].to_numpy())
    return table

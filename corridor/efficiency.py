"""AER and EEOI of ships, services, operators, directions and years; a CII letter where one is due.

AER is CO2 over deadweight and distance, EEOI over cargo and distance; tank-to-wake CO2, every hour of the
ships counted. Only one ship in one full calendar year with all her voyages has a CII letter; everything else
is the AER of the part that was observed.
"""

from calendar import isleap
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor import reference
from corridor.accounts import indicators
from corridor.accounts.ledger import MG_PER_KG, MM_PER_NM, MS_PER_H
from corridor.accounts.uncertainty import Ensemble, Members, bounds
from corridor.emissions.species import CONSUMERS
from corridor.errors import ReferenceDataError
from corridor.intensity import FACTS, rows_of_trips, sides, trips
from corridor.study import Study

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
GRAMS_PER_KG, KG_PER_T = 1000.0, 1000.0
PART, WHOLE = "AER of the observed part", "CII, one ship, one calendar year"
KNOWN_CARGO = "EEOI of journeys whose containers are known"
COLUMNS = (
    "scenario", "dimension", "key", "year", "indicator", "what", "value", "low", "high", "unit", "ships",
    "ships_without", "co2_t", "distance_nm", "hours", "hours_in_year", "required", "letter", "remark",
)  # fmt: skip


def efficiency(study: Study, level: float | None = None) -> pd.DataFrame:
    """AER and EEOI by ship, service, operator, direction and year, of the baseline and each scenario.

    A ship whose deadweight nobody knows is in no AER: it is counted under ``ships_without``. EEOI takes the
    containers on board that a list of calls names, ten tonnes each, on journeys between the two ends; a
    journey without them is left out of both sides of the fraction.

    Parameters
    ----------
    study : Study
        A study.
    level : float
        Share of the worlds inside an interval; the study's own by default. [0–1]

    Returns
    -------
    pandas.DataFrame
        scenario, dimension (all, vessel, service, operator, direction), key, year, indicator (aer, eeoi),
        what it is, value with low and high [g CO2/(t nm)], ships, ships_without, co2_t, distance_nm, hours,
        hours_in_year, and required [g CO2/(capacity nm)] and letter where one is due, or a remark why not.
        A CII is over deadweight or gross tonnage as the ship type asks; its unit says which.
    """
    level = study.interval_level if level is None else level
    worlds = study.worlds()
    found = [
        table.assign(scenario=key)
        for key, side in sides(study)
        for table in (*_aer(study, side, worlds, level), *_eeoi(study, side, worlds, level))
        if len(table)
    ]
    return pd.concat(found, ignore_index=True).reindex(columns=list(COLUMNS)) if found else pd.DataFrame()


def _keys(study: Study, side: Study) -> dict[str, NDArray[np.object_]]:
    """Key of each ledger row by dimension; empty text for none."""
    vessel = side.ledger.rows["vessel"].to_numpy()
    named = {
        name: side.vessels[column].fillna("").astype(str).to_numpy(dtype=object)[vessel]
        for name, column in (("vessel", "vessel_id"), ("service", "service"), ("operator", "operator"))
    }
    ways = rows_of_trips(side, trips(study))
    return {"all": np.full(len(vessel), "all", dtype=object), **named, "direction": ways}


def _groups(study: Study, side: Study, held: NDArray[np.bool_]) -> Iterator[tuple[pd.DataFrame, Ints]]:
    """Groups of each dimension in which a row is held, and the group of every row; -1 for none."""
    years = side.ledger.rows["month"].to_numpy(np.int64) // 12
    for dimension, keys in _keys(study, side).items():
        there = held & (keys != "")
        pairs = pd.MultiIndex.from_arrays([keys, years], names=["key", "year"])
        groups = pairs[there].unique().sort_values()
        number = np.asarray(groups.get_indexer(pairs), np.int64)
        yield groups.to_frame(index=False).assign(dimension=dimension), number


def _aer(study: Study, side: Study, worlds: Ensemble, level: float) -> Iterator[pd.DataFrame]:
    vessel = side.ledger.rows["vessel"].to_numpy()
    dwt = side.vessels["dwt_t"].to_numpy(np.float64)[vessel]
    for groups, number in _groups(study, side, np.ones(len(dwt), bool)):
        table = groups.assign(indicator="aer", what=PART, unit="g CO2/(DWT t nm)")
        table = _figures(side, worlds, table, number, dwt, level)
        if table["dimension"].eq("vessel").any():
            table = _with_letters(study, side, worlds, table, number, level)
        yield table


def _eeoi(study: Study, side: Study, worlds: Ensemble, level: float) -> Iterator[pd.DataFrame]:
    """EEOI over the journeys whose containers on board are known."""
    cargo = _cargo_t(study, side)
    if not (cargo > 0).any():
        return
    for groups, number in _groups(study, side, rows_of_trips(side, trips(study)) != ""):
        table = groups.assign(indicator="eeoi", what=KNOWN_CARGO, unit="g CO2/(t nm)")
        yield _figures(side, worlds, table, number, cargo, level)


def _figures(
    side: Study, worlds: Ensemble, groups: pd.DataFrame, number: Ints, load_t: Floats, level: float
) -> pd.DataFrame:
    """CO2 over transport work by group, of the rows whose load is known, with bounds. [g/(t nm)]"""
    rows, n = side.ledger_rows(), len(groups)
    known = np.where((number >= 0) & (load_t > 0), number, -1)
    held = known >= 0
    way = rows["distance_mm"].to_numpy(np.float64) / MM_PER_NM
    co2_mg = rows[[f"{one}_co2_mg" for one in CONSUMERS]].sum(axis=1).to_numpy(np.float64)

    def summed(values: Floats) -> Floats:
        return np.bincount(known[held], values[held], minlength=n).astype(np.float64)

    co2_kg, work = summed(co2_mg) / MG_PER_KG, summed(way * load_t)
    per = np.divide(GRAMS_PER_KG, work, out=np.full(n, np.nan), where=work > 0)
    low, high = bounds(Members(worlds, rows, known, n, side.derived).of("co2"), level)
    ships = _ships(rows["vessel"], known, n)
    return groups.assign(
        value=co2_kg * per,
        low=low * per,
        high=high * per,
        ships=ships,
        ships_without=_ships(rows["vessel"], number, n) - ships,
        co2_t=co2_kg / KG_PER_T,
        distance_nm=summed(way),
        hours=summed(rows["hours_ms"].to_numpy(np.float64)) / MS_PER_H,
        letter="",
        remark=np.where(
            work > 0, "", np.where(ships > 0, "no distance sailed", "deadweight or cargo unknown")
        ),
    )


def _ships(vessel: "pd.Series[int]", number: Ints, n: int) -> Ints:
    """Ships in each group."""
    counts = vessel[number >= 0].groupby(number[number >= 0]).nunique()
    found: Ints = np.asarray(counts.reindex(range(n)).fillna(0), np.int64)
    return found


def _cargo_t(study: Study, side: Study) -> Floats:
    """Cargo on board in each ledger row, NaN where no list says. [t]"""
    if side.voyages is None or not len(side.voyages):
        return np.full(len(side.ledger.rows), np.nan)
    vessels = side.vessels["vessel_id"].to_numpy()
    voyages = side.voyages.assign(vessel_id=vessels[side.voyages["vessel"].to_numpy(np.int64)])
    joined = voyages.merge(trips(study), on=["vessel_id", "journey_no"]).set_index(["vessel", "voyage"])
    keys = pd.MultiIndex.from_frame(side.ledger.rows[["vessel", "voyage"]])
    teu = joined["teu_on_board"].reindex(keys).to_numpy(np.float64)
    found: Floats = teu * reference.value(FACTS, item="tonnes_per_teu")
    return found


def _with_letters(
    study: Study, side: Study, worlds: Ensemble, table: pd.DataFrame, number: Ints, level: float
) -> pd.DataFrame:
    """Ship-years with the required intensity and a letter where they are whole, else why there is none."""
    rows = side.ledger.rows
    lasting = rows["hours_ms"].to_numpy(np.float64)
    hours = np.bincount(number, lasting, minlength=len(table)) / MS_PER_H
    holed = _holed(study)
    ships = side.vessels.set_index("vessel_id")
    changes = []
    for place, row in enumerate(table.to_dict("records")):
        whole = hours_in(row["year"])
        change: dict[str, Any] = {"hours_in_year": whole, "required": np.nan}
        remark = _incomplete(study, hours[place] / whole, (row["key"], row["year"]) in holed)
        if not remark:
            mine = np.where(number == place, 0, -1)
            change |= _letter(side, worlds, ships.loc[row["key"]], mine, row["year"], level)
        elif not row["remark"]:
            change["remark"] = f"no letter: {remark}"
        changes.append(row | change)
    return pd.DataFrame(changes)


def hours_in(year: int) -> float:
    """Hours of a calendar year. [h]

    >>> hours_in(2024), hours_in(2026)
    (8784.0, 8760.0)
    """
    return 24.0 * (366 if isleap(year) else 365)


def _holed(study: Study) -> set[tuple[str, int]]:
    """Ships and years in which a hole was left."""
    holes = study.holes()
    years = [holes[name].dt.year for name in ("start_utc", "end_utc")]
    return {pair for one in years for pair in zip(holes["vessel_id"], one, strict=True)}


def _incomplete(study: Study, share: float, holed: bool) -> str:
    """Why a ship-year is not one full calendar year with all its voyages; empty if it is."""
    settings = study.manifest["parameters"]
    if study.planned or study.published:
        return "planned or published"
    if settings.get("bbox") or settings.get("journeys"):
        return "only a part of the voyages was asked for"
    if holed:
        return "hours not observed"
    if share < reference.value(FACTS, item="full_year_share"):
        return f"{100.0 * share:.1f} % of the year's hours"
    return ""


def _letter(
    side: Study, worlds: Ensemble, ship: "pd.Series[Any]", mine: Ints, year: int, level: float
) -> dict[str, Any]:
    """CII of a ship in a whole year, over deadweight or gross tonnage as her type asks, with its letter."""
    kinds = reference.table("cii_classes_2026").set_index("ship_class")["cii_type"]
    kind = str(kinds.get(str(ship["ship_class"]), ""))
    if not kind:
        return {"remark": "no letter: no CII line for this class"}
    measure = str(reference.rows(indicators.REFERENCE, cii_type=kind)["capacity"].iloc[0])
    column, word = {"gt": ("gt", "GT")}.get(measure, ("dwt_t", "DWT t"))
    capacity = float(ship[column])
    if not capacity > 0:
        return {"remark": f"no letter: {column} unknown"}
    try:
        line = indicators.cii_line(kind, capacity)
        reduction = indicators.cii_reduction_percent(year)
    except ReferenceDataError as error:
        return {"remark": f"no letter: {error.message}"}
    load = np.full(len(mine), capacity)
    found = _figures(side, worlds, pd.DataFrame({"year": [year]}), mine, load, level).iloc[0]
    required = indicators.required_cii(indicators.reference_cii(line.capacity, line.a, line.c), reduction)
    if not found["value"] > 0:
        return {"remark": "no letter: no distance sailed"}
    place = int(indicators.cii_rating(found["value"], required, line.bounds))
    kept = ("value", "low", "high", "ships", "ships_without", "co2_t", "distance_nm", "hours")
    return {name: found[name] for name in kept} | {
        "what": WHOLE,
        "unit": f"g CO2/({word} nm)",
        "required": required,
        "letter": indicators.RATINGS[place],
        "remark": "modelled; without the corrections of MEPC.355(78)",
    }

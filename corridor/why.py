"""Why a mass changed between two periods: calls, ships, speed, hours, shore power, fuel, method, coverage.

Each mass is a product. Under way, for ships of one class, size and NOx tier::

    main    calls · share of calls · coverage · nm per call · v² · kWh per nm and v² · fuel share · kg per kWh
    others  calls · share of calls · coverage · nm per call · 1/v · kW · fuel share · kg per kWh

at berth, and at anchor or adrift::

    calls · share of calls · hours per call · kW · share not from shore · fuel share · kg per kWh

and a change of the product is split among its factors without a remainder (`corridor.accounts.divisia`).
``v`` is distance over hours. Coverage is hours under way that were seen or filled, over those and the holes.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.divisia import effects
from corridor.accounts.ledger import MG_PER_KG, MS_PER_H
from corridor.accounts.totals import MASS_COLUMNS, Derived
from corridor.emissions.phases import PHASES
from corridor.emissions.species import CONSUMERS
from corridor.errors import InputError
from corridor.study import Study

Floats = NDArray[np.float64]

EFFECTS = (
    "calls",
    "ship_size_tier",
    "distance",
    "speed",
    "hours_at_anchor",
    "hours_at_berth",
    "shore_power",
    "fuel_rules",
    "method",
    "coverage",
    "other",
)
UNDER_WAY, AT_BERTH, WAITING = "under_way", "at_berth", "waiting"
STAGES = {"at_berth": AT_BERTH, "at_anchor": WAITING, "drifting": WAITING}
KIND = ["ship_class", "size_bin", "tier"]
KEYS = [*KIND, "stage", "consumer", "fuel"]
# Settings whose difference is a difference of method.
METHOD = ("method", "method_tables", "hotel_loads", "gwp_basis")
FACTORS = 9


def why(before: Study, after: Study) -> pd.DataFrame:
    """Split the change of each pollutant between two studies into its causes, summing exactly. [kg]

    ``calls`` is more or fewer of them (a ship that never calls counts as one); ``ship_size_tier`` which ships
    make them; ``distance`` the way per call; ``speed`` the mean speed, and what an engine burns and emits per
    kWh at its load; ``fuel_rules`` the fuel that rules, ships or habits chose, and what is emitted per kWh of
    auxiliaries and boilers with it; ``coverage`` hours that were not observed; ``method`` is zero unless the
    two were computed differently: then power and factors, which would be ``other`` and ``speed``, are its.
    ``other`` is power at an equal speed: draught, weather, the spread of speeds, ships inside a size class.

    Parameters
    ----------
    before, after : Study
        Two studies with their ships.

    Returns
    -------
    pandas.DataFrame
        pollutant, ship_class (``all`` first), effect, before_kg, after_kg, difference_kg, change_kg, and
        change_percent of the mass before. Over the effects of a pollutant and class, ``change_kg`` sums to
        ``difference_kg``.

    Raises
    ------
    InputError
        If a study was published: it has no ships.
    """
    for study in (before, after):
        if study.published:
            raise InputError(
                "published_study",
                "found a published study, without its ships; expected two with them; compare the folders "
                "that corridor run wrote without --publish",
            )
    made = [_burnt(study) for study in (before, after)]
    index = made[0].index.union(made[1].index)
    # What a side lacks may be the fuel, the phase or the ship: the rest of its factors are known there.
    first, second = (
        _with_extent(study, burnt.reindex(index)) for study, burnt in zip((before, after), made, strict=True)
    )
    names = _effect_names(index, method=circumstances_differ(before, after))
    classes = index.get_level_values("ship_class").to_numpy(dtype=object)
    tables = []
    for column in MASS_COLUMNS:
        chains = [_chain(side, column) for side in (first, second)]
        parts = effects(*chains)
        masses = [side[column].fillna(0.0).to_numpy() for side in (first, second)]
        tables.append(_summed(column.removesuffix("_kg"), classes, names, parts, masses))
    return pd.concat(tables, ignore_index=True)


def circumstances_differ(before: Study, after: Study) -> bool:
    """Whether two studies were computed by different methods."""
    settings = [study.manifest["parameters"] for study in (before, after)]
    return any(settings[0].get(name) != settings[1].get(name) for name in METHOD)


def _kinds(study: Study) -> pd.DataFrame:
    """Kind of each vessel: class, size bin, tier, as text."""
    return study.vessels[["vessel_id", *KIND]].astype(dict.fromkeys(KIND, str))


def _rows(study: Study) -> pd.DataFrame:
    """Ledger rows with the kind of ship and the stage: under way, at berth, waiting."""
    stages = np.array([STAGES.get(name, UNDER_WAY) for name in PHASES], dtype=object)
    rows = study.ledger_rows().reset_index(drop=True)
    kinds = _kinds(study)[KIND].iloc[rows["vessel"].to_numpy()].reset_index(drop=True)
    return pd.concat([rows.drop(columns="vessel"), kinds], axis=1).assign(
        stage=stages[rows["phase"].to_numpy()]
    )


def _burnt(study: Study) -> pd.DataFrame:
    """Energy and masses per kind of ship, stage, consumer and fuel. [mWh, kg]"""
    rows = _rows(study)
    parts = [_of_consumer(rows, one, study.derived) for one in CONSUMERS]
    return pd.concat(parts, ignore_index=True).groupby(KEYS, sort=True).sum()


def _with_extent(study: Study, burnt: pd.DataFrame) -> pd.DataFrame:
    """The same with energy of all fuels, hours and way of the stage, calls and coverage of the ships."""
    there = _rows(study).groupby([*KIND, "stage"])[["hours_ms", "distance_mm"]].sum()
    # A ship under way that did not move a millimetre would have no speed.
    there = there.clip(lower=1.0).rename(columns={"hours_ms": "stage_hours", "distance_mm": "stage_way"})
    whole = burnt.groupby(KEYS[:-1])[["engine_mwh", "demand_mwh"]].sum(min_count=1).add_prefix("all_")
    calls = _visits(study)
    table = burnt.join(whole).join(there).join(calls).join(_coverage(study, there, calls))
    return table.assign(all_calls=calls["kind_calls"].sum())


def _of_consumer(rows: pd.DataFrame, consumer: str, derived: Derived) -> pd.DataFrame:
    """Energy and masses of one consumer, ledger row by row. [mWh, kg]"""
    engine = rows[f"{consumer}_mwh"]
    columns = {
        "engine_mwh": engine,
        "demand_mwh": engine + rows["shore_mwh"] if consumer == "aux" else engine,
    }
    for name in MASS_COLUMNS:
        source = f"{consumer}_{name.removesuffix('_kg')}_mg"
        if source in rows:
            columns[name] = rows[source] / MG_PER_KG
    diesel = rows[f"{consumer}_diesel"] if consumer != "boiler" else False
    columns["pm25_kg"] = columns["pm10_kg"] * derived.pm25_per_pm10
    columns["dpm_kg"] = columns["pm10_kg"] * diesel
    columns["co2e_kg"] = (
        columns["co2_kg"] + columns["ch4_kg"] * derived.gwp_ch4 + columns["n2o_kg"] * derived.gwp_n2o
    )
    return rows[[*KIND, "stage", "fuel"]].assign(consumer=consumer, **columns)


def _visits(study: Study) -> pd.DataFrame:
    """Calls of each kind of ship; a ship that never calls counts as one."""
    calls = study.calls if study.calls is not None else pd.DataFrame({"vessel_id": [], "call_no": []})
    made = calls.loc[calls["call_no"] > 0, "vessel_id"].value_counts()
    kinds = _kinds(study).iloc[np.unique(study.ledger.rows["vessel"].to_numpy())]
    visits = kinds["vessel_id"].map(made).fillna(0.0).clip(lower=1.0)
    return kinds.assign(kind_calls=visits).groupby(KIND)[["kind_calls"]].sum()


def _coverage(study: Study, there: pd.DataFrame, calls: pd.DataFrame) -> "pd.Series[float]":
    """Hours under way that are accounted for, over those and the holes, by kind of ship. [0-1]"""
    holes = study.holes()[["vessel_id", "hours"]].merge(_kinds(study), on="vessel_id")
    lost = holes.groupby(KIND)["hours"].sum().reindex(calls.index).fillna(0.0)
    hours = there.loc[there.index.get_level_values("stage") == UNDER_WAY, "stage_hours"].droplevel("stage")
    seen = hours.reindex(calls.index).fillna(0.0) / MS_PER_H
    # No hour under way and no hole: nothing was missed.
    share: pd.Series[float] = (seen / (seen + lost)).where(seen + lost > 0, 1.0).rename("coverage")
    return share


def _chain(side: pd.DataFrame, column: str) -> Floats:
    """(rows, FACTORS) whose product is the mass; each is needed by the next, NaN is undefined. [kg]"""
    stage = side.index.get_level_values("stage")
    under_way = np.asarray(stage == UNDER_WAY)
    main = np.asarray(side.index.get_level_values("consumer") == "main")
    calls, hours, way = side["kind_calls"], side["stage_hours"], side["stage_way"]
    speed = way / hours
    seen = side["coverage"].where(under_way, 1.0)
    power = side["all_demand_mwh"] / hours
    factors = [
        side["all_calls"],
        calls / side["all_calls"],
        seen,
        way.where(under_way, hours) / calls / seen,
        (speed**2).where(main, 1.0 / speed).where(under_way, 1.0),
        (side["all_demand_mwh"] / way / speed**2).where(under_way & main, power),
        side["all_engine_mwh"] / side["all_demand_mwh"],
        side["engine_mwh"] / side["all_engine_mwh"],
        side[column] / side["engine_mwh"],
    ]
    return np.column_stack([np.asarray(one, float) for one in factors])


def _effect_names(index: "pd.Index[Any]", *, method: bool) -> NDArray[np.object_]:
    """(rows, FACTORS) effect that each factor belongs to."""
    stage = index.get_level_values("stage").to_numpy(dtype=object)
    main = np.asarray(index.get_level_values("consumer") == "main")
    extent = {UNDER_WAY: "distance", AT_BERTH: "hours_at_berth", WAITING: "hours_at_anchor"}
    n = len(index)

    def always(name: str) -> NDArray[np.object_]:
        return np.full(n, name, dtype=object)

    per_kwh = np.where(main & (stage == UNDER_WAY), "speed", "fuel_rules")
    columns = [
        *(always("calls"), always("ship_size_tier"), always("coverage")),
        np.array([extent[one] for one in stage], dtype=object),
        *(always("speed"), always("method" if method else "other"), always("shore_power")),
        *(always("fuel_rules"), always("method") if method else per_kwh.astype(object)),
    ]
    return np.column_stack(columns)


def _summed(
    pollutant: str,
    classes: NDArray[np.object_],
    names: NDArray[np.object_],
    parts: Floats,
    masses: list[Floats],
) -> pd.DataFrame:
    """Effects of one pollutant, of all ships and by class."""
    # A milligram without a whole milliwatt-hour, and the last digit of a float.
    rest = (masses[1] - masses[0]) - parts.sum(axis=1)
    found = []
    for ship_class in ("all", *sorted(set(classes))):
        mine = np.ones(len(classes), bool) if ship_class == "all" else classes == ship_class
        was, now = float(masses[0][mine].sum()), float(masses[1][mine].sum())
        for effect in EFFECTS:
            change = float(parts[mine][names[mine] == effect].sum())
            change += float(rest[mine].sum()) if effect == "other" else 0.0
            percent = 100.0 * change / was if was > 0 else np.nan
            found.append((pollutant, ship_class, effect, was, now, now - was, change, percent))
    columns = ["pollutant", "ship_class", "effect", "before_kg", "after_kg", "difference_kg", "change_kg"]
    return pd.DataFrame(found, columns=[*columns, "change_percent"])

"""Scenarios beside the baseline: totals, differences, and intervals in which shared errors cancel."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.ledger import MS_PER_H, MWH_PER_KWH
from corridor.accounts.totals import MASS_COLUMNS, Derived, mass_table
from corridor.accounts.uncertainty import MEMBERS, Ensemble, Members, bounds, percentile_names
from corridor.emissions.phases import PHASES
from corridor.kept import kept
from corridor.levers import zone_place
from corridor.study import Study

GRAMS_PER_KG = 1000.0


class Groups(NamedTuple):
    """One way to divide the rows of a ledger: names of the groups, and how to find a study's."""

    dimension: str
    names: Sequence[str]
    place: int | None = None

    def of(self, study: Study) -> NDArray[np.int64]:
        """Group of each ledger row. [index]"""
        if self.place is not None:
            return study.zone_places()[:, self.place]
        match self.dimension:
            case "phase":
                found: NDArray[np.int64] = study.ledger.rows["phase"].to_numpy(np.int64)
                return found
            case "ship_class":
                return study.ledger_classes()
        return np.zeros(len(study.ledger.rows), np.int64)


def groups_of(study: Study) -> tuple[Groups, ...]:
    """Ways to divide a study: the whole, phases, ship classes, the zones of each system."""
    zones = (Groups(system.name, system.zone_ids, place) for place, system in enumerate(study.systems))
    return (
        Groups("total", ("total",)),
        Groups("phase", PHASES),
        Groups("ship_class", study.class_names()),
        *zones,
    )


@kept
def compare(
    study: Study,
    level: float | None = None,
    members: int = MEMBERS,
    dimensions: Sequence[str] = (),
) -> pd.DataFrame:
    """Every scenario of a study beside its baseline. [h, nm, kg].

    Parameters
    ----------
    study : Study
        A study that was run with scenarios.
    level : float
        Share of the worlds inside an interval; the study's own by default. [0–1]
    members : int
        How many worlds are drawn.
    dimensions : sequence of str
        Only these ways to divide the study, such as ``total``; every one by default.

    Returns
    -------
    pandas.DataFrame
        scenario, dimension, key, quantity, unit, baseline, scenario_value, difference, difference_percent and
        the bounds of the difference, such as ``difference_p05``: baseline and scenario lie in the same world,
        so that what both have wrong cancels. Hours and distance have no bounds.
    """
    level = study.interval_level if level is None else level
    worlds = study.worlds(members)
    parts = [
        part
        for key in study.alternatives
        for groups in groups_of(study)
        if not dimensions or groups.dimension in dimensions
        for part in _compared(study, study.alternative(key), key, groups, worlds, level)
    ]
    columns = _columns(level)
    if not parts:
        return pd.DataFrame(columns=columns)
    # One table at the end: thousands of small ones would cost more than all the worlds.
    stacked = (np.concatenate([np.asarray(part[place]) for part in parts]) for place in range(len(columns)))
    return pd.DataFrame(dict(zip(columns, stacked, strict=True)))


def _columns(level: float) -> list[str]:
    low, high = percentile_names(level)
    return [
        *("scenario", "dimension", "key", "quantity", "unit", "baseline", "scenario_value"),
        *("difference", "difference_percent", f"difference_{low}", f"difference_{high}"),
    ]


def _compared(
    study: Study, other: Study, scenario: str, groups: Groups, worlds: Ensemble, level: float
) -> list[tuple[NDArray[Any], ...]]:
    """One scenario by one way to divide: columns for each quantity, a row for each group that has any."""
    n = len(groups.names)
    sides = [(one.ledger_rows(), groups.of(one)) for one in (study, other)]
    before, after = (_amounts(rows, group, n, study.derived) for rows, group in sides)
    drawn = [Members(worlds, rows, group, n, study.derived) for rows, group in sides]
    there = np.flatnonzero((before.to_numpy() > 0).any(axis=1) | (after.to_numpy() > 0).any(axis=1))
    keys = np.array(groups.names, dtype=object)[there]
    found = []
    for column in before.columns:
        name, _, unit = column.rpartition("_")
        was, now = before[column].to_numpy()[there], after[column].to_numpy()[there]
        low = high = np.full(len(there), np.nan)
        if unit == "kg":
            low, high = bounds((drawn[1].of(name) - drawn[0].of(name))[there], level)
        percent = 100.0 * np.divide(now - was, was, out=np.full(len(was), np.nan), where=was > 0)
        words = (np.full(len(there), word, dtype=object) for word in (scenario, groups.dimension))
        units = (np.full(len(there), word, dtype=object) for word in (name, unit))
        found.append((*words, keys, *units, was, now, now - was, percent, low, high))
    return found


def _amounts(rows: pd.DataFrame, group: NDArray[np.int64], n: int, derived: Derived) -> pd.DataFrame:
    """Hours, distance and masses by group. [h, nm, kg]"""
    table = mass_table(rows.assign(group=group), ["group"], derived).set_index("group")
    table = table.reindex(range(n)).fillna(0.0).rename(columns={"hours": "time_h"})
    return table[["time_h", "distance_nm", *MASS_COLUMNS]]


@kept
def sailing(study: Study) -> pd.DataFrame:
    """How much later ships arrive, and how many more are needed to carry as much. [h, 1].

    A voyage that lasts longer arrives later; nothing else is moved by it. A service that keeps its weekly
    calls then needs more ships in the ratio of the round trips: each voyage counts once, in both cases, so
    the totals hold for the same cargo.

    Returns
    -------
    pandas.DataFrame
        scenario, voyages_later, mean_delay_h, longest_delay_h, ships_needed_ratio. A published study has no
        voyages: their delays are not known.
    """
    keys = ["vessel", "voyage"]
    before = study.ledger.rows.groupby(keys)["hours_ms"].sum() / MS_PER_H
    found = []
    for key, alternative in study.alternatives.items():
        after = alternative.ledger.rows.groupby(keys)["hours_ms"].sum() / MS_PER_H
        growth = alternative.scenario.growth_factor
        delay = after.reindex(before.index).fillna(0.0) / growth - before
        later = delay[delay > 1e-6]
        ratio = float((before + delay).sum() / before.sum()) if len(before) else 1.0
        delays = (len(later), later.mean(), later.max()) if len(later) else (0, 0.0, 0.0)
        found.append((key, *((np.nan,) * 3 if study.published else delays), ratio))
    names = ["scenario", "voyages_later", "mean_delay_h", "longest_delay_h", "ships_needed_ratio"]
    return pd.DataFrame(found, columns=names)


def ashore(study: Study) -> pd.DataFrame:
    """What the grid emits for the energy that came through the cable. [kWh, kg].

    They move ashore and do not vanish. Energy of the baseline's own shore power has no factor of a grid here.

    Returns
    -------
    pandas.DataFrame
        scenario, place, year, grid_g_co2e_per_kwh, energy_kwh, co2e_kg, source. No row where a published
        study tells zones of few ships elsewhere: the energy of a port is not whole then.
    """
    found = []
    coarse = "withheld" in study.manifest.get("published", {})
    for key, alternative in () if coarse else study.alternatives.items():
        other = study.alternative(key)
        classes = np.array(study.class_names(), dtype=object)[other.ledger_classes()]
        rows, zones = other.ledger.rows, other.zone_places()
        for lever in alternative.scenario.shore_power:
            mine = np.isin(classes, lever.classes) if lever.classes else np.ones(len(rows), bool)
            places = [zone_place(name, study.systems) for name in lever.zones]
            held = [zones[:, column] == row for column, row in places]
            mine &= np.logical_or.reduce(held) if held else True
            kwh = float(rows.loc[mine, "shore_mwh"].sum()) / MWH_PER_KWH
            grid = lever.grid_g_co2e_per_kwh
            where = (lever.grid_place, lever.grid_year)
            found.append((key, *where, grid, kwh, kwh * grid / GRAMS_PER_KG, lever.source))
    names = ["scenario", "place", "year", "grid_g_co2e_per_kwh", "energy_kwh", "co2e_kg", "source"]
    return pd.DataFrame(found, columns=names)

"""Two studies beside each other: totals and differences with intervals, cells, and what they were made of."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.totals import MASS_COLUMNS, mass_table
from corridor.accounts.uncertainty import MEMBERS, Ensemble, Members, bounds, percentile_names, voyage_keys
from corridor.comparison import groups_of
from corridor.outputs import tables
from corridor.study import Study
from corridor.words import month_name

# Voyages of the second study are other voyages, though they may have the same number.
SECOND = 1 << 24
SETTINGS = (
    *("method", "method_tables", "gwp_basis", "hotel_loads", "population", "cell_deg", "bbox", "journeys"),
    *("shore_power_use", "suppose", "start_utc", "end_utc", "simulated"),
)
TOTALS = ("hours", "hours_observed", "hours_filled", "hours_unobserved")
SHOWN = ("hours", *MASS_COLUMNS)


def contrast(before: Study, after: Study, level: float | None = None, members: int = MEMBERS) -> pd.DataFrame:
    """Totals of two studies and their differences, by zone, phase and ship class. [h, nm, kg]

    A ship in both has one error of her power and speed, and what all ships share is off in both alike: so it
    cancels in the difference. Zones that only one study knows are compared with nothing.

    Parameters
    ----------
    before, after : Study
        Two studies.
    level : float
        Share of the worlds inside an interval; the study's own by default. [0–1]
    members : int
        How many worlds are drawn.

    Returns
    -------
    pandas.DataFrame
        dimension, key, quantity, unit, before, after, difference, difference_percent and the bounds of the
        difference, such as ``difference_p05``; hours and distance have none.
    """
    level = before.interval_level if level is None else level
    sides = _sides(before, after, members)
    ways = [{one.dimension: one for one in groups_of(study)} for study in (before, after)]
    parts = []
    for dimension in [name for name in ways[0] if name in ways[1]]:
        pair = [way[dimension] for way in ways]
        names = list(dict.fromkeys([*pair[0].names, *pair[1].names]))
        groups = [
            np.array([names.index(name) for name in one.names])[one.of(study)]
            for one, study in zip(pair, (before, after), strict=True)
        ]
        parts.append(_compared(dimension, names, groups, sides, level))
    return pd.concat(parts, ignore_index=True)


class _Side(NamedTuple):
    """A study in the worlds that both share: rows with the numbers of ships there, and the worlds."""

    study: Study
    rows: pd.DataFrame
    worlds: Ensemble


def _sides(before: Study, after: Study, members: int) -> list[_Side]:
    """Both studies in worlds in which a ship of both is one ship."""
    studies = (before, after)
    ids = pd.Index(before.vessels["vessel_id"]).union(after.vessels["vessel_id"], sort=False)
    numbers = [ids.get_indexer(study.vessels["vessel_id"]).astype(np.int64) for study in studies]
    widest = np.zeros(len(ids))
    for study, number in zip(studies, numbers, strict=True):
        np.maximum.at(widest, number, study.errors.main_fuel)
    rows = [
        _renumbered(study.ledger_rows(), number, place * SECOND)
        for place, (study, number) in enumerate(zip(studies, numbers, strict=True))
    ]
    pairs = np.unique(np.concatenate([voyage_keys(one) for one in rows]))
    found = []
    for place, (study, number) in enumerate(zip(studies, numbers, strict=True)):
        use = study.errors.use
        if use is not None:
            keys = _renumbered(use.keys.to_frame(), number, place * SECOND)
            use = replace(use, keys=pd.MultiIndex.from_frame(keys))
        errors = replace(study.errors, main_fuel=widest, use=use)
        worlds = Ensemble(errors, pairs >> 32, pairs & 0xFFFFFFFF, members)
        found.append(_Side(study, rows[place], worlds))
    return found


def _renumbered(rows: pd.DataFrame, number: NDArray[np.int64], offset: int) -> pd.DataFrame:
    return rows.assign(
        vessel=number[rows["vessel"].to_numpy(np.int64)], voyage=rows["voyage"].to_numpy(np.int64) + offset
    )


def _compared(
    dimension: str,
    names: Sequence[str],
    groups: Sequence[NDArray[np.int64]],
    sides: Sequence[_Side],
    level: float,
) -> pd.DataFrame:
    """One way to divide both: a row for each group and quantity."""
    n = len(names)
    amounts, drawn = [], []
    for group, (study, rows, worlds) in zip(groups, sides, strict=True):
        table = mass_table(rows.assign(group=group), ["group"], study.derived).set_index("group")
        table = table.rename(columns={"hours": "time_h"})[["time_h", "distance_nm", *MASS_COLUMNS]]
        amounts.append(table.reindex(range(n)).fillna(0.0))
        drawn.append(Members(worlds, rows, group, n, study.derived))
    there = np.flatnonzero(sum(one.to_numpy().sum(axis=1) for one in amounts) > 0)
    low, high = percentile_names(level)
    found = []
    for column in amounts[0].columns:
        name, _, unit = column.rpartition("_")
        was, now = (one[column].to_numpy()[there] for one in amounts)
        ends: Any = (np.nan, np.nan)
        if unit == "kg":
            ends = bounds((drawn[1].of(name) - drawn[0].of(name))[there], level)
        percent = np.divide(now - was, was, out=np.full(len(was), np.nan), where=was > 0)
        columns: dict[str, Any] = {
            "dimension": dimension,
            "key": np.array(names, dtype=object)[there],
            "quantity": name,
            "unit": unit,
            "before": was,
            "after": now,
            "difference": now - was,
            "difference_percent": 100.0 * percent,
            f"difference_{low}": ends[0],
            f"difference_{high}": ends[1],
        }
        found.append(pd.DataFrame(columns))
    return pd.concat(found, ignore_index=True)


def cells_between(before: Study, after: Study) -> pd.DataFrame:
    """Cells of two studies and their differences. [degrees, km2, h, kg]

    Cells compare only on one lattice: the table is empty where the two studies have another cell each.
    """
    if before.lattice != after.lattice:
        return pd.DataFrame()
    keys = ["cell_id", "west", "south", "east", "north", "area_km2"]
    sides = [tables.cells(study).set_index(keys)[list(SHOWN)] for study in (before, after)]
    index = sides[0].index.union(sides[1].index)
    was, now = (side.reindex(index).fillna(0.0) for side in sides)
    return now.sub(was).add_suffix("_difference").join(was.add_suffix("_before")).reset_index()


def circumstances(before: Study, after: Study) -> pd.DataFrame:
    """What two studies were made of: settings, facts, coverage. One row each, with whether they differ.

    Returns
    -------
    pandas.DataFrame
        item, before, after (text), differs.
    """
    told = [_told(study) for study in (before, after)]
    items = list(dict.fromkeys([*told[0], *told[1]]))
    rows = [(item, told[0].get(item, ""), told[1].get(item, "")) for item in items]
    return pd.DataFrame(
        [(*row, row[1] != row[2]) for row in rows], columns=["item", "before", "after", "differs"]
    )


def _told(study: Study) -> dict[str, str]:
    manifest = study.manifest
    said = {"version": str(manifest["version"])}
    said |= {name: _text(manifest["parameters"].get(name)) for name in SETTINGS}
    said |= {name: f"{manifest['totals'][name]:.1f}" for name in TOTALS}
    said["vessels"] = str(len(study.vessels))
    said["months"] = " ".join(month_name(month) for month in study.months())
    return said | {f"facts: {name}": str(said_hash) for name, said_hash in manifest["tables"].items()}


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def differing(table: pd.DataFrame) -> list[str]:
    """Lines on what makes two studies hard to compare: all that differs but periods and amounts.

    Parameters
    ----------
    table : DataFrame
        From `circumstances`.
    """
    usual = {*TOTALS, "months", "start_utc", "end_utc", "vessels"}
    rows = table[table["differs"] & ~table["item"].isin(usual)].to_dict("records")
    return [
        f"{row['item']}: {row['before'] or 'none'} before, {row['after'] or 'none'} after" for row in rows
    ]

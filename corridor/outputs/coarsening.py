"""Accounts told so that no place's figure is that of fewer than some ships; nothing of the whole is lost.

What fewer ships made is told of a larger place, or of none: a row of a month, phase and zone goes into the
remainder of every zone system, a cell out of the map. Totals stay what they were, to the milligram.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.ledger import Ledger
from corridor.emissions.basis import CELL_COLUMNS
from corridor.errors import InputError
from corridor.study import Study

Ints = NDArray[np.int64]
POOL = "miscellaneous"


@dataclass(frozen=True, kw_only=True)
class Coarsening:
    """What is told more coarsely, found once of the baseline: a scenario moves no ship to another place.

    Attributes
    ----------
    least : int
        How many ships a figure of a place has at the least.
    months : dict
        Months of fewer ships, with the month that they join.
    phases : pandas.Series
        Phase that each month and phase is told as.
    zones : pandas.MultiIndex
        Month, phase and zone code of the rows that keep their zone; all others are told as remainder.
    cells : array
        Cells that are told nowhere.
    classes : pandas.Series
        Class that each cell and class is told as, where it is another.
    """

    least: int
    months: Mapping[int, int]
    phases: "pd.Series[int]"
    zones: pd.MultiIndex
    cells: Ints
    classes: "pd.Series[int]"

    def rows(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Ledger rows as they are told: months, phases, zones; accounts stay."""
        told = self._timed(rows)
        keys = pd.MultiIndex.from_frame(told[["month", "phase", "zone"]])
        return told.assign(zone=np.where(keys.isin(self.zones), told["zone"], 0))

    def told_cells(self, cells: pd.DataFrame) -> pd.DataFrame:
        """Cells as they are told: without those of fewer ships, small classes of a cell taken together."""
        told = self._timed(cells[~cells["cell"].isin(self.cells)])
        keys = pd.MultiIndex.from_frame(told[["cell", "class"]])
        pooled = self.classes.reindex(keys).to_numpy()
        return told.assign(**{"class": np.where(np.isnan(pooled), told["class"], pooled).astype(np.int64)})

    def withheld(self, cells: pd.DataFrame) -> dict[str, Any]:
        """How many cells are told nowhere, and the exact sums of what is in them. [mg, ms]"""
        gone = cells[cells["cell"].isin(self.cells)]
        sums = {name: int(gone[name].sum()) for name in CELL_COLUMNS}
        return {"cells": int(gone["cell"].nunique()), "sums": sums}

    def _timed(self, table: pd.DataFrame) -> pd.DataFrame:
        months = table["month"].replace(dict(self.months))
        keys = pd.MultiIndex.from_arrays([months, table["phase"]])
        phases = self.phases.reindex(keys)
        # A scenario may spend hours in a phase of which the baseline knows none there.
        told = np.where(phases.isna(), table["phase"], phases.fillna(0.0)).astype(np.int64)
        return table.assign(month=months.to_numpy(np.int64), phase=told)


def coarsening(study: Study, least: int) -> Coarsening:
    """Find what has to be told more coarsely for no place's figure to be of fewer than ``least`` ships.

    Parameters
    ----------
    study : Study
        A study with its ships.
    least : int
        Ships that a cell, and a row of month, phase and zone, has at the least.

    Raises
    ------
    InputError
        ``too_few_ships`` where the study has fewer; ``no_pairs`` where it does not know whose its cells are.
    """
    rows, pairs = study.ledger.rows, study.ledger.pairs
    if rows["vessel"].nunique() < least:
        raise InputError(
            "too_few_ships",
            f"found {rows['vessel'].nunique()} ships; expected at least {least}; take a longer time, a "
            "larger area, or a smaller --at-least",
        )
    if pairs.empty and len(study.ledger.cells):
        raise InputError(
            "no_pairs",
            "found no account of ships by cell; expected one to count the ships of each; run the study again",
        )
    months = small_months(rows, least)
    seen = rows[["vessel", "month", "phase", "zone"]].assign(month=rows["month"].replace(months))
    phases = _told_phases(seen, least)
    keys = pd.MultiIndex.from_frame(seen[["month", "phase"]])
    seen = seen.assign(phase=phases.loc[keys].to_numpy(np.int64)).drop_duplicates()
    hidden = _small_cells(np.unique(study.ledger.cells["cell"].to_numpy(np.int64)), pairs, least)
    kept = pairs[~pairs["cell"].isin(hidden)]
    return Coarsening(
        least=least,
        months=months,
        phases=phases,
        zones=_told_zones(seen, least),
        cells=hidden,
        classes=_told_classes(study, kept, least),
    )


def small_months(rows: pd.DataFrame, least: int) -> dict[int, int]:
    """Months of fewer ships, each with the neighbour that it joins.

    >>> few = pd.DataFrame({"month": [1, 2, 2, 2, 3], "vessel": [7, 7, 8, 9, 7]})
    >>> small_months(few, 3)
    {1: 2, 3: 2}
    """
    groups = {int(month): {int(month)} for month in np.unique(rows["month"])}
    ships = {month: set(part["vessel"]) for month, part in rows.groupby("month")}

    def of(months: set[int]) -> int:
        return len(set().union(*(ships[month] for month in months)))

    while len(groups) > 1 and min(of(months) for months in groups.values()) < least:
        first = min(groups, key=lambda month: (of(groups[month]), month))
        others = sorted(groups)
        place = others.index(first)
        beside = [others[n] for n in (place - 1, place + 1) if 0 <= n < len(others)]
        # The busier neighbour keeps its name.
        into = max(beside, key=lambda month: (of(groups[month]), -month))
        groups[into] |= groups.pop(first)
    return {month: into for into, months in sorted(groups.items()) for month in sorted(months - {into})}


def _told_phases(seen: pd.DataFrame, least: int) -> "pd.Series[int]":
    """Phase that each month and phase is told as: one of fewer ships joins the one of most in its month."""
    ships = seen.groupby(["month", "phase"])["vessel"].nunique().reset_index()
    # Where every phase is of few, the busiest has them all: the month's ships are enough.
    order = ships.sort_values(["month", "vessel", "phase"], ascending=[True, False, True])
    busiest = order.drop_duplicates("month").set_index("month")["phase"]
    told = ships["phase"].where(ships["vessel"] >= least, ships["month"].map(busiest))
    return pd.Series(told.to_numpy(np.int64), index=pd.MultiIndex.from_frame(ships[["month", "phase"]]))


def _told_zones(seen: pd.DataFrame, least: int) -> pd.MultiIndex:
    """Month, phase and zone code of enough ships, less those that the remainder needs to be of enough."""
    ships: dict[tuple[int, int], dict[int, set[int]]] = {}
    for month, phase, code, vessel in seen[["month", "phase", "zone", "vessel"]].to_numpy(np.int64).tolist():
        ships.setdefault((month, phase), {}).setdefault(code, set()).add(vessel)
    kept = []
    for (month, phase), by_code in ships.items():
        remainder = by_code.pop(0, set())
        # The fewest first: the remainder takes no more than it needs.
        for code, mine in sorted(by_code.items(), key=lambda item: (len(item[1]), item[0])):
            if len(mine) >= least and (not remainder or len(remainder) >= least):
                kept.append((month, phase, code))
            else:
                remainder = remainder | mine
    columns = np.array(kept, np.int64).reshape(-1, 3).T
    return pd.MultiIndex.from_arrays(list(columns), names=["month", "phase", "zone"])


def _small_cells(cells: Ints, pairs: pd.DataFrame, least: int) -> Ints:
    """Cells of fewer ships, and as many more, the least first, that theirs are of enough ships together."""
    by_cell = pairs.groupby("cell").agg(ships=("vessel", "nunique"), co2_mg=("co2_mg", "sum"))
    by_cell = by_cell.reindex(pd.Index(cells, name="cell"), fill_value=0)
    hidden = by_cell.index[by_cell["ships"] < least]
    if not len(hidden):
        return np.zeros(0, np.int64)
    together = set(pairs.loc[pairs["cell"].isin(hidden), "vessel"])
    more = []
    rest = by_cell.drop(index=hidden).reset_index().sort_values(["co2_mg", "cell"])
    for cell in rest["cell"]:
        if len(together) >= least:
            break
        together |= set(pairs.loc[pairs["cell"] == cell, "vessel"])
        more.append(cell)
    return np.sort(np.array([*hidden, *more], np.int64))


def _told_classes(study: Study, pairs: pd.DataFrame, least: int) -> "pd.Series[int]":
    """Class that each cell and class is told as: classes of few ships in a cell are taken together."""
    names = study.class_names()
    pool = names.index(POOL)
    order = {name: place for place, name in enumerate(names)}
    number = np.asarray(study.vessels["ship_class"].map(order), np.int64)
    counts = pairs.assign(**{"class": number[pairs["vessel"].to_numpy()]})
    ships = counts.groupby(["cell", "class"])["vessel"].nunique().rename("ships").reset_index()
    # Those of the pool itself, then the smallest: so many that the pool is of enough ships.
    ships["small"] = ships["ships"] < least
    ships = ships[ships.groupby("cell")["small"].transform("any")]
    ships = ships.assign(first=ships["class"] != pool).sort_values(
        ["cell", "small", "first", "ships", "class"], ascending=[True, False, True, True, True], kind="stable"
    )
    before = ships.groupby("cell")["ships"].cumsum() - ships["ships"]
    joined = ships[ships["small"] | (before < least)]
    index = pd.MultiIndex.from_frame(joined[["cell", "class"]])
    return pd.Series(pool, index=index, dtype=np.float64)


def coarsened(ledger: Ledger, how: Coarsening) -> Ledger:
    """Return accounts as they are told; whose a cell is, is told nowhere."""
    return Ledger(how.rows(ledger.rows), how.told_cells(ledger.cells))


def promised(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What several published studies promise together: no more than the one that promises least.

    >>> promised([{"least_ships_in_a_class": 5, "at_least": 5}, {"least_ships_in_a_class": 3}])
    {'least_ships_in_a_class': 3}
    """
    told: dict[str, Any] = {"least_ships_in_a_class": min(part["least_ships_in_a_class"] for part in parts)}
    gone = [part["withheld"] for part in parts if "withheld" in part]
    if gone:
        # What is missing from the cells of the whole, whoever withheld it.
        told |= {"withheld": _together(gone)}
        sides = [part.get("withheld_of_scenarios", {}) for part in parts]
        keys = dict.fromkeys(key for side in sides for key in side)
        found = {key: _together([side[key] for side in sides if key in side]) for key in keys}
        told |= {"withheld_of_scenarios": found}
    if len(gone) == len(parts):
        told |= {"at_least": min(part["at_least"] for part in parts)}
    return told


def _together(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    sums = {name: sum(part["sums"][name] for part in parts) for name in parts[0]["sums"]}
    return {"cells": sum(part["cells"] for part in parts), "sums": sums}

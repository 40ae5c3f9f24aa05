"""Bounds beside masses in tables: two columns for each pollutant, such as ``co2_p05_kg``, ``co2_p95_kg``."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.spreads import Spreads, factors
from corridor.accounts.totals import MASS_COLUMNS, mass_table
from corridor.accounts.uncertainty import percentile_names
from corridor.comparison import groups_of
from corridor.emissions.species import CONSUMERS
from corridor.kept import kept
from corridor.study import Study
from corridor.worlds import LEVEL


def with_bounds(
    table: pd.DataFrame, study: Study, group: NDArray[np.int64], place: NDArray[np.int64]
) -> pd.DataFrame:
    """A table of masses with the bounds of each. [kg]

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of groups, with `MASS_COLUMNS`; one consumer each where there is a column ``consumer``, and none
        where that is ``ship``.
    study : Study
        The study.
    group : array (ledger rows)
        Group of each ledger row. [index]
    place : array (table rows)
        Group of each row of the table. [index]
    """
    n = int(max(group.max(initial=-1), place.max(initial=-1))) + 1
    spreads = Spreads(study.errors, study.ledger_rows(), group, n, study.derived)
    low, high = percentile_names(study.interval_level)
    columns: dict[str, NDArray[np.float64]] = {}
    for column in MASS_COLUMNS:
        bounds = _bounds(table, spreads, column.removesuffix("_kg"), place, study.interval_level)
        mass = table[column].to_numpy(np.float64)
        stem = column.removesuffix("_kg")
        columns[f"{stem}_{low}_kg"], columns[f"{stem}_{high}_kg"] = bounds * mass
    return table.assign(**columns)


def _bounds(
    table: pd.DataFrame, spreads: Spreads, species: str, place: NDArray[np.int64], level: float
) -> NDArray[np.float64]:
    """(2, rows) bounds of each row's mass, as factors on it: of its consumer, or of all."""
    if "consumer" not in table:
        return factors(spreads.of(species), level)[:, place]
    found = np.ones((2, len(table)))
    for consumer in CONSUMERS:
        rows = (table["consumer"] == consumer).to_numpy()
        found[:, rows] = factors(spreads.of(species, [consumer]), level)[:, place[rows]]
    return found


def cell_factors(study: Study) -> NDArray[np.float64] | None:
    """(2, cells) bounds of each cell's carbon dioxide as factors on it, cells in ascending order.

    None where nobody knows which ships made a cell: in a study made to be passed on.
    """
    spread = study.cell_spread
    return None if spread is None else factors(spread, study.interval_level)


def bound_columns(columns: Sequence[str] = MASS_COLUMNS, level: float = LEVEL) -> list[str]:
    """Names of the bounds of masses, in their order.

    >>> bound_columns(["co2_kg"])
    ['co2_p05_kg', 'co2_p95_kg']
    """
    return [f"{one.removesuffix('_kg')}_{bound}_kg" for one in columns for bound in percentile_names(level)]


@kept
def interval_table(study: Study) -> pd.DataFrame:
    """Low, study's figure and high of the whole and of every phase, ship class and zone. [kg]

    The bounds are those of ``totals.csv`` and of the page. Sums of many ships are surer than each: the bounds
    of several rows may not be added up.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    pandas.DataFrame
        dimension, key, species, low_kg, mass_kg, high_kg, interval_level; a group without mass has no row.
    """
    rows = study.ledger_rows()
    species = [name.removesuffix("_kg") for name in MASS_COLUMNS]
    parts = []
    for groups in groups_of(study):
        group, n = groups.of(study), len(groups.names)
        amounts = mass_table(rows.assign(group=group), ["group"], study.derived).set_index("group")
        mass_kg = amounts.reindex(range(n))[list(MASS_COLUMNS)].fillna(0.0).to_numpy()
        spreads = Spreads(study.errors, rows, group, n, study.derived)
        ends = np.stack([factors(spreads.of(name), study.interval_level) for name in species], axis=2)
        place, which = np.nonzero(mass_kg)
        mass = mass_kg[place, which]
        columns = {
            "dimension": groups.dimension,
            "key": np.array(groups.names, dtype=object)[place],
            "species": np.array(species, dtype=object)[which],
            "low_kg": ends[0, place, which] * mass,
            "mass_kg": mass,
            "high_kg": ends[1, place, which] * mass,
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True).assign(interval_level=study.interval_level)

"""Intervals on cells: from the sums and sums of squares of what each ship left in them.

A cell knows its ships, its phases and how much of its time was observed, not every ship's engines apart: a
ship's carbon dioxide there is split over her engines as it is in the cell's phases wherever she was in them.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.accounts.uncertainty import AUX_PLACES, PLACE_OF_PHASE, Errors
from corridor.emissions.phases import PHASES
from corridor.emissions.species import CONSUMERS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MAIN, AUX, BOILER = range(len(CONSUMERS))


class Pairs(NamedTuple):
    """What ships left in cells: number of the cell, vessel, and share of the cell's carbon dioxide."""

    cell: Ints
    vessel: Ints
    share: Floats


def cell_spreads(
    errors: Errors, rows: pd.DataFrame, cells: pd.DataFrame, pairs: pd.DataFrame
) -> pd.DataFrame:
    """Middle and standard deviation of the logarithm of each cell's carbon dioxide, by cell. [1]

    Parameters
    ----------
    errors : Errors
        What may be wrong.
    rows : DataFrame
        Ledger rows.
    cells : DataFrame
        Accounts of cells by month, phase and class.
    pairs : DataFrame
        cell, vessel, co2_mg: who left how much.

    Returns
    -------
    DataFrame
        centre and sigma, as `corridor.accounts.spreads.Spread`, by cell.
    """
    ids, number = np.unique(cells["cell"].to_numpy(np.int64), return_inverse=True)
    n = len(ids)
    mix = np.zeros((n, len(PHASES)))
    np.add.at(mix, (number, cells["phase"].to_numpy()), cells["co2_mg"].to_numpy(np.float64))
    mix /= np.maximum(mix.sum(axis=1, keepdims=True), 1.0)
    hours, seen = (np.bincount(number, cells[name], n) for name in ("hours_ms", "observed_ms"))
    unseen = 1.0 - np.divide(seen, hours, out=np.ones(n), where=hours > 0)
    there = _pairs(ids, pairs)
    engines, use = _engines(errors, rows)
    phases = mix[there.cell]
    # (pairs, phases, consumers): what of a ship's share each engine gave.
    split = engines[there.vessel] * phases[:, :, None]
    split /= np.maximum(split.sum(axis=(1, 2), keepdims=True), 1e-300)
    split *= there.share[:, None, None]
    return _spread(errors, split, there, unseen, use, ids)


def _pairs(ids: Ints, pairs: pd.DataFrame) -> Pairs:
    """Pairs with shares; a ship counts once in a cell."""
    sums = pairs.groupby(["cell", "vessel"], sort=True)["co2_mg"].sum()
    cell = np.searchsorted(ids, sums.index.get_level_values("cell").to_numpy(np.int64))
    mass = sums.to_numpy(np.float64)
    total = np.bincount(cell, mass, len(ids))
    share = np.divide(mass, total[cell], out=np.zeros_like(mass), where=total[cell] > 0)
    return Pairs(cell, sums.index.get_level_values("vessel").to_numpy(np.int64), share)


def _engines(errors: Errors, rows: pd.DataFrame) -> tuple[Floats, Floats]:
    """(vessels, phases, consumers) shares of carbon dioxide; spread of shore power at berth, by vessel."""
    ships = len(errors.main_fuel)
    where = rows["vessel"].to_numpy(np.int64) * len(PHASES) + rows["phase"].to_numpy(np.int64)
    masses = [rows[f"{consumer}_co2_mg"].to_numpy(np.float64) for consumer in CONSUMERS]
    flat = [np.bincount(where, mass, ships * len(PHASES)) for mass in masses]
    sums = np.stack(flat, axis=1).reshape(ships, len(PHASES), len(CONSUMERS))
    # A phase that a ship was never in is split as all of hers are: rounding may leave such a pair.
    whole = sums.sum(axis=1, keepdims=True)
    empty = sums.sum(axis=2, keepdims=True) == 0
    sums = np.where(empty, whole, sums)
    shares = sums / np.maximum(sums.sum(axis=2, keepdims=True), 1.0)
    return shares, _use(errors, rows, ships)


def _use(errors: Errors, rows: pd.DataFrame, ships: int) -> Floats:
    """Standard deviation of each vessel's auxiliaries at berth from shore power of unknown use. [1]"""
    known = errors.unknown_use
    if known is None:
        return np.zeros(ships)
    place, key = known.rows_of(rows)
    vessel, mass = rows["vessel"].to_numpy()[place], rows["aux_co2_mg"].to_numpy(np.float64)[place]
    ends = [np.bincount(vessel, mass * known.change["co2"][end, key], ships) for end in range(2)]
    berth = rows["phase"].to_numpy() == PHASES.index("at_berth")
    aux = np.where(berth, rows["aux_co2_mg"].to_numpy(np.float64), 0.0)
    all_mass = np.bincount(rows["vessel"].to_numpy(), aux, ships)
    squares = (ends[0] ** 2 + ends[1] ** 2) / 6.0 - ((ends[0] + ends[1]) / 4.0) ** 2
    spread: Floats = np.sqrt(squares) / np.maximum(all_mass, 1.0)
    return spread


def _spread(
    errors: Errors, split: Floats, there: Pairs, unseen: Floats, use: Floats, ids: Ints
) -> pd.DataFrame:
    """Middle and deviation of each cell; as in `corridor.accounts.spreads`."""
    n = len(ids)
    own = errors.of_ships() ** 2 + errors.sigma("speed_noise") ** 2
    variances = np.empty((len(split), len(CONSUMERS)))
    variances[:, MAIN] = own[there.vessel] + unseen[there.cell] ** 2 * errors.sigma("gap_filling") ** 2
    variances[:, AUX] = errors.sigma("aux_of_a_ship") ** 2
    variances[:, BOILER] = errors.sigma("boiler_of_a_ship") ** 2
    means = split * np.exp(0.5 * variances)[:, None, :]
    total = np.bincount(there.cell, means.sum(axis=(1, 2)), n)
    # A cell that a ship only touched holds no mass; whatever the factor, its bounds are nothing.
    total = np.where(total > 0, total, 1.0)
    squares = (means.sum(axis=1) ** 2 * np.expm1(variances)).sum(axis=1)
    alone = np.log1p(np.bincount(there.cell, squares, n) / total**2)
    common = _common(errors, means / total[there.cell, None, None], there, use, n)
    columns = {"centre": np.log(total) - 0.5 * alone, "sigma": np.sqrt(alone + common)}
    return pd.DataFrame(columns, index=pd.Index(ids, name="cell"))


def _common(errors: Errors, split: Floats, there: Pairs, use: Floats, n: int) -> Floats:
    """Squares of what all ships have wrong alike."""

    def in_cells(values: Floats) -> Floats:
        """Sum values of pairs by cell."""
        sums: Floats = np.bincount(there.cell, values, n).astype(np.float64)
        return sums

    squares = (in_cells(split[:, :, MAIN].sum(axis=1)) * errors.sigma("weather_margin")) ** 2
    squares += (in_cells(split[:, :, BOILER].sum(axis=1)) * errors.sigma("boiler")) ** 2
    places = np.array([PLACE_OF_PHASE.get(name, 2) for name in PHASES])
    for place, component in enumerate(AUX_PLACES):
        here = in_cells(split[:, places == place, AUX].sum(axis=1))
        squares += (here * errors.sigma(component)) ** 2
    squares += in_cells(split[:, PHASES.index("at_berth"), AUX] * use[there.vessel]) ** 2
    return squares + errors.sigma("fuel_consumption") ** 2 + errors.sigma("factor_co2") ** 2

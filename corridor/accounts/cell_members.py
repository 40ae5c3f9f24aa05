"""Cells in every world of an ensemble: whose mass lies in a cell decides how far it is off there.

The accounts know each cell by month, phase and class, each ship by month and phase, and how much carbon
dioxide each ship left in each cell. A table of cell by ship, month and phase that agrees with all three is
found by scaling one after the other; among all that agree it is the one that assumes no more than they say.
So a world adds up over cells to what it is for the ships, and errors that ships share stay shared.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from corridor.accounts.ledger import MG_PER_KG
from corridor.accounts.totals import Derived
from corridor.accounts.uncertainty import FILLED, Ensemble, Members
from corridor.emissions.phases import PHASES
from corridor.emissions.species import CONSUMERS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Scaling ends when the ships' sums are off by this share of the total, or after so many rounds.
NEAR = 1e-6
ROUNDS = 100
# So little of a cell's mass may be of the other origin than its hours are, that rounding cannot shut it out.
_LEAST = 1e-9


class Entries(NamedTuple):
    """What may lie where: rows of the cells, pair of cell and vessel, kind of mass, and a first guess."""

    row: Ints
    pair: Ints
    kind: Ints
    guess: Floats


class CellMembers:
    """Masses of cells in every world of an ensemble. [kg]

    Parameters
    ----------
    worlds : Ensemble
        Worlds of the study.
    rows : DataFrame
        Ledger rows with ``main_diesel`` and ``aux_diesel``.
    cells : DataFrame
        Accounts of cells by month, phase and class.
    pairs : DataFrame
        cell, vessel, co2_mg: who left how much.
    classes : array (vessels)
        Class of each vessel, as the cells number them. [index]
    derived : Derived
        Factors of PM2.5 and CO2e.

    References
    ----------
    .. [1] Deming and Stephan 1940, On a least squares adjustment of a sampled frequency table when the
       expected marginal totals are known.
    """

    def __init__(
        self,
        worlds: Ensemble,
        rows: pd.DataFrame,
        cells: pd.DataFrame,
        pairs: pd.DataFrame,
        classes: Ints,
        derived: Derived,
    ) -> None:
        self.worlds, self.derived = worlds, derived
        self._rows, self._table = rows, cells
        self.cells, self._cell = np.unique(cells["cell"].to_numpy(np.int64), return_inverse=True)
        self._kinds, self._group = np.unique(_kind_keys(rows), return_inverse=True)
        self._pairs = pairs.groupby(["cell", "vessel"], sort=True)[["co2_mg"]].sum().reset_index()
        self._entries = _entries(self._kinds, self._kind_mass("co2"), cells, self._pairs, classes)
        targets = [
            (self._entries.pair, self._pairs["co2_mg"].to_numpy(np.float64)),
            (self._entries.kind, self._kind_mass("co2")),
            (self._entries.row, cells["co2_mg"].to_numpy(np.float64)),
        ]
        self._co2 = fitted(self._entries.guess, targets)
        self._last: tuple[str, Floats, Floats] | None = None

    def of(self, species: str, month: int) -> Floats:
        """(cells, n) mass of a species in one month, in every world. [kg]

        Parameters
        ----------
        species : str
            A species of the cells, or ``pm25``.
        month : int
            As the cells number it: year * 12 + month - 1.
        """
        if species == "pm25":
            return self.derived.pm25_per_pm10 * self.of("pm10", month)
        mass, factor = self._split(species)
        entries = self._entries
        here = self._table["month"].to_numpy() == month
        chosen = here[entries.row]
        places = (self._cell[entries.row[chosen]], entries.kind[chosen])
        shape = (len(self.cells), len(self._kinds))
        found: Floats = sp.csr_array((mass[chosen] / MG_PER_KG, places), shape=shape) @ factor
        return found + self._unclaimed(species, mass, here)

    def _split(self, species: str) -> tuple[Floats, Floats]:
        """Mass of each entry [mg], and (kinds, n) factors of a species; the last one asked for is kept."""
        if self._last is None or self._last[0] != species:
            members = Members(self.worlds, self._rows, self._group, len(self._kinds), self.derived)
            central = self._kind_mass(species)
            factor = np.divide(
                members.of(species) * MG_PER_KG,
                central[:, None],
                out=np.ones((len(central), self.worlds.n)),
                where=central[:, None] > 0,
            )
            self._last = (species, self._fitted_to(species, central), factor)
        return self._last[1:]

    def _fitted_to(self, species: str, central: Floats) -> Floats:
        """Entries of a species: where its carbon dioxide lies, scaled to the sums of ships and of cells."""
        if species == "co2":
            return self._co2
        carbon = self._kind_mass("co2")
        ratio = np.divide(central, carbon, out=np.zeros_like(central), where=carbon > 0)
        targets = [
            (self._entries.kind, central),
            (self._entries.row, self._table[f"{species}_mg"].to_numpy(np.float64)),
        ]
        return fitted(self._co2 * ratio[self._entries.kind], targets)

    def _kind_mass(self, species: str) -> Floats:
        """Mass of each kind in the ledger. [mg]"""
        mass = sum(self._rows[f"{one}_{species}_mg"].to_numpy(np.float64) for one in CONSUMERS)
        sums: Floats = np.bincount(self._group, mass, len(self._kinds)).astype(np.float64)
        return sums

    def _unclaimed(self, species: str, mass: Floats, here: npt.NDArray[np.bool_]) -> Floats:
        """(cells, 1) mass of rows that no pair claims, the same in every world. [kg]"""
        held = np.bincount(self._entries.row, mass, len(self._table))
        left = np.where(held > 0, 0.0, self._table[f"{species}_mg"].to_numpy(np.float64)) * here
        sums: Floats = np.bincount(self._cell, left / MG_PER_KG, len(self.cells)).astype(np.float64)
        return sums[:, None]


def fitted(guess: Floats, targets: Sequence[tuple[Ints, Floats]]) -> Floats:
    """Scale entries until their sums are those asked for; the last of the targets holds exactly.

    Parameters
    ----------
    guess : array
        First guess; what is 0 stays 0.
    targets : sequence of (array, array)
        Group of each entry, and the sum of each group.

    Returns
    -------
    array
        Entries; the best after `ROUNDS` where the targets contradict each other.

    Examples
    --------
    >>> row, column = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> fitted(np.ones(4), [(row, np.array([3.0, 1.0])), (column, np.array([2.0, 2.0]))]).tolist()
    [1.5, 1.5, 0.5, 0.5]
    """
    found = guess.copy()
    whole = max(float(targets[-1][1].sum()), 1.0)
    for _ in range(ROUNDS):
        off = 0.0
        for group, wanted in targets:
            sums = np.bincount(group, found, len(wanted))
            off = max(off, float(np.abs(np.where(sums > 0, wanted - sums, 0.0)).sum()) / whole)
            found *= np.divide(wanted, sums, out=np.zeros_like(wanted), where=sums > 0)[group]
        if off < NEAR:
            break
    return found


def _kind_keys(rows: pd.DataFrame) -> Ints:
    """One number for each row's vessel, month, phase, and whether its hours were filled."""
    vessel, month, phase = (rows[name].to_numpy(np.int64) for name in ("vessel", "month", "phase"))
    return kind_keys(vessel, month, phase, rows["origin"].to_numpy() == FILLED)


def kind_keys(vessel: Ints, month: Ints, phase: Ints, filled: npt.NDArray[np.bool_] | bool) -> Ints:
    """One number for each vessel, month, phase, and whether hours were filled.

    >>> kind_keys(np.array([1]), np.array([0]), np.array([2]), True).tolist()
    [8589934597]
    """
    return (vessel << 33) | ((month * len(PHASES) + phase) << 1) | np.asarray(filled, np.int64)


def _entries(
    kinds: Ints, kind_mass: Floats, cells: pd.DataFrame, pairs: pd.DataFrame, classes: Ints
) -> Entries:
    """Every ship of a row's class that was in its cell, in the row's month and phase, observed and filled."""
    vessel, place = pairs["vessel"].to_numpy(np.int64), pairs["cell"].to_numpy(np.int64)
    span = int(max(classes.max(initial=0), cells["class"].max())) + 1
    keys = place * span + classes[vessel]
    order = np.argsort(keys, kind="stable")
    wanted = cells["cell"].to_numpy(np.int64) * span + cells["class"].to_numpy(np.int64)
    low, high = (np.searchsorted(keys[order], wanted, side=side) for side in ("left", "right"))
    count = high - low
    row = np.repeat(np.arange(len(cells)), count)
    pair = order[np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count)]
    hours, seen = (cells[name].to_numpy(np.float64) for name in ("hours_ms", "observed_ms"))
    unseen = 1.0 - np.divide(seen, hours, out=np.ones(len(cells)), where=hours > 0)
    whole = np.bincount(kinds >> 33, kind_mass, len(classes))[vessel[pair]]
    parts = []
    for filled, share in ((False, 1.0 - unseen), (True, unseen)):
        month, phase = (cells[name].to_numpy(np.int64)[row] for name in ("month", "phase"))
        key = kind_keys(vessel[pair], month, phase, filled)
        kind = np.minimum(np.searchsorted(kinds, key), len(kinds) - 1)
        guess = pairs["co2_mg"].to_numpy(np.float64)[pair] * (share[row] + _LEAST)
        guess *= kind_mass[kind] / np.maximum(whole, 1.0)
        there = (kinds[kind] == key) & (guess > 0)
        parts.append(Entries(row[there], pair[there], kind[there], guess[there]))
    return Entries(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

"""Intervals on many totals at once: spreads from sums and sums of squares of the ships' contributions."""

from collections.abc import Sequence
from functools import cached_property
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.accounts.totals import Derived
from corridor.accounts.uncertainty import (
    AUX_PLACES,
    FILLED,
    FUEL_BASED,
    PLACE_OF_PHASE,
    Errors,
    check_level,
    measured_share,
    voyage_keys,
)
from corridor.emissions.phases import PHASES
from corridor.emissions.species import CONSUMERS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Spread(NamedTuple):
    """Logarithms of totals over what they are taken for: their middle and their standard deviation. [1]"""

    centre: Floats
    sigma: Floats


class Spreads:
    """How far totals of groups may be off, without members: from sums and sums of squares. [1]

    The logarithm of a total varies with the square root of the sum, over every error, of its share of the
    total times its own deviation, squared. Where an error is each ship's own, the shares are the ships': so
    many ships average out, and what all share does not. It agrees with the members of an `Ensemble` and costs
    a group-by.

    Each ship is as likely above her mass as below it, but further above: so the middle of what a total of
    many ships may be lies a little above their sum.

    Parameters
    ----------
    errors : Errors
        What may be wrong.
    rows : DataFrame
        Ledger rows with ``main_diesel`` and ``aux_diesel``.
    group : array (rows)
        Group of each row, from 0. [index]
    groups : int
        How many groups there are.
    derived : Derived
        Factors of PM2.5 and CO2e.

    References
    ----------
    .. [1] Fenton 1960, The sum of log-normal probability distributions in scatter transmission systems.
    """

    def __init__(
        self, errors: Errors, rows: pd.DataFrame, group: Ints, groups: int, derived: Derived
    ) -> None:
        self.errors, self.groups, self.derived = errors, groups, derived
        self._rows, self._group = rows, group
        place_of = np.array([PLACE_OF_PHASE.get(name, 2) for name in PHASES])
        self._place = place_of[rows["phase"].to_numpy()]
        self._filled = rows["origin"].to_numpy() == FILLED
        vessel = rows["vessel"].to_numpy(np.int64)
        ships = max(len(errors.main_fuel), 1)
        self._by_ship = _Nested(group, vessel, ships)
        voyages, voyage = np.unique(voyage_keys(rows), return_inverse=True)
        self._by_voyage = _Nested(group, voyage, max(len(voyages), 1))
        self._modelled = {one: 1.0 - measured_share(rows, one) for one in CONSUMERS}
        self._main_variance = errors.of_ships() ** 2 + errors.sigma("speed_noise") ** 2
        filled = np.where(self._filled, errors.sigma("gap_filling") ** 2, 0.0)
        # A median of one has a mean above: of many ships some are far too large, and none below nothing.
        self._means: dict[str, Floats | float] = {
            "main": np.exp(0.5 * (self._main_variance[vessel] + filled)),
            **{one: float(np.exp(0.5 * errors.sigma(f"{one}_of_a_ship") ** 2)) for one in ("aux", "boiler")},
        }

    def of(self, species: str, consumers: Sequence[str] = CONSUMERS) -> Spread:
        """Where the logarithm of a mass may lie; 0 and 0 where there is none. [1]"""
        parts = self._parts(species)
        whole = {one: self._mass(one, parts) for one in consumers}
        nominal = self._sum(sum(whole.values(), np.zeros(len(self._rows))))
        # What a ship reported is as wrong as its emission factor, and no more.
        mass = {one: whole[one] * self._modelled[one] for one in consumers}
        means = {one: mass[one] * self._means[one] for one in consumers}
        total = nominal + self._sum(
            sum((means[one] - mass[one] for one in consumers), np.zeros(len(self._rows)))
        )
        own = sum((self._own(one, means[one]) for one in consumers), np.zeros(self.groups))
        common = self._of_factors(parts, consumers)
        common += sum((self._common(one, means[one]) for one in consumers), np.zeros(self.groups))
        if "aux" in consumers:
            common += self._of_use(parts)
        there = np.where(total > 0.0, total, 1.0)
        # Ships' own errors make a sum whose mean and variance are those of one lognormal [1]_.
        own = np.log1p(own / there**2)
        centre = np.log(there / np.where(total > 0.0, nominal, 1.0)) - 0.5 * own
        return Spread(centre, np.sqrt(own + common / there**2))

    def _parts(self, species: str) -> list[tuple[str, float]]:
        """The species of the ledger that a species is made of, the largest first, and their weights."""
        match species:
            case "pm25" | "dpm":
                return [("pm10", 1.0)]
            case "co2e":
                return [("co2", 1.0), ("ch4", self.derived.gwp_ch4), ("n2o", self.derived.gwp_n2o)]
        return [(species, 1.0)]

    def _mass(self, consumer: str, parts: Sequence[tuple[str, float]]) -> Floats:
        masses = (weight * self._rows[f"{consumer}_{part}_mg"].to_numpy(np.float64) for part, weight in parts)
        return sum(masses, np.zeros(len(self._rows)))

    def _sum(self, mass: Floats) -> Floats:
        sums: Floats = np.bincount(self._group, mass, self.groups).astype(np.float64)
        return sums

    def _of_factors(self, parts: Sequence[tuple[str, float]], consumers: Sequence[str]) -> Floats:
        """What every ship shares: emission factors, and the fuel consumption of what follows fuel."""
        squares, fuel = np.zeros(self.groups), np.zeros(self.groups)
        for part, weight in parts:
            masses = {one: self._mass(one, [(part, weight)]) for one in consumers}
            means = {one: masses[one] * self._modelled[one] * self._means[one] for one in consumers}
            known = {one: masses[one] * (1.0 - self._modelled[one]) for one in consumers}
            mass = self._sum(sum((*means.values(), *known.values()), np.zeros(len(self._rows))))
            squares += (mass * self.errors.sigma(f"factor_{part}")) ** 2 if part != "fuel" else 0.0
            if part in FUEL_BASED:
                fuel += self._sum(sum(means.values(), np.zeros(len(self._rows))))
        return squares + (fuel * self.errors.sigma("fuel_consumption")) ** 2

    def _own(self, consumer: str, mass: Floats) -> Floats:
        """Variance of what each ship has wrong of her own, and each voyage of its filled hours."""
        if consumer != "main":
            variance = np.expm1(self.errors.sigma(f"{consumer}_of_a_ship") ** 2)
            own: Floats = self._by_ship.squares(mass, None, self.groups) * variance
            return own
        ships = self._by_ship.squares(mass, np.sqrt(np.expm1(self._main_variance)), self.groups)
        gaps = self._by_voyage.squares(np.where(self._filled, mass, 0.0), None, self.groups)
        both: Floats = ships + gaps * np.expm1(self.errors.sigma("gap_filling") ** 2)
        return both

    def _common(self, consumer: str, mass: Floats) -> Floats:
        """Variance of what all ships have wrong alike."""
        if consumer != "aux":
            component = {"main": "weather_margin", "boiler": "boiler"}[consumer]
            return (self._sum(mass) * self.errors.sigma(component)) ** 2
        squares = np.zeros(self.groups)
        for place, component in enumerate(AUX_PLACES):
            here = self._sum(np.where(self._place == place, mass, 0.0))
            squares += (here * self.errors.sigma(component)) ** 2
        return squares

    @cached_property
    def _rows_of_use(self) -> tuple[Ints, Ints]:
        """Ledger rows that hang on shore power of unknown use, and the key of each; no species matters."""
        known = self.errors.unknown_use
        nothing = np.zeros(0, np.int64)
        return (nothing, nothing) if known is None else known.rows_of(self._rows)

    def _of_use(self, parts: Sequence[tuple[str, float]]) -> Floats:
        """Shore power of unknown use: anything between the two ends is as likely, in all of a country."""
        known = self.errors.unknown_use
        squares = np.zeros(self.groups)
        if known is None:
            return squares
        rows, key = self._rows_of_use
        ends = np.zeros((2, self.groups, known.countries))
        for part, weight in parts:
            mass = weight * self._rows[f"aux_{part}_mg"].to_numpy(np.float64)[rows]
            for end in range(2):
                moved = mass * known.change[part][end, key]
                np.add.at(ends[end], (self._group[rows], known.country[key]), moved)
        low, high = ends
        squares += ((low**2 + high**2) / 6.0 - ((low + high) / 4.0) ** 2).sum(axis=1)
        return squares


class _Nested:
    """Sums of squares of the parts of groups."""

    def __init__(self, group: Ints, part: Ints, parts: int) -> None:
        keys, self._number = np.unique(group * parts + part, return_inverse=True)
        self._of_group, self._of_part = keys // parts, keys % parts

    def squares(self, mass: Floats, sigma: Floats | None, groups: int) -> Floats:
        sums = np.bincount(self._number, mass, len(self._of_group))
        if sigma is not None:
            sums = sums * sigma[self._of_part]
        squares: Floats = np.bincount(self._of_group, sums**2, groups).astype(np.float64)
        return squares


def factors(spread: Spread, level: float = 0.9) -> Floats:
    """(2, ...) lower and upper bound as factors on a total.

    Parameters
    ----------
    spread : Spread
        From `Spreads.of`.
    level : float
        Share inside. [0–1]

    Raises
    ------
    ValueError
        If the level is not between 0 and 1.

    Examples
    --------
    >>> factors(Spread(np.zeros(1), np.array([np.log(1.3)]))).round(3).tolist()
    [[0.65], [1.54]]
    """
    check_level(level)
    reach = NormalDist().inv_cdf((1.0 + level) / 2.0) * spread.sigma
    return np.exp(np.stack([spread.centre - reach, spread.centre + reach]))

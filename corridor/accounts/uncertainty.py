"""Intervals on any total: members of an ensemble whose errors are shared as they are in the world.

A ship's power and speed are wrong in all of her hours alike, a fuel consumption for all ships, a filled gap
for its voyage. So errors do not average out over segments, and those that two scenarios share cancel in their
difference. Members are re-weightings of the ledger: no segment is walked again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from corridor import reference
from corridor.accounts.ledger import MEASURED_COLUMNS, MG_PER_KG
from corridor.accounts.shore_use import ShoreUse
from corridor.accounts.totals import Derived
from corridor.emissions.phases import PHASES
from corridor.emissions.species import CONSUMERS, SPECIES
from corridor.words import ORIGINS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MEMBERS = 400
FILLED = ORIGINS.index("filled")
# What follows fuel has the error of the fuel consumption too; the rest follows energy.
FUEL_BASED = frozenset({"fuel", "co2", "sox", "bc"})
AUX_PLACES = ("aux_at_berth", "aux_waiting", "aux_under_way")
# What an auxiliary engine is used for; under way where nothing else is said.
PLACE_OF_PHASE = {"at_berth": 0, "at_anchor": 1, "drifting": 1}
COMMON = ("weather_margin", "fuel_consumption", *AUX_PLACES, "boiler")
# What part of the ships' calls was at shore power, where nobody logged it.
SHORE_USE = "shore_power_use"


@dataclass(frozen=True)
class Errors:
    """Geometric standard deviations of everything that may be wrong. [1]

    Attributes
    ----------
    gsd : mapping
        By component, as in ``data/uncertainty_2026.csv``.
    main_fuel : array (vessels)
        Of each ship's main-engine fuel, by the provenance of her power and speed.
    only : tuple of str
        Components that vary, for a ranking of what drives a width; all if empty.
    use : ShoreUse, optional
        Shore power of unknown use: anything from the least to the fullest is as likely.
    """

    gsd: Mapping[str, float]
    main_fuel: Floats
    only: tuple[str, ...] = ()
    use: ShoreUse | None = None

    @property
    def unknown_use(self) -> ShoreUse | None:
        """Shore power of unknown use, unless it is held still."""
        return None if self.only and SHORE_USE not in self.only else self.use

    def sigma(self, component: str) -> float:
        """Standard deviation of a component's logarithm; 0 where it is held still."""
        if self.only and component not in self.only:
            return 0.0
        return float(np.log(self.gsd[component]))

    def of_ships(self) -> Floats:
        """Standard deviations of the logarithms of the ships' main-engine fuel."""
        if self.only and "particulars" not in self.only:
            return np.zeros(len(self.main_fuel))
        return np.log(self.main_fuel)


def error_model(vessels: pd.DataFrame, use: ShoreUse | None = None) -> Errors:
    """Errors of a study's ships by the reference tables.

    Parameters
    ----------
    vessels : DataFrame
        Vessels of a study, with ``main_fuel_gsd``.
    use : ShoreUse, optional
        Shore power of unknown use.
    """
    facts = reference.table("uncertainty_2026")
    gsd = dict(zip(facts["component"].astype(str), facts["gsd"].astype(float), strict=True))
    return Errors(gsd, vessels["main_fuel_gsd"].to_numpy(np.float64), use=use)


def components() -> tuple[str, ...]:
    """Components of the error model, the ships' particulars first.

    >>> components()[:3]
    ('particulars', 'weather_margin', 'fuel_consumption')
    """
    return ("particulars", *reference.table("uncertainty_2026")["component"].astype(str), SHORE_USE)


@dataclass(frozen=True, eq=False)
class Ensemble:
    """One world per member: by how much each quantity of the ledger is off in it.

    Attributes
    ----------
    errors : Errors
        What may be wrong.
    vessel, voyage : array
        Vessel and number of voyage of each (vessel, voyage) pair, the order of the voyages' errors.
    n : int
        Members.
    seed : int
        Seed; equal seeds give equal worlds, whatever is asked of them.
    """

    errors: Errors
    vessel: Ints
    voyage: Ints
    n: int = MEMBERS
    seed: int = 0

    def _drawn(self, component: str, shape: tuple[int, ...], sigma: Floats | float) -> Floats:
        """Lognormal factors with a median of one; each component has a stream of its own."""
        stream = np.random.default_rng([self.seed, *component.encode()])
        drawn: Floats = np.exp(stream.standard_normal(shape) * np.asarray(sigma)[..., None])
        return drawn

    def common(self, component: str) -> Floats:
        """(n) factors that every ship shares."""
        factors: Floats = self._drawn(component, (1, self.n), np.full(1, self.errors.sigma(component)))[0]
        return factors

    def of_ships(self, component: str) -> Floats:
        """(vessels, n) factors of each ship."""
        ships = len(self.errors.main_fuel)
        return self._drawn(component, (ships, self.n), np.full(ships, self.errors.sigma(component)))

    @cached_property
    def main_ships(self) -> Floats:
        """(vessels, n) factors of the main engines: particulars, speed noise, weather margin."""
        ships = self._drawn("particulars", (len(self.errors.main_fuel), self.n), self.errors.of_ships())
        return ships * self.of_ships("speed_noise") * self.common("weather_margin")

    @cached_property
    def gaps(self) -> Floats:
        """(voyages, n) factors of the hours of each voyage that were filled."""
        sigma = self.errors.sigma("gap_filling")
        return self._drawn("gap_filling", (len(self.vessel), self.n), np.full(len(self.vessel), sigma))

    @cached_property
    def main(self) -> Floats:
        """(2 × voyages, n) main engine: observed hours of each voyage, then filled ones."""
        ships = self.main_ships[self.vessel]
        return np.vstack([ships, ships * self.gaps])

    @cached_property
    def aux(self) -> Floats:
        """(3 × vessels, n) auxiliary engines at berth, waiting and under way."""
        ships = self.of_ships("aux_of_a_ship")
        return np.vstack([ships * self.common(place) for place in AUX_PLACES])

    @cached_property
    def boiler(self) -> Floats:
        """(vessels, n) boilers."""
        return self.of_ships("boiler_of_a_ship") * self.common("boiler")

    def factor(self, species: str) -> Floats:
        """(n) factors of a species: its emission factor, and the fuel consumption where it follows fuel."""
        fuel = self.common("fuel_consumption") if species in FUEL_BASED else np.ones(self.n)
        return fuel * self.of_fuel(species)

    def of_fuel(self, species: str) -> Floats:
        """(n) factors of a species where the fuel is known."""
        return self.common(f"factor_{species}") if species != "fuel" else np.ones(self.n)

    @cached_property
    def use(self) -> Floats:
        """(2, countries, n) how far shore power is used less, and more, than the central case. [0–1]"""
        known = self.errors.unknown_use
        stream = np.random.default_rng([self.seed, *SHORE_USE.encode()])
        drawn = stream.uniform(-1.0, 1.0, (known.countries if known else 0, self.n))
        return np.stack([np.maximum(-drawn, 0.0), np.maximum(drawn, 0.0)])


def ensemble(rows: pd.DataFrame, errors: Errors, n: int = MEMBERS, seed: int = 0) -> Ensemble:
    """Make the worlds of a study.

    Parameters
    ----------
    rows : DataFrame
        Ledger rows.
    errors : Errors
        What may be wrong.
    n : int
        Members.
    seed : int
        Seed.
    """
    pairs = np.unique(voyage_keys(rows))
    return Ensemble(errors, pairs >> 32, pairs & 0xFFFFFFFF, n, seed)


def voyage_keys(rows: pd.DataFrame) -> Ints:
    """One number for each row's vessel and voyage."""
    pairs: Ints = (rows["vessel"].to_numpy(np.int64) << 32) | rows["voyage"].to_numpy(np.int64)
    return pairs


class Members:
    """Groups of ledger rows in every world of an ensemble.

    Parameters
    ----------
    worlds : Ensemble
        Made for the baseline; a scenario's rows take the same worlds, so that what they share cancels.
    rows : DataFrame
        Ledger rows with ``main_diesel`` and ``aux_diesel``.
    group : array (rows)
        Group of each row, from 0; -1 for none. [index]
    groups : int
        How many groups there are.
    derived : Derived
        Factors of PM2.5 and CO2e.
    """

    def __init__(
        self, worlds: Ensemble, rows: pd.DataFrame, group: Ints, groups: int, derived: Derived
    ) -> None:
        self.worlds, self.groups, self.derived = worlds, groups, derived
        held = group >= 0
        self._rows, self._group = rows[held], group[held]
        vessel = self._rows["vessel"].to_numpy(np.int64)
        pairs = (worlds.vessel << 32) | worlds.voyage
        voyage = np.searchsorted(pairs, voyage_keys(self._rows))
        filled = self._rows["origin"].to_numpy() == FILLED
        place_of = np.array([PLACE_OF_PHASE.get(name, 2) for name in PHASES])
        ships = len(worlds.errors.main_fuel)
        self._index = {
            "main": voyage + filled * len(pairs),
            "aux": vessel + place_of[self._rows["phase"].to_numpy()] * ships,
            "boiler": vessel,
        }
        self._factors = {"main": worlds.main, "aux": worlds.aux, "boiler": worlds.boiler}

    def of(self, species: str) -> Floats:
        """(groups, n) mass of a species, or ``fuel``, in every world. [kg]

        Raises
        ------
        KeyError
            If the species is unknown.
        """
        derived = self.derived
        match species:
            case "pm25":
                return derived.pm25_per_pm10 * self.of("pm10")
            case "dpm":
                return self._dpm()
            case "co2e":
                return self.of("co2") + derived.gwp_ch4 * self.of("ch4") + derived.gwp_n2o * self.of("n2o")
        if species not in {"fuel", *SPECIES}:
            raise KeyError(f"found species '{species}'; expected fuel, pm25, dpm, co2e, {', '.join(SPECIES)}")
        return self._masses(species, {one: self._rows[f"{one}_{species}_mg"].to_numpy() for one in CONSUMERS})

    def _dpm(self) -> Floats:
        masses = {
            one: np.where(self._rows[f"{one}_diesel"].to_numpy(), self._rows[f"{one}_pm10_mg"].to_numpy(), 0)
            for one in ("main", "aux")
        }
        return self._masses("pm10", masses)

    def _masses(self, species: str, mass_mg: Mapping[str, npt.NDArray[np.int64]]) -> Floats:
        """(groups, n) what is modelled off in every way; what a ship reported by its factor alone."""
        shape = (self.groups, self.worlds.n)
        modelled, known = np.zeros(shape), np.zeros(self.groups)
        for consumer, mass in mass_mg.items():
            reported = mass * measured_share(self._rows, consumer)
            modelled += self._summed(consumer, mass - reported)
            known += np.bincount(self._group, reported / MG_PER_KG, self.groups)
        if "aux" in mass_mg:
            modelled += self._shore(species, mass_mg["aux"])
        return modelled * self.worlds.factor(species) + known[:, None] * self.worlds.of_fuel(species)

    def _shore(self, species: str, mass_mg: npt.NDArray[np.int64]) -> Floats:
        """(groups, n) by how much shore power of unknown use moves a mass. [kg]"""
        known = self.worlds.errors.unknown_use
        moved = np.zeros((self.groups, self.worlds.n))
        if known is None:
            return moved
        rows, key = known.rows_of(self._rows)
        for end, country in np.ndindex(2, known.countries):
            chosen = known.country[key] == country
            here, change = rows[chosen], known.change[species][end, key[chosen]]
            summed = self._summed("aux", mass_mg[here] * change, here)
            moved += summed * self.worlds.use[end, country]
        return moved

    def _summed(
        self, consumer: str, mass_mg: npt.NDArray[np.generic], rows: Ints | slice = slice(None)
    ) -> Floats:
        factors = self._factors[consumer]
        shape = (self.groups, len(factors))
        places = (self._group[rows], self._index[consumer][rows])
        mass_kg = np.asarray(mass_mg, np.float64) / MG_PER_KG
        sums: Floats = sp.csr_array((mass_kg, places), shape=shape) @ factors
        return sums


def measured_share(rows: pd.DataFrame, consumer: str) -> Floats:
    """Share of the fuel of each row that the ship reported. [0–1]"""
    column = MEASURED_COLUMNS[CONSUMERS.index(consumer)]
    share = np.zeros(len(rows))
    if column in rows:
        fuel = rows[f"{consumer}_fuel_mg"].to_numpy(np.float64)
        np.divide(rows[column].to_numpy(np.float64), fuel, out=share, where=fuel > 0.0)
    return share


def bounds(members: Floats, level: float = 0.9) -> Floats:
    """(2, ...) lower and upper bound of the central interval over the members.

    Parameters
    ----------
    members : array (..., n)
        Values in every world.
    level : float
        Share of the worlds inside. [0–1]

    Raises
    ------
    ValueError
        If the level is not between 0 and 1.

    Examples
    --------
    >>> bounds(np.arange(101.0), 0.9).round(6).tolist()
    [5.0, 95.0]
    """
    check_level(level)
    tail = (1.0 - level) / 2.0
    found: Floats = np.quantile(members, [tail, 1.0 - tail], axis=-1)
    return found


def check_level(level: float) -> None:
    """Refuse a level that is no share.

    Raises
    ------
    ValueError
        If it is not between 0 and 1.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"found a level of {level}; expected one between 0 and 1, such as 0.9 or 0.95")


def drivers(
    rows: pd.DataFrame, worlds: Ensemble, derived: Derived, species: str, level: float = 0.9
) -> pd.DataFrame:
    """What drives the width of the total: the interval with one component alone, widest first.

    Parameters
    ----------
    rows : DataFrame
        Ledger rows with ``main_diesel`` and ``aux_diesel``.
    worlds : Ensemble
        Worlds of the study.
    derived : Derived
        Factors of PM2.5 and CO2e.
    species : str
        Species.
    level : float
        Share of the worlds inside. [0–1]

    Returns
    -------
    DataFrame
        component, low_kg, high_kg, width_share of the total, variance_share of the sum of all components.
    """
    group = np.zeros(len(rows), np.int64)
    found = []
    for component in components():
        alone = replace(worlds, errors=replace(worlds.errors, only=(component,)))
        members = Members(alone, rows, group, 1, derived).of(species)[0]
        low, high = bounds(members, level)
        found.append((component, low, high, (high - low) / np.median(members), float(np.var(members))))
    table = pd.DataFrame(found, columns=["component", "low_kg", "high_kg", "width_share", "variance_share"])
    total = table["variance_share"].sum()
    table["variance_share"] = table["variance_share"] / total if total > 0 else 0.0
    return table.sort_values("width_share", ascending=False, kind="stable").reset_index(drop=True)


def interval_table(
    table: pd.DataFrame, members: Mapping[str, Floats], species: Sequence[str], level: float = 0.9
) -> pd.DataFrame:
    """A table of totals with the bounds of each mass beside it, such as ``co2_p05_kg`` and ``co2_p95_kg``.

    Parameters
    ----------
    table : DataFrame
        One row per group, in the groups' order.
    members : mapping
        By species, (groups, n) masses. [kg]
    species : sequence of str
        Which.
    level : float
        Share of the worlds inside. [0–1]
    """
    low, high = percentile_names(level)
    columns = {}
    for one in species:
        columns[f"{one}_{low}_kg"], columns[f"{one}_{high}_kg"] = bounds(members[one], level)
    return table.assign(**columns)


def percentile_names(level: float) -> tuple[str, str]:
    """What the two bounds of a level are called in columns.

    >>> percentile_names(0.9), percentile_names(0.95)
    (('p05', 'p95'), ('p025', 'p975'))
    """
    low, high = (f"{round(100 * share, 3):04.1f}" for share in ((1 - level) / 2, (1 + level) / 2))
    short = ["p" + text.removesuffix(".0").replace(".", "") for text in (low, high)]
    return short[0], short[1]

"""Coverage: how often intervals hold the truth of worlds drawn from the error model itself.

In every world the ships have other powers, speeds, loads and factors than a study was told, and weather and
fuel consumption are off for all of them alike. Each world is booked anew from the true ways with what is true
in it: no account of the study is scaled, so that a power capped at full load, a curve of fuel over load or a
hole filled wrongly show. Reception has its holes and noise; faults of AIS, such as a number that two craft
share, are no part of the error model and are judged by the bias. It tests the arithmetic of the intervals
against their own assumptions; it is no validation, which needs ships whose fuel somebody measured.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.accounts.ledger import MG_PER_KG
from corridor.accounts.spreads import Spreads, factors
from corridor.accounts.uncertainty import AUX_PLACES, PLACE_OF_PHASE, check_level
from corridor.emissions.fleet import Fleet
from corridor.emissions.phases import PHASES
from corridor.emissions.species import CONSUMERS
from corridor.validation.check import Check
from corridor.validation.truth import SIDES
from corridor.validation.voyages import LEAST_SHARE, Heard, hear

Floats = npt.NDArray[np.float64]

GROUP = "Coverage of intervals on the error model"
JUDGED = ("co2", "nox", "pm10")
# The coverage that is asked for lies as much either side of the level. [1]
BAND = 0.05
SOURCE = "worlds drawn from data/uncertainty_2026.csv and data/ship_spread_2026.csv"
_PLACE = np.array([PLACE_OF_PHASE.get(name, 2) for name in PHASES])


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How coverage is tried.

    Attributes
    ----------
    repetitions : int
        Worlds in all.
    fleets : int
        Fleets that are simulated, degraded and sent through the programme; worlds are dealt out to them.
    voyages : int
        Crossings of each fleet.
    seed : int
        Seed of everything.
    unregistered : int
        Every so-manieth ship has power and speed by class alone.
    level : float
        Share that intervals ought to hold. [0–1]
    """

    repetitions: int = 200
    fleets: int = 20
    voyages: int = 12
    seed: int = 4711
    unregistered: int = 3
    level: float = 0.9

    def __post_init__(self) -> None:
        check_level(self.level)


def coverage(trial: Trial | None = None, work_dir: Path | None = None) -> pd.DataFrame:
    """Try intervals in every world, by zone and for the whole fleet.

    Parameters
    ----------
    trial : Trial, optional
        How.
    work_dir : Path, optional
        As in `corridor.runs.run_study`.

    Returns
    -------
    DataFrame
        species, system, zone_id, worlds in which there was something, covered (share of them in which the
        interval held the truth), width (mean, over the mass). [1]
    """
    how = trial or Trial()
    found = []
    for number in range(how.fleets):
        heard = hear(
            how.voyages,
            how.seed + number,
            with_faults=False,
            unregistered=how.unregistered,
            work_dir=work_dir,
        )
        worlds = range(number, how.repetitions, how.fleets)
        known = {
            system: _intervals(heard, system, how.level) for system in ("all", *heard.groups(heard.rows))
        }
        found += [_compared(heard, known, np.random.default_rng([how.seed, world])) for world in worlds]
    table = pd.concat(found, ignore_index=True)
    grouped = table.groupby(["species", "system", "zone_id"], sort=False)
    return grouped.agg(
        worlds=("held", "size"), covered=("held", "mean"), width=("width", "mean")
    ).reset_index()


def checks(table: pd.DataFrame, level: float) -> Iterator[Check]:
    """Coverage of zone totals and of the whole fleet's, species by species. [%]

    Parameters
    ----------
    table : DataFrame
        From `coverage`.
    level : float
        Share that the intervals ought to hold. [0–1]
    """
    for whole, case in ((False, "zone totals"), (True, "total of the fleet")):
        rows = table[(table["system"] == "all") == whole]
        for species, part in rows.groupby("species", sort=False):
            held = float((part["covered"] * part["worlds"]).sum() / part["worlds"].sum())
            note = f"{part['worlds'].sum()} intervals in {part['zone_id'].nunique()} zones; no validation"
            yield Check(
                GROUP, case, f"{100 * level:g} % intervals of {species} that hold", "%", 100 * level,
                100 * held, 100 * BAND / level, SOURCE, note,
            )  # fmt: skip


def _zones(heard: Heard, rows: pd.DataFrame, system: str) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """Zone of each row, and the names of the zones; one for ``all``."""
    if system == "all":
        return np.zeros(len(rows), np.int64), ("all",)
    return heard.groups(rows)[system], heard.zone_ids(system)


def _masses(rows: pd.DataFrame, species: str, group: npt.NDArray[np.int64], n: int) -> Floats:
    mass = rows[[f"{one}_{species}_mg" for one in CONSUMERS]].sum(axis=1).to_numpy(np.float64) / MG_PER_KG
    sums: Floats = np.bincount(group, mass, n).astype(np.float64)
    return sums


def _intervals(heard: Heard, system: str, level: float) -> dict[str, Floats]:
    """(3, zones) mass and bounds of each species, as the study has them. [kg]"""
    study = heard.study
    group, names = _zones(heard, heard.rows, system)
    spreads = Spreads(study.errors, heard.rows, group, len(names), study.derived)
    found = {}
    for species in JUDGED:
        mass = _masses(heard.rows, species, group, len(names))
        found[species] = np.vstack([mass, mass * factors(spreads.of(species), level)])
    return found


def _compared(heard: Heard, known: dict[str, dict[str, Floats]], rng: np.random.Generator) -> pd.DataFrame:
    """Whether each interval holds the truth of one world."""
    world = _World(heard, rng)
    rows = world.rows()
    tables = []
    for system, intervals in known.items():
        group, names = _zones(heard, rows, system)
        co2 = _masses(rows, "co2", group, len(names))
        share = co2 / co2.sum()
        for species, (ours, low, high) in intervals.items():
            true = _masses(rows, species, group, len(names)) * world.factor(species)
            kept = share >= LEAST_SHARE
            table = pd.DataFrame(
                {
                    "species": species,
                    "system": system,
                    "zone_id": np.array(names, dtype=object)[kept],
                    "held": ((low <= true) & (true <= high))[kept],
                    "width": np.divide(high - low, ours, out=np.zeros_like(ours), where=ours > 0)[kept],
                }
            )
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


class _World:
    """One draw of everything that may be wrong, and what the ships emitted if it was so."""

    def __init__(self, heard: Heard, rng: np.random.Generator) -> None:
        self._heard, self._rng, self._errors = heard, rng, heard.study.errors
        nominal, ships = heard.fleet, len(heard.ships)
        # Half of a ship's error in her power, half in the cube of her speed.
        apart = np.log(self._errors.main_fuel) / np.sqrt(2.0)
        power, cubed_speed = np.exp(rng.standard_normal((2, ships)) * apart)
        self._load = np.full(ships, self._common("weather_margin"))
        places = np.array([self._common(component) for component in AUX_PLACES])[_PLACE]
        aux = self._of_ships("aux_of_a_ship", ships)[:, None, None] * places
        boiler = self._of_ships("boiler_of_a_ship", ships)[:, None, None] * self._common("boiler")
        self._fleet: Fleet = replace(
            nominal,
            me_kw=nominal.me_kw * power,
            v_ref_kn=nominal.v_ref_kn * np.cbrt(cubed_speed),
            aux_kw=nominal.aux_kw * aux,
            boiler_kw=nominal.boiler_kw * boiler,
            sfc=nominal.sfc * self._common("fuel_consumption"),
        )
        self._factor = {species: self._common(f"factor_{species}") for species in JUDGED}
        use = heard.ways.plan.use
        self._used = {side: float(rng.uniform(use.low, use.high)) for side in SIDES}

    def _common(self, component: str) -> float:
        return float(np.exp(self._rng.standard_normal() * self._errors.sigma(component)))

    def _of_ships(self, component: str, ships: int) -> Floats:
        factors: Floats = np.exp(self._rng.standard_normal(ships) * self._errors.sigma(component))
        return factors

    def rows(self) -> pd.DataFrame:
        """Ledger rows of the world, emission factors aside."""
        ways = self._heard.ways
        control = ways.control(self._heard.ships, self._used)
        return ways.rows(self._fleet, control, more_load=self._load, told=self._heard.fleet)

    def factor(self, species: str) -> float:
        """Truth of an emission factor over what is taken for it. [1]"""
        return self._factor[species]

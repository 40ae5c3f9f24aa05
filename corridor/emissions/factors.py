"""What a ship burns on a supply, and every factor that follows: looked up in the tables of one method.

A row that is missing is an error that names the known ones. A row may say *not estimated*
(``data/not_estimated_2026.csv``): then nothing is booked, the place is marked, and totals name it.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor import reference
from corridor.emissions.bunkers import (
    OIL_KINDS,
    PILOT,
    Burnt,
    Fuel,
    burnt,
    carbon_factor,
    engine_row,
    fuel_named,
    heating_value,
)
from corridor.emissions.method_tables import parameter, table_of
from corridor.emissions.rules import Supply
from corridor.emissions.ships import DIESEL_ENGINES, Ship, ship_default
from corridor.emissions.species import (
    CONSUMERS,
    SPECIES,
    SulphurChemistry,
    particulates,
    sulphur_chemistry,
    sulphur_oxides,
)
from corridor.errors import ReferenceDataError

FloatArray = npt.NDArray[np.float64]

MAIN, AUX, BOILER = range(3)
# Emitted by some engines and in no account: named among what is not estimated.
ONLY_NAMED = ("nh3",)
ANY_YEAR = 2010
_OF = {name: place for place, name in enumerate(SPECIES)}
_STROKES = {"ssd": 2, "msd": 4, "hsd": 4}
_ENGINE = {"aux": "auxiliary", "boiler": "boiler"}


@dataclass(frozen=True)
class Factors:
    """Factors of one ship on one supply; arrays are consumers (x species).

    Attributes
    ----------
    fuel : str
        What it burns.
    sfc : array (c)
        Baseline consumption. [g/kWh]
    pilot : float
        Marine distillate that ignites gas, at any load, main engine. [g/kWh]
    ef, ef_fuel : array (c, s)
        What follows energy, and what follows fuel. [g/kWh, g/g]
    bc : tuple
        Coefficient and load exponent of the main engine's black carbon. [g/g, 1]
    low_load : bool
        Whether low-load factors hold for the main engine.
    main_diesel, aux_diesel : bool
        Whether particulates of the engines are diesel particulates.
    unknown : array (c, s)
        What is not estimated, and zero in ``ef``.
    """

    fuel: str
    sfc: FloatArray
    pilot: float
    ef: FloatArray
    ef_fuel: FloatArray
    bc: tuple[float, float]
    low_load: bool
    main_diesel: bool
    aux_diesel: bool
    unknown: npt.NDArray[np.bool_]


def factors(ship: Ship, supply: Supply, tables: str = "imo4") -> Factors:
    """Every factor of a ship where a supply holds, by the tables of a method.

    Raises
    ------
    ReferenceDataError
        If a row is missing that no row declares *not estimated*.
    """
    tier = tier_in_force(ship, supply)
    what = burnt(ship, supply, tables)
    # The same engine on the same fuel is looked up once, whoever's it is.
    return _look_up(tables, ship.engine_type, ship.build_year, tier, ship.rpm, what)


@cache
def records(name: str, *columns: str) -> dict[tuple[Any, ...], tuple[dict[str, Any], ...]]:
    """Rows of a table by the values of some of its columns: looked up for every ship, read once."""
    found: dict[tuple[Any, ...], tuple[dict[str, Any], ...]] = {}
    for row in reference.table(name).to_dict("records"):
        key = tuple(row[column] for column in columns)
        found[key] = (*found.get(key, ()), {str(column): value for column, value in row.items()})
    return found


def tier_in_force(ship: Ship, supply: Supply) -> int:
    """NOx tier that holds: a Tier III engine runs as Tier II outside its areas."""
    return 2 if ship.tier == 3 and ship.keel_year < supply.tier_3_keel_from else ship.tier


@cache
def _look_up(tables: str, engine_type: str, build_year: int, tier: int, rpm: float, what: Burnt) -> Factors:
    fuel = fuel_named(what.fuel)
    engine = engine_row(engine_type, fuel.kind)
    chemistry = chemistry_of(tables)
    sfc = np.array([consumption(tables, engine_type, consumer, fuel, build_year) for consumer in CONSUMERS])
    ef = _energy_factors(tables, engine, fuel.kind)
    for c, consumer in enumerate(CONSUMERS):
        ef[c, _OF["nox"]] = _nox(tables, engine, fuel.kind, tier, consumer, rpm)
    ef_fuel = np.zeros_like(ef)
    ef_fuel[:, _OF["co2"]] = carbon_factor(fuel.name, tables)
    ef_fuel[:, _OF["sox"]] = sulphur_oxides(what.sulphur, chemistry)
    _add_particles(tables, fuel.kind, what, sfc, (ef, ef_fuel))
    bc = _black_carbon(tables, engine, fuel.kind)
    # Piston engines: black carbon of the main engine follows fuel and load, not energy.
    ef[MAIN, _OF["bc"]] = 0.0 if bc[0] else ef[MAIN, _OF["bc"]]
    pilot = pilot_of(tables, engine, fuel.kind)
    _add_pilot(tables, pilot, ef, ef_fuel)
    unknown = _mark_unknown(tables, engine, fuel.kind, ef)
    oil = fuel.kind in OIL_KINDS
    diesel = oil and engine in DIESEL_ENGINES
    return Factors(
        fuel=fuel.name, sfc=sfc, pilot=pilot, ef=ef, ef_fuel=ef_fuel, bc=bc, unknown=unknown,
        low_load=diesel, main_diesel=diesel, aux_diesel=oil,
    )  # fmt: skip


@cache
def chemistry_of(tables: str) -> SulphurChemistry:
    """Constants of a method's sulphur balance. [1]"""
    return sulphur_chemistry(table_of(tables, "particulates"))


@cache
def consumption(tables: str, engine_type: str, consumer: str, fuel: Fuel, build_year: int) -> float:
    """Baseline fuel consumption of a consumer. [g/kWh]

    Where no row holds for the kind of fuel and the year, the row of marine distillate is taken by energy.

    Raises
    ------
    ReferenceDataError
        If there is no row of marine distillate either.

    Examples
    --------
    >>> consumption("imo4", "ssd", "main", fuel_named("hfo"), 2010)
    175.0
    >>> round(consumption("imo4", "ssd", "main", fuel_named("ammonia"), 2010), 1)
    378.8
    """
    found = _consumption_row(tables, engine_type, consumer, fuel.sfc_kind, build_year)
    if found is not None:
        return found * fuel.consumption_ratio
    distillate = _consumption_row(tables, engine_type, consumer, "distillate", build_year)
    if distillate is None:
        raise ReferenceDataError(
            "missing_factor",
            f"no fuel consumption for {consumer} of {engine_type} on {fuel.name}, built {build_year} "
            f"(data/{table_of(tables, 'consumption')}.csv)",
        )
    return distillate * heating_value(PILOT) / heating_value(fuel.name)


def _consumption_row(
    tables: str, engine_type: str, consumer: str, kind: str, build_year: int
) -> float | None:
    engine = _ENGINE.get(consumer) or engine_row(engine_type, kind)
    known = records(table_of(tables, "consumption"), "engine_type", "consumer", "fuel_kind")
    for row in known.get((engine, consumer, kind), ()):
        if row["built_from"] <= build_year and not row["built_to"] < build_year:
            return float(row["value"])
    return None


def pilot_of(tables: str, engine: str, kind: str) -> float:
    """Marine distillate that ignites the gas of a main engine. [g/kWh]

    >>> pilot_of("imo4", "lng_diesel", "lng"), pilot_of("imo4", "ssd", "distillate")
    (6.0, 0.0)
    """
    known = records(table_of(tables, "consumption"), "engine_type", "consumer", "fuel_kind")
    pilots = [float(row["pilot_distillate"]) for row in known.get((engine, "main", kind), ())]
    return 0.0 if not pilots or np.isnan(pilots[-1]) else pilots[-1]


def _add_pilot(tables: str, pilot: float, ef: FloatArray, ef_fuel: FloatArray) -> None:
    """Give pilot fuel the carbon and sulphur of distillate: it is in the fuel, whose factors are of gas."""
    if pilot:
        sulphur = sulphur_oxides(parameter(tables, "pilot_sulphur"), chemistry_of(tables))
        for name, factor in (("co2", carbon_factor(PILOT, tables)), ("sox", sulphur)):
            ef[MAIN, _OF[name]] += pilot * (factor - ef_fuel[MAIN, _OF[name]])


def _energy_factors(tables: str, engine: str, kind: str) -> FloatArray:
    """Factors by consumer and species; NaN where the table has none, 0 where fuel decides. [g/kWh]"""
    ef = np.full((len(CONSUMERS), len(SPECIES)), np.nan)
    for row in records(table_of(tables, "energy"), "engine_type", "fuel_kind").get((engine, kind), ()):
        ef[CONSUMERS.index(row["consumer"]), _OF[row["species"]]] = row["value"]
    ef[:, [_OF["co2"], _OF["sox"]]] = 0.0
    return ef


def _nox(tables: str, engine: str, kind: str, tier: int, consumer: str, rpm: float) -> float:
    known = records(table_of(tables, "nox"), "engine_type", "fuel_kind", "tier", "consumer")
    rows = known.get((engine, kind, tier, consumer), ())
    if not rows:
        return float("nan")
    exponent = float(rows[0]["rpm_exponent"])
    if exponent and np.isnan(rpm):
        # A gas engine is listed without the speed it has on oil.
        rpm = ship_default(f"rpm_{engine}")
    return float(rows[0]["value"]) * (rpm**exponent if exponent else 1.0)


def _add_particles(
    tables: str, kind: str, what: Burnt, sfc: FloatArray, factors_of: tuple[FloatArray, FloatArray]
) -> None:
    """Particulates that are printed, or follow sulphur; behind a scrubber one number."""
    ef, ef_fuel = factors_of
    place = _OF["pm10"]
    if what.scrubbed:
        ef[:, place] = parameter(tables, "scrubber_pm10")
        return
    if kind not in OIL_KINDS:
        return
    missing = np.isnan(ef[:, place])
    base, nominal = particulate_base(tables, kind)
    chemistry = chemistry_of(tables)
    if parameter(tables, "particulates_follow_load_curve"):
        ef[missing, place] = base
        sulphate = chemistry.sulphate_per_sulphur * chemistry.sulphur_to_sulphate_share
        ef_fuel[missing, place] = sulphate * what.sulphur
    else:
        ef[missing, place] = particulates(sfc, what.sulphur, base, nominal, chemistry)[missing]


def particulate_base(tables: str, kind: str) -> tuple[float, float]:
    """Particulates at the nominal sulphur, and that sulphur. [g/kWh, 1]

    >>> particulate_base("imo4", "residual"), particulate_base("epa2022", "residual")
    ((1.35, 0.0246), (0.5761, 0.0))
    """
    name = table_of(tables, "particulates")
    base = reference.value(name, fuel_kind=kind, parameter="pm10_base")
    return base, reference.value(name, fuel_kind=kind, parameter="sulphur_reference")


def _black_carbon(tables: str, engine: str, kind: str) -> tuple[float, float]:
    name = table_of(tables, "black_carbon")
    if not name or engine not in _STROKES:
        return (0.0, 0.0)
    rows = records(name, "fuel_kind", "strokes").get((kind, _STROKES[engine]), ())
    return (float(rows[0]["coefficient"]), float(rows[0]["load_exponent"])) if rows else (0.0, 0.0)


def _mark_unknown(tables: str, engine: str, kind: str, ef: FloatArray) -> npt.NDArray[np.bool_]:
    """Set what is declared *not estimated* to zero, and return where."""
    unknown = np.isnan(ef)
    declared = not_estimated(tables, kind, engine)
    for c, s in np.argwhere(unknown):
        if (CONSUMERS[c], SPECIES[s]) not in declared:
            raise ReferenceDataError(
                "missing_factor",
                f"no {SPECIES[s]} factor for {CONSUMERS[c]} of {engine} on {kind} fuel by {tables} "
                f"(data/{table_of(tables, 'energy')}.csv, data/{table_of(tables, 'nox')}.csv)",
            )
    for c, s in ((c, s) for c, s in np.ndindex(*ef.shape) if SPECIES[s] == "sox"):
        unknown[c, s] = (CONSUMERS[c], "sox") in declared
    ef[unknown] = 0.0
    return unknown


@cache
def not_estimated(tables: str, kind: str, engine: str) -> dict[tuple[str, str], str]:
    """What no factor is known for, and why: reasons by consumer and species.

    Parameters
    ----------
    tables : str
        Tables of a method.
    kind : str
        Kind of fuel.
    engine : str
        Engine whose rows are taken.

    Examples
    --------
    >>> ("main", "nh3") in not_estimated("imo4", "ammonia", "ssd"), not_estimated("imo4", "residual", "ssd")
    (True, {})
    """
    facts = reference.table("not_estimated_2026")
    wanted = {"method": tables, "fuel_kind": kind, "engine_type": engine}
    for column, value in wanted.items():
        facts = facts[facts[column].isin(["all", value])]
    found: dict[tuple[str, str], str] = {}
    for consumer, species, reason in facts[["consumer", "species", "reason"]].itertuples(index=False):
        for name in CONSUMERS if consumer == "all" else (consumer,):
            found |= {(name, one): str(reason) for one in str(species).split("|")}
    return found


def load_curve_of(engine_type: str, tables: str = "imo4") -> tuple[float, float, float]:
    """Coefficients of an engine's load curve; 0, 0, 1 for engines without one.

    >>> load_curve_of("ssd"), load_curve_of("steam_turbine")
    ((0.455, -0.71, 1.28), (0.0, 0.0, 1.0))
    """
    return _load_curve_of(engine_type, tables)


@cache
def _load_curve_of(engine_type: str, tables: str) -> tuple[float, float, float]:
    facts = reference.rows(table_of(tables, "consumption"), engine_type=engine_type, consumer="main")
    if not facts["load_curve"].iloc[0]:
        return (0.0, 0.0, 1.0)
    name = "fuel_load_curve_imo4_2020"
    first, second, third = (
        reference.value(name, parameter=word) for word in ("quadratic", "linear", "constant")
    )
    return (first, second, third)


def unestimated_table(rows: pd.DataFrame, tables: str) -> pd.DataFrame:
    """Return what is not estimated, by consumer, fuel and species: hours and fuel concerned. [h, kg]

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns engine_type, tier, fuel (name), hours; by consumer energy and fuel, such as ``aux_kwh`` and
        ``aux_fuel_kg``.
    tables : str
        Tables of the method.
    """
    found: dict[tuple[str, str, str, str], list[float]] = {}
    for row in rows.to_dict("records"):
        kind = fuel_named(str(row["fuel"])).kind
        known = _unknown_of(tables, str(row["engine_type"]), str(row["fuel"]), int(row["tier"]))
        reasons = not_estimated(tables, kind, engine_row(str(row["engine_type"]), kind))
        for consumer, species in known:
            if row[f"{consumer}_kwh"] > 0.0:
                key = (species, consumer, str(row["fuel"]), reasons[consumer, species])
                sums = found.setdefault(key, [0.0, 0.0])
                sums[0] += float(row["hours"])
                sums[1] += float(row[f"{consumer}_fuel_kg"])
    lines = [(*key, *sums) for key, sums in sorted(found.items())]
    return pd.DataFrame(lines, columns=["species", "consumer", "fuel", "reason", "hours", "fuel_kg"])


@cache
def _unknown_of(tables: str, engine_type: str, fuel: str, tier: int) -> tuple[tuple[str, str], ...]:
    """Consumers and species without an estimate, whatever the year or sulphur."""
    facts = fuel_named(fuel)
    engine = engine_row(engine_type, facts.kind)
    what = Burnt(fuel, 0.001 if np.isnan(facts.sulphur) else facts.sulphur)
    unknown = _look_up(tables, engine_type, ANY_YEAR, tier, 1.0, what).unknown
    found = [(CONSUMERS[c], SPECIES[s]) for c, s in np.argwhere(unknown)]
    named = [key for key in not_estimated(tables, facts.kind, engine) if key[1] in ONLY_NAMED]
    return (*found, *named)

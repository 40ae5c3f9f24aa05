"""The ships of a partition as arrays: everything a kernel needs to know of them, indexed by vessel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from corridor import reference
from corridor.emissions.inference import ship_types
from corridor.emissions.phases import PHASES, PhaseRules, parameter, phase_rules
from corridor.emissions.power import main_loads, segment_speeds
from corridor.emissions.rules import Supply
from corridor.emissions.ships import DIESEL_ENGINES, Ship
from corridor.emissions.species import (
    CONSUMERS,
    SPECIES,
    particulates,
    sulphur_chemistry,
    sulphur_oxides,
)
from corridor.errors import InputError, ReferenceDataError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
SegmentLoads = Callable[["Fleet", "SegmentMotion"], tuple[FloatArray, FloatArray]]

MAIN, AUX, BOILER = range(3)
MS_PER_H = 3_600_000.0
_OF = {name: place for place, name in enumerate(SPECIES)}
_STROKES = {"ssd": 2, "msd": 4, "hsd": 4}


@dataclass(frozen=True)
class SegmentMotion:
    """How segments moved: what a load function reads.

    Attributes
    ----------
    vessel : array
        Vessel of each segment. [index]
    t0_ms, t1_ms, observed_ms : array
        Start, end, and the time outside reporting gaps. [ms]
    distance_m : array
        Length. [m]
    sog_kn, draught_m : array
        Reported speed and draught, NaN where none. [kn, m]
    kind : array
        0 leg, 1 stay.
    """

    vessel: npt.NDArray[np.int32]
    t0_ms: IntArray
    t1_ms: IntArray
    observed_ms: IntArray
    distance_m: FloatArray
    sog_kn: npt.NDArray[np.float32]
    draught_m: npt.NDArray[np.float32]
    kind: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Method:
    """One way to get from motion to emissions, with its own tables; methods are never mixed.

    Attributes
    ----------
    name : str
        Key of its tables.
    loads : callable
        From a fleet and motion to speed and main-engine load of every segment.
    """

    name: str
    loads: SegmentLoads


@dataclass(frozen=True)
class Fleet:
    """Struct of arrays over vessels ``n``; ``r`` runs over supplies, ``c`` consumers, ``s`` species.

    Attributes
    ----------
    method : Method
        Method that made it.
    phases : PhaseRules
        Phases of the method.
    supplies : tuple of Supply
        Fuels, sulphur contents and NOx regimes.
    me_kw, v_ref_kn, t_ref_m, delta_w, eta : array (n)
        Power, reference speed at that power, design draught, correction, efficiency. [kW, kn, m, 1, 1]
    class_index : array (n)
        Place of the class in :func:`corridor.emissions.inference.ship_types`.
    main_diesel : array (n)
        Whether the main engine's particulates are diesel particulates.
    aux_kw, boiler_kw : array (n, 6)
        Power by phase. [kW]
    sfc : array (n, r, c)
        Baseline fuel consumption. [g/kWh]
    curve : array (n, 3)
        Coefficients of the main engine's load curve; 0, 0, 1 for turbines.
    ef : array (n, r, c, s)
        What follows energy. [g/kWh]
    ef_fuel : array (n, r, c, s)
        What follows fuel. [g/g]
    bc : array (n, r, 2)
        Coefficient and load exponent of the main engine's black carbon. [g/g, 1]
    low_load : array (n)
        Whether low-load factors hold for the main engine.
    """

    method: Method
    phases: PhaseRules
    supplies: tuple[Supply, ...]
    me_kw: FloatArray
    v_ref_kn: FloatArray
    t_ref_m: FloatArray
    delta_w: FloatArray
    eta: FloatArray
    class_index: IntArray
    main_diesel: npt.NDArray[np.bool_]
    aux_kw: FloatArray
    boiler_kw: FloatArray
    sfc: FloatArray
    curve: FloatArray
    ef: FloatArray
    ef_fuel: FloatArray
    bc: FloatArray
    low_load: npt.NDArray[np.bool_]


def imo4_loads(fleet: Fleet, motion: SegmentMotion) -> tuple[FloatArray, FloatArray]:
    """Speed and main-engine load after the Fourth IMO GHG Study. [kn, 0–1]

    Reported speed where a segment is short, was observed throughout and the value is plausible, else distance
    over time: two reports say little of the hours between them. Cube of speed, draught to the power 0.66.
    """
    limit = parameter("imo4", "speed_reject_ratio") * fleet.v_ref_kn
    times = (motion.t0_ms, motion.t1_ms, motion.observed_ms)
    longest_ms = parameter("imo4", "reported_speed_up_to") * MS_PER_H
    sog_kn = np.where(motion.t1_ms - motion.t0_ms > longest_ms, np.float32(np.nan), motion.sog_kn)
    speed = segment_speeds(motion.vessel, times, motion.distance_m, sog_kn, motion.kind, limit)
    names = ("missing_draught_ratio", "draught_ratio_min", "draught_ratio_max", "draught_exponent")
    load = main_loads(
        motion.vessel,
        speed,
        motion.draught_m,
        (fleet.v_ref_kn, fleet.t_ref_m, fleet.delta_w, fleet.eta),
        np.array([parameter("imo4", name) for name in names]),
    )
    return speed, load


METHODS: dict[str, Method] = {"imo4": Method("imo4", imo4_loads)}


def method_named(name: str) -> Method:
    """Find a method.

    Raises
    ------
    InputError
        If it is unknown; the message names the known ones.

    Examples
    --------
    >>> method_named("imo4").name
    'imo4'
    """
    if name not in METHODS:
        raise InputError("unknown_method", f"method '{name}' is unknown; known: {', '.join(METHODS)}")
    return METHODS[name]


def fleet(ships: Sequence[Ship], supplies: Sequence[Supply], method: str | Method = "imo4") -> Fleet:
    """Ships as arrays, with every factor looked up.

    Parameters
    ----------
    ships : sequence of Ship
        Ships, in the order of the vessel index.
    supplies : sequence of Supply
        Supplies of the rule book.
    method : str or Method
        Method.

    Raises
    ------
    ReferenceDataError
        If a ship's engine, fuel or class has no row.

    Examples
    --------
    >>> import pandas as pd
    >>> from corridor.emissions.ships import resolve_ships
    >>> seen = {"vessel_id": ["X"], "ais_type": [71], "length_m": [366.0], "beam_m": [51.0]}
    >>> ship = resolve_ships(pd.DataFrame(seen))
    >>> one = fleet(ship, [Supply("hfo", 0.026, "measured 2018", 9999)])
    >>> one.sfc[0, 0].tolist(), one.aux_kw[0].tolist()
    ([175.0, 195.0, 340.0], [1300.0, 1800.0, 1800.0, 3250.0, 2050.0, 2050.0])
    """
    chosen = method_named(method) if isinstance(method, str) else method
    rules = phase_rules(chosen.name)
    n, r = len(ships), len(supplies)
    tables = [[_factors(ship, supply) for supply in supplies] for ship in ships]
    hotel = np.array([_hotel_kw(ship, rules) for ship in ships]).reshape(n, 2, len(PHASES))
    drive = np.array([_corrections(ship.ship_type, ship.size_bin) for ship in ships]).reshape(n, 2)
    return Fleet(
        method=chosen,
        phases=rules,
        supplies=tuple(supplies),
        me_kw=np.array([ship.me_kw for ship in ships], float),
        v_ref_kn=np.array([reference_speed_kn(ship, chosen.name) for ship in ships], float),
        t_ref_m=np.array([ship.t_ref_m for ship in ships], float),
        delta_w=drive[:, 0].copy(),
        eta=drive[:, 1].copy(),
        class_index=np.array([ship_types().index(ship.ship_type) for ship in ships], np.int64),
        main_diesel=np.array([ship.is_diesel for ship in ships], bool),
        aux_kw=hotel[:, 0].copy(),
        boiler_kw=hotel[:, 1].copy(),
        sfc=np.array([[f.sfc for f in row] for row in tables], float).reshape(n, r, 3),
        curve=np.array([load_curve_of(ship.engine_type) for ship in ships], float).reshape(n, 3),
        ef=np.array([[f.ef for f in row] for row in tables], float).reshape(n, r, 3, len(SPECIES)),
        ef_fuel=np.array([[f.ef_fuel for f in row] for row in tables], float).reshape(n, r, 3, len(SPECIES)),
        bc=np.array([[f.bc for f in row] for row in tables], float).reshape(n, r, 2),
        low_load=np.array([ship.engine_type in DIESEL_ENGINES for ship in ships], bool),
    )


def reference_speed_kn(ship: Ship, method: str = "imo4") -> float:
    """Speed at installed power, from the speed the ship is listed with. [kn]

    A speed listed at a share of the power is raised by the cube root of that share.
    """
    share = reference.value(
        "speed_meanings_imo4_2020", "power_share", method=method, speed_meaning=ship.speed_meaning
    )
    return float(ship.v_ref_kn / np.cbrt(share))


@cache
def _corrections(ship_type: str, size_bin: int) -> tuple[float, float]:
    row = reference.rows("power_corrections_imo4_2020", ship_type=ship_type, size_bin=size_bin).iloc[0]
    return float(row["delta_w"]), float(row["eta_weather"]) * float(row["eta_fouling"])


def _hotel_kw(ship: Ship, rules: PhaseRules) -> list[list[float]]:
    """Auxiliary and boiler power by phase; none or a share of the main engine on small ships. [kW]"""
    power = _table_17(ship.ship_type, ship.size_bin)
    aux = [power["aux", column] for column in rules.load_columns]
    boiler = [power["boiler", column] for column in rules.load_columns]
    if ship.me_kw <= parameter("imo4", "auxiliary_none_up_to_main"):
        return [[0.0] * len(aux), [0.0] * len(aux)]
    if ship.me_kw <= parameter("imo4", "auxiliary_share_up_to_main"):
        aux = [parameter("imo4", "auxiliary_share_of_main") * ship.me_kw] * len(aux)
    return [aux, boiler]


@cache
def _table_17(ship_type: str, size_bin: int) -> dict[tuple[str, str], float]:
    facts = reference.rows("aux_boiler_power_imo4_2020", ship_type=ship_type, size_bin=size_bin)
    return {
        (str(consumer), str(column)): float(kw)
        for consumer, column, kw in facts[["consumer", "load_column", "value"]].itertuples(index=False)
    }


@cache
def load_curve_of(engine_type: str) -> tuple[float, float, float]:
    """Coefficients of an engine's load curve; 0, 0, 1 for engines without one.

    >>> load_curve_of("ssd"), load_curve_of("steam_turbine")
    ((0.455, -0.71, 1.28), (0.0, 0.0, 1.0))
    """
    facts = reference.rows("fuel_consumption_imo4_2020", engine_type=engine_type, consumer="main")
    if not facts["load_curve"].iloc[0]:
        return (0.0, 0.0, 1.0)
    name = "fuel_load_curve_imo4_2020"
    first, second, third = (
        reference.value(name, parameter=word) for word in ("quadratic", "linear", "constant")
    )
    return (first, second, third)


@dataclass(frozen=True)
class _Factors:
    """Factors of one ship on one supply."""

    sfc: FloatArray
    ef: FloatArray
    ef_fuel: FloatArray
    bc: tuple[float, float]


def _factors(ship: Ship, supply: Supply) -> _Factors:
    tier = 2 if ship.tier == 3 and ship.keel_year < supply.tier_3_keel_from else ship.tier
    return _look_up(ship.engine_type, ship.build_year, tier, ship.rpm, supply)


@cache
def _look_up(engine_type: str, build_year: int, tier: int, rpm: float, supply: Supply) -> _Factors:
    kind = str(reference.rows("fuels_mepc364_2022", fuel=supply.fuel)["fuel_kind"].iloc[0])
    sfc = np.array([_sfc(engine_type, consumer, kind, build_year) for consumer in CONSUMERS])
    ef = _energy_factors(engine_type, kind)
    for c, consumer in enumerate(CONSUMERS):
        ef[c, _OF["nox"]] = _nox(engine_type, kind, tier, consumer, rpm)
    particles = _particles(kind, supply.sulphur, sfc)
    printed = ef[:, _OF["pm10"]]
    ef[:, _OF["pm10"]] = np.where(np.isnan(printed), particles, printed)
    ef_fuel = np.zeros_like(ef)
    ef_fuel[:, _OF["co2"]] = reference.value("fuels_mepc364_2022", "cf_co2", fuel=supply.fuel)
    ef_fuel[:, _OF["sox"]] = sulphur_oxides(supply.sulphur, sulphur_chemistry())
    bc = _black_carbon(engine_type, kind)
    # Piston engines: black carbon of the main engine follows fuel and load, not energy.
    ef[MAIN, _OF["bc"]] = 0.0 if bc[0] else ef[MAIN, _OF["bc"]]
    if np.isnan(ef).any():
        c, s = np.argwhere(np.isnan(ef))[0]
        raise ReferenceDataError(
            "missing_factor",
            f"no {SPECIES[s]} factor for {CONSUMERS[c]} of {engine_type} on {supply.fuel} "
            "(data/energy_factors_icct_2025.csv)",
        )
    return _Factors(sfc=sfc, ef=ef, ef_fuel=ef_fuel, bc=bc)


def _sfc(engine_type: str, consumer: str, kind: str, build_year: int) -> float:
    engine = {"main": engine_type, "aux": "auxiliary", "boiler": "boiler"}[consumer]
    facts = reference.rows(
        "fuel_consumption_imo4_2020", engine_type=engine, consumer=consumer, fuel_kind=kind
    )
    fits = facts[(facts["built_from"] <= build_year) & ~(facts["built_to"] < build_year)]
    if len(fits) != 1:
        raise ReferenceDataError(
            "missing_factor",
            f"no fuel consumption for {engine} on {kind}, built {build_year} "
            "(data/fuel_consumption_imo4_2020.csv)",
        )
    return float(fits["value"].iloc[0])


def _energy_factors(engine_type: str, kind: str) -> FloatArray:
    """Factors by consumer and species; NaN where the table has none, 0 where fuel decides. [g/kWh]"""
    facts = reference.rows("energy_factors_icct_2025", engine_type=engine_type, fuel_kind=kind)
    ef = np.full((len(CONSUMERS), len(SPECIES)), np.nan)
    for consumer, species, number in facts[["consumer", "species", "value"]].itertuples(index=False):
        ef[CONSUMERS.index(consumer), _OF[species]] = number
    ef[:, [_OF["co2"], _OF["sox"]]] = 0.0
    ef[:, _OF["nox"]] = 0.0
    if np.isnan(ef[MAIN, _OF["bc"]]) and _black_carbon(engine_type, kind)[0]:
        ef[MAIN, _OF["bc"]] = 0.0
    return ef


def _nox(engine_type: str, kind: str, tier: int, consumer: str, rpm: float) -> float:
    row = reference.rows(
        "nox_by_tier_icct_2025", engine_type=engine_type, fuel_kind=kind, tier=tier, consumer=consumer
    ).iloc[0]
    exponent = float(row["rpm_exponent"])
    return float(row["value"]) * (rpm**exponent if exponent else 1.0)


def _particles(kind: str, sulphur: float, sfc: FloatArray) -> FloatArray:
    name = "particulate_sulphur_imo4_2020"
    base = reference.value(name, fuel_kind=kind, parameter="pm10_base")
    nominal = reference.value(name, fuel_kind=kind, parameter="sulphur_reference")
    return particulates(sfc, sulphur, base, nominal, sulphur_chemistry())


def _black_carbon(engine_type: str, kind: str) -> tuple[float, float]:
    if engine_type not in _STROKES:
        return (0.0, 0.0)
    row = reference.rows("black_carbon_imo4_2020", fuel_kind=kind, strokes=_STROKES[engine_type]).iloc[0]
    return float(row["coefficient"]), float(row["load_exponent"])

"""The ships of a partition as arrays: everything a kernel needs to know of them, indexed by vessel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from corridor import reference
from corridor.emissions.bunkers import upstream_g_per_g
from corridor.emissions.factors import factors, load_curve_of
from corridor.emissions.fuels import FUELS
from corridor.emissions.hotel import local_hotel_kw
from corridor.emissions.inference import ship_types
from corridor.emissions.loads import epa2022_loads, icct_loads, imo4_loads
from corridor.emissions.method_tables import parameter, table_of
from corridor.emissions.phases import PHASES, PhaseRules, phase_rules
from corridor.emissions.rules import Supply
from corridor.emissions.ships import Ship
from corridor.emissions.species import SPECIES
from corridor.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
SegmentLoads = Callable[["Fleet", "SegmentMotion"], tuple[FloatArray, FloatArray]]

PLACES = 2
_SWITCHES = ("main_diesel", "aux_diesel", "low_load", "unknown")


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
    coast_nm : array
        Distance to the coast of the middle; NaN where nobody asked, see :class:`Method`. [nm]
    """

    vessel: npt.NDArray[np.int32]
    t0_ms: IntArray
    t1_ms: IntArray
    observed_ms: IntArray
    distance_m: FloatArray
    sog_kn: npt.NDArray[np.float32]
    draught_m: npt.NDArray[np.float32]
    kind: npt.NDArray[np.uint8]
    coast_nm: FloatArray


@dataclass(frozen=True)
class Method:
    """One way to get from motion to emissions, with tables of its own; methods are never mixed.

    Attributes
    ----------
    name : str
        Its name in results.
    loads : callable
        From a fleet and motion to speed and main-engine load of every segment. A module's function, so that
        other processes find it.
    tables : str
        Whose tables it reads: imo4, epa2022 or icct.
    asks_coast : bool
        Whether ``loads`` reads the distance to the coast of fast legs, which costs time.

    Examples
    --------
    >>> Method("mine", imo4_loads, tables="imo4").name
    'mine'
    """

    name: str
    loads: SegmentLoads
    tables: str = "imo4"
    asks_coast: bool = False


METHODS: dict[str, Method] = {
    "imo4": Method("imo4", imo4_loads, "imo4"),
    "epa2022": Method("epa2022", epa2022_loads, "epa2022"),
    "icct": Method("icct", icct_loads, "icct", asks_coast=True),
}


def method_named(name: str | Method) -> Method:
    """Find a method; one that is no name is returned as it is.

    Raises
    ------
    InputError
        If it is unknown; the message names the known ones.

    Examples
    --------
    >>> method_named("epa2022").tables
    'epa2022'
    """
    if isinstance(name, Method):
        return name
    if name not in METHODS:
        raise InputError("unknown_method", f"method '{name}' is unknown; known: {', '.join(METHODS)}")
    return METHODS[name]


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
    main_diesel, aux_diesel : array (n, r)
        Whether particulates of the engines are diesel particulates.
    aux_kw, boiler_kw : array (n, 2, 6)
        Power by phase, elsewhere and where a port's own powers hold. [kW]
    sfc : array (n, r, c)
        Baseline fuel consumption. [g/kWh]
    pilot : array (n, r)
        Fuel that the main engine takes besides, at any load. [g/kWh]
    upstream : array (n, r)
        Emitted before that fuel came on board. [g CO2e/g]
    fuel_index : array (n, r)
        What each ship burns on each supply. [index into FUELS]
    curve : array (n, 3)
        Coefficients of the main engine's load curve; 0, 0, 1 for turbines.
    ef : array (n, r, c, s)
        What follows energy. [g/kWh]
    ef_fuel : array (n, r, c, s)
        What follows fuel. [g/g]
    bc : array (n, r, 2)
        Coefficient and load exponent of the main engine's black carbon. [g/g, 1]
    low_load : array (n, r)
        Whether low-load factors hold for the main engine.
    unknown : array (n, r, c, s)
        What is *not estimated*, and zero in ``ef``.
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
    aux_diesel: npt.NDArray[np.bool_]
    aux_kw: FloatArray
    boiler_kw: FloatArray
    sfc: FloatArray
    pilot: FloatArray
    upstream: FloatArray
    fuel_index: IntArray
    curve: FloatArray
    ef: FloatArray
    ef_fuel: FloatArray
    bc: FloatArray
    low_load: npt.NDArray[np.bool_]
    unknown: npt.NDArray[np.bool_] = field(default_factory=lambda: np.zeros((0, 0, 0, 0), bool))


def fleet(
    ships: Sequence[Ship],
    supplies: Sequence[Supply],
    method: str | Method = "imo4",
    *,
    hotel_loads: str | None = None,
) -> Fleet:
    """Ships as arrays, with every factor looked up.

    Parameters
    ----------
    ships : sequence of Ship
        Ships, in the order of the vessel index.
    supplies : sequence of Supply
        Supplies of the rule book.
    method : str or Method
        Method.
    hotel_loads : str, optional
        A port's own auxiliary and boiler powers, used in its zones.

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
    >>> one.sfc[0, 0].tolist(), one.aux_kw[0, 0].tolist()
    ([175.0, 195.0, 340.0], [1300.0, 1800.0, 1800.0, 3250.0, 2050.0, 2050.0])
    """
    chosen = method_named(method)
    rules = phase_rules(chosen.tables)
    n, r, s = len(ships), len(supplies), len(SPECIES)
    found = [[factors(ship, supply, chosen.tables) for supply in supplies] for ship in ships]

    def of(name: str, *shape: int) -> npt.NDArray[Any]:
        kind = bool if name in _SWITCHES else float
        return np.array([[getattr(f, name) for f in row] for row in found], kind).reshape(n, r, *shape)

    hotel = np.array([_hotel_kw(ship, rules, chosen.tables, hotel_loads) for ship in ships], float)
    hotel = hotel.reshape(n, PLACES, 2, len(PHASES))
    drive = np.array([_corrections(chosen.tables, ship.ship_type, ship.size_bin) for ship in ships])
    drive = drive.reshape(n, 2)
    fuel_index = [[FUELS.index(f.fuel) for f in row] for row in found]
    return Fleet(
        method=chosen,
        phases=rules,
        supplies=tuple(supplies),
        me_kw=np.array([ship.me_kw for ship in ships], float),
        v_ref_kn=np.array([reference_speed_kn(ship, chosen.tables) for ship in ships], float),
        t_ref_m=np.array([ship.t_ref_m for ship in ships], float),
        delta_w=drive[:, 0].copy(),
        eta=drive[:, 1].copy(),
        class_index=np.array([ship_types().index(ship.ship_type) for ship in ships], np.int64),
        main_diesel=of("main_diesel"),
        aux_diesel=of("aux_diesel"),
        aux_kw=hotel[:, :, 0].copy(),
        boiler_kw=hotel[:, :, 1].copy(),
        sfc=of("sfc", 3),
        pilot=of("pilot"),
        upstream=np.array([[upstream_g_per_g(f.fuel) for f in row] for row in found], float).reshape(n, r),
        fuel_index=np.array(fuel_index, np.int64).reshape(n, r),
        curve=np.array([load_curve_of(x.engine_type, chosen.tables) for x in ships], float).reshape(n, 3),
        ef=of("ef", 3, s),
        ef_fuel=of("ef_fuel", 3, s),
        bc=of("bc", 2),
        low_load=of("low_load"),
        unknown=of("unknown", 3, s),
    )


def reference_speed_kn(ship: Ship, tables: str = "imo4") -> float:
    """Speed at installed power, from the speed the ship is listed with. [kn]

    What a listed speed means is kept with it, and each method raises it its own way: a speed listed at a
    share of the power by the cube root of that share.

    >>> from dataclasses import replace
    >>> import pandas as pd
    >>> from corridor.emissions.ships import resolve_ships
    >>> (ship,) = resolve_ships(pd.DataFrame({"vessel_id": ["X"]}))
    >>> listed = replace(ship, v_ref_kn=18.8, speed_meaning="service")
    >>> [round(reference_speed_kn(listed, name), 2) for name in ("imo4", "epa2022")]
    [18.8, 20.0]
    """
    share = reference.value(
        table_of(tables, "speed_meanings"), "power_share", speed_meaning=ship.speed_meaning
    )
    return float(ship.v_ref_kn / np.cbrt(share))


@cache
def _corrections(tables: str, ship_type: str, size_bin: int) -> tuple[float, float]:
    """Correction and efficiency of the class; ones where the method has its own margins. [1]"""
    name = table_of(tables, "corrections")
    if not name:
        return (1.0, 1.0)
    row = reference.rows(name, ship_type=ship_type, size_bin=size_bin).iloc[0]
    return float(row["delta_w"]), float(row["eta_weather"]) * float(row["eta_fouling"])


def _hotel_kw(ship: Ship, rules: PhaseRules, tables: str, hotel_loads: str | None) -> FloatArray:
    """Auxiliary and boiler power by place, consumer and phase. [kW]"""
    base = hotel_kw(ship, rules, tables)
    local = base if hotel_loads is None else local_hotel_kw(ship, rules, hotel_loads, base)
    return np.array([base, local])


def hotel_kw(ship: Ship, rules: PhaseRules, tables: str = "imo4") -> FloatArray:
    """Auxiliary and boiler power by phase; none or a share of the main engine on small ships. [kW]

    >>> import pandas as pd
    >>> from corridor.emissions.ships import resolve_ships
    >>> (ship,) = resolve_ships(pd.DataFrame({"vessel_id": ["X"], "ais_type": [71], "length_m": [366.0]}))
    >>> hotel_kw(ship, phase_rules("epa2022"), "epa2022")[0, 0] > 0
    np.True_
    """
    power = _hotel_table(tables, ship.ship_type, ship.size_bin)
    aux = [power["aux", column] for column in rules.load_columns]
    boiler = [power["boiler", column] for column in rules.load_columns]
    if ship.me_kw <= parameter(tables, "auxiliary_none_up_to_main"):
        return np.zeros((2, len(aux)))
    if ship.me_kw <= parameter(tables, "auxiliary_share_up_to_main"):
        aux = [parameter(tables, "auxiliary_share_of_main") * ship.me_kw] * len(aux)
    return np.array([aux, boiler])


@cache
def _hotel_table(tables: str, ship_type: str, size_bin: int) -> dict[tuple[str, str], float]:
    facts = reference.rows(table_of(tables, "hotel"), ship_type=ship_type, size_bin=size_bin)
    return {
        (str(consumer), str(column)): float(kw)
        for consumer, column, kw in facts[["consumer", "load_column", "value"]].itertuples(index=False)
    }

"""What is in a ship's tanks: the facts of fuels, which one she burns where, and on which engine's rows."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from corridor import reference
from corridor.emissions.method_tables import has_parameter, parameter
from corridor.emissions.rules import Supply
from corridor.emissions.ships import DIESEL_ENGINES, OIL, Ship
from corridor.errors import InputError

FUEL_TABLE = "fuels_mepc364_2022"
WELL_TABLE = "well_to_wake_fueleu_2023"
OIL_KINDS = ("residual", "distillate")
RESIDUAL = "hfo"
PILOT = "mdo"


@dataclass(frozen=True)
class Fuel:
    """Facts of one fuel.

    Attributes
    ----------
    name, kind, sfc_kind : str
        Fuel, and which rows of factors and of consumption it takes.
    cf_co2 : float
        Carbon dioxide. [g/g]
    sulphur : float
        Content where it is the fuel's own and no rule's, else NaN. [1]
    renewable_carbon : str
        ``biogenic``, ``captured`` or ``none``.
    of_choice : bool
        Whether a ship or scenario may ask for it; the others follow from place and date.
    consumption_ratio : float
        Mass for the energy of a gram of the fuel whose consumption rows it takes. [1]
    """

    name: str
    kind: str
    sfc_kind: str
    cf_co2: float
    sulphur: float
    renewable_carbon: str
    of_choice: bool
    consumption_ratio: float


@cache
def fuel_named(name: str) -> Fuel:
    """Find a fuel.

    Raises
    ------
    ReferenceDataError
        If it is unknown; the message names the known ones and the file.

    Examples
    --------
    >>> fuel_named("bio_fame").kind, round(fuel_named("bio_fame").consumption_ratio, 3)
    ('distillate', 1.148)
    """
    row = reference.rows(FUEL_TABLE, fuel=name).iloc[0]
    return Fuel(
        name=name,
        kind=str(row["fuel_kind"]),
        sfc_kind=str(row["sfc_kind"]),
        cf_co2=float(row["cf_co2"]),
        sulphur=float(row["sulphur"]),
        renewable_carbon=str(row["renewable_carbon"]),
        of_choice=bool(row["ship_fuel"]),
        consumption_ratio=heating_value(str(row["energy_of"])) / heating_value(name),
    )


@cache
def upstream_g_per_g(fuel: str) -> float:
    """Well-to-tank emissions of a fuel by its mass. [g CO2e/g]

    >>> round(upstream_g_per_g("hfo"), 5), upstream_g_per_g("bio_hvo") < 0
    (0.54675, True)
    """
    row = reference.rows(WELL_TABLE, fuel=fuel).iloc[0]
    return float(row["wtt"]) * float(row["lower_calorific_value"])


def heating_value(fuel: str) -> float:
    """Lower heating value. [kJ/kg]

    >>> heating_value("methanol")
    19900.0
    """
    return reference.value(FUEL_TABLE, "lower_heating_value", fuel=fuel)


def supply_of(fuel: str, like: Supply) -> Supply:
    """Return a supply of a fuel of choice where otherwise another holds.

    Raises
    ------
    InputError
        If the fuel cannot be chosen; the message names those that can.

    Examples
    --------
    >>> supply_of("bio_hvo", Supply("mdo", 0.0007, "measured 2021", 2016))
    Supply(fuel='bio_hvo', sulphur=1e-05, sulphur_basis='of the fuel', tier_3_keel_from=2016, ...)
    """
    facts = reference.table(FUEL_TABLE)
    known = [str(name) for name in facts.loc[facts["ship_fuel"] == 1, "fuel"]]
    if fuel not in known:
        raise InputError(
            "unknown_fuel",
            f"fuel '{fuel}' cannot be chosen; known: {', '.join(known)} (data/{FUEL_TABLE}.csv)",
        )
    return replace(like, fuel=fuel, sulphur=_known(fuel_named(fuel).sulphur), sulphur_basis="of the fuel")


def _known(number: float) -> float:
    return 0.0 if np.isnan(number) else number


@dataclass(frozen=True)
class Burnt:
    """What a ship burns on a supply: fuel, sulphur that is emitted, whether behind a scrubber."""

    fuel: str
    sulphur: float
    scrubbed: bool = False


def burnt(ship: Ship, supply: Supply, tables: str = "imo4") -> Burnt:
    """Return what a ship burns where a supply holds.

    A fuel of choice, the supply's before the ship's; else the fuel of place and date, or residual fuel behind
    a scrubber where that fuel would be another and scrubbers are accepted. Its sulphur oxides are then those
    of a fuel at the limit [1]_.

    References
    ----------
    .. [1] SAVE v2025.03.1 documentation, section 1.3.
    """
    for name in (supply.fuel, ship.fuel):
        if name != OIL and fuel_named(name).of_choice:
            return Burnt(name, _known(fuel_named(name).sulphur))
    if (
        ship.has_scrubber
        and supply.scrubber_accepted
        and supply.fuel != RESIDUAL
        and parameter(tables, "scrubbers")
    ):
        equal = supply.sulphur if np.isnan(supply.limit) else supply.limit
        return Burnt(RESIDUAL, equal, scrubbed=True)
    return Burnt(supply.fuel, supply.sulphur)


@cache
def engine_row(engine_type: str, fuel_kind: str) -> str:
    """Whose rows an engine takes on a kind of fuel: a dual-fuel engine on oil is an oil engine.

    >>> engine_row("lng_otto_ss", "distillate"), engine_row("lng_otto_ss", "lng"), engine_row("ssd", "lng")
    ('ssd', 'lng_otto_ss', 'lng_otto_ss')
    """
    return str(
        reference.rows("engine_fuels_2026", engine_type=engine_type, fuel_kind=fuel_kind)["engine_row"].iloc[
            0
        ]
    )


def is_piston(engine_type: str) -> bool:
    """Whether an engine on oil is a piston engine.

    >>> is_piston("lng_diesel"), is_piston("steam_turbine")
    (True, False)
    """
    return engine_row(engine_type, "distillate") in DIESEL_ENGINES


def carbon_factor(fuel: str, tables: str = "imo4") -> float:
    """Carbon dioxide of a fuel, by the method where it has a number of its own. [g/g]

    >>> carbon_factor("vlsfo"), carbon_factor("vlsfo", "icct"), carbon_factor("hfo", "icct")
    (3.151, 3.188, 3.114)
    """
    name = f"carbon_factor_{fuel}"
    return parameter(tables, name) if has_parameter(tables, name) else fuel_named(fuel).cf_co2

"""Fuel and energy to pollutants: the formulae, and the names that every account uses."""

from dataclasses import dataclass
from functools import cache
from typing import overload

import numpy as np
import numpy.typing as npt

from corridor import reference

FloatArray = npt.NDArray[np.float64]

SPECIES = ("co2", "ch4", "n2o", "nox", "sox", "pm10", "bc", "co", "nmvoc")
CONSUMERS = ("main", "aux", "boiler")
LOW_LOAD_GROUPS = ("nox", "pm", "co", "hc")


@dataclass(frozen=True)
class SulphurChemistry:
    """Constants of the sulphur balance, all mass ratios. [1]"""

    so2_per_sulphur: float
    sulphur_emitted_share: float
    sulphate_per_sulphur: float
    sulphur_to_sulphate_share: float


@cache
def sulphur_chemistry(name: str = "particulate_sulphur_imo4_2020") -> SulphurChemistry:
    """Constants of the sulphur balance from a table of facts.

    >>> sulphur_chemistry().sulphur_to_sulphate_share
    0.02247
    """
    return SulphurChemistry(
        *(
            reference.value(name, fuel_kind="all", parameter=parameter)
            for parameter in SulphurChemistry.__dataclass_fields__
        )
    )


@overload
def sulphur_oxides(sulphur: float, chemistry: SulphurChemistry) -> float: ...
@overload
def sulphur_oxides(sulphur: FloatArray, chemistry: SulphurChemistry) -> FloatArray: ...
def sulphur_oxides(sulphur: FloatArray | float, chemistry: SulphurChemistry) -> FloatArray | float:
    """Sulphur oxides, as SO2, of a fuel. [g/g fuel]

    ``2 * 0.97753 * S`` [1]_.

    Parameters
    ----------
    sulphur : array or float
        Mass fraction of sulphur; 0.005 is 0.50 %. [1]
    chemistry : SulphurChemistry
        Constants.

    Examples
    --------
    >>> round(sulphur_oxides(0.005, sulphur_chemistry()) * 175, 4)
    1.7107

    References
    ----------
    .. [1] Fourth IMO GHG Study 2020, eq. 15.
    """
    return chemistry.so2_per_sulphur * chemistry.sulphur_emitted_share * sulphur


@overload
def particulates(
    sfc_g_per_kwh: float, sulphur: float, base: float, nominal: float, chemistry: SulphurChemistry
) -> float: ...
@overload
def particulates(
    sfc_g_per_kwh: FloatArray, sulphur: float, base: float, nominal: float, chemistry: SulphurChemistry
) -> FloatArray: ...
def particulates(
    sfc_g_per_kwh: FloatArray | float,
    sulphur: float,
    base: float,
    nominal: float,
    chemistry: SulphurChemistry,
) -> FloatArray | float:
    """Particulate matter below 10 µm. [g/kWh]

    ``base + SFC * 7 * 0.02247 * (S - nominal)`` with the baseline consumption [1]_: 1.35 and 0.0246 for
    residual fuels, 0.23 and 0.0024 for distillates.

    Parameters
    ----------
    sfc_g_per_kwh : array or float
        Baseline fuel consumption, before the load curve. [g/kWh]
    sulphur : float
        Mass fraction of sulphur. [1]
    base : float
        Particulates at the nominal sulphur. [g/kWh]
    nominal : float
        Nominal sulphur. [1]
    chemistry : SulphurChemistry
        Constants.

    Examples
    --------
    >>> round(particulates(175.0, 0.0246, 1.35, 0.0246, sulphur_chemistry()), 4)
    1.35
    >>> round(particulates(165.0, 0.0010, 0.23, 0.0024, sulphur_chemistry()), 4)
    0.1937

    References
    ----------
    .. [1] Fourth IMO GHG Study 2020, eqs 16-17; SAVE v2025.03.1, eqs 11-12.
    """
    sulphate = chemistry.sulphate_per_sulphur * chemistry.sulphur_to_sulphate_share
    return base + sfc_g_per_kwh * sulphate * (sulphur - nominal)


@overload
def black_carbon(load: float, coefficient: float, exponent: float) -> float: ...
@overload
def black_carbon(load: FloatArray, coefficient: float, exponent: float) -> FloatArray: ...
def black_carbon(load: FloatArray | float, coefficient: float, exponent: float) -> FloatArray | float:
    """Black carbon of a main piston engine. [g/g fuel]

    ``c * L**e`` [1]_. One public copy of the formula heads the same numbers, times 1000, g/kWh: they are
    grams per kilogram of fuel.

    Parameters
    ----------
    load : array or float
        Engine load, above 0. [0–1]
    coefficient : float
        Emission at full load. [g/g fuel]
    exponent : float
        Negative: more at low load. [1]

    Examples
    --------
    >>> black_carbon(1.0, 1.5e-4, -0.359)
    0.00015

    References
    ----------
    .. [1] Fourth IMO GHG Study 2020, eqs 18-21.
    """
    return coefficient * load**exponent


def low_load_factor(load: float, a: float, x: float, b: float, *, least: float, below: float) -> float:
    """Factor that multiplies an emission factor at low load. [1]

    ``y(L) / y(0.20)`` with ``y = a L**-x + b`` [1]_, at the load rounded to whole per cent as the printed
    tables have it; 1 from 20 % up, and the value of 2 % below 2 %.

    Parameters
    ----------
    load : float
        Engine load. [0–1]
    a, x, b : float
        Coefficients of the pollutant.
    least, below : float
        Limits of the formula: 0.02 and 0.20. [1]

    Examples
    --------
    >>> round(low_load_factor(0.02, 0.1255, 1.5, 10.4496, least=0.02, below=0.20), 2)
    4.63
    >>> low_load_factor(0.20, 0.1255, 1.5, 10.4496, least=0.02, below=0.20)
    1.0

    References
    ----------
    .. [1] EPA-420-B-22-011, Table 3.10; Fourth IMO GHG Study 2020, Table 20.
    """
    rounded = max(float(np.rint(load * 100.0)) / 100.0, least)
    if rounded >= below:
        return 1.0
    return float((a * rounded**-x + b) / (a * below**-x + b))


@cache
def low_load_table() -> FloatArray:
    """Low-load factors by whole per cent of load (rows 0 to 100) and group. [1]

    Groups are the columns: NOx (also N2O), PM10, CO, and hydrocarbons (CH4, NMVOC).

    >>> low_load_table()[[2, 10, 20, 100]].round(2)
    array([[ 4.63,  7.29,  9.68, 21.18],
           [ 1.22,  1.38,  1.96,  2.2 ],
           [ 1.  ,  1.  ,  1.  ,  1.  ],
           [ 1.  ,  1.  ,  1.  ,  1.  ]])
    """
    facts = reference.table("low_load_epa_2022").set_index("group").loc[list(LOW_LOAD_GROUPS)]
    columns = ["a", "x", "b", "load_min", "load_max"]
    coefficients = facts[columns].to_numpy(np.float64).tolist()
    table = np.array(
        [
            [
                low_load_factor(percent / 100, a, x, b, least=least, below=below)
                for a, x, b, least, below in coefficients
            ]
            for percent in range(101)
        ]
    )
    table.flags.writeable = False
    return table


@cache
def low_load_groups() -> npt.NDArray[np.int64]:
    """Column of the low-load table for each species, -1 where low load changes nothing. [index]

    >>> dict(zip(SPECIES, low_load_groups().tolist()))
    {'co2': -1, 'ch4': 3, 'n2o': 0, 'nox': 0, 'sox': -1, 'pm10': 1, 'bc': -1, 'co': 2, 'nmvoc': 3}
    """
    facts = reference.table("low_load_epa_2022").set_index("group")["species"]
    group_of = {
        species: place
        for place, group in enumerate(LOW_LOAD_GROUPS)
        for species in str(facts[group]).split("|")
    }
    return np.array([group_of.get(species, -1) for species in SPECIES], np.int64)

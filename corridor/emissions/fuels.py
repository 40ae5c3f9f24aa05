"""Energy to fuel. Arrays and floats; no tables, no columns. And the fuels that every account names."""

from typing import overload

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

# In this order they stand in keys of the ledger: append, never insert. Facts of each: the table of fuels.
FUELS = (
    *("hfo", "vlsfo", "mdo", "lng", "methanol", "ammonia"),
    *("bio_fame", "bio_hvo", "bio_methanol", "bio_lng", "e_diesel", "e_methanol", "e_ammonia"),
)


@overload
def load_curve(load: float, quadratic: float, linear: float, constant: float) -> float: ...
@overload
def load_curve(load: FloatArray, quadratic: float, linear: float, constant: float) -> FloatArray: ...
def load_curve(
    load: FloatArray | float, quadratic: float, linear: float, constant: float
) -> FloatArray | float:
    """Fuel consumption at a load over the lowest consumption of the engine. [1]

    ``0.455 L² - 0.710 L + 1.280`` [1]_; 1.003 at its lowest, L = 0.78. For main piston engines: turbines,
    auxiliary engines and boilers burn their baseline at any load.

    Parameters
    ----------
    load : array or float
        Engine load. [0–1]
    quadratic, linear, constant : float
        Coefficients. [1]

    Examples
    --------
    >>> round(load_curve(0.5, 0.455, -0.710, 1.280) * 195, 4)
    202.5563

    References
    ----------
    .. [1] Fourth IMO GHG Study 2020, eq. 10.
    """
    return (quadratic * load + linear) * load + constant


@overload
def fuel_mass_kg(power_kw: float, hours: float, sfc_g_per_kwh: float) -> float: ...
@overload
def fuel_mass_kg(
    power_kw: FloatArray, hours: FloatArray | float, sfc_g_per_kwh: FloatArray | float
) -> FloatArray: ...
def fuel_mass_kg(
    power_kw: FloatArray | float, hours: FloatArray | float, sfc_g_per_kwh: FloatArray | float
) -> FloatArray | float:
    """Fuel burned at a power over a time. [kg]

    Parameters
    ----------
    power_kw : array or float
        Power. [kW]
    hours : array or float
        Time. [h]
    sfc_g_per_kwh : array or float
        Specific fuel consumption. [g/kWh]

    Examples
    --------
    >>> fuel_mass_kg(1800.0, 1.0, 195.0)
    351.0
    """
    return power_kw * hours * sfc_g_per_kwh / 1000.0

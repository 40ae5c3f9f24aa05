"""Carbon intensity of one ship-year, and the speed and power that EEXI puts where a ship has none.

Formulae on arrays and floats. Lines are found by ship type of the regulation, which is not the class of the
inventory, in ``cii_reference_mepc353_2022`` and ``eexi_speed_power_mepc333_2021``.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from corridor import reference
from corridor.errors import ReferenceDataError

# A float or an array of floats: the formulae are the same for both.
Quantity = Any
RATINGS = ("A", "B", "C", "D", "E")
GRAMS_PER_TONNE = 1e6
REFERENCE, REDUCTION, EEXI = (
    "cii_reference_mepc353_2022",
    "cii_reduction_mepc400_2025",
    "eexi_speed_power_mepc333_2021",
)


def attained_cii(co2_t: Quantity, capacity: Quantity, distance_nm: Quantity) -> Quantity:
    """Attained carbon intensity of a ship over one full calendar year. [g CO2/(capacity nm)]

    Tank-to-wake CO2 of every voyage and every hour of the year, over capacity times distance [1]_. A part of
    a year, a service, a carrier or a direction has no CII.

    Parameters
    ----------
    co2_t : array or float
        CO2. [t]
    capacity : array or float
        Deadweight, or gross tonnage, as the ship type asks. [t, GT]
    distance_nm : array or float
        Distance. [nm]

    Examples
    --------
    >>> round(attained_cii(60_914.0, 25_000.0, 150_000.0), 4)
    16.2437

    References
    ----------
    .. [1] IMO Resolution MEPC.352(78).
    """
    return co2_t * GRAMS_PER_TONNE / (capacity * distance_nm)


def reference_cii(capacity: Quantity, a: float, c: float) -> Quantity:
    """Reference line of 2019: ``a * capacity**-c``. [g CO2/(capacity nm)]

    >>> round(reference_cii(156_610.0, 1984.0, 0.489), 4)
    5.7184
    """
    return a * capacity**-c


def required_cii(reference_line: Quantity, reduction_percent: Quantity) -> Quantity:
    """Required carbon intensity of a year, below the line of 2019. [g CO2/(capacity nm)]

    >>> required_cii(10.0, 11.0)
    8.9
    """
    return reference_line * (1.0 - reduction_percent / 100.0)


def cii_rating(attained: Quantity, required: Quantity, bounds: tuple[float, float, float, float]) -> Quantity:
    """Place in :data:`RATINGS` of one ship in one full calendar year. [index]

    Only that has a letter: never a voyage, a month, a service, a fleet or a direction.

    Parameters
    ----------
    attained, required : array or float
        Carbon intensities. [g CO2/(capacity nm)]
    bounds : tuple
        Boundaries over the required intensity, rising. [1]

    Examples
    --------
    >>> RATINGS[int(cii_rating(16.24, 19.18, (0.76, 0.92, 1.14, 1.30)))]
    'B'
    """
    return np.searchsorted(np.asarray(bounds), np.asarray(attained) / required, side="left")


@dataclass(frozen=True)
class CiiLine:
    """Reference line and rating boundaries of one ship, with where they come from.

    Attributes
    ----------
    capacity : float
        Capacity that enters the line: the ship's, or the one the regulation fixes. [t or GT]
    a, c : float
        Coefficient and exponent of the line.
    bounds : tuple
        Boundaries A|B, B|C, C|D, D|E over the required intensity. [1]
    source, verification : str
        Resolution, and how far the row was checked.
    """

    capacity: float
    a: float
    c: float
    bounds: tuple[float, float, float, float]
    source: str
    verification: str


def cii_line(cii_type: str, capacity: float) -> CiiLine:
    """Find the line of a ship type of the regulation at a capacity.

    Parameters
    ----------
    cii_type : str
        Ship type of MEPC.353(78), such as ``container``.
    capacity : float
        Deadweight or gross tonnage. [t or GT]

    Raises
    ------
    ReferenceDataError
        If the type is unknown, or no row holds at this capacity.

    Examples
    --------
    >>> line = cii_line("container", 156_610.0)
    >>> round(required_cii(reference_cii(line.capacity, line.a, line.c), cii_reduction_percent(2026)), 4)
    5.0894
    """
    facts = reference.rows(REFERENCE, cii_type=cii_type)
    fits = facts[(facts["capacity_from"] <= capacity) & ~(facts["capacity_below"] <= capacity)]
    if len(fits) != 1 or not capacity > 0:
        raise ReferenceDataError(
            "no_cii_line",
            f"found capacity {capacity:g} of {cii_type}; expected a positive deadweight or gross tonnage "
            f"that one row holds; see data/{REFERENCE}.csv",
        )
    row = fits.iloc[0]
    bounds = (float(row["d1"]), float(row["d2"]), float(row["d3"]), float(row["d4"]))
    return CiiLine(
        capacity=float(capacity if pd.isna(row["capacity_fixed"]) else row["capacity_fixed"]),
        a=float(row["a"]),
        c=float(row["c"]),
        bounds=bounds,
        source=str(row["source"]),
        verification=str(row["verification"]),
    )


def cii_reduction_percent(year: int) -> float:
    """Reduction against the line of 2019 that a year asks for. [%]

    Raises
    ------
    ReferenceDataError
        If no reduction is known for the year; the message names the known years.

    Examples
    --------
    >>> [cii_reduction_percent(year) for year in (2019, 2026, 2030)]
    [0.0, 11.0, 21.5]
    """
    return reference.value(REDUCTION, year=year)


def power_function(size: Quantity, coefficient: float, exponent: float, cap: float) -> Quantity:
    """``coefficient * min(size, cap)**exponent``; no cap is infinity.

    >>> round(float(power_function(156_610.0, 3.2395, 0.18294, 80_000.0)), 4)
    25.5534
    """
    return coefficient * np.minimum(size, cap) ** exponent


def eexi_speed_and_power(eexi_type: str, size: Quantity) -> tuple[Quantity, Quantity]:
    """Speed at 75 % of the power, and rated power, of a ship type at a size. [kn, kW]

    For a ship whose own are unknown [1]_. The speed is not the one at full power: raise it by the cube root
    of 0.75 before it enters a formula that asks for that.

    Parameters
    ----------
    eexi_type : str
        Ship type of MEPC.333(76), such as ``container``.
    size : array or float
        Deadweight; gross tonnage of cruise ships. [t or GT]

    Raises
    ------
    ReferenceDataError
        If the type is unknown; the message names the known ones.

    Examples
    --------
    >>> [round(float(number), 2) for number in eexi_speed_and_power("container", 50_000.0)]
    [23.45, 35051.25]

    References
    ----------
    .. [1] IMO Resolution MEPC.333(76), paragraph 2.2.3.5 and appendix.
    """
    row = reference.rows(EEXI, eexi_type=eexi_type).iloc[0].fillna(np.inf)
    speed = power_function(size, float(row["v_ref_a"]), float(row["v_ref_c"]), float(row["v_ref_size_cap"]))
    power = power_function(size, float(row["mcr_d"]), float(row["mcr_f"]), float(row["mcr_size_cap"]))
    return speed, power

"""Prices that a user gives: of fuels, of carbon, of energy from shore. Nothing is assumed."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from corridor.checked import Part, read_checked
from corridor.emissions.fuels import FUELS
from corridor.errors import InputError

Price = Annotated[float, Field(ge=0.0)]


class Prices(Part):
    """Prices of one day and place.

    Attributes
    ----------
    currency : str
        Such as ``USD``.
    source : str
        Who says so, and when.
    fuel_per_t : dict
        Price of a tonne by fuel of the ledger. [currency/t]
    carbon_per_t_co2e : float
        Price of a tonne of carbon dioxide equivalent that leaves the funnel, tank-to-wake. [currency/t]
    shore_power_per_kwh : float, optional
        Price of energy from shore. [currency/kWh]

    Examples
    --------
    >>> Prices(currency="USD", source="quoted", fuel_per_t={"vlsfo": 600.0}).carbon_per_t_co2e
    0.0
    """

    currency: Annotated[str, Field(min_length=1, max_length=12)]
    source: Annotated[str, Field(min_length=1)]
    fuel_per_t: dict[str, Price]
    carbon_per_t_co2e: Price = 0.0
    shore_power_per_kwh: Price | None = None


def read_prices(path: str | Path) -> Prices:
    """Read prices from a TOML file.

    Raises
    ------
    InputError
        If a key or value is not expected, or a fuel is unknown; the message names it.
    """
    place = Path(path)
    prices = read_checked(place, Prices)
    for fuel in prices.fuel_per_t:
        if fuel not in FUELS:
            raise InputError(
                "unknown_fuel",
                f"{place.name}, key 'fuel_per_t.{fuel}': found a fuel that the accounts do not have; "
                f"expected one of: {', '.join(FUELS)}; correct the line",
            )
    return prices

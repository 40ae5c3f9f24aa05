"""What every column of the table of vessels is: a readable name, its unit, a sentence.

The readable name of a particular is that of its column, so that the sheet of a workbook is known again by its
header when it comes back as a register.
"""

import re
from collections.abc import Iterable

from corridor.outputs.zones import Columns
from corridor.reference import table as reference_table

FACTS = {
    "vessel_id": ("", "Key of the vessel in every table and layer"),
    "name": ("", "Name of the vessel"),
    "imo": ("", "IMO number, -1 where unknown"),
    "mmsi": ("", "Maritime mobile service identity, -1 where unknown"),
    "ship_class": ("", "Class of the Fourth IMO GHG Study"),
    "size_bin": ("", "Size bin of the class, 1 the smallest"),
    "main_power_kw": ("kW", "Installed power of the main engine"),
    "reference_speed_kn": ("kn", "Speed that the main power gives, as speed_meaning says"),
    "speed_meaning": ("", "maximum, service or eexi_75"),
    "design_draught_m": ("m", "Draught that the reference speed holds at"),
    "tier": ("", "Tier of MARPOL Annex VI that the main engine is built to"),
    "main_fuel_gsd": ("", "Geometric standard deviation of the main engine's fuel"),
    "engine_type": ("", "Kind of the main engine"),
    "rpm": ("", "Rated speed of the main engine, per minute"),
    "ship_fuel": ("", "What she burns where rules leave it to her; oil follows place and date"),
    "scrubber": ("", "none, fitted, open_loop, closed_loop, hybrid or unknown"),
    "shore_power": ("", "Whether she can take power from the quay: yes, no or unknown"),
    "build_year": ("", "Year of delivery"),
    "keel_year": ("", "Year in which the keel was laid"),
    "flag": ("", "Country code, empty where unknown"),
    "operator": ("", "Operator by the register, empty where unknown"),
    "service": ("", "Service by the register, empty where unknown"),
    "teu": ("", "Nominal capacity in container slots"),
    "dwt_t": ("t", "Deadweight, metric"),
    "gt": ("", "Gross tonnage"),
    "remarks": ("", "What was inferred, chosen or doubted"),
    "hours": ("h", "Hours of the vessel in the study"),
    "observed_share": ("", "Share of those hours that lies between reports, 0 to 1"),
    "distance_nm": ("nm", "Distance sailed"),
    "fuel_kg": ("kg", "Fuel burnt"),
    "shore_kwh": ("kWh", "Auxiliary demand taken from shore"),
    "measured_share": ("", "Share of the fuel from reports of the ship, 0 to 1"),
    "modelled_share": ("", "Share modelled with a known or inferred engine, 0 to 1"),
    "default_share": ("", "Share modelled with the engine of the ship's class, 0 to 1"),
}
# Percentiles in names of columns, with a third figure for tenths: p05, p95, p025, p975.
_BOUND = re.compile(r"(.+)_p(\d\d)(\d?)_kg")
_ENDINGS = ("_kwh", "_kw", "_kn", "_kg", "_nm", "_m", "_t")


def vessel_columns(names: Iterable[str]) -> Columns:
    """Describe the columns of a table of vessels.

    Parameters
    ----------
    names : iterable of str
        Names of the columns.

    Examples
    --------
    >>> told = vessel_columns(["nox_p05_kg", "main_power_provenance"])
    >>> told["nox_p05_kg"]
    ('NOₓ, 5 %', 'kg', 'NOₓ: 5 % of the worlds lie below')
    >>> told["main_power_provenance"][0]
    'Main power provenance'
    """
    table = reference_table("species_names_2026")
    symbols = dict(zip(table["species"].astype(str), table["symbol"].astype(str), strict=True))
    return {name: _told(name, symbols) for name in names}


def _told(name: str, symbols: dict[str, str]) -> tuple[str, str, str]:
    title = _stem(name).replace("_", " ").capitalize()
    if name in FACTS:
        return title, *FACTS[name]
    if name.endswith("_provenance"):
        return title, "", "Where it comes from: register, ais, inferred or default; empty where nobody says"
    if name.endswith("_gsd"):
        return title, "", "Geometric standard deviation: how far it may be off"
    if bound := _BOUND.fullmatch(name):
        species, percent = symbols.get(bound[1], bound[1].capitalize()), float(f"{bound[2]}.{bound[3] or 0}")
        return f"{species}, {percent:g} %", "kg", f"{species}: {percent:g} % of the worlds lie below"
    if name.startswith("hours_"):
        return title, "h", title
    species = symbols[name.removesuffix("_kg")]
    return species, "kg", f"{species}, tank-to-wake, over the period"


def _stem(column: str) -> str:
    """Return a column without its unit.

    >>> _stem("main_power_kw"), _stem("tier")
    ('main_power', 'tier')
    """
    ending = next((one for one in _ENDINGS if column.endswith(one)), "")
    return column.removesuffix(ending)

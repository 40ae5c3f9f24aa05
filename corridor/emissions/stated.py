"""The table of vessels that a study writes, and what a register takes back: values with their origin."""

import re
from collections.abc import Sequence

import pandas as pd

from corridor.emissions.headers import RegisterMapping
from corridor.emissions.sheets import plain
from corridor.errors import InputError

# Where a particular may come from, the surest first.
PROVENANCE = ("register", "ais", "inferred", "default")
# Column of the table, and field of the ship; provenance and spread stand under the column without its unit.
NUMBERS = {
    "main_power_kw": "me_kw",
    "reference_speed_kn": "v_ref_kn",
    "design_draught_m": "t_ref_m",
}
STATED = {
    "ship_class": "ship_type",
    "size_bin": "size_bin",
    **NUMBERS,
    "speed_meaning": "speed_meaning",
    "tier": "tier",
    "engine_type": "engine_type",
    "rpm": "rpm",
    "ship_fuel": "fuel",
    "scrubber": "scrubber",
    "build_year": "build_year",
    "keel_year": "keel_year",
    "flag": "flag",
    "teu": "teu",
    "dwt_t": "dwt_t",
    "gt": "gt",
}
TEXTS = ("operator", "service", "shore_power")
_KEYS = ("vessel_id", "name", "imo", "mmsi")
# What the register calls a field of the ship.
_FIELDS = {"dwt_t": "dwt"}
_GUARDED = re.compile(r"^'(?=[=+\-@\t\r])")


def stem(column: str) -> str:
    """Return a column without its unit.

    >>> stem("main_power_kw"), stem("dwt_t"), stem("tier")
    ('main_power', 'dwt', 'tier')
    """
    for unit in ("_kw", "_kn", "_m", "_t"):
        column = column.removesuffix(unit)
    return column


def own_mapping(columns: Sequence[str]) -> RegisterMapping | None:
    """Say which column is what if this is a table of vessels that a study wrote, in any of its files.

    >>> own_mapping(["IMO Number", "Ship type"]) is None
    True
    >>> own_mapping(["vessel_id", "ship_class", "ship_class_provenance", "co2_kg"]).columns
    {'vessel_id': 'vessel_id', 'ship_type': 'ship_class'}
    """
    given = {plain(column): column for column in columns}
    if not {plain("vessel_id"), plain("ship_class_provenance")} <= set(given):
        return None
    names = {**{key: key for key in _KEYS}, **STATED, **{text: text for text in TEXTS}}
    found = {
        _FIELDS.get(field, field): given[plain(column)]
        for column, field in names.items()
        if plain(column) in given
    }
    return RegisterMapping(columns=found)


def own_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of our table without the mark that keeps a spreadsheet from taking text for a formula."""
    cleaned = rows.map(lambda cell: _GUARDED.sub("", cell) if isinstance(cell, str) else cell)
    # Ships under one identity were parted: their id tells them apart, the number that they share does not.
    for key in ("imo", "mmsi"):
        column = next((name for name in cleaned if plain(str(name)) == key), None)
        if column is not None:
            cleaned.loc[cleaned[column].duplicated(keep=False), column] = None
    return cleaned


def with_origins(facts: pd.DataFrame, rows: pd.DataFrame, where: str) -> pd.DataFrame:
    """Facts of a register with what our table says of each: its origin, and the remarks on the ship.

    A value without an origin is a placeholder, such as ``unknown``: it is left out.

    Raises
    ------
    InputError
        ``unknown_provenance`` if the table names another origin than those it was written with,
        ``bad_value`` if a size bin is no whole number.
    """
    given = {plain(str(column)): rows[column] for column in rows}
    found = facts.copy()
    if "size_bin" in found:
        bins = found["size_bin"].dropna().astype(str)
        if len(wrong := bins[~bins.str.fullmatch(r"[1-9]\d?")]):
            at = f"{where} line {wrong.index[0]}: size_bin is '{wrong.iloc[0]}'"
            raise InputError("bad_value", f"{at}; expected a whole number from 1; leave it empty")
    for column, field in STATED.items():
        said, ours = given.get(plain(f"{stem(column)}_provenance")), _FIELDS.get(field, field)
        if said is None or ours not in found:
            continue
        unknown = said[said.notna() & ~said.isin(PROVENANCE)]
        if len(unknown):
            at = f"{where} line {unknown.index[0]}: found origin '{unknown.iloc[0]}' of {column}"
            raise InputError(
                "unknown_provenance",
                f"{at}; expected {', '.join(PROVENANCE)} or none; write register for what you know",
            )
        found[ours] = found[ours].where(said.notna(), None)
        found[f"{ours}_provenance"] = said.where(said.notna(), None)
    return found.assign(remarks=given["remarks"]) if "remarks" in given else found

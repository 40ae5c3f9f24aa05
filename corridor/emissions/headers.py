"""Which column of a register is what, in which unit: known headers, or a mapping that the user writes.

A mapping is a TOML file; columns that it does not name are left out:

.. code-block:: toml

    speed_meaning = "service"      # what the listed speed is: maximum, service or eexi_75

    [columns]                      # ours = theirs
    imo = "LRNO"
    ship_type = "TypeLevel2"
    me_kw = "PowerBHP"
    v_ref_kn = "Speed"

    [units]                        # where the column is in another unit than ours
    me_kw = "hp"

    [words.ship_type]              # theirs = ours, where their words are unknown
    "Container/Ro-Ro" = "container"
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from corridor import reference
from corridor.emissions.sheets import plain
from corridor.errors import InputError

KEYS = ("imo", "mmsi", "vessel_id")
NAMES = "register_names_2026"
QUANTITIES = {
    "me_kw": "power",
    "v_ref_kn": "speed",
    "t_ref_m": "length",
    "length_m": "length",
    "beam_m": "length",
    "dwt": "mass",
    "cbm": "volume",
    "rpm": "frequency",
}


class RegisterMapping(BaseModel):
    """Names, units and words of a register.

    >>> RegisterMapping(columns={"imo": "LRNO"}).speed_meaning
    ''
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, str]
    units: dict[str, str] = {}
    words: dict[str, dict[str, str]] = {}
    speed_meaning: str = ""


@dataclass(frozen=True)
class Header:
    """One column: our field, what its numbers are multiplied with, and what a listed speed means."""

    field: str
    factor: float = 1.0
    speed_meaning: str = ""


def fields() -> tuple[str, ...]:
    """Every field of a register, in the order of the table of names.

    >>> fields()[:4]
    ('vessel_id', 'imo', 'mmsi', 'name')
    """
    return tuple(dict.fromkeys(str(name) for name in reference.table(NAMES)["field"]))


def read_register_mapping(path: str | Path) -> RegisterMapping:
    """Read a mapping.

    Raises
    ------
    InputError
        ``bad_mapping`` if it is no TOML, or names an unknown field or unit; the message names the known ones.
    """
    place = Path(path)
    try:
        mapping = RegisterMapping.model_validate(tomllib.loads(place.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise InputError("missing_file", f"{place.name}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("bad_mapping", f"{place.name}: not valid TOML: {error}") from error
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(str(part) for part in fault["loc"])
        raise InputError("bad_mapping", f"{place.name}: {key}: {fault['msg']}") from error
    for part in (mapping.columns, mapping.units, mapping.words):
        unknown = sorted(set(part) - set(fields()))
        if unknown:
            raise InputError(
                "bad_mapping",
                f"{place.name}: '{unknown[0]}' is no field of a register; known: {', '.join(fields())}",
            )
    if not set(mapping.columns) & set(KEYS):
        raise InputError("bad_mapping", f"{place.name}: columns names no {' or '.join(KEYS)}; name one")
    for field, unit in mapping.units.items():
        unit_factor(field, unit, place.name)
    return mapping


def is_register_header(cells: Sequence[str], mapping: RegisterMapping | None) -> bool:
    """Whether a row of cells is the header: it holds the name of a key.

    >>> is_register_header(["IMO Number", "Name"], None), is_register_header(["Fleet list"], None)
    (True, False)
    """
    if mapping is not None:
        return any(mapping.columns[key] in cells for key in KEYS if key in mapping.columns)
    return any((known := _known().get(plain(cell))) is not None and known.field in KEYS for cell in cells)


def headers_of(columns: Sequence[str], mapping: RegisterMapping | None, where: str) -> dict[str, Header]:
    """Return what each column is.

    Raises
    ------
    InputError
        ``unknown_column`` without a mapping, ``missing_column`` if one that the mapping names is not there,
        ``double_column`` if two mean the same.
    """
    if mapping is not None:
        found = _mapped(columns, mapping, where)
    else:
        unknown = [column for column in columns if plain(column) not in _known()]
        if unknown:
            raise InputError(
                "unknown_column",
                f"{where}: column '{unknown[0]}' is unknown; known: {', '.join(fields())}, and the headers "
                f"in data/{NAMES}.csv; delete it, or name the columns to read with --ships-columns FILE.toml",
            )
        found = {column: _known()[plain(column)] for column in columns}
    _refuse_doubles(found, columns, where)
    return found


def _mapped(columns: Sequence[str], mapping: RegisterMapping, where: str) -> dict[str, Header]:
    absent = [theirs for theirs in mapping.columns.values() if theirs not in columns]
    if absent:
        raise InputError(
            "missing_column",
            f"{where}: no column '{absent[0]}', which the mapping names; found {', '.join(columns)}",
        )
    found = {}
    for field, theirs in mapping.columns.items():
        unit = mapping.units.get(field, "")
        known = _known().get(plain(theirs))
        same = known if known is not None and known.field == field else Header(field)
        factor = unit_factor(field, unit, where) if unit else same.factor
        meaning = (mapping.speed_meaning or same.speed_meaning) if field == "v_ref_kn" else ""
        found[theirs] = Header(field, factor, meaning)
    return found


def _refuse_doubles(found: dict[str, Header], columns: Sequence[str], where: str) -> None:
    for header in found.values():
        same = [other for other in columns if other in found and found[other].field == header.field]
        if len(same) > 1:
            raise InputError(
                "double_column", f"{where}: columns '{same[0]}' and '{same[1]}' mean the same; keep one"
            )


def unit_factor(field: str, unit: str, where: str) -> float:
    """Return what numbers in a unit are multiplied with to be in ours. [our unit per unit]

    Raises
    ------
    InputError
        If the unit is unknown for the field; the message names the known ones.

    Examples
    --------
    >>> round(unit_factor("me_kw", "hp", "fleet.csv"), 4)
    0.7457
    """
    known = reference.table("register_units_2026")
    known = known[known["quantity"] == QUANTITIES.get(field, "")]
    fits = known.loc[known["column_unit"] == unit, "value"]
    if fits.empty:
        units = ", ".join(known["column_unit"]) or "none"
        raise InputError(
            "unknown_unit",
            f"{where}: unit '{unit}' of {field} is unknown; known: {units} (data/register_units_2026.csv)",
        )
    return float(fits.iloc[0])


@cache
def _known() -> dict[str, Header]:
    """Columns by their header without case, spaces and punctuation."""
    found = {}
    for row in reference.table(NAMES).astype(object).fillna("").to_dict("records"):
        field, unit = str(row["field"]), str(row["column_unit"])
        factor = unit_factor(field, unit, NAMES) if unit else 1.0
        found[plain(str(row["header"]))] = Header(field, factor, str(row["speed_meaning"]))
    return found

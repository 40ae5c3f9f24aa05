"""A user's own ship register: read, checked, and matched to the vessels of a study."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from corridor import reference
from corridor.emissions.headers import (
    Header,
    RegisterMapping,
    headers_of,
    is_register_header,
    read_register_mapping,
)
from corridor.emissions.inference import ship_types
from corridor.emissions.sheets import plain, read_sheet
from corridor.emissions.stated import own_mapping, own_rows, with_origins
from corridor.errors import InputError
from corridor.identity import valid_imo

WORDS = "register_words_2026"
KEY_COLUMNS = ("vessel_id", "imo", "mmsi")
WORD_COLUMNS = ("ship_type", "speed_meaning", "engine_type", "fuel", "scrubber", "shore_power", "tier")
# Limits catch a wrong unit, not an unusual ship.
NUMBER_COLUMNS: Mapping[str, tuple[float, float]] = {
    "teu": (1, 30_000),
    "dwt": (1, 600_000),
    "gt": (1, 300_000),
    "cbm": (1, 300_000),
    "length_m": (5, 460),
    "beam_m": (2, 75),
    "me_kw": (10, 120_000),
    "v_ref_kn": (3, 60),
    "t_ref_m": (0.5, 26),
    "rpm": (40, 4_000),
    "build_year": (1900, 2100),
    "keel_year": (1900, 2100),
    "tier": (0, 3),
}
YEARS = ("build_year", "keel_year")
MISSING = {"-", "--", "n/a", "#n/a", "nan", "null"}
_YEAR = re.compile(r"(?<!\d)(?:19|20|21)\d\d(?!\d)")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")

RegisterIndex = dict[str, dict[Any, dict[str, Any]]]
"""Rows of a register by key column, then by key."""


def read_register(path: str | Path, mapping: str | Path | None = None) -> pd.DataFrame:
    """Read a ship register: CSV, Excel, OpenDocument or Parquet, with English or Chinese headers.

    One row a ship, found by ``vessel_id``, ``imo`` or ``mmsi``; every other column may be missing, and so
    may any of its values. The table of vessels that a study wrote (``vessels.csv``, ``study.gpkg#vessels``,
    the sheet ``vessels`` of ``report.xlsx``) is known by its columns: each value keeps its origin.

    Parameters
    ----------
    path : str or Path
        File; one sheet of a workbook as ``fleet.xlsx#Ships``, a layer of a GeoPackage likewise.
    mapping : str or Path, optional
        TOML that says which column is what; see :mod:`corridor.emissions.headers`. Without it every header
        must be one that is known.

    Returns
    -------
    DataFrame
        Columns as in :class:`corridor.emissions.ships.Ship`, in its units.

    Raises
    ------
    InputError
        If a column, unit, class, engine, fuel or other word is unknown, a number lies outside its limits, an
        IMO number fails its check digit, or two rows name the same ship. The message names the known values.
    """
    said = read_register_mapping(mapping) if mapping is not None else None
    sheet = read_sheet(
        path,
        lambda cells: is_register_header(cells, said),
        expected="imo, mmsi or vessel_id",
        option="--ships",
    )
    own = own_mapping([str(column) for column in sheet.rows]) if said is None else None
    found = headers_of([str(column) for column in sheet.rows], said or own, sheet.name)
    given = sheet.rows if own is None else own_rows(sheet.rows)
    rows = given.mask(given.map(lambda cell: str(cell).casefold() in MISSING), None)
    facts = pd.DataFrame(
        {header.field: rows[column] for column, header in found.items()}, index=rows.index, dtype=object
    )
    for header in found.values():
        if header.field in WORD_COLUMNS:
            facts[header.field] = _words(facts[header.field], said, sheet.name)
        if header.field in NUMBER_COLUMNS:
            facts[header.field] = _numbers(facts[header.field], header, sheet.name)
        if header.speed_meaning and "speed_meaning" not in facts:
            facts["speed_meaning"] = header.speed_meaning
    if own is not None:
        facts = with_origins(facts, rows, sheet.name)
    return _with_keys(facts, sheet.name)


def known_words(field: str) -> tuple[str, ...]:
    """Return what a field of a register may say, in the words of the tables.

    >>> known_words("scrubber")
    ('none', 'fitted', 'open_loop', 'closed_loop', 'hybrid', 'unknown')
    """
    if field == "ship_type":
        return ship_types()
    facts = reference.rows(WORDS, field=field)
    said = tuple(dict.fromkeys(str(word) for word in facts["meaning"]))
    if field != "fuel":
        return said
    # Any fuel of the tables that a ship may be said to burn is its own word.
    fuels = reference.rows("fuels_mepc364_2022", ship_fuel=1)["fuel"]
    return tuple(dict.fromkeys((*said, *(str(fuel) for fuel in fuels))))


@cache
def _meanings(field: str) -> dict[str, str]:
    """Our word for each known one, by its letters and digits."""
    facts = reference.rows(WORDS, field=field)
    pairs = facts[["word", "meaning"]].astype(str).itertuples(index=False, name=None)
    return {plain(word): word for word in known_words(field)} | {plain(word): ours for word, ours in pairs}


def _words(column: "pd.Series[str]", mapping: RegisterMapping | None, where: str) -> "pd.Series[str]":
    """Replace the words of a column by ours."""
    field = str(column.name)
    own = mapping.words.get(field, {}) if mapping is not None else {}
    known = _meanings(field) | {plain(theirs): _checked(field, ours, where) for theirs, ours in own.items()}
    found = column.map(lambda word: known.get(plain(str(word))), na_action="ignore").astype(object)
    unknown = column[column.notna() & found.isna()]
    if len(unknown):
        raise InputError(
            f"unknown_{field}",
            f"{where} line {unknown.index[0]}: {field} '{unknown.iloc[0]}' is unknown; "
            f"known: {', '.join(known_words(field))} (data/{WORDS}.csv)",
        )
    return found


def _checked(field: str, word: str, where: str) -> str:
    if word not in known_words(field):
        raise InputError(
            "bad_mapping",
            f"{where}: the mapping turns words of {field} into '{word}', which is unknown; "
            f"known: {', '.join(known_words(field))} (data/{WORDS}.csv)",
        )
    return word


def _numbers(column: "pd.Series[str]", header: Header, where: str) -> "pd.Series[float]":
    """Read the numbers of a column, in our unit."""
    least, most = NUMBER_COLUMNS[header.field]
    text = column.map(_year if header.field in YEARS else _digits, na_action="ignore")
    numbers = pd.to_numeric(text, errors="coerce") * header.factor
    bad = column.notna() & ~numbers.between(least, most)
    if bad.any():
        line = bad.index[int(bad.to_numpy().argmax())]
        scaled = f", times {header.factor:g}" if header.factor != 1.0 else ""
        raise InputError(
            "bad_value",
            f"{where} line {line}: {header.field} is '{column[line]}'{scaled}; "
            f"expected a number from {least} to {most}",
        )
    return numbers.astype(float)


def _year(text: str) -> str:
    """Return the year of a date.

    >>> _year("2018-05-01"), _year("05/2018"), _year("2018")
    ('2018', '2018', '2018')
    """
    found = _YEAR.search(str(text))
    return found.group() if found else str(text)


def _digits(text: str) -> str:
    """Return a number without its thousands commas.

    >>> _digits("59,300"), _digits("14,5")
    ('59300', '14,5')
    """
    return str(text).replace(",", "") if _THOUSANDS.fullmatch(str(text)) else str(text)


def _with_keys(facts: pd.DataFrame, where: str) -> pd.DataFrame:
    for column in ("imo", "mmsi"):
        digits = (
            facts[column] if column in facts else pd.Series([None] * len(facts), facts.index, dtype=object)
        )
        digits = digits.astype("string").str.upper().str.replace("IMO", "").str.strip()
        facts[column] = pd.to_numeric(digits, errors="coerce").fillna(-1).astype("int64")
    imo = facts["imo"].to_numpy()
    bad = (imo != -1) & ~valid_imo(imo)
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            "bad_imo",
            f"{where} line {facts.index[row]}: IMO number {imo[row]} fails its check digit; "
            "correct or leave it empty",
        )
    for column in KEY_COLUMNS:
        if column in facts:
            named = facts[column][facts[column].notna() & (facts[column] != -1)]
            if named.duplicated().any():
                twice = named[named.duplicated()].iloc[0]
                raise InputError("double_ship", f"{where}: {column} {twice} stands in two rows; keep one")
    return facts.reset_index(drop=True)


def index_register(register: pd.DataFrame | None, ships: pd.DataFrame) -> RegisterIndex:
    """Index the register rows that may be about some ships, by each key they can be found by.

    A register may hold a world fleet: only the rows of these ships become objects.

    Parameters
    ----------
    register : DataFrame or None
        From :func:`read_register`.
    ships : DataFrame
        Any of ``vessel_id``, ``imo``, ``mmsi``; ``ship_key`` stands for a ``vessel_id`` not yet known.
    """
    if register is None or register.empty:
        return {}
    known = ships.rename(columns={"ship_key": "vessel_id"}) if "vessel_id" not in ships else ships
    keys = [key for key in KEY_COLUMNS if key in register and key in known]
    named = register[keys].isin({key: known[key].tolist() for key in keys}).any(axis=1)
    if "vessel_id" in register:
        # Ships under one identity are parted later, and get ids such as MMSI416000000/2.
        named |= register["vessel_id"].astype(str).str.contains("/")
    records = [{str(k): v for k, v in row.items()} for row in register[named].to_dict("records")]
    return {
        key: {row[key]: row for row in records if row[key] == row[key] and row[key] != -1} for key in keys
    }


def match_register(vessels: pd.DataFrame, register: RegisterIndex) -> list[dict[str, Any]]:
    """Find the register row of each vessel, an empty one where there is none.

    By ``vessel_id``, then IMO number, then MMSI.

    >>> facts = pd.DataFrame({"imo": [9811000], "mmsi": [-1], "me_kw": [59300.0]})
    >>> vessels = pd.DataFrame({"vessel_id": ["IMO9811000"], "imo": [9811000]})
    >>> match_register(vessels, index_register(facts, vessels))[0]["me_kw"]
    59300.0
    """
    found: list[dict[str, Any]] = [{} for _ in range(len(vessels))]
    for key in reversed([key for key in KEY_COLUMNS if key in register and key in vessels]):
        rows = register[key]
        for place, value in enumerate(vessels[key].tolist()):
            found[place] = rows.get(value, found[place])
    return found

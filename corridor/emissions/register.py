"""A user's own ship register: read, checked, and matched to the vessels of a study."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from corridor import reference
from corridor.emissions.inference import check_ship_type
from corridor.errors import InputError
from corridor.identity import valid_imo

ENGINES = ("ssd", "msd", "hsd", "gas_turbine", "steam_turbine")
TEXT_COLUMNS = ("name", "ship_type", "speed_meaning", "engine_type")
KEY_COLUMNS = ("vessel_id", "imo", "mmsi")
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
ALIASES = {"design_draught_m": "t_ref_m", "service_speed_kn": "v_ref_kn"}

RegisterIndex = dict[str, dict[Any, dict[str, Any]]]
"""Rows of a register by key column, then by key."""


def read_register(path: str | Path) -> pd.DataFrame:
    """Read a ship register from a CSV file.

    One row a ship, found by ``vessel_id``, ``imo`` or ``mmsi``; every other column may be missing, and so
    may any of its values.

    Parameters
    ----------
    path : str or Path
        File.

    Returns
    -------
    DataFrame
        Columns as in :class:`corridor.emissions.ships.Ship`.

    Raises
    ------
    InputError
        If a column, class, engine or speed meaning is unknown, a number lies outside its limits, an IMO
        number fails its check digit, or two rows name the same ship. The message names the known values.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("missing_file", f"{path.name}: no such ship list; give a CSV file with --ships")
    try:
        facts = pd.read_csv(path, dtype=str, encoding="utf-8-sig", skipinitialspace=True)
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise InputError("unreadable_register", f"{path.name}: not a CSV table ({error})") from error
    facts.columns = [str(column).strip().lower() for column in facts.columns]
    facts = _renamed(facts, path.name)
    _check_columns(facts, path.name)
    for column, (least, most) in NUMBER_COLUMNS.items():
        if column in facts:
            facts[column] = _numbers(facts[column], path.name, least, most)
    _check_words(facts, path.name)
    return _with_keys(facts, path.name)


def _renamed(facts: pd.DataFrame, where: str) -> pd.DataFrame:
    for alias, column in ALIASES.items():
        if alias in facts and column in facts:
            raise InputError(
                "double_column", f"{where}: columns '{alias}' and '{column}' mean the same; keep one"
            )
    if "service_speed_kn" in facts:
        facts = facts.assign(speed_meaning="service")
    return facts.rename(columns=ALIASES)


def _check_columns(facts: pd.DataFrame, where: str) -> None:
    known = (*KEY_COLUMNS, *TEXT_COLUMNS, *NUMBER_COLUMNS)
    unknown = [column for column in facts if column not in known]
    if unknown:
        raise InputError(
            "unknown_column",
            f"{where}: column '{unknown[0]}' is unknown; known: {', '.join((*known, *ALIASES))}",
        )
    if not set(KEY_COLUMNS) & set(facts):
        raise InputError(
            "missing_column", f"{where}: no column says which ship a row is; add imo, mmsi or vessel_id"
        )


def _numbers(text: "pd.Series[str]", where: str, least: float, most: float) -> "pd.Series[float]":
    numbers = pd.to_numeric(text, errors="coerce")
    bad = text.notna() & ~numbers.between(least, most)
    if bad.any():
        row = int(bad.to_numpy().argmax())
        raise InputError(
            "bad_value",
            f"{where} line {row + 2}: {text.name} is '{text.iloc[row]}'; "
            f"expected a number from {least} to {most}",
        )
    return numbers


def _check_words(facts: pd.DataFrame, where: str) -> None:
    meanings = reference.table("speed_meanings_imo4_2020")["speed_meaning"]
    allowed = {"speed_meaning": tuple(meanings), "engine_type": ENGINES}
    for column, known in allowed.items():
        if column in facts:
            facts[column] = _each(facts[column], lambda word: word.strip().lower())
            unknown = facts[column].dropna()[~facts[column].dropna().isin(known)]
            if len(unknown):
                line, word = int(unknown.index[0]) + 2, unknown.iloc[0]
                raise InputError(
                    f"unknown_{column}",
                    f"{where} line {line}: {column} '{word}' is unknown; known: {', '.join(known)}",
                )
    if "ship_type" in facts:
        facts["ship_type"] = _each(facts["ship_type"], lambda word: check_ship_type(word, where))


def _each(column: "pd.Series[str]", change: Callable[[str], str]) -> "pd.Series[str]":
    return column.map(change, na_action="ignore").astype(object)


def _with_keys(facts: pd.DataFrame, where: str) -> pd.DataFrame:
    for column in ("imo", "mmsi"):
        digits = facts[column] if column in facts else pd.Series([None] * len(facts), dtype=object)
        digits = digits.astype("string").str.upper().str.replace("IMO", "").str.strip()
        facts[column] = pd.to_numeric(digits, errors="coerce").fillna(-1).astype("int64")
    imo = facts["imo"].to_numpy()
    bad = (imo != -1) & ~valid_imo(imo)
    if bad.any():
        row = int(bad.argmax())
        raise InputError(
            "bad_imo",
            f"{where} line {row + 2}: IMO number {imo[row]} fails its check digit; correct or leave it empty",
        )
    for column in KEY_COLUMNS:
        if column in facts:
            named = facts[column][facts[column].notna() & (facts[column] != -1)]
            if named.duplicated().any():
                twice = named[named.duplicated()].iloc[0]
                raise InputError("double_ship", f"{where}: {column} {twice} stands in two rows; keep one")
    return facts


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

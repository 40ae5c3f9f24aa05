"""EU MRV emission reports: what ships themselves report of a year, read from the public exports."""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pandas as pd

from corridor import reference
from corridor.emissions.sheets import plain, read_sheet
from corridor.errors import InputError
from corridor.identity import valid_imo

HEADERS = "mrv_headers_2026"
NUMBERS = ("fuel_t", "co2_t", "co2_at_berth_t", "fuel_kg_per_nm", "co2_kg_per_nm", "hours_at_sea")
COLUMNS = ("imo", "name", "year", "ship_type", *NUMBERS, "technical_efficiency", "efficiency_index")
_INDEX = re.compile(r"\b(EEDI|EIV|EEXI)\b\D*?([\d.]+)")
_YEAR = re.compile(r"(?<!\d)20\d\d(?!\d)")


def is_mrv(path: str | Path) -> bool:
    """Return whether a table has the header of an EU MRV export: IMO number and fuel per distance."""
    try:
        read_sheet(path, _is_header, expected="IMO Number and fuel per distance", option="--measured")
    except InputError:
        return False
    return True


def read_mrv(paths: str | Path | Sequence[str | Path]) -> pd.DataFrame:
    """Read public EU MRV reports: one row a ship and year, as reported, faults included.

    The public workbooks have titles above the header and words such as ``Division by zero!`` in columns of
    numbers; these become missing. A sheet of reports of part of a year is read as its year.

    Parameters
    ----------
    paths : path or sequence of paths
        Workbooks or CSV files in the layouts since 2018, or CSV with our own short names.

    Returns
    -------
    DataFrame
        imo, name, year, ship_type, fuel_t, co2_t, co2_at_berth_t, fuel_kg_per_nm, co2_kg_per_nm,
        hours_at_sea, technical_efficiency [g CO2/(t nm)] and efficiency_index (EEDI or EIV).

    Raises
    ------
    InputError
        If a file has no such header, an IMO number fails its check digit, or a ship has two rows in a year.
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    reports = pd.concat([_read(path) for path in given], ignore_index=True)
    twice = reports[reports.duplicated(["imo", "year"])]
    if len(twice):
        imo, year = twice[["imo", "year"]].iloc[0]
        raise InputError(
            "double_report", f"found two reports of IMO {imo} for {year}; expected one; keep one"
        )
    return reports


def _read(path: str | Path) -> pd.DataFrame:
    sheet = read_sheet(path, _is_header, expected="IMO Number and fuel per distance", option="--mrv")
    columns: dict[str, str] = {}
    for header in sheet.rows:
        if field := _fields().get(plain(str(header))):
            columns.setdefault(field, str(header))
    empty = pd.Series(None, index=sheet.rows.index, dtype=object)
    text = {field: sheet.rows[columns[field]] if field in columns else empty for field in COLUMNS}
    table = pd.DataFrame({field: pd.to_numeric(text[field], errors="coerce") for field in NUMBERS})
    table.insert(0, "imo", _imo(text["imo"], sheet.name))
    table.insert(1, "name", text["name"].fillna("").astype(str))
    table.insert(2, "year", _year(text["year"], sheet.name))
    table.insert(3, "ship_type", text["ship_type"].fillna("").astype(str))
    index = text["technical_efficiency"].fillna("").astype(str).str.extract(_INDEX)
    return table.assign(
        technical_efficiency=pd.to_numeric(index[1], errors="coerce"), efficiency_index=index[0].fillna("")
    )


def _is_header(cells: Sequence[str]) -> bool:
    found = {_fields().get(plain(cell)) for cell in cells}
    return {"imo", "fuel_kg_per_nm"} <= found


@cache
def _fields() -> dict[str, str]:
    facts = reference.table(HEADERS)[["header", "field"]].astype(str)
    return {plain(header): field for header, field in facts.itertuples(index=False, name=None)}


def _imo(text: "pd.Series[str]", where: str) -> "pd.Series[int]":
    numbers = pd.to_numeric(text, errors="coerce").fillna(-1).astype("int64")
    bad = ~valid_imo(numbers.to_numpy())
    if bad.any():
        line = numbers.index[int(bad.argmax())]
        raise InputError(
            "bad_imo",
            f"{where} line {line}: found IMO number '{text[line]}'; expected a valid one; correct it",
        )
    return numbers


def _year(text: "pd.Series[str]", where: str) -> "pd.Series[int]":
    found = text.fillna("").astype(str).str.extract(f"({_YEAR.pattern})")[0]
    if found.isna().any():
        line = found.index[int(found.isna().to_numpy().argmax())]
        raise InputError(
            "bad_value", f"{where} line {line}: found period '{text[line]}'; expected a year; correct it"
        )
    return found.astype("int64")


def report_near(reports: pd.DataFrame, year: int) -> pd.DataFrame:
    """One usable report a ship: that of the year, else of the nearest one, the earlier of two; by IMO number.

    Reports outside the plausible range of fuel per distance are not usable.

    Parameters
    ----------
    reports : DataFrame
        From :func:`read_mrv`.
    year : int
        Year to compare with.

    Examples
    --------
    >>> said = pd.DataFrame(
    ...     {"imo": [9811000] * 3, "year": [2018, 2019, 2021], "fuel_kg_per_nm": [90000.0, 342.0, 330.0]}
    ... )
    >>> report_near(said, 2018)[["year", "fuel_kg_per_nm"]].values.tolist()
    [[2019.0, 342.0]]
    """
    least, most = (
        reference.value("mrv_comparison_2026", parameter=f"report_{name}") for name in ("least", "most")
    )
    usable = reports[reports["fuel_kg_per_nm"].between(least, most)]
    ordered = usable.assign(away=(usable["year"] - year).abs()).sort_values(["imo", "away", "year"])
    return ordered.drop_duplicates("imo").drop(columns="away").set_index("imo")

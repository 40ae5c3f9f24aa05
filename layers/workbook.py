"""Tables as an Excel workbook: a sheet each, with units, filters and formats; no text becomes a formula.

The same tables make the same bytes: the time of making is given, not taken from the clock.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from layers import atomic

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_048_575
_WIDEST, _NARROWEST = 60, 9
_FORMATS = {"share": "0.0 %", "number": "#,##0.0##", "whole": "0", "time": "yyyy-mm-dd hh:mm:ss"}


class Sheet(NamedTuple):
    """One sheet: its name, a sentence about it, the table, and the header of each column."""

    name: str
    description: str
    table: pd.DataFrame
    headers: Sequence[str]


def write(
    path: str | Path, sheets: Sequence[Sheet], *, title: str, made: datetime, properties: Mapping[str, str]
) -> Path:
    """Write sheets into a workbook, a table of contents before them.

    Parameters
    ----------
    path
        Where the file goes; ends in ``.xlsx``.
    sheets
        In order; at most `MOST_ROWS` rows each.
    title
        Of the workbook, also on top of the first sheet.
    made
        Time of making, as the file states it.
    properties
        Further properties of the document: author, subject, comments.

    Raises
    ------
    ModuleNotFoundError
        If xlsxwriter is not installed.
    ValueError
        If a sheet has too many rows.
    OSError
        If the file cannot be written.
    """
    import xlsxwriter  # noqa: PLC0415 — not everybody has it

    plain = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with atomic.whole_file(path) as part:
        book = xlsxwriter.Workbook(str(part), {**plain, "default_date_format": _FORMATS["time"]})
        book.set_properties({**properties, "title": title, "created": made.replace(tzinfo=None)})
        formats = {name: book.add_format({"num_format": text}) for name, text in _FORMATS.items()}
        formats["head"] = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        formats["text"] = book.add_format({"num_format": "@"})
        _contents(book, sheets, title, formats)
        for sheet in sheets:
            _fill(book, sheet, formats)
        book.close()
    return Path(path)


def _contents(book: "Workbook", sheets: Sequence[Sheet], title: str, formats: "Mapping[str, Format]") -> None:
    page = book.add_worksheet("Contents")
    page.write_string(0, 0, title, formats["head"])
    for row, sheet in enumerate(sheets, start=2):
        page.write_string(row, 0, sheet.name)
        page.write_string(row, 1, sheet.description)
        page.write_number(row, 2, len(sheet.table))
    page.set_column(0, 0, 28)
    page.set_column(1, 1, 100)


def _fill(book: "Workbook", sheet: Sheet, formats: "Mapping[str, Format]") -> None:
    rows, columns = sheet.table.shape
    if rows > MOST_ROWS:
        found = f"found {rows} rows for sheet {sheet.name}"
        raise ValueError(f"{found}; expected at most {MOST_ROWS}; write such a table as Parquet or CSV")
    page = book.add_worksheet(sheet.name[:31])
    for place, header in enumerate(sheet.headers):
        values = sheet.table.iloc[:, place]
        page.write_string(0, place, header, formats["head"])
        width = _column(page, place, values, formats)
        page.set_column(place, place, min(max(width, len(header) * 0.7, _NARROWEST), _WIDEST))
    page.freeze_panes(1, 1)
    if rows:
        page.autofilter(0, 0, rows, columns - 1)
    page.set_landscape()
    page.repeat_rows(0)
    page.fit_to_pages(1, 0)


def _column(
    page: "Worksheet", place: int, values: "pd.Series[Any]", formats: "Mapping[str, Format]"
) -> float:
    """Write one column by its type; return how wide its text is."""
    if pd.api.types.is_datetime64_any_dtype(values):
        naive = values.dt.tz_convert("UTC").dt.tz_localize(None) if values.dt.tz is not None else values
        for row, moment in _present(naive):
            page.write_datetime(row, place, moment.to_pydatetime(), formats["time"])
        return 19.0
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        kind = "whole" if pd.api.types.is_integer_dtype(values) else "number"
        kind = "share" if str(values.name).endswith("share") else kind
        for row, number in _present(values):
            if np.isfinite(number):
                page.write_number(row, place, float(number), formats[kind])
        return 13.0
    width = 0
    for row, text in _present(values):
        page.write_string(row, place, str(text), formats["text"])
        width = max(width, len(str(text)))
    return width * 1.1


def _present(values: "pd.Series[Any]") -> Iterable[tuple[int, Any]]:
    """Row in the sheet and value of all that is not missing."""
    missing = values.isna().to_numpy()
    return ((row + 1, value) for row, value in enumerate(values) if not missing[row])

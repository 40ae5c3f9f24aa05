"""A user's table as text, whatever file it comes in: CSV, Excel, OpenDocument, Parquet or GeoPackage."""

import csv
import io
import sqlite3
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from corridor.errors import InputError
from corridor.tracks import encodings

WORKBOOKS = {".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"}
TABLES = {".parquet", ".pq"}
GEOPACKAGE = ".gpkg"
# Titles and notes stand above the header in published workbooks.
LINES_ABOVE = 20

Cells = list[list[str]]


@dataclass(frozen=True)
class Sheet:
    """One table as text.

    Attributes
    ----------
    name : str
        File, and the sheet of a workbook behind ``#``.
    rows : pandas.DataFrame
        Cells as text, missing where empty; the index is the line in the file.
    """

    name: str
    rows: pd.DataFrame


def plain(header: str) -> str:
    """Return a header without case, spaces, punctuation and typographic forms, to compare it by.

    >>> plain(" Main Engine (kW) "), plain("Total CO₂ emissions [m tonnes]"), plain("主机功率（kW）")
    ('mainenginekw', 'totalco2emissionsmtonnes', '主机功率kw')
    """
    return "".join(sign for sign in unicodedata.normalize("NFKC", header).casefold() if sign.isalnum())


def read_sheet(
    path: str | Path, is_header: Callable[[Sequence[str]], bool], *, expected: str, option: str
) -> Sheet:
    """Read the first table whose header is one that is looked for.

    Parameters
    ----------
    path : str or Path
        CSV (any delimiter of comma, semicolon, tab; any encoding), Excel, OpenDocument, Parquet or
        GeoPackage; one sheet of a workbook as ``fleet.xlsx#Ships``, a table of a GeoPackage likewise.
    is_header : callable
        Whether a row of cells is the header; asked for the first lines of each sheet.
    expected : str
        Columns that are looked for, in words for a message.
    option : str
        How the file was given, such as ``--ships``.

    Raises
    ------
    InputError
        If there is no such file or sheet, it cannot be read, or no header is found.
    """
    given = str(path)
    file, _, wanted = (given, "", "") if Path(given).exists() else given.partition("#")
    place = Path(file)
    if not place.is_file():
        raise InputError("missing_file", f"{place.name}: no such file; give a table with {option}")
    found: list[str] = []
    for name, cells in _sheets(place, wanted):
        for number, row in enumerate(cells[:LINES_ABOVE]):
            if is_header(row):
                return Sheet(name, _framed(cells, number, name))
        found += [", ".join(filter(None, row)) for row in cells[:1]]
    if not found:
        raise InputError("empty_file", f"{place.name}: holds no line; expected a header with {expected}")
    raise InputError(
        "missing_column",
        f"{place.name}: found no header with {expected}; its first line: {' | '.join(found)[:200]}; "
        "give the columns these names",
    )


def _sheets(place: Path, wanted: str) -> Iterator[tuple[str, Cells]]:
    """Cells of each sheet, in order."""
    kind = place.suffix.lower()
    try:
        if kind in TABLES:
            yield place.name, _cells(pd.read_parquet(place))
        elif kind == GEOPACKAGE:
            yield from _of_geopackage(place, wanted)
        elif kind in WORKBOOKS:
            yield from _of_workbook(place, wanted)
        else:
            yield place.name, _of_text(place)
    except (OSError, ValueError, csv.Error, sqlite3.Error) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            "unreadable_table", f"{place.name}: not a table that can be read ({error}); save it as CSV"
        ) from error


def _of_geopackage(place: Path, wanted: str) -> Iterator[tuple[str, Cells]]:
    """Cells of one table, or of each; places are left out. No program is asked that could open more."""
    listed = "SELECT table_name FROM gpkg_contents WHERE data_type IN ('attributes', 'features')"
    with closing(sqlite3.connect(f"{place.absolute().as_uri()}?mode=ro", uri=True)) as file:
        names = [str(name) for (name,) in file.execute(f"{listed} ORDER BY rowid")]
        if wanted and wanted not in names:
            raise InputError(
                "missing_sheet", f"{place.name}: found no table '{wanted}'; expected {', '.join(names)}"
            )
        shapes = dict(file.execute("SELECT table_name, column_name FROM gpkg_geometry_columns").fetchall())
        for name in [wanted] if wanted else names:
            quoted = name.replace('"', '""')
            found = file.execute(f'SELECT * FROM "{quoted}"')  # noqa: S608 — a table that the file lists
            header = [str(column[0]) for column in found.description]
            kept = [place for place, column in enumerate(header) if column not in {"fid", shapes.get(name)}]
            body = [["" if row[at] is None else _said(row[at]) for at in kept] for row in found]
            yield f"{place.name}#{name}", [[header[at] for at in kept], *body]


def _cells(table: pd.DataFrame) -> Cells:
    """Header and rows of a table, as text."""
    body = [["" if pd.isna(value) else _said(value) for value in row] for row in table.to_numpy(object)]
    return [[str(name) for name in table], *body]


def _of_workbook(place: Path, wanted: str) -> Iterator[tuple[str, Cells]]:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 — only for workbooks

    try:
        book = CalamineWorkbook.from_path(str(place))
        names = [wanted] if wanted else book.sheet_names
        for name in names:
            if name not in book.sheet_names:
                raise InputError(
                    "missing_sheet",
                    f"{place.name}: found no sheet '{name}'; expected one of {', '.join(book.sheet_names)}",
                )
            cells = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            yield f"{place.name}#{name}", [[_said(cell) for cell in row] for row in cells]
    except CalamineError as error:
        raise InputError(
            "unreadable_table", f"{place.name}: not a workbook that can be read ({error}); save it as CSV"
        ) from error


def _said(value: object) -> str:
    """Return a cell as text; a whole number without its point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _of_text(place: Path) -> Cells:
    raw = place.read_bytes()
    encoding, mark = encodings.of_start(raw[:64], place.name)
    text = raw[mark:].decode(encodings.of_text(raw) if encoding.startswith("utf-8") else encoding)
    lines = text.lstrip("\ufeff")
    first = next((line for line in lines.splitlines() if line.strip()), "")
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter)
    return [[cell.strip() for cell in row] for row in rows]


def _framed(cells: Cells, header: int, name: str) -> pd.DataFrame:
    names = [cell.strip() for cell in cells[header]]
    width = len(names)
    body = {number + 1: row for number, row in enumerate(cells) if number > header and any(row)}
    for line, row in body.items():
        if any(row[width:]):
            raise InputError(
                "unreadable_table",
                f"{name} line {line}: found {len(row)} cells; expected {width}; quote text with a comma",
            )
    table = pd.DataFrame(
        [(row + [""] * width)[:width] for row in body.values()], index=list(body), columns=names, dtype=object
    )
    return table.replace("", None).loc[:, [bool(column) for column in names]]

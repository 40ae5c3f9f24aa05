"""Every form of input to the same thing: blocks of cells, with what each column means."""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from corridor.errors import InputError
from corridor.tracks import columns, delimited, earlier, fixes, gpx, nmea, shapes, spatial
from corridor.tracks.columns import ColumnMapping
from corridor.tracks.report import InputReport
from corridor.tracks.sources import Source

PARQUET_ROWS = 200_000
NMEA_NAMES = {"mmsi": "id"}


class Raw(NamedTuple):
    """Cells of some rows: their table, the line of the first or of each, which column is what.

    ``mapping`` is the one that holds for them (None: our own names and units). Rows that are ``static`` tell
    particulars of a ship and no position; those not ``counted`` come from rows that were given before.
    """

    table: pa.Table
    lines: int | npt.NDArray[np.int64]
    where: dict[str, str]
    mapping: ColumnMapping | None
    static: bool = False
    counted: bool = True


def tables(source: Source, mapping: ColumnMapping | None, report: InputReport) -> Iterator[Raw]:
    """Give the cells of a file block by block; what is left out before is counted in the report.

    Raises
    ------
    InputError
        If the file is cut or damaged, or names no column that is needed.
    """
    if source.kind == "text":
        yield from _text_tables(source, mapping, report)
    elif source.kind == "nmea":
        yield from _nmea_tables(source, report)
    elif source.kind == "rtz":
        message = f"{source.name}: the content is a planned route without positions in time"
        raise InputError("wrong_format", f"{message}; expected positions; see corridor route")
    else:
        yield from _columned(source, mapping, report)


def _columned(source: Source, mapping: ColumnMapping | None, report: InputReport) -> Iterator[Raw]:
    """Rows of a form that has columns; of pieces that an earlier study wrote, their ends."""
    given = _plain_tables(source, mapping)
    first = next(given, None)
    if first is None:
        return
    whole = itertools.chain([first], given)
    if mapping is None and earlier.are_pieces(first.column_names):
        yield from _of_pieces(whole, source.name, report)
        return
    line = 1
    for table in whole:
        where, form = columns.resolve(table.column_names, mapping, source.name)
        yield Raw(table, line, where, form)
        line += table.num_rows


def _of_pieces(tables: Iterator[pa.Table], name: str, report: InputReport) -> Iterator[Raw]:
    for table, lines in earlier.positions(tables, name, report):
        where, form = columns.resolve(table.column_names, None, name)
        yield Raw(table, lines, where, form)


def _plain_tables(source: Source, mapping: ColumnMapping | None) -> Iterator[pa.Table]:
    """Blocks of a form that has columns, or points of which columns are made."""
    if source.held is not None:
        return iter([source.held])
    if source.kind == "parquet":
        return _parquet_tables(source, mapping)
    if source.kind == "gpx":
        return gpx.tables(source)
    return spatial.tables(source)


def _text_tables(source: Source, mapping: ColumnMapping | None, report: InputReport) -> Iterator[Raw]:
    with source.open() as stream:
        form = mapping.file if mapping else columns.FileForm()
        text = delimited.Delimited(stream, source.name, form.delimiter, form.decimal)
        where, known = columns.resolve(text.header, mapping, source.name)
        for chunk in text.chunks(fixes.arrow_types(where, known, text.first_cells())):
            yield Raw(chunk.table, chunk.first_line, where, known)
    if text.detected:
        report.warn(f"{source.name}: read as {text.detected}; say otherwise with [file] in --columns")
    if mapping is None and columns.known_header(text.header) == "danish":
        report.warn(f"{source.name}: read as a Danish file, times with the day first")
    for note, count in sorted(text.notes.items()):
        report.repair(source.name, note, [], count)
    if text.incomplete_line:
        report.rows_in += 1
        report.drop(source.name, "incomplete_row", [text.incomplete_line])
        report.warn(f"{source.name}: the file ends inside row {text.incomplete_line}; it may be cut")


def _nmea_tables(source: Source, report: InputReport) -> Iterator[Raw]:
    """Messages of a log; sentences that give no row of their own are accounted for here."""
    with source.open() as stream:
        log = nmea.Log(stream, source.name)
        for part in log.parts():
            where = {NMEA_NAMES.get(column, column): column for column in part.table.column_names}
            yield Raw(part.table, part.lines, where, None, part.static, part.counted)
    report.rows_in += log.joined + sum(map(len, log.dropped.values()))
    for reason, lines in sorted(log.dropped.items()):
        report.drop(source.name, reason, lines)


def _parquet_tables(source: Source, mapping: ColumnMapping | None) -> Iterator[pa.Table]:
    if source.form != "plain":
        message = f"{source.name}: the content is Parquet inside an archive"
        raise InputError("wrong_format", f"{message}; expected the file itself; unpack it")
    try:
        with pq.ParquetFile(source.path) as file:
            geometry = spatial.geoparquet_column(file.schema_arrow.metadata, source.name)
            names = file.schema_arrow.names
            if mapping is None:
                earlier.refuse_lines(names, source.name)
            if mapping is None and earlier.are_pieces(names):
                geometry, names = None, earlier.columns_of(names)
            elif geometry is None:
                where, _ = columns.resolve(names, mapping, source.name)
                names = list(where.values())
            for batch in file.iter_batches(PARQUET_ROWS, columns=names):
                table = pa.Table.from_batches([batch])
                yield table if geometry is None else _places(table, geometry, source.name)
    except (pa.ArrowInvalid, OSError) as error:
        message = f"{source.name}: the Parquet file is cut or damaged ({error}); fetch it again"
        raise InputError("corrupt_file", message.replace("\n", " ")) from error


def _places(table: pa.Table, geometry: spatial.Geometry, name: str) -> pa.Table:
    return shapes.rows(
        table.drop_columns([geometry.column]),
        spatial.from_wkb(table.column(geometry.column), name),
        geometry.crs,
        name,
    )

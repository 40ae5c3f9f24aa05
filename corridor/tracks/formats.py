"""What a file is, from its beginning alone: form, packing, letters, columns, layers."""

import io
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from corridor.errors import InputError
from corridor.tracks import columns, contents, delimited, earlier, sources, spatial
from corridor.tracks.sources import Source

# As much of a text as is looked at for its letters and its first rows.
LOOK_BYTES = 256 * 1024
NAMES = {
    "csv": "delimited text",
    "nmea": "NMEA sentences",
    "parquet": "Parquet",
    "geoparquet": "GeoParquet",
    "gpkg": "GeoPackage",
    "geojson": "GeoJSON",
    "gpx": "GPX",
    "rtz": "RTZ route",
}
NOTES = {
    "danish": "header of the Danish Maritime Authority: times begin with the day",
    "marinecadastre": "header of MarineCadastre",
    "": "",
}


@dataclass(frozen=True)
class Format:
    """What a file is.

    Parameters
    ----------
    name : str
        ``csv``, ``nmea``, ``parquet``, ``geoparquet``, ``gpkg``, ``geojson``, ``gpx`` or ``rtz``.
    compression : str
        ``gzip``, ``zstd``, ``bzip2``, ``xz``, ``zip``, or "".
    members : tuple of str
        Tables of a ZIP archive.
    encoding, delimiter, decimal : str
        Of delimited text.
    header : tuple of str
        Column names, where the form has any.
    layers : tuple of str
        Of a GeoPackage, those with a geometry.
    known : str
        ``marinecadastre``, ``danish``, or "".
    note : str
        What a reader should know, or "".
    """

    name: str
    compression: str = ""
    members: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    decimal: str = ""
    header: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    known: str = ""
    note: str = ""

    def __str__(self) -> str:
        """Return one line for people."""
        parts = [NAMES[self.name]]
        if self.compression:
            parts.append(f"in {self.compression}")
        if self.name == "csv":
            parts.append(f"{self.encoding}, {delimited.DELIMITER_NAMES.get(self.delimiter)} between fields")
            if self.decimal == ",":
                parts.append("decimal commas")
        if len(self.layers) > 1:
            parts.append(f"layers {', '.join(self.layers)}")
        return ", ".join([*parts, *([self.note] if self.note else [])])


def recognise(path: str | Path) -> Format:
    r"""Return what a file is; only its beginning is read.

    Raises
    ------
    InputError
        If the file is missing or empty, cut where it can be seen, or of a form that holds no positions.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     day = Path(folder) / "day.dat"
    ...     _ = day.write_bytes(b"MMSI;BaseDateTime;LAT;LON\n477999101;2024-01-10T06:00:00;33,7;-118,2\n")
    ...     print(recognise(day))
    delimited text, utf-8, semicolons between fields, decimal commas, header of MarineCadastre
    """
    place, layer = sources.split_layer(path)
    if not place.is_file():
        raise InputError("missing_file", f"{place.name}: there is no such file; check the name")
    size = place.stat().st_size
    if size == 0:
        raise InputError("empty_file", f"{place.name}: the file is empty; fetch it again or leave it out")
    with place.open("rb") as raw:
        head = raw.read(contents.HEAD_BYTES)
    form = contents.compression(head)
    members: tuple[tuple[str, str], ...] = tuple(sources.members(place)) if form == "zip" else ()
    member, kind = members[0] if members else (None, "")
    source = Source(place, place.name, size, "", form or "plain", kind, member, layer)
    return _of(source, kind or source.look(), tuple(name for name, _ in members))


def _of(source: Source, kind: str, members: tuple[str, ...]) -> Format:
    form = "" if source.form == "plain" else source.form
    if kind == "text":
        return _of_text(source, form, members)
    if kind == "parquet":
        return _of_parquet(source, form)
    if kind == "gpkg" and not form:
        layers = spatial.layers(source.path, source.name)
        note = f"name one of {len(layers)} layers" if len(layers) > 1 and source.layer is None else ""
        return Format(kind, layers=tuple(layers), note=note)
    note = "a planned route: see corridor route" if kind == "rtz" else ""
    return Format(kind, compression=form, members=members, note=note)


def _of_text(source: Source, form: str, members: tuple[str, ...]) -> Format:
    with source.open() as stream:
        head = stream.read(LOOK_BYTES)
    text = delimited.Delimited(io.BufferedReader(io.BytesIO(head)), source.name)
    header = tuple(column for column in text.header if column != delimited.EXTRA)
    known = columns.known_header(list(header))
    said = (text.encoding, text.delimiter, text.decimal, header)
    return Format("csv", form, members, *said, known=known, note=NOTES[known])


def _of_parquet(source: Source, form: str) -> Format:
    if form:
        return Format("parquet", compression=form)
    try:
        schema = pq.read_schema(source.path)
    except (pa.ArrowInvalid, OSError) as error:
        message = f"{source.name}: the Parquet file is cut or damaged ({error}); fetch it again"
        raise InputError("corrupt_file", message.replace("\n", " ")) from error
    geometry = spatial.geoparquet_column(schema.metadata, source.name)
    header = tuple(schema.names)
    known = columns.known_header(list(header))
    note = earlier.NOTE if earlier.are_pieces(header) else NOTES[known]
    return Format("parquet" if geometry is None else "geoparquet", header=header, known=known, note=note)

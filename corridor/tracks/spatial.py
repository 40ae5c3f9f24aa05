"""GeoPackage, GeoJSON and GeoParquet: features block by block, as rows with coordinates in degrees.

Content was looked at before GDAL sees a file: it must not guess, since some of its forms open other files.
"""

import json
import sqlite3
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from corridor.errors import InputError
from corridor.tracks import earlier, shapes
from corridor.tracks.sources import Source

FEATURES = 65_536
# What a form that cannot be read as a stream may measure inside a compressed file.
MAX_LINE_BYTES = 1024**2
MAX_BYTES = 512 * 1024**2
NO_SYSTEM = ("undefined", "unknown", "engineering")


class Geometry(NamedTuple):
    """Column of a GeoParquet table that holds places, and the system of their coordinates."""

    column: str
    crs: Any


def tables(source: Source) -> Iterator[pa.Table]:
    """Give the features of a GeoPackage layer or a GeoJSON file as rows.

    Raises
    ------
    InputError
        ``corrupt_file``, ``no_geometry``, ``no_crs``, ``several_layers`` or ``unknown_layer``.
    """
    import pyogrio  # noqa: PLC0415 - slow to import

    layer = None
    place: Any = source.path if source.form == "plain" else _inside(source)
    if source.kind == "gpkg":
        layer = choose_layer(layers(source.path, source.path.name), source.layer, source.path.name)
        place = f"GPKG:{source.path.absolute()}"
    elif source.form == "plain":
        place = f"{_json_driver(source.path)}:{source.path.absolute()}"
    try:
        with ExitStack() as stack:
            facts, reader = _open(stack, place, layer)
            column = facts["geometry_name"] or "wkb_geometry"
            for batch in reader:
                table = pa.Table.from_batches([batch])
                if column not in table.column_names:
                    raise InputError("no_geometry", f"{source.name}: no geometry; expected points or lines")
                if table.num_rows:
                    yield _rows(table, column, facts["crs"], source.name)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, RuntimeError) as error:
        raise _damaged(source.name, error) from error


def _open(stack: ExitStack, place: Any, layer: str | None) -> tuple[dict[str, Any], Any]:
    """Open a layer for as long as the stack; M values come through, whatever the library warns of them."""
    import pyogrio  # noqa: PLC0415 - slow to import

    options: dict[str, Any] = {"batch_size": FEATURES, "use_pyarrow": True, "datetime_as_string": True}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Measured", UserWarning)
        opened: tuple[dict[str, Any], Any] = stack.enter_context(
            pyogrio.open_arrow(place, layer=layer, **options)
        )
    return opened


def _json_driver(path: Path) -> str:
    """GeoJSON, or a sequence: one whole feature a line."""
    with path.open("rb") as raw:
        line, more = raw.readline(MAX_LINE_BYTES), raw.read(1)
    try:
        return "GeoJSONSeq" if json.loads(line).get("type") == "Feature" and more else "GeoJSON"
    except (ValueError, AttributeError):
        return "GeoJSON"


def _rows(table: pa.Table, column: str, crs: Any, name: str) -> pa.Table:
    attributes = table.drop_columns([column])
    earlier.refuse_lines(attributes.column_names, name)
    if earlier.are_pieces(attributes.column_names):
        return attributes
    return shapes.rows(attributes, from_wkb(table.column(column), name), _system(crs), name)


def _system(crs: Any) -> Any:
    """The system of a layer, or None where the file only says that it is undefined."""
    if crs is None or any(word in str(crs).lower()[:60] for word in NO_SYSTEM):
        return None
    return crs


def _damaged(name: str, error: Exception) -> InputError:
    said = " ".join(str(error).split())[:200]
    return InputError("corrupt_file", f"{name}: the file is cut or damaged ({said}); fetch it again")


def _inside(source: Source) -> bytes:
    """All bytes of a compressed file, which cannot be read piece by piece."""
    if source.kind != "geojson":
        message = f"{source.name}: the content is a GeoPackage inside an archive"
        raise InputError("wrong_format", f"{message}; expected the file itself; unpack it")
    with source.open() as stream:
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputError("too_large", f"{source.name}: more than 512 MiB inside; unpack it first")
    return data


def from_wkb(column: Any, name: str) -> npt.NDArray[Any]:
    """Return the geometries of a column of well-known bytes.

    Raises
    ------
    InputError
        ``corrupt_file`` if they are no geometries.
    """
    import shapely  # noqa: PLC0415 - slow to import

    values = column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()
    try:
        return np.asarray(shapely.from_wkb(values))
    except (shapely.errors.ShapelyError, TypeError, ValueError) as error:
        raise _damaged(name, error) from error


def layers(path: Path, name: str) -> list[str]:
    """Return the layers of a GeoPackage that have a geometry.

    Raises
    ------
    InputError
        ``corrupt_file`` if it is cut or no GeoPackage; ``no_geometry`` if it has no such layer.
    """
    _check_whole(path, name)
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            rows = file.execute("SELECT table_name FROM gpkg_geometry_columns ORDER BY table_name").fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise _damaged(name, error) from error
        message = f"{name}: the content is an SQLite database without layers; expected a GeoPackage"
        raise InputError("wrong_format", f"{message}; export the table as CSV") from error
    except sqlite3.Error as error:
        raise _damaged(name, error) from error
    if not rows:
        message = f"{name}: no layer has a geometry; expected points or lines with times"
        raise InputError("no_geometry", message)
    return [str(row[0]) for row in rows]


def _check_whole(path: Path, name: str) -> None:
    """Compare the pages a database says it has with those that are there."""
    with path.open("rb") as raw:
        head = raw.read(100)
    page = int.from_bytes(head[16:18], "big")
    page = 65_536 if page == 1 else page
    said = int.from_bytes(head[28:32], "big")
    current = head[24:28] == head[92:96]
    size = path.stat().st_size
    if len(head) < 100 or page < 512 or (current and said and said * page > size):
        message = f"{name}: the database says {said * page:,} bytes, the file has {size:,}"
        raise InputError("corrupt_file", f"{message}; it is cut, fetch it again")


def choose_layer(found: list[str], wanted: str | None, name: str) -> str:
    """Return the layer to read: the one named, or the only one.

    Raises
    ------
    InputError
        ``unknown_layer`` or ``several_layers``, listing them.

    Examples
    --------
    >>> choose_layer(["positions"], None, "fleet.gpkg")
    'positions'
    """
    listed = ", ".join(found[:20])
    if wanted is not None:
        if wanted in found:
            return wanted
        raise InputError("unknown_layer", f"{name}: no such layer; found {listed}; name one of them")
    if len(found) == 1:
        return found[0]
    message = f"{name}: found the layers {listed}; expected one"
    raise InputError("several_layers", f"{message}; name it, as in {name}#{found[0]}")


def geoparquet_column(metadata: Mapping[bytes, bytes] | None, name: str) -> Geometry | None:
    """Return the geometry of a Parquet file, or None if it has none.

    Raises
    ------
    InputError
        ``corrupt_file`` if what the file says of its geometry cannot be read.
    """
    said = (metadata or {}).get(b"geo")
    if said is None:
        return None
    try:
        facts = json.loads(said)
        column = facts["primary_column"]
        own = facts["columns"][column]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(name, error) from error
    if own.get("encoding") != "WKB":
        message = f"{name}: geometry encoded as {own.get('encoding')}; expected WKB; write it so"
        raise InputError("no_geometry", message)
    # Without the key coordinates are longitude and latitude; null says that the system is unknown.
    return Geometry(column, own.get("crs", "OGC:CRS84"))

"""Several styled, described layers in one GeoPackage, and layers read back from one.

The file is written for those who open it: version 1.3 (QGIS and GDAL of 2022 read it without a warning), the
unit in every column's description, a style per layer, provenance as metadata, and the same bytes for the same
tables.
"""

import contextlib
import itertools
import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import pyogrio.raw
import shapely

from layers import atomic, geometry, styles
from layers.layer import GEOMETRY, Bulk, Layer

NAME = re.compile(r"^[a-z][a-z0-9_]{0,29}$")
_EPOCH = "1970-01-01T00:00:00.000Z"
_STAMP = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
_MAGIC, _APPLICATION = b"SQLite format 3\x00", b"GPKG"
_RESERVED = ("gpkg_", "sqlite_", "rtree_")


def write(
    path: str | Path, layers: Sequence[Layer | Bulk], *, metadata: Mapping[str, object], stamp: str = _EPOCH
) -> Path:
    """Write layers into a new GeoPackage 1.3; a file of that name is replaced when the new one is whole.

    Parameters
    ----------
    path
        Where the file goes.
    layers
        At least one; names differ.
    metadata
        Provenance, stored in the file as JSON: title, licence, method, versions, input hashes, warnings.
    stamp
        Time written into the file as its last change [UTC, ``2024-12-31T00:00:00.000Z``]. It is given rather
        than taken from the clock, so that the same tables give the same bytes.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ValueError
        If a name, a column or a geometry is not fit for exchange; the message names it.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> table = pd.DataFrame({"zone_id": ["open_sea"], "co2_kg": [1.5]})
    >>> columns = {"zone_id": ("Zone", "", "Key of the zone"), "co2_kg": ("CO2", "kg", "Carbon dioxide")}
    >>> totals = Layer("totals", table, "Totals", "Mass per zone, kg per period", columns)
    >>> file = write(Path(tempfile.mkdtemp()) / "study.gpkg", [totals], metadata={"title": "Example"})
    >>> layer_names(file)
    ['totals']
    """
    path = Path(path)
    _check(layers, stamp)
    with atomic.whole_file(path) as part:
        try:
            with _clock(stamp):
                for layer in layers:
                    if isinstance(layer, Bulk):
                        _write_bulk(part, layer)
                    else:
                        _write_table(part, layer)
            _describe(part, layers, metadata, stamp)
        except (sqlite3.Error, RuntimeError) as error:  # GDAL's errors are RuntimeErrors
            raise OSError(
                f"{path} could not be written: {error}; check the space in {path.parent}"
            ) from error
    return path


def layer_names(path: str | Path) -> list[str]:
    """Names of the layers and tables in a GeoPackage, in their order of writing.

    Raises
    ------
    ValueError
        If the file is no GeoPackage.
    """
    return [name for name, _ in _contents(path) if name != "layer_styles"]


def spatial_names(path: str | Path) -> list[str]:
    """Names of the layers that have shapes, in their order of writing.

    Raises
    ------
    ValueError
        If the file is no GeoPackage.
    """
    return [name for name, kind in _contents(path) if kind == "features"]


def _contents(path: str | Path) -> list[tuple[str, str]]:
    """Name and kind of every table that the file lists, in their order of writing."""
    _check_magic(Path(path))
    with contextlib.closing(sqlite3.connect(f"{Path(path).resolve().as_uri()}?mode=ro", uri=True)) as file:
        return list(file.execute("SELECT table_name, data_type FROM gpkg_contents ORDER BY rowid"))


def read(path: str | Path, layer: str | None = None, *, as_stored: bool = False) -> pd.DataFrame:
    """Read one layer; a GeoDataFrame in EPSG:4326 where it has geometry.

    The first bytes are checked before GDAL sees the file, which otherwise would open whatever the content
    says (a VRT under this name can fetch other files).

    Parameters
    ----------
    layer
        Name of the layer; may be left out where there is only one.
    as_stored
        Whether to keep the coordinate system of the file.

    Raises
    ------
    ValueError
        If the file is no GeoPackage, has no layer of that name, several and none was named, or no coordinate
        reference system.
    """
    path = Path(path)
    names = layer_names(path)
    if layer is None and len(names) == 1:
        (layer,) = names
    if layer not in names:
        wanted = "no layer named" if layer is None else f"layer '{layer}' wanted"
        raise ValueError(
            f"found layers {', '.join(names)} in {path}, {wanted}; expected one of them; name it"
        )
    table: Any = pyogrio.read_dataframe(f"GPKG:{path}", layer=layer, use_arrow=True)
    if hasattr(table, "geom_type"):
        if table.crs is None:
            raise ValueError(
                f"found layer '{layer}' without coordinate reference system; expected one; assign it"
            )
        table = table if as_stored else table.to_crs(4326)
    found: pd.DataFrame = table
    return found


# Checks


def _check(layers: Sequence[Layer | Bulk], stamp: str) -> None:
    if not layers:
        raise ValueError("found no layers; expected at least one; give a table to write")
    if not _STAMP.match(stamp):
        raise ValueError(f"found stamp '{stamp}'; expected UTC such as {_EPOCH}; write it with milliseconds")
    names = [layer.name for layer in layers]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"found layer names twice: {', '.join(twice)}; expected each once; rename them")
    for layer in layers:
        _check_layer(layer)


def _check_layer(layer: Layer | Bulk) -> None:
    at = f"layer '{layer.name}'"
    wrong = [name for name in [layer.name, *layer.attributes] if not NAME.match(name) or name == "fid"]
    if wrong or layer.name.startswith(_RESERVED) or layer.name == "layer_styles":
        rule = "lower-case letters, digits and _ from a letter on, at most 30, not fid or gpkg_…"
        raise ValueError(f"{at}: found names {', '.join(wrong) or layer.name}; expected {rule}; rename them")
    if not (layer.title and layer.description):
        raise ValueError(
            f"{at}: found no title or description; expected both; say what it holds, unit and period"
        )
    if missing := sorted(set(layer.attributes) ^ set(layer.columns)):
        raise ValueError(f"{at}: found columns {', '.join(missing)} in the table or in the descriptions only")
    labels = [layer.column(name).label for name in layer.attributes]
    if len(set(labels)) < len(labels):
        raise ValueError(f"{at}: found two columns with one readable name; expected each once; rename one")
    if layer.spatial != (layer.style is not None):
        raise ValueError(f"{at}: expected a style where there is geometry, and only there")
    if layer.spatial and not isinstance(layer, Bulk):
        _check_geometry(layer)


def _check_geometry(layer: Layer) -> None:
    table: Any = layer.table
    crs = table.crs
    if crs is None or crs.to_epsg() != 4326:
        raise ValueError(
            f"layer '{layer.name}': found coordinates in {crs}; expected EPSG:4326; use to_crs(4326)"
        )
    geometry.check_exchange(table.geometry.to_numpy(), layer.name)
    kinds = {kind.removeprefix("Multi") for kind in {*table.geom_type, *filter(None, [layer.kind])}}
    if not kinds <= {"Point", "LineString", "Polygon"} or len(kinds) > 1:
        raise ValueError(
            f"layer '{layer.name}': found {', '.join(sorted(kinds))}; expected one kind; split the layer"
        )


def _check_magic(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(100)
    if not (head.startswith(_MAGIC) and head[68:72] == _APPLICATION):
        raise ValueError(
            f"found {path} to be no GeoPackage (first bytes); expected one; export it again as .gpkg"
        )


# Tables, through GDAL


def _write_table(path: Path, layer: Layer) -> None:
    if layer.spatial:
        table, kind = _one_kind(layer)
        options = _options(path, layer) | {"geometry_type": kind}
    else:
        table, options = layer.table, _options(path, layer)
    plain = _plain(table, layer.attributes)
    pyogrio.write_dataframe(plain, path, layer=layer.name, driver="GPKG", use_arrow=True, **options)


def _write_bulk(path: Path, layer: Bulk) -> None:
    """Stream batches: text in full, the shape under the name that the file's other layers have."""
    made = (_without_box(batch, layer.attributes) for batch in layer.batches())
    first = next(made)
    reader = pa.RecordBatchReader.from_batches(first.schema, itertools.chain([first], made))
    (kind,) = layer.kinds
    shape = {"geometry_type": kind, "geometry_name": "geom", "crs": "EPSG:4326"}
    pyogrio.raw.write_arrow(reader, path, layer=layer.name, driver="GPKG", **shape, **_options(path, layer))


def _without_box(batch: pa.RecordBatch, attributes: Sequence[str]) -> pa.RecordBatch:
    arrays = [batch.column(name) for name in attributes]
    words = [array.cast(pa.string()) if pa.types.is_dictionary(array.type) else array for array in arrays]
    return pa.record_batch([*words, batch.column(GEOMETRY)], names=[*attributes, "geom"])


def _options(path: Path, layer: Layer | Bulk) -> dict[str, Any]:
    """Options of the file, where it is new, and of the layer."""
    named = {"IDENTIFIER": layer.title, "DESCRIPTION": layer.description, "FID": "fid"}
    shaped = {"GEOMETRY_NAME": "geom", "SPATIAL_INDEX": "YES"}
    kind = shaped if layer.spatial else {"ASPATIAL_VARIANT": "GPKG_ATTRIBUTES"}
    place = {"append": True} if path.exists() else {"dataset_options": {"VERSION": "1.3"}}
    return {"layer_options": named | kind, **place}


def _one_kind(layer: Layer) -> tuple[Any, str]:
    """Table whose geometries are all of one type, and that type: Multi where one is or is wanted."""
    table: Any = layer.table
    shapes, kinds = table.geometry.to_numpy(), sorted({*table.geom_type, *filter(None, [layer.kind])})
    if len(kinds) < 2 or not len(table):
        return table, kinds[0] if kinds else "Unknown"
    collect = {0: shapely.multipoints, 1: shapely.multilinestrings, 2: shapely.multipolygons}
    make = collect[int(shapely.get_dimensions(shapes[0]))]
    parts, owner = shapely.get_parts(shapes, return_index=True)
    return table.set_geometry(make(parts, indices=owner), crs=4326), f"Multi{kinds[0].removeprefix('Multi')}"


def _plain(table: Any, attributes: Sequence[str]) -> Any:
    """Copy with column types that a GeoPackage has: text, 64-bit numbers, UTC times of milliseconds."""
    plain = table.reset_index(drop=True).copy()
    for name in attributes:
        values = plain[name]
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            plain[name] = values.dt.tz_convert("UTC").dt.as_unit("ms")
        elif pd.api.types.is_datetime64_dtype(values):
            plain[name] = values.dt.tz_localize("UTC").dt.as_unit("ms")
        elif isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_object_dtype(values):
            plain[name] = values.astype("str")
        elif pd.api.types.is_unsigned_integer_dtype(values):
            plain[name] = values.astype(np.int64)
    return plain


@contextlib.contextmanager
def _clock(stamp: str) -> Iterator[None]:
    """Let GDAL write this time instead of the clock's."""
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": stamp})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


# Descriptions, through SQL: tables of the standard (OGC 12-128r17, annexes F.8 and F.9) and of QGIS

_STYLE_ROW = """
INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName,
  styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)
"""
_TABLES = """
CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL,
  definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
CREATE TABLE gpkg_metadata (id INTEGER CONSTRAINT m_pk PRIMARY KEY ASC NOT NULL,
  md_scope TEXT NOT NULL DEFAULT 'dataset', md_standard_uri TEXT NOT NULL,
  mime_type TEXT NOT NULL DEFAULT 'text/xml', metadata TEXT NOT NULL DEFAULT '');
CREATE TABLE gpkg_metadata_reference (reference_scope TEXT NOT NULL, table_name TEXT, column_name TEXT,
  row_id_value INTEGER, timestamp DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  md_file_id INTEGER NOT NULL, md_parent_id INTEGER,
  CONSTRAINT crmr_mfi_fk FOREIGN KEY (md_file_id) REFERENCES gpkg_metadata(id),
  CONSTRAINT crmr_mpi_fk FOREIGN KEY (md_parent_id) REFERENCES gpkg_metadata(id));
CREATE TABLE gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT,
  description TEXT, mime_type TEXT, constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name));
CREATE TABLE gpkg_data_column_constraints (constraint_name TEXT NOT NULL, constraint_type TEXT NOT NULL,
  value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, max_is_inclusive BOOLEAN, description TEXT,
  CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value));
CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256),
  f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30),
  styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')));
"""
_EXTENSIONS = {
    "gpkg_metadata": "gpkg_metadata",
    "gpkg_metadata_reference": "gpkg_metadata",
    "gpkg_data_columns": "gpkg_schema",
    "gpkg_data_column_constraints": "gpkg_schema",
}
_DEFINITION = "http://www.geopackage.org/spec121/#extension_{}"
_JSON = "https://www.rfc-editor.org/rfc/rfc8259"


def _describe(path: Path, layers: Sequence[Layer | Bulk], metadata: Mapping[str, object], stamp: str) -> None:
    with contextlib.closing(sqlite3.connect(path)) as file:
        with file:
            file.executescript(_TABLES)
            rows = [
                (table, None, name, _DEFINITION.format(name.removeprefix("gpkg_")), "read-write")
                for table, name in _EXTENSIONS.items()
            ]
            file.executemany("INSERT INTO gpkg_extensions VALUES (?,?,?,?,?)", rows)
            _insert_metadata(file, metadata, stamp)
            for layer in layers:
                _count(file, layer)
                _insert_columns(file, layer)
                _insert_style(file, layer, stamp)
            _register_styles(file, stamp)
        # Last: it lays out the pages anew, the same for the same content. What was streamed in one go lies in
        # one order already, and copying half a gigabyte would take half as long as writing it.
        if not any(isinstance(layer, Bulk) for layer in layers):
            file.execute("VACUUM")


def _insert_metadata(file: sqlite3.Connection, metadata: Mapping[str, object], stamp: str) -> None:
    text = json.dumps(metadata, ensure_ascii=False, indent=1, sort_keys=True)
    file.execute("INSERT INTO gpkg_metadata VALUES (1, 'dataset', ?, 'application/json', ?)", (_JSON, text))
    where = "('geopackage', NULL, NULL, NULL, ?, 1, NULL)"
    file.execute(f"INSERT INTO gpkg_metadata_reference VALUES {where}", (stamp,))  # noqa: S608 — fixed text


def _count(file: sqlite3.Connection, layer: Layer | Bulk) -> None:
    """Refuse a file that lost rows on the way: a full disk is not always reported."""
    query = f'SELECT count(*) FROM "{layer.name}"'  # noqa: S608 — the name was checked
    found = file.execute(query).fetchone()[0]
    if found != layer.rows:
        raise OSError(
            f"layer '{layer.name}': found {found} rows written; expected {layer.rows}; check the disk"
        )


def _insert_columns(file: sqlite3.Connection, layer: Layer | Bulk) -> None:
    for name in layer.attributes:
        column = layer.column(name)
        unit = f" [{column.unit}]" if column.unit else ""
        enum = f"{layer.name}_{name}" if layer.meanings(name) else None
        row = (layer.name, name, column.label, column.alias, column.description + unit, None, enum)
        file.execute("INSERT INTO gpkg_data_columns VALUES (?,?,?,?,?,?,?)", row)
        for value, meaning in layer.meanings(name).items():
            entry = (enum, "enum", value, None, None, None, None, meaning)
            file.execute("INSERT INTO gpkg_data_column_constraints VALUES (?,?,?,?,?,?,?,?)", entry)


def _insert_style(file: sqlite3.Connection, layer: Layer | Bulk, stamp: str) -> None:
    aliases = {name: layer.column(name).label for name in layer.attributes}
    text = styles.qml(layer.style, aliases, label=layer.label, times=layer.times)
    name, said = (
        ("Names", "Readable names") if layer.style is None else (layer.style.name, layer.style.description)
    )
    shape = "geom" if layer.spatial else ""
    file.execute(_STYLE_ROW, ("", "", layer.name, shape, name, text, "", 1, said, "", "", stamp))


def _register_styles(file: sqlite3.Connection, stamp: str) -> None:
    """Name the style table among the contents: QGIS 3.22 passes over one that is not."""
    row = ("layer_styles", "attributes", "layer_styles", "Styles for QGIS, one per layer", stamp, 0)
    file.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "
        "VALUES (?,?,?,?,?,?)",
        row,
    )

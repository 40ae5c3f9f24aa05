"""GeoParquet 1.1: batches or a table in one file, with a box per row, units and provenance.

Written for those who read it with DuckDB, geopandas, Sedona or any Parquet reader: shapes as well-known
binary, the covering box by which a reader skips what it does not need, and beside every column its unit and
meaning. The same rows make the same bytes.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely

from layers import atomic, geometry
from layers.layer import BOX, GEOMETRY, Bulk, Layer

# Fast enough for a disk, half the size of none; a higher level gains a tenth and costs twice as much.
_COMPRESSION, _LEVEL = "zstd", 1
_ROWS = 100_000
# A reader that skips asks places and times; the rest would only make the foot longer.
_STATISTICS = ("start_utc", "end_utc", *(f"bbox.{side}" for side in BOX))


def write(path: str | Path, layer: Layer | Bulk, *, provenance: Mapping[str, object]) -> Path:
    """Write one layer; a file of that name is replaced when the new one is whole.

    Parameters
    ----------
    path
        Where the file goes.
    layer
        With geometry; in EPSG:4326, cut at ±180.
    provenance
        Stored in the file as JSON under ``provenance``: versions, parameters, input hashes.

    Raises
    ------
    ValueError
        If the layer has no geometry, or one that a file must not hold.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile, geopandas as gpd
    >>> table = gpd.GeoDataFrame({"port": ["LB"]}, geometry=[shapely.Point(-118.2, 33.75)], crs=4326)
    >>> from layers import styles
    >>> style = styles.single("Ports", "Ports", styles.Symbol("marker", "#1b6ca8"))
    >>> ports = Layer("ports", table, "Ports", "The ports", {"port": ("Port", "", "Key of the port")}, style)
    >>> file = write(Path(tempfile.mkdtemp()) / "ports.parquet", ports, provenance={})
    >>> gpd.read_parquet(file).iloc[0].tolist()
    ['LB', <POINT (-118.2 33.75)>]
    """
    if not layer.spatial:
        raise ValueError(f"layer '{layer.name}' has no geometry; expected one; write it as plain Parquet")
    made = layer.batches() if isinstance(layer, Bulk) else _batches(layer)
    with atomic.whole_file(path) as part:
        _write(part, made, layer, provenance)
    return Path(path)


def _write(
    part: Path, made: Iterable[pa.RecordBatch], layer: Layer | Bulk, provenance: Mapping[str, object]
) -> None:
    batches = iter(made)
    first = next(batches)
    schema = _schema(first, layer)
    bounds = np.array([np.inf, np.inf, -np.inf, -np.inf])
    kinds = list(layer.kinds) if isinstance(layer, Bulk) else _kinds(layer)
    words = [field.name for field in schema if pa.types.is_dictionary(field.type)]
    options: dict[str, Any] = {"compression": _COMPRESSION, "compression_level": _LEVEL}
    statistics = [name for name in _STATISTICS if name.split(".")[0] in schema.names]
    with pq.ParquetWriter(
        part, schema, use_dictionary=words, write_statistics=statistics, **options
    ) as writer:
        for batch in _after(first, batches):
            whole = _boxed(batch, layer)
            writer.write_batch(whole.cast(schema), row_group_size=_ROWS)
            bounds = _wider(bounds, batch)
        told = {"title": layer.title, "description": layer.description, "provenance": provenance}
        writer.add_key_value_metadata(
            {name: _text(value) for name, value in told.items()} | {"geo": _text(_geo(bounds, kinds))}
        )


def _after(first: pa.RecordBatch, rest: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    yield first
    yield from rest


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


def _geo(bounds: np.ndarray[Any, np.dtype[np.float64]], kinds: list[str]) -> dict[str, object]:
    """Metadata of the standard, version 1.1.0."""
    column: dict[str, object] = {
        "encoding": "WKB",
        "geometry_types": kinds,
        "crs": pyproj.CRS(4326).to_json_dict(),
        "covering": {"bbox": {side: ["bbox", side] for side in BOX}},
    }
    if np.isfinite(bounds).all():
        column["bbox"] = bounds.tolist()
    return {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}


def _kinds(layer: Layer) -> list[str]:
    table: Any = layer.table
    return sorted(str(kind) for kind in table.geom_type.unique())


def _batches(layer: Layer) -> Iterator[pa.RecordBatch]:
    """Rows of a table with their boxes and shapes, in one batch."""
    table: Any = layer.table
    shapes = table.geometry.to_numpy()
    geometry.check_exchange(shapes, layer.name)
    given = pa.Table.from_pandas(table[layer.attributes], preserve_index=False).combine_chunks()
    plain = given.to_batches()[0] if given.num_rows else pa.RecordBatch.from_pylist([], given.schema)
    sides = shapely.bounds(shapes).reshape(-1, 4).T
    arrays = [
        *plain.columns,
        *(pa.array(side) for side in sides),
        pa.array(shapely.to_wkb(shapes), pa.binary()),
    ]
    yield pa.record_batch(arrays, names=[*plain.schema.names, *BOX, GEOMETRY])


def _boxed(batch: pa.RecordBatch, layer: Layer | Bulk) -> pa.RecordBatch:
    """Batch with its box as one column, the shape last."""
    box = pa.StructArray.from_arrays([batch.column(side) for side in BOX], names=list(BOX))
    arrays = [*(batch.column(name) for name in layer.attributes), box, batch.column(GEOMETRY)]
    return pa.record_batch(arrays, names=[*layer.attributes, "bbox", GEOMETRY])


def _schema(batch: pa.RecordBatch, layer: Layer | Bulk) -> pa.Schema:
    """Columns, each with its unit and meaning beside it."""
    fields = []
    for field in _boxed(batch, layer).schema:
        if field.name in layer.columns:
            column = layer.column(field.name)
            told = {"alias": column.alias, "unit": column.unit, "description": column.description}
            field = field.with_metadata(told)  # noqa: PLW2901 — the same column, described
        fields.append(field)
    return pa.schema(fields)


def _wider(
    bounds: np.ndarray[Any, np.dtype[np.float64]], batch: pa.RecordBatch
) -> np.ndarray[Any, np.dtype[np.float64]]:
    if not batch.num_rows:
        return bounds
    west, south, east, north = (batch.column(side).to_numpy() for side in BOX)
    low = np.minimum(bounds[:2], [west.min(), south.min()])
    high = np.maximum(bounds[2:], [east.max(), north.max()])
    return np.concatenate([low, high])

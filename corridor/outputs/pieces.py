"""Pieces of tracks as a layer: lines split at 180°, in batches, for files that hold millions of them."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from corridor.errors import InputError
from corridor.outputs import notes
from corridor.outputs.zones import Columns
from corridor.reference import table as reference_table
from corridor.study import Study
from layers import styles, wkb
from layers.layer import BOX, GEOMETRY, Bulk

BATCH = 100_000
# A Parquet file of more pieces is better read in parts.
MOST = 5_000_000
ENDS = ("lat0", "lon0", "lat1", "lon1")
TOLD: Columns = {
    "vessel_id": ("Vessel", "", "Key of the vessel, as in the table vessels"),
    "voyage": ("Voyage", "", "Number of the voyage within the vessel"),
    "start_utc": ("Start", "UTC", "First instant of the piece"),
    "end_utc": ("End", "UTC", "Last instant of the piece"),
    "lat0": ("From latitude", "degrees", "Where the piece begins"),
    "lon0": ("From longitude", "degrees", "Where the piece begins"),
    "lat1": ("To latitude", "degrees", "Where the piece ends"),
    "lon1": ("To longitude", "degrees", "Where the piece ends"),
    "origin": ("Origin", "", "observed, filled, planned or simulated"),
    "phase": ("Phase", "", "Operating phase"),
    "fuel": ("Fuel kind", "", "Fuel of the main supply"),
    "speed_kn": ("Speed", "kn", "Speed of the segment"),
    "engine_load": ("Engine load", "", "Main-engine load, 0 to 1"),
    "draught_m": ("Draught", "m", "Draught as broadcast; none where nobody says"),
    "hours": ("Hours", "h", "Duration"),
    "observed": ("Observed hours", "h", "Part of the hours that lies between reports"),
    "distance_nm": ("Distance", "nm", "Distance sailed; 0 in a stay"),
    "pm10_diesel_kg": ("Diesel PM", "kg", "PM10 of diesel engines"),
}
UNITS = {"kwh": "kWh", "kg": "kg", "nm": "nm", "kn": "kn"}


def layers(study: Study) -> list[Bulk]:
    """One layer of all pieces, or several of at most `MOST` rows where there are more.

    Parameters
    ----------
    study : Study
        A study that kept its pieces.

    Raises
    ------
    InputError
        If it kept none.
    """
    files = files_of(study)
    sizes = [pq.ParquetFile(file).metadata.num_rows for file in files]
    groups = _groups(files, sizes)
    return [_layer(study, group, rows) for group, rows in groups if rows]


def files_of(study: Study) -> list[Path]:
    """Files of the pieces that a study kept.

    Raises
    ------
    InputError
        If it kept none.
    """
    if study.pieces is None:
        raise InputError(
            "no_pieces", "found a study without pieces; expected them; run it again with its pieces kept"
        )
    return sorted(study.pieces.glob("*.parquet"))


def _groups(files: Sequence[Path], sizes: Sequence[int]) -> list[tuple[list[Path], int]]:
    """Files in order, put together up to `MOST` rows; a file is never cut."""
    groups: list[tuple[list[Path], int]] = [([], 0)]
    for file, rows in zip(files, sizes, strict=True):
        held, sum_of = groups[-1]
        if held and sum_of + rows > MOST:
            groups.append(([file], rows))
        else:
            groups[-1] = ([*held, file], sum_of + rows)
    return groups


def by_kind(study: Study) -> list[Bulk]:
    """List the pieces as a GeoPackage wants them: lines in ``pieces``, what stays in one place in ``stays``.

    Raises
    ------
    InputError
        If the study kept none.
    """
    files = files_of(study)
    staying = [_stays(pq.read_table(file, columns=list(ENDS))) for file in files]
    rows = sum(len(one) for one in staying)
    stays = int(sum(one.sum() for one in staying))
    return [_layer(study, files, rows - stays, "pieces"), _layer(study, files, stays, "stays")]


KINDS = {"pieces": ("MultiLineString",), "stays": ("Point",)}


def _layer(study: Study, files: Sequence[Path], rows: int, only: str = "") -> Bulk:
    said = study.said
    schema = pq.ParquetFile(files[0]).schema_arrow
    line, dot = styles.Symbol("line", "#30506f", 0.3), styles.Symbol("marker", "#30506f", size_mm=1.2)
    symbol = dot if only == "stays" else line
    return Bulk(
        name=only or "pieces",
        title="Stays" if only == "stays" else "Pieces of tracks",
        description=f"{said}Parts of segments by zone, month and phase, {notes.period(study)[0]}; kg each; "
        "a stay is a point; split at the antimeridian",
        columns=_columns(schema.names),
        kinds=KINDS.get(only, ("MultiLineString", "Point")),
        rows=rows,
        batches=partial(_batches, files, only),
        style=styles.single("Pieces", "Pieces of tracks", symbol),
    )


def _columns(names: Sequence[str]) -> Columns:
    """Describe every column, those of another day by their names."""
    symbols = {f"{row.species}_kg": row for row in reference_table("species_names_2026").itertuples()}
    columns: Columns = {}
    for name in names:
        stem, _, ending = name.rpartition("_")
        unit = UNITS.get(ending, "")
        words = (stem if unit else name).replace("_", " ")
        if name in TOLD:
            columns[name] = TOLD[name]
        elif name in symbols:
            row = symbols[name]
            columns[name] = (str(row.symbol), "kg", f"{row.name_en}, tank-to-wake")
        elif ending == "zone":
            columns[name] = (words.capitalize(), "", f"Zone of the system {stem}")
        else:
            columns[name] = (words.capitalize(), unit, f"{words.capitalize()} of the piece")
    return columns


def _stays(ends: pa.Table | pa.RecordBatch) -> NDArray[np.bool_]:
    lat0, lon0, lat1, lon1 = (ends.column(name).to_numpy() for name in ENDS)
    stays: NDArray[np.bool_] = (lat0 == lat1) & ((lon0 == lon1) | (np.abs(lon1 - lon0) == 360.0))
    return stays


def _batches(files: Sequence[Path], only: str) -> Iterator[pa.RecordBatch]:
    for file in files:
        for batch in pq.ParquetFile(file).iter_batches(batch_size=BATCH):
            if only:
                stays = _stays(batch)
                yield _shaped(batch.filter(pa.array(stays if only == "stays" else ~stays)))
            else:
                yield _shaped(batch)


def _shaped(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Batch with the box and the shape of each row behind its columns."""
    made = wkb.segments(*(batch.column(name).to_numpy() for name in ENDS))
    buffers = [None, pa.py_buffer(made.offsets), pa.py_buffer(made.data)]
    shape = pa.Array.from_buffers(pa.binary(), batch.num_rows, buffers)
    sides = [pa.array(side) for side in (made.west, made.south, made.east, made.north)]
    return pa.record_batch([*batch.columns, *sides, shape], names=[*batch.schema.names, *BOX, GEOMETRY])

"""Every table: its columns with type, unit and meaning, declared once and checked at the doors.

>>> print(POSITIONS.column("sog_kn").meaning)
speed over ground as broadcast
>>> check(pd.DataFrame({"vessel": [0]}), VESSELS)
Traceback (most recent call last):
corridor.errors.InputError: vessels: column vessel is int64, expected int32; convert it [wrong_type]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from corridor.errors import InputError


@dataclass(frozen=True)
class Column:
    """One column: NumPy type (or ``text``), unit, meaning, and what values it may hold."""

    name: str
    dtype: str
    unit: str
    meaning: str
    low: float | None = None
    high: float | None = None
    missing: bool = False


@dataclass(frozen=True)
class Schema:
    """The columns of one table, in order."""

    name: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]

    def column(self, name: str) -> Column:
        """Return one column's declaration."""
        return next(column for column in self.columns if column.name == name)

    def describe(self) -> pd.DataFrame:
        """Return the declaration as a table, for the documentation."""
        rows = [(c.name, c.dtype, c.unit, c.meaning) for c in self.columns]
        return pd.DataFrame(rows, columns=["column", "type", "unit", "meaning"])


_LAT = (-90.0, 90.0)
_LON = (-180.0, 180.0)

POSITIONS = Schema(
    "positions",
    (
        Column("ship", "int32", "", "row of the ships table", low=0),
        Column("t_ms", "int64", "ms", "time since 1970-01-01 UTC"),
        Column("lat", "float64", "degrees", "latitude north, WGS 84", *_LAT),
        Column("lon", "float64", "degrees", "longitude east in [-180, 180), WGS 84", *_LON),
        Column("sog_kn", "float32", "kn", "speed over ground as broadcast", low=0, high=102.2, missing=True),
        Column("draught_m", "float32", "m", "draught as broadcast", low=0, high=25.5, missing=True),
        Column("status", "int8", "code", "navigational status as broadcast, -1 missing", low=-1, high=15),
        Column("row_ref", "int64", "code", "number of the input file times 2^40 plus line in it", low=0),
    ),
)

SHIPS = Schema(
    "ships",
    (
        Column("ship", "int32", "", "number of the ship, in the order of its key", low=0),
        Column("ship_key", "text", "", "IMO number, else MMSI, else the user's id, with its kind before it"),
        Column("mmsi", "int64", "", "the identity most rows carry, -1 missing", low=-1),
        Column("imo", "int64", "", "IMO number, -1 missing", low=-1),
        Column("name", "text", "", "name most often broadcast", missing=True),
        Column("call_sign", "text", "", "call sign most often broadcast", missing=True),
        Column(
            "ais_type", "int16", "code", "AIS ship type most often broadcast, -1 missing", low=-1, high=255
        ),
        Column("length_m", "float32", "m", "length most often broadcast", low=0, missing=True),
        Column("beam_m", "float32", "m", "beam most often broadcast", low=0, missing=True),
        Column("draught_max_m", "float32", "m", "deepest draught broadcast", low=0, missing=True),
        Column("transceiver", "text", "", "AIS class A or B", missing=True),
        Column("rows", "int64", "rows", "rows kept of the ship", low=1),
        Column("first_ms", "int64", "ms", "first time seen"),
        Column("last_ms", "int64", "ms", "last time seen"),
        Column("population", "text", "", "ogv (ocean-going), other, or unknown"),
    ),
)

VESSELS = Schema(
    "vessels",
    (
        Column("vessel", "int32", "", "number of the vessel inside its partition", low=0),
        Column("ship", "int32", "", "row of the ships table", low=0),
        Column("part", "int16", "", "0, or the part of a shared identity", low=0),
        Column("vessel_id", "text", "", "ship key, with the part behind a slash"),
        Column("fixes", "int64", "rows", "fixes used", low=1),
    ),
)

SEGMENTS = Schema(
    "segments",
    (
        Column("vessel", "int32", "", "number of the vessel inside its partition", low=0),
        Column("voyage", "int32", "", "number of the voyage of the vessel", low=0),
        Column("t0_ms", "int64", "ms", "start since 1970-01-01 UTC"),
        Column("t1_ms", "int64", "ms", "end since 1970-01-01 UTC"),
        Column("lat0", "float64", "degrees", "latitude of the start", *_LAT),
        Column("lon0", "float64", "degrees", "longitude of the start", *_LON),
        Column("lat1", "float64", "degrees", "latitude of the end", *_LAT),
        Column("lon1", "float64", "degrees", "longitude of the end", *_LON),
        Column("distance_m", "float64", "m", "length on the ellipsoid; 0 for a stay", low=0),
        Column("sog_kn", "float32", "kn", "mean broadcast speed by time", low=0, missing=True),
        Column("draught_m", "float32", "m", "first draught broadcast", low=0, missing=True),
        Column("kind", "uint8", "code", "0 leg, 1 stay", low=0, high=1),
        Column("origin", "uint8", "code", "0 observed, 1 filled, 2 planned, 3 simulated", low=0, high=3),
        Column("observed_ms", "int64", "ms", "time outside silences longer than the gap limit", low=0),
        Column("status", "int8", "code", "commonest navigational status, -1 missing", low=-1, high=15),
        Column("row_ref", "int64", "code", "where the first fix stood in the input"),
    ),
)

UNOBSERVED = Schema(
    "unobserved",
    (
        Column("vessel", "int32", "", "number of the vessel inside its partition", low=0),
        Column("t0_ms", "int64", "ms", "last fix before"),
        Column("t1_ms", "int64", "ms", "first fix after"),
        Column("lat0", "float64", "degrees", "latitude of the last fix before", *_LAT),
        Column("lon0", "float64", "degrees", "longitude of the last fix before", *_LON),
        Column("lat1", "float64", "degrees", "latitude of the first fix after", *_LAT),
        Column("lon1", "float64", "degrees", "longitude of the first fix after", *_LON),
        Column(
            "reason",
            "text",
            "",
            "gap (not looked at yet), impossible_speed, too_long, out_of_area, unknown_sea, inland, "
            "enclosed, call_unseen",
        ),
    ),
)

INPUT_REPORT = Schema(
    "input_report",
    (
        Column("file", "text", "", "input file, with the member of an archive behind a slash", missing=True),
        Column("line", "Int64", "", "line of the row, the header being line 1", low=1, missing=True),
        Column("reason", "text", "", "why the row was dropped or changed"),
        Column("count", "int64", "rows", "rows that this line of the report stands for", low=1),
    ),
)

TABLES = {s.name: s for s in (POSITIONS, SHIPS, VESSELS, SEGMENTS, UNOBSERVED, INPUT_REPORT)}


def check(table: pd.DataFrame | Mapping[str, Any], schema: Schema) -> None:
    """Raise if a table is not what its schema says; further columns are allowed.

    Raises
    ------
    InputError
        ``missing_column``, ``wrong_type``, ``missing_value`` or ``out_of_range``, naming table and column.
    """
    for column in schema.columns:
        if column.name not in table:
            found = ", ".join(map(str, table))
            expected = ", ".join(schema.names)
            message = f"{schema.name}: column {column.name} is missing; found {found}; expected {expected}"
            raise InputError("missing_column", message)
        _check_column(pd.Series(table[column.name]), column, schema.name)


def _check_column(values: "pd.Series[Any]", column: Column, table: str) -> None:
    place = f"{table}: column {column.name}"
    if column.dtype == "text":
        right = pd.api.types.is_string_dtype(values) or not len(values)
    else:
        right = str(values.dtype) == column.dtype
    if not right:
        message = f"{place} is {values.dtype}, expected {column.dtype}; convert it"
        raise InputError("wrong_type", message)
    if not column.missing and values.isna().any():
        row = int(np.flatnonzero(values.isna())[0])
        raise InputError("missing_value", f"{place} has no value in row {row}; every row needs one")
    low, high = column.low, column.high
    if low is not None and len(values) and (values < low).any():
        raise InputError("out_of_range", f"{place} is {values.min()}, expected at least {low} {column.unit}")
    if high is not None and len(values) and (values > high).any():
        raise InputError("out_of_range", f"{place} is {values.max()}, expected at most {high} {column.unit}")

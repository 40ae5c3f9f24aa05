"""Cells to values: one block of any table becomes arrays in our units, "not available" becoming missing.

The rule: a field that is wrong is nulled and its row kept; a row is dropped only for identity, time or place.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from corridor import identity, reference
from corridor.tracks.columns import ColumnMapping

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Texts = tuple[Codes, list[str]]

NO_TIME = np.iinfo(np.int64).min
# AIS was first carried in 1998–2000; a clock before, or after this century, is wrong.
FIRST_MS = 883_612_800_000
LAST_MS = 4_102_444_800_000
# 102.2 kn means "or more", 102.3 "not available"; 51.2 and 63.0 are such codes cut to fewer bits.
SOG_CODES = (51.2, 63.0)
SOG_MISSING = 102.2
# Beyond any ship built: the longest was 458 m; 25.5 m is the largest draught AIS can say.
MOST = {"length": 460.0, "beam": 80.0, "draught": 25.0}
TEXT_LENGTH = 120
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
# What keeps a spreadsheet from taking a name for a formula, and is no part of the name.
SPREADSHEET = re.compile(r"^\s*'+(?=[-=+@])")
UNUSUAL = re.compile(r"[^\x20-\x7e]")
NUMBERS = ("sog", "cog", "heading", "status", "draught", "length", "beam", "ais_type")
# Some tables say these two in words.
WORDED = ("status", "ais_type")
NINE_DIGITS = re.compile(r"\d{9}")
TEXTS = ("name", "imo", "call_sign", "transceiver")

REASONS = (
    "kept",
    "bad_time",
    "clock_fault",
    "invalid_mmsi",
    "not_a_ship",
    "no_position",
    "outside_period",
    "outside_bbox",
)
REASON = {name: code for code, name in enumerate(REASONS)}


def clean_text(text: str) -> str:
    r"""Return a text without control and direction marks, one line, at most 120 characters.

    >>> clean_text("TEST\x07\x1b[31m AL\nPHA \u202eAHP")
    'TEST [31m AL PHA AHP'
    """
    plain = SPREADSHEET.sub("", CONTROL.sub(" ", text))
    plain = "".join(c for c in plain if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
    return " ".join(plain.split())[:TEXT_LENGTH]


@dataclass
class Block:
    """Rows of one block, still all of them, with the reason why each is dropped (0: kept)."""

    ident: Integers
    ident_text: list[str] | None
    t_ms: Integers
    lat: Floats
    lon: Floats
    numbers: dict[str, Floats]
    texts: dict[str, Texts]
    line: Integers
    reason: npt.NDArray[np.uint8]
    not_available: dict[str, int] = field(default_factory=dict)
    repaired: dict[str, int] = field(default_factory=dict)
    repaired_lines: dict[str, Integers] = field(default_factory=dict)

    def repair(self, reason: str, rows: npt.NDArray[np.bool_]) -> None:
        """Count and remember rows of which a value was changed."""
        count = int(rows.sum())
        if count:
            self.repaired[reason] = self.repaired.get(reason, 0) + count
            self.repaired_lines[reason] = self.line[rows]


def arrow_types(
    where: dict[str, str], mapping: ColumnMapping | None, first: dict[str, str]
) -> dict[str, pa.DataType]:
    """Return the Arrow type to read each used column as, by its name in the table."""
    text = pa.dictionary(pa.int32(), pa.string())
    types: dict[str, pa.DataType] = {}
    for ours, theirs in where.items():
        types[theirs] = pa.float64() if ours in (*NUMBERS, "lat", "lon") else text
        if ours in WORDED and any(letter.isalpha() for letter in first.get(theirs, "")):
            types[theirs] = text
    as_text = mapping is not None and mapping.id.kind != "mmsi"
    types[where["id"]] = text if as_text else pa.int64()
    types[where["time"]] = _time_type(first.get(where["time"], ""), mapping)
    return types


def _time_type(sample: str, mapping: ColumnMapping | None) -> pa.DataType:
    if mapping is not None and mapping.time.format not in ("auto", "iso"):
        return pa.string()
    if sample[10:11] not in ("T", " ") or sample[4:5] != "-":
        return pa.string()
    zoned = sample.endswith("Z") or "+" in sample or "-" in sample[10:]
    return pa.timestamp("us", "UTC") if zoned else pa.timestamp("us")


def read_block(
    table: pa.Table,
    where: dict[str, str],
    mapping: ColumnMapping | None,
    *,
    first_line: int | Integers,
    zone: str | None,
) -> Block:
    """Return the values of a block in our units, nothing dropped yet but bad times and identities."""
    mapping = mapping or ColumnMapping(columns=where)
    rows = table.num_rows
    column = {ours: _single(table.column(theirs)) for ours, theirs in where.items()}
    ident, labels = _identities(column["id"], mapping.id.kind)
    return Block(
        ident=np.asarray(ident, np.int64),
        ident_text=labels,
        t_ms=_times(column["time"], mapping.time.format, zone or mapping.time.zone),
        lat=_numbers(column["lat"]),
        lon=_numbers(column["lon"]),
        numbers={n: _measured(column[n], n) * mapping.units.factor(n) for n in NUMBERS if n in column},
        texts={n: _text_codes(column[n]) for n in TEXTS if n in column},
        line=np.arange(rows, dtype=np.int64) + first_line if isinstance(first_line, int) else first_line,
        reason=np.zeros(rows, np.uint8),
    )


def _identities(column: pa.Array, kind: str) -> tuple[Integers | Codes, list[str] | None]:
    """MMSI numbers, or codes of texts and the texts; labels that are all nine digits are MMSI numbers."""
    if kind == "mmsi":
        return _whole_numbers(column), None
    if kind == "label" and pa.types.is_integer(column.type):
        return _whole_numbers(column), None
    codes, labels = _text_codes(column)
    if kind == "label" and labels and all(NINE_DIGITS.fullmatch(label) for label in labels):
        return np.array([int(label) for label in labels], np.int64)[codes], None
    if kind == "label":
        labels = [f"MMSI{label}" if NINE_DIGITS.fullmatch(label) else label for label in labels]
    return codes, labels


def _measured(column: pa.Array, name: str) -> Floats:
    """Numbers of a column; of words for a status or a kind of ship, their AIS codes."""
    plain = _plain(column)
    if name not in WORDED or not (pa.types.is_string(plain.type) or pa.types.is_large_string(plain.type)):
        return _numbers(column)
    codes, labels = _text_codes(plain)
    known = _words(name)
    values = np.array([known.get(" ".join(label.lower().split()), np.nan) for label in labels], np.float64)
    numbers = pd.to_numeric(pd.Series(labels, dtype="str"), errors="coerce").to_numpy(np.float64)
    found: Floats = np.where(np.isnan(numbers), values, numbers)[codes]
    return found


@cache
def _words(name: str) -> dict[str, float]:
    rows = reference.rows("ais_words_2014", field=name)
    return {str(word): float(code) for word, code in zip(rows["word"], rows["code"], strict=True)}


def _single(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole


def _plain(column: pa.Array) -> pa.Array:
    """Return a column without dictionary, texts without blanks around them."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pc.utf8_trim_whitespace(column)
    return column


def _numbers(column: pa.Array) -> Floats:
    """Values of a column, NaN where missing or no number; true is no number."""
    plain = _plain(column)
    if pa.types.is_boolean(plain.type):
        return np.full(len(plain), np.nan)
    if pa.types.is_string(plain.type) or pa.types.is_large_string(plain.type):
        values = pd.to_numeric(pd.Series(plain.to_pandas()), errors="coerce").to_numpy(np.float64)
    else:
        values = plain.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.array(values, np.float64)


def _whole_numbers(column: pa.Array) -> Integers:
    """Whole numbers of a column, −1 where missing or not whole.

    "4.78E+08" has lost its digits: no ship is guessed from it.
    """
    plain = _plain(column)
    if pa.types.is_integer(plain.type):
        filled: Integers = pc.fill_null(plain, -1).cast(pa.int64()).to_numpy(zero_copy_only=False)
        return filled
    if pa.types.is_string(plain.type) or pa.types.is_large_string(plain.type):
        plain = pc.if_else(pc.match_substring_regex(plain, r"^\d{1,10}(\.0+)?$"), plain, None)
    values = _numbers(plain)
    good = np.isfinite(values) & (np.abs(values) < 1e12) & (values == np.floor(values))
    return np.where(good, values, -1).astype(np.int64)


def _text_codes(column: pa.Array) -> Texts:
    """Codes of a text column and the texts they stand for; a missing text is the empty one."""
    if not pa.types.is_dictionary(column.type):
        column = pc.fill_null(column.cast(pa.string()), "").dictionary_encode()
    labels = ["" if label is None else str(label) for label in column.dictionary.to_pylist()]
    codes = pc.fill_null(column.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    if (codes < 0).any():
        codes = np.where(codes < 0, len(labels), codes).astype(np.int32)
        labels.append("")
    return codes, labels


def _times(column: pa.Array, form: str, zone: str) -> Integers:
    """Milliseconds since 1970 in UTC, `NO_TIME` where a time cannot be read."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        return _from_stamps(column, zone if column.type.tz is None else None)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return _from_epoch(_numbers(column), form)
    text = _plain(column.cast(pa.string()))
    if form in ("epoch_s", "epoch_ms"):
        return _from_epoch(pd.to_numeric(text.to_pandas(), errors="coerce").to_numpy(np.float64), form)
    if form not in ("auto", "iso"):
        stamps = pd.to_datetime(text.to_pandas(), format=form, errors="coerce", utc="%z" in form)
        return _from_stamps(
            pa.array(stamps).cast(pa.timestamp("us", stamps.dt.tz and "UTC")), None if stamps.dt.tz else zone
        )
    return _from_iso(text, form, zone)


ISO = r"^\d{4}-\d\d-\d\d[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,9})?)?"
EPOCH = r"^\d{10}(\.\d+)?$|^\d{13}$"


def _from_iso(text: pa.Array, form: str, zone: str) -> Integers:
    result = np.full(len(text), NO_TIME)
    plain = pc.fill_null(pc.match_substring_regex(text, ISO + "$"), False)
    zoned = pc.fill_null(pc.match_substring_regex(text, ISO + r" ?(Z|z|UTC|[+-]\d\d:?(\d\d)?)$"), False)
    for rows, tz in ((plain, None), (zoned, "UTC")):
        mask = rows.to_numpy(zero_copy_only=False)
        if mask.any():
            found = pd.Series(text.filter(rows).to_pandas()).str.replace(",", ".", regex=False)
            stamps = pd.to_datetime(found, format="ISO8601", errors="coerce", utc=tz is not None)
            result[mask] = _from_stamps(pa.array(stamps), zone if tz is None else None)
    epoch = pc.fill_null(pc.match_substring_regex(text, EPOCH), False).to_numpy(zero_copy_only=False)
    if form == "auto" and epoch.any():
        numbers = pd.to_numeric(pd.Series(text.to_pandas()), errors="coerce").to_numpy(np.float64)
        result[epoch] = _from_epoch(numbers[epoch], form)
    return result


def _from_stamps(stamps: pa.Array, zone: str | None) -> Integers:
    """Whole milliseconds of Arrow times, read as times of a zone where they carry none."""
    if zone not in (None, "UTC"):
        local = pd.Series(stamps.to_pandas())
        # An hour that a clock change repeats or skips is no time at all: such rows count as unreadable.
        known = local.dt.tz_localize(zone, ambiguous="NaT", nonexistent="NaT").dt.tz_convert("UTC")
        stamps = pa.array(known)
    whole = stamps.cast(pa.timestamp("ns" if stamps.type.unit == "ns" else "us", stamps.type.tz))
    divisor = 1_000_000 if whole.type.unit == "ns" else 1_000
    missing = pc.is_null(whole).to_numpy(zero_copy_only=False)
    values = pc.fill_null(whole.cast(pa.int64()), 0).to_numpy(zero_copy_only=False) // divisor
    return np.where(missing, NO_TIME, values) if missing.any() else values


def _from_epoch(values: Floats, form: str) -> Integers:
    """Seconds or milliseconds since 1970; by size when the form does not say."""
    scale = np.where(np.abs(values) < 1e11, 1000.0, 1.0)
    if form in ("epoch_s", "epoch_ms"):
        scale = np.full(values.shape, 1000.0 if form == "epoch_s" else 1.0)
    with np.errstate(invalid="ignore"):
        stamped = np.round(values * scale)
        # A day number of a spreadsheet (45292.5) or a year must not become 1970.
        good = np.isfinite(stamped) & (np.abs(stamped) >= FIRST_MS / 10) & (np.abs(stamped) < 2.0**53)
        return np.where(good, stamped, NO_TIME).astype(np.int64)


def null_unavailable(block: Block) -> None:
    """Set "not available" codes and impossible values to missing, counted by column."""
    rules = {
        "sog": lambda v: np.isnan(v) | (v >= SOG_MISSING) | np.isin(np.round(v, 6), SOG_CODES) | (v < 0),
        "cog": lambda v: np.isnan(v) | (v >= 360) | (v < 0),
        "heading": lambda v: np.isnan(v) | (v >= 360) | (v < 0),
        "status": lambda v: np.isnan(v) | (v < 0) | (v >= 15) | (v != np.floor(v)),
        "ais_type": lambda v: np.isnan(v) | (v <= 0) | (v >= 256) | (v != np.floor(v)),
        "draught": lambda v: np.isnan(v) | (v <= 0),
        "length": lambda v: np.isnan(v) | (v <= 0),
        "beam": lambda v: np.isnan(v) | (v <= 0),
    }
    kept = block.reason == 0
    for name, values in block.numbers.items():
        missing = rules[name](values)
        block.not_available[name] = int((missing & kept).sum())
        values[missing] = np.nan
        if name in MOST:
            absurd = values > MOST[name]
            if absurd.any():
                block.repair(f"{name}_absurd", absurd & kept)
                values[absurd] = np.nan
    if "imo" in block.texts:
        _null_imo(block, kept)
    for name in ("name", "call_sign"):
        if name in block.texts:
            codes, labels = block.texts[name]
            odd = np.array(
                [bool(UNUSUAL.search(label)) and clean_text(label) != label for label in labels], bool
            )
            if odd.any():
                block.repair("text_cleaned", odd[codes] & kept)


def _null_imo(block: Block, kept: npt.NDArray[np.bool_]) -> None:
    codes, labels = block.texts["imo"]
    numbers = [identity.parse_imo(label) for label in labels]
    bad = np.array([number < 0 for number in numbers], bool)
    blank = np.array([not label.strip(" 0").removeprefix("IMO").strip(" 0.") for label in labels], bool)
    block.not_available["imo"] = int((blank[codes] & kept).sum())
    if len(bad):
        block.repair("imo_invalid", (bad & ~blank)[codes] & kept)
    block.texts["imo"] = codes, ["" if number < 0 else str(number) for number in numbers]


def drop_unusable(
    block: Block, period: tuple[int, int] | None, bbox: tuple[float, float, float, float] | None
) -> None:
    """Give each row without identity, time or place its reason; wrap longitudes; apply the study's frame."""
    reason = block.reason
    _wrap_longitudes(block)
    if bbox is not None:
        reason[~_inside(block, bbox)] = REASON["outside_bbox"]
    if period is not None:
        reason[(block.t_ms < period[0]) | (block.t_ms >= period[1])] = REASON["outside_period"]
    nowhere = ~((np.abs(block.lat) <= 90) & (np.abs(block.lon) <= 180))
    nowhere |= (block.lat == 0) & (block.lon == 0)
    reason[nowhere] = REASON["no_position"]
    if block.ident_text is None:
        kind = identity.classify_mmsi(block.ident)
        reason[kind == identity.NOT_A_SHIP] = REASON["not_a_ship"]
        reason[kind == identity.INVALID] = REASON["invalid_mmsi"]
    else:
        empty = np.array([not label.strip() for label in block.ident_text], bool)
        reason[empty[block.ident]] = REASON["invalid_mmsi"]
    reason[(block.t_ms < FIRST_MS) | (block.t_ms >= LAST_MS)] = REASON["clock_fault"]
    reason[block.t_ms == NO_TIME] = REASON["bad_time"]


def keep_placeless(block: Block) -> None:
    """Keep rows that tell particulars of a ship and never had a position."""
    block.reason[block.reason == REASON["no_position"]] = 0


def _wrap_longitudes(block: Block) -> None:
    """Bring 0–360 and −360–0 longitudes to −180…180; exactly 181 means "not available"."""
    lon = block.lon
    turned = (np.abs(lon) > 180) & (np.abs(lon) <= 360) & (lon != 181)
    if turned.any():
        # Rounded to 1e-9 degrees (0.1 mm), so that 241.70001 and −118.29999 are the same place.
        lon[turned] = np.round(lon[turned] - np.sign(lon[turned]) * 360, 9)
        block.repair("longitude_wrapped", turned)
    lon[lon == 180] = -180.0


def _inside(block: Block, bbox: tuple[float, float, float, float]) -> npt.NDArray[np.bool_]:
    west, south, east, north = bbox
    inside: npt.NDArray[np.bool_] = (block.lat >= south) & (block.lat <= north)
    width = (east - west) % 360 if east - west < 360 else 360.0
    return inside & ((block.lon - west) % 360 <= width)

"""A user's own records as a table of text: which column is what, in which zone its times are.

For tables kept by hand (a shore-power log, fuel reports), a few thousand rows each: strict where a wrong
guess would change a number, patient with headers in English or Chinese.
"""

import re
import tomllib
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError

from corridor.emissions.sheets import plain, read_sheet
from corridor.errors import InputError
from corridor.tracks.columns import TimeForm

# A title or a note above the header shares no more than a word with it.
LEAST_KNOWN = 2
PATTERNS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")
_OFFSET = re.compile(r"(Z|[+-]\d\d:?\d\d)$")
_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")


class RecordMapping(BaseModel):
    """Names and times of a table of records: ``[columns]`` ours = theirs, ``[time]`` format and zone.

    >>> RecordMapping(columns={"kwh": "Energie"}, time={"zone": "Asia/Shanghai"}).time.zone
    'Asia/Shanghai'
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, str] = {}
    time: TimeForm | None = None


def read_record_mapping(path: str | Path) -> RecordMapping:
    """Read a mapping of a table of records from TOML.

    Raises
    ------
    InputError
        If it cannot be read or says what nobody asks for; the message names the key.
    """
    place = Path(path)
    try:
        return RecordMapping.model_validate(tomllib.loads(place.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise InputError(
            "missing_file", f"{place.name}: the mapping cannot be read ({error.strerror}); give its path"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("bad_mapping", f"{place.name}: not valid TOML: {error}; repair it") from error
    except ValidationError as error:
        fault = error.errors()[0]
        key = ".".join(str(part) for part in fault["loc"])
        raise InputError(
            "bad_mapping", f"{place.name}: {key}: {fault['msg']}; expected the tables columns, time"
        ) from error


def read_records(
    path: str | Path,
    known: Mapping[str, str],
    mapping: RecordMapping | None = None,
    *,
    expected: str,
    option: str,
) -> pd.DataFrame:
    """Read a table; known headers become our names, other columns are left out. All cells are text.

    Parameters
    ----------
    path : path
        File, as `corridor.emissions.sheets.read_sheet` takes it.
    known : mapping
        Our name by header, as `corridor.emissions.sheets.plain` writes it.
    mapping : RecordMapping, optional
        Headers of the user's own, before the known ones.
    expected, option : str
        Columns that are looked for, and how the file was given, in words for a message.

    Returns
    -------
    DataFrame
        Our columns, an empty cell being "", and ``line``, the line in the file.

    Raises
    ------
    InputError
        If the file is missing, no table, or two of its columns mean the same.
    """
    own = set(mapping.columns.values()) if mapping else set()

    def is_header(cells: Sequence[str]) -> bool:
        return sum(plain(cell) in known or cell.strip() in own for cell in cells) >= LEAST_KNOWN

    sheet = read_sheet(path, is_header, expected=expected, option=option)
    header = [str(name) for name in sheet.rows]
    named = _located(header, known, mapping, sheet.name)
    rows = sheet.rows.fillna("")
    cells = {ours: rows.iloc[:, at].astype(str).to_numpy(dtype=object) for ours, at in named.items()}
    return pd.DataFrame({"line": sheet.rows.index.to_numpy(np.int64), **cells})


def _located(
    header: Sequence[str], known: Mapping[str, str], mapping: RecordMapping | None, where: str
) -> dict[str, int]:
    wanted = {theirs.strip(): ours for ours, theirs in (mapping.columns if mapping else {}).items()}
    fields = sorted(set(known.values()))
    strange = [ours for ours in wanted.values() if ours not in fields]
    if strange:
        raise InputError(
            "bad_mapping",
            f"columns.{strange[0]}: unknown; known are {', '.join(fields)}; correct the mapping",
        )
    absent = [theirs for theirs in wanted if theirs not in header]
    if absent:
        raise InputError(
            "missing_column",
            f"{where}: no column {absent[0]}; found {', '.join(header[:25])}; correct the mapping",
        )
    found: dict[str, int] = {}
    for at, name in enumerate(header):
        ours = wanted.get(name) or known.get(plain(name), "")
        if not ours or (ours in wanted.values() and name not in wanted):
            continue
        if ours in found:
            raise InputError(
                "duplicate_column",
                f"{where}: columns {header[found[ours]]}, {name} both mean {ours}; keep one",
            )
        found[ours] = at
    return found


def need(records: pd.DataFrame, columns: Sequence[str], where: str, words: str) -> None:
    """Refuse records that lack a column.

    Raises
    ------
    InputError
        Naming the column, and by ``words`` what headers are known for it.
    """
    missing = [name for name in columns if name not in records]
    if missing:
        found = ", ".join(str(name) for name in records if name != "line") or "none that is known"
        raise InputError(
            "missing_column",
            f"{where}: no column {', '.join(missing)}; found {found}; expected headers such as {words}; "
            "or name the columns in a TOML mapping",
        )


def times_ms(
    text: "pd.Series[str]", form: TimeForm | None, where: str, option: str, *, ends: bool = False
) -> npt.NDArray[np.float64]:
    """Read instants; not a number where a cell is empty or no time. [ms since 1970 UTC]

    Parameters
    ----------
    text : Series of str
        ISO 8601 or ``2024/1/5 8:00``; other orders need a format, since 5/1 may be May or January.
    form : TimeForm, optional
        Format and zone of times that name none.
    where, option : str
        File, and what to state the zone with, for messages.
    ends : bool
        Whether a bare date stands for the end of its day.

    Raises
    ------
    InputError
        If a time names no zone and nobody stated one.
    """
    pattern = form.format if form is not None and "%" in form.format else None
    out = np.full(len(text), np.nan)
    for place, cell in enumerate(text):
        moment = _moment(str(cell).strip(), pattern)
        if moment is None:
            continue
        if moment.tzinfo is None:
            if form is None:
                raise InputError(
                    "no_time_zone",
                    f"{where}: times such as '{cell}' name no zone; expected one; state it with {option}, "
                    "for example Asia/Shanghai (Beijing time) or UTC",
                )
            moment = moment.replace(tzinfo=ZoneInfo(form.zone))
        whole_day = ends and _DAY.fullmatch(str(cell).strip().replace("/", "-")) is not None
        out[place] = round(moment.timestamp() * 1000.0) + (86_400_000 if whole_day else 0)
    return out


def _moment(cell: str, pattern: str | None) -> datetime | None:
    usual = cell.replace("/", "-")
    iso = _OFFSET.search(usual) is not None or "T" in usual
    for known in (pattern,) if pattern is not None else ("",) if iso else PATTERNS:
        try:
            if not known:
                return datetime.fromisoformat(usual)
            # The zone is stated apart, see the caller.
            return datetime.strptime(usual if pattern is None else cell, known)  # noqa: DTZ007
        except ValueError:
            continue
    return None


def numbers(text: "pd.Series[str]") -> npt.NDArray[np.float64]:
    """Read numbers; not a number where a cell is empty or none. Thousands may be parted by a comma.

    >>> numbers(pd.Series(["12,345.5", "", "x"])).tolist()
    [12345.5, nan, nan]
    """
    plain_text = text.astype(str).str.replace(r"(?<=\d),(?=\d{3}(?:\D|$))", "", regex=True)
    return pd.to_numeric(plain_text, errors="coerce").to_numpy(float)


def ship_keys(records: pd.DataFrame) -> pd.DataFrame:
    """Return ``imo`` and ``mmsi`` as integers (-1 missing) and ``name``, ``vessel_id`` in capitals."""
    keys = {}
    for column in ("imo", "mmsi"):
        cells = records[column] if column in records else pd.Series([""] * len(records), dtype=object)
        digits = cells.astype(str).str.upper().str.replace("IMO", "").str.strip()
        keys[column] = pd.to_numeric(digits, errors="coerce").fillna(-1).astype("int64").to_numpy()
    for column in ("name", "vessel_id"):
        cells = records[column] if column in records else pd.Series([""] * len(records), dtype=object)
        keys[column] = cells.astype(str).str.upper().str.strip().to_numpy(dtype=object)
    return records.assign(**keys)


def vessels_of(
    record: Mapping[Hashable, object], index: Mapping[str, Mapping[object, list[int]]]
) -> list[int]:
    """Vessels that a record may be of: by id, else IMO number, else MMSI, else name. [index]"""
    for key in ("vessel_id", "imo", "mmsi", "name"):
        value = record[key]
        if value not in ("", -1):
            return index[key].get(value, [])
    return []


def vessel_index(vessels: pd.DataFrame) -> dict[str, dict[object, list[int]]]:
    """Index vessels by each key that a record can name them by.

    >>> seen = pd.DataFrame({"vessel_id": ["MMSI1"], "imo": [-1], "mmsi": [1], "name": ["Ever"]})
    >>> vessel_index(seen)["name"]
    {'EVER': [0]}
    """
    index: dict[str, dict[object, list[int]]] = {}
    for key in ("vessel_id", "imo", "mmsi", "name"):
        index[key] = {}
        for place, value in enumerate(vessels[key].tolist()):
            known = value.upper().strip() if isinstance(value, str) else value
            if not pd.isna(known) and known not in ("", -1):
                index[key].setdefault(known, []).append(place)
    return index

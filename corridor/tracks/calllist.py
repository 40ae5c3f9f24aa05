"""Lists of calls as ports and carriers keep them: CSV, Excel or Parquet, headers English or Chinese.

Columns are found by their names, or named in a TOML file:

.. code-block:: toml

    [columns]                  # ours = theirs; arrival is required, and one of imo, mmsi, vessel
    vessel = "Ship"
    arrival = "First line"

    [time]
    format = "%d/%m/%Y %H:%M"  # or "auto": ISO 8601, or cells that are dates
    zone = "port"              # local time of the port called at; or a name such as "Asia/Shanghai"

Arrival is all fast at berth, departure the sailing from it.
"""

import csv
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from corridor import reference
from corridor.errors import InputError
from corridor.identity import valid_imo
from corridor.tracks.calls import PORTS_TABLE, ports

FIELDS = (
    "imo", "mmsi", "vessel", "port", "berth", "arrival", "departure", "last_port", "next_port",
    "teu_on_board", "teu_moved",
)  # fmt: skip
LIST_COLUMNS = (
    "line", "imo", "mmsi", "vessel", "port", "berth", "berth_zone", "arrival_utc", "departure_utc",
    "last_port", "next_port", "teu_on_board", "teu_moved", "remark",
)  # fmt: skip
NAMES: Mapping[str, tuple[str, ...]] = {
    "imo": ("imo", "imo no", "imo number", "vessel imo", "imo编号", "imo号", "船舶imo"),
    "mmsi": ("mmsi", "vessel mmsi", "mmsi号"),
    "vessel": ("vessel", "vessel name", "ship", "ship name", "name", "船名", "船舶名称", "船舶"),
    "port": ("port", "port called", "port of call", "port code", "港口", "挂靠港", "港口名称"),
    "berth": ("berth", "terminal", "pier", "quay", "泊位", "码头", "靠泊泊位"),
    "arrival": (
        "arrival", "ata", "arrived", "all fast", "first line", "berthed", "berthing", "arrival time",
        "arrival at berth", "靠泊", "靠泊时间", "抵港时间", "到港时间", "到达时间",
    ),
    "departure": (
        "departure", "atd", "sailed", "sailing", "last line", "unberthed", "unberthing", "departure time",
        "离泊", "离泊时间", "离港时间", "开航时间",
    ),
    "last_port": ("last port", "previous port", "from", "上一港", "上港", "始发港"),
    "next_port": ("next port", "to", "下一港", "下港", "目的港"),
    "teu_on_board": ("teu on board", "teu aboard", "onboard teu", "载箱量", "在船箱量"),
    "teu_moved": ("teu moved", "moves teu", "teu handled", "装卸箱量", "作业箱量"),
}  # fmt: skip
ZONE_WORDS = {
    "utc": "UTC",
    "gmt": "UTC",
    "local": "port",
    "北京时间": "Asia/Shanghai",
    "beijing": "Asia/Shanghai",
}
AT_PORT = "port"
ISO = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:?\d{2})?")
EXCEL, PARQUET = b"PK\x03\x04", b"PAR1"


class _Times(BaseModel):
    """How the times of a list are written, and in which zone those that name none are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str = "auto"
    zone: str = ""

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        return value if value in ("", AT_PORT) else _zone(value)


class CallMapping(BaseModel):
    """Which column of a list of calls means what, and how its times are written.

    >>> CallMapping(columns={"vessel": "Ship", "arrival": "In"}).time.zone
    ''
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: dict[str, str] = {}
    time: _Times = _Times()

    @field_validator("columns")
    @classmethod
    def _fields(cls, value: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(value) - set(FIELDS))
        if unknown:
            raise ValueError(f"{unknown[0]}: unknown; known are {', '.join(FIELDS)}")
        return value


def _zone(name: str) -> str:
    """Return a time zone's name if there is such a zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        known = "a name such as 'Asia/Shanghai', or 'port' for the local time of the port"
        raise ValueError(f"time zone {name!r} is unknown; expected {known}") from error
    return name


def read_calls(path: str | Path, *, columns: str | Path | None = None, tz: str | None = None) -> pd.DataFrame:
    r"""Read a list of port calls.

    Parameters
    ----------
    path : path
        CSV, Excel or Parquet, told apart by content; one row a call.
    columns : path, optional
        TOML mapping of its columns and times.
    tz : str, optional
        Zone of times that name none: an IANA name, or ``port`` for local time at the port of each row. The
        mapping's zone, or one in a header such as ``arrival_utc``, says the same.

    Returns
    -------
    pandas.DataFrame
        `LIST_COLUMNS`; what is wrong with a row stands in ``remark``.

    Raises
    ------
    InputError
        If the file, a column, or the form or zone of its times is not what it must be.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = Path(folder) / "calls.csv"
    ...     rows = "船名,泊位,靠泊时间(北京时间)\nSIM ALPHA,盐田港中部码头,2026-03-01 08:00\n"
    ...     _ = place.write_text(rows, encoding="utf-8")
    ...     read_calls(place)[["vessel", "port", "berth_zone", "arrival_utc"]].astype(str).values.tolist()
    [['SIM ALPHA', 'YT', 'yt_central', '2026-03-01 00:00:00+00:00']]
    """
    place = Path(path)
    mapping = _read_mapping(Path(columns)) if columns is not None else CallMapping()
    table = _read(place)
    found, stated = _fields(table, mapping, place.name)
    zone = _stated_zone(tz, mapping.time.zone, stated, place.name)
    rows = pd.DataFrame({"line": np.arange(len(table)) + 2})
    for field in FIELDS:
        text = table[found[field]] if field in found else pd.Series(None, index=table.index, dtype=object)
        rows[field] = text.to_numpy(dtype=object)
    remarks: list[list[str]] = [[] for _ in range(len(rows))]
    _identities(rows, remarks)
    _places(rows, remarks)
    for field, name in (("arrival", "arrival_utc"), ("departure", "departure_utc")):
        rows[name] = _instants(rows, field, mapping.time.format, zone, place.name)
    if rows["arrival_utc"].isna().any():
        line = int(rows.loc[rows["arrival_utc"].isna(), "line"].iloc[0])
        raise InputError(
            "no_arrival", f"{place.name} line {line}: no time of arrival; enter it or drop the row"
        )
    for row in np.flatnonzero(rows["departure_utc"] < rows["arrival_utc"]):
        remarks[row].append("departure before arrival")
    for field in ("teu_on_board", "teu_moved"):
        rows[field] = pd.to_numeric(rows[field], errors="coerce").astype(np.float64)
    for field in ("last_port", "next_port"):
        rows[field] = pd.Series([_text(value) for value in rows[field]], dtype="str")
    rows["remark"] = pd.Series(["; ".join(said) for said in remarks], dtype="str")
    return rows[list(LIST_COLUMNS)]


def _read_mapping(path: Path) -> CallMapping:
    try:
        return CallMapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        raise InputError("missing_file", f"{path.name}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        fault = error.errors()[0]
        said = str(fault["msg"]).removeprefix("Value error, ")
        where = ".".join(str(part) for part in fault["loc"])
        raise InputError("bad_mapping", f"{path.name}: {where}: {said}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("bad_mapping", f"{path.name}: not valid TOML: {error}") from error


def _read(path: Path) -> pd.DataFrame:
    """Read a table as it stands, its form told by its first bytes."""
    if not path.is_file():
        raise InputError("missing_file", f"{path.name}: no such list of calls; give a file with --calls")
    with path.open("rb") as file:
        head = file.read(65_536)
    try:
        if head.startswith(EXCEL):
            table = pd.read_excel(path, dtype=object, engine="calamine")
        elif head.startswith(PARQUET):
            table = pd.read_parquet(path)
        else:
            table = _read_text(path, head)
    except ImportError as error:
        raise InputError(
            "missing_package",
            f"{path.name}: Excel needs python-calamine; install it, or save the list as CSV",
        ) from error
    except (ValueError, OSError, KeyError, csv.Error) as error:
        raise InputError(
            "unreadable_calls", f"{path.name}: no table of calls can be read ({error})"
        ) from error
    if table.empty:
        raise InputError("empty_calls", f"{path.name}: no rows; expected one row a call")
    return table.dropna(how="all").reset_index(drop=True)


def _read_text(path: Path, head: bytes) -> pd.DataFrame:
    """Read delimited text in UTF-8, or in the encoding that Chinese spreadsheets save."""
    encoding = "utf-8-sig"
    try:
        # The first bytes may end inside a letter.
        head.decode(encoding) if len(head) < 65_536 else head[:-4].decode(encoding, errors="strict")
    except UnicodeDecodeError:
        encoding = "gb18030"
    first = head.decode(encoding, errors="replace").splitlines()[0] if head.strip() else ""
    delimiter = max((",", ";", "\t"), key=first.count)
    return pd.read_csv(path, dtype=str, encoding=encoding, sep=delimiter, skipinitialspace=True)


def _plain(text: str) -> str:
    """Return letters, digits and single spaces of a text, in small letters.

    >>> _plain(" Last_Port (UN/LOCODE) ")
    'last port'
    """
    whole = unicodedata.normalize("NFKC", text).lower()
    return " ".join(re.sub(r"\(.*?\)|[_\-./#:]+", " ", whole).split())


def _fields(table: pd.DataFrame, mapping: CallMapping, where: str) -> tuple[dict[str, str], str]:
    """Column of each field, and the time zone that a header names."""
    headers = [str(column) for column in table.columns]
    missing = [name for name in mapping.columns.values() if name not in headers]
    if missing:
        raise InputError(
            "missing_column",
            f"{where}: no column '{missing[0]}'; found {', '.join(headers)}; mend the mapping",
        )
    stated, found = "", {}
    table.columns = pd.Index(headers)
    for header in headers:
        words = unicodedata.normalize("NFKC", header).lower()
        zone = next((zone for word, zone in ZONE_WORDS.items() if re.search(rf"(^|[^a-z]){word}", words)), "")
        bare = _plain(header)
        for word in ZONE_WORDS:
            bare = " ".join(bare.replace(word, " ").split()) if zone else bare
        field = next((field for field, names in NAMES.items() if bare in names), "")
        if field and field not in found:
            found[field] = header
            stated = stated or (zone if field in ("arrival", "departure") else "")
    found |= mapping.columns
    if "arrival" not in found or not {"imo", "mmsi", "vessel"} & set(found):
        wanted = "a time of arrival, and an IMO number, MMSI or name of the vessel"
        raise InputError(
            "missing_column",
            f"{where}: found columns {', '.join(headers)}; expected {wanted}; name them in a mapping",
        )
    return found, stated


def _stated_zone(tz: str | None, mapped: str, stated: str, where: str) -> str:
    """The zone that was given, else the mapping's, else a header's."""
    if tz is None:
        return mapped or stated
    try:
        return tz if tz == AT_PORT else _zone(tz)
    except ValueError as error:
        raise InputError("bad_time_zone", f"{where}: {error}") from error


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value).strip()


def _identities(rows: pd.DataFrame, remarks: list[list[str]]) -> None:
    """Turn identities into numbers, -1 for none; one that cannot be right is remarked on, not used."""
    for field in ("imo", "mmsi"):
        digits = pd.Series([re.sub(r"^IMO|\s|\.0$", "", _text(value).upper()) for value in rows[field]])
        numbers = pd.to_numeric(digits, errors="coerce").fillna(-1).to_numpy(np.float64).astype(np.int64)
        wrong = (numbers != -1) & ~valid_imo(numbers) if field == "imo" else np.zeros(len(rows), bool)
        for row in np.flatnonzero(wrong):
            remarks[row].append(f"IMO number {numbers[row]} fails its check digit")
        rows[field] = np.where(wrong, -1, numbers)
    rows["vessel"] = pd.Series([_text(value) for value in rows["vessel"]], dtype="str")


def _places(rows: pd.DataFrame, remarks: list[list[str]]) -> None:
    """Find the port and berth zone of each row by what the list calls them."""
    codes, zones = [], []
    for row, (port, berth) in enumerate(zip(rows["port"], rows["berth"], strict=True)):
        said, quay = _text(port), _text(berth)
        zone, of_zone = _berths().get(_plain(quay), ("", ""))
        code = _port_names().get(_plain(said), "") or of_zone or _port_names().get(_plain(quay), "")
        if said and not code:
            remarks[row].append(f"port '{said}' is unknown")
        codes.append(code)
        zones.append(zone if of_zone == code else "")
    rows["port"], rows["berth_zone"] = pd.Series(codes, dtype="str"), pd.Series(zones, dtype="str")
    rows["berth"] = pd.Series([_text(value) for value in rows["berth"]], dtype="str")


@cache
def _port_names() -> dict[str, str]:
    """Return the port of each name, code and alias."""
    table = reference.table(PORTS_TABLE).fillna("")
    names = {}
    for port, english, chinese, aliases in table[["port", "name_en", "name_zh", "aliases"]].itertuples(
        index=False
    ):
        for name in (port, english, chinese, *str(aliases).split(";")):
            names[_plain(str(name))] = str(port)
    return {name: port for name, port in names.items() if name}


@cache
def _berths() -> dict[str, tuple[str, str]]:
    """Berth zone and port of each name of a berth: its id, its names, and what stands behind the port's."""
    system = reference.zones("port")
    table = system.zones[system.zones["kind"] == "berth"]
    found: dict[str, tuple[str, str]] = {}
    for zone, english, chinese, port in table[["zone_id", "name_en", "name_zh", "port"]].itertuples(
        index=False
    ):
        for name in (zone, english, chinese, str(english).partition(", ")[2]):
            found.setdefault(_plain(str(name)), (str(zone), str(port)))
    found.pop("", None)
    return found


def _instants(rows: pd.DataFrame, field: str, form: str, zone: str, where: str) -> "pd.Series[pd.Timestamp]":
    """Times of a column in UTC; what has no zone is read in the one that was stated."""
    known = ports()
    times: list[Any] = []
    for line, port, value in zip(rows["line"], rows["port"], rows[field], strict=True):
        if not _text(value):
            times.append(pd.NaT)
            continue
        moment = _moment(value, form, f"{where} line {line}: {field}")
        if moment.tzinfo is None:
            if not zone:
                raise InputError(
                    "no_time_zone",
                    f"{where} line {line}: {field} '{value}' names no time zone; expected one to be stated; "
                    "give --calls-tz UTC, a zone such as Asia/Shanghai, or port",
                )
            if zone == AT_PORT and not port:
                raise InputError(
                    "no_time_zone",
                    f"{where} line {line}: local time at a port that is not known; name the port or the zone",
                )
            local = known.zones[known.place(port)] if zone == AT_PORT else zone
            # The hour that a clock goes through twice is taken for summer time, the one it skips is moved on.
            moment = moment.tz_localize(local, ambiguous=True, nonexistent="shift_forward")
        times.append(moment.tz_convert("UTC"))
    return pd.Series(pd.DatetimeIndex(times, tz="UTC").as_unit("ms"), index=rows.index)


def _moment(value: Any, form: str, where: str) -> pd.Timestamp:
    """One time of a list: a date cell, ISO 8601, or as the mapping's format says."""
    try:
        if not isinstance(value, str):
            return pd.Timestamp(value)
        text = value.strip()
        if form != "auto":
            return pd.to_datetime(text, format=form)
        if ISO.fullmatch(text.replace("/", "-") if text[:4].isdigit() else text):
            return pd.Timestamp(text)
    except (ValueError, TypeError) as error:
        raise InputError("bad_time", f"{where} '{value}' is no time ({error}); correct it") from error
    raise InputError(
        "ambiguous_time",
        f"{where} '{value}' could be read in more than one way; expected 2026-03-01 08:00; "
        "say how with format in the mapping",
    )

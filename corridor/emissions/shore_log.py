"""A log of ships at shore power: read from a user's table, and laid over the visits it covers."""

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from corridor.emissions.at_berth import NOTHING, SHORE, SYSTEMS, WindowRow
from corridor.emissions.records import (
    RecordMapping,
    need,
    numbers,
    read_record_mapping,
    read_records,
    ship_keys,
    times_ms,
    vessel_index,
    vessels_of,
)
from corridor.tracks.columns import TimeForm

# Headers without case, spaces and punctuation, as `corridor.emissions.sheets.plain` leaves them.
KNOWN_HEADERS = {
    **dict.fromkeys(("vesselid",), "vessel_id"),
    **dict.fromkeys(("imo", "imonumber", "imono", "imo号", "imo编号", "船舶imo号"), "imo"),
    **dict.fromkeys(("mmsi", "mmsi号"), "mmsi"),
    **dict.fromkeys(("vessel", "vesselname", "ship", "shipname", "name", "船名", "船舶名称"), "name"),
    **dict.fromkeys(("berth", "berthname", "terminal", "泊位", "泊位名称", "码头泊位"), "berth"),
    **dict.fromkeys(
        ("connect", "connected", "connectutc", "connecttime", "start", "starttime", "接电时间", "开始时间"),
        "connect",
    ),
    **dict.fromkeys(("岸电开始时间", "开始用电时间", "连接时间", "开始接电时间"), "connect"),
    **dict.fromkeys(
        ("disconnect", "disconnected", "disconnectutc", "disconnecttime", "stop", "end", "endtime"),
        "disconnect",
    ),
    **dict.fromkeys(("断电时间", "结束时间", "岸电结束时间", "结束用电时间", "断开时间"), "disconnect"),
    **dict.fromkeys(("kwh", "energy", "energykwh", "用电量", "用电量kwh", "用电量千瓦时", "电量kwh"), "kwh"),
    **dict.fromkeys(("system", "method", "control", "方式", "系统"), "system"),
}
_WORDS = {
    **dict.fromkeys(("", "shore", "shore power", "岸电"), SHORE),
    **dict.fromkeys(("capture", "barge", "废气收集", "废气处理"), "capture"),
    **dict.fromkeys(("none", "not connected", "未连接", "未使用"), NOTHING),
}
MATCHED, OVERLAPPED = "matched", "overlaps_an_earlier_row"


def read_shore_log(
    path: str | Path, *, mapping: str | Path | None = None, zone: str | None = None
) -> pd.DataFrame:
    """Read a shore-power log: one row a connection, of a vessel from connecting to disconnecting.

    Parameters
    ----------
    path : path
        Table with headers in English or Chinese.
    mapping : path, optional
        TOML file that names the columns, and form and zone of the times.
    zone : str, optional
        Zone of times that name none, such as ``Asia/Shanghai`` for Beijing time.

    Returns
    -------
    DataFrame
        line, vessel_id, imo, mmsi, name, berth, t0_ms, t1_ms, kwh, system, fault (why a row cannot be used).

    Raises
    ------
    InputError
        If a column is missing, or a time names no zone and nobody stated one.
    """
    named: RecordMapping | None = read_record_mapping(mapping) if mapping is not None else None
    form = TimeForm(zone=zone) if zone is not None else named.time if named is not None else None
    where = Path(path).name
    records = read_records(
        path, KNOWN_HEADERS, named, expected="imo, connect, disconnect, kwh", option="--shore-power"
    )
    need(records, ("connect", "disconnect"), where, "connect and disconnect, 接电时间 and 断电时间")
    if not {"imo", "mmsi", "name", "vessel_id"} & set(records):
        need(records, ("imo",), where, "imo, mmsi or vessel, 船名")
    empty = pd.Series([""] * len(records), dtype=object)
    log = ship_keys(records)[["line", "vessel_id", "imo", "mmsi", "name"]]
    log["berth"] = records.get("berth", empty)
    log["t0_ms"] = times_ms(records["connect"], form, where, "--shore-power-tz")
    log["t1_ms"] = times_ms(records["disconnect"], form, where, "--shore-power-tz")
    log["kwh"] = numbers(records["kwh"]) if "kwh" in records else np.nan
    said = records.get("system", empty).str.strip().str.lower()
    log["system"] = said.map(lambda word: _WORDS.get(word, word))
    log["fault"] = _faults(log)
    return log


def _faults(log: pd.DataFrame) -> list[str]:
    """Why each row cannot be used, or ""."""
    nobody = (log[["vessel_id", "name"]] == "").all(axis=1) & (log[["imo", "mmsi"]] == -1).all(axis=1)
    faults = np.select(
        [
            nobody,
            log["t0_ms"].isna(),
            log["t1_ms"].isna(),
            log["t1_ms"] <= log["t0_ms"],
            log["kwh"] < 0.0,
            ~log["system"].isin(SYSTEMS),
        ],
        [
            "no_vessel",
            "no_connect_time",
            "no_disconnect_time",
            "ends_before_it_begins",
            "bad_kwh",
            "bad_system",
        ],
        "",
    )
    return [str(fault) for fault in faults]


def lay_over(
    log: pd.DataFrame, vessels: pd.DataFrame, visits: pd.DataFrame
) -> tuple[pd.DataFrame, list[WindowRow]]:
    """Find the visit of each row of a log, and the windows in which its ships were connected.

    Parameters
    ----------
    log : DataFrame
        From :func:`read_shore_log`.
    vessels : DataFrame
        vessel_id, imo, mmsi, name; the visits' ``vessel`` is its row.
    visits : DataFrame
        vessel, zone_id, t0_ms, t1_ms.

    Returns
    -------
    tuple
        Rows of the log whose ship is among these vessels: row (of the log), visit (-1 where none), reason;
        and windows, for `corridor.emissions.at_berth.windows_of`.
    """
    index = vessel_index(vessels)
    by_vessel: dict[Any, pd.DataFrame] = dict(iter(visits.groupby("vessel")))
    found: list[tuple[int, int, str]] = []
    for row, record in zip(log.index.tolist(), log.to_dict("records"), strict=True):
        of = vessels_of(record, index)
        if not of or record["fault"]:
            continue
        visit, reason = _visit_of(record, [by_vessel[vessel] for vessel in of if vessel in by_vessel])
        found.append((row, visit, reason))
    matches = pd.DataFrame(found, columns=["row", "visit", "reason"])
    return _windows(log, matches, visits)


def _visit_of(record: Mapping[Hashable, Any], seen: Sequence[pd.DataFrame]) -> tuple[int, str]:
    """Return the visit that a connection shares most time with, or -1 and why there is none."""
    if not seen:
        return -1, "vessel_not_seen_at_a_berth"
    near = pd.concat(seen)
    begin, end = near["t0_ms"].to_numpy(np.int64), near["t1_ms"].to_numpy(np.int64)
    shared = np.minimum(end, record["t1_ms"]) - np.maximum(begin, record["t0_ms"])
    if record["berth"] in set(near["zone_id"]):
        shared = np.where(near["zone_id"] == record["berth"], shared, -1)
    if shared.max() > 0:
        return int(near.index[shared.argmax()]), MATCHED
    closest = int(np.maximum(begin - record["t1_ms"], record["t0_ms"] - end).argmin())
    begun = pd.Timestamp(int(begin[closest]), unit="ms", tz="UTC").strftime("%Y-%m-%dT%H:%MZ")
    return -1, f"no_visit_at_that_time; nearest at {near['zone_id'].iloc[closest]} from {begun}"


def _windows(
    log: pd.DataFrame, matches: pd.DataFrame, visits: pd.DataFrame
) -> tuple[pd.DataFrame, list[WindowRow]]:
    """Clip the connections of each visit to it and to one another."""
    matches = matches.astype({"row": "int64", "visit": "int64"})
    rows: list[WindowRow] = []
    matched = matches[matches["visit"] >= 0]
    order = matched.assign(t0_ms=log["t0_ms"].reindex(matched["row"]).to_numpy()).sort_values(
        ["visit", "t0_ms", "row"]
    )
    end_ms = {int(visit): int(visits["t0_ms"][visit]) for visit in set(matched["visit"])}
    for at, row, visit in zip(order.index, order["row"], order["visit"], strict=True):
        record = log.loc[row]
        begin = max(int(record["t0_ms"]), end_ms[visit])
        end = min(int(record["t1_ms"]), int(visits["t1_ms"][visit]))
        if end <= begin:
            matches.loc[at, "reason"] = OVERLAPPED
            continue
        end_ms[visit] = end
        share = 0.0 if record["system"] == NOTHING else 1.0
        shares = (share, share, share)
        rows.append(
            (int(visit), begin, end, str(record["system"]), "log", shares, float(record["kwh"]), int(row))
        )
    return matches, rows

"""A list of calls against the calls that AIS shows: matched, only in AIS, only in the list.

The calls of a ship are matched in their order: as many pairs as can be made, and among those the ones whose
times differ least. A pair is a call and a row of one ship at one port that overlap in time, or begin within
the tolerance of each other. A row that no call fits becomes a call of its own, unless the ship was seen
elsewhere at the time: the list says where receivers heard nothing, not where they heard otherwise.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.tracks.calls import COLUMNS, HOURS, OTHER, moments, ports
from corridor.tracks.journeys import milliseconds
from corridor.tracks.quality import MS_PER_HOUR
from corridor.tracks.trajectories import OBSERVED, SIMULATED, Segments
from corridor.tracks.visits import FAR_NM, UNKNOWN
from layers.geodesy import NAUTICAL_MILE_M, distance_m

IntArray = npt.NDArray[np.int64]

MATCHED, ONLY_AIS, ONLY_LIST, NOT_COVERED = "matched", "only_ais", "only_list", "not_covered"
LISTED, FILLED = "listed", "filled"
LIST_FACTS = (
    "listed", "list_line", "listed_arrival_utc", "listed_departure_utc", "last_port", "next_port",
    "teu_on_board", "teu_moved",
)  # fmt: skip
CALL_COLUMNS = (*COLUMNS, *LIST_FACTS)
RECONCILED = (
    "vessel_id", "vessel", "status", "call_no", "list_line", "port", "berth_zone", "listed_berth",
    "all_fast_utc", "listed_arrival_utc", "arrival_difference_h", "sailed_utc", "listed_departure_utc",
    "departure_difference_h", "remark",
)  # fmt: skip
_EPOCH_END = 2**53


@dataclass(frozen=True, kw_only=True)
class MatchSettings:
    """When a row of a list and a call may be the same.

    Parameters
    ----------
    tolerance_h : float
        Arrivals that differ by no more may be one call even where the times do not overlap. [h]
    """

    tolerance_h: float = 48.0


def identify(listed: pd.DataFrame, ships: pd.DataFrame) -> pd.DataFrame:
    """Find the ship of each row of a list: by IMO number, else MMSI, else a name that one ship alone has.

    Of several ships with one number or name, that which was there at the time of arrival, if one alone was.

    Parameters
    ----------
    listed : pandas.DataFrame
        As `corridor.tracks.calllist.read_calls` gives it.
    ships : pandas.DataFrame
        The ships table: ship, imo, mmsi, name.

    Returns
    -------
    pandas.DataFrame
        The list with ``ship``, the row of the ships table, -1 where there is none.
    """
    found = np.full(len(listed), -1, np.int64)
    name = ships["name"].fillna("").map(_name)
    names = listed["vessel"].map(_name)
    for known, said in (
        (name, names.where((listed["imo"] == -1) & (listed["mmsi"] == -1), "")),
        (ships["mmsi"], listed["mmsi"]),
        (ships["imo"], listed["imo"]),
    ):
        ship = _one_each(known, said, ships, listed["arrival_utc"])
        found = np.where(ship == -1, found, ship)
    return listed.assign(ship=found)


def _one_each(
    known: "pd.Series[Any]", said: "pd.Series[Any]", ships: pd.DataFrame, arrival: "pd.Series[pd.Timestamp]"
) -> IntArray:
    """Number of the ship that each row names, -1 where none or more than one may be meant."""
    usable = ~known.isin([-1, ""])
    number = ships["ship"].to_numpy(np.int64)
    once = usable & ~known.duplicated(keep=False)
    found: IntArray = (
        said.map(dict(zip(known[once], number[once.to_numpy()], strict=True))).fillna(-1).to_numpy(np.int64)
    )
    several = usable & ~once
    if not several.any() or not {"first_ms", "last_ms"} <= set(ships):
        return found
    at_ms = milliseconds(arrival)
    for row in np.flatnonzero(said.isin(known[several])):
        there = several & (known == said.iloc[row])
        there &= (ships["first_ms"] <= at_ms[row]) & (at_ms[row] <= ships["last_ms"])
        if there.sum() == 1:
            found[row] = int(number[there.to_numpy()][0])
    return found


def _name(text: object) -> str:
    return "".join(letter for letter in str(text).upper() if letter.isalnum())


def without_list(calls: pd.DataFrame) -> pd.DataFrame:
    """Give calls the columns of a list that nobody gave."""
    none, empty = moments(np.full(len(calls), UNKNOWN)), pd.array([""] * len(calls), dtype="str")
    said = pd.DataFrame(
        {
            "listed": empty,
            "list_line": np.full(len(calls), -1, np.int64),
            "listed_arrival_utc": none,
            "listed_departure_utc": none,
            "last_port": empty,
            "next_port": empty,
            "teu_on_board": np.nan,
            "teu_moved": np.nan,
        },
        index=calls.index,
    )
    return pd.concat([calls, said], axis=1)


def reconcile(
    calls: pd.DataFrame,
    listed: pd.DataFrame,
    segments: Segments,
    settings: MatchSettings | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Match the calls of some ships with the rows of a list that are about them.

    Parameters
    ----------
    calls : pandas.DataFrame
        As `corridor.tracks.calls.find_calls` gives them.
    listed : pandas.DataFrame
        As `identify` gives it, of all ships.
    segments : Segments
        Segments the calls were found in: where else the ships were seen.
    settings : MatchSettings, optional
        Tolerance.

    Returns
    -------
    DataFrame, DataFrame
        The calls with what the list says of them and those that only the list knows; and the reconciliation,
        `RECONCILED`, differences being the list's time less that of AIS. [h]
    """
    tolerance_ms = (settings or MatchSettings()).tolerance_h * MS_PER_HOUR
    ship_of = dict(zip(segments.vessels["vessel_id"], segments.vessels["ship"].tolist(), strict=True))
    ships = calls["vessel_id"].map(ship_of).to_numpy(np.int64)
    known = without_list(calls)
    here = listed[listed["ship"].isin(segments.vessels["ship"])]
    rows = here.sort_values(["ship", "arrival_utc", "line"])
    covered = _covered(known, listed)
    pairs: dict[int, int] = {}
    for ship in np.unique(rows["ship"].to_numpy(np.int64)).tolist():
        table = rows[rows["ship"] == ship]
        at = np.flatnonzero(ships == ship)
        order = at[np.argsort(milliseconds(known["all_fast_utc"].iloc[at]), kind="stable")]
        for call, row in _aligned(known.iloc[order], table, tolerance_ms):
            pairs[int(order[call])] = int(table.index[row])
    matched = _overridden(known, listed, pairs, covered)
    left = here.drop(index=list(pairs.values())).sort_values(["ship", "arrival_utc", "line"])
    remarks = {row: _why_not(left.loc[row], matched, ships, segments, tolerance_ms) for row in left.index}
    more = [row for row in left.index if not remarks[row][1]]
    whole = _numbered(pd.concat([matched, _own(left.loc[more], segments)]) if more else matched)
    return whole, _report(whole, left, listed, remarks, segments)


def _covered(calls: pd.DataFrame, listed: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether the list would hold each call: it knows the port, and its own time holds the call's."""
    times = calls["all_fast_utc"].between(listed["arrival_utc"].min(), listed["arrival_utc"].max())
    covered: npt.NDArray[np.bool_] = (times & calls["port"].isin(listed["port"])).to_numpy()
    return covered


def _times_ms(table: pd.DataFrame, begin: str, end: str) -> tuple[IntArray, IntArray]:
    first = milliseconds(table[begin])
    last = milliseconds(table[end].fillna(table[begin]))
    return first, np.maximum(first, last)


def _aligned(calls: pd.DataFrame, rows: pd.DataFrame, tolerance_ms: float) -> list[tuple[int, int]]:
    """Pairs in order of time: as many as can be, then with the least difference of times."""
    begin, end = _times_ms(calls, "all_fast_utc", "sailed_utc")
    first, last = _times_ms(rows, "arrival_utc", "departure_utc")
    off = np.abs(begin[:, None] - first)
    differ = off + np.where(rows["departure_utc"].isna(), off, np.abs(end[:, None] - last))
    may = (off <= tolerance_ms) | ((begin[:, None] <= last) & (first <= end[:, None]))
    port, said = calls["port"].to_numpy(dtype=object), rows["port"].to_numpy(dtype=object)
    may &= (port[:, None] == said) | (said == "")
    best = _best(may.tolist(), differ.tolist())
    pairs, i, j = [], len(calls), len(rows)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]


def _best(may: list[list[bool]], differ: list[list[int]]) -> list[list[tuple[int, int]]]:
    """Most pairs, and less their least difference, of the first i calls and j rows."""
    width = len(differ[0]) + 1 if differ else 1
    best = [[(0, 0)] * width]
    for allowed, costs in zip(may, differ, strict=True):
        above, line = best[-1], [(0, 0)]
        for j, (fits, cost) in enumerate(zip(allowed, costs, strict=True)):
            most = max(above[j + 1], line[j])
            if fits:
                most = max(most, (above[j][0] + 1, above[j][1] - cost))
            line.append(most)
        best.append(line)
    return best


def _overridden(
    calls: pd.DataFrame, listed: pd.DataFrame, pairs: dict[int, int], covered: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    """Calls with what the list says of them; its times count where AIS did not see the ship come."""
    out = calls.reset_index(drop=True)
    if not len(out):
        return out
    out["listed"] = pd.Series(np.where(covered, ONLY_AIS, NOT_COVERED), dtype="str")
    at, rows = np.array(list(pairs), np.int64), listed.loc[list(pairs.values())]
    out.loc[at, "listed"] = MATCHED
    out.loc[at, "list_line"] = rows["line"].to_numpy()
    for name in ("arrival_utc", "departure_utc"):
        out.loc[at, f"listed_{name}"] = rows[name].array
    for name in ("last_port", "next_port", "teu_on_board", "teu_moved"):
        out.loc[at, name] = rows[name].array
    quay = rows["berth_zone"].to_numpy(dtype=object) != ""
    out.loc[at[quay], "berth_zone"] = rows["berth_zone"].to_numpy(dtype=object)[quay]
    unseen = (out["origin"] == FILLED) & (out["listed"] == MATCHED) & out["listed_departure_utc"].notna()
    unseen &= out["listed_departure_utc"] >= out["listed_arrival_utc"]
    for name, said in (("all_fast_utc", "listed_arrival_utc"), ("sailed_utc", "listed_departure_utc")):
        out.loc[unseen, name] = out.loc[unseen, said]
    return out


def _why_not(
    row: pd.Series, calls: pd.DataFrame, ships: IntArray, segments: Segments, tolerance_ms: float
) -> tuple[str, bool]:
    """Why a row has no call, and whether it is therefore none."""
    known = ports()
    if not row["port"] or row["port"] == OTHER:
        return "port unknown", True
    arrival = int(row["arrival_utc"].timestamp() * 1000)
    ends = row["departure_utc"] if pd.notna(row["departure_utc"]) else row["arrival_utc"]
    departure = max(arrival + MS_PER_HOUR, int(ends.timestamp() * 1000))
    same = (ships == row["ship"]) & (calls["port"] == row["port"]).to_numpy()
    begin, end = _times_ms(calls[same], "all_fast_utc", "sailed_utc")
    if ((begin <= departure) & (end >= arrival) | (np.abs(begin - arrival) <= tolerance_ms)).any():
        return "a second row of one call", True
    vessel = segments.vessels.loc[segments.vessels["ship"] == row["ship"], "vessel"]
    at = np.flatnonzero(np.isin(segments.vessel, vessel) & (segments.t0_ms < departure))
    at = at[segments.t1_ms[at] > arrival]
    place = known.place(str(row["port"]))
    middle_lat = np.full(len(at), known.lat[place]), np.full(len(at), known.lon[place])
    away = distance_m(segments.lat0[at], segments.lon0[at], *middle_lat) / NAUTICAL_MILE_M
    lasting = np.minimum(segments.t1_ms[at], departure) - np.maximum(segments.t0_ms[at], arrival)
    seen = np.isin(segments.origin[at], (OBSERVED, SIMULATED))
    if lasting[seen & (away > FAR_NM)].sum() > 0.5 * (departure - arrival):
        return f"seen {away[seen].min():.0f} nm away", True
    if lasting[seen].sum() > 0.5 * (departure - arrival):
        return "seen near the port, at no berth", False
    return "no AIS at that time", False


def _own(rows: pd.DataFrame, segments: Segments) -> pd.DataFrame:
    """Calls that only the list knows."""
    known = ports()
    ids = segments.vessels.drop_duplicates("ship").set_index("ship")["vessel_id"]
    place = [known.place(port) for port in rows["port"]]
    sailed = rows["departure_utc"].fillna(rows["arrival_utc"])
    sailed = sailed.where(sailed >= rows["arrival_utc"], rows["arrival_utc"])
    hours = (sailed - rows["arrival_utc"]).to_numpy() / np.timedelta64(1, "h")
    table: dict[str, Any] = {name: np.zeros(len(rows)) for name in HOURS}
    table |= {
        "vessel_id": rows["ship"].map(ids).astype("str").array,
        "port": rows["port"].array,
        "port_name": pd.Series([known.names[row] for row in place], dtype="str"),
        "berth_zone": rows["berth_zone"].array,
        "berths": rows["berth_zone"].array,
        "shifts": np.zeros(len(rows), np.int64),
        "lat": known.lat[place],
        "lon": known.lon[place],
        "all_fast_utc": rows["arrival_utc"].array,
        "sailed_utc": sailed.array,
        "from_utc": rows["arrival_utc"].array,
        "to_utc": sailed.array,
        "hours": hours,
        "hours_at_berth": hours,
        "observed_share": np.zeros(len(rows)),
        "origin": pd.Series(LISTED, index=range(len(rows)), dtype="str"),
        "listed": pd.Series(ONLY_LIST, index=range(len(rows)), dtype="str"),
        "list_line": rows["line"].to_numpy(),
        "listed_arrival_utc": rows["arrival_utc"].array,
        "listed_departure_utc": rows["departure_utc"].array,
    }
    table |= {name: rows[name].array for name in ("last_port", "next_port", "teu_on_board", "teu_moved")}
    frame = pd.DataFrame(table)
    for name in CALL_COLUMNS:
        if name not in frame:
            frame[name] = (
                pd.Series(pd.NaT, index=frame.index).dt.tz_localize("UTC")
                if name.endswith("_utc")
                else np.nan
            )
    return frame[list(CALL_COLUMNS)]


def _numbered(calls: pd.DataFrame) -> pd.DataFrame:
    """Calls by ship and time, numbered within each ship."""
    ordered = calls.sort_values(["vessel_id", "all_fast_utc", "list_line"], kind="stable")
    ordered = ordered.reset_index(drop=True)
    return ordered.assign(call_no=ordered.groupby("vessel_id").cumcount().to_numpy(np.int64) + 1)


def _report(
    calls: pd.DataFrame,
    left: pd.DataFrame,
    listed: pd.DataFrame,
    remarks: dict[int, tuple[str, bool]],
    segments: Segments,
) -> pd.DataFrame:
    """Put the reconciliation together: calls that the list covers, then rows that are no call."""
    facts = listed.set_index("line")
    kept = calls[calls["listed"] != NOT_COVERED].reset_index(drop=True)
    lines = left["line"].to_numpy(np.int64).tolist()
    why = {line: remarks[row][0] for line, row in zip(lines, left.index, strict=True)}
    said = facts.reindex(kept["list_line"])
    only_list = kept["listed"] == ONLY_LIST
    table = kept.assign(
        vessel=said["vessel"].fillna("").array,
        status=kept["listed"],
        listed_berth=said["berth"].fillna("").array,
        remark=[
            _joined(a, why.get(line, "")) for a, line in zip(said["remark"], kept["list_line"], strict=True)
        ],
    )
    for name in ("all_fast_utc", "sailed_utc"):
        table[name] = table[name].where(~only_list)
    none = [row for row, (_, is_none) in remarks.items() if is_none]
    ids = segments.vessels.drop_duplicates("ship").set_index("ship")["vessel_id"]
    rest = rows_alone(listed.loc[none], [remarks[row][0] for row in none])
    rest["vessel_id"] = listed.loc[none, "ship"].map(ids).astype("str").array
    parts = [part for part in (_differences(table), rest) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else rest


def _joined(first: Any, second: str) -> str:
    return "; ".join(part for part in ("" if pd.isna(first) else str(first), second) if part)


def _differences(table: pd.DataFrame) -> pd.DataFrame:
    hour = np.timedelta64(1, "h")
    for name, ais in (("arrival", "all_fast_utc"), ("departure", "sailed_utc")):
        table[f"{name}_difference_h"] = (table[f"listed_{name}_utc"] - table[ais]).to_numpy() / hour
    return table[list(RECONCILED)]


def rows_alone(rows: pd.DataFrame, why: "list[str] | str") -> pd.DataFrame:
    """Return rows of a list that are no call of any ship here, as the reconciliation has them."""
    said = [why] * len(rows) if isinstance(why, str) else why
    none = pd.Series(pd.NaT, index=rows.index).dt.tz_localize("UTC")
    table = pd.DataFrame(
        {
            "vessel_id": pd.Series([""] * len(rows), dtype="str"),
            "vessel": rows["vessel"].array,
            "status": pd.Series([ONLY_LIST] * len(rows), dtype="str"),
            "call_no": np.full(len(rows), -1, np.int64),
            "list_line": rows["line"].to_numpy(np.int64),
            "port": rows["port"].array,
            "berth_zone": pd.Series([""] * len(rows), dtype="str"),
            "listed_berth": rows["berth"].array,
            "all_fast_utc": none.array,
            "listed_arrival_utc": rows["arrival_utc"].array,
            "sailed_utc": none.array,
            "listed_departure_utc": rows["departure_utc"].array,
            "remark": pd.Series(
                [_joined(a, b) for a, b in zip(rows["remark"], said, strict=True)], dtype="str"
            ),
        }
    )
    return _differences(table)

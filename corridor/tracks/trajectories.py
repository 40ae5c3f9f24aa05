"""Clean fixes to segments: stays, legs between them, voyages, and the time nobody observed.

The time of a vessel is kept exactly: its stays, legs and unobserved gaps together last from its first to its
last fix.
"""

from collections import namedtuple
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.tracks import stays as standing
from corridor.tracks.quality import (
    MAX_KN,
    MISMATCH_KN,
    MS_PER_HOUR,
    NEAR_NM,
    SLACK_NM,
    Array,
    Fixes,
    fixes_of,
    sphere_nm,
    surely_within,
)
from corridor.tracks.stays import Limits
from layers.geodesy import reduced_distance_m, reduced_latitude
from layers.jit import borrowing, zero

# Status, draught and number of each row.
Evidence = tuple[Array, ...]

LEG, STAY = 0, 1
OBSERVED, FILLED, PLANNED, SIMULATED = 0, 1, 2, 3
GAP, IMPOSSIBLE = 10, 11
REASONS = {GAP: "gap", IMPOSSIBLE: "impossible_speed"}
STATUSES = 16


@dataclass(frozen=True)
class TraceSettings:
    """What decides how fixes become segments.

    Parameters
    ----------
    gap_limit_h : float
        A longer silence outside a stay is unobserved. [h]
    stay_radius_nm : float
        Half the side of the square that a ship at rest does not leave. [nm]
    stay_min : float
        The shortest stay. [min]
    voyage_stay_h : float
        After a stay this long a new voyage begins. [h]
    thin_s : float
        Legs are at least this long where fixes allow: 10 m of antenna noise at a fix every 13 s lengthens a
        path by 0.7 %, at one a minute by 0.05 %. No time is lost by it; 0 takes every fix. [s]
    """

    gap_limit_h: float = 6.0
    stay_radius_nm: float = 0.3
    stay_min: float = 30.0
    voyage_stay_h: float = 6.0
    thin_s: float = 60.0

    def limits(self) -> Limits:
        """Return the settings as the kernels take them. [ms, nm, ms, ms, ms]."""
        hour = MS_PER_HOUR
        return (
            self.gap_limit_h * hour,
            self.stay_radius_nm,
            self.stay_min * 60_000.0,
            self.voyage_stay_h * hour,
            self.thin_s * 1000.0,
        )


@dataclass(frozen=True)
class Segments:
    """Columns of the segments of a partition, by vessel and time; their vessels; what stays unobserved."""

    vessel: Array
    voyage: Array
    t0_ms: Array
    t1_ms: Array
    lat0: Array
    lon0: Array
    lat1: Array
    lon1: Array
    distance_m: Array
    sog_kn: Array
    draught_m: Array
    kind: Array
    origin: Array
    observed_ms: Array
    status: Array
    row_ref: Array
    vessels: pd.DataFrame
    unobserved: pd.DataFrame

    def __len__(self) -> int:
        return len(self.vessel)

    def columns(self) -> dict[str, Array]:
        """Return the columns by name."""
        return {name: getattr(self, name) for name in NAMES}

    @property
    def too_short(self) -> int:
        """Vessels of which a single fix is known: they have no segment."""
        return int((self.vessels["fixes"] < 2).sum())


NAMES = tuple(field.name for field in fields(Segments) if field.name not in {"vessels", "unobserved"})
"""Names of the columns of segments."""
TYPES = {
    **dict.fromkeys(("vessel", "voyage"), np.int32),
    **dict.fromkeys(("t0_ms", "t1_ms", "observed_ms"), np.int64),
    **dict.fromkeys(("sog_kn", "draught_m"), np.float32),
    **dict.fromkeys(("kind", "origin"), np.uint8),
    "status": np.int8,
}
# As kernels write them: numba knows tuples with names, not dataclasses.
Columns: Any = namedtuple("Columns", NAMES)  # type: ignore[misc]  # the names are those of Segments


def _room(rows: int, reference: np.dtype[Any]) -> Any:
    """Room for so many observed legs; `reference` is the type of the numbers of rows."""
    types = TYPES | {"row_ref": reference}
    return Columns(*(np.zeros(rows, types.get(name, np.float64)) for name in NAMES))


def trace(
    positions: Mapping[str, Array], settings: TraceSettings | None = None, ships: pd.DataFrame | None = None
) -> Segments:
    """Return the segments of clean positions sorted by ship, part and time.

    Parameters
    ----------
    positions : mapping of arrays
        As `corridor.tracks.quality.kept_rows` gives them; ``vessel_part`` and ``flags`` may be missing.
    settings : TraceSettings, optional
        Limits of gaps and stays.
    ships : DataFrame, optional
        The ships table, to name vessels by ``ship_key``.

    Examples
    --------
    >>> import numpy as np
    >>> hour = 3_600_000
    >>> moored = dict(ship=np.zeros(3, "i4"), t_ms=np.array([0, 1, 61]) * hour, lat=np.full(3, 33.75),
    ...     lon=np.full(3, -118.25), sog_kn=np.zeros(3, "f4"), draught_m=np.full(3, 12.0, "f4"),
    ...     status=np.zeros(3, "i1"), row_ref=np.arange(3))
    >>> segments = trace(moored)
    >>> segments.kind.tolist(), (segments.t1_ms - segments.t0_ms).tolist(), segments.observed_ms.tolist()
    ([1], [219600000], [3600000])
    """
    limits = (settings or TraceSettings()).limits()
    rows = len(positions["t_ms"])
    part = positions.get("vessel_part", np.zeros(rows, np.int16))
    flags = np.ascontiguousarray(positions.get("flags", np.zeros(rows, np.uint16)))
    edges = _vessel_edges(positions["ship"], part)
    fixes = fixes_of(positions)
    used = np.ones(rows, np.bool_)
    standing.usable(edges, flags, used)
    pieces = np.empty((2 * rows + 1, 5), np.int32)
    stays = np.empty((np.diff(edges).max(initial=0) + 1, 2), np.int64)
    count = _pieces(edges, used, fixes, limits, stays, pieces)
    vessels = _vessels(positions["ship"], part, edges, ships)
    return _assemble(pieces[:count], positions, used, fixes, limits, vessels)


def _vessel_edges(ship: Array, part: Array) -> npt.NDArray[np.int64]:
    if not len(ship):
        return np.zeros(1, np.int64)
    starts = np.flatnonzero((ship[1:] != ship[:-1]) | (part[1:] != part[:-1])) + 1
    return np.concatenate([[0], starts, [len(ship)]]).astype(np.int64)


def _vessels(ship: Array, part: Array, edges: Array, ships: pd.DataFrame | None) -> pd.DataFrame:
    first = edges[:-1]
    numbers, parts = ship[first], part[first]
    keys = numbers.astype(str) if ships is None else ships["ship_key"].to_numpy()[numbers]
    ids = [f"{key}/{p}" if p else str(key) for key, p in zip(keys, parts.tolist(), strict=True)]
    return pd.DataFrame(
        {
            "vessel": np.arange(len(first), dtype=np.int32),
            "ship": numbers,
            "part": parts,
            "vessel_id": pd.Series(ids, dtype="str"),
            "fixes": np.diff(edges),
        }
    )


@borrowing
def _pieces(edges: Array, used: Array, fixes: Fixes, limits: Limits, stays: Array, pieces: Array) -> int:
    """Write vessel, voyage, first and last fix and kind of each piece; return their number."""
    t_ms = fixes[0]
    count = zero()
    for v in range(len(edges) - 1):
        start, end = edges[v], edges[v + 1]
        found = standing.find_stays(start, end, used, fixes, limits, stays)
        voyage = zero()
        node = start
        for s in range(found):
            first, last = stays[s, 0], stays[s, 1]
            count, voyage = _legs(v, voyage, (node, first), used, fixes, limits, pieces, count)
            _put(pieces, count, v, voyage, first, last, STAY)
            count += 1
            if t_ms[last] - t_ms[first] >= limits[3]:
                voyage += 1
            node = last
        count, voyage = _legs(v, voyage, (node, end - 1), used, fixes, limits, pieces, count)
    return count


@borrowing
def _put(pieces: Array, k: int, v: int, voyage: int, first: int, last: int, kind: int) -> None:
    """Write a piece; a tuple assigned to a row would become an array of its own first."""
    pieces[k, 0], pieces[k, 1], pieces[k, 2], pieces[k, 3], pieces[k, 4] = v, voyage, first, last, kind


@borrowing
def _legs(
    v: int,
    voyage: int,
    ends: tuple[int, int],
    used: Array,
    fixes: Fixes,
    limits: Limits,
    pieces: Array,
    count: int,
) -> tuple[int, int]:
    """Legs from fix to fix; a long silence or an impossible step becomes a piece nobody observed."""
    t_ms, lat, lon = fixes[0], fixes[1], fixes[2]
    first, last = ends
    run, node = count, first
    previous = first
    for i in range(first + 1, last + 1):
        if not used[i]:
            continue
        step = t_ms[i] - t_ms[previous]
        reach = MAX_KN * step / MS_PER_HOUR
        near = surely_within(lat[previous], lon[previous], lat[i], lon[i], reach)
        nm = 0.0 if near else sphere_nm(lat[previous], lon[previous], lat[i], lon[i])
        if step > limits[0] or nm > SLACK_NM + reach:
            count = _close_run(v, voyage, node, previous, run, fixes, limits, pieces, count)
            _put(pieces, count, v, voyage, previous, i, GAP if step > limits[0] else IMPOSSIBLE)
            count += 1
            if step > limits[0] or nm > NEAR_NM:
                voyage += 1
            run, node = count, i
        elif t_ms[i] - t_ms[node] >= limits[4] and (
            (node == previous and nm * MS_PER_HOUR <= MAX_KN * step) or _possible(node, i, fixes)
        ):
            _put(pieces, count, v, voyage, node, i, LEG)
            count += 1
            node = i
        previous = i
    return _close_run(v, voyage, node, last, run, fixes, limits, pieces, count), voyage


@borrowing
def _close_run(
    v: int,
    voyage: int,
    node: int,
    last: int,
    run: int,
    fixes: Fixes,
    limits: Limits,
    pieces: Array,
    count: int,
) -> int:
    """End a run of legs at its last fix: a rest too short for a leg of its own prolongs the leg before."""
    t_ms = fixes[0]
    if node == last:
        return count
    while count > run and (t_ms[last] - t_ms[node] < limits[4] or not _possible(node, last, fixes)):
        count -= 1
        node = pieces[count, 2]
    _put(pieces, count, v, voyage, node, last, LEG if _possible(node, last, fixes) else IMPOSSIBLE)
    return count + 1


@borrowing
def _possible(i: int, j: int, fixes: Fixes) -> bool:
    """Whether the step from one fix to another needs at most 60 kn, or a speed that both of them report.

    A track at 65 kn, each of whose steps `clean` believed, was observed: its hours are nobody's hole.
    """
    t_ms, lat, lon, sog = fixes
    step = t_ms[j] - t_ms[i]
    if surely_within(lat[i], lon[i], lat[j], lon[j], MAX_KN * step / MS_PER_HOUR):
        return True
    most_kn = MAX_KN
    if sog[i] > MAX_KN and sog[j] > MAX_KN:
        most_kn = min(sog[i], sog[j]) + MISMATCH_KN
    return bool(sphere_nm(lat[i], lon[i], lat[j], lon[j]) * MS_PER_HOUR <= most_kn * step)


@borrowing
def _write(
    pieces: Array,
    used: Array,
    fixes: Fixes,
    evidence: Evidence,
    gap_ms: float,
    votes: Array,
    out: Any,
) -> None:
    """Write the columns of pieces that are segments: ends, length, speed, draught, observed time, status."""
    t_ms, lat, lon = fixes[0], fixes[1], fixes[2]
    k = 0
    # A leg mostly begins where the one before ended: its reduced latitude is known.
    before, sine, cosine = -1, 0.0, 1.0
    for piece in range(len(pieces)):
        if pieces[piece, 4] >= GAP:
            continue
        first, last = pieces[piece, 2], pieces[piece, 3]
        out.vessel[k], out.voyage[k] = pieces[piece, 0], pieces[piece, 1]
        out.t0_ms[k], out.t1_ms[k] = t_ms[first], t_ms[last]
        out.row_ref[k] = evidence[2][first]
        if pieces[piece, 4] == STAY:
            out.kind[k] = STAY
            middle = standing.centre(first, last, used, fixes)
            out.lat0[k], out.lon0[k] = middle
            out.lat1[k], out.lon1[k] = middle
        else:
            out.lat0[k], out.lon0[k] = lat[first], lon[first]
            out.lat1[k], out.lon1[k] = lat[last], lon[last]
            if first != before:
                sine, cosine = reduced_latitude(lat[first])
            sine1, cosine1 = reduced_latitude(lat[last])
            out.distance_m[k] = reduced_distance_m(sine, cosine, sine1, cosine1, lon[last] - lon[first])
            before, sine, cosine = last, sine1, cosine1
        out.sog_kn[k], out.observed_ms[k] = _way(first, last, used, fixes, gap_ms)
        out.status[k] = _commonest(first, last, evidence[0], votes)
        depth = first
        while depth < last and np.isnan(evidence[1][depth]):
            depth += 1
        out.draught_m[k] = evidence[1][depth]
        k += 1


@borrowing
def _way(first: int, last: int, used: Array, fixes: Fixes, gap_ms: float) -> tuple[float, int]:
    """Mean broadcast speed over time between two fixes, and how much of the time was observed. [kn, ms]."""
    t_ms, sog = fixes[0], fixes[3]
    speed, weight, observed = 0.0, 0.0, 0
    before = first
    for i in range(first + 1, last + 1):
        if not used[i]:
            continue
        step = t_ms[i] - t_ms[before]
        if step <= gap_ms:
            observed += step
        mean = 0.5 * (sog[before] + sog[i])
        if np.isnan(mean):
            mean = sog[i] if np.isnan(sog[before]) else sog[before]
        if not np.isnan(mean):
            speed += mean * step
            weight += step
        before = i
    return speed / weight if weight > 0 else np.nan, observed


@borrowing
def _commonest(first: int, last: int, status: Array, votes: Array) -> int:
    """Status that most fixes broadcast, the lower number of equals; -1 if none did."""
    same = first
    while same < last and status[same] == status[same + 1]:
        same += 1
    if same == last:
        return status[first] if 0 <= status[first] < STATUSES else -1
    votes[:] = 0
    for i in range(first, last + 1):
        if 0 <= status[i] < STATUSES:
            votes[status[i]] += 1
    most = 0
    for number in range(1, STATUSES):
        if votes[number] > votes[most]:
            most = number
    return most if votes[most] > 0 else -1


def _assemble(
    pieces: Array,
    positions: Mapping[str, Array],
    used: Array,
    fixes: Fixes,
    limits: Limits,
    vessels: pd.DataFrame,
) -> Segments:
    """Put the columns of segments and of unobserved gaps together from their first and last fixes."""
    gaps = pieces[pieces[:, 4] >= GAP]
    out = _room(len(pieces) - len(gaps), positions["row_ref"].dtype)
    evidence = tuple(np.ascontiguousarray(positions[name]) for name in ("status", "draught_m", "row_ref"))
    _write(pieces, used, fixes, evidence, limits[0], np.zeros(STATUSES, np.int64), out)
    t_ms, lat, lon = fixes[:3]
    return Segments(**out._asdict(), vessels=vessels, unobserved=_unobserved(gaps, t_ms, lat, lon))


def _unobserved(gaps: Array, t_ms: Array, lat: Array, lon: Array) -> pd.DataFrame:
    first, last = gaps[:, 2], gaps[:, 3]
    return pd.DataFrame(
        {
            "vessel": gaps[:, 0].astype(np.int32),
            "voyage": gaps[:, 1].astype(np.int32),
            "t0_ms": t_ms[first],
            "t1_ms": t_ms[last],
            "lat0": lat[first],
            "lon0": lon[first],
            "lat1": lat[last],
            "lon1": lon[last],
            "reason": pd.Series([REASONS[int(kind)] for kind in gaps[:, 4]], dtype="str"),
        }
    )

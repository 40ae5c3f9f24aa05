"""Which fixes to believe: duplicates, impossible jumps, wrong clocks, shared identities; flagged and counted.

A ship's fixes are dealt to parallel tracks, after the idea of gpsdio-segment: a fix joins the track it can
have come from at no more than 60 kn, the nearest if several; if none, it begins one. In the end the tracks of
a ship are judged together. The track with most fixes is the ship. Another one

* that alternates with it is another ship under the same identity, and becomes a part of its own;
* that lies wholly before or after it is the same ship, met again: it stays, and the jump is nobody's leg;
* that lies inside one of its gaps is displaced, and a short one is a teleport: neither is used.

A fix on the way that the ship took in the hours before is a message delivered late, and a teleport too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from layers.jit import borrowing, njit, zero

Array = npt.NDArray[Any]
Positions = Mapping[str, Array]
Fixes = tuple[Array, Array, Array, Array]

DUPLICATE = 1
CONFLICT = 2
TELEPORT = 4
CLOCK_FAULT = 8
DISPLACED = 16
ON_LAND = 32
DROPPED = DUPLICATE | CONFLICT | TELEPORT | CLOCK_FAULT | DISPLACED | ON_LAND
FROZEN = 256
SOG_MISMATCH = 512
SHARED_MMSI = 1024
NAMES = {
    "duplicate": DUPLICATE,
    "conflict": CONFLICT,
    "teleport": TELEPORT,
    "clock_fault": CLOCK_FAULT,
    "displaced": DISPLACED,
    "on_land": ON_LAND,
    "frozen": FROZEN,
    "sog_mismatch": SOG_MISMATCH,
    "shared_mmsi": SHARED_MMSI,
}

# No ship is faster; the slack is for antenna noise and for receivers that stamp a message some seconds late.
MAX_KN = 60.0
SLACK_NM = 0.2
# Faster than nearly all ocean-going ships: a step below this is likely.
LIKELY_KN = 30.0
# Established: from this many fixes on a track is no accident, and may become a ship of its own.
MIN_TRACK = 10
# A ship met again after a jump is believed from this many fixes on.
MIN_AGAIN = 3
# Turns from one track to the other that prove two ships at the same time.
MIN_TURNS = 3
# A fix that cannot be, but lies this near, is noise of the same ship and no sign of another. [nm]
NEAR_NM = 3.0
MAX_OPEN = 8
# A message delivered late puts the ship back on its own way of the last hours.
ECHO_MS, ECHO_ROWS, ECHO_NM = 12 * 3_600_000, 500, 0.5
YEAR_MS = 366 * 86_400_000
# Rows so far in time from the rest, and so few, bear a wrong date (1970, 2038, 1024 weeks).
ISLAND_SHARE = 0.1
# No seagoing ship is so far from the sea: Nanjing on the Yangtze and Portland on the Columbia are nearer.
INLAND_NM = 150.0
FROZEN_KN = 3.0
FROZEN_MS = 60_000
MISMATCH_KN = 5.0
MISMATCH_SHARE = 0.3
MISMATCH_MIN_MS, MISMATCH_MAX_MS = 30_000, 1_800_000
MS_PER_HOUR = 3_600_000.0
NM_PER_RADIAN = 3437.746770784939
# The greatest cosine within a degree of each whole degree of latitude: the most that a degree of longitude
# measures there, in degrees of latitude.
_WIDEST = np.cos(np.radians(np.maximum(np.arange(91.0) - 1.0, 0.0)))


@dataclass(frozen=True)
class Cleaned:
    """Flags and part of each row; 0 in ``vessel_part`` unless several ships share the identity."""

    flags: npt.NDArray[np.uint16]
    vessel_part: npt.NDArray[np.int16]

    @property
    def kept(self) -> npt.NDArray[np.bool_]:
        """True where no flag says to drop the row."""
        result: npt.NDArray[np.bool_] = (self.flags & DROPPED) == 0
        return result

    @property
    def counts(self) -> dict[str, int]:
        """Rows by reason, dropped and flagged; each dropped row has one dropping reason."""
        flags = self.flags[self.flags != 0]
        found = {name: int(np.count_nonzero(flags & bit)) for name, bit in NAMES.items()}
        return {name: count for name, count in found.items() if count}

    @property
    def dropped(self) -> dict[str, int]:
        """Dropped rows by reason."""
        return {name: count for name, count in self.counts.items() if NAMES[name] & DROPPED}


def clean(positions: Positions, inland: npt.NDArray[np.bool_] | None = None) -> Cleaned:
    """Return flags and vessel part of each row of a bucket sorted by ship and time.

    Nothing is removed; `kept_rows` does that. Cleaning what was cleaned flags nothing more to drop. Rows
    ``inland`` are where no ship can be.

    >>> import numpy as np
    >>> bucket = dict(ship=np.zeros(4, "i4"), t_ms=np.array([0, 0, 6, 12]) * 10_000,
    ...               lat=np.full(4, 33.0), lon=np.array([-118.0, -118.0, -118.002, -118.004]),
    ...               sog_kn=np.full(4, 6.0, "f4"))
    >>> clean(bucket).counts
    {'duplicate': 1}
    """
    rows = len(positions["t_ms"])
    flags = np.zeros(rows, np.uint16)
    if inland is not None:
        flags[inland] = ON_LAND
    part = np.zeros(rows, np.int16)
    track = np.full(rows, -1, np.int32)
    edges = ship_edges(positions["ship"])
    _clean_ships(edges, fixes_of(positions), flags, part, track)
    return Cleaned(flags, part)


def fixes_of(positions: Positions) -> Fixes:
    """Return time, latitude, longitude and speed as the kernels take them. [ms, degrees, degrees, kn]."""
    t_ms, lat, lon, sog = (np.ascontiguousarray(positions[n]) for n in ("t_ms", "lat", "lon", "sog_kn"))
    return t_ms, lat, lon, sog


def ship_edges(ship: Array) -> npt.NDArray[np.int64]:
    """Return where each ship's rows begin, and the number of rows at last.

    >>> ship_edges(np.array([0, 0, 3])).tolist()
    [0, 2, 3]
    """
    starts = np.flatnonzero(ship[1:] != ship[:-1]) + 1 if len(ship) else np.zeros(0, np.int64)
    return np.concatenate([[0], starts, [len(ship)]]).astype(np.int64) if len(ship) else np.zeros(1, np.int64)


def kept_rows(positions: Positions, cleaned: Cleaned) -> dict[str, Array]:
    """Return the rows not dropped, by ship, part and time, with ``flags`` and ``vessel_part``."""
    whole = dict(positions) | {"flags": cleaned.flags, "vessel_part": cleaned.vessel_part}
    kept = cleaned.kept
    if not cleaned.vessel_part.any():
        return {name: values[kept] for name, values in whole.items()} if not kept.all() else whole
    rows = np.flatnonzero(kept)
    order = rows[np.lexsort((rows, cleaned.vessel_part[rows], positions["ship"][rows]))]
    return {name: values[order] for name, values in whole.items()}


@borrowing
def sphere_nm(lat0: float, lon0: float, lat1: float, lon1: float) -> float:
    """Return the length on the sphere, flat where both ends are near; good to 0.5 %. [nm]."""
    dlat = (lat1 - lat0) * (np.pi / 180)
    dlon = lon1 - lon0
    if dlon > 180:
        dlon -= 360
    elif dlon < -180:
        dlon += 360
    dlon *= np.pi / 180
    mid = (lat0 + lat1) * (np.pi / 360)
    if abs(dlat) < 0.02 and abs(dlon) < 0.02 and abs(mid) < 1.3:
        east = dlon * np.cos(mid)
        return float(NM_PER_RADIAN * np.sqrt(dlat * dlat + east * east))
    sine = np.sin(dlat / 2)
    half = np.sin(dlon / 2)
    h = sine * sine + np.cos(lat0 * (np.pi / 180)) * np.cos(lat1 * (np.pi / 180)) * half * half
    return float(2 * NM_PER_RADIAN * np.arcsin(min(1.0, np.sqrt(h))))


@borrowing
def surely_within(lat0: float, lon0: float, lat1: float, lon1: float, nm: float) -> bool:
    """Whether `sphere_nm` cannot exceed a distance, told without trigonometry; if not, nothing is known.

    Nearly all steps of nearly all ships are told so.
    """
    north = lat1 - lat0
    east = (lon1 - lon0) * _WIDEST[int(abs(lat1))]
    # A degree is 60 nm; the hundredth is ample for rounding.
    return bool(abs(north) <= 1.0 and (north * north + east * east) * 3600.01 <= nm * nm)


@njit
def _clean_ships(edges: Array, fixes: Fixes, flags: Array, part: Array, track: Array) -> None:
    dealt = np.empty((4, MAX_OPEN), np.int64)
    for ship in range(len(edges) - 1):
        start, end = edges[ship], edges[ship + 1]
        flag_islands(start, end, fixes, flags)
        tracks = _deal_tracks(start, end, fixes, flags, track, dealt)
        if tracks > 1:
            _judge_tracks(start, end, tracks, fixes, flags, part, track)
        _flag_motion(start, end, fixes, flags, track)


@borrowing
def flag_islands(start: int, end: int, fixes: Fixes, flags: Array) -> None:
    """Flag few rows that lie more than a year from the ship's other rows: their clock was wrong."""
    t_ms = fixes[0]
    first = start
    for i in range(start, end):
        if i + 1 < end and t_ms[i + 1] - t_ms[i] <= YEAR_MS:
            continue
        alone = (first > start or i + 1 < end) and i + 1 - first <= ISLAND_SHARE * (end - start)
        if alone:
            for k in range(first, i + 1):
                if not flags[k] & ON_LAND:
                    flags[k] |= CLOCK_FAULT
        first = i + 1


@borrowing
def _deal_tracks(start: int, end: int, fixes: Fixes, flags: Array, track: Array, dealt: Array) -> int:
    """Give each row its track; flag duplicates, conflicts and near noise; return the number of tracks.

    ``dealt`` is room for the last fix of each open track, the one before it, its name and size.
    """
    t_ms, lat, lon, sog = fixes
    last, prior, name, size = dealt[0], dealt[1], dealt[2], dealt[3]
    last[:], prior[:], name[:], size[:] = -1, -1, 0, 0
    tracks = 0
    open_tracks = 0
    latest, established = 0, 0
    for i in range(start, end):
        if flags[i] & (CLOCK_FAULT | ON_LAND):
            continue
        if _goes_on(i, last[latest], open_tracks == 1, established == 1 and size[latest] >= MIN_TRACK, fixes):
            track[i] = name[latest]
            prior[latest] = last[latest]
            last[latest] = i
            size[latest] += 1
            established += size[latest] == MIN_TRACK
            continue
        best, near, same_time = -1, False, -1
        best_nm = 1e9
        for k in range(open_tracks):
            j = last[k]
            nm = sphere_nm(lat[j], lon[j], lat[i], lon[i])
            dt = t_ms[i] - t_ms[j]
            if nm <= NEAR_NM:
                near = True
                if dt == 0:
                    same_time = k
                    break
            if nm > SLACK_NM + _most_kn(sog[j], sog[i]) * dt / MS_PER_HOUR:
                continue
            if best < 0 or _better(nm, dt, size[k], best_nm, t_ms[i] - t_ms[last[best]], size[best]):
                best, best_nm = k, nm
        if same_time >= 0:
            _settle_same_time(i, same_time, last, name, fixes, flags, track)
        elif best >= 0:
            track[i] = name[best]
            prior[best] = last[best]
            last[best] = i
            size[best] += 1
            established += size[best] == MIN_TRACK
            latest = best
        elif near or _from_before(i, prior, fixes) or _is_echo(i, start, fixes, track):
            flags[i] |= TELEPORT
        else:
            slot = open_tracks
            if open_tracks < MAX_OPEN:
                open_tracks += 1
            else:
                slot = _least(size, last)
                established -= size[slot] >= MIN_TRACK
            last[slot], prior[slot], name[slot], size[slot] = i, -1, tracks, 1
            track[i] = tracks
            tracks += 1
    return tracks


@borrowing
def _goes_on(i: int, j: int, alone: bool, only_one: bool, fixes: Fixes) -> bool:
    """Whether a fix surely goes on with the track whose last fix is j, so that no other need be asked.

    It is the only open track, or the only established one and the step is likely: then `_better` says so too.
    """
    t_ms, lat, lon, sog = fixes
    # Fixes are in order of time: unless the fix before is as late, none is.
    if not (alone or only_one) or t_ms[i - 1] == t_ms[i]:
        return False
    hours = (t_ms[i] - t_ms[j]) / MS_PER_HOUR
    reach = SLACK_NM + _most_kn(sog[j], sog[i]) * hours if alone else LIKELY_KN * hours
    return surely_within(lat[j], lon[j], lat[i], lon[i], reach)


@borrowing
def _most_kn(sog0: float, sog1: float) -> float:
    """Speed to believe in between two fixes: beyond the usual only if the broadcast speed says so. [kn]."""
    if np.isnan(sog0) or np.isnan(sog1):
        return MAX_KN
    return min(MAX_KN, max(LIKELY_KN, 1.5 * max(sog0, sog1)))


@borrowing
def _from_before(i: int, prior: Array, fixes: Fixes) -> bool:
    """Whether a track could have come here from its last fix but one: then one of the two is ill-timed.

    No other ship is opened for it; in a few minutes the track can reach its fixes again.
    """
    t_ms, lat, lon, sog = fixes
    for k in range(len(prior)):
        j = prior[k]
        if j >= 0:
            nm = sphere_nm(lat[j], lon[j], lat[i], lon[i])
            if nm <= SLACK_NM + _most_kn(sog[j], sog[i]) * (t_ms[i] - t_ms[j]) / MS_PER_HOUR:
                return True
    return False


@borrowing
def _is_echo(i: int, start: int, fixes: Fixes, track: Array) -> bool:
    """Whether a fix lies on the way a track took in the hours before: a message delivered late."""
    t_ms, lat, lon = fixes[0], fixes[1], fixes[2]
    after = -1
    for j in range(i - 1, max(start, i - ECHO_ROWS) - 1, -1):
        if t_ms[i] - t_ms[j] > ECHO_MS:
            break
        if track[j] < 0:
            continue
        here = sphere_nm(lat[j], lon[j], lat[i], lon[i])
        if here <= ECHO_NM:
            return True
        if after >= 0 and track[after] == track[j]:
            there = sphere_nm(lat[after], lon[after], lat[i], lon[i])
            if here + there <= sphere_nm(lat[j], lon[j], lat[after], lon[after]) + ECHO_NM:
                return True
        after = j
    return False


@borrowing
def _better(nm: float, dt: float, size: int, best_nm: float, best_dt: float, best_size: int) -> bool:
    """Whether a track fits better: an established one at a likely speed, else the nearest."""
    sound = size >= MIN_TRACK and nm * MS_PER_HOUR <= LIKELY_KN * dt
    best_sound = best_size >= MIN_TRACK and best_nm * MS_PER_HOUR <= LIKELY_KN * best_dt
    if sound and best_size < MIN_TRACK:
        return True
    if best_sound and size < MIN_TRACK:
        return False
    return nm < best_nm


@borrowing
def _least(size: Array, last: Array) -> int:
    """Open track to give up: the one with fewest fixes, the longest silent among equals."""
    slot = 0
    for k in range(1, MAX_OPEN):
        if size[k] < size[slot] or (size[k] == size[slot] and last[k] < last[slot]):
            slot = k
    return slot


@borrowing
def _settle_same_time(
    i: int, k: int, last: Array, name: Array, fixes: Fixes, flags: Array, track: Array
) -> None:
    """Keep, of two fixes of a track at one time, the one whose step agrees with its speed."""
    t_ms, lat, lon, sog = fixes
    j = last[k]
    if lat[i] == lat[j] and lon[i] == lon[j]:
        flags[i] |= DUPLICATE
        return
    before = j - 1
    while before >= 0 and track[before] != name[k] and t_ms[before] <= t_ms[j] and j - before < 64:
        before -= 1
    swap = False
    if before >= 0 and track[before] == name[k] and t_ms[before] < t_ms[j]:
        hours = (t_ms[j] - t_ms[before]) / MS_PER_HOUR
        old = sphere_nm(lat[before], lon[before], lat[j], lon[j]) / hours
        new = sphere_nm(lat[before], lon[before], lat[i], lon[i]) / hours
        old_off = abs(old - sog[j]) if not np.isnan(sog[j]) else old
        new_off = abs(new - sog[i]) if not np.isnan(sog[i]) else new
        swap = new_off < old_off and new <= MAX_KN
    if swap:
        flags[j] |= CONFLICT
        track[j] = -1
        track[i] = name[k]
        last[k] = i
    else:
        flags[i] |= CONFLICT


@njit
def _judge_tracks(
    start: int, end: int, tracks: int, fixes: Fixes, flags: Array, part: Array, track: Array
) -> None:
    size = np.zeros(tracks, np.int64)
    first = np.zeros(tracks, np.int64)
    final = np.zeros(tracks, np.int64)
    for i in range(start, end):
        k = track[i]
        if k >= 0:
            if size[k] == 0:
                first[k] = i
            size[k] += 1
            final[k] = i
    main = zero()
    for k in range(1, tracks):
        if size[k] > size[main]:
            main = k
    turns = _turns(start, end, main, tracks, track)
    parts = np.zeros(tracks, np.int64)
    verdict = np.zeros(tracks, np.int64)
    shared = 1
    for k in range(tracks):
        if k == main:
            continue
        apart = final[k] < first[main] or first[k] > final[main]
        if turns[k] >= MIN_TURNS and size[k] >= MIN_TRACK:
            shared += 1
            parts[k] = shared
        elif apart and size[k] >= MIN_AGAIN:
            verdict[k] = 0
        else:
            verdict[k] = DISPLACED if size[k] >= MIN_TRACK else TELEPORT
    for i in range(start, end):
        k = track[i]
        if k < 0:
            continue
        if verdict[k]:
            flags[i] |= verdict[k]
        elif shared > 1:
            part[i] = max(parts[k], 1)
            flags[i] |= SHARED_MMSI
    _name_conflicts(start, end, fixes, flags)


@njit
def _turns(start: int, end: int, main: int, tracks: int, track: Array) -> Array:
    """How often each track was taken up again after a fix of the main one, or first begun."""
    turns = np.zeros(tracks, np.int64)
    main_fixes = 0
    seen = np.full(tracks, -1, np.int64)
    for i in range(start, end):
        k = track[i]
        if k == main:
            main_fixes += 1
        elif k >= 0 and seen[k] != main_fixes:
            seen[k] = main_fixes
            turns[k] += 1
    return turns


@borrowing
def _name_conflicts(start: int, end: int, fixes: Fixes, flags: Array) -> None:
    """Call a teleport at the time of a kept fix by its name: a conflict."""
    t_ms = fixes[0]
    i = start
    while i < end:
        j = i
        kept = False
        while j < end and t_ms[j] == t_ms[i]:
            kept = kept or not flags[j] & DROPPED
            j += 1
        for k in range(i, j):
            if kept and flags[k] & TELEPORT:
                flags[k] = (flags[k] & ~TELEPORT) | CONFLICT
        i = j


@borrowing
def _flag_motion(start: int, end: int, fixes: Fixes, flags: Array, track: Array) -> None:
    """Flag positions that stand still at speed, and speeds that the positions contradict."""
    t_ms, lat, lon, sog = fixes
    last = -1
    for i in range(start, end):
        if flags[i] & DROPPED:
            continue
        if last >= 0 and track[last] == track[i] and not np.isnan(sog[i]):
            dt = t_ms[i] - t_ms[last]
            if lat[i] == lat[last] and lon[i] == lon[last]:
                if dt >= FROZEN_MS and sog[i] > FROZEN_KN:
                    flags[i] |= FROZEN
            elif MISMATCH_MIN_MS <= dt <= MISMATCH_MAX_MS:
                # Two speeds below the tolerance do not differ by it.
                still_nm = MISMATCH_KN * dt / MS_PER_HOUR
                if sog[i] <= MISMATCH_KN and surely_within(lat[last], lon[last], lat[i], lon[i], still_nm):
                    last = i
                    continue
                kn = sphere_nm(lat[last], lon[last], lat[i], lon[i]) * MS_PER_HOUR / dt
                if abs(kn - sog[i]) > max(MISMATCH_KN, MISMATCH_SHARE * max(kn, sog[i])):
                    flags[i] |= SOG_MISMATCH
        last = i

"""The time around a ship's stops in port: when she came within 40 and 20 nm, and what she did there.

A visit lasts from the last time she came within 40 nm of the port to the first time she left it again; the
visits of a ship never overlap. Where a hole hides the crossing, the visit begins or ends at the hole, and the
time of the crossing stays unknown.
"""

from typing import NamedTuple

import numpy as np

from corridor.tracks.quality import MS_PER_HOUR, Array
from layers.geodesy import NAUTICAL_MILE_M, lambert_m
from layers.jit import borrowing, njit

NEAR_NM, FAR_NM = 20.0, 40.0
# On the plane a distance of 40 nm is wrong by less than this. [nm]
ROUGH_NM = 1.0
# A longer silence between two stops in one port may hide another port in between.
PARTING_MS = 24 * MS_PER_HOUR
SAME_PLACE_NM = 5.0
UNKNOWN = -1

# Columns of the times, sums and speeds of a visit.
ARRIVE_40, ARRIVE_20, ANCHORED, WEIGHED, LEAVE_20, LEAVE_40, FROM, TO = range(8)
BERTH, ANCHOR, WITHIN_20, WITHIN_40, UNSEEN, OBSERVED = range(6)
WAY, TIME, SLOW_WAY, FASTEST = range(4)
IN, OUT = 0, 1


class Tracks(NamedTuple):
    """Columns of segments that visits are measured in. [ms, degrees, m, kn]."""

    vessel: Array
    t0_ms: Array
    t1_ms: Array
    lat0: Array
    lon0: Array
    lat1: Array
    lon1: Array
    distance_m: Array
    sog_kn: Array
    observed_ms: Array
    stay: Array


class Stops(NamedTuple):
    """Segments at rest in a port: number of segment and port, and the middle of its rings. [degrees]."""

    segment: Array
    port: Array
    lat: Array
    lon: Array


class Visits(NamedTuple):
    """Times, sums and speeds of visits, a row each; -1 is an unknown time. [ms; ms; m, ms, m, kn]."""

    first: Array
    last: Array
    times_ms: Array
    sums_ms: Array
    speeds: Array


def visits(tracks: Tracks, stops: Stops, slow_kn: float) -> tuple[Array, Visits]:
    """Join stops to visits and measure the time around each.

    Parameters
    ----------
    tracks : Tracks
        Segments by vessel and time.
    stops : Stops
        Stops in the order of their segments.
    slow_kn : float
        Distance at this speed or less is counted apart. [kn]

    Returns
    -------
    array, Visits
        Number of the visit of each stop; the visits.
    """
    number = np.zeros(len(stops.segment), np.int64)
    count = _join(tracks, stops, number)
    out = Visits(
        np.zeros(count, np.int64),
        np.zeros(count, np.int64),
        np.full((count, 8), UNKNOWN, np.int64),
        np.zeros((count, 6)),
        np.zeros((count, 2, 2, 4)),
    )
    at_stop = np.zeros(len(tracks.vessel), np.bool_)
    at_stop[stops.segment] = True
    _measure(tracks, stops, number, at_stop, slow_kn, out)
    return number, out


@borrowing
def _apart_nm(lat: float, lon: float, at_lat: float, at_lon: float) -> float:
    """Distance of two places: exact near the rings; on the plane where only the side matters. [nm]."""
    east = at_lon - lon
    if east > 180.0:
        east -= 360.0
    elif east < -180.0:
        east += 360.0
    right = 60.0 * east * np.cos(0.5 * (at_lat + lat) * (np.pi / 180))
    plane = float(np.sqrt(right * right + 3600.0 * (at_lat - lat) ** 2))
    if abs(plane - NEAR_NM) > ROUGH_NM and abs(plane - FAR_NM) > ROUGH_NM:
        return plane
    return lambert_m(lat, lon, at_lat, lon + east) / NAUTICAL_MILE_M


@borrowing
def _away_nm(lat: float, lon: float, k: int, share: float, tracks: Tracks) -> float:
    """Distance of a place from where a ship was after some share of a segment. [nm]."""
    step = tracks.lon1[k] - tracks.lon0[k]
    if step > 180.0:
        step -= 360.0
    elif step < -180.0:
        step += 360.0
    at_lat = tracks.lat0[k] + share * (tracks.lat1[k] - tracks.lat0[k])
    return _apart_nm(lat, lon, at_lat, tracks.lon0[k] + share * step)


@borrowing
def _crossing(lat: float, lon: float, k: int, ring_nm: float, tracks: Tracks) -> float:
    """Share of a segment at which it crosses a ring; its ends lie on either side."""
    low, high = 0.0, 1.0
    inside = _apart_nm(lat, lon, tracks.lat0[k], tracks.lon0[k]) <= ring_nm
    for _ in range(40):
        middle = 0.5 * (low + high)
        if (_away_nm(lat, lon, k, middle, tracks) <= ring_nm) == inside:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


@borrowing
def _parted(first: int, last: int, lat: float, lon: float, tracks: Tracks) -> bool:
    """Whether a ship left the outer ring, or may have, between the ends of two segments."""
    for k in range(first + 1, last + 1):
        if tracks.t0_ms[k] - tracks.t1_ms[k - 1] > PARTING_MS:
            return True
        if k < last and _apart_nm(lat, lon, tracks.lat1[k], tracks.lon1[k]) > FAR_NM:
            return True
    return False


@borrowing
def _join(tracks: Tracks, stops: Stops, number: Array) -> int:
    """Number the visits of stops: stops in one port, between which the ship stayed near, are one visit."""
    count = 0
    for s in range(len(stops.segment)):
        k = stops.segment[s]
        if s:
            before = stops.segment[s - 1]
            lat, lon = stops.lat[s - 1], stops.lon[s - 1]
            same = tracks.vessel[before] == tracks.vessel[k] and stops.port[s - 1] == stops.port[s]
            near_m = SAME_PLACE_NM * NAUTICAL_MILE_M
            # Stops at ports without a name have rings of their own around the first berth.
            same = same and lambert_m(lat, lon, stops.lat[s], stops.lon[s]) <= near_m
            if same and not _parted(before, k, lat, lon, tracks):
                number[s] = count - 1
                continue
        number[s] = count
        count += 1
    return count


@borrowing
def _measure(
    tracks: Tracks, stops: Stops, number: Array, at_stop: Array, slow_kn: float, out: Visits
) -> None:
    for s in range(len(number)):
        if s == 0 or number[s] != number[s - 1]:
            out.first[number[s]] = stops.segment[s]
        out.last[number[s]] = stops.segment[s]
    rows, visit = len(tracks.vessel), 0
    for s in range(len(number)):
        if s and number[s] == number[s - 1]:
            continue
        visit = number[s]
        place = (stops.lat[s], stops.lon[s])
        first, last = out.first[visit], out.last[visit]
        low, since = first, tracks.t0_ms[first]
        while low > 0 and tracks.vessel[low - 1] == tracks.vessel[first] and not at_stop[low - 1]:
            low -= 1
        earlier = visit and tracks.vessel[out.last[visit - 1]] == tracks.vessel[first]
        since = out.times_ms[visit - 1, TO] if earlier else tracks.t0_ms[low]
        high = last + 1
        while high < rows and tracks.vessel[high] == tracks.vessel[last] and not at_stop[high]:
            high += 1
        follows = high < rows and tracks.vessel[high] == tracks.vessel[last]
        _stop(visit, place, at_stop, tracks, out)
        _come(visit, place, (low, since), slow_kn, tracks, out)
        _go(visit, place, (high, follows), slow_kn, tracks, out)


@borrowing
def _stop(visit: int, place: tuple[float, float], at_stop: Array, tracks: Tracks, out: Visits) -> None:
    """Sum the time from the first stop of a visit to its last."""
    sums = out.sums_ms[visit]
    for k in range(out.first[visit], out.last[visit] + 1):
        if k > out.first[visit]:
            sums[UNSEEN] += tracks.t0_ms[k] - tracks.t1_ms[k - 1]
        if tracks.stay[k]:
            sums[BERTH if at_stop[k] else ANCHOR] += tracks.t1_ms[k] - tracks.t0_ms[k]
            sums[OBSERVED] += tracks.observed_ms[k]
        else:
            lat, lon = place
            away = (
                _apart_nm(lat, lon, tracks.lat0[k], tracks.lon0[k]),
                _apart_nm(lat, lon, tracks.lat1[k], tracks.lon1[k]),
            )
            near = 1.0 if max(away) <= NEAR_NM else _near(k, 0.0, 1.0, place, away, tracks)
            _leg(tracks.t1_ms[k] - tracks.t0_ms[k], tracks.observed_ms[k], 1.0, near, sums)


@borrowing
def _near(
    k: int, begin: float, end: float, place: tuple[float, float], away: tuple[float, float], tracks: Tracks
) -> float:
    """Share of a segment between two of its points and in the inner ring; ``away``: distances of its ends."""
    lat, lon = place
    enters = away[0] <= NEAR_NM if begin == 0.0 else _away_nm(lat, lon, k, begin, tracks) <= NEAR_NM
    leaves = away[1] <= NEAR_NM if end == 1.0 else _away_nm(lat, lon, k, end, tracks) <= NEAR_NM
    if enters and leaves:
        return end - begin
    if not enters and not leaves:
        return 0.0
    middle = _crossing(lat, lon, k, NEAR_NM, tracks)
    return max(0.0, middle - begin) if enters else max(0.0, end - middle)


@borrowing
def _leg(lasting: int, observed: int, share: float, near: float, sums: Array) -> None:
    """Add the part of a leg to the hours within each ring."""
    sums[WITHIN_20] += near * lasting
    sums[WITHIN_40] += (share - near) * lasting
    sums[OBSERVED] += share * observed


@borrowing
def _speed(leg: tuple[int, float, float], whole: float, near: float, slow_kn: float, speeds: Array) -> None:
    """Add parts of a leg (ms, m, kn) to the distance, time and fastest speed within both rings."""
    lasting, way_m, speed = leg
    if np.isnan(speed):
        speed = way_m / NAUTICAL_MILE_M * MS_PER_HOUR / max(lasting, 1)
    for ring in range(2):
        share = near if ring == 0 else whole
        if share <= 0.0:
            continue
        speeds[ring, WAY] += share * way_m
        speeds[ring, TIME] += share * lasting
        if speed <= slow_kn:
            speeds[ring, SLOW_WAY] += share * way_m
        speeds[ring, FASTEST] = max(speeds[ring, FASTEST], speed)


@borrowing
def _come(
    visit: int,
    place: tuple[float, float],
    bound: tuple[int, int],
    slow_kn: float,
    tracks: Tracks,
    out: Visits,
) -> None:
    """Walk back from all fast to where the ship came within the outer ring, or was last lost."""
    lat, lon = place
    low, since = bound
    first = out.first[visit]
    times, sums, speeds = out.times_ms[visit], out.sums_ms[visit], out.speeds[visit, IN]
    times[FROM] = tracks.t0_ms[first]
    searching = True
    before = 0.0
    for k in range(first - 1, low - 1, -1):
        hole = tracks.t0_ms[k + 1] - tracks.t1_ms[k]
        # A leg ends where the next begins: its distance is known.
        joined = hole == 0 and k + 1 < first and not tracks.stay[k + 1] and not tracks.stay[k]
        after = before if joined else _apart_nm(lat, lon, tracks.lat1[k], tracks.lon1[k])
        before = _apart_nm(lat, lon, tracks.lat0[k], tracks.lon0[k])
        if after > FAR_NM or hole > PARTING_MS or tracks.t1_ms[k] <= since:
            return
        sums[UNSEEN] += hole
        if after > NEAR_NM and hole > 0 and _away_nm(lat, lon, k + 1, 0.0, tracks) <= NEAR_NM:
            searching = False
        lasting = tracks.t1_ms[k] - tracks.t0_ms[k]
        begin = max(0.0, (since - tracks.t0_ms[k]) / lasting)
        if tracks.stay[k]:
            sums[ANCHOR] += lasting * (1.0 - begin)
            sums[OBSERVED] += tracks.observed_ms[k] * (1.0 - begin)
            times[ANCHORED] = round(tracks.t0_ms[k] + begin * lasting)
            times[WEIGHED] = max(times[WEIGHED], tracks.t1_ms[k])
            times[FROM] = times[ANCHORED]
        else:
            if searching and before > NEAR_NM and after <= NEAR_NM:
                middle = _crossing(lat, lon, k, NEAR_NM, tracks)
                searching = False
                if middle >= begin:
                    times[ARRIVE_20] = round(tracks.t0_ms[k] + middle * lasting)
            if before > FAR_NM:
                middle = _crossing(lat, lon, k, FAR_NM, tracks)
                if middle >= begin:
                    begin = middle
                    times[ARRIVE_40] = round(tracks.t0_ms[k] + middle * lasting)
            plain = begin == 0.0 and max(before, after) <= NEAR_NM
            near = 1.0 if plain else _near(k, begin, 1.0, place, (before, after), tracks)
            _leg(lasting, tracks.observed_ms[k], 1.0 - begin, near, sums)
            leg = (lasting, tracks.distance_m[k], float(tracks.sog_kn[k]))
            _speed(leg, 1.0 - begin, near, slow_kn, speeds)
            times[FROM] = round(tracks.t0_ms[k] + begin * lasting)
        if begin > 0.0:
            return


@njit
def _go(
    visit: int,
    place: tuple[float, float],
    bound: tuple[int, bool],
    slow_kn: float,
    tracks: Tracks,
    out: Visits,
) -> None:
    """Walk on from the last stop to where the ship left the outer ring, or was lost.

    A ship that goes to her next port without leaving the ring is on her way there: that time is the next's.
    """
    lat, lon = place
    high, follows = bound
    last = out.last[visit]
    times, sums, speeds = out.times_ms[visit], out.sums_ms[visit].copy(), out.speeds[visit, OUT].copy()
    end, leave_20, leave_40, searching, gone = tracks.t1_ms[last], UNKNOWN, UNKNOWN, True, False
    after = 0.0
    for k in range(last + 1, high):
        hole = tracks.t0_ms[k] - tracks.t1_ms[k - 1]
        joined = hole == 0 and k > last + 1 and not tracks.stay[k - 1] and not tracks.stay[k]
        before = after if joined else _apart_nm(lat, lon, tracks.lat0[k], tracks.lon0[k])
        after = _apart_nm(lat, lon, tracks.lat1[k], tracks.lon1[k])
        if before > FAR_NM or hole > PARTING_MS:
            gone = True
            break
        sums[UNSEEN] += hole
        if before > NEAR_NM and hole > 0 and _away_nm(lat, lon, k - 1, 1.0, tracks) <= NEAR_NM:
            searching = False
        lasting, share = tracks.t1_ms[k] - tracks.t0_ms[k], 1.0
        if tracks.stay[k]:
            sums[ANCHOR] += lasting
            sums[OBSERVED] += tracks.observed_ms[k]
        else:
            if searching and after > NEAR_NM and before <= NEAR_NM:
                searching = False
                middle = _crossing(lat, lon, k, NEAR_NM, tracks)
                leave_20 = round(tracks.t0_ms[k] + middle * lasting)
            if after > FAR_NM:
                share = _crossing(lat, lon, k, FAR_NM, tracks)
                leave_40 = round(tracks.t0_ms[k] + share * lasting)
                gone = True
            plain = share == 1.0 and max(before, after) <= NEAR_NM
            near = 1.0 if plain else _near(k, 0.0, share, place, (before, after), tracks)
            _leg(lasting, tracks.observed_ms[k], share, near, sums)
            leg = (lasting, tracks.distance_m[k], float(tracks.sog_kn[k]))
            _speed(leg, share, near, slow_kn, speeds)
        end = round(tracks.t0_ms[k] + share * lasting)
        if gone:
            break
    if follows and not gone and tracks.t0_ms[high] - tracks.t1_ms[high - 1] <= PARTING_MS:
        times[TO], times[LEAVE_20] = tracks.t1_ms[last], leave_20
        return
    times[TO], times[LEAVE_20], times[LEAVE_40] = end, leave_20, leave_40
    out.sums_ms[visit], out.speeds[visit, OUT] = sums, speeds

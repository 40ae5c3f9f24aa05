"""Where a ship stood still: found first, holes included, in one pass over its fixes.

A stay is a run of fixes inside a square of twice the stay radius, from the first to the last fix at rest. The
square's middle is where an anchor would lie: a ship of 366 m on some 200 m of chain swings its antenna around
it by about 450 m, so that 0.3 nm (556 m) from the middle hold all of the swing and half a ship's length more;
neighbouring anchorages lie further apart. A square is the same for any order and number of fixes, and does
not follow a drifting ship as a running mean would.
"""

import numpy as np

from corridor.tracks.quality import FROZEN, MS_PER_HOUR, Array, Fixes, sphere_nm
from layers.jit import borrowing, zero

# Gap limit [ms], stay radius [nm], shortest stay, stay that ends a voyage, shortest leg [ms].
Limits = tuple[float, float, float, float, float]

# Faster than this at its end, a ship is arriving or leaving and not yet, or no longer, at rest. [kn]
MOVING_KN = 1.0
# From first to last fix a ship at rest gets nowhere; one drifting with wind and current does. [kn]
DRIFT_KN = 0.5
# So many fixes outside, for so long, are noise if the ship is back afterwards.
MOST_OUTSIDE = 3
OUTSIDE_MS = 1_800_000


@borrowing
def moving(i: int, start: int, end: int, fixes: Fixes) -> bool:
    """Whether the ship makes way at a fix: by its broadcast speed, else by the next fix."""
    t_ms, lat, lon, sog = fixes[0], fixes[1], fixes[2], fixes[3]
    if not np.isnan(sog[i]):
        return bool(sog[i] > MOVING_KN)
    j = i + 1 if i + 1 < end else i - 1
    if j < start or t_ms[j] == t_ms[i]:
        return False
    way = sphere_nm(lat[i], lon[i], lat[j], lon[j])
    return bool(way * MS_PER_HOUR > MOVING_KN * abs(t_ms[j] - t_ms[i]))


@borrowing
def _grow(i: int, end: int, used: Array, fixes: Fixes, limits: Limits) -> tuple[int, int]:
    """Longest run from fix i inside the square; its last fix and the first one outside."""
    t_ms, lat, lon = fixes[0], fixes[1], fixes[2]
    gap_ms, radius = limits[0], limits[1]
    south = north = lat[i]
    west = east = 0.0
    scale = 60.0 * np.cos(lat[i] * (np.pi / 180))
    last, outside, first_outside = i, 0, -1
    for j in range(i + 1, end):
        if not used[j]:
            continue
        if t_ms[j] - t_ms[last] > gap_ms and (moving(last, i, end, fixes) or moving(j, i, end, fixes)):
            if first_outside < 0:
                first_outside = j
            break
        x, y = lon[j] - lon[i], lat[j]
        if x > 180:
            x -= 360
        elif x < -180:
            x += 360
        high, wide = max(north, y) - min(south, y), max(east, x) - min(west, x)
        if high * 60 <= 2 * radius and wide * scale <= 2 * radius:
            south, north, west, east = min(south, y), max(north, y), min(west, x), max(east, x)
            last, outside, first_outside = j, 0, -1
            continue
        outside += 1
        if first_outside < 0:
            first_outside = j
        if outside > MOST_OUTSIDE or t_ms[j] - t_ms[last] > OUTSIDE_MS:
            break
    return last, first_outside


@borrowing
def find_stays(start: int, end: int, used: Array, fixes: Fixes, limits: Limits, stays: Array) -> int:
    """Write first and last fix of each stay of a vessel into ``stays``; return their number."""
    t_ms, lat, lon = fixes[0], fixes[1], fixes[2]
    count = zero()
    i = start
    while i < end:
        if not used[i]:
            i += 1
            continue
        last_in, outside = _grow(i, end, used, fixes, limits)
        first, last = i, last_in
        while first < last and (not used[first] or moving(first, start, end, fixes)):
            first += 1
        while last > first and (not used[last] or moving(last, start, end, fixes)):
            last -= 1
        lasting = t_ms[last] - t_ms[first]
        if lasting >= limits[2] and lasting > 0:
            way = sphere_nm(lat[first], lon[first], lat[last], lon[last])
            if way * MS_PER_HOUR <= DRIFT_KN * lasting:
                count = _add_stay(first, last, count, used, fixes, limits, stays)
                outside = last_in + 1
        i = outside if outside > i else last_in + 1
    return count


@borrowing
def _add_stay(
    first: int, last: int, count: int, used: Array, fixes: Fixes, limits: Limits, stays: Array
) -> int:
    """Add a stay, or prolong the one before if the ship was never away from it in between."""
    if count:
        earlier = stays[count - 1]
        if _same_place(earlier[0], earlier[1], first, last, used, fixes, limits):
            stays[count - 1, 1] = last
            return count
    stays[count, 0], stays[count, 1] = first, last
    return count + 1


@borrowing
def _same_place(
    first0: int, last0: int, first1: int, last1: int, used: Array, fixes: Fixes, limits: Limits
) -> bool:
    lat, lon = fixes[1], fixes[2]
    radius = limits[1]
    # Only the later half of a long stay is looked at: work stays proportional to what is new.
    near0 = max(first0, last0 - (last1 - first1) - 16)
    lat0, lon0 = centre(near0, last0, used, fixes)
    lat1, lon1 = centre(first1, last1, used, fixes)
    if sphere_nm(lat0, lon0, lat1, lon1) > radius:
        return False
    for i in range(last0 + 1, first1):
        if used[i] and sphere_nm(lat0, lon0, lat[i], lon[i]) > 2 * radius:
            return False
    return True


@borrowing
def centre(first: int, last: int, used: Array, fixes: Fixes) -> tuple[float, float]:
    """Mean place of the fixes of a stay, those far beyond the mean distance left out. [degrees]."""
    lat, lon = fixes[1], fixes[2]
    reach = 1e9
    mid_lat, mid_east = lat[first], 0.0
    for _ in range(2):
        north, east_sum, number, off = 0.0, 0.0, 0, 0.0
        for i in range(first, last + 1):
            if not used[i]:
                continue
            east = lon[i] - lon[first]
            if east > 180:
                east -= 360
            elif east < -180:
                east += 360
            if sphere_nm(mid_lat, lon[first] + mid_east, lat[i], lon[i]) <= reach:
                north += lat[i] - lat[first]
                east_sum += east
                number += 1
        mid_lat, mid_east = lat[first] + north / number, east_sum / number
        for i in range(first, last + 1):
            if used[i]:
                off += sphere_nm(mid_lat, lon[first] + mid_east, lat[i], lon[i])
        reach = 2 * off / (last - first + 1) + 0.01
    wrapped = lon[first] + mid_east
    if wrapped >= 180:
        wrapped -= 360
    elif wrapped < -180:
        wrapped += 360
    return mid_lat, wrapped


@borrowing
def usable(edges: Array, flags: Array, used: Array) -> None:
    """Mark the fixes of each vessel that tell a place: all but frozen ones between the first and the last."""
    for v in range(len(edges) - 1):
        for i in range(edges[v], edges[v + 1]):
            used[i] = not flags[i] & FROZEN or i == edges[v] or i == edges[v + 1] - 1

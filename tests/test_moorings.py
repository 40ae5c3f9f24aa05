"""Time at a berth: stays in one zone joined, unless the ship was away or nobody saw.

degrees north   0 quay 1   1 fairway 2   2 other quay 3
"""

from types import SimpleNamespace

import numpy as np
import pytest

from corridor.tracks.moorings import moorings

HOUR = 3_600_000
BERTH = np.array([True, False, True])


def zone_at(lat, _lon):
    return np.floor(lat).astype(np.int64)


def segments(*rows):
    """Rows of (vessel, hours from, hours to, latitude from, latitude to); a stay where both are one."""
    vessel, t0, t1, lat0, lat1 = np.array(rows, float).T
    return SimpleNamespace(
        vessel=vessel.astype(np.int32),
        t0_ms=(t0 * HOUR).astype(np.int64),
        t1_ms=(t1 * HOUR).astype(np.int64),
        lat0=lat0,
        lat1=lat1,
        lon0=np.zeros(len(lat0)),
        lon1=np.zeros(len(lat0)),
        kind=(lat0 == lat1).astype(np.uint8),
    )


CASES = {
    "a shift along the quay": ([(0, 0, 5, 0.2, 0.2), (0, 5, 6, 0.2, 0.8), (0, 6, 9, 0.8, 0.8)], [(0, 0, 9)]),
    "a stay at another quay": (
        [(0, 0, 5, 0.2, 0.2), (0, 5, 6, 0.2, 2.5), (0, 6, 9, 2.5, 2.5)],
        [(0, 0, 5), (2, 6, 9)],
    ),
    "away and back": (
        [(0, 0, 5, 0.2, 0.2), (0, 5, 6, 0.2, 1.5), (0, 6, 7, 1.5, 0.2), (0, 7, 9, 0.2, 0.2)],
        [(0, 0, 5), (0, 7, 9)],
    ),
    "a hole in between": ([(0, 0, 5, 0.2, 0.2), (0, 8, 9, 0.2, 0.2)], [(0, 0, 5), (0, 8, 9)]),
    "two stays that meet": ([(0, 0, 5, 0.2, 0.2), (0, 5, 9, 0.2, 0.2)], [(0, 0, 9)]),
    "two ships": ([(0, 0, 5, 0.2, 0.2), (1, 5, 9, 0.2, 0.2)], [(0, 0, 5), (0, 5, 9)]),
    "a stay in the fairway": ([(0, 0, 5, 1.2, 1.2)], []),
    "nothing": ([(0, 0, 5, 1.2, 1.8)], []),
}


@pytest.mark.parametrize("name", CASES)
def test_stays_become_moorings(name):
    rows, expected = CASES[name]
    found = moorings(segments(*rows), zone_at, BERTH)
    times = zip(found.zone, found.t0_ms / HOUR, found.t1_ms / HOUR, strict=True)
    assert [tuple(map(float, row)) for row in times] == [tuple(map(float, row)) for row in expected]
    assert len(found.segment) == len(found.mooring)
    assert set(found.mooring) == set(range(len(expected)))

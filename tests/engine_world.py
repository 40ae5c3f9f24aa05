"""A small world to send ships through the engine: two degrees of zones around a meridian, one register.

degrees east of the meridian   -2        -1         0      0.25     1         2
port zones                                          | berth |
                                          | approach |      | approach |
sulphur zones                                       | na_eca ------------------ ...  else: global
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from corridor.emissions.rules import calendar, rulebook
from corridor.plan import Plan
from corridor.tracks.trajectories import TraceSettings
from layers.lattice import Lattice
from layers.zones import ZoneIndex, ZoneSystem

MINUTE = 60_000
START = 1_704_866_400_000  # 2024-01-10T06:00:00Z
LAT = 30.0


def systems(east=0.0):
    """The two systems, ``east`` degrees further; beyond 180 in 0-360."""

    def box(*bounds):
        west, south, east_side, north = bounds
        west, east_side = west + east, east_side + east
        turn = 360.0 if west < -180.0 else 0.0
        return shapely.box(west + turn, south, east_side + turn, north)

    port = gpd.GeoDataFrame(
        {
            "zone_id": ["quay", "west_side", "east_side"],
            "kind": ["berth", "approach", "approach"],
            "port": ["LB", "", ""],
        },
        geometry=[box(0, 29, 0.25, 31), box(-1, 29, 0, 31), box(0.25, 29, 1, 31)],
        crs=4326,
    )
    sulphur = gpd.GeoDataFrame({"zone_id": ["na_eca"]}, geometry=[box(0, 25, 5, 35)], crs=4326)
    return ZoneSystem("port", port, "open_sea"), ZoneSystem("sulphur", sulphur, "global")


def plan(number_of_ships, east=0.0, **settings):
    """Plan for container ships named after their place in the table."""
    parts = systems(east)
    west = (east + 180.0) % 360.0 - 180.0
    lattice = Lattice(1.0, fine=4, windows=((west, 29.0, west + 1.0, 31.0),))
    n = np.arange(number_of_ships)
    ships = pd.DataFrame(
        {
            "ship": n.astype(np.int32),
            "ship_key": [f"MMSI{477999100 + i}" for i in n],
            "imo": -1,
            "mmsi": 477999100 + n,
            "name": [f"TEST {i}" for i in n],
            "ais_type": 71,
            "length_m": 300.0,
            "beam_m": 48.0,
        }
    )
    return Plan(
        ships=ships,
        register=None,
        systems=parts,
        index=ZoneIndex.build(parts, lattice),
        rulebook=rulebook(parts[1].zone_ids, calendar(START, START + 40 * 24 * 60 * MINUTE)),
        trace=TraceSettings(),
        **settings,
    )


def crossing(ship, *, east=0.0, fixes=40, knots=12.0, berth_h=3.0, lat=LAT, start=START):
    """A ship that comes from the west with a fix every six minutes, lies at the quay, and goes on east.

    Longitudes are multiples of 2**-20 degrees, so that whole degrees are added without rounding.
    """
    step_deg = knots * 6 / 60 / 60 / np.cos(np.radians(lat))
    before = fixes // 2
    lon = 0.125 + step_deg * (np.arange(fixes) - before + 1)
    t_ms = start + 6 * MINUTE * np.arange(fixes)
    t_ms[before:] += int(berth_h * 60) * MINUTE
    # Two fixes at rest, where the way meets the quay.
    rest = np.array([t_ms[before - 1] + MINUTE, t_ms[before - 1] + int(berth_h * 60 - 1) * MINUTE])
    t_ms = np.insert(t_ms, before, rest)
    lon = np.insert(lon, before, [lon[before - 1]] * 2)
    sog = np.insert(np.full(fixes, knots), before, [0.0, 0.0])
    lon = (np.round(lon * 2**20) / 2**20 + east + 180.0) % 360.0 - 180.0
    n = len(lon)
    return {
        "ship": np.full(n, ship, np.int32),
        "t_ms": t_ms.astype(np.int64),
        "lat": np.full(n, lat),
        "lon": lon,
        "sog_kn": sog.astype(np.float32),
        "draught_m": np.full(n, 13.0, np.float32),
        "status": np.zeros(n, np.int8),
        "row_ref": np.arange(n, dtype=np.int64),
    }


def fleet(number, **options):
    """Crossings of several ships, each a little faster, later and further north than the one before."""
    return [
        crossing(
            ship,
            knots=10.0 + 1.5 * ship,
            lat=LAT + 0.1 * ship,
            start=START + ship * 7 * 60 * MINUTE,
            **options,
        )
        for ship in range(number)
    ]


def bucket(path, tracks):
    """Write tracks, each of one ship, as a bucket."""
    tracks = sorted(tracks, key=lambda track: int(track["ship"][0]))
    columns = {name: np.concatenate([track[name] for track in tracks]) for name in tracks[0]}
    pq.write_table(pa.table(columns), path)
    return path

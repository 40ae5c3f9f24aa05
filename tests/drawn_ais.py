"""Small AIS files and tracks drawn by hand for tests."""

import numpy as np

HEADER = (
    "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,"
    "VesselType,Status,Length,Width,Draft,Cargo,TransceiverClass"
)
HEADER_2025 = (
    "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,"
    "vessel_type,status,length,width,draft,cargo,transceiver"
)
HOUR = 3_600_000
MINUTE = 60_000
START = 1_704_866_400_000  # 2024-01-10T06:00:00Z


def stamp(t_ms):
    return str(np.datetime64(int(t_ms), "ms"))[:19]


def line(i=0, mmsi="477999101", lat="33.70000", lon=None, **cells):
    """One row: ship ALPHA sails east from 119° W at about 12 kn, a fix every two minutes."""
    lon = f"{-119 + 0.008 * i:.5f}" if lon is None else lon
    values = {
        "time": stamp(START + 2 * MINUTE * i),
        "sog": "12.0",
        "cog": "90.0",
        "heading": "90.0",
        "name": "TEST ALPHA",
        "imo": "IMO9999010",
        "call": "VRTA1",
        "type": "70",
        "status": "0",
        "length": "299",
        "width": "48",
        "draft": "13.5",
    } | cells
    v = values
    return (
        f"{mmsi},{v['time']},{lat},{lon},{v['sog']},{v['cog']},{v['heading']},{v['name']},{v['imo']},{v['call']},"
        f"{v['type']},{v['status']},{v['length']},{v['width']},{v['draft']},70,A"
    )


def table(lines, header=HEADER, end="\n"):
    return (end.join([header, *lines]) + end).encode()


def old_to_2025(text):
    """The same rows in the 2025 order: longitude before latitude."""
    rows = [row.split(",") for row in text.splitlines()[1:]]
    return "\n".join([HEADER_2025, *(",".join([*r[:2], r[3], r[2], *r[4:]]) for r in rows)]) + "\n"


def track(t_ms, lat, lon, sog=12.0, ship=0):
    """Positions of one ship as the cleaning takes them."""
    n = len(t_ms)
    return {
        "ship": np.full(n, ship, np.int32),
        "t_ms": np.asarray(t_ms, np.int64),
        "lat": np.asarray(lat, np.float64) + np.zeros(n),
        "lon": (np.asarray(lon, np.float64) + np.zeros(n) + 180) % 360 - 180,
        "sog_kn": np.asarray(sog, np.float32) + np.zeros(n, np.float32),
        "draught_m": np.full(n, 12.0, np.float32),
        "status": np.zeros(n, np.int8),
        "row_ref": np.arange(n, dtype=np.int64),
    }


def together(*tracks):
    """Rows of several tracks by ship, time and latitude, as buckets hold them."""
    joined = {name: np.concatenate([t[name] for t in tracks]) for name in tracks[0]}
    order = np.lexsort((joined["lon"], joined["lat"], joined["t_ms"], joined["ship"]))
    return {name: values[order] for name, values in joined.items()}

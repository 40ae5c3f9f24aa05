"""What receivers hear of a simulated ship: report rates, satellite passes, holes, rounding and noise."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.simulation.schedule import Legs, Passage, Stay

FloatArray = npt.NDArray[np.float64]

# Reception by distance to the nearer end of a passage: shore stations, their edge, satellites beyond. [nm]
SHORE_NM, EDGE_NM = 70.0, 250.0
SHORE_INTERVAL_H = (1 / 60, 3 / 60)
EDGE_INTERVAL_H = (1.5 / 60, 7 / 60)
STAY_INTERVAL_H = (1.5 / 60, 4 / 60)
SATELLITE_WAIT_H, SATELLITE_MESSAGES, SATELLITE_SPACING_H = 0.5, 2.2, (0.1 / 60, 3.5 / 60)
# Holes: one in so many hours at sea; some stays; some crossings lose days over 180 degrees.
HOLE_EVERY_H, HOLE_RANGE_H = 45.0, (3.0, 12.0)
STAY_HOLE_SHARE, STAY_HOLE_PART = 0.4, (0.25, 0.6)
LONG_HOLE_SHARE, LONG_HOLE_RANGE_H = 0.3, (40.0, 120.0)
POSITION_NOISE_DEG, SWING_RADIUS_M, TIDE_H = 4e-5, 190.0, 12.42
METRES_PER_DEGREE = 111_195.0
MOORED, ANCHORED, UNDER_WAY = 5, 1, 0


def receive(legs: Legs, rng: np.random.Generator) -> pd.DataFrame:
    """Return the position reports of one ship that somebody heard, in order of time.

    Columns: ``hour``, ``LAT``, ``LON``, ``SOG``, ``COG``, ``Heading``, ``Status``, ``Draft``.
    """
    parts = [_hear_stay(leg, rng) if isinstance(leg, Stay) else _hear_passage(leg, rng) for leg in legs]
    reports = pd.concat(parts, ignore_index=True)
    # Two satellites may hear one message: a feed keeps the first of a second.
    first = np.diff(np.floor(reports["hour"] * 3600.0), prepend=-1.0) > 0
    reports = reports.loc[first].reset_index(drop=True)
    reports["LON"] = (reports["LON"] + 180.0) % 360.0 - 180.0
    rounded: pd.DataFrame = reports.round({"LAT": 5, "LON": 5, "SOG": 1, "COG": 1, "Heading": 0, "Draft": 1})
    return rounded


def _regular(rng: np.random.Generator, hours: float, interval_h: tuple[float, float]) -> FloatArray:
    """Instants from 0 to the end at random intervals of a range."""
    count = int(hours / interval_h[0]) + 2
    instants = np.cumsum(rng.uniform(*interval_h, count))
    return np.asarray(instants[instants < hours])


def _satellite(rng: np.random.Generator, hours: float) -> FloatArray:
    """Instants in bursts: a pass after an exponential wait, then a few messages close together."""
    passes = np.cumsum(rng.exponential(SATELLITE_WAIT_H, int(hours / SATELLITE_WAIT_H * 1.5) + 20))
    messages = 1 + rng.poisson(SATELLITE_MESSAGES, passes.size)
    first = np.repeat(np.cumsum(messages) - messages, messages)
    spacing = np.cumsum(rng.uniform(*SATELLITE_SPACING_H, messages.sum()))
    instants = np.repeat(passes, messages) + spacing - spacing[first]
    return np.sort(instants[instants < hours])


def _without(instants: FloatArray, holes: list[tuple[float, float]]) -> FloatArray:
    keep = np.ones(instants.size, dtype=bool)
    for start, end in holes:
        keep &= (instants < start) | (instants > end)
    return instants[keep]


def _hear_passage(passage: Passage, rng: np.random.Generator) -> pd.DataFrame:
    at = passage.start_h + _without(_passage_instants(passage, rng), _sea_holes(passage, rng))
    path = passage.path
    index = np.clip(np.searchsorted(passage.hour, at, side="right") - 1, 0, passage.hour.size - 2)
    noise = rng.normal(0.0, 1.0, (5, at.size))
    course = path.course_deg[index]
    return pd.DataFrame(
        {
            "hour": at,
            "LAT": np.interp(at, passage.hour, path.latitude_deg) + noise[0] * POSITION_NOISE_DEG,
            "LON": np.interp(at, passage.hour, path.longitude_deg) + noise[1] * POSITION_NOISE_DEG,
            "SOG": np.clip(np.interp(at, passage.hour, passage.speed_kn) + 0.12 * noise[2], 0.0, 40.0),
            "COG": (course + 1.2 * noise[3]) % 360.0,
            "Heading": np.floor((course + 2.0 * noise[4]) % 360.0),
            "Status": UNDER_WAY,
            "Draft": passage.draught_m,
        }
    )


def _passage_instants(passage: Passage, rng: np.random.Generator) -> FloatArray:
    """Hours after leaving at which something is heard, by the reception where the ship then is."""
    hours = passage.end_h - passage.start_h
    elapsed = passage.hour - passage.start_h
    miles = passage.path.distance_nm
    to_end = np.minimum(miles, miles[-1] - miles)
    shore = _regular(rng, hours, SHORE_INTERVAL_H)
    edge = _regular(rng, hours, EDGE_INTERVAL_H)
    satellite = _satellite(rng, hours)
    near = [np.interp(instants, elapsed, to_end) for instants in (shore, edge, satellite)]
    return np.sort(
        np.concatenate(
            [
                shore[near[0] < SHORE_NM],
                edge[(near[1] >= SHORE_NM) & (near[1] < EDGE_NM)],
                satellite[near[2] >= EDGE_NM],
            ]
        )
    )


def _sea_holes(passage: Passage, rng: np.random.Generator) -> list[tuple[float, float]]:
    """Holes of hours anywhere at sea, and sometimes one of days over 180 degrees [h after leaving]."""
    at_sea = passage.hour[passage.stage == "sea"] - passage.start_h
    if at_sea.size == 0:
        return []
    starts = rng.uniform(at_sea[0], at_sea[-1], rng.poisson((at_sea[-1] - at_sea[0]) / HOLE_EVERY_H))
    holes = [(float(start), float(start + rng.uniform(*HOLE_RANGE_H))) for start in starts]
    wrapped = (passage.path.longitude_deg + 180.0) % 360.0
    turn = np.flatnonzero(np.abs(np.diff(wrapped)) > 180.0)
    if turn.size and rng.random() < LONG_HOLE_SHARE:
        middle = float(passage.hour[turn[0]] - passage.start_h) + rng.uniform(-10.0, 10.0)
        half = float(rng.uniform(*LONG_HOLE_RANGE_H)) / 2.0
        holes.append((middle - half, middle + half))
    return holes


def _hear_stay(stay: Stay, rng: np.random.Generator) -> pd.DataFrame:
    hours = stay.end_h - stay.start_h
    holes = []
    if rng.random() < STAY_HOLE_SHARE:
        length = float(rng.uniform(*STAY_HOLE_PART)) * hours
        start = float(rng.uniform(0.1 * hours, 0.95 * hours - length))
        holes.append((start, start + length))
    at = _without(_regular(rng, hours, STAY_INTERVAL_H), holes)
    north_m, east_m, heading = _lie(stay, at, rng)
    return pd.DataFrame(
        {
            "hour": stay.start_h + at,
            "LAT": stay.place.latitude_deg + north_m / METRES_PER_DEGREE,
            "LON": stay.place.longitude_deg
            + east_m / METRES_PER_DEGREE / np.cos(np.deg2rad(stay.place.latitude_deg)),
            "SOG": np.abs(rng.normal(0.0, 0.07, at.size)),
            "COG": rng.uniform(0.0, 360.0, at.size).round(1) % 360.0,
            "Heading": np.floor(heading % 360.0),
            "Status": MOORED if stay.stage == "at_berth" else ANCHORED,
            "Draft": np.where(at < hours / 2.0, stay.draught_m, stay.draught_after_m),
        }
    )


def _lie(stay: Stay, at: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Offsets north and east and heading of a moored ship, or of one swinging round her anchor [m, m, °]."""
    noise = rng.normal(0.0, 1.0, (3, at.size))
    if stay.stage == "at_berth":
        return 4.0 * noise[0], 4.0 * noise[1], stay.place.heading_deg + 0.6 * noise[2]
    swing = stay.place.heading_deg + 70.0 * np.sin(2 * np.pi * (at / TIDE_H + rng.random()))
    towards = np.deg2rad(swing + 180.0)
    radius = SWING_RADIUS_M + 10.0 * noise[0]
    return radius * np.cos(towards), radius * np.sin(towards), swing + 3.0 * noise[2]

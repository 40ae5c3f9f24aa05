"""The faults of real AIS, put into clean reports and counted."""

from collections import Counter

import numpy as np
import pandas as pd

# Share of rows touched by each fault, of the order met in public AIS archives.
SHARE = {
    "position_not_available": 4e-4,
    "speed_not_available": 1e-3,
    "course_not_available": 8e-3,
    "heading_not_available": 8e-3,
    "draught_zero": 5e-3,
    "teleport": 3e-4,
    "repeated_row": 1e-3,
    "same_second_other_place": 5e-4,
    "out_of_order": 2e-3,
}
SENTINEL = {
    "position_not_available": {"LAT": 91.0, "LON": 181.0},
    "speed_not_available": {"SOG": 102.3},
    "course_not_available": {"COG": 360.0},
    "heading_not_available": {"Heading": 511.0},
    "draught_zero": {"Draft": 0.0},
}
OUT_OF_ORDER_ROWS = 400
# One ship never changes its status; another forgets "moored" when it sails.
ALWAYS_UNDER_WAY, FORGETS_MOORED, NO_DRAUGHT = 0, 2, 3
FORGOTTEN_H = 30.0


def spoil_reports(
    reports: pd.DataFrame, ship: int, rng: np.random.Generator, counts: Counter[str]
) -> pd.DataFrame:
    """Return one ship's reports with missing values, teleports, repeated rows and habits of its crew."""
    reports = _crew_habits(reports.copy(), ship, counts)
    for fault, values in SENTINEL.items():
        rows = np.flatnonzero(rng.random(len(reports)) < SHARE[fault])
        counts[fault] += rows.size
        for column, value in values.items():
            reports.loc[reports.index[rows], column] = value
    _teleport(reports, rng, counts)
    return _repeat(reports, rng, counts)


def _crew_habits(reports: pd.DataFrame, ship: int, counts: Counter[str]) -> pd.DataFrame:
    before = reports["Status"].copy()
    if ship == ALWAYS_UNDER_WAY:
        reports["Status"] = 0
    if ship == FORGETS_MOORED:
        sailed = reports.loc[reports["Status"] == 5, "hour"]
        gone = reports.loc[reports["Status"] == 0, "hour"].min()
        if len(sailed) and np.isfinite(gone):
            reports.loc[reports["hour"].between(gone, gone + FORGOTTEN_H), "Status"] = 5
    counts["status_wrong"] += int((reports["Status"] != before).sum())
    if ship == NO_DRAUGHT:
        reports["Draft"] = 0.0
        counts["draught_zero"] += len(reports)
    return reports


def _teleport(reports: pd.DataFrame, rng: np.random.Generator, counts: Counter[str]) -> None:
    """Move single fixes, now and then two in a row, by tens of degrees; in place."""
    first = np.flatnonzero(rng.random(len(reports)) < SHARE["teleport"])
    second = first[rng.random(first.size) < 0.3] + 1
    rows = np.union1d(first, second[second < len(reports)])
    known = rows[reports["LAT"].to_numpy()[rows] < 90.0]
    shift = rng.uniform(-1.0, 1.0, (2, known.size))
    index = reports.index[known]
    lat = reports.loc[index, "LAT"] + 25.0 * shift[0] + np.sign(shift[0]) * 3.0
    lon = reports.loc[index, "LON"] + 60.0 * shift[1] + np.sign(shift[1]) * 5.0
    reports.loc[index, "LAT"] = lat.clip(-80.0, 80.0).round(5)
    reports.loc[index, "LON"] = ((lon + 180.0) % 360.0 - 180.0).round(5)
    counts["teleport"] += known.size


def _repeat(reports: pd.DataFrame, rng: np.random.Generator, counts: Counter[str]) -> pd.DataFrame:
    """Append exact repeats, and rows of the same second from another place some hundred metres off."""
    same = reports[rng.random(len(reports)) < SHARE["repeated_row"]]
    moved = reports[
        (rng.random(len(reports)) < SHARE["same_second_other_place"]) & (reports["LAT"] < 90.0)
    ].copy()
    moved["LAT"] = (moved["LAT"] + rng.choice([-1, 1], len(moved)) * 0.004).round(5)
    counts["repeated_row"] += len(same)
    counts["same_second_other_place"] += len(moved)
    return pd.concat([reports, same, moved]).sort_values("hour", kind="stable", ignore_index=True)


def shuffle_some(rows: pd.DataFrame, rng: np.random.Generator, counts: Counter[str]) -> pd.DataFrame:
    """Return a time-ordered table in which some rows arrive late, up to a few hundred rows further down."""
    late = rng.random(len(rows)) < SHARE["out_of_order"]
    place = np.arange(len(rows), dtype=np.float64)
    place[late] += rng.uniform(1.0, OUT_OF_ORDER_ROWS, int(late.sum()))
    counts["out_of_order"] += int(late.sum())
    return rows.iloc[np.argsort(place, kind="stable")].reset_index(drop=True)


def loiter(
    hours: tuple[float, float], centre: tuple[float, float], rng: np.random.Generator, *, speed_kn: float
) -> pd.DataFrame:
    """Return the reports of a small craft going round and round a place at sea: no ship of the corridor.

    Parameters
    ----------
    hours : tuple of float
        First and last hour. [h]
    centre : tuple of float
        Latitude and longitude. [deg]
    rng : numpy.random.Generator
        The source of chance.
    speed_kn : float
        Speed through its circle of half a mile. [kn]

    Examples
    --------
    >>> craft = loiter((0.0, 2.0), (33.70, -118.20), np.random.default_rng(1), speed_kn=6.0)
    >>> bool(craft["LAT"].between(33.69, 33.71).all())
    True
    """
    instants = hours[0] + np.cumsum(rng.uniform(3 / 60, 8 / 60, int((hours[1] - hours[0]) * 20)))
    instants = instants[instants < hours[1]]
    angle = speed_kn / 0.5 * (instants - hours[0])
    lat = centre[0] + 0.5 / 60.0 * np.cos(angle)
    lon = centre[1] + 0.5 / 60.0 * np.sin(angle) / np.cos(np.deg2rad(centre[0]))
    course = (np.rad2deg(angle) + 90.0) % 360.0
    return pd.DataFrame(
        {
            "hour": instants,
            "LAT": lat.round(5),
            "LON": lon.round(5),
            "SOG": (speed_kn + rng.normal(0.0, 0.2, instants.size)).clip(0.0).round(1),
            "COG": course.round(1) % 360.0,
            "Heading": np.floor(course),
            "Status": 0,
            "Draft": 3.0,
        }
    )

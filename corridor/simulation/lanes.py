"""Berths, anchorages and hand-drawn lanes along which simulated ships sail.

Drawn apart from the lanes that fill gaps in real tracks, so that a simulated voyage can judge the filling.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Geod

from corridor import reference

FloatArray = npt.NDArray[np.float64]

METRES_PER_NM = 1852.0
ELLIPSOID = Geod(ellps="WGS84")
SHENZHEN_PORTS = ("YT", "SZW")
# Distance between the points of a track by the kind of its lane. [nm]
STEP_NM = {"exit": 0.05, "approach": 0.2, "ocean": 1.0}
MOORING_SPEED_KN = 1.5
ANCHORING_SPEED_KN = 2.5


@dataclass(frozen=True)
class Place:
    """A berth or an anchorage: where a simulated ship lies still."""

    port: str
    name: str
    kind: str
    latitude_deg: float
    longitude_deg: float
    heading_deg: float
    exit_lane: str


@dataclass(frozen=True)
class Waypoints:
    """Points of a way, the speed asked for there (NaN: the ship's own), how far ships stray [deg, kn, nm]."""

    latitude_deg: FloatArray
    longitude_deg: FloatArray
    speed_kn: FloatArray
    spread_nm: FloatArray
    kind: tuple[str, ...]

    def reverse(self) -> "Waypoints":
        """Return the same way in the other direction."""
        return self.part(slice(None, None, -1))

    def part(self, which: slice) -> "Waypoints":
        """Return a slice of the way."""
        return Waypoints(
            self.latitude_deg[which],
            self.longitude_deg[which],
            self.speed_kn[which],
            self.spread_nm[which],
            self.kind[which],
        )

    def __add__(self, other: "Waypoints") -> "Waypoints":
        """Return this way and then the other."""
        return Waypoints(
            np.concatenate([self.latitude_deg, other.latitude_deg]),
            np.concatenate([self.longitude_deg, other.longitude_deg]),
            np.concatenate([self.speed_kn, other.speed_kn]),
            np.concatenate([self.spread_nm, other.spread_nm]),
            self.kind + other.kind,
        )


@dataclass(frozen=True)
class Network:
    """All lanes by name and all places by port."""

    lanes: Mapping[str, Waypoints]
    ocean_lanes: tuple[str, ...]
    places: tuple[Place, ...]

    def berths(self, port: str) -> list[Place]:
        """Return the berths of a port.

        >>> network().berths("LA")[0].name
        'Pier 300'
        """
        return [place for place in self.places if place.port == port and place.kind == "berth"]

    def anchorages(self, port: str) -> list[Place]:
        """Return the anchorages of a port, none where nothing is drawn."""
        return [place for place in self.places if place.port == port and place.kind == "anchorage"]

    def approach(self, port: str, ocean_lane: str, *, inward: bool) -> Waypoints:
        """Return the way from a port's gate to the open sea, as ships go in or out.

        Ships of the northern lanes pass the Santa Barbara Channel, the others stay south of the islands.
        """
        if port in SHENZHEN_PORTS:
            return self.lanes["yantian_approach" if port == "YT" else "shenzhen_west_approach"]
        side = "south" if ocean_lane == "mid_pacific" else "north"
        return self.lanes[f"{port.lower()}_{side}_{'in' if inward else 'out'}"]


@cache
def network() -> Network:
    """Return the lanes and places that ship with the package.

    >>> sorted(network().ocean_lanes)
    ['luzon', 'mid_pacific', 'osumi']
    """
    table = reference.table("simulated_lanes_2026")
    lanes = {str(name): _waypoints(rows) for name, rows in table.groupby("lane", sort=False)}
    ocean = tuple(table.loc[table["kind"] == "ocean", "lane"].unique())
    places = reference.table("simulated_berths_2026").drop(columns="source").rename(columns={"place": "name"})
    places["exit_lane"] = places["exit_lane"].fillna("")
    return Network(lanes, ocean, tuple(Place(*row) for row in places.itertuples(index=False)))


def _waypoints(rows: pd.DataFrame) -> Waypoints:
    rows = rows.sort_values("order")
    return Waypoints(
        rows["latitude_deg"].to_numpy(np.float64),
        rows["longitude_deg"].to_numpy(np.float64),
        rows["speed_kn"].to_numpy(np.float64),
        rows["spread_nm"].to_numpy(np.float64),
        tuple(rows["kind"]),
    )


def place_waypoint(place: Place) -> Waypoints:
    """Return a berth or anchorage as a way of one point, left or reached dead slow."""
    speed = MOORING_SPEED_KN if place.kind == "berth" else ANCHORING_SPEED_KN
    kind = "exit" if place.kind == "berth" else "approach"
    return Waypoints(
        np.array([place.latitude_deg]),
        np.array([place.longitude_deg]),
        np.array([speed]),
        np.zeros(1),
        (kind,),
    )


@dataclass(frozen=True)
class Path:
    """A way drawn point by point along geodesics; longitudes run on past 180 [deg, nm, kn]."""

    latitude_deg: FloatArray
    longitude_deg: FloatArray
    distance_nm: FloatArray
    course_deg: FloatArray
    wanted_speed_kn: FloatArray
    kind: npt.NDArray[np.str_]


def draw(way: Waypoints, rng: np.random.Generator) -> Path:
    """Return a way as a dense path, its open-sea points strayed from at random.

    Kind is that of the leg's busier end: the last stretch before a gate is still approach.
    """
    lat, lon = _stray(way, rng)
    course, _, length_m = ELLIPSOID.inv(lon[:-1], lat[:-1], lon[1:], lat[1:])
    legs = [
        _leg(lat[i], lon[i], course[i], length_m[i], STEP_NM[_leg_kind(way.kind[i : i + 2])])
        for i in range(len(lat) - 1)
    ]
    kinds = np.concatenate(
        [np.repeat(_leg_kind(way.kind[i : i + 2]), len(leg[0])) for i, leg in enumerate(legs)]
    )
    at = np.concatenate([[0.0], np.cumsum(length_m)]) / METRES_PER_NM
    offsets = np.concatenate([at[i] + leg[2] for i, leg in enumerate(legs)])
    own = np.isnan(way.speed_kn)
    # The ship's own speed is taken as 99 kn here; the caller takes the smaller of the two.
    wanted = np.interp(offsets, at, np.where(own, 99.0, way.speed_kn))
    return Path(
        np.concatenate([leg[0] for leg in legs]),
        np.rad2deg(np.unwrap(np.deg2rad(np.concatenate([leg[1] for leg in legs])))),
        offsets,
        np.concatenate([leg[3] for leg in legs]) % 360.0,
        wanted,
        kinds,
    )


def _stray(way: Waypoints, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Waypoints moved within their spread; narrow places have none."""
    draws = np.clip(rng.normal(0.0, 1.0, (2, len(way.kind))), -1.5, 1.5)
    lat = way.latitude_deg + draws[0] * way.spread_nm / 60.0
    lon = way.longitude_deg + draws[1] * way.spread_nm / 60.0 / np.cos(np.deg2rad(lat))
    return lat, (lon + 180.0) % 360.0 - 180.0


def _leg_kind(ends: tuple[str, ...]) -> str:
    """Choose the finer of two kinds, but a gate's leg belongs to the approach."""
    if set(ends) == {"exit"}:
        return "exit"
    return "ocean" if "ocean" in ends else "approach"


def _leg(
    lat: float, lon: float, course: float, length_m: float, step_nm: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Points along one geodesic: latitude, longitude, distance from its start [nm], course."""
    count = max(2, int(np.ceil(length_m / METRES_PER_NM / step_nm)) + 1)
    along = np.linspace(0.0, length_m, count)
    lon_out, lat_out, back = ELLIPSOID.fwd(
        np.full(count, lon), np.full(count, lat), np.full(count, course), along
    )
    forward = np.asarray(back, dtype=np.float64) + 180.0
    forward[0] = course
    return np.asarray(lat_out), np.asarray(lon_out), along / METRES_PER_NM, forward

"""The way between two places: berth, harbour ways, a lane's points or the shortest way at sea, berth.

Where the coast is known (`corridor.reference.sea`: the northern Pacific) every leg keeps off land by miles,
in the port windows by a hundred metres. Elsewhere the lanes of the world lead, which are coarser
(`corridor.reference.lane_graph`). Nothing is moved without a word: what cannot be joined at sea is refused.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from corridor import reference
from corridor.errors import InputError
from corridor.tracks.gazetteer import PORT, Place, find_place
from layers.geodesy import NAUTICAL_MILE_M, distance_m
from layers.lanes import way_of
from layers.sea import NoWayError, Way

FloatArray = npt.NDArray[np.float64]
Point = tuple[float, float]
Given = str | tuple[float, float] | Place

SHENZHEN, SAN_PEDRO = ("YT", "SZW"), ("LB", "LA")
SHORTEST = "shortest"
# Ends nearer to each other than this lie in one bay: no ship goes out of the harbour ways between them. [nm]
ONE_BAY_NM = 60.0
# Anywhere that every coast of the northern Pacific can reach. [degrees]
OPEN_OCEAN = (30.0, -160.0)
# Coordinates this far inside the coast as mapped may still be meant for a quay. [nm]
INLAND_NM = 2.0
NO_SIDES: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Lane:
    """A lane between Shenzhen and San Pedro Bay, its points from west to east. [degrees]."""

    name: str
    name_en: str
    name_zh: str
    side: str
    points: tuple[Point, ...]
    places: tuple[str, ...]
    months: str
    months_source: str


@dataclass(frozen=True, eq=False)
class Route:
    """A planned way from berth to berth.

    Attributes
    ----------
    start, end : Place
        Ends.
    via : tuple of Place
        Places passed on the way, in order.
    lane : str
        Name of the lane, or ``shortest``.
    way : Way
        Where it bends; great circles between. [degrees, m]
    """

    start: Place
    end: Place
    via: tuple[Place, ...]
    lane: str
    way: Way

    @property
    def distance_nm(self) -> float:
        """Length. [nm]."""
        return self.way.length_m / NAUTICAL_MILE_M

    @property
    def direction(self) -> str:
        """Return eastbound or westbound: the way round in which the longitudes run."""
        turn = np.diff(np.unwrap(self.way.lon, period=360.0)).sum()
        return "eastbound" if turn >= 0 else "westbound"

    def __str__(self) -> str:
        """Return one line: ends, lane, length."""
        return f"{self.start} – {self.end}, {self.lane}: {self.distance_nm:,.0f} nm"


@cache
def lanes() -> dict[str, Lane]:
    """Lanes between Shenzhen and San Pedro Bay by name, the default one first.

    >>> list(lanes())
    ['osumi', 'great_circle', 'tsugaru', 'luzon', 'bering', 'southern']
    """
    points = reference.table("lanes/lane_points_2026").sort_values(["lane", "order"])
    found = {}
    for row in reference.table("lanes/lanes_2026").sort_values("order").to_dict("records"):
        own = points[points["lane"] == row["lane"]]
        found[str(row["lane"])] = Lane(
            name=str(row["lane"]),
            name_en=str(row["name_en"]),
            name_zh=str(row["name_zh"]),
            side=str(row["side"]),
            points=tuple(zip(own["lat"].astype(float), own["lon"].astype(float), strict=True)),
            places=tuple(own["place"]),
            months=_months(row["first_month"], row["last_month"]),
            months_source="" if row["months_source"] != row["months_source"] else str(row["months_source"]),
        )
    return found


def _months(first: Any, last: Any) -> str:
    """Months of use as written in tables; empty where no source says them."""
    return "" if np.isnan(first) else f"{int(first)}–{int(last)}"


def plan_route(
    start: Given,
    end: Given,
    *,
    via: Sequence[Given] = (),
    lane: str | None = None,
    harbour_ways: bool = True,
) -> Route:
    """Return the way at sea between two places, from berth to berth.

    Parameters
    ----------
    start, end : str, pair or Place
        Terminals, ports (English, Chinese, UN/LOCODE) or coordinates; see `corridor.tracks.gazetteer`.
    via : sequence of str, pair or Place
        Places to pass, in order.
    lane : str, optional
        Name of a lane of ``data/lanes/lanes_2026.csv``, or ``shortest``. Between Shenzhen and San Pedro Bay
        the first of them is taken where nothing is said, elsewhere the shortest way.
    harbour_ways : bool
        Whether to keep to the ways in and out of the ports; not where ``via`` says them itself.

    Raises
    ------
    InputError
        If a place or lane is unknown or ambiguous, or there is no way at sea.

    Examples
    --------
    >>> route = plan_route("Yantian", "Long Beach")
    >>> route.lane, 6_350 < route.distance_nm < 6_600
    ('osumi', True)
    >>> print(plan_route("Shekou", "Tokyo"))
    Shekou (szw_shekou) – Tokyo (JPTYO), shortest: 1,6... nm
    """
    ends = tuple(place if isinstance(place, Place) else find_place(place) for place in (start, end))
    passed = tuple(place if isinstance(place, Place) else find_place(place) for place in via)
    chosen = _chosen(ends[0], ends[1], passed, lane)
    try:
        for place in (*ends, *passed):
            _refuse_enclosed(place)
        ways = [
            _joined(_points(ends[0], ends[1], passed, chosen, out, home))
            for out in (_sides(ends[0], ends[1], chosen) if harbour_ways else NO_SIDES)
            for home in (_sides(ends[1], ends[0], chosen) if harbour_ways else NO_SIDES)
        ]
    except NoWayError as error:
        message = f"no way at sea from {ends[0]} to {ends[1]}: {error}; give --via places or another end"
        raise InputError("no_way", message) from None
    way = min(ways, key=lambda each: each.length_m)
    return Route(ends[0], ends[1], passed, chosen.name if chosen else SHORTEST, way)


def _refuse_enclosed(place: Place) -> None:
    """Refuse coordinates inland, or in a pond that the coast shows without a way out.

    A river port of the world's list is let through: lanes lead there where the coast of the ocean does not.
    """
    coast = reference.sea().coast
    if place.kind == PORT or not bool(coast.knows(*place.where)):
        return
    way = reference.sea().way(*place.where, *OPEN_OCEAN)
    # The way of a place on land begins with the nearest water.
    inland_nm = float(distance_m(*place.where, way.lat[1], way.lon[1])) / NAUTICAL_MILE_M
    if inland_nm > INLAND_NM and bool(coast.on_land(*place.where)):
        raise NoWayError("inland", f"{place} lies {inland_nm:.0f} nm inland")


def _chosen(start: Place, end: Place, via: Sequence[Place], lane: str | None) -> Lane | None:
    """Lane of a route: the one asked for, or the default one between the ports of the corridor."""
    known = lanes()
    if lane in known:
        _refuse_one_side(start, end, known[lane])
        return known[lane]
    if lane not in (None, SHORTEST):
        named = ", ".join([*known, SHORTEST])
        raise InputError(
            "unknown_lane", f"lane '{lane}' is unknown; known: {named} (data/lanes/lanes_2026.csv)"
        )
    across = {start.port in SHENZHEN, end.port in SHENZHEN} == {True, False} and (
        start.port in SAN_PEDRO or end.port in SAN_PEDRO
    )
    return next(iter(known.values())) if lane is None and across and not via else None


def _refuse_one_side(start: Place, end: Place, lane: Lane) -> None:
    if _from_west(start, lane) == _from_west(end, lane):
        ends = f"{start} and {end} lie on the same side of it"
        raise InputError(
            "lane_elsewhere", f"lane '{lane.name}' crosses the Pacific; {ends}; leave --lane out"
        )


def _from_west(place: Place, lane: Lane) -> bool:
    """Whether a place lies nearer to the western end of a lane."""
    gate = _harbour_points("LB", lane.side, "in")[-1]
    west, east = (float(distance_m(*place.where, *point)) for point in (lane.points[0], gate))
    return west < east


def _sides(place: Place, other: Place, lane: Lane | None) -> tuple[str, ...]:
    """Harbour ways that a ship may take there: the lane's own, else whichever makes the way shortest."""
    near_nm = float(distance_m(*place.where, *other.where)) / NAUTICAL_MILE_M
    if not place.port or near_nm < ONE_BAY_NM:
        return NO_SIDES
    if place.port not in SAN_PEDRO:
        return ("both",)
    return (lane.side,) if lane else ("harbour", "southern")


def _points(
    start: Place, end: Place, via: Sequence[Place], lane: Lane | None, out: str, home: str
) -> list[Point]:
    """Points that a route passes, ends included."""
    middle = [place.where for place in via]
    if lane and not via:
        middle = list(lane.points if _from_west(start, lane) else lane.points[::-1])
    elif lane:
        middle = _in_order(start, middle, lane)
    leaving = _harbour_points(start.port, out, "out") if out else ()
    arriving = _harbour_points(end.port, home, "in")[::-1] if home else ()
    return [start.where, *leaving, *middle, *arriving, end.where]


def _in_order(start: Place, via: list[Point], lane: Lane) -> list[Point]:
    """Points of a lane with places to pass put between them, where they lengthen the way least."""
    points = list(lane.points if _from_west(start, lane) else lane.points[::-1])
    for place in via:
        chain = [start.where, *points]
        added = [
            float(distance_m(*before, *place) + distance_m(*place, *after) - distance_m(*before, *after))
            for before, after in itertools.pairwise(chain)
        ]
        added.append(float(distance_m(*chain[-1], *place)))
        points.insert(int(np.argmin(added)), place)
    return points


@cache
def _harbour_points(port: str, side: str, direction: str) -> tuple[Point, ...]:
    """Points of a harbour way from the berths outwards; ``harbour`` is the part that all sides share."""
    table = reference.table("lanes/harbour_ways_2026")
    own = table[(table["port"] == port) & table["direction"].isin([direction, "both"])]
    if side == "harbour":
        own = own[(own["side"] == "south") & (own["reach"] == "harbour")]
    else:
        own = own[own["side"] == side]
    own = own.sort_values("order")
    return tuple(zip(own["lat"].astype(float), own["lon"].astype(float), strict=True))


def _joined(points: Sequence[Point]) -> Way:
    ways = [way_between(start, end) for start, end in itertools.pairwise(points) if start != end]
    return chained(ways) if ways else way_of([points[0], points[0]])


def chained(ways: Sequence[Way]) -> Way:
    """Put ways one behind the other. [degrees, m]."""
    lat = np.concatenate([ways[0].lat[:1], *(way.lat[1:] for way in ways)])
    lon = np.concatenate([ways[0].lon[:1], *(way.lon[1:] for way in ways)])
    return Way(lat, lon, sum(way.length_m for way in ways))


def way_between(start: Point, end: Point) -> Way:
    """Return the shortest way between two places: off the known coast, else over the lanes of the world.

    Raises
    ------
    NoWayError
        If a place lies inland, off the sphere, or in waters without a way out.
    """
    try:
        return reference.sea().way(*start, *end)
    except NoWayError:
        # River ports and seas beyond the window; places inland are refused there as well.
        return chained([_off_coast(*ends) for ends in _legs(reference.lane_graph().way(start, end))])


def _legs(way: Way) -> list[tuple[Point, Point]]:
    places = list(zip(way.lat.tolist(), way.lon.tolist(), strict=True))
    return list(itertools.pairwise(places))


def _off_coast(start: Point, end: Point) -> Way:
    """One leg of a lane, taken round the coast where that is known."""
    coast = reference.sea().coast
    if not (bool(coast.knows(*start)) and bool(coast.knows(*end))) or bool(coast.clear(*start, *end)):
        return way_of([start, end])
    try:
        return reference.sea().way(*start, *end)
    except NoWayError:
        # Rivers and lagoons: the lane leads where the coast of the ocean has no water.
        return way_of([start, end])

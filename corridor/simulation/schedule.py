"""What simulated ships really do: stays and passages with the truth of every hour and mile."""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from corridor.simulation.lanes import (
    Network,
    Path,
    Place,
    Waypoints,
    draw,
    place_waypoint,
)

FloatArray = npt.NDArray[np.float64]

# Own speed eastbound with full boxes and westbound with empties; draught as a share of the design draught.
SPEED_RANGE_KN = {"eastbound": (15.5, 20.0), "westbound": (13.5, 17.0)}
DRAUGHT_RANGE = {"eastbound": (0.82, 0.97), "westbound": (0.68, 0.86)}
BERTH_RANGE_H = {"LB": (34.0, 76.0), "LA": (34.0, 76.0), "YT": (12.0, 30.0), "SZW": (12.0, 30.0)}
ANCHOR_RANGE_H = (8.0, 48.0)
ANCHOR_SHARE = 0.45
# Only to choose a free berth before the crossing is timed.
EXPECTED_CROSSING_H = 15 * 24.0
# Weather slows and hastens by a few per cent over distances of a hundred miles or so.
WEATHER_DEVIATION, WEATHER_KNOT_NM = 0.05, 90.0
STAGE_OF_KIND = {"exit": "harbour", "approach": "approach", "ocean": "sea"}


@dataclass(frozen=True)
class Stay:
    """A ship at berth or at anchor [h since the start of the simulation]."""

    place: Place
    start_h: float
    end_h: float
    draught_m: float
    draught_after_m: float

    @property
    def stage(self) -> str:
        """The phase of the stay: at_berth or at_anchor."""
        return "at_berth" if self.place.kind == "berth" else "at_anchor"


@dataclass(frozen=True)
class Passage:
    """A ship under way from one place to the next, with its hour, speed and stage at each point."""

    origin: Place
    destination: Place
    path: Path
    hour: FloatArray
    speed_kn: FloatArray
    stage: npt.NDArray[np.str_]
    draught_m: float

    @property
    def start_h(self) -> float:
        """Hour of leaving."""
        return float(self.hour[0])

    @property
    def end_h(self) -> float:
        """Hour of arriving."""
        return float(self.hour[-1])


@dataclass(frozen=True)
class Voyage:
    """One crossing: what was decided before it was sailed."""

    direction: str
    ocean_lane: str
    own_speed_kn: float
    draught_m: float


@dataclass
class Harbourmaster:
    """Gives out berths and anchor places so that no two ships lie at the same spot."""

    network: Network
    taken: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def assign(self, choices: list[Place], start_h: float, end_h: float, rng: np.random.Generator) -> Place:
        """Return a free place for these hours, any place if all are taken."""
        free = [place for place in choices if self._is_free(place, start_h, end_h)] or choices
        place = free[int(rng.integers(len(free)))]
        self.taken.setdefault(place.name, []).append((start_h, end_h))
        return place

    def _is_free(self, place: Place, start_h: float, end_h: float) -> bool:
        return all(end_h < a - 3.0 or start_h > b + 3.0 for a, b in self.taken.get(place.name, []))


Legs = list[Stay | Passage]


def sail_ship(
    harbourmaster: Harbourmaster,
    rng: np.random.Generator,
    *,
    first_hour: float,
    direction: str,
    crossings: int,
    draught_ref_m: float,
) -> Legs:
    """Return a ship's stays and passages: a berth, a crossing, a berth, and so on in turn."""
    voyage = _plan(rng, direction, draught_ref_m)
    berth = _berth(harbourmaster, rng, _port(rng, eastern=direction == "westbound"), first_hour)
    end = first_hour + _berth_hours(rng, berth.port)
    stay = Stay(berth, first_hour, end, voyage.draught_m, voyage.draught_m)
    legs: Legs = []
    for crossing in range(crossings):
        if crossing:
            direction = "westbound" if direction == "eastbound" else "eastbound"
            voyage = _plan(rng, direction, draught_ref_m)
            # Cargo is worked in the middle of the stay: the draught of the next voyage applies from there.
            stay = replace(stay, draught_after_m=voyage.draught_m)
        legs.append(stay)
        way, stay = _cross(harbourmaster, rng, stay, voyage)
        legs += way
    return [*legs, stay]


def _port(rng: np.random.Generator, *, eastern: bool) -> str:
    if eastern:
        return "LB" if rng.random() < 0.75 else "LA"
    return "YT" if rng.random() < 0.65 else "SZW"


def _plan(rng: np.random.Generator, direction: str, draught_ref_m: float) -> Voyage:
    lane = str(rng.choice(["osumi", "luzon", "mid_pacific"], p=[0.45, 0.3, 0.25]))
    own_speed = float(rng.uniform(*SPEED_RANGE_KN[direction]))
    draught = round(float(rng.uniform(*DRAUGHT_RANGE[direction])) * draught_ref_m, 1)
    return Voyage(direction, lane, own_speed, draught)


def _berth_hours(rng: np.random.Generator, port: str) -> float:
    return float(rng.uniform(*BERTH_RANGE_H[port]))


def _berth(harbourmaster: Harbourmaster, rng: np.random.Generator, port: str, hour: float) -> Place:
    return harbourmaster.assign(
        harbourmaster.network.berths(port), hour, hour + max(BERTH_RANGE_H[port]), rng
    )


def _cross(
    harbourmaster: Harbourmaster, rng: np.random.Generator, stay: Stay, voyage: Voyage
) -> tuple[Legs, Stay]:
    """One crossing with the wait before its berth, if any; and the stay at its end."""
    port = _port(rng, eastern=voyage.direction == "eastbound")
    way_out = _way_out(harbourmaster.network, stay.place, voyage)
    way_in = harbourmaster.network.approach(port, voyage.ocean_lane, inward=True).reverse()
    legs: Legs = []
    origin, hour, way = stay.place, stay.end_h, way_out + way_in
    if harbourmaster.network.anchorages(port) and rng.random() < ANCHOR_SHARE:
        # The last point of the way in is the gate itself; ships turn off before it.
        wait = _wait(harbourmaster, rng, stay, voyage, way.part(slice(None, -1)), port)
        legs += wait
        origin, hour = wait[1].place, wait[1].end_h
        way = place_waypoint(origin) + way_in.part(slice(-2, None))
    expected = hour if legs else hour + EXPECTED_CROSSING_H
    berth = _berth(harbourmaster, rng, port, expected)
    to_berth = harbourmaster.network.lanes[berth.exit_lane].reverse() + place_waypoint(berth)
    passage = _sail(rng, origin, berth, way + to_berth, hour, voyage)
    end = passage.end_h + _berth_hours(rng, port)
    return [*legs, passage], Stay(berth, passage.end_h, end, voyage.draught_m, voyage.draught_m)


def _way_out(network: Network, berth: Place, voyage: Voyage) -> Waypoints:
    """From a berth across the ocean to where the approach of the other side begins."""
    ocean = network.lanes[voyage.ocean_lane]
    if voyage.direction == "westbound":
        ocean = ocean.reverse()
    approach = network.approach(berth.port, voyage.ocean_lane, inward=False)
    return place_waypoint(berth) + network.lanes[berth.exit_lane] + approach + ocean


def _wait(
    harbourmaster: Harbourmaster,
    rng: np.random.Generator,
    stay: Stay,
    voyage: Voyage,
    way: Waypoints,
    port: str,
) -> tuple[Passage, Stay]:
    """Cross to an anchorage and wait there."""
    expected = stay.end_h + EXPECTED_CROSSING_H
    anchorage = harbourmaster.assign(
        harbourmaster.network.anchorages(port), expected, expected + 2 * ANCHOR_RANGE_H[1], rng
    )
    passage = _sail(rng, stay.place, anchorage, way + place_waypoint(anchorage), stay.end_h, voyage)
    end = passage.end_h + float(rng.uniform(*ANCHOR_RANGE_H))
    return passage, Stay(anchorage, passage.end_h, end, voyage.draught_m, voyage.draught_m)


def _sail(
    rng: np.random.Generator, origin: Place, destination: Place, way: Waypoints, hour: float, voyage: Voyage
) -> Passage:
    """Draw a way and time it: the smaller of the wanted and the ship's own speed, weather included."""
    path = draw(way, rng)
    knots = np.arange(0.0, path.distance_nm[-1] + 2 * WEATHER_KNOT_NM, WEATHER_KNOT_NM)
    weather = np.clip(rng.normal(1.0, WEATHER_DEVIATION, knots.size), 0.85, 1.1)
    own = voyage.own_speed_kn * np.interp(path.distance_nm, knots, weather)
    speed = np.minimum(path.wanted_speed_kn, own)
    step = np.diff(path.distance_nm)
    hours = np.concatenate([[0.0], np.cumsum(2.0 * step / (speed[1:] + speed[:-1]))])
    stage = np.array([STAGE_OF_KIND[kind] for kind in path.kind])
    return Passage(origin, destination, path, hour + hours, speed, stage, voyage.draught_m)

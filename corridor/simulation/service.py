"""A weekly service that never sailed: six ships, eight round trips, and a list of its calls with mistakes.

The rotation stands in ``data/simulated_service_2026.csv``; the ships' particulars do not matter here. Reports
are thin: a year of the service is some 150,000 rows. The truth is kept by other means than those that read
it back: ways are drawn densely on the ellipsoid, and crossings are read off the drawn points.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import Geod

from corridor import reference
from corridor.identity import valid_imo

FloatArray = npt.NDArray[np.float64]

ELLIPSOID = Geod(ellps="WGS84")
METRES_PER_NM = 1852.0
ROUND_H, WEEK_H = 42 * 24.0, 7 * 24.0
# Drawn steps near a port and at sea; reports there, at sea and at rest. [nm, h]
PORT_NM, NEAR_STEP_NM, SEA_STEP_NM = 60.0, 0.1, 5.0
NEAR_REPORT_H, SEA_REPORT_H, STAY_REPORT_H = 0.1, 1.0, 0.5
HARBOUR_NM, HARBOUR_KN = 3.0, 5.0
RINGS_NM = (20.0, 40.0)
KEEPS_KN, FAST_KN, LIMIT_KN = 11.5, 14.5, 12.0
NOISE_DEG = 3e-5
# What is different in some rounds of some ships.
WAITS_H, SHIFT_H, SECOND_STAY_H = 16.0, 1.5, 20.0
FIRST_MMSI, FIRST_IMO_STEM = 499_270_001, 491_000
# Rounds without the call at Ningbo go straight across.
DIRECT_EVERY = 3
# Nobody hears this ship around this call. [ship, round, port]
UNHEARD = (3, 2, "KRPUS")
AIS_COLUMNS = (
    "MMSI", "BaseDateTime", "LAT", "LON", "SOG", "VesselName", "IMO", "VesselType", "Status", "Length",
    "Width", "Draft",
)  # fmt: skip
LISTED_PORTS = ("SZW", "YT", "LB", "KRPUS")


@dataclass(frozen=True)
class Berth:
    """Where a ship of the service lies."""

    port: str
    zone: str
    lat: float
    lon: float
    stay_h: float


@dataclass(frozen=True)
class ServiceTables:
    """A simulated service: reports, true calls and journeys, the list of calls, the truth of its mistakes."""

    ais: pd.DataFrame
    calls: pd.DataFrame
    journeys: pd.DataFrame
    listed: pd.DataFrame
    mistakes: pd.DataFrame


@dataclass(frozen=True)
class _Way:
    """A drawn passage: places, hours since it began, speed. [degrees, h, kn]."""

    lat: FloatArray
    lon: FloatArray
    hour: FloatArray
    speed_kn: FloatArray


def compose_service(
    seed: int, *, ships: int = 6, rounds: int = 8, start: str = "2026-01-05T00:00:00"
) -> ServiceTables:
    """Return a simulated weekly service, with the mistakes of its list of calls.

    Parameters
    ----------
    seed : int
        Seed of the random numbers.
    ships, rounds : int
        Ships, a week apart, and round trips of each, six weeks long.
    start : str
        First moment, UTC.

    Examples
    --------
    >>> service = compose_service(1, ships=1, rounds=1)
    >>> service.calls["port"].tolist(), service.journeys["via"].tolist()
    (['SZW', 'YT', 'LB', 'USOAK', 'KRPUS', 'SZW'], ['', 'USOAK; KRPUS'])
    """
    moment = pd.Timestamp(start, tz="UTC")
    reports, calls = [], []
    for ship in range(ships):
        rng = np.random.default_rng([seed, ship])
        heard, called = _sail(ship, rounds, rng)
        stem = FIRST_IMO_STEM + ship
        imo = int(stem * 10 + np.flatnonzero(valid_imo(stem * 10 + np.arange(10)))[0])
        name = f"SIM SERVICE {ship + 1}"
        reports.append(heard.assign(MMSI=FIRST_MMSI + ship, IMO=f"IMO{imo}", VesselName=name))
        calls.append(pd.DataFrame(called).assign(vessel_id=f"IMO{imo}", imo=imo, vessel=name))
    ais = pd.concat(reports, ignore_index=True).sort_values(["hour", "MMSI"], kind="stable")
    second = np.floor(ais["hour"].to_numpy() * 3600.0)
    time = moment + pd.to_timedelta(second, unit="s")
    ais = ais.assign(BaseDateTime=time.strftime("%Y-%m-%dT%H:%M:%S"), VesselType=71, Length=300, Width=43)
    truth = pd.concat(calls, ignore_index=True)
    for name in [str(column) for column in truth if str(column).endswith("_h")]:
        column = moment + pd.to_timedelta((truth[name] * 3600.0).round(), unit="s")
        truth[name.removesuffix("_h") + "_utc"] = pd.DatetimeIndex(column).as_unit("ms")
    listed, mistakes = _list(truth)
    return ServiceTables(
        ais.reset_index(drop=True)[list(AIS_COLUMNS)], truth, _journeys(truth), listed, mistakes
    )


def rotation() -> list[Berth]:
    """Return the berths of a round trip in their order.

    >>> [berth.port for berth in rotation()]
    ['SZW', 'YT', 'CNNGB', 'LB', 'USOAK', 'KRPUS']
    """
    table = reference.table("simulated_service_2026").sort_values("order").fillna("")
    names = ["port", "berth_zone", "latitude_deg", "longitude_deg", "stay_h"]
    return [Berth(*row) for row in table[names].itertuples(index=False, name=None)]


def _sail(ship: int, rounds: int, rng: np.random.Generator) -> tuple[pd.DataFrame, list[dict[str, object]]]:
    """Reports and true calls of one ship, in hours since the start of the simulation."""
    berths, hour = rotation(), ship * WEEK_H
    heard: list[pd.DataFrame] = []
    calls: list[dict[str, object]] = []
    anchorage, second = _others()
    before: Berth | None = None
    stops = [(number, berth) for number in range(rounds) for berth in berths]
    for number, berth in [*stops, (rounds, berths[0])]:
        if berth.port == "CNNGB" and (number + ship) % DIRECT_EVERY == 0:
            continue
        call: dict[str, object] = {"call_no": len(calls) + 1, "round": number, "port": berth.port}
        call |= {"zones": berth.zone, "anchored_h": np.nan, "weighed_h": np.nan, "unheard": False}
        keeps = (number + ship) % 2 == 0
        ways: list[tuple[float, _Way]] = []
        if before is not None:
            waits = berth.port == "LB" and number % 4 == 1
            for place in [anchorage, berth] if waits else [berth]:
                way = _draw(before, place, float(rng.uniform(16.0, 18.5)), keeps=keeps)
                heard.append(_under_way(way, hour, rng))
                ways.append((hour, way))
                hour += float(way.hour[-1])
                if place is anchorage:
                    heard.append(_at_rest(place, hour, hour + WAITS_H, rng, swing=1.5e-3))
                    call |= {"anchored_h": hour, "weighed_h": hour + WAITS_H}
                    hour += WAITS_H
                before = place
        if calls and before is not None:
            calls[-1] |= _crossings(ways[:1], str(calls[-1]["port"]), inward=False)
        call |= _crossings(ways, berth.port, inward=True)
        end = hour + berth.stay_h
        if berth is berths[0]:
            # The ship waits for her week.
            end = max(end, number * ROUND_H + ship * WEEK_H + berth.stay_h)
        heard.append(_at_rest(berth, hour, end, rng))
        call |= {"all_fast_h": hour, "shifts": 0}
        before = berth
        if berth.port == "LB" and number % 4 == 2:
            way = _draw(berth, second, HARBOUR_KN, keeps=True)
            heard.append(_under_way(way, end, rng))
            hour = end + float(way.hour[-1])
            end = hour + SECOND_STAY_H
            heard.append(_at_rest(second, hour, end, rng))
            call |= {"shifts": 1, "zones": f"{berth.zone}; {second.zone}"}
            before = second
        calls.append(call | {"sailed_h": end, "leave_20nm_h": np.nan, "leave_40nm_h": np.nan})
        hour = end
    reports = pd.concat(heard, ignore_index=True)
    for call in calls:
        if (ship, call["round"], call["port"]) == UNHEARD:
            silent = reports["hour"].between(
                float(str(call["all_fast_h"])) - 9, float(str(call["sailed_h"])) + 9
            )
            reports = reports[~silent]
            call["unheard"] = True
    return reports, calls


def _others() -> tuple[Berth, Berth]:
    """Return the anchorage off Long Beach, and the berth that some ships shift to."""
    table = reference.table("simulated_berths_2026").set_index("place")
    places = [
        [float(str(table.loc[name, column])) for column in ("latitude_deg", "longitude_deg")]
        for name in ("Commercial Anchorage F middle", "Middle Harbor")
    ]
    waiting = Berth("LB", "", places[0][0], places[0][1], WAITS_H)
    return waiting, Berth("LB", "lb_pier_e", places[1][0], places[1][1], SECOND_STAY_H)


def _draw(origin: Berth, goal: Berth, own_kn: float, *, keeps: bool) -> _Way:
    """Draw a way at sea densely, and time it: slow in harbour, at one speed or another within 40 nm."""
    way = reference.sea().way(origin.lat, origin.lon, goal.lat, goal.lon)
    course, _, length = ELLIPSOID.inv(way.lon[:-1], way.lat[:-1], way.lon[1:], way.lat[1:])
    ends = np.concatenate([[0.0], np.cumsum(length)]) / METRES_PER_NM
    whole = ends[-1]
    near = np.arange(0.0, min(PORT_NM, whole / 2), NEAR_STEP_NM)
    along = np.unique(np.concatenate([near, whole - near, np.arange(0.0, whole, SEA_STEP_NM)]))
    leg = np.clip(np.searchsorted(ends, along, side="right") - 1, 0, len(length) - 1)
    lon, lat, _ = ELLIPSOID.fwd(
        way.lon[:-1][leg], way.lat[:-1][leg], np.asarray(course)[leg], (along - ends[leg]) * METRES_PER_NM
    )
    middle = 0.5 * (along[1:] + along[:-1])
    to_end = np.minimum(middle, whole - middle)
    ring = min(own_kn, KEEPS_KN if keeps else FAST_KN)
    speed = np.where(to_end < HARBOUR_NM, HARBOUR_KN, np.where(to_end < max(RINGS_NM) + 5.0, ring, own_kn))
    hours = np.concatenate([[0.0], np.cumsum(np.diff(along) / speed)])
    return _Way(np.asarray(lat), np.asarray(lon), hours, np.append(speed, speed[-1]))


def _crossings(ways: list[tuple[float, _Way]], port: str, *, inward: bool) -> dict[str, object]:
    """When a ship crossed the rings around a port, and the share of her way in them at the limit or less."""
    facts = reference.rows("call_ports_2026", port=port).iloc[0]
    out: dict[str, object] = {}
    for ring in RINGS_NM:
        name, found, slow, whole = f"{'arrive' if inward else 'leave'}_{ring:.0f}nm_h", np.nan, 0.0, 0.0
        for begins, way in ways:
            same = np.full(len(way.lat), float(facts["lon"])), np.full(len(way.lat), float(facts["lat"]))
            away = np.asarray(ELLIPSOID.inv(*same, way.lon, way.lat)[2]) / METRES_PER_NM
            inside = away <= ring
            turns = np.flatnonzero(inside[1:] != inside[:-1])
            turn = -1
            if len(turns):
                turn = int(turns[-1] if inward else turns[0])
                share = (ring - away[turn]) / (away[turn + 1] - away[turn])
                found = begins + way.hour[turn] + share * (way.hour[turn + 1] - way.hour[turn])
            step = np.diff(way.hour) * way.speed_kn[:-1]
            part = slice(turn + 1, None) if inward else slice(0, turn + 1)
            whole += step[part].sum()
            slow += step[part][way.speed_kn[:-1][part] <= LIMIT_KN].sum()
        out[name] = found
        out[f"{'in' if inward else 'out'}_{ring:.0f}nm_slow_share"] = slow / whole if whole else np.nan
    return out


def _under_way(way: _Way, begins: float, rng: np.random.Generator) -> pd.DataFrame:
    """Reports of a passage, closer together near its ends."""
    last = way.hour[-1]
    close = PORT_NM / HARBOUR_KN / 2
    near = np.arange(NEAR_REPORT_H, min(close, last / 2), NEAR_REPORT_H)
    at = np.unique(np.concatenate([near, last - near, np.arange(SEA_REPORT_H, last, SEA_REPORT_H)]))
    at = at[(at > 0) & (at < last)]
    leg = np.clip(np.searchsorted(way.hour, at, side="right") - 1, 0, len(way.hour) - 2)
    lon = np.interp(at, way.hour, np.rad2deg(np.unwrap(np.deg2rad(way.lon))))
    return _reports(
        begins + at,
        (np.interp(at, way.hour, way.lat), lon),
        way.speed_kn[leg],
        rng.normal(0.0, NOISE_DEG, (2, at.size)),
        status=0,
    )


def _at_rest(
    berth: Berth, begin: float, end: float, rng: np.random.Generator, *, swing: float = 0.0
) -> pd.DataFrame:
    """Reports of a ship that lies at a quay, or swings around her anchor. [h, degrees]."""
    at = np.append(np.arange(begin, end - STAY_REPORT_H / 2, STAY_REPORT_H), end)
    noise = rng.normal(0.0, NOISE_DEG, (2, at.size))
    noise += swing * np.stack([np.cos(at), np.sin(at)])
    place = np.full(at.size, berth.lat), np.full(at.size, berth.lon)
    return _reports(at, place, np.zeros(at.size), noise, status=1 if swing else 5)


def _reports(
    hour: FloatArray,
    place: tuple[FloatArray, FloatArray],
    speed: FloatArray,
    noise: npt.NDArray[np.float64],
    *,
    status: int,
) -> pd.DataFrame:
    lon = (place[1] + noise[1] + 180.0) % 360.0 - 180.0
    return pd.DataFrame(
        {
            "hour": hour,
            "LAT": (place[0] + noise[0]).round(5),
            "LON": lon.round(5),
            "SOG": speed.round(1),
            "Status": status,
            "Draft": 12.5,
        }
    )


def _journeys(calls: pd.DataFrame) -> pd.DataFrame:
    """Read the true journeys off the true calls, ship by ship and call by call."""
    rows = []
    for ship, table in calls.groupby("vessel_id", sort=False):
        last: dict[str, object] | None = None
        via: list[str] = []
        for call in table.to_dict("records"):
            side = {"SZW": "west", "YT": "west", "LB": "east"}.get(call["port"])
            if side is None:
                via.append(str(call["port"]))
                continue
            if last is not None and last["side"] != side:
                row = {"vessel_id": ship, "direction": f"{side}bound", "from_port": last["port"]}
                row |= {"to_port": call["port"], "via": "; ".join(via), "direct": not via}
                rows.append(row | {"depart_utc": last["sailed_utc"], "arrive_utc": call["all_fast_utc"]})
            last, via = {str(name): value for name, value in call.items()} | {"side": side}, []
    return pd.DataFrame(rows)


def _list(calls: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write the list of calls with its mistakes, and what each mistake is."""
    kept = calls[calls["port"].isin(LISTED_PORTS)].reset_index(drop=True)
    listed = kept[["imo", "vessel", "port", "zones", "all_fast_utc", "sailed_utc"]].copy()
    listed["mistake"], listed["call_no"], listed["vessel_id"] = "", kept["call_no"], kept["vessel_id"]
    listed["berth"] = listed.pop("zones").str.partition("; ")[0]
    listed["shift_h"] = 0.0
    every = max(1, len(listed) // 12)
    for number, (mistake, shift) in enumerate(
        [("late", 24.0), ("early", -9.0), ("missing", 0.0), ("wrong digit", 0.0), ("no ship", 0.0)] * 2
    ):
        row = every * (number + 1)
        if row < len(listed) and not kept["unheard"][row]:
            listed.loc[row, "mistake"] = mistake
            listed.loc[row, "shift_h"] = shift
    wrong = listed["mistake"].isin(["wrong digit", "no ship"])
    listed.loc[wrong, "imo"] += 1
    listed.loc[listed["mistake"] == "no ship", "vessel"] = ""
    moved = pd.to_timedelta(listed["shift_h"], unit="h")
    listed["arrival_utc"], listed["departure_utc"] = (
        listed["all_fast_utc"] + moved,
        listed["sailed_utc"] + moved,
    )
    extra = listed[(listed["port"] == "LB") & (listed["mistake"] == "")].iloc[::5].copy()
    for name in ("arrival_utc", "departure_utc"):
        # Ten days after Long Beach the ship is in mid-ocean.
        extra[name] += pd.Timedelta(days=10)
    mistakes = pd.concat([listed, extra.assign(mistake="extra", call_no=-1)], ignore_index=True)
    rows = mistakes[mistakes["mistake"] != "missing"].copy()
    rows["arrival"] = rows["arrival_utc"].dt.strftime("%Y-%m-%d %H:%M")
    rows["departure"] = rows["departure_utc"].dt.strftime("%Y-%m-%d %H:%M")
    names = ["imo", "vessel", "port", "berth", "arrival", "departure"]
    return rows[names].reset_index(drop=True), mistakes.reset_index(drop=True)

"""Planned voyages as positions, as if they had been sailed: the same table as from AIS, marked as planned.

A ship keeps the speed asked for at sea and slows near its berths as ``data/lanes/harbour_speeds_2026.csv``
says. Positions carry no reported speed, so that distance over time is the speed, and no observed hour.
"""

import hashlib
import json
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from corridor import reference
from corridor.errors import InputError
from corridor.tracks.buckets import FILE_SHIFT, ROW
from corridor.tracks.gazetteer import POSITION, Place
from corridor.tracks.ingest import Ingested
from corridor.tracks.passages import Route
from corridor.tracks.report import InputReport
from layers.geodesy import NAUTICAL_MILE_M, distance_m, great_circle_points

FloatArray = npt.NDArray[np.float64]

MS_PER_HOUR = 3_600_000
# Farthest from one position to the next; great circles between. [nm]
STEP_NM = 10.0
# A moored ship says so once an hour. [h]
MOORED_H = 1.0
UNDER_WAY, MOORED = 0, 5
# Two voyages meet at a berth: nearer than this its points are one. [m]
SAME_PLACE_M = 100.0
# Slower, one step would last longer than a silence that counts as a hole.
SPEED_RANGE_KN = (2.0, 40.0)
BERTH_RANGE_H = (0.0, 720.0)
# Stands in for nothing: a voyage whose time nobody says is sailed from here, so that runs repeat.
DEPART = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Voyage:
    """One planned voyage: a route, a speed at sea, a time, and hours at the berths.

    Attributes
    ----------
    route : Route
        Way.
    speed_kn : float
        Speed at sea; slower near berths. [kn]
    depart : datetime
        When the ship leaves its berth.
    berth_hours : tuple of float
        Hours at berth before leaving and after arriving. [h]
    vessel_id, name : str
        Whose voyage it is.
    imo, mmsi : int
        Numbers, -1 where none are said.
    """

    route: Route
    speed_kn: float
    depart: datetime = DEPART
    berth_hours: tuple[float, float] = (0.0, 0.0)
    vessel_id: str = "PLAN1"
    name: str = ""
    imo: int = -1
    mmsi: int = -1

    def __post_init__(self) -> None:
        low, high = SPEED_RANGE_KN
        if not low <= self.speed_kn <= high:
            raise InputError(
                "bad_speed", f"found a speed of {self.speed_kn:g} kn; expected {low:g} to {high:g}"
            )
        for hours in self.berth_hours:
            if not BERTH_RANGE_H[0] <= hours <= BERTH_RANGE_H[1]:
                raise InputError(
                    "bad_berth_hours", f"found {hours:g} h at berth; expected 0 to {BERTH_RANGE_H[1]:g}"
                )

    @property
    def described(self) -> dict[str, Any]:
        """Say everything that decides the positions, for manifests and hashes."""
        route = self.route
        return {
            "from": str(route.start),
            "to": str(route.end),
            "via": [str(place) for place in route.via],
            "lane": route.lane,
            "direction": route.direction,
            "distance_nm": round(route.distance_nm, 3),
            "speed_kn": self.speed_kn,
            "depart_utc": _aware(self.depart).isoformat(),
            "berth_hours": list(self.berth_hours),
            "vessel": self.vessel_id,
            "points": np.round(np.column_stack([route.way.lat, route.way.lon]), 6).tolist(),
        }


@dataclass(frozen=True)
class Sailed:
    """Positions of one voyage. [degrees, ms since 1970]."""

    t_ms: npt.NDArray[np.int64]
    lat: FloatArray
    lon: FloatArray
    status: npt.NDArray[np.int8]

    @property
    def hours(self) -> float:
        """Hours from first to last position. [h]."""
        return float(self.t_ms[-1] - self.t_ms[0]) / MS_PER_HOUR


def sail(voyage: Voyage) -> Sailed:
    """Return the positions of a voyage.

    Examples
    --------
    >>> from corridor.tracks.passages import plan_route
    >>> route = plan_route((40.0, 170.0), (40.0, -170.0))
    >>> sailed = sail(Voyage(route=route, speed_kn=16.0))
    >>> round(sailed.hours * 16.0) == round(route.distance_nm), float(sailed.lon[0]), float(sailed.lon[-1])
    (True, 170.0, -170.0)
    """
    lat, lon, at_nm = _stations(voyage.route)
    speed_kn = _speeds(voyage, at_nm)
    hours = np.concatenate([[0.0], np.cumsum(np.diff(at_nm) / speed_kn)])
    depart_ms = round(_aware(voyage.depart).timestamp() * 1000)
    t_ms = depart_ms + np.rint(hours * MS_PER_HOUR).astype(np.int64)
    before, after = (_moored_ms(hours) for hours in voyage.berth_hours)
    times = np.concatenate([t_ms[0] - before[::-1], t_ms, t_ms[-1] + after])
    place = np.concatenate(
        [np.zeros(len(before), int), np.arange(len(t_ms)), np.full(len(after), len(t_ms) - 1)]
    )
    status = np.full(len(times), UNDER_WAY, np.int8)
    # She is moored until the moment she leaves.
    status[: len(before) + (len(before) > 0)] = MOORED
    status[len(times) - len(after) :] = MOORED
    return Sailed(times, lat[place], lon[place], status)


def _moored_ms(hours: float) -> npt.NDArray[np.int64]:
    """Times away from the moment of leaving or arriving at which a moored ship is told of. [ms]."""
    if hours == 0:
        return np.zeros(0, np.int64)
    count = math.ceil(hours / MOORED_H)
    return np.rint(np.linspace(0, hours * MS_PER_HOUR, count + 1)[1:]).astype(np.int64)


def _stations(route: Route) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Latitude, longitude and distance from the start of all positions of a route. [degrees, nm]."""
    lat, lon = route.way.lat, route.way.lon
    leg_nm = distance_m(lat[:-1], lon[:-1], lat[1:], lon[1:]) / NAUTICAL_MILE_M
    bend_nm = np.concatenate([[0.0], np.cumsum(leg_nm)])
    total = float(bend_nm[-1])
    if total <= 0:
        raise InputError("no_distance", f"{route.start} and {route.end} are one place; give two")
    marks = [*np.arange(STEP_NM, total, STEP_NM), *_limits(route.start)[0], *(total - _limits(route.end)[0])]
    inner = [mark for mark in marks if 0 < mark < total]
    at_nm = np.unique(np.concatenate([bend_nm, inner]))
    # Rounding makes twins of bends and marks: a leg of nothing has no time.
    at_nm = at_nm[np.append(True, np.diff(at_nm) > 1e-6)]
    at_nm[-1] = total
    leg = np.clip(np.searchsorted(bend_nm, at_nm, side="right") - 1, 0, len(leg_nm) - 1)
    share = np.clip((at_nm - bend_nm[leg]) / np.maximum(leg_nm[leg], 1e-12), 0.0, 1.0)
    y, x = great_circle_points(lat[leg], lon[leg], lat[leg + 1], lon[leg + 1], share)
    # Ends are bit for bit those of the route.
    y[0], x[0], y[-1], x[-1] = lat[0], lon[0], lat[-1], lon[-1]
    # Parts of a great circle of the sphere are not quite those of the ellipsoid: measured again.
    step_nm = distance_m(y[:-1], x[:-1], y[1:], x[1:]) / NAUTICAL_MILE_M
    return y, x, np.concatenate([[0.0], np.cumsum(step_nm)])


def _limits(place: Place) -> tuple[FloatArray, FloatArray]:
    """Distances from a berth, and the speed kept within each of them. [nm, kn]."""
    if place.kind == POSITION and not place.port:
        return np.zeros(0), np.zeros(0)
    table = reference.table("lanes/harbour_speeds_2026").sort_values("within_nm")
    own = table[table["port"] == place.port]
    rows = own if len(own) else table[table["port"] == "any"]
    return rows["within_nm"].to_numpy(float), rows["speed_kn"].to_numpy(float)


def _speeds(voyage: Voyage, at_nm: FloatArray) -> FloatArray:
    """Speed of each leg: as asked, slower near the berths. [kn]."""
    middle = (at_nm[1:] + at_nm[:-1]) / 2
    speed = np.full(len(middle), float(voyage.speed_kn))
    for place, far_nm in ((voyage.route.start, middle), (voyage.route.end, at_nm[-1] - middle)):
        within_nm, slow_kn = _limits(place)
        ring = np.searchsorted(within_nm, far_nm)
        allowed = np.append(slow_kn, np.inf)[ring]
        speed = np.minimum(speed, allowed)
    return speed


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Planned(Ingested):
    """Planned voyages where otherwise positions come from files; ``register`` says what their ships are."""

    register: pd.DataFrame
    voyages: tuple[Voyage, ...]

    @property
    def described(self) -> list[dict[str, Any]]:
        """Say each voyage, for manifests."""
        return [voyage.described for voyage in self.voyages]


def planned(voyages: Sequence[Voyage], register: pd.DataFrame, work_dir: str | Path) -> Planned:
    """Write voyages as positions in the shape of those from AIS.

    Parameters
    ----------
    voyages : sequence of Voyage
        Those of one vessel go on where the one before ended, and not before she got there.
    register : DataFrame
        Particulars by ``vessel_id``, as `corridor.emissions.register.read_register` gives them.
    work_dir : path
        Folder for the positions.

    Raises
    ------
    InputError
        If there is no voyage, or a vessel leaves before she arrived, or elsewhere.
    """
    if not voyages:
        raise InputError("bad_voyages", "found no voyage; expected one or more; plan one")
    ordered = sorted(voyages, key=lambda voyage: (voyage.vessel_id, _aware(voyage.depart)))
    sailed = [sail(voyage) for voyage in ordered]
    for number in range(1, len(ordered)):
        if ordered[number].vessel_id == ordered[number - 1].vessel_id:
            sailed[number] = _gone_on(ordered[number], sailed[number - 1], sailed[number])
    said = [json.dumps(voyage.described, sort_keys=True, ensure_ascii=False) for voyage in ordered]
    name = hashlib.sha256("\n".join(said).encode()).hexdigest()[:24]
    folder = Path(work_dir) / f"planned-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "positions-0000.parquet"
    _write(path, _numbers(ordered), sailed)
    rows = sum(len(each.t_ms) for each in sailed)
    names = [_title(voyage) for voyage in ordered]
    return Planned(
        buckets=[path],
        ships=_ships(ordered, sailed),
        report=InputReport(rows_in=rows),
        inputs=[
            {
                "name": title,
                "bytes": len(text.encode()),
                "sha256": hashlib.sha256(text.encode()).hexdigest(),
            }
            for title, text in zip(names, said, strict=True)
        ],
        names=tuple(names),
        register=register,
        voyages=tuple(ordered),
    )


def _gone_on(voyage: Voyage, before: Sailed, sailed: Sailed) -> Sailed:
    """Positions of a voyage after those of the one before, where it must begin; none told twice."""
    away = float(distance_m(before.lat[-1:], before.lon[-1:], sailed.lat[:1], sailed.lon[:1])[0])
    if sailed.t_ms[0] < before.t_ms[-1] or away > SAME_PLACE_M:
        raise InputError(
            "bad_voyages",
            f"found {voyage.vessel_id} leaving {voyage.route.start.name} before she arrived, or from "
            "elsewhere; expected voyages that follow one another; give each a vessel of its own",
        )
    new = sailed.t_ms > before.t_ms[-1]
    return Sailed(*(column[new] for column in (sailed.t_ms, sailed.lat, sailed.lon, sailed.status)))


def _title(voyage: Voyage) -> str:
    route = voyage.route
    return f"planned: {route.start.name} – {route.end.name}, {route.lane}, {voyage.speed_kn:g} kn"


def _numbers(voyages: Sequence[Voyage]) -> npt.NDArray[np.int64]:
    """Number of the vessel of each voyage, vessels in order."""
    return np.asarray(pd.factorize(pd.Series([voyage.vessel_id for voyage in voyages]))[0], np.int64)


def _write(path: Path, ships: npt.NDArray[np.int64], sailed: Sequence[Sailed]) -> None:
    """Write positions beside, then rename: another run may read the same plan."""
    rows = np.zeros(sum(len(each.t_ms) for each in sailed), ROW)
    first = 0
    for number, (ship, each) in enumerate(zip(ships, sailed, strict=True)):
        own = rows[first : first + len(each.t_ms)]
        own["ship"], own["t_ms"], own["status"] = ship, each.t_ms, each.status
        own["lat"], own["lon"] = each.lat, each.lon
        own["row_ref"] = (number << FILE_SHIFT) | np.arange(1, len(own) + 1)
        first += len(own)
    # Without a speed, the fix at which she leaves would be one of the way out, and her stay end one before.
    rows["sog_kn"] = np.where(rows["status"] == MOORED, 0.0, np.nan)
    rows["draught_m"] = np.nan
    table = pa.table({name: np.ascontiguousarray(rows[name]) for name in ROW.names or ()})
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as beside:
        pq.write_table(table, beside, compression="lz4", use_dictionary=False, write_statistics=False)
    Path(beside.name).replace(path)


def _ships(voyages: Sequence[Voyage], sailed: Sequence[Sailed]) -> pd.DataFrame:
    """Ships table of the voyages, as ingest makes it: one row a vessel."""
    told = pd.DataFrame(
        {
            "ship_key": [voyage.vessel_id for voyage in voyages],
            "mmsi": np.array([voyage.mmsi for voyage in voyages], np.int64),
            "imo": np.array([voyage.imo for voyage in voyages], np.int64),
            "name": [voyage.name for voyage in voyages],
            "rows": [len(each.t_ms) for each in sailed],
            "first_ms": [int(each.t_ms[0]) for each in sailed],
            "last_ms": [int(each.t_ms[-1]) for each in sailed],
        }
    )
    how = dict.fromkeys(("mmsi", "imo", "name", "first_ms"), "first") | {"rows": "sum", "last_ms": "last"}
    whole = told.groupby("ship_key", sort=False, as_index=False).agg(how)
    count = len(whole)
    return pd.DataFrame(
        {
            "ship": np.arange(count, dtype=np.int32),
            **{name: whole[name] for name in ("ship_key", "mmsi", "imo", "name")},
            "call_sign": [""] * count,
            "ais_type": np.full(count, -1, np.int16),
            "length_m": np.full(count, np.nan, np.float32),
            "beam_m": np.full(count, np.nan, np.float32),
            "draught_max_m": np.full(count, np.nan, np.float32),
            "transceiver": [""] * count,
            **{name: whole[name] for name in ("rows", "first_ms", "last_ms")},
            "population": ["ogv"] * count,
        }
    )


def arrival(voyage: Voyage) -> datetime:
    """Return when a voyage reaches its berth.

    >>> from corridor.tracks.passages import plan_route
    >>> voyage = Voyage(route=plan_route((40.0, 170.0), (40.0, 175.0)), speed_kn=15.0)
    >>> arrival(voyage).isoformat(timespec="minutes")
    '2026-01-01T15:22+00:00'
    """
    return _aware(voyage.depart) + timedelta(hours=sail(voyage).hours - sum(voyage.berth_hours))

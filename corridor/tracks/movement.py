"""The door to movingpandas: tracks out with longitudes that run on over 180°, any trajectories in.

movingpandas takes straight lines in the plane; at 180° its interpolation and its clips go round the world.
Tracks therefore leave with unwrapped longitudes that begin in 0–360; on the way in they are wrapped again.
"""

import warnings
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import geopandas
import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.errors import InputError
from corridor.tracks.trajectories import Segments
from layers.geodesy import display_longitude, unwrap_longitudes, wrap_longitude

Array = npt.NDArray[Any]
CARRIED = ("sog_kn", "draught_m", "status", "kind", "voyage")


def to_movingpandas(track: Segments | Mapping[str, Array], ships: pd.DataFrame | None = None) -> Any:
    """Return a movingpandas TrajectoryCollection, one trajectory a vessel, longitudes unwrapped. [degrees].

    A vessel of one fix has no trajectory. Times are UTC without a zone, as movingpandas keeps them.

    Parameters
    ----------
    track : Segments or mapping of arrays
        What `trace` returned, or positions sorted by ship and time.
    ships : DataFrame, optional
        The ships table, to name the vessels of positions.

    Examples
    --------
    >>> import numpy as np
    >>> east = dict(ship=np.zeros(2, "i4"), t_ms=np.array([0, 3_600_000]), lat=np.array([45.0, 45.0]),
    ...             lon=np.array([179.9, -179.9]))
    >>> to_movingpandas(east).trajectories[0].df.geometry.x.round(1).tolist()
    [179.9, 180.1]
    """
    points = _segment_points(track) if isinstance(track, Segments) else _position_points(track, ships)
    frame = geopandas.GeoDataFrame(
        points.drop(columns=["lat", "lon"]),
        geometry=geopandas.points_from_xy(points["lon"], points["lat"]),
        crs="EPSG:4326",
    )
    with warnings.catch_warnings():
        # pandas 3 deprecates an argument that movingpandas 0.23 still gives.
        warnings.simplefilter("ignore", DeprecationWarning)
        return _movingpandas().TrajectoryCollection(frame, traj_id_col="vessel_id", t="t")


def from_movingpandas(
    trajectories: Any, *, speed: str | None = None
) -> tuple[dict[str, Array], pd.DataFrame]:
    """Return positions sorted by ship and time, and the vessel names, of movingpandas trajectories.

    Parameters
    ----------
    trajectories : Trajectory or TrajectoryCollection
        In any coordinate reference system; times without zone are UTC.
    speed : str, optional
        Column that holds speed over ground. [kn]

    Raises
    ------
    InputError
        ``no_rows`` if there is no trajectory, ``no_crs`` if the system of the coordinates is unknown.
    """
    whole = list(getattr(trajectories, "trajectories", [trajectories]))
    if not whole:
        raise InputError(
            "no_rows", "the collection holds no trajectory; movingpandas drops those of one point"
        )
    ordered = sorted(whole, key=lambda item: str(item.id))
    frames = [_positions_of(ship, item, speed) for ship, item in enumerate(ordered)]
    rows = pd.concat(frames, ignore_index=True).sort_values(["ship", "t_ms", "lat", "lon"], kind="stable")
    positions: dict[str, Array] = {str(name): rows[name].to_numpy() for name in rows}
    positions["row_ref"] = np.arange(len(rows), dtype=np.int64)
    ids = [f"ID:{item.id}" for item in ordered]
    names = pd.DataFrame(
        {"ship": np.arange(len(ids), dtype=np.int32), "ship_key": pd.Series(ids, dtype="str")}
    )
    return positions, names


def _movingpandas() -> ModuleType:
    """Import the library where it is needed: it takes a second, and warns of extras not installed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import movingpandas  # noqa: PLC0415 - slow, and one door among many

    module: ModuleType = movingpandas
    return module


def _segment_points(segments: Segments) -> pd.DataFrame:
    """Both ends of each segment, each moment of a vessel once."""
    ids = segments.vessels["vessel_id"].to_numpy()[segments.vessel]
    carried = {name: getattr(segments, name) for name in CARRIED}
    ends = [
        pd.DataFrame({"vessel_id": ids, "t_ms": t_ms, "lat": lat, "lon": lon, **carried})
        for t_ms, lat, lon in (
            (segments.t0_ms, segments.lat0, segments.lon0),
            (segments.t1_ms, segments.lat1, segments.lon1),
        )
    ]
    both = pd.concat(ends, ignore_index=True).sort_values(["vessel_id", "t_ms"], kind="stable")
    return _continuous(both.drop_duplicates(["vessel_id", "t_ms"]))


def _position_points(positions: Mapping[str, Array], ships: pd.DataFrame | None) -> pd.DataFrame:
    number = positions["ship"]
    keys = number.astype(str) if ships is None else ships["ship_key"].to_numpy()[number]
    ids = pd.Series(keys, dtype="str")
    if "vessel_part" in positions:
        part = pd.Series(positions["vessel_part"])
        ids = ids.where(part == 0, ids + "/" + part.astype(str))
    carried = {name: positions[name] for name in CARRIED if name in positions}
    places = {name: positions[name] for name in ("t_ms", "lat", "lon")}
    return _continuous(pd.DataFrame({"vessel_id": ids, **places, **carried}))


def _continuous(points: pd.DataFrame) -> pd.DataFrame:
    """Longitudes of each vessel without a jump, from its first one in 0–360 on."""
    lon = points["lon"].to_numpy(np.float64).copy()
    ids = points["vessel_id"].to_numpy()
    starts = np.flatnonzero(np.append(True, ids[1:] != ids[:-1])) if len(ids) else np.zeros(0, int)
    for start, end in zip(starts, [*starts[1:], len(ids)], strict=True):
        track = unwrap_longitudes(lon[start:end])
        lon[start:end] = track + (display_longitude(track[0]) - track[0])
    stamps = pd.to_datetime(points["t_ms"].to_numpy(), unit="ms")
    return points.drop(columns="t_ms").assign(lon=lon, t=stamps).reset_index(drop=True)


def _positions_of(ship: int, trajectory: Any, speed: str | None) -> pd.DataFrame:
    frame = trajectory.df
    if frame.crs is None:
        message = f"trajectory {trajectory.id}: no coordinate reference system; set one, such as EPSG:4326"
        raise InputError("no_crs", message)
    geometry = frame.geometry if frame.crs.to_epsg() == 4326 else frame.geometry.to_crs(4326)
    stamps = frame.index if frame.index.tz is None else frame.index.tz_convert("UTC").tz_localize(None)
    missing = np.full(len(frame), np.nan, np.float32)
    return pd.DataFrame(
        {
            "ship": np.full(len(frame), ship, np.int32),
            "t_ms": stamps.to_numpy().astype("datetime64[ms]").astype(np.int64),
            "lat": geometry.y.to_numpy(np.float64),
            "lon": wrap_longitude(geometry.x.to_numpy(np.float64)),
            "sog_kn": missing if speed is None else frame[speed].to_numpy(np.float32),
            "draught_m": frame["draught_m"].to_numpy(np.float32) if "draught_m" in frame else missing,
            "status": np.full(len(frame), -1, np.int8),
        }
    )

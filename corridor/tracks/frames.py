"""Tables in memory: GeoDataFrames, movingpandas trajectories, plain DataFrames; as rows with coordinates."""

from typing import Any

import pandas as pd
import pyarrow as pa

from corridor.errors import InputError
from corridor.tracks import columns, shapes

ID = "trajectory_id"


def table_of(given: Any) -> pa.Table:
    """Return the rows of a table in memory, coordinates in degrees as columns beside the others.

    Raises
    ------
    InputError
        ``wrong_type`` for another object, ``no_rows`` for an empty one, ``no_crs`` if the system of its
        coordinates is unknown.

    Examples
    --------
    >>> table_of(pd.DataFrame({"MMSI": [477999101], "LAT": [33.7], "LON": [-118.0]})).column_names
    ['MMSI', 'LAT', 'LON']
    """
    frame = _collected(given) if hasattr(given, "trajectories") or hasattr(given, "traj") else given
    if hasattr(given, "df") and not hasattr(given, "trajectories"):
        frame = _of_trajectory(given)
    if not isinstance(frame, pd.DataFrame):
        expected = "expected a path, GeoDataFrame, Trajectory or TrajectoryCollection"
        raise InputError("wrong_type", f"found {type(given).__name__} among the inputs; {expected}")
    if not len(frame):
        raise InputError("no_rows", f"{type(given).__name__}: no rows; leave it out")
    name = type(given).__name__
    frame = _with_index(frame)
    geometry = frame.geometry.name if hasattr(frame, "geometry") and hasattr(frame, "crs") else None
    if geometry is None:
        return _arrow(frame)
    attributes = _arrow(pd.DataFrame(frame.drop(columns=geometry)))
    return shapes.rows(attributes, frame.geometry.to_numpy(), frame.crs, name)


def _collected(collection: Any) -> pd.DataFrame:
    frames = [_of_trajectory(item) for item in collection.trajectories]
    if not frames:
        raise InputError(
            "no_rows", "the collection holds no trajectory; movingpandas drops those of one point"
        )
    joined: pd.DataFrame = pd.concat(frames)
    return joined


def _of_trajectory(trajectory: Any) -> pd.DataFrame:
    """Fixes of one trajectory, the id of which is a column."""
    frame = trajectory.df
    doubled = [column for column in frame.columns if columns.meaning(str(column)) in ("id", "label", "time")]
    with_id: pd.DataFrame = frame.drop(columns=doubled).assign(**{ID: str(trajectory.id)})
    return with_id


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Make a column of times that stand in the index."""
    if not isinstance(frame.index, pd.DatetimeIndex):
        return frame
    if any(columns.meaning(str(column)) == "time" for column in frame.columns):
        return frame
    return frame.rename_axis("time_utc").reset_index()


def _arrow(frame: pd.DataFrame) -> pa.Table:
    """Arrow columns; one of several types becomes text."""
    arrays = {}
    for name in frame.columns:
        try:
            arrays[str(name)] = pa.array(frame[name], from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            arrays[str(name)] = pa.array(frame[name].astype(str), pa.string())
    return pa.table(arrays)

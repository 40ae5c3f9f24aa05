"""What an analyst writes with movingpandas and geopandas: one row, one line, one geometry at a time.

Gap split, speed, lines, a propeller law applied row by row, and overlays with the zones and the cells. One
species, planar lines, no stop detection, no cleaning: less than the project does, which favours it.
"""

import importlib
import time
import warnings
from datetime import timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely

from corridor import reference
from corridor.emissions.power import propeller_load
from tests.benchmarks.synthetic import Fleet, read_ships

GAP = timedelta(hours=6)
CELL_DEG = 0.1
# Lines longer than this jump: the naive chain knows no teleport, and their overlay would take for ever.
LONGEST_DEG = 5.0
KG_CO2_PER_KWH = 0.545
EAST = 360.0


class Naive:
    """The chain, with its zones read beforehand as ours has its index."""

    def __init__(self) -> None:
        warnings.simplefilter("ignore")
        # Its import warns of what is not installed, so it waits until warnings are off.
        self.mpd: Any = importlib.import_module("movingpandas")
        self.systems = {name: _to_360(reference.zones(name).zones) for name in reference.zone_systems()}

    def run(self, made: Fleet) -> dict[str, float]:
        """Run the chain; return the seconds of each step."""
        clock = _Clock()
        rows = pq.read_table(made.positions).to_pandas().drop_duplicates(["ship", "t_ms"])
        rows["t"] = pd.to_datetime(rows["t_ms"], unit="ms")
        points = gpd.points_from_xy(rows["lon"] % EAST, rows["lat"])
        frame = gpd.GeoDataFrame(rows, geometry=points, crs=4326)
        tracks = self.mpd.TrajectoryCollection(frame, "ship", t="t")
        clock.lap("build")
        tracks = self.mpd.ObservationGapSplitter(tracks).split(gap=GAP)
        clock.lap("split at gaps")
        tracks.add_speed(overwrite=True)
        clock.lap("speed")
        lines = tracks.to_line_gdf().reset_index(drop=True)
        clock.lap("lines")
        lines = _with_emissions(lines, read_ships(made))
        clock.lap("emissions")
        for zones in self.systems.values():
            _overlay(lines, zones, "zone_id")
        clock.lap("overlay with zones")
        _overlay(lines, _cells(lines), "cell")
        clock.lap("overlay with cells")
        return clock.laps


class _Clock:
    def __init__(self) -> None:
        self.laps: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = now - self._last
        self._last = now


def _to_360(zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Zones as single parts in 0–360, where the tracks are."""
    parts = zones[["zone_id", "geometry"]].explode(index_parts=False, ignore_index=True)
    west = parts.bounds["minx"] < 0.0
    parts.loc[west, "geometry"] = parts.loc[west, "geometry"].translate(xoff=EAST)
    return parts


def _with_emissions(lines: gpd.GeoDataFrame, ships: pd.DataFrame) -> gpd.GeoDataFrame:
    """CO2 of each line, by a function called once a row."""
    draught = ships.set_index("ship")["draught_max_m"].fillna(12.0).to_dict()

    def co2_kg(row: pd.Series) -> float:
        # The splitter names a track after its ship and a count: 3_0, 3_1.
        deepest = draught[int(str(row["ship"]).split("_")[0])]
        ratio = 1.0 if np.isnan(row["draught_m"]) else row["draught_m"] / deepest
        speed = 0.0 if np.isnan(row["sog_kn"]) else float(row["sog_kn"])
        load = propeller_load(speed, float(ratio), v_ref_kn=24.0)
        return float(load) * 50_000.0 * row["hours"] * KG_CO2_PER_KWH

    lines["hours"] = (lines["t"] - lines["prev_t"]).dt.total_seconds() / 3600.0
    lines["co2_kg"] = lines.apply(co2_kg, axis=1)
    lines["length"] = shapely.length(lines.geometry.to_numpy())
    return lines[["co2_kg", "length", "geometry"]]


def _overlay(lines: gpd.GeoDataFrame, areas: gpd.GeoDataFrame, key: str) -> pd.Series:
    """CO2 by area, shared out by length."""
    short = lines[(lines["length"] > 0.0) & (lines["length"] < LONGEST_DEG)]
    parts = gpd.overlay(short, areas, how="intersection", keep_geom_type=True)
    return (parts["co2_kg"] * parts.geometry.length / parts["length"]).groupby(parts[key]).sum()


def _cells(lines: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The cells that lines touch, as boxes."""
    geometry = lines.loc[lines["length"] < LONGEST_DEG, "geometry"].to_numpy()
    west, south, east, north = shapely.total_bounds(geometry)
    x = np.arange(np.floor(west / CELL_DEG), np.ceil(east / CELL_DEG)) * CELL_DEG
    y = np.arange(np.floor(south / CELL_DEG), np.ceil(north / CELL_DEG)) * CELL_DEG
    grid_x, grid_y = (axis.ravel() for axis in np.meshgrid(x, y))
    boxes = shapely.box(grid_x, grid_y, grid_x + CELL_DEG, grid_y + CELL_DEG)
    touched = np.unique(shapely.STRtree(boxes).query(geometry)[1])
    return gpd.GeoDataFrame({"cell": touched}, geometry=boxes[touched], crs=4326)

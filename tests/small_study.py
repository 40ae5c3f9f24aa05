"""A small study to write: two cells, three tracks (one over 180°), two zones, ports, totals."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers import geometry, styles
from layers.layer import Layer
from layers.styles import Symbol

STAMP = "2024-12-31T00:00:00.000Z"
METADATA = {
    "title": "Small study",
    "licence": "CC-BY-4.0",
    "inputs": [{"name": "ais.csv", "sha256": "00" * 32}],
}

_KEY = ("Key", "", "Stable key of the row")
_CO2 = ("CO2", "kg", "Carbon dioxide from ship exhaust in the period")
_START, _END = ("Start", "", "First second, UTC"), ("End", "", "Last second, UTC")


def frame(table, shapes):
    return gpd.GeoDataFrame(pd.DataFrame(table), geometry=shapes, crs=4326)


def layers(cells=2):
    return [_grid(cells), _tracks(), _zones(), _ports(), _totals()]


def _grid(count):
    # Cells of 0.5° from 110°E to 115°W in rows, over the seam.
    lon = (110.0 + 0.5 * (np.arange(count) % 270) + 180) % 360 - 180
    lat = 15.0 + 0.5 * (np.arange(count) // 270)
    table = {"cell_id": [f"c{i:06d}" for i in range(count)], "co2_kg": np.geomspace(1, 1e4, count)}
    symbols = [Symbol("fill", colour, opacity=0.8) for colour in ("#fbf5b5", "#de4a68", "#22103f")]
    style = styles.graduated(
        "CO2", "CO2 per cell", column="co2_kg", edges=[10, 500], symbols=symbols, unit="kg"
    )
    shapes = geometry.cell_polygons(lon, lat, lon + 0.5, lat + 0.5)
    columns = {"cell_id": _KEY, "co2_kg": _CO2}
    return Layer(
        "hotspot_grid", frame(table, shapes), "Hotspot grid", "kg per 0.5° cell, 2024", columns, style
    )


def _tracks():
    lat, lon = [22.5, 40, 33.7, 10, 11, 50, 51], [114.3, 180, -118.2, 130, 131, -170, 170]
    lines = geometry.track_lines(lat, lon, [0, 0, 0, 1, 1, 2, 2])
    times = pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01"], utc=True)
    table = {"voyage_id": ["v1", "v2", "v3"], "start_utc": times, "end_utc": times + pd.Timedelta(days=14)}
    columns = {"voyage_id": _KEY, "start_utc": _START, "end_utc": _END}
    style = styles.single("Tracks", "Ship tracks", Symbol("line", "#1b6ca8", width_mm=0.3))
    return Layer("voyage_tracks", frame(table, lines), "Tracks", "Split at the antimeridian", columns, style)


def _zones():
    whole = shapely.box(170, 20, 190, 40)
    shapes = [shapely.box(-121, 32, -117, 35), geometry.split_at_180([whole])[0]]
    table = {"zone_id": ["san_pedro", "mid_ocean"], "kind": pd.Categorical(["port_area", "waters"])}
    dark, pale = Symbol("fill", "#22103f"), Symbol("fill", "#dddddd")
    style = styles.categorised(
        "Kinds", "By kind", column="kind", classes={"port_area": ("Port", dark)}, other=pale
    )
    kinds = {"port_area": "Port area", "waters": "Named waters"}
    columns = {"zone_id": _KEY, "kind": ("Kind", "", "Kind of zone")}
    table = frame(table, shapes)
    return Layer("zones", table, "Zones", "Zones of the study", columns, style, values={"kind": kinds})


def _ports():
    table = frame(
        {"port": ["LB", "YT"], "name_zh": ["长滩", "盐田"]}, geometry.points([33.75, 22.57], [241.8, 114.3])
    )
    columns = {"port": _KEY, "name_zh": ("Name", "", "Name in Chinese")}
    style = styles.single("Ports", "The two ports", Symbol("marker", "#de4a68", size_mm=3))
    return Layer("ports", table, "Ports", "The two ports", columns, style, label="name_zh")


def _totals():
    table = pd.DataFrame(
        {"zone_id": ["san_pedro", "mid_ocean"], "calls": np.array([3, 0], "u4"), "co2_kg": [1.5, 2.5]}
    )
    columns = {"zone_id": _KEY, "calls": ("Calls", "", "Port calls"), "co2_kg": _CO2}
    return Layer("totals", table, "Totals", "kg per zone, 2024", columns)

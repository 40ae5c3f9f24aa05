"""Land for the page: clipped to the Pacific, 0-360, thinned and rounded to a compact file.

A maintainer runs it when the coast is renewed; a page only reads ``assets/land.json``::

    python -m maps.land ne_land.gpkg osm_land_ports.gpkg

Natural Earth (50 m) serves the ocean; around the two ports a window of OpenStreetMap land replaces it,
since Natural Earth puts most berths on dry land.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import affinity
from shapely.geometry.base import BaseGeometry

PACIFIC = (84.0, -50.0, 316.0, 76.0)
"""What the page can show: west, south, east, north [degrees, 0-360]."""

PORT_WINDOWS = {
    "san_pedro_bay": (-118.75, 33.30, -117.85, 33.95),
    "pearl_river_delta": (113.40, 21.90, 115.00, 22.95),
}
"""Where OpenStreetMap land replaces Natural Earth: west, south, east, north [degrees]."""

SEAM_DEG = 0.04
"""Natural Earth's Eurasia comes in slices along 65 and 69 N, up to 0.03 degrees apart: closed up to this."""

OCEAN_QUANTUM_DEG = 0.01
PORT_QUANTUM_DEG = 0.0005
_ASSET = Path(__file__).parent / "assets" / "land.json"


def to_display(land: Iterable[BaseGeometry], window: tuple[float, float, float, float]) -> BaseGeometry:
    """Return land of longitudes -180..180 joined at 180 and clipped to a window in 0-360 [degrees].

    Examples
    --------
    >>> halves = [shapely.box(170, 0, 180, 1), shapely.box(-180, 0, -170, 1)]
    >>> to_display(halves, (160, -5, 200, 5)).bounds
    (170.0, 0.0, 190.0, 1.0)
    """
    frame = shapely.box(*window)
    whole = [unwrapped(part) for part in land]
    shifted = [affinity.translate(part, shift) for part in whole for shift in (-360.0, 0.0, 360.0)]
    inside = [part.intersection(frame) for part in shifted if part.intersects(frame)]
    return shapely.union_all(inside)


def unwrapped(land: BaseGeometry) -> BaseGeometry:
    """Return land whose rings no longer jump from 180 to -180: valid, longitudes may pass 180 [degrees].

    Natural Earth as packed in world-atlas leaves Chukotka in one piece across 180: repairing it as plain
    numbers would silently lose a band of Siberia.

    Examples
    --------
    >>> jumping = shapely.Polygon([(170, 60), (-170, 60), (-170, 70), (170, 70)])
    >>> unwrapped(jumping).bounds
    (170.0, 60.0, 190.0, 70.0)
    """
    parts = [
        shapely.make_valid(
            shapely.Polygon(_continuous(part.exterior), [_continuous(hole) for hole in part.interiors])
        )
        for part in shapely.get_parts(land)
        if part.geom_type == "Polygon"
    ]
    return shapely.union_all(parts)


def _continuous(ring: BaseGeometry) -> NDArray[np.float64]:
    corners = np.array(ring.coords, np.float64)[:, :2]
    corners[:, 0] = np.unwrap(corners[:, 0], period=360.0)
    return corners


def closed(land: BaseGeometry, seam_deg: float) -> BaseGeometry:
    """Return land with gaps narrower than ``seam_deg`` [degrees] filled.

    Examples
    --------
    >>> slices = shapely.union_all([shapely.box(0, 0, 9, 1), shapely.box(0, 1.02, 9, 2)])
    >>> closed(slices, 0.04).geom_type
    'Polygon'
    """
    return land.buffer(seam_deg / 2, join_style="mitre").buffer(-seam_deg / 2, join_style="mitre")


def rings(
    land: BaseGeometry, *, quantum_deg: float, tolerance_deg: float, least_deg2: float
) -> list[list[int]]:
    """Return outer and inner rings as whole quanta: first corner, then differences [quantum_deg].

    Examples
    --------
    >>> rings(shapely.box(10, 0, 10.02, 0.01), quantum_deg=0.01, tolerance_deg=0, least_deg2=0)
    [[1002, 0, 0, 1, -2, 0, 0, -1]]
    """
    kept = []
    for polygon in shapely.get_parts(shapely.simplify(land, tolerance_deg)):
        if polygon.geom_type != "Polygon" or polygon.area < least_deg2:
            continue
        for ring in (polygon.exterior, *polygon.interiors):
            corners = np.rint(np.asarray(ring.coords)[:-1, :2] / quantum_deg).astype(int)
            steps = np.diff(corners, axis=0)
            moved = steps[(steps != 0).any(axis=1)]
            if len(moved) >= 2:
                kept.append([int(v) for v in np.concatenate([corners[:1], moved]).ravel()])
    return kept


def build(ocean: Sequence[BaseGeometry], ports: dict[str, Sequence[BaseGeometry]]) -> dict[str, object]:
    """Return the content of the land file: groups of rings, each with its quantum and its window."""
    boxes = {name: _display_box(PORT_WINDOWS[name]) for name in ports}
    whole = closed(to_display(ocean, PACIFIC), SEAM_DEG)
    main = whole.difference(shapely.union_all(list(boxes.values())))
    groups = [
        {
            "quantum": OCEAN_QUANTUM_DEG,
            "frame": list(PACIFIC),
            "rings": rings(main, quantum_deg=OCEAN_QUANTUM_DEG, tolerance_deg=0.03, least_deg2=0.01),
        }
    ]
    for name, parts in ports.items():
        land = to_display(parts, boxes[name].bounds)
        groups.append(
            {
                "quantum": PORT_QUANTUM_DEG,
                "frame": [round(float(v), 4) for v in boxes[name].bounds],
                "rings": rings(land, quantum_deg=PORT_QUANTUM_DEG, tolerance_deg=0.0004, least_deg2=5e-6),
            }
        )
    return {"groups": groups}


def _display_box(window: Sequence[float]) -> BaseGeometry:
    west, south, east, north = (float(v) for v in window)
    shift = 360.0 if west < 0 else 0.0
    return shapely.box(west + shift, south, east + shift, north)


def main(arguments: Sequence[str]) -> None:
    """Write ``assets/land.json`` from the two GeoPackages named on the command line."""
    ocean_file, ports_file = arguments
    ocean = gpd.read_file(ocean_file, layer="ne_50m_land").geometry.tolist()
    ports = {name: gpd.read_file(ports_file, layer=name).geometry.tolist() for name in PORT_WINDOWS}
    _ASSET.write_text(json.dumps(build(ocean, ports), separators=(",", ":")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

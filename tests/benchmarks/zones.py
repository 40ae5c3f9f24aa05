"""The zone step alone: the one walk against shapely's tree on diced polygons, over the same segments.

Usage: ``python -m tests.benchmarks.zones FOLDER ROWS`` prints one line of JSON. The walk also cuts at cells;
the tree does not, which favours it. Zones are diced into half-degree pieces beforehand, the tree is built and
prepared beforehand, and a line that lies wholly in a piece is not cut: the best that we know of in shapely.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
import shapely

from corridor.ground import study_lattice, study_systems
from corridor.tracks.quality import clean, kept_rows
from corridor.tracks.trajectories import STAY, Segments, TraceSettings, trace
from layers.walk import walk
from layers.zones import ZoneIndex, ZoneSystem
from tests.benchmarks.synthetic import Fleet, fleet, read_ships

DICE_DEG = 0.5
# Within this a straight line in degrees and the great circle are one to the eye and to 1e-6. [degrees]
SHORT_DEG = 0.01
ROUNDS = 5


def diced(system: ZoneSystem) -> tuple[np.ndarray, np.ndarray]:
    """Pieces of the zones of a system, no wider than half a degree, in 0-360; and the zone of each."""
    zones = system.zones.geometry.to_numpy()
    shapes, zone = shapely.get_parts(zones, return_index=True)
    pieces, numbers = [], []
    for part, number in zip(shapes, zone, strict=True):
        for piece in _diced(part):
            pieces.append(piece)
            numbers.append(number + 1)
    moved = np.array(pieces, object)
    west = shapely.bounds(moved)[:, 2] <= 0
    moved[west] = shapely.transform(moved[west], lambda xy: xy + np.array([360.0, 0.0]))
    return moved, np.array(numbers)


def _diced(shape: Any) -> list[Any]:
    """Halve a polygon, the longer side first, until each piece is small: cutting stays cheap."""
    west, south, east, north = shape.bounds
    if max(east - west, north - south) <= DICE_DEG:
        return [shape]
    if east - west >= north - south:
        middle = _middle(west, east)
        halves = shapely.box(west, south, middle, north), shapely.box(middle, south, east, north)
    else:
        middle = _middle(south, north)
        halves = shapely.box(west, south, east, middle), shapely.box(west, middle, east, north)
    parts = shapely.get_parts(shapely.intersection(shape, np.array(halves, object)))
    return [piece for part in parts if part.geom_type == "Polygon" for piece in _diced(part)]


def _middle(low: float, high: float) -> float:
    """Return a line of the half-degree grid near the middle, or the middle where there is none."""
    line = round((low + high) / 2 / DICE_DEG) * DICE_DEG
    return line if low < line < high else (low + high) / 2


class Tree:
    """Shapely's tree of the diced zones of each system, built and warm."""

    def __init__(self, systems: tuple[ZoneSystem, ...]) -> None:
        self.systems = [(shapely.STRtree(pieces), pieces, zone) for pieces, zone in map(diced, systems)]

    def shares(self, lines: np.ndarray) -> list[pd.Series]:
        """Share of each line in each zone, by line and zone, a table a system."""
        length = shapely.length(lines)
        return [self._shares(lines, length, *system) for system in self.systems]

    def _shares(
        self, lines: np.ndarray, length: np.ndarray, tree: Any, pieces: np.ndarray, zone: np.ndarray
    ) -> pd.Series:
        line, piece = tree.query(lines, predicate="intersects")
        inside = np.ones(line.size)
        # A line that meets one piece only may lie in it whole: asked of the prepared line, then not cut.
        whole = shapely.covers(pieces[piece], lines[line])
        cut = ~whole
        inside[cut] = (
            shapely.length(shapely.intersection(lines[line[cut]], pieces[piece[cut]])) / length[line[cut]]
        )
        table = pd.DataFrame({"line": line, "zone": zone[piece], "share": inside})
        return table.groupby(["line", "zone"])["share"].sum()


def legs(made: Fleet) -> Segments:
    """Segments of a fleet, as the engine makes them."""
    columns = pd.read_parquet(made.positions)
    positions = {str(name): columns[name].to_numpy() for name in columns}
    return trace(kept_rows(positions, clean(positions)), TraceSettings(), read_ships(made))


def straight(segments: Segments) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Lines of the legs in 0-360, and their ends; stays and teleports are left out for both ways."""
    lat0, lat1 = segments.lat0, segments.lat1
    lon0 = np.mod(segments.lon0, 360.0)
    lon1 = lon0 + (segments.lon1 - segments.lon0 + 180.0) % 360.0 - 180.0
    length = np.hypot(lon1 - lon0, lat1 - lat0)
    used = (segments.kind != STAY) & (length > 0) & (length < 5.0)
    ends = tuple(np.ascontiguousarray(values[used]) for values in (lat0, lon0, lat1, lon1))
    corners = np.stack([np.column_stack(ends[1::-1]), np.column_stack(ends[3:1:-1])], axis=1)
    return shapely.linestrings(corners), ends


def worst(atoms: Any, index: ZoneIndex, tables: list[pd.Series], ends: tuple[np.ndarray, ...]) -> float:
    """Largest difference between the shares of both ways, over short lines. [1]"""
    short = np.hypot(ends[3] - ends[1], ends[2] - ends[0]) < SHORT_DEG
    zones = index.decode(atoms.code)
    differences = [0.0]
    for place, table in enumerate(tables):
        ours = pd.DataFrame({"line": atoms.segment, "zone": zones[:, place], "share": atoms.f1 - atoms.f0})
        ours = ours[ours["zone"] > 0].groupby(["line", "zone"])["share"].sum()
        both = pd.concat([ours, table], axis=1).fillna(0.0)
        kept = short[both.index.get_level_values("line").to_numpy(int)]
        differences.append(float((both.iloc[:, 0] - both.iloc[:, 1]).abs()[kept].max()))
    return max(differences)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by clock and by core of one pass."""
    clock, core = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - core


def compare(made: Fleet, cache: Path, rounds: int = ROUNDS) -> dict[str, float]:
    """Time both ways in turns; medians of ratios within a round."""
    systems = study_systems()
    index = ZoneIndex.load_or_build(systems, study_lattice(), cache)
    tree = Tree(systems)
    lines, ends = straight(legs(made))
    difference = worst(walk(*ends, index), index, tree.shares(lines), ends)
    pairs = [(timed(lambda: tree.shares(lines)), timed(lambda: walk(*ends, index))) for _ in range(rounds)]
    return {
        "segments": float(lines.size),
        "pieces": float(sum(pieces.size for _, pieces, _ in tree.systems)),
        "tree_s": median(one[0] for one, _ in pairs),
        "walk_s": median(two[0] for _, two in pairs),
        "ratio": median(one[0] / two[0] for one, two in pairs),
        "ratio_by_core": median(one[1] / two[1] for one, two in pairs),
        "worst_difference": difference,
    }


def main(folder: Path, rows: int) -> None:
    """Print the comparison."""
    sys.stdout.write(json.dumps(compare(fleet(rows, folder), folder / "cache")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

"""What the page's script reads: words as JSON, numbers packed, classes fixed beforehand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maps import text
from maps.content import Breakdown, Cells, Item, PageData, Panel, Target, Text
from maps.pacific import OPENING_BOUNDS
from maps.packing import LOG_STEP, log_codes, pack
from maps.palette import DIVERGING, SEQUENTIAL, class_edges, density_unit, spread

HALF_CORRIDOR_DEG = 60.0


@cache
def asset(name: str) -> str:
    """Return the text of a vendored or own asset under ``maps/assets``."""
    return resources.files("maps").joinpath("assets", *name.split("/")).read_text(encoding="utf-8")


def payload(data: PageData) -> dict[str, Any]:
    """Return all that the page's script needs, ready for :func:`maps.text.script_json`."""
    order, levels, sizes = _cell_order(data.cells)
    arrays, smallest = _cell_arrays(data, order, levels, sizes)
    for index, breakdown in enumerate(data.breakdowns):
        arrays.update(_breakdown_arrays(index, breakdown))
    rings = [ring for zone in data.zones for polygon in zone.polygons for ring in polygon]
    arrays["zones"] = _points(rings)
    arrays["tracks"] = _points([track.line for track in data.tracks])
    arrays["land"] = np.frombuffer(asset("land.json").encode(), np.uint8)
    shown = [species.key for species in data.species if species.basis == "ttw"]
    edges = _edges(data)
    return {
        **_words(data),
        "first": data.first_species if data.first_species in shown else shown[0],
        "sizes": sizes.tolist(),
        "step": LOG_STEP,
        "smallest": smallest,
        "total_interval": None if data.total_interval_kg is None else data.total_interval_kg.tolist(),
        "sums": _drawn(data).tolist(),
        "edges": edges,
        "density": {key: density_unit(inner) for key, inner in edges.items()},
        "change_edges": _change_edges(data),
        "sequential": SEQUENTIAL,
        "diverging": DIVERGING,
        "corridor": OPENING_BOUNDS,
        "opening": _opening(data.cells),
        "packed": pack(arrays),
    }


def _words(data: PageData) -> dict[str, Any]:
    """Return all texts, cleaned of control characters; the script writes them by textContent only."""
    return {
        "words": json.loads(asset("strings.json")),
        "language": data.language,
        "title": _pair(data.title),
        "period": _pair(data.period),
        "simulated": data.simulated,
        "planned": data.planned,
        "level": f"{100 * data.interval_level:g}",
        "banner": _pair(data.banner) if data.banner else None,
        "status": [_pair(line) for line in data.status],
        "method": [_pair(line) for line in data.method],
        "limits": [_pair(line) for line in data.limits],
        "cite": _pair(data.cite) if data.cite else None,
        "version": text.plain(data.version),
        "file": text.file_stem(data.file_name),
        "sources": [
            {"title": _pair(s.title), "licence": _pair(s.licence), "note": _pair(s.note) if s.note else None}
            for s in data.sources
        ],
        "species": [
            {
                "key": text.plain(s.key),
                "symbol": text.plain(s.symbol),
                "name": _pair(s.name),
                "greenhouse": s.greenhouse,
                "basis": s.basis,
                "of": text.plain(s.of),
            }
            for s in data.species
        ],
        "months": [text.plain(month) for month in data.months],
        "phases": [_item(item) for item in data.phases],
        "classes": [_item(item) for item in data.classes],
        "scenarios": [_item(item) for item in data.scenarios],
        "breakdowns": [
            {
                "key": text.plain(b.key),
                "kind": b.kind,
                "title": _pair(b.title),
                "rows": [_item(row) for row in b.rows],
            }
            for b in data.breakdowns
        ],
        "zones": [
            {
                "system": text.plain(zone.system),
                "key": text.plain(zone.key),
                "kind": text.plain(zone.kind),
                "rings": [len(ring) for polygon in zone.polygons for ring in polygon],
            }
            for zone in data.zones
        ],
        "tracks": [{"kind": t.kind, "n": len(t.line), "name": text.plain(t.name)} for t in data.tracks],
        "ports": [
            {
                "key": text.plain(port.key),
                "name": _pair(port.name),
                "lon": port.lon,
                "lat": port.lat,
                "bounds": port.bounds,
                "zones": [text.plain(key) for key in port.zones],
            }
            for port in data.ports
        ],
        "vessels": [{"name": text.plain(v.name), "kind": _pair(v.kind)} for v in data.vessels],
        "panels": [_panel(panel) for panel in data.panels],
        "targets": [_target(target) for target in data.targets],
        "basemap": {"url": data.basemap.url, "attribution": text.plain(data.basemap.attribution)}
        if data.basemap
        else None,
    }


def _pair(words: Text) -> list[str]:
    return [text.plain(part) for part in words.as_list()]


def _item(item: Item) -> dict[str, Any]:
    return {
        "key": text.plain(item.key),
        "name": _pair(item.name),
        "note": _pair(item.note) if item.note else None,
    }


def _opening(cells: Cells) -> tuple[float, float, float, float]:
    """Return the first view: where the cells are, or the corridor when they are all over it [degrees]."""
    if not len(cells):
        return OPENING_BOUNDS
    west, south = float(cells.west.min()), float(cells.south.min())
    east = float((cells.west + cells.size_deg).max())
    north = float((cells.south + cells.size_deg).max())
    if east - west > HALF_CORRIDOR_DEG:
        return OPENING_BOUNDS
    margin = 0.05 * max(east - west, north - south)
    return west - margin, south - margin, east + margin, north + margin


def _panel(panel: Panel) -> dict[str, Any]:
    return {
        "key": text.plain(panel.key),
        "title": _pair(panel.title),
        "head": [_pair(head) for head in panel.head],
        "rows": [[_pair(cell) if isinstance(cell, Text) else cell for cell in row] for row in panel.rows],
        "note": _pair(panel.note) if panel.note else None,
        "paper": panel.on_paper,
    }


def _target(target: Target) -> dict[str, Any]:
    marks = {"base": target.base, "goal": target.goal, "now": target.now}
    return {
        "title": _pair(target.title),
        "unit": _pair(target.unit),
        "note": _pair(target.note) if target.note else None,
        **{name: {"label": _pair(label), "value": float(value)} for name, (label, value) in marks.items()},
    }


def _cell_order(cells: Cells) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.float64]]:
    """Return the order in which cells are stored, each one's size number, and the sizes [degrees]."""
    sizes, levels = np.unique(np.round(cells.size_deg, 6), return_inverse=True)
    order = np.lexsort((np.round(cells.west, 6), np.round(cells.south, 6), levels))
    return order, levels.astype(np.uint8), sizes


def _cell_arrays(
    data: PageData, order: NDArray[np.int64], levels: NDArray[np.uint8], sizes: NDArray[np.float64]
) -> tuple[dict[str, NDArray[np.generic]], list[float]]:
    cells = data.cells
    edge = sizes[levels]
    arrays: dict[str, NDArray[np.generic]] = {
        "level": levels[order],
        "ix": _whole(cells.west / edge, "west")[order],
        "iy": _whole((cells.south + 90.0) / edge, "south")[order],
        "area": cells.area_km2[order].astype(np.float32),
        "observed": _in_bytes(cells.observed_share)[order],
        "phases": cells.phase_share[:, order],
    }
    codes, smallest = _mass_codes(np.abs(cells.mass_kg[:, :, order]))
    arrays["mass"] = codes
    if (cells.mass_kg < 0).any():
        arrays["minus"] = (cells.mass_kg[:, :, order] < 0).astype(np.uint8)
    if cells.month_share is not None and len(data.months) > 1:
        arrays["months"] = cells.month_share[:, order]
    if cells.class_share is not None:
        arrays["classes"] = cells.class_share[:, order]
    if cells.who is not None and cells.who_share is not None:
        arrays["who"] = cells.who[:, order].astype(np.int32)
        arrays["who_share"] = cells.who_share[:, order]
    if cells.interval is not None:
        arrays["low"], arrays["high"] = cells.interval[:, order].astype(np.float32)
    return arrays, smallest


def _drawn(data: PageData) -> NDArray[np.float64]:
    """Exact sums of the cells that are shown, by scenario and species. [kg]"""
    sums: NDArray[np.float64] = data.breakdowns[0].mass_kg.sum(axis=(2, 3))
    return sums if data.withheld_kg is None else sums - data.withheld_kg


def _mass_codes(mass_kg: NDArray[np.float64]) -> tuple[NDArray[np.uint16], list[float]]:
    """Return logarithmic codes as differences, and the smallest mass per species [kg].

    A species differs from the first one, and a scenario from the baseline, by nearly the same factor in
    all cells: as differences they deflate to a fraction. Arithmetic is modulo 65,536.
    """
    codes = np.empty(mass_kg.shape, np.uint16)
    smallest = []
    for s in range(mass_kg.shape[1]):
        codes[:, s], least = log_codes(mass_kg[:, s])
        smallest.append(least)
    codes[:, 1:] -= codes[:, :1]
    codes[1:] -= codes[:1]
    return codes, smallest


def _whole(ratio: NDArray[np.float64], name: str) -> NDArray[np.uint16]:
    number = np.rint(ratio)
    if not np.allclose(ratio, number, atol=1e-3):
        raise ValueError(f"cells.{name} holds corners that are no whole multiple of the cell's edge")
    return number.astype(np.uint16)


def _in_bytes(share: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.rint(np.clip(share, 0, 1) * 255).astype(np.uint8)


def _breakdown_arrays(index: int, breakdown: Breakdown) -> dict[str, NDArray[np.generic]]:
    arrays: dict[str, NDArray[np.generic]] = {
        f"b{index}.mass": breakdown.mass_kg.astype(np.float64),
        f"b{index}.hours": breakdown.hours.astype(np.float32),
        f"b{index}.distance": breakdown.distance_nm.astype(np.float32),
        f"b{index}.observed": breakdown.observed_hours.astype(np.float32),
    }
    if breakdown.interval_kg is not None:
        arrays[f"b{index}.interval"] = breakdown.interval_kg.astype(np.float32)
    return arrays


def _points(lines: Iterable[NDArray[np.float64]]) -> NDArray[np.float32]:
    parts = [np.asarray(line, np.float64).reshape(-1, 2) for line in lines]
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros((0, 2), np.float32)


def _edges(data: PageData) -> dict[str, tuple[float, ...]]:
    """Return the fixed class edges of each species [kg/km2 over the period]."""
    seen = _Seen(data.cells)
    return {species.key: seen.edges(data.cells.mass_kg[0, s]) for s, species in enumerate(data.species)}


def _change_edges(data: PageData) -> dict[str, tuple[float, ...]]:
    """Return three edges for differences from the baseline, per species [kg/km2]."""
    changes = data.cells.mass_kg[1:] - data.cells.mass_kg[:1]
    if not changes.size:
        return {}
    seen = _Seen(data.cells)
    found: dict[str, tuple[float, ...]] = {}
    for s, species in enumerate(data.species):
        edges = seen.edges(np.abs(changes[:, s]).max(axis=0))
        found[species.key] = (edges[0], edges[2], edges[4])
    return found


class _Seen:
    """What a reader sees of a grid: each size of cell, and the half-degree blocks of the opening view."""

    def __init__(self, cells: Cells) -> None:
        self.area_km2 = cells.area_km2
        sizes = np.round(cells.size_deg, 6)
        self.levels = [sizes == size for size in np.unique(sizes)]
        place = np.floor(cells.west * 2 + 1e-6) * 1000 + np.floor((cells.south + 90) * 2 + 1e-6)
        _, self.block = np.unique(place, return_inverse=True)
        full = cells.area_km2 * (0.5 / np.minimum(cells.size_deg, 0.5)) ** 2
        self.block_area = np.bincount(self.block, full) / np.maximum(np.bincount(self.block), 1)

    def edges(self, mass_kg: NDArray[np.float64]) -> tuple[float, ...]:
        """Return the class edges of a mass per cell [kg/km2]."""
        density = mass_kg / self.area_km2
        joined = np.bincount(self.block, mass_kg, len(self.block_area)) / self.block_area
        return class_edges(*spread([*(density[level] for level in self.levels), joined]))

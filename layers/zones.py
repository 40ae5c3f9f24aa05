"""Zone systems and their index: which zones of several systems hold a place.

A *system* is a set of disjoint zones; what none of them covers is its remainder, zone 0. Several systems are
asked at once by one integer, the *zone code*: its digits, in mixed radix, are the zones' positions.
"""

import hashlib
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layers import index_build
from layers.atomic import whole_file
from layers.geodesy import area_from_equator_m2, distance_m
from layers.lattice import Lattice
from layers.lookup import Cuts, Grid, Shape, places

IntArray = npt.NDArray[np.int64]

# Part of the key of cached files: raise it when their meaning changes.
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class ZoneSystem:
    """A named set of zones, with a name for the rest of the world.

    Parameters
    ----------
    name
        Of the system, such as "sulphur".
    zones
        One row a zone: `zone_id`, `geometry` (polygons, longitudes in ±180 or 0-360), optionally `name_en`,
        `name_zh`, `kind` and any attributes. Kept with longitudes in ±180, no polygon crossing 180.
    remainder_id, remainder_name_en, remainder_name_zh
        Of the rest, which is zone 0; row i of `zones` is zone i + 1.

    Raises
    ------
    ValueError
        If an id is missing or twice there, or a geometry is no valid polygon.

    Examples
    --------
    >>> frame = gpd.GeoDataFrame({"zone_id": ["bay"]}, geometry=[shapely.box(179, 0, 181, 1)], crs=4326)
    >>> system = ZoneSystem("waters", frame, remainder_id="open_sea")
    >>> system.zone_ids
    ('open_sea', 'bay')
    >>> system.zones.total_bounds.tolist()
    [-180.0, 0.0, 180.0, 1.0]
    """

    name: str
    zones: gpd.GeoDataFrame
    remainder_id: str = "elsewhere"
    remainder_name_en: str = "Elsewhere"
    remainder_name_zh: str = "其他区域"

    def __post_init__(self) -> None:
        zones = _with_defaults(self.name, self.zones)
        _check_ids(self.name, [self.remainder_id, *zones["zone_id"]])
        _check_geometry(self.name, zones)
        zones = zones.set_geometry(to_half_turn(zones.geometry.to_numpy()), crs=4326)
        object.__setattr__(self, "zones", zones)

    @property
    def zone_ids(self) -> tuple[str, ...]:
        """Ids by position, the remainder first."""
        return (self.remainder_id, *self.zones["zone_id"])

    def table(self) -> pd.DataFrame:
        """Return all columns but the geometry, by position, the remainder first."""
        rest = pd.DataFrame(
            {
                "zone_id": [self.remainder_id],
                "name_en": [self.remainder_name_en],
                "name_zh": [self.remainder_name_zh],
                "kind": ["remainder"],
            }
        )
        rows = pd.DataFrame(self.zones.drop(columns=self.zones.geometry.name))
        return pd.concat([rest, rows], ignore_index=True) if len(rows) else rest


def _with_defaults(name: str, zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Copy with text ids and all columns that every system has."""
    if "zone_id" not in zones:
        raise ValueError(f"zone system {name!r} has no column zone_id; it has {', '.join(map(str, zones))}")
    zones = zones.reset_index(drop=True)
    if zones.crs is not None and not zones.crs.equals("EPSG:4326", ignore_axis_order=True):
        zones = zones.to_crs(4326)
    zones["zone_id"] = zones["zone_id"].astype(object)
    for column, default in (("name_en", zones["zone_id"]), ("name_zh", ""), ("kind", "zone")):
        if column not in zones:
            zones[column] = default
    return zones


def _check_ids(name: str, ids: list[object]) -> None:
    bad = [zone_id for zone_id in ids if not isinstance(zone_id, str) or not zone_id]
    if bad:
        raise ValueError(f"zone system {name!r} has a zone without a text id: {bad[0]!r}")
    twice = sorted(str(zone_id) for zone_id, times in Counter(ids).items() if times > 1)
    if twice:
        raise ValueError(f"zone system {name!r} has zone ids more than once: {', '.join(twice)}")


def _check_geometry(name: str, zones: gpd.GeoDataFrame) -> None:
    for zone_id, shape in zip(zones["zone_id"], zones.geometry, strict=True):
        where = f"zone {zone_id!r} of system {name!r}"
        if shape is None or shape.is_empty or shape.geom_type not in {"Polygon", "MultiPolygon"}:
            found = "nothing" if shape is None or shape.is_empty else shape.geom_type
            raise ValueError(f"{where} is {found}; expected a polygon or multipolygon")
        west, south, east, north = shape.bounds
        if west < -180 or east > 540 or south < -90 or north > 90 or east - west > 360:
            raise ValueError(f"{where} reaches {shape.bounds}; expected degrees in ±180 or 0-360, and ±90")
        if not shape.is_valid:
            raise ValueError(f"{where} is not valid: {shapely.is_valid_reason(shape)}; repair it")
        xy, ring = shapely.get_coordinates(shapely.get_rings(shapely.get_parts(shape)), return_index=True)
        step = np.abs(np.diff(xy[:, 0]))[ring[1:] == ring[:-1]]
        if east <= 180 and ((step > 180) & (step < 360)).any():
            raise ValueError(
                f"{where} has an edge over more than 180 degrees of longitude; write an area across 180 "
                "in 0-360, or cut it there"
            )


def to_half_turn(geometries: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """Return polygons with longitudes in [-180, 180], cut at 180 where they cross it.

    >>> to_half_turn([shapely.box(190, 0, 200, 1)])[0].bounds
    (-170.0, 0.0, -160.0, 1.0)
    """
    shapes = np.array(geometries, object)
    for i, shape in enumerate(shapes):
        if shape.bounds[2] <= 180:
            continue
        here, beyond = (shapely.intersection(shape, _turn(number)) for number in (0, 1))
        halves = [here, shapely.transform(beyond, lambda xy: xy - [360, 0])]
        parts = shapely.get_parts(np.array(halves, object))
        flat = parts[shapely.get_dimensions(parts) == 2]
        shapes[i] = flat[0] if flat.size == 1 else shapely.MultiPolygon(list(shapely.get_parts(flat)))
    return shapes


def _turn(number: int) -> shapely.Polygon:
    return shapely.box(-180 + 360 * number, -90, 180 + 360 * number, 90)


def check_disjoint(system: ZoneSystem, tolerance_m: float = 0.1) -> None:
    """Refuse zones of one system that overlap.

    Outlines of neighbours that differ only by rounded coordinates pass: an overlap counts where it is on
    average wider than `tolerance_m` [m]. In what passes, the first zone holds the place.

    Raises
    ------
    ValueError
        Naming the pairs that overlap and the area they share, on the ellipsoid.

    Examples
    --------
    >>> shapes = [shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1)]
    >>> frame = gpd.GeoDataFrame({"zone_id": ["a", "b"]}, geometry=shapes, crs=4326)
    >>> check_disjoint(ZoneSystem("sulphur", frame))
    Traceback (most recent call last):
    ...
    ValueError: zones of system 'sulphur' overlap: 'a' with 'b' over 12308.5 km²; a place ...
    """
    shapes = system.zones.geometry.to_numpy()
    if shapes.size < 2:
        return
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    left, right = left[left < right], right[left < right]
    crossing = shapely.relate_pattern(shapes[left], shapes[right], "T********")
    left, right = left[crossing], right[crossing]
    # On a grid of 0.1 mm overlay is sure; without, slivers of rounding can come out as large areas.
    shared = shapely.intersection(shapes[left], shapes[right], grid_size=1e-9)
    area_m2 = shapely.area(equal_area(shared))
    names = [_label(*row) for row in system.zones[["zone_id", "name_en"]].itertuples(index=False, name=None)]
    pairs = [
        f"{names[a]} with {names[b]} over {_area_text(area)}"
        for a, b, area, shape in zip(left, right, area_m2, shared, strict=True)
        if 2 * area > tolerance_m * _outline_m(shape)
    ]
    if pairs:
        raise ValueError(
            f"zones of system {system.name!r} overlap: {'; '.join(pairs)}; "
            "a place must lie in one zone only: cut the overlap from one of them"
        )


def _label(zone_id: str, name: str) -> str:
    return repr(zone_id) if name == zone_id else f"{zone_id!r} ({name})"


def _area_text(area_m2: float) -> str:
    return f"{area_m2 / 1e6:.1f} km²" if area_m2 >= 1e5 else f"{area_m2:.0f} m²"


def _outline_m(shape: shapely.Geometry) -> float:
    """Length of all lines that bound a shape. [m]."""
    lines = shapely.get_parts(shapely.boundary(shapely.get_parts(shape)))
    xy, line = shapely.get_coordinates(lines[~shapely.is_missing(lines)], return_index=True)
    joined = line[1:] == line[:-1]
    return float(distance_m(xy[:-1, 1], xy[:-1, 0], xy[1:, 1], xy[1:, 0])[joined].sum())


def equal_area(geometries: npt.ArrayLike) -> npt.NDArray[np.object_]:
    """Polygons in a plane whose areas are those on the ellipsoid. [m²]."""

    def project(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.stack([np.radians(xy[:, 0]), area_from_equator_m2(xy[:, 1])], axis=1)

    plane: npt.NDArray[np.object_] = shapely.transform(np.asarray(geometries, object), project)
    return plane


def decode(codes: npt.ArrayLike, sizes: Sequence[int]) -> IntArray:
    """Positions of zones, one column a system, of codes over systems of so many zones, remainders counted.

    >>> decode([0, 7], [3, 4]).tolist()
    [[0, 0], [1, 2]]
    """
    numbers = np.asarray(codes, np.int64)[..., np.newaxis]
    positions: IntArray = numbers // _radix(sizes) % np.asarray(sizes, np.int64)
    return positions


def _radix(sizes: Sequence[int]) -> IntArray:
    """Weight of each system's position in a code."""
    return np.cumprod([1, *sizes[:-1]], dtype=np.int64)[: len(sizes)]


@dataclass(frozen=True, eq=False)
class ZoneIndex:
    """Several zone systems over a lattice, ready for `layers.walk.walk`.

    `names` and `zone_ids` list the systems and, by position, the zones of each. Small enough to send to
    another process; it holds no geometry.
    """

    lattice: Lattice
    names: tuple[str, ...]
    zone_ids: tuple[tuple[str, ...], ...]
    grid: Grid
    cuts: Cuts

    @classmethod
    def build(cls, systems: Sequence[ZoneSystem], lattice: Lattice) -> "ZoneIndex":
        """Return the index of systems over a lattice.

        Raises
        ------
        ValueError
            If two systems share a name, zones of a system overlap, or codes would not fit an integer.

        Examples
        --------
        >>> frame = gpd.GeoDataFrame({"zone_id": ["box"]}, geometry=[shapely.box(0, 0, 1.05, 1)], crs=4326)
        >>> index = ZoneIndex.build([ZoneSystem("port", frame, "sea")], Lattice(0.5))
        >>> index.zone_at([0.5, 0.5, 0.5], [1.04, 1.06, 361.0])
        array([1, 0, 1])
        """
        names = [system.name for system in systems]
        if len(set(names)) < len(names):
            raise ValueError(f"zone systems share a name: {', '.join(names)}; each needs its own")
        radix_of(systems)
        for system in systems:
            check_disjoint(system)
        shapes = [system.zones.geometry.to_numpy() for system in systems]
        grid, cuts = index_build.build(shapes, lattice)
        return cls(lattice, tuple(names), tuple(system.zone_ids for system in systems), grid, cuts)

    @classmethod
    def load_or_build(
        cls, systems: Sequence[ZoneSystem], lattice: Lattice, cache_dir: str | Path
    ) -> "ZoneIndex":
        """Return `build`'s result, read from `cache_dir` if the same was built before, else kept there."""
        path = Path(cache_dir) / f"zones-{content_key(systems, lattice)}.npz"
        if path.exists():
            stored = _load(path)
            if stored is not None:
                ids = tuple(system.zone_ids for system in systems)
                return cls(lattice, tuple(system.name for system in systems), ids, *stored)
        index = cls.build(systems, lattice)
        _save(path, index)
        return index

    @property
    def radix(self) -> IntArray:
        """Weight of each system's zone position in a code."""
        return _radix([len(ids) for ids in self.zone_ids])

    def decode(self, codes: npt.ArrayLike) -> IntArray:
        """Positions of zones, one column a system, of codes."""
        return decode(codes, [len(ids) for ids in self.zone_ids])

    def encode(self, positions: npt.ArrayLike) -> IntArray:
        """Codes of zone positions, one column a system: the inverse of `decode`."""
        codes: IntArray = np.asarray(positions, np.int64) @ self.radix
        return codes

    def zone_at(self, lat: npt.ArrayLike, lon: npt.ArrayLike) -> IntArray:
        """Zone codes of places; a place on an edge lies in one of its two zones, always the same.

        Raises
        ------
        ValueError
            If a place is none: missing, or beyond ±90 degrees of latitude.
        """
        y, x = np.broadcast_arrays(np.asarray(lat, np.float64), np.asarray(lon, np.float64))
        check_places(y, x)
        codes = places(np.ascontiguousarray(y).ravel(), np.ascontiguousarray(x).ravel(), self.grid, self.cuts)
        return codes.reshape(y.shape)


def check_places(lat: npt.NDArray[np.float64], lon: npt.NDArray[np.float64]) -> None:
    """Refuse what is no place, which would send a kernel out of its arrays.

    Raises
    ------
    ValueError
        If a latitude leaves ±90, a longitude ±7,200 (twenty turns), or one is missing.
    """
    good = (np.abs(lat) <= 90) & (np.abs(lon) <= 7200)
    if not good.all():
        at = int(np.flatnonzero(~good.ravel())[0])
        raise ValueError(
            f"row {at} is no place: latitude {lat.ravel()[at]}, longitude {lon.ravel()[at]}; "
            "leave out rows without a position"
        )


def radix_of(systems: Sequence[ZoneSystem]) -> IntArray:
    """Weight of each system in a zone code.

    Raises
    ------
    ValueError
        If there are too many combinations for a 64-bit integer.
    """
    sizes = [len(system.zones) + 1 for system in systems]
    if np.prod(sizes, dtype=float) > 2**62:
        raise ValueError(f"zone systems of {sizes} zones have too many combinations; use fewer systems")
    return np.cumprod([1, *sizes[:-1]], dtype=np.int64)[: len(sizes)]


def content_key(systems: Sequence[ZoneSystem], lattice: Lattice) -> str:
    """Hash of all that an index depends on: geometry, order of zones and systems, and the lattice."""
    digest = hashlib.sha256(f"{_FORMAT} {lattice.ny} {lattice.fine} {lattice.windows}".encode())
    for system in systems:
        digest.update(f"|{system.name}|{len(system.zones)}|".encode())
        for shape in shapely.to_wkb(system.zones.geometry.to_numpy(), output_dimension=2):
            digest.update(shape)
    return digest.hexdigest()[:24]


def _save(path: Path, index: ZoneIndex) -> None:
    """Write the arrays to a file that is never seen half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    grid, cuts = index.grid, index.cuts
    with whole_file(path) as beside, beside.open("wb") as file:
        np.savez_compressed(
            file,
            shape=np.array(grid.shape),
            codes=grid.codes,
            state=grid.state,
            fine_state=grid.fine_state,
            groups=cuts.groups,
            fragments=cuts.fragments,
            edges=cuts.edges,
        )


def _load(path: Path) -> tuple[Grid, Cuts] | None:
    """Return what `_save` wrote, or nothing if the file is damaged: it is then built anew."""
    try:
        with path.open("rb") as file, np.load(file) as stored:
            per_degree, *counts = stored["shape"].tolist()
            nx, ny, fine, groups = (int(count) for count in counts)
            shape = Shape(per_degree, nx, ny, fine, groups)
            grid = Grid(shape, stored["codes"], stored["state"], stored["fine_state"])
            return grid, Cuts(stored["groups"], stored["fragments"], stored["edges"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None

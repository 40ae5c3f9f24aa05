"""What a page shows, as plain frozen values: the page knows no ship, no file and no method.

Longitudes are display longitudes, 0-360 with the Pacific in the middle. Masses are kilograms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bytes = NDArray[np.uint8]
Ring = NDArray[np.float64]
"""Corner points (k, 2) of one ring, longitude [degrees, 0-360] and latitude [degrees]."""

TRACK_KINDS = ("observed", "filled", "planned", "simulated", "unobserved")


@dataclass(frozen=True)
class Text:
    """One sentence or name in the page's languages; an empty ``zh`` shows the English one."""

    en: str
    zh: str = ""

    def as_list(self) -> list[str]:
        """Return [English, Chinese], the second falling back on the first."""
        return [self.en, self.zh or self.en]


@dataclass(frozen=True)
class Species:
    """A pollutant: symbol for the legend, name for the list.

    ``basis`` is "ttw" for what leaves the funnel; a "wtw" species is the well-to-wake twin of ``of``.
    """

    key: str
    symbol: str
    name: Text
    greenhouse: bool = False
    basis: Literal["ttw", "wtw"] = "ttw"
    of: str = ""


@dataclass(frozen=True)
class Item:
    """A row's key and name, with a short note (stand-in, unverified) or none."""

    key: str
    name: Text
    note: Text | None = None


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The hotspot grid: cells of several sizes, none overlapping another.

    Attributes
    ----------
    west, south, size_deg
        Corner [degrees, longitude 0-360] and edge [degrees] of each of n cells; corners are whole
        multiples of the edge.
    area_km2
        Area on the ellipsoid [km2].
    mass_kg
        (n_scenarios, n_species, n) over the whole period [kg].
    month_share
        (n_months, n) in 1/255ths of the cell's busiest month, common to the species; or None when the
        study has one month.
    phase_share
        (n_phases, n) in 1/255ths of the mass of the first species; class_share likewise.
    observed_share
        Share of the cell's hours that lies between reports [0-1].
    interval
        (2, n) lower and upper bound of the interval as a factor on the mass, or None.
    who, who_share
        (k, n) numbers of the cell's largest contributors in ``PageData.vessels``, -1 for none, and their
        shares of the mass of the first species in 1/255ths; or None where no vessel may be named.
    """

    west: Floats
    south: Floats
    size_deg: Floats
    area_km2: Floats
    mass_kg: Floats
    observed_share: Floats
    phase_share: Bytes
    month_share: Bytes | None = None
    class_share: Bytes | None = None
    interval: Floats | None = None
    who: NDArray[np.int32] | None = None
    who_share: Bytes | None = None

    def __len__(self) -> int:
        return len(self.west)


@dataclass(frozen=True, kw_only=True)
class Breakdown:
    """One exact table of totals: a zone system, the phases, or the ship classes.

    Attributes
    ----------
    hours, distance_nm, observed_hours
        (n_rows, n_months) [h], [nautical miles], [h].
    mass_kg
        (n_scenarios, n_species, n_rows, n_months) [kg].
    interval_kg
        (2, n_scenarios, n_species, n_rows) lower and upper bound over the period [kg], or None.
    """

    key: str
    kind: Literal["zones", "phases", "classes"]
    title: Text
    rows: tuple[Item, ...]
    hours: Floats
    distance_nm: Floats
    observed_hours: Floats
    mass_kg: Floats
    interval_kg: Floats | None = None


@dataclass(frozen=True)
class Zone:
    """The drawn shape of a row of a zone system: polygons, each an outer ring and its holes."""

    system: str
    key: str
    kind: str
    polygons: tuple[tuple[Ring, ...], ...]


@dataclass(frozen=True)
class Track:
    """A thinned line of longitudes 0-360 and latitudes (k, 2), by origin."""

    kind: Literal["observed", "filled", "planned", "simulated", "unobserved"]
    line: Ring
    name: str = ""


@dataclass(frozen=True)
class Port:
    """A port marker and the inset its button opens: bounds west, south, east, north [degrees]."""

    key: str
    name: Text
    lon: float
    lat: float
    bounds: tuple[float, float, float, float]
    zones: tuple[str, ...] = ()


@dataclass(frozen=True)
class Vessel:
    """A ship, or a pool of ships, that a cell may name: its name, or none, and its class."""

    name: str
    kind: Text


@dataclass(frozen=True)
class Panel:
    """A small table of its own: speed-zone compliance, port calls, emissions per container.

    A cell is a number (shown with three digits), words in both languages, or None for no figure. What
    stands ``on_paper`` is printed too: the sheet has two pages.
    """

    key: str
    title: Text
    head: tuple[Text, ...]
    rows: tuple[tuple[Text | float | None, ...], ...]
    note: Text | None = None
    on_paper: bool = False


@dataclass(frozen=True)
class Target:
    """Progress to a target: base year, target and now are each a label and a value of one unit."""

    title: Text
    unit: Text
    base: tuple[Text, float]
    goal: tuple[Text, float]
    now: tuple[Text, float]
    note: Text | None = None


@dataclass(frozen=True)
class Source:
    """Where data or a factor came from, under which licence."""

    title: Text
    licence: Text
    note: Text | None = None


@dataclass(frozen=True)
class Basemap:
    """Online tiles the reader may switch on; nothing is asked for before the click.

    ``attribution`` says who made them and, where a base map needs one, its approval number.

    Raises
    ------
    ValueError
        When the address is not ``https://host/…`` or its host holds anything else than a host's
        letters: it is written into the page's policy.
    """

    url: str
    attribution: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "https" or not re.fullmatch(r"[A-Za-z0-9.*:-]+", self._netloc):
            raise ValueError(
                f"basemap address {self.url!r} is not https://host/…{{z}}/{{x}}/{{y}}: give a full address"
            )

    @property
    def _netloc(self) -> str:
        return re.sub(r"^\{s\}\.", "*.", urlsplit(self.url).netloc)

    @property
    def host(self) -> str:
        """Scheme and host as a page's policy names them.

        >>> Basemap("https://{s}.example.org/{z}/{x}/{y}.png", "Example").host
        'https://*.example.org'
        """
        return f"https://{self._netloc}"


@dataclass(frozen=True, kw_only=True)
class PageData:
    """All that one page shows; checked on creation.

    ``total_interval_kg`` holds the bounds of the whole over the period [kg], (2, n_scenarios, n_species):
    they are no sum of the bounds of its parts. ``withheld_kg`` is the mass of cells that are not shown
    [kg], (n_scenarios, n_species). Well-to-wake masses may be negative: a credit upstream may be larger than
    what leaves the funnel.

    Raises
    ------
    ValueError
        When shapes disagree, a value is not finite, or negative where it cannot be, a longitude lies outside
        0-360, or the totals of two breakdowns, or of the cells and what is withheld, differ.
    """

    title: Text
    period: Text
    species: tuple[Species, ...]
    months: tuple[str, ...]
    phases: tuple[Item, ...]
    cells: Cells
    breakdowns: tuple[Breakdown, ...]
    zones: tuple[Zone, ...] = ()
    tracks: tuple[Track, ...] = ()
    ports: tuple[Port, ...] = ()
    scenarios: tuple[Item, ...] = (Item("baseline", Text("Baseline", "基准情景")),)
    classes: tuple[Item, ...] = ()
    vessels: tuple[Vessel, ...] = ()
    panels: tuple[Panel, ...] = ()
    targets: tuple[Target, ...] = ()
    interval_level: float = 0.9
    total_interval_kg: Floats | None = None
    withheld_kg: Floats | None = None
    simulated: bool = False
    planned: bool = False
    banner: Text | None = None
    status: tuple[Text, ...] = ()
    method: tuple[Text, ...] = ()
    limits: tuple[Text, ...] = ()
    sources: tuple[Source, ...] = ()
    cite: Text | None = None
    version: str = ""
    file_name: str = "corridor"
    language: Literal["en-GB", "en-US", "zh"] = "en-GB"
    first_species: str = ""
    basemap: Basemap | None = None

    def __post_init__(self) -> None:
        _check_cells(self)
        for breakdown in self.breakdowns:
            _check_breakdown(self, breakdown)
        _check_sums(self)
        if self.total_interval_kg is not None:
            shape = (2, len(self.scenarios), len(self.species))
            _check_masses(self, "total_interval_kg", self.total_interval_kg, shape, 2)
        _check_lines(self)


def _check_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> None:
    """Refuse an array of another shape, or with negative or unfinished values."""
    if array.shape != shape:
        raise ValueError(f"{name} has the shape {array.shape}, expected {shape}")
    if array.dtype.kind == "f" and not (np.isfinite(array).all() and (array >= 0).all()):
        raise ValueError(f"{name} holds negative, infinite or missing values; give finite values >= 0")


def _check_masses(data: PageData, name: str, array: Floats, shape: tuple[int, ...], axis: int) -> None:
    """Refuse masses of another shape, or below zero but for well-to-wake; ``axis`` is that of the species."""
    if array.shape != shape or not np.isfinite(array).all():
        _check_shape(name, array, shape)
    on_board = [place for place, one in enumerate(data.species) if one.basis != "wtw"]
    _check_shape(name, array.take(on_board, axis), (*shape[:axis], len(on_board), *shape[axis + 1 :]))


def _check_cells(data: PageData) -> None:
    cells, n = data.cells, len(data.cells)
    for name in ("west", "size_deg", "area_km2", "observed_share"):
        _check_shape(f"cells.{name}", getattr(cells, name), (n,))
    _check_masses(data, "cells.mass_kg", cells.mass_kg, (len(data.scenarios), len(data.species), n), 1)
    _check_shape("cells.phase_share", cells.phase_share, (len(data.phases), n))
    if cells.south.shape != (n,) or not (np.abs(cells.south) <= 90).all():
        raise ValueError("cells.south is no latitude per cell")
    if cells.month_share is not None:
        _check_shape("cells.month_share", cells.month_share, (len(data.months), n))
    if cells.class_share is not None:
        _check_shape("cells.class_share", cells.class_share, (len(data.classes), n))
    if cells.interval is not None:
        _check_shape("cells.interval", cells.interval, (2, n))
    if cells.who is not None and cells.who_share is not None:
        if cells.who.shape != cells.who_share.shape or cells.who.shape[1:] != (n,):
            raise ValueError(f"cells.who has the shape {cells.who.shape}, who_share {cells.who_share.shape}")
        if cells.who.size and not (cells.who.min() >= -1 and cells.who.max() < len(data.vessels)):
            raise ValueError(f"cells.who names a vessel beyond the {len(data.vessels)} given")
    if n and not (cells.west < 360).all():
        raise ValueError("cells.west must be display longitudes, 0 <= lon < 360")


def _check_breakdown(data: PageData, breakdown: Breakdown) -> None:
    rows, months = len(breakdown.rows), len(data.months)
    for name in ("hours", "distance_nm", "observed_hours"):
        _check_shape(f"{breakdown.key}.{name}", getattr(breakdown, name), (rows, months))
    shape = (len(data.scenarios), len(data.species), rows)
    _check_masses(data, f"{breakdown.key}.mass_kg", breakdown.mass_kg, (*shape, months), 1)
    if breakdown.interval_kg is not None:
        _check_masses(data, f"{breakdown.key}.interval_kg", breakdown.interval_kg, (2, *shape), 2)


def _check_sums(data: PageData) -> None:
    """Refuse a page on which two tables of the same mass disagree."""
    if not data.breakdowns:
        raise ValueError("a page needs at least one breakdown: its totals come from there")
    first = data.breakdowns[0].mass_kg.sum(axis=(2, 3))
    for breakdown in data.breakdowns[1:]:
        other = breakdown.mass_kg.sum(axis=(2, 3))
        if not np.allclose(first, other, rtol=1e-9, atol=1e-9):
            raise ValueError(f"totals of {breakdown.key!r} differ from those of {data.breakdowns[0].key!r}")
    drawn = data.cells.mass_kg.sum(axis=2)
    if data.withheld_kg is not None:
        _check_masses(data, "withheld_kg", data.withheld_kg, drawn.shape, 1)
        drawn = drawn + data.withheld_kg
    if not np.allclose(first, drawn, rtol=1e-5, atol=1e-6):
        raise ValueError(f"the cells do not add up to the totals of {data.breakdowns[0].key!r}")


def _check_lines(data: PageData) -> None:
    for track in data.tracks:
        if track.kind not in TRACK_KINDS:
            raise ValueError(f"track kind {track.kind!r} is unknown; known: {', '.join(TRACK_KINDS)}")
        if len(track.line) > 1 and (np.abs(np.diff(track.line[:, 0])) > 60).any():
            raise ValueError("a track jumps by more than 60 degrees of longitude: unwrap it to 0-360")
    for panel in data.panels:
        if any(len(row) != len(panel.head) for row in panel.rows):
            raise ValueError(f"panel {panel.key!r} has rows of another width than its head")
    for zone in data.zones:
        for ring in (ring for polygon in zone.polygons for ring in polygon):
            if ring.ndim != 2 or ring.shape[1] != 2:
                raise ValueError(f"zone {zone.key!r} has a ring that is no (k, 2) array")

"""What a file of positions is, before anybody computes: form, columns, span, ships, faults, coverage."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.errors import InputError
from corridor.ground import is_simulated
from corridor.tracks import guesses, particulars, readers, sources
from corridor.tracks.buckets import ROW, Rows
from corridor.tracks.columns import ColumnMapping
from corridor.tracks.formats import Format, recognise
from corridor.tracks.guesses import Guess
from corridor.tracks.particulars import Sightings
from corridor.tracks.readings import Settings, read_rows
from corridor.tracks.report import InputReport
from corridor.tracks.sources import Source

# More rows are not looked at: a sample of the beginning says as much.
MOST_ROWS = 2_000_000
LOOK_BYTES = 256 * 1024
LOOK_ROWS = 500
SHOWN_ROWS = 3
HOLE_MS = 6 * 3_600_000


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """Where and when positions are.

    ``lat``, ``lon`` [degrees] are of every fix looked at; ``holes`` are (k, 4) latitude, longitude before and
    after six hours or more without a fix of a ship.
    """

    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    holes: NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What was found out about one file.

    ``usable`` says whether a study takes the file as it is (or with the mapping given), ``mappable`` whether
    it does with the mapping guessed; ``reason`` says why not.
    """

    name: str
    size_bytes: int
    form: Format | None
    usable: bool
    mappable: bool = False
    reason: str = ""
    columns: tuple[Guess, ...] = ()
    mapping: ColumnMapping | None = None
    mapping_toml: str = ""
    field_counts: dict[int, int] = field(default_factory=dict)
    first_rows: tuple[tuple[str, ...], ...] = ()
    headless: bool = False
    whole: bool = True
    facts: dict[str, Any] = field(default_factory=dict)
    coverage: Coverage | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the fixes as plain values."""
        form = self.form
        return {
            "name": self.name,
            "bytes": self.size_bytes,
            "format": form.name if form else "",
            "compression": form.compression if form else "",
            "encoding": form.encoding if form else "",
            "delimiter": form.delimiter if form else "",
            "decimal": form.decimal if form else "",
            "members": list(form.members) if form else [],
            "layers": list(form.layers) if form else [],
            "known": form.known if form else "",
            "note": form.note if form else "",
            "usable": self.usable,
            "mappable": self.mappable,
            "reason": self.reason,
            "columns": [vars(guess) for guess in self.columns],
            "header_missing": self.headless,
            "fields_per_row": {str(count): rows for count, rows in self.field_counts.items()},
            "mapping": self.mapping.model_dump() if self.mapping else None,
            "sample": not self.whole,
            **self.facts,
        }


def inspect(
    path: str | Path, *, mapping: ColumnMapping | None = None, tz: str | None = None, rows: int = MOST_ROWS
) -> Inspection:
    """Return what a file is, by the way that a study reads it.

    Parameters
    ----------
    path : path
        The file; ``file.gpkg#layer`` names a layer.
    mapping : ColumnMapping, optional
        Its columns, if you know them.
    tz : str, optional
        Zone of times that name none.
    rows : int
        Most rows that are looked at; of a longer file its beginning.

    Raises
    ------
    InputError
        If the file is missing, empty, damaged, or of a form that holds no positions.
    """
    form = recognise(path)
    found, _ = sources.find_sources([path])
    head = _Head.of(found[0], form)
    chosen = guesses.proposal(head.guesses)
    proposed = mapping or _guessed(form, head, chosen)
    known: dict[str, Any] = {
        "name": found[0].path.name,
        "size_bytes": found[0].size_bytes,
        "form": form,
        "columns": tuple(head.guesses),
        "field_counts": head.field_counts,
        "first_rows": head.rows[:SHOWN_ROWS],
        "headless": head.headless,
        "mapping": proposed,
    }
    if not head.headless and head.guesses:
        known["mapping_toml"] = guesses.mapping_text(chosen, proposed, found[0].path.name)
    read = _read(found, Settings(columns=mapping, tz=tz), rows)
    if read.fault is not None and mapping is None and proposed is not None:
        other = _read(found, Settings(columns=proposed, tz=tz), rows)
        if other.fault is None:
            return _told(known, other, usable=False, mappable=True, reason=str(read.fault.message))
    reason = "" if read.fault is None else read.fault.message
    return _told(known, read, usable=read.fault is None, mappable=False, reason=reason)


@dataclass
class _Head:
    """Beginning of a table: names of the columns, some rows, what the columns may be."""

    rows: tuple[tuple[str, ...], ...] = ()
    guesses: list[Guess] = field(default_factory=list)
    field_counts: dict[int, int] = field(default_factory=dict)
    headless: bool = False

    @classmethod
    def of(cls, source: Source, form: Format) -> "_Head":
        if form.name == "csv":
            return cls._of_text(source, form)
        if not form.header:
            return cls()
        try:
            raw = next(readers.tables(source, None, InputReport()), None)
        except InputError:
            raw = None
        cells = raw.table.slice(0, LOOK_ROWS).to_pylist() if raw is not None else []
        rows = tuple(tuple(_text(row.get(name)) for name in form.header) for row in cells)
        return cls(rows, guesses.guess(form.header, rows))

    @classmethod
    def _of_text(cls, source: Source, form: Format) -> "_Head":
        with source.open() as stream:
            data = stream.read(LOOK_BYTES)
        text = data.decode(form.encoding or "utf-8", errors="replace").lstrip("\ufeff")
        lines = [line for line in text.splitlines() if line.strip()]
        if len(data) == LOOK_BYTES:
            lines = lines[:-1]
        rows = tuple(
            tuple(row) for row in csv.reader(lines[: LOOK_ROWS + 1], delimiter=form.delimiter or ",")
        )
        headless = bool(rows) and _is_data(rows[0])
        body = rows if headless else rows[1:]
        counts = dict(sorted(Counter(map(len, body)).items()))
        if headless:
            usual = max(counts, key=lambda size: counts[size])
            names = [f"field {place + 1}" for place in range(usual)]
            alike = [row for row in body if len(row) == usual]
            return cls(body, guesses.guess(names, alike, named=False), counts, headless)
        names = [name for name in form.header if name]
        return cls(body, guesses.guess(names, body), counts, headless)


def _text(value: object) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, datetime) else str(value)


def _is_data(first: Sequence[str]) -> bool:
    """Whether the first line holds values rather than names."""
    values = [cell.strip() for cell in first if cell.strip()]
    return sum(bool(guesses.NUMBER.fullmatch(cell) or guesses.CLOCK.fullmatch(cell)) for cell in values) >= 2


def _guessed(form: Format, head: _Head, chosen: dict[str, Guess]) -> ColumnMapping | None:
    if head.headless or not head.guesses:
        return None
    decimal = "," if form.decimal == "," else ""
    return guesses.mapping_of(
        chosen, delimiter="" if form.delimiter == "," else form.delimiter, decimal=decimal
    )


@dataclass
class _Read:
    """What the way of the ingest gives of a file, to its end or to so many rows."""

    rows: Rows
    report: InputReport
    sightings: Sightings
    whole: bool
    fault: InputError | None


def _read(found: Sequence[Source], settings: Settings, most: int) -> _Read:
    report, sightings = InputReport(), Sightings()
    parts: list[Rows] = []
    fault, whole = None, True
    try:
        for source in found:
            # A report of its own: whether a file is doubtful is asked of each.
            own = InputReport()
            for part in read_rows(source, settings, own, sightings):
                parts.append(part)
                if report.rows_in + own.rows_in >= most:
                    whole = False
                    break
            report.merge(own)
            if not whole:
                break
    except InputError as caught:
        fault = caught
    rows = np.concatenate(parts) if parts else np.empty(0, ROW)
    return _Read(rows, report, sightings, whole, fault)


def _told(known: dict[str, Any], read: _Read, *, usable: bool, mappable: bool, reason: str) -> Inspection:
    facts: dict[str, Any] = {
        "rows": read.report.rows_in,
        "rows_usable": read.report.rows_kept,
        "rows_dropped": dict(sorted(read.report.rows_dropped.items())),
        "rows_repaired": dict(sorted(read.report.rows_repaired.items())),
        "not_available": {name: n for name, n in sorted(read.report.not_available.items()) if n},
        "warnings": list(read.report.warnings),
    }
    coverage = None
    if len(read.rows) and (usable or mappable):
        rows = read.rows[np.lexsort((read.rows["t_ms"], read.rows["ship"]))]
        facts |= _span(rows) | _ships(rows, read.sightings, read.report) | _rhythm(rows)
        coverage = Coverage(lat=rows["lat"].copy(), lon=rows["lon"].copy(), holes=_holes(rows))
    return Inspection(
        **known,
        whole=read.whole,
        usable=usable,
        mappable=mappable,
        reason=reason,
        facts=facts,
        coverage=coverage,
    )


def _span(rows: Rows) -> dict[str, Any]:
    """First and last time, and the box, whose west may lie east of 180°. [UTC, degrees]."""
    t_ms = rows["t_ms"]
    hours = np.unique(t_ms // 3_600_000)
    west, east = arc(rows["lon"])
    # A few corrupted positions stretch a box over half the world.
    south, north = np.quantile(rows["lat"], [0.01, 0.99], method="nearest")
    turned = np.sort((rows["lon"] - west) % 360)
    ends = [
        (west + float(turned[k]) + 180) % 360 - 180 for k in (len(turned) // 100, -1 - len(turned) // 100)
    ]
    return {
        "first_utc": _utc(int(t_ms.min())),
        "last_utc": _utc(int(t_ms.max())),
        "hours_without_rows": int(hours[-1] - hours[0] + 1 - len(hours)),
        "bbox_deg": [west, float(rows["lat"].min()), east, float(rows["lat"].max())],
        "bbox_98_percent_deg": [round(ends[0], 5), float(south), round(ends[1], 5), float(north)],
    }


def arc(lon: NDArray[np.float64]) -> tuple[float, float]:
    """Return the ends of the shortest arc that holds all longitudes, west first. [degrees, -180…180].

    >>> arc(np.array([114.3, 179.0, -118.2]))
    (114.3, -118.2)
    """
    around = np.unique(lon)
    gap = np.append(np.diff(around), around[0] + 360 - around[-1])
    last = int(gap.argmax())
    return float(around[(last + 1) % len(around)]), float(around[last])


def _utc(t_ms: int) -> str:
    return datetime.fromtimestamp(t_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ships(rows: Rows, sightings: Sightings, report: InputReport) -> dict[str, Any]:
    """Number of ships, how many are ocean-going, how many say their particulars. [share]."""
    ships, ship_of = particulars.ship_table(sightings, "ogv")
    present = np.unique(ship_of[np.unique(rows["ship"])])
    ships = ships.iloc[present]
    draught = pd.Series(rows["draught_m"]).groupby(ship_of[rows["ship"]]).max()
    said = {
        "imo": ships["imo"] > 0,
        "name": ships["name"] != "",
        "ais_type": ships["ais_type"] > 0,
        "length": ships["length_m"].notna(),
        "beam": ships["beam_m"].notna(),
        "draught": draught.notna(),
    }
    return {
        "ships": len(ships),
        "ships_ocean_going": int((ships["population"] == "ogv").sum()),
        "ships_unknown": int((ships["population"] == "unknown").sum()),
        "particulars_share": {name: round(float(known.mean()), 4) for name, known in said.items()},
        "speed_share": round(float(np.isfinite(rows["sog_kn"]).mean()), 4),
        "simulated": is_simulated(ships, report),
    }


def _rhythm(rows: Rows) -> dict[str, Any]:
    """Time between reports of a ship, rows that repeat a ship and time. [s, h]."""
    step = np.diff(rows["t_ms"])[rows["ship"][1:] == rows["ship"][:-1]]
    later = step[step > 0] / 1000
    return {
        "rows_of_equal_ship_and_time": int((step == 0).sum()),
        "interval_s": {
            "median": float(np.median(later)) if len(later) else None,
            "ninety_percent_below": float(np.quantile(later, 0.9)) if len(later) else None,
            "longest": float(later.max()) if len(later) else None,
        },
        "holes_over_6_h": int((step >= HOLE_MS).sum()),
    }


def _holes(rows: Rows) -> NDArray[np.float64]:
    same = rows["ship"][1:] == rows["ship"][:-1]
    ends = np.flatnonzero(same & (np.diff(rows["t_ms"]) >= HOLE_MS))
    return np.column_stack([rows[name][k] for k in (ends, ends + 1) for name in ("lat", "lon")])

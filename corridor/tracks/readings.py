"""What one input file gives, kept by its content: usable rows, words of its stations, account of its rows.

A file is converted once. Another run that holds the same bytes, settings and code takes what was kept, so
that a study of one more day reads one more file.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import corridor
from corridor import identity
from corridor.errors import InputError
from corridor.tracks import buckets, fixes, readers, shelf
from corridor.tracks.buckets import FILE_SHIFT, ROW, Rows
from corridor.tracks.columns import ColumnMapping
from corridor.tracks.fixes import REASONS, Block
from corridor.tracks.particulars import Codes, Sightings
from corridor.tracks.report import InputReport, lines_of
from corridor.tracks.sources import Source

# A file of which more cannot be read is doubtful as a whole.
MOST_BAD_SHARE = 0.2
Frame = tuple[float, float, float, float]
FOLDER = "reading-"


@dataclass(frozen=True)
class Settings:
    """What besides the files decides the buckets."""

    columns: ColumnMapping | None = None
    period: tuple[int, int] | None = None
    bbox: Frame | None = None
    tz: str | None = None
    population: str | tuple[int, ...] = "ogv"

    def _text(self) -> str:
        """Everything that decides which rows of a file are usable, and their values."""
        mapping = self.columns.model_dump_json() if self.columns else ""
        frame = [repr(value) for value in (self.period, self.bbox, self.tz)]
        return "\n".join([corridor.__version__, _code(), mapping, *frame])

    def reading(self, source: Source) -> str:
        """Return a name for what one file gives: its content and these settings, whatever it is called."""
        return _short(
            "\n".join([self._text(), source.sha256, source.kind, source.member or "", source.layer or ""])
        )

    def study(self, found: Sequence[Source]) -> str:
        """Return a name for the buckets of some files."""
        files = [f"{source.name}:{source.sha256}" for source in found]
        return _short("\n".join([self._text(), repr(self.population), *files]))


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


@cache
def _code() -> str:
    """Hash of the code that reads: what an older program kept is not taken for this one's."""
    code = hashlib.sha256()
    for place in [*sorted(Path(__file__).parent.rglob("*.py")), Path(str(identity.__file__))]:
        code.update(place.read_bytes())
    return code.hexdigest()


@dataclass
class Reading:
    """Usable rows of one file, the station of each instead of its ship, and its line as ``row_ref``.

    Rows stay in memory while few, and in a file.
    """

    path: Path
    report: InputReport
    sightings: Sightings
    held: list[Rows] | None = None

    def parts(self) -> Iterator[Rows]:
        """Give the rows, part by part."""
        if self.held is not None:
            yield from self.held
            return
        with pa.ipc.open_file(self.path) as file:
            for number in range(file.num_record_batches):
                yield _rows_of(file.get_batch(number))


@dataclass
class Library:
    """Readings in a folder, each under the name of its content.

    ``read`` counts the files that were read, ``reused`` those that an earlier run had read.
    """

    folder: Path
    room: int
    read: int = 0
    reused: int = 0

    def reading(self, source: Source, settings: Settings) -> Reading:
        """Return what a file gives, from an earlier run where one kept it.

        Raises
        ------
        InputError
            If the file cannot be read; nothing of it is kept.
        """
        place = self.folder / f"{FOLDER}{settings.reading(source)}"
        kept = _kept(place, source.name)
        if kept is not None:
            self.reused += 1
            shelf.mark_used(place)
            return kept
        self.read += 1
        beside = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=self.folder))
        try:
            found = _convert(source, settings, beside, self.room)
            self.room -= sum(map(len, found.held or ()))
            beside.rename(place)
            found.path = place / found.path.name
        except OSError:
            # Another run was quicker with the same file; its reading is the same.
            kept = _kept(place, source.name)
            if kept is None:
                raise
            return kept
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return found


def _kept(place: Path, name: str) -> Reading | None:
    """What an earlier run kept of a file, under its name of today."""
    if not (place / "said.json").is_file():
        return None
    said = json.loads((place / "said.json").read_text(encoding="utf-8"))
    report = InputReport.from_dict(said["report"]).renamed(said["name"], name)
    return Reading(place / "rows.arrow", report, Sightings.from_dict(said["sightings"]))


def _convert(source: Source, settings: Settings, folder: Path, room: int) -> Reading:
    """Read a file, its rows into memory (while fewer than ``room``) and into a folder."""
    report, sightings = InputReport(), Sightings()
    path = folder / "rows.arrow"
    held: list[Rows] | None = []
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    # Another thread packs and writes a block while the next is read: keeping rows costs next to no time.
    with pa.ipc.new_file(path, _schema(), options=options) as file, ThreadPoolExecutor(1) as writer:
        written: Future[None] | None = None
        for rows in read_rows(source, settings, report, sightings):
            if written is not None:
                written.result()
            written = writer.submit(file.write_batch, _batch_of(rows))
            if held is not None:
                held.append(rows)
            if sum(map(len, held or ())) > room:
                held = None
        if written is not None:
            written.result()
    said = {"name": source.name, "report": report.to_dict(), "sightings": sightings.to_dict()}
    (folder / "said.json").write_text(json.dumps(said, ensure_ascii=True), encoding="utf-8")
    return Reading(path, report, sightings, held)


def _schema() -> pa.Schema:
    return pa.schema([(name, pa.from_numpy_dtype(ROW[name])) for name in ROW.names or ()])


def _batch_of(rows: Rows) -> pa.RecordBatch:
    arrays = [pa.array(np.ascontiguousarray(rows[name])) for name in ROW.names or ()]
    return pa.RecordBatch.from_arrays(arrays, schema=_schema())


def _rows_of(batch: pa.RecordBatch) -> Rows:
    rows = np.empty(batch.num_rows, ROW)
    for name in ROW.names or ():
        rows[name] = batch[name].to_numpy(zero_copy_only=False)
    return rows


@dataclass
class Gathered:
    """Rows of all files, with the stations of the whole input and the file's number in ``row_ref``."""

    readings: list[Reading] = field(default_factory=list)
    sightings: Sightings = field(default_factory=Sightings)
    report: InputReport = field(default_factory=InputReport)
    _stations: list[Codes] = field(default_factory=list)

    def add(self, reading: Reading) -> None:
        """Add the next file; rows it holds in memory are renumbered in place."""
        stations = self.sightings.merge(reading.sightings)
        for part in reading.held or ():
            _renumber(part, stations, len(self.readings))
        self.report.merge(reading.report)
        self.readings.append(reading)
        self._stations.append(stations)

    def parts(self) -> Iterator[Rows]:
        """Give all rows, part by part."""
        for number, (reading, stations) in enumerate(zip(self.readings, self._stations, strict=True)):
            for part in reading.parts():
                if reading.held is None:
                    _renumber(part, stations, number)
                yield part

    def drop(self) -> None:
        """Forget the rows held in memory."""
        for reading in self.readings:
            reading.held = []


def _renumber(part: Rows, stations: Codes, number: int) -> None:
    part["ship"] = stations[part["ship"]]
    part["row_ref"] |= number << FILE_SHIFT


def read_rows(
    source: Source, settings: Settings, report: InputReport, sightings: Sightings
) -> Iterator[Rows]:
    """Give the usable rows of a file, block by block; report and sightings count as they go.

    Raises
    ------
    InputError
        If the file is cut, damaged, no table, or mostly unreadable.
    """
    sample = ""
    for raw in readers.tables(source, settings.columns, report):
        block = _block(raw, settings, source.name)
        fixes.drop_unusable(block, settings.period, settings.bbox)
        if raw.static:
            fixes.keep_placeless(block)
        fixes.null_unavailable(block)
        if raw.counted:
            _account(block, source.name, report)
        bad = np.flatnonzero(block.reason == fixes.REASON["bad_time"])
        if len(bad) and not sample:
            cell = raw.table.column(raw.where["time"])[int(bad[0])].as_py()
            sample = f"line {block.line[bad[0]]}: time {str(cell or '')[:40]!r} cannot be read"
        kept = block.reason == 0
        station = sightings.add(block, kept, placed=not raw.static)
        if not raw.static:
            yield _rows(block, kept, station)
    _refuse_doubtful(source.name, sample, report)


def _block(raw: readers.Raw, settings: Settings, name: str) -> Block:
    try:
        return fixes.read_block(raw.table, raw.where, raw.mapping, first_line=raw.lines, zone=settings.tz)
    except pa.ArrowException as error:
        said = " ".join(str(error).split())[:120]
        message = f"{name}: a column holds neither numbers nor text ({said}); write it as one of them"
        raise InputError("wrong_type", message) from error


def _refuse_doubtful(name: str, sample: str, report: InputReport) -> None:
    rows, dropped = report.rows_in, report.rows_dropped
    if rows == 0:
        raise InputError("no_rows", f"{name}: a header and no rows; fetch the file again or leave it out")
    if dropped["bad_time"] > MOST_BAD_SHARE * rows:
        extent = f"{dropped['bad_time']:,} of {rows:,} rows"
        message = f"{name}: {sample} ({extent}); say the form of times with --columns"
        raise InputError("bad_time", message)
    _refuse_unreadable(name, rows, dropped)


def _refuse_unreadable(name: str, rows: int, dropped: dict[str, int]) -> None:
    """Refuse a file of which every row lacks an identity, time or place."""
    faults = {
        reason: dropped.get(reason, 0)
        for reason in ("invalid_mmsi", "no_position", "clock_fault", "not_a_ship")
    }
    if sum(faults.values()) + dropped.get("bad_time", 0) < rows:
        return
    worst = max(faults, key=lambda reason: faults[reason])
    cures = {
        "invalid_mmsi": "an MMSI has nine digits; for other ids use --columns with [id] kind = 'text'",
        "no_position": "are latitude and longitude exchanged, or not in degrees?",
        "clock_fault": "times lie outside 1998–2100; say their form with --columns",
        "not_a_ship": "only stations that are no ships",
    }
    raise InputError(
        worst, f"{name}: no row of {rows:,} can be used ({faults[worst]:,} {worst}); {cures[worst]}"
    )


def _account(block: Block, name: str, report: InputReport) -> None:
    report.rows_in += len(block.reason)
    for code in np.unique(block.reason).tolist():
        if code:
            lines = block.line[block.reason == code]
            report.drop(name, REASONS[code], lines_of(lines), len(lines))
    for reason, count in block.repaired.items():
        report.repair(name, reason, lines_of(block.repaired_lines[reason]), count)
    report.not_available.update(block.not_available)


def _rows(
    block: Block, kept: np.ndarray[Any, np.dtype[np.bool_]], station: np.ndarray[Any, Any]
) -> buckets.Rows:
    rows = np.empty(int(kept.sum()), ROW)
    missing = np.full(len(kept), np.nan)
    rows["ship"] = station
    rows["t_ms"], rows["lat"], rows["lon"] = block.t_ms[kept], block.lat[kept], block.lon[kept]
    rows["sog_kn"] = block.numbers.get("sog", missing)[kept]
    rows["draught_m"] = block.numbers.get("draught", missing)[kept]
    rows["status"] = np.nan_to_num(block.numbers.get("status", missing)[kept], nan=-1)
    rows["row_ref"] = block.line[kept]
    return rows

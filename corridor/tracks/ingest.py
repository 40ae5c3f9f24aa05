"""AIS tables in, vessel-sorted Parquet buckets out, every row accounted for."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import corridor
from corridor import identity
from corridor.errors import InputError
from corridor.tracks import buckets, columns, delimited, fixes, particulars, sources
from corridor.tracks.buckets import FILE_SHIFT, ROW, Spill
from corridor.tracks.columns import ColumnMapping
from corridor.tracks.fixes import REASONS, Block
from corridor.tracks.particulars import Sightings
from corridor.tracks.report import InputReport, lines_of
from corridor.tracks.sources import Source

# A file of which more cannot be read is doubtful as a whole.
MOST_BAD_SHARE = 0.2
PARQUET_ROWS = 200_000
Frame = tuple[float, float, float, float]
Raw = tuple[pa.Table, int, dict[str, str]]
UNREADABLE = ("bad_time", "no_position")


@dataclass(frozen=True)
class Settings:
    """What besides the files decides the buckets."""

    columns: ColumnMapping | None = None
    period: tuple[int, int] | None = None
    bbox: Frame | None = None
    tz: str | None = None
    population: str | tuple[int, ...] = "ogv"

    def fingerprint(self, found: Sequence[Source]) -> str:
        """Return a name for the result: input hashes, settings and the code that reads them."""
        code = hashlib.sha256()
        modules = (buckets, columns, delimited, fixes, particulars, sources, identity)
        for place in sorted([__file__, *(str(module.__file__) for module in modules)]):
            code.update(Path(place).read_bytes())
        mapping = self.columns.model_dump_json() if self.columns else ""
        parts = [corridor.__version__, code.hexdigest(), mapping]
        parts += [repr(value) for value in (self.period, self.bbox, self.tz, self.population)]
        parts += [f"{source.name}:{source.sha256}" for source in found]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


@dataclass(frozen=True)
class Ingested:
    """Positions of whole ships in sorted buckets, the ships, and the account of the rows."""

    buckets: list[Path]
    ships: pd.DataFrame
    report: InputReport
    inputs: list[dict[str, Any]]


def ingest(
    inputs: Sequence[str | Path],
    *,
    columns: ColumnMapping | None = None,
    work_dir: Path,
    period: tuple[int, int] | None = None,
    bbox: Frame | None = None,
    tz: str | None = None,
    population: str | Sequence[int] = "ogv",
    progress: Callable[[int], None] | None = None,
) -> Ingested:
    """Return the positions of some AIS files as vessel-sorted buckets.

    Files are converted once: the same files, settings and code find the buckets of an earlier call in
    ``work_dir``. The same rows give the same buckets in any order of rows and files (but for ``row_ref``,
    which says where a row stood).

    Parameters
    ----------
    inputs : sequence of paths
        MarineCadastre CSV of both header generations, or any table through ``columns``; plain, gzip,
        Zstandard, bzip2, xz, ZIP or Parquet, told apart by content.
    columns : ColumnMapping, optional
        Names, units and time zone of another table.
    work_dir : Path
        Where buckets are kept.
    period : tuple of int, optional
        First and last moment kept, the latter not included. [ms since 1970, UTC]
    bbox : tuple of float, optional
        West, south, east, north; west may be greater than east, across 180°. [degrees]
    tz : str, optional
        Zone of times that carry none; UTC unless the mapping says otherwise.
    population : str or sequence of int
        ``ogv`` (ocean-going), ``all``, or AIS types.
    progress : callable, optional
        Called with the number of rows read so far.

    Raises
    ------
    InputError
        If a file is cut, damaged, no table, or leaves no row; nothing is left behind.
    """
    wanted = population if isinstance(population, str) else tuple(sorted(set(population)))
    if isinstance(wanted, str) and wanted not in ("ogv", "all"):
        message = f"population {wanted!r} is unknown; expected ogv, all, or AIS types such as 70,71,79"
        raise InputError("bad_population", message)
    settings = Settings(columns, period, bbox, tz, wanted)
    found, repeated = sources.find_sources(inputs)
    place = Path(work_dir) / f"positions-{settings.fingerprint(found)}"
    if not (place / "manifest.json").is_file():
        _convert(found, settings, place, progress)
    return _load(place, found, repeated)


def _convert(
    found: Sequence[Source], settings: Settings, place: Path, progress: Callable[[int], None] | None
) -> None:
    """Write the buckets beside their place, then move the whole folder there."""
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        report = InputReport()
        sightings = Sightings()
        spill = Spill(beside / "spill.tmp")
        for number, source in enumerate(found):
            _read_source(source, number, settings, report, sightings, spill)
            if progress is not None:
                progress(report.rows_in)
        _refuse_nothing(report, found)
        _write(beside, spill, sightings, settings, report, found)
        shutil.rmtree(place, ignore_errors=True)
        beside.replace(place)
    except OSError:
        if not (place / "manifest.json").is_file():
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _read_source(
    source: Source, number: int, settings: Settings, report: InputReport, sightings: Sightings, spill: Spill
) -> None:
    before = report.rows_in
    dropped_before = report.rows_dropped.copy()
    sample = ""
    for table, first_line, where in _tables(source, settings.columns, report):
        block = fixes.read_block(table, where, settings.columns, first_line=first_line, zone=settings.tz)
        fixes.drop_unusable(block, settings.period, settings.bbox)
        fixes.null_unavailable(block)
        _account(block, source.name, report)
        bad = np.flatnonzero(block.reason == fixes.REASON["bad_time"])
        if len(bad) and not sample:
            cell = table.column(where["time"])[int(bad[0])].as_py()
            sample = f"line {block.line[bad[0]]}: time {str(cell or '')[:40]!r} cannot be read"
        kept = block.reason == 0
        spill.add(_rows(block, kept, sightings.add(block, kept), number))
    rows = report.rows_in - before
    if rows == 0:
        raise InputError(
            "no_rows", f"{source.name}: a header and no rows; fetch the file again or leave it out"
        )
    dropped = report.rows_dropped - dropped_before
    if dropped["bad_time"] > MOST_BAD_SHARE * rows:
        extent = f"{dropped['bad_time']:,} of {rows:,} rows"
        message = f"{source.name}: {sample} ({extent}); say the form of times with --columns"
        raise InputError("bad_time", message)
    _refuse_unreadable(source.name, rows, dropped)


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


def _tables(source: Source, mapping: ColumnMapping | None, report: InputReport) -> Iterator[Raw]:
    if source.form == "parquet":
        yield from _parquet_tables(source, mapping)
        return
    with source.open() as stream:
        sniffed = stream.peek(64)[:64]
        if source.form != "text" and sources.sniff(sniffed, source.name) != "text":
            raise InputError("wrong_format", f"{source.name}: an archive inside an archive; unpack it once")
        form = mapping.file if mapping else columns.FileForm()
        text = delimited.Delimited(stream, source.name, form.delimiter, form.decimal)
        where = columns.locate(text.header, mapping, source.name)
        for chunk in text.chunks(fixes.arrow_types(where, mapping, text.first_cells())):
            yield chunk.table, chunk.first_line, where
        for note, count in sorted(text.notes.items()):
            report.repair(source.name, note, [], count)
        if text.incomplete_line:
            report.rows_in += 1
            report.drop(source.name, "incomplete_row", [text.incomplete_line])
            report.warn(f"{source.name}: the file ends inside row {text.incomplete_line}; it may be cut")


def _parquet_tables(source: Source, mapping: ColumnMapping | None) -> Iterator[Raw]:
    try:
        with pq.ParquetFile(source.path) as file:
            where = columns.locate(file.schema_arrow.names, mapping, source.name)
            line = 1
            for batch in file.iter_batches(PARQUET_ROWS, columns=list(where.values())):
                yield pa.Table.from_batches([batch]), line, where
                line += batch.num_rows
    except (pa.ArrowInvalid, OSError) as error:
        message = f"{source.name}: the Parquet file is cut or damaged ({error}); fetch it again"
        raise InputError("corrupt_file", message.replace("\n", " ")) from error


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
    block: Block, kept: np.ndarray[Any, np.dtype[np.bool_]], station: np.ndarray[Any, Any], number: int
) -> buckets.Rows:
    rows = np.empty(int(kept.sum()), ROW)
    missing = np.full(len(kept), np.nan)
    rows["ship"] = station
    rows["t_ms"], rows["lat"], rows["lon"] = block.t_ms[kept], block.lat[kept], block.lon[kept]
    rows["sog_kn"] = block.numbers.get("sog", missing)[kept]
    rows["draught_m"] = block.numbers.get("draught", missing)[kept]
    rows["status"] = np.nan_to_num(block.numbers.get("status", missing)[kept], nan=-1)
    rows["row_ref"] = (number << FILE_SHIFT) | block.line[kept]
    return rows


def _refuse_nothing(report: InputReport, found: Sequence[Source]) -> None:
    if report.rows_kept == 0:
        raise _nothing_left(report, found)


def _nothing_left(report: InputReport, found: Sequence[Source]) -> InputError:
    counts = ", ".join(f"{count:,} {reason}" for reason, count in report.rows_dropped.most_common())
    name = found[0].name + (f" and {len(found) - 1} more" if len(found) > 1 else "")
    cure = "; --population all keeps every ship" if report.rows_dropped["not_ocean_going"] else ""
    return InputError("no_valid_rows", f"{name}: no row is left of {report.rows_in:,} ({counts}){cure}")


def _write(
    folder: Path,
    spill: Spill,
    sightings: Sightings,
    settings: Settings,
    report: InputReport,
    found: Sequence[Source],
) -> None:
    everyone, ship_of = particulars.ship_table(sightings, settings.population)
    kept = np.ones(len(everyone), bool)
    if settings.population != "all":
        kept = (everyone["population"] != "other").to_numpy()
    number = np.where(kept, np.cumsum(kept) - 1, -1)
    _account_set_aside(spill, number[ship_of], found, report)
    if not kept.any():
        raise _nothing_left(report, found)
    ships = everyone[kept].reset_index(drop=True)
    ships["ship"] = np.arange(len(ships), dtype=np.int32)
    paths, facts = buckets.write_buckets(spill, number[ship_of], len(ships), folder)
    spill.drop()
    ships = ships.merge(facts, on="ship", how="left", validate="1:1")
    order = ["ship", "ship_key", "mmsi", "imo", "name", "call_sign", "ais_type", "length_m", "beam_m"]
    ships = ships[[*order, "draught_max_m", "transceiver", "rows", "first_ms", "last_ms", "population"]]
    ships.to_parquet(folder / "statics.parquet", index=False)
    manifest = {"buckets": [path.name for path in paths], "report": report.to_dict()}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _account_set_aside(
    spill: Spill, ship_of: np.ndarray[Any, Any], found: Sequence[Source], report: InputReport
) -> None:
    """Count the rows of ships that are not in the study, by file."""
    for part in spill.parts():
        aside = part["row_ref"][ship_of[part["ship"]] < 0]
        for number in np.unique(aside >> FILE_SHIFT).tolist():
            lines = aside[aside >> FILE_SHIFT == number] & ((1 << FILE_SHIFT) - 1)
            report.drop(found[number].name, "not_ocean_going", lines_of(lines), len(lines))


def _load(place: Path, found: Sequence[Source], repeated: Sequence[str]) -> Ingested:
    manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    report = InputReport.from_dict(manifest["report"])
    for name in repeated:
        report.repair(name, "file_repeated", [], 1)
        report.warn(f"{name}: given more than once with the same content; counted once")
    ships = pd.read_parquet(place / "statics.parquet")
    inputs = {
        source.path: {"name": source.path.name, "bytes": source.size_bytes, "sha256": source.sha256}
        for source in found
    }
    return Ingested([place / name for name in manifest["buckets"]], ships, report, list(inputs.values()))

"""AIS tables in, vessel-sorted Parquet buckets out, every row accounted for."""

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from corridor.errors import InputError
from corridor.tracks import buckets, particulars, shelf, sources
from corridor.tracks.buckets import FILE_SHIFT, MEMORY_ROWS
from corridor.tracks.claims import Claims, find_claims
from corridor.tracks.columns import ColumnMapping
from corridor.tracks.inputs import gather
from corridor.tracks.readings import Frame, Gathered, Library, Settings
from corridor.tracks.repeats import distinct
from corridor.tracks.report import InputReport, lines_of
from corridor.tracks.sources import Source


@dataclass(frozen=True)
class Ingested:
    """Positions of whole ships in sorted buckets, the ships, and the account of the rows.

    ``names`` are the tables, in the order of the file number in ``row_ref``; ``files_read`` says how many of
    them this run had to read: the others were known from an earlier one.
    """

    buckets: list[Path]
    ships: pd.DataFrame
    report: InputReport
    inputs: list[dict[str, Any]]
    names: tuple[str, ...]
    files_read: int = 0
    claims: Claims | None = None


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
    ``work_dir``, and with one more file only that one is read. The same rows give the same buckets in any
    order of rows and files (but for ``row_ref``, which says where a row stood).

    Parameters
    ----------
    inputs : sequence of paths
        Files, patterns, folders and addresses; see `corridor.tracks.inputs.gather`. MarineCadastre CSV of
        both header generations, or any table through ``columns``; told apart by content.
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
        ``ogv`` (ocean-going; where no ship is, every ship, and it is said), ``all``, or AIS types.
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
    work_dir = Path(work_dir)
    given = gather(inputs, work_dir, columns)
    found, same = sources.find_sources(given.paths)
    found, packed = distinct(found)
    place = work_dir / f"positions-{settings.study(found)}"
    read = 0
    if not (place / "manifest.json").is_file():
        read = _convert(found, settings, place, progress)
    ingested = _load(place, found, read)
    shelf.mark_used(place)
    shelf.forget_unused(work_dir)
    _say_repeated([(name, "") for name in same] + packed, ingested.report)
    _say_left_out(given.left_out, ingested.report)
    return ingested


def _say_repeated(repeated: Sequence[tuple[str, str]], report: InputReport) -> None:
    """Say which tables were given more than once; they changed nothing."""
    for name, _ in repeated:
        report.repair(name, "file_repeated", [], 1)
    if repeated:
        named = ", ".join(f"{name} (as {twin})" if twin else name for name, twin in repeated[:5])
        more = f" and {len(repeated) - 5:,} more" if len(repeated) > 5 else ""
        what = "table holds what another holds" if len(repeated) == 1 else "tables hold what others hold"
        report.warn(f"{len(repeated):,} {what}: {named}{more}; counted once")


def _say_left_out(left_out: Sequence[tuple[str, str]], report: InputReport) -> None:
    """Say which files of a folder are no tables of positions."""
    for name, _ in left_out:
        report.repair(name, "file_left_out", [], 1)
    if left_out:
        named = "; ".join(f"{name}: {reason}" for name, reason in left_out[:3])
        more = f"; and {len(left_out) - 3:,} more" if len(left_out) > 3 else ""
        what = "file of the folder was" if len(left_out) == 1 else "files of the folder were"
        report.warn(f"{len(left_out):,} {what} left out: {named}{more}")


def _convert(
    found: Sequence[Source], settings: Settings, place: Path, progress: Callable[[int], None] | None
) -> int:
    """Write the buckets beside their place, then move the whole folder there; return the files read."""
    place.parent.mkdir(parents=True, exist_ok=True)
    library = Library(place.parent, room=MEMORY_ROWS)
    gathered = Gathered()
    for source in found:
        gathered.add(library.reading(source, settings))
        if progress is not None:
            progress(gathered.report.rows_in)
    _refuse_nothing(gathered.report, found)
    beside = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        _write(beside, gathered, settings, found)
        shutil.rmtree(place, ignore_errors=True)
        beside.replace(place)
    except OSError:
        if not (place / "manifest.json").is_file():
            raise
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return library.read


def _refuse_nothing(report: InputReport, found: Sequence[Source]) -> None:
    if report.rows_kept == 0:
        raise _nothing_left(report, found)


def _nothing_left(report: InputReport, found: Sequence[Source]) -> InputError:
    counts = ", ".join(f"{count:,} {reason}" for reason, count in report.rows_dropped.most_common())
    name = found[0].name + (f" and {len(found) - 1} more" if len(found) > 1 else "")
    cure = "; --population all keeps every ship" if report.rows_dropped["not_ocean_going"] else ""
    return InputError("no_valid_rows", f"{name}: no row is left of {report.rows_in:,} ({counts}){cure}")


def _write(folder: Path, gathered: Gathered, settings: Settings, found: Sequence[Source]) -> None:
    report = gathered.report
    everyone, ship_of = particulars.ship_table(gathered.sightings, settings.population)
    if everyone.empty:
        raise _nothing_left(report, found)
    kept = np.ones(len(everyone), bool)
    if settings.population != "all":
        kept = (everyone["population"] != "other").to_numpy()
    if settings.population == "ogv" and not kept.any():
        # Whoever hands over nothing but small craft means them.
        kept = np.ones(len(everyone), bool)
        report.warn("no ship of the input is known to be ocean-going; every ship is kept")
    number = np.where(kept, np.cumsum(kept) - 1, -1)
    _account_set_aside(gathered, number[ship_of], found, report)
    if not kept.any():
        raise _nothing_left(report, found)
    ships = everyone[kept].reset_index(drop=True)
    ships["ship"] = np.arange(len(ships), dtype=np.int32)
    find_claims(gathered.sightings, number[ship_of], gathered.parts()).write(folder)
    paths, facts = buckets.write_buckets(gathered, number[ship_of], len(ships), folder)
    gathered.drop()
    ships = ships.merge(facts, on="ship", how="left", validate="1:1")
    order = ["ship", "ship_key", "mmsi", "imo", "name", "call_sign", "ais_type", "length_m", "beam_m"]
    ships = ships[[*order, "draught_max_m", "transceiver", "rows", "first_ms", "last_ms", "population"]]
    ships.to_parquet(folder / "statics.parquet", index=False)
    manifest = {"buckets": [path.name for path in paths], "report": report.to_dict()}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def _account_set_aside(
    gathered: Gathered, ship_of: np.ndarray[Any, Any], found: Sequence[Source], report: InputReport
) -> None:
    """Count the rows of ships that are not in the study, by file."""
    for part in gathered.parts():
        aside = part["row_ref"][ship_of[part["ship"]] < 0]
        for number in np.unique(aside >> FILE_SHIFT).tolist():
            lines = aside[aside >> FILE_SHIFT == number] & ((1 << FILE_SHIFT) - 1)
            report.drop(found[number].name, "not_ocean_going", lines_of(lines), len(lines))


def _load(place: Path, found: Sequence[Source], read: int) -> Ingested:
    manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
    report = InputReport.from_dict(manifest["report"])
    ships = pd.read_parquet(place / "statics.parquet")
    inputs = {
        source.path: {"name": source.path.name, "bytes": source.size_bytes, "sha256": source.sha256}
        for source in found
    }
    paths = [place / name for name in manifest["buckets"]]
    names = tuple(source.name for source in found)
    return Ingested(paths, ships, report, list(inputs.values()), names, read, Claims.read(place))

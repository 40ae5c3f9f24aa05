"""A study in the formats of other programs, written from its accounts without computing again."""

import hashlib
import importlib.util
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from corridor.errors import InputError, writing_to
from corridor.outputs import densities, flux, folder, grids, members, pieces, profiles, publish, report
from corridor.outputs.geopackage import study_layers
from corridor.outputs.settling import settled
from corridor.outputs.workbook import write_workbook
from corridor.study import Study
from layers import archive, atomic, geopackage, geoparquet
from maps.text import file_stem

LAST = "export.json"
# Left out of what is mailed: large, or for this program alone.
NOT_MAILED = ("pieces", "ledger", "timings.json")


@dataclass(frozen=True)
class Settings:
    """What formats ask.

    Attributes
    ----------
    cell_deg : float
        Cell of rasters. [degrees]
    bom : bool
        Whether a CSV begins with a byte-order mark.
    group : str
        Groups of sources of fluxes: ``phase``, ``class`` or ``total``.
    members : int
        Members of an ensemble that are written beside the fluxes; none by default.
    """

    cell_deg: float = 0.1
    bom: bool = False
    group: str = "phase"
    members: int = 0


@dataclass(frozen=True)
class Format:
    """A format: what it writes, and the package that only it needs, with the extra that brings it."""

    write: Callable[[Study, Path, Settings], None]
    names: tuple[str, ...]
    package: str = ""
    extra: str = ""


def export(
    study: Study,
    out: str | Path,
    formats: Sequence[str],
    *,
    settings: Settings | None = None,
    publish_only: bool = False,
    overwrite: bool = False,
) -> list[Path]:
    """Write a study in the formats asked for, whole or not at all.

    Parameters
    ----------
    study : Study
        A study, just run or opened from its folder.
    out : path
        A folder for the files.
    formats : sequence of str
        Any of ``geoparquet``, ``gpkg``, ``pieces``, ``netcdf``, ``cog``, ``xlsx``, ``csv``, ``report``,
        ``zip``.
    settings : Settings, optional
        Cell of rasters, mark of CSV files, groups and members of fluxes.
    publish_only : bool
        Leave out vessels, tracks and pieces; see `corridor.outputs.publish.published`.
    overwrite : bool
        Accept a folder that holds files already.

    Returns
    -------
    list of Path
        The files and folders written.

    Raises
    ------
    InputError
        If a format is unknown, or needs a package that is not installed; the message names its extra.
    OutputError
        If the folder holds something and ``overwrite`` is false, or cannot be written.
    """
    settings = settings or Settings()
    check_formats(formats, settings)
    given = publish.published(study) if publish_only else settled(study)
    out = Path(out)
    with writing_to(out), atomic.whole_folder(out, last=LAST, owned=owned(), overwrite=overwrite) as part:
        for name in dict.fromkeys(formats):
            FORMATS[name].write(given, part, settings)
        (part / LAST).write_text(_said(given, part, formats), encoding="utf-8")
        written = sorted(path.name for path in part.iterdir() if path.name != LAST)
    return [out / name for name in written]


def check_formats(formats: Sequence[str], settings: Settings | None = None) -> None:
    """Refuse a format or setting that is unknown, or a format whose package is not installed.

    Parameters
    ----------
    formats : sequence of str
        Names of formats.
    settings : Settings, optional
        What they are asked for.

    Raises
    ------
    InputError
        ``unknown_group``, ``bad_members``, ``unknown_format`` or ``missing_extra``.
    """
    if settings is not None:
        _check_settings(settings)
    for name in formats:
        if name not in FORMATS:
            raise InputError("unknown_format", f"format '{name}' is unknown; known: {', '.join(FORMATS)}")
        wanted = FORMATS[name]
        if wanted.package and importlib.util.find_spec(wanted.package) is None:
            raise InputError(
                "missing_extra",
                f"found no package {wanted.package}; expected it for the format '{name}'; "
                f"install it: pip install 'corridor-emissions[{wanted.extra}]'",
            )


def _check_settings(settings: Settings) -> None:
    if settings.group not in flux.GROUPS:
        raise flux.unknown_group(settings.group)
    if settings.members:
        members.check_count(settings.members)


def owned() -> tuple[str, ...]:
    """Names that an export may write."""
    return tuple(name for known in FORMATS.values() for name in known.names)


def _said(study: Study, part: Path, formats: Sequence[str]) -> str:
    """List of the files with their hashes, and of what they were made from."""
    files = sorted(path for path in part.rglob("*") if path.is_file())
    listed = {
        path.relative_to(part).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in files
    }
    told = {
        "program": "corridor",
        "version": study.manifest["version"],
        "formats": list(dict.fromkeys(formats)),
        "simulated": study.simulated,
        "published": study.published,
        "inputs": study.manifest["inputs"],
        "files": listed,
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _geoparquet(study: Study, part: Path, _: Settings) -> None:
    spatial = {layer.name: layer for layer in study_layers(study) if layer.spatial}
    for name, file in (("hotspot_grid", "cells"), ("zones", "zones"), ("voyage_tracks", "tracks")):
        if name in spatial and spatial[name].rows:
            geoparquet.write(part / f"{file}.parquet", spatial[name], provenance=study.manifest)
    long = pa.Table.from_pandas(grids.long_table(study), preserve_index=False)
    pq.write_table(long, part / "cells_long.parquet", compression="zstd")
    if study.pieces is None:
        return
    made = pieces.layers(study)
    if len(made) == 1:
        geoparquet.write(part / "pieces.parquet", made[0], provenance=study.manifest)
        return
    (part / "pieces.parquet").mkdir()
    for number, layer in enumerate(made):
        geoparquet.write(
            part / "pieces.parquet" / f"part-{number:04d}.parquet", layer, provenance=study.manifest
        )


def _gpkg(study: Study, part: Path, _: Settings) -> None:
    stamp = folder.stamp(study)
    geopackage.write(part / "study.gpkg", study_layers(study), metadata=study.manifest, stamp=stamp)


def _pieces(study: Study, part: Path, _: Settings) -> None:
    layers = [layer for layer in pieces.by_kind(study) if layer.rows]
    geopackage.write(part / "pieces.gpkg", layers, metadata=study.manifest, stamp=folder.stamp(study))


def _netcdf(study: Study, part: Path, settings: Settings) -> None:
    # Members first: they are what a study may be unable to give.
    if settings.members:
        place = part / "emissions_members.nc"
        members.write_members(study, place, settings.members, cell_deg=settings.cell_deg)
    flux.write_netcdf(study, part / "emissions.nc", cell_deg=settings.cell_deg, group=settings.group)
    profiles.write_profiles(study, part / "emissions_profiles.nc")


def _cog(study: Study, part: Path, settings: Settings) -> None:
    (part / "cog").mkdir()
    densities.write_cogs(study, part / "cog", cell_deg=settings.cell_deg)


def _xlsx(study: Study, part: Path, _: Settings) -> None:
    write_workbook(study, part / "report.xlsx")


def _csv(study: Study, part: Path, settings: Settings) -> None:
    folder.write_tables(study, part, bom=settings.bom)


def _report(study: Study, part: Path, _: Settings) -> None:
    report.fill(study, part)


def _zip(study: Study, part: Path, _: Settings) -> None:
    """Everything that can be mailed, with the workbook, in one file: mail programs drop a page alone."""
    place = Path(tempfile.mkdtemp(prefix="corridor-"))
    try:
        folder.fill(replace(study, pieces=None), place)
        write_workbook(study, place / "report.xlsx")
        names = sorted(path.name for path in place.iterdir() if path.name not in NOT_MAILED)
        archive.write(part / f"{_stem(study)}.zip", place, names)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _stem(study: Study) -> str:
    kind = "_SIMULATED" if study.simulated else "_PLANNED" if study.planned else ""
    return file_stem(f"corridor{kind}")


FORMATS = {
    "geoparquet": Format(
        _geoparquet,
        ("cells.parquet", "cells_long.parquet", "pieces.parquet", "tracks.parquet", "zones.parquet"),
    ),
    "gpkg": Format(_gpkg, ("study.gpkg",)),
    "pieces": Format(_pieces, ("pieces.gpkg",)),
    "netcdf": Format(
        _netcdf,
        ("emissions.nc", "emissions_members.nc", "emissions_profiles.nc"),
        "netCDF4",
        "rasters",
    ),
    "cog": Format(_cog, ("cog",), "rasterio", "rasters"),
    "xlsx": Format(_xlsx, ("report.xlsx",), "xlsxwriter", "sheets"),
    "csv": Format(_csv, folder.TABLES),
    "report": Format(_report, report.names(), "typst", "report"),
    "zip": Format(
        _zip, ("corridor.zip", "corridor_simulated.zip", "corridor_planned.zip"), "xlsxwriter", "sheets"
    ),
}

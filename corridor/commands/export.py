"""``corridor export`` and ``corridor merge``: a written study in other formats, two studies in one."""

from pathlib import Path
from typing import Annotated

import typer

from corridor.commands.options import AtLeast, Json, Out, Overwrite, Quiet, cell_size, given_away
from corridor.commands.report import report
from corridor.errors import writing_to
from layers import atomic

EXPORT_EXAMPLES = """\b
Examples:
  corridor export 2024 --format geoparquet
  corridor export 2024 --format netcdf --format cog --cell 0.25 --out models
  corridor export 2024 --format netcdf --group class --members 20 --out models
  corridor export 2024 --format xlsx --format csv --bom --out sheets
  corridor export 2024 --format zip --publish --out mail
"""
MERGE_EXAMPLES = "Example: corridor merge yantian longbeach --out corridor"

StudyFolder = Annotated[
    Path, typer.Argument(metavar="STUDY", exists=True, file_okay=False, help="Folder of a finished study.")
]
Publish = Annotated[
    bool, typer.Option("--publish", help="Leave out vessels: classes of three ships or more, no tracks.")
]


def export(  # noqa: PLR0913, PLR0917 — one parameter per option
    study: StudyFolder,
    formats: Annotated[
        list[str],
        typer.Option(
            "--format",
            "-f",
            metavar="NAME",
            help="geoparquet, gpkg, pieces, netcdf, cog, xlsx, csv, report or zip; may be given again.",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Folder for the files [STUDY/export].")
    ] = None,
    cell: Annotated[
        float,
        typer.Option("--cell", metavar="DEG", callback=cell_size, help="Cell of netcdf and cog in degrees."),
    ] = 0.1,
    group: Annotated[
        str, typer.Option("--group", metavar="NAME", help="Source groups of netcdf: phase, class or total.")
    ] = "phase",
    members: Annotated[
        int, typer.Option("--members", metavar="N", min=0, help="Members of netcdf; adds a file of them.")
    ] = 0,
    bom: Annotated[
        bool, typer.Option("--bom", help="Begin CSV with a mark that Chinese Excel wants.")
    ] = False,
    publish: Publish = False,
    at_least: AtLeast = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Write a finished study in other formats, without computing again."""
    from corridor.outputs.export import Settings, check_formats  # noqa: PLC0415 — slow to import, see the top
    from corridor.outputs.export import export as write  # noqa: PLC0415
    from corridor.outputs.store import open_study  # noqa: PLC0415

    settings = Settings(cell, bom, group, members)
    check_formats(formats, settings)
    place = out if out is not None else study / "export"
    written = write(
        given_away(open_study(study), publish, at_least),
        place,
        formats,
        settings=settings,
        publish_only=publish,
        overwrite=overwrite,
    )
    paths = {path.stem: str(path) for path in written}
    report({"formats": formats}, paths, [], quiet=quiet, as_json=as_json)


def merge(
    first: StudyFolder,
    second: StudyFolder,
    out: Out,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Join two studies that were made alike into one page and one set of files, without their vessels."""
    with writing_to(out), atomic.reserve(out, overwrite=overwrite) as folder:
        from corridor.outputs.merge import merge_studies  # noqa: PLC0415 — slow to import, see the top
        from corridor.outputs.store import open_study  # noqa: PLC0415

        study = merge_studies(open_study(first), open_study(second))
        study.to_folder(folder, overwrite=overwrite)
    totals = study.manifest["totals"]
    said = f"{totals['hours']:,.0f} ship hours, {totals['co2_kg'] / 1000:,.0f} t CO2 of both"
    paths = {"map": str(out / "map.html"), "geopackage": str(out / "study.gpkg")}
    report(study.manifest, paths, [said, *study.manifest["warnings"]], quiet=quiet, as_json=as_json)

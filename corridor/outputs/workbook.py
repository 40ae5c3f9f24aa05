"""``report.xlsx``: every table of the study as a sheet, with units and notes."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from corridor.outputs import notes
from corridor.outputs.geopackage import study_layers
from corridor.study import Study
from layers import workbook
from layers.layer import Layer

# Too long for a sheet, or nothing without its shape.
APART = ("cells_long", "voyage_tracks", "unobserved", "port_grid_", "method", "ports")


def write_workbook(study: Study, path: Path) -> Path:
    """Write the workbook: contents, notes, the tables, the meaning of every column.

    Parameters
    ----------
    study : Study
        The study.
    path : Path
        File to write.
    """
    layers = [layer for layer in study_layers(study) if not layer.name.startswith(APART)]
    layers = [layer for layer in layers if layer.rows <= workbook.MOST_ROWS]
    layers.sort(key=lambda layer: layer.spatial)
    said = "SIMULATED " if study.simulated else "PLANNED " if study.planned else ""
    title = f"{said}{notes.TITLE[0]} {notes.TITLE[1]}, {notes.period(study)[0]}"
    sheets = [_notes(study), *(_sheet(layer) for layer in layers), _meanings(layers)]
    told = {"subject": notes.cite(study), "comments": study.said.rstrip(". ")}
    return workbook.write(path, sheets, title=title, made=_made(study), properties=told)


def _made(study: Study) -> datetime:
    """Return the end of the last month: a time that does not depend on the clock."""
    after = int(study.months()[-1]) + 1
    return datetime(after // 12, after % 12 + 1, 1, tzinfo=UTC)


def _sheet(layer: Layer) -> workbook.Sheet:
    table = pd.DataFrame(layer.table)[layer.attributes]
    headers = [layer.column(name).label for name in layer.attributes]
    return workbook.Sheet(layer.name, layer.description, table, headers)


def _meanings(layers: list[Layer]) -> workbook.Sheet:
    rows = [(layer.name, name, *layer.column(name)) for layer in layers for name in layer.attributes]
    headers = ["Sheet", "Column in files", "Header", "Unit", "Meaning"]
    table = pd.DataFrame(rows, columns=headers)
    return workbook.Sheet("columns", "Meaning and unit of every column", table, headers)


def _notes(study: Study) -> workbook.Sheet:
    rows = [("Status", *pair) for pair in notes.status(study)]
    rows += [("Method", *pair) for pair in notes.method(study)]
    rows += [("Limit", *pair) for pair in notes.limits()]
    rows += [("Warning", str(text), "") for text in study.manifest["warnings"]]
    rows += [("Cite as", notes.cite(study), "")]
    settings = notes.parameters(study)
    rows += [
        ("Setting", f"{name}: {value}", "")
        for name, value in settings[~settings["item"].isin(["method", "limit"])].itertuples(index=False)
    ]
    headers = ["What", "English", "中文"]
    table = pd.DataFrame(rows, columns=headers)
    return workbook.Sheet("notes", "Read these before any number", table, headers)

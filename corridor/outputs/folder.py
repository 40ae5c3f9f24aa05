"""The folder of a study: every file beside, synced, renamed; ``run.json`` last."""

import csv
import json
import shutil
import time
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from corridor.errors import writing_to
from corridor.outputs import tables
from corridor.outputs.geopackage import study_layers
from corridor.outputs.page import page_data
from corridor.study import Study
from layers import atomic, geopackage
from maps.content import Basemap
from maps.page import render
from maps.text import csv_cell

OWNED = (
    "map.html",
    "study.gpkg",
    "totals.csv",
    "vessels.csv",
    "unobserved.csv",
    "input_report.csv",
    "pieces",
    "timings.json",
    "run.json",
)


class Written(NamedTuple):
    """Where the main files of a study folder are."""

    folder: Path
    map: Path
    geopackage: Path


def write(study: Study, out: Path, *, overwrite: bool = False, basemap: Basemap | None = None) -> Written:
    """Write a study folder, whole or not at all.

    Raises
    ------
    OutputError
        If the folder holds something and ``overwrite`` is false, is in use, or cannot be written.
    """
    with (
        writing_to(out),
        atomic.whole_folder(out, last="run.json", owned=OWNED, overwrite=overwrite) as part,
    ):
        _fill(study, part, basemap)
    return Written(out, out / "map.html", out / "study.gpkg")


def _fill(study: Study, part: Path, basemap: Basemap | None) -> None:
    timings = dict(study.timings_s)
    started = time.perf_counter()
    for name, table in (
        ("totals", tables.totals(study)),
        ("vessels", tables.vessels(study)),
        ("unobserved", study.holes()),
        ("input_report", study.input_report),
    ):
        # A CSV has no title that could say it.
        write_csv(table.assign(simulated=study.simulated), part / f"{name}.csv")
    if study.pieces is not None:
        (part / "pieces").mkdir()
        for file in sorted(study.pieces.iterdir()):
            shutil.copyfile(file, part / "pieces" / file.name)
    timings["tables"] = time.perf_counter() - started
    started = time.perf_counter()
    geopackage.write(part / "study.gpkg", study_layers(study), metadata=study.manifest, stamp=_stamp(study))
    timings["geopackage"] = time.perf_counter() - started
    started = time.perf_counter()
    (part / "map.html").write_text(render(page_data(study, basemap)), encoding="utf-8")
    timings["map"] = time.perf_counter() - started
    _write_json(part / "timings.json", {name: round(seconds, 3) for name, seconds in timings.items()})
    _write_json(part / "run.json", study.manifest)


def _stamp(study: Study) -> str:
    """Return the end of the last month: the files' time, which must not depend on the clock."""
    after = int(study.months()[-1]) + 1
    return f"{after // 12:04d}-{after % 12 + 1:02d}-01T00:00:00.000Z"


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV that a spreadsheet cannot mistake for formulas, numbers in full."""
    text = table.select_dtypes(include=["object", "string"]).columns
    safe = table.assign(
        **{name: ["" if pd.isna(value) else csv_cell(value) for value in table[name]] for name in text}
    )
    safe.to_csv(path, index=False, encoding="utf-8", lineterminator="\n", quoting=csv.QUOTE_MINIMAL)


def _write_json(path: Path, content: object) -> None:
    path.write_text(
        json.dumps(content, indent=2, ensure_ascii=False, sort_keys=False) + "\n", encoding="utf-8"
    )

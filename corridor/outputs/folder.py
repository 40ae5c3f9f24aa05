"""The folder of a study: every file beside, synced, renamed; ``run.json`` last."""

import csv
import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from corridor.accounts.unknowns import blanked
from corridor.errors import writing_to
from corridor.outputs import calls, decisions, store, tables, two_ports
from corridor.outputs.activity import activity
from corridor.outputs.geopackage import study_layers
from corridor.outputs.intervals import interval_table
from corridor.outputs.page import page_data
from corridor.outputs.rule_tables import tables_of_rules
from corridor.outputs.settling import settled
from corridor.study import Study
from corridor.words import month_name
from layers import atomic, geopackage
from maps.content import Basemap
from maps.page import render
from maps.text import csv_cell

# What plans add: lanes compared, the route for chart tables; of a list of calls, pairs that are no voyage.
ROUTE_FILES = ("lanes.csv", "route.gpx", "route.rtz", "route.geojson", "unplanned.csv")
TABLES = (
    "activity.csv",
    "totals.csv",
    "intervals.csv",
    "vessels.csv",
    "unobserved.csv",
    "input_report.csv",
    "cells.csv",
    "at_berth.csv",
    "at_berth_interval.csv",
    "shore_power.csv",
    "green_flag.csv",
    "green_flag_operators.csv",
    "measured.csv",
    "calls.csv",
    "journeys.csv",
    "reconcile.csv",
    "totals_by_call_port.csv",
    "scenarios.csv",
    "scenario_delays.csv",
    "scenario_grid.csv",
    "per_teu.csv",
    "two_ports.csv",
    "targets.csv",
    "hotspots.csv",
    "receptors.csv",
    "costs.csv",
    "indicators.csv",
)
OWNED = (
    "map.html",
    "study.gpkg",
    *TABLES,
    "pieces",
    "ledger",
    "export",
    "report",
    *ROUTE_FILES,
    "timings.json",
    "run.json",
)


class Written(NamedTuple):
    """Where the main files of a study folder are."""

    folder: Path
    map: Path
    geopackage: Path


def write(
    study: Study,
    out: Path,
    *,
    overwrite: bool = False,
    basemap: Basemap | None = None,
    extras: Mapping[str, pd.DataFrame | str] | None = None,
) -> Written:
    """Write a study folder, whole or not at all.

    Parameters
    ----------
    extras : mapping, optional
        Further files by name: tables for CSV, else text. Names are those of `ROUTE_FILES`.

    Raises
    ------
    OutputError
        If the folder holds something and ``overwrite`` is false, is in use, or cannot be written.
    """
    with (
        writing_to(out),
        atomic.whole_folder(out, last="run.json", owned=OWNED, overwrite=overwrite) as part,
    ):
        fill(study, part, basemap)
        for name, content in (extras or {}).items():
            if isinstance(content, str):
                (part / name).write_text(content, encoding="utf-8")
            else:
                write_csv(content, part / name)
    return Written(out, out / "map.html", out / "study.gpkg")


def fill(study: Study, part: Path, basemap: Basemap | None = None) -> None:
    """Write every file of a study into an empty place, ``run.json`` last.

    A published study has no tables of vessels, and nothing that a row of the input could be read from.
    """
    # As it will be opened again: types that a file keeps, so that the same files come out then.
    study = settled(study)
    timings = dict(study.timings_s)
    started = time.perf_counter()
    write_tables(study, part)
    store.keep(study, part)
    if study.pieces is not None:
        (part / "pieces").mkdir()
        for file in sorted(study.pieces.iterdir()):
            shutil.copyfile(file, part / "pieces" / file.name)
    timings["tables"] = time.perf_counter() - started
    started = time.perf_counter()
    geopackage.write(part / "study.gpkg", study_layers(study), metadata=study.manifest, stamp=stamp(study))
    timings["geopackage"] = time.perf_counter() - started
    started = time.perf_counter()
    (part / "map.html").write_text(render(page_data(study, basemap)), encoding="utf-8")
    timings["map"] = time.perf_counter() - started
    _write_json(part / "timings.json", {name: round(seconds, 3) for name, seconds in timings.items()})
    _write_json(part / "run.json", study.manifest)


def write_tables(study: Study, part: Path, *, bom: bool = False) -> None:
    """Write the tables as CSV; those that name vessels only where the study does."""
    shared = {"totals": tables.totals(study), "cells": tables.cells_with_bounds(study)}
    shared["intervals"] = interval_table(study)
    shared |= decisions.files(study)
    ports = two_ports.side_by_side(study)
    shared |= {"two_ports": ports} if len(ports) else {}
    # A CSV has no title that could say it.
    mark = {"planned": True} if study.planned else {}
    for name, table in (shared | ({} if study.published else _private(study))).items():
        known = blanked(table, study.ledger, study.manifest.get("not_estimated", []))
        write_csv(known.assign(simulated=study.simulated, **mark), part / f"{name}.csv", bom=bom)


def _private(study: Study) -> dict[str, pd.DataFrame]:
    """Tables that name vessels or rows of the input, by the name of their file."""
    return {
        **({"activity": found} if len(found := activity(study)) else {}),
        "vessels": tables.vessels(study),
        "unobserved": study.holes(),
        "input_report": study.input_report,
        **calls.files(study),
        **tables_of_rules(study),
        **decisions.private_files(study),
    }


def stamp(study: Study) -> str:
    """Return the end of the last month: the files' time, which must not depend on the clock."""
    after = int(study.months()[-1]) + 1
    return f"{month_name(after)}-01T00:00:00.000Z"


def write_csv(table: pd.DataFrame, path: Path, *, bom: bool = False) -> None:
    """Write a table as CSV that a spreadsheet cannot mistake for formulas, numbers in full.

    With a byte-order mark, Excel under Chinese Windows reads it as UTF-8; other programs do better without.
    """
    text = table.select_dtypes(include=["object", "string"]).columns
    safe = table.assign(
        **{name: ["" if pd.isna(value) else csv_cell(value) for value in table[name]] for name in text}
    )
    safe.to_csv(
        path,
        index=False,
        encoding="utf-8-sig" if bom else "utf-8",
        lineterminator="\n",
        quoting=csv.QUOTE_MINIMAL,
    )


def _write_json(path: Path, content: object) -> None:
    path.write_text(
        json.dumps(content, indent=2, ensure_ascii=False, sort_keys=False) + "\n", encoding="utf-8"
    )

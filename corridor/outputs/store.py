"""A study kept in its folder, to be opened again without computing: ``ledger/``.

The integer accounts and what is needed to read them, as Parquet: every file of the folder can be written
again from it, byte for byte. Positions are not kept; whoever asks how one piece came about runs it again.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from corridor.accounts.ledger import Ledger, no_pairs
from corridor.accounts.scenarios import Alternative, Scenario
from corridor.accounts.totals import Derived
from corridor.emissions.fuels import FUELS
from corridor.emissions.inference import ship_types
from corridor.emissions.phases import PHASES
from corridor.errors import InputError
from corridor.outputs.settling import table_names
from corridor.outputs.zones import plain_values
from corridor.study import Study
from corridor.tracks.lines import Line
from corridor.words import ORIGINS
from layers.lattice import Lattice
from layers.zones import ZoneSystem

FOLDER, HEAD, LAST, PAIRS = "ledger", "study.json", "run.json", "pairs.parquet"
FORMAT = 1
_REMAINDER = ("remainder_id", "remainder_name_en", "remainder_name_zh")


def keep(study: Study, folder: Path) -> None:
    """Write ``ledger/`` into the folder of a study.

    Parameters
    ----------
    study : Study
        A computed study.
    folder : Path
        Its folder, or the place where it is being filled.
    """
    place = folder / FOLDER
    place.mkdir()
    _write(study.ledger.rows, place / "rows.parquet")
    _write(study.ledger.cells, place / "cells.parquet")
    if len(study.ledger.pairs):
        _write(study.ledger.pairs, place / PAIRS)
    tables = [name for name in table_names() if getattr(study, name) is not None]
    for name in tables:
        _write(getattr(study, name), place / f"{name}.parquet")
    pq.write_table(_line_table(study.tracks), place / "tracks.parquet", compression="zstd")
    for system in study.systems:
        _stored(system.zones).to_parquet(
            place / f"zones_{system.name}.parquet", index=False, compression="zstd"
        )
    for key, found in study.alternatives.items():
        _keep_alternative(found, place / f"scenario_{key}")
    head = {
        "format": FORMAT,
        "lattice": asdict(study.lattice),
        "derived": asdict(study.derived),
        "simulated": study.simulated,
        "first_ms": study.first_ms,
        "systems": [
            {"name": system.name, **{key: getattr(system, key) for key in _REMAINDER}}
            for system in study.systems
        ],
        "tables": tables,
        "scenarios": list(study.alternatives),
        "words": _words(),
    }
    text = json.dumps(head, indent=1, ensure_ascii=False) + "\n"
    (place / HEAD).write_text(text, encoding="utf-8")


def open_study(folder: str | Path) -> Study:
    """Open a written study again, without computing.

    Totals, cells, files and the page come out as before, byte for byte. Only `Study.explain` needs the
    positions, which a folder does not hold.

    Parameters
    ----------
    folder : path
        A folder that `Study.to_folder` or ``corridor run`` wrote.

    Returns
    -------
    Study

    Raises
    ------
    InputError
        If it is no finished study, was written by a version whose words differ, or is damaged.
    """
    folder = Path(folder)
    place = folder / FOLDER
    if not (folder / LAST).is_file():
        raise InputError(
            "no_study",
            f"found no {LAST} in {folder}; expected the folder of a finished study; give the one that "
            "corridor run wrote",
        )
    if not (place / HEAD).is_file():
        raise InputError(
            "no_ledger",
            f"found no {FOLDER}/{HEAD} in {folder}; expected it beside {LAST}; run the study again",
        )
    try:
        return _opened(folder, place)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        if isinstance(error, InputError):
            raise
        found = f"found {place} unreadable ({error})"
        raise InputError(
            "damaged_study", f"{found}; expected it as it was written; run the study again"
        ) from error


def _opened(folder: Path, place: Path) -> Study:
    head = _json(place / HEAD)
    _check_words(folder, head)
    systems = tuple(_system(place, entry) for entry in head["systems"])
    lattice = head["lattice"] | {"windows": tuple(tuple(window) for window in head["lattice"]["windows"])}
    tables: dict[str, Any] = {
        name: _read(place / f"{name}.parquet") for name in table_names() if name in head["tables"]
    }
    timings = folder / "timings.json"
    return Study(
        ledger=Ledger(_read(place / "rows.parquet"), _read(place / "cells.parquet"), _pairs(place)),
        systems=systems,
        lattice=Lattice(**lattice),
        derived=Derived(**head["derived"]),
        tracks=_lines(pq.read_table(place / "tracks.parquet")),
        manifest=_manifest(folder / LAST),
        timings_s=_json(timings) if timings.is_file() else {},
        pieces=folder / "pieces" if (folder / "pieces").is_dir() else None,
        simulated=head["simulated"],
        first_ms=head["first_ms"],
        source=None,
        alternatives={key: _alternative(place / f"scenario_{key}") for key in head["scenarios"]},
        **tables,
    )


def _keep_alternative(found: Alternative, place: Path) -> None:
    place.mkdir()
    _write(found.ledger.rows, place / "rows.parquet")
    _write(found.ledger.cells, place / "cells.parquet")
    (place / "scenario.json").write_text(found.scenario.model_dump_json(indent=1) + "\n", encoding="utf-8")


def _alternative(place: Path) -> Alternative:
    text = (place / "scenario.json").read_text(encoding="utf-8")
    ledger = Ledger(_read(place / "rows.parquet"), _read(place / "cells.parquet"))
    return Alternative(Scenario.model_validate_json(text), ledger)


def _words() -> dict[str, list[str]]:
    """Vocabularies that the accounts number: a number means nothing without them."""
    return {
        "phase": list(PHASES),
        "origin": list(ORIGINS),
        "fuel": list(FUELS),
        "ship_class": list(ship_types()),
    }


def _check_words(folder: Path, head: dict[str, Any]) -> None:
    ours = _words()
    differing = [name for name, words in head["words"].items() if ours.get(name) != words]
    if head["format"] != FORMAT or differing:
        found = f"found {folder} written with other words for {', '.join(differing) or 'its format'}"
        raise InputError(
            "other_version", f"{found}; expected those of this version; run the study again with this one"
        )


def _manifest(path: Path) -> dict[str, Any]:
    found = _json(path)
    if not isinstance(found, dict) or not {"parameters", "inputs", "totals", "version"} <= set(found):
        raise ValueError(f"{path.name} lacks parameters, inputs, totals or version")
    return found


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _write(table: pd.DataFrame, path: Path) -> None:
    pq.write_table(pa.Table.from_pandas(table, preserve_index=False), path, compression="zstd")


def _pairs(place: Path) -> pd.DataFrame:
    """What each vessel emitted in each cell, where the study may say so."""
    return _read(place / PAIRS) if (place / PAIRS).is_file() else no_pairs()


def _read(path: Path) -> pd.DataFrame:
    found: pd.DataFrame = pq.read_table(path).to_pandas()
    return found


def _stored(zones: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Zones whose attributes have one type a column: yours may mix numbers with words."""
    mixed = {}
    for name in zones.columns.drop(zones.geometry.name):
        try:
            pa.array(zones[name], from_pandas=True)
        except (pa.ArrowException, TypeError):
            mixed[name] = plain_values(zones[name])
    return zones.assign(**mixed)


def _system(place: Path, entry: dict[str, str]) -> ZoneSystem:
    zones = gpd.read_parquet(place / f"zones_{entry['name']}.parquet")
    return ZoneSystem(entry["name"], zones, **{key: entry[key] for key in _REMAINDER})


_LINE = ("vessel_id", "vessel_name", "voyage", "origin", "t0_ms", "t1_ms")


def _line_table(lines: tuple[Line, ...]) -> pa.Table:
    offsets = np.cumsum([0, *(len(line.lat) for line in lines)])
    columns: dict[str, Any] = {
        name: pa.array([getattr(line, name) for line in lines], kind)
        for name, kind in zip(_LINE, (*2 * [pa.string()], *4 * [pa.int64()]), strict=True)
    }
    for name in ("lat", "lon"):
        flat = np.concatenate([np.zeros(0), *(getattr(line, name) for line in lines)])
        columns[name] = pa.LargeListArray.from_arrays(offsets, pa.array(flat))
    return pa.table(columns)


def _lines(table: pa.Table) -> tuple[Line, ...]:
    rows = table.select(_LINE).to_pylist()
    lat, lon = (
        [np.asarray(values.values, np.float64) for values in table[name].combine_chunks()]
        for name in ("lat", "lon")
    )
    return tuple(Line(**row, lat=y, lon=x) for row, y, x in zip(rows, lat, lon, strict=True))

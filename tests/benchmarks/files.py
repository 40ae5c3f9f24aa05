"""Time a million pieces into GeoParquet and GeoPackage, and the same rows one by one with fiona.

Usage, from the root of the repository::

    python -m tests.benchmarks.files --write docs/performance_files.md

Each way runs in a process of its own, so that its peak memory is its own; the median of the turns is quoted.
fiona writes a tenth of the rows, and its time is multiplied: it is linear in them.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from corridor.outputs import pieces
from layers import geopackage, geoparquet, styles
from layers.layer import Bulk

ROWS, TENTH, TURNS = 1_000_000, 100_000, 3
ROOT = Path(__file__).resolve().parents[2]
# Seconds for the million, and memory [MiB].
GOALS = {"geoparquet": (4.0, 1024), "geopackage": (10.0, 1024)}
MASSES = tuple(
    f"{name}_kg"
    for name in ("fuel", "co2", "ch4", "n2o", "nox", "sox", "pm10", "bc", "co", "nmvoc", "pm10_diesel")
)
WORDS = (
    "origin",
    "phase",
    "fuel",
    *(f"{name}_zone" for name in ("port", "sulphur", "nox", "speed", "waters")),
)


def dataset(path: Path, rows: int = ROWS) -> Path:
    """Write pieces as a study keeps them: short legs over the Pacific, some across 180, some stays."""
    random = np.random.default_rng(8)
    lat, lon = random.uniform(10, 50, rows), (random.uniform(115, 240, rows) + 180) % 360 - 180
    moving = random.random(rows) > 0.05
    start = 1_704_067_200_000 + np.arange(rows) * 30_000
    ends = {
        "lat0": lat,
        "lon0": lon,
        "lat1": lat + 0.02 * moving,
        "lon1": (lon + 0.05 * moving + 180) % 360 - 180,
    }
    stamp = pa.timestamp("ms", tz="UTC")
    words = pa.array([f"word {number}" for number in range(40)])
    columns = {
        "vessel_id": pa.DictionaryArray.from_arrays(np.arange(rows, dtype=np.int32) // 30_000, words),
        "voyage": (np.arange(rows) // 5000).astype(np.int32),
        "start_utc": pa.array(start, stamp),
        "end_utc": pa.array(start + 30_000, stamp),
        **ends,
        **{
            name: pa.DictionaryArray.from_arrays(random.integers(0, 9, rows).astype(np.int32), words)
            for name in WORDS
        },
        **{
            name: random.lognormal(size=rows)
            for name in ("hours", "distance_nm", "main_kwh", "aux_kwh", *MASSES)
        },
    }
    names = ["vessel_id", *WORDS]
    pq.write_table(pa.table(columns), path, compression="none", use_dictionary=names, row_group_size=100_000)
    return path


def layers_of(path: Path, only: str) -> Bulk:
    """Layer of the dataset, as an export makes it."""
    file = pq.ParquetFile(path)
    ends = pieces._stays(pq.read_table(path, columns=list(pieces.ENDS)))
    rows = {"": len(ends), "stays": int(ends.sum()), "pieces": int((~ends).sum())}[only]
    kind = "marker" if only == "stays" else "line"
    return Bulk(
        name=only or "pieces",
        title=only or "Pieces",
        description="kg each",
        columns=pieces._columns(file.schema_arrow.names),
        kinds=pieces.KINDS.get(only, ("MultiLineString", "Point")),
        rows=rows,
        batches=partial(pieces._batches, [path], only),
        style=styles.single("Pieces", "Pieces", styles.Symbol(kind, "#30506f", 0.3)),
    )


def write_geoparquet(data: Path, out: Path) -> int:
    """Write GeoParquet; return the rows written."""
    geoparquet.write(out / "p.parquet", layers_of(data, ""), provenance={})
    return ROWS


def write_geopackage(data: Path, out: Path) -> int:
    """Write lines and stays into a GeoPackage; return the rows written."""
    layers = [layers_of(data, only) for only in ("pieces", "stays")]
    geopackage.write(out / "p.gpkg", layers, metadata={})
    return ROWS


def write_with_fiona(data: Path, out: Path) -> int:
    """Write a tenth of the rows record by record; return the rows written."""
    import fiona  # noqa: PLC0415 — the other ways must not pay for it

    table = pq.read_table(data).slice(0, TENTH).to_pandas()
    kinds = {"i": "int", "f": "float", "M": "datetime"}
    fields = {name: kinds.get(table[name].dtype.kind, "str") for name in table}
    schema = {"geometry": "MultiLineString", "properties": fields}
    for name in ("start_utc", "end_utc"):
        table[name] = table[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    with fiona.open(out / "p.gpkg", "w", driver="GPKG", crs="EPSG:4326", schema=schema) as file:
        file.writerecords(
            {
                "geometry": {
                    "type": "MultiLineString",
                    "coordinates": [[(row["lon0"], row["lat0"]), (row["lon1"], row["lat1"])]],
                },
                "properties": row,
            }
            for row in table.to_dict("records")
        )
    return TENTH


WAYS = {"geoparquet": write_geoparquet, "geopackage": write_geopackage, "fiona": write_with_fiona}


def turn(way: str, data: Path) -> dict[str, float]:
    """Time one way in this process: seconds for the million rows, peak memory [MiB]."""
    with tempfile.TemporaryDirectory() as out:
        started = time.perf_counter()
        rows = WAYS[way](data, Path(out))
        seconds = (time.perf_counter() - started) * ROWS / rows
    return {"seconds": seconds, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def measured(data: Path) -> dict[str, dict[str, float]]:
    """Let the ways take turns, each in a process of its own; median of each."""
    turns: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for _ in range(TURNS):
        for way in WAYS:
            command = [sys.executable, "-m", "tests.benchmarks.files", "--turn", way, "--data", str(data)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
            turns[way].append(json.loads(done.stdout))
    return {
        way: {key: median(one[key] for one in found) for key in ("seconds", "mib")}
        for way, found in turns.items()
    }


def page(found: dict[str, dict[str, float]]) -> str:
    """Write what came out as a page."""
    slow = found["fiona"]["seconds"]
    rows = [
        f"| {way} | {one['seconds']:.1f} | {slow / one['seconds']:.1f} | {one['mib']:.0f} | "
        + (f"{GOALS[way][0]:.0f} s, {GOALS[way][1]} MiB |" if way in GOALS else "– |")
        for way, one in found.items()
    ]
    head = ["| way | s per million pieces | times as fast as fiona | peak MiB | goal |", "| --- " * 5 + "|"]
    about = (
        "A million pieces of 30 columns, lines over the Pacific and stays, into one file each: median of "
        f"{TURNS} turns, each in its own process. fiona writes a tenth of the rows, one record at a time; "
        "its time is multiplied by ten, its memory is that of the tenth."
    )
    made = "Made by `make bench`; see [files](files.md) for what the formats hold."
    return "\n".join(["# Performance of large files", "", about, "", *head, *rows, "", made, ""])


def main() -> None:
    """Measure, print the page, and write it where asked."""
    parser = argparse.ArgumentParser(description="Time the writers of large files.")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--turn", choices=sorted(WAYS))
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    if given.turn:
        print(json.dumps(turn(given.turn, given.data)))  # noqa: T201 — read by the process that asked
        return
    with tempfile.TemporaryDirectory() as place:
        text = page(measured(dataset(Path(place) / "pieces.parquet")))
    print(text)  # noqa: T201 — the result
    if given.write:
        given.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

"""Synthetic positions to time with: simulated voyages, read in and cut to a round number of rows."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from corridor.simulate import compose, write_csv_gz
from corridor.tracks.ingest import ingest

SEED = 1
# One crossing with its stays gives some 4,000 rows; fewer are counted on, so that there are always enough.
ROWS_PER_VOYAGE = 3_400


@dataclass(frozen=True)
class Fleet:
    """One vessel-sorted file of positions, its ships, and their register."""

    positions: Path
    ships: Path
    register: Path

    @property
    def rows(self) -> int:
        """Rows of the positions file."""
        return int(pq.read_metadata(self.positions).num_rows)


def fleet(rows: int, folder: Path) -> Fleet:
    """Return a fleet with exactly so many rows, made once per folder.

    The rows pass through the project's own reader, so the file is as a study finds it: faults of AIS and all.
    """
    place = folder / f"fleet-{rows}"
    made = Fleet(place / "positions-0000.parquet", place / "statics.parquet", place / "register.csv")
    if made.register.is_file():
        return made
    place.mkdir(parents=True, exist_ok=True)
    tables = compose(int(np.ceil(rows / ROWS_PER_VOYAGE)), SEED)
    write_csv_gz(tables.ais, place / "simulated_ais.csv.gz")
    read = ingest([place / "simulated_ais.csv.gz"], work_dir=place / "work")
    positions = pa.concat_tables([pq.read_table(path) for path in read.buckets]).combine_chunks()
    positions = positions.take(pa.array(np.argsort(positions["ship"].to_numpy(), kind="stable"))).slice(
        0, rows
    )
    if positions.num_rows < rows:
        raise ValueError(f"{positions.num_rows} rows of {rows}; lower ROWS_PER_VOYAGE")
    ships = read.ships[read.ships["ship"] <= positions["ship"][-1].as_py()]
    pq.write_table(positions, made.positions, compression="lz4", use_dictionary=False, write_statistics=False)
    ships.to_parquet(made.ships, index=False)
    tables.ships.to_csv(made.register, index=False)
    return made


def fingerprint(made: Fleet) -> str:
    """Return a short hash of the positions, to show that two runs timed the same rows."""
    columns = pq.read_table(made.positions, columns=["ship", "t_ms", "lat", "lon"])
    digest = hashlib.sha256()
    for column in columns.itercolumns():
        digest.update(np.ascontiguousarray(column.to_numpy()).tobytes())
    return digest.hexdigest()[:12]


def read_ships(made: Fleet) -> pd.DataFrame:
    """Return the ships table of a fleet."""
    return pd.read_parquet(made.ships)

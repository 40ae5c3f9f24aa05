"""The floor nobody goes below: read every column with one thread and touch every number once."""

import numpy as np
import pyarrow.parquet as pq

from tests.benchmarks.synthetic import Fleet


class Floor:
    """Read Parquet and pass over it."""

    def run(self, made: Fleet) -> dict[str, float]:
        """Do it; no steps are told apart."""
        table = pq.read_table(made.positions, use_threads=False)
        total = 0.0
        for column in table.itercolumns():
            values = column.to_numpy()
            total += float((values * values.dtype.type(2)).sum(dtype=np.float64))
        return {}

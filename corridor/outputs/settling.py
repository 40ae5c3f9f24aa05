"""A study as its files tell it: with tables as they come back from a file."""

from dataclasses import fields, replace
from typing import Any

import pandas as pd
import pyarrow as pa

from corridor.kept import kept
from corridor.study import Study

# Told by run.json, held in files of their own, or not kept at all.
APART = {
    *("ledger", "systems", "lattice", "derived", "tracks", "manifest", "timings_s", "pieces"),
    *("simulated", "first_ms", "source", "alternatives", "baseline_errors"),
}


def table_names() -> list[str]:
    """Names of the tables of a study that are kept in files of their own."""
    return [field.name for field in fields(Study) if field.name not in APART]


@kept
def settled(study: Study) -> Study:
    """Return the study with its tables as they come back from a file: a column of mixed types is of one then.

    >>> pd.DataFrame({"hours": pd.Series([1.5, None], dtype=object)}).pipe(_settled)["hours"].dtype
    dtype('float64')
    """
    tables: dict[str, Any] = {
        name: _settled(getattr(study, name)) for name in table_names() if getattr(study, name) is not None
    }
    return replace(study, **tables)


def _settled(table: pd.DataFrame) -> pd.DataFrame:
    found: pd.DataFrame = pa.Table.from_pandas(table, preserve_index=False).to_pandas()
    return found

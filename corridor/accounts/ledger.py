"""The ledger: the integer table that every total comes from.

A row is a vessel, voyage, zone code, month, phase, origin and fuel; its accounts are whole milligrams,
milliwatt-hours, milliseconds and millimetres. Integers are summed, and only a finished sum becomes
kilograms: so the sum over zones, over cells and over vessels is the same number, not nearly the same.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.emissions.basis import CELL_COLUMNS, CELL_KEYS, LEDGER_COLUMNS, LEDGER_KEYS, PAIR_COLUMNS
from corridor.emissions.kernel import number_keys
from corridor.emissions.species import CONSUMERS, SPECIES
from layers.jit import borrowing

# What of each consumer's fuel came from a ship's own reports.
MEASURED_COLUMNS = tuple(f"{consumer}_measured_mg" for consumer in CONSUMERS)
MG_PER_KG = 1_000_000
MWH_PER_KWH = 1_000_000
MS_PER_H = 3_600_000
MM_PER_NM = 1_852_000


def no_pairs() -> pd.DataFrame:
    """Pairs of cell and vessel where nobody says who was where."""
    return pd.DataFrame({name: np.zeros(0, np.int64) for name in PAIR_COLUMNS})


@dataclass(frozen=True)
class Ledger:
    """The accounts of one or more partitions.

    Attributes
    ----------
    rows : pandas.DataFrame
        One row per vessel, voyage, zone code, month, phase, origin and fuel; int64 accounts.
    cells : pandas.DataFrame
        One row per cell, month, phase and ship class; int64 accounts.
    pairs : pandas.DataFrame
        One row per cell and vessel: carbon dioxide. None in scenarios, nor in studies to be passed on. [mg]
    """

    rows: pd.DataFrame
    cells: pd.DataFrame
    pairs: pd.DataFrame = field(default_factory=no_pairs)

    def total(self, column: str) -> int:
        """Sum of one account over all rows, as a Python integer."""
        return int(self.rows[column].sum())


def merge(ledgers: Iterable[Ledger]) -> Ledger:
    """Join ledgers of different vessels: rows and pairs one behind the other, cells summed.

    Integers are added, so the order of the ledgers changes nothing but the order of the rows.
    """
    parts = list(ledgers)
    rows = [complete(part.rows) for part in parts if len(part.rows)]
    cells = [part.cells for part in parts if len(part.cells)]
    pairs = [part.pairs for part in parts if len(part.pairs)]
    names = (*LEDGER_KEYS, *LEDGER_COLUMNS, *MEASURED_COLUMNS)
    empty = pd.DataFrame({name: np.zeros(0, np.int64) for name in names})
    return Ledger(
        rows=pd.concat(rows, ignore_index=True) if rows else empty,
        cells=_summed(cells)
        if cells
        else pd.DataFrame({n: np.zeros(0, np.int64) for n in (*CELL_KEYS, *CELL_COLUMNS)}),
        pairs=pd.concat(pairs, ignore_index=True) if pairs else no_pairs(),
    )


def complete(rows: pd.DataFrame) -> pd.DataFrame:
    """Ledger rows with the columns of measured fuel, zero where a booking knew of none."""
    lacking = [name for name in MEASURED_COLUMNS if name not in rows]
    return rows.assign(**dict.fromkeys(lacking, 0)) if lacking else rows


def _summed(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Sum the accounts of equal cells, in the order in which they appear."""
    if len(tables) == 1:
        return tables[0]
    # Slices, not lists, of columns: they are looked at where they lie, without a copy.
    keys = np.concatenate([table.iloc[:, : len(CELL_KEYS)].to_numpy() for table in tables])
    number, pairs = number_keys(keys[:, 0].copy(), (keys[:, 1] << 16) | (keys[:, 2] << 12) | keys[:, 3])
    first = np.full(len(pairs), -1, np.int64)
    sums = np.zeros((len(pairs), len(CELL_COLUMNS)), np.int64)
    start = 0
    for table in tables:
        values = np.ascontiguousarray(table.iloc[:, len(CELL_KEYS) :].to_numpy())
        _add_rows(number, start, values, first, sums)
        start += len(table)
    left = pd.DataFrame(keys[first], columns=list(CELL_KEYS), copy=False)
    return pd.concat([left, pd.DataFrame(sums, columns=list(CELL_COLUMNS), copy=False)], axis=1)


@borrowing
def _add_rows(
    number: NDArray[np.int32],
    start: int,
    values: NDArray[np.int64],
    first: NDArray[np.int64],
    sums: NDArray[np.int64],
) -> None:
    """Add a table's rows, numbered from ``start`` on, to their sums; note where each number first appears."""
    for i in range(len(values)):
        row = number[start + i]
        if first[row] < 0:
            first[row] = start + i
        for k in range(values.shape[1]):
            sums[row, k] += values[i, k]


def in_order(ledger: Ledger) -> Ledger:
    """Order rows, cells and pairs by their keys: the same accounts then make the same tables."""
    return Ledger(
        _by_keys(ledger.rows, LEDGER_KEYS),
        _by_keys(ledger.cells, CELL_KEYS),
        _by_keys(ledger.pairs, PAIR_COLUMNS[:2]),
    )


def _by_keys(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    order = _order([table[name].to_numpy(np.int64) for name in keys])
    return table.iloc[order].reset_index(drop=True)


def _order(columns: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Order of rows by some columns, the first before the next.

    >>> _order([np.array([2, 1, 1]), np.array([5, 9, 7])]).tolist()
    [2, 1, 0]
    """
    least = [int(column.min(initial=0)) for column in columns]
    spans = [int(column.max(initial=0)) - low + 1 for column, low in zip(columns, least, strict=True)]
    if math.prod(spans) >= 2**63:
        return np.lexsort(columns[::-1])
    # One number a row sorts several times faster than one column after another.
    packed = np.zeros(len(columns[0]), np.int64)
    for column, low, span in zip(columns, least, spans, strict=True):
        packed *= span
        packed += column - low
    return np.argsort(packed, kind="stable")


def balance(ledger: Ledger, piece_sums: dict[str, int] | None = None) -> dict[str, dict[str, int]]:
    """Sum each conserved quantity along every path it can be summed. [mg, mWh, ms].

    Parameters
    ----------
    ledger : Ledger
        The accounts.
    piece_sums : dict, optional
        Sums over the written pieces by account name, where pieces were written.

    Returns
    -------
    dict
        ``{quantity: {path: integer}}``; the paths of a quantity must all be equal.
    """
    out: dict[str, dict[str, int]] = {}
    for name in (*SPECIES, "hours", "fuel"):
        columns = _columns_of(name)
        per_row = ledger.rows[columns].sum(axis=1)
        by_zone = per_row.groupby(ledger.rows["zone"]).sum()
        by_vessel = per_row.groupby(ledger.rows["vessel"]).sum()
        cell_column = {"hours": "hours_ms", "fuel": "fuel_mg"}.get(name, f"{name}_mg")
        paths = {
            "zones": int(by_zone.sum()),
            "vessels": int(by_vessel.sum()),
            "cells": int(ledger.cells[cell_column].sum()),
        }
        if piece_sums is not None:
            paths["pieces"] = piece_sums[cell_column]
        out[name] = paths
    return out


def _columns_of(name: str) -> list[str]:
    if name == "hours":
        return ["hours_ms"]
    if name == "fuel":
        return [f"{consumer}_fuel_mg" for consumer in CONSUMERS]
    return [f"{consumer}_{name}_mg" for consumer in CONSUMERS]

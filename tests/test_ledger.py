"""The ledger: integers summed by keys, the same sum along every path."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor.accounts.ledger import MEASURED_COLUMNS, Ledger, balance, in_order, merge
from corridor.emissions.basis import CELL_COLUMNS, CELL_KEYS, LEDGER_COLUMNS, LEDGER_KEYS, PAIR_COLUMNS
from corridor.emissions.species import CONSUMERS, SPECIES

# Sums of milligrams must not pass through floating point, which is exact up to 2**53 only.
MOST = 2**57


def drawn(vessel, seed, size):
    """Accounts of one vessel: up to ``size`` distinct keys, amounts up to 2**57."""
    random = np.random.default_rng([seed, vessel])
    keys = np.unique(random.integers(0, 3, (size, len(LEDGER_KEYS))), axis=0)
    keys[:, 0] = vessel
    keys = np.unique(keys, axis=0)
    amounts = random.integers(0, MOST, (len(keys), len(LEDGER_COLUMNS)))
    amounts[:, 2:] >>= 7  # three consumers and many vessels must fit an integer
    rows = pd.DataFrame(np.hstack([keys, amounts]), columns=[*LEDGER_KEYS, *LEDGER_COLUMNS])
    pairs = rows[["zone", "vessel", "main_co2_mg"]].groupby(["zone", "vessel"], as_index=False).sum()
    return Ledger(rows, cells_of(rows), pairs.set_axis(list(PAIR_COLUMNS), axis=1))


def cells_of(rows):
    """The same accounts by cell, the zone being the cell."""
    table = pd.DataFrame({"cell": rows["zone"], "month": rows["month"], "phase": rows["phase"], "class": 0})
    for name in ("hours_ms", "observed_ms"):
        table[name] = rows[name]
    for name in ("fuel", *SPECIES):
        table[f"{name}_mg"] = sum(rows[f"{consumer}_{name}_mg"] for consumer in CONSUMERS)
    table["wtt_co2e_mg"] = table["fuel_mg"] // 2
    table["pm10_diesel_mg"] = rows["main_pm10_mg"] + rows["aux_pm10_mg"]
    return table.groupby(list(CELL_KEYS), as_index=False)[list(CELL_COLUMNS)].sum()


def same(left, right):
    pd.testing.assert_frame_equal(left.rows, right.rows)
    pd.testing.assert_frame_equal(left.cells, right.cells)
    pd.testing.assert_frame_equal(left.pairs, right.pairs)


@settings(max_examples=25)
@given(sizes=st.lists(st.integers(0, 6), min_size=1, max_size=5), seed=st.integers(0, 999), data=st.data())
def test_any_order_and_grouping_of_ledgers_gives_the_same_accounts(sizes, seed, data):
    parts = [drawn(vessel, seed, size) for vessel, size in enumerate(sizes)]
    whole = in_order(merge(parts))
    order = data.draw(st.permutations(range(len(parts))))
    cut = data.draw(st.integers(0, len(parts)))
    shuffled = [parts[place] for place in order]
    same(in_order(merge([merge(shuffled[:cut]), merge(shuffled[cut:])])), whole)
    for name in LEDGER_COLUMNS:
        assert whole.total(name) == sum(sum(part.rows[name].tolist()) for part in parts)
    for name in CELL_COLUMNS:
        assert int(whole.cells[name].sum()) == sum(sum(part.cells[name].tolist()) for part in parts)
    assert not whole.cells.duplicated(list(CELL_KEYS)).any()


@settings(max_examples=25)
@given(sizes=st.lists(st.integers(0, 6), min_size=1, max_size=4), seed=st.integers(0, 999))
def test_every_path_of_the_balance_is_equal(sizes, seed):
    whole = merge([drawn(vessel, seed, size) for vessel, size in enumerate(sizes)])
    sums = {name: int(whole.cells[name].sum()) for name in CELL_COLUMNS}
    for quantity, paths in balance(whole, sums).items():
        assert list(paths) == ["zones", "vessels", "cells", "pieces"]
        assert len(set(paths.values())) == 1, (quantity, paths)


def test_the_balance_sees_one_milligram_and_one_millisecond():
    whole = drawn(0, 1, 3)
    sums = {name: int(whole.cells[name].sum()) for name in CELL_COLUMNS}
    whole.cells.loc[0, "nox_mg"] += 1
    sums["hours_ms"] -= 1
    unequal = {name: paths for name, paths in balance(whole, sums).items() if len(set(paths.values())) > 1}
    assert list(unequal) == ["nox", "hours"]
    assert unequal["nox"]["cells"] - unequal["nox"]["zones"] == 1
    assert unequal["hours"]["zones"] - unequal["hours"]["pieces"] == 1


def test_without_pieces_the_balance_has_three_paths():
    assert {tuple(paths) for paths in balance(drawn(0, 1, 3)).values()} == {("zones", "vessels", "cells")}


def test_nothing_merges_to_an_empty_ledger_with_all_columns():
    empty = in_order(merge([]))
    assert list(empty.rows) == [*LEDGER_KEYS, *LEDGER_COLUMNS, *MEASURED_COLUMNS]
    assert list(empty.cells) == [*CELL_KEYS, *CELL_COLUMNS]
    assert list(empty.pairs) == list(PAIR_COLUMNS)
    assert empty.total("hours_ms") == 0
    assert {path for paths in balance(empty).values() for path in paths.values()} == {0}

"""Tables and counts of several partitions put together."""

from collections.abc import Iterable, Sequence

import pandas as pd


def stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Put tables one behind the other.

    >>> stacked([pd.DataFrame({"a": []}), pd.DataFrame({"a": [1]})])["a"].dtype
    dtype('int64')
    """
    # Empty tables say nothing of their types and would change those of the others.
    filled = [table for table in tables if len(table)] or list(tables[:1])
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()


def in_key_order(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Order a table by keys, so that it does not depend on how the ships were dealt."""
    return table.sort_values(list(keys), kind="stable").reset_index(drop=True) if len(table) else table


def added(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """Add counts up by name.

    >>> added([{"b": 1}, {"a": 2, "b": 3}])
    {'a': 2, 'b': 4}
    """
    total: dict[str, int] = {}
    for count in counts:
        for name, number in count.items():
            total[name] = total.get(name, 0) + number
    return dict(sorted(total.items()))

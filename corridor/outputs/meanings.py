"""Meanings of the words in a study's tables, for programs that show them instead: value lists of columns."""

from collections.abc import Mapping

import pandas as pd

from corridor.outputs.zones import ZONE_FILL
from corridor.reference import table as reference_table

# Column → kind of name it holds; a column with no kind has words that speak for themselves.
_NAMED = {"phase": "phase", "system": "system", "ship_class": "class"}
_PLAIN = ("consumer", "direction", "kind", "listed", "origin", "species", *_NAMED)


def value_lists(table: pd.DataFrame) -> dict[str, dict[str, str]]:
    """Word → meaning of every column that has a fixed vocabulary: the words found, each with its name.

    Parameters
    ----------
    table : pandas.DataFrame
        Table of a layer.

    Returns
    -------
    dict
        Column → {word: meaning}; a word without a name means itself.

    Examples
    --------
    >>> value_lists(pd.DataFrame({"phase": ["at_berth", "at_berth"], "hours": [1.0, 2.0]}))
    {'phase': {'at_berth': 'at berth'}}
    """
    found = {}
    for column in sorted(set(_PLAIN) & set(table.columns)):
        words = sorted(word for word in table[column].dropna().astype(str).unique() if word)
        if words:
            names = _names(column)
            found[column] = {word: names.get(word, word.replace("_", " ")) for word in words}
    return found


def _names(column: str) -> Mapping[str, str]:
    """Names of the words that a column may hold, as far as they are known."""
    if column == "kind":
        return {kind: label for kind, (label, _) in ZONE_FILL.items()}
    if column == "species":
        rows = reference_table("species_names_2026")
        return dict(zip(rows["species"], rows["name_en"], strict=True))
    rows = reference_table("names_2026")
    rows = rows[rows["kind"] == _NAMED.get(column)]
    return dict(zip(rows["key"], rows["name_en"], strict=True))

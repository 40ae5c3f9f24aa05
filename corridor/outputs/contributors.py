"""Who makes a cell: its largest ships by carbon dioxide, named as far as a page may name them."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import maps.content as page
from corridor.reference import rows as reference_rows
from corridor.study import Study

PLACES = 3
# Below this a ship can belong to one person: it is never named, nor told apart from others as small. [GT]
SMALL_GT = 300.0
# With more cells than these a page would grow beyond what opens at once: it tells who of none.
MOST_CELLS = 50_000


class Contributors(NamedTuple):
    """Ships, or kinds of ships, and their places in cells; see `maps.content.Cells`."""

    vessels: tuple[page.Vessel, ...]
    who: NDArray[np.int32] | None
    who_share: NDArray[np.uint8] | None


def contributors(study: Study) -> Contributors:
    """Return the largest contributors of each cell, cells in ascending order.

    By ``study.names``: ``class`` tells of each only its class, ``all`` its name, ``none`` nothing. Ships
    known to be under 300 GT are one contributor, without names.

    Parameters
    ----------
    study : Study
        A computed study. One to be passed on knows no vessels, and its page tells of none.
    """
    pairs, cells = study.ledger.pairs, np.unique(study.ledger.cells["cell"].to_numpy(np.int64))
    if study.names == "none" or pairs.empty or len(cells) > MOST_CELLS:
        return Contributors((), None, None)
    count = len(study.vessels)
    small = np.asarray(study.vessels["gt"], np.float64) < SMALL_GT
    number = np.where(small, count, np.arange(count))[pairs["vessel"].to_numpy(np.int64)]
    sums = pairs.assign(vessel=number).groupby(["cell", "vessel"], as_index=False)[["co2_mg"]].sum()
    # The vessel's number decides between equals: the same study then makes the same page.
    sums = sums.sort_values(["cell", "co2_mg", "vessel"], ascending=[True, False, True])
    sums["rank"] = sums.groupby("cell").cumcount()
    whole = sums.groupby("cell")["co2_mg"].transform("sum").to_numpy(np.float64)
    part = np.divide(sums["co2_mg"], whole, out=np.zeros_like(whole), where=whole > 0)
    sums["share"] = np.rint(part * 255).astype(np.uint8)
    first = sums[(sums["rank"] < PLACES) & (sums["share"] > 0)]
    vessels, shown = _shown(study, first["vessel"].to_numpy(np.int64))
    who = np.full((PLACES, len(cells)), -1, np.int32)
    share = np.zeros((PLACES, len(cells)), np.uint8)
    at = first["rank"].to_numpy(), np.searchsorted(cells, first["cell"])
    who[at], share[at] = shown, first["share"]
    return Contributors(vessels, who, share)


def _shown(study: Study, number: NDArray[np.int64]) -> tuple[tuple[page.Vessel, ...], NDArray[np.int64]]:
    """What a page calls ships, and the place among them of each number; the last number are small ships."""
    used, place = np.unique(number, return_inverse=True)
    ships = study.vessels.iloc[used[used < len(study.vessels)]]
    kinds = _words("class", tuple(ships["ship_class"]))
    if study.names == "all":
        known = ships["name"].where(ships["name"].fillna("") != "", ships["vessel_id"]).astype(str)
    else:
        # Ships of one class are one entry: nobody can follow a ship from cell to cell.
        known = pd.Series("", index=ships.index)
    told = [page.Vessel(name, kind) for name, kind in zip(known, kinds, strict=True)]
    told += [page.Vessel("", *_words("pool", ("small_ships",)))] * int(len(used) > len(ships))
    entries = list(dict.fromkeys(told))
    order = np.array([entries.index(one) for one in told], np.int64)
    return tuple(entries), order[place.ravel()]


def _words(kind: str, keys: tuple[str, ...]) -> tuple[page.Text, ...]:
    names = reference_rows("names_2026", kind=kind).set_index("key")
    return tuple(page.Text(names.name_en[key], names.name_zh[key]) for key in keys)

"""What nobody recorded of shore power: by how much auxiliary masses differ from the central assumption."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor import reference
from corridor.emissions.species import SPECIES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

KEYS = ("vessel", "voyage", "zone", "month", "phase", "origin")
ENDS = ("low", "high")


@dataclass(frozen=True, eq=False)
class ShoreUse:
    """Auxiliary masses at the ends of what is possible, over those of the central case, less one. [1]

    Ratios, not masses: a scenario that connects every ship has nothing left to be uncertain about.

    Attributes
    ----------
    keys : pandas.MultiIndex
        Ledger keys of the rows concerned, without the fuel.
    country : array (keys)
        Where: ships of one country share how much the plugs are used. [index]
    countries : int
        How many there are.
    change : mapping
        By species or ``fuel``: (2, keys), at least and at highest use. [1]
    """

    keys: pd.MultiIndex
    country: Ints
    countries: int
    change: Mapping[str, Floats]

    def rows_of(self, rows: pd.DataFrame) -> tuple[Ints, Ints]:
        """Ledger rows that hang on it, and the key of each. [index]"""
        asked = np.flatnonzero(
            np.isin(rows["phase"].to_numpy(), self.keys.get_level_values("phase").unique())
        )
        index = pd.MultiIndex.from_frame(rows[list(KEYS)].iloc[asked])
        key = np.asarray(self.keys.get_indexer(index), np.int64)
        return asked[key >= 0], key[key >= 0]


def countries(ports: npt.NDArray[np.str_]) -> Ints:
    """Number of the country of each port: plugs are used there alike.

    >>> countries(np.array(["LB", "YT", "LA"])).tolist()
    [0, 1, 0]
    """
    zone = reference.table("call_ports_2026").set_index("port")["time_zone"]
    named = [str(zone.get(port, port)) for port in ports]
    return np.unique(named, return_inverse=True)[1].astype(np.int64)


def shore_use(ends: pd.DataFrame | None, rows: pd.DataFrame, country: Ints) -> ShoreUse | None:
    """Make it from the accounts at low and high use; None where nothing is unknown.

    Parameters
    ----------
    ends : DataFrame, optional
        Ledger keys, ``case``, and what low and high use add to the accounts of the central case. [mg]
    rows : DataFrame
        Ledger rows of the central case.
    country : array (rows of ``ends``)
        Number of the country of each. [index]
    """
    if ends is None or ends.empty:
        return None
    columns = {f"aux_{one}_mg": one for one in ("fuel", *SPECIES)}
    names = list(columns)
    kept = ends.assign(country=country)
    here = rows[rows["phase"].isin(kept["phase"].unique())]
    central = here.groupby(list(KEYS))[names].sum()
    wide = {case: part.groupby(list(KEYS))[names].sum() for case, part in kept.groupby("case")}
    where = kept.groupby(list(KEYS))["country"].first()
    keys = where.index.intersection(central.index)
    base = central.loc[keys].to_numpy(np.float64)
    changes = [
        np.divide(
            wide[case].reindex(keys).fillna(0.0).to_numpy(np.float64),
            base,
            out=np.zeros_like(base),
            where=base > 0,
        )
        for case in ENDS
    ]
    return ShoreUse(
        keys=pd.MultiIndex.from_frame(keys.to_frame()),
        country=where.loc[keys].to_numpy(np.int64),
        countries=int(country.max()) + 1,
        change={
            one: np.stack([change[:, place] for change in changes])
            for place, one in enumerate(columns.values())
        },
    )

"""Hours that nobody observed and nothing fills: a row a hole, and their sums by the waters they lie between.

Where a ship was in such a hole is not known; what is known is between which waters. So its hours stand by the
waters of both ends and are in no zone, no cell and no total of the study.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from corridor.accounts.ledger import MS_PER_H
from layers.zones import ZoneSystem, decode

COLUMNS = (
    "vessel_id",
    "start_utc",
    "end_utc",
    "hours",
    "from_lat",
    "from_lon",
    "to_lat",
    "to_lon",
    "reason",
    "from_waters",
    "to_waters",
)


def hole_table(unobserved: pd.DataFrame, systems: Sequence[ZoneSystem]) -> pd.DataFrame:
    """One row per hole that stays unobserved: vessel, times, places, reason, waters. [h, degrees]

    Parameters
    ----------
    unobserved : DataFrame
        Holes with ``vessel_id`` and the zone codes of both ends, ``zone0`` and ``zone1``.
    systems : sequence of ZoneSystem
        Systems of the codes, in their order; one is named ``waters``.
    """
    if not len(unobserved):
        return pd.DataFrame({name: pd.Series(dtype=_kind(name)) for name in COLUMNS})
    t0_ms, t1_ms = unobserved["t0_ms"], unobserved["t1_ms"]
    return pd.DataFrame(
        {
            "vessel_id": unobserved["vessel_id"].astype("str"),
            "start_utc": pd.to_datetime(t0_ms, unit="ms", utc=True),
            "end_utc": pd.to_datetime(t1_ms, unit="ms", utc=True),
            "hours": (t1_ms - t0_ms) / MS_PER_H,
            "from_lat": unobserved["lat0"],
            "from_lon": unobserved["lon0"],
            "to_lat": unobserved["lat1"],
            "to_lon": unobserved["lon1"],
            "reason": unobserved["reason"].astype("str"),
            "from_waters": _waters(unobserved["zone0"], systems),
            "to_waters": _waters(unobserved["zone1"], systems),
        }
    ).reset_index(drop=True)


def _kind(name: str) -> str:
    if name.endswith("_utc"):
        return "datetime64[ms, UTC]"
    return "float64" if name == "hours" or name.endswith(("_lat", "_lon")) else "str"


def _waters(codes: "pd.Series[int]", systems: Sequence[ZoneSystem]) -> "pd.Series[str]":
    place = [system.name for system in systems].index("waters")
    ids = np.array(systems[place].zone_ids, dtype=object)
    zone = decode(codes.to_numpy(np.int64), [len(system.zone_ids) for system in systems])[:, place]
    return pd.Series(ids[zone], index=codes.index, dtype="str")


def hours_by_waters(holes: pd.DataFrame) -> pd.DataFrame:
    """Holes and hours between each pair of waters, and the longest of them; most hours first. [h]

    Parameters
    ----------
    holes : DataFrame
        From `hole_table`.
    """
    by_pair = holes.groupby(["from_waters", "to_waters"])["hours"]
    sums = {"holes": by_pair.count(), "hours": by_pair.sum(), "longest_h": by_pair.max()}
    table = pd.DataFrame(sums).reset_index()
    order = ["hours", "from_waters", "to_waters"]
    return table.sort_values(order, ascending=[False, True, True], kind="stable").reset_index(drop=True)

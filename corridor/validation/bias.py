"""Bias: simulated voyages with true particulars, heard as real ones are, beside their true accounts.

Nothing but reception is wrong here: holes, noise, faults. So what differs is what cleaning, tracing, filling
and cutting do to a total.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from corridor.accounts.ledger import MG_PER_KG, MS_PER_H
from corridor.emissions.species import CONSUMERS
from corridor.validation.check import Check
from corridor.validation.voyages import LEAST_SHARE, SYSTEMS, Heard, hear

GROUP = "Bias on simulated voyages"
VOYAGES, SEED = 200, 2027
TOTAL_PERCENT, ZONE_PERCENT = 3.0, 10.0
SOURCE = "true ways of the simulated ships (corridor.validation.truth)"


def checks(voyages: int = VOYAGES, seed: int = SEED, work_dir: Path | None = None) -> Iterator[Check]:
    """Carbon dioxide of the fleet, of each consumer and of each zone, beside the truth. [kg]

    Parameters
    ----------
    voyages : int
        Crossings.
    seed : int
        Seed of the simulation.
    work_dir : Path, optional
        As in `corridor.runs.run_study`.
    """
    heard = hear(voyages, seed, shore_power_use="0", work_dir=work_dir)
    yield from compared(heard, f"{voyages} voyages, seed {seed}")


def compared(heard: Heard, note: str, least_share: float = LEAST_SHARE) -> Iterator[Check]:
    """Compare a study of simulated ships with what they did. [kg, h]

    Parameters
    ----------
    heard : Heard
        The study, without shore power, and the truth.
    note : str
        What to say of it.
    least_share : float
        Share of the fleet's carbon dioxide that a zone must have to be judged. [1]
    """
    true = heard.ways.rows(heard.fleet)
    for quantity, columns, unit, per in (
        ("CO2", [f"{one}_co2_mg" for one in CONSUMERS], "kg", MG_PER_KG),
        *((f"CO2 of {one}", [f"{one}_co2_mg"], "kg", MG_PER_KG) for one in CONSUMERS),
        ("hours", ["hours_ms"], "h", MS_PER_H),
    ):
        ours, expected = (float(rows[columns].to_numpy().sum()) / per for rows in (heard.rows, true))
        yield Check(GROUP, "all ships", quantity, unit, expected, ours, TOTAL_PERCENT, SOURCE, note)
    for row in by_zone(heard, true, least_share).to_dict("records"):
        said = f"system {row['system']}; {100 * row['share']:.2f} % of the fleet's"
        ours, expected = row["ours_kg"], row["true_kg"]
        yield Check(GROUP, row["zone_id"], "CO2", "kg", expected, ours, ZONE_PERCENT, SOURCE, said)


def by_zone(heard: Heard, true: pd.DataFrame, least_share: float = LEAST_SHARE) -> pd.DataFrame:
    """Zones with a meaningful share: system, zone_id, true_kg, ours_kg, share of the true total. [kg, 1]"""
    tables = []
    ours_of, true_of = heard.groups(heard.rows), heard.groups(true)
    for system in SYSTEMS:
        ids = heard.zone_ids(system)
        found = pd.DataFrame({"system": system, "zone_id": ids})
        for name, rows, group in (
            ("true_kg", true, true_of[system]),
            ("ours_kg", heard.rows, ours_of[system]),
        ):
            mass = rows[[f"{one}_co2_mg" for one in CONSUMERS]].sum(axis=1).to_numpy(np.float64) / MG_PER_KG
            found[name] = np.bincount(group, mass, len(ids))
        found["share"] = found["true_kg"] / found["true_kg"].sum()
        tables.append(found[found["share"] >= least_share])
    return pd.concat(tables, ignore_index=True)

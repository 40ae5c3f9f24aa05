"""The ground a study stands on: its zone systems, its grid, and whether its ships are invented ones."""

from pathlib import Path

import pandas as pd

from corridor import reference
from corridor.tracks.report import InputReport
from corridor.userzones import read_user_zones
from layers.lattice import Lattice
from layers.zones import ZoneSystem

SYSTEMS = ("port", "sulphur", "nox", "speed", "waters", "jurisdiction")
FINE = 10


def study_systems(zones: str | Path | None = None, datum: str | None = None) -> tuple[ZoneSystem, ...]:
    """Zone systems of a study, in the order of the zone code; your own come last."""
    systems = tuple(reference.zones(name) for name in SYSTEMS)
    return systems if zones is None else (*systems, read_user_zones(zones, datum=datum))


def study_lattice(cell_deg: float = 0.1) -> Lattice:
    """Grid of a study: cells ten times finer in windows around the ports. [degrees]."""
    ports = reference.table("ports_2026")
    windows = ports[["west", "south", "east", "north"]].itertuples(index=False, name=None)
    return Lattice(cell_deg, fine=FINE, windows=tuple(windows))


def is_simulated(ships: pd.DataFrame, report: InputReport | None = None) -> bool:
    """Whether any ship is an invented one, by the country code that is given to nobody but our simulator.

    Positions that an earlier study wrote say so themselves: the account of the input has counted them.
    """
    if report is not None and report.origins["simulated"]:
        return True
    code = int(reference.value("simulation_marks_2026", item="mmsi_country_code"))
    return bool((ships["mmsi"] // 1_000_000 == code).any())

"""Ship emissions of a green shipping corridor, from AIS tracks to zones, maps and tables.

The whole flow is one call; each step is a function of its own::

    import corridor as co

    study = co.run_study("ais/*.csv", ships="register.csv")
    study.totals(by=["zone", "phase"])
    study.to_folder("out")
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from corridor.accounts.ledger import Ledger
    from corridor.emissions.basis import account
    from corridor.emissions.fleet import fleet
    from corridor.emissions.register import read_register
    from corridor.emissions.ships import Ship, resolve_ships
    from corridor.errors import CorridorError, InputError, OutputError, ReferenceDataError
    from corridor.reference import cite, table, zones
    from corridor.runs import run_study
    from corridor.simulate import simulate
    from corridor.study import Study
    from corridor.tracks.ingest import ingest
    from corridor.tracks.movement import from_movingpandas, to_movingpandas
    from corridor.tracks.quality import clean
    from corridor.tracks.trajectories import trace
    from layers.zones import ZoneSystem

# Names are fetched when they are first asked for, so that `corridor --help` does not wait for numba.
_HOMES = {
    "CorridorError": "corridor.errors",
    "InputError": "corridor.errors",
    "Ledger": "corridor.accounts.ledger",
    "OutputError": "corridor.errors",
    "ReferenceDataError": "corridor.errors",
    "Ship": "corridor.emissions.ships",
    "Study": "corridor.study",
    "ZoneSystem": "layers.zones",
    "account": "corridor.emissions.basis",
    "cite": "corridor.reference",
    "clean": "corridor.tracks.quality",
    "fleet": "corridor.emissions.fleet",
    "from_movingpandas": "corridor.tracks.movement",
    "ingest": "corridor.tracks.ingest",
    "read_register": "corridor.emissions.register",
    "resolve_ships": "corridor.emissions.ships",
    "run_study": "corridor.runs",
    "simulate": "corridor.simulate",
    "table": "corridor.reference",
    "to_movingpandas": "corridor.tracks.movement",
    "trace": "corridor.tracks.trajectories",
    "zones": "corridor.reference",
}

__all__ = [
    "CorridorError",
    "InputError",
    "Ledger",
    "OutputError",
    "ReferenceDataError",
    "Ship",
    "Study",
    "ZoneSystem",
    "account",
    "cite",
    "clean",
    "fleet",
    "from_movingpandas",
    "ingest",
    "read_register",
    "resolve_ships",
    "run_study",
    "simulate",
    "table",
    "to_movingpandas",
    "trace",
    "zones",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'corridor' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

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
    from corridor.emissions.fleet import Method, fleet
    from corridor.emissions.register import read_register
    from corridor.emissions.ships import Ship, resolve_ships
    from corridor.errors import CorridorError, InputError, OutputError, ReferenceDataError
    from corridor.outputs.store import open_study
    from corridor.planning import compare_lanes, route_study
    from corridor.reference import cite, table, zones
    from corridor.runs import run_study
    from corridor.schedule import schedule_study
    from corridor.simulate import simulate
    from corridor.study import Study
    from corridor.tracks.calllist import read_calls
    from corridor.tracks.gazetteer import find_place
    from corridor.tracks.ingest import ingest
    from corridor.tracks.movement import from_movingpandas, to_movingpandas
    from corridor.tracks.passages import plan_route
    from corridor.tracks.quality import clean
    from corridor.tracks.routefiles import read_route, write_route
    from corridor.tracks.trajectories import trace
    from layers.zones import ZoneSystem

# Names are fetched when they are first asked for, so that `corridor --help` does not wait for numba.
_HOMES = {
    "CorridorError": "corridor.errors",
    "InputError": "corridor.errors",
    "Ledger": "corridor.accounts.ledger",
    "Method": "corridor.emissions.fleet",
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
    "find_place": "corridor.tracks.gazetteer",
    "compare_lanes": "corridor.planning",
    "plan_route": "corridor.tracks.passages",
    "read_route": "corridor.tracks.routefiles",
    "route_study": "corridor.planning",
    "write_route": "corridor.tracks.routefiles",
    "ingest": "corridor.tracks.ingest",
    "open_study": "corridor.outputs.store",
    "read_calls": "corridor.tracks.calllist",
    "read_register": "corridor.emissions.register",
    "resolve_ships": "corridor.emissions.ships",
    "run_study": "corridor.runs",
    "schedule_study": "corridor.schedule",
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
    "Method",
    "OutputError",
    "ReferenceDataError",
    "Ship",
    "Study",
    "ZoneSystem",
    "account",
    "cite",
    "clean",
    "compare_lanes",
    "find_place",
    "fleet",
    "from_movingpandas",
    "ingest",
    "open_study",
    "plan_route",
    "read_calls",
    "read_register",
    "read_route",
    "resolve_ships",
    "route_study",
    "run_study",
    "schedule_study",
    "simulate",
    "table",
    "to_movingpandas",
    "trace",
    "write_route",
    "zones",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'corridor' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

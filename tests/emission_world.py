"""A small world for the emission tests: one strip of zones, a few ships, hand-made segments and atoms.

zone code = port zone + 6 * sulphur zone

    port zone     0 remainder  1 berth  2 anchorage  3 precautionary  4 approach  5 port_area
    sulphur zone  0 global     1 na_eca
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from corridor.emissions import basis
from corridor.emissions.fleet import Fleet, fleet
from corridor.emissions.phases import phase_rules
from corridor.emissions.places import Places
from corridor.emissions.rules import Rulebook, calendar, ms_of, rulebook
from corridor.emissions.ships import Ship, resolve_ships

KINDS = ("remainder", "berth", "anchorage", "precautionary", "approach", "port_area")
SULPHUR = ("global", "na_eca")
HOUR = 3_600_000
START = ms_of("2018-06-01")


@dataclass
class Tracks:
    vessel: np.ndarray
    voyage: np.ndarray
    t0_ms: np.ndarray
    t1_ms: np.ndarray
    distance_m: np.ndarray
    sog_kn: np.ndarray
    draught_m: np.ndarray
    kind: np.ndarray
    origin: np.ndarray
    observed_ms: np.ndarray
    status: np.ndarray


@dataclass
class Parts:
    segment: np.ndarray
    code: np.ndarray
    cell: np.ndarray
    f0: np.ndarray
    f1: np.ndarray


def places() -> Places:
    def decode(codes):
        return np.stack([codes % len(KINDS), codes // len(KINDS)], axis=1)

    return Places(decode, 0, 1, phase_rules().kind_index(KINDS))


def code(kind: str, sulphur: str = "global") -> int:
    return KINDS.index(kind) + len(KINDS) * SULPHUR.index(sulphur)


def book(first: str = "2018-06-01", last: str = "2018-06-30") -> Rulebook:
    return rulebook(SULPHUR, calendar(ms_of(first), ms_of(last)))


def ships(*rows: dict) -> list[Ship]:
    """Ships from register rows; each row names its class."""
    register = pd.DataFrame([{"vessel_id": f"V{i}", **row} for i, row in enumerate(rows)])
    return resolve_ships(register[["vessel_id"]], register)


BOX = {
    "ship_type": "container",
    "teu": 8500,
    "me_kw": 61000,
    "v_ref_kn": 25.9,
    "t_ref_m": 14.4,
    "build_year": 2010,
}


def tracks(n: int, **columns) -> Tracks:
    """One ship's hourly legs at 18 kn unless told otherwise."""
    made = {
        "vessel": np.zeros(n, np.int32),
        "voyage": np.zeros(n, np.int32),
        "t0_ms": START + HOUR * np.arange(n),
        "t1_ms": START + HOUR * np.arange(1, n + 1),
        "distance_m": np.full(n, 18.0 * 1852),
        "sog_kn": np.full(n, 18.0, np.float32),
        "draught_m": np.full(n, 14.4, np.float32),
        "kind": np.zeros(n, np.uint8),
        "origin": np.zeros(n, np.uint8),
        "status": np.full(n, -1, np.int8),
    }
    made |= {name: np.asarray(column, made[name].dtype) for name, column in columns.items() if name in made}
    made["observed_ms"] = np.asarray(columns.get("observed_ms", made["t1_ms"] - made["t0_ms"]), np.int64)
    return Tracks(**made)


def parts(codes, *, segment=None, cell=None, f0=None, f1=None) -> Parts:
    n = len(codes)
    return Parts(
        segment=np.arange(n, dtype=np.int32) if segment is None else np.asarray(segment, np.int32),
        code=np.asarray(codes, np.int64),
        cell=np.zeros(n, np.int64) if cell is None else np.asarray(cell, np.int64),
        f0=np.zeros(n) if f0 is None else np.asarray(f0, float),
        f1=np.ones(n) if f1 is None else np.asarray(f1, float),
    )


def run(
    legs: Tracks, atoms: Parts, *, of: Fleet | None = None, rules: Rulebook | None = None, **options
) -> basis.Basis:
    rules = rules or book()
    of = of or fleet(ships(BOX), rules.supplies)
    middle = legs.t0_ms[atoms.segment] + (legs.t1_ms - legs.t0_ms)[atoms.segment] * (atoms.f0 + atoms.f1) / 2
    period = rules.calendar.period_at(middle.astype(np.int64)).astype(np.int32)
    return basis.account(legs, atoms, period, fleet=of, places=places(), rulebook=rules, **options)

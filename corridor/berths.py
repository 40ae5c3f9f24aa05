"""Auxiliary engines at berth: the visits of a chunk of ships, what controls them, and what that saves."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.emissions.at_berth import (
    CASES,
    Use,
    WindowRow,
    Windows,
    auxiliary_amounts,
    control,
    left_of,
    rule_windows,
    windows_of,
)
from corridor.emissions.basis import LEDGER_COLUMNS, LEDGER_KEYS
from corridor.emissions.control import Control
from corridor.emissions.ships import Ship
from corridor.emissions.shore_log import lay_over
from corridor.regroup import Books
from corridor.tracks.moorings import Moorings, moorings
from corridor.tracks.trajectories import Segments
from layers.atoms import Atoms
from layers.zones import ZoneIndex, ZoneSystem

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

MS_PER_H, MG_PER_KG, MWH_PER_KWH = 3_600_000.0, 1e6, 1e6
# Instants of one visit lie closer together than this: so visit and instant make one number.
_SPAN_MS = 1 << 43
# Saved masses that stand in the table of visits; the others are in the totals.
SAVED = ("fuel", "co2", "nox", "sox", "pm10")
AUX, SHORE = LEDGER_COLUMNS.index("aux_mwh"), LEDGER_COLUMNS.index("shore_mwh")


class Terms(NamedTuple):
    """What a study knows of controls at berth: the use of them where nobody logged it, and a log."""

    use: Use
    log: pd.DataFrame | None = None


class Berths(NamedTuple):
    """Visits of a chunk and their windows.

    Attributes
    ----------
    found : Moorings
        Visits and their stays.
    zone_id, port : tuple of str
        Berth zone and port of each visit.
    windows : Windows
        By visit and time.
    matches : DataFrame or None
        Rows of the log whose ship is in the chunk: row, visit, reason.
    """

    found: Moorings
    zone_id: tuple[str, ...]
    port: tuple[str, ...]
    windows: Windows
    matches: pd.DataFrame | None


def berths(
    segments: Segments,
    vessels: pd.DataFrame,
    ships: Sequence[Ship],
    ground: tuple[tuple[ZoneSystem, ...], ZoneIndex],
    terms: Terms,
) -> Berths:
    """Find the visits of some ships, and the windows that a log or else a rule gives them.

    Parameters
    ----------
    segments : Segments
        Segments of whole ships.
    vessels : DataFrame
        vessel_id, imo, mmsi, name of each.
    ships : sequence of Ship
        Particulars of each.
    ground : tuple
        Zone systems and their index.
    terms : Terms
        Use and log.
    """
    systems, index = ground
    is_berth, zone_ids, ports = _zones(next(system for system in systems if system.name == "port"))
    column = index.names.index("port")

    def zone_at(lat: FloatArray, lon: FloatArray) -> IntArray:
        places: IntArray = index.decode(index.zone_at(lat, lon))[:, column]
        return places

    found = moorings(segments, zone_at, is_berth)
    zone_id, port = (tuple(words[zone] for zone in found.zone) for words in (zone_ids, ports))
    matches: pd.DataFrame | None = None
    logged: list[WindowRow] = []
    if terms.log is not None and len(terms.log):
        times = {"vessel": found.vessel, "t0_ms": found.t0_ms, "t1_ms": found.t1_ms}
        matches, logged = lay_over(terms.log, vessels, pd.DataFrame({"zone_id": list(zone_id), **times}))
    visits = list(zip(found.vessel.tolist(), port, found.t0_ms.tolist(), found.t1_ms.tolist(), strict=True))
    ruled = rule_windows(visits, ships, terms.use, {row[0] for row in logged})
    return Berths(found, zone_id, port, windows_of([*ruled, *logged]), matches)


@cache
def _zones(system: ZoneSystem) -> tuple[npt.NDArray[np.bool_], tuple[str, ...], tuple[str, ...]]:
    """Whether each zone of the port system is a berth, its id, its port; the remainder first."""
    zones = system.zones
    ports = zones["port"] if "port" in zones else [""] * len(zones)
    return (
        np.append(False, zones["kind"].to_numpy() == "berth"),
        system.zone_ids,
        ("", *(port if isinstance(port, str) else "" for port in ports)),
    )


def marks(here: Berths) -> tuple[IntArray, IntArray]:
    """Stays and the instants at which to cut them: where windows begin and end. [index, ms]"""
    # Stays stand by visit, windows too: each window meets the stays of its visit.
    visit = here.windows.visit
    first, last = (np.searchsorted(here.found.mooring, visit, side=side) for side in ("left", "right"))
    number = last - first
    window = np.repeat(np.arange(len(visit)), number)
    nth = np.arange(len(window)) - np.repeat(np.cumsum(number) - number, number)
    segment = here.found.segment[first[window] + nth]
    instants = np.concatenate([here.windows.t0_ms[window], here.windows.t1_ms[window]])
    return np.tile(segment, 2), instants


def window_of(here: Berths, segments: Segments, atoms: Atoms) -> IntArray:
    """Window that each atom lies in, or -1. [index]"""
    out = np.full(len(atoms), -1, np.int64)
    if not len(here.windows.visit):
        return out
    visit_of_segment = np.full(len(segments), -1, np.int64)
    visit_of_segment[here.found.segment] = here.found.mooring
    mine = visit_of_segment[atoms.segment]
    rows = np.flatnonzero(mine >= 0)
    mine, segment = mine[rows], atoms.segment[rows]
    length = segments.t1_ms[segment] - segments.t0_ms[segment]
    middle = segments.t0_ms[segment] + (atoms.f0[rows] + atoms.f1[rows]) / 2.0 * length
    visit, begin, end = here.windows.visit, here.windows.t0_ms, here.windows.t1_ms
    first_ms = here.found.t0_ms
    known = visit * _SPAN_MS + (begin - first_ms[visit])
    at = np.searchsorted(known, mine * _SPAN_MS + (middle - first_ms[mine]), side="right") - 1
    fits = (at >= 0) & (visit[at] == mine) & (middle < end[at])
    out[rows[fits]] = at[fits]
    return out


def control_at_berth(here: Berths, window: IntArray, case: str = "central") -> Control | None:
    """Control of a chunk's atoms in one case of use, or None where nothing is controlled."""
    return control(here.windows, window, case) if len(here.windows.visit) else None


class Demand(NamedTuple):
    """What auxiliary engines would have given in windows, had nothing controlled them.

    Attributes
    ----------
    keys : array (rows, keys)
        Ledger keys of each row.
    window : array
        Window of each row. [index]
    amounts : array (rows, accounts)
        Accounts. [mWh, mg]
    """

    keys: IntArray
    window: IntArray
    amounts: FloatArray


def demand(
    books: Books,
    segments: Segments,
    cut: tuple[Atoms, npt.NDArray[np.int32]],
    window: IntArray,
    phase: npt.NDArray[np.int8],
) -> Demand:
    """Sum what auxiliary engines would have given, by ledger row and window."""
    rows = np.flatnonzero(window >= 0)
    atoms = cut[0]
    segment, code = atoms.segment[rows], atoms.code[rows]
    vessel, period = segments.vessel[segment].astype(np.int64), cut[1][rows]
    supply = books.rulebook.supply_of[books.places.look_up(code)[1], period]
    phases = phase[rows].astype(np.int64)
    place = books.places.local(code).astype(np.int64)
    duration = (segments.t1_ms - segments.t0_ms)[segment] * (atoms.f1[rows] - atoms.f0[rows])
    amounts = auxiliary_amounts(books.fleet, (vessel, supply, place, phases), duration)
    month = books.rulebook.calendar.month[period]
    fuel = books.fleet.fuel_index[vessel, supply]
    columns = (vessel, segments.voyage[segment], code, month, phases, segments.origin[segment], fuel)
    keyed = np.stack([*(np.asarray(values, np.int64) for values in columns), window[rows]], axis=1)
    kinds, number = np.unique(keyed, axis=0, return_inverse=True)
    sums = np.zeros((len(kinds), len(LEDGER_COLUMNS)))
    np.add.at(sums, number.ravel(), amounts)
    return Demand(kinds[:, :-1], kinds[:, -1], sums)


def ends(here: Berths, wanted: Demand) -> pd.DataFrame:
    """What low and high use make each ledger row more than central use does; ledger keys and ``case``."""
    if not len(wanted.window):
        return pd.DataFrame()
    kinds, number = np.unique(wanted.keys, axis=0, return_inverse=True)
    central, shore = left_of(here.windows, "central")
    tables = []
    for case in ("low", "high"):
        left, from_shore = left_of(here.windows, case)
        more = wanted.amounts * (left - central)[wanted.window]
        more[:, SHORE] = wanted.amounts[:, AUX] * (from_shore - shore)[wanted.window]
        sums = np.zeros((len(kinds), len(LEDGER_COLUMNS)))
        np.add.at(sums, number.ravel(), more)
        values = np.hstack([kinds, np.rint(sums).astype(np.int64)])
        tables.append(pd.DataFrame(values, columns=[*LEDGER_KEYS, *LEDGER_COLUMNS]).assign(case=case))
    return pd.concat(tables, ignore_index=True)


def visit_table(here: Berths, wanted: Demand, vessel_ids: npt.NDArray[np.object_]) -> pd.DataFrame:
    """One row a visit: times, hours, hours controllable, use and what it saves. [h, kWh, kg]"""
    found, windows = here.found, here.windows
    number = len(found.vessel)
    if not number:
        return pd.DataFrame()

    def by_visit(values: FloatArray) -> FloatArray:
        """Sum values of windows by visit."""
        sums: FloatArray = np.bincount(windows.visit, values, number).astype(np.float64)
        return sums

    basis = dict(zip(windows.visit.tolist(), windows.basis, strict=True))
    asked = _by_window(wanted, len(windows.visit))
    demand_kwh = by_visit(asked[:, AUX]) / MWH_PER_KWH
    table: dict[str, object] = {
        "vessel_id": vessel_ids[found.vessel],
        "zone_id": list(here.zone_id),
        "port": list(here.port),
        "t0_ms": found.t0_ms,
        "t1_ms": found.t1_ms,
        "basis": [basis.get(visit, "no_rule") for visit in range(number)],
        "hours": (found.t1_ms - found.t0_ms) / MS_PER_H,
        "controllable_h": by_visit((windows.t1_ms - windows.t0_ms) / MS_PER_H),
        "demand_kwh": demand_kwh,
    }
    for at, case in enumerate(CASES):
        left, from_shore = left_of(windows, case)
        used = by_visit(asked[:, AUX] * windows.shares[:, at]) / MWH_PER_KWH
        table[f"use_{case}"] = used / np.where(demand_kwh > 0, demand_kwh, 1.0)
        table[f"shore_kwh_{case}"] = by_visit(asked[:, AUX] * from_shore) / MWH_PER_KWH
        for name in SAVED:
            column = LEDGER_COLUMNS.index(f"aux_{name}_mg")
            saved_mg = by_visit(asked[:, column] * (1.0 - left[:, column]))
            table[f"{name}_saved_kg_{case}"] = saved_mg / MG_PER_KG
    return pd.DataFrame(table)


def _by_window(wanted: Demand, windows: int) -> FloatArray:
    """Demand of each window. [mWh, mg]"""
    sums = np.zeros((windows, len(LEDGER_COLUMNS)))
    np.add.at(sums, wanted.window, wanted.amounts)
    return sums


def log_table(here: Berths, wanted: Demand, vessel_ids: npt.NDArray[np.object_]) -> pd.DataFrame:
    """One row a row of the log whose ship is here: visit or why not, hours and energy modelled. [h, kWh]"""
    if here.matches is None:
        return pd.DataFrame()
    windows = here.windows
    of_row = {int(row): place for place, row in enumerate(windows.row) if row >= 0}
    place = np.array([of_row.get(int(row), -1) for row in here.matches["row"]], np.int64)
    hours = np.append((windows.t1_ms - windows.t0_ms) / MS_PER_H, 0.0)
    modelled = np.append(_by_window(wanted, len(windows.visit))[:, AUX] / MWH_PER_KWH, 0.0)
    visit = here.matches["visit"].to_numpy(np.int64)
    ids = np.append(vessel_ids[here.found.vessel], "")
    return here.matches.drop(columns="visit").assign(
        vessel_id=ids[visit],
        zone_id=np.append(np.array(here.zone_id, dtype=object), "")[visit],
        hours_used=hours[place],
        modelled_kwh=modelled[place],
    )

"""Atoms to accounts: the integer basis that every total of a study is summed from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.emissions import kernel
from corridor.emissions.behaviour import Behaviour, Surroundings, behaviour, limit
from corridor.emissions.bunkers import PILOT, upstream_g_per_g
from corridor.emissions.control import Control, checked
from corridor.emissions.fleet import Fleet, SegmentMotion
from corridor.emissions.method_tables import parameter
from corridor.emissions.places import Places
from corridor.emissions.rules import Rulebook
from corridor.emissions.species import CONSUMERS, LOW_LOAD_GROUPS, SPECIES, low_load_groups, low_load_table
from corridor.tracks.trajectories import Segments
from layers.atoms import Atoms

LEDGER_KEYS = ("vessel", "voyage", "zone", "month", "phase", "origin", "fuel")
LEDGER_COLUMNS = (
    "hours_ms",
    "observed_ms",
    "distance_mm",
    *(f"{consumer}_mwh" for consumer in CONSUMERS),
    *(f"{consumer}_fuel_mg" for consumer in CONSUMERS),
    *(f"ll_{group}_mwh" for group in LOW_LOAD_GROUPS),
    "shore_mwh",
    *(f"{consumer}_{species}_mg" for consumer in CONSUMERS for species in SPECIES),
)
_MASSES = ("fuel_mg", *(f"{species}_mg" for species in SPECIES), "pm10_diesel_mg")
CELL_KEYS = ("cell", "month", "phase", "class")
CELL_COLUMNS = ("hours_ms", "observed_ms", *_MASSES, "wtt_co2e_mg")
PAIR_COLUMNS = ("cell", "vessel", "co2_mg")
PIECE_KEYS = ("segment", "zone", "month", "phase", "fuel")
PIECE_COLUMNS = (*LEDGER_COLUMNS[:6], *_MASSES)
MM_PER_M = 1000.0
MG_PER_G = 1000.0


@dataclass(frozen=True)
class Basis:
    """Accounts of a partition.

    Attributes
    ----------
    ledger : DataFrame
        :data:`LEDGER_KEYS` and :data:`LEDGER_COLUMNS`, int64.
    cells : DataFrame
        :data:`CELL_KEYS` and :data:`CELL_COLUMNS`, int64.
    pairs : DataFrame
        :data:`PAIR_COLUMNS`, int64: what each vessel emitted in each cell.
    pieces : DataFrame or None
        :data:`PIECE_KEYS`, f0, f1 (shares of the segment) and :data:`PIECE_COLUMNS`.
    speed_kn, load : array
        Speed and main-engine load of every segment. [kn, 0–1]
    main_off_ms : int
        Time under way in which the main engine was held to be off for its low load. [ms]
    phase : array of int8
        Phase of every atom. [index]
    """

    ledger: pd.DataFrame
    cells: pd.DataFrame
    pairs: pd.DataFrame
    pieces: pd.DataFrame | None
    speed_kn: npt.NDArray[np.float64]
    load: npt.NDArray[np.float64]
    main_off_ms: int
    phase: npt.NDArray[np.int8]


def account(  # noqa: PLR0913 - one setting each, all by name
    segments: Segments,
    atoms: Atoms,
    period: npt.NDArray[np.int32],
    *,
    fleet: Fleet,
    places: Places,
    rulebook: Rulebook,
    surroundings: Surroundings | None = None,
    main_off: bool = True,
    pieces: bool = False,
    control: Control | None = None,
    phase: npt.NDArray[np.int8] | None = None,
    loads: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None,
) -> Basis:
    """Book the atoms of a partition.

    Parameters
    ----------
    segments : Segments
        Segments; ``vessel`` is the index of the fleet.
    atoms : Atoms
        Their parts, each in one zone, cell and period.
    period : array
        Period of the calendar of each atom. [index]
    fleet : Fleet
        Ships; made for the supplies of the rule book.
    places : Places
        What zone codes mean.
    rulebook : Rulebook
        Supplies by sulphur zone and period.
    surroundings : Surroundings, optional
        Coast and rest of each segment, for phases where no polygon says; unknown by default.
    main_off : bool
        Whether the main engine is off below the method's least load. The time concerned is counted.
    pieces : bool
        Whether to return pieces too.
    control : Control, optional
        Shore power, capture of exhaust and the like, by atom; nothing by default.
    phase : array of int8, optional
        Phases of the atoms, where they are not to be worked out. [index]
    loads : tuple of array, optional
        Speed and main-engine load of the segments, where the method is not to be asked. [kn, 0–1]

    Raises
    ------
    ValueError
        If the fleet was made for other supplies than the rule book's, or the control for other atoms.
    """
    if fleet.supplies != rulebook.supplies:
        raise ValueError(
            "the fleet was made for other supplies than the rule book holds; make it with rulebook.supplies"
        )
    known = surroundings or Surroundings.unknown(len(segments.vessel))
    speed_kn, load = loads or fleet.method.loads(fleet, _motion(segments, known))
    legs = _segment_arrays(segments, behaviour(segments, speed_kn, known, fleet.phases), load)
    parts, codes = _atom_arrays(atoms, period)
    rules = _rule_arrays(codes, places, rulebook, fleet, main_off)
    if phase is not None:
        rules = rules._replace(phase=np.ascontiguousarray(phase, np.int8))
    kinds = kernel.sort_atoms(legs, parts, rules, fleet.class_index)
    ledger_row, ledger_keys = kernel.number_keys(kinds.ship_key, kinds.place_key)
    cell_row, cell_keys = kernel.number_keys(parts.cell, kinds.cell_key)
    pair_row, pair_atom = _number_pairs(legs, parts, cell_row, cell_keys)
    piece_row, n_pieces = kernel.number_pieces(parts.segment, ledger_row) if pieces else (ledger_row, 0)
    tables = (
        np.zeros((len(ledger_keys), len(LEDGER_COLUMNS)), np.int64),
        np.zeros((len(cell_keys), len(CELL_COLUMNS)), np.int64),
        np.zeros((len(PIECE_COLUMNS), n_pieces), np.int64),
        np.zeros(len(pair_atom), np.int64),
    )
    kernel.book(
        legs,
        parts,
        _ship_arrays(fleet),
        (kinds.mode, kinds.supply, np.tile(rules.main_on, 2), rules.main_off_below),
        (ledger_row, cell_row, piece_row, pair_row),
        tables,
        checked(control, len(parts.segment), len(LEDGER_COLUMNS)),
        kernel.Room.empty(),
    )
    ledger = _ledger_keys(ledger_keys, codes)
    return Basis(
        ledger=_frame(ledger, LEDGER_KEYS, tables[0], LEDGER_COLUMNS),
        cells=_frame(_cell_keys(cell_keys), CELL_KEYS, tables[1], CELL_COLUMNS),
        pairs=pd.DataFrame(
            {
                "cell": parts.cell[pair_atom],
                "vessel": legs.vessel[parts.segment[pair_atom]],
                "co2_mg": tables[3],
            },
            copy=False,
        ),
        pieces=_pieces(parts, (piece_row, ledger_row), ledger, tables[2]) if pieces else None,
        speed_kn=speed_kn,
        load=load,
        main_off_ms=round(kinds.off_ms),
        phase=kinds.phase,
    )


def _number_pairs(
    legs: kernel.SegmentArrays, parts: kernel.AtomArrays, cell_row: Any, cell_keys: Any
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Number the pairs of vessel and cell: of each atom, and the first atom of each pair."""
    cell_of_row, _ = kernel.number_keys(cell_keys[:, 0].copy(), np.zeros(len(cell_keys), np.int64))
    return kernel.number_pairs(legs.vessel, parts.segment, cell_row, cell_of_row)


def _atom_arrays(atoms: Atoms, period: Any) -> tuple[kernel.AtomArrays, npt.NDArray[np.int64]]:
    code = np.ascontiguousarray(atoms.code, np.int64)
    number, pairs = kernel.number_keys(code, np.zeros(len(code), np.int64))
    arrays = kernel.AtomArrays(
        segment=np.ascontiguousarray(atoms.segment, np.int32),
        code=number,
        cell=np.ascontiguousarray(atoms.cell, np.int64),
        period=np.ascontiguousarray(period, np.int32),
        f0=np.ascontiguousarray(atoms.f0, np.float64),
        f1=np.ascontiguousarray(atoms.f1, np.float64),
    )
    return arrays, pairs[:, 0].copy()


def _ledger_keys(pairs: Any, codes: Any) -> npt.NDArray[np.int64]:
    """Unpack the keys of the ledger, as :func:`corridor.emissions.kernel.sort_atoms` packs them."""
    ship, place = pairs[:, 0], pairs[:, 1]
    columns = [
        ship >> 32,
        ship & 0xFFFFFFFF,
        codes[place >> 32],
        (place >> 12) & 0xFFFFF,
        (place >> 9) & 7,
        (place >> 6) & 7,
        place & 63,
    ]
    return np.stack(columns, axis=1)


def _cell_keys(pairs: Any) -> npt.NDArray[np.int64]:
    cell, kind = pairs[:, 0], pairs[:, 1]
    return np.stack([cell, kind >> 16, (kind >> 12) & 15, kind & 0xFFF], axis=1)


def _motion(segments: Segments, known: Surroundings) -> SegmentMotion:
    return SegmentMotion(
        vessel=np.asarray(segments.vessel, np.int32),
        t0_ms=np.asarray(segments.t0_ms, np.int64),
        t1_ms=np.asarray(segments.t1_ms, np.int64),
        observed_ms=np.asarray(segments.observed_ms, np.int64),
        distance_m=np.asarray(segments.distance_m, np.float64),
        sog_kn=np.asarray(segments.sog_kn, np.float32),
        draught_m=np.asarray(segments.draught_m, np.float32),
        kind=np.asarray(segments.kind, np.uint8),
        coast_nm=0.5 * (known.coast0_nm + known.coast1_nm),
    )


def _segment_arrays(segments: Segments, moves: Behaviour, load: Any) -> kernel.SegmentArrays:
    return kernel.SegmentArrays(
        vessel=np.ascontiguousarray(segments.vessel, np.int32),
        voyage=np.ascontiguousarray(segments.voyage, np.int32),
        duration_ms=np.asarray(segments.t1_ms - segments.t0_ms, np.int64),
        observed_ms=np.ascontiguousarray(segments.observed_ms, np.int64),
        distance_mm=np.asarray(segments.distance_m, np.float64) * MM_PER_M,
        stays=np.asarray(segments.kind) == 1,
        origin=np.ascontiguousarray(segments.origin, np.uint8),
        load=np.ascontiguousarray(load, np.float64),
        band=moves.band,
        rest=moves.rest,
        harbour=moves.harbour,
        coast0_nm=moves.coast0_nm,
        coast1_nm=moves.coast1_nm,
    )


def _rule_arrays(
    codes: npt.NDArray[np.int64], places: Places, rulebook: Rulebook, fleet: Fleet, main_off: bool
) -> kernel.RuleArrays:
    kinds, sulphur_zones = places.look_up(codes)
    phases = fleet.phases
    return kernel.RuleArrays(
        bands_of_code=np.ascontiguousarray(phases.table[kinds]),
        local_of_code=places.local(codes),
        sulphur_zone_of_code=sulphur_zones,
        supply_of=rulebook.supply_of,
        month_of_period=rulebook.calendar.month,
        fuel_of=fleet.fuel_index,
        coast_nm=limit("manoeuvring_within_coast"),
        cruising_above=phases.cruising_above,
        below=phases.below,
        main_on=phases.main_on,
        main_off_below=parameter(fleet.method.tables, "main_off_below_load") if main_off else 0.0,
        phase=np.zeros(0, np.int8),
    )


def _ship_arrays(fleet: Fleet) -> kernel.ShipArrays:
    groups, factors = low_load_groups(), low_load_table()
    by_species = np.where(groups >= 0, factors[:, groups], 1.0)
    of_pilot = fleet.pilot * MG_PER_G * (upstream_g_per_g(PILOT) - fleet.upstream) / kernel.MICRO
    return kernel.ShipArrays(
        me_kw=fleet.me_kw,
        hotel=_hotel_rates(fleet),
        curve=fleet.curve,
        fuel=fleet.sfc[:, :, 0] * MG_PER_G,
        pilot=fleet.pilot * MG_PER_G,
        by_energy=fleet.ef[:, :, 0] * MG_PER_G,
        by_fuel=np.ascontiguousarray(fleet.ef_fuel[:, :, 0]),
        bc=fleet.bc,
        low_load=np.hstack([factors, by_species]),
        low_load_on=fleet.low_load,
        main_diesel=fleet.main_diesel,
        aux_diesel=fleet.aux_diesel,
        upstream=np.stack([fleet.upstream, of_pilot], axis=2),
    )


def _hotel_rates(fleet: Fleet) -> npt.NDArray[np.float64]:
    """Return what a millisecond adds, main engine aside: vessels x supplies x modes x accounts."""
    vessels, supplies = fleet.sfc.shape[:2]
    # Modes: the phases, and the phases where a port's own powers hold.
    powers = [power_kw.reshape(vessels, -1) for power_kw in (fleet.aux_kw, fleet.boiler_kw)]
    rates = np.zeros((vessels, supplies, powers[0].shape[1], len(LEDGER_COLUMNS)))
    column = {name: place for place, name in enumerate(LEDGER_COLUMNS)}
    rates[..., column["hours_ms"]] = 1.0
    for c, (consumer, power_kw) in enumerate(zip(CONSUMERS[1:], powers, strict=True), start=1):
        kwh = power_kw[:, None, :] / kernel.MS_PER_H
        rates[..., column[f"{consumer}_mwh"]] = kwh * kernel.MICRO
        rates[..., column[f"{consumer}_fuel_mg"]] = kwh * fleet.sfc[:, :, c, None] * MG_PER_G
        # Auxiliary engines and boilers know no load: what follows fuel follows energy too.
        factors = fleet.ef[:, :, c] + fleet.sfc[:, :, c, None] * fleet.ef_fuel[:, :, c]
        first = column[f"{consumer}_{SPECIES[0]}_mg"]
        masses = kwh[..., None] * factors[:, :, None, :] * MG_PER_G
        rates[..., first : first + len(SPECIES)] = masses
    return rates


def _frame(keys: Any, key_names: tuple[str, ...], values: Any, names: tuple[str, ...]) -> pd.DataFrame:
    left = pd.DataFrame(keys, columns=list(key_names), copy=False)
    right = pd.DataFrame(values, columns=list(names), copy=False)
    return pd.concat([left, right], axis=1)


def _pieces(parts: kernel.AtomArrays, rows: tuple[Any, Any], ledger_keys: Any, values: Any) -> pd.DataFrame:
    piece_row, ledger_row = rows
    first = np.flatnonzero(np.append(True, piece_row[1:] != piece_row[:-1])[: len(piece_row)])
    last = np.append(first[1:], len(piece_row))[: len(first)] - 1
    # Columns lie one behind the other: what reads pieces reads whole columns.
    places = np.take(ledger_keys.T[[2, 3, 4, 6]], ledger_row[first], axis=1)
    keys = np.vstack([parts.segment[None, first], places])
    shares = pd.DataFrame({"f0": parts.f0[first], "f1": parts.f1[last]}, copy=False)
    left = pd.DataFrame(keys.T, columns=list(PIECE_KEYS), copy=False)
    right = pd.DataFrame(values.T, columns=list(PIECE_COLUMNS), copy=False)
    return pd.concat([left, shares, right], axis=1)

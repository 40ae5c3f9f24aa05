"""The loop that books atoms into accounts, in whole milligrams, milliwatt-hours, milliseconds, millimetres.

Every account of a segment is linear in its share: so the amounts of the whole segment are worked out once for
each phase and supply it meets, and an atom takes its share of them. What rounding leaves is carried to the
ship's next atom: a ship's total is rounded once, and a sum over zones, cells or pieces is a sum of integers.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from corridor.emissions.control import Control
from corridor.emissions.phases import BY_COAST, PHASES, phase_of
from layers.jit import borrowing, njit

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

N_BASIS = 14
N_SPECIES = 9
N_GROUPS = 4
N_PHASES = len(PHASES)
N_LEDGER = N_BASIS + 3 * N_SPECIES
N_MASSES = 1 + N_SPECIES + 1
N_CELL = 2 + N_MASSES + 1
N_PIECE = 6 + N_MASSES
BC, PM10 = 6, 5
HOURS, OBSERVED, DISTANCE, MAIN_MWH, AUX_MWH, MAIN_FUEL, LOW_LOAD, SHORE = 0, 1, 2, 3, 4, 6, 9, 13
MAIN_MASS, AUX_MASS, BOILER_MASS = N_BASIS, N_BASIS + N_SPECIES, N_BASIS + 2 * N_SPECIES
MS_PER_H = 3_600_000.0
MICRO = 1_000_000.0


class SegmentArrays(NamedTuple):
    """Segments, ordered by vessel and time."""

    vessel: npt.NDArray[np.int32]
    voyage: npt.NDArray[np.int32]
    duration_ms: IntArray
    observed_ms: IntArray
    distance_mm: FloatArray
    stays: npt.NDArray[np.bool_]
    origin: npt.NDArray[np.uint8]
    load: FloatArray
    band: npt.NDArray[np.int8]
    rest: npt.NDArray[np.int8]
    harbour: npt.NDArray[np.int8]
    coast0_nm: FloatArray
    coast1_nm: FloatArray


class AtomArrays(NamedTuple):
    """Atoms, ordered by segment; ``code`` counts the distinct zone codes."""

    segment: npt.NDArray[np.int32]
    code: npt.NDArray[np.int32]
    cell: IntArray
    period: npt.NDArray[np.int32]
    f0: FloatArray
    f1: FloatArray


class RuleArrays(NamedTuple):
    """Rules by code, zone, period and phase; ``fuel_of`` by vessel and supply.

    ``phase`` is given phases of the atoms, of no length where they are worked out; ``local_of_code`` is 1
    where a port's own auxiliary and boiler powers hold. A mode is a phase, plus the number of phases there.
    """

    bands_of_code: npt.NDArray[np.int8]
    local_of_code: npt.NDArray[np.int8]
    sulphur_zone_of_code: IntArray
    supply_of: IntArray
    month_of_period: IntArray
    fuel_of: IntArray
    coast_nm: float
    cruising_above: float
    below: int
    main_on: npt.NDArray[np.bool_]
    main_off_below: float
    phase: npt.NDArray[np.int8]


class ShipArrays(NamedTuple):
    """Ships by vessel (first axis) and supply (second), scaled to the units of the accounts.

    Attributes
    ----------
    me_kw : array (n)
        Installed power. [kW]
    hotel : array (n, r, modes, accounts)
        What a millisecond adds, main engine aside.
    curve : array (n, 3)
        Load curve of the main engine's fuel.
    fuel, pilot : array (n, r)
        Baseline consumption of the main engine, and what it takes besides at any load. [mg/kWh]
    by_energy : array (n, r, species)
        Main engine. [mg/kWh]
    by_fuel : array (n, r, species)
        Main engine. [mg/mg]
    bc : array (n, r, 2)
        Black carbon: coefficient and load exponent. [mg/mg, 1]
    low_load : array (101, 4 + species)
        Low-load factors by whole per cent of load: of the groups, then of the species.
    low_load_on : array (n, r)
        Whether they hold for the main engine.
    main_diesel, aux_diesel : array (n, r)
        Whether particulates of the engines count as diesel particulates.
    upstream : array (n, r, 2)
        Emitted before the fuel came on board: by its mass, and what the pilot's part of it differs by, by
        energy of the main engine. [mg CO2e/mg, mg CO2e/mWh]
    """

    me_kw: FloatArray
    hotel: FloatArray
    curve: FloatArray
    fuel: FloatArray
    pilot: FloatArray
    by_energy: FloatArray
    by_fuel: FloatArray
    bc: FloatArray
    low_load: FloatArray
    low_load_on: npt.NDArray[np.bool_]
    main_diesel: npt.NDArray[np.bool_]
    aux_diesel: npt.NDArray[np.bool_]
    upstream: FloatArray


class Room(NamedTuple):
    """Accounts of the segment in hand, what rounding left of the ship's, sums of the atoms not yet booked."""

    whole: FloatArray
    carry: FloatArray
    run: FloatArray
    booked: IntArray
    masses: IntArray

    @classmethod
    def empty(cls) -> "Room":
        """Begin with nothing."""
        whole, carry, run = np.zeros((3, N_LEDGER))
        return cls(whole, carry, run, np.zeros(N_LEDGER, np.int64), np.zeros(N_MASSES, np.int64))


class Sorted(NamedTuple):
    """What each atom is: its phase, mode and supply, and the keys of its ledger row and its cell row."""

    phase: npt.NDArray[np.int8]
    mode: npt.NDArray[np.int8]
    supply: npt.NDArray[np.int16]
    ship_key: IntArray
    place_key: IntArray
    cell_key: IntArray
    off_ms: float


@njit
def sort_atoms(
    segments: SegmentArrays, atoms: AtomArrays, rules: RuleArrays, class_index: IntArray
) -> Sorted:
    """Phase and supply of every atom, and its keys.

    A key packs small numbers into one integer: vessel and voyage; code, month, phase, origin and fuel; month,
    phase and class.
    """
    n = len(atoms.segment)
    phase = np.empty(n, np.int8)
    mode = np.empty(n, np.int8)
    supply = np.empty(n, np.int16)
    ship_key = np.empty(n, np.int64)
    place_key = np.empty(n, np.int64)
    cell_key = np.empty(n, np.int64)
    off_ms = 0.0
    for i in range(n):
        # Packed into keys of 64 bits, numbers of 32 must be wider before they are moved up.
        s, code, period = atoms.segment[i], int(atoms.code[i]), atoms.period[i]
        load, stays = segments.load[s], segments.stays[s]
        bands, band = rules.bands_of_code[code], segments.band[s]
        near = False
        if bands[band] == BY_COAST:
            middle = 0.5 * (atoms.f0[i] + atoms.f1[i])
            coast0_nm, coast1_nm = segments.coast0_nm[s], segments.coast1_nm[s]
            near = coast0_nm * (1.0 - middle) + coast1_nm * middle <= rules.coast_nm
        rest, harbour = segments.rest[s], segments.harbour[s]
        here = phase_of(bands, band, rest, harbour, near, load, rules.cruising_above, rules.below)
        if len(rules.phase):
            here = int(rules.phase[i])
        burns = rules.supply_of[rules.sulphur_zone_of_code[code], period]
        if rules.main_on[here] and not stays and load < rules.main_off_below:
            off_ms += segments.duration_ms[s] * (atoms.f1[i] - atoms.f0[i])
        phase[i], supply[i] = here, burns
        mode[i] = here + N_PHASES * rules.local_of_code[code]
        vessel, origin = int(segments.vessel[s]), int(segments.origin[s])
        month, fuel = rules.month_of_period[period], rules.fuel_of[vessel, burns]
        ship_key[i] = (vessel << 32) | int(segments.voyage[s])
        place_key[i] = (code << 32) | (month << 12) | (here << 9) | (origin << 6) | fuel
        cell_key[i] = (month << 16) | (here << 12) | class_index[vessel]
    return Sorted(phase, mode, supply, ship_key, place_key, cell_key, off_ms)


@borrowing
def _slot(first: int, second: int, size: int) -> int:
    """Where a pair of keys is looked for first, in a table whose size is a power of two."""
    # int() spares the plain Python path an overflow; compiled, the product wraps, which is as good.
    key = int(first) * 40_503 + int(second) * 7_919
    key ^= key >> 32
    return (key ^ (key >> 15)) & (size - 1)


@njit
def _wider(slots: npt.NDArray[np.int32], rows: IntArray, n: int) -> tuple[npt.NDArray[np.int32], IntArray]:
    """Copy a table of keys into twice the room."""
    size = 2 * len(slots)
    more_slots = np.full(size, -1, np.int32)
    more_rows = np.empty((size // 2, 2), np.int64)
    for row in range(n):
        more_rows[row, 0], more_rows[row, 1] = rows[row, 0], rows[row, 1]
        slot = _slot(rows[row, 0], rows[row, 1], size)
        while more_slots[slot] >= 0:
            slot = (slot + 1) & (size - 1)
        more_slots[slot] = row
    return more_slots, more_rows


@njit
def number_keys(first: IntArray, second: IntArray) -> tuple[npt.NDArray[np.int32], IntArray]:
    """Count pairs of keys in the order they appear: the number of each, and the distinct pairs."""
    slots = np.full(2048, -1, np.int32)
    rows = np.empty((1024, 2), np.int64)
    number = np.empty(len(first), np.int32)
    done, n = _number(first, second, 0, 0, slots, rows, number)
    while done < len(first):
        slots, rows = _wider(slots, rows, n)
        done, n = _number(first, second, done, n, slots, rows, number)
    return number, rows[:n].copy()


@borrowing
def _number(
    first: IntArray,
    second: IntArray,
    done: int,
    n: int,
    slots: npt.NDArray[np.int32],
    rows: IntArray,
    number: npt.NDArray[np.int32],
) -> tuple[int, int]:
    """Number pairs of keys from one on while there is room: how many have a number, how many are distinct."""
    row = -1
    for i in range(done, len(first)):
        if row < 0 or rows[row, 0] != first[i] or rows[row, 1] != second[i]:
            slot = _slot(first[i], second[i], len(slots))
            row = slots[slot]
            while row >= 0 and (rows[row, 0] != first[i] or rows[row, 1] != second[i]):
                slot = (slot + 1) & (len(slots) - 1)
                row = slots[slot]
            if row < 0:
                if n == len(rows):
                    return i, n
                row = n
                slots[slot] = n
                rows[n, 0], rows[n, 1] = first[i], second[i]
                n += 1
        number[i] = row
    return len(first), n


@njit
def number_pieces(
    segment: npt.NDArray[np.int32], ledger_row: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], int]:
    """Join the neighbouring atoms of one segment and one ledger row: the piece of each, and how many."""
    number = np.empty(len(segment), np.int32)
    n = 0
    for i in range(len(segment)):
        if i == 0 or segment[i] != segment[i - 1] or ledger_row[i] != ledger_row[i - 1]:
            n += 1
        number[i] = n - 1
    return number, n


@njit
def number_pairs(
    vessel: npt.NDArray[np.int32],
    segment: npt.NDArray[np.int32],
    cell_row: npt.NDArray[np.int32],
    cell_of_row: npt.NDArray[np.int32],
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Count pairs of vessel and cell as they appear: the number of each atom, the first atom of each.

    ``cell_of_row`` numbers the distinct cells of the rows of the cell table. Atoms come vessel by vessel: so
    it is enough to know who was in a cell last.
    """
    number = np.empty(len(segment), np.int32)
    first = np.empty(len(segment), np.int32)
    n_cells = cell_of_row.max() + 1 if len(cell_of_row) else 0
    last, pair = np.full(n_cells, -1, np.int64), np.empty(n_cells, np.int32)
    n = 0
    for i in range(len(segment)):
        cell, v = cell_of_row[cell_row[i]], vessel[segment[i]]
        if last[cell] != v:
            last[cell], pair[cell] = v, n
            first[n] = i
            n += 1
        number[i] = pair[cell]
    return number, first[:n].copy()


@borrowing
def add_main_engine(out: FloatArray, kwh: float, load: float, v: int, supply: int, ships: ShipArrays) -> None:
    """Add energy, fuel and masses of the main engine to the accounts of a segment. [mg, mWh]"""
    curve, bc = ships.curve[v], ships.bc[v, supply]
    bent = (curve[0] * load + curve[1]) * load + curve[2]
    fuel_mg = kwh * (ships.fuel[v, supply] * bent + ships.pilot[v, supply])
    factor = ships.low_load[int(np.rint(load * 100.0)) if ships.low_load_on[v, supply] else 100]
    by_energy, by_fuel = ships.by_energy[v, supply], ships.by_fuel[v, supply]
    out[MAIN_MWH] = kwh * MICRO
    out[MAIN_FUEL] = fuel_mg
    for group in range(N_GROUPS):
        out[LOW_LOAD + group] = kwh * factor[group] * MICRO
    for k in range(N_SPECIES):
        out[MAIN_MASS + k] = (kwh * by_energy[k] + fuel_mg * by_fuel[k]) * factor[N_GROUPS + k]
    if bc[0] > 0.0 and load > 0.0:
        out[MAIN_MASS + BC] += fuel_mg * bc[0] * load ** bc[1]


@borrowing
def apply_control(out: FloatArray, variant: int, control: Control) -> None:
    """Leave of a segment's accounts what a variant leaves; book what came from shore. [mWh]"""
    out[SHORE] = out[AUX_MWH] * control.shore_share[variant]
    for k in range(N_LEDGER):
        out[k] *= control.multipliers[variant, k]


@borrowing
def book(
    segments: SegmentArrays,
    atoms: AtomArrays,
    ships: ShipArrays,
    kinds: tuple[npt.NDArray[np.int8], npt.NDArray[np.int16], npt.NDArray[np.bool_], float],
    rows: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.int32]],
    tables: tuple[IntArray, IntArray, IntArray, IntArray],
    control: Control,
    room: Room,
) -> None:
    """Add every atom to its ledger row, its cell row, its vessel in the cell and, if wanted, its piece.

    ``kinds`` is mode and supply of each atom, whether the main engine can run in each mode, and the load
    below which it is off; ``rows`` the row of each atom in each of the ``tables``, which are filled; that of
    pieces lies on its side, because its columns are long and used one by one.
    """
    mode, supply, main_on, main_off_below = kinds
    ledger_row, cell_row, piece_row, pair_row = rows
    ledger, cells, pieces, pairs = tables
    whole, carry, run, booked, masses = room
    s, variant, wtt_carry = -1, 0, 0.0
    for i in range(len(atoms.segment)):
        now = control.variant[i] if len(control.variant) else 0
        here = mode[i] == mode[i - 1] and supply[i] == supply[i - 1] and now == variant
        if atoms.segment[i] != s or not here:
            if s < 0 or segments.vessel[atoms.segment[i]] != segments.vessel[s]:
                carry[:] = 0.0
                wtt_carry = 0.0
            s, variant = atoms.segment[i], now
            runs = main_on[mode[i]] and not segments.stays[s] and segments.load[s] >= main_off_below
            # The amounts of the whole segment, had it all been in this phase on this supply.
            v, duration_ms = segments.vessel[s], segments.duration_ms[s]
            rate = ships.hotel[v, supply[i], mode[i]]
            for k in range(N_LEDGER):
                whole[k] = duration_ms * rate[k]
            whole[OBSERVED], whole[DISTANCE] = segments.observed_ms[s], segments.distance_mm[s]
            if runs:
                kwh = ships.me_kw[v] * segments.load[s] * duration_ms / MS_PER_H
                add_main_engine(whole, kwh, segments.load[s], v, supply[i], ships)
            if variant > 0:
                apply_control(whole, variant, control)
        share = atoms.f1[i] - atoms.f0[i]
        for k in range(N_LEDGER):
            amount = whole[k] * share + carry[k]
            rounded = np.rint(amount)
            carry[k] = amount - rounded
            run[k] += rounded
        # Neighbours mostly share all their rows; sums of whole numbers below 2**53 are exact in between.
        j = min(i + 1, len(atoms.segment) - 1)
        alike = cell_row[i] == cell_row[j] and ledger_row[i] == ledger_row[j] and piece_row[i] == piece_row[j]
        if alike and j > i:
            continue
        for k in range(N_LEDGER):
            booked[k] = np.int64(run[k])
            run[k] = 0.0
            ledger[ledger_row[i], k] += booked[k]
        v = segments.vessel[s]
        _add_up(booked, ships.main_diesel[v, supply[i]], ships.aux_diesel[v, supply[i]], masses)
        row = cell_row[i]
        cells[row, 0] += booked[HOURS]
        cells[row, 1] += booked[OBSERVED]
        for k in range(N_MASSES):
            cells[row, 2 + k] += masses[k]
        upstream = ships.upstream[v, supply[i]]
        wtt = masses[0] * upstream[0] + booked[MAIN_MWH] * upstream[1] + wtt_carry
        rounded = np.rint(wtt)
        wtt_carry = wtt - rounded
        cells[row, 2 + N_MASSES] += np.int64(rounded)
        pairs[pair_row[i]] += masses[1]
        if pieces.shape[1]:
            row = piece_row[i]
            for k in range(6):
                pieces[k, row] += booked[k]
            for k in range(N_MASSES):
                pieces[6 + k, row] += masses[k]


@borrowing
def _add_up(booked: IntArray, main_diesel: bool, aux_diesel: bool, masses: IntArray) -> None:
    """Sum fuel and species over the consumers; at last the particulates of diesel engines."""
    masses[0] = booked[MAIN_FUEL] + booked[MAIN_FUEL + 1] + booked[MAIN_FUEL + 2]
    for k in range(N_SPECIES):
        masses[1 + k] = booked[MAIN_MASS + k] + booked[AUX_MASS + k] + booked[BOILER_MASS + k]
    masses[1 + N_SPECIES] = booked[MAIN_MASS + PM10] if main_diesel else 0
    masses[1 + N_SPECIES] += booked[AUX_MASS + PM10] if aux_diesel else 0

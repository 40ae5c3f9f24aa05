"""A scenario booked: the same atoms with other speeds, fuels, powers and rules, in the baseline's calendar.

Every atom keeps its zone, cell, month and phase. A lever that slows makes its hours longer where it slows;
auxiliary engines and boilers run on in them, which is the rebound of slow steaming.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from corridor.accounts.ledger import Ledger, merge
from corridor.accounts.scenarios import (
    FuelSwitch,
    Growth,
    JustInTime,
    Lever,
    Newbuild,
    RuleChange,
    Saving,
    Scenario,
    ShorePower,
)
from corridor.emissions.basis import LEDGER_COLUMNS, Basis, account
from corridor.emissions.bunkers import supply_of
from corridor.emissions.control import Control, untouched
from corridor.emissions.fleet import Fleet
from corridor.emissions.inference import ship_types
from corridor.emissions.method_tables import parameter
from corridor.emissions.phases import PHASES
from corridor.emissions.places import Places
from corridor.emissions.rules import Rulebook, Supply, measured_sulphur
from corridor.emissions.ships import Ship
from corridor.errors import InputError
from corridor.tracks.trajectories import STAY, Segments
from layers.atoms import Atoms
from layers.zones import ZoneSystem

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
# Changes what is left of the accounts in place; takes and returns the share from shore.
Effect = Callable[[Floats, float], float]

AT_BERTH = PHASES.index("at_berth")
WAITING = (PHASES.index("at_anchor"), PHASES.index("drifting"))
AT_SEA = (PHASES.index("slow_transit"), PHASES.index("cruising"))
COLUMN = {name: place for place, name in enumerate(LEDGER_COLUMNS)}
CONSUMER_COLUMNS = {
    consumer: [place for name, place in COLUMN.items() if name.startswith(f"{consumer}_")]
    for consumer in ("main", "aux", "boiler")
}
CONSUMER_COLUMNS["main"] += [place for name, place in COLUMN.items() if name.startswith("ll_")]


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """The baseline of some whole ships: what a scenario changes.

    Attributes
    ----------
    segments, atoms, period : Segments, Atoms, array
        Where the ships were, cut.
    ships : sequence of Ship
        Ships, by the vessel of the segments.
    make_fleet : callable
        From ships and supplies to a fleet, with the study's method.
    basis : Basis
        Accounts of the baseline, with the phase of each atom, speeds and loads.
    control : Control or None
        Shore power and the like of the baseline.
    """

    segments: Segments
    atoms: Atoms
    period: npt.NDArray[np.int32]
    ships: Sequence[Ship]
    fleet: Fleet
    make_fleet: Callable[[Sequence[Ship], Sequence[Supply]], Fleet]
    rulebook: Rulebook
    places: Places
    systems: Sequence[ZoneSystem]
    basis: Basis
    control: Control | None
    main_off: bool


class Slowed(NamedTuple):
    """Segments, atoms and loads after every change of speed."""

    segments: Segments
    atoms: Atoms
    loads: tuple[Floats, Floats]


def book_scenario(scenario: Scenario, chunk: Chunk) -> Ledger:
    """Book the ships of a chunk as a scenario has them.

    Parameters
    ----------
    scenario : Scenario
        What changes.
    chunk : Chunk
        The baseline.

    Returns
    -------
    Ledger
        Ledger and cells with the keys of the baseline; a fuel that is new has rows of its own, without hours.

    Raises
    ------
    InputError
        If a lever names a zone, class, port or fuel that is not there, or fuels take more than everything.
    """
    where = _Where(chunk)
    slowed = _slowed(chunk, _stretch(scenario, chunk, where))
    rulebook, control = _rulebook(scenario, chunk), _control(scenario, chunk, where)
    ledgers = []
    for lever in scenario.fuel:
        holds = where.holds(lever)
        if holds.any():
            fuels = _with_fuel(rulebook, lever.fuel)
            ledgers.append(_booked(scenario, chunk, slowed, fuels, _only(control, lever), holds))
            # A fuel takes its share of what those before it left.
            control = _layered(control, [holds], [functools.partial(_leave, lever)])
    return merge([_booked(scenario, chunk, slowed, rulebook, control, None), *ledgers])


def _booked(
    scenario: Scenario,
    chunk: Chunk,
    slowed: Slowed,
    rulebook: Rulebook,
    control: Control,
    chosen: Mask | None,
) -> Ledger:
    """Book the atoms, or the chosen ones, under a rule book and a control."""
    atoms, phase, period = slowed.atoms, chunk.basis.phase, chunk.period
    if chosen is not None:
        segment, code, cell, f0, f1 = atoms.columns()
        atoms = Atoms(segment[chosen], code[chosen], cell[chosen], f0[chosen], f1[chosen])
        phase, period = phase[chosen], period[chosen]
        control = control._replace(variant=control.variant[chosen])
    found = account(
        slowed.segments,
        atoms,
        period,
        fleet=_fleet(scenario, chunk, rulebook.supplies),
        places=chunk.places,
        rulebook=rulebook,
        main_off=chunk.main_off,
        control=control,
        phase=phase,
        loads=slowed.loads,
    )
    return Ledger(found.ledger, found.cells)


class _Where:
    """Which atoms a lever holds for."""

    def __init__(self, chunk: Chunk) -> None:
        self.systems = chunk.systems
        codes, self._code = np.unique(chunk.atoms.code, return_inverse=True)
        self._zones = chunk.places.decode(codes)
        self.vessel = chunk.segments.vessel[chunk.atoms.segment]
        self._classes = np.array([ship.ship_type for ship in chunk.ships])

    def zones(self, names: Sequence[str]) -> Mask:
        """Atoms in any of these zones; all if none is named."""
        if not names:
            return np.ones(len(self._code), bool)
        found = np.zeros(len(self._zones), bool)
        for name in names:
            column, row = zone_place(name, self.systems)
            found |= self._zones[:, column] == row
        return found[self._code]

    def holds(self, lever: Lever) -> Mask:
        """Atoms of the lever's zones and classes."""
        return self.zones(lever.zones) & self.classes(lever)[self.vessel]

    def classes(self, lever: Lever) -> Mask:
        """Vessels of the lever's classes."""
        for name in lever.classes:
            if name not in ship_types():
                known = ", ".join(ship_types())
                raise InputError("unknown_class", f"scenario: ship class '{name}' is unknown; known: {known}")
        return np.isin(self._classes, lever.classes) if lever.classes else np.ones(len(self._classes), bool)

    def ports(self, names: Sequence[str]) -> Mask:
        """Atoms in zones of these ports."""
        column = next(n for n, system in enumerate(self.systems) if system.name == "port")
        known = self.systems[column].zones["port"].fillna("").astype(str)
        for name in names:
            if name not in set(known) - {""}:
                there = ", ".join(sorted(set(known) - {""}))
                raise InputError("unknown_port", f"scenario: port '{name}' is unknown; known: {there}")
        mine = np.append(False, known.isin(list(names)).to_numpy())
        return mine[self._zones[:, column]][self._code]


def zone_place(name: str, systems: Sequence[ZoneSystem]) -> tuple[int, int]:
    """Column of a zone's system and row of the zone in it, from ``system:zone_id`` or a port zone's id.

    Raises
    ------
    InputError
        If system or zone is unknown; the message names the known ones.
    """
    system, _, zone = name.rpartition(":")
    names = [one.name for one in systems]
    if (system or "port") not in names:
        raise InputError(
            "unknown_zone_system", f"scenario: zone system '{system}' is unknown; known: {', '.join(names)}"
        )
    column = names.index(system or "port")
    zones = systems[column].zone_ids
    if zone not in zones:
        raise InputError(
            "unknown_zone",
            f"scenario: zone '{zone}' is unknown in '{names[column]}'; known: {', '.join(zones)}",
        )
    return column, zones.index(zone)


# Speeds: how many times as long each atom lasts


def _stretch(scenario: Scenario, chunk: Chunk, where: _Where) -> Floats:
    """How many times as long as in the baseline each atom lasts. [1]"""
    stretch = np.ones(len(chunk.atoms))
    legs = (chunk.segments.kind != STAY)[chunk.atoms.segment]
    speed_kn = chunk.basis.speed_kn[chunk.atoms.segment]
    for cap in scenario.speed_cap:
        fast = where.holds(cap) & legs & (speed_kn > cap.max_kn)
        stretch[fast] = np.maximum(stretch[fast], speed_kn[fast] / cap.max_kn)
    for lever in scenario.just_in_time:
        stretch *= _just_in_time(lever, chunk, where, stretch)
    return stretch


def _just_in_time(lever: JustInTime, chunk: Chunk, where: _Where, stretch: Floats) -> Floats:
    """Sail the waits before a berth: legs before them last longer, the waits shorter, the sum as long. [1]

    A wait counts where the ship has half of her time at sea since the last berth behind her; what lies before
    the first such wait is slowed, no leg below the least speed. What cannot be sailed is waited still.
    """
    atoms, phase = chunk.atoms, chunk.basis.phase
    lasting = (chunk.segments.t1_ms - chunk.segments.t0_ms)[atoms.segment] * (atoms.f1 - atoms.f0) * stretch
    speed_kn = chunk.basis.speed_kn[atoms.segment] / stretch
    berth = phase == AT_BERTH
    approach = _approaches(berth, where.vessel)
    n = int(approach[-1]) + 1 if len(approach) else 0
    asked = where.holds(lever) & (_first_port(approach, berth, where.ports(lever.ports), n))[approach]

    sea = np.isin(phase, AT_SEA) & (chunk.segments.kind != STAY)[atoms.segment]
    before = _running(np.where(sea, lasting, 0.0), approach, n)
    total = np.bincount(approach, np.where(sea, lasting, 0.0), n)
    wait = asked & np.isin(phase, WAITING) & (before >= 0.5 * total[approach]) & (total[approach] > 0)
    first_wait = np.full(n, len(approach))
    np.minimum.at(first_wait, approach[wait], np.flatnonzero(wait))
    slow = asked & sea & (np.arange(len(approach)) < first_wait[approach]) & (speed_kn > lever.least_kn)

    waited = np.bincount(approach[wait], lasting[wait], n)
    sailed = np.bincount(approach[slow], lasting[slow], n)
    most = np.where(slow, speed_kn / lever.least_kn, 1.0)
    wished = 1.0 + np.divide(lever.share * waited, sailed, out=np.zeros(n), where=sailed > 0)
    longer = np.where(slow, np.minimum(wished[approach], most), 1.0)
    used = np.bincount(approach, lasting * (longer - 1.0), n)
    left = 1.0 - np.divide(used, waited, out=np.zeros(n), where=waited > 0)
    shares: Floats = np.where(wait, left[approach], longer)
    return shares


def _approaches(berth: Mask, vessel: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Number of the stretch from one berth to the end of the next that each atom lies in."""
    begins = np.ones(len(berth), bool)
    begins[1:] = (vessel[1:] != vessel[:-1]) | (~berth[1:] & berth[:-1])
    return np.cumsum(begins) - 1


def _first_port(approach: npt.NDArray[np.int64], berth: Mask, ours: Mask, n: int) -> Mask:
    """Whether each approach ends at a berth of one of the ports."""
    first = np.full(n, len(approach))
    np.minimum.at(first, approach[berth], np.flatnonzero(berth))
    ends = first < len(approach)
    found = np.zeros(n, bool)
    found[ends] = ours[first[ends]]
    return found


def _running(values: Floats, group: npt.NDArray[np.int64], n: int) -> Floats:
    """Sum of the values up to each row, within its group; groups lie one behind the other."""
    sums = np.cumsum(values)
    before = np.append(0.0, np.cumsum(np.bincount(group, values, n)))[:-1] if n else np.zeros(0)
    inside: Floats = sums - before[group]
    return inside


def _slowed(chunk: Chunk, stretch: Floats) -> Slowed:
    """Segments that last as long as their atoms ask; one whose atoms differ becomes several."""
    segments, atoms, basis = chunk.segments, chunk.atoms, chunk.basis
    if (stretch == 1.0).all():
        return Slowed(segments, atoms, (basis.speed_kn, basis.load))
    begins = np.ones(len(atoms), bool)
    begins[1:] = (atoms.segment[1:] != atoms.segment[:-1]) | (stretch[1:] != stretch[:-1])
    number = (np.cumsum(begins) - 1).astype(np.int32)
    taken, times = atoms.segment[begins], stretch[begins]
    columns: dict[str, Any] = {name: column[taken] for name, column in segments.columns().items()}
    made = replace(segments, **columns)
    lasting = np.rint((made.t1_ms - made.t0_ms) * times).astype(np.int64)
    observed = np.rint(made.observed_ms * times).astype(np.int64)
    longer = replace(made, t1_ms=made.t0_ms + lasting, observed_ms=observed)
    # A wait that vanished lasts no time, at no speed.
    speed_kn = np.divide(basis.speed_kn[taken], times, out=np.zeros(len(taken)), where=times > 0.0)
    load = _slower_loads(chunk, taken, times)
    return Slowed(longer, replace(atoms, segment=number), (speed_kn, load))


def _slower_loads(chunk: Chunk, taken: npt.NDArray[np.int32], times: Floats) -> Floats:
    """Loads at the lower speeds, by the cube; no lever switches an engine off that ran. [0–1]"""
    load = chunk.basis.load[taken]
    slower = times > 1.0
    least = parameter(chunk.fleet.method.tables, "main_off_below_load") if chunk.main_off else 0.0
    cubed = load / np.where(slower, times, 1.0) ** 3
    result: Floats = np.where(slower, np.maximum(cubed, np.minimum(load, least)), load)
    return result


# Rules, ships and fuels


def _rulebook(scenario: Scenario, chunk: Chunk) -> Rulebook:
    """Rules of the scenario: the supplies of the zones that it names are others."""
    book = chunk.rulebook
    for rule in scenario.rule:
        book = _changed(book, rule, chunk.systems)
    return book


def _changed(book: Rulebook, rule: RuleChange, systems: Sequence[ZoneSystem]) -> Rulebook:
    supplies, supply_of_zone = list(book.supplies), book.supply_of.copy()
    if rule.classes:
        raise InputError("bad_scenario", "scenario: a rule holds for every ship; leave its classes out")
    for row in _sulphur_rows(rule, systems):
        for period, index in enumerate(supply_of_zone[row]):
            made = _ruled(book.supplies[index], rule, int(book.calendar.month[period]) // 12)
            if made not in supplies:
                supplies.append(made)
            supply_of_zone[row, period] = supplies.index(made)
    return replace(book, supplies=tuple(supplies), supply_of=supply_of_zone)


def _sulphur_rows(rule: RuleChange, systems: Sequence[ZoneSystem]) -> list[int]:
    rows = []
    for name in rule.zones:
        column, row = zone_place(name, systems)
        if systems[column].name != "sulphur":
            raise InputError(
                "bad_scenario", f"scenario: a rule holds in zones of the system sulphur; found '{name}'"
            )
        rows.append(row)
    if not rows:
        raise InputError("bad_scenario", "scenario: a rule needs zones, such as sulphur:china_coastal")
    return rows


def _ruled(supply: Supply, rule: RuleChange, year: int) -> Supply:
    """A supply under a stricter rule: a limit lowers what is there and never raises it."""
    made = supply
    if rule.fuel is not None:
        content, measured = measured_sulphur(rule.fuel, year)
        made = replace(made, fuel=rule.fuel, sulphur=content, sulphur_basis=f"measured {measured}")
    if rule.sulphur_percent is not None and rule.sulphur_percent / 100.0 < made.sulphur:
        made = replace(made, sulphur=rule.sulphur_percent / 100.0, sulphur_basis="limit of the scenario")
    if rule.sulphur_percent is not None:
        limits = [supply.limit, rule.sulphur_percent / 100.0]
        made = replace(made, limit=float(np.nanmin(limits)))
    if rule.tier_3_keel_from is not None:
        made = replace(made, tier_3_keel_from=min(supply.tier_3_keel_from, rule.tier_3_keel_from))
    return made


def _with_fuel(book: Rulebook, fuel: str) -> Rulebook:
    """Every supply as another fuel, under the same rules."""
    return replace(book, supplies=tuple(supply_of(fuel, supply) for supply in book.supplies))


def _fleet(scenario: Scenario, chunk: Chunk, supplies: Sequence[Supply]) -> Fleet:
    """Ships under the scenario's supplies, a share of them replaced by newbuilds."""
    made = chunk.fleet if tuple(supplies) == chunk.fleet.supplies else chunk.make_fleet(chunk.ships, supplies)
    for lever in scenario.newbuild:
        made = _renewed(made, lever, chunk, supplies)
    return made


def _renewed(made: Fleet, lever: Newbuild, chunk: Chunk, supplies: Sequence[Supply]) -> Fleet:
    year = max(int(month) // 12 for month in chunk.rulebook.calendar.month)
    wanted = lever.classes or ship_types()
    new = [
        replace(ship, tier=lever.tier, keel_year=year)
        if ship.ship_type in wanted and ship.is_diesel
        else ship
        for ship in chunk.ships
    ]
    other = chunk.make_fleet(new, supplies)
    return replace(made, ef=(1.0 - lever.share) * made.ef + lever.share * other.ef)


# What is left of each account


def _control(scenario: Scenario, chunk: Chunk, where: _Where) -> Control:
    """Control of the baseline with the scenario's savings, shore power and growth on top."""
    base = chunk.control or untouched(len(LEDGER_COLUMNS))
    if not len(base.variant):
        base = base._replace(variant=np.zeros(len(chunk.atoms), np.int32))
    at_berth = chunk.basis.phase == AT_BERTH
    masks: list[Mask] = [where.holds(lever) for lever in scenario.saving]
    effects: list[Effect] = [functools.partial(_save, lever) for lever in scenario.saving]
    masks += [where.holds(lever) & at_berth for lever in scenario.shore_power]
    effects += [functools.partial(_plug_in, lever) for lever in scenario.shore_power]
    masks += [where.holds(lever) for lever in scenario.growth]
    effects += [functools.partial(_grow, lever) for lever in scenario.growth]
    return _layered(base, masks, effects)


def _layered(base: Control, masks: Sequence[Mask], effects: Sequence[Effect]) -> Control:
    """A control whose variants are those of the base, each with the effects that hold for the atom."""
    number = base.variant.astype(np.int64) << len(effects)
    for place, mask in enumerate(masks):
        number |= mask.astype(np.int64) << place
    # Variant 0 stays the untouched one.
    keys, variant = np.unique(np.append(0, number), return_inverse=True)
    multipliers = base.multipliers[keys >> len(effects)].copy()
    shares = base.shore_share[keys >> len(effects)].copy()
    for row, key in enumerate(keys):
        for place, effect in enumerate(effects):
            if key >> place & 1:
                shares[row] = effect(multipliers[row], shares[row])
    return Control(variant[1:].astype(np.int32), multipliers, shares)


def _save(lever: Saving, left: Floats, shore_share: float) -> float:
    for consumer, columns in CONSUMER_COLUMNS.items():
        left[columns] *= 1.0 - lever.share * getattr(lever, f"{consumer}_percent") / 100.0
    return shore_share * (1.0 - lever.share * lever.aux_percent / 100.0)


def _plug_in(lever: ShorePower, left: Floats, shore_share: float) -> float:
    """Raise the share from shore to the lever's; where the baseline has more, nothing changes."""
    if lever.share <= shore_share:
        return shore_share
    left[CONSUMER_COLUMNS["aux"]] *= (1.0 - lever.share) / (1.0 - shore_share)
    return lever.share


def _grow(lever: Growth, left: Floats, shore_share: float) -> float:
    left *= 1.0 + lever.cargo_percent / 100.0
    return shore_share * (1.0 + lever.cargo_percent / 100.0)


def _leave(lever: FuelSwitch, left: Floats, shore_share: float) -> float:
    """What a fuel leaves to the fuel of the rules."""
    for consumer in lever.consumers:
        left[CONSUMER_COLUMNS[consumer]] *= 1.0 - lever.share
    return shore_share


def _only(control: Control, lever: FuelSwitch) -> Control:
    """The share of a fuel alone: no hours and no shore power, which the other booking has."""
    taken = np.zeros(control.multipliers.shape[1])
    for consumer in lever.consumers:
        taken[CONSUMER_COLUMNS[consumer]] = lever.share
    multipliers = np.vstack([np.ones(len(taken)), control.multipliers * taken])
    return Control(control.variant + np.int32(1), multipliers, np.zeros(len(multipliers)))

"""Emissions at berth: which rule asks a ship to still her engines, when, and what is left of their exhaust.

A rule gives a visit one window: some hours after arrival to some hours before departure (the pilot boards
before that, at a time that positions do not tell: departure stands for it). Within it auxiliary engines are
off, or their exhaust is captured, for a share of the time that nobody recorded: an interval from the least to
the fullest use, with a central value that is an assumption. A log of connections replaces the rule for the
visits it covers, and leaves no interval.
"""

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from corridor import reference
from corridor.emissions.basis import LEDGER_COLUMNS
from corridor.emissions.control import Control
from corridor.emissions.fleet import Fleet
from corridor.emissions.rules import ms_of
from corridor.emissions.ships import Ship
from corridor.emissions.species import CONSUMERS, SPECIES
from corridor.errors import InputError, ReferenceDataError

RULES = "at_berth_rules_2026"
MS_PER_H = 3_600_000
MWH_PER_KWH, MG_PER_G = 1e6, 1e3
MS_PER_DAY = 86_400_000
SHORE, CAPTURE, NOTHING = "shore", "capture", "none"
SYSTEMS = (SHORE, CAPTURE, NOTHING)
CASES = ("low", "central", "high")
CAPTURED = ("nox", "pm10", "bc")
_AUXILIARY = np.array([place for place, name in enumerate(LEDGER_COLUMNS) if name.startswith("aux_")])


@dataclass(frozen=True)
class Use:
    """Share of what full compliance with a rule would control: least, central and highest. [0–1]"""

    low: float
    central: float
    high: float


@dataclass(frozen=True)
class Rule:
    """One dated, placed rule on auxiliary engines at berth.

    Attributes
    ----------
    name : str
        Name.
    full_share : float
        Share of the window's auxiliary energy that full compliance controls. [0–1]
    longer_than_h, from_arrival_h, before_departure_h : float
        Shortest visit it asks, and where its window begins and ends. [h]
    """

    name: str
    full_share: float
    longer_than_h: float
    from_arrival_h: float
    before_departure_h: float


def parameter(name: str) -> float:
    """One number of ``data/control_parameters_2026.csv``.

    >>> parameter("use_central")
    0.5
    """
    return reference.value("control_parameters_2026", parameter=name)


def use_of(text: str | None = None) -> Use:
    """Use of shore power from ``LOW..HIGH``, a share, or nothing, which is from none to full.

    Raises
    ------
    InputError
        If it is neither, or leaves 0 to 1.

    Examples
    --------
    >>> use_of("0.6..0.9"), use_of("1")
    (Use(low=0.6, central=0.75, high=0.9), Use(low=1.0, central=1.0, high=1.0))
    """
    if text is None:
        return Use(parameter("use_low"), parameter("use_central"), parameter("use_high"))
    try:
        ends = [float(part) for part in text.split("..")]
    except ValueError:
        ends = []
    if len(ends) not in (1, 2) or not 0.0 <= ends[0] <= ends[-1] <= 1.0:
        raise InputError(
            "bad_use", f"found shore-power use '{text}'; expected a share such as 0.8 or LOW..HIGH in 0 to 1"
        )
    # Decimal shares such as 0.6..0.9 have no exact half: six digits are kept.
    return Use(ends[0], round((ends[0] + ends[-1]) / 2.0, 6), ends[-1])


@cache
def _rules() -> tuple[tuple[int, float, frozenset[str], dict[str, Any], Rule], ...]:
    """Rows of the table: first and last instant, ports, the row itself, the rule. [ms]"""
    names = ("full_share", "longer_than_h", "from_arrival_h", "before_departure_h")
    return tuple(
        (
            ms_of(row["from_date"]),
            ms_of(row["to_date"]) + MS_PER_DAY if isinstance(row["to_date"], str) else math.inf,
            frozenset(row["ports"].split()),
            {str(key): value for key, value in row.items()},
            Rule(row["rule"], *(float(row[name]) for name in names)),
        )
        for row in reference.table(RULES).fillna({"except_types": ""}).to_dict("records")
    )


@cache
def rule_for(port: str, ship_type: str, equipped: str, arrival_ms: int) -> Rule | None:
    """Return the rule that a visit is under, by port, type of ship and day of arrival, or None.

    Parameters
    ----------
    port : str
        Code of the port, such as ``LB``.
    ship_type : str
        Type of ship.
    equipped : str
        Whether the ship can take shore power: ``yes``, ``no`` or ``unknown``, which counts as yes in a rule
        for equipped ships and is why its interval begins at none.
    arrival_ms : int
        When the ship was all fast. [ms since 1970 UTC]

    Raises
    ------
    ReferenceDataError
        If several rules hold at once.

    Examples
    --------
    >>> rule_for("LB", "container", "unknown", ms_of("2024-05-01")).name
    'california_2020'
    >>> rule_for("LB", "bulk_carrier", "unknown", ms_of("2024-05-01")) is None
    True
    """
    found = [
        rule
        for first_ms, end_ms, ports, row, rule in _rules()
        if first_ms <= arrival_ms < end_ms
        and port in ports
        and (row["ship_types"] == "*" or ship_type in row["ship_types"].split())
        and ship_type not in row["except_types"].split()
        and not (row["equipped_only"] and equipped == "no")
    ]
    if len(found) > 1:
        raise ReferenceDataError(
            "ambiguous_row",
            f"{len(found)} rules hold for {ship_type} at {port}; expected one (data/{RULES}.csv)",
        )
    return found[0] if found else None


class Windows(NamedTuple):
    """Times in which something controls the auxiliary engines of ships at berth, by visit and time.

    Attributes
    ----------
    visit : array
        The visit of each. [index]
    t0_ms, t1_ms : array
        Begin and end. [ms]
    system, basis : tuple of str
        ``shore``, ``capture`` or ``none``; name of the rule, or ``log``.
    shares : array (windows, 3)
        Share of the time that the system holds, at low, central and high use. [0–1]
    kwh : array
        Energy logged, not a number where none was. [kWh]
    row : array
        Row of the log, -1 where a rule speaks.
    """

    visit: npt.NDArray[np.int64]
    t0_ms: npt.NDArray[np.int64]
    t1_ms: npt.NDArray[np.int64]
    system: tuple[str, ...]
    basis: tuple[str, ...]
    shares: npt.NDArray[np.float64]
    kwh: npt.NDArray[np.float64]
    row: npt.NDArray[np.int64]


WindowRow = tuple[int, int, int, str, str, tuple[float, float, float], float, int]


def windows_of(rows: Sequence[WindowRow]) -> Windows:
    """Windows from rows (visit, begin, end, system, basis, shares, kWh, row of the log), in order."""
    ordered = sorted(rows, key=lambda row: row[:2])
    numbers = np.array([(*row[:3], row[7]) for row in ordered], np.int64).reshape(-1, 4)
    return Windows(
        visit=numbers[:, 0],
        t0_ms=numbers[:, 1],
        t1_ms=numbers[:, 2],
        system=tuple(row[3] for row in ordered),
        basis=tuple(row[4] for row in ordered),
        shares=np.array([row[5] for row in ordered], float).reshape(-1, len(CASES)),
        kwh=np.array([row[6] for row in ordered], float),
        row=numbers[:, 3],
    )


def rule_windows(
    visits: Sequence[tuple[int, str, int, int]],
    ships: Sequence[Ship],
    use: Use,
    logged: AbstractSet[int] = frozenset(),
) -> list[WindowRow]:
    """Window of each visit that a rule asks for.

    Parameters
    ----------
    visits : sequence of tuple
        Vessel (index into ships), port, all fast and sailed [ms] of each.
    ships : sequence of Ship
        Ships.
    use : Use
        Share of full compliance.
    logged : set of int
        Visits that a log covers: no rule is asked.
    """
    rows: list[WindowRow] = []
    for visit, (vessel, port, t0_ms, t1_ms) in enumerate(visits):
        if visit in logged:
            continue
        ship = ships[vessel]
        # The day decides: arrivals of one day share an answer.
        rule = rule_for(port, ship.ship_type, ship.shore_power, t0_ms // MS_PER_DAY * MS_PER_DAY)
        if rule is None or t1_ms - t0_ms <= rule.longer_than_h * MS_PER_H:
            continue
        begin = t0_ms + round(rule.from_arrival_h * MS_PER_H)
        end = t1_ms - round(rule.before_departure_h * MS_PER_H)
        if end > begin:
            low, central, high = (rule.full_share * share for share in (use.low, use.central, use.high))
            rows.append((visit, begin, end, SHORE, rule.name, (low, central, high), math.nan, -1))
    return rows


def multipliers(system: Sequence[str], share: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """What is left of each account of an hour in which a system holds for a share of the time. [1]

    Shore power takes the load of the auxiliary engines and leaves the boiler; capture takes nitrogen oxides
    and particles out of their exhaust and leaves energy, fuel and carbon dioxide.

    Parameters
    ----------
    system : sequence of str
        ``shore``, ``capture`` or ``none``, one a row.
    share : array
        Share of the time of each. [0–1]

    Examples
    --------
    >>> left = dict(zip(LEDGER_COLUMNS, multipliers(["shore"], [0.75])[0]))
    >>> float(left["aux_co2_mg"]), float(left["boiler_co2_mg"])
    (0.25, 1.0)
    """
    held = np.asarray(share, float)
    left = np.ones((len(held), len(LEDGER_COLUMNS)))
    on = np.array([name == SHORE for name in system], bool)
    left[np.ix_(on, _AUXILIARY)] = 1.0 - held[on, None]
    caught = np.array([name == CAPTURE for name in system], bool)
    for species in CAPTURED if caught.any() else ():
        column = LEDGER_COLUMNS.index(f"aux_{species}_mg")
        left[caught, column] = 1.0 - held[caught] * parameter(f"capture_{species}")
    return left


def control(windows: Windows, window_of_atom: npt.NDArray[np.int64], case: str) -> Control:
    """Make the control of atoms from the window each lies in; -1 where none.

    Parameters
    ----------
    windows : Windows
        Of a rule or a log.
    window_of_atom : array
        Window of each atom, or -1. [index]
    case : str
        ``low``, ``central`` or ``high`` use.
    """
    kinds = list(zip(windows.system, windows.shares[:, CASES.index(case)].tolist(), strict=True))
    distinct = [(NOTHING, 0.0), *sorted(set(kinds) - {(NOTHING, 0.0)})]
    place = {kind: number for number, kind in enumerate(distinct)}
    of_window = np.array([*(place[kind] for kind in kinds), 0], np.int32)
    return Control(
        variant=of_window[window_of_atom],
        multipliers=multipliers(*zip(*distinct, strict=True)),
        shore_share=np.array([share if system == SHORE else 0.0 for system, share in distinct]),
    )


def left_of(windows: Windows, case: str) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """What each window leaves of every account in a case of use, and the share from shore. [1, 0–1]"""
    shares = windows.shares[:, CASES.index(case)]
    from_shore = np.array([system == SHORE for system in windows.system], bool) * shares
    return multipliers(windows.system, shares), from_shore


def auxiliary_amounts(
    fleet: Fleet,
    kinds: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]],
    duration_ms: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Accounts of auxiliary engines that nothing controls, for some times of some ships. [mWh, mg]

    Parameters
    ----------
    fleet : Fleet
        Ships.
    kinds : tuple of arrays
        Vessel, supply, place (1 where a port's own powers hold) and phase of each. [index]
    duration_ms : array
        How long each lasts. [ms]

    Returns
    -------
    array (times, accounts)
        In the order of :data:`corridor.emissions.basis.LEDGER_COLUMNS`; the others are zero.
    """
    vessel, supply, place, phase = kinds
    aux = CONSUMERS.index("aux")
    kwh = fleet.aux_kw[vessel, place, phase] * duration_ms / MS_PER_H
    sfc = fleet.sfc[vessel, supply, aux]
    factors = fleet.ef[vessel, supply, aux] + sfc[:, None] * fleet.ef_fuel[vessel, supply, aux]
    amounts = np.zeros((len(kwh), len(LEDGER_COLUMNS)))
    first = LEDGER_COLUMNS.index(f"aux_{SPECIES[0]}_mg")
    amounts[:, LEDGER_COLUMNS.index("aux_mwh")] = kwh * MWH_PER_KWH
    amounts[:, LEDGER_COLUMNS.index("aux_fuel_mg")] = kwh * sfc * MG_PER_G
    amounts[:, first : first + len(SPECIES)] = kwh[:, None] * factors * MG_PER_G
    return amounts

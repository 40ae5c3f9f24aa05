"""True accounts of simulated ships: what they did, point by point, booked without hearing of it.

Neither reports nor tracing nor filling nor lanes nor the walk over zones has a part in it: every step of a
simulated way is a segment of its own, lies in the zone of its middle, and has the speed it was sailed with. A
ship at berth or at anchor is that because the simulation put her there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor import reference
from corridor.emissions.at_berth import MS_PER_H, SHORE, multipliers, rule_for
from corridor.emissions.basis import Basis, account
from corridor.emissions.behaviour import Surroundings
from corridor.emissions.control import Control
from corridor.emissions.fleet import Fleet, SegmentMotion
from corridor.emissions.method_tables import parameter
from corridor.emissions.phases import AT_ANCHOR, AT_BERTH
from corridor.emissions.ships import Ship
from corridor.engine import ASKED_KN
from corridor.plan import Plan
from corridor.simulate import SimulatedTables
from corridor.simulation.lanes import SHENZHEN_PORTS
from corridor.simulation.schedule import Legs, Passage, Stay
from corridor.tracks.trajectories import LEG, SIMULATED, STAY, Segments
from layers.atoms import Atoms

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

SIDES = ("east", "west")
REST = {"at_berth": AT_BERTH, "at_anchor": AT_ANCHOR}
M_PER_NM = 1852.0
# Number of the voyage of a craft that is no ship of the fleet.
STRANGER = 999
# Stays are cut here, so that months and dates of rules find an edge. [h]
STAY_STEP_H = 1.0
_STEPS = ("vessel", "voyage", "t0", "t1", "lat0", "lon0", "lat1", "lon1", "nm", "draught", "rest", "visit")


@dataclass(frozen=True, eq=False)
class TrueWays:
    """Steps of simulated ships, ready to be booked.

    Attributes
    ----------
    segments : Segments
        One a step.
    atoms, period
        One a segment: its zone, and the period of the calendar.
    rest : array of int8
        Phase of each step at rest; -1 under way. [index]
    visit : array
        Stay at berth of each step; -1 elsewhere. [index]
    visits : list of tuple
        Vessel, port, all fast and sailed of each stay at berth. [index, code, ms]
    plan : Plan
        Rules, zones and method of the study that is judged.
    """

    segments: Segments
    atoms: Atoms
    period: npt.NDArray[np.int32]
    rest: npt.NDArray[np.int8]
    visit: IntArray
    visits: Sequence[tuple[int, str, int, int]]
    plan: Plan

    @cached_property
    def surroundings(self) -> Surroundings:
        """Distance to the coast of slow steps, whose phase asks for it."""
        steps = self.segments
        coast_nm = np.full((2, len(steps)), np.nan)
        slow = np.flatnonzero((steps.kind == LEG) & (steps.sog_kn <= ASKED_KN))
        shore = reference.shore()
        coast_nm[0, slow] = shore.distance_nm(steps.lat0[slow], steps.lon0[slow])
        coast_nm[1, slow] = shore.distance_nm(steps.lat1[slow], steps.lon1[slow])
        nothing = np.full(len(steps), np.nan)
        return Surroundings(coast0_nm=coast_nm[0], coast1_nm=coast_nm[1], swing_m=nothing, drift_m=nothing)

    def control(self, ships: Sequence[Ship], used: dict[str, float]) -> Control | None:
        """What shore power took in the world where each side used some share of full compliance."""
        shares = np.zeros(len(self.segments))
        middle = (self.segments.t0_ms + self.segments.t1_ms) / 2
        for visit, (vessel, port, t0_ms, t1_ms) in enumerate(self.visits):
            rule = rule_for(port, ships[vessel].ship_type, ships[vessel].shore_power, t0_ms)
            if rule is None or t1_ms - t0_ms <= rule.longer_than_h * MS_PER_H:
                continue
            inside = (self.visit == visit) & (middle >= t0_ms + rule.from_arrival_h * MS_PER_H)
            inside &= middle < t1_ms - rule.before_departure_h * MS_PER_H
            shares[inside] = rule.full_share * used[side_of(port)]
        kinds, variant = np.unique(np.append(0.0, shares), return_inverse=True)
        if len(kinds) == 1:
            return None
        return Control(variant[1:].astype(np.int32), multipliers([SHORE] * len(kinds), kinds), kinds)

    def rows(
        self,
        fleet: Fleet,
        control: Control | None = None,
        *,
        more_load: FloatArray | None = None,
        told: Fleet | None = None,
    ) -> pd.DataFrame:
        """Ledger rows of the true ways. [ms, mm, mWh, mg]

        Parameters
        ----------
        fleet : Fleet
            The ships as they truly are.
        control : Control, optional
            What was done to the exhaust of each step.
        more_load : array (vessels), optional
            Factor on the loads of each ship's main engine, capped at full load. [1]
        told : Fleet, optional
            The ships as a study was told of them: their main engines are off where they would be by that. The
            least load at which one runs is the method's rule, and no error of a ship moves it.
        """
        speed_kn, load = self._loads(fleet)
        if more_load is not None:
            load = np.minimum(load * more_load[self.segments.vessel], 1.0)
        if told is not None:
            load[self._loads(told)[1] < self._least_load] = 0.0

        def booked(phase: npt.NDArray[np.int8] | None) -> Basis:
            """Book every step."""
            return account(
                self.segments,
                self.atoms,
                self.period,
                fleet=fleet,
                places=self.plan.places,
                rulebook=self.plan.rulebook,
                surroundings=self.surroundings,
                main_off=self.plan.main_off and told is None,
                control=control,
                phase=phase,
                loads=(speed_kn, load),
            )

        phase = np.where(self.rest >= 0, self.rest, booked(None).phase)
        return booked(phase.astype(np.int8)).ledger

    def _loads(self, fleet: Fleet) -> tuple[FloatArray, FloatArray]:
        """Speed and load of the main engine of each step, by the method. [kn, 0–1]"""
        steps, coast = self.segments, self.surroundings
        motion = SegmentMotion(
            vessel=steps.vessel,
            t0_ms=steps.t0_ms,
            t1_ms=steps.t1_ms,
            observed_ms=steps.observed_ms,
            distance_m=steps.distance_m,
            sog_kn=steps.sog_kn,
            draught_m=steps.draught_m,
            kind=steps.kind,
            coast_nm=0.5 * (coast.coast0_nm + coast.coast1_nm),
        )
        return fleet.method.loads(fleet, motion)

    @property
    def _least_load(self) -> float:
        method = self.plan.emission_method
        return parameter(method.tables, "main_off_below_load") if self.plan.main_off else 0.0


def side_of(port: str) -> str:
    """Side of the corridor that a port lies on: how much its plugs are used is one unknown.

    >>> side_of("LB"), side_of("YT")
    ('east', 'west')
    """
    return SIDES[port in SHENZHEN_PORTS]


def true_ways(tables: SimulatedTables, plan: Plan, vessel_ids: Sequence[str]) -> TrueWays:
    """Steps of the ships of a simulation, numbered as a study numbers them.

    Parameters
    ----------
    tables : SimulatedTables
        The simulation.
    plan : Plan
        Rules and zones of the study.
    vessel_ids : sequence of str
        Vessels of the study, in its order.
    """
    # Where a craft used a ship's number, the two are vessels of one name; her particulars hold for both.
    number = {name.removesuffix("/1"): place for place, name in enumerate(vessel_ids)}
    start_ms = round(tables.start.timestamp() * 1000)
    visits: list[tuple[int, str, int, int]] = []
    parts: list[tuple[FloatArray, ...]] = []
    for ship, (imo, legs) in enumerate(zip(tables.fleet["imo"], tables.legs, strict=True)):
        parts += _steps(number[f"IMO{imo}"], legs, start_ms, visits)
        if ship in tables.strangers:
            parts.append(_round_and_round(number[f"IMO{imo}"], tables.strangers[ship], start_ms))
    columns = {name: np.concatenate([part[place] for part in parts]) for place, name in enumerate(_STEPS)}
    order = np.lexsort((columns["t0"], columns["vessel"]))
    columns = {name: values[order] for name, values in columns.items()}
    segments = _segments(columns, len(vessel_ids))
    middle = 0.5 * (columns["lat0"] + columns["lat1"]), _half_turn(0.5 * (columns["lon0"] + columns["lon1"]))
    n = len(segments)
    atoms = Atoms(
        segment=np.arange(n, dtype=np.int32),
        code=plan.index.zone_at(*middle),
        cell=np.zeros(n, np.int64),
        f0=np.zeros(n),
        f1=np.ones(n),
    )
    period = plan.rulebook.calendar.period_at((segments.t0_ms + segments.t1_ms) // 2).astype(np.int32)
    rest, visit = columns["rest"].astype(np.int8), columns["visit"].astype(np.int64)
    return TrueWays(segments, atoms, period, rest, visit, visits, plan)


def _half_turn(lon: FloatArray) -> FloatArray:
    turned: FloatArray = (lon + 180.0) % 360.0 - 180.0
    return turned


def _steps(
    vessel: int, legs: Legs, start_ms: int, visits: list[tuple[int, str, int, int]]
) -> list[tuple[FloatArray, ...]]:
    """Columns of `_STEPS` of each leg of a ship; visits to berths are added to the list."""
    parts, voyage = [], 0
    for leg in legs:
        if isinstance(leg, Passage):
            voyage += leg.origin.kind == "berth"
            path = leg.path
            at = start_ms + leg.hour * MS_PER_H
            lat, lon, nm = path.latitude_deg, path.longitude_deg, np.diff(path.distance_nm)
            ends = (at[:-1], at[1:], lat[:-1], lon[:-1], lat[1:], lon[1:], nm)
            rest, visit = -1, -1
        else:
            at = start_ms + _edges(leg) * MS_PER_H
            here = np.full(len(at) - 1, leg.place.latitude_deg), np.full(len(at) - 1, leg.place.longitude_deg)
            ends = (at[:-1], at[1:], *here, *here, np.zeros(len(at) - 1))
            rest, visit = REST[leg.stage], -1
            if leg.stage == "at_berth":
                visit = len(visits)
                visits.append((vessel, leg.place.port, round(at[0]), round(at[-1])))
        same = [np.full(len(ends[0]), value) for value in (vessel, voyage, leg.draught_m, rest, visit)]
        moves = (ends[1] > ends[0]) & ((ends[6] > 0.0) | (rest >= 0))
        columns = (*same[:2], *ends, *same[2:])
        parts.append(tuple(np.asarray(column, np.float64)[moves] for column in columns))
    return parts


def _round_and_round(vessel: int, reports: pd.DataFrame, start_ms: int) -> tuple[FloatArray, ...]:
    """Columns of `_STEPS` of a craft that goes round a place, from its own clean reports."""
    at = start_ms + reports["hour"].to_numpy() * MS_PER_H
    lat, lon, nm = reports["LAT"].to_numpy(), reports["LON"].to_numpy(), np.diff(at) / MS_PER_H
    nm = nm * float(reports["SOG"].mean())
    same = [np.full(len(nm), float(value)) for value in (vessel, STRANGER, reports["Draft"].iloc[0], -1, -1)]
    return (*same[:2], at[:-1], at[1:], lat[:-1], lon[:-1], lat[1:], lon[1:], nm, *same[2:])


def _edges(stay: Stay) -> FloatArray:
    """Instants at which a stay is cut: whole hours since her arrival and before her departure. [h]"""
    hours = np.arange(0.0, stay.end_h - stay.start_h, STAY_STEP_H)
    return np.unique(np.concatenate([stay.start_h + hours, stay.end_h - hours]))


def _segments(columns: dict[str, FloatArray], vessels: int) -> Segments:
    """Steps as segments: simulated, observed throughout, with the speed of the step itself."""
    t0, t1 = columns["t0"].round().astype(np.int64), columns["t1"].round().astype(np.int64)
    stays = columns["rest"] >= 0
    hours = np.maximum(columns["t1"] - columns["t0"], 1e-9) / MS_PER_H
    n = len(t0)
    return Segments(
        vessel=columns["vessel"].astype(np.int32),
        voyage=columns["voyage"].astype(np.int32),
        t0_ms=t0,
        t1_ms=t1,
        lat0=columns["lat0"],
        lon0=_half_turn(columns["lon0"]),
        lat1=columns["lat1"],
        lon1=_half_turn(columns["lon1"]),
        distance_m=columns["nm"] * M_PER_NM,
        sog_kn=(columns["nm"] / hours).astype(np.float32),
        draught_m=columns["draught"].astype(np.float32),
        kind=np.where(stays, STAY, LEG).astype(np.uint8),
        origin=np.full(n, SIMULATED, np.uint8),
        observed_ms=t1 - t0,
        status=np.zeros(n, np.int8),
        row_ref=np.arange(n, dtype=np.int64),
        vessels=pd.DataFrame({"fixes": np.full(vessels, 2)}),
        unobserved=pd.DataFrame(),
    )

"""The calls and journeys of a chunk of whole ships, and which calls each of their voyages lies between."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor import reference
from corridor.errors import InputError
from corridor.joining import in_key_order, stacked
from corridor.tracks.calllist import read_calls
from corridor.tracks.calls import SHENZHEN, CallSettings, Grounds, find_calls, ports
from corridor.tracks.journeys import ENDS, cut_at_calls, find_journeys, journey_sums, within
from corridor.tracks.reconcile import (
    MATCHED,
    ONLY_AIS,
    ONLY_LIST,
    MatchSettings,
    identify,
    reconcile,
    rows_alone,
    without_list,
)
from corridor.tracks.rests import Rests
from corridor.tracks.trajectories import STAY, Segments
from layers.zones import ZoneIndex

BoolArray = npt.NDArray[np.bool_]

VOYAGE_KEYS = ["vessel", "voyage"]
WAYS = ("eastbound", "westbound")


@dataclass(frozen=True, kw_only=True)
class CallPlan:
    """How calls are found, and what they are compared with.

    Attributes
    ----------
    calls : CallSettings
        What is a call outside the study's berths.
    listed : DataFrame or None
        A list of calls, its ships found; see `corridor.tracks.reconcile.identify`.
    match : MatchSettings
        When a row of the list and a call may be the same.
    end : str
        Eastern end of journeys: ``LB``, or ``LB+LA``.
    only_journeys : bool
        Whether the accounts hold nothing but journeys.
    """

    calls: CallSettings = field(default_factory=CallSettings)
    listed: pd.DataFrame | None = None
    match: MatchSettings = field(default_factory=MatchSettings)
    end: str = "LB"
    only_journeys: bool = False


@dataclass(frozen=True, kw_only=True)
class Called:
    """What came of it.

    Attributes
    ----------
    calls, journeys, reconciled : DataFrame
        Tables as they are written.
    voyages : DataFrame
        Vessel and voyage of the ledger, and the ports called at before and after.
    """

    calls: pd.DataFrame
    journeys: pd.DataFrame
    reconciled: pd.DataFrame
    voyages: pd.DataFrame

    @classmethod
    def joined(cls, parts: Sequence["Called"], first_vessel: Sequence[int]) -> "Called":
        """Put tables of several chunks one behind the other; voyages count vessels on."""
        voyages = [
            part.voyages.assign(vessel=part.voyages["vessel"].to_numpy(np.int64) + offset)
            for part, offset in zip(parts, first_vessel, strict=True)
        ]
        tables = {
            name: stacked([getattr(part, name) for part in parts])
            for name in ("calls", "journeys", "reconciled")
        }
        return cls(voyages=stacked(voyages), **tables)

    def in_order(self, number: npt.NDArray[np.int64]) -> "Called":
        """The same in an order that does not depend on how the ships were dealt."""
        voyages = self.voyages
        if len(voyages):
            voyages = voyages.assign(vessel=number[voyages["vessel"].to_numpy(np.int64)])
        return Called(
            calls=in_key_order(self.calls, ["vessel_id", "call_no"]),
            journeys=in_key_order(self.journeys, ["vessel_id", "journey_no"]),
            reconciled=in_key_order(
                self.reconciled, ["vessel_id", "listed_arrival_utc", "call_no", "list_line"]
            ),
            voyages=in_key_order(voyages, VOYAGE_KEYS),
        )


def call_plan(
    ships: pd.DataFrame,
    *,
    calls: str | Path | None = None,
    columns: str | Path | None = None,
    tz: str | None = None,
    journeys: str | None = None,
) -> CallPlan:
    """Read what a run is asked about calls and journeys.

    Parameters
    ----------
    ships : pandas.DataFrame
        Ships of the study.
    calls, columns : path, optional
        A list of calls, and the TOML mapping of its columns.
    tz : str, optional
        Zone of its times that name none.
    journeys : str, optional
        ``LB`` or ``LB+LA``: keep accounts of journeys alone, to that eastern end.

    Raises
    ------
    InputError
        If the list cannot be read, or the eastern end is unknown.
    """
    if journeys is not None and journeys not in ENDS:
        raise InputError(
            "unknown_journeys", f"found journeys '{journeys}'; expected one of {', '.join(ENDS)}; give one"
        )
    listed = None if calls is None else identify(read_calls(calls, columns=columns, tz=tz), ships)
    return CallPlan(listed=listed, end=journeys or "LB", only_journeys=journeys is not None)


def completed(called: Called, plan: CallPlan) -> Called:
    """Add the rows of the list whose ship nobody heard."""
    if plan.listed is None:
        return called
    known = called.reconciled["list_line"] if len(called.reconciled) else pd.Series([], dtype="int64")
    rest = rows_alone(plan.listed[~plan.listed["line"].isin(known)], "ship not in AIS")
    return replace(called, reconciled=stacked([called.reconciled, rest]))


def summary(called: Called, plan: CallPlan, vessels: pd.DataFrame) -> dict[str, Any]:
    """Return what ``run.json`` says of calls and journeys, and of the ships that a corridor study misses.

    Ships seen at one end only made no whole journey in the period; ships that only the list knows were not
    heard, or not under their own number.
    """
    ends = [port for port in ports().codes if ports().side(port) in (SHENZHEN, *ENDS[plan.end])]
    at_ends = set(called.calls.loc[called.calls["port"].isin(ends), "vessel_id"])
    sailed = set(called.journeys["vessel_id"])
    out: dict[str, Any] = {
        "calls": len(called.calls),
        "calls_by_port": {
            str(port): int(n) for port, n in called.calls["port"].value_counts(sort=False).items()
        },
        "journeys_to": plan.end,
        "journeys_only": plan.only_journeys,
        "journeys": {way: int((called.journeys["direction"] == way).sum()) for way in WAYS},
        "journeys_direct": int(called.journeys["direct"].sum()),
        "ships": len(vessels),
        "ships_with_a_journey": len(sailed),
        "ships_at_one_end_only": len(at_ends - sailed),
    }
    out["calls_by_port"] = dict(sorted(out["calls_by_port"].items()))
    if plan.listed is not None:
        status = called.reconciled["status"].value_counts()
        out["list"] = {
            "rows": len(plan.listed),
            **{name: int(status.get(name, 0)) for name in (MATCHED, ONLY_AIS, ONLY_LIST)},
            "tolerance_h": plan.match.tolerance_h,
            "rows_of_ships_not_in_ais": int(
                (called.reconciled["remark"].str.contains("ship not in AIS")).sum()
            ),
        }
    return out


def note_calls(
    segments: Segments, lay: Rests, index: ZoneIndex, grounds: Grounds, plan: CallPlan
) -> tuple[Segments, Called]:
    """Find the calls and journeys of whole ships, and cut their voyages at the calls.

    Parameters
    ----------
    segments : Segments
        Segments, holes filled or not.
    lay : Rests
        How the stays lay.
    index : ZoneIndex
        Zones of the study, with a system ``port``.
    grounds : Grounds
        What that system's zones mean to calls.
    plan : CallPlan
        Settings, and a list of calls.
    """
    stay = np.flatnonzero(segments.kind == STAY)
    zone, coast_nm = np.zeros(len(segments), np.int64), np.full(len(segments), np.nan)
    lat, lon = segments.lat0[stay], segments.lon0[stay]
    zone[stay] = index.decode(index.zone_at(lat, lon))[:, index.names.index("port")]
    coast_nm[stay] = reference.shore().distance_nm(lat, lon)
    found = find_calls(segments, zone, lay.swing_m, coast_nm, grounds, plan.calls)
    if plan.listed is None:
        calls, reconciled = without_list(found), pd.DataFrame()
    else:
        calls, reconciled = reconcile(found, plan.listed, segments, plan.match)
    found_journeys = find_journeys(calls, end=plan.end)
    cut, voyages = cut_at_calls(segments, calls, found_journeys)
    journeys = journey_sums(cut, found_journeys, voyages)
    return cut, Called(calls=calls, journeys=journeys, reconciled=reconciled, voyages=voyages)


def in_journeys(segments: Segments, called: Called, plan: CallPlan) -> BoolArray | None:
    """Which segments the accounts hold: those in journeys, or all of them: none."""
    return within(segments, segments, called.journeys) if plan.only_journeys else None


def shown(segments: Segments, called: Called, only: BoolArray | None) -> Segments:
    """Segments and holes that the accounts hold."""
    if only is None:
        return segments
    holes = segments.unobserved
    kept = holes[within(holes, segments, called.journeys)].reset_index(drop=True)
    columns: dict[str, Any] = {name: values[only] for name, values in segments.columns().items()}
    return replace(segments, **columns, unobserved=kept)

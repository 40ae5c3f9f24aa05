"""The accounts of a chunk of whole ships: atoms cut where rules ask, controls at berth, reports of fuel."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.berths import (
    Terms,
    berths,
    control_at_berth,
    demand,
    ends,
    log_table,
    marks,
    visit_table,
    window_of,
)
from corridor.emissions.basis import Basis, account
from corridor.emissions.control import Control
from corridor.emissions.ships import Ship
from corridor.emissions.shore_log import MATCHED
from corridor.joining import in_key_order, stacked
from corridor.measures import Reports, report_marks, report_of, reports, with_reports
from corridor.regroup import Books
from corridor.tracks.trajectories import STAY, Segments
from corridor.tracks.transits import NEAR, RING, transits
from layers.atoms import Atoms, cut_offsets, cut_times
from layers.walk import walk
from layers.zones import ZoneIndex, ZoneSystem

# Legs no longer than this that begin farther than this from the waters do not touch them. [m, degrees]
SHORT_M, MARGIN = 40_000.0, 0.5
BANDS = {"green_flag_20nm": NEAR, "green_flag_40nm": RING}


class Ground(NamedTuple):
    """Zone systems of a study, and their index."""

    systems: tuple[ZoneSystem, ...]
    lookup: ZoneIndex


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What rules and reports came to, beside the accounts.

    Attributes
    ----------
    visits : DataFrame
        One row a visit to a berth; see `corridor.berths.visit_table`.
    ends : DataFrame
        Ledger keys and accounts at low and at high use of controls, less those of the central case.
    log : DataFrame
        Rows of the shore-power log whose ship was seen.
    transits : DataFrame
        Transits of the Green Flag waters.
    reports : DataFrame
        What became of each report of measured fuel.
    """

    visits: pd.DataFrame
    ends: pd.DataFrame
    log: pd.DataFrame
    transits: pd.DataFrame
    reports: pd.DataFrame

    @classmethod
    def joined(cls, parts: Sequence["Findings"], first_vessel: Sequence[int]) -> "Findings":
        """Put findings of several chunks one behind the other; ``ends`` count vessels on."""
        ends = [
            part.ends.assign(vessel=part.ends["vessel"].to_numpy(np.int64) + offset)
            for part, offset in zip(parts, first_vessel, strict=True)
            if len(part.ends)
        ]
        names = ("visits", "log", "transits", "reports")
        tables = {name: stacked([getattr(part, name) for part in parts]) for name in names}
        return cls(ends=stacked(ends), **tables)

    def in_order(self, number: npt.NDArray[np.int64]) -> "Findings":
        """The same in an order that does not depend on how the ships were dealt."""
        ends = self.ends
        if len(ends):
            ends = ends.assign(vessel=number[ends["vessel"].to_numpy(np.int64)])
        return Findings(
            visits=in_key_order(self.visits, ["vessel_id", "t0_ms"]),
            ends=in_key_order(ends, ["case", "vessel", "voyage", "zone", "month", "phase", "origin", "fuel"]),
            log=in_key_order(self.log, ["row"]),
            transits=in_key_order(self.transits, ["vessel_id", "t0_ms"]),
            reports=in_key_order(self.reports, ["report", "consumer", "fuel"]),
        )


def told(findings: Findings, log: pd.DataFrame | None) -> dict[str, pd.DataFrame | None]:
    """Findings of a whole study under the names they have there.

    Parameters
    ----------
    findings : Findings
        Of all ships.
    log : DataFrame, optional
        The shore-power log: each of its rows is told of, also those of ships that nobody saw.
    """
    reports = findings.reports.drop(columns=["fuels", "place"], errors="ignore")
    return {
        "visits": findings.visits,
        "use_ends": findings.ends,
        "shore_log": None if log is None else _whole_log(findings.log, log),
        "transits": findings.transits,
        "reports": reports,
    }


def _whole_log(found: pd.DataFrame, log: pd.DataFrame) -> pd.DataFrame:
    """Every row of the log: its visit, or why it has none."""
    missing: dict[str, str | float] = {
        "reason": "",
        "vessel_id": "",
        "zone_id": "",
        "hours_used": 0.0,
        "modelled_kwh": 0.0,
    }
    known = (
        found.reindex(columns=["row", *missing]).drop_duplicates("row").set_index("row").reindex(log.index)
    )
    table = log[["line", "imo", "mmsi", "name", "berth", "system"]].assign(
        logged_kwh=log["kwh"], connect_ms=log["t0_ms"], disconnect_ms=log["t1_ms"]
    )
    for name, nothing in missing.items():
        table[name] = known[name].fillna(nothing).to_numpy()
    absent = np.where(log["fault"] != "", log["fault"], "vessel_not_in_positions")
    table["reason"] = np.where(known["reason"].isna(), absent, table["reason"])
    return table.assign(matched=table["reason"] == MATCHED).reset_index(drop=True)


@dataclass(frozen=True, kw_only=True)
class Booked:
    """Accounts of a chunk, and what they were made from.

    Attributes
    ----------
    atoms, period
        Parts of segments, and the period of the calendar of each.
    basis : Basis
        Accounts.
    control : Control or None
        What was done to each atom: control at berth, measured fuel.
    findings : Findings
        What rules and reports came to.
    """

    atoms: Atoms
    period: npt.NDArray[np.int32]
    basis: Basis
    control: Control | None
    findings: Findings


def book(
    segments: Segments,
    vessels: pd.DataFrame,
    ships: Sequence[Ship],
    *,
    books: Books,
    ground: Ground,
    terms: Terms,
    masses: pd.DataFrame | None = None,
    only: npt.NDArray[np.bool_] | None = None,
    pieces: bool = False,
) -> Booked:
    """Cut and book the segments of whole ships.

    Parameters
    ----------
    segments : Segments
        By vessel and time.
    vessels : DataFrame
        vessel_id, imo, mmsi, name of each.
    ships : sequence of Ship
        Particulars of each.
    books : Books
        Ships as arrays, places, rules.
    ground : Ground
        Zones.
    terms : Terms
        Use of controls at berth, and a log of it.
    masses : DataFrame, optional
        Measured fuel; see `corridor.emissions.measured.read_measured`.
    only : array, optional
        Which segments are booked; all of them by default. What stands around them is known either way.
    pieces : bool
        Whether pieces are wanted.
    """
    here = berths(segments, vessels, ships, ground, terms)
    known = reports(masses, vessels)
    at = [marks(here)] + ([report_marks(known, segments)] if known is not None else [])
    whole = _cut(segments, books, ground.lookup, at)
    cut = whole if only is None else _chosen(whole, only)
    window = window_of(here, segments, cut[0])
    control = control_at_berth(here, window)
    basis = account(
        segments,
        *cut,
        fleet=books.fleet,
        places=books.places,
        rulebook=books.rulebook,
        surroundings=books.surroundings,
        main_off=books.main_off,
        pieces=pieces,
        control=control,
    )
    wanted = demand(books, segments, cut, window, basis.phase)
    free, table = wanted, pd.DataFrame()
    if known is not None:
        # What was measured does not hang on how much of it might have come from shore.
        apart = np.where(report_of(known, segments, cut[0]) >= 0, -1, window)
        free = demand(books, segments, cut, apart, basis.phase)
        basis, control, table = with_reports(
            known, books, segments, cut, basis, control=control, pieces=pieces
        )
    ids = vessels["vessel_id"].to_numpy(dtype=object)
    findings = Findings(
        visits=visit_table(here, wanted, ids),
        ends=ends(here, free),
        log=log_table(here, wanted, ids),
        transits=_transits(segments, whole[0], basis.speed_kn, ground, ids),
        reports=_named(table, known, ids),
    )
    return Booked(atoms=cut[0], period=cut[1], basis=basis, control=control, findings=findings)


def _named(table: pd.DataFrame, known: Reports | None, ids: npt.NDArray[np.object_]) -> pd.DataFrame:
    """Reports with the vessel each was matched to."""
    if known is None:
        return table
    return table.assign(vessel_id=ids[known.vessel[table["place"].to_numpy(np.int64)]])


def _cut(
    segments: Segments,
    books: Books,
    index: ZoneIndex,
    at: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]],
) -> tuple[Atoms, npt.NDArray[np.int32]]:
    """Cut segments at zones and cells, at marks of their own, then at months and rule dates."""
    atoms = walk(
        segments.lat0, segments.lon0, segments.lat1, segments.lon1, index, stay=segments.kind == STAY
    )
    segment = np.concatenate([pair[0] for pair in at])
    if len(segment):
        instants = np.concatenate([pair[1] for pair in at])
        atoms, _ = cut_offsets(atoms, segments.t0_ms, segments.t1_ms, segment, instants)
    return cut_times(atoms, segments.t0_ms, segments.t1_ms, books.rulebook.calendar.marks_ms)


def _chosen(
    cut: tuple[Atoms, npt.NDArray[np.int32]], only: npt.NDArray[np.bool_]
) -> tuple[Atoms, npt.NDArray[np.int32]]:
    """Atoms of some segments."""
    atoms, period = cut
    kept = only[atoms.segment]
    chosen = Atoms(
        segment=atoms.segment[kept],
        code=atoms.code[kept],
        cell=atoms.cell[kept],
        f0=atoms.f0[kept],
        f1=atoms.f1[kept],
    )
    return chosen, period[kept]


class _Waters(NamedTuple):
    """Green Flag waters of a zone system: band of each zone, the speed asked for, and a box around them."""

    band: npt.NDArray[np.int8]
    limit_kn: float
    box: tuple[float, float, float, float]


@cache
def _waters(system: ZoneSystem) -> _Waters | None:
    """Return the Green Flag waters of a system, or None where it has none."""
    zones = system.zones.set_index("zone_id")
    if not set(BANDS) <= set(zones.index):
        return None
    west, south, east, north = zones.loc[list(BANDS)].total_bounds
    return _Waters(
        band=np.array([BANDS.get(zone, 0) for zone in system.zone_ids], np.int8),
        limit_kn=float(zones.loc["green_flag_20nm", "speed_limit_kn"]),
        box=(float(west) - MARGIN, float(south) - MARGIN, float(east) + MARGIN, float(north) + MARGIN),
    )


def _transits(
    segments: Segments,
    atoms: Atoms,
    speed_kn: npt.NDArray[np.float64],
    ground: Ground,
    ids: npt.NDArray[np.object_],
) -> pd.DataFrame:
    """Transits of the Green Flag waters, where the study has them."""
    system = next((system for system in ground.systems if system.name == "speed"), None)
    waters = None if system is None else _waters(system)
    if waters is None:
        return pd.DataFrame()
    west, south, east, north = waters.box
    lat, lon = segments.lat0, segments.lon0
    near = (lon >= west) & (lon <= east)
    near &= (lat >= south) & (lat <= north)
    # A leg may begin outside the box and cross it.
    near |= segments.distance_m > SHORT_M
    if not near.any():
        return pd.DataFrame()
    rows = np.flatnonzero(near[atoms.segment])
    number, codes = pd.factorize(atoms.code[rows])
    column = ground.lookup.names.index("speed")
    band = np.zeros(len(atoms), np.int8)
    band[rows] = waters.band[ground.lookup.decode(np.asarray(codes))[:, column]][number]
    table = transits(segments, atoms, band, speed_kn, limit_kn=waters.limit_kn)
    vessel = table["vessel"].to_numpy(np.int64)
    return table.assign(vessel_id=ids[vessel]).drop(columns="vessel") if len(table) else pd.DataFrame()

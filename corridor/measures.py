"""Measured fuel in the accounts: the ships that have reports are booked a second time, scaled to them."""

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.accounts.ledger import Ledger, complete, merge
from corridor.emissions.basis import LEDGER_COLUMNS, LEDGER_KEYS, Basis, account
from corridor.emissions.control import Control, untouched
from corridor.emissions.fuels import FUELS
from corridor.emissions.measured import consumers_of, goals, scaled
from corridor.emissions.records import vessel_index, vessels_of
from corridor.emissions.species import CONSUMERS
from corridor.regroup import Books, Regrouped, booked_by_group, regrouped, taken
from corridor.tracks.trajectories import Segments
from layers.atoms import Atoms
from layers.geodesy import NAUTICAL_MILE_M

IntArray = npt.NDArray[np.int64]
Baseline = tuple[npt.NDArray[np.int8], npt.NDArray[np.float64], npt.NDArray[np.float64]]

MS_PER_H = 3_600_000.0
# The sum of a report's rounded parts may miss it by a milligram or two: so often it is aimed at anew.
TRIES = 6


class Reports(NamedTuple):
    """Reports of a chunk's vessels.

    Attributes
    ----------
    vessel, t0_ms, t1_ms : array
        By vessel and time. [index, ms]
    number : array
        Number of each report in the user's table.
    masses : DataFrame
        The user's rows; see `corridor.emissions.measured.read_measured`.
    """

    vessel: IntArray
    t0_ms: IntArray
    t1_ms: IntArray
    number: IntArray
    masses: pd.DataFrame


def reports(masses: pd.DataFrame | None, vessels: pd.DataFrame) -> Reports | None:
    """Return the reports of some vessels, or None where there are none."""
    if masses is None or masses.empty:
        return None
    index = vessel_index(vessels)
    first = masses.drop_duplicates("report")
    rows = [
        (of[0], record["t0_ms"], record["t1_ms"], record["report"])
        for record in first.to_dict("records")
        if (of := vessels_of(record, index))
    ]
    if not rows:
        return None
    vessel, t0_ms, t1_ms, number = np.array(sorted(rows), np.int64).T
    return Reports(vessel, t0_ms, t1_ms, number, masses)


def report_marks(known: Reports, segments: Segments) -> tuple[IntArray, IntArray]:
    """Segments and the instants at which to cut them: where reports begin and end. [index, ms]"""
    vessel = np.tile(known.vessel, 2)
    instant = np.concatenate([known.t0_ms, known.t1_ms])
    edges = np.searchsorted(segments.vessel, np.arange(int(vessel.max()) + 2))
    found = [
        edges[ship] + np.searchsorted(segments.t0_ms[edges[ship] : edges[ship + 1]], ms, side="right") - 1
        for ship, ms in zip(vessel, instant, strict=True)
    ]
    segment = np.array(found, np.int64)
    inside = segment >= edges[vessel]
    return segment[inside], instant[inside]


def report_of(known: Reports, segments: Segments, atoms: Atoms) -> IntArray:
    """Report that each atom lies in, by its place in ``known``; -1 where none. [index]"""
    out = np.full(len(atoms), -1, np.int64)
    rows = np.flatnonzero(np.isin(segments.vessel[atoms.segment], known.vessel))
    segment = atoms.segment[rows]
    length = segments.t1_ms[segment] - segments.t0_ms[segment]
    middle = segments.t0_ms[segment] + (atoms.f0[rows] + atoms.f1[rows]) / 2.0 * length
    vessel = segments.vessel[segment]
    for place, (ship, begin, end) in enumerate(zip(known.vessel, known.t0_ms, known.t1_ms, strict=True)):
        lo, hi = np.searchsorted(vessel, [ship, ship + 1])
        inside = (middle[lo:hi] >= begin) & (middle[lo:hi] < end)
        out[rows[lo:hi][inside]] = place
    return out


class Measured(NamedTuple):
    """Accounts with reports in the place of modelled masses, the control of every atom, each report."""

    basis: Basis
    control: Control
    table: pd.DataFrame


def with_reports(
    known: Reports,
    books: Books,
    segments: Segments,
    cut: tuple[Atoms, npt.NDArray[np.int32]],
    modelled: Basis,
    *,
    control: Control | None,
    pieces: bool,
) -> Measured:
    """Book the vessels that have reports anew, so that each report's sum is the report to the milligram.

    Parameters
    ----------
    known : Reports
        Reports of the chunk's vessels.
    books, segments, cut
        What the chunk was booked with; the atoms are cut where reports begin and end.
    modelled : Basis
        Accounts without reports.
    control : Control or None
        Of the atoms, already in ``modelled``.
    pieces : bool
        Whether pieces are wanted.
    """
    atoms, period = cut
    of = np.isin(segments.vessel[atoms.segment], known.vessel)
    rows = np.flatnonzero(of)
    report = report_of(known, segments, atoms)[rows]
    parts = regrouped(books, segments, taken(atoms, rows), period[rows], report + 1)
    before = (modelled.phase[rows], modelled.speed_kn, modelled.load)
    own = _part(control, rows)
    fuel = _fuel_of(books, segments, taken(atoms, rows), period[rows])
    _, plain = booked_by_group(books, parts, before, control=own)
    table = _goals(known, segments, taken(atoms, rows), report, plain)
    aims = table[table["basis"] != "not_placed"].reset_index(drop=True)
    parts_of = _shares(plain, aims)
    for _ in range(TRIES):
        scaling = _control(own, (report, fuel), aims, parts_of)
        basis, ledger = booked_by_group(books, parts, before, control=scaling, pieces=pieces)
        missing = aims["goal_mg"].to_numpy(np.int64) - _sums(ledger, aims)
        if not missing.any():
            break
        parts_of = _nearer(parts_of, missing)
    table["booked_mg"] = 0
    table.loc[table["basis"] != "not_placed", "booked_mg"] = _sums(ledger, aims)
    rest = _booked_rest(books, segments, cut, modelled, ~of, control, pieces)
    whole = _together(_part(control, np.arange(len(atoms))), rows, scaling)
    joined = _joined(rest, basis, _marked(ledger, aims), parts)
    # Both booked atoms of their own: whoever books all of them again needs the phases of all.
    return Measured(replace(joined, phase=modelled.phase), whole, table)


def _together(control: Control, rows: IntArray, scaling: Control) -> Control:
    """Return the control of all atoms, with that of some of them in its place."""
    variant = control.variant.copy()
    variant[rows] = scaling.variant + np.int32(len(control.multipliers) - 1)
    return Control(
        variant=variant,
        multipliers=np.vstack([control.multipliers, scaling.multipliers[1:]]),
        shore_share=np.concatenate([control.shore_share, scaling.shore_share[1:]]),
    )


def _shares(ledger: pd.DataFrame, aims: pd.DataFrame) -> pd.DataFrame:
    """Consumers of each aim: modelled mass, factor, and which one carries what rounding leaves. [mg, 1]"""
    rows = []
    for at, aim in enumerate(aims.to_dict("records")):
        of = _rows_of(ledger, aim)
        for consumer in consumers_of(aim["consumer"]):
            mg = int(ledger.loc[of, f"{consumer}_fuel_mg"].sum())
            rows.append((at, consumer, mg, aim["goal_mg"] / aim["modelled_mg"]))
    table = pd.DataFrame(rows, columns=["aim", "consumer", "mg", "factor"])
    # One consumer takes up the last milligrams: moved by whole ones, the others' rounding stays as it is.
    return table.assign(leads=table.index.isin(table.groupby("aim")["mg"].idxmax()))


def _nearer(parts_of: pd.DataFrame, missing: IntArray) -> pd.DataFrame:
    """Factors that book the milligrams that were missing."""
    more = missing[parts_of["aim"]] / parts_of["mg"].clip(lower=1)
    return parts_of.assign(factor=parts_of["factor"] + more.where(parts_of["leads"], 0.0))


def _rows_of(ledger: pd.DataFrame, aim: Mapping[Hashable, Any]) -> npt.NDArray[np.bool_]:
    """Rows of a ledger by group that an aim is about."""
    fuels = [FUELS.index(name) for name in aim["fuels"]]
    rows: npt.NDArray[np.bool_] = (ledger["group"] == aim["place"] + 1).to_numpy() & np.isin(
        ledger["fuel"], fuels
    )
    return rows


def _part(control: Control | None, rows: IntArray) -> Control:
    """Control of some atoms."""
    if control is None or not len(control.variant):
        bare = untouched(len(LEDGER_COLUMNS))
        return bare._replace(variant=np.zeros(len(rows), np.int32))
    return control._replace(variant=control.variant[rows])


def _fuel_of(books: Books, segments: Segments, atoms: Atoms, period: npt.NDArray[np.int32]) -> IntArray:
    """Fuel that each atom burns. [index into FUELS]"""
    codes, number = np.unique(atoms.code, return_inverse=True)
    zone = books.places.look_up(codes)[1][number]
    supply = books.rulebook.supply_of[zone, period]
    fuel: IntArray = books.fleet.fuel_index[segments.vessel[atoms.segment], supply]
    return fuel


def _goals(
    known: Reports, segments: Segments, atoms: Atoms, report: IntArray, ledger: pd.DataFrame
) -> pd.DataFrame:
    """What each report asks of its atoms. [mg, h, nm]"""
    share = atoms.f1 - atoms.f0
    hours = share * (segments.t1_ms - segments.t0_ms)[atoms.segment] / MS_PER_H
    nm = share * segments.distance_m[atoms.segment] / NAUTICAL_MILE_M
    inside = report >= 0
    seen_h = np.bincount(report[inside], hours[inside], len(known.number))
    seen_nm = np.bincount(report[inside], nm[inside], len(known.number))
    columns = {f"{name}_fuel_mg": name for name in CONSUMERS}
    sums = ledger.groupby(["group", "fuel"])[list(columns)].sum().rename(columns=columns).reset_index()
    sums["fuel"] = [FUELS[number] for number in sums["fuel"]]
    tables = []
    for place, number in enumerate(known.number):
        masses = known.masses[known.masses["report"] == number]
        facts = {
            "hours": float(known.t1_ms[place] - known.t0_ms[place]) / MS_PER_H,
            "seen_h": float(seen_h[place]),
            "distance_nm": float(masses["distance_nm"].iloc[0]),
            "seen_nm": float(seen_nm[place]),
            "rate_kg_per_nm": float(masses["rate_kg_per_nm"].iloc[0]),
        }
        part = goals(masses, sums[sums["group"] == place + 1], facts)
        tables.append(part.assign(report=number, place=place, line=int(masses["line"].iloc[0]), **facts))
    return pd.concat(tables, ignore_index=True)


def _control(
    own: Control, of: tuple[IntArray, IntArray], aims: pd.DataFrame, parts_of: pd.DataFrame
) -> Control:
    """Multiply what a chunk's control leaves by what reports make of it."""
    kinds, inverse = np.unique(np.stack([own.variant, *of]), axis=1, return_inverse=True)
    left = own.multipliers[kinds[0]].copy()
    records = aims.to_dict("records")
    for at, consumer, factor in zip(parts_of["aim"], parts_of["consumer"], parts_of["factor"], strict=True):
        burnt = np.isin(kinds[2], [FUELS.index(name) for name in records[at]["fuels"]])
        left[(kinds[1] == records[at]["place"]) & burnt] *= scaled(consumer, float(factor))
    return Control(
        variant=(inverse.ravel() + 1).astype(np.int32),
        multipliers=np.vstack([np.ones(left.shape[1]), left]),
        shore_share=np.concatenate([[0.0], own.shore_share[kinds[0]]]),
    )


def _sums(ledger: pd.DataFrame, aims: pd.DataFrame) -> IntArray:
    """Booked mass of each aim. [mg]"""
    found = []
    for aim in aims.to_dict("records"):
        columns = [f"{consumer}_fuel_mg" for consumer in consumers_of(aim["consumer"])]
        found.append(int(ledger.loc[_rows_of(ledger, aim), columns].to_numpy().sum()))
    return np.array(found, np.int64)


def _marked(ledger: pd.DataFrame, aims: pd.DataFrame) -> pd.DataFrame:
    """Ledger with what of its fuel was measured, by consumer. [mg]"""
    ledger = complete(ledger).copy()
    for aim in aims.to_dict("records"):
        rows = _rows_of(ledger, aim)
        for name in consumers_of(aim["consumer"]):
            ledger.loc[rows, f"{name}_measured_mg"] = ledger.loc[rows, f"{name}_fuel_mg"]
    return ledger


def _booked_rest(
    books: Books,
    segments: Segments,
    cut: tuple[Atoms, npt.NDArray[np.int32]],
    modelled: Basis,
    others: npt.NDArray[np.bool_],
    control: Control | None,
    pieces: bool,
) -> Basis:
    """Book the vessels without reports as they were."""
    rest = np.flatnonzero(others)
    return account(
        segments,
        taken(cut[0], rest),
        cut[1][rest],
        fleet=books.fleet,
        places=books.places,
        rulebook=books.rulebook,
        surroundings=books.surroundings,
        main_off=books.main_off,
        pieces=pieces,
        control=_part(control, rest),
        phase=modelled.phase[rest],
        loads=(modelled.speed_kn, modelled.load),
    )


def _joined(rest: Basis, basis: Basis, ledger: pd.DataFrame, parts: Regrouped) -> Basis:
    """Join accounts of the vessels without reports and of those with; groups come together again."""
    ours = ledger.drop(columns="group").groupby(list(LEDGER_KEYS), sort=False, as_index=False).sum()
    both = merge([Ledger(rest.ledger, rest.cells, rest.pairs), Ledger(ours, basis.cells, basis.pairs)])
    off_ms = rest.main_off_ms + basis.main_off_ms
    pieces = None
    if rest.pieces is not None and basis.pieces is not None:
        back = basis.pieces.assign(segment=parts.row[basis.pieces["segment"].to_numpy()])
        pieces = pd.concat([rest.pieces, back]).sort_values(["segment", "f0"], kind="stable")
        pieces = pieces.reset_index(drop=True)
    return replace(
        rest,
        ledger=both.rows,
        cells=both.cells,
        pairs=both.pairs,
        pieces=pieces,
        main_off_ms=off_ms,
    )

"""Transits of the Green Flag waters: how fast ships came in and went out, and how much of the way slowly.

The programme rewards 12 kn within 20 or 40 nm of Point Fermin. This observes and imposes nothing: mean and
highest speed, and the share of the distance at 12 kn or less, of each transit. A transit is a run of legs in
these waters, unbroken by a stay or a hole: it comes in from outside and ends at a stay, or begins at a stay
and goes out. How the programme itself averages was not read; so several measures stand side by side.
"""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor import reference
from corridor.tracks.trajectories import STAY, Segments
from layers.atoms import Atoms
from layers.geodesy import NAUTICAL_MILE_M

IntArray = npt.NDArray[np.int64]
Bands = npt.NDArray[np.integer[Any]]

NEAR, RING = 1, 2
DIRECTIONS = ("in", "out", "through", "unknown")
MS_PER_H = 3_600_000.0


@cache
def rounding_kn() -> float:
    """Return what a speed may be above a limit and still be reported as the limit. [kn].

    >>> rounding_kn()
    0.05
    """
    return reference.value("green_flag_2026", item="reported_speed_step") / 2


class _Legs(NamedTuple):
    """Parts of legs in the waters, of whole transits."""

    run: IntArray
    band: Bands
    hours: npt.NDArray[np.float64]
    nm: npt.NDArray[np.float64]
    kn: npt.NDArray[np.float64]
    slow: npt.NDArray[np.bool_]


def transits(
    segments: Segments,
    atoms: Atoms,
    band: Bands,
    speed_kn: npt.NDArray[np.float64],
    *,
    limit_kn: float,
) -> pd.DataFrame:
    """Measure every transit. [nm, h, kn]

    Parameters
    ----------
    segments, atoms : Segments, Atoms
        Segments by vessel and time, and their parts.
    band : array
        Of each atom: 1 within 20 nm, 2 from 20 to 40 nm, 0 farther off. [index]
    speed_kn : array
        Speed of each segment. [kn]
    limit_kn : float
        Speed that the programme asks for; a speed that rounds to it keeps it. [kn]

    Returns
    -------
    DataFrame
        vessel, direction, t0_ms, t1_ms; and within 20 nm and within 40 nm: distance, hours, mean and highest
        speed, share of the distance at the limit or below. "through" passed without a stay; "unknown" has a
        hole at the end that would tell.
    """
    segment = np.asarray(atoms.segment)
    inside = np.flatnonzero(band)
    inside = inside[np.asarray(segments.kind)[segment[inside]] != STAY]
    if not len(inside):
        return pd.DataFrame(columns=["vessel", "direction", "t0_ms", "t1_ms"])
    new = ~_follows(segments, segment, inside)
    run = np.cumsum(new) - 1
    rows = segment[inside]
    share = atoms.f1[inside] - atoms.f0[inside]
    legs = _Legs(
        run=run,
        band=band[inside],
        hours=share * (segments.t1_ms - segments.t0_ms)[rows] / MS_PER_H,
        nm=share * segments.distance_m[rows] / NAUTICAL_MILE_M,
        kn=np.asarray(speed_kn, np.float64)[rows],
        slow=speed_kn[rows] <= limit_kn + rounding_kn(),
    )
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(inside)) - 1
    columns: dict[str, npt.NDArray[Any]] = {
        "vessel": np.asarray(segments.vessel, np.int64)[rows[first]],
        "direction": _directions(segments, atoms, band, inside[first], inside[last]),
    }
    for name, at, shares in (("t0_ms", first, atoms.f0), ("t1_ms", last, atoms.f1)):
        length_ms = (segments.t1_ms - segments.t0_ms)[rows[at]]
        columns[name] = segments.t0_ms[rows[at]] + np.rint(shares[inside[at]] * length_ms).astype(np.int64)
    for waters, within in (("20nm", legs.band == NEAR), ("40nm", legs.band > 0)):
        measures = _measures(legs, within, len(first))
        columns |= {f"{name}_{waters}": values for name, values in measures.items()}
    told = columns["direction"] != "shift"
    return pd.DataFrame({name: values[told] for name, values in columns.items()})


def _follows(segments: Segments, segment: Bands, inside: IntArray) -> npt.NDArray[np.bool_]:
    """Whether each leg part goes on where the one before it ended, inside the waters and without a hole."""
    follows = np.zeros(len(inside), bool)
    before, after = segment[inside[:-1]], segment[inside[1:]]
    next_leg = (after == before + 1) & (segments.t0_ms[after] == segments.t1_ms[before])
    same_ship = segments.vessel[after] == segments.vessel[before]
    follows[1:] = (inside[1:] == inside[:-1] + 1) & same_ship & ((after == before) | next_leg)
    return follows


def _directions(
    segments: Segments, atoms: Atoms, band: Bands, first: IntArray, last: IntArray
) -> npt.NDArray[np.object_]:
    """Whether transits come in, go out or pass, from what stands before and after them."""
    begins = _neighbour(segments, atoms, band, first, -1)
    ends = _neighbour(segments, atoms, band, last, 1)
    out, stay = "outside", "stay"
    names = np.full(len(first), "unknown", dtype=object)
    names[(begins == out) & (ends == out)] = "through"
    names[(begins == stay) & (ends == stay)] = "shift"
    names[(begins == out) & (ends == stay)] = "in"
    names[(begins == stay) & (ends == out)] = "out"
    return names


def _neighbour(
    segments: Segments, atoms: Atoms, band: Bands, at: IntArray, step: int
) -> npt.NDArray[np.object_]:
    """What the ship did before or after an atom: outside the waters, at a stay, or nobody saw."""
    segment = np.asarray(atoms.segment)
    other = np.clip(at + step, 0, len(segment) - 1)
    mine, theirs = segment[at], segment[other]
    early, late = np.minimum(mine, theirs), np.maximum(mine, theirs)
    joined = (segments.vessel[mine] == segments.vessel[theirs]) & (other == at + step)
    joined &= (mine == theirs) | (segments.t0_ms[late] == segments.t1_ms[early])
    stays = np.asarray(segments.kind)[theirs] == STAY
    found = np.where(stays, "stay", np.where(band[other] == 0, "outside", "unseen")).astype(object)
    found[~joined] = "unseen"
    return found


def _measures(legs: _Legs, within: npt.NDArray[np.bool_], runs: int) -> dict[str, npt.NDArray[np.float64]]:
    """Distance, hours, mean and highest speed and slow share of each run, of the parts within. [nm, h, kn]"""
    run, nm = legs.run[within], legs.nm[within]
    distance = np.bincount(run, nm, runs)
    hours = np.bincount(run, legs.hours[within], runs)
    slow = np.bincount(run, nm * legs.slow[within], runs)
    highest = np.full(runs, np.nan)
    np.fmax.at(highest, run, legs.kn[within])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, share = distance / hours, slow / distance
    return {
        "distance_nm": distance,
        "hours": hours,
        "mean_kn": mean,
        "highest_kn": highest,
        "slow_share": share,
    }

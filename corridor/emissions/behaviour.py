"""How a ship moved and lay, where no polygon says what she did: bands without flicker, kinds of rest.

A stretch of another band of speed that is shorter than ten minutes, between two stretches of one band that
are together longer, takes theirs: one noisy fix, or a dip of the broadcast speed, is no manoeuvre.
Speed, load and hours stay what they are; only the phase under which they are booked does not flicker.

A rest outside berths, harbours and anchorages is told by three signs [1]_:

1. she was carried away at 0.2 kn at most from her first fix to her last,
2. she lay within 12 nm of the coast, where the water is shallow enough to anchor,
3. she broadcast that she was at anchor or moored.

Two of the three: at anchor; fewer: drifting. One sign alone errs: crews forget the status, and calm water
carries no one away. Who did not swing (half her fixes within 20 m) and lay within a mile of the coast was
moored: at berth, in a port of which the study has no polygon.

References
----------
.. [1] Engineering judgement; distances of Table 16 of the Fourth IMO GHG Study 2020 where it has them. The
   numbers stand in ``data/phase_limits_2026.csv``.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from corridor import reference
from corridor.emissions.phases import AT_ANCHOR, AT_BERTH, DRIFTING, MANOEUVRING, PhaseRules
from corridor.tracks.trajectories import Segments
from layers.jit import borrowing, njit

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Bands = npt.NDArray[np.int8]

STATUS_AT_REST = (1, 5)
KNOT_M_PER_MS = 1852.0 / 3_600_000.0


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is known of the place and the rest of each segment.

    Attributes
    ----------
    coast0_nm, coast1_nm : array
        Distance to the coast at both ends; infinite when far, not a number where no coast is known. [nm]
    swing_m, drift_m : array
        As `corridor.tracks.rests.rests` measures them. [m]
    """

    coast0_nm: FloatArray
    coast1_nm: FloatArray
    swing_m: FloatArray
    drift_m: FloatArray

    @classmethod
    def unknown(cls, number: int) -> "Surroundings":
        """Nothing known of any of so many segments."""
        nothing = np.full(number, np.nan)
        return cls(coast0_nm=nothing, coast1_nm=nothing, swing_m=nothing, drift_m=nothing)


class Behaviour(NamedTuple):
    """What the phase of each segment follows from, where its zone does not say.

    Attributes
    ----------
    band : array of int8
        Band of speed: stopped, drifting, slow, fast. [index]
    rest : array of int8
        Phase at rest where no polygon says. [index]
    harbour : array of int8
        Phase at rest in a harbour, off its berths. [index]
    coast0_nm, coast1_nm : array
        Distance to the coast at both ends. [nm]
    """

    band: Bands
    rest: Bands
    harbour: Bands
    coast0_nm: FloatArray
    coast1_nm: FloatArray


def behaviour(
    segments: Segments, speed_kn: FloatArray, surroundings: Surroundings, rules: PhaseRules
) -> Behaviour:
    """Band of speed and kind of rest of each segment.

    Parameters
    ----------
    segments : Segments
        Segments by vessel and time.
    speed_kn : array
        Speed of each. [kn]
    surroundings : Surroundings
        Coast and rest of each.
    rules : PhaseRules
        Limits of the bands.
    """
    stays = np.asarray(segments.kind) == 1
    band = _bands(np.asarray(speed_kn, np.float64), stays, rules.band_limits_kn)
    flicker_ms = limit("flicker_up_to") * 60_000.0
    steady(band, segments.vessel, segments.t0_ms, segments.t1_ms, stays, flicker_ms)
    return Behaviour(
        band=band,
        rest=kind_of_rest(segments, surroundings),
        harbour=rest_in_harbour(stays, surroundings.swing_m),
        coast0_nm=np.ascontiguousarray(surroundings.coast0_nm, np.float64),
        coast1_nm=np.ascontiguousarray(surroundings.coast1_nm, np.float64),
    )


def limit(name: str) -> float:
    """One limit of ``data/phase_limits_2026.csv``.

    >>> limit("manoeuvring_within_coast")
    5.0
    """
    return reference.value("phase_limits_2026", limit=name)


def kind_of_rest(segments: Segments, surroundings: Surroundings) -> Bands:
    """Phase of each segment's ship had she been at rest outside every polygon. [index]

    A leg is drifting: a ship at anchor is found as a stay.
    """
    stay = np.flatnonzero(np.asarray(segments.kind) == 1)
    lasting_ms = np.maximum(segments.t1_ms[stay] - segments.t0_ms[stay], 1)
    coast_nm, swing_m = surroundings.coast0_nm[stay], surroundings.swing_m[stay]
    # Nobody saw a stay that fills a hole: it stands for a ship that waited in one place.
    drift_m = np.nan_to_num(surroundings.drift_m[stay], nan=0.0)
    held = drift_m / lasting_ms <= limit("carried_up_to") * KNOT_M_PER_MS
    near = coast_nm <= limit("anchoring_within_coast")
    said = np.isin(segments.status[stay], STATUS_AT_REST)
    anchored = held.astype(int) + near + said >= 2
    moored = (swing_m <= limit("moored_swing")) & (coast_nm <= limit("berth_within_coast"))
    rest = np.full(len(segments.kind), DRIFTING, np.int8)
    rest[stay] = np.where(moored & held, AT_BERTH, np.where(anchored, AT_ANCHOR, DRIFTING))
    return rest


def rest_in_harbour(stays: npt.NDArray[np.bool_], swing_m: FloatArray) -> Bands:
    """Phase of each segment's ship at rest in a harbour, off its berths. [index]

    A stay is at berth unless the ship was seen to swing; a leg, however slow, is manoeuvring [1]_.

    References
    ----------
    .. [1] EPA-420-B-22-011, section 3.8.5: outside berth and anchorage, at low load.
    """
    phase = np.full(len(stays), MANOEUVRING, np.int8)
    phase[stays] = np.where(swing_m[stays] > limit("moored_swing"), AT_ANCHOR, AT_BERTH)
    return phase


@njit
def _bands(speed_kn: FloatArray, stays: npt.NDArray[np.bool_], limits_kn: FloatArray) -> Bands:
    """Band of each speed: a limit belongs to the slower band, and a stay is stopped."""
    band = np.zeros(len(speed_kn), np.int8)
    for i in range(len(speed_kn)):
        if not stays[i]:
            while band[i] < len(limits_kn) and speed_kn[i] > limits_kn[band[i]]:
                band[i] += 1
    return band


@njit
def steady(
    band: Bands,
    vessel: npt.NDArray[np.int32],
    t0_ms: IntArray,
    t1_ms: IntArray,
    stays: npt.NDArray[np.bool_],
    flicker_ms: float,
) -> None:
    """Give short stretches of another band the band around them, in place.

    A stretch is a run of legs of one band without a hole in time or a stay. Those already joined count as one
    when the next is looked at, from the first to the last.
    """
    number = len(band)
    first = np.zeros(number + 1, np.int64)
    n = 1
    for i in range(1, number + 1):
        broken = i == number
        if not broken:
            broken = vessel[i] != vessel[i - 1] or t0_ms[i] != t1_ms[i - 1] or stays[i] or stays[i - 1]
        if broken or band[i] != band[i - 1]:
            # The run before is whole now: with the two before it, it may end a flicker.
            n = _joined(first, n, i, band, t0_ms, t1_ms, flicker_ms)
            if broken:
                n = 0
            first[n] = i
            n += 1


@borrowing
def _joined(
    first: IntArray, n: int, end: int, band: Bands, t0_ms: IntArray, t1_ms: IntArray, flicker_ms: float
) -> int:
    """Join the last three runs where the middle one is a flicker; return how many runs there are then."""
    if n < 3:
        return n
    before, middle, after = first[n - 3], first[n - 2], first[n - 1]
    short_ms = t1_ms[after - 1] - t0_ms[middle]
    around_ms = t1_ms[end - 1] - t0_ms[before] - short_ms
    if band[before] != band[after] or short_ms >= flicker_ms or around_ms < short_ms:
        return n
    band[middle:after] = band[before]
    return n - 2

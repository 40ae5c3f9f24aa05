"""Speed and draught to main-engine load. Arrays and floats; no tables, no columns."""

from typing import Any

import numpy as np
import numpy.typing as npt

from layers.jit import njit

FloatArray = npt.NDArray[np.float64]
# A float or an array of floats: the formulae are the same for both.
Quantity = Any
KN_PER_M_PER_MS = 3_600_000.0 / 1852.0


def cube_load(
    speed_kn: Quantity, draught_factor: Quantity, v_ref_kn: Quantity, delta_w: Quantity, eta: Quantity
) -> Quantity:
    """Load by the cube of speed, capped at the installed power. [0–1]

    ``draught_factor`` is the draught ratio to its exponent. [1]

    >>> float(cube_load(10.0, 1.0, 20.0, 1.0, 0.5))
    0.25
    """
    ratio = speed_kn / v_ref_kn
    capped: Quantity = np.minimum(delta_w * draught_factor * (ratio * ratio * ratio) / eta, 1.0)
    return capped


_cube_load = njit(cube_load)


def propeller_load(
    speed_kn: Quantity,
    draught_ratio: Quantity,
    *,
    v_ref_kn: Quantity,
    delta_w: Quantity = 1.0,
    eta: Quantity = 1.0,
    draught_exponent: float = 0.66,
) -> Quantity:
    """Main-engine load at a speed and draught, relative to the installed power. [0–1]

    ``delta_w * draught_ratio**0.66 * (v / v_ref)**3 / eta``, capped at 1 [1]_.

    Parameters
    ----------
    speed_kn : array or float
        Speed through the water; speed over ground where no current is known. [kn]
    draught_ratio : array or float
        Draught over design draught. [1]
    v_ref_kn : array or float
        Speed at the installed power in calm water. [kn]
    delta_w : array or float
        Speed-power correction of the ship type. [1]
    eta : array or float
        Product of weather and fouling efficiency. [1]
    draught_exponent : float
        0.66 as the study prints it; 2/3 elsewhere. [1]

    Examples
    --------
    >>> float(propeller_load(20.0, 1.0, v_ref_kn=20.0))
    1.0
    >>> round(float(propeller_load(14.0, 0.8, v_ref_kn=25.9, eta=0.867 * 0.917)), 4)
    0.1714

    References
    ----------
    .. [1] Fourth IMO GHG Study 2020, eq. 8.
    """
    return cube_load(speed_kn, draught_ratio**draught_exponent, v_ref_kn, delta_w, eta)


def service_load(
    speed_kn: Quantity,
    draught_ratio: Quantity,
    *,
    v_max_kn: Quantity,
    margin: float,
    draught_exponent: float,
    floor: float,
) -> Quantity:
    """Main-engine load by the admiralty formula with a service margin. [0–1]

    ``margin * draught_ratio**(2/3) * (v / v_max)**3``, not below ``floor`` under way and not above 1 [1]_.
    A ship at rest has no load. Never feed it a reference speed or a margin of another formula.

    Parameters
    ----------
    speed_kn : array or float
        Speed. [kn]
    draught_ratio : array or float
        Draught over the greatest draught; 1 where no draught is known. [1]
    v_max_kn : array or float
        Greatest speed: service speed over 0.94. [kn]
    margin, draught_exponent, floor : float
        Rows ``service_margin``, ``draught_exponent``, ``load_floor`` of ``method_parameters_epa_2022``. [1]

    Examples
    --------
    >>> law = {"margin": 1.15, "draught_exponent": 2 / 3, "floor": 0.02}
    >>> [round(float(service_load(v, 1.0, v_max_kn=20.0, **law)), 4) for v in (0.0, 1.0, 18.0, 30.0)]
    [0.0, 0.02, 0.8384, 1.0]

    References
    ----------
    .. [1] EPA-420-B-22-011, section 3.5.
    """
    ratio = speed_kn / v_max_kn
    load = margin * draught_ratio**draught_exponent * (ratio * ratio * ratio)
    return np.where(np.asarray(speed_kn) > 0.0, np.clip(load, floor, 1.0), 0.0)


def segment_speed_kn(  # one value in, one value out: compiled below for many
    distance_m: float, duration_ms: float, sog_kn: float, observed_share: float, limit_kn: float
) -> float:
    """Speed that a segment's power is computed from. [kn]

    The reported speed where there is one, unless part of the segment was not observed or the value is above
    the limit; then distance over time. A segment without time has no speed.

    Parameters
    ----------
    distance_m, duration_ms : float
        Length and time of the segment. [m, ms]
    sog_kn : float
        Mean reported speed over ground, NaN where none. [kn]
    observed_share : float
        Share of the time that is no reporting gap. [1]
    limit_kn : float
        Reported speeds above it are faults. [kn]

    Examples
    --------
    >>> segment_speed_kn(18520.0, 3.6e6, 11.0, 1.0, 40.0), segment_speed_kn(18520.0, 3.6e6, 11.0, 0.4, 40.0)
    (11.0, 10.0)
    """
    if observed_share >= 1.0 and 0.0 <= sog_kn <= limit_kn:
        return sog_kn
    if duration_ms <= 0.0:
        return 0.0
    return distance_m / duration_ms * KN_PER_M_PER_MS


_segment_speed_kn = njit(segment_speed_kn)


@njit
def segment_speeds(
    vessel: npt.NDArray[np.int32],
    time_ms: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]],
    distance_m: FloatArray,
    sog_kn: npt.NDArray[np.float32],
    kind: npt.NDArray[np.uint8],
    limit_kn: FloatArray,
) -> FloatArray:
    """Speed of every segment; stays have none. [kn]

    ``time_ms`` is start, end and observed part; ``limit_kn`` is by vessel.
    """
    start_ms, end_ms, observed_ms = time_ms
    out = np.zeros(len(vessel))
    for i in range(len(vessel)):
        if kind[i] == 1:
            continue
        duration = float(end_ms[i] - start_ms[i])
        share = observed_ms[i] / duration if duration > 0.0 else 0.0
        out[i] = _segment_speed_kn(distance_m[i], duration, float(sog_kn[i]), share, limit_kn[vessel[i]])
    return out


@njit
def main_loads(
    vessel: npt.NDArray[np.int32],
    speed_kn: FloatArray,
    draught_m: npt.NDArray[np.float32],
    ships: tuple[FloatArray, FloatArray, FloatArray, FloatArray],
    limits: FloatArray,
) -> FloatArray:
    """:func:`propeller_load` of every segment, its draught kept inside limits. [0–1]

    ``ships`` is reference speed, design draught, correction and efficiency by vessel; ``limits`` is the
    draught ratio where unknown, its least and most, and the draught exponent. The power of the draught is
    taken again only when the draught changes: the crew enters it once a voyage.
    """
    v_ref_kn, t_ref_m, delta_w, eta = ships
    missing, least, most, exponent = limits[0], limits[1], limits[2], limits[3]
    out = np.zeros(len(vessel))
    last_vessel, last_draught, factor = -1, np.float32(-1.0), 0.0
    for i in range(len(vessel)):
        v = vessel[i]
        same = draught_m[i] == last_draught or (np.isnan(draught_m[i]) and np.isnan(last_draught))
        if v != last_vessel or not same:
            last_vessel, last_draught = v, draught_m[i]
            ratio = missing if np.isnan(last_draught) else min(max(last_draught / t_ref_m[v], least), most)
            factor = ratio**exponent
        out[i] = _cube_load(speed_kn[i], factor, v_ref_kn[v], delta_w[v], eta[v])
    return out

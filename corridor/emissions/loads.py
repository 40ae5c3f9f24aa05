"""Motion to main-engine load, method by method: each a function from arrays, with numbers of its own.

A method of your own is one more such function: ``run_study(method=Method("mine", my_loads))``.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from corridor.emissions.method_tables import parameter
from corridor.emissions.power import main_loads, segment_speeds, service_load

if TYPE_CHECKING:
    from corridor.emissions.fleet import Fleet, SegmentMotion

FloatArray = npt.NDArray[np.float64]
MS_PER_H = 3_600_000.0


def speeds(fleet: "Fleet", motion: "SegmentMotion") -> FloatArray:
    """Speed of every segment. [kn]

    Reported speed where a segment is short, was observed throughout and the value is plausible, else distance
    over time: two reports say little of the hours between them.
    """
    tables = fleet.method.tables
    limit = parameter(tables, "speed_reject_ratio") * fleet.v_ref_kn
    longest_ms = parameter(tables, "reported_speed_up_to") * MS_PER_H
    sog_kn = np.where(motion.t1_ms - motion.t0_ms > longest_ms, np.float32(np.nan), motion.sog_kn)
    times = (motion.t0_ms, motion.t1_ms, motion.observed_ms)
    return segment_speeds(motion.vessel, times, motion.distance_m, sog_kn, motion.kind, limit)


def imo4_loads(fleet: "Fleet", motion: "SegmentMotion") -> tuple[FloatArray, FloatArray]:
    """Speed and main-engine load after the Fourth IMO GHG Study [1]_. [kn, 0–1]

    Cube of speed, draught to the power 0.66, weather, fouling and a correction of the type.

    References
    ----------
    .. [1] Fourth IMO GHG Study 2020, eq. 8.
    """
    speed = speeds(fleet, motion)
    names = ("missing_draught_ratio", "draught_ratio_min", "draught_ratio_max", "draught_exponent")
    load = main_loads(
        motion.vessel,
        speed,
        motion.draught_m,
        (fleet.v_ref_kn, fleet.t_ref_m, fleet.delta_w, fleet.eta),
        np.array([parameter(fleet.method.tables, name) for name in names]),
    )
    return speed, load


def epa2022_loads(fleet: "Fleet", motion: "SegmentMotion") -> tuple[FloatArray, FloatArray]:
    """Speed and main-engine load after the EPA's port guidance [1]_. [kn, 0–1]

    Admiralty formula with a service margin, never below 2 % under way. The reference speed is the greatest:
    service speed over 0.94.

    References
    ----------
    .. [1] EPA-420-B-22-011, section 3.5.
    """
    tables = fleet.method.tables
    speed = speeds(fleet, motion)
    load = service_load(
        speed,
        draught_ratios(fleet, motion.vessel, motion.draught_m.astype(np.float64)),
        v_max_kn=fleet.v_ref_kn[motion.vessel],
        margin=parameter(tables, "service_margin"),
        draught_exponent=parameter(tables, "draught_exponent"),
        floor=parameter(tables, "load_floor"),
    )
    return speed, np.asarray(load, np.float64)


def icct_loads(fleet: "Fleet", motion: "SegmentMotion") -> tuple[FloatArray, FloatArray]:
    """Speed and main-engine load after the ICCT's SAVE [1]_. [kn, 0–1]

    Cube of speed, hull fouling, weather by the distance from shore, and one draught a ship: its mean by time.

    References
    ----------
    .. [1] SAVE v2025.03.1 documentation, eqs 3-6.
    """
    tables = fleet.method.tables
    speed = speeds(fleet, motion)
    near = motion.coast_nm <= parameter(tables, "near_shore_within")
    weather = np.where(near, parameter(tables, "weather_near_shore"), parameter(tables, "weather_offshore"))
    ships = np.arange(len(fleet.t_ref_m))
    draught = draught_ratios(fleet, ships, mean_draught_m(motion, len(ships)))
    factor = (draught ** parameter(tables, "draught_exponent"))[motion.vessel]
    ratio = speed * parameter(tables, "speed_adjustment") / fleet.v_ref_kn[motion.vessel]
    load = ratio**3 * parameter(tables, "hull_fouling") * weather * factor
    return speed, np.minimum(load, 1.0)


def draught_ratios(fleet: "Fleet", vessel: npt.NDArray[np.integer], draught_m: FloatArray) -> FloatArray:
    """Draught over design draught, inside the limits of the method; its default where unknown. [1]"""
    tables = fleet.method.tables
    least, most = parameter(tables, "draught_ratio_min"), parameter(tables, "draught_ratio_max")
    ratio = np.clip(draught_m / fleet.t_ref_m[vessel], least, most)
    known: FloatArray = np.where(np.isnan(draught_m), parameter(tables, "missing_draught_ratio"), ratio)
    return known


def mean_draught_m(motion: "SegmentMotion", vessels: int) -> FloatArray:
    """Mean draught of each vessel by time, NaN where none was reported. [m]"""
    known = ~np.isnan(motion.draught_m)
    lasting = (motion.t1_ms - motion.t0_ms)[known].astype(np.float64)
    vessel = motion.vessel[known]
    time = np.bincount(vessel, lasting, vessels)
    total = np.bincount(vessel, lasting * motion.draught_m[known], vessels)
    mean: FloatArray = np.divide(total, time, out=np.full(vessels, np.nan), where=time > 0)
    return mean

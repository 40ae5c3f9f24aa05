"""Guess what AIS does not say: ship class, size, size bin and default particulars, from tables of rules."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from corridor import reference
from corridor.errors import InputError

NO_AIS_TYPE = -1
MS_PER_HOUR = 3_600_000


@cache
def ship_types() -> tuple[str, ...]:
    """All ship classes, in the order of Table 17 of the Fourth IMO GHG Study.

    >>> ship_types()[:3], len(ship_types())
    (('bulk_carrier', 'chemical_tanker', 'container'), 19)
    """
    return tuple(str(name) for name in reference.table("ship_types_imo4_2020")["ship_type"])


def check_ship_type(name: str, where: str = "ship list") -> str:
    """Return a class as the tables spell it.

    Raises
    ------
    InputError
        If it is unknown; the message names the known ones.

    Examples
    --------
    >>> check_ship_type("Container"), check_ship_type("bulk carrier")
    ('container', 'bulk_carrier')
    """
    spelled = str(name).strip().lower().replace(" ", "_").replace("-", "_")
    if spelled not in ship_types():
        raise InputError(
            "unknown_ship_type",
            f"{where}: ship class '{name}' is unknown; known: {', '.join(ship_types())} "
            "(data/ship_types_imo4_2020.csv)",
        )
    return spelled


@cache
def size_bins(ship_type: str) -> tuple[tuple[int, float, float], ...]:
    """Size bins of a class: number, lower limit, first size above it.

    >>> size_bins("container")[-2:]
    ((8, 14500.0, 20000.0), (9, 20000.0, inf))
    """
    facts = reference.rows("aux_boiler_power_imo4_2020", ship_type=ship_type)
    facts = facts.drop_duplicates("size_bin").sort_values("size_bin")
    upper = [*facts["size_min"].iloc[1:].astype(float), math.inf]
    return tuple(
        (int(number), float(lower), above)
        for number, lower, above in zip(facts["size_bin"], facts["size_min"], upper, strict=True)
    )


@cache
def size_unit(ship_type: str) -> str:
    """Return the unit that a class's size is measured in: teu, dwt, gt or cbm.

    >>> size_unit("vehicle_carrier")
    'gt'
    """
    return str(reference.rows("ship_types_imo4_2020", ship_type=ship_type)["size_unit"].iloc[0])


def bin_of_size(ship_type: str, size: float) -> int:
    """Bin of a size given in the class's unit.

    >>> bin_of_size("container", 14_500), bin_of_size("oil_tanker", 8_000)
    (8, 2)
    """
    lowest = size_bins(ship_type)[0][0]
    return max((number for number, lower, _ in size_bins(ship_type) if size >= lower), default=lowest)


def median_bin(ship_type: str) -> int:
    """Middle bin of a class, the upper of two; for a ship of which nothing is known but its class.

    >>> median_bin("bulk_carrier"), median_bin("yacht")
    (4, 1)
    """
    bins = size_bins(ship_type)
    return bins[len(bins) // 2][0]


def bin_of_length(ship_type: str, length_m: float) -> int | None:
    """Bin that a hull of this length commonly falls in; None where no rule says.

    >>> bin_of_length("bulk_carrier", 229.0), bin_of_length("ro_ro", 150.0)
    (4, None)
    """
    fits = [number for number, shortest in _bins_by_length(ship_type) if shortest <= length_m]
    return fits[-1] if fits else None


@cache
def _bins_by_length(ship_type: str) -> tuple[tuple[int, float], ...]:
    facts = reference.table("size_by_length_2026")
    facts = facts[facts["ship_type"] == ship_type].sort_values("length_min_m")
    return tuple((int(n), float(m)) for n, m in facts[["size_bin", "length_min_m"]].itertuples(index=False))


def teu_from_hull(length_m: float, beam_m: float) -> float:
    """Container capacity from beam and length; NaN where both are unknown. [TEU]

    Beam by ``B = 3.27 TEU**0.29``; length by ``LBP = 3.656 DWT**0.38`` with ``LBP = 0.95 LOA``, and capacity
    from deadweight [1]_ [2]_. The geometric mean of the two: Panamax ships are longer than their beam says,
    wide-beam ships shorter.

    Parameters
    ----------
    length_m, beam_m : float
        Length over all and beam; NaN where unknown. [m]

    Examples
    --------
    >>> round(teu_from_hull(366.0, 51.0), -2), round(teu_from_hull(float("nan"), 51.2), -2)
    (13700.0, 13200.0)

    References
    ----------
    .. [1] Cepowski & Chorab 2021, Ocean Engineering 238:109727.
    .. [2] USEPA Marine Emissions Tools, calcTEU.
    """
    guesses = []
    if beam_m > 0:
        guesses.append(_invert(beam_m, "beam", "teu"))
    if length_m > 0:
        share = reference.value("container_size_2021", "coefficient", output="lbp", input="loa")
        dwt = _invert(share * length_m, "lbp", "dwt")
        guesses.append(teu_from_dwt(dwt))
    return math.exp(sum(map(math.log, guesses)) / len(guesses)) if guesses else math.nan


def _invert(found: float, output: str, given: str) -> float:
    coefficient, exponent, _ = _regressions(output, given)[-1]
    return float((found / coefficient) ** (1.0 / exponent))


def teu_from_dwt(dwt_t: float) -> float:
    """Container capacity from deadweight. [TEU]

    >>> round(teu_from_dwt(199_629), -2)
    18400.0

    References
    ----------
    .. [1] USEPA Marine Emissions Tools, calcTEU.
    """
    fits = [row for row in _regressions("dwt", "teu") if row[2] < dwt_t]
    coefficient, exponent, _ = fits[-1]
    return float((dwt_t / coefficient) ** (1.0 / exponent))


@cache
def _regressions(output: str, given: str) -> tuple[tuple[float, float, float], ...]:
    """Coefficient, exponent and lower limit of each branch of a regression."""
    facts = reference.rows("container_size_2021", output=output, input=given)
    return tuple(facts[["coefficient", "exponent", "input_min"]].itertuples(index=False, name=None))


@dataclass(frozen=True)
class Hull:
    """What AIS and behaviour say of a ship; NaN and -1 where unknown.

    Attributes
    ----------
    ais_type : int
        AIS ship type code.
    length_m, beam_m : float
        Dimensions. [m]
    fast_kn : float
        Speed the ship has held for an hour in all. [kn]
    """

    ais_type: int = NO_AIS_TYPE
    length_m: float = math.nan
    beam_m: float = math.nan
    fast_kn: float = math.nan


def class_of(hull: Hull) -> tuple[str, str]:
    """Ship class and the reason for it.

    The rules of ``data/class_rules_2026.csv`` are asked from the top; the first whose conditions all hold
    decides. A condition on something unknown does not hold. AIS types 70 to 79 name no container ship:
    length, slenderness and, where seen, speed tell it from a bulk carrier.

    Parameters
    ----------
    hull : Hull
        Evidence.

    Examples
    --------
    >>> class_of(Hull(ais_type=70, length_m=366.0, beam_m=51.0))[0]
    'container'
    >>> class_of(Hull(ais_type=70, length_m=292.0, beam_m=45.0))[0]
    'bulk_carrier'
    """
    evidence = (
        ("length_min_m", hull.length_m, 1),
        ("length_max_m", hull.length_m, -1),
        ("length_beam_min", hull.length_m / hull.beam_m if hull.beam_m > 0 else math.nan, 1),
        ("length_beam_max", hull.length_m / hull.beam_m if hull.beam_m > 0 else math.nan, -1),
        ("speed_min_kn", hull.fast_kn, 1),
    )
    code = hull.ais_type if hull.ais_type >= 0 else NO_AIS_TYPE
    for rule in _class_rules():
        if not rule["ais_type_min"] <= code <= rule["ais_type_max"]:
            continue
        if all(_holds(rule[name], found, sign) for name, found, sign in evidence):
            return str(rule["ship_type"]), str(rule["reason"])
    raise InputError("unknown_ais_type", f"AIS type {code} fits no rule (data/class_rules_2026.csv)")


@cache
def _class_rules() -> tuple[dict[str, Any], ...]:
    rows = reference.table("class_rules_2026").to_dict("records")
    return tuple({str(column): entry for column, entry in row.items()} for row in rows)


def _holds(limit: float, found: float, sign: int) -> bool:
    """Lower limits are part of the range, upper ones are not."""
    if math.isnan(limit):
        return True
    return found >= limit if sign > 0 else found < limit


def fast_speed_kn(
    vessel: npt.NDArray[np.int32],
    speed_kn: npt.NDArray[np.float64],
    duration_ms: npt.NDArray[np.int64],
    n_vessels: int,
) -> npt.NDArray[np.float64]:
    """Speed that each vessel has held or passed for an hour in all, to half a knot; NaN below an hour. [kn]

    Parameters
    ----------
    vessel : array
        Vessel of each segment.
    speed_kn : array
        Reported speed of each segment; NaN is left out. [kn]
    duration_ms : array
        Time of each segment. [ms]
    n_vessels : int
        Number of vessels.

    Examples
    --------
    >>> fast_speed_kn(np.array([0, 0, 1]), np.array([18.2, 30.0, 12.0]), np.array([3600000, 60000, 60000]), 2)
    array([18., nan])
    """
    bins = 80  # up to 40 kn
    known = (speed_kn >= 0) & (speed_kn < bins / 2)
    place = vessel[known].astype(np.int64) * bins + (speed_kn[known] * 2).astype(np.int64)
    held = np.bincount(place, weights=duration_ms[known], minlength=n_vessels * bins).reshape(n_vessels, bins)
    above = np.cumsum(held[:, ::-1], axis=1)[:, ::-1] >= MS_PER_HOUR
    return np.where(above[:, 0], (above.sum(axis=1) - 1) / 2.0, np.nan)

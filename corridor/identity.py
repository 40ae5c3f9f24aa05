"""Who a ship says it is: maritime mobile service identities (MMSI) and IMO ship numbers.

The number ranges are those of Recommendation ITU-R M.585: ships hold nine digits whose first three, the
maritime identification digits, run from 201 to 775; other beginnings belong to coast stations, groups,
aircraft, handheld sets, rescue transmitters, craft of a parent ship and aids to navigation.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

SHIP = 0
INVALID = 1
NOT_A_SHIP = 2

FIRST_MID, LAST_MID = 201, 775
# Factory settings and typing habits seen in real feeds; several pass every range check.
DENIED_MMSI = (123456789, 987654321, 1193046)
# 1234567 and 0000000 pass the check digit; 9999993 is the same typing habit.
DENIED_IMO = (0, 1234567, 9999993)
FIRST_IMO, LAST_IMO = 1_000_000, 9_999_999


def classify_mmsi(mmsi: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Return 0 for the number of a ship, 1 for an invalid number, 2 for a station that is no ship. [code].

    A repeated digit, a factory setting, fewer than nine digits, or identification digits outside 201–775
    make a number invalid. ``MID000000``-like numbers stay: they are shared by several ships, and their
    tracks are told apart later.

    >>> classify_mmsi([366999202, 0, 111111111, 123456789, 970999123, 993669999, 3669999]).tolist()
    [0, 1, 1, 1, 2, 2, 2]

    References
    ----------
    .. [1] Recommendation ITU-R M.585-9, Assignment and use of identities in the maritime mobile service.
    """
    number = np.asarray(mmsi, dtype=np.int64)
    mid = number // 1_000_000
    code = np.where((number >= 0) & (number <= 999_999_999), SHIP, INVALID).astype(np.uint8)
    code[(mid < FIRST_MID) | (mid > LAST_MID)] = INVALID
    code[_is_other_station(number)] = NOT_A_SHIP
    code[(number % 111_111_111 == 0) | np.isin(number, DENIED_MMSI)] = INVALID
    return code


def _is_other_station(number: IntArray) -> BoolArray:
    """Coast stations and groups (one or two leading zeros), aircraft, handheld sets, beacons, craft, aids."""
    mid = number // 1_000_000
    lead = number // 10_000_000
    coast = _has_mid(number // 10_000) & (number < 10_000_000)
    group = _has_mid(number // 100_000) & (number >= 10_000_000) & (number < 100_000_000)
    aircraft = (mid == 111) & _has_mid(number // 1000 % 1000)
    beacon = np.isin(mid, (970, 972, 974))
    handheld = (number // 100_000_000 == 8) & _has_mid(number // 100_000 % 1000)
    craft_or_aid = ((lead == 98) | (lead == 99)) & _has_mid(number // 10_000 % 1000)
    result: BoolArray = coast | group | aircraft | beacon | handheld | craft_or_aid
    return result


def _has_mid(digits: IntArray) -> BoolArray:
    result: BoolArray = (digits >= FIRST_MID) & (digits <= LAST_MID)
    return result


def valid_imo(imo: npt.ArrayLike) -> BoolArray:
    """Return True where a number is a usable IMO ship number. [boolean].

    Seven digits; the sum of the first six, weighted 7 to 2, ends in the seventh [1]_. Numbers that pass by
    accident of habit (1234567, 0000000, a repeated digit) are refused.

    >>> valid_imo([9220976, 9220977, 1234567, 0, 9999993]).tolist()
    [True, False, False, False, False]

    References
    ----------
    .. [1] IMO Resolution A.1117(30), IMO ship identification number scheme.
    """
    number = np.asarray(imo, dtype=np.int64)
    total = np.zeros(number.shape, dtype=np.int64)
    rest = number // 10
    for weight in range(2, 8):
        total += weight * (rest % 10)
        rest = rest // 10
    good = (number >= FIRST_IMO) & (number <= LAST_IMO) & (total % 10 == number % 10)
    good &= ~np.isin(number, DENIED_IMO) & (number % 1_111_111 != 0)
    result: BoolArray = good
    return result


def parse_imo(text: str | None) -> int:
    """Return the IMO number a text holds, with or without its prefix, or −1. [number].

    >>> parse_imo("IMO9220976"), parse_imo("9220976.0"), parse_imo("IMO0000000"), parse_imo(None)
    (9220976, 9220976, -1, -1)
    """
    if text is None:
        return -1
    digits = text.strip().upper().removeprefix("IMO").strip().removesuffix(".0")
    if not (digits.isascii() and digits.isdigit() and len(digits) == 7):
        return -1
    number = int(digits)
    return number if bool(valid_imo(number)) else -1


def country_of_mmsi(mmsi: int) -> str:
    """Country code of the first three digits of a ship's number, or nothing. [ISO 3166-1 alpha-2].

    >>> country_of_mmsi(477066700), country_of_mmsi(353274000), country_of_mmsi(-1)
    ('HK', 'PA', '')

    References
    ----------
    .. [1] ITU, Table of Maritime Identification Digits, as the package pyais has it.
    """
    mid = mmsi // 1_000_000
    return _country(mid) if FIRST_MID <= mid <= LAST_MID else ""


@cache
def _country(mid: int) -> str:
    from pyais.constants import COUNTRY_MAPPING  # noqa: PLC0415 — slow to import

    return str(COUNTRY_MAPPING.get(mid, ("", ""))[0])

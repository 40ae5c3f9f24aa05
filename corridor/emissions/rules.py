"""Dated, placed regulation: which fuel, with how much sulphur, and which NOx tier, where and when."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor import reference
from corridor.emissions.fuels import FUELS
from corridor.errors import InputError, ReferenceDataError

SUPPOSED = "sulphur_supposed_2026"
MS_PER_DAY = 86_400_000
NO_TIER_3 = 9999
# One object: supplies are compared, and not a number equals itself only as the same object.
NO_LIMIT = float("nan")
_EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True)
class Calendar:
    """A study's time, cut at UTC months and at the dates on which a rule changes.

    Attributes
    ----------
    marks_ms : array
        Instants inside the study; period ``i`` ends before mark ``i``. [ms]
    start_ms : array
        Start of each period. [ms]
    month : array
        ``year * 12 + month - 1`` of each period.
    """

    marks_ms: npt.NDArray[np.int64]
    start_ms: npt.NDArray[np.int64]
    month: npt.NDArray[np.int64]

    def period_at(self, t_ms: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Period that holds each instant. [index]"""
        return np.searchsorted(self.marks_ms, t_ms, side="right").astype(np.int64)


def calendar(first_ms: int, last_ms: int, supposed: Sequence[str] = ()) -> Calendar:
    """Cut a span of time at UTC months and rule dates.

    Parameters
    ----------
    first_ms, last_ms : int
        First and last instant of the study. [ms since 1970 UTC]
    supposed : sequence of str
        Rules supposed to hold besides those in force; see :func:`supposed_rules`.

    Raises
    ------
    InputError
        If the span ends before it starts, or a supposed rule is unknown.

    Examples
    --------
    >>> july = calendar(ms_of("2012-07-20"), ms_of("2012-08-10"))
    >>> july.month.tolist(), len(july.marks_ms)
    ([24150, 24151], 1)
    """
    if last_ms < first_ms:
        raise InputError("empty_period", f"the period ends ({last_ms} ms) before it starts ({first_ms} ms)")
    first, last = _date_of(first_ms), _date_of(last_ms)
    months = pd.date_range(first.replace(day=1), last, freq="MS")
    days = {(stamp.date() - _EPOCH).days * MS_PER_DAY for stamp in months} | set(_rule_dates_ms(supposed))
    marks = np.array(sorted(day for day in days if first_ms < day <= last_ms), np.int64)
    start = np.concatenate([np.array([first_ms], np.int64), marks])
    month = np.array([(day := _date_of(int(ms))).year * 12 + day.month - 1 for ms in start], np.int64)
    return Calendar(marks_ms=marks, start_ms=start, month=month)


def ms_of(date: str) -> int:
    """Start of a UTC day. [ms since 1970]

    >>> ms_of("1970-01-02")
    86400000
    """
    return (dt.date.fromisoformat(date) - _EPOCH).days * MS_PER_DAY


def _date_of(t_ms: int) -> dt.date:
    return _EPOCH + dt.timedelta(days=t_ms // MS_PER_DAY)


def supposed_rules(names: Sequence[str]) -> pd.DataFrame:
    """Rules that are not in force and that a user may suppose, by name.

    Raises
    ------
    InputError
        If one is unknown; the message names the known ones.

    Examples
    --------
    >>> supposed_rules(["china-0.10"])[["area", "sulphur_limit_percent"]].to_numpy().tolist()
    [['china_coastal', 0.1]]
    """
    facts = reference.table(SUPPOSED)
    for name in names:
        if name not in set(facts["rule"]):
            raise InputError(
                "unknown_rule",
                f"found rule '{name}'; expected one of {', '.join(facts['rule'].unique())}; "
                f"the rules in force hold by themselves (data/{SUPPOSED}.csv)",
            )
    return facts[facts["rule"].isin(list(names))]


def _rule_dates_ms(supposed: Sequence[str]) -> list[int]:
    days: list[int] = []
    in_force = (reference.table(name) for name in ("sulphur_rules_2026", "nox_rules_2026"))
    for facts in (*in_force, supposed_rules(supposed)):
        days += [ms_of(date) for date in facts["from_date"]]
        # A rule holds to the end of its last day.
        days += [ms_of(date) + MS_PER_DAY for date in facts["to_date"].dropna()]
    return days


@dataclass(frozen=True)
class Supply:
    """What a ship burns somewhere, and the NOx regime there.

    Attributes
    ----------
    fuel : str
        One of :data:`FUELS`.
    sulphur : float
        Mass fraction. [1]
    sulphur_basis : str
        ``measured <year>`` (mean of deliveries) or ``limit``.
    tier_3_keel_from : int
        First keel year that must meet Tier III; 9999 where none must.
    limit : float
        Legal limit of sulphur, a mass fraction; not a number where a supply stands for no rule. [1]
    scrubber_accepted : bool
        Whether cleaning the exhaust may stand for the fuel.
    """

    fuel: str
    sulphur: float
    sulphur_basis: str
    tier_3_keel_from: int
    limit: float = NO_LIMIT
    scrubber_accepted: bool = True


@dataclass(frozen=True)
class Rulebook:
    """Every supply of a study, by zone of the sulphur system and period of the calendar.

    Attributes
    ----------
    zone_ids : tuple of str
        Zones of the system, the remainder first.
    calendar : Calendar
        Periods.
    supplies : tuple of Supply
        Distinct supplies.
    supply_of : array, zones x periods
        Which supply holds. [index]
    """

    zone_ids: tuple[str, ...]
    calendar: Calendar
    supplies: tuple[Supply, ...]
    supply_of: npt.NDArray[np.int64]

    @property
    def fuel_of(self) -> npt.NDArray[np.int64]:
        """Fuel of each supply. [index into FUELS]"""
        return np.array([FUELS.index(supply.fuel) for supply in self.supplies], np.int64)


def rulebook(zone_ids: Sequence[str], periods: Calendar, supposed: Sequence[str] = ()) -> Rulebook:
    """Find the supply of every zone and period.

    Several areas can hold in one zone (California lies in the North American area): the lowest limit and the
    cleanest fuel win. The sulphur content is the mean measured in deliveries of that fuel in that year, or
    the limit where that is lower: a limit is an upper bound, not the mean.

    Parameters
    ----------
    zone_ids : sequence of str
        Zones of the sulphur system, the remainder first.
    periods : Calendar
        Periods of the study.
    supposed : sequence of str
        Rules supposed to hold besides those in force; see :func:`supposed_rules`.

    Raises
    ------
    ReferenceDataError
        If a zone has no areas in ``data/sulphur_zones_2026.csv``, or no rule holds at a date.

    Examples
    --------
    >>> book = rulebook(["global", "na_eca"], calendar(ms_of("2019-12-20"), ms_of("2020-01-10")))
    >>> [(book.supplies[i].fuel, book.supplies[i].sulphur) for i in book.supply_of.ravel()]
    [('hfo', 0.026), ('vlsfo', 0.005), ('mdo', 0.0007), ('mdo', 0.0007)]
    """
    known: list[Supply] = []
    supply_of = np.zeros((len(zone_ids), len(periods.start_ms)), np.int64)
    alike = _alike(periods, supposed)
    for row, zone_id in enumerate(zone_ids):
        areas = areas_of(zone_id)
        for column, date in enumerate(alike):
            supply = supply_at(areas, date, tuple(supposed))
            if supply not in known:
                known.append(supply)
            supply_of[row, column] = known.index(supply)
    return Rulebook(tuple(zone_ids), periods, tuple(known), supply_of)


def _alike(periods: Calendar, supposed: Sequence[str]) -> list[dt.date]:
    """Start of the first period under the same rules and measured contents, for each period."""
    changes = sorted(set(_rule_dates_ms(supposed)))
    measured = reference.table("sulphur_content_icct_2025")["year"]
    least, most = int(measured.min()), int(measured.max())
    first: dict[tuple[int, int], dt.date] = {}
    found = []
    for start_ms in periods.start_ms.tolist():
        date = _date_of(start_ms)
        # Outside the years of measurements the nearest one holds.
        year = min(max(date.year, least), most)
        found.append(first.setdefault((bisect_right(changes, start_ms), year), date))
    return found


def areas_of(zone_id: str) -> tuple[str, ...]:
    """Rule areas that hold in a zone of the sulphur system.

    >>> areas_of("california_24nm")
    ('global', 'na_eca', 'california')
    """
    return tuple(str(area) for area in reference.rows("sulphur_zones_2026", zone_id=zone_id)["area"])


@cache
def supply_at(areas: tuple[str, ...], date: dt.date, supposed: tuple[str, ...] = ()) -> Supply:
    """Return what ships burn where these areas hold, at a date.

    Raises
    ------
    ReferenceDataError
        If no rule holds yet.

    Examples
    --------
    >>> found = supply_at(("global",), dt.date(2018, 6, 1))
    >>> found.fuel, found.sulphur, found.sulphur_basis, found.limit
    ('hfo', 0.026, 'measured 2018', 0.035)
    """
    in_force = _holding(reference.table("sulphur_rules_2026"), areas, date)
    rules = pd.concat([in_force, _holding(supposed_rules(supposed), areas, date)]) if supposed else in_force
    if rules.empty:
        known = reference.table("sulphur_rules_2026")
        facts_from = known.loc[known["area"].isin(areas), "from_date"].min()
        raise ReferenceDataError(
            "no_sulphur_rule",
            f"found positions of {date}, when no sulphur rule held for {', '.join(areas)}; expected "
            f"{facts_from} or later; leave earlier positions out with --from, or correct their dates "
            "(data/sulphur_rules_2026.csv)",
        )
    fuel = max(rules["fuel"], key=FUELS.index)
    limit = round(float(rules["sulphur_limit_percent"].min()) / 100.0, 8)
    content, year = measured_sulphur(fuel, date.year)
    nox = _holding(reference.table("nox_rules_2026"), areas, date)
    return Supply(
        fuel=fuel,
        sulphur=min(limit, content),
        sulphur_basis=f"measured {year}" if content <= limit else "limit",
        tier_3_keel_from=int(nox["keel_from_year"].min()) if len(nox) else NO_TIER_3,
        limit=limit,
        scrubber_accepted=bool(rules["scrubber_accepted"].all()),
    )


def _holding(facts: pd.DataFrame, areas: Sequence[str], date: dt.date) -> pd.DataFrame:
    day = date.isoformat()
    # ISO dates sort as text.
    begun = facts["from_date"].astype(str) <= day
    running = facts["to_date"].isna() | (facts["to_date"].astype(str) >= day)
    return facts[facts["area"].isin(list(areas)) & begun & running]


def measured_sulphur(fuel: str, year: int) -> tuple[float, int]:
    """Mean content of what was delivered in the year, or the nearest with a measurement, and that year. [1]

    >>> measured_sulphur("mdo", 2018)
    (0.0007, 2018)
    """
    facts = reference.rows("sulphur_content_icct_2025", fuel=fuel)
    nearest = min(facts["year"], key=lambda known: abs(known - year))
    return float(facts.loc[facts["year"] == nearest, "value"].iloc[0]), int(nearest)

"""Which fuel, with how much sulphur, where and when."""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor import reference
from corridor.emissions.fuels import FUELS
from corridor.emissions.rules import areas_of, calendar, ms_of, rulebook, supply_at
from corridor.errors import InputError, ReferenceDataError
from corridor.reference import zones

DAY = 86_400_000

DATED = [
    # zone               day           fuel     sulphur   basis
    ("global", "2011-06-01", "hfo", 0.0258, "measured 2016"),
    ("global", "2019-12-31", "hfo", 0.026, "measured 2019"),
    ("global", "2020-01-01", "vlsfo", 0.005, "measured 2020"),
    ("global", "2026-11-01", "vlsfo", 0.005, "measured 2023"),
    ("na_eca", "2012-07-31", "hfo", 0.0258, "measured 2016"),
    ("na_eca", "2012-08-01", "hfo", 0.01, "limit"),
    ("na_eca", "2014-12-31", "hfo", 0.01, "limit"),
    ("na_eca", "2015-01-01", "mdo", 0.0008, "measured 2016"),
    ("na_eca", "2022-05-01", "mdo", 0.0006, "measured 2022"),
    ("na_eca_hawaii", "2018-06-01", "mdo", 0.0007, "measured 2018"),
    ("california_24nm", "2009-06-30", "hfo", 0.0258, "measured 2016"),
    ("california_24nm", "2009-07-01", "mdo", 0.0008, "measured 2016"),
    ("california_24nm", "2014-01-01", "mdo", 0.0008, "measured 2016"),
    ("china_coastal", "2018-12-31", "hfo", 0.026, "measured 2018"),
    ("china_coastal", "2019-01-01", "vlsfo", 0.005, "measured 2020"),
    ("hong_kong", "2019-06-01", "vlsfo", 0.005, "measured 2020"),
]


@pytest.mark.parametrize(("zone", "day", "fuel", "sulphur", "basis"), DATED)
def test_supply(zone, day, fuel, sulphur, basis):
    supply = supply_at(areas_of(zone), dt.date.fromisoformat(day))
    assert (supply.fuel, supply.sulphur, supply.sulphur_basis) == (fuel, sulphur, basis)


def test_tier_three_area_by_date():
    assert supply_at(areas_of("na_eca"), dt.date(2015, 12, 31)).tier_3_keel_from == 9999
    assert supply_at(areas_of("california_24nm"), dt.date(2016, 1, 1)).tier_3_keel_from == 2016
    assert supply_at(areas_of("china_coastal"), dt.date(2025, 1, 1)).tier_3_keel_from == 9999


@given(day=st.dates(dt.date(2005, 6, 1), dt.date(2035, 1, 1)))
def test_an_area_never_allows_more_sulphur_than_the_high_seas(day):
    outside = supply_at(areas_of("global"), day)
    for zone in zones("sulphur").zone_ids:
        inside = supply_at(areas_of(zone), day)
        assert inside.sulphur <= outside.sulphur
        assert FUELS.index(inside.fuel) >= FUELS.index(outside.fuel)


def test_before_the_first_rule_and_unknown_zones_are_errors():
    with pytest.raises(ReferenceDataError, match="no sulphur rule"):
        supply_at(("global",), dt.date(2000, 1, 1))
    with pytest.raises(ReferenceDataError, match=r"known zone_id: global"):
        areas_of("baltic")


def test_calendar_cuts_at_months_and_rule_dates():
    year = calendar(ms_of("2012-07-15"), ms_of("2012-10-02") + 5)
    assert [int(ms) for ms in year.marks_ms] == [
        ms_of(day) for day in ("2012-08-01", "2012-09-01", "2012-10-01")
    ]
    assert year.month.tolist() == [2012 * 12 + month - 1 for month in (7, 8, 9, 10)]
    # MARPOL's area of 2005 began inside a month.
    assert ms_of("2005-05-19") in calendar(ms_of("2005-05-02"), ms_of("2005-05-30")).marks_ms


@given(
    first=st.integers(ms_of("2006-01-01"), ms_of("2030-01-01")),
    length=st.integers(0, 800 * DAY),
    at=st.floats(0, 1),
)
def test_every_instant_lies_in_the_period_of_its_month(first, length, at):
    made = calendar(first, first + length)
    t_ms = first + int(length * at)
    period = int(made.period_at(np.array([t_ms]))[0])
    day = dt.datetime.fromtimestamp(t_ms / 1000, dt.UTC)
    assert made.month[period] == day.year * 12 + day.month - 1
    assert made.start_ms[period] <= t_ms
    assert period + 1 == len(made.start_ms) or t_ms < made.start_ms[period + 1]


def test_backward_time_is_refused():
    with pytest.raises(InputError, match="ends"):
        calendar(10, 5)


def test_rulebook_has_each_supply_once():
    book = rulebook(zones("sulphur").zone_ids, calendar(ms_of("2019-10-01"), ms_of("2020-03-31")))
    assert len(set(book.supplies)) == len(book.supplies)
    assert book.supply_of.shape == (6, 6)
    assert set(book.supply_of.ravel()) == set(range(len(book.supplies)))
    assert [FUELS[fuel] for fuel in book.fuel_of] == [supply.fuel for supply in book.supplies]


def supplies(days):
    """Supply of every zone on each day, worked out anew."""
    supply_at.cache_clear()
    return {(zone, day): supply_at(areas_of(zone), day) for zone in ZONES for day in days}


ZONES = ("global", "na_eca", "na_eca_hawaii", "california_24nm", "china_coastal", "hong_kong")
ROWS = range(len(reference.table("sulphur_rules_2026")))


@pytest.mark.parametrize("row", ROWS)
def test_changing_one_rule_changes_only_its_zone_and_period(row, monkeypatch):
    facts = reference.table("sulphur_rules_2026")
    rule = facts.iloc[row]
    edges = [(rule["from_date"], -1), (rule["to_date"], 0), (rule["to_date"], 1)]
    edges += [(day, 0) for day in facts["from_date"]]
    days = [dt.date.fromisoformat(day) + dt.timedelta(step) for day, step in edges if isinstance(day, str)]
    days = sorted({day for day in days if day >= dt.date(2005, 5, 19)})
    before = supplies(days)
    table = reference.table
    # Nobody allows less than a tenth of the lowest limit, so the change shows wherever the rule holds.
    changed = facts.assign(
        sulphur_limit_percent=facts["sulphur_limit_percent"].where(facts.index != row, 0.001)
    )
    monkeypatch.setattr(
        reference, "table", lambda name: changed if name == "sulphur_rules_2026" else table(name)
    )
    after = supplies(days)
    monkeypatch.undo()
    supply_at.cache_clear()
    last = rule["to_date"] if isinstance(rule["to_date"], str) else "9999-12-31"
    expected = {
        (zone, day)
        for zone in ZONES
        for day in days
        if rule["area"] in areas_of(zone) and rule["from_date"] <= day.isoformat() <= last
    }
    assert expected
    assert {key for key, supply in before.items() if supply != after[key]} == expected


def test_changing_the_tier_rule_changes_only_its_zone_and_period(monkeypatch):
    table = reference.table
    facts = table("nox_rules_2026")
    days = [dt.date.fromisoformat(day) for day in ("2015-12-31", "2016-01-01", "2026-06-01")]
    before = supplies(days)
    changed = facts.assign(keel_from_year=facts["keel_from_year"] + 5)
    monkeypatch.setattr(reference, "table", lambda name: changed if name == "nox_rules_2026" else table(name))
    after = supplies(days)
    monkeypatch.undo()
    supply_at.cache_clear()
    expected = {(zone, day) for zone in ZONES for day in days[1:] if set(facts["area"]) & set(areas_of(zone))}
    assert {zone for zone, _ in expected} == {"na_eca", "na_eca_hawaii", "california_24nm"}
    found = {key for key, supply in before.items() if supply != after[key]}
    assert found == expected
    # Nothing but the keel year from which the tier holds has changed.
    for key in found:
        same = {**before[key].__dict__, **after[key].__dict__}
        differ = [name for name in same if getattr(before[key], name) != getattr(after[key], name)]
        assert all("tier" in name or "keel" in name for name in differ), differ


def test_china_at_a_tenth_of_a_percent_holds_only_where_it_is_supposed():
    periods = calendar(ms_of("2024-12-15"), ms_of("2025-01-15"), ["china-0.10"])
    assert ms_of("2025-01-01") in periods.marks_ms
    today = rulebook(ZONES, periods)
    supposed = rulebook(ZONES, periods, ["china-0.10"])
    differs = [
        (ZONES[zone], period)
        for zone in range(len(ZONES))
        for period in range(2)
        if today.supplies[today.supply_of[zone, period]]
        != supposed.supplies[supposed.supply_of[zone, period]]
    ]
    assert differs == [("china_coastal", 1)]
    supply = supposed.supplies[supposed.supply_of[ZONES.index("china_coastal"), 1]]
    assert (supply.fuel, supply.limit, supply.sulphur) == ("mdo", 0.001, 0.0006)


def test_a_rule_nobody_knows_is_refused():
    with pytest.raises(InputError, match=r"found rule 'china-0.05'; expected one of china-0.10"):
        rulebook(ZONES, calendar(0, 5), ["china-0.05"])


def test_scrubbers_are_accepted_everywhere_but_in_california():
    day = dt.date(2024, 6, 1)
    accepted = {zone: supply_at(areas_of(zone), day).scrubber_accepted for zone in ZONES}
    assert accepted == {zone: zone != "california_24nm" for zone in ZONES}


def test_positions_before_any_rule_are_refused_with_a_cure():
    with pytest.raises(ReferenceDataError, match=r"found positions of 2000-01-01.*--from"):
        supply_at(("global",), dt.date(2000, 1, 1))

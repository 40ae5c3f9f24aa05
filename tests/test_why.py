"""Why it changed: a change made by hand comes back under its own name, and the parts sum to the whole."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor.accounts.ledger import MS_PER_H, Ledger
from corridor.emissions.basis import LEDGER_COLUMNS
from corridor.emissions.fuels import FUELS
from corridor.emissions.phases import PHASES
from corridor.emissions.species import CONSUMERS, SPECIES
from corridor.errors import InputError
from corridor.why import EFFECTS, why

ACCOUNTS = list(LEDGER_COLUMNS)
REST = ["at_berth", "at_anchor", "drifting"]


def masses(*consumers):
    return [f"{one}_{name}_mg" for one in consumers for name in ("fuel", *SPECIES)]


def scaled(study, factors, chosen=None, **others):
    """The study with some accounts of some rows multiplied."""
    rows = study.ledger.rows.copy()
    mine = np.ones(len(rows), bool) if chosen is None else chosen
    for columns, factor in factors:
        rows[columns] = rows[columns].astype(float)
        rows.loc[mine, columns] *= factor
    return replace(study, ledger=Ledger(rows, study.ledger.cells), **others)


def phase_is(study, *names):
    return study.ledger.rows["phase"].isin([PHASES.index(name) for name in names]).to_numpy()


def parts(before, after, pollutant="co2"):
    table = why(before, after)
    mine = table[(table["pollutant"] == pollutant) & (table["ship_class"] == "all")]
    return mine.set_index("effect")["change_kg"], float(mine["difference_kg"].iloc[0])


def only(before, after, effect, pollutant="co2"):
    """Everything is the work of one effect."""
    found, whole = parts(before, after, pollutant)
    assert abs(whole) > 0
    assert found[effect] == pytest.approx(whole, rel=1e-9)
    assert found.drop(effect).abs().max() <= 1e-9 * abs(whole)


def test_nothing_changed_between_a_study_and_itself(demo):
    table = why(demo.study, demo.study)
    assert (table["change_kg"] == 0.0).all()
    assert set(table["effect"]) == set(EFFECTS)


def test_twice_the_calls_of_the_same_ships(demo):
    calls = demo.study.calls[demo.study.calls["call_no"] > 0]
    known = demo.study.vessels["vessel_id"].isin(calls["vessel_id"]).to_numpy()
    rows = demo.study.ledger.rows
    callers = replace(demo.study, ledger=Ledger(rows[known[rows["vessel"]]], demo.study.ledger.cells))
    assert known.sum() > 5
    twice = pd.concat([demo.study.calls] * 2, ignore_index=True)
    only(callers, scaled(callers, [(ACCOUNTS, 2.0)], calls=twice), "calls")


def test_half_the_speed_over_the_same_way(demo):
    # Twice the hours; of the main engine a quarter of the energy per mile, of the others twice as much.
    under_way = ~phase_is(demo.study, *REST)
    slow = scaled(demo.study, [(["hours_ms"], 2.0), (["main_mwh", *masses("main")], 0.25)], under_way)
    others = ["aux_mwh", "boiler_mwh", "shore_mwh", *masses("aux", "boiler")]
    only(demo.study, scaled(slow, [(others, 2.0)], under_way), "speed")


@pytest.mark.parametrize(
    ("phases", "effect"),
    [(["at_berth"], "hours_at_berth"), (["at_anchor", "drifting"], "hours_at_anchor")],
)
def test_longer_at_rest(demo, phases, effect):
    only(demo.study, scaled(demo.study, [(ACCOUNTS, 1.5)], phase_is(demo.study, *phases)), effect)


def test_plugs_at_berth(demo):
    berth = phase_is(demo.study, "at_berth")
    plugged = scaled(demo.study, [(["aux_mwh", *masses("aux")], 0.25)], berth)
    rows = plugged.ledger.rows
    taken = demo.study.ledger.rows["aux_mwh"] - rows["aux_mwh"]
    plugged = replace(
        plugged, ledger=Ledger(rows.assign(shore_mwh=rows["shore_mwh"] + taken), plugged.ledger.cells)
    )
    only(demo.study, plugged, "shore_power")


def test_another_fuel_by_rule(demo):
    rows = demo.study.ledger.rows
    vlsfo = (rows["fuel"] == FUELS.index("vlsfo")).to_numpy()
    cleaner = scaled(demo.study, [(masses("main", "aux", "boiler"), 0.9)], vlsfo)
    fuel = np.where(vlsfo, FUELS.index("bio_hvo"), rows["fuel"])
    only(
        demo.study, replace(cleaner, ledger=Ledger(cleaner.ledger.rows.assign(fuel=fuel), rows)), "fuel_rules"
    )


def test_half_of_the_way_was_not_heard(demo):
    under_way = ~phase_is(demo.study, *REST)
    rows = demo.study.ledger.rows
    hours = rows[under_way].groupby("vessel")["hours_ms"].sum() / 2
    holes = pd.DataFrame(
        {
            "vessel_id": demo.study.vessels["vessel_id"].to_numpy()[hours.index],
            "t0_ms": 0,
            "t1_ms": hours.to_numpy().astype(np.int64),
            **dict.fromkeys(("lat0", "lon0", "lat1", "lon1"), 0.0),
            "reason": "silent",
            "zone0": 0,
            "zone1": 0,
        }
    )
    assert hours.sum() / MS_PER_H > 100
    deaf = scaled(demo.study, [(ACCOUNTS, 0.5)], under_way, unobserved=holes)
    found, whole = parts(demo.study, deaf)
    # Half a millisecond of each ship is lost to whole milliseconds of the holes.
    assert found["coverage"] == pytest.approx(whole, rel=1e-6)


def test_other_ships_of_the_same_number(demo):
    other = demo.study.vessels.assign(tier=demo.study.vessels["tier"] + 10)
    found, whole = parts(
        demo.study, replace(scaled(demo.study, [(masses("main"), 0.5)]), vessels=other), "nox"
    )
    assert found["ship_size_tier"] == pytest.approx(whole, rel=1e-9)


def test_another_method_has_what_would_be_power_and_factors(demo):
    manifest = demo.study.manifest
    settings_ = manifest["parameters"] | {"method": "epa2022", "method_tables": "epa2022"}
    more = scaled(demo.study, [(masses(*CONSUMERS), 1.1)])
    only(demo.study, replace(more, manifest=manifest | {"parameters": settings_}), "method")


def test_a_published_study_has_no_ships_to_ask(demo):
    hidden = replace(demo.study, manifest=demo.study.manifest | {"published": {"least_ships_in_a_class": 3}})
    with pytest.raises(InputError, match="without its ships"):
        why(demo.study, hidden)


@settings(max_examples=15)
@given(st.data())
def test_whatever_changes_the_parts_sum_to_the_whole(demo, data):
    rows = demo.study.ledger.rows
    small = rows.iloc[:: max(len(rows) // 40, 1)].reset_index(drop=True)
    sides = []
    for _ in range(2):
        factor = data.draw(
            st.lists(st.sampled_from([0.0, 0.3, 1.0, 7.0]), min_size=len(small), max_size=len(small))
        )
        made = small.copy()
        made[ACCOUNTS] = (small[ACCOUNTS].mul(factor, axis=0)).round().astype(np.int64)
        made["fuel"] = data.draw(st.permutations(small["fuel"].tolist()))
        kept = made[np.array(factor) > 0]
        sides.append(replace(demo.study, ledger=Ledger(kept, demo.study.ledger.cells)))
    if any(not len(side.ledger.rows) for side in sides):
        return
    groups = why(*sides).groupby(["pollutant", "ship_class"])
    whole, parted = groups["difference_kg"].first(), groups["change_kg"].sum()
    scale = groups[["before_kg", "after_kg"]].first().max(axis=1)
    assert ((whole - parted).abs() <= 1e-9 * scale).all()

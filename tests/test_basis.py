"""The kernel: whole numbers that add up, the same by a slow reference, and the physics METHOD asks for."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor.emissions import basis, kernel
from corridor.emissions.basis import CELL_COLUMNS, LEDGER_COLUMNS, PIECE_COLUMNS
from corridor.emissions.fleet import fleet
from corridor.emissions.fuels import FUELS
from corridor.emissions.phases import PHASES
from corridor.emissions.species import CONSUMERS, SPECIES, low_load_groups, low_load_table
from tests.emission_world import BOX, HOUR, START, book, code, parts, places, run, ships, tracks

OPEN = code("remainder")
ECA = code("remainder", "na_eca")
BERTH = code("berth")


def total(found, column):
    return int(found.ledger[column].sum())


def fuel_of(found):
    return sum(total(found, f"{consumer}_fuel_mg") for consumer in CONSUMERS)


# --- a slow reference -------------------------------------------------------------------------------------


def amounts(legs, s, supply, phase, of, load, runs):
    """Accounts of a whole segment, written out from the formulae, without the kernel's tables."""
    hours = (legs.t1_ms[s] - legs.t0_ms[s]) / HOUR
    v = legs.vessel[s]
    out = dict.fromkeys(LEDGER_COLUMNS, 0.0)
    out["hours_ms"] = float(legs.t1_ms[s] - legs.t0_ms[s])
    out["observed_ms"] = float(legs.observed_ms[s])
    out["distance_mm"] = legs.distance_m[s] * 1000
    low = dict(zip(("nox", "pm", "co", "hc"), low_load_table()[round(load * 100)], strict=True))
    group = ["", "nox", "pm", "co", "hc"]
    for c, consumer in enumerate(CONSUMERS):
        power = [of.me_kw[v] * load * runs, of.aux_kw[v, 0, phase], of.boiler_kw[v, 0, phase]][c]
        curve = np.polyval(of.curve[v], load) if c == 0 else 1.0
        kwh = power * hours
        fuel_g = kwh * of.sfc[v, supply, c] * curve
        out[f"{consumer}_mwh"] = kwh * 1e6
        out[f"{consumer}_fuel_mg"] = fuel_g * 1e3
        for k, species in enumerate(SPECIES):
            factor = low.get(group[low_load_groups()[k] + 1], 1.0) if c == 0 else 1.0
            grams = kwh * of.ef[v, supply, c, k] * factor + fuel_g * of.ef_fuel[v, supply, c, k]
            if c == 0 and species == "bc" and runs:
                grams += fuel_g * of.bc[v, supply, 0] * load ** of.bc[v, supply, 1]
            out[f"{consumer}_{species}_mg"] = grams * 1e3
        if c == 0:
            for name, factor in low.items():
                out[f"ll_{name}_mwh"] = kwh * factor * 1e6
    return out


def slow_ledger(legs, atoms, of, rules, found):
    """Ledger by dictionaries: phases and supplies from their own rules, rounding carried along a ship."""
    rows, carry, ship = {}, {}, None
    kinds, zones = places().look_up(atoms.code)
    table = of.phases.table
    for i, s in enumerate(atoms.segment):
        v = legs.vessel[s]
        if v != ship:
            ship, carry = v, dict.fromkeys(LEDGER_COLUMNS, 0.0)
        speed, load, stays = found.speed_kn[s], found.load[s], legs.kind[s] == 1
        band = 0 if stays else int(np.searchsorted(of.phases.band_limits_kn, speed))
        phase = int(table[kinds[i], band])
        if phase < 0:
            # Nothing is known of coast and rest here: the load, adrift, and at berth in a harbour.
            by_load = "cruising" if load > 0.65 else "slow_transit"
            moored = "at_berth" if stays else "manoeuvring"
            phase = PHASES.index([by_load, by_load, "drifting", moored][-1 - phase])
        middle = legs.t0_ms[s] + (legs.t1_ms[s] - legs.t0_ms[s]) * (atoms.f0[i] + atoms.f1[i]) / 2
        period = int(np.searchsorted(rules.calendar.marks_ms, middle, side="right"))
        supply = int(rules.supply_of[zones[i], period])
        runs = phase > 1 and not stays and load >= 0.07
        fuel = FUELS.index(rules.supplies[supply].fuel)
        key = (v, legs.voyage[s], atoms.code[i], rules.calendar.month[period], phase, legs.origin[s], fuel)
        row = rows.setdefault(tuple(map(int, key)), dict.fromkeys(LEDGER_COLUMNS, 0))
        for name, whole in amounts(legs, s, supply, phase, of, load, runs).items():
            exact = whole * (atoms.f1[i] - atoms.f0[i]) + carry[name]
            booked = round(exact)
            carry[name] = exact - booked
            row[name] += booked
    return rows


def random_world(seed, n=60):
    """Two ships wander through all zones over the turn of 2019 to 2020, with stays, gaps and cuts."""
    r = np.random.default_rng(seed)
    rules = book("2019-12-20", "2020-01-20")
    of = fleet(ships(BOX, {"ship_type": "bulk_carrier", "dwt": 58_000, "build_year": 2018}), rules.supplies)
    start = rules.calendar.start_ms[0] + np.concatenate([np.cumsum(r.integers(1, 20 * HOUR, n))] * 2)
    length = r.integers(0, HOUR, 2 * n)
    kind = (r.random(2 * n) < 0.2).astype(np.uint8)
    legs = tracks(
        2 * n,
        vessel=np.repeat([0, 1], n),
        voyage=np.sort(r.integers(0, 3, 2 * n)),
        t0_ms=start,
        t1_ms=start + length,
        distance_m=np.where(kind == 1, 0, r.uniform(0, 25, 2 * n) * 1852 * length / HOUR),
        sog_kn=np.where(r.random(2 * n) < 0.2, np.nan, r.uniform(0, 25, 2 * n)),
        draught_m=np.where(r.random(2 * n) < 0.2, np.nan, r.uniform(1, 20, 2 * n)),
        kind=kind,
        origin=r.integers(0, 4, 2 * n),
        observed_ms=(length * r.choice([0.3, 1.0, 1.0], 2 * n)).astype(np.int64),
    )
    cuts = r.integers(1, 4, 2 * n)
    segment = np.repeat(np.arange(2 * n), cuts)
    edges = [np.concatenate([[0.0], np.sort(r.random(k - 1)), [1.0]]) for k in cuts]
    atoms = parts(
        r.integers(0, 12, len(segment)),
        segment=segment,
        cell=r.integers(0, 9, len(segment)),
        f0=np.concatenate([edge[:-1] for edge in edges]),
        f1=np.concatenate([edge[1:] for edge in edges]),
    )
    return legs, atoms, of, rules


@pytest.mark.parametrize("seed", range(4))
def test_same_integers_as_the_slow_reference(seed):
    legs, atoms, of, rules = random_world(seed)
    found = run(legs, atoms, of=of, rules=rules)
    expected = slow_ledger(legs, atoms, of, rules, found)
    keys = [tuple(map(int, row)) for row in found.ledger[list(basis.LEDGER_KEYS)].to_numpy()]
    assert sorted(keys) == sorted(expected)
    ours = found.ledger[list(LEDGER_COLUMNS)].to_numpy()
    theirs = np.array([[expected[key][name] for name in LEDGER_COLUMNS] for key in keys])
    # Formulae in another order may differ in the last bit, and so, rarely, in one unit of a rounding.
    assert np.abs(ours - theirs).max() <= 1
    assert (ours != theirs).mean() < 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_plain_python_path_gives_the_same_bytes(seed, monkeypatch):
    legs, atoms, of, rules = random_world(seed, n=12)
    compiled = run(legs, atoms, of=of, rules=rules, pieces=True)
    for name in (
        "sort_atoms",
        "number_keys",
        "number_pieces",
        "number_pairs",
        "book",
        "add_main_engine",
        "apply_control",
        "_number",
        "_slot",
        "_wider",
    ):
        function = getattr(kernel, name)
        monkeypatch.setattr(kernel, name, getattr(function, "py_func", function))
    plain = run(legs, atoms, of=of, rules=rules, pieces=True)
    pd.testing.assert_frame_equal(plain.ledger, compiled.ledger)
    pd.testing.assert_frame_equal(plain.cells, compiled.cells)
    pd.testing.assert_frame_equal(plain.pieces, compiled.pieces)
    pd.testing.assert_frame_equal(plain.pairs, compiled.pairs)


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_every_way_of_summing_gives_the_same_integer(seed):
    legs, atoms, of, rules = random_world(seed, n=20)
    found = run(legs, atoms, of=of, rules=rules, pieces=True)
    for name in SPECIES:
        ledger = sum(total(found, f"{consumer}_{name}_mg") for consumer in CONSUMERS)
        assert ledger == found.cells[f"{name}_mg"].sum() == found.pieces[f"{name}_mg"].sum()
    assert fuel_of(found) == found.cells["fuel_mg"].sum() == found.pieces["fuel_mg"].sum()
    for name in PIECE_COLUMNS[:6]:
        assert total(found, name) == found.pieces[name].sum()
    diesel = total(found, "main_pm10_mg") + total(found, "aux_pm10_mg")
    assert diesel == found.cells["pm10_diesel_mg"].sum() == found.pieces["pm10_diesel_mg"].sum()
    by_cell = found.cells.groupby("cell")["co2_mg"].sum()
    pd.testing.assert_series_equal(found.pairs.groupby("cell")["co2_mg"].sum(), by_cell)
    of_vessel = found.ledger[[f"{consumer}_co2_mg" for consumer in CONSUMERS]].sum(axis=1)
    by_vessel = of_vessel.groupby(found.ledger["vessel"]).sum()
    assert found.pairs.groupby("vessel")["co2_mg"].sum().tolist() == by_vessel.tolist()
    assert not found.pairs.duplicated(["cell", "vessel"]).any()


@given(seed=st.integers(0, 10**6))
@settings(max_examples=25, deadline=None)
def test_a_ships_total_is_rounded_once(seed):
    legs, atoms, of, rules = random_world(seed, n=20)
    found = run(legs, atoms, of=of, rules=rules)
    for vessel in (0, 1):
        mine = found.ledger[found.ledger["vessel"] == vessel]
        assert mine["hours_ms"].sum() == (legs.t1_ms - legs.t0_ms)[legs.vessel == vessel].sum()
        assert mine["observed_ms"].sum() == legs.observed_ms[legs.vessel == vessel].sum()
        exact = legs.distance_m[legs.vessel == vessel].sum() * 1000
        assert abs(mine["distance_mm"].sum() - exact) <= 0.5 + 1e-6 * exact**0.5


@given(cuts=st.lists(st.floats(0.001, 0.999), max_size=6))
@settings(max_examples=40, deadline=None)
def test_cutting_a_segment_changes_no_total(cuts):
    edges = np.concatenate([[0.0], np.sort(cuts), [1.0]])
    n = len(edges) - 1
    whole = run(tracks(1), parts([OPEN]))
    cut = run(tracks(1), parts([OPEN] * n, segment=[0] * n, cell=range(n), f0=edges[:-1], f1=edges[1:]))
    for name in LEDGER_COLUMNS:
        assert total(cut, name) == total(whole, name)


# --- physics ----------------------------------------------------------------------------------------------


def test_columns_have_the_widths_the_kernel_books():
    assert len(LEDGER_COLUMNS) == kernel.N_LEDGER
    assert len(CELL_COLUMNS) == kernel.N_CELL
    assert len(PIECE_COLUMNS) == kernel.N_PIECE
    assert LEDGER_COLUMNS[kernel.MAIN_MASS] == "main_co2_mg"
    assert LEDGER_COLUMNS[kernel.BOILER_MASS] == "boiler_co2_mg"
    assert SPECIES[kernel.BC] == "bc"
    assert SPECIES[kernel.PM10] == "pm10"


def test_twice_the_hours_twice_the_mass():
    one, two = run(tracks(1), parts([OPEN])), run(tracks(2), parts([OPEN] * 2))
    for name in LEDGER_COLUMNS:
        assert abs(total(two, name) - 2 * total(one, name)) <= 1


def test_halving_segments_changes_no_total_at_constant_speed():
    half = HOUR // 2
    halves = tracks(
        2, t0_ms=[START, START + half], t1_ms=[START + half, START + HOUR], distance_m=[9 * 1852.0] * 2
    )
    one, two = run(tracks(1), parts([OPEN])), run(halves, parts([OPEN] * 2))
    for name in LEDGER_COLUMNS:
        assert total(two, name) == total(one, name)


@given(slow=st.floats(10.0, 25.0), more=st.floats(0.05, 5.0))
@settings(max_examples=40, deadline=None)
def test_fuel_rises_with_speed_above_the_cut_off(slow, more):
    legs = [run(tracks(1, sog_kn=[speed]), parts([OPEN])) for speed in (slow, slow + more)]
    first, second = (total(leg, "main_fuel_mg") for leg in legs)
    assert second > first > 0 or legs[1].load[0] == 1.0


def test_co2_over_fuel_is_the_carbon_factor():
    found = run(tracks(2), parts([OPEN, ECA])).ledger.set_index("fuel")
    for fuel, factor in (("hfo", 3.114), ("mdo", 3.206)):
        row = found.loc[FUELS.index(fuel)]
        for consumer in ("main", "aux"):
            assert row[f"{consumer}_co2_mg"] / row[f"{consumer}_fuel_mg"] == pytest.approx(factor, rel=1e-8)


def test_distillate_instead_of_residual():
    found = run(tracks(2), parts([OPEN, ECA])).ledger.set_index("fuel")
    hfo, mdo = found.loc[FUELS.index("hfo")], found.loc[FUELS.index("mdo")]
    assert mdo["main_co2_mg"] / hfo["main_co2_mg"] == pytest.approx(165 * 3.206 / (175 * 3.114), rel=1e-6)


def test_sulphur_follows_fuel_and_place():
    found = run(tracks(2), parts([OPEN, ECA])).ledger.set_index("fuel")
    hfo, mdo = found.loc[FUELS.index("hfo")], found.loc[FUELS.index("mdo")]
    # Contents of 2018: 2.60 % and 0.07 %.
    assert mdo["main_sox_mg"] / hfo["main_sox_mg"] == pytest.approx(0.0007 / 0.026 * 165 / 175, rel=1e-6)
    grams = hfo["main_fuel_mg"] * 2 * 0.97753 * 0.026
    assert hfo["main_sox_mg"] == pytest.approx(grams, rel=1e-8)


def test_the_rule_of_2020_changes_only_its_zone_and_period():
    rules = book("2019-12-31", "2020-01-02")
    of = fleet(ships(BOX), rules.supplies)
    start = rules.calendar.start_ms[0]
    days = [start, start + 24 * HOUR]
    found = {}
    for name, where in (("high seas", OPEN), ("eca", ECA)):
        legs = tracks(2, t0_ms=days, t1_ms=[day + HOUR for day in days])
        ledger = run(legs, parts([where] * 2), of=of, rules=rules).ledger.sort_values("month")
        found[name] = ledger["main_sox_mg"].to_numpy() / ledger["main_fuel_mg"].to_numpy()
    assert found["high seas"][1] / found["high seas"][0] == pytest.approx(0.005 / 0.026, rel=1e-6)
    assert found["eca"][1] == pytest.approx(found["eca"][0], rel=1e-6)


def test_tier_three_holds_inside_the_american_area_only():
    rules = book()
    of = fleet(ships(BOX | {"build_year": 2019}), rules.supplies)
    row = run(tracks(2), parts([OPEN, ECA]), of=of, rules=rules).ledger.set_index("fuel")
    high_seas, eca = row.loc[FUELS.index("hfo")], row.loc[FUELS.index("mdo")]
    assert high_seas["main_nox_mg"] / high_seas["main_mwh"] == pytest.approx(14.4e-3, rel=1e-5)
    assert eca["main_nox_mg"] / eca["main_mwh"] == pytest.approx(3.4e-3, rel=1e-5)


def test_a_stay_at_berth_runs_auxiliaries_and_boiler_only():
    stay = tracks(1, kind=[1], distance_m=[0.0], sog_kn=[0.3], t1_ms=[START + 30 * HOUR])
    row = run(stay, parts([BERTH])).ledger.iloc[0]
    assert PHASES[row["phase"]] == "at_berth"
    assert row["main_mwh"] == row["main_fuel_mg"] == 0
    assert row["aux_mwh"] == 1150 * 30 * 1_000_000
    assert row["boiler_mwh"] == 620 * 30 * 1_000_000
    assert row["hours_ms"] == 30 * HOUR


def test_below_seven_per_cent_the_main_engine_is_off_and_the_time_is_counted():
    leg = tracks(1, sog_kn=[9.0])
    off, on = run(leg, parts([OPEN])), run(leg, parts([OPEN]), main_off=False)
    assert 0 < off.load[0] < 0.07
    assert total(off, "main_fuel_mg") == 0
    assert off.main_off_ms == HOUR
    assert total(on, "main_fuel_mg") > 0
    assert on.main_off_ms == 0


def test_low_load_multiplies_and_leaves_co2_and_sulphur_alone():
    low, high = (run(tracks(1, sog_kn=[speed]), parts([OPEN])).ledger.iloc[0] for speed in (10.5, 22.0))
    percent = round(float(run(tracks(1, sog_kn=[10.5]), parts([OPEN])).load[0]) * 100)
    factors = dict(zip(("nox", "pm10", "co", "nmvoc"), low_load_table()[percent], strict=True))
    for name, factor in factors.items():
        ratio = (low[f"main_{name}_mg"] / low["main_mwh"]) / (high[f"main_{name}_mg"] / high["main_mwh"])
        assert ratio == pytest.approx(factor, rel=1e-5)
    for name in ("co2", "sox"):
        assert low[f"main_{name}_mg"] / low["main_fuel_mg"] == pytest.approx(
            high[f"main_{name}_mg"] / high["main_fuel_mg"], rel=1e-8
        )
    assert low["ll_nox_mwh"] / low["main_mwh"] == pytest.approx(factors["nox"], rel=1e-8)


def test_pieces_join_the_cells_of_a_zone():
    #   |  cell 1 | cell 2 | cell 3 |
    #   |  open sea    |   eca      |
    atoms = parts(
        [OPEN, OPEN, ECA, ECA],
        segment=[0] * 4,
        cell=[1, 2, 2, 3],
        f0=[0, 0.3, 0.5, 0.6],
        f1=[0.3, 0.5, 0.6, 1],
    )
    found = run(tracks(1), atoms, pieces=True)
    assert found.pieces[["zone", "f0", "f1"]].to_numpy().tolist() == [[OPEN, 0, 0.5], [ECA, 0.5, 1]]
    assert found.pieces["hours_ms"].tolist() == [HOUR // 2, HOUR // 2]
    assert sorted(found.cells["cell"]) == [1, 2, 2, 3] or sorted(found.cells["cell"]) == [1, 2, 3]


def test_no_atoms_no_rows():
    found = run(tracks(0), parts([]), pieces=True)
    assert len(found.ledger) == len(found.cells) == len(found.pieces) == 0
    assert list(found.ledger) == [*basis.LEDGER_KEYS, *LEDGER_COLUMNS]


def test_many_keys_outgrow_the_first_table():
    n = 5000
    atoms = parts([OPEN] * n, segment=[0] * n, cell=range(n), f0=np.arange(n) / n, f1=np.arange(1, n + 1) / n)
    found = run(tracks(1), atoms)
    assert len(found.cells) == n
    assert found.cells["hours_ms"].sum() == HOUR
    assert found.cells["cell"].is_unique


def test_a_fleet_made_for_other_supplies_is_refused():
    rules = book()
    with pytest.raises(ValueError, match="supplies"):
        run(tracks(1), parts([OPEN]), of=fleet(ships(BOX), rules.supplies[:1]), rules=rules)

"""Particulars no register gives: tables inside their reach, formulae beyond it, and their spread."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor import reference, run_study
from corridor.emissions.facts import vessel_facts
from corridor.emissions.inference import ship_types, size_bins, teu_from_dwt
from corridor.emissions.particulars import particulars_of
from corridor.emissions.ships import resolve_ships
from corridor.emissions.spread import FIELDS, MAIN_FUEL, ship_spread, weakest
from corridor.emissions.stated import PROVENANCE
from corridor.identity import country_of_mmsi

ALL_BINS = [(name, number) for name in ship_types() for number, _, _ in size_bins(name)]


def ship(**facts):
    register = pd.DataFrame({"vessel_id": ["X"], **{name: [value] for name, value in facts.items()}})
    return resolve_ships(pd.DataFrame({"vessel_id": ["X"]}), register)[0]


@pytest.mark.parametrize(("ship_type", "size_bin"), ALL_BINS)
def test_every_class_and_bin_has_particulars(ship_type, size_bin):
    found = particulars_of(ship_type, size_bin)
    assert min(found.me_kw, found.v_ref_kn, found.t_ref_m) > 0
    assert found.provenance == "default"
    assert found.verification


def test_the_formula_is_the_one_of_the_resolution():
    tanker = particulars_of("oil_tanker", 8, dwt_t=300_000)
    # 22.8415 x 300,000^0.55826 kW and 8.1358 x 300,000^0.05383 kn.
    assert tanker.me_kw == pytest.approx(26_060, rel=1e-3)
    assert tanker.v_ref_kn == pytest.approx(16.04, rel=1e-3)
    assert tanker.t_ref_m == particulars_of("oil_tanker", 8).t_ref_m


def test_a_very_large_tanker_is_not_given_the_engine_of_a_smaller_one_where_her_deadweight_is_known():
    by_bin = ship(ship_type="oil_tanker", dwt=120_000.0)
    large = ship(ship_type="oil_tanker", dwt=300_000.0)
    assert large.me_kw > 1.4 * by_bin.me_kw
    assert (large.provenance["me_kw"], large.speed_meaning) == ("inferred", "eexi_75")
    assert any("MEPC.333(76)" in remark and "nearest row" in remark for remark in large.remarks)
    # A row of her own class and size is left alone.
    assert (by_bin.provenance["me_kw"], by_bin.speed_meaning) == ("default", "maximum")


@given(st.sampled_from(ALL_BINS), st.floats(500, 500_000) | st.just(math.nan))
def test_a_register_always_wins(kind, dwt_t):
    ship_type, _ = kind
    one = ship(ship_type=ship_type, dwt=dwt_t, me_kw=12_345.0, v_ref_kn=17.5, t_ref_m=9.5)
    assert (one.me_kw, one.v_ref_kn, one.t_ref_m, one.speed_meaning) == (12_345.0, 17.5, 9.5, "maximum")
    assert {one.provenance[name] for name in ("me_kw", "v_ref_kn", "t_ref_m")} == {"register"}
    assert not any("particulars of" in remark for remark in one.remarks)


def test_container_capacity_from_deadweight_alone():
    one = ship(ship_type="container", dwt=199_629.0)
    assert one.size == one.teu == round(teu_from_dwt(199_629))
    assert one.provenance["teu"] == one.provenance["size"] == "inferred"
    assert one.dwt_t == 199_629
    assert one.size_bin == 8


def test_a_size_beyond_the_known_ships_is_said():
    huge = {"vessel_id": ["X"], "ais_type": [71], "length_m": [440.0], "beam_m": [70.0]}
    (one,) = resolve_ships(pd.DataFrame(huge))
    assert any("beyond the largest known ship" in remark for remark in one.remarks)
    known = huge | {"length_m": [366.0], "beam_m": [51.0]}
    assert not any("beyond" in remark for remark in resolve_ships(pd.DataFrame(known))[0].remarks)


def test_spread_grows_as_less_is_known():
    seen = pd.DataFrame({"vessel_id": ["X"], "ais_type": [71], "length_m": [366.0], "beam_m": [51.0]})
    guessed = ship_spread(resolve_ships(seen)[0])
    listed = ship_spread(
        ship(ship_type="container", teu=14_000.0, me_kw=65_000.0, v_ref_kn=24.0, t_ref_m=15.0, length_m=366.0)
    )
    formula = ship_spread(ship(ship_type="oil_tanker", dwt=300_000.0))
    for name in ("me_kw", "v_ref_kn", MAIN_FUEL):
        assert 1.0 < listed[name] < formula[name] < guessed[name]
    assert set(guessed) <= {*FIELDS, MAIN_FUEL}
    assert "beam_m" not in listed, "nobody knows her beam"
    assert weakest("register", "default", "ais") == "default"


def test_power_and_speed_scatter_as_much_as_the_fuel_that_was_measured():
    """Fuel goes with power over the cube of speed: what look-up adds to a register's scatter comes back."""
    table = reference.table("ship_spread_2026").set_index(["field", "provenance"])["gsd"]
    for origin in ("inferred", "default"):
        of_parts = math.log(table["me_kw", origin]) ** 2 + 9 * math.log(table["v_ref_kn", origin]) ** 2
        of_fuel = math.log(table["main_fuel", origin]) ** 2 - math.log(table["main_fuel", "register"]) ** 2
        assert of_parts == pytest.approx(of_fuel, rel=0.05)


def test_facts_of_a_vessel_hold_provenance_and_spread():
    seen = pd.DataFrame(
        {
            "vessel_id": ["A", "B"],
            "imo": [-1, -1],
            "mmsi": [477066700, -1],
            "fixes": [3, 4],
            "ais_type": [71, 70],
        }
    )
    table = vessel_facts(seen, resolve_ships(seen))
    assert table["flag"].tolist() == ["HK", ""]
    assert set(table["main_power_provenance"]) <= set(PROVENANCE)
    assert table["scrubber"].tolist() == ["unknown", "unknown"]
    assert table["scrubber_provenance"].tolist() == ["", ""]
    assert (table[["main_power_gsd", "reference_speed_gsd", "main_fuel_gsd"]] > 1).all(axis=None)


@pytest.mark.parametrize(
    ("mmsi", "flag"),
    [(412000000 + 1234, "CN"), (366999202, "US"), (970123456, ""), (0, ""), (659000123, "NA")],
)
def test_flag_of_a_number(mmsi, flag):
    assert country_of_mmsi(mmsi) == flag


def test_hours_without_a_draught_are_counted(demo, work_dir, tmp_path):
    totals = demo.study.manifest["totals"]
    assert 0 < totals["hours_under_way_without_draught"] < 0.5 * totals["hours"]
    day = pd.DataFrame(
        {
            "MMSI": 477999101,
            "BaseDateTime": [f"2024-01-10T{hour:02d}:00:00" for hour in range(6)],
            "LAT": 40.0,
            "LON": [-160.0 + 0.4 * hour for hour in range(6)],
            "SOG": 18.0,
            "VesselType": 71,
            "Length": 300,
        }
    )
    day.to_csv(tmp_path / "day.csv", index=False)
    study = run_study(tmp_path / "day.csv", work_dir=work_dir, pieces=False)
    assert study.manifest["totals"]["hours_under_way_without_draught"] == pytest.approx(5.0)

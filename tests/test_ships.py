"""Ships: classes and sizes from what AIS says, particulars with their provenance, and the user's register."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor.emissions.fleet import fleet, reference_speed_kn
from corridor.emissions.inference import (
    Hull,
    bin_of_size,
    class_of,
    fast_speed_kn,
    median_bin,
    ship_types,
    size_bins,
    teu_from_hull,
)
from corridor.emissions.register import read_register
from corridor.emissions.rules import Supply
from corridor.emissions.ships import resolve_ships, ship_table, tier_of_keel
from corridor.emissions.stated import PROVENANCE
from corridor.errors import InputError

CLASSES = [
    # A 366 x 51 m box ship, whatever cargo type it broadcasts, seen moving or not.
    (Hull(70, 366, 51), "container"),
    (Hull(79, 366, 51, 0.0), "container"),
    (Hull(71, 400, 61), "container"),
    (Hull(70, 294, 32), "container"),
    (Hull(70, 300, 48, 19.0), "container"),
    (Hull(70, 190, 28, 19.0), "container"),
    # Ore carriers are as long, and broader.
    (Hull(70, 361, 65), "bulk_carrier"),
    (Hull(70, 292, 45), "bulk_carrier"),
    (Hull(70, 229, 32), "bulk_carrier"),
    (Hull(70, 190, 32, 13.5), "bulk_carrier"),
    (Hull(70, 199, 36, 18.5), "vehicle_carrier"),
    (Hull(70, 120, 18), "general_cargo"),
    (Hull(70), "general_cargo"),
    (Hull(80, 333, 60), "oil_tanker"),
    (Hull(80, 183, 32), "chemical_tanker"),
    (Hull(84, 290, 46, 19.0), "liquefied_gas_tanker"),
    (Hull(60, 290, 36), "cruise"),
    (Hull(60, 140, 24), "ferry_ropax"),
    (Hull(60), "ferry_passenger"),
    (Hull(30, 40, 9), "fishing"),
    (Hull(52, 30, 11), "service_tug"),
    (Hull(-1, 40, 9), "miscellaneous"),
    (Hull(1025), "miscellaneous"),
]


@pytest.mark.parametrize(("hull", "expected"), CLASSES)
def test_class(hull, expected):
    assert class_of(hull)[0] == expected


@given(
    code=st.integers(-1, 69) | st.integers(80, 2000),
    length_m=st.floats(5, 460) | st.just(math.nan),
    beam_m=st.floats(2, 70) | st.just(math.nan),
    fast_kn=st.floats(0, 40) | st.just(math.nan),
)
def test_only_cargo_types_become_container_ships(code, length_m, beam_m, fast_kn):
    ship_type, reason = class_of(Hull(code, length_m, beam_m, fast_kn))
    assert ship_type in ship_types()
    assert ship_type != "container"
    assert reason


@given(code=st.integers(-5, 3000), length_m=st.floats(1, 460), beam_m=st.floats(1, 70))
def test_every_hull_gets_a_whole_ship(code, length_m, beam_m):
    vessels = pd.DataFrame(
        {"vessel_id": ["X"], "ais_type": [code], "length_m": [length_m], "beam_m": [beam_m]}
    )
    (ship,) = resolve_ships(vessels)
    assert ship.me_kw > 0
    assert ship.v_ref_kn > 0
    assert ship.t_ref_m > 0
    assert ship.size_bin in [number for number, _, _ in size_bins(ship.ship_type)]
    assert set(ship.provenance.values()) <= set(PROVENANCE)


@pytest.mark.parametrize(
    ("length_m", "beam_m", "teu", "off"),
    [
        (399.94, 58.8, 20_124, 0.05),
        (366, 51, 14_000, 0.05),
        (366, 48.2, 13_092, 0.08),
        (294, 32.2, 4_900, 0.15),
    ],
)
def test_container_size_of_known_ships(length_m, beam_m, teu, off):
    assert teu_from_hull(length_m, beam_m) == pytest.approx(teu, rel=off)


def test_beam_alone_as_published():
    assert teu_from_hull(math.nan, 51.2) == pytest.approx(13_170, rel=1e-3)
    assert math.isnan(teu_from_hull(math.nan, math.nan))


@pytest.mark.parametrize("ship_type", ship_types())
def test_bins_hold_their_limits(ship_type):
    for number, lower, above in size_bins(ship_type):
        assert bin_of_size(ship_type, lower) == number
        if math.isfinite(above):
            assert bin_of_size(ship_type, above - 0.5) == number
    assert median_bin(ship_type) in [number for number, _, _ in size_bins(ship_type)]


def test_provenance_of_a_guessed_ship():
    (ship,) = resolve_ships(
        pd.DataFrame(
            {"vessel_id": ["MMSI1"], "ais_type": [70], "length_m": [366.0], "beam_m": [51.0], "name": ["BOX"]}
        )
    )
    assert (ship.ship_type, ship.size_bin, ship.engine_type, ship.tier) == ("container", 7, "ssd", 1)
    found = {
        name: ship.provenance[name]
        for name in ("ship_type", "size_bin", "length_m", "me_kw", "tier", "build_year")
    }
    assert found == {
        "ship_type": "inferred",
        "size_bin": "inferred",
        "length_m": "ais",
        "me_kw": "default",
        "tier": "default",
        "build_year": "default",
    }
    assert "inferred" in str(ship)
    assert "14,500 TEU" in str(ship)


def test_missing_values_of_any_kind_are_missing():
    vessels = pd.DataFrame(
        {
            "vessel_id": ["A", "B"],
            "imo": [-1, 9811000],
            "name": [None, ""],
            "ais_type": pd.array([pd.NA, -1], dtype="Int64"),
            "length_m": [np.nan, np.nan],
        }
    )
    first, second = resolve_ships(vessels)
    assert first.ship_type == second.ship_type == "miscellaneous"
    assert first.provenance["ship_type"] == "default"
    assert (first.imo, second.imo) == (-1, 9811000)


def test_the_largest_are_not_given_a_smaller_engine():
    # One published table has a row "Largest" below the row before it.
    kw = [
        resolve_ships(
            pd.DataFrame({"vessel_id": ["X"]}),
            pd.DataFrame({"vessel_id": ["X"], "ship_type": ["container"], "teu": [teu]}),
        )[0].me_kw
        for teu in (13_000, 18_000, 21_000)
    ]
    assert min(kw) > 55_000


REGISTER = """imo,ship_type,teu,me_kw,service_speed_kn,design_draught_m,build_year
9811000,Container,20124,59300,22.8,14.5,2018
,,,,,,
"""


def write(tmp_path, text):
    path = tmp_path / "ships.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_register_wins_over_ais(tmp_path):
    register = read_register(write(tmp_path, REGISTER.replace("\n,,,,,,", "")))
    vessels = pd.DataFrame(
        {
            "vessel_id": ["IMO9811000", "X"],
            "imo": [9811000, -1],
            "ais_type": [80, 80],
            "length_m": [180.0, 180.0],
        }
    )
    ship, other = resolve_ships(vessels, register)
    assert (ship.ship_type, ship.size, ship.size_bin, ship.me_kw) == ("container", 20124.0, 9, 59300.0)
    assert (ship.v_ref_kn, ship.speed_meaning, ship.t_ref_m) == (22.8, "service", 14.5)
    # Delivered 2018, keel a year before: Tier III where it must be.
    assert (ship.keel_year, ship.tier) == (2017, 3)
    assert ship.provenance["me_kw"] == ship.provenance["size"] == "register"
    assert ship.provenance["tier"] == "inferred"
    assert other.ship_type == "chemical_tanker"


def test_register_by_mmsi_and_by_vessel_id():
    register = pd.DataFrame(
        {"vessel_id": ["A", None], "imo": [-1, -1], "mmsi": [-1, 477000001], "me_kw": [111.0, 222.0]}
    )
    vessels = pd.DataFrame(
        {"vessel_id": ["A", "B", "C"], "imo": [-1] * 3, "mmsi": [-1, 477000001, 477000002]}
    )
    assert [ship.me_kw for ship in resolve_ships(vessels, register)][:2] == [111.0, 222.0]
    assert resolve_ships(vessels, register)[2].provenance["me_kw"] == "default"


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("imo,horsepower\n9811000,5\n", "unknown_column", "me_kw"),
        ("name,me_kw\nX,5000\n", "missing_column", "vessel_id"),
        ("imo,ship_type\n9811000,boxship\n", "unknown_ship_type", "container"),
        ("imo,engine_type\n9811000,rocket\n", "unknown_engine_type", "ssd"),
        ("imo,speed_meaning\n9811000,fast\n", "unknown_speed_meaning", "eexi_75"),
        ("imo,me_kw\n9811000,59300000\n", "bad_value", "line 2"),
        ("imo,me_kw\n9811000,lots\n", "bad_value", "lots"),
        ("imo,me_kw\n9811001,59300\n", "bad_imo", "9811001"),
        ("imo,me_kw\n9811000,1000\n9811000,2000\n", "double_ship", "9811000"),
        ("imo,t_ref_m,design_draught_m\n9811000,14,14\n", "double_column", "design_draught_m"),
        ("", "empty_file", "ships.csv"),
    ],
)
def test_bad_registers_say_what_to_do(tmp_path, text, code, words):
    with pytest.raises(InputError) as caught:
        read_register(write(tmp_path, text))
    assert caught.value.code == code
    assert words in caught.value.message
    assert "\n" not in caught.value.message


def test_no_register_file(tmp_path):
    with pytest.raises(InputError, match="--ships"):
        read_register(tmp_path / "none.csv")


def test_speed_meanings_are_converted():
    facts = {"vessel_id": ["X"], "ship_type": ["container"], "teu": [8000], "v_ref_kn": [20.0]}
    speed = {}
    for meaning in ("maximum", "service", "eexi_75"):
        register = pd.DataFrame(facts | {"speed_meaning": [meaning]})
        (ship,) = resolve_ships(pd.DataFrame({"vessel_id": ["X"]}), register)
        speed[meaning] = reference_speed_kn(ship)
    assert speed["maximum"] == speed["service"] == 20.0
    # 75 % of the power at 20 kn: the cube of the speed at full power is a third larger.
    assert speed["eexi_75"] ** 3 * 0.75 == pytest.approx(20.0**3)


@pytest.mark.parametrize(("me_kw", "aux", "boiler"), [(150, 0.0, 0.0), (400, 20.0, 70.0), (900, 110.0, 70.0)])
def test_small_engines(me_kw, aux, boiler):
    register = pd.DataFrame(
        {"vessel_id": ["X"], "ship_type": ["bulk_carrier"], "dwt": [5000], "me_kw": [me_kw]}
    )
    small = fleet(
        resolve_ships(pd.DataFrame({"vessel_id": ["X"]}), register), [Supply("mdo", 0.001, "limit", 9999)]
    )
    assert (small.aux_kw[0, 0, 0], small.boiler_kw[0, 0, 0]) == (aux, boiler)


def test_tiers():
    assert [tier_of_keel(year) for year in (1970, 1999, 2000, 2010, 2011, 2015, 2016, 2030)] == [
        0,
        0,
        1,
        1,
        2,
        2,
        3,
        3,
    ]


def test_table_has_a_row_per_ship():
    ships = resolve_ships(pd.DataFrame({"vessel_id": ["A", "B"], "ais_type": [70, 80]}))
    rows = ship_table(ships)
    assert rows["vessel_id"].tolist() == ["A", "B"]
    assert set(rows["me_kw_from"]) == {"default"}


@given(st.lists(st.tuples(st.floats(0, 39.9), st.integers(1, 7_200_000)), min_size=1, max_size=8))
def test_fast_speed_was_held_for_an_hour(legs):
    speed, duration = np.array([leg[0] for leg in legs]), np.array([leg[1] for leg in legs])
    (fast,) = fast_speed_kn(np.zeros(len(legs), np.int32), speed, duration, 1)
    if np.isnan(fast):
        assert duration.sum() < 3_600_000
    else:
        assert duration[speed >= fast].sum() >= 3_600_000
        assert duration[speed >= fast + 0.5].sum() < 3_600_000

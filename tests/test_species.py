"""Fuel and energy to pollutants."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor.emissions.fleet import fleet
from corridor.emissions.rules import NO_TIER_3, Supply
from corridor.emissions.species import (
    SPECIES,
    black_carbon,
    low_load_groups,
    low_load_table,
    particulates,
    sulphur_chemistry,
    sulphur_oxides,
)
from tests.emission_world import BOX, ships

OF = {name: place for place, name in enumerate(SPECIES)}
HFO = Supply("hfo", 0.026, "measured 2018", NO_TIER_3)
MDO = Supply("mdo", 0.0007, "measured 2018", 2016)


@given(st.floats(0, 0.05))
def test_sulphur_oxides_are_twice_the_sulphur_less_what_becomes_sulphate(sulphur):
    chemistry = sulphur_chemistry()
    assert sulphur_oxides(sulphur, chemistry) == pytest.approx(1.95506 * sulphur)
    # What is not emitted as SO2 is what the particulates count as sulphate.
    assert chemistry.sulphur_emitted_share + chemistry.sulphur_to_sulphate_share == pytest.approx(1.0)


def test_particulates_as_another_published_form_has_them():
    # The EPA form: nominal + SFC * S% * 2.247 * 7 * 1e-4, with 0.1545 (MGO) and 0.5761 (HFO) at SFC 200.
    for base, nominal, offset in ((0.23, 0.0024, 0.1545), (1.35, 0.0246, 0.5761)):
        for sulphur in (0.001, 0.005, 0.027):
            ours = particulates(200.0, sulphur, base, nominal, sulphur_chemistry())
            assert ours == pytest.approx(offset + 200 * sulphur * 100 * 2.247 * 7 * 1e-4, abs=1e-3)


def test_low_load_anchors():
    table = pd.DataFrame(low_load_table(), columns=["nox", "pm", "co", "hc"])
    assert table.loc[2].round(2).tolist() == [4.63, 7.29, 9.68, 21.18]
    assert table.loc[0].tolist() == table.loc[1].tolist() == table.loc[2].tolist()
    assert table.loc[10, "nox"] == pytest.approx(1.22, rel=5e-3)
    assert (table.loc[20:] == 1.0).all().all()
    assert (table.diff().dropna() <= 0).all().all()


def test_low_load_leaves_carbon_sulphur_and_soot_alone():
    groups = dict(zip(SPECIES, low_load_groups(), strict=True))
    assert {name for name, group in groups.items() if group < 0} == {"co2", "sox", "bc"}


@given(st.floats(0.02, 0.99))
def test_soot_rises_as_load_falls(load):
    for coefficient, exponent in ((1.5e-4, -0.359), (3.11e-5, -0.397), (2.5e-4, -0.968), (1.201e-4, -1.124)):
        assert black_carbon(load, coefficient, exponent) > coefficient


def test_factors_of_a_slow_speed_ship():
    made = fleet(ships(BOX | {"build_year": 2012}), [HFO, MDO])
    main = made.ef[0, :, 0]
    assert main[:, OF["nox"]].tolist() == [14.4, 14.4]
    assert main[:, OF["n2o"]].tolist() == [0.031, 0.030]
    assert main[:, OF["co"]].tolist() == [0.54, 0.54]
    assert main[:, OF["nmvoc"]].tolist() == [0.6, 0.6]
    assert main[0, OF["pm10"]] == pytest.approx(1.35 + 175 * 7 * 0.02247 * (0.026 - 0.0246))
    assert main[1, OF["pm10"]] == pytest.approx(0.23 + 165 * 7 * 0.02247 * (0.0007 - 0.0024))
    assert made.bc[0].tolist() == [[1.5e-4, -0.359], [3.11e-5, -0.397]]
    assert made.ef[0, 0, 1, OF["bc"]] == 0.12
    assert made.ef[0, 1, 1, OF["bc"]] == 0.06
    assert made.ef_fuel[0, :, 0, OF["co2"]].tolist() == [3.114, 3.206]


def test_medium_speed_follows_the_speed_of_the_engine():
    limits = {1: 45 * 500**-0.2, 2: 44 * 500**-0.23, 3: 9 * 500**-0.2}
    for tier, limit in limits.items():
        ship = ships(BOX | {"engine_type": "msd", "tier": tier, "rpm": 500, "build_year": 2019})
        assert fleet(ship, [MDO]).ef[0, 0, 0, OF["nox"]] == pytest.approx(limit)


def test_tier_three_needs_an_area_and_a_keel():
    for keel_year, tier, supply, nox in ((2017, 3, MDO, 3.4), (2017, 3, HFO, 14.4), (2015, 2, MDO, 14.4)):
        ship = ships(BOX | {"keel_year": keel_year, "tier": tier})
        assert fleet(ship, [supply]).ef[0, 0, 0, OF["nox"]] == nox


def test_turbines_have_no_low_load_and_their_own_soot():
    made = fleet(ships(BOX | {"engine_type": "steam_turbine"}), [HFO])
    assert not made.low_load[0, 0]
    assert made.bc[0, 0].tolist() == [0.0, 0.0]
    assert made.ef[0, 0, 0, OF["bc"]] > 0
    assert made.ef[0, 0, 0, OF["pm10"]] == 0.93
    assert not made.main_diesel[0, 0]
    assert np.isfinite(made.ef).all()

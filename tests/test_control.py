"""Controls: shore power takes the auxiliary engines and leaves the boiler; capture leaves CO2."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor.emissions.basis import LEDGER_COLUMNS
from corridor.emissions.control import Control, checked, untouched
from corridor.emissions.phases import PHASES
from tests.emission_world import code, parts, run, tracks

BERTH = code("berth")
HOTEL = [name for name in LEDGER_COLUMNS if name.startswith("aux_")]


def total(found, column):
    return int(found.ledger[column].sum())


def at_berth(share, capture=None, variant=(1, 0)):
    """Two hours at berth, the first of them with a share of its power from shore."""
    multipliers = np.ones((2, len(LEDGER_COLUMNS)))
    for name in HOTEL:
        multipliers[1, LEDGER_COLUMNS.index(name)] = 1.0 - share
    for name, left in (capture or {}).items():
        multipliers[1, LEDGER_COLUMNS.index(name)] *= left
    control = Control(np.array(variant, np.int32), multipliers, np.array([0.0, share]))
    legs = tracks(2, kind=[1, 1], distance_m=[0, 0], sog_kn=[np.nan, np.nan])
    return run(legs, parts([BERTH] * 2), control=control), run(legs, parts([BERTH] * 2))


@given(st.floats(0.0, 1.0))
def test_shore_power_takes_the_auxiliary_engines_and_leaves_the_boiler(share):
    found, before = at_berth(share)
    for name in LEDGER_COLUMNS:
        if name in HOTEL:
            assert abs(total(found, name) - (1 - share / 2) * total(before, name)) <= 1
        elif name == "shore_mwh":
            assert abs(total(found, name) - share / 2 * total(before, "aux_mwh")) <= 1
        else:
            assert total(found, name) == total(before, name)
    assert abs(total(found, "aux_mwh") + total(found, "shore_mwh") - total(before, "aux_mwh")) <= 1


def test_an_hour_on_shore_power_has_no_auxiliary_and_an_unchanged_boiler():
    found, before = at_berth(1.0, variant=(1, 1))
    assert all(total(found, name) == 0 for name in HOTEL)
    assert total(found, "boiler_fuel_mg") == total(before, "boiler_fuel_mg") > 0
    assert total(found, "shore_mwh") == total(before, "aux_mwh") > 0


def test_captured_exhaust_keeps_its_fuel_and_co2():
    found, before = at_berth(0.0, {"aux_nox_mg": 0.2, "aux_pm10_mg": 0.2}, variant=(1, 1))
    assert total(found, "aux_nox_mg") == pytest.approx(0.2 * total(before, "aux_nox_mg"), abs=1)
    assert found.cells["nox_mg"].sum() < before.cells["nox_mg"].sum()
    for name in ("aux_co2_mg", "aux_fuel_mg", "aux_mwh"):
        assert total(found, name) == total(before, name)


def test_nothing_controlled_is_the_same_bytes():
    legs = tracks(3, sog_kn=[18.0, 9.0, 20.0])
    atoms = parts([code("remainder")] * 3)
    plain = run(legs, atoms)
    ones = Control(np.zeros(3, np.int32), np.ones((1, len(LEDGER_COLUMNS))), np.zeros(1))
    assert run(legs, atoms, control=ones).ledger.equals(plain.ledger)
    assert total(plain, "shore_mwh") == 0


def test_given_phases_and_loads_are_taken():
    legs, atoms = tracks(2), parts([code("remainder")] * 2)
    plain = run(legs, atoms)
    again = run(legs, atoms, phase=plain.phase, loads=(plain.speed_kn, plain.load))
    assert again.ledger.equals(plain.ledger)
    moved = run(legs, atoms, phase=np.full(2, PHASES.index("manoeuvring"), np.int8))
    assert moved.ledger["phase"].unique().tolist() == [PHASES.index("manoeuvring")]
    slower = run(legs, atoms, loads=(plain.speed_kn, plain.load / 2))
    assert total(slower, "main_mwh") == pytest.approx(total(plain, "main_mwh") / 2, abs=1)


@pytest.mark.parametrize(
    ("control", "words"),
    [
        (Control(np.zeros(1, np.int32), np.ones((1, 3)), np.zeros(1)), "variant of shape"),
        (Control(np.zeros(2, np.int32), np.ones((1, 2)), np.zeros(1)), "multipliers of shape"),
        (Control(np.zeros(2, np.int32), np.ones((1, 3)), np.zeros(2)), "shore_share of shape"),
        (Control(np.zeros(2, np.int32), np.full((1, 3), 0.5), np.zeros(1)), "first variant that changes"),
        (Control(np.ones(2, np.int32), np.ones((1, 3)), np.zeros(1)), "beyond the 1"),
    ],
)
def test_a_control_that_does_not_fit_is_refused(control, words):
    with pytest.raises(ValueError, match=words):
        checked(control, 2, 3)


def test_no_control_is_none_at_all():
    assert len(checked(None, 5, 3).variant) == 0
    assert untouched(3).multipliers.tolist() == [[1.0, 1.0, 1.0]]

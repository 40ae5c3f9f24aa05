"""Energy to fuel."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor.emissions.factors import load_curve_of
from corridor.emissions.fuels import fuel_mass_kg, load_curve

IMO4 = (0.455, -0.710, 1.280)


@pytest.mark.parametrize(
    ("load", "base", "sfc"), [(0.5, 195, 202.55625), (0.7, 300, 301.785), (0.0, 1, 1.28), (1.0, 1, 1.025)]
)
def test_published_values(load, base, sfc):
    assert base * load_curve(load, *IMO4) == pytest.approx(sfc, rel=1e-9)


def test_lowest_at_78_per_cent():
    load = np.linspace(0, 1, 10_001)
    curve = load_curve(load, *IMO4)
    assert load[curve.argmin()] == pytest.approx(0.710 / 0.910, abs=1e-3)
    assert curve.min() == pytest.approx(1.003, abs=5e-4)


@pytest.mark.parametrize(
    ("engine", "curve"),
    [("ssd", IMO4), ("msd", IMO4), ("hsd", IMO4), ("gas_turbine", (0, 0, 1)), ("steam_turbine", (0, 0, 1))],
)
def test_only_piston_engines_have_a_curve(engine, curve):
    assert load_curve_of(engine) == curve


@given(power=st.floats(0, 1e5), hours=st.floats(0, 1e4), sfc=st.floats(100, 400))
def test_fuel_is_linear_in_time(power, hours, sfc):
    assert fuel_mass_kg(power, 2 * hours, sfc) == pytest.approx(2 * fuel_mass_kg(power, hours, sfc))

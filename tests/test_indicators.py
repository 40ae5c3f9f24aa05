"""Carbon intensity and EEXI defaults: published answers, edges of the rows, what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corridor import reference
from corridor.accounts import indicators
from corridor.emissions.power import service_load
from corridor.errors import ReferenceDataError

LAW = {"margin": 1.15, "draught_exponent": 2 / 3, "floor": 0.02}
TABLES = (indicators.REFERENCE, indicators.REDUCTION, indicators.EEXI, "method_parameters_epa_2022")


@pytest.mark.parametrize("name", [*TABLES, "fuel_consumption_epa_2022"])
def test_every_fact_has_unit_source_date_and_verification(name):
    facts = reference.table(name)
    for column in ("unit", "source", "checked_on", "verification"):
        assert (facts[column].fillna("").astype(str).str.strip() != "").all(), column
    assert not facts.duplicated().any()


def test_the_published_ship_year():
    line = indicators.cii_line("ro_ro_passenger", 25_000)
    required = indicators.required_cii(indicators.reference_cii(line.capacity, line.a, line.c), 0.0)
    attained = indicators.attained_cii(19_000 * 3.206, 25_000, 150_000)
    assert attained == pytest.approx(16.2437333, rel=1e-7)
    assert required == pytest.approx(19.1841905, rel=1e-7)
    assert indicators.RATINGS[int(indicators.cii_rating(attained, required, line.bounds))] == "B"


def test_arrays_and_floats_agree():
    attained = np.array([5.0, 9.0, 10.0, 11.0, 13.0])
    letters = indicators.cii_rating(attained, 10.0, (0.83, 0.94, 1.07, 1.19))
    assert [indicators.RATINGS[place] for place in letters] == ["A", "B", "C", "D", "E"]
    sizes = np.array([50_000.0, 156_610.0])
    speed, power = indicators.eexi_speed_and_power("container", sizes)
    for place, size in enumerate(sizes):
        one = indicators.eexi_speed_and_power("container", size)
        assert (speed[place], power[place]) == pytest.approx(one)


def test_speed_and_power_stop_growing_at_their_caps():
    at_cap = indicators.eexi_speed_and_power("container", 95_000.0)
    beyond = indicators.eexi_speed_and_power("container", 200_000.0)
    assert beyond == pytest.approx(at_cap)
    assert (
        indicators.eexi_speed_and_power("tanker", 400_000.0)[1]
        > (indicators.eexi_speed_and_power("tanker", 300_000.0)[1])
    )


@pytest.mark.parametrize(
    ("cii_type", "capacity", "fixed"),
    [
        ("bulk_carrier", 278_999, None),
        ("bulk_carrier", 279_000, 279_000),
        ("bulk_carrier", 400_000, 279_000),
        ("lng_carrier", 64_999, 65_000),
        ("lng_carrier", 65_000, None),
        ("vehicle_carrier", 60_000, 57_700),
        ("container", 1, None),
    ],
)
def test_the_row_of_a_capacity(cii_type, capacity, fixed):
    assert indicators.cii_line(cii_type, capacity).capacity == (fixed or capacity)


def test_each_type_covers_every_capacity_once():
    for cii_type in reference.table(indicators.REFERENCE)["cii_type"].unique():
        for capacity in (1, 19_999, 20_000, 29_999.5, 57_700, 65_000, 99_999.5, 100_000, 279_000, 5e5):
            assert indicators.cii_line(cii_type, capacity).a > 0


def test_lines_of_one_type_meet():
    for cii_type, edge in (("bulk_carrier", 279_000), ("vehicle_carrier", 57_700), ("lng_carrier", 65_000)):
        below, above = (indicators.cii_line(cii_type, edge + step) for step in (-1e-6, 1e-6))
        values = [indicators.reference_cii(line.capacity, line.a, line.c) for line in (below, above)]
        assert values[0] == pytest.approx(values[1], rel=1e-6), cii_type


def test_reductions_only_deepen():
    percents = [indicators.cii_reduction_percent(year) for year in range(2019, 2031)]
    assert percents == sorted(percents)
    assert percents[-4:] == [13.625, 16.25, 18.875, 21.5]


def test_what_is_unknown_is_refused_and_names_what_is_known():
    with pytest.raises(ReferenceDataError, match=r"known cii_type: .*container"):
        indicators.cii_line("submarine", 100.0)
    with pytest.raises(ReferenceDataError, match="expected a positive"):
        indicators.cii_line("container", 0.0)
    with pytest.raises(ReferenceDataError, match="expected a positive"):
        indicators.cii_line("container", float("nan"))
    with pytest.raises(ReferenceDataError, match=r"known year: .*2030"):
        indicators.cii_reduction_percent(2031)
    with pytest.raises(ReferenceDataError, match=r"known eexi_type"):
        indicators.eexi_speed_and_power("submarine", 100.0)


@given(st.floats(0.0, 40.0), st.floats(0.0, 40.0), st.floats(0.2, 1.2), st.floats(8.0, 30.0))
def test_the_admiralty_load_rises_with_speed_between_its_limits(speed, other, ratio, v_max):
    slow, fast = sorted((speed, other))
    loads = service_load(np.array([slow, fast]), ratio, v_max_kn=v_max, **LAW)
    assert 0.0 <= loads[0] <= loads[1] <= 1.0
    assert (loads[0] == 0.0) == (slow == 0.0)
    assert loads[0] == 0.0 or loads[0] >= 0.02

"""The facts: every row has its unit and source, sizes rise, one vocabulary, nothing is missing."""

import itertools
import re

import pandas as pd
import pytest

from corridor import reference
from corridor.emissions.fuels import FUELS
from corridor.emissions.inference import ship_types, size_bins
from corridor.emissions.phases import PHASES, phase_rules
from corridor.emissions.species import CONSUMERS
from corridor.errors import ReferenceDataError

FACTORS = [
    "ship_types_imo4_2020",
    "aux_boiler_power_imo4_2020",
    "power_corrections_imo4_2020",
    "fuel_consumption_imo4_2020",
    "fuel_load_curve_imo4_2020",
    "nox_by_tier_icct_2025",
    "energy_factors_icct_2025",
    "black_carbon_imo4_2020",
    "particulate_sulphur_imo4_2020",
    "low_load_epa_2022",
    "fuels_mepc364_2022",
    "gwp100_ipcc_2021",
    "sulphur_content_icct_2025",
    "particulars_default_epa_2022",
    "method_parameters_imo4_2020",
    "ship_defaults_2026",
    "speed_meanings_imo4_2020",
    "container_size_2021",
    "class_rules_2026",
    "size_by_length_2026",
    "phase_columns",
    "phase_rules_imo4_2020",
    "green_flag_2026",
    "sulphur_rules_2026",
    "sulphur_zones_2026",
    "nox_rules_2026",
    "aux_boiler_power_epa_2022",
    "fuel_consumption_epa_2022",
    "nox_by_tier_epa_2022",
    "energy_factors_epa_2022",
    "particulate_sulphur_epa_2022",
    "method_parameters_epa_2022",
    "method_parameters_icct_2025",
    "phase_rules_epa_2022",
    "phase_rules_icct_2025",
    "speed_meanings_epa_2022",
    "speed_meanings_icct_2025",
    "well_to_wake_fueleu_2023",
    "release_height_2026",
]


@pytest.mark.parametrize("name", FACTORS)
def test_every_row_has_unit_source_date_and_verification(name):
    facts = reference.table(name)
    for column in ("unit", "source", "checked_on", "verification"):
        assert facts[column].notna().all(), column
        assert (facts[column].astype(str).str.strip() != "").all(), column
    assert facts["checked_on"].str.fullmatch(r"\d{4}-\d{2}-\d{2}").all()


@pytest.mark.parametrize("name", FACTORS)
def test_no_row_stands_twice(name):
    facts = reference.table(name)
    assert not facts.duplicated().any()


def test_sizes_rise_and_bins_touch():
    facts = reference.table("aux_boiler_power_imo4_2020")
    for _, rows in facts.sort_values("size_bin").groupby(["ship_type", "consumer", "load_column"]):
        assert rows["size_bin"].tolist() == list(range(1, len(rows) + 1))
        assert rows["size_min"].iloc[0] == 0
        assert rows["size_min"].is_monotonic_increasing
        assert rows["size_min"].is_unique
        assert rows["size_max"].iloc[:-1].tolist() == [lower - 1 for lower in rows["size_min"].iloc[1:]]
        assert pd.isna(rows["size_max"].iloc[-1])


def test_lengths_of_bins_touch():
    for ship_type, rows in reference.table("size_by_length_2026").groupby("ship_type"):
        assert rows["size_bin"].tolist() == [number for number, _, _ in size_bins(ship_type)]
        assert rows["length_max_m"].iloc[:-1].tolist() == rows["length_min_m"].iloc[1:].tolist()


def test_every_class_and_bin_has_all_its_rows():
    power = reference.table("aux_boiler_power_imo4_2020")
    corrections = reference.table("power_corrections_imo4_2020")
    particulars = reference.table("particulars_default_epa_2022")
    asked = {(name, number) for name in ship_types() for number, _, _ in size_bins(name)}
    assert len(ship_types()) == 19
    assert len(asked) == 70
    eight = set(itertools.product(("aux", "boiler"), ("berth", "anchored", "manoeuvring", "sea")))
    for (ship_type, number), rows in power.groupby(["ship_type", "size_bin"]):
        assert set(zip(rows["consumer"], rows["load_column"], strict=True)) == eight, (ship_type, number)
        assert len(rows) == 8
    for facts in (corrections, particulars):
        assert {tuple(row) for row in facts[["ship_type", "size_bin"]].to_numpy()} == asked
        assert len(facts) == len(asked)


def test_one_vocabulary():
    for name in FACTORS:
        facts = reference.table(name)
        if "ship_type" in facts:
            assert set(facts["ship_type"]) <= set(ship_types()), name
        if "consumer" in facts:
            assert set(facts["consumer"]) <= set(CONSUMERS), name
    assert set(reference.table("fuels_mepc364_2022")["fuel"]) == set(FUELS)
    assert set(reference.table("sulphur_rules_2026")["fuel"]) <= set(FUELS)
    assert set(reference.table("phase_columns")["phase"]) == set(PHASES)
    areas = set(reference.table("sulphur_rules_2026")["area"])
    assert set(reference.table("sulphur_zones_2026")["area"]) == areas
    assert set(reference.table("nox_rules_2026")["area"]) <= areas
    engines = reference.table("engine_fuels_2026")["engine_type"]
    assert set(reference.table("particulars_default_epa_2022")["engine_type"]) <= set(engines)


# Slips of other transcriptions, each of which stood in somebody's code.
SLIPS = [
    (("chemical_tanker", 4, "boiler", "manoeuvring"), 270),
    (("ferry_ropax", 4, "aux", "sea"), 1100),
    (("oil_tanker", 2, "aux", "berth"), 375),
    (("oil_tanker", 2, "boiler", "berth"), 750),
]


@pytest.mark.parametrize(("where", "kw"), SLIPS)
def test_known_slips_are_not_ours(where, kw):
    columns = ("ship_type", "size_bin", "consumer", "load_column")
    assert reference.value("aux_boiler_power_imo4_2020", **dict(zip(columns, where, strict=True))) == kw


def test_known_slips_of_limits_and_corrections_are_not_ours():
    assert [lower for _, lower, _ in size_bins("liquefied_gas_tanker")] == [0, 50_000, 100_000, 200_000]
    assert [lower for _, lower, _ in size_bins("oil_tanker")][4] == 60_000
    assert [lower for _, lower, _ in size_bins("vehicle_carrier")] == [0, 30_000, 50_000]
    corrections = reference.table("power_corrections_imo4_2020").set_index(["ship_type", "size_bin"])
    assert corrections.loc[("container", 1), "eta_weather"] == 0.909
    assert corrections.loc[("container", 8), "delta_w"] == 0.75
    assert corrections.loc[("container", 7), "delta_w"] == 1.0
    n2o = reference.rows("energy_factors_icct_2025", species="n2o", engine_type="ssd", consumer="boiler")
    assert dict(zip(n2o["fuel_kind"], n2o["value"], strict=True))["residual"] == 0.049


def test_copies_are_the_callers_own():
    mine = reference.table("gwp100_ipcc_2021")
    mine.loc[0, "value"] = -1
    assert reference.table("gwp100_ipcc_2021")["value"].min() > 0


def test_errors_name_what_is_known():
    with pytest.raises(ReferenceDataError, match=r"known: .*gwp100_ipcc_2021"):
        reference.table("gwp")
    with pytest.raises(ReferenceDataError, match=r"known fuel: hfo, vlsfo, mdo"):
        reference.rows("fuels_mepc364_2022", fuel="peat")
    with pytest.raises(ReferenceDataError, match="rows fit"):
        reference.value("gwp100_ipcc_2021", basis="ar5")
    with pytest.raises(ReferenceDataError, match=r"known: .*sulphur"):
        reference.zones("atlantis")


def test_zone_systems_are_read_with_their_remainder():
    sulphur = reference.zones("sulphur")
    assert sulphur.remainder_id == "global"
    ruled = set(reference.table("sulphur_zones_2026")["zone_id"])
    assert set(sulphur.zone_ids) <= ruled
    port = reference.zones("port")
    assert phase_rules().kind_index(port.zones["kind"]).size == len(port.zones)


def test_hashes_cover_tables_and_zones():
    hashes = reference.table_hashes()
    assert {f"{name}.csv" for name in reference.tables()} <= set(hashes)
    assert any(name.startswith("zones/") for name in hashes)
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in hashes.values())


def test_missing_folder_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(reference, "__file__", str(tmp_path / "corridor" / "reference.py"))
    reference.data_path.cache_clear()
    try:
        with pytest.raises(ReferenceDataError, match="no folder 'data'"):
            reference.data_path()
    finally:
        monkeypatch.undo()
        reference.data_path.cache_clear()


def test_installed_beside_the_package_comes_first(monkeypatch, tmp_path):
    (tmp_path / "corridor" / "data").mkdir(parents=True)
    (tmp_path / "data").mkdir()
    monkeypatch.setattr(reference, "__file__", str(tmp_path / "corridor" / "reference.py"))
    reference.data_path.cache_clear()
    try:
        assert reference.data_path() == (tmp_path / "corridor" / "data").resolve()
    finally:
        monkeypatch.undo()
        reference.data_path.cache_clear()

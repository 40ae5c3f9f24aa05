"""AER and EEOI by hand, and who may have a letter."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from corridor.accounts.indicators import cii_line, cii_reduction_percent, reference_cii
from corridor.efficiency import PART, WHOLE, efficiency, hours_in
from corridor.emissions.species import CONSUMERS

DWT = 100_000.0


@pytest.fixture(scope="module")
def known(demo):
    """The demo with a deadweight for all ships but the first, and operators."""
    vessels = demo.study.vessels
    dwt = np.where(np.arange(len(vessels)) > 0, DWT, np.nan)
    operators = np.where(np.arange(len(vessels)) % 2, "Line A", "Line B")
    return replace(demo.study, vessels=vessels.assign(dwt_t=dwt, operator=operators))


def row(table, dimension, key, indicator="aer"):
    mine = table[(table["dimension"] == dimension) & (table["key"] == key)]
    return mine[mine["indicator"] == indicator].iloc[0]


def amounts(study, chosen):
    """CO2 [kg] and distance [nm] of some ledger rows."""
    rows = study.ledger.rows[chosen]
    return sum(rows[f"{one}_co2_mg"].sum() for one in CONSUMERS) / 1e6, rows["distance_mm"].sum() / 1_852_000


def test_aer_is_co2_over_deadweight_and_distance(known):
    table = efficiency(known)
    vessel = known.ledger.rows["vessel"].to_numpy()
    ship = known.vessels["vessel_id"].iloc[3]
    co2_kg, way_nm = amounts(known, vessel == 3)
    found = row(table, "vessel", ship)
    assert found["value"] == pytest.approx(co2_kg * 1000 / (DWT * way_nm), rel=1e-9)
    assert found["low"] < found["value"] < found["high"]
    assert (found["what"], found["letter"]) == (PART, "")
    assert "year's hours" in found["remark"] or "not observed" in found["remark"]


def test_a_ship_of_unknown_deadweight_is_counted_and_in_no_figure(known):
    table = efficiency(known)
    vessel = known.ledger.rows["vessel"].to_numpy()
    co2_kg, way_nm = amounts(known, vessel > 0)
    whole = row(table, "all", "all")
    assert (whole["ships"], whole["ships_without"]) == (len(known.vessels) - 1, 1)
    assert whole["value"] == pytest.approx(co2_kg * 1000 / (DWT * way_nm), rel=1e-9)
    alone = row(table, "vessel", known.vessels["vessel_id"].iloc[0])
    assert np.isnan(alone["value"])
    assert (alone["ships"], alone["ships_without"]) == (0, 1)
    assert "unknown" in alone["remark"]


def test_operators_and_directions_add_up(known):
    table = efficiency(known)
    operators = table[(table["dimension"] == "operator") & (table["indicator"] == "aer")]
    assert operators["co2_t"].sum() == pytest.approx(row(table, "all", "all")["co2_t"], rel=1e-12)
    assert set(table.loc[table["dimension"] == "direction", "key"]) <= {"eastbound", "westbound"}
    assert (table["letter"].fillna("") == "").all()


def test_eeoi_counts_ten_tonnes_a_container_on_journeys(known):
    calls = known.calls.assign(teu_on_board=5000.0)
    capacity = known.vessels.assign(teu=12_000.0)
    table = efficiency(replace(known, calls=calls, vessels=capacity))
    found = row(table, "all", "all", "eeoi")
    journeys = known.voyages[known.voyages["journey_no"] > 0]
    pairs = set(zip(journeys["vessel"], journeys["voyage"], strict=True))
    rows = known.ledger.rows
    chosen = np.array([pair in pairs for pair in zip(rows["vessel"], rows["voyage"], strict=True)])
    co2_kg, way_nm = amounts(known, chosen)
    assert found["value"] == pytest.approx(co2_kg * 1000 / (5000 * 10 * way_nm), rel=1e-9)
    assert found["unit"] == "g CO2/(t nm)"


def whole_year(study, ship, **parameters):
    """Hours of one ship stretched to fill 2026, no hole."""
    rows = study.ledger.rows.copy()
    mine = (rows["vessel"] == ship).to_numpy()
    rows.loc[mine, "month"] = 2026 * 12 + 5
    full = hours_in(2026) * 3_600_000 / rows.loc[mine, "hours_ms"].sum()
    rows.loc[mine, "hours_ms"] = (rows.loc[mine, "hours_ms"] * full).astype(np.int64)
    manifest = study.manifest | {"parameters": study.manifest["parameters"] | parameters}
    ledger = replace(study.ledger, rows=rows)
    return replace(study, ledger=ledger, unobserved=study.unobserved.iloc[:0], manifest=manifest)


def test_one_ship_one_full_year_has_a_letter(known):
    ship = known.vessels["vessel_id"].iloc[3]
    study = whole_year(known, 3)
    found = row(efficiency(study), "vessel", ship)
    line = cii_line("container", DWT)
    required = reference_cii(line.capacity, line.a, line.c) * (1 - cii_reduction_percent(2026) / 100)
    ratio = found["value"] / required
    assert found["what"] == WHOLE
    assert found["required"] == pytest.approx(required)
    assert found["letter"] == "ABCDE"[int(np.searchsorted(line.bounds, ratio))]
    assert "MEPC.355" in found["remark"]
    others = efficiency(study)
    assert (others.loc[others["key"] != ship, "letter"].fillna("") == "").all()


@pytest.mark.parametrize(
    ("parameters", "said"),
    [({"bbox": [110, 10, -110, 60]}, "only a part"), ({"journeys": "LB"}, "only a part")],
)
def test_a_part_of_the_voyages_has_no_letter(known, parameters, said):
    ship = known.vessels["vessel_id"].iloc[3]
    found = row(efficiency(whole_year(known, 3, **parameters)), "vessel", ship)
    assert (found["letter"], found["what"]) == ("", PART)
    assert said in found["remark"]


def test_a_hole_takes_the_letter(known):
    ship = known.vessels["vessel_id"].iloc[3]
    begin = int(pd.Timestamp("2026-04-01").timestamp() * 1000)
    places = {name: [0.0] for name in ("lat0", "lon0", "lat1", "lon1")}
    hole = pd.DataFrame(
        {
            "vessel_id": [ship],
            "t0_ms": [begin],
            "t1_ms": [begin + 3_600_000],
            **places,
            "reason": ["silent"],
            "zone0": [0],
            "zone1": [0],
        }
    )
    found = row(efficiency(replace(whole_year(known, 3), unobserved=hole)), "vessel", ship)
    assert found["letter"] == ""
    assert "not observed" in found["remark"]

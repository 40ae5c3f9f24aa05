"""The whole chain on the shipped simulation, against what its ships really did."""

import pandas as pd
import pytest

from corridor import reference
from corridor.runs import run_study
from layers.geodesy import distance_m

DEMO = reference.data_path() / "demo"
MS_PER_H = 3_600_000.0


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return run_study(
        [DEMO / "simulated_ais_2026.csv.gz"],
        ships=DEMO / "simulated_ships_2026.csv",
        work_dir=tmp_path_factory.mktemp("work"),
        pieces=False,
    )


@pytest.fixture(scope="module")
def truth():
    return pd.read_csv(DEMO / "simulated_truth_2026.csv")


@pytest.fixture(scope="module")
def ships(study):
    """Totals by true ship; the craft that shares an MMSI in the Taiwan Strait is told apart and left out."""
    table = study.totals(by=["vessel", "phase"])
    return table.assign(ship=table["vessel"].str.removesuffix("/1"))


@pytest.mark.parametrize("phase", ["at_berth", "at_anchor"])
def test_hours_of_stays_come_back_holes_and_wrong_status_included(ships, truth, phase):
    found = ships[ships["phase"] == phase].groupby("ship")["hours"].sum()
    true = truth[truth["phase"] == phase].groupby("vessel_id")["hours"].sum()
    assert set(found.index) == set(true.index)
    assert (found - true).abs().max() < 0.5


def test_hours_of_stays_come_back_by_port(study, truth):
    zones = reference.zones("port").zones.set_index("zone_id")["port"]
    table = study.totals(by=["port", "phase"])
    stays = table[table["phase"].isin(["at_berth", "at_anchor"])]
    found = stays.groupby(stays["port"].map(zones))["hours"].sum()
    true = truth[truth["phase"].isin(["at_berth", "at_anchor"])].groupby("port")["hours"].sum()
    for port, hours in true.items():
        assert found[port] == pytest.approx(hours, abs=1.5), port


def test_two_craft_on_one_mmsi_are_told_apart(study):
    parts = [vessel for vessel in study.vessels["vessel_id"] if "/" in vessel]
    assert [part.split("/")[1] for part in sorted(parts)] == ["1", "2"]


def test_miles_come_back_and_nothing_is_lost_over_the_date_line(study, ships, truth):
    """Sailed miles and the great circles over unobserved gaps make the true distance to 1 %."""
    gaps = study.unobserved
    ends = (gaps[name].to_numpy() for name in ("lat0", "lon0", "lat1", "lon1"))
    gap_nm = pd.Series(distance_m(*ends) / 1852.0).groupby(gaps["vessel_id"].to_numpy()).sum()
    gap_nm.index = gap_nm.index.str.removesuffix("/1")
    sailed = ships[~ships["ship"].str.endswith("/2")].groupby("ship")["distance_nm"].sum()
    true = truth.groupby("vessel_id")["distance_nm"].sum()
    pd.testing.assert_series_equal(
        sailed.add(gap_nm, fill_value=0.0), true, rtol=0.01, check_names=False, check_index_type=False
    )


def test_hours_observed_or_not_are_those_of_the_truth(study, ships, truth):
    gaps = study.unobserved
    gap_h = (
        ((gaps["t1_ms"] - gaps["t0_ms"]) / MS_PER_H).groupby(gaps["vessel_id"].str.removesuffix("/1")).sum()
    )
    hours = ships[~ships["ship"].str.endswith("/2")].groupby("ship")["hours"].sum()
    true = truth.groupby("vessel_id")["hours"].sum()
    assert (hours.add(gap_h, fill_value=0.0) - true).abs().max() < 0.5

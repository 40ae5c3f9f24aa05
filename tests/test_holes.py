"""What nobody observed: hours at a berth are kept, hours at sea are told apart, shares are by hours."""

import json

import drawn_ais
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from drawn_ais import HOUR, MINUTE, START

import corridor
from corridor.ground import study_systems
from corridor.holes import COLUMNS, hole_table, hours_by_waters

PIER_J = (33.7409, -118.1994)
DAY = 24 * HOUR


def row(t_ms, lat, lon, sog, mmsi="477999101", **cells):
    time = drawn_ais.stamp(START + t_ms)
    return drawn_ais.line(mmsi=mmsi, lat=f"{lat:.5f}", lon=f"{lon:.5f}", time=time, sog=f"{sog}", **cells)


def moored(hole):
    """Arrives at Pier J at 9 kn within an hour, lies 66 h, sails for an hour; 60 h of it may be unheard."""
    way = np.arange(0, 60, 5) * MINUTE
    lat, lon = PIER_J
    still = np.arange(HOUR, 67 * HOUR + 1, 10 * MINUTE)
    if hole:
        still = still[(still <= 4 * HOUR) | (still >= 64 * HOUR)]
    south = 9 / 60 * (HOUR - way) / HOUR
    arrive = [row(t, lat - d, lon, 9.0) for t, d in zip(way, south, strict=True)]
    lie = [row(t, lat + 1e-5 * (k % 3), lon, 0.0) for k, t in enumerate(still)]
    sail = [row(67 * HOUR + HOUR - t, lat - d, lon, 9.0) for t, d in zip(way, south, strict=True)]
    return drawn_ais.table([*arrive, *lie, *reversed(sail)])


def run(content, work):
    (work / "ais.csv").write_bytes(content)
    return corridor.run_study(work / "ais.csv", work_dir=work)


@pytest.fixture(scope="module")
def berthed(tmp_path_factory):
    """The same call, heard through and with a hole of sixty hours while moored."""
    return {hole: run(moored(hole), tmp_path_factory.mktemp(f"hole{hole}")) for hole in (False, True)}


def at_berth(study):
    return study.totals(by=["port", "phase"]).set_index(["port", "phase"]).loc[("lb_pier_j", "at_berth")]


def test_sixty_hours_unheard_at_the_berth_lose_no_hotelling_hour(berthed):
    assert at_berth(berthed[True])["hours"] == pytest.approx(66.0, abs=0.01)
    for column in ("hours", "fuel_kg", "co2_kg", "nox_kg", "pm10_kg"):
        assert at_berth(berthed[True])[column] == pytest.approx(at_berth(berthed[False])[column], rel=1e-6)


def test_they_add_no_sea_mile(berthed):
    assert at_berth(berthed[True])["distance_nm"] == 0
    lengths = [study.manifest["totals"]["nm"] for study in berthed.values()]
    assert lengths[1] == pytest.approx(lengths[0], abs=1e-3)
    assert lengths[0] == pytest.approx(2 * 9.0, rel=0.02)
    assert berthed[True].manifest["totals"]["hours_filled"] == 0
    assert not len(berthed[True].holes())


def test_observed_share_is_by_hours_everywhere(berthed, tmp_path):
    study = berthed[True]
    folder = study.to_folder(tmp_path / "out").folder
    #   68 h from first to last report less the 60 h of the hole; 66 h at the berth
    whole, berth = 1 - 60 / (68 - 5 / 60 + 5 / 60), 1 - 60 / 66
    totals = pd.read_csv(folder / "totals.csv")
    here = totals[(totals["zone_id"] == "lb_pier_j") & (totals["consumer"] == "ship")]
    assert here.set_index("phase")["observed_share"]["at_berth"] == pytest.approx(berth, rel=1e-3)
    vessels = pd.read_csv(folder / "vessels.csv")
    assert vessels["observed_share"][0] == pytest.approx(whole, rel=3e-3)
    zones = gpd.read_file(folder / "study.gpkg", layer="zones").set_index("zone_id")
    assert zones["observed_share"]["lb_pier_j"] == pytest.approx(berth, rel=3e-2)
    grid = gpd.read_file(folder / "study.gpkg", layer="hotspot_grid")
    assert grid.loc[grid["hours"].idxmax(), "observed_share"] == pytest.approx(berth, rel=3e-2)
    manifest = study.manifest["totals"]
    assert manifest["hours_observed"] / manifest["hours"] == pytest.approx(vessels["observed_share"][0])
    for table in (totals, vessels, grid, zones):
        share = table["observed_share"].dropna()
        assert share.between(0, 1).all()
    by_hours = (grid["observed_share"] * grid["hours"]).sum()
    assert by_hours == pytest.approx(manifest["hours_observed"], rel=1e-9)


@pytest.fixture(scope="module")
def silent(tmp_path_factory):
    """One ship silent for 400 h over 180°, too long to fill; another heard throughout."""
    way = np.arange(0, 120, 10) * MINUTE
    before = [row(t, 40.0, 174.0 + 0.4 * t / HOUR, 18.4) for t in way]
    after = [row(400 * HOUR + t, 41.0, -175.2 + 0.4 * t / HOUR, 18.4) for t in way]
    other = [row(t, 33.2, -121.0 + 0.3 * t / HOUR, 15.1, mmsi="477999202", imo="IMO9999022") for t in way]
    work = tmp_path_factory.mktemp("silent")
    study = run(drawn_ais.table([*before, *after, *other]), work)
    return study, study.to_folder(work / "out").folder


def test_a_hole_too_long_to_fill_stands_in_the_table(silent):
    study, folder = silent
    holes = pd.read_csv(folder / "unobserved.csv", parse_dates=["start_utc", "end_utc"])
    assert tuple(holes)[: len(COLUMNS)] == COLUMNS
    (hole,) = holes.itertuples()
    assert hole.vessel_id == "IMO9999010"
    assert hole.hours == pytest.approx(400 - 110 / 60)
    assert (hole.end_utc - hole.start_utc).total_seconds() / 3600 == pytest.approx(hole.hours)
    assert (hole.from_waters, hole.to_waters) == ("north_pacific_west", "north_pacific_east")
    assert hole.from_lon == pytest.approx(174.733, abs=1e-3)
    assert (hole.to_lat, hole.to_lon) == (41.0, -175.2)
    assert study.manifest["totals"]["hours"] == pytest.approx(3 * 110 / 60)


def test_run_json_sums_it_by_waters(silent):
    study, folder = silent
    said = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (pair,) = said["unobserved"]
    assert pair["holes"] == 1
    assert pair["hours"] == pair["longest_h"] == pytest.approx(said["totals"]["hours_unobserved"])
    assert sum(item["hours"] for item in said["unobserved"]) == pytest.approx(study.holes()["hours"].sum())


def test_the_layer_is_split_at_180(silent):
    _, folder = silent
    layer = gpd.read_file(folder / "study.gpkg", layer="unobserved")
    (shape,) = layer.geometry
    assert len(shape.geoms) == 2
    assert sorted(part.bounds[0::2] for part in shape.geoms)[0] == pytest.approx((-180.0, -175.2))
    assert layer["hours"][0] == pytest.approx(400 - 110 / 60)


def test_no_hole_is_an_empty_table_and_an_empty_layer(berthed, tmp_path):
    folder = berthed[False].to_folder(tmp_path / "out").folder
    holes = pd.read_csv(folder / "unobserved.csv")
    assert (tuple(holes)[: len(COLUMNS)], len(holes)) == (COLUMNS, 0)
    assert len(gpd.read_file(folder / "study.gpkg", layer="unobserved")) == 0
    assert berthed[False].manifest["unobserved"] == []


def test_sums_by_waters_lose_no_hour():
    systems = study_systems()
    n = int(np.prod([len(system.zones) + 1 for system in systems]))
    codes = np.random.default_rng(7).integers(0, n, (200, 2))
    t0 = START + np.arange(200) * HOUR
    gaps = pd.DataFrame(
        {
            "vessel_id": [f"V{k % 9}" for k in range(200)],
            "t0_ms": t0,
            "t1_ms": t0 + np.arange(200) * 7 * MINUTE,
            "lat0": 0.0,
            "lon0": 0.0,
            "lat1": 0.0,
            "lon1": 0.0,
            "reason": "too_long",
            "zone0": codes[:, 0],
            "zone1": codes[:, 1],
        }
    )
    holes = hole_table(gaps, systems)
    sums = hours_by_waters(holes)
    assert sums["hours"].sum() == pytest.approx(np.arange(200).sum() * 7 / 60)
    assert sums["holes"].sum() == 200
    assert sums["hours"].is_monotonic_decreasing
    place = [system.name for system in systems].index("waters")
    assert set(holes["from_waters"]) <= set(systems[place].zone_ids)

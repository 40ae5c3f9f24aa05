"""Real AIS beside the checkout: every row accounted for, ships at the quay counted as such."""

import json
import time

import numpy as np
import pandas as pd
import pytest
import shapely
from pyarrow import dataset

import corridor
from corridor.emissions.phases import PHASES

DAYS = "sbarc_20180601-02_cargo150m_marinecadastre-columns.csv"
ROWS = 79_765
# Pier J, Pier T and Middle Harbor, which the port calls Pier E.
QUAYS = ("lb_pier_j", "lb_pier_t", "lb_pier_e")
OAKLAND = 235072407


@pytest.fixture(scope="module")
def raw(shared_ais):
    return pd.read_csv(shared_ais / DAYS, parse_dates=["BaseDateTime"])


@pytest.fixture(scope="module")
def study(shared_ais, work_dir):
    corridor.run_study([shared_ais / DAYS], work_dir=work_dir)  # converts, and fills the caches
    return corridor.run_study([shared_ais / DAYS], work_dir=work_dir)


@pytest.fixture(scope="module")
def pieces(study):
    return dataset.dataset(study.pieces, format="parquet").to_table().to_pandas()


def test_every_row_is_kept_or_dropped_with_a_reason(study, raw):
    said = study.manifest
    assert len(raw) == ROWS
    assert said["rows_in"] == ROWS
    assert said["rows_kept"] + sum(said["rows_dropped"].values()) == ROWS
    assert said["rows_kept"] > 0.97 * ROWS
    # Three rows repeat one before them in every column; the others share only ship and second.
    assert said["rows_dropped"]["duplicate"] == raw.duplicated().sum()
    assert said["vessels"] >= raw["MMSI"].nunique()


def test_it_takes_less_than_thirty_seconds_warm(shared_ais, work_dir, study, tmp_path):
    started = time.perf_counter()
    corridor.run_study([shared_ais / DAYS], work_dir=work_dir).to_folder(tmp_path / "out")
    assert time.perf_counter() - started < 30
    said = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert said["totals"] == study.manifest["totals"]
    assert said["parameters"]["simulated"] is False
    assert not pd.read_csv(tmp_path / "out" / "totals.csv")["simulated"].any()


def test_the_four_sums_are_equal(study):
    said = study.manifest["mass_balance"]
    assert said["paths"] == ["cells", "pieces", "vessels", "zones"]
    assert said["equal"] is True
    assert min(said["sums"].values()) > 0


def test_the_ship_that_says_it_is_under_way_lies_at_pier_t_for_two_days(study, raw):
    """HYUNDAI OAKLAND: 114 fixes, all with status 0, from the first to the last at the berth."""
    own = raw[raw["MMSI"] == OAKLAND]
    assert set(own["Status"]) == {0}
    heard_h = (own["BaseDateTime"].max() - own["BaseDateTime"].min()) / pd.Timedelta("1h")
    vessel = study.vessels.loc[study.vessels["mmsi"] == OAKLAND, "vessel_id"].item()
    table = study.totals(by=["vessel", "port", "phase"])
    (row,) = table[table["vessel"] == vessel].to_dict("records")
    assert (row["port"], row["phase"]) == ("lb_pier_t", "at_berth")
    assert row["hours"] == pytest.approx(heard_h, abs=1e-6)
    assert row["hours"] > 44
    assert row["distance_nm"] == 0
    assert row["fuel_kg"] > 0
    # Most of it lies in holes of the reception.
    assert row["observed_share"] < 0.5


def test_ships_still_at_the_quays_are_at_berth_all_the_time_holes_included(study, raw):
    """From a ship's first to its last fix at rest at a quay, if it is heard nowhere else in between."""
    zones = corridor.zones("port").zones.set_index("zone_id").geometry
    table = study.totals(by=["vessel", "port", "phase"]).set_index(["vessel", "port", "phase"])["hours"]
    vessel_of = study.vessels.drop_duplicates("mmsi", keep=False).set_index("mmsi")["vessel_id"]
    seen = dict.fromkeys(QUAYS, 0.0)
    for name in QUAYS:
        inside = shapely.contains_xy(zones[name], raw["LON"], raw["LAT"])
        for mmsi, own in raw[inside & (raw["SOG"] < 0.5)].groupby("MMSI"):
            first, last = own["BaseDateTime"].min(), own["BaseDateTime"].max()
            all_fixes = raw[(raw["MMSI"] == mmsi) & raw["BaseDateTime"].between(first, last)]
            near = shapely.contains_xy(zones[name].buffer(0.005), all_fixes["LON"], all_fixes["LAT"])
            still_h = (last - first) / pd.Timedelta("1h")
            if near.all() and still_h > 0.5:
                booked_h = table[vessel_of[mmsi], name, "at_berth"]
                assert booked_h >= still_h - 1e-6, (mmsi, name)
                seen[name] += still_h
    # Each of the quays has its ship, CSCL WINTER, HYUNDAI OAKLAND and OOCL GENOA among them.
    assert min(seen.values()) > 8, seen
    assert seen["lb_pier_t"] > 44 + 11


def test_the_darkest_cells_of_hotelling_lie_on_the_quays_and_in_the_anchorages(study):
    """In San Pedro Bay the eight cells with most of each kind touch an outline of that kind."""
    zones = corridor.zones("port").zones
    cells = study.ledger.cells
    for phase, kind in (("at_berth", "berth"), ("at_anchor", "anchorage")):
        own = cells[cells["phase"] == PHASES.index(phase)].groupby("cell")["co2_mg"].sum()
        # Ships lie at quays of other ports on this coast too, whose berths are not drawn.
        west, south, _, _ = study.lattice.cell_bounds(own.index.to_numpy())
        in_the_bay = (np.abs(west + 118.2) < 0.2) & (np.abs(south - 33.7) < 0.15)
        densest = own[in_the_bay].sort_values(ascending=False).index[:8].to_numpy()
        assert len(densest) == 8
        outlines = shapely.union_all(zones.loc[zones["kind"] == kind, "geometry"].to_numpy())
        squares = shapely.box(*study.lattice.cell_bounds(densest))
        assert shapely.intersects(squares, outlines).all(), phase
        # Not in a coarse cell that merely reaches a quay: the ports' grid is fine.
        assert (shapely.bounds(squares)[:, 2] - shapely.bounds(squares)[:, 0] < 0.011).all()


def test_no_ship_moves_in_a_berth_for_an_hour_without_moving(pieces):
    """A piece in a berth slower than half a knot from end to end is a stay, whatever was broadcast."""
    hours = pieces["hours"].to_numpy()
    kinds = corridor.zones("port").table().set_index("zone_id")["kind"]
    at_quay = pieces["port_zone"].astype(str).map(kinds).eq("berth")
    still = pieces["distance_nm"] < 0.5 * hours
    wrong = pieces[at_quay & still & (hours > 1) & (pieces["phase"].astype(str) != "at_berth")]
    assert wrong[["vessel_id", "start_utc", "hours", "phase", "port_zone"]].empty, wrong.to_dict("records")


def test_hours_of_every_ship_are_those_between_its_first_and_last_fix(study, raw):
    """Segments and unobserved gaps together; ships of which nothing was dropped."""
    rows = study.ledger.rows.groupby("vessel")["hours_ms"].sum()
    gaps = study.unobserved.assign(ms=lambda t: t["t1_ms"] - t["t0_ms"]).groupby("vessel_id")["ms"].sum()
    lasting = raw.groupby("MMSI")["BaseDateTime"].agg(lambda t: (t.max() - t.min()) / pd.Timedelta("1ms"))
    compared = 0
    for number, vessel in study.vessels.iterrows():
        heard = lasting.get(vessel["mmsi"], 0)
        booked = rows.get(number, 0) + gaps.get(vessel["vessel_id"], 0)
        assert booked <= heard + 1
        compared += booked == pytest.approx(heard, abs=1)
    # All but the few whose first or last row was dropped, or who share an identity.
    assert compared > 0.9 * len(study.vessels)


def test_nothing_measured_as_not_available_is_in_a_result(pieces):
    assert pieces["speed_kn"].max() < 60
    assert pieces[["lat0", "lat1"]].abs().to_numpy().max() < 60
    assert pieces["engine_load"].between(0, 1).all()
    assert pieces.select_dtypes("number").notna().all(axis=None)

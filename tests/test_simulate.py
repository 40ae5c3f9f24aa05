"""Simulated voyages: deterministic, marked, off the land, faulty on purpose, with a truth that adds up."""

import gzip
import io

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated_fleet import HOSTILE_NAMES, hostile_ais, page_land

from corridor import reference
from corridor.emissions.register import read_register
from corridor.errors import InputError
from corridor.identity import SHIP, classify_mmsi, parse_imo
from corridor.simulate import DEMO_SEED, DEMO_VOYAGES, compose, imo_number, simulate
from corridor.simulation.lanes import network
from corridor.simulation.schedule import Harbourmaster, Passage, Stay, sail_ship
from corridor.tracks.ingest import ingest
from layers.geodesy import distance_m

DEMO = reference.data_path() / "demo"
MARINECADASTRE = (
    "MMSI BaseDateTime LAT LON SOG COG Heading VesselName IMO CallSign VesselType Status Length Width Draft "
    "Cargo TransceiverClass"
)


@pytest.fixture(scope="module")
def demo():
    return compose(DEMO_VOYAGES, DEMO_SEED)


@pytest.fixture(scope="module")
def clean():
    return compose(6, seed=5, with_faults=False)


def read(path):
    return pd.read_csv(path, keep_default_na=False, na_values={"Draft": [""], "Status": [""]})


def as_file(table):
    return read(io.StringIO(table.to_csv(index=False)))


def test_the_shipped_demo_is_what_its_seed_gives(demo):
    # Another build of PROJ may move a coordinate by its last digit, nothing else.
    tolerance = {"rtol": 0.0, "atol": 2e-5}
    pd.testing.assert_frame_equal(read(DEMO / "simulated_ais_2026.csv.gz"), as_file(demo.ais), **tolerance)
    pd.testing.assert_frame_equal(read(DEMO / "simulated_ships_2026.csv"), as_file(demo.ships), **tolerance)
    pd.testing.assert_frame_equal(read(DEMO / "simulated_truth_2026.csv"), as_file(demo.truth), **tolerance)


def test_the_shipped_demo_is_small_and_in_spring_2026(demo):
    assert sum(path.stat().st_size for path in DEMO.iterdir()) < 2_500_000
    assert 60_000 <= len(demo.ais) <= 120_000
    assert demo.ais["BaseDateTime"].min() > "2026-03-01"
    assert demo.ais["BaseDateTime"].max() < "2026-05-15"


def test_the_demo_calls_at_every_port_and_sails_both_ways(demo):
    stays = demo.truth[demo.truth["phase"] == "at_berth"]
    assert set(stays["port"]) == {"YT", "SZW", "LB", "LA"}
    assert {"Yantian", "Shekou", "Da Chan Bay"} <= {place.split(" south")[0] for place in stays["place"]}
    first = stays[stays["voyage"] == 0]["port"].isin(["YT", "SZW"])
    assert 0 < first.sum() < len(first)
    assert (demo.truth["phase"] == "at_anchor").sum() >= 3


def test_everything_says_that_it_is_simulated(demo, tmp_path):
    assert demo.ais["VesselName"].str.startswith("SIM ").all()
    fleet = simulate(1, 3, tmp_path)
    files = sorted(path.name for path in tmp_path.iterdir())
    assert all("simulated" in name for name in files)
    assert fleet.ais_path.name in files
    assert all("simulated" in path.name for path in DEMO.iterdir())


def test_identities_are_valid_and_nobodys(demo):
    # 499 is assigned to no country, and no ship was ever given an IMO number that begins with 49.
    assert (demo.ais["MMSI"] // 1_000_000 == 499).all()
    assert (classify_mmsi(demo.ais["MMSI"].to_numpy()) == SHIP).all()
    assert demo.ships["imo"].between(4_900_000, 4_999_999).all()
    assert [parse_imo(f"IMO{number}") for number in demo.ships["imo"]] == demo.ships["imo"].tolist()


def test_check_digit_of_an_imo_number_by_hand():
    # 9×7 + 0×6 + 7×5 + 4×4 + 7×3 + 2×2 = 139, so 9.
    assert imo_number(907472) == 9074729


def test_columns_are_those_of_the_archive(demo):
    assert " ".join(demo.ais.columns) == MARINECADASTRE
    assert demo.ais["BaseDateTime"].str.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d").all()


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path):
    one, two, three = (simulate(2, seed, tmp_path / name) for seed, name in ((8, "a"), (8, "b"), (9, "c")))
    assert one.ais_path.read_bytes() == two.ais_path.read_bytes()
    assert gzip.decompress(one.ais_path.read_bytes()) != gzip.decompress(three.ais_path.read_bytes())


def test_awkward_names_survive_the_file(tmp_path):
    fleet = simulate(8, 4, tmp_path)
    names = set(read(fleet.ais_path)["VesselName"])
    assert {"SIM CHARLIE, EAST", 'SIM "FOXTROT"'} <= names


def test_names_that_attack_a_page_survive_the_file(tmp_path):
    hostile_ais(tmp_path / "simulated_hostile.csv.gz")
    assert set(HOSTILE_NAMES[:2]) <= set(read(tmp_path / "simulated_hostile.csv.gz")["VesselName"])


def test_no_voyage_is_refused():
    with pytest.raises(InputError, match="no_voyages"):
        compose(0, seed=1)


def test_the_register_is_readable_and_lacks_one_ship(demo):
    register = read_register(DEMO / "simulated_ships_2026.csv")
    heard = set(demo.ais.loc[demo.ais["VesselType"] == 71, "IMO"].str.removeprefix("IMO").astype(int))
    assert set(register["imo"].astype(int)) < heard
    assert len(heard) == len(register) + 1


def test_the_demo_reads_with_every_row_accounted_for(demo, tmp_path):
    report = ingest([DEMO / "simulated_ais_2026.csv.gz"], work_dir=tmp_path).report
    assert report.rows_in == len(demo.ais) == report.rows_kept + sum(report.rows_dropped.values())
    assert report.rows_dropped["no_position"] == (demo.ais["LAT"] == 91.0).sum()
    assert report.rows_dropped["not_ocean_going"] > 0


def test_faults_are_there_and_counted(demo):
    ais, counted = demo.ais, demo.faults.set_index("fault")["rows"]
    assert (counted > 0).all()
    met = {
        "position_not_available": ((ais["LAT"] == 91.0) & (ais["LON"] == 181.0)).sum(),
        "speed_not_available": (ais["SOG"] == 102.3).sum(),
        "course_not_available": (ais["COG"] == 360.0).sum(),
        "heading_not_available": (ais["Heading"] == 511).sum(),
        "repeated_row": ais.duplicated().sum(),
        "not_ocean_going": ais["VesselType"].isin([37, 52]).sum(),
    }
    # Repeating rows repeats their faults too, so a few more are met than put in.
    for fault, rows in met.items():
        assert counted[fault] <= rows <= counted[fault] + 5, fault
    assert not ais["BaseDateTime"].is_monotonic_increasing
    assert counted["out_of_order"] > 50


def test_clean_reports_have_no_faults_and_stay_in_order(clean):
    assert clean.faults.empty
    assert clean.ais["LAT"].between(20, 50).all()
    assert clean.ais["BaseDateTime"].is_monotonic_increasing
    assert not clean.ais.duplicated(["MMSI", "BaseDateTime"]).any()
    assert (clean.ais.groupby("MMSI").size() > 1000).all()


def test_reception_has_holes_over_the_date_line_and_in_port(demo):
    good = demo.ais[(demo.ais["LAT"] < 90) & (demo.ais["VesselType"] == 71)]
    good = good.assign(t=pd.to_datetime(good["BaseDateTime"])).sort_values(["MMSI", "t"], kind="stable")
    gap_h = good.groupby("MMSI")["t"].diff().dt.total_seconds() / 3600.0
    step = good.groupby("MMSI")["LON"].diff().abs()
    assert (gap_h[step > 180] > 40).sum() >= 2
    assert ((gap_h > 12) & (step < 0.01)).sum() >= 2
    assert ((gap_h > 3) & (gap_h < 12)).sum() >= 30


def test_truth_is_without_gap_and_covers_the_reports(demo):
    for vessel, rows in demo.truth.groupby("vessel_id"):
        assert (rows["start_utc"].to_numpy()[1:] == rows["end_utc"].to_numpy()[:-1]).all()
        span = pd.Timestamp(rows["end_utc"].iloc[-1]) - pd.Timestamp(rows["start_utc"].iloc[0])
        assert rows["hours"].sum() == pytest.approx(span.total_seconds() / 3600.0, abs=0.001)
        reports = demo.ais.loc[demo.ais["IMO"] == vessel, "BaseDateTime"]
        assert rows["start_utc"].iloc[0][:19] <= reports.min()
        assert reports.max() <= rows["end_utc"].iloc[-1][:19]


def test_true_distance_is_that_of_the_clean_reports(clean):
    """Chords between reports are a little shorter than the way; noise and holes move them below 1 %."""
    for vessel, truth in clean.truth.groupby("vessel_id"):
        rows = clean.ais[(clean.ais["IMO"] == vessel) & (clean.ais["SOG"] > 1.2)]
        lat, lon = rows["LAT"].to_numpy(), rows["LON"].to_numpy()
        sailed_nm = distance_m(lat[:-1], lon[:-1], lat[1:], lon[1:]).sum() / 1852.0
        assert sailed_nm == pytest.approx(truth["distance_nm"].sum(), rel=0.01)


def test_true_cubed_speed_is_not_below_the_cube_of_the_mean(demo):
    under_way = demo.truth[demo.truth["distance_nm"] > 0]
    mean = under_way["distance_nm"] / under_way["hours"]
    assert (under_way["mean_cubed_speed_kn3"] >= mean**3 * (1 - 1e-6)).all()
    sea = under_way[under_way["phase"] == "sea"]
    assert (sea["distance_nm"] / sea["hours"]).between(12.5, 21.5).all()
    assert sea["distance_nm"].between(6100, 6700).all()


def test_ships_lie_still_for_the_hours_of_the_truth(clean):
    rows = clean.ais.assign(t=clean.ais["BaseDateTime"])
    for stay in clean.truth[clean.truth["phase"] == "at_berth"].itertuples():
        inside = rows[
            (rows["IMO"] == stay.vessel_id) & rows["t"].between(stay.start_utc[:19], stay.end_utc[:19])
        ]
        assert inside["SOG"].quantile(0.98) < 0.5
        assert inside["LAT"].std() < 3e-4


def fleet_legs(seed, ships=30):
    harbourmaster = Harbourmaster(network())
    for index in range(ships):
        yield from sail_ship(
            harbourmaster,
            np.random.default_rng([seed, index]),
            first_hour=24.0 * index,
            direction="eastbound" if index % 2 else "westbound",
            crossings=1,
            draught_ref_m=14.0,
        )


def test_no_passage_crosses_land():
    """Against the page's own land: exact to 50 m in the ports, to 1 km at sea; quays are left out."""
    ocean, ports, frames = page_land()
    for geometry in (ocean, ports, frames):
        shapely.prepare(geometry)
    for passage in (leg for leg in fleet_legs(2) if isinstance(leg, Passage)):
        along = passage.path.distance_nm
        off_quay = (along > 0.25) & (along < along[-1] - 0.25)
        lon, lat = passage.path.longitude_deg[off_quay] % 360.0, passage.path.latitude_deg[off_quay]
        in_port = shapely.contains_xy(frames, lon, lat)
        assert not shapely.contains_xy(ports, lon[in_port], lat[in_port]).any(), passage.destination.name
        assert not shapely.contains_xy(ocean, lon[~in_port], lat[~in_port]).any(), passage.destination.name


def test_no_two_ships_share_a_berth_at_a_time():
    stays = [leg for leg in fleet_legs(3, ships=8) if isinstance(leg, Stay) and leg.stage == "at_berth"]
    for one in stays:
        same = [other for other in stays if other is not one and other.place == one.place]
        assert not any(other.start_h < one.end_h and one.start_h < other.end_h for other in same)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), voyages=st.integers(1, 3))
def test_any_seed_gives_sound_reports(seed, voyages):
    tables = compose(voyages, seed, with_faults=False)
    ais, truth = tables.ais, tables.truth
    assert ais["LON"].between(-180.0, 180.0, inclusive="left").all()
    assert ais["SOG"].between(0.0, 25.0).all()
    assert ais["COG"].between(0.0, 360.0).all()
    assert (truth["hours"] > 0).all()
    assert truth.groupby("vessel_id")["voyage"].max().sum() == voyages


def test_every_place_lies_in_the_zone_of_its_port():
    zones = reference.zones("port").zones
    for place in network().places:
        here = zones[zones.contains(shapely.Point(place.longitude_deg, place.latitude_deg))]
        assert here[["kind", "port"]].to_numpy().tolist() == [[place.kind, place.port]], place.name

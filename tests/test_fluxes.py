"""Files for chemistry models: groups of sources, profiles in time, members of an ensemble."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import corridor
from corridor.accounts.cell_members import CellMembers, fitted, kind_keys
from corridor.accounts.uncertainty import bounds
from corridor.errors import InputError
from corridor.outputs import profiles
from corridor.outputs.export import Settings, export
from corridor.outputs.flux import GROUPS, Gridded
from corridor.outputs.members import cell_members, write_members
from corridor.outputs.publish import published

SPECIES = ("co2", "nox", "sox", "pm25", "bc")
COUNT = 12


@pytest.fixture(scope="module")
def files(demo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("fluxes") / "out"
    export(demo.study, folder, ["netcdf"], settings=Settings(cell_deg=0.5, group="class", members=COUNT))
    return folder


@pytest.fixture(scope="module")
def totals(demo):
    return demo.study.manifest["totals"]


def seconds(data):
    return np.diff(data["time_bounds"].to_numpy(), axis=1).ravel() / np.timedelta64(1, "s")


def masses(data, species):
    """Mass by every axis but that of the place, summed over time. [kg]"""
    weight = xr.DataArray(seconds(data), dims="time")
    return (data[species] * data["cell_area"]).sum(("lat", "lon")).dot(weight, dim="time")


@pytest.mark.parametrize("name", ["emissions.nc", "emissions_profiles.nc", "emissions_members.nc"])
def test_the_checker_of_the_conventions_finds_nothing(files, name):
    checker = Path(sys.executable).with_name("compliance-checker")
    command = [str(checker), "-t", "cf:1.11", str(files / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert "All tests passed!" in done.stdout, done.stdout + done.stderr


def test_the_same_study_makes_the_same_bytes(demo, files, tmp_path):
    again = corridor.open_study(demo.folder)
    export(again, tmp_path / "out", ["netcdf"], settings=Settings(0.5, group="class", members=COUNT))
    names = sorted(path.name for path in files.glob("*.nc"))
    assert len(names) == 3
    for name in names:
        assert (tmp_path / "out" / name).read_bytes() == (files / name).read_bytes(), name


# Groups of sources


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("species", SPECIES)
def test_groups_add_up_to_the_total(demo, totals, group, species):
    gridded = Gridded(demo.study, 0.25, group)
    parts = [
        gridded.slab(species, month, number).sum()
        for month in range(len(gridded.months))
        for number in range(len(gridded.groups))
    ]
    assert sum(parts) == pytest.approx(totals[f"{species}_kg"], rel=1e-9)
    np.testing.assert_allclose(gridded.cell_masses(species).sum(), totals[f"{species}_kg"], rtol=1e-9)


def test_ship_classes_are_those_of_the_ledger(demo, files):
    study = demo.study
    names = np.array(study.class_names())[study.ledger_classes()]
    mass = study.ledger.rows[[f"{one}_nox_mg" for one in ("main", "aux", "boiler")]].sum(axis=1) / 1e6
    wanted = mass.groupby(names).sum()
    with xr.open_dataset(files / "emissions.nc") as data:
        assert data["nox"].dims == ("ship_class", "time", "lat", "lon")
        found = masses(data, "nox").to_numpy()
        words = data["ship_class"].attrs["flag_meanings"].split()
    assert dict(zip(words, found, strict=True)) == pytest.approx(wanted.to_dict(), rel=1e-9)
    assert len(wanted) >= 1


def test_a_total_has_no_axis_of_groups(demo, totals, tmp_path):
    demo.study.export(tmp_path / "out", ["netcdf"], cell_deg=0.5, group="total")
    with xr.open_dataset(tmp_path / "out" / "emissions.nc") as data:
        assert data["nox"].dims == ("time", "lat", "lon")
        assert float(masses(data, "nox")) == pytest.approx(totals["nox_kg"], rel=1e-9)


def test_an_unknown_group_is_refused(demo):
    with pytest.raises(InputError, match="phase, class, total") as refusal:
        Gridded(demo.study, 0.5, "engine")
    assert refusal.value.code == "unknown_group"


def test_every_file_says_what_is_known_of_the_release_height(files):
    facts = corridor.reference.table("release_height_2026").set_index("item")
    low, high = facts.loc["stack_height", ["low", "high"]]
    for path in files.glob("*.nc"):
        with xr.open_dataset(path) as data:
            assert f"{low:g} to {high:g} m" in data.attrs["release_height_note"]
            assert "no height" in data.attrs["release_height_note"]


def test_what_is_withheld_is_said_first(demo, tmp_path):
    study = published(demo.study, 3)
    told = study.manifest["published"]["withheld"]
    gone = told["sums"]["co2_mg"] / 1e6
    kept = study.ledger.cells["co2_mg"].sum() / 1e6
    said = f"NOT COMPLETE: {told['cells']:,} cells of fewer than 3 ships, {100 * gone / (gone + kept):.1f} %"
    export(study, tmp_path / "out", ["netcdf", "cog"], settings=Settings(1.0))
    for path in sorted((tmp_path / "out").glob("*.nc")):
        with xr.open_dataset(path) as data:
            assert data.attrs["comment"].startswith(said)
    with xr.open_dataset(tmp_path / "out" / "emissions.nc") as data:
        assert float(masses(data, "co2").sum()) == pytest.approx(kept, rel=1e-9)
        summary = data.attrs["summary"]
    assert "without loss" in summary
    assert "what the study tells by cell" in summary
    for path in sorted((tmp_path / "out" / "cog").glob("*.tif")):
        with rasterio.open(path) as file:
            assert file.tags()["comment"].startswith(said)
            assert file.tags()["summary"]


def test_a_whole_study_is_not_called_incomplete(files):
    with xr.open_dataset(files / "emissions.nc") as data:
        assert "NOT COMPLETE" not in data.attrs["comment"]
        assert "all seconds of the month" in data.attrs["comment"]


# Profiles


@pytest.fixture(scope="module")
def shares(files):
    with xr.open_dataset(files / "emissions_profiles.nc") as data:
        yield data.load()


AXES = {
    "month_share": "time",
    "hour_share": "hour",
    "hour_share_local": "hour",
    "weekday_share": "weekday",
    "weekday_share_local": "weekday",
}


@pytest.mark.parametrize(("name", "axis"), AXES.items())
def test_shares_add_up_to_one(shares, name, axis):
    sums = shares[name].sum(axis, skipna=False)
    np.testing.assert_allclose(sums.to_numpy()[~np.isnan(sums.to_numpy())], 1.0, rtol=1e-12)
    assert float(shares[name].min()) >= 0
    assert not np.isnan(shares[name].isel(place=0) if "place" in shares[name].dims else shares[name]).any()


def test_hours_hold_what_the_pieces_hold(demo, totals):
    found = profiles.by_hour(demo.study)
    assert found.places[0] == "study"
    assert found.mass_kg[0].sum(axis=0)[0] == pytest.approx(totals["co2_kg"], rel=1e-12)
    np.testing.assert_allclose(found.mass_kg[1:].sum(axis=0), found.mass_kg[0], rtol=1e-12)
    _, monthly = profiles.by_month(demo.study)
    # The same places by another way: whole milligrams of the ledger against kilograms of the pieces.
    np.testing.assert_allclose(found.mass_kg.sum(axis=1), monthly.sum(axis=1), rtol=1e-9, atol=1e-6)


def test_a_piece_counts_in_every_hour_it_lasted(demo):
    """One port, hour by hour, by another engine: ranges of a table of hours instead of a spread."""
    query = """
        with pieces as (
            select epoch_ms(start_utc) as a, epoch_ms(end_utc) as b, co2_kg
            from read_parquet(?) where port_zone like 'yt_%'
        ), hours as (select unnest(range(24)) as hour),
        days as (select unnest(range(min(a) // 86400000, max(b) // 86400000 + 1)) as day from pieces)
        select hour, sum(co2_kg * (least(b, t + 3600000) - greatest(a, t)) / (b - a)) as kg
        from (select *, day * 86400000 + hour * 3600000 as t from pieces, days, hours)
        where b > a and a < t + 3600000 and b > t group by hour order by hour
    """
    wanted = duckdb.execute(query, [f"{demo.study.pieces}/*.parquet"]).df()["kg"].to_numpy()
    found = profiles.by_hour(demo.study)
    mass = found.mass_kg[found.places.index("YT"), :, 0].reshape(-1, 24).sum(axis=0)
    np.testing.assert_allclose(mass, wanted, rtol=1e-6)


def test_local_shares_are_those_of_the_clock_there(shares):
    words = shares["port"].attrs["flag_meanings"].split()
    places = shares["place"].attrs["flag_meanings"].split()
    here, local = places.index("YT"), words.index("YT")
    # China's clocks stand eight hours ahead all year.
    utc = shares["hour_share"].sel(place=here).to_numpy()
    np.testing.assert_allclose(
        shares["hour_share_local"].sel(port=local).to_numpy(), np.roll(utc, 8, axis=1), rtol=1e-12
    )


def test_summer_time_is_in_the_local_clock():
    hours = np.array(
        [int(pd.Timestamp(day, tz="UTC").timestamp()) // 3600 for day in ("2026-03-08", "2026-03-09")]
    )
    assert (profiles.local_hours(hours, "America/Los_Angeles") - hours).tolist() == [-8, -7]


def test_clocks_between_hours_are_refused():
    with pytest.raises(InputError, match="whole ones") as refusal:
        profiles.local_hours(np.array([475_000]), "Asia/Kolkata")
    assert refusal.value.code == "broken_hour"


def test_the_first_day_of_the_week_is_monday(shares):
    assert shares["weekday"].attrs["flag_meanings"].split()[0] == "monday"
    hour = int(pd.Timestamp("2026-11-23", tz="UTC").timestamp()) // 3600
    assert pd.Timestamp("2026-11-23").day_name() == "Monday"
    assert profiles._of_week(np.array([hour])).tolist() == [0]


def test_the_waters_that_two_ports_share_are_a_place_of_their_own(demo, shares):
    ledger = profiles.by_month(demo.study)
    mass = ledger[1][ledger[0].index("SPB")].sum(axis=0)[0]
    rows, system = demo.study.ledger.rows, [one.name for one in demo.study.systems].index("port")
    zones = demo.study.zone_names(system)["zone_id"].to_numpy()[demo.study.zone_places()[:, system]]
    shared = rows[np.isin(zones, ["spb_precautionary", "spb_approach_20nm", "spb_approach_40nm"])]
    wanted = shared[[f"{one}_co2_mg" for one in ("main", "aux", "boiler")]].to_numpy().sum() / 1e6
    assert mass == pytest.approx(wanted, rel=1e-12)
    assert mass > 0
    words = shares["port"].attrs["flag_meanings"].split()
    local = shares["hour_share_local"].sel(port=words.index("SPB")).to_numpy()
    assert np.isfinite(local).all()
    assert len(words) == len(set(words))


@given(st.lists(st.text(max_size=6), unique=True))
def test_names_of_ports_become_words_of_their_own(names):
    words = profiles.words_of(names)
    assert len(set(words)) == len(names)
    assert all(re.fullmatch(r"\w+", word) for word in words)
    assert not {"study", "elsewhere"} & set(words)


def test_without_pieces_only_months_are_known(demo, tmp_path):
    profiles.write_profiles(replace(demo.study, pieces=None), tmp_path / "p.nc")
    with xr.open_dataset(tmp_path / "p.nc") as data:
        assert set(data.data_vars) == {"month_share", "time_bounds"}
        assert "no hour" in data.attrs["comment"]
    with pytest.raises(InputError, match="pieces kept"):
        profiles.by_hour(replace(demo.study, pieces=None))


# Members


@pytest.fixture(scope="module")
def worlds(demo):
    return cell_members(demo.study, 400)


def test_a_world_adds_up_over_cells_to_what_it_is_for_the_ships(demo, worlds):
    study = demo.study
    for species in SPECIES:
        found = sum(worlds.of(species, int(month)).sum(axis=0) for month in study.months())
        wanted = study.members((), species, 400)[0]
        np.testing.assert_allclose(found, wanted, rtol=1e-3)
        np.testing.assert_allclose(bounds(found), bounds(wanted), rtol=1e-3)
    # A median of one has a mean above.
    whole = demo.study.manifest["totals"]["co2_kg"]
    assert study.members((), "co2", 400)[0].mean() / whole == pytest.approx(1.04, abs=0.01)


def test_months_of_a_world_are_those_of_the_ledger(demo, worlds):
    wanted = demo.study.members(["month"], "nox", 400)
    for month, one in zip(demo.study.months(), wanted, strict=True):
        np.testing.assert_allclose(worlds.of("nox", int(month)).sum(axis=0), one, rtol=5e-3)


def test_a_cell_is_as_unsure_as_the_study_says(demo, worlds):
    study = demo.study
    field = sum(worlds.of("co2", int(month)) for month in study.months())
    central = Gridded(study, 0.5).cell_masses("co2")
    held = central > 0
    spread = np.log(field[held] / central[held, None]).std(axis=1)
    ratio = spread / study.cell_spread.sigma[held]
    # A deviation of 400 members is itself off by 3.5 %.
    assert np.quantile(ratio, [0.1, 0.5, 0.9]) == pytest.approx([1.0] * 3, abs=0.12)
    assert ratio.min() > 0.6
    assert ratio.max() < 1.5


def test_members_lie_around_the_fluxes(demo, worlds):
    field = sum(worlds.of("co2", int(month)) for month in demo.study.months())
    central = Gridded(demo.study, 0.5).cell_masses("co2")
    assert (field >= 0).all()
    held = central > 0
    np.testing.assert_allclose(np.median(field[held], axis=1), central[held], rtol=0.15)
    assert not field[~held].any()


def test_neighbours_are_wrong_together_and_strangers_less(demo, worlds):
    """Cells of one ship go up and down as one; cells of two ships share what all ships share."""
    pairs = demo.study.ledger.pairs
    alone = pairs[~pairs["cell"].duplicated(keep=False)]
    found = sum(worlds.of("co2", int(month)) for month in demo.study.months())
    place = {cell: number for number, cell in enumerate(worlds.cells)}

    def log_of(vessel, nth):
        mine = alone[alone["vessel"] == vessel].nlargest(20, "co2_mg")["cell"].to_numpy()
        return np.log(found[place[mine[nth]]])

    first, second = alone["vessel"].value_counts().index[:2]
    same = np.corrcoef(log_of(first, 0), log_of(first, 1))[0, 1]
    other = np.corrcoef(log_of(first, 0), log_of(second, 0))[0, 1]
    assert same > 0.95
    assert other < same - 0.1


def test_the_file_holds_the_worlds(demo, files):
    wanted = demo.study.members((), "nox", COUNT)[0]
    with xr.open_dataset(files / "emissions_members.nc") as data:
        assert data["nox"].dims == ("member", "time", "lat", "lon")
        assert data["member"].attrs["standard_name"] == "realization"
        assert data["nox"].dtype == np.float32
        np.testing.assert_allclose(masses(data, "nox").to_numpy(), wanted, rtol=2e-3)
        assert float(data["nox"].min()) >= 0


def test_no_file_of_members_unless_it_was_asked_for(demo, tmp_path):
    export(demo.study, tmp_path / "out", ["netcdf"], settings=Settings(1.0))
    assert not (tmp_path / "out" / "emissions_members.nc").exists()


def test_a_published_study_has_no_members(demo, tmp_path):
    with pytest.raises(InputError, match="account of ships by cell") as refusal:
        cell_members(published(demo.study), 10)
    assert refusal.value.code == "no_pairs"


@pytest.mark.parametrize("count", [1, 1001])
def test_too_few_and_too_many_members_are_refused(demo, tmp_path, count):
    with pytest.raises(InputError, match="2 to 1000") as refusal:
        write_members(demo.study, tmp_path / "m.nc", count)
    assert refusal.value.code == "bad_members"


@given(st.integers(0, 2**31), st.floats(0.0, 0.5))
def test_sums_that_agree_are_all_met(seed, empty):
    rng = np.random.default_rng(seed)
    table = rng.lognormal(0, 1, (4, 5, 3)) * (rng.random((4, 5, 3)) >= empty)
    index = np.indices(table.shape).reshape(3, -1)
    targets = [(index[axis], table.sum(axis=tuple({0, 1, 2} - {axis})).ravel()) for axis in range(3)]
    found = fitted(np.ones(table.size), targets)
    assert (found >= 0).all()
    for group, wanted in targets:
        np.testing.assert_allclose(np.bincount(group, found), wanted, atol=1e-5 * table.sum())
    group, wanted = targets[-1]
    np.testing.assert_allclose(np.bincount(group, found), wanted, rtol=1e-12)


@given(st.integers(0, 2**31))
def test_what_is_shut_out_stays_shut_out(seed):
    rng = np.random.default_rng(seed)
    guess = rng.random(30) * (rng.random(30) > 0.3)
    group, wanted = rng.integers(0, 4, 30), rng.lognormal(0, 2, 4)
    found = fitted(guess, [(group, wanted)])
    assert not found[guess == 0].any()
    held = np.bincount(group, guess, 4) > 0
    np.testing.assert_allclose(np.bincount(group, found, 4)[held], wanted[held], rtol=1e-12)


def test_mass_that_no_pair_claims_stays_what_it_is(demo):
    """A row of a class whose ships left nothing in its cell: it has no ship's error, and is not lost."""
    study = demo.study
    order = {name: place for place, name in enumerate(study.class_names())}
    classes = study.vessels["ship_class"].map(order).to_numpy(np.int64)
    cells = study.ledger.cells
    lost = cells["cell"].to_numpy()[0]
    pairs = study.ledger.pairs[study.ledger.pairs["cell"] != lost]
    worlds = CellMembers(study.worlds(5), study.ledger_rows(), cells, pairs, classes, study.derived)
    mass = cells[cells["cell"] == lost].groupby("month")["co2_mg"].sum() / 1e6
    for month, kg in mass.items():
        found = worlds.of("co2", int(month))[worlds.cells == lost]
        np.testing.assert_allclose(found, kg, rtol=1e-12)
    assert mass.sum() > 0


def test_kinds_are_told_apart():
    grid = np.stack(np.meshgrid([0, 7], [24_000, 24_001], [0, 5], [0, 1], indexing="ij")).reshape(4, -1)
    keys = kind_keys(grid[0], grid[1], grid[2], grid[3] == 1)
    assert len(np.unique(keys)) == grid.shape[1]
    assert (keys >> 33 == grid[0]).all()

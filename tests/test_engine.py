"""The engine: whole ships in, integers out, whatever the buckets, workers or meridian."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import engine_world as world
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from corridor import engine, reference
from corridor.accounts.ledger import balance
from corridor.emissions.phases import PHASES
from corridor.tracks.quality import INLAND_NM

SHIPS = 5


@pytest.fixture(scope="module")
def plan():
    return world.plan(SHIPS)


@pytest.fixture(scope="module")
def tracks():
    return world.fleet(SHIPS)


@pytest.fixture(scope="module")
def whole(plan, tracks, tmp_path_factory):
    """All ships from one bucket: what every other way is compared with."""
    return engine.run([world.bucket(tmp_path_factory.mktemp("one") / "all.parquet", tracks)], plan)


def same(left, right):
    pd.testing.assert_frame_equal(left.ledger.rows, right.ledger.rows)
    pd.testing.assert_frame_equal(left.ledger.cells, right.ledger.cells)
    pd.testing.assert_frame_equal(left.vessels, right.vessels)
    pd.testing.assert_frame_equal(left.unobserved, right.unobserved)
    pd.testing.assert_frame_equal(left.flagged, right.flagged)
    assert left.counts == right.counts
    assert left.piece_sums == right.piece_sums
    assert [(a.vessel_id, a.lon.tolist()) for a in left.lines] == [
        (b.vessel_id, b.lon.tolist()) for b in right.lines
    ]


def rows_of(result, vessel_id):
    number = result.vessels["vessel_id"].tolist().index(vessel_id)
    rows = result.ledger.rows
    return rows[rows["vessel"] == number].drop(columns="vessel").reset_index(drop=True)


def test_the_ship_that_lies_at_the_quay_is_counted_by_its_time(whole, plan):
    """Zone, phase and hours of one ship, by hand: 19 steps in, 3 h at the quay, 20 steps out."""
    rows = rows_of(whole, "MMSI477999100")
    rows["port"] = plan.index.decode(rows["zone"].to_numpy())[:, 0]
    at_berth = rows[rows["phase"] == PHASES.index("at_berth")]
    assert at_berth["port"].unique().tolist() == [1]
    # The stay runs from the last fix at the quay until the first after 3 h less a minute.
    assert at_berth["hours_ms"].sum() == pytest.approx(3.0 * 3_600_000, abs=2 * world.MINUTE)
    assert at_berth["distance_mm"].sum() == 0
    assert at_berth["main_mwh"].sum() == 0
    assert at_berth["aux_mwh"].sum() > 0
    # 39 steps of six minutes, and the three hours.
    assert rows["hours_ms"].sum() == (39 * 6 + 180) * world.MINUTE
    # Ten knots for 39 steps: 39 nm on the sphere, 0.26 % more on the ellipsoid at 30° north.
    assert rows["distance_mm"].sum() / 1_852_000 == pytest.approx(39.0 * 1.0026, rel=2e-4)
    # West of the meridian fuel is the ocean's, east of it the area's.
    east = plan.index.decode(rows["zone"].to_numpy())[:, 1] == 1
    assert set(rows["fuel"][east]).isdisjoint(rows["fuel"][~east])


def test_the_four_sums_are_equal(plan, tracks, tmp_path):
    with_pieces = world.plan(SHIPS, pieces_dir=tmp_path)
    result = engine.run([world.bucket(tmp_path / "all.parquet", tracks)], with_pieces)
    for quantity, paths in balance(result.ledger, result.piece_sums).items():
        assert set(paths) == {"zones", "vessels", "cells", "pieces"}
        assert len(set(paths.values())) == 1, (quantity, paths)
        assert paths["zones"] > 0, quantity


@settings(max_examples=15)
@given(st.data())
def test_any_partition_of_the_ships_gives_the_same_accounts(plan, tracks, whole, tmp_path_factory, data):
    piles = data.draw(st.lists(st.integers(0, 2), min_size=SHIPS, max_size=SHIPS))
    order = data.draw(st.permutations(sorted(set(piles))))
    folder = tmp_path_factory.mktemp("dealt")
    buckets = [
        world.bucket(
            folder / f"{pile}.parquet", [t for t, at in zip(tracks, piles, strict=True) if at == pile]
        )
        for pile in order
    ]
    same(engine.run(buckets, plan), whole)


def test_small_chunks_give_the_same_accounts(plan, tracks, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK_ROWS", 50)
    same(engine.run([world.bucket(tmp_path / "all.parquet", tracks)], plan), whole)


def test_two_processes_give_the_same_accounts_and_say_how_far_they_are(plan, tracks, whole, tmp_path):
    buckets = [world.bucket(tmp_path / f"{n}.parquet", [track]) for n, track in enumerate(tracks)]
    told = []
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        result = engine.run(buckets, plan, executor=pool, progress=lambda *done: told.append(done))
    same(result, whole)
    assert told == [(n, SHIPS) for n in range(1, SHIPS + 1)]


@settings(max_examples=10)
@given(others=st.sets(st.integers(1, SHIPS - 1)))
def test_other_ships_change_nothing_for_a_ship(plan, tracks, whole, tmp_path_factory, others):
    chosen = [tracks[0], *(tracks[other] for other in sorted(others))]
    result = engine.run([world.bucket(tmp_path_factory.mktemp("some") / "a.parquet", chosen)], plan)
    for ship in (0, *others):
        vessel_id = f"MMSI{477999100 + ship}"
        pd.testing.assert_frame_equal(rows_of(result, vessel_id), rows_of(whole, vessel_id))


def test_merging_is_associative(plan, tracks, tmp_path):
    a, b, c = (engine.process(world.bucket(tmp_path / f"{n}.parquet", [tracks[n]]), plan) for n in (0, 1, 2))
    one_way = engine.merge([engine.merge([a, b]), c])
    other_way = engine.merge([engine.merge([c]), engine.merge([b, a])])
    same(one_way, other_way)


@settings(max_examples=20)
@given(
    east=st.one_of(st.integers(-180, 179), st.sampled_from([-181, -180, -179, 178, 179, 180])),
    knots=st.floats(6.0, 24.0),
)
def test_another_meridian_changes_no_length_fuel_or_share(tmp_path_factory, east, knots):
    """World and track moved by whole cells, over 180° as anywhere: the same rows within rounding."""
    # Deep in a continent no fix is a ship's: there the track is dropped, see `test_quality`.
    moved = world.crossing(0, east=east, knots=knots)
    assume(not reference.inland(INLAND_NM).holds(moved["lat"], moved["lon"]).any())
    folder = tmp_path_factory.mktemp("moved")
    results = []
    for shift in (0, east):
        track = world.crossing(0, east=shift, knots=knots)
        results.append(
            engine.run([world.bucket(folder / f"{shift}.parquet", [track])], world.plan(1, east=shift))
        )
    here, there = (result.ledger.rows for result in results)
    keys = ["voyage", "zone", "month", "phase", "origin", "fuel"]
    pd.testing.assert_frame_equal(here[keys], there[keys])
    amounts = here.columns.difference(keys)
    # A milligram or millimetre of rounding at the edge of each row.
    np.testing.assert_allclose(there[amounts], here[amounts], rtol=1e-9, atol=3)
    totals = [rows[amounts].sum() for rows in (here, there)]
    np.testing.assert_allclose(totals[1], totals[0], rtol=1e-9, atol=3)
    assert len(results[0].ledger.cells) == len(results[1].ledger.cells)


def test_a_track_over_180_does_not_make_a_ship_turn_round(tmp_path):
    result = engine.run(
        [world.bucket(tmp_path / "a.parquet", [world.crossing(0, east=180)])], world.plan(1, east=180)
    )
    assert result.ledger.total("distance_mm") / 1_852_000 == pytest.approx(46.8 * 1.0026, rel=2e-4)


def test_a_ship_with_one_fix_is_a_vessel_without_hours(plan, tracks, tmp_path):
    lone = {name: values[:1] for name, values in tracks[3].items()}
    result = engine.run([world.bucket(tmp_path / "a.parquet", [tracks[0], lone])], plan)
    assert result.vessels["fixes"].tolist() == [len(tracks[0]["t_ms"]), 1]
    assert rows_of(result, "MMSI477999103").empty
    pd.testing.assert_frame_equal(
        rows_of(result, "MMSI477999100"),
        rows_of(engine.run([world.bucket(tmp_path / "b.parquet", [tracks[0]])], plan), "MMSI477999100"),
    )


def test_only_ships_with_one_fix_leave_an_empty_ledger(plan, tracks, tmp_path):
    lone = {name: values[:1] for name, values in tracks[3].items()}
    result = engine.run([world.bucket(tmp_path / "a.parquet", [lone])], plan)
    assert len(result.ledger.rows) == len(result.ledger.cells) == len(result.lines) == 0
    assert len(result.vessels) == 1


def test_the_words_of_a_simulation_replace_those_of_an_observation(tracks, tmp_path):
    path = world.bucket(tmp_path / "a.parquet", tracks[:1])
    origins = [
        set(engine.run([path], world.plan(SHIPS, simulated=said)).ledger.rows["origin"])
        for said in (False, True)
    ]
    assert origins == [{0}, {3}]

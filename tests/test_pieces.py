"""Pieces: parts of a track that hang together, lie in their zones and hold the account to the milligram."""

import engine_world as world
import numpy as np
import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor import engine
from corridor.emissions.basis import PIECE_COLUMNS
from corridor.pieces import piece_sums, write_pieces
from layers.geodesy import distance_m


def pieces_of(folder, tracks, number, east=0.0):
    """Pieces of some tracks with the result they belong to."""
    (folder / "pieces").mkdir()
    plan = world.plan(number, east=east, pieces_dir=folder / "pieces")
    result = engine.run([world.bucket(folder / "all.parquet", tracks)], plan)
    return ds.dataset(folder / "pieces", format="parquet").to_table().to_pandas(), result, plan


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return pieces_of(tmp_path_factory.mktemp("pieces"), world.fleet(3), 3)


def test_their_exact_sums_are_those_of_the_ledger(written):
    _, result, _ = written
    rows = result.ledger.rows
    assert set(result.piece_sums) == set(PIECE_COLUMNS)
    for name in ("hours_ms", "observed_ms", "distance_mm", "main_mwh", "aux_mwh", "boiler_mwh"):
        assert result.piece_sums[name] == rows[name].sum()
    assert (
        result.piece_sums["nox_mg"] == rows[["main_nox_mg", "aux_nox_mg", "boiler_nox_mg"]].to_numpy().sum()
    )


def test_one_piece_ends_where_and_when_the_next_begins(written):
    pieces, _, _ = written
    for _, own in pieces.groupby("vessel_id", observed=True):
        assert (own["end_utc"].iloc[:-1].to_numpy() == own["start_utc"].iloc[1:].to_numpy()).all()
        gap_m = distance_m(
            own["lat1"].iloc[:-1], own["lon1"].iloc[:-1], own["lat0"].iloc[1:], own["lon0"].iloc[1:]
        )
        # A stay lies at its middle: its ends are off by what the ship swings.
        assert gap_m.max() < 50.0


def test_times_and_lengths_of_a_piece_agree_with_its_ends(written):
    pieces, _, _ = written
    hours = (pieces["end_utc"] - pieces["start_utc"]) / pd.Timedelta("1h")
    np.testing.assert_allclose(pieces["hours"], hours, atol=2e-6)
    way = distance_m(*(pieces[name] for name in ("lat0", "lon0", "lat1", "lon1"))) / 1852
    np.testing.assert_allclose(pieces["distance_nm"], way, atol=1e-3)
    assert pieces["engine_load"].between(0, 1).all()
    assert (pieces.select_dtypes("number").notna()).all(axis=None)


def test_a_piece_lies_in_the_zone_it_names(written):
    pieces, _, plan = written
    lat, lon = (pieces["lat0"] + pieces["lat1"]) / 2, (pieces["lon0"] + pieces["lon1"]) / 2
    zones = plan.index.decode(plan.index.zone_at(lat, lon))
    for place, name in enumerate(plan.index.names):
        ids = np.array(plan.index.zone_ids[place], dtype=object)[zones[:, place]]
        assert (pieces[f"{name}_zone"].astype(object) == ids).all()


@settings(max_examples=10)
@given(knots=st.floats(8.0, 20.0), east=st.sampled_from([0, 180, -180, 179]))
def test_places_are_in_half_turns_and_lengths_short_over_180(tmp_path_factory, knots, east):
    track = world.crossing(0, east=east, knots=knots)
    pieces, result, _ = pieces_of(tmp_path_factory.mktemp("any"), [track], 1, east=east)
    assert pieces[["lon0", "lon1"]].to_numpy().min() >= -180
    assert pieces[["lon0", "lon1"]].to_numpy().max() < 180
    assert pieces["distance_nm"].max() < 3
    assert pieces["distance_nm"].sum() == pytest.approx(result.ledger.total("distance_mm") / 1_852_000)


def test_words_are_dictionaries_and_times_are_utc(written, tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()
    pieces_of(folder, world.fleet(1), 1)
    (file,) = (folder / "pieces").iterdir()
    schema = pq.read_schema(file)
    assert str(schema.field("phase").type).startswith("dictionary")
    assert str(schema.field("start_utc").type) == "timestamp[ms, tz=UTC]"
    ours = {
        "vessel_id",
        "voyage",
        "start_utc",
        "end_utc",
        "origin",
        "phase",
        "fuel",
        "port_zone",
        "sulphur_zone",
    }
    units = ("_kg", "_kwh", "_nm", "_kn")
    said = {name for name in schema.names if name not in ours and not name.endswith(units)}
    assert said == {"lat0", "lon0", "lat1", "lon1", "engine_load", "draught_m", "hours", "observed"}


def test_accounts_without_pieces_cannot_be_written(tmp_path):
    class Bare:
        pieces = None

    with pytest.raises(ValueError, match="pieces=True"):
        piece_sums(Bare())
    with pytest.raises(ValueError, match="pieces=True"):
        write_pieces(tmp_path / "x.parquet", None, Bare(), np.array([]), None)
    assert not list(tmp_path.iterdir())

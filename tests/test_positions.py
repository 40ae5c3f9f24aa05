"""What was read can be written and read again: the same ships, the same positions, by every form."""

import json
import tempfile
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from drawn_ais import MINUTE, START, line, stamp, table
from hypothesis import given, settings
from hypothesis import strategies as st

import corridor
from corridor.errors import OutputError
from corridor.outputs.positions import write_positions
from corridor.tracks.columns import ColumnMapping
from corridor.tracks.ingest import ingest
from corridor.tracks.movement import to_movingpandas

ENDINGS = [".csv", ".parquet", ".gpkg", ".geojson"]
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)


def rows_of(result):
    return pd.concat([pq.read_table(path).to_pandas() for path in result.buckets], ignore_index=True)


def assert_same(first, second, digits=None):
    """Equal to the last bit, or to some digits where longitudes were turned on the way."""
    a, b = (rows_of(result).drop(columns="row_ref") for result in (first, second))
    if digits is not None:
        a, b = (rows.round({"lon": digits}) for rows in (a, b))
    pd.testing.assert_frame_equal(a, b)
    pd.testing.assert_frame_equal(first.ships, second.ships)


def text_table(ids, places, names):
    """A small table with ids of any kind and full-precision numbers."""
    rows = [
        f"{ids[i % len(ids)]},{stamp(START + i * MINUTE)}.{i % 1000:03d},{lat!r},{lon!r},{i % 30}.{i % 10},"
        f'"{names[i % len(names)].replace(chr(34), "")}",{70 if i % 2 else ""}'
        for i, (lat, lon) in enumerate(places)
    ]
    return "\n".join(["id,BaseDateTime,LAT,LON,SOG,VesselName,VesselType", *rows, ""])


def read_text(folder, text, kind):
    path = folder / "first.csv"
    path.write_text(text, encoding="utf-8")
    names = {"id": "id", "time": "BaseDateTime", "lat": "LAT", "lon": "LON", "sog": "SOG"}
    mapping = ColumnMapping(
        columns={**names, "name": "VesselName", "ais_type": "VesselType"}, id={"kind": kind}
    )
    return ingest([path], columns=mapping, work_dir=folder / "work", population="all")


@pytest.mark.parametrize("ending", ENDINGS)
@settings(max_examples=6, deadline=None)
@given(
    places=st.lists(
        st.tuples(
            st.floats(-89, 89).filter(lambda value: value != 0),
            st.floats(-179.9, 179.9).map(lambda value: value + 0.0),
        ),
        min_size=1,
        max_size=12,
    ),
    ids=st.sampled_from([("477999101",), ("477999101", "366999202"), ("alpha", "=ref 2", "477999101")]),
    names=st.lists(NAMES, min_size=1, max_size=3),
)
def test_reading_what_was_written_gives_the_same(ending, places, ids, names):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        kind = "mmsi" if all(name.isdigit() for name in ids) else "label"
        first = read_text(folder, text_table(ids, places, names), kind)
        written = write_positions(first, folder / f"again{ending}")
        again = ingest([written], work_dir=folder / "work", population="all")
        assert_same(first, again)
        assert again.report.rows_in == again.report.rows_kept == len(places)


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_particular_comes_back(tmp_path, ending):
    lines = [line(i, draft=f"{12 + i / 10:.1f}") for i in range(20)]
    lines += [
        line(i, "366999202", "33.80000", name="=SUM(1)", imo="", type="80", length="") for i in range(5)
    ]
    day = tmp_path / "day.csv"
    day.write_bytes(table(lines))
    first = ingest([day], work_dir=tmp_path / "work")
    written = write_positions(first, tmp_path / f"again{ending}")
    assert_same(first, ingest([written], work_dir=tmp_path / "work"))
    if ending == ".csv":
        text = written.read_text(encoding="utf-8")
        assert ",'=SUM(1)" in text
        assert ",=SUM(1)" not in text


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_positions_are_the_same_bytes(tmp_path, ending):
    day = tmp_path / "day.csv"
    day.write_bytes(table([line(i) for i in range(10)]))
    result = ingest([day], work_dir=tmp_path / "work")
    one, two = (write_positions(result, tmp_path / f"{name}{ending}").read_bytes() for name in "ab")
    assert one == two


def test_other_endings_are_refused(tmp_path):
    day = tmp_path / "day.csv"
    day.write_bytes(table([line()]))
    result = ingest([day], work_dir=tmp_path / "work")
    with pytest.raises(OutputError, match=r"expected .csv, .geojson, .gpkg, .parquet"):
        write_positions(result, tmp_path / "day.shp")


def test_geojson_is_valid_and_keeps_all_digits(tmp_path):
    day = tmp_path / "day.csv"
    day.write_bytes(table([line(lat="33.123456789012", lon="-118.2")]))
    result = ingest([day], work_dir=tmp_path / "work")
    written = json.loads(write_positions(result, tmp_path / "a.geojson").read_text(encoding="utf-8"))
    assert written["features"][0]["geometry"]["coordinates"] == [-118.2, 33.123456789012]


@settings(max_examples=6, deadline=None)
@given(
    start=st.floats(-179.9, 179.9),
    step=st.floats(-0.05, 0.05),
    count=st.integers(2, 12),
    ids=st.sampled_from([("477999101",), ("477999101", "alpha")]),
)
def test_movingpandas_gives_back_what_it_got(start, step, count, ids):
    """Also over 180°, where its longitudes run on; particulars do not travel."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lons = [(start + step * (i // len(ids)) + 180) % 360 - 180 for i in range(count * len(ids))]
        text = text_table(ids, [(33.0, lon) for lon in lons], [""]).replace(",70", ",")
        first = read_text(folder, text, "label")
        rows = rows_of(first)
        tracks = to_movingpandas({name: rows[name].to_numpy() for name in rows}, first.ships)
        again = ingest([tracks], work_dir=folder / "work", population="all")
        assert again.ships["ship_key"].tolist() == first.ships["ship_key"].tolist()
        back = rows_of(again)
        for name in ("ship", "t_ms", "lat", "sog_kn", "draught_m"):
            np.testing.assert_array_equal(back[name], rows[name])
        turned = np.abs(back["lon"] - rows["lon"])
        assert np.minimum(turned, 360 - turned).max() < 1e-9


def test_a_geodataframe_is_an_input_like_a_file(tmp_path):
    day = tmp_path / "day.csv"
    day.write_bytes(table([line(i) for i in range(10)]))
    first = ingest([day], work_dir=tmp_path / "work")
    written = write_positions(first, tmp_path / "a.gpkg")
    frame = geopandas.read_file(written)
    assert_same(first, ingest([frame.to_crs(3857)], work_dir=tmp_path / "work"), digits=9)
    named = ingest([frame], work_dir=tmp_path / "work")
    assert_same(first, named)
    assert named.inputs[0]["name"] == "GeoDataFrame-1"
    indexed = frame.set_index("time_utc")
    assert_same(first, ingest([indexed], work_dir=tmp_path / "work"))


def test_a_study_of_a_table_in_memory_is_the_study_of_its_file(tmp_path, work_dir):
    day = tmp_path / "day.csv"
    day.write_bytes(table([line(i) for i in range(30)]))
    from_file = corridor.run_study(day, work_dir=work_dir)
    written = write_positions(ingest([day], work_dir=work_dir), tmp_path / "a.parquet")
    frame = geopandas.read_parquet(written)
    for handed in (frame, [frame]):
        study = corridor.run_study(handed, work_dir=work_dir)
        assert study.manifest["totals"] == from_file.manifest["totals"]
    assert study.manifest["inputs"][0]["name"] == "GeoDataFrame-1"

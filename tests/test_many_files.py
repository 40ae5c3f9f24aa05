"""Patterns, folders, stores; the same file twice; one day more; any split of the rows over files."""

import bz2
import gzip
import json
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import fsspec
import numpy as np
import pyarrow.parquet as pq
import pytest
from drawn_ais import line, table
from hypothesis import given, settings
from hypothesis import strategies as st

import corridor
from corridor.errors import InputError
from corridor.tracks import readings
from corridor.tracks.columns import ColumnMapping
from corridor.tracks.ingest import ingest

DAYS = {
    f"day{day}.csv": table(
        [
            line(i, mmsi=str(477999101 + ship), imo="", name=f"SHIP {ship}", lat=f"{33 + ship / 10:.5f}")
            for ship in range(4)
            for i in range(30 * day, 30 * day + 30)
        ]
    )
    for day in range(4)
}


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "ais"
    (place / "deep").mkdir(parents=True)
    for number, (name, content) in enumerate(DAYS.items()):
        (place / ("deep" if number % 2 else "") / name).write_bytes(content)
    return place


def content(result, refs=True):
    """Bytes of the buckets (or their rows but for where they stood), ships and account."""
    if refs:
        rows = [path.read_bytes() for path in result.buckets]
    else:
        rows = [pq.read_table(path).drop(["row_ref"]).to_pandas().to_csv() for path in result.buckets]
    return rows, result.ships.to_csv()


def test_patterns_folders_and_names_are_the_same_files(tmp_path, folder):
    files = sorted(folder.rglob("*.csv"))
    named = ingest(files, work_dir=tmp_path / "a")
    for number, chosen in enumerate(
        [[folder], [str(folder / "**" / "*.csv")], [folder / "deep", *files[:2]]]
    ):
        found = ingest(chosen, work_dir=tmp_path / f"b{number}")
        assert (found.names, found.files_read) == (tuple(DAYS), 4)
        assert content(found) == content(named)
        assert found.report.to_dict() == named.report.to_dict()


def test_what_is_no_ais_in_a_folder_is_said_and_a_damaged_file_refused(tmp_path, folder):
    plain = ingest([folder], work_dir=tmp_path / "a")
    (folder / "notes.txt").write_text("nothing\nbut words\n")
    (folder / "deep" / "ships.csv").write_text("mmsi,name\n1,A\n")
    (folder / "_SUCCESS").touch()
    result = ingest([folder], work_dir=tmp_path / "b")
    assert content(result) == content(plain)
    (warning,) = result.report.warnings
    assert warning.startswith("3 files of the folder were left out: _SUCCESS: [empty_file]")
    assert "deep/ships.csv: [missing_column]" in warning
    left = result.report.details.query("reason == 'file_left_out'")
    assert left["file"].tolist() == ["_SUCCESS", "deep/ships.csv", "notes.txt"]
    with pytest.raises(InputError, match="missing_column"):  # named, it must be a table
        ingest([folder / "deep" / "ships.csv"], work_dir=tmp_path / "b")
    (folder / "cut.csv.gz").write_bytes(gzip.compress(DAYS["day0.csv"])[:-20])
    with pytest.raises(InputError, match=r"cut\.csv\.gz.*truncated_file"):
        ingest([folder], work_dir=tmp_path / "b")


def test_a_folder_without_positions_is_refused_with_what_it_holds(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="it holds no file"):
        ingest([tmp_path / "empty"], work_dir=tmp_path / "work")
    (tmp_path / "empty" / "a.txt").write_text("words\n1\n")
    with pytest.raises(InputError, match=r"a\.txt: \[missing_column\].*corridor inspect"):
        ingest([tmp_path / "empty"], work_dir=tmp_path / "work")


def test_the_same_table_packed_in_other_ways_counts_once_and_is_said(tmp_path, folder):
    once = ingest([folder], work_dir=tmp_path / "a")
    (folder / "again.csv.gz").write_bytes(gzip.compress(DAYS["day2.csv"]))
    (folder / "deep" / "b.bz2").write_bytes(bz2.compress(DAYS["day2.csv"]))
    (folder / "deep" / "c.csv").write_bytes(DAYS["day0.csv"])
    twice = ingest([folder], work_dir=tmp_path / "b")
    assert content(twice, refs=False) == content(once, refs=False)
    (warning,) = twice.report.warnings
    assert warning.startswith("3 tables hold what others hold")
    assert "day2.csv (as again.csv.gz)" in warning
    assert "b.bz2 (as again.csv.gz)" in warning
    assert twice.report.rows_repaired["file_repeated"] == 3
    assert twice.report.rows_in == once.report.rows_in == 480


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for day in range(2):
        (tmp_path / f"2024-0{day}").mkdir()
        (tmp_path / f"2024-0{day}" / "ais.csv").write_bytes(
            DAYS[f"day{day}.csv"] + b"477999101,,,,,,,,,,,,,,,,\n"
        )
    result = ingest([tmp_path / "2024-00", tmp_path / "2024-01"], work_dir=tmp_path / "work")
    assert set(result.names) == {"2024-00/ais.csv", "2024-01/ais.csv"}
    dropped = result.report.details.query("reason == 'bad_time'")
    assert sorted(dropped["file"]) == ["2024-00/ais.csv", "2024-01/ais.csv"]


# One day more


def test_one_day_more_reads_one_file_and_gives_the_bytes_of_a_run_from_scratch(tmp_path, folder):
    files = sorted(folder.rglob("*.csv"), key=lambda path: path.name)
    first = ingest(files[:3], work_dir=tmp_path / "work")
    assert first.files_read == 3
    more = ingest(files, work_dir=tmp_path / "work")
    assert more.files_read == 1
    scratch = ingest(files, work_dir=tmp_path / "other")
    assert scratch.files_read == 4
    assert content(more) == content(scratch)
    assert more.report.to_dict() == scratch.report.to_dict()
    assert ingest(files, work_dir=tmp_path / "work").files_read == 0
    # Another name, another population: nothing is read again; another period: all is.
    files[0].rename(folder / "zero.csv")
    assert ingest([folder], work_dir=tmp_path / "work").files_read == 0
    assert ingest([folder], work_dir=tmp_path / "work", population="all").files_read == 0
    assert ingest([folder], work_dir=tmp_path / "work", bbox=(-130, 0, -110, 60)).files_read == 4
    mapping = ColumnMapping(columns={"id": "MMSI", "time": "BaseDateTime", "lat": "LAT", "lon": "LON"})
    assert ingest([folder], work_dir=tmp_path / "work", columns=mapping).files_read == 4


def test_a_change_of_one_byte_reads_that_file_again(tmp_path, folder):
    ingest([folder], work_dir=tmp_path / "work")
    changed = folder / "day0.csv"
    changed.write_bytes(changed.read_bytes().replace(b"12.0", b"12.1", 1))
    again = ingest([folder], work_dir=tmp_path / "work")
    assert again.files_read == 1
    assert content(again) == content(ingest([folder], work_dir=tmp_path / "other"))


def test_a_refused_file_is_not_kept_and_the_others_are(tmp_path, folder):
    bad = folder / "late.csv"
    bad.write_bytes(DAYS["day0.csv"] + b"1,2\n")
    with pytest.raises(InputError, match=r"late\.csv.*field_count"):
        ingest(sorted(folder.rglob("*.csv")), work_dir=tmp_path / "work")
    kept = list((tmp_path / "work").iterdir())
    assert len(kept) == 4
    assert all(place.name.startswith(readings.FOLDER) for place in kept)
    bad.unlink()
    assert ingest([folder], work_dir=tmp_path / "work").files_read == 0


def test_files_beyond_the_memory_come_from_what_was_kept(tmp_path, folder, monkeypatch):
    whole = ingest([folder], work_dir=tmp_path / "a")
    monkeypatch.setattr("corridor.tracks.ingest.MEMORY_ROWS", 130)
    assert content(ingest([folder], work_dir=tmp_path / "b")) == content(whole)


def test_a_study_of_one_day_more_is_the_study_from_scratch(tmp_path, folder):
    def study(files, work, out):
        made = corridor.run_study(files, work_dir=tmp_path / work)
        made.to_folder(tmp_path / out)
        return made

    files = sorted(folder.rglob("*.csv"))
    study(files[:-1], "work", "less")
    more = study(files, "work", "more")
    study(files, "other", "scratch")
    assert (more.timings_s["files"], more.timings_s["files_read"]) == (4, 1)
    written = sorted(path.relative_to(tmp_path / "more") for path in (tmp_path / "more").rglob("*.*"))
    compared = [path for path in written if path.name != "timings.json"]
    assert len(compared) > 5
    for path in compared:
        if path.suffix != ".gpkg":  # its pages may differ, its tables not: see test_geopackage
            assert (tmp_path / "more" / path).read_bytes() == (tmp_path / "scratch" / path).read_bytes(), path
    timings = json.loads((tmp_path / "more" / "timings.json").read_text())
    assert timings["files_read"] == 1


def test_what_no_run_has_used_for_long_is_forgotten_and_no_more(tmp_path, folder):
    work = tmp_path / "work"
    ingest([folder], work_dir=work)
    mine = work / "mine.txt"
    mine.touch()
    for place in (*work.iterdir(), mine):
        os.utime(place, (0, 0))
    half = work / ".reading-0-half"
    half.mkdir()
    os.utime(half, (0, 0))
    some = ingest([folder / "day0.csv"], work_dir=work)
    left = sorted(place.name for place in work.iterdir())
    assert some.files_read == 0
    assert [name.split("-")[0] for name in left] == ["mine.txt", "positions", "reading"]


# Any order, any split


LINES = [
    line(i, mmsi=str(477999101 + i % 3), imo="IMO9999010" if i % 3 == 1 else "", lat=f"{33 + i % 3 / 10}")
    for i in range(36)
] + [line(7), line(7), line(9, lat="91"), line(11, sog="102.3")]


@settings(max_examples=60)
@given(seed=st.integers(0, 2**20), pieces=st.integers(1, 6), packed=st.booleans())
def test_any_split_into_files_in_any_order_gives_the_same_rows_ships_and_counts(
    tmp_path_factory, seed, pieces, packed
):
    tmp_path = tmp_path_factory.mktemp("split")
    random = np.random.default_rng(seed)
    (tmp_path / "whole.csv").write_bytes(table(LINES))
    whole = ingest([tmp_path / "whole.csv"], work_dir=tmp_path / "work")
    owner = np.append(np.arange(pieces), random.integers(0, pieces, len(LINES) - pieces))
    parts = []
    for number, place in enumerate(random.permutation(pieces)):
        # A part holds its rows and one more that every part can spare: none may be empty of good rows.
        rows = [LINES[i] for i in random.permutation(np.flatnonzero(owner == place))]
        data = table(rows)
        path = tmp_path / f"{random.integers(10)}-{number}.csv"
        path.write_bytes(gzip.compress(data) if packed and number % 2 else data)
        parts.append(path)
    if random.integers(2):  # some are known from before
        ingest(parts[:1], work_dir=tmp_path / "split", population="all")
    split = ingest(parts, work_dir=tmp_path / "split")
    assert content(split, refs=False) == content(whole, refs=False)
    for counts in ("rows_in", "rows_dropped", "rows_repaired", "not_available"):
        assert getattr(split.report, counts) == getattr(whole.report, counts), counts
    turned = ingest(parts[::-1], work_dir=tmp_path / "turned")
    assert content(turned) == content(split)
    assert turned.report.to_dict() == split.report.to_dict()


# Stores


@pytest.fixture
def store():
    files = fsspec.filesystem("memory")
    for name, data in DAYS.items():
        files.pipe_file(f"/bucket/ais/{name}.gz", gzip.compress(data, mtime=0))
    files.pipe_file("/bucket/ais/README.md", b"words\n1\n")
    yield files
    files.rm("/bucket", recursive=True)


def test_a_store_is_read_as_a_folder_a_pattern_or_a_file(tmp_path, folder, store):
    local = ingest([folder], work_dir=tmp_path / "a")
    work = tmp_path / "b"
    whole = ingest(["memory://bucket/ais"], work_dir=work)
    assert content(whole) == content(local)
    assert "README.md: [missing_column]" in whole.report.warnings[0]
    some = ingest(["memory://bucket/ais/day[01].csv.gz"], work_dir=work)
    assert (some.names, some.files_read) == (("day0.csv.gz", "day1.csv.gz"), 0)
    one = ingest(["memory://bucket/ais/day1.csv.gz"], work_dir=work)
    assert one.report.rows_kept == 120
    with pytest.raises(InputError, match=r"memory://bucket/none\.csv: there is no such file"):
        ingest(["memory://bucket/none.csv"], work_dir=work)


def test_a_remote_file_is_fetched_once_until_it_changes(tmp_path, store, monkeypatch):
    fetched = []
    open_it = type(store).open

    def opened(self, path, mode="rb", **options):
        fetched.extend([path] if mode == "rb" else [])
        return open_it(self, path, mode, **options)

    monkeypatch.setattr(type(store), "open", opened)
    url = "memory://bucket/ais/day0.csv.gz"
    for _ in range(2):
        assert ingest([url], work_dir=tmp_path).report.rows_kept == 120
    assert len(fetched) == 1
    store.pipe_file("/bucket/ais/day0.csv.gz", gzip.compress(DAYS["day3.csv"], mtime=0))
    changed = ingest([url], work_dir=tmp_path)
    assert len(fetched) == 2
    assert changed.ships["first_ms"].min() > 0
    assert not list((tmp_path / "fetched").glob(".*"))


def test_a_web_address_is_read_and_a_secret_in_it_not_shown(tmp_path, folder):
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("localhost", 0), partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"localhost:{server.server_port}"
        try:
            result = ingest([f"http://{base}/day0.csv?token=secret"], work_dir=tmp_path / "work")
            assert (result.names, result.report.rows_kept) == (("day0.csv",), 120)
            with pytest.raises(InputError) as caught:
                ingest([f"http://me:secret@{base}/none.csv?token=secret"], work_dir=tmp_path / "work")
        finally:
            server.shutdown()
    assert "secret" not in str(caught.value)
    assert "none.csv" in str(caught.value)


def test_an_unknown_protocol_a_chain_and_a_missing_driver_are_refused(tmp_path, monkeypatch):
    for address in ("gopher://example.org/ais.csv", "zip://ais.csv::https://example.org/ais.zip"):
        with pytest.raises(InputError, match=r"bad_address"):
            ingest([address], work_dir=tmp_path)

    def no_driver(*_, **__):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.core.url_to_fs", no_driver)
    with pytest.raises(InputError, match=r"corridor-emissions\[cloud\]"):
        ingest(["s3://bucket/ais"], work_dir=tmp_path)

import bz2
import gzip
import hashlib
import io
import lzma
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from drawn_ais import HEADER, START, line, old_to_2025, table
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor import schema
from corridor.errors import InputError
from corridor.tracks.columns import ColumnMapping
from corridor.tracks.ingest import ingest

PLAIN = table([line(i) for i in range(40)])


def read(tmp_path, *contents, names=None, **options):
    paths = []
    for number, content in enumerate(contents):
        path = tmp_path / (names[number] if names else f"day{number}.csv")
        path.write_bytes(content)
        paths.append(path)
    return ingest(paths, work_dir=tmp_path / "work", **options)


def positions(result):
    return pd.concat([pq.read_table(path).to_pandas() for path in result.buckets], ignore_index=True)


def digest(result, leave=()):
    rows = positions(result).drop(columns=list(leave))
    return hashlib.sha256(rows.to_csv().encode() + result.ships.to_csv().encode()).hexdigest()


def refusal(tmp_path, *contents, **options):
    with pytest.raises(InputError) as caught:
        read(tmp_path, *contents, **options)
    work = tmp_path / "work"
    left = {path.name.split("-")[0] for path in work.iterdir()} if work.exists() else set()
    assert left == ({"reading"} if caught.value.code == "no_valid_rows" else set()), "a readable file is kept"
    assert "\n" not in str(caught.value)
    return caught.value


def zipped(*members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_plain_file_becomes_one_sorted_bucket(tmp_path):
    result = read(tmp_path, PLAIN)
    rows = positions(result)
    schema.check(rows, schema.POSITIONS)
    schema.check(result.ships, schema.SHIPS)
    schema.check(result.report.details, schema.INPUT_REPORT)
    assert (result.report.rows_in, result.report.rows_kept, len(rows)) == (40, 40, 40)
    assert rows["t_ms"].tolist() == [START + 120_000 * i for i in range(40)]
    assert rows["row_ref"].tolist() == list(range(2, 42))
    ship = result.ships.iloc[0]
    assert (ship["ship_key"], ship["mmsi"], ship["name"]) == ("IMO9999010", 477999101, "TEST ALPHA")
    assert (ship["length_m"], ship["beam_m"], ship["draught_max_m"], ship["rows"]) == (299, 48, 13.5, 40)
    assert result.inputs == [
        {"name": "day0.csv", "bytes": len(PLAIN), "sha256": hashlib.sha256(PLAIN).hexdigest()}
    ]


def with_trailing_comma(data):
    """One empty field more than the header in every row."""
    header, *rows = data.splitlines()
    return b"\n".join([header, *(row + b"," for row in rows)]) + b"\n"


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        zstandard.ZstdCompressor().compress,
        bz2.compress,
        lzma.compress,
        lambda data: zipped(("in/day.csv", data)),
        lambda data: gzip.compress(data[:300]) + gzip.compress(data[300:]),
        lambda data: b"\xef\xbb\xbf" + data,
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: data.decode().encode("utf-16"),
        lambda data: old_to_2025(data.decode()).encode(),
        lambda data: data.replace(b",", b";"),
        lambda data: data.replace(b",", b"\t"),
        with_trailing_comma,
        lambda data: data.rstrip(b"\n"),
    ],
    ids=[
        *("gz", "zst", "bz2", "xz", "zip", "two_members", "bom", "crlf", "utf16"),
        *("header_2025", "semicolons", "tabs", "trailing_comma", "no_last_end"),
    ],
)
def test_packing_and_layout_change_nothing(tmp_path, pack):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    plain = read(tmp_path / "a", PLAIN)
    packed = read(tmp_path / "b", pack(PLAIN))
    assert packed.report.rows_kept == 40
    assert digest(packed) == digest(plain)


@pytest.mark.parametrize(
    "pack", [gzip.compress, zstandard.ZstdCompressor().compress, bz2.compress, lzma.compress]
)
@pytest.mark.parametrize("share", [0.5, 0.95])
def test_a_cut_stream_is_refused(tmp_path, pack, share):
    packed = pack(table([line(i) for i in range(3000)]))
    fault = refusal(tmp_path, packed[: int(len(packed) * share)])
    assert fault.code in ("truncated_file", "corrupt_file")
    assert "day0.csv" in str(fault)


def test_a_zst_cut_at_a_block_that_is_a_line_end_is_refused(tmp_path):
    lines = PLAIN.splitlines(keepends=True)
    half = b"".join(lines[:20])
    frame = bytes.fromhex("28b52ffd0038") + (len(half) << 3).to_bytes(3, "little") + half
    assert refusal(tmp_path, frame).code == "truncated_file"
    whole = frame + ((len(lines[20]) << 3) | 1).to_bytes(3, "little") + lines[20]
    assert read(tmp_path, whole).report.rows_kept == 20


def test_a_wrong_checksum_and_a_cut_archive_are_refused(tmp_path):
    packed = bytearray(gzip.compress(PLAIN))
    packed[-6] ^= 0xFF
    assert refusal(tmp_path, bytes(packed)).code == "corrupt_file"
    assert refusal(tmp_path, zipped(("day.csv", PLAIN))[:-30]).code == "truncated_file"


@pytest.mark.parametrize("name", ["../day.csv", "/etc/day.csv", "C:/day.csv"])
def test_a_member_outside_the_archive_is_refused(tmp_path, name):
    assert refusal(tmp_path, zipped((name, PLAIN))).code == "unsafe_member"


def test_a_bomb_is_refused(tmp_path):
    packed = gzip.compress(PLAIN + b"," * 300 * 1024**2, compresslevel=1)
    assert refusal(tmp_path, packed).code in ("decompression_bomb", "line_too_long")


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "empty_file", "empty"),
        (table([]), "no_rows", "no rows"),
        (table([line()], HEADER.replace("LON", "X")), "missing_column", "LON"),
        (table([line()], HEADER.replace("LON", "LAT")), "duplicate_column", "LAT"),
        (table([line(), line(1) + ",x", line(2)]), "field_count", "line 3 has 18 fields"),
        (table([line(), line(1)[:60], line(2)]), "field_count", "line 3 has"),
        (table([line(time="10/01/2024 06:00"), line(1)]), "bad_time", "line 2: time '10/01/2024 06:00'"),
        (table([line(time="45301.25")]), "bad_time", "45301.25"),
        (table([line(mmsi="4.78E+08")]), "invalid_mmsi", "nine digits"),
        (table([line(lat="91.0")]), "no_position", "latitude and longitude"),
        (b"SQLite format 3\x00", "corrupt_file", "database"),
        (b"!AIVDM,1,1,,A,15M,0*00\n", "no_rows", "no position among 1 lines"),
        (b"<OGRVRTDataSource/>", "wrong_format", "points to other files"),
        (b"<html></html>", "wrong_format", "XML"),
        (b"PAR1 and no more", "corrupt_file", "Parquet"),
        (PLAIN.replace(b"TEST ALPHA", b'"TEST ALPHA', 1), "open_quote", "quoted"),
    ],
)
def test_refusals_say_file_place_and_cure(tmp_path, content, code, words):
    fault = refusal(tmp_path, content)
    assert fault.code == code
    assert words in str(fault)
    assert "day0.csv" in str(fault)


def test_a_missing_file_and_a_wrong_population_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        ingest([tmp_path / "none.csv"], work_dir=tmp_path)
    with pytest.raises(InputError, match="expected ogv, all, or AIS types"):
        read(tmp_path, PLAIN, population="ships")


def test_a_row_cut_by_the_end_of_the_file_is_dropped(tmp_path):
    result = read(tmp_path, PLAIN[:-80])
    assert dict(result.report.rows_dropped) == {"incomplete_row": 1}
    assert (result.report.rows_in, result.report.rows_kept) == (40, 39)
    assert "ends inside row 41" in result.report.warnings[0]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"lat": "91.00000", "lon": "181.00000"}, "no_position"),
        ({"lon": "181.00000"}, "no_position"),
        ({"lat": "0.0", "lon": "0.0"}, "no_position"),
        ({"lat": ""}, "no_position"),
        ({"lat": "-96.78"}, "no_position"),
        ({"time": "2024-13-45T00:00:00"}, "bad_time"),
        ({"time": ""}, "bad_time"),
        ({"time": "1970-01-01T00:00:00"}, "clock_fault"),
        ({"mmsi": "0"}, "invalid_mmsi"),
        ({"mmsi": "1193046"}, "invalid_mmsi"),
        ({"mmsi": "123456789"}, "invalid_mmsi"),
        ({"mmsi": "111111111"}, "invalid_mmsi"),
        ({"mmsi": "003669999"}, "not_a_ship"),
        ({"mmsi": "111366999"}, "not_a_ship"),
        ({"mmsi": "970999123"}, "not_a_ship"),
        ({"mmsi": "993669999"}, "not_a_ship"),
        ({"mmsi": "abc"}, "invalid_mmsi"),
    ],
)
def test_a_row_without_identity_time_or_place_is_dropped_and_listed(tmp_path, changes, reason):
    lines = [line(i) for i in range(20)]
    lines[7] = line(7, **changes)
    report = read(tmp_path, table(lines)).report
    assert dict(report.rows_dropped) == {reason: 1}
    assert report.rows_in == report.rows_kept + 1
    listed = report.details.query("reason == @reason")
    assert listed[["file", "line", "count"]].to_numpy().tolist() == [["day0.csv", 9, 1]]


def test_not_available_becomes_missing_and_is_counted_by_column(tmp_path):
    lines = [line(i) for i in range(20)]
    lines[3] = line(3, sog="102.3", cog="360.0", heading="511", status="15", draft="0.0", imo="")
    lines[4] = line(4, sog="", cog="409.5", heading="", status="", draft="", imo="IMO0000000")
    lines[5] = line(5, length="3681", width="126", draft="25.5", imo="IMO1234567")
    result = read(tmp_path, table(lines))
    rows = positions(result)
    assert result.report.rows_kept == 20
    counts = result.report.not_available
    assert [counts[name] for name in ("sog", "cog", "heading", "status", "draught", "imo")] == [2] * 6
    assert rows["sog_kn"].isna().sum() == 2
    assert rows["draught_m"].isna().sum() == 3
    assert (rows["status"] == -1).sum() == 2
    repaired = dict(result.report.rows_repaired)
    assert repaired == {"length_absurd": 1, "beam_absurd": 1, "draught_absurd": 1, "imo_invalid": 1}
    assert (result.ships["length_m"][0], result.ships["imo"][0]) == (299, 9999010)


def test_longitudes_from_0_to_360_are_wrapped(tmp_path):
    shifted = table([line(i, lon=f"{241 + 0.008 * i:.5f}") for i in range(40)])
    result = read(tmp_path, shifted)
    assert result.report.rows_repaired["longitude_wrapped"] == 40
    plain = read(tmp_path, PLAIN)
    assert positions(result)["lon"].tolist() == positions(plain)["lon"].tolist()


def test_times_with_zones_and_epochs_are_the_same_moments(tmp_path):
    plain = positions(read(tmp_path, PLAIN))["t_ms"].tolist()
    forms = [
        lambda t: t + "Z",
        lambda t: t.replace("T", " ") + "+00:00",
        lambda t: str(np.datetime64(t) + np.timedelta64(8, "h")) + "+08:00",
        lambda t: str(int(np.datetime64(t, "s").astype(np.int64))),
        lambda t: str(int(np.datetime64(t, "ms").astype(np.int64))),
        lambda t: t + ".000",
    ]
    for form in forms:
        lines = [line(i) for i in range(40)]
        lines = [row.replace(row.split(",")[1], form(row.split(",")[1])) for row in lines]
        assert positions(read(tmp_path, table(lines)))["t_ms"].tolist() == plain
    local = positions(read(tmp_path, PLAIN, tz="Asia/Shanghai"))["t_ms"].tolist()
    assert local == [t - 8 * 3_600_000 for t in plain]


def test_text_is_kept_as_text_and_made_harmless(tmp_path):
    names = [
        "NA",
        "NULL",
        '"A, ""B"""',
        '"TEST\x07\x1b[31m\nA \u202eX"',
        "\u00fcn\u00ef \u6df1\u5733",
        "3E10",
    ]
    lines = [line(i, mmsi=str(477999100 + i // 3), name=names[i // 3], imo="") for i in range(18)]
    result = read(tmp_path, table(lines))
    assert result.report.rows_in == 18
    assert result.ships["name"].tolist() == [
        "NA",
        "NULL",
        'A, "B"',
        "TEST [31m A X",
        "\u00fcn\u00ef \u6df1\u5733",
        "3E10",
    ]
    assert dict(result.report.rows_repaired) == {"text_cleaned": 3}


def test_the_same_file_twice_counts_once_and_is_said(tmp_path):
    once = read(tmp_path, PLAIN)
    twice = read(tmp_path, PLAIN, PLAIN, names=["a.csv", "b.csv"])
    assert twice.report.rows_in == once.report.rows_in == 40
    assert "b.csv" in twice.report.warnings[0]
    assert len(once.report.warnings) == 0


def test_ships_are_told_apart_by_imo_and_mmsi(tmp_path):
    lines = [line(i) for i in range(10)]
    lines += [line(i, mmsi="366999202") for i in range(10, 20)]  # a new flag, the same IMO number
    lines += [line(i, mmsi="366999203", imo="") for i in range(5)]
    result = read(tmp_path, table(lines))
    assert result.ships["ship_key"].tolist() == ["IMO9999010", "MMSI366999203"]
    assert result.ships["rows"].tolist() == [20, 5]


def test_a_number_of_many_stations_is_nobodys(tmp_path):
    lines = [line(i, mmsi=str(477999101 + i)) for i in range(6)]
    keys = read(tmp_path, table(lines)).ships["ship_key"].tolist()
    assert keys == [f"MMSI{477999101 + i}" for i in range(6)]


def test_population_sets_aside_and_counts(tmp_path):
    lines = [line(i) for i in range(5)]
    lines += [line(i, mmsi="366999301", imo="", type="60", length="30") for i in range(3)]
    lines += [line(i, mmsi="366999302", imo="", type="60", length="180") for i in range(3)]
    lines += [line(i, mmsi="366999303", imo="", type="", length="250") for i in range(3)]
    lines += [line(i, mmsi="366999304", imo="", type="", length="") for i in range(3)]
    lines += [line(i, mmsi="366999305", imo="", type="52", length="120") for i in range(3)]
    text = table(lines)
    result = read(tmp_path, text)
    assert result.ships["ship_key"].tolist() == ["IMO9999010", "MMSI366999302", "MMSI366999303"]
    assert dict(result.report.rows_dropped) == {"not_ocean_going": 9}
    assert read(tmp_path, text, population="all").report.rows_kept == 20
    assert read(tmp_path, text, population=[52]).ships["mmsi"].tolist() == [366999305]
    (tmp_path / "none").mkdir()
    assert refusal(tmp_path / "none", text, population=[99]).code == "no_valid_rows"


def test_where_no_ship_is_ocean_going_every_ship_is_kept_and_it_is_said(tmp_path):
    result = read(tmp_path, table([line(i, type="37", length="12", imo="") for i in range(4)]))
    assert (result.report.rows_kept, result.ships["population"].tolist()) == (4, ["other"])
    assert result.report.warnings == ["no ship of the input is known to be ocean-going; every ship is kept"]


def test_period_and_frame_are_counted(tmp_path):
    period = (START + 600_000, START + 1_200_000)
    report = read(tmp_path, PLAIN, period=period).report
    assert (report.rows_kept, dict(report.rows_dropped)) == (5, {"outside_period": 35})
    report = read(tmp_path, PLAIN, bbox=(-118.9, 33, -118.8, 34)).report
    assert report.rows_kept + report.rows_dropped["outside_bbox"] == 40
    assert 10 < report.rows_kept < 15
    across = table([line(i, lon=f"{lon:.3f}") for i, lon in enumerate([179.5, -179.9, -178.0])])
    assert read(tmp_path, across, bbox=(179, 0, -179, 60)).report.rows_kept == 2


def test_any_table_through_a_mapping(tmp_path):
    mapping = ColumnMapping(
        columns={"id": "Ref", "time": "When", "lat": "Y", "lon": "X", "sog": "V"},
        units={"sog": "km/h"},
        time={"format": "%d/%m/%Y %H:%M", "zone": "Asia/Shanghai"},
        id={"kind": "text"},
    )
    text = b"Y;X;Ref;When;V\n22,5;114,3;ship one;10/01/2024 14:00;18,52\n"
    text += b"22,6;114,4;ship one;10/01/2024 14:30;37,04\n"
    result = read(tmp_path, text, columns=mapping)
    rows = positions(result)
    assert rows["t_ms"].tolist() == [START, START + 1_800_000]
    assert rows["lat"].tolist() == [22.5, 22.6]
    assert rows["sog_kn"].round(3).tolist() == [10.0, 20.0]
    assert result.ships[["ship_key", "population"]].to_numpy().tolist() == [["ID:ship one", "unknown"]]


def test_parquet_is_read_by_the_same_names(tmp_path):
    frame = pd.read_csv(io.BytesIO(PLAIN), parse_dates=["BaseDateTime"])
    path = tmp_path / "day.parquet"
    pq.write_table(pa.Table.from_pandas(frame), path)
    result = ingest([path], work_dir=tmp_path / "work")
    plain = read(tmp_path, PLAIN)
    pd.testing.assert_frame_equal(
        positions(result).drop(columns="row_ref"), positions(plain).drop(columns="row_ref")
    )
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="corrupt_file"):
        ingest([path], work_dir=tmp_path / "work")


def test_buckets_are_found_again_unless_something_changed(tmp_path):
    first = read(tmp_path, PLAIN)
    before = [path.stat().st_mtime_ns for path in first.buckets]
    again = read(tmp_path, PLAIN)
    assert again.buckets == first.buckets
    assert [path.stat().st_mtime_ns for path in again.buckets] == before
    assert again.report.to_dict() == first.report.to_dict()
    assert read(tmp_path, PLAIN, population="all").buckets != first.buckets


def test_blocks_and_buckets_of_any_size_hold_the_same_rows(tmp_path, monkeypatch):
    lines = [line(i, mmsi=str(477999101 + i % 7), imo="", name=f'"A ""{i % 7}"", B"') for i in range(700)]
    whole = positions(read(tmp_path, table(lines)))
    monkeypatch.setattr("corridor.tracks.delimited.BLOCK_BYTES", 1500)
    monkeypatch.setattr("corridor.tracks.buckets.BUCKET_ROWS", 250)
    monkeypatch.setattr("corridor.tracks.buckets.MEMORY_ROWS", 100)
    monkeypatch.setattr("corridor.tracks.buckets.pack.__defaults__", (250,))
    small = read(tmp_path, table(lines), population="all")
    assert [pq.read_metadata(path).num_rows for path in small.buckets] == [200, 200, 200, 100]
    pd.testing.assert_frame_equal(positions(small), whole)
    assert not list(small.buckets[0].parent.glob("*.tmp"))


CELLS = st.sampled_from(
    [
        {},
        {"lat": "91.0"},
        {"time": "never"},
        {"mmsi": "12"},
        {"sog": "x"},
        {"imo": "?"},
        {"lon": "500"},
        {"draft": ""},
    ]
)


@settings(max_examples=40)
@given(changes=st.lists(CELLS, min_size=1, max_size=30), seed=st.integers(0, 2**16), cut=st.integers(0, 30))
def test_any_order_of_rows_and_files_gives_the_same_bytes(tmp_path_factory, changes, seed, cut):
    tmp_path = tmp_path_factory.mktemp("order")
    good = [line(i, mmsi=str(366999202 + i % 3), imo="") for i in range(40)]
    lines = good + [line(50 + i, **change) for i, change in enumerate(changes)]
    order = np.random.default_rng(seed).permutation(len(lines))
    mixed = [lines[i] for i in order]
    parts = [part for part in (mixed[:cut], mixed[cut:]) if part]
    try:
        first = read(tmp_path, table(lines))
        second = read(tmp_path, *(table(part) for part in parts), names=["x.csv", "w.csv"][: len(parts)])
    except InputError as found:
        fault = found
    else:
        fault = None
    if fault is not None:
        assert fault.code in ("bad_time", "invalid_mmsi", "no_position")
        return
    assert digest(first, ["row_ref"]) == digest(second, ["row_ref"])
    report = first.report
    assert report.rows_in == report.rows_kept + sum(report.rows_dropped.values()) == len(lines)
    assert report.rows_kept == len(positions(first))
    assert report.details.query("not reason.str.startswith('not_available')")["count"].sum() == sum(
        report.rows_dropped.values()
    ) + sum(report.rows_repaired.values())


@settings(max_examples=150)
@given(place=st.integers(0, len(PLAIN) - 1), byte=st.binary(min_size=0, max_size=3))
def test_random_damage_is_refused_or_balanced(tmp_path_factory, place, byte):
    tmp_path = tmp_path_factory.mktemp("damage")
    try:
        report = read(tmp_path, PLAIN[:place] + byte + PLAIN[place + 1 :], population="all").report
    except InputError as found:
        fault = str(found)
    else:
        fault = ""
    if fault:
        assert "day0.csv" in fault
        return
    assert report.rows_in == report.rows_kept + sum(report.rows_dropped.values())
    assert report.rows_in in (39, 40, 41)


def test_files_in_any_order_give_equal_bytes(tmp_path):
    one, two = table([line(i) for i in range(20)]), table([line(i) for i in range(20, 40)])
    (tmp_path / "a").mkdir()
    forth = read(tmp_path / "a", one, two, names=["one.csv", "two.csv"])
    back = ingest([tmp_path / "a" / "two.csv", tmp_path / "a" / "one.csv"], work_dir=tmp_path / "other")
    assert [p.read_bytes() for p in forth.buckets] == [p.read_bytes() for p in back.buckets]


def test_a_wrong_clock_lengthens_no_study(tmp_path):
    """Rows of 2009 and 2099 among those of a day: the ship's span is the day's."""
    strays = [line(i, time=f"{year}-01-10T06:0{i}:00") for i, year in enumerate((2009, 2038, 2099))]
    (tmp_path / "a.csv").write_bytes(table([line(i) for i in range(60)] + strays))
    ships = ingest([tmp_path / "a.csv"], work_dir=tmp_path / "work").ships
    assert ships["first_ms"].tolist() == [START]
    assert ships["last_ms"].tolist() == [START + 59 * 120_000]

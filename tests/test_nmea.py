"""NMEA logs: times of every form, messages of several parts, faults counted by reason, coarse positions."""

import io

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from drawn_ais import MINUTE, START
from hypothesis import given, settings
from hypothesis import strategies as st
from pyais import encode_dict

from corridor.errors import InputError
from corridor.tracks import nmea
from corridor.tracks.ingest import ingest

MMSI = 477999101
HOUR = 3_600_000


def checksum(text):
    total = 0
    for letter in text.encode():
        total ^= letter
    return f"{total:02X}"


def tagged(sentence, t_ms, source="r003669930"):
    tag = f"s:{source},c:{t_ms // 1000}"
    return f"\\{tag}*{checksum(tag)}\\{sentence}"


def fix(kind=1, lat=33.7, lon=-118.2, mmsi=MMSI, **cells):
    message = {"type": kind, "mmsi": mmsi, "lat": lat, "lon": lon, "speed": 12.3, "course": 90.0} | cells
    return encode_dict(message, talker_id="AI")


def static(mmsi=MMSI, **cells):
    message = {
        "type": 5,
        "mmsi": mmsi,
        "imo": 9999010,
        "shipname": "TEST ALPHA",
        "callsign": "VRTA1",
        "ship_type": 71,
        "to_bow": 200,
        "to_stern": 99,
        "to_port": 20,
        "to_starboard": 28,
        "draught": 13.5,
    } | cells
    return encode_dict(message, talker_id="AI", seq_id=3)


def track(count=5, first=START, **cells):
    return [tagged(fix(lon=-118.2 + 0.01 * i, **cells)[0], first + i * 2 * MINUTE) for i in range(count)]


def read(folder, *lines, **options):
    path = folder / "log.txt"
    path.write_bytes("\r\n".join([*lines, ""]).encode())
    return ingest([path], work_dir=folder / "work", **options)


def rows_of(result):
    return pd.concat([pq.read_table(path).to_pandas() for path in result.buckets], ignore_index=True)


def test_positions_and_particulars_of_a_tagged_log(tmp_path):
    parts = [tagged(part, START) for part in static()]
    assert len(parts) == 2
    result = read(tmp_path, *parts, *track())
    rows = rows_of(result)
    assert rows["t_ms"].tolist() == [START + i * 2 * MINUTE for i in range(5)]
    np.testing.assert_allclose(rows["lon"], [-118.2 + 0.01 * i for i in range(5)], atol=1e-6)
    assert rows["sog_kn"].tolist() == pytest.approx([12.3] * 5)
    assert rows["draught_m"].tolist() == [13.5] * 5
    assert rows["row_ref"].tolist() == [3, 4, 5, 6, 7]
    ship = result.ships.iloc[0]
    assert (ship["ship_key"], ship["name"], ship["call_sign"]) == ("IMO9999010", "TEST ALPHA", "VRTA1")
    assert (ship["ais_type"], ship["length_m"], ship["beam_m"], ship["rows"]) == (71, 299, 48, 5)
    assert (result.report.rows_in, result.report.rows_kept) == (7, 7)
    assert "no_position" not in result.report.rows_dropped


@pytest.mark.parametrize(
    "form",
    [
        lambda s: tagged(s, START),
        lambda s: f"\\c:{START}*{checksum(f'c:{START}')}\\{s}",
        lambda s: f"\\g:1-1-5,c:{START // 1000}\\{s}",
        lambda s: f"{START // 1000},{s}",
        lambda s: f"{START} {s}",
        lambda s: f"2024-01-10T06:00:00Z {s}",
        lambda s: f"2024-01-10 06:00:00.000,{s}",
        lambda s: f"2024-01-10T14:00:00+08:00 {s}",
        lambda s: f"2024/01/10 06:00:00 UTC;{s}",
        lambda s: f"{s},{START // 1000}",
        lambda s: f"{s},s29314,d-119,T44.42,r003669930,{START // 1000}",
        lambda s: f"{s} 2024-01-10T06:00:00Z",
    ],
)
def test_times_of_every_form_are_the_same_moment(tmp_path, form):
    result = read(tmp_path, form(fix()[0]))
    assert rows_of(result)["t_ms"].tolist() == [START]


def test_a_log_without_times_is_refused_with_the_reason(tmp_path):
    with pytest.raises(InputError, match=r"log.txt: no NMEA sentence bears a time.*\[no_time\]"):
        read(tmp_path, *(fix(lon=-118 + 0.01 * i)[0] for i in range(20)))


def test_the_real_sample_has_no_times(tmp_path, shared_ais):
    with pytest.raises(InputError, match="no_time"):
        ingest([shared_ais / "nmea_data_sample.txt"], work_dir=tmp_path)


def test_the_real_sample_with_times_is_all_accounted_for(tmp_path, shared_ais):
    lines = (shared_ais / "nmea_data_sample.txt").read_text(encoding="ascii").splitlines()
    timed = [f"{START // 1000 + i} {line}" for i, line in enumerate(lines)]
    report = read(tmp_path, *timed, population="all").report
    sentences = sum(1 for line in lines if line.startswith(("!", "$", "\\")))
    assert report.rows_in == sentences == report.rows_kept + sum(report.rows_dropped.values())
    assert report.rows_kept > 700
    assert report.rows_dropped["not_a_ship"] >= 4


def test_faults_are_counted_by_reason(tmp_path):
    good, second = fix()[0], static()[0]
    wrong = good[:-2] + ("00" if good[-2:] != "00" else "11")
    lines = [
        *track(4),
        tagged(wrong, START),
        tagged(good, START).replace("c:17", "c:18", 1),
        tagged(second, START),
        tagged("$GPZDA,060000.00,10,01,2024,00,00*6F", START),
        tagged(good[:20], START),
        "what is this",
        tagged(encode_dict({"type": 4, "mmsi": 3669999, "lat": 33.7, "lon": -118.2})[0], START),
        tagged(encode_dict({"type": 14, "mmsi": MMSI, "text": "HELLO"})[0], START),
        good,
    ]
    report = read(tmp_path, *lines).report
    assert dict(report.rows_dropped) == {
        "bad_checksum": 2,
        "incomplete_message": 1,
        "other_sentence": 1,
        "bad_sentence": 1,
        "no_sentence": 1,
        "not_a_ship": 1,
        "no_use": 1,
        "bad_time": 1,
    }
    assert (report.rows_in, report.rows_kept) == (13, 4)
    listed = report.details.query("reason == 'incomplete_message'")
    assert listed["line"].tolist() == [7]


def test_parts_of_two_messages_may_be_mixed(tmp_path):
    first = static()
    second = encode_dict(
        {"type": 5, "mmsi": 366999202, "shipname": "TEST BRAVO", "imo": 9999022, "ship_type": 80},
        talker_id="AI",
        seq_id=4,
    )
    lines = [tagged(s, START) for s in (first[0], second[0], second[1], first[1])]
    lines += [*track(2), *track(2, mmsi=366999202)]
    ships = read(tmp_path, *lines, population="all").ships
    assert ships["name"].tolist() == ["TEST ALPHA", "TEST BRAVO"]


def test_class_b_and_its_two_part_particulars(tmp_path):
    one = encode_dict({"type": 24, "mmsi": MMSI, "partno": 0, "shipname": "SMALL"}, talker_id="AI")
    two = encode_dict(
        {
            "type": 24,
            "mmsi": MMSI,
            "partno": 1,
            "ship_type": 36,
            "callsign": "AB1",
            "to_bow": 8,
            "to_stern": 4,
        },
        talker_id="AI",
    )
    both = encode_dict(
        {"type": 19, "mmsi": 366999202, "lat": 33.0, "lon": -119.0, "shipname": "OTHER", "ship_type": 37},
        talker_id="AI",
    )
    lines = [tagged(s, START) for s in (*one, *two, *both)]
    lines += [tagged(fix(18)[0], START + MINUTE)]
    result = read(tmp_path, *lines, population="all")
    ships = result.ships.set_index("mmsi")
    assert ships.loc[MMSI, ["name", "call_sign", "ais_type", "length_m"]].tolist() == ["SMALL", "AB1", 36, 12]
    assert ships.loc[366999202, ["name", "ais_type", "rows"]].tolist() == ["OTHER", 37, 1]
    assert ships["transceiver"].tolist() == ["B", "B"]
    assert (result.report.rows_in, result.report.rows_kept) == (len(lines), len(lines))


def test_a_coarse_position_stays_only_where_no_better_is_near(tmp_path):
    coarse = {"kind": 27, "lat": 33.5, "lon": -119.0, "speed": 12, "course": 90}
    lines = [
        tagged(fix(**coarse)[0], START),
        tagged(fix(**coarse)[0], START + 3 * HOUR - 30 * MINUTE),
        tagged(fix()[0], START + 3 * HOUR),
        tagged(fix(**coarse)[0], START + 3 * HOUR + 30 * MINUTE),
        tagged(fix(**coarse)[0], START + 5 * HOUR),
    ]
    result = read(tmp_path, *lines)
    assert rows_of(result)["row_ref"].tolist() == [1, 3, 5]
    assert dict(result.report.rows_dropped) == {"coarse_position": 2}


def test_a_ship_that_told_no_position_is_no_ship_of_the_study(tmp_path):
    parts = [tagged(part, START) for part in static(mmsi=366999202, imo=9999022, shipname="GHOST")]
    assert read(tmp_path, *parts, *track()).ships["mmsi"].tolist() == [MMSI]
    with pytest.raises(InputError, match="no position among"):
        read(tmp_path, *parts)


def test_blocks_of_any_size_hold_the_same_rows(tmp_path, monkeypatch):
    lines = [tagged(part, START) for part in static()] + track(30)
    (tmp_path / "a").mkdir()
    whole = read(tmp_path / "a", *lines)
    monkeypatch.setattr(nmea, "ROWS", 4)
    parts = read(tmp_path, *lines)
    pd.testing.assert_frame_equal(rows_of(whole), rows_of(parts))
    pd.testing.assert_frame_equal(whole.ships, parts.ships)


@settings(max_examples=200, deadline=None)
@given(
    place=st.integers(0, 400),
    byte=st.integers(0, 255),
    count=st.integers(0, 3),
)
def test_any_damage_leaves_every_sentence_accounted_for(place, byte, count):
    """Sentences in = rows given + parts joined + dropped, whatever a bit error did."""
    lines = [tagged(part, START) for part in static()] + track(4)
    data = bytearray("\n".join([*lines, ""]).encode())
    for step in range(count):
        data[(place + 97 * step) % len(data)] = byte
    log = nmea.Log(io.BufferedReader(io.BytesIO(bytes(data))), "log")
    try:
        rows = sum(part.table.num_rows for part in log.parts() if part.counted)
    except InputError:
        return
    dropped = sum(map(len, log.dropped.values()))
    found = [line for line in bytes(data).split(b"\n") if line.strip() and not line.strip().startswith(b"#")]
    header = bool(found) and rows + log.joined + dropped == len(found) - 1
    assert rows + log.joined + dropped == len(found) or header

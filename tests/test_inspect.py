"""What a file is: known, foreign or private; the mapping that reads it; where its positions are."""

import json
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime

import numpy as np
import pytest
from drawn_ais import line, table
from hypothesis import given, settings
from hypothesis import strategies as st

from corridor import cli
from corridor.conversion import worked_example
from corridor.errors import InputError
from corridor.inspection import arc, inspect
from corridor.tracks import guesses
from corridor.tracks.columns import read_mapping
from corridor.tracks.ingest import ingest
from maps.coverage import coverage_page, coverage_svg


def written(tmp_path, content, name="day.csv"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_a_known_file_is_told_in_numbers(tmp_path):
    lines = [line(i) for i in range(30)] + [line(i, mmsi="366999202", imo="", draft="0") for i in range(10)]
    lines += [line(400 + i, mmsi="366999202", imo="", lat="35") for i in range(2)]
    lines += [
        line(50, lat="91"),
        line(51, time="never"),
        line(29),
        line(9, sog="102.3", time="2024-01-10T09:00:00"),
    ]
    found = inspect(written(tmp_path, table(lines)))
    facts = found.facts
    assert (found.usable, found.whole, found.form.known) == (True, True, "marinecadastre")
    assert (facts["rows"], facts["rows_usable"]) == (46, 44)
    assert facts["rows_dropped"] == {"bad_time": 1, "no_position": 1}
    assert facts["not_available"]["sog"] == 1
    assert (facts["ships"], facts["ships_ocean_going"], facts["simulated"]) == (2, 2, False)
    assert facts["particulars_share"] == {
        "imo": 0.5, "name": 1.0, "ais_type": 1.0, "length": 1.0, "beam": 1.0, "draught": 1.0,
    }  # fmt: skip
    assert facts["interval_s"]["median"] == 120
    assert facts["interval_s"]["longest"] == 391 * 120
    assert (facts["holes_over_6_h"], facts["rows_of_equal_ship_and_time"]) == (1, 1)
    assert facts["first_utc"] == "2024-01-10T06:00:00Z"
    assert facts["hours_without_rows"] == 14 - 3  # of 06 to 19, only 06, 09 and 19 hold rows
    assert {guess.surety for guess in found.columns if guess.column != "Cargo"} == {"known"}
    assert found.coverage.holes.shape == (1, 4)


def test_a_long_file_is_looked_at_from_its_beginning(tmp_path, monkeypatch):
    monkeypatch.setattr("corridor.tracks.delimited.BLOCK_BYTES", 2000)
    found = inspect(written(tmp_path, table([line(i) for i in range(300)])), rows=50)
    assert not found.whole
    assert 50 <= found.facts["rows"] < 100
    assert found.to_dict()["sample"] is True


def test_an_invented_ship_is_recognised(tmp_path, demo):
    assert inspect(demo.inputs[0], rows=1000).facts["simulated"] is True


FOREIGN = "Ship No;When;Y (deg);X (deg);V kn;Tiefgang;Bemerkung\n" + "".join(
    f"{477999101 + i % 2};{10 + i // 10}.01.2024 {6 + i % 10:02d}:00;"
    f"{33.7 + i / 100:.4f};{-119 + i / 100:.4f};12,5;9,1;x\n"
    for i in range(40)
)


def test_a_foreign_header_is_guessed_and_its_mapping_reads_it(tmp_path):
    path = written(tmp_path, FOREIGN.encode())
    found = inspect(path)
    assert (found.usable, found.mappable) == (False, True)
    assert "missing_column" not in found.reason
    fields = {guess.column: guess.field for guess in found.columns}
    assert fields == {
        "Ship No": "id", "When": "time", "Y (deg)": "lat", "X (deg)": "lon", "V kn": "sog",
        "Tiefgang": "draught", "Bemerkung": "",
    }  # fmt: skip
    assert found.mapping.time.format == "%d.%m.%Y %H:%M"
    assert (found.facts["ships"], found.facts["rows_usable"]) == (2, 40)
    mapping = written(tmp_path, found.mapping_toml.encode(), "mapping.toml")
    assert read_mapping(mapping) == found.mapping
    result = ingest([path], columns=read_mapping(mapping), work_dir=tmp_path / "work")
    assert result.report.rows_kept == 40
    first = datetime.fromtimestamp(result.ships["first_ms"].min() / 1000, UTC)
    assert first == datetime(2024, 1, 10, 6, tzinfo=UTC)


def test_day_or_month_first_is_left_to_the_reader():
    rows = [["477999101", f"0{1 + i}/02/2024 06:00:00", "33.7000", "-118.2000"] for i in range(5)]
    (time,) = (
        guess for guess in guesses.guess(["MMSI", "Stamp", "LAT", "LON"], rows) if guess.field == "time"
    )
    assert "day or month first" in time.note
    rows = [[cell.replace("/02/", "/22/") for cell in row] for row in rows]
    (time,) = (
        guess for guess in guesses.guess(["MMSI", "Stamp", "LAT", "LON"], rows) if guess.field == "time"
    )
    assert time.form == "%m/%d/%Y %H:%M:%S"


def test_a_unit_in_a_name_is_taken_into_the_mapping():
    header = ["MMSI", "Stamp", "LAT", "LON", "Speed (km/h)", "draught_dm", "LOA"]
    rows = [["477999101", "2024-01-10 06:00:00", "33.7000", "-118.2000", "22.2", "121", "299"]] * 3
    mapping = guesses.mapping_of(guesses.proposal(guesses.guess(header, rows)))
    assert mapping.units.model_dump() == {"sog": "km/h", "length": "m", "beam": "m", "draught": "dm"}
    text = guesses.mapping_text(guesses.proposal(guesses.guess(header, rows)), mapping, "a.csv")
    assert tomllib.loads(text)["units"] == {"sog": "km/h", "draught": "dm", "length": "m"}


def test_chinese_headers_are_understood():
    header = ["船舶编号", "时间", "经度", "纬度", "航速", "船名", "船长"]
    rows = [["413999101", "2024-01-10 06:00:00", "114.3012", "22.5701", "12.5", "新海", "299"]] * 3
    assert [guess.field for guess in guesses.guess(header, rows)] == [
        "id", "time", "lon", "lat", "sog", "name", "length",
    ]  # fmt: skip


TEXT = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30)


@settings(max_examples=200)
@given(names=st.lists(TEXT, min_size=4, max_size=8, unique=True), example=TEXT, file_name=TEXT)
def test_any_mapping_written_is_read_back(tmp_path_factory, names, example, file_name):
    fields = ["id", "time", "lat", "lon", "sog", "name", "imo", "draught"][: len(names)]
    chosen = {
        field: guesses.Guess(column, field, "likely", "because", example, "iso" if field == "time" else "")
        for field, column in zip(fields, names, strict=True)
    }
    mapping = guesses.mapping_of(chosen, delimiter=";")
    text = guesses.mapping_text(chosen, mapping, file_name)
    path = tmp_path_factory.mktemp("mapping") / "mapping.toml"
    path.write_bytes(text.encode())
    assert read_mapping(path) == mapping


def test_a_mapping_without_a_needed_column_says_which(tmp_path):
    found = inspect(written(tmp_path, b"MMSI,Speed,Note\n477999101,12.5,a\n477999101,12.6,b\n"))
    assert (found.usable, found.mappable, found.mapping) == (False, False, None)
    assert tomllib.loads(found.mapping_toml)["columns"]["lat"] == ""
    assert "# not found" in found.mapping_toml
    mapping = read_mapping(written(tmp_path, found.mapping_toml.encode(), "mapping.toml"))
    with pytest.raises(InputError, match="missing_column"):
        ingest([tmp_path / "day.csv"], columns=mapping, work_dir=tmp_path / "work")


def test_a_private_format_cannot_be_known_and_an_example_shows_the_way(tmp_path, shared_ais):
    path = sorted((shared_ais / "sbarc_raw").glob("*.txt"))[0]
    found = inspect(path)
    assert (found.usable, found.mappable, found.headless) == (False, False, True)
    best = {field: guess.column for field, guess in guesses.proposal(found.columns).items()}
    assert (best["id"], best["lon"], best["lat"], best["time"]) == (
        "field 8",
        "field 13",
        "field 14",
        "field 1",
    )
    assert max(found.field_counts, key=found.field_counts.get) == 23
    program = worked_example(found)
    assert 'DATE = "2018-06-02"' in program
    (tmp_path / path.name).write_bytes(path.read_bytes())
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    mapped = inspect(tmp_path / "mapped.csv")
    assert mapped.usable
    assert (mapped.facts["first_utc"], mapped.facts["last_utc"]) == (
        "2018-06-02T00:00:00Z",
        "2018-06-02T00:59:58Z",
    )
    assert mapped.facts["rows_usable"] > 5000
    assert mapped.facts["ships"] > 50


def test_sentences_without_times_say_why_they_cannot_be_used(shared_ais):
    found = inspect(shared_ais / "nmea_data_sample.txt")
    assert (found.usable, found.form.name) == (False, "nmea")
    assert "time" in found.reason


def test_what_holds_no_positions_is_refused(tmp_path):
    with pytest.raises(InputError, match="wrong_format"):
        inspect(written(tmp_path, b"%PDF-1.7 and more"))
    with pytest.raises(InputError, match="empty_file"):
        inspect(written(tmp_path, b""))


# The picture


def numbers_of_cells(svg):
    return sum(
        len(re.findall("M", path))
        for path in re.findall(r'<path fill="#[^"]+" d="((?:M[^"]*H[^"]*V[^"]*Z)+)"', svg)
    )


@settings(max_examples=100)
@given(seed=st.integers(0, 2**20), west=st.floats(-180, 180), wide=st.floats(0.001, 120))
def test_every_position_stands_in_a_cell_of_the_picture(seed, west, wide):
    random = np.random.default_rng(seed)
    lon = (west + wide * random.random(300) + 180) % 360 - 180
    lat = random.uniform(-60, 60, 300)
    svg = coverage_svg(lat, lon, np.empty((0, 4)), title="t")
    size = float(re.search(r"cell of ([\d.]+)°", svg)[1])
    cells = np.unique(np.column_stack([np.floor((lon % 360) / size), np.floor(lat / size)]), axis=0)
    assert numbers_of_cells(svg) == len(cells)
    assert "outside" not in svg


@given(st.lists(st.floats(-180, 179.99), min_size=1, max_size=20))
def test_the_arc_holds_all_longitudes_and_is_the_shortest(lon):
    lon = np.array(lon)
    west, east = arc(lon)
    width = (east - west) % 360
    assert (((lon - west) % 360) <= width + 1e-9).all()
    around = np.sort(np.unique(lon))
    gaps = np.append(np.diff(around), around[0] + 360 - around[-1])
    assert width == pytest.approx(360 - gaps.max(), abs=1e-9) or len(around) == 1


def test_the_page_asks_nothing_of_a_network_and_runs_nothing():
    at = np.array([33.7, 33.8])
    bad = '<script>alert(1)</script>{{7*7}}" onload="x'
    svg = coverage_svg(at, at - 152, np.array([[33.7, 179.0, 34.0, -179.0]]), title=bad, note=bad)
    page = coverage_page(svg, title=bad, facts=[(bad, bad)])
    assert "<script" not in page
    assert "{{" not in page
    assert 'onload="' not in page
    assert set(re.findall(r'https?://[^"]+', page)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"(src|href)=", page)
    assert "default-src 'none'" in page
    dashes = re.search(r'stroke-dasharray="5 4" d="M([\d.-]+),[\d.-]+L([\d.-]+),', svg)
    assert abs(float(dashes[1]) - float(dashes[2])) < 5000  # over 180° it is two degrees, not 358


# The command


def test_the_command_prints_writes_and_does_not_write_over(tmp_path, capsys):
    path = written(tmp_path, FOREIGN.encode())
    out = tmp_path / "out"
    assert cli.main(["inspect", str(path), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "Tiefgang" in said
    assert "--columns mapping.toml" in said
    assert sorted(place.name for place in out.iterdir()) == [
        "coverage.html",
        "inspection.json",
        "mapping.toml",
    ]
    assert read_mapping(out / "mapping.toml").columns["lat"] == "Y (deg)"
    assert cli.main(["inspect", str(path), "--out", str(out)]) == 2
    assert "--overwrite" in capsys.readouterr().err
    svg = tmp_path / "c.svg"
    assert (
        cli.main(
            ["inspect", str(path), "--map", str(svg), "--columns-out", str(tmp_path / "m.toml"), "--json"]
        )
        == 0
    )
    told = json.loads(capsys.readouterr().out)
    assert told["files"][0]["ships"] == 2
    assert told["paths"] == {"mapping": str(tmp_path / "m.toml"), "coverage": str(svg)}
    assert svg.read_text().startswith("<svg")


def test_the_command_looks_at_every_file_of_a_folder(tmp_path, capsys):
    (tmp_path / "ais").mkdir()
    for day in range(2):
        written(tmp_path / "ais", table([line(i + 30 * day) for i in range(30)]), f"day{day}.csv")
    written(tmp_path / "ais", b"%PDF", "paper.pdf")
    assert cli.main(["inspect", str(tmp_path / "ais"), "--json", "--map", str(tmp_path / "c.html")]) == 0
    both = capsys.readouterr()
    told = json.loads(both.out)
    assert [item["name"] for item in told["files"]] == ["day0.csv", "day1.csv"]
    assert len(told["refused"]) == 1
    assert "paper.pdf" in both.err
    assert "coverage of 2 files" in (tmp_path / "c.html").read_text()


def test_a_run_on_a_private_format_points_to_inspect(tmp_path, capsys, shared_ais):
    path = sorted((shared_ais / "sbarc_raw").glob("*.txt"))[0]
    assert cli.main(["run", str(path), "--out", str(tmp_path / "out")]) == 2
    assert "corridor inspect" in capsys.readouterr().err
    assert cli.main(["inspect", str(path)]) == 0
    said = capsys.readouterr().out
    assert "cannot be known" in said
    assert "import csv" in said

"""What a file is, by its content: forms, letters, delimiters, headers, archives; and what is refused."""

import gzip
import sqlite3
import struct
from contextlib import closing

import geopandas
import numpy as np
import pandas as pd
import pytest
import shapely
from drawn_ais import MINUTE, START, line, stamp, table
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import GPX, PLAIN, assert_equal, read, refusal, rows_of, write

from corridor.errors import InputError
from corridor.tracks import encodings
from corridor.tracks.formats import recognise
from corridor.tracks.ingest import ingest

COUNT = 6
DANISH = (
    "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,IMO,Callsign,"
    "Name,Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,Destination,ETA,"
    "Data source type,A,B,C,D"
)


def points(count=COUNT, **cells):
    moments = pd.to_datetime([START + i * MINUTE for i in range(count)], unit="ms", utc=True)
    places = geopandas.points_from_xy([-118.2 + 0.01 * i for i in range(count)], [33.7] * count)
    return geopandas.GeoDataFrame(
        {"mmsi": 477999101, "timestamp": moments, **cells}, geometry=places, crs="EPSG:4326"
    )


# Letters and layout


@pytest.mark.parametrize(
    ("encoding", "mark", "name"),
    [
        ("utf-8", "", "中远之星"),
        ("utf-8", "\ufeff", "中远之星"),
        ("utf-16", "", "中远之星"),
        ("utf-16-le", "", "TEST ALPHA"),
        ("utf-16-be", "", "TEST ALPHA"),
        ("gb18030", "", "中远之星"),
        ("latin-1", "", "KØBENHAVN"),
    ],
)
def test_letters_of_every_kind(tmp_path, encoding, mark, name):
    text = mark + PLAIN.decode().replace("TEST ALPHA", name)
    path = write(tmp_path, text.encode(encoding))
    assert ingest([path], work_dir=tmp_path / "work").ships["name"].tolist() == [name]
    said = recognise(path).encoding
    assert said == {"utf-16": "utf-16-le"}.get(encoding, "utf-8-sig" if mark else encoding)


@settings(max_examples=200)
@given(
    st.text(
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5).filter(
            lambda c: len(c.encode("gb2312", "ignore")) == 2
        ),
        min_size=1,
    )
)
def test_chinese_names_are_not_taken_for_latin(name):
    block = f"477999101,{name},33.7\n".encode("gb18030")
    assert encodings.of_text(block) in ("gb18030", "utf-8")


def test_a_guess_is_said(tmp_path):
    text = PLAIN.decode().replace("TEST ALPHA", "中远之星").encode("gb18030")
    report = read(tmp_path, text).report
    assert report.rows_repaired["encoding"] == 1
    assert "day.dat: read as gb18030" in report.warnings[0]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiters_and_decimal_commas(tmp_path, delimiter):
    first = read(tmp_path / "a", PLAIN)
    text = PLAIN.replace(b",", delimiter.encode())
    assert_equal(first, read(tmp_path / "b", text))
    comma = text.replace(b".", b",")
    again = read(tmp_path / "c", comma)
    assert_equal(first, again)
    assert "decimal commas" in again.report.warnings[0]
    said = recognise(tmp_path / "c" / "day.dat")
    assert (said.delimiter, said.decimal) == (delimiter, ",")


def test_a_separator_line_of_a_spreadsheet_is_no_header(tmp_path):
    first = read(tmp_path / "a", PLAIN)
    again = read(tmp_path / "b", b"sep=;\r\n" + PLAIN.replace(b",", b";"))
    assert_equal(first, again)
    assert rows_of(again)["row_ref"].tolist() == list(range(3, 23))


def test_decimal_commas_later_than_the_first_row_are_seen(tmp_path):
    lines = [
        line(i, lat="33" if i == 0 else "33.7", lon="-119" if i == 0 else None, sog="12", cog="90")
        for i in range(9)
    ]
    text = table([row.replace("90.0", "90").replace("13.5", "13") for row in lines])
    first = read(tmp_path / "a", text)
    assert_equal(first, read(tmp_path / "b", text.replace(b",", b";").replace(b".", b",")))


def test_utf_32_is_refused(tmp_path):
    assert refusal(tmp_path, PLAIN.decode().encode("utf-32")).code == "bad_encoding"


# Known headers and times


def danish(i=0, **cells):
    values = {
        "time": pd.Timestamp(START + i * MINUTE, unit="ms").strftime("%d/%m/%Y %H:%M:%S"),
        "status": "Under way using engine",
        "type": "Cargo",
        "imo": "9999010",
    } | cells
    cells = [
        *(values["time"], "Class A", "477999101", "33.700000", f"{-118.2 + 0.01 * i:.6f}", values["status"]),
        *("0.0", "12.3", "90.0", "90", values["imo"], "VRTA1", "TEST ALPHA", values["type"], "", "48", "299"),
        *("GPS", "13.5", "LONG BEACH", "10/01/2024 12:00:00", "AIS", "200", "99", "20", "28"),
    ]
    return ",".join(cells)


def test_danish_files_begin_with_the_day(tmp_path):
    text = "\n".join([DANISH, *(danish(i) for i in range(COUNT)), ""]).encode()
    result = read(tmp_path, text)
    rows = rows_of(result)
    assert rows["t_ms"].tolist() == [START + i * MINUTE for i in range(COUNT)]
    assert rows["status"].tolist() == [0] * COUNT
    assert rows["sog_kn"].tolist() == pytest.approx([12.3] * COUNT)
    ship = result.ships.iloc[0]
    assert (ship["ship_key"], ship["ais_type"], ship["length_m"], ship["beam_m"]) == (
        "IMO9999010",
        70,
        299,
        48,
    )
    assert (ship["draught_max_m"], ship["call_sign"]) == (13.5, "VRTA1")
    assert recognise(tmp_path / "day.dat").known == "danish"


def test_danish_words_of_status_and_what_is_unknown(tmp_path):
    lines = [
        danish(0, status="Moored", type="Tanker"),
        danish(1, status="At anchor", imo="Unknown"),
        danish(2, status="Unknown value", type="Undefined"),
        danish(3, time="31/12/2024 23:59:59", status="Restricted maneuverability"),
    ]
    result = read(tmp_path, "\n".join([DANISH, *lines, ""]).encode())
    assert rows_of(result)["status"].tolist() == [5, 1, -1, 3]
    assert str(rows_of(result)["t_ms"].max()) == "1735689599000"


@pytest.mark.parametrize(
    "moment", ["03/04/2024 06:00:00", "03.04.2024 06:00", "3-4-24 6:00", "04/13/2024 06:00"]
)
def test_an_order_of_day_and_month_is_never_guessed(tmp_path, moment):
    fault = refusal(tmp_path, table([line(i, time=moment) for i in range(5)]))
    assert fault.code == "bad_time"
    assert "--columns" in fault.message


@pytest.mark.parametrize(
    "header",
    [
        "timestamp,mmsi,latitude,longitude,speed,course",
        "ssvid,timestamp,lat,lon,speed_knots,course",
        "MMSI,Moment,LAT,LON,SOG,COG",
        " lon , lat ,TIMESTAMP,mmsi,sog,name",
    ],
)
def test_other_known_names(tmp_path, header):
    cells = {
        "mmsi": "477999101",
        "ssvid": "477999101",
        "name": "X",
        "course": "90",
        "cog": "90",
        "lat": "33.7",
        "latitude": "33.7",
        "lon": "-118.2",
        "longitude": "-118.2",
        "speed": "12.3",
        "speed_knots": "12.3",
        "sog": "12.3",
        "timestamp": stamp(START),
        "moment": stamp(START),
    }
    row = ",".join(cells[name.strip().lower()] for name in header.split(","))
    if "Moment" in header:
        assert refusal(tmp_path, f"{header}\n{row}\n".encode()).code == "missing_column"
        return
    rows = rows_of(read(tmp_path, f"{header}\n{row}\n".encode()))
    assert rows[["t_ms", "lat", "lon"]].to_numpy().tolist() == [[START, 33.7, -118.2]]
    assert rows["sog_kn"].tolist() == pytest.approx([12.3])


# Geography


def reference(folder):
    rows = [f"477999101,{stamp(START + i * MINUTE)},33.7,{-118.2 + 0.01 * i!r}" for i in range(COUNT)]
    return read(folder, "\n".join(["MMSI,BaseDateTime,LAT,LON", *rows, ""]).encode())


@pytest.mark.parametrize(
    ("driver", "name"),
    [("GPKG", "gpkg"), ("GeoJSON", "geojson"), ("GeoJSONSeq", "geojson"), ("Parquet", "geoparquet")],
)
def test_points_of_every_form_by_any_name(tmp_path, driver, name):
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / "x.bin"
    frame = points()
    if driver == "Parquet":
        frame.to_parquet(path)
    else:
        options = {"COORDINATE_PRECISION": 15} if driver != "GPKG" else {}
        frame.to_file(tmp_path / "a" / f"y.{name}", driver=driver, **options)
        (tmp_path / "a" / f"y.{name}").rename(path)
    assert recognise(path).name == name
    again = ingest([path], work_dir=tmp_path / "a" / "work")
    assert_equal(reference(tmp_path / "b"), again)
    assert again.report.rows_in == COUNT


@pytest.mark.parametrize("crs", ["EPSG:3857", "EPSG:32611", "EPSG:4269"])
def test_other_systems_of_coordinates_are_brought_to_degrees(tmp_path, crs):
    path = tmp_path / "x.gpkg"
    points().to_crs(crs).to_file(path, driver="GPKG")
    rows = rows_of(ingest([path], work_dir=tmp_path / "work"))
    np.testing.assert_allclose(rows["lon"], [-118.2 + 0.01 * i for i in range(COUNT)], atol=2e-5)
    np.testing.assert_allclose(rows["lat"], 33.7, atol=2e-5)


def test_a_layer_without_a_system_is_refused(tmp_path):
    path = tmp_path / "x.gpkg"
    with pytest.warns(UserWarning, match="crs"):
        points().set_crs(None, allow_override=True).to_file(path, driver="GPKG")
    with pytest.raises(InputError, match="no_crs"):
        ingest([path], work_dir=tmp_path / "work")


def test_of_several_layers_one_is_named(tmp_path):
    path = tmp_path / "fleet.gpkg"
    points().to_file(path, layer="positions", driver="GPKG")
    points(2).to_file(path, layer="odd 'name' #2", driver="GPKG")
    assert recognise(path).layers == ("odd 'name' #2", "positions")
    with pytest.raises(
        InputError, match=r"fleet.gpkg: found the layers odd 'name' #2, positions.*fleet.gpkg#"
    ):
        ingest([path], work_dir=tmp_path / "work")
    with pytest.raises(InputError, match="unknown_layer"):
        ingest([f"{path}#nothing"], work_dir=tmp_path / "work")
    whole = ingest([f"{path}#positions"], work_dir=tmp_path / "work")
    assert whole.report.rows_in == COUNT
    assert whole.names == ("fleet.gpkg#positions",)


def test_polygons_and_empty_layers_are_refused(tmp_path):
    path = tmp_path / "x.gpkg"
    frame = points(2)
    frame.assign(geometry=shapely.box(-119, 33, -118, 34)).to_file(path, driver="GPKG")
    with pytest.raises(InputError, match=r"Polygon.*no_geometry"):
        ingest([path], work_dir=tmp_path / "work")
    points(2).iloc[:0].to_file(tmp_path / "none.gpkg", driver="GPKG")
    with pytest.raises(InputError, match="no_rows"):
        ingest([tmp_path / "none.gpkg"], work_dir=tmp_path / "work")


def test_a_cut_geopackage_is_refused(tmp_path):
    path = tmp_path / "x.gpkg"
    points().to_file(path, driver="GPKG")
    whole = path.read_bytes()
    assert refusal(tmp_path, whole[: len(whole) // 2], "half.gpkg").code == "corrupt_file"
    assert refusal(tmp_path, whole[:60], "head.gpkg").code == "corrupt_file"


@pytest.mark.parametrize("form", ["m", "list", "ends", "parts"])
def test_lines_with_the_times_of_their_vertices(tmp_path, form):
    """A track of six fixes: M values, a list of times, legs with two ends, or a line of two parts."""
    places = [(-118.2 + 0.01 * i, 33.7) for i in range(COUNT)]
    moments = [START + i * MINUTE for i in range(COUNT)]
    texts = [stamp(moment) + "Z" for moment in moments]
    cells = {"MMSI": [477999101]}
    if form == "m":
        vertices = ", ".join(f"{x!r} {y!r} {t / 1000}" for (x, y), t in zip(places, moments, strict=True))
        geometry = [shapely.from_wkt(f"LINESTRING M ({vertices})")]
    elif form == "list":
        geometry, cells["coordTimes"] = [shapely.LineString(places)], [texts]
    elif form == "parts":
        geometry = [shapely.MultiLineString([places[:3], places[3:]])]
        cells["times"] = [texts]
    else:
        geometry = [shapely.LineString(places[i : i + 2]) for i in range(0, COUNT, 2)]
        cells = {"MMSI": 477999101, "start_utc": texts[::2], "end_utc": texts[1::2]}
    frame = geopandas.GeoDataFrame(cells, geometry=geometry, crs="EPSG:4326")
    assert_equal(reference(tmp_path / "b"), ingest([frame], work_dir=tmp_path / "work"))


def test_measured_lines_of_a_geopackage(tmp_path):
    """GeoPandas cannot write M values: the one line is put into the file by hand."""
    path = tmp_path / "x.gpkg"
    frame = geopandas.GeoDataFrame(
        {"MMSI": [477999101]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs="EPSG:4326"
    )
    frame.to_file(path, layer="track", driver="GPKG", SPATIAL_INDEX="NO")
    vertices = ", ".join(f"{-118.2 + 0.01 * i!r} 33.7 {START / 1000 + 60 * i}" for i in range(COUNT))
    line_m = shapely.to_wkb(shapely.from_wkt(f"LINESTRING M ({vertices})"), flavor="iso")
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE track SET geom = ?", [b"GP\0\1" + struct.pack("<i", 4326) + line_m])
        file.execute("UPDATE gpkg_geometry_columns SET m = 1")
        file.commit()
    assert_equal(reference(tmp_path / "b"), ingest([path], work_dir=tmp_path / "work"))


def test_lines_without_times_are_refused(tmp_path):
    frame = geopandas.GeoDataFrame(
        {"MMSI": [477999101]}, geometry=[shapely.LineString([(0, 0), (1, 1), (2, 2)])], crs="EPSG:4326"
    )
    with pytest.raises(InputError, match="no_time"):
        ingest([frame], work_dir=tmp_path / "work")


def test_gpx_tracks(tmp_path):
    inner = "".join(
        f'<trkpt lat="33.7" lon="{-118.2 + 0.01 * i!r}"><ele>0</ele>'
        f"<time>{stamp(START + i * MINUTE)}Z</time></trkpt>"
        for i in range(COUNT)
    )
    result = read(tmp_path, GPX.format(points=inner).encode())
    assert result.ships["ship_key"].tolist() == ["ID:TEST ALPHA"]
    rows = rows_of(result)
    assert rows["t_ms"].tolist() == [START + i * MINUTE for i in range(COUNT)]
    assert rows["lon"].tolist() == [-118.2 + 0.01 * i for i in range(COUNT)]
    named = GPX.format(points=inner).replace("TEST ALPHA", "477999101").encode()
    assert_equal(reference(tmp_path / "b"), read(tmp_path / "c", gzip.compress(named), "x.gpx"))
    assert refusal(tmp_path, GPX.format(points=inner).encode()[:-40]).code == "corrupt_file"
    route = GPX.format(points="").replace("<trk>", "<rte>").replace("</trk>", "</rte>")
    assert refusal(tmp_path, route.encode()).code == "no_rows"


def test_an_xml_bomb_is_refused_at_once(tmp_path):
    entities = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "ha"}">' for i in range(10))
    text = f'<?xml version="1.0"?><!DOCTYPE gpx [{entities}]><gpx><trk><name>&a9;</name></trk></gpx>'
    assert refusal(tmp_path, text.encode()).code == "unsafe_xml"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<OGRVRTDataSource></OGRVRTDataSource>", "virtual file"),
        (b"<html><body>503</body></html>", "XML or HTML"),
        (b'<?xml version="1.0"?><route version="1.0"></route>', "planned route"),
        (b"%PDF-1.7", "PDF"),
        (b'{"a": 1}', "no GeoJSON"),
        (b"7z\xbc\xaf\x27\x1c" + b"\0" * 40, "7z"),
        (b"Rar!\x1a\x07\x01\x00", "RAR"),
        (b"\x89HDF\r\n\x1a\n", "NetCDF"),
    ],
)
def test_what_holds_no_positions_is_refused_by_content(tmp_path, content, words):
    fault = refusal(tmp_path, content, "day.csv")
    assert fault.code == "wrong_format"
    assert words in fault.message


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (PLAIN.replace(b"\n", b"\r"), "wrong_format"),
        (bytes(range(256)) * 100, None),
        (b"\0" * 5000, None),
        (PLAIN[:300] + b"\0" * 60 + b"\n" + PLAIN[300:], None),
        (PLAIN.replace(b"TEST ALPHA", b"A" * 900_000, 1), "accepted"),
        (PLAIN.replace(b"TEST ALPHA", b'TEST "ALPHA'), "accepted"),
        (b'{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry"', "corrupt_file"),
    ],
)
def test_bytes_that_are_no_table_never_end_in_a_traceback(tmp_path, content, code):
    """Read with every row accounted for, or refused in one line."""
    found, message = "accepted", ""
    try:
        report = read(tmp_path, content).report
    except InputError as fault:
        found, message = fault.code, str(fault)
    else:
        assert report.rows_in == report.rows_kept + sum(report.rows_dropped.values()) == 20
    assert "\n" not in message
    assert code in (found, None)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("MMSI", [[477999101]]),
        ("BaseDateTime", [{"a": 1}]),
        ("LAT", [True]),
        ("VesselName", [b"\xff\xfe"]),
    ],
)
def test_columns_of_no_use_are_refused(tmp_path, name, column):
    cells = {"MMSI": [477999101], "BaseDateTime": [stamp(START)], "LAT": [33.7], "LON": [-118.2]}
    pd.DataFrame(cells | {name: column}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(InputError, match=r"wrong_type|no_position"):
        ingest([tmp_path / "x.parquet"], work_dir=tmp_path / "work")

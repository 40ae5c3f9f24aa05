"""Lists of calls read as people keep them, and refused where they could be read in two ways."""

import pandas as pd
import pytest

import corridor as co
from corridor.errors import InputError
from corridor.tracks.calllist import LIST_COLUMNS, read_calls


def write(tmp_path, text, name="calls.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def test_english_headers_ports_and_berths(tmp_path):
    text = (
        "Vessel Name,IMO,Port,Terminal,Arrival (UTC),Departure (UTC),"
        "Last Port,Next Port,TEU on board,TEU moved\n"
        "SIM ALPHA,IMO9811000,Port of Long Beach,Pier T,2026-03-01T08:00,2026-03-03T08:00,"
        "CNYTN,USOAK,9000,4100\n"
        "SIM BRAVO,,USLAX,,2026-03-02 10:00:00,,,,,\n"
    )
    table = read_calls(write(tmp_path, text))
    assert list(table.columns) == list(LIST_COLUMNS)
    assert table["port"].tolist() == ["LB", "LA"]
    assert table["berth_zone"].tolist() == ["lb_pier_t", ""]
    assert table["imo"].tolist() == [9811000, -1]
    assert table["arrival_utc"].dt.strftime("%d %H:%M").tolist() == ["01 08:00", "02 10:00"]
    assert table["departure_utc"].isna().tolist() == [False, True]
    assert table.loc[0, "teu_on_board"] == 9000
    assert table.loc[0, "teu_moved"] == 4100
    assert table["line"].tolist() == [2, 3]
    assert table["remark"].tolist() == ["", ""]


CHINESE = (
    "船名,IMO编号,泊位,靠泊时间(北京时间),离泊时间,下一港,载箱量\n"
    "中远海运,9811000,盐田港中部码头,2026-03-01 08:00,2026-03-02 06:00,长滩,12000\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_chinese_headers_berths_and_time(tmp_path, encoding):
    table = read_calls(write(tmp_path, CHINESE, encoding=encoding))
    assert table.loc[0, ["vessel", "port", "berth_zone", "next_port"]].tolist() == [
        "中远海运",
        "YT",
        "yt_central",
        "长滩",
    ]
    assert table["arrival_utc"].iloc[0] == pd.Timestamp("2026-03-01T00:00Z")
    assert table["departure_utc"].iloc[0] == pd.Timestamp("2026-03-01T22:00Z")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separators(tmp_path, separator):
    text = "mmsi,port,arrival_utc\n366999202,LB,2026-03-01 08:00\n".replace(",", separator)
    assert read_calls(write(tmp_path, text))["mmsi"].tolist() == [366999202]


def test_excel_and_parquet_say_the_same_as_text(tmp_path):
    table = pd.DataFrame(
        {
            "imo": [9811000],
            "port": ["LB"],
            "arrival": pd.to_datetime(["2026-03-01 08:00"]),
            "departure": pd.to_datetime(["2026-03-02 08:30"]),
        }
    )
    table.to_excel(tmp_path / "calls.xlsx", index=False)
    table.to_parquet(tmp_path / "calls.parquet", index=False)
    table.to_csv(tmp_path / "calls.csv", index=False)
    given = [
        read_calls(tmp_path / f"calls.{kind}", tz="Asia/Shanghai") for kind in ("csv", "xlsx", "parquet")
    ]
    pd.testing.assert_frame_equal(given[0], given[1])
    pd.testing.assert_frame_equal(given[0], given[2])
    assert given[0]["arrival_utc"].iloc[0] == pd.Timestamp("2026-03-01T00:00Z")


def test_local_time_at_the_port_of_each_row(tmp_path):
    text = (
        "imo,port,arrival\n9811000,LB,2026-07-01 08:00\n"
        "9811000,YT,2026-07-20 08:00\n9811000,LB,2026-01-01 08:00\n"
    )
    table = read_calls(write(tmp_path, text), tz="port")
    assert table["arrival_utc"].dt.hour.tolist() == [15, 0, 16]


def test_a_mapping_names_columns_formats_and_zone(tmp_path):
    mapping = write(
        tmp_path,
        '[columns]\nvessel = "Schiff"\narrival = "An"\nberth = "Kai"\n'
        '[time]\nformat = "%d.%m.%Y %H:%M"\nzone = "Asia/Shanghai"\n',
        "calls.toml",
    )
    table = read_calls(write(tmp_path, "Schiff;An;Kai\nSIM A;03.04.2026 08:00;yt_west\n"), columns=mapping)
    assert table["arrival_utc"].iloc[0] == pd.Timestamp("2026-04-03T00:00Z")
    assert table["port"].iloc[0] == "YT"


def test_what_is_wrong_with_a_row_is_remarked_on(tmp_path):
    text = (
        "imo,vessel,port,arrival_utc,departure_utc\n9811001,SIM A,LB,2026-03-01,2026-03-02\n"
        "9811000,SIM B,Atlantis,2026-03-02,2026-03-01\n"
    )
    table = read_calls(write(tmp_path, text))
    assert table["remark"].tolist() == [
        "IMO number 9811001 fails its check digit",
        "port 'Atlantis' is unknown; departure before arrival",
    ]
    assert table["imo"].tolist() == [-1, 9811000]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("imo,arrival\n9811000,2026-03-01 08:00\n", "no_time_zone"),
        ("imo,arrival_utc\n9811000,03/04/2026 08:00\n", "ambiguous_time"),
        ("imo,arrival_utc\n9811000,2026-13-01 08:00\n", "bad_time"),
        ("imo,arrival_utc\n9811000,\n", "no_arrival"),
        ("ship id,when\n1,2026-03-01\n", "missing_column"),
        ("imo,arrival_utc\n", "empty_calls"),
        ("", "unreadable_calls"),
    ],
)
def test_what_cannot_be_read_in_one_way_is_refused(tmp_path, text, code):
    with pytest.raises(InputError) as refused:
        read_calls(write(tmp_path, text))
    assert refused.value.code == code


def test_settings_that_cannot_be_are_refused(tmp_path):
    path = write(tmp_path, "imo,arrival\n9811000,2026-03-01 08:00\n")
    for arguments, code in (
        ({"tz": "Mars/Crater"}, "bad_time_zone"),
        ({"tz": "port"}, "no_time_zone"),
        ({"columns": tmp_path / "none.toml"}, "missing_file"),
        ({"columns": write(tmp_path, "[columns]\nrig = 'x'\n", "a.toml")}, "bad_mapping"),
        ({"columns": write(tmp_path, "[columns\n", "b.toml")}, "bad_mapping"),
        ({"columns": write(tmp_path, "[columns]\nimo = 'x'\n", "c.toml")}, "missing_column"),
        ({"columns": write(tmp_path, "[time]\nzone = 'Nowhere'\n", "d.toml")}, "bad_mapping"),
    ):
        with pytest.raises(InputError) as refused:
            read_calls(path, **arguments)
        assert refused.value.code == code
    with pytest.raises(InputError, match="no such list"):
        read_calls(tmp_path / "none.csv")


def test_the_facade_reads_lists(tmp_path):
    assert len(co.read_calls(write(tmp_path, CHINESE))) == 1

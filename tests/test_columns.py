import pytest
from drawn_ais import HEADER, HEADER_2025

from corridor.errors import InputError
from corridor.tracks import columns

GOOD = """\
[columns]
id = "Ref"
time = "When"
lat = "Y"
lon = "X"
sog = "V"  # our speed

[units]
sog = "m/s"

[time]
format = "%d/%m/%Y %H:%M:%S"
zone = "Asia/Shanghai"

[id]
kind = "text"
"""


def mapping_of(tmp_path, text):
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return columns.read_mapping(path)


def test_a_mapping_is_read_and_frozen(tmp_path):
    mapping = mapping_of(tmp_path, GOOD)
    assert mapping.columns["lat"] == "Y"
    assert mapping.units.factor("sog") == pytest.approx(1.9438, abs=1e-4)
    assert mapping.units.factor("lat") == 1
    assert (mapping.time.zone, mapping.id.kind) == ("Asia/Shanghai", "text")
    with pytest.raises(ValueError, match="frozen"):
        mapping.id = columns.IdForm()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('sog = "m/s"', 'sog = "mph"', r"line 9, units.sog: .*'kn', 'km/h' or 'm/s'"),
        (
            'zone = "Asia/Shanghai"',
            'zone = "Mars/Base"',
            r"line 13, time.zone: time zone 'Mars/Base' is unknown",
        ),
        ('format = "%d/%m/%Y %H:%M:%S"', 'format = "dd/mm"', r"line 12, time.format: .*expected iso"),
        ('kind = "text"', 'kind = "name"', r"line 16, id.kind"),
        ('lon = "X"\n', "", r"columns.lon: missing"),
        ('lon = "X"', 'lon = "X"\nspeed = "S"', r"line 6, columns.speed: unknown; known are id, time"),
        ("[id]", "[ident]", r"line 15, ident: Extra inputs"),
        ("[id]", "[id", r"not valid TOML: .*line 15"),
    ],
)
def test_a_fault_names_key_and_line(tmp_path, old, new, words):
    with pytest.raises(InputError, match=r"mapping.toml: .*" + words) as caught:
        mapping_of(tmp_path, GOOD.replace(old, new))
    assert caught.value.code == "bad_mapping"
    assert "\n" not in str(caught.value)


def test_a_missing_mapping_is_said(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        columns.read_mapping(tmp_path / "none.toml")


@pytest.mark.parametrize("header", [HEADER, HEADER_2025, HEADER.upper(), HEADER.lower()])
def test_both_generations_are_known_by_name(header):
    where = columns.locate(header.split(","), None, "day.csv")
    assert set(where) == set(columns.FIELDS)
    assert where["lat"].lower() in ("lat", "latitude")
    assert where["beam"].lower() == "width"


def test_what_is_missing_or_doubled_is_named():
    with pytest.raises(InputError, match=r"no column LON; found MMSI, BaseDateTime, LAT; name"):
        columns.locate(["MMSI", "BaseDateTime", "LAT"], None, "day.csv")
    with pytest.raises(InputError, match="LAT, latitude all mean lat"):
        columns.locate([*HEADER.split(","), "latitude"], None, "day.csv")
    mapping = columns.ColumnMapping(columns={"id": "a", "time": "b", "lat": "c", "lon": "d"})
    with pytest.raises(InputError, match="no column d; found a, b, c"):
        columns.locate(["a", "b", "c"], mapping, "day.csv")
    with pytest.raises(InputError, match="duplicate_column"):
        columns.locate(["a", "b", "c", "d", "a"], mapping, "day.csv")

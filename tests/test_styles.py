"""QGIS styles: well-formed, one class per colour, readable names, time."""

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers import styles
from layers.styles import Symbol

PALE, DARK = Symbol("fill", "#fbf5b5"), Symbol("fill", "#22103f")
LINE = styles.single("Tracks", "Ship tracks", Symbol("line", "#1b6ca8", width_mm=0.3))


def parsed(style, aliases=None, **more):
    text = styles.qml(style, aliases or {}, **more)
    assert text.startswith("<!DOCTYPE qgis")
    return ET.fromstring(text.split("\n", 1)[1])  # noqa: S314 — the text is our own


def test_classes_join_without_a_hole_and_name_their_unit():
    style = styles.graduated(
        "n", "d", column="nox_kg", edges=[0.5, 20], symbols=[PALE, PALE, DARK], unit="kg"
    )
    ranges = parsed(style).findall(".//range")
    assert [(r.get("lower"), r.get("upper")) for r in ranges] == [
        ("0", "0.5"),
        ("0.5", "20"),
        ("20", "1e+30"),
    ]
    assert [r.get("label") for r in ranges] == ["below 0.5 kg", "0.5 – 20 kg", "at least 20 kg"]
    assert parsed(style).find("renderer-v2").get("attr") == "nox_kg"


def test_each_class_has_its_symbol():
    style = styles.graduated("n", "d", column="x", edges=[1], symbols=[PALE, DARK], unit="kg")
    colours = {
        symbol.get("name"): symbol.find("layer/prop[@k='color']").get("v")
        for symbol in parsed(style).iter("symbol")
    }
    assert colours == {"0": "251,245,181,255", "1": "34,16,63,255"}


def test_one_class_says_what_it_is():
    style = styles.graduated("n", "d", column="x", edges=[], symbols=[PALE], unit="h")
    assert parsed(style).find(".//range").get("label") == "all [h]"


@pytest.mark.parametrize(
    ("edges", "count", "word"), [([1, 2], 2, "expected 3"), ([2, 1], 3, "ascending"), ([0, 1], 3, "above 0")]
)
def test_classes_that_cannot_be_are_refused(edges, count, word):
    with pytest.raises(ValueError, match=word):
        styles.graduated("n", "d", column="x", edges=edges, symbols=[PALE] * count, unit="kg")


def test_categories_end_with_the_others():
    classes = {"at_berth": ("At berth", DARK), "cruising": ("Cruising", PALE)}
    found = parsed(styles.categorised("n", "d", column="phase", classes=classes, other=PALE))
    assert [(c.get("value"), c.get("label")) for c in found.iter("category")] == [
        ("at_berth", "At berth"),
        ("cruising", "Cruising"),
        ("", "Other"),
    ]
    assert len(found.findall(".//symbol")) == 3


@pytest.mark.parametrize(
    ("symbol", "layer", "expected"),
    [
        (Symbol("fill", "#fff"), "SimpleFill", {"outline_style": "no", "color": "255,255,255,255"}),
        (
            Symbol("fill", "#000000", width_mm=0.2, outline="#ff0000"),
            "SimpleFill",
            {"outline_color": "255,0,0,255"},
        ),
        (
            Symbol("line", "#0000ff", width_mm=0.4),
            "SimpleLine",
            {"line_width": "0.4", "line_color": "0,0,255,255"},
        ),
        (Symbol("marker", "#00ff00", size_mm=4), "SimpleMarker", {"size": "4", "name": "circle"}),
    ],
)
def test_symbols_of_each_kind(symbol, layer, expected):
    found = parsed(styles.single("n", "d", symbol)).find(".//symbol/layer")
    properties = {prop.get("k"): prop.get("v") for prop in found.iter("prop")}
    assert found.get("class") == layer
    assert expected.items() <= properties.items()


def test_opacity_belongs_to_the_symbol():
    assert (
        parsed(styles.single("n", "d", Symbol("fill", "#fff", opacity=0.8))).find(".//symbol").get("alpha")
        == "0.8"
    )


def test_time_plays_only_where_both_ends_are_known():
    assert parsed(LINE, {"start_utc": "Start"}).find("temporal") is None
    temporal = parsed(LINE, {"start_utc": "Start", "end_utc": "End"}).find("temporal")
    assert (temporal.get("enabled"), temporal.get("mode")) == ("1", "2")
    assert (temporal.get("startField"), temporal.get("endField")) == ("start_utc", "end_utc")


def test_names_are_read_by_place_after_the_key():
    found = parsed(LINE, {"co2_kg": "CO2 (kg)", "name": 'A "B" <c> & d'})
    aliases = [(a.get("index"), a.get("field"), a.get("name")) for a in found.iter("alias")]
    assert aliases == [("1", "co2_kg", "CO2 (kg)"), ("2", "name", 'A "B" <c> & d')]


def test_labels_are_switched_on_by_a_column():
    assert parsed(LINE).get("labelsEnabled") == "0"
    found = parsed(LINE, label="name_en")
    assert found.get("labelsEnabled") == "1"
    assert found.find("labeling/settings/text-style").get("fieldName") == "name_en"


def test_areas_are_named_when_near_and_points_always():
    area = styles.single("n", "d", PALE)
    point = styles.single("n", "d", Symbol("marker", "#000000"))
    near, always = (parsed(style, label="x").find("labeling/settings/rendering") for style in (area, point))
    assert (near.get("scaleVisibility"), near.get("scaleMax")) == ("1", "3000000")
    assert always.get("scaleVisibility") is None
    assert (near.get("obstacle"), always.get("obstacle")) == ("0", "1")


def test_other_columns_of_time_play_too():
    names = {"all_fast_utc": "All fast", "sailed_utc": "Sailed"}
    assert parsed(LINE, names).find("temporal") is None
    temporal = parsed(LINE, names, times=("all_fast_utc", "sailed_utc")).find("temporal")
    assert (temporal.get("startField"), temporal.get("endField")) == ("all_fast_utc", "sailed_utc")


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_gives_well_formed_xml(alias, label):
    style = styles.categorised("n", "d", column="x", classes={alias: (label, PALE)}, other=DARK)
    assert parsed(style, {"x": alias}).find(".//alias") is not None


@pytest.mark.parametrize("colour", ["red", "#12", "#12345", "", "#gggggg"])
def test_colours_are_hexadecimal(colour):
    with pytest.raises(ValueError, match="#rrggbb"):
        styles.single("n", "d", Symbol("fill", colour))


def test_kinds_are_known():
    with pytest.raises(ValueError, match="fill, line, marker"):
        Symbol("blob", "#fff")

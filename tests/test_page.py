"""The page as text: self-contained, hashed, the same bytes twice, complete in both languages."""

import base64
import dataclasses
import hashlib
import html
import io
import json
import re
import zlib
from pathlib import Path

import folium
import numpy as np
import pytest
from browser.factory import SPECIES, credited, page_data
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import maps
from maps.packing import LOG_STEP, log_codes, pack
from maps.page import Basemap, PageData, Text, build, render

ASSETS = Path(maps.__file__).parent / "assets"


@pytest.fixture(scope="module")
def page():
    return render(page_data(400))


def block(html):
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1]
    )


def unpacked(packed):
    """Read a packed block as the page's script does."""
    raw, at, found = zlib.decompress(base64.b64decode(packed["data"])), 0, {}
    for name, kind, count in packed["toc"]:
        width = int(kind[1:])
        planes = np.frombuffer(raw, np.uint8, count * width, at).reshape(width, count)
        found[name] = np.ascontiguousarray(planes.T).view(f"<{kind}").ravel()
        at += count * width
    return found


def test_nothing_is_asked_of_another_host(page):
    # Leaflet's source holds a link in a string; what counts is the markup around the scripts.
    markup = re.sub(r"<script[^>]*>.*?</script>", "", page, flags=re.DOTALL)
    assert len(markup) > 10_000
    assert not re.search(r"""(?:src|href|action|poster)\s*=\s*["']?\s*(?:https?:)?//""", markup)
    assert not re.search(r"<script[^>]+src", page)
    assert not re.search(r"url\(\s*['\"]?https?:", page)
    assert "@import" not in page
    assert "sourceMappingURL" not in page


def test_the_policy_lists_exactly_the_page_s_own_scripts(page):
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert len(scripts) >= 3
    assert re.findall(r"'sha256-([^']+)'", policy) == hashes
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]


def test_folium_made_the_map(page):
    assert re.search(r'<div class="folium-map" id="map_0{31}1"', page)
    assert "L.map(" in page
    assert "window.corridorMap = map_" in page


def test_head_has_title_language_and_a_viewport_that_may_be_zoomed(page):
    assert "<title>SIMULATED – Ship emissions" in page
    assert '<html lang="en-GB">' in page
    assert "user-scalable=no" not in page
    assert page.index("Content-Security-Policy") < page.index("<title>")


def test_two_builds_give_the_same_bytes(page):
    assert render(page_data(400)) == page


def test_without_script_the_totals_are_still_there(page):
    words = re.search(r"<noscript>(.*?)</noscript>", page, re.DOTALL)[1]
    assert "SIMULATED" in words
    assert "Pier J" in words
    assert "NOx [kg]" in words
    assert "<svg" in words
    assert "at berth" in words


def test_masses_are_packed_within_half_a_percent():
    data = page_data(800, scenarios=3)
    content = block(render(data))
    found = unpacked(content["packed"])
    shape = data.cells.mass_kg.shape
    codes = found["mass"].reshape(shape).copy()
    codes[1:] += codes[:1]
    codes[:, 1:] += codes[:, :1]
    least = np.array(content["smallest"])[None, :, None]
    masses = np.where(codes > 0, least * np.exp((codes - 1.0) * LOG_STEP), 0)
    sizes = np.array(content["sizes"])[found["level"]]
    order = np.lexsort((data.cells.west, data.cells.south, data.cells.size_deg))
    assert np.allclose(found["ix"] * sizes, data.cells.west[order])
    assert np.allclose(masses, data.cells.mass_kg[:, :, order], rtol=0.005)
    assert np.allclose(content["sums"], data.cells.mass_kg.sum(axis=2), rtol=1e-5)


@given(arrays(np.float64, st.integers(1, 30), elements=st.just(0.0) | st.floats(1e-9, 1e12)))
def test_log_codes_keep_zero_and_half_a_percent(values):
    codes, least = log_codes(values)
    again = np.where(codes > 0, least * np.exp((codes - 1.0) * LOG_STEP), 0)
    assert np.allclose(again, values, rtol=0.00201, atol=0)


some_arrays = st.sampled_from(["u1", "u2", "i4", "f4", "f8"]).flatmap(
    lambda kind: arrays(kind, st.integers(0, 20))
)


@given(st.lists(some_arrays, max_size=4))
def test_packed_arrays_come_back_bit_by_bit(given_arrays):
    named = {f"a{k}": array for k, array in enumerate(given_arrays)}
    found = unpacked(pack(named))
    assert list(found) == list(named)
    for name, array in named.items():
        assert found[name].tobytes() == array.tobytes()


def test_every_phrase_exists_in_both_languages_with_the_same_places():
    words = json.loads((ASSETS / "strings.json").read_text(encoding="utf-8"))
    assert set(words["zh"]) == set(words["en"])
    assert set(words["en-US"]) <= set(words["en"])
    assert all(british != american for british, american in words["spelling"].items())
    for key, phrase in words["en"].items():
        places = set(re.findall(r"\{(\w+)\}", phrase))
        chinese = words["zh"][key]
        assert chinese == "" or set(re.findall(r"\{(\w+)\}", chinese)) == places, key


def test_every_phrase_the_page_uses_exists():
    words = json.loads((ASSETS / "strings.json").read_text(encoding="utf-8"))["en"]
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ASSETS / "js").glob("*.js")))
    body = (ASSETS / "body.html").read_text(encoding="utf-8")
    used = set(re.findall(r'\bT\("(\w+)"', scripts)) | set(re.findall(r'data-t(?:-label)?="(\w+)"', body))
    assert len(used) > 60
    assert used <= set(words)


def test_chinese_phrases_hold_no_english_words():
    words = json.loads((ASSETS / "strings.json").read_text(encoding="utf-8"))["zh"]
    # Names, symbols and licences that have no Chinese form.
    kept = r"\{\w+\}|TtW|WtW|CSV|PNG|Natural Earth|OpenStreetMap contributors|ODbL|TEU"
    for key, phrase in words.items():
        assert not re.search(r"[A-Za-z]{2,}", re.sub(kept, "", phrase)), key


def test_assets_are_what_the_manifest_says():
    entries = json.loads((ASSETS / "manifest.json").read_text(encoding="utf-8"))
    assert {entry["file"] for entry in entries} == {
        path.name for path in ASSETS.iterdir() if path.name.startswith(("leaflet", "land"))
    }
    for entry in entries:
        assert hashlib.sha256((ASSETS / entry["file"]).read_bytes()).hexdigest() == entry["sha256"], entry[
            "file"
        ]
        assert entry["licence"]
        assert entry["version"]


def test_page_script_never_writes_markup():
    markup = r"(inner|outer|insertAdjacent)HTML|document\.write|bindPopup|bindTooltip|\beval\(|new Function"
    for path in sorted((ASSETS / "js").glob("*.js")):
        assert not re.search(markup, path.read_text(encoding="utf-8")), path.name


def test_an_online_basemap_is_only_named_when_asked_for(page):
    url = "https://{s}.tiles.example.org/{z}/{x}/{y}.png"
    asked = render(page_data(100, basemap=Basemap(url, "Example")))
    assert "img-src data: blob: https://*.tiles.example.org;" in asked
    assert "img-src data: blob:;" in page


@pytest.mark.parametrize("url", ["http://a.org/{z}", "https://a.org; script-src *//x", "//a.org/{z}", "x"])
def test_a_basemap_address_cannot_widen_the_policy(url):
    with pytest.raises(ValueError, match="basemap"):
        render(page_data(100, basemap=Basemap(url, "")))


def change(data: PageData, **cells):
    return dataclasses.replace(data, cells=dataclasses.replace(data.cells, **cells))


def test_a_credit_upstream_is_told_below_nothing():
    data = credited(page_data(400))
    wake = [species.key for species in SPECIES].index("co2e_wtw")
    told = block(render(data))
    found = unpacked(told["packed"])
    shape = (len(data.scenarios), len(SPECIES), len(data.cells))
    assert found["minus"].reshape(shape)[:, wake].any()
    assert not np.delete(found["minus"].reshape(shape), wake, axis=1).any()
    assert told["sums"][0][wake] == pytest.approx(data.cells.mass_kg[0, wake].sum())
    assert told["sums"][0][wake] < 0
    # A page without credits carries no signs, and nothing but well-to-wake may lie below zero.
    assert "minus" not in unpacked(block(render(page_data(400)))["packed"])
    with pytest.raises(ValueError, match="negative"):
        change(data, mass_kg=-data.cells.mass_kg)


def test_what_is_withheld_is_in_the_totals_and_not_in_the_cells():
    data = page_data(400)
    half = dataclasses.replace(data.cells, mass_kg=data.cells.mass_kg / 2)
    with pytest.raises(ValueError, match="do not add up"):
        dataclasses.replace(data, cells=half)
    gone = half.mass_kg.sum(axis=2)
    told = block(render(dataclasses.replace(data, cells=half, withheld_kg=gone)))
    np.testing.assert_allclose(told["sums"], gone)


def test_page_data_refuse_what_would_be_shown_wrongly():
    data = page_data(200)
    with pytest.raises(ValueError, match="do not add up"):
        change(data, mass_kg=data.cells.mass_kg * 1.01)
    with pytest.raises(ValueError, match="shape"):
        change(data, observed_share=data.cells.observed_share[:-1])
    with pytest.raises(ValueError, match="negative"):
        change(data, mass_kg=-data.cells.mass_kg)
    with pytest.raises(ValueError, match="0 <= lon < 360"):
        change(data, west=data.cells.west + 200)
    first, *others = data.breakdowns
    with pytest.raises(ValueError, match="differ"):
        dataclasses.replace(
            data, breakdowns=(first, dataclasses.replace(others[0], mass_kg=others[0].mass_kg * 1.001))
        )
    with pytest.raises(ValueError, match="breakdown"):
        dataclasses.replace(data, breakdowns=())
    jumping = dataclasses.replace(data.tracks[0], line=np.array([[179.0, 40], [-179.0, 40]]))
    with pytest.raises(ValueError, match="unwrap"):
        dataclasses.replace(data, tracks=(jumping,))


def test_corners_off_the_grid_are_refused():
    data = page_data(100)
    with pytest.raises(ValueError, match="whole multiple"):
        render(change(data, west=data.cells.west + 0.003))


def test_an_empty_study_still_makes_a_page():
    data = page_data(100)
    cells = data.cells
    none = np.zeros(0)
    empty = dict.fromkeys(("west", "south", "size_deg", "area_km2", "observed_share"), none) | {
        "mass_kg": cells.mass_kg[:, :, :0],
        "phase_share": cells.phase_share[:, :0],
        "month_share": cells.month_share[:, :0],
        "class_share": cells.class_share[:, :0],
        "who": cells.who[:, :0],
        "who_share": cells.who_share[:, :0],
    }  # fmt: skip
    nothing = tuple(dataclasses.replace(b, mass_kg=b.mass_kg * 0) for b in data.breakdowns)
    content = render(
        dataclasses.replace(
            data, cells=dataclasses.replace(cells, **empty), breakdowns=nothing, tracks=(), zones=()
        )
    )
    assert block(content)["packed"]["toc"][0] == ["level", "u1", 0]


def test_a_chinese_page_says_so():
    content = render(page_data(100, language="zh", title=Text("Title", "标题")))
    assert '<html lang="zh-Hans">' in content
    assert block(content)["language"] == "zh"


def test_a_map_for_notebooks_is_a_folium_map_that_saves_the_same_page(tmp_path, page):
    explored = build(page_data(400))
    assert isinstance(explored, folium.Map)
    explored.save(tmp_path / "map.html")
    assert (tmp_path / "map.html").read_text(encoding="utf-8") == page
    stream = io.BytesIO()
    build(page_data(400)).save(stream, close_file=False)
    assert stream.getvalue().decode() == page
    frame = explored._repr_html_()
    assert frame.startswith('<iframe sandbox="allow-scripts')
    assert html.unescape(re.search(r'srcdoc="([^"]*)"', frame)[1]) == page


def test_a_layer_of_one_s_own_is_drawn_and_still_nothing_is_linked():
    explored = build(page_data(200))
    folium.CircleMarker([20, 200], radius=5).add_to(explored)
    content = explored.page()
    assert "L.circleMarker(" in content
    assert "https://cdn" not in content


def test_panels_and_contributors_are_checked():
    data = page_data(200)
    with pytest.raises(ValueError, match="width"):
        dataclasses.replace(data, panels=(dataclasses.replace(data.panels[0], rows=((1.0,),)),))
    with pytest.raises(ValueError, match="beyond"):
        dataclasses.replace(data, vessels=data.vessels[:3])
    with pytest.raises(ValueError, match="who"):
        change(data, who=data.cells.who[:2])

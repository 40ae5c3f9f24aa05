"""The page for everyone: assistive technology, keyboard, phone, paper, both languages (U17-U20)."""

import re
import time

import pytest
from browser.asking import printed_pages, violations, visible_words
from selenium.webdriver.common.keys import Keys


@pytest.mark.parametrize("language", ["en-GB", "zh"])
def test_axe_finds_nothing(browser, small, language):
    browser.open(small, f"#l={language}")
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    browser.js("document.querySelector('#top button').click()")
    assert violations(browser) == []
    browser.choose("scen", "swipe:1")
    assert violations(browser) == []


def test_axe_would_find_something(browser, small):
    browser.open(small)
    browser.js("document.querySelector('#pol').parentElement.replaceWith(document.querySelector('#pol'))")
    assert "select-name" in [name for name, _ in violations(browser)]


def test_axe_finds_nothing_on_a_phone(browser, small):
    browser.size(390, 844, phone=True)
    browser.open(small)
    assert violations(browser) == []


def test_tab_goes_from_skip_link_to_controls_to_map_to_lists(browser, small):
    browser.open(small)
    seen = []
    for _ in range(45):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        seen.append(
            browser.js(
                """const e = document.activeElement, s = getComputedStyle(e);
                return [e.id || e.className || e.tagName, s.outlineStyle, parseFloat(s.outlineWidth)]"""
            )
        )
    names = [str(name) for name, _, _ in seen]

    def at(start):
        return next(k for k, name in enumerate(names) if name.startswith(start))

    assert names[0] == "skip"
    assert at("lang") < at("pol") < at("month") < at("map_") < at("leaflet-control-zoom-in") < at("sys")
    assert all(style != "none" and width >= 2 for _, style, width in seen if style is not None)


def test_the_map_is_named_and_moves_by_keyboard(browser, small):
    browser.open(small)
    holder = browser.one(".folium-map")
    assert "Pacific" in holder.get_attribute("aria-label")
    before = browser.js("return corridorPage.map.getZoom()")
    holder.send_keys("+")
    time.sleep(0.4)
    assert browser.js("return corridorPage.map.getZoom()") > before
    browser.js("corridorPage.map.setView([33.742, 241.803], 12, { animate: false })")
    holder.send_keys(Keys.ENTER)
    assert "Pier J" in browser.text("#cell")


def test_a_phone_needs_no_sideways_scroll(browser, small):
    browser.size(390, 844, phone=True)
    browser.open(small)
    assert browser.js("return document.documentElement.scrollWidth") <= 390
    legend = browser.js("return document.querySelector('.legend').getBoundingClientRect().width")
    assert legend < 0.45 * 390
    assert browser.js(
        "return [...document.querySelectorAll('button, select')].filter(e => e.offsetParent)"
        ".every(e => e.getBoundingClientRect().height >= 24)"
    )


def test_paper_has_two_pages_at_most_with_title_map_legend_and_totals(browser, full):
    browser.open(full)
    try:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        browser.js("window.dispatchEvent(new Event('beforeprint'))")
        for css in ("#title", "#legt", "#zt", "#phasechart svg", "#printed", "#banner", "#sources", "#sheet"):
            assert browser.one(css).is_displayed(), css
        for css in ("#controls", "#csv", "#top", ".layers", "#views"):
            assert not browser.one(css).is_displayed(), css
        painted = browser.js(
            """const c = document.getElementById('sheet');
            const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            const seen = new Set(); for (let i = 0; i < d.length; i += 4)
              seen.add(`${d[i]},${d[i + 1]},${d[i + 2]}`); return [c.width, seen.size]"""
        )
        assert painted[0] == 2000
        assert painted[1] > 50
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert 1 <= printed_pages(browser) <= 2


def test_the_chinese_page_has_no_english_left(browser, full):
    kept = re.compile(
        r"CO₂e?|CH₄|N₂O|NOx|SOx|PM10|PM2\.5|DPM|NMVOC|BC|CO|corridor(-synthetic)?|SIMULATED|CSV|PNG|TEU|km²|km"
        r"|Natural Earth( 50 m land)?|OpenStreetMap( land polygons| contributors)?|ODbL( 1\.0)?|public domain"
        r"|TtW|WtW|TEST SHIP"
    )
    browser.open(full, "#l=zh")
    browser.js("document.querySelector('#top button').click()")
    for state in ("0", "1", "diff:2", "swipe:1"):
        browser.choose("scen", state)
        left = [words for words in visible_words(browser) if re.search(r"[A-Za-z]{2,}", kept.sub("", words))]
        assert left == []
    assert browser.js("return document.documentElement.lang") == "zh-Hans"
    assert "st" not in [option.get_attribute("value") for option in browser.all("#unit option")]


def test_american_spelling_is_a_choice_of_its_own(browser, small):
    browser.open(small, "#l=en-US&u=st")
    assert "short tons" in browser.text("#status")
    assert "metric tons" in browser.text("#unit")
    words = " ".join(visible_words(browser))
    assert "maneuvering" in words
    assert "Sulfur rules" in words
    assert not re.search(r"sulphur|manoeuv|harbour|tonnes|programme|licence|centre", words, re.IGNORECASE)
    browser.choose("lang", "en-GB")
    words = " ".join(visible_words(browser))
    assert "manoeuvring" in words
    assert "Sulphur rules" in words

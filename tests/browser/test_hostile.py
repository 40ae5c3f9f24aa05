"""Names from data are text and nothing else, wherever they come up (U15)."""

import csv
import dataclasses
import io
import time

import pytest
from browser.factory import page_data
from test_text import HOSTILE

from maps.page import Item, PageData, Text, render
from maps.text import plain

PLACES = (
    *("#title", "#period", "#notes", "#zt", "#views", "#scen", "#method", "#limits", "#sources", "#cite"),
    *("#layers", "#classchart", "#tip", "#top", "#cell", "#pair"),
)


@pytest.mark.parametrize("payloads", [HOSTILE[0::2], HOSTILE[1::2]])
def test_hostile_names_are_shown_literally(browser, tmp_path, payloads):
    page = tmp_path / "hostile.html"
    hostile = " " + " ".join(payloads)
    page.write_text(render(page_data(200, scenarios=2, months=2, hostile=hostile)), encoding="utf-8")
    browser.open(page)
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    for language in ("zh", "en-GB"):
        browser.choose("lang", language)
        browser.choose("sys", "sulphur")
        for scenario in ("diff:1", "swipe:1", "0"):
            browser.choose("scen", scenario)
        browser.choose("sys", "port")
        browser.all("#views button")[1].click()
        browser.js("document.querySelector('#top button').click()")
        browser.js(
            """const pier = { latlng: L.latLng(33.742, 241.803), containerPoint: L.point(200, 200) };
            corridorPage.map.fire('mousemove', pier)"""
        )
        browser.js("corridorPage.pictureCanvas()")
        for place in PLACES:
            for payload in payloads:
                assert plain(payload) in browser.text(place), place
    time.sleep(0.1)
    assert browser.js("return typeof window.PWN") == "undefined"
    assert browser.logs() == []
    assert browser.js("return document.querySelectorAll('img[src=x], svg[onload]').length") == 0


def everywhere(value, payload, name=""):
    """Return page content with a payload behind every text but keys, addresses and the page's own choices."""
    if isinstance(value, Text):
        return Text(value.en + payload, (value.zh or value.en) + payload)
    if isinstance(value, tuple):
        return value if name in {"months", "zones"} else tuple(everywhere(one, payload) for one in value)
    if dataclasses.is_dataclass(value):
        parts = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        changed = {
            key: part + payload
            if key in {"name", "version", "file_name", "symbol"} and isinstance(part, str) and part
            else everywhere(part, payload, "" if isinstance(value, PageData) and key == "zones" else key)
            for key, part in parts.items()
        }
        return dataclasses.replace(value, **changed)
    return value


def test_every_text_of_a_study_may_be_hostile(browser, demo_data, tmp_path):
    """Ships, operators, berths, zones, scenarios, targets, panels, sources: all eight payloads in each."""
    page = tmp_path / "all.html"
    page.write_text(render(everywhere(demo_data, " " + " ".join(HOSTILE))), encoding="utf-8")
    browser.open(page)
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    for language in ("zh", "en-GB"):
        browser.choose("lang", language)
        for scenario in ("diff:1", "swipe:2", "0"):
            browser.choose("scen", scenario)
        browser.js("document.querySelector('#top button').click()")
        browser.one("#search").clear()
        browser.one("#search").send_keys("PWN")
        browser.js("corridorPage.pictureCanvas(); window.dispatchEvent(new Event('beforeprint'))")
        for place in (*PLACES, "#panels", "#portpanel", "#scenchart", "#hits", "#status", "#phasechart"):
            if place == "#tip":
                continue
            for payload in HOSTILE:
                assert plain(payload) in browser.text(place), place
    time.sleep(0.1)
    assert browser.js("return typeof window.PWN") == "undefined"
    assert browser.logs() == []
    assert browser.js("return document.querySelectorAll('img[src=x], svg[onload]').length") == 0


def test_names_that_look_like_formulas_stay_text_in_tables(browser, tmp_path):
    data = page_data(200, months=1)
    page = tmp_path / "formula.html"
    first = data.breakdowns[0]
    starts = "=+-@\t=+-@="
    rows = tuple(
        Item(row.key, Text(start + "1+1", "")) for row, start in zip(first.rows, starts, strict=True)
    )
    changed = (dataclasses.replace(first, rows=rows), *data.breakdowns[1:])
    page.write_text(render(dataclasses.replace(data, breakdowns=changed)), encoding="utf-8")
    browser.open(page)
    table = list(csv.DictReader(io.StringIO(browser.js("return corridorPage.totalsCsv()"))))
    names = [row["name"] for row in table if row["breakdown"] == "port"]
    assert len(names) == len(rows)
    assert all(not name.startswith(("=", "+", "-", "@", "\t")) for name in names)

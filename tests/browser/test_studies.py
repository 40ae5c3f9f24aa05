"""The same checks on the page of the study that ships and on one of a hundred thousand cells (U1–U24)."""

import csv
import io
import re
import time

import numpy as np
import pandas as pd
import pyogrio
import pytest
from browser.asking import (
    figure,
    printed_pages,
    requests,
    scenarios,
    sums_of_months,
    total,
    use_everything,
    violations,
    visible_words,
)
from browser.factory import page_data
from selenium.webdriver.common.keys import Keys

from corridor.outputs.page import page_data as content
from maps.page import render

SHOWN = "return [{...corridorPage.S}, corridorPage.map.getZoom(), corridorPage.map.getCenter().lat]"


@pytest.fixture(params=["demo", "large"])
def page(request):
    return request.getfixturevalue(request.param)


def test_it_opens_and_works_without_a_message_or_a_request(browser, page):
    requests(browser)
    browser.open(page)
    use_everything(browser)
    time.sleep(0.3)
    assert browser.logs() == []
    assert requests(browser) == []


def test_it_has_few_nodes(browser, page):
    browser.open(page)
    assert browser.js("return document.querySelectorAll('*').length") < 1500


def test_a_kilogram_is_a_thousandth_and_every_choice_is_said(browser, page):
    browser.open(page)
    tonnes = total(browser)
    browser.choose("unit", "kg")
    assert total(browser) / tonnes == pytest.approx(1000, rel=0.005)
    for name, symbol in (("nox", "NO"), ("pm25", "PM2.5")):
        browser.choose("pol", name)
        assert symbol in browser.text("#legt")
        assert symbol in browser.text("#status")
    assert browser.one("#basis").get_property("disabled")
    browser.month(1)
    month = browser.text("#monthlbl")
    assert month in browser.text("#legt")
    assert month in browser.text("#status")


def test_months_of_drawn_cells_add_up_and_the_page_s_total_is_exact(browser, page):
    browser.open(page)
    sums = sums_of_months(browser)
    assert sum(sums[1:]) == pytest.approx(sums[0], rel=1e-3)
    exact = browser.js("return corridorPage.shownTotal()")
    assert sums[0] == pytest.approx(exact, rel=5e-3)


def test_the_grid_has_ink_that_moves(browser, page):
    browser.open(page)
    first = browser.ink()
    assert first > 0.003
    browser.all("#views button[data-port]")[0].click()
    time.sleep(0.2)
    assert browser.ink() > 0.03
    assert browser.ink() != first


def test_classes_are_seven_with_fixed_edges(browser, page):
    browser.open(page)
    browser.choose("pol", "nox")
    seen = set()
    for month in (0, 1, 2):
        browser.month(month)
        for value in [one for one in scenarios(browser) if not one.startswith("diff")]:
            browser.choose("scen", value)
            seen.add(tuple(item.text for item in browser.all("#leg li")))
    assert len(seen) == 1
    assert len(seen.pop()) == 7


def test_twenty_hotspots_fall_and_fill_the_cell(browser, page):
    browser.open(page)
    density = [figure(item.text) for item in browser.all("#top button > .n")]
    assert len(density) == 20
    assert density == sorted(density, reverse=True)
    browser.one("#top button").send_keys(Keys.ENTER)
    for words in ("Share of the whole", "Place", "at berth"):
        assert words in browser.text("#cell")


def test_the_address_brings_everything_back(browser, page):
    browser.open(page)
    for name, value in (("pol", "nox"), ("unit", "kg"), ("sys", "sulphur"), ("scen", scenarios(browser)[-1])):
        browser.choose(name, value)
    browser.month(2)
    browser.js("document.querySelector('#top button').click()")
    before, fragment = browser.js(SHOWN), browser.js("return location.hash")
    after = browser.open(page, fragment).js(SHOWN)
    assert after[0] == before[0]
    assert after[1:] == pytest.approx(before[1:], abs=1e-3)


def test_cells_csv_holds_every_cell_in_file_longitudes(browser, page):
    browser.open(page)
    rows = list(csv.DictReader(io.StringIO(browser.js("return corridorPage.cellsCsv()"))))
    assert len(rows) == browser.js("return corridorPage.cells.n")
    assert all(-180 <= float(row["west_deg"]) < 180 for row in rows)
    assert {(row["simulated"], row["planned"]) for row in rows} == {("SIMULATED", "no")}
    assert sum(float(row["co2_kg"]) for row in rows) == pytest.approx(
        browser.js("return corridorPage.shownTotal()"), rel=1e-6
    )


def test_no_line_jumps_and_both_ports_are_in_view(browser, page):
    browser.open(page)
    steps = browser.js(
        "return corridorPage.tracks.flatMap(t => t.lons.slice(1).map((x, k) => Math.abs(x - t.lons[k])))"
    )
    assert max(steps) < 60
    inside = "return corridorPage.map.getBounds().contains([arguments[0], arguments[1]])"
    assert browser.js(inside, 33.75, 241.79)
    assert browser.js(inside, 22.56, 114.27)


@pytest.mark.parametrize("language", ["en-GB", "zh"])
def test_axe_finds_nothing(browser, page, language):
    browser.open(page, f"#l={language}")
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    browser.js("document.querySelector('#top button').click()")
    assert violations(browser) == []


def test_tab_goes_from_skip_link_to_lists_with_a_ring(browser, page):
    browser.open(page)
    names = []
    for _ in range(25):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        name, style, width = browser.js(
            """const e = document.activeElement, s = getComputedStyle(e);
            return [String(e.id || e.className || e.tagName), s.outlineStyle, parseFloat(s.outlineWidth)]"""
        )
        assert style != "none", name
        assert width >= 2, name
        names.append(name)
    order = ["skip", "lang", "pol", "month", "map_", "leaflet-control-zoom-in", "search", "sys"]
    places = [next(k for k, name in enumerate(names) if name.startswith(start)) for start in order]
    assert places == sorted(places)


def test_a_phone_needs_no_sideways_scroll(browser, page):
    browser.size(390, 844, phone=True)
    browser.open(page)
    for language in ("en-GB", "zh"):
        browser.choose("lang", language)
        assert browser.js("return document.documentElement.scrollWidth") <= 390
        wide = browser.js(
            """return [...document.querySelectorAll('aside > *, #panels > *, .scroll')]
              .filter(e => e.getBoundingClientRect().right > 391).map(e => e.id || e.className)"""
        )
        assert wide == []
    legend = browser.js("return document.querySelector('.legend').getBoundingClientRect().width")
    assert legend < 0.45 * 390


@pytest.mark.parametrize("language", ["en-GB", "zh"])
def test_paper_takes_two_sheets_at_most(browser, page, language):
    browser.open(page, f"#l={language}")
    browser.js("window.dispatchEvent(new Event('beforeprint'))")
    assert 1 <= printed_pages(browser) <= 2


def test_two_builds_are_equal(demo, demo_study, large):
    assert render(content(demo_study)).encode() == demo.read_bytes()
    assert render(page_data(100_000, who=False)).encode() == large.read_bytes()


# What only a study has: files beside the page, scenarios, panels, targets.


def test_totals_are_those_of_the_geopackage_and_of_the_csv(browser, demo, demo_study, tmp_path):
    written = demo_study.to_folder(tmp_path / "out")
    browser.open(demo)
    path = tmp_path / "out" / "study.gpkg"
    grid = pyogrio.read_dataframe(path, layer="hotspot_grid", read_geometry=False)
    page_csv = list(csv.DictReader(io.StringIO(browser.js("return corridorPage.totalsCsv()"))))
    assert (tmp_path / "out" / "map.html").read_bytes() == demo.read_bytes(), written
    cells = pd.read_csv(tmp_path / "out" / "cells.csv")
    for species in ("co2", "nox", "pm25", "dpm"):
        browser.choose("pol", species)
        shown = browser.js("return corridorPage.shownTotal()")
        column = f"{species}_kg"
        assert grid[column].sum() == pytest.approx(shown, rel=1e-6)
        assert cells[column].sum() == pytest.approx(shown, rel=1e-6)
        for table in ("port", "sulphur", "phase", "class"):
            rows = [
                float(row[column])
                for row in page_csv
                if (row["breakdown"], row["scenario"], row["month"]) == (table, "baseline", "all")
            ]
            assert sum(rows) == pytest.approx(shown, rel=1e-6)


def test_differences_are_differences_of_the_scenarios_ledgers(browser, demo, demo_study):
    browser.open(demo)
    browser.choose("unit", "kg")
    before = demo_study.totals(by=["phase"])["nox_kg"].sum()
    for number, key in enumerate(demo_study.alternatives, start=1):
        browser.choose("pol", "nox")
        browser.choose("scen", f"diff:{number}")
        change = demo_study.alternative(key).totals(by=["phase"])["nox_kg"].sum() - before
        assert browser.js("return corridorPage.shownTotal()") == pytest.approx(change, rel=1e-9)
        assert total(browser) == pytest.approx(change, rel=0.01)
        assert "change" in browser.text("#legt")


def test_swipe_shows_two_grids(browser, demo):
    browser.open(demo)
    browser.choose("scen", "swipe:1")
    browser.all("#views button[data-port]")[0].click()
    time.sleep(0.2)
    other = browser.js(
        """const c = document.querySelector('canvas.grid-canvas'), g = c.getContext('2d');
        const at = (split) => { const s = document.getElementById('divider'); s.value = split;
          s.dispatchEvent(new Event('input')); return g.getImageData(0, 0, c.width, c.height).data; };
        const left = at(100), right = at(0); let k = 0;
        for (let i = 0; i < left.length; i += 4)
          if (left[i] !== right[i] || left[i + 1] !== right[i + 1]) k++;
        at(50); return k"""
    )
    assert other > 500


def test_totals_have_intervals_and_the_whole_is_narrower_than_its_parts_together(browser, demo, demo_data):
    browser.open(demo)
    browser.choose("unit", "kg")
    said = browser.text("#zt tbody tr.total td small")
    low, high = (figure(part) for part in said.split(" – "))
    assert low < demo_data.cells.mass_kg[0, 0].sum() < high
    first = demo_data.breakdowns[0]
    parts = first.interval_kg[:, 0, 0].sum(axis=1)
    bounds = demo_data.total_interval_kg[:, 0, 0]
    assert np.allclose(bounds, [low, high], rtol=0.01)
    assert parts[0] <= bounds[0] < bounds[1] <= parts[1]


def test_panels_targets_and_scenarios_are_told(browser, demo):
    browser.open(demo)
    words = browser.text("#panel")
    for part in ("Green corridor 2030", "Shore power at the two ports", "of the way", "Carbon per container"):
        assert part in words
    for part in ("Per call at the two ports", "Green Flag", "Engines at berth", "Hotspots: what makes them"):
        assert part in words
    # Zones of a port and calls at a port are two things, one after the other.
    below = browser.js(
        """const top = (id) => document.getElementById(id).getBoundingClientRect().top;
        return [top('portsec'), top('portpanel'), top('phasesec')]"""
    )
    assert below == sorted(below)


def test_well_to_wake_is_for_greenhouse_gases(browser, demo):
    browser.open(demo)
    browser.choose("pol", "co2e")
    funnel = total(browser)
    browser.choose("basis", "wtw")
    assert 1.1 * funnel < total(browser) < 1.4 * funnel
    assert "WtW" in browser.text("#legt")
    browser.choose("pol", "sox")
    assert browser.one("#basis").get_property("disabled")
    assert "funnel" in browser.one("#basis").get_attribute("title")


def test_ships_terminals_and_zones_are_found(browser, demo, demo_study):
    browser.open(demo)
    for asked in ("Pier T", "Anchorage F", demo_study.vessels["name"].iloc[0]):
        browser.one("#search").clear()
        browser.one("#search").send_keys(asked)
        hit = browser.one("#hits button")
        assert asked.lower() in hit.text.lower()
        before = browser.js("return corridorPage.map.getCenter().lng")
        hit.click()
        assert browser.js("return corridorPage.map.getCenter().lng") != before


def test_inferred_cells_are_hatched_when_asked(browser, demo):
    browser.open(demo)
    pixels = """const c = document.querySelector('canvas.grid-canvas');
        return Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)
          .reduce((sum, x) => (sum * 31 + x) % 1000003, 7)"""
    before = browser.js(pixels)
    browser.js("document.getElementById('layer-inferred').click()")
    assert browser.js(pixels) != before
    assert "hatched" in browser.text("#key")


def test_the_chinese_page_has_no_english_left(browser, demo, demo_data):
    # Titles of publications, names of files and of ships stay as they are; so do symbols and unit signs.
    kept = [source.title.en for source in demo_data.sources if not source.title.zh]
    kept += [track.name for track in demo_data.tracks] + [vessel.name for vessel in demo_data.vessels]
    kept += [demo_data.sources[-1].note.en, demo_data.cite.en, demo_data.version]
    names = re.compile("|".join(re.escape(word) for word in sorted(set(kept) - {""}, key=len, reverse=True)))
    symbols = re.compile(
        r"CO₂e?|CO2e?|CH₄|CH4|N₂O|N2O|NO[ₓx2₂]|SO[ₓx2₂]|PM10|PM2\.5|DPM|NMVOC|BC|CO|TtW|WtW|TEU"
        r"|AIS|GWP100|IPCC AR5|MWh|kWh|kg|km²?|\bkn\b|CSV|PNG|OpenStreetMap( contributors)?|Natural Earth"
        r"|ODbL|Apache-2\.0|Gi\*|\w+\.csv|IMO|EPA|ICCT|SAVE"
    )
    browser.open(demo, "#l=zh")
    browser.js("document.querySelectorAll('details').forEach(d => d.open = true)")
    browser.js("document.querySelector('#top button').click()")
    for state in scenarios(browser):
        browser.choose("scen", state)
        for basis in ("co2e", "nox"):
            browser.choose("pol", basis)
            words = [symbols.sub("", names.sub("", each)) for each in visible_words(browser)]
            assert [each for each in words if re.search(r"[A-Za-z]{2,}", each)] == []


def test_american_readers_get_their_spelling(browser, demo):
    browser.open(demo, "#l=en-US&u=st")
    assert "short tons" in browser.text("#status")
    words = " ".join(visible_words(browser))
    assert "maneuvering" in words
    assert not re.search(r"sulphur|manoeuv|harbour|programme|licence\b|centre\b", words, re.IGNORECASE)


def test_in_a_sandboxed_frame_of_a_notebook(browser, demo_study, tmp_path):
    frame = tmp_path / "notebook.html"
    frame.write_text(
        '<!DOCTYPE html><meta charset="utf-8"><title>n</title><link rel="icon" href="data:,">'
        f'<body data-ready="1">{demo_study.explore()._repr_html_()}',
        encoding="utf-8",
    )
    browser.open(frame)
    browser.driver.switch_to.frame(0)
    browser.ready()
    browser.choose("pol", "nox")
    assert "NO" in browser.text("#status")
    browser.driver.switch_to.default_content()
    assert browser.logs() == []


def test_the_study_itself_shows_a_small_table_in_a_notebook(demo_study):
    assert len(demo_study._repr_html_()) < 10_000
    assert "at_berth" in demo_study._repr_html_()

"""Every control changes what it says, and the numbers agree with the tables (U7, U8, U11-U14)."""

import csv
import io
import re
import time

import numpy as np
import pytest
from browser.asking import figure, sums_of_months, total
from browser.factory import RATIOS, SPECIES, credited, page_data
from selenium.webdriver.common.keys import Keys

from maps.page import Basemap, render


@pytest.fixture(scope="module")
def data():
    return page_data(10_000, scenarios=3)


def test_a_pollutant_changes_totals_legend_and_status(browser, full, data):
    browser.open(full)
    browser.choose("unit", "kg")
    for s in (2, 7):
        browser.choose("pol", SPECIES[s].key)
        exact = data.cells.mass_kg[0, s].sum()
        assert total(browser) == pytest.approx(exact, rel=0.01)
        assert SPECIES[s].symbol in browser.text("#legt")
        assert SPECIES[s].symbol in browser.text("#status")
    assert RATIOS[2] != RATIOS[7]


def test_a_tonne_is_a_thousand_kilograms_and_a_short_ton_less(browser, full):
    browser.open(full)
    tonnes = total(browser)
    browser.choose("unit", "kg")
    assert total(browser) / tonnes == pytest.approx(1000, rel=0.005)
    browser.choose("unit", "st")
    assert total(browser) / tonnes == pytest.approx(1.1023, rel=0.005)


def test_page_totals_are_exact_from_the_table(browser, full, data):
    browser.open(full)
    for month in (0, 4):
        browser.month(month)
        shown = browser.js("return corridorPage.shownTotal()")
        by_month = data.breakdowns[0].mass_kg[0, 0].sum(axis=0)
        assert shown == pytest.approx(by_month.sum() if month == 0 else by_month[month - 1], rel=1e-12)


def test_months_of_the_drawn_cells_add_up_to_the_year(browser, full, data):
    browser.open(full)
    sums = sums_of_months(browser)
    assert sum(sums[1:]) == pytest.approx(sums[0], rel=1e-6)
    assert sums[0] == pytest.approx(data.cells.mass_kg[0, 0].sum(), rel=1e-6)
    by_month = data.breakdowns[0].mass_kg[0, 0].sum(axis=0)
    assert np.allclose(sums[1:], by_month, rtol=5e-3)


def test_drawn_cells_are_within_half_a_percent(browser, small):
    cells = page_data(900, scenarios=2).cells
    order = np.lexsort((cells.west, cells.south, cells.size_deg))
    browser.open(small)
    drawn = browser.js("return corridorPage.cells.mass.map(a => a.map(s => Array.from(s)))")
    assert np.allclose(np.array(drawn), cells.mass_kg[:, :, order], rtol=0.005)


def test_month_slider_says_its_month(browser, full):
    browser.open(full)
    year = total(browser)
    slider = browser.one("#month")
    slider.send_keys(Keys.ARROW_RIGHT)
    assert browser.text("#monthlbl") == "Jan 2018"
    assert slider.get_attribute("aria-valuetext") == "Jan 2018"
    assert total(browser) < year / 6
    assert "Jan 2018" in browser.text("#legt")
    assert "Jan 2018" in browser.text("#status")


def test_play_walks_through_the_months(browser, small):
    browser.open(small)
    browser.one("#play").click()
    time.sleep(2.1)
    browser.one("#play").click()
    stopped = browser.js("return corridorPage.S.month")
    assert stopped >= 2
    time.sleep(1.1)
    assert browser.js("return corridorPage.S.month") == stopped


def test_twenty_hotspots_from_dense_to_thin(browser, full, data):
    browser.open(full)
    density = [figure(item.text) for item in browser.all("#top button > .n")]
    assert len(density) == 20
    assert density == sorted(density, reverse=True)
    exact = np.sort(data.cells.mass_kg[0, 0] / data.cells.area_km2)[::-1][:20]
    scale = density[0] / exact[0]
    assert np.allclose(density, exact * scale, rtol=0.01)


@pytest.mark.parametrize("how", ["click", "enter"])
def test_a_hotspot_fills_the_cell_panel(browser, full, how):
    browser.open(full)
    button = browser.all("#top button")[0 if how == "click" else 1]
    place = browser.js("return arguments[0].querySelector('small').textContent", button)
    if how == "click":
        browser.js("arguments[0].click()", button)
    else:
        button.send_keys(Keys.ENTER)
    panel = browser.text("#cell")
    assert "at berth" in panel
    assert "Share of the whole" in panel
    assert "Place" in panel
    assert place.split("°")[0][:4] in panel
    assert browser.js("return corridorPage.map.getZoom()") >= 7


def test_a_click_on_the_map_fills_the_cell_panel(browser, full):
    browser.open(full)
    browser.all("#views button")[1].click()
    time.sleep(0.2)
    spot = browser.js(
        """const c = corridorPage.cells;
        const i = [...Array(c.n).keys()].find(k => c.size[k] < 0.05 && c.west[k] > 200);
        const p = corridorPage.map.latLngToContainerPoint([c.south[i] + 0.005, c.west[i] + 0.005]);
        const event = { latlng: corridorPage.map.containerPointToLatLng(p), containerPoint: p };
        corridorPage.map.fire('click', event); return i"""
    )
    assert browser.js("return corridorPage.S.sel") == spot
    assert "km²" in browser.text("#cell")
    browser.js("corridorPage.map.fire('click', { latlng: L.latLng(5, 200), containerPoint: L.point(5, 5) })")
    assert "No emission counted here" in browser.text("#cell")


def test_difference_totals_are_differences(browser, full, data):
    browser.open(full)
    browser.choose("unit", "kg")
    browser.choose("scen", "diff:2")
    change = data.breakdowns[0].mass_kg[2, 0].sum() - data.breakdowns[0].mass_kg[0, 0].sum()
    assert change < 0
    assert total(browser) == pytest.approx(change, rel=0.01)
    rows = {row.find_element("css selector", "th").text: row for row in browser.all("#zt tbody tr")}
    k = [item.name.en for item in data.breakdowns[0].rows].index("Pier J")
    exact = (data.breakdowns[0].mass_kg[2, 0, k] - data.breakdowns[0].mass_kg[0, 0, k]).sum()
    assert figure(rows["Pier J"].find_elements("css selector", "td")[0].text) == pytest.approx(
        exact, rel=0.01
    )
    assert "change" in browser.text("#legt")
    labels = [item.text for item in browser.all("#leg li")]
    assert len(labels) == 7
    assert "−" in labels[-1]


def test_swipe_shows_two_grids_and_moves_by_keyboard(browser, full):
    browser.open(full)
    browser.choose("scen", "swipe:2")
    assert browser.one("#divline").is_displayed()
    pixels = """const c = document.querySelector('canvas.grid-canvas'), g = c.getContext('2d');
        const at = (split) => { const s = document.getElementById('divider'); s.value = split;
          s.dispatchEvent(new Event('input')); return g.getImageData(0, 0, c.width, c.height).data; };
        const left = at(100), right = at(0); let k = 0;
        for (let i = 0; i < left.length; i += 4) if (left[i] !== right[i]) k++;
        at(50); return k"""
    browser.all("#views button")[1].click()
    time.sleep(0.2)
    assert browser.js(pixels) > 500
    before = browser.js("return document.getElementById('divline').style.left")
    browser.one("#divider").send_keys(Keys.ARROW_RIGHT)
    assert browser.js("return document.getElementById('divline').style.left") != before


def test_the_address_brings_the_view_back(browser, full):
    browser.open(full)
    browser.choose("pol", "nox")
    browser.choose("unit", "kg")
    browser.choose("scen", "diff:1")
    browser.choose("sys", "sulphur")
    browser.choose("lang", "zh")
    browser.month(5)
    browser.js("document.querySelector('#top button').click()")
    browser.js("document.getElementById('layer-graticule').click()")
    state = "return [{...corridorPage.S}, corridorPage.map.getZoom(), corridorPage.map.getCenter().lat]"
    before = browser.js(state)
    fragment = browser.js("return location.hash")
    browser.open(full, fragment)
    after = browser.js(state)
    assert after[0] == before[0]
    assert after[1:] == pytest.approx(before[1:], abs=1e-3)
    assert browser.one("#pol").get_attribute("value") == "nox"


@pytest.mark.parametrize(
    "fragment", ["#p=__proto__&s=swipe:9&m=99&v=a,b,c", "#v=1e9,NaN,3", "#c=5,5&x=nothing&l=xx"]
)
def test_a_broken_address_is_ignored(browser, small, fragment):
    browser.open(small, fragment)
    assert browser.logs() == []
    assert browser.js("return corridorPage.S.pol") == "co2"


def test_cells_csv_has_every_cell_once_in_file_longitudes(browser, full, data):
    browser.open(full)
    rows = list(csv.DictReader(io.StringIO(browser.js("return corridorPage.cellsCsv()"))))
    assert len(rows) == len(data.cells)
    assert all(-180 <= float(row["west_deg"]) < 180 for row in rows)
    assert {row["simulated"] for row in rows} == {"SIMULATED"}
    for s, species in enumerate(SPECIES):
        total_kg = sum(float(row[f"{species.key}_kg"]) for row in rows)
        assert total_kg == pytest.approx(data.cells.mass_kg[0, s].sum(), rel=1e-6)


def test_totals_csv_is_the_table(browser, small):
    table = page_data(900, scenarios=2).breakdowns[0]
    browser.open(small)
    rows = list(csv.DictReader(io.StringIO(browser.js("return corridorPage.totalsCsv()"))))
    kept = [
        r for r in rows if r["breakdown"] == "port" and r["scenario"] == "case_1" and r["month"] == "2018-03"
    ]
    assert [row["key"] for row in kept] == [row.key for row in table.rows]
    found = [float(row["nox_kg"]) for row in kept]
    assert np.allclose(found, table.mass_kg[1, 2, :, 2], rtol=1e-6)


def test_the_picture_has_a_title_a_legend_and_the_word_simulated(browser, small):
    browser.open(small)
    drawn = browser.js(
        """const said = [], pen = CanvasRenderingContext2D.prototype, real = pen.fillText;
        pen.fillText = function (t, ...r) { said.push(t); real.call(this, t, ...r); };
        const c = corridorPage.pictureCanvas();
        pen.fillText = real;
        return [c.width, c.height, said]"""
    )
    assert drawn[0] == 1600
    said = " | ".join(drawn[2])
    assert "SIMULATED – Ship emissions" in said
    assert drawn[2].count("SIMULATED") > 4
    assert "/km²" in said
    assert "OpenStreetMap" in said


def test_a_search_finds_zones_ports_and_ships(browser, full):
    browser.open(full)
    browser.one("#search").send_keys("pier")
    assert [button.text for button in browser.all("#hits button")] == ["Pier J", "Pier T"]
    browser.all("#hits button")[0].click()
    centre = browser.js("const c = corridorPage.map.getCenter(); return [c.lng, c.lat]")
    assert centre == pytest.approx([241.805, 33.7425], abs=0.03)
    browser.one("#search").clear()
    browser.one("#search").send_keys("test ship 4")
    browser.all("#hits button")[0].click()
    assert browser.js("return corridorPage.S.found") == "TEST SHIP 4"
    assert browser.js("return corridorPage.map.getBounds().getWest()") < 115
    browser.one("#search").send_keys(" none such")
    assert browser.all("#hits button") == []
    assert browser.text("#found") == "0 found"


def test_a_credit_upstream_is_shown_below_nothing(browser, tmp_path, data):
    """Fuels that take more from the air than they give back: the page says so, and still draws."""
    turned = credited(data)
    page = tmp_path / "credit.html"
    page.write_text(render(turned), encoding="utf-8")
    browser.open(page)
    browser.choose("unit", "kg")
    browser.choose("pol", "co2e")
    browser.choose("basis", "wtw")
    wake = [species.key for species in SPECIES].index("co2e_wtw")
    assert total(browser) == pytest.approx(turned.cells.mass_kg[0, wake].sum(), rel=0.01)
    assert total(browser) < 0
    # Every cell lies below the smallest class, is drawn in its colour and told with its sign.
    assert browser.js("return corridorPage.cells.n && corridorPage.cellMass(0, 0, arguments[0]) < 0", wake)
    browser.js("document.querySelector('#top li button').click()")
    assert "−" in browser.text("#cell")
    assert browser.all("#leg li")
    assert browser.logs() == []


def test_greenhouse_gases_go_well_to_wake_and_air_pollutants_do_not(browser, full, data):
    browser.open(full)
    browser.choose("unit", "kg")
    assert "co2e_wtw" not in [option.get_attribute("value") for option in browser.all("#pol option")]
    browser.choose("pol", "co2e")
    funnel = total(browser)
    browser.choose("basis", "wtw")
    wake = [species.key for species in SPECIES].index("co2e_wtw")
    assert total(browser) == pytest.approx(data.cells.mass_kg[0, wake].sum(), rel=0.01)
    assert total(browser) > funnel
    assert "WtW" in browser.text("#legt")
    browser.choose("pol", "nox")
    assert not browser.one("#basis").is_enabled()
    assert "WtW" not in browser.text("#legt")
    assert total(browser) == pytest.approx(data.cells.mass_kg[0, 2].sum(), rel=0.01)


def test_a_cell_names_its_contributors_only_where_given(browser, full, small, pages):
    browser.open(full)
    browser.js("document.querySelector('#top button').click()")
    assert re.search(r"TEST SHIP \d", browser.text("#cell"))
    browser.open(pages("quiet", 900, who=False))
    browser.js("document.querySelector('#top button').click()")
    assert "TEST SHIP" not in browser.text("#cell")


def test_scenarios_tables_and_targets_stand_in_the_panel(browser, full):
    browser.open(full)
    assert len(browser.all("#scenchart svg .bar")) == 3
    assert "Operator A" in browser.text("#panels")
    assert "no figure" in browser.text("#panels")
    # (3600 - 3200) of (3600 - 2500)
    assert "36 % of the way" in browser.text("#panels")


def test_a_port_button_shows_its_port(browser, full):
    browser.open(full)
    for k, (lon, lat) in ((1, (241.79, 33.75)), (2, (114.27, 22.56))):
        browser.all("#views button")[k].click()
        time.sleep(0.1)
        assert browser.js(
            "return corridorPage.map.getBounds().contains([arguments[0], arguments[1]])", lat, lon
        )
        assert browser.js("return corridorPage.map.getZoom()") > 9
        assert "cell of the grid" in browser.text("#legn")


def test_layers_can_be_switched_off(browser, full):
    browser.open(full)
    browser.js("document.getElementById('layer-grid').click()")
    assert browser.ink() == 0
    browser.js("document.getElementById('layer-grid').click()")
    assert browser.ink() > 0.03
    browser.js("document.getElementById('layer-inferred').click()")
    assert "hatched" in browser.text("#key")


def test_an_online_basemap_waits_for_a_click_and_leaves_when_it_fails(browser, tmp_path):
    page = tmp_path / "tiles.html"
    address = "https://tiles.example.org/{z}/{x}/{y}.png"
    page.write_text(render(page_data(200, basemap=Basemap(address, "Example"))), encoding="utf-8")
    browser.open(page)
    assert "Example" in browser.text(".leaflet-control-attribution")
    assert browser.logs() == []
    browser.one("#basemap").click()
    until = time.monotonic() + 5
    while "could not be reached" not in browser.text("#status") and time.monotonic() < until:
        time.sleep(0.05)
    assert "could not be reached" in browser.text("#status")
    assert browser.all(".leaflet-tile-pane img") == []
    assert browser.text("#basemap") == "Online basemap"


def test_a_planned_study_says_so_in_its_files(browser, pages):
    browser.open(pages("planned", 200, simulated=False, planned=True))
    for table in ("cellsCsv", "totalsCsv"):
        rows = list(csv.DictReader(io.StringIO(browser.js(f"return corridorPage.{table}()"))))
        assert {(row["simulated"], row["planned"]) for row in rows} == {("no", "PLANNED")}
    browser.one("#csv").click()
    assert "_PLANNED_cells.csv" in browser.text("#status")

"""The printed report: its numbers are those of the tables, nothing from data acts, the same bytes twice."""

import importlib.util
import io
import json
import re
import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import corridor
from corridor.cli import OK, USAGE, main
from corridor.emissions.basis import LEDGER_KEYS
from corridor.errors import InputError
from corridor.outputs import report as reports
from corridor.outputs import report_masses, tables
from corridor.outputs.publish import published
from corridor.outputs.report import report_of, write_report
from corridor.outputs.report_activity import MOST_KINDS, hours_per_call
from corridor.outputs.report_words import Units, Words
from corridor.outputs.rule_tables import at_berth, green_flag
from corridor.outputs.two_ports import side_by_side
from corridor.reference import table as reference_table
from maps import fonts, report_text, text, typesetting
from maps.figures import Bar, CellMap, Frame, Place, bars_svg, map_svg
from maps.report import Bullets, Cards, Figure, Heading, Paragraph, Report, Table

HOSTILE = (
    "#panic(1)",
    '#import "x": *',
    "$ x^2 $",
    "\\u{41} \\",
    "*b* _i_ `r` ```r```",
    "@nowhere <label> [x] {y}",
    "// comment /* not */",
    "<script>alert(1)</script>",
    "](javascript:alert(1))",
    "https://x.example | = + - ~",
    "a\x00b\x07c\x1b[31m\nd\te",
    "\u202egnp.exe",
)
SHORT_TON_KG, TONNE_KG = 907.18474, 1000.0


@pytest.fixture(scope="module")
def opened(demo):
    return corridor.open_study(demo.folder)


@pytest.fixture(scope="module")
def english(opened):
    return report_of(opened, "en")


@pytest.fixture(scope="module")
def chinese(opened):
    return report_of(opened, "zh")


def printed(pdf):
    """Text of a PDF, page by page."""
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode().split("\f")[:-1]


def table(report, start):
    """The table whose caption begins so."""
    (found,) = [one for one in report.blocks if isinstance(one, Table) and one.caption.startswith(start)]
    return found


def blank(language="en", **changes):
    facts = dict.fromkeys(("subtitle", "mark", "scope", "cite"), "")
    kept = {"title": "Ships", "page_of": "{page}/{pages}", "table_word": "Table", "figure_word": "Figure"}
    return Report(language, **(facts | kept | changes))


# Numbers


def in_bay(demo, *ports):
    """Rows of totals.csv in the waters of the named ports, the shared ones of San Pedro Bay included."""
    csv = pd.read_csv(demo.folder / "totals.csv")
    csv = csv[csv["system"] == "port"]
    return csv[csv["zone_id"].str.match("|".join(ports))]


def test_long_beach_is_in_short_tons_with_one_decimal_as_its_inventory_prints(demo, english):
    csv = in_bay(demo, "lb_", "la_", "spb_")
    found = table(english, "Emissions by mode and source, San Pedro Bay")
    assert "short tons" in found.caption
    last = dict(zip(found.head, found.rows[-1], strict=True))
    for symbol, name in (("NOₓ", "nox"), ("SOₓ", "sox"), ("PM10", "pm10"), ("DPM", "dpm"), ("CO", "co")):
        assert last[symbol] == f"{csv[f'{name}_kg'].sum() / SHORT_TON_KG:,.1f}"
    assert last["CO₂e"] == f"{csv['co2e_kg'].sum() / TONNE_KG:,.0f}"
    assert last["Hours"] == f"{csv['hours'].sum():,.0f}"


def test_shenzhen_is_in_tonnes_and_so_is_everything_in_chinese(demo, english, chinese):
    csv = in_bay(demo, "yt_", "szw_")
    for report, start in (
        (english, "Emissions by mode and source, Shenzhen"),
        (chinese, "按工况与排放源，深圳"),
    ):
        found = table(report, start)
        last = dict(zip(found.head, found.rows[-1], strict=True))
        assert float(last["NOₓ"].replace(",", "")) == pytest.approx(csv["nox_kg"].sum() / TONNE_KG, abs=0.005)
    assert "短吨" not in report_text.markdown(chinese)
    assert "short ton" not in report_text.markdown(chinese)


def test_the_whole_corridor_is_the_total_of_the_study(demo, english):
    totals = demo.study.manifest["totals"]
    for start in ("Emissions by mode and source, the whole", "Emissions by zone, the whole"):
        found = table(english, start)
        last = dict(zip(found.head, found.rows[-1], strict=True))
        assert last["CO₂e"] == f"{totals['co2e_kg'] / TONNE_KG:,.0f}"
        assert last["Hours"] == f"{totals['hours']:,.0f}"


def test_rows_add_up_to_the_sum_below_them(opened):
    words = Words("en")
    for key in ("LB", "SZ", "all"):
        place = report_masses.place_of(opened, key, words)
        for made in (
            report_masses.by_zone(opened, place, words),
            report_masses.by_phase(opened, place, words),
        ):
            parts = [
                n for n in (made.sums[:-1] or range(len(made.rows) - 1)) if n not in {len(made.rows) - 1}
            ]
            for column in range(2, len(made.head)):
                values = [float(made.rows[n][column].replace(",", "")) for n in parts]
                last = made.rows[-1][column]
                digits = len(last.partition(".")[2])
                off = 0.51 * 10.0**-digits * (len(parts) + 1)
                assert sum(values) == pytest.approx(float(last.replace(",", "")), abs=off), made.caption


def test_places_share_out_the_rows_of_the_accounts(opened):
    words = Words("en")
    bays = [report_masses.place_of(opened, key, words).rows for key in ("LB", "SZ")]
    assert not (bays[0] & bays[1]).any()
    assert bays[0].any()
    assert bays[1].any()
    assert report_masses.place_of(opened, "all", words).rows.all()


def test_hours_per_call_are_those_of_the_calls(opened, english):
    calls = opened.calls[opened.calls["hours_at_berth"] > 0]
    found = table(english, "Hours at berth per call")
    hours = calls["hours_at_berth"]
    expected = (len(calls), hours.min(), hours.mean(), hours.max())
    assert found.rows[-1][2:] == (f"{expected[0]}", *(f"{one:,.1f}" for one in expected[1:]))
    assert sum(int(row[2]) for row in found.rows[:-1]) == len(calls)


def test_per_call_is_what_the_two_ports_table_says(opened, english):
    source = side_by_side(opened)
    found = table(english, "Per call")
    assert len(found.rows) == len(source)
    nox = [
        f"{float(one.replace(',', '')):.6g}" for one in (row[found.head.index("NOₓ")] for row in found.rows)
    ]
    assert np.allclose([float(one) for one in nox], source["nox_kg_per_call"], atol=0.51)


def test_green_flag_tells_what_the_transits_do(opened, english):
    ways = green_flag(opened)
    ways = ways[ways["direction"].isin(["in", "out"])]
    found = table(english, "The same by operator")
    way = ways["distance_nm_20nm"]
    slow = 100 * (way * ways["slow_share_20nm"].fillna(0.0)).sum() / way.sum()
    assert found.rows[-1][:3] == ("All", f"{len(ways):,}", f"{slow:.0f}")
    assert sum(int(row[1]) for row in found.rows[:-1]) == len(ways)
    transits = {row[0]: row for row in table(english, "Speeds of transits").rows}
    inward = ways[(ways["direction"] == "in") & ways["mean_kn_40nm"].notna()]
    mean = inward["mean_kn_40nm"]
    kn = (mean.min(), mean.mean(), mean.max(), inward["highest_kn_40nm"].max())
    assert transits["inbound, within 40 nm"][1:6] == (f"{len(inward)}", *(f"{one:.1f}" for one in kn))


def test_engines_at_berth_are_those_of_the_visits(opened, english):
    visits = at_berth(opened)
    found = table(english, "Visits to berths")
    last = dict(zip(found.head, found.rows[-1], strict=True))
    assert int(last["Visits"]) == len(visits)
    assert last["At berth [h]"] == f"{visits['hours'].sum():,.0f}"
    assert last["To control [h]"] == f"{visits['controllable_h'].sum():,.0f}"
    use = {row[0]: row[1:] for row in table(english, "Energy from shore").rows}
    kwh = [visits[f"shore_kwh_{case}"].sum() for case in ("low", "central", "high")]
    assert use["Energy from shore [MWh]"] == tuple(f"{one / 1000:,.0f}" for one in kwh)
    nox = [float(one) for one in use["NOₓ"]]
    assert nox == pytest.approx([visits[f"nox_saved_kg_{case}"].sum() / TONNE_KG
                                 for case in ("low", "central", "high")], abs=0.051)  # fmt: skip


def test_long_beach_alone_saves_short_tons_and_shenzhen_tonnes(opened):
    english = table(report_of(opened, "en", "LB"), "Energy from shore")
    assert "short tons" in english.caption
    visits = at_berth(opened)
    saved = visits[visits["port"].isin(["LB", "LA"])]["nox_saved_kg_high"].sum()
    assert dict(zip(("name", *english.head[1:]), english.rows[1], strict=True))["High use"] == (
        f"{saved / SHORT_TON_KG:,.1f}")  # fmt: skip
    assert "metric tonnes" in table(report_of(opened, "en", "SZ"), "Energy from shore").caption


def test_what_changed_adds_up_from_one_study_to_the_other(opened):
    """Half of the hours of every row: an earlier study that is less in all."""
    rows = opened.ledger.rows.copy()
    accounts = [name for name in rows if name not in LEDGER_KEYS]
    rows[accounts] = rows[accounts] // 2
    earlier = replace(opened, ledger=replace(opened.ledger, rows=rows))
    found = table(report_of(opened, "en", before=earlier), "What changed the masses")
    assert found.rows[0][0].startswith("Before")
    assert found.rows[-1][0].startswith("After")
    assert "of the whole study" in found.caption
    for column in range(1, 5):
        shown = [float(row[column].replace(",", "")) for row in found.rows]
        digits = max(len(row[column].partition(".")[2]) for row in found.rows)
        assert sum(shown[:-1]) == pytest.approx(shown[-1], abs=0.6 * len(shown) * 10.0**-digits)
    assert "no change is split" in report_text.markdown(report_of(opened, "en"))
    published_one = published(opened)
    assert "holds no ships" in report_text.markdown(report_of(published_one, "en", before=earlier))


def test_hot_cells_are_those_of_the_study(opened, english):
    densest = opened.hotspots().iloc[0]
    found = table(english, "The cells with most CO2")
    assert found.rows[0][0].startswith("1.  ")
    assert f"{(densest['south'] + densest['north']) / 2:.3f}°N" in found.rows[0][0]
    assert float(found.rows[0][3].replace(",", "")) == pytest.approx(densest["kg_per_km2"] / 1000, rel=0.005)
    harbour = table(report_of(opened, "en", "SZ"), "The cells with most CO2")
    assert all("°E" in row[0] for row in harbour.rows)


def test_a_study_without_visits_or_transits_says_so(opened):
    bare = replace(opened, visits=None, transits=None)
    said = report_text.markdown(report_of(bare, "en", "LB"))
    assert "no speed is told there" in said
    assert "nothing is told of shore power" in said
    assert "Green Flag" not in report_text.markdown(report_of(bare, "en", "SZ"))


def test_kinds_beyond_the_busiest_are_in_the_sum(opened):
    calls = pd.DataFrame({
        "port": "LB", "ship_class": "container", "size_bin": np.arange(30) % 9 + 1,
        "hours_at_berth": np.arange(30.0)})  # fmt: skip
    ports = pd.concat([calls.assign(port=port) for port in ("LB", "LA", "YT", "SZW")], ignore_index=True)
    made = hours_per_call(ports, "hours_at_berth", "Hours", Words("en"))
    assert len(made.rows) == MOST_KINDS + 1
    assert made.rows[-1][2] == "120"
    assert f"{MOST_KINDS} busiest of 36" in made.note


def test_an_unknown_is_no_zero():
    assert Units(short=True).column("nox", [float("nan"), 0.0]) == ["–", "0.0"]


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=5))
def test_printed_masses_are_off_by_half_their_last_figure_at_most(kg):
    for units, unit in ((Units(short=True), SHORT_TON_KG), (Units(short=False), TONNE_KG)):
        for shown, one in zip(units.column("nox", kg), kg, strict=True):
            digits = len(shown.partition(".")[2])
            assert float(shown.replace(",", "")) == pytest.approx(one / unit, abs=0.5000001 * 10.0**-digits)


# What stands where


def test_simulated_is_on_every_page_and_in_every_name(opened, tmp_path):
    written = write_report(opened, tmp_path / "r", languages=["en"])
    assert all("SIMULATED" in path.name or path.name == "figures" for path in written)
    assert all("SIMULATED" in path.name for path in (tmp_path / "r" / "figures").iterdir())
    pages = printed(written[0].read_bytes())
    assert 4 <= len(pages) <= 8
    assert all("SIMULATED: no real ship" in page for page in pages)
    assert "OGV only" in pages[0]
    for path in (tmp_path / "r" / "figures").glob("*.svg"):
        assert "SIMULATED" in path.read_text(encoding="utf-8")
        with Image.open(path.with_suffix(".png")) as picture:
            assert picture.size == (1920, 1080)


def test_planned_is_marked_and_a_real_study_is_not(opened):
    planned = replace(opened, simulated=False, manifest=opened.manifest | {
        "parameters": opened.manifest["parameters"] | {"planned": True}})  # fmt: skip
    assert report_of(planned, "en", "LB").mark.startswith("PLANNED")
    assert report_of(replace(opened, simulated=False), "en", "LB").mark == ""


def test_activity_comes_first_and_sources_last(english):
    chapters = [one.text for one in english.blocks if isinstance(one, Heading) and one.level == 1]
    assert [re.sub(r"^\d+ ", "", one) for one in chapters] == [
        *("Activity", "Emissions: San Pedro Bay", "Emissions: Shenzhen", "Emissions: the whole corridor"),
        *("Per call and per container", "Speed near Long Beach: Green Flag"),
        *("Engines at berth: shore power and control", "Intervals, scenarios, targets"),
        *("Causes: hot cells, and what changed", "What the numbers rest on"),
        *("Method", "Limits", "Sources"),
    ]
    assert [int(one.split()[0]) for one in chapters] == list(range(1, 14))


def test_chinese_reads_without_english(chinese):
    names = {row["title"] for row in reference_table("credits_2026").to_dict("records")}
    kept = r"CO2e?|NOx|SOx|NMVOC|DPM|PM10|PM2\.5|SO2|NO2|CH4|N2O|TtW|WtW|OGV|AIS|Tier \d|GWP100|IPCC|AR5|TEU"
    kept += r"|ODbL|Apache|corridor [\d.]+|at_berth_interval\.csv|simulated_ais_2026\.csv\.gz|data|kg|CO|BC"
    kept += r"|ICCT SAVE|MWh|calls\.csv"
    for block in chinese.blocks:
        match block:
            case Table():
                said = [block.caption, *block.head, *(cell for row in block.rows for cell in row), block.note]
            case Bullets():
                said = list(block.lines)
            case Heading() | Paragraph():
                said = [block.text]
            case Cards():
                said = [one for card in block.cards for one in card]
            case Figure():
                said = [block.caption]
        for one in said:
            if one in names or one.startswith("corridor "):
                continue
            rest = re.sub(kept, "", fonts.printed(one))
            assert not re.search(r"[A-Za-z]{3,}", rest), one


def test_groups_of_a_published_study_are_not_counted_as_ships(opened):
    cards = [one.cards for one in report_of(published(opened, 3), "en").blocks if isinstance(one, Cards)]
    assert "ships" not in [name for _, name in cards[0]]
    cards = [one.cards for one in report_of(opened, "en").blocks if isinstance(one, Cards)]
    assert cards[0][0] == (str(opened.ledger.rows["vessel"].nunique()), "ships")


def test_a_port_of_its_own_speaks_of_that_port(opened):
    harbour = report_of(opened, "zh", "SZ")
    said = report_text.markdown(harbour)
    assert "长滩港" not in said
    assert "盐田" in said
    assert all(one.name.startswith("SIMULATED_") for one in harbour.figures)


# Nothing from data acts


@pytest.mark.parametrize("raw", HOSTILE)
def test_hostile_text_is_printed_as_it_is(raw):
    blocks = (
        Heading(raw), Paragraph(raw), Bullets((raw,)), Cards(((raw, raw),)),
        Table(raw, (raw, "n"), ((raw, "1"),), (), 1, raw),
        Figure("f", bars_svg(Frame(raw, raw, raw), [Bar(raw, 1.0, raw)]), raw, 0.5),
    )  # fmt: skip
    made = blank(title=raw, subtitle=raw, mark=raw, scope=raw, cite=raw, blocks=blocks)
    (page,) = printed(typesetting.pdf(made))

    def bare(words):
        return re.sub(r"\s", "", words)

    assert bare(page).count(bare(fonts.printed(raw))) >= 10
    assert "<script" not in report_text.html(made).replace(text.html("<script"), "")


@given(st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(HOSTILE))
def test_what_is_printed_is_in_the_font_and_one_line(raw):
    shown = fonts.printed(raw)
    assert set(shown) <= fonts.held()
    assert "\n" not in shown


@given(st.text(st.sampled_from("ab1.-+=#*_`[]()<>|!\\~$&@:/ \n盐"), max_size=40))
def test_markdown_escapes_every_sign_that_acts(raw):
    shown = text.markdown(raw)
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[\]<>#|~$&!@]", shown)
    assert "\n" not in shown
    assert re.sub(r"\\(.)", r"\1", shown) == text.plain(raw)


def test_a_page_of_html_asks_nobody(english):
    page = report_text.html(english)
    assert "default-src 'none'" in page
    assert "<script" not in page
    addresses = set(re.findall(r"https?://[^\"' <]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}


# Bytes, fonts, ways to be called


def test_the_same_bytes_twice(english):
    assert typesetting.pdf(english) == typesetting.pdf(english)
    figure = english.figures[0]
    assert typesetting.png(figure.svg) == typesetting.png(figure.svg)


def test_the_fonts_are_ours_and_hold_the_words_of_the_report(english):
    regular = TTFont(fonts.PLACE / "CorridorSans-Regular.otf")
    assert {chr(code) for code in regular.getBestCmap()} == fonts.held()
    bold = TTFont(fonts.PLACE / "CorridorSans-Bold.otf")
    assert bold.getBestCmap().keys() <= regular.getBestCmap().keys()
    wording = "".join("".join(row) for row in reference_table("report_texts_2026")[["en", "zh"]].to_numpy())
    assert set(fonts.printed(wording)) <= {chr(code) for code in bold.getBestCmap()}
    done = subprocess.run(["pdffonts", "-"], input=typesetting.pdf(english), capture_output=True, check=True)
    fonts_used = [line.split()[0] for line in done.stdout.decode().splitlines()[2:]]
    assert {name.partition("+")[2].partition("-Identity")[0] for name in fonts_used} <= {
        "CorridorSans-Regular", "CorridorSans-Bold"}  # fmt: skip


def test_a_figure_has_no_line_that_could_be_a_boundary():
    one = np.array([0.0])
    cells = CellMap((241, 33, 242, 34), one + 241, one + 33, one + 0.1, np.array([3]), ("a",), "kg")
    drawn = map_svg(Frame("CO2"), cells, [Place("Long Beach", 241.8, 33.7)])
    strokes = re.findall(r"<path[^>]*stroke", drawn)
    assert strokes == []


def test_the_command_writes_and_says_where(demo, tmp_path, capsys):
    out = tmp_path / "r"
    command = ["report", str(demo.folder), "--lang", "en", "--port", "LB", "--out", str(out), "--json"]
    assert main(command) == OK
    told = json.loads(capsys.readouterr().out)
    assert set(told["paths"]) == {"pdf_en", "html_en", "md_en", "figures"}
    said = (out / "SIMULATED_report_en.md").read_text(encoding="utf-8")
    assert "short tons" in said
    for name in re.findall(r"\]\((figures/[^)]+)\)", said):
        assert (out / name).is_file()


@pytest.mark.parametrize(
    ("options", "code"),
    [(["--lang", "fr"], "unknown_language"), (["--port", "XX"], "unknown_port")],
)
def test_what_cannot_be_written_is_one_line(demo, tmp_path, capsys, options, code):
    assert main(["report", str(demo.folder), *options, "--out", str(tmp_path / "r")]) == USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error [{code}]")
    assert not (tmp_path / "r" / "figures").exists()


def test_a_missing_package_is_named_with_its_extra(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"corridor-emissions\[report\]"):
        write_report(opened, tmp_path / "r")


def test_a_study_without_calls_has_a_report_too(opened):
    bare = replace(opened, calls=None, voyages=None, journeys=None)
    said = report_text.markdown(report_of(bare, "en", "LB"))
    assert "No table of port calls" in said
    assert "nothing is divided by calls" in said


def test_pictures_open_as_pictures(english):
    with Image.open(io.BytesIO(typesetting.png(english.figures[0].svg))) as picture:
        colours = picture.convert("RGB").getcolors(1 << 20)
    assert len(colours) > 50


def test_a_totals_table_has_the_columns_the_report_names(opened):
    assert {f"{one}_kg" for one in report_masses.SPECIES["LB"]} <= set(tables.totals(opened))
    assert reports.names()[0] == "figures"

"""The document of ten ships says what a fresh run on the real two days finds."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
#      ship                  phase         zone              least  most hours
DAYS = """
       HYUNDAI_OAKLAND       at_berth      lb_pier_t         44.5   44.6
       MOL_BEACON            at_berth      lb_pier_g         40.7   40.9
       CSCL_WINTER           at_berth      lb_pier_j         17.4   32.3
       MAERSK_ANTARES        at_berth      lb_pier_t         11.6   11.8
       OOCL_GENOA            at_berth      lb_pier_e          8.2    8.5
       PACIFIC_KINDNESS      at_berth      lb_pier_g         12.7   22.4
       PACIFIC_KINDNESS      at_anchor     spb_anchorage_b    3.0    3.3
       ALASKAN_EXPLORER      at_anchor     spb_anchorage_f   30.9   31.1
       ALASKAN_EXPLORER      at_anchor     spb_anchorage_b    1.3    8.4
       MEGACORE_PHILOMENA    at_anchor     spb_anchorage_d   40.6   40.8
       HYDRA_VOYAGER         drifting      spb_approach_40nm 20.0   27.0
       TIGER                 at_berth      open_sea          10.4   10.7
"""


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_real_ais", DOCS / "make_real_ais.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fresh(maker, shared_ais, tmp_path_factory):
    return maker.fresh_run(shared_ais, tmp_path_factory.mktemp("real"))


@pytest.mark.parametrize("row", DAYS.strip().splitlines())
def test_what_a_chart_and_the_fixes_say_of_a_ship(fresh, row):
    ship, phase, zone, least, most = row.split()
    pieces = fresh.pieces[fresh.pieces["name"] == ship.replace("_", " ")]
    hours = pieces.loc[(pieces["phase"] == phase) & (pieces["port_zone"] == zone), "hours"].sum()
    assert float(least) <= hours <= float(most)


def test_a_ship_at_rest_does_not_sail(fresh):
    still = fresh.pieces[fresh.pieces["phase"] == "at_berth"]
    assert still["distance_nm"].sum() < 0.5
    assert still["main_kwh"].sum() == 0


def test_the_log_of_a_ship_has_all_her_hours_and_miles(fresh, maker):
    for ship in maker.SHIPS:
        rows, pieces = maker.log(fresh, ship), fresh.pieces[fresh.pieces["name"] == ship]
        for column in ("hours", "observed", "distance_nm"):
            assert rows[column].sum() == pytest.approx(pieces[column].sum(), rel=1e-9)
        assert rows["start_utc"].is_monotonic_increasing


def test_waiting_is_counted_far_off_too(fresh, maker):
    hours = maker.waiting(fresh)
    assert hours.loc["san_pedro_bay", ("at_anchor", "observed")] > 150
    far = hours.drop("san_pedro_bay")["drifting"]["observed"].sum()
    assert far > 80


def test_the_document_is_what_the_command_writes(fresh, maker):
    written = (DOCS / "real_ais.md").read_text(encoding="utf-8")
    assert written == maker.document(fresh), "make it again by the command at its head"
    assert (DOCS / "img" / "san_pedro_bay_2018-06.png").stat().st_size > 50_000


def test_positions_are_written_as_on_a_chart(maker):
    assert maker.chart_position(33.75453, -118.23162) == "33°45.27′N 118°13.90′W"
    assert maker.chart_position(-8.99999, 179.999999) == "9°00.00′S 180°00.00′E"
    name, nm = maker.nearest_berth(33.7545, -118.2316)
    assert (name, nm) == ("Long Beach, Pier T", 0.0)

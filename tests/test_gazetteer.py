"""Names of places: what they mean, what is refused, and no port where no ship can be."""

import pytest
import shapely

from corridor import reference
from corridor.errors import InputError
from corridor.tracks.gazetteer import find_place, terminals, world_ports
from layers.geodesy import distance_m


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Yantian", "yt_central"),
        ("盐田港", "yt_central"),
        ("CNYTN", "yt_central"),
        ("port of long beach", "lb_pier_e"),
        ("长滩", "lb_pier_e"),
        ("Long Beach, Pier T", "lb_pier_t"),
        ("LB_PIER_J", "lb_pier_j"),
        ("Los Angeles", "la_pier_400"),
        ("Da Chan Bay", "szw_da_chan_bay"),
        ("大铲湾", "szw_da_chan_bay"),
        ("Chiwan", "szw_chiwan"),
        ("Shanghai", "CNSHA"),
        ("上海", "CNSHA"),
        ("krpus", "KRPUS"),
        ("Busan", "KRPUS"),
        ("Hong Kong", "HKHKG"),
        ("香港", "HKHKG"),
    ],
)
def test_names_in_both_languages_and_codes(text, code):
    assert find_place(text).code == code


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("Shenzhen", "ambiguous_place", "Yantian"),
        ("深圳", "ambiguous_place", "Da Chan Bay"),
        ("CNSZX", "ambiguous_place", "Shekou"),
        ("San Pedro Bay", "ambiguous_place", "Los Angeles"),
        ("Sydney", "ambiguous_place", "AUSYD"),
        ("Yantain", "unknown_place", "Yantian"),
        ("Atlantis", "unknown_place", "nearest known"),
        ("", "unknown_place", "coordinates"),
        ("95, 10", "bad_place", "latitude"),
    ],
)
def test_ambiguous_and_unknown_names_are_refused_with_the_nearest_known(text, code, named):
    with pytest.raises(InputError, match=named) as refused:
        find_place(text)
    assert refused.value.code == code


def test_a_place_without_numbers_is_refused():
    with pytest.raises(InputError) as refused:
        find_place((float("nan"), 114.0))
    assert refused.value.code == "bad_place"


def test_longitudes_of_both_conventions_are_one_place():
    assert find_place((33.75, 241.79)).where == pytest.approx(find_place((33.75, -118.21)).where)


def test_terminals_lie_on_the_water_of_their_own_berth():
    system = reference.zones("port")
    zones = system.zones.set_index("zone_id").geometry
    for terminal in terminals():
        assert zones[terminal.code].covers(_point(terminal)), terminal
        assert not bool(reference.sea().coast.on_land(*terminal.where)), terminal


def _point(place):

    return shapely.Point(place.lon, place.lat)


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("CNYTN", (26.85, 119.87)),  # UN/LOCODE: Fujian
        ("CNCWN", (19.967, 110.033)),  # World Port Index: Hainan
        ("CNDCB", (22.32, 113.52)),  # searoute: the estuary
        ("CNSHK", (22.519473, 113.902133)),  # searoute: inland
        ("SEVBY", (57.63333, 11.6)),  # searoute: Kattegat
    ],
)
def test_places_that_lists_have_wrong_are_put_right(code, wrong):
    assert distance_m(*find_place(code).where, *wrong) > 3 * 1852


def test_ports_that_are_named_for_correction_are_corrected():
    right = reference.table("lanes/port_corrections_2026").set_index("port")
    found = {place.code: place.where for place in world_ports()}
    ours = {"CNYTN", "CNSHK", "CNMWN", "CNCWN", "CNDCB"}
    assert set(right.index) <= set(found) | ours
    for code in set(right.index) & set(found):
        assert found[code] == (right.loc[code, "lat"], right.loc[code, "lon"])

"""Places as people write them: every convention gives the same place, what has two meanings is refused."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.coordinates import looks_like_place, place_of, written

LONG_BEACH = (33.75, -118.21)


@pytest.mark.parametrize(
    "text",
    [
        "33.75,-118.21",
        "33.75 -118.21",
        "33.75; 241.79",
        "33.75N 118.21W",
        "N33.75 W118.21",
        "118.21W, 33.75N",
        "33°45'N 118°12'36\"W",
        "33 45 N, 118 12.6 W",
        "33°45′00″N 118°12′36″W",
        "N33 45.0 W118 12.6",
        "北纬33.75 西经118.21",
    ],
)
def test_every_convention_gives_the_same_place(text):
    assert looks_like_place(text)
    assert place_of(text) == pytest.approx(LONG_BEACH, abs=1e-9)


@pytest.mark.parametrize(
    "text",
    ["", "33.75", "95,10", "10,361", "33N 118N", "-118W 33N", "33 61 N, 118 0 W", "1,2,3", "33.5 30 N, 10 E"],
)
def test_what_is_no_place_or_has_two_meanings_is_refused(text):
    with pytest.raises(ValueError, match="found"):
        place_of(text)


@pytest.mark.parametrize("text", ["Long Beach", "Pier 300", "CNYTN", "盐田", "yt_central", ""])
def test_names_are_no_coordinates(text):
    assert not looks_like_place(text)


@given(st.floats(-90, 90), st.floats(-180, 360))
def test_a_place_written_out_is_read_back(lat, lon):
    wrapped = (lon + 180) % 360 - 180
    found = place_of(f"{lat:.9f},{lon:.9f}")
    assert found[0] == pytest.approx(lat, abs=1e-8)
    assert abs(math.remainder(found[1] - wrapped, 360)) < 1e-7
    again = place_of(written(*found))
    assert again[0] == pytest.approx(lat, abs=1e-4)
    assert abs(math.remainder(again[1] - wrapped, 360)) < 2e-4


@given(st.integers(0, 89), st.integers(0, 59), st.integers(0, 59), st.sampled_from("NS"))
def test_degrees_minutes_and_seconds_are_what_they_say(degrees, minutes, seconds, letter):
    lat = (degrees + minutes / 60 + seconds / 3600) * (1 if letter == "N" else -1)
    found = place_of(f"{degrees}°{minutes}'{seconds}\"{letter} 10E")
    assert found == (pytest.approx(lat, abs=1e-9), 10.0)

"""Colours that everyone can tell apart, classes that compare, legends with units."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.palette import CLASSES, DIVERGING, SEQUENTIAL, class_edges, density_unit, rung, spread

# Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
SIGHT = {
    "normal": [1, 0, 0, 0, 1, 0, 0, 0, 1],
    "protanopia": [
        *(0.152286, 1.052583, -0.204868),
        *(0.114503, 0.786281, 0.099216),
        *(-0.003882, -0.048116, 1.051998),
    ],
    "deuteranopia": [
        *(0.367322, 0.860646, -0.227968),
        *(0.280085, 0.672501, 0.047413),
        *(-0.01182, 0.04294, 0.968881),
    ],
    "tritanopia": [
        *(1.255528, -0.076749, -0.178779),
        *(-0.078411, 0.930809, 0.147602),
        *(0.004733, 0.691367, 0.3039),
    ],
}


def linear(colour):
    c = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """Return CIE L*a*b* under D65 of linear RGB."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x = np.array(to_xyz) @ np.clip(rgb, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def seen(ramp, sight):
    return [lab(np.reshape(SIGHT[sight], (3, 3)) @ linear(colour)) for colour in ramp]


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("ramp", [SEQUENTIAL, DIVERGING])
def test_neighbours_are_told_apart(ramp, sight):
    colours = seen(ramp, sight)
    apart = [np.linalg.norm(a - b) for a, b in pairwise(colours)]
    assert min(apart) >= 10


@pytest.mark.parametrize("sight", SIGHT)
def test_lightness_falls_with_the_class(sight):
    lightness = [colour[0] for colour in seen(SEQUENTIAL, sight)]
    assert all(a - b > 5 for a, b in pairwise(lightness))


@pytest.mark.parametrize("sight", SIGHT)
def test_a_difference_is_lightest_in_the_middle(sight):
    lightness = [colour[0] for colour in seen(DIVERGING, sight)]
    assert lightness.index(max(lightness)) == CLASSES // 2


def test_rungs_are_one_two_five_in_every_decade():
    assert [rung(k) for k in range(-4, 5)] == [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]


@given(st.floats(1e-12, 1e12), st.floats(1, 1e7))
def test_edges_are_rungs_that_rise(low, ratio):
    edges = class_edges(low, low * ratio)
    assert len(edges) == CLASSES - 1
    assert list(edges) == sorted(set(edges))
    mantissas = {round(edge / 10 ** np.floor(np.log10(edge) + 1e-9), 6) for edge in edges}
    assert mantissas <= {1.0, 2.0, 5.0}


@given(st.floats(1e-9, 1e9), st.floats(10, 1e5))
def test_the_range_is_covered_without_an_empty_outer_half(low, ratio):
    high = low * ratio
    first, last = class_edges(low, high)[0], class_edges(low, high)[-1]
    # An end may stick out by half a class on either side, three rungs (one decade) at the widest.
    assert low / 10 <= first <= low * 10
    assert high / 10 <= last <= high * 10


@pytest.mark.parametrize(("low", "high"), [(0, 1), (2, 1), (-1, 5)])
def test_edges_refuse_what_has_no_logarithm(low, high):
    with pytest.raises(ValueError, match="positive"):
        class_edges(low, high)


def test_few_dense_cells_are_not_lost_among_many_thin_ones():
    ocean, port = np.full(10_000, 1.0), np.full(200, 1e4)
    edges = class_edges(*spread([ocean, port]))
    thin, dense = np.searchsorted(edges, [1.0, 1e4], side="right")
    assert thin <= 1
    assert dense >= CLASSES - 2


def test_nothing_positive_still_gives_classes():
    assert len(class_edges(*spread([np.zeros(3)]))) == CLASSES - 1


@pytest.mark.parametrize("exponent", range(-9, 5))
def test_a_legend_s_middle_class_reads_without_many_zeros(exponent):
    edges = class_edges(10.0**exponent, 10.0 ** (exponent + 3))
    unit, factor = density_unit(edges)
    assert unit in {"mg", "g", "kg", "t"}
    if exponent >= -6:
        assert 0.05 <= edges[3] * factor < 10_000

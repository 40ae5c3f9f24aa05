"""The walk: everything is conserved, wherever it is cut."""

import json
import os
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st

from layers.atoms import Atoms, cut_times
from layers.geodesy import great_circle_points
from layers.lattice import FINE_BIT, Lattice
from layers.walk import walk
from layers.zones import ZoneIndex, ZoneSystem, to_half_turn

seeds = st.integers(0, 2**32 - 1)
middles = st.sampled_from([(180.0, 0.0), (180.0, 52.0), (-118.0, 33.5), (0.0, -40.0), (114.0, 22.0)])
few = settings(deadline=None, max_examples=25)


def zones_around(lon, lat, seed):
    """Disjoint zones in six by six degrees: neighbours with common edges, holes, and slivers.

    Voronoi cells touch along slanted edges; the western third is a block of boxes on cell lines.
    """
    random = np.random.default_rng(seed)
    places = shapely.MultiPoint(random.uniform([lon - 1, lat - 3], [lon + 3, lat + 3], (12, 2)))
    frame = shapely.box(lon - 1, lat - 3, lon + 3, lat + 3)
    shapes = list(shapely.get_parts(shapely.intersection(shapely.voronoi_polygons(places).geoms, frame)))
    shapes = [shape for shape in shapes if shape.geom_type == "Polygon"][:9]
    shapes[0] = shapes[0].difference(shapes[0].centroid.buffer(0.1))
    shapes += [shapely.box(lon - 3, y, lon - 1, y + 1) for y in np.round(lat) + np.arange(-3, 3)]
    shapes += [
        shapely.box(x, lat - 3, x + width, lat + 3) for x, width in ((lon + 3.1, 1e-3), (lon + 3.2, 1e-6))
    ]
    return [shape for shape in shapes if shape.is_valid and shape.area > 0]


def index_of(shapes, lattice, name="test"):
    ids = [f"z{i + 1}" for i in range(len(shapes))]
    frame = gpd.GeoDataFrame({"zone_id": ids}, geometry=list(shapes), crs=4326)
    return ZoneIndex.build([ZoneSystem(name, frame)], lattice)


def legs_around(lon, lat, seed, count=60, reach=4.0):
    """Legs of all lengths; some on cell lines and zone edges, some without length."""
    random = np.random.default_rng(seed + 1)
    y0, x0 = lat + random.uniform(-reach, reach, count), lon + random.uniform(-reach, reach, count)
    length = 10 ** random.uniform(-4, 0.8, count)
    turned = random.uniform(0, 2 * np.pi, count)
    y1, x1 = y0 + length * np.sin(turned), x0 + length * np.cos(turned)
    x0[:10], x1[:5] = np.round(x0[:10]), np.round(x0[:5])  # along and from meridians of cells
    y0[10:20], y1[10:15] = np.round(y0[10:20]), np.round(y0[10:15])
    y1[20:23], x1[20:23] = y0[20:23], x0[20:23]
    return y0, x0, y1, x1


def shares(atoms, segments, codes):
    """Share of each segment in each zone code."""
    table = np.zeros((segments, codes))
    np.add.at(table, (atoms.segment, atoms.code), atoms.f1 - atoms.f0)
    return table


def check_whole(atoms, segments):
    """Shares begin at 0, follow on, rise and end at 1, in the order of segments."""
    first = np.flatnonzero(np.diff(atoms.segment, prepend=-1))
    assert atoms.segment[first].tolist() == list(range(segments))
    last = np.append(first[1:], len(atoms)) - 1
    assert (atoms.f0[first] == 0).all()
    assert (atoms.f1[last] == 1).all()
    inner = np.setdiff1d(np.arange(len(atoms)), first)
    assert (atoms.f0[inner] == atoms.f1[inner - 1]).all()
    assert (atoms.f1 > atoms.f0).all()
    alike = (atoms.code[inner] == atoms.code[inner - 1]) & (atoms.cell[inner] == atoms.cell[inner - 1])
    assert not alike.any()


@few
@given(middles, seeds, st.sampled_from([0.1, 0.25, 1.0]))
def test_segments_are_shared_out_whole(middle, seed, cell_deg):
    lon, lat = middle
    lattice = Lattice(cell_deg, 10, ((lon - 1, lat - 1, lon + 0.5, lat + 1),))
    shapes = zones_around(lon, lat, seed)
    index = index_of(shapes, lattice)
    legs = legs_around(lon, lat, seed)
    atoms = walk(*legs, index)
    check_whole(atoms, 60)
    # The middle of each atom, on the true great circle, lies in its cell and zone, but for 100 m.
    y, x = great_circle_points(*(leg[atoms.segment] for leg in legs), (atoms.f0 + atoms.f1) / 2)
    _, south, _, north = lattice.cell_bounds(atoms.cell)
    assert (np.abs(y - (south + north) / 2) <= (north - south) / 2 + 1e-3).all()
    edges = shapely.boundary(to_half_turn(shapes))
    clear = shapely.distance(shapely.union_all(edges), shapely.points(x, y)) > 1e-3
    assert (index.zone_at(y, x)[clear] == atoms.code[clear]).all()


@few
@given(middles, seeds)
def test_shares_are_those_of_plane_geometry_on_short_legs(middle, seed):
    lon, lat = middle
    shapes = zones_around(lon, lat, seed)
    random = np.random.default_rng(seed + 2)
    y0, x0 = lat + random.uniform(-3.3, 3.3, 200), lon + random.uniform(-3.3, 3.3, 200)
    y1, x1 = y0 + random.uniform(-0.008, 0.008, 200), x0 + random.uniform(-0.008, 0.008, 200)
    atoms = walk(y0, x0, y1, x1, index_of(shapes, Lattice(0.1)))
    lines = shapely.linestrings(np.stack([np.stack([x0, x1], 1), np.stack([y0, y1], 1)], 2))
    true = (
        shapely.length(shapely.intersection(lines[:, None], np.array(shapes)))
        / shapely.length(lines)[:, None]
    )
    np.testing.assert_allclose(shares(atoms, 200, len(shapes) + 1)[:, 1:], true, atol=1e-6)


@few
@given(middles, seeds, st.sampled_from([0.1, 0.5]), st.integers(-3, 3))
def test_shifting_by_whole_turns_or_cells_changes_nothing(middle, seed, cell_deg, columns):
    lon, lat = middle
    shapes, legs = zones_around(lon, lat, seed), legs_around(lon, lat, seed)
    count = len(shapes) + 1
    index = index_of(shapes, Lattice(cell_deg))
    here = shares(walk(*legs, index), 60, count)
    y0, x0, y1, x1 = legs
    # A leg along an edge may fall on either side when its numbers are rounded anew.
    free = np.arange(60) >= 20
    turned = shares(walk(y0, x0 - 360, y1, x1 + 360, index), 60, count)
    np.testing.assert_allclose(turned[free], here[free], atol=1e-7)
    step = columns * 32 * cell_deg
    moved = [shapely.affinity.translate(shape, step) for shape in shapes]
    moved = [shapely.affinity.translate(s, 360) if s.bounds[0] < -180 else s for s in moved]
    there = shares(walk(y0, x0 + step, y1, x1 + step, index_of(moved, Lattice(cell_deg))), 60, count)
    np.testing.assert_allclose(there[free], here[free], atol=1e-7)


@few
@given(middles, seeds, st.floats(0.2, 0.8))
def test_halving_a_segment_conserves_its_shares(middle, seed, at):
    lon, lat = middle
    shapes = zones_around(lon, lat, seed)
    index = index_of(shapes, Lattice(0.1))
    legs = [leg[20:] for leg in legs_around(lon, lat, seed)]
    y0, x0, y1, x1 = legs
    y, x = great_circle_points(y0, x0, y1, x1, at)
    whole = shares(walk(*legs, index), 40, len(shapes) + 1)
    one = shares(walk(y0, x0, y, x, index), 40, len(shapes) + 1)
    two = shares(walk(y, x, y1, x1, index), 40, len(shapes) + 1)
    halves = at * one + (1 - at) * two
    np.testing.assert_allclose(halves.sum(axis=1), 1, atol=1e-9)
    # A leg that grazes an edge turns a sideways breath into a long share: most keep to 1e-4, all to 2e-3.
    worst = np.abs(halves - whole).max(axis=1)
    assert (worst < 1e-4).mean() >= 0.9
    assert worst.max() < 2e-3


@few
@given(middles, seeds)
def test_fine_cells_change_no_zone_and_add_up(middle, seed):
    lon, lat = middle
    shapes, legs = zones_around(lon, lat, seed), legs_around(lon, lat, seed)
    window = ((lon - 2, lat - 2, lon + 2, lat + 2),)
    lattice = Lattice(0.5, 10, window)
    # Legs along lines of cells and edges may fall on either side.
    legs = [leg[20:] for leg in legs]
    fine, plain = walk(*legs, index_of(shapes, lattice)), walk(*legs, index_of(shapes, Lattice(0.5)))
    count = len(shapes) + 1
    np.testing.assert_allclose(shares(fine, 40, count), shares(plain, 40, count), atol=1e-9)

    assert (fine.cell & FINE_BIT).any()
    of_fine, of_plain = (
        np.bincount(lattice.coarse_cell(atoms.cell), atoms.f1 - atoms.f0, minlength=lattice.nx * lattice.ny)
        for atoms in (fine, plain)
    )
    np.testing.assert_allclose(of_fine, of_plain, atol=1e-9)


@few
@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180))
@example(89.99, 10.0, 89.99, -169.0)
@example(90.0, 0.0, -90.0, 0.0)
@example(0.0, -90.0, 0.0, 90.0)
@example(22.57, 114.27, 33.7061, -118.2937)
def test_very_long_legs_are_whole(lat0, lon0, lat1, lon1):
    atoms = walk([lat0], [lon0], [lat1], [lon1], BELTS)
    check_whole(atoms, 1)


BELTS = index_of([shapely.box(x, -90, x + 30, 90) for x in range(-180, 180, 60)], Lattice(1.0))


def test_a_crossing_of_the_pacific_keeps_to_the_great_circle():
    zones = index_of([shapely.box(100, -60, 180, 60), shapely.box(180, -60, 260, 60)], Lattice(0.1))
    ends = [22.57], [114.27], [33.7061], [-118.2937]
    there, back = walk(*ends, zones), walk(*ends[2:], *ends[:2], zones)
    share = np.linspace(0, 1, 200_001)
    lon = great_circle_points(*ends, share)[1]
    west = share[lon >= 100].max()  # the last place before 180
    at_180 = there.f1[(there.code == 1)].max()
    assert at_180 == pytest.approx(west, abs=1e-5)
    assert set(there.code) == {1, 2}
    assert shares(back, 1, 3) == pytest.approx(shares(there, 1, 3), abs=1e-9)
    # Every cell on the way touches the circle within 50 m.
    _, south, _, north = zones.lattice.cell_bounds(there.cell)
    y, _ = great_circle_points(*ends, (there.f0 + there.f1) / 2)
    assert (y > south - 5e-4).all()
    assert (y < north + 5e-4).all()


def test_shares_drawn_by_hand():
    # Cells of 1 degree; zone z1 from 0.25 east on. On the equator shares are degrees.
    #   |   0   |   1   |
    #   | .z1111|111    |      leg from 0.0 to 2.0, z1 until 1.5
    index = index_of([shapely.box(0.25, -1, 1.5, 1)], Lattice(1.0))
    atoms = walk([0.0], [0.0], [0.0], [2.0], index)
    assert atoms.code.tolist() == [0, 1, 1, 0]
    np.testing.assert_allclose(atoms.f1, [0.125, 0.5, 0.75, 1.0], atol=1e-12)
    assert (np.diff(atoms.cell) == [0, 1, 0]).all()


def test_a_leg_along_a_common_edge_is_in_one_of_both():
    # Two boxes share the meridian 10.05; a leg on it, and one through the corner of both.
    index = index_of([shapely.box(9, 0, 10.05, 1), shapely.box(10.05, 0, 11, 1)], Lattice(0.1))
    atoms = walk([0.2, -0.5], [10.05, 9.55], [0.9, 0.5], [10.05, 10.55], index)
    along = set(atoms.code[atoms.segment == 0])
    assert along in ({1}, {2})
    through = shares(atoms, 2, 3)[1]
    np.testing.assert_allclose(through, [0.5, 0.0, 0.5], atol=1e-5)


def test_a_long_leg_on_a_meridian_of_cells_stays_there():
    atoms = walk([10.0], [30.0], [50.0], [30.0], index_of([shapely.box(30, 0, 40, 60)], Lattice(0.5)))
    assert len(atoms) == 80
    assert set(atoms.code) == {1}


def test_stays_and_legs_without_length_are_one_atom():
    index = index_of([shapely.box(179.95, 0, 180.05, 1)], Lattice(0.1))
    atoms = walk([0.5, 0.5, 0.5], [180.0, -180.02, 179.9], [0.5, 0.6, 0.5], [180.0, 20.0, 179.9], index,
                 stay=[False, True, False])  # fmt: skip
    assert atoms.code.tolist() == [1, 1, 0]
    assert atoms.f0.tolist() == [0, 0, 0]
    assert atoms.f1.tolist() == [1, 1, 1]
    assert (atoms.cell == index.lattice.cell_at([0.5, 0.5, 0.5], [180.0, -180.02, 179.9])).all()


def test_no_segments_no_atoms():
    assert len(walk([], [], [], [], BELTS)) == 0


def test_room_grows_for_very_many_atoms():
    # One leg over a comb of slivers in each cell, again and again: far more atoms than segments.
    teeth = [shapely.box(x, -1, x + 1e-3, 1) for x in np.arange(0, 4, 2e-3)]
    index = index_of(teeth, Lattice(0.1))
    atoms = walk(np.zeros(3), np.full(3, -0.1), np.zeros(3), np.full(3, 4.1), index)
    check_whole(atoms, 3)
    assert len(atoms) >= 3 * 4000
    assert shares(atoms, 3, 2001)[:, 1:].sum(axis=1) == pytest.approx(2 / 4.2, abs=1e-6)


@pytest.mark.parametrize(("lat", "lon"), [(91.0, 0.0), (0.0, float("nan")), (float("nan"), 0.0)])
def test_what_is_no_place_is_refused(lat, lon):
    with pytest.raises(ValueError, match="row 1 is no place"):
        walk([0, 0], [0, 0], [0, lat], [0, lon], BELTS)


def test_columns_must_fit():
    with pytest.raises(ValueError, match="equal lengths"):
        walk([0, 0], [0], [0, 0], [0, 0], BELTS)


@few
@given(seeds)
def test_time_marks_cut_only_what_lies_over_them(seed):
    random = np.random.default_rng(seed)
    legs = legs_around(0.0, 0.0, seed)
    atoms = walk(*legs, BELTS)
    t0 = random.integers(0, 10_000, 60)
    t1 = t0 + random.integers(0, 3000, 60) * (random.random(60) < 0.9)
    marks = np.unique(random.integers(-100, 13_000, 8))
    t0[:4], t1[4:8] = marks[0], np.maximum(t0[4:8], marks[1])
    t1[:4] = np.maximum(t1[:4], t0[:4])
    cut, period = cut_times(atoms, t0, t1, marks)
    check_whole_in_time(cut, period)
    begins, ends = (t0[cut.segment] + f * (t1 - t0)[cut.segment] for f in (cut.f0, cut.f1))
    bounds = np.concatenate([[-np.inf], marks, [np.inf]])
    assert (begins >= bounds[period] - 1e-6).all()
    lasting = ends > begins
    assert (ends[lasting] <= bounds[period + 1][lasting] + 1e-6).all()
    np.testing.assert_allclose(
        np.bincount(cut.cell - cut.cell.min(), cut.f1 - cut.f0),
        np.bincount(atoms.cell - cut.cell.min(), atoms.f1 - atoms.f0),
        atol=1e-12,
    )


def check_whole_in_time(atoms, period):
    first = np.diff(atoms.segment, prepend=-1) != 0
    assert (atoms.f0[first] == 0).all()
    assert (atoms.f0[~first] == atoms.f1[np.flatnonzero(~first) - 1]).all()
    assert (atoms.f1[np.append(first[1:], True)] == 1).all()
    assert (atoms.f1 > atoms.f0).all()
    assert (period[~first] >= period[np.flatnonzero(~first) - 1]).all()


def test_marks_drawn_by_hand():
    # One segment of 100 ms in two atoms; marks at its beginning, inside the second atom twice, at its end.
    atoms = Atoms(
        np.zeros(2, np.int32), np.array([1, 2]), np.array([7, 7]), np.array([0, 0.5]), np.array([0.5, 1])
    )
    cut, period = cut_times(atoms, [1000], [1100], [1000, 1060, 1080, 1100])
    assert cut.f1.tolist() == [0.5, 0.6, 0.8, 1.0]
    assert cut.code.tolist() == [1, 2, 2, 2]
    assert period.tolist() == [1, 1, 2, 3]
    none, period = cut_times(atoms, [1000], [1100], [])
    assert none is atoms
    assert period.tolist() == [0, 0]


def test_marks_and_times_must_rise():
    atoms = Atoms(*(np.array([value]) for value in (0, 0, 0, 0.0, 1.0)))
    with pytest.raises(ValueError, match="marks do not rise"):
        cut_times(atoms, [0], [1], [5, 5])
    with pytest.raises(ValueError, match="segment 0 ends before it begins"):
        cut_times(atoms, [1], [0], [5])


SAMPLE = """
import json, sys
import geopandas as gpd, numpy as np, shapely
from layers.jit import ENABLED
from layers.lattice import Lattice
from layers.walk import walk
from layers.zones import ZoneIndex, ZoneSystem
random = np.random.default_rng(5)
star = shapely.Point(180, 33).buffer(2, quad_segs=5).difference(shapely.Point(180, 33).buffer(1))
shapes = [star, shapely.box(183, 31, 185, 35)]
frame = gpd.GeoDataFrame({"zone_id": ["ring", "box"]}, geometry=shapes, crs=4326)
index = ZoneIndex.build([ZoneSystem("test", frame)], Lattice(0.5, 4, ((179, 32, -179, 34),)))
y0, x0 = 33 + random.uniform(-3, 3, 80), 180 + random.uniform(-5, 5, 80)
y1, x1 = y0 + random.normal(0, 1, 80), x0 + random.normal(0, 1, 80)
atoms = walk(y0, x0, y1, x1, index)
keys = np.stack([atoms.segment, atoms.code, atoms.cell]).tolist()
found = {"keys": keys, "f1": atoms.f1.tolist(), "codes": index.zone_at(y0, x0).tolist()}
json.dump({"jit": ENABLED, "numba": "numba" in sys.modules, **found}, sys.stdout)
"""


def test_the_numba_free_path_gives_the_same():
    def run(jit):
        root = Path(__file__).parents[1]
        environment = os.environ | {"CORRIDOR_JIT": jit, "PYTHONPATH": str(root)}
        done = subprocess.run(
            [sys.executable, "-c", SAMPLE], env=environment, capture_output=True, check=True, text=True
        )
        return json.loads(done.stdout)

    compiled, plain = run("1"), run("0")
    assert (compiled["jit"], plain["jit"], plain["numba"]) == (True, False, False)
    assert compiled["codes"] == plain["codes"]
    assert compiled["keys"] == plain["keys"]
    np.testing.assert_allclose(compiled["f1"], plain["f1"], rtol=0, atol=1e-12)

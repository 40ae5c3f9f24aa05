"""Zone systems: what is refused; the index: which zones hold a place."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.lattice import Lattice
from layers.zones import ZoneIndex, ZoneSystem, check_disjoint, equal_area

CORRIDOR = shapely.box(110, 10, 245, 60)


def system(shapes, name="test", **columns):
    ids = [f"z{i + 1}" for i in range(len(shapes))]
    return ZoneSystem(name, gpd.GeoDataFrame({"zone_id": ids, **columns}, geometry=list(shapes), crs=4326))


def disjoint(shapes):
    """Polygons with what earlier ones cover taken away: touching, with holes, in parts, slivers."""
    kept, covered = [], shapely.Polygon()
    for shape in shapes:
        rest = shapely.difference(shape, covered)
        parts = [part for part in shapely.get_parts(rest) if part.area > 1e-8 * part.length]
        if parts and shapely.MultiPolygon(parts).is_valid:
            kept.append(shapely.MultiPolygon(parts) if len(parts) > 1 else parts[0])
            covered = shapely.union(covered, shape)
    return kept


@st.composite
def shapes_near(draw, lon, lat):
    """A polygon within some three degrees: a box on cell lines, a hull, a sliver, a ring with a hole."""
    # To 0.1 m: overlay of coordinates like 1e-212 fails in GEOS, and none occurs on a chart.
    near = st.floats(-2, 2).map(lambda degrees: round(degrees, 6))
    x, y = lon + draw(near), lat + draw(near)
    kind = draw(st.sampled_from(["box", "hull", "sliver", "ring"]))
    if kind == "box":
        x, y = round(x), round(y)
        return shapely.box(x, y, x + draw(st.integers(1, 3)), y + draw(st.integers(1, 3)))
    if kind == "sliver":
        turned = draw(st.floats(0, 180))
        width = draw(st.sampled_from([1e-2, 1e-4, 1e-6]))
        return shapely.affinity.rotate(shapely.box(x - 2, y, x + 2, y + width), turned)
    if kind == "ring":
        outer = shapely.Point(x, y).buffer(draw(st.floats(0.3, 2)), quad_segs=draw(st.integers(1, 6)))
        return outer.difference(shapely.affinity.scale(outer, 0.6, 0.4))
    corners = draw(st.lists(st.tuples(near, near), min_size=3, max_size=8))
    return shapely.MultiPoint([(x + a, y + b) for a, b in corners]).convex_hull.buffer(0.05, quad_segs=1)


@st.composite
def partitions(draw, lon=None):
    """Disjoint polygons around a place, longitudes perhaps beyond 180; and the place."""
    middle = draw(st.sampled_from([180.0, 200.0, 0.0, -118.0])) if lon is None else lon
    lat = draw(st.sampled_from([0.0, 33.0, 55.0]))
    shapes = draw(st.lists(shapes_near(middle, lat), min_size=1, max_size=5))
    kept = disjoint(shapes)
    return (kept or [shapely.box(middle, lat, middle + 1, lat + 1)]), middle, lat


@settings(deadline=None, max_examples=40)
@given(partitions(), st.integers(0, 2**32 - 1), st.booleans())
def test_places_are_in_the_zone_that_holds_them(partition, seed, windows):
    shapes, lon, lat = partition
    lattice = Lattice(1.0, 10, ((lon - 1, lat - 1, lon + 1, lat + 1),) if windows else ())
    index = ZoneIndex.build([system(shapes)], lattice)
    random = np.random.default_rng(seed)
    y, x = lat + random.uniform(-4, 4, 200), lon + random.uniform(-4, 4, 200)
    codes = index.zone_at(y, x)
    held = np.stack([shapely.contains_xy(shape, x, y) for shape in shapes], axis=1)
    expected = np.where(held.any(axis=1), held.argmax(axis=1) + 1, 0)
    assert (codes == expected).all()
    # The same from the other side of the Earth's numbering, as far as rounding can tell places apart.
    clear = (
        np.stack([shapely.distance(shape.boundary, shapely.points(x, y)) for shape in shapes]).min(0) > 1e-9
    )
    assert (index.zone_at(y, x - 360)[clear] == codes[clear]).all()


@settings(deadline=None, max_examples=20)
@given(partitions(180.0), st.integers(0, 2**32 - 1))
def test_both_ways_to_count_longitudes_are_one(partition, seed):
    shapes, lon, lat = partition
    split = [
        shapely.union(
            shapely.intersection(shape, shapely.box(0, -90, 180, 90)),
            shapely.transform(
                shapely.intersection(shape, shapely.box(180, -90, 360, 90)), lambda xy: xy - [360, 0]
            ),
        )
        for shape in shapes
    ]
    assert all(shape.bounds[2] <= 180 for shape in split)
    polygons = [
        shapely.MultiPolygon([p for p in shapely.get_parts(s) if p.geom_type == "Polygon"]) for s in split
    ]
    one, two = (ZoneIndex.build([system(s)], Lattice(1.0)) for s in (shapes, polygons))
    random = np.random.default_rng(seed)
    y, x = lat + random.uniform(-4, 4, 300), lon + random.uniform(-4, 4, 300)
    assert (one.zone_at(y, x) == two.zone_at(y, x)).all()


def test_places_on_edges_and_cell_lines_are_never_lost():
    # Four zones that fill a block; edges on cell lines, corners on cell corners:
    #   c | d
    #   --+--
    #   a | b
    blocks = [shapely.box(x, y, x + 1, y + 1) for y in (20, 21) for x in (120, 121)]
    for cell_deg in (0.1, 0.25, 1.0):
        index = ZoneIndex.build([system(blocks)], Lattice(cell_deg, 10, ((120, 20, 121, 21),)))
        y, x = np.meshgrid(np.arange(20, 22, 0.05), np.arange(120, 122, 0.05))
        codes = index.zone_at(y, x)
        assert (codes > 0).all()
        assert (codes[:, 0] > 0).all()
        assert np.bincount(codes.ravel())[1:].sum() == x.size
        assert (index.zone_at(y, x) == codes).all()


def test_a_slanted_common_edge_has_no_gap():
    # Along the edge every place is in one of both zones, though its ordinate is rounded.
    left = shapely.Polygon([(0, 0), (0.7, 3.1), (-3, 3), (-3, 0)])
    right = shapely.Polygon([(0, 0), (3, 0), (3, 3), (0.7, 3.1)])
    index = ZoneIndex.build([system([left, right])], Lattice(0.1))
    share = np.linspace(0, 1, 10_001)[1:-1]
    assert set(index.zone_at(3.1 * share, 0.7 * share)) == {1, 2}


def test_codes_count_through_all_systems():
    a = system([shapely.box(0, 0, 2, 2), shapely.box(2, 0, 4, 2)], "a")
    b = system([shapely.box(1, 0, 3, 2)], "b")
    c = system([shapely.box(0, 1, 4, 2)], "c")
    index = ZoneIndex.build([a, b, c], Lattice(1.0))
    places = index.decode(index.zone_at([0.5, 0.5, 1.5, 1.5, 5.0], [0.5, 2.5, 1.5, 3.5, 5.0]))
    assert places.tolist() == [[1, 0, 0], [2, 1, 0], [1, 1, 1], [2, 0, 1], [0, 0, 0]]
    assert index.radix.tolist() == [1, 3, 6]
    assert (index.decode(index.encode(places)) == places).all()
    assert index.zone_ids[0] == ("elsewhere", "z1", "z2")


def test_no_zones_is_all_remainder():
    empty = ZoneSystem("none", gpd.GeoDataFrame({"zone_id": []}, geometry=[], crs=4326))
    index = ZoneIndex.build([empty], Lattice(1.0, 5, ((0, 0, 1, 1),)))
    assert index.zone_at([0.5, 50.0], [0.5, 50.0]).tolist() == [0, 0]
    assert empty.table()["zone_id"].tolist() == ["elsewhere"]


def test_the_whole_earth_may_be_a_zone():
    index = ZoneIndex.build([system([shapely.box(-180, -90, 180, 90)])], Lattice(1.0))
    assert (index.zone_at([90, -89.9, 0, 0, 12], [0, 5, 180, -180, 179.999]) == 1).all()


def test_an_index_is_kept_and_found_again(tmp_path, monkeypatch):
    zones = [system([shapely.box(0.03, 0, 1, 1)])]
    lattice = Lattice(0.5, 5, ((0, 0, 0.5, 0.5),))
    first = ZoneIndex.load_or_build(zones, lattice, tmp_path)
    (kept,) = tmp_path.glob("*.npz")
    monkeypatch.setattr("layers.index_build.build", None)  # building again would fail
    second = ZoneIndex.load_or_build(zones, lattice, tmp_path)
    y, x = np.meshgrid(np.linspace(-1, 2, 50), np.linspace(-1, 2, 50))
    assert (first.zone_at(y, x) == second.zone_at(y, x)).all()
    assert first.grid.shape == second.grid.shape
    monkeypatch.undo()
    kept.write_bytes(kept.read_bytes()[:100])  # a cut file is built anew
    third = ZoneIndex.load_or_build(zones, lattice, tmp_path)
    assert (first.zone_at(y, x) == third.zone_at(y, x)).all()
    ZoneIndex.load_or_build(zones, Lattice(1.0), tmp_path)
    ZoneIndex.load_or_build([system([shapely.box(0.04, 0, 1, 1)])], lattice, tmp_path)
    assert len(list(tmp_path.iterdir())) == 3


def test_overlaps_are_named_with_their_area():
    shapes = [shapely.box(0, 0, 2, 1), shapely.box(1, 0, 3, 1), shapely.box(3, 0, 4, 1)]
    with pytest.raises(ValueError, match=r"'z1' with 'z2' over 12308\.5 km²; a place"):
        ZoneIndex.build([system(shapes)], Lattice(1.0))
    check_disjoint(system([shapes[0], shapes[2]]))


def test_small_overlaps_are_tolerated_and_go_to_the_first():
    shapes = [shapely.box(0, 0, 1 + 1e-9, 1), shapely.box(1, 0, 2, 1)]
    index = ZoneIndex.build([system(shapes)], Lattice(1.0))
    assert index.zone_at([0.5, 0.5, 0.5], [0.5, 1 + 5e-10, 1.5]).tolist() == [1, 1, 2]


def test_equal_area_is_that_of_the_ellipsoid():
    cell = Lattice(1.0).cell_at(33.5, -118.5)
    area = shapely.area(equal_area([shapely.box(-119, 33, -118, 34)]))[0]
    assert area == pytest.approx(float(Lattice(1.0).cell_area_m2(cell)), rel=1e-12)


def test_attributes_are_carried_and_datum_is_changed():
    shape = shapely.box(-118.3, 33.7, -118.2, 33.8)
    zones = gpd.GeoDataFrame({"zone_id": ["a"], "port": ["LB"]}, geometry=[shape], crs=4326)
    moved = ZoneSystem("port", zones.to_crs(3857))
    assert moved.table()["port"].tolist()[1] == "LB"
    assert moved.zones.geometry.iloc[0].equals_exact(shape, 1e-9)
    assert moved.table()["name_en"].tolist() == ["Elsewhere", "a"]


@pytest.mark.parametrize(
    ("ids", "shapes", "message"),
    [
        (["a", "a"], [shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)], "more than once: a"),
        (["elsewhere"], [shapely.box(0, 0, 1, 1)], "more than once: elsewhere"),
        ([None], [shapely.box(0, 0, 1, 1)], "without a text id"),
        (["a"], [shapely.Point(0, 0)], "is Point; expected a polygon"),
        (["a"], [shapely.Polygon()], "is nothing; expected a polygon"),
        (["a"], [shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])], "is not valid: Self-intersection"),
        (["a"], [shapely.box(0, 0, 1, 91)], "expected degrees"),
        (["a"], [shapely.box(100_000, 0, 200_000, 1)], "expected degrees"),
        (["a"], [shapely.box(-179, 0, 179, 1)], "more than 180 degrees of longitude"),
    ],
)
def test_what_is_no_zone_is_refused(ids, shapes, message):
    with pytest.raises(ValueError, match=message):
        ZoneSystem("test", gpd.GeoDataFrame({"zone_id": ids}, geometry=shapes, crs=4326))


def test_a_system_needs_ids():
    with pytest.raises(ValueError, match="has no column zone_id; it has name, geometry"):
        ZoneSystem("test", gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)]))


def test_systems_need_their_own_names():
    with pytest.raises(ValueError, match="share a name"):
        ZoneIndex.build([system([CORRIDOR]), system([CORRIDOR])], Lattice(1.0))


@pytest.mark.parametrize(("lat", "lon"), [(91.0, 0.0), (float("nan"), 0.0), (0.0, float("inf"))])
def test_what_is_no_place_is_refused(lat, lon):
    index = ZoneIndex.build([system([CORRIDOR])], Lattice(1.0))
    with pytest.raises(ValueError, match="row 1 is no place"):
        index.zone_at([0.0, lat], [0.0, lon])

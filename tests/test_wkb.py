"""Bytes of shapes in bulk: what shapely makes one by one, and nothing that crosses 180°."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from layers import geometry, wkb

ENDS = st.lists(
    st.tuples(st.floats(-89, 89), st.floats(-180, 180), st.floats(-89, 89), st.floats(-180, 180)),
    min_size=1,
    max_size=40,
)


def shapes(made):
    parts = [made.data[a:b].tobytes() for a, b in zip(made.offsets[:-1], made.offsets[1:], strict=True)]
    return shapely.from_wkb(np.array(parts, object))


@given(ENDS, st.integers(0, 5))
def test_the_shapes_are_those_that_shapely_makes(ends, stays):
    rows = np.array([*ends, *[(1.0, 2.0, 1.0, 2.0)] * stays])
    made = wkb.segments(*rows.T)
    expected = geometry.segment_lines(*rows.T)
    for shape, line, (lat, lon, *_) in zip(shapes(made), expected, rows, strict=True):
        if line is None:
            assert shapely.equals_exact(shape, shapely.Point(lon, lat))
        else:
            assert shapely.equals_exact(shapely.normalize(shape), shapely.normalize(line), 1e-9)


@given(ENDS)
def test_boxes_are_those_of_the_shapes(ends):
    made = wkb.segments(*np.array(ends).T)
    box = np.column_stack([made.west, made.south, made.east, made.north])
    np.testing.assert_allclose(box, shapely.bounds(shapes(made)), atol=1e-9)


def test_lines_stays_and_lines_over_180_stand_in_their_order():
    # sailing, staying, over the seam, staying, sailing
    lat0, lon0 = [0, 5, 10, 6, 1], [0, 7, 179.5, 8, 3]
    lat1, lon1 = [1, 5, 10, 6, 2], [1, 7, -179.5, 8, 4]
    made = shapes(wkb.segments(lat0, lon0, lat1, lon1))
    assert [shape.geom_type for shape in made] == [
        *("MultiLineString", "Point", "MultiLineString", "Point", "MultiLineString"),
    ]
    assert [len(shape.geoms) for shape in made[[0, 2, 4]]] == [1, 2, 1]
    assert shapely.is_valid(made).all()


@pytest.mark.parametrize("ends", [(91, 0, 0, 0), (0, 181, 0, 0), (0, 0, np.nan, 0), (0, 0, 0, np.inf)])
def test_places_that_are_none_are_refused(ends):
    with pytest.raises(ValueError, match="expected ±90 and ±180"):
        wkb.segments(*([value] for value in ends))


def test_columns_of_different_length_are_refused():
    with pytest.raises(ValueError, match="one length"):
        wkb.segments([1.0, 2.0], [1.0], [1.0], [1.0])

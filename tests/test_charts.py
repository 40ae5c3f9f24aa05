"""Charts as text: a unit on each, the same figures as a table, names that stay names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_text import Reader, anything

from maps import text
from maps.charts import bars, table


def read(markup):
    reader = Reader()
    reader.feed(markup)
    reader.close()
    return reader


def rectangles(chart):
    return [float(attributes["width"]) for tag, attributes in read(chart.svg).tags if tag == "rect"]


def test_bars_are_as_long_as_their_values():
    chart = bars("CO2", ["at berth", "at anchor", "cruising"], [1.0, 2.0, 4.0], unit="t")
    one, two, four = rectangles(chart)
    assert two == pytest.approx(2 * one, abs=0.1)
    assert four == pytest.approx(4 * one, abs=0.1)
    assert "[t]" in chart.svg
    assert all(name in chart.table for name in ("at berth", "at anchor", "cruising"))


@given(st.lists(st.tuples(anything, st.floats(0, 1e12)), max_size=6), anything)
def test_any_name_leaves_a_well_formed_picture(rows, title):
    chart = bars(title, [name for name, _ in rows], [value for _, value in rows], unit="kg")
    found = read(chart.svg)
    assert {tag for tag, _ in found.tags} <= {"svg", "text", "rect"}
    assert found.text.startswith(f"{text.plain(title)} [kg]")
    assert len(rectangles(chart)) == len(rows)


def test_nothing_but_zeros_draws_no_bar():
    assert rectangles(bars("x", ["a", "b"], [0.0, 0.0], unit="kg")) == [0.0, 0.0]


def test_a_table_names_its_rows():
    written = table(["Zone", "kg"], [["<b>", "1"]])
    assert '<th scope="row">&#60;b&#62;</th>' in written


def test_what_cannot_be_read_is_refused():
    with pytest.raises(ValueError, match="unit"):
        bars("x", ["a"], [1.0], unit="")
    with pytest.raises(ValueError, match="one name per value"):
        bars("x", ["a"], [1.0, 2.0], unit="kg")
    with pytest.raises(ValueError, match=">= 0"):
        bars("x", ["a"], [-1.0], unit="kg")

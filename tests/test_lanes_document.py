"""The document of lanes says what a fresh run finds; its picture shows every lane in one piece."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from maps.lanes import Drawn, lanes_svg

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.fixture(scope="module")
def maker():
    spec = importlib.util.spec_from_file_location("make_lanes", DOCS / "make_lanes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_document_is_what_the_command_writes(maker):
    written = (DOCS / "lanes.md").read_text(encoding="utf-8")
    assert written == maker.document(maker.fresh()), "make it again by the command at its head"


def test_the_picture_is_what_the_command_draws(maker):
    written = (DOCS / "img" / "lanes.svg").read_text(encoding="utf-8")
    assert written == maker.picture()
    assert written.count('fill="none" stroke=') == 7


def test_a_line_across_180_degrees_is_drawn_in_one_piece():
    line = Drawn("over", np.array([40.0, 41.0, 42.0]), np.array([178.0, -178.0, -174.0]))
    path = re.search(r'stroke-width="2" d="M([^"]+)"', lanes_svg([line], title="t")).group(1)
    x = np.array([float(point.split(",")[0]) for point in path.split("L")])
    assert (np.diff(x) > 0).all()
    assert np.diff(x)[0] == pytest.approx(np.diff(x)[1], rel=0.01)


def test_a_line_with_places_too_far_apart_is_refused():
    with pytest.raises(ValueError, match="degrees apart"):
        lanes_svg([Drawn("far", np.zeros(2), np.array([0.0, 90.0]))], title="t")
    with pytest.raises(ValueError, match="no line"):
        lanes_svg([], title="t")

"""The folium map of the Pacific: one copy of the world, 0-360, without tiles."""

from __future__ import annotations

from typing import Any

import folium
import numpy as np
from branca.element import MacroElement
from folium.template import Template
from numpy.typing import NDArray

VIEW_WEST, VIEW_SOUTH, VIEW_EAST, VIEW_NORTH = 84.0, -50.0, 316.0, 76.0
"""Bounds of the map [degrees, longitude 0-360]."""

OPENING_BOUNDS = (109.0, 15.0, 248.0, 55.0)
"""First view: both ports and the great circle between them; west, south, east, north [degrees]."""


class Handle(MacroElement):
    """Makes the map known to the page's own script as ``window.corridorMap``."""

    _template = Template(
        "{% macro script(this, kwargs) %}window.corridorMap = {{ this._parent.get_name() }};{% endmacro %}"
    )

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca leaves it untyped
        self._name = "Handle"


class PacificMap(folium.Map):
    """An empty folium map centred on 180 degrees, drawing on canvas, asking for no tiles.

    Examples
    --------
    >>> PacificMap().location
    [36.0, 180.0]
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(
            location=[36.0, 180.0],
            zoom_start=3,
            tiles=None,
            prefer_canvas=True,
            max_bounds=True,
            min_lon=VIEW_WEST,
            min_lat=VIEW_SOUTH,
            max_lon=VIEW_EAST,
            max_lat=VIEW_NORTH,
            zoom_snap=0.25,
            zoom_control=False,
            # The page's canvases are redrawn at each zoom; an animation would stretch the old ones meanwhile.
            zoom_animation=False,
            fade_animation=False,
            **options,
        )
        self._name = "Map"
        self.add_child(Handle())


def display_longitude(lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return longitudes moved to 0 <= lon < 360 [degrees].

    Examples
    --------
    >>> display_longitude(np.array([-118.25, 0.0, 179.0, 360.0])).tolist()
    [241.75, 0.0, 179.0, 0.0]
    """
    wrapped = np.mod(np.asarray(lon, np.float64), 360.0)
    # A tiny negative longitude is rounded up to 360 itself by the modulus.
    return np.where(wrapped >= 360.0, 0.0, wrapped)

"""Geography of the corridor: zone systems drawn from facts, the same bytes every time.

``data/geo/`` holds the facts (corners, published points, coasts), ``data/zones/`` what is drawn from them;
``python -m corridor.geography`` draws anew. Why drawn and stored: a study must not wait for a coast to be
widened by 24 nautical miles, and a reader must be able to open the very polygons a total was made with.
"""

from corridor.geography.drawing import buffer, circle, geodesic_polygon, partition
from corridor.geography.systems import (
    SYSTEMS,
    draw,
    geojson_text,
    jurisdiction,
    nox,
    port,
    speed,
    sulphur,
    waters,
)

__all__ = [
    "SYSTEMS",
    "buffer",
    "circle",
    "draw",
    "geodesic_polygon",
    "geojson_text",
    "jurisdiction",
    "nox",
    "partition",
    "port",
    "speed",
    "sulphur",
    "waters",
]

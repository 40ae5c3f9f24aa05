"""Unobserved hours as files: the layer of holes. The tables come from `corridor.holes`."""

import geopandas as gpd
import numpy as np

from corridor.study import Study
from layers import geometry, styles
from layers.layer import Layer

COLUMNS = {
    "vessel_id": ("Vessel", "", "Key of the vessel, as in the table vessels"),
    "start_utc": ("Start", "UTC", "Last report before the hole"),
    "end_utc": ("End", "UTC", "First report after it"),
    "hours": ("Hours", "h", "Hours that nobody observed and nothing fills; in no total"),
    "reason": ("Reason", "", "Why the hole was not filled"),
    "from_waters": ("From waters", "", "Waters of the last report, as in the system waters"),
    "to_waters": ("To waters", "", "Waters of the first report after"),
}


def layer(study: Study, period: str) -> Layer:
    """Holes as straight lines between their ends, split at 180 degrees: no way that a ship sailed.

    A hole whose ends are one place has no line; its hours stand in ``unobserved.csv``.
    """
    holes = study.holes()
    ends = np.arange(len(holes))
    lines = geometry.track_lines(
        holes[["from_lat", "to_lat"]].to_numpy().ravel(),
        holes[["from_lon", "to_lon"]].to_numpy().ravel(),
        np.repeat(ends, 2),
    )
    drawn = [line is not None for line in lines]
    table = gpd.GeoDataFrame(holes.loc[drawn, list(COLUMNS)], geometry=lines[drawn], crs=4326)
    said = study.said
    return Layer(
        "unobserved",
        table.reset_index(drop=True),
        "Unobserved",
        f"{said}Holes that stay unobserved, {period}; straight between reports, not the way sailed",
        COLUMNS,
        styles.single("Unobserved", "Unobserved hours", styles.Symbol("line", "#b03a2e", 0.3)),
        kind="MultiLineString",
    )

"""Small simulated fleets for tests, among them one whose names attack a page."""

import json

import numpy as np
import shapely

from corridor import reference
from corridor.simulate import compose, write_csv_gz

HOSTILE_NAMES = (
    'SIM <img src=x onerror="alert(1)">',
    "SIM </script><script>alert(2)</script>",
    "SIM 'O\"&;=+",
)


def hostile_ais(path):
    """Two voyages whose ships carry HTML, script and spreadsheet formulas in their names."""
    tables = compose(2, seed=11)
    names = dict(zip(tables.ships["name"], HOSTILE_NAMES, strict=False))
    ais = tables.ais.assign(VesselName=tables.ais["VesselName"].replace(names))
    write_csv_gz(ais, path)
    return ais


def page_land():
    """The land of the page as polygons in 0-360: the port windows, and the ocean's outside them."""
    assets = reference.data_path().parent / "maps" / "assets" / "land.json"
    ports, frames, ocean = [], [], []
    for group in json.loads(assets.read_text(encoding="utf-8"))["groups"]:
        rings = [np.cumsum(np.reshape(ring, (-1, 2)), axis=0) * group["quantum"] for ring in group["rings"]]
        land = shapely.make_valid(shapely.polygons([shapely.linearrings(ring) for ring in rings]))
        if group["quantum"] < 0.005:
            frames.append(shapely.box(*group["frame"]))
            ports.extend(land)
        else:
            ocean.extend(land)
    return shapely.union_all(ocean), shapely.union_all(ports), shapely.union_all(frames)

"""The lane graph of the world: ``python -m corridor.geography.lanegraph SEAROUTE_FOLDER NE_LAND_GPKG``.

A maintainer runs it when the graph or the land is renewed. SEAROUTE_FOLDER is the unpacked source archive of
the package `searoute` (Apache-2.0), NE_LAND_GPKG holds the layer ``ne_50m_land``. Lanes that run over land by
more than the coarse coast explains are left out, but for canals and straits that are too narrow for it; of
what is left, only lanes that hang together are kept. Short lanes over land are rivers and stay.
"""

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from corridor import reference
from layers.capes import connected
from layers.geodesy import NAUTICAL_MILE_M, distance_m, wrap_longitude
from layers.lanes import Land

# Ports and channels lie up to so far inside the coast of a map of 1 : 50 million. [nm]
OVER_LAND_NM = 2.0
# A lane this short that runs over land is a river or a canal: ocean lanes are longer. [nm]
RIVER_NM = 25.0
# Narrower than the land is drawn: canals, and straits named in the graph itself.
NARROW = {"suez", "panama", "bosporus", "dardanelles", "gibraltar", "malacca", "babalmandab"}
DEGREES = 1e-5
# A port farther than this from the sea and from every lane cannot be reached. [nm]
REACHED_NM = 10.0


def lane_tables(features: list[dict[str, Any]], land: Land) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return places (1e-5 degrees) and pairs of them joined by a lane off land."""
    ends = np.array([end for feature in features for end in _legs(feature["geometry"])])
    narrow = np.concatenate(
        [[_narrow(feature["properties"])] * len(_legs(feature["geometry"])) for feature in features]
    )
    whole = np.rint(np.stack([wrap_longitude(ends[:, ::2]) / DEGREES, ends[:, 1::2] / DEGREES], axis=2))
    places, number = np.unique(whole.reshape(-1, 2), axis=0, return_inverse=True)
    pairs = np.sort(number.reshape(-1, 2), axis=1)
    order = np.lexsort((~narrow, pairs[:, 1], pairs[:, 0]))
    pairs, narrow = pairs[order], narrow[order]
    first = np.append(True, (pairs[1:] != pairs[:-1]).any(axis=1)) & (pairs[:, 0] != pairs[:, 1])
    pairs, narrow = pairs[first], narrow[first]
    at = places[pairs] * DEGREES
    over = np.array([land.crossed_nm(a[1], a[0], b[1], b[0]) for a, b in at])
    long = distance_m(at[:, 0, 1], at[:, 0, 0], at[:, 1, 1], at[:, 1, 0]) > RIVER_NM * NAUTICAL_MILE_M
    pairs = pairs[narrow | ~long | (over <= OVER_LAND_NM)].astype(np.int64)
    kept = connected(pairs, len(places))
    fresh = np.cumsum(kept) - 1
    pairs = fresh[pairs[kept[pairs[:, 0]]]].astype(np.int32)
    table = pd.DataFrame(places[kept].astype(np.int32), columns=["lon_e5", "lat_e5"])
    return table, pd.DataFrame({"place": pairs[:, 0], "other": pairs[:, 1]})


def _legs(shape: dict[str, Any]) -> list[tuple[float, float, float, float]]:
    lines = [shape["coordinates"]] if shape["type"] == "LineString" else shape["coordinates"]
    return [(*start[:2], *end[:2]) for line in lines for start, end in itertools.pairwise(line)]


def _narrow(properties: dict[str, Any]) -> bool:
    return properties.get("passage") in NARROW


def port_table(features: list[dict[str, Any]], land: Land, lanes: pd.DataFrame) -> pd.DataFrame:
    """Ports with their UN/LOCODE, by code; without those far from every lane: river ports and slips."""
    rows = [
        {
            "port": str(feature["properties"]["port"]),
            "name_en": str(feature["properties"]["name"]),
            "country": str(feature["properties"]["cty"]).replace("_", " "),
            "lat": round(float(feature["geometry"]["coordinates"][1]), 5),
            "lon": round(float(wrap_longitude(feature["geometry"]["coordinates"][0])), 5),
        }
        for feature in features
    ]
    ports = pd.DataFrame(rows).drop_duplicates("port").sort_values("port", ignore_index=True)
    lat, lon = lanes["lat_e5"].to_numpy() * DEGREES, lanes["lon_e5"].to_numpy() * DEGREES
    at = ports[["lat", "lon"]].to_numpy()
    near_m = np.array([distance_m(y, x, lat, lon).min() for y, x in at])
    wet = np.array([land.inland_nm(y, x) <= REACHED_NM for y, x in at])
    return ports[wet | (near_m <= REACHED_NM * NAUTICAL_MILE_M)].reset_index(drop=True)


def world_land(path: Path) -> gpd.GeoDataFrame:
    """Land of the world, 1 : 50 million, rounded to a thousandth of a degree."""
    land = gpd.read_file(path, layer="ne_50m_land")
    shapes: npt.NDArray[np.object_] = shapely.set_precision(land.geometry.to_numpy(), 0.001)
    parts = shapely.get_parts(shapes)
    return gpd.GeoDataFrame(geometry=parts[shapely.area(parts) > 0], crs=4326)


def write(searoute: Path, ne_land: Path) -> None:
    """Write graph, ports and land into ``data/``."""
    folder = reference.data_path()
    shapes = world_land(ne_land)
    shapes.to_parquet(folder / "geo" / "land_ne50m.parquet", compression="zstd")
    land = Land(shapes.geometry.to_numpy())
    data = searoute / "searoute" / "data"
    graph = json.loads((data / "marnet_searoute.geojson").read_text(encoding="utf-8"))["features"]
    places, pairs = lane_tables(graph, land)
    places.to_parquet(folder / "lanes" / "lane_places_2026.parquet", index=False, compression="zstd")
    pairs.to_parquet(folder / "lanes" / "lane_pairs_2026.parquet", index=False, compression="zstd")
    ports = json.loads((data / "ports.geojson").read_text(encoding="utf-8"))["features"]
    table = port_table(ports, land, places)
    table.to_csv(folder / "lanes" / "ports_world_2026.csv", index=False, lineterminator="\n")
    sys.stdout.write(f"{len(shapes)} lands, {len(places)} places, {len(pairs)} lanes, {len(table)} ports\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))

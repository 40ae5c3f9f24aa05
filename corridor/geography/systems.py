"""The zone systems: port inventory, rule areas, speed zones, named waters, the nearest coast."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from corridor import reference
from corridor.geography.drawing import around, buffer, circle, geodesic_polygon, partition, polygon

COLUMNS = (
    "zone_id",
    "name_en",
    "name_zh",
    "kind",
    "system",
    "port",
    "valid_from",
    "valid_to",
    "source",
    "licence",
    "verification",
)
_CALIFORNIA_M = 24 * 1852.0
# Harbours lie on the land of a map of 0.1 degree, or on the wrong side of its lines: they go to their coast.
_COAST_OF_PORT = {"LB": "coast_us_west", "LA": "coast_us_west", "YT": "coast_china", "SZW": "coast_china"}
_HARBOUR = ("berth", "anchorage", "port_area")


@dataclass(frozen=True)
class Drawn:
    """A zone system as drawn: what is known of each zone, its shape, and the name of the rest."""

    name: str
    zones: pd.DataFrame
    shapes: dict[str, BaseGeometry]
    remainder: dict[str, str]


def port() -> Drawn:
    """Port inventory: berths, anchorages, harbours, precautionary area and approaches of both ends.

    >>> port().remainder["zone_id"]
    'open_sea'
    """
    zones = _facts("geo/port_zones_2026")
    corners = _corners("geo/port_corners_2026", "zone_id")
    shapes = {
        str(zone["zone_id"]): _port_shape(zone, corners[str(zone["zone_id"])])
        for zone in zones.to_dict("records")
    }
    return _system("port", zones, partition(shapes), "open_sea")


def _port_shape(zone: dict[Any, Any], corners: list[tuple[float, float]]) -> BaseGeometry:
    if zone["shape"] == "circle":
        ((lon, lat),) = corners
        return circle(lat, lon, float(zone["reach_m"]))
    return around(corners, float(zone["reach_m"])) if zone["shape"] == "around" else polygon(corners)


def sulphur() -> Drawn:
    """Sulphur rule areas: California within the North American ECA, China's coast, Hong Kong.

    The Chinese area runs 12 nm from straight baselines; OpenStreetMap's territorial-sea line stands for it.
    The coast is never widened for it: that would move the line by many miles.
    """
    areas = _facts("geo/sulphur_areas_2026")
    eca = _eca()
    coast = {str(f["properties"]["name"]): _shape(f) for f in _features("china_waters_osm_1000m")}
    berths = _shenzhen_berths()
    shapes = {
        "california_24nm": shapely.intersection(_california(), eca["na_eca"]),
        **eca,
        # At 1,000 m the mapped Hong Kong area touches the Shenzhen berths: they come first.
        "china_coastal": shapely.union_all(
            [shapely.difference(coast["China mainland coast"], coast["Hong Kong"]), berths]
        ),
        "hong_kong": coast["Hong Kong"],
    }
    return _system("sulphur", areas, partition(shapes), "global")


def nox() -> Drawn:
    """NOx rule areas: both parts of the North American area, for ships with keels laid from 2016 on."""
    shapes = {f"nox_{name}": shape for name, shape in _eca().items()}
    return _system("nox", _facts("geo/nox_areas_2026"), partition(shapes), "nox_global")


def speed() -> Drawn:
    """Voluntary speed zones: the rings round Point Fermin, with the speed they ask for. [kn].

    >>> speed().zones["speed_limit_kn"].tolist()
    [12.0, 12.0]
    """
    zones = _facts("geo/speed_zones_2026")
    centre = reference.rows("geo/port_corners_2026", zone_id="spb_approach_20nm").iloc[0]
    shapes = {
        str(zone["zone_id"]): circle(centre["lat_deg"], centre["lon_deg"], float(zone["radius_m"]))
        for zone in zones.to_dict("records")
    }
    return _system(
        "speed",
        zones.astype({"speed_limit_kn": float}),
        partition(shapes),
        "no_speed_zone",
        ("speed_limit_kn", "note"),
    )


def jurisdiction() -> Drawn:
    """Nearest coast within 200 nm: a proxy for files, on no page; not legal limits.

    Harbours of both ends are drawn to a metre and the proxy to ten kilometres, so they come first.
    """
    zones = _facts("geo/nearest_coast_2026")
    coast = {str(f["properties"]["name"]): _shape(f) for f in _features("nearest_coast_200nm")}
    harbours = _harbours()
    first = {f"harbour of {name}": shape for name, shape in harbours.items()}
    parts = partition(first | coast)
    shapes = {
        name: shapely.coverage_union_all([parts[name], parts[f"harbour of {name}"]])
        if name in harbours
        else parts[name]
        for name in coast
    }
    return _system("jurisdiction", zones, shapes, "beyond_200nm")


def _harbours() -> dict[str, BaseGeometry]:
    """Berths, anchorages and harbours of the corridor's ports, by the coast they belong to."""
    drawn = port()
    of_port = drawn.zones[drawn.zones["kind"].isin(_HARBOUR)]
    coast = of_port["port"].map(_COAST_OF_PORT)
    return {
        str(name): shapely.coverage_union_all([drawn.shapes[zone] for zone in rows])
        for name, rows in of_port["zone_id"].groupby(coast)
    }


def _eca() -> dict[str, BaseGeometry]:
    points = reference.table("geo/na_eca_2012")
    inland = _corners("geo/rule_corners_2026", "shape")["na_eca_inland"]
    outlines = {
        str(part): list(zip(rows["lon_deg"], rows["lat_deg"], strict=True))
        for part, rows in points.groupby("part")
    }
    return {
        "na_eca": geodesic_polygon(outlines["pacific"] + inland),
        "na_eca_hawaii": geodesic_polygon(outlines["hawaii"]),
    }


def _california() -> BaseGeometry:
    """Within 24 nm of the coast and islands, without the excluded window; inland generous."""
    shapes = _corners("geo/rule_corners_2026", "shape")
    (land,) = _features("california_land_ne10m")
    # 100 m of the coast's detail move a line 24 nm away by less than that.
    near = shapely.union_all(
        [buffer(shapely.simplify(_shape(land), 0.001), _CALIFORNIA_M), *_small_islands()]
    )
    seaward = shapely.simplify(shapely.difference(near, polygon(shapes["california_excluded"])), 0.0001)
    whole = shapely.union_all([seaward, polygon(shapes["california_inland"])])
    return shapely.intersection(whole, polygon(shapes["california_side"]))


def _small_islands() -> list[BaseGeometry]:
    """Within 24 nm of islands that Natural Earth leaves out, each a disc."""
    facts = reference.table("geo/california_islands_2026")
    islands = facts[["lat_deg", "lon_deg", "radius_m"]].to_numpy(float)
    return [circle(lat, lon, _CALIFORNIA_M + radius_m) for lat, lon, radius_m in islands]


def _shenzhen_berths() -> BaseGeometry:
    drawn = port()
    chosen = drawn.zones[drawn.zones["port"].isin(["YT", "SZW"]) & (drawn.zones["kind"] == "berth")]
    return shapely.union_all([drawn.shapes[zone] for zone in chosen["zone_id"]])


def waters() -> Drawn:
    """Named waters between the ports, coarse, on both sides of 180; names of waters only."""
    zones = _facts("geo/waters_zones_2026")
    corners = _corners("geo/waters_corners_2026", "zone_id", lon="lon360_deg")
    shapes = {str(zone): polygon(corners[str(zone)]) for zone in zones["zone_id"]}
    return _system("waters", zones, partition(shapes), "other_waters")


SYSTEMS: dict[str, Callable[[], Drawn]] = {
    "port": port,
    "sulphur": sulphur,
    "nox": nox,
    "speed": speed,
    "waters": waters,
    "jurisdiction": jurisdiction,
}


def draw(name: str) -> Drawn:
    """Draw one system from the facts.

    Raises
    ------
    ValueError
        If the system is unknown.
    """
    if name not in SYSTEMS:
        raise ValueError(f"zone system {name!r} cannot be drawn; known: {', '.join(SYSTEMS)}")
    return SYSTEMS[name]()


def geojson_text(drawn: Drawn) -> str:
    """Return the file of a system: one feature a line, corners to 1 cm, the remainder named at the top."""
    features = []
    for zone in drawn.zones.to_dict("records"):
        shape = json.loads(shapely.to_geojson(drawn.shapes[str(zone["zone_id"])]))
        shape["coordinates"] = _rounded(shape["coordinates"])
        features.append(_line({"type": "Feature", "properties": zone, "geometry": shape}))
    head = _line({"type": "FeatureCollection", "name": drawn.name, "remainder": drawn.remainder})
    return head[:-1] + ',"features":[\n' + ",\n".join(features) + "\n]}\n"


def _line(content: dict[Any, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _rounded(values: Any) -> Any:
    return [_rounded(value) for value in values] if isinstance(values, list) else round(values, 7)


def _system(
    name: str,
    zones: pd.DataFrame,
    shapes: dict[str, BaseGeometry],
    rest: str,
    more: tuple[str, ...] = (),
) -> Drawn:
    """Put facts, names, shapes and the name of the rest together; `more` are columns of this system alone."""
    names = reference.zone_names(name)
    table = zones.drop(columns=["name_en", "name_zh"], errors="ignore").join(names, on="zone_id")
    named = names.loc[rest]
    remainder = {"zone_id": rest, "name_en": str(named["name_en"]), "name_zh": str(named["name_zh"])}
    return Drawn(name, table.assign(system=name)[[*COLUMNS, *more]], shapes, remainder)


def _facts(name: str) -> pd.DataFrame:
    return reference.table(name).astype(object).fillna("")


def _corners(name: str, key: str, lon: str = "lon_deg") -> dict[str, list[tuple[float, float]]]:
    return {
        str(shape): [(float(x), float(y)) for x, y in zip(rows[lon], rows["lat_deg"], strict=True)]
        for shape, rows in reference.table(name).groupby(key, sort=False)
    }


def _features(name: str) -> list[dict[str, Any]]:
    return list(reference.features(f"geo/{name}"))


def _shape(feature: dict[str, Any]) -> BaseGeometry:
    return shapely.from_geojson(json.dumps(feature["geometry"]))

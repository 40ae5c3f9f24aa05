"""Zones as they leave the program: their columns, a layer of their own, a picture."""

import re
from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from corridor.outputs.page import display_rings
from layers import geometry, styles
from layers.layer import Layer
from layers.zones import ZoneSystem
from maps.picture import Area, areas_svg

Columns = dict[str, tuple[str, str, str]]

ZONE_COLUMNS: Columns = {
    "system": ("System", "", "Zone system; each is a partition of the study"),
    "zone_id": ("Zone", "", "Key of the zone within its system"),
    "name_en": ("Name", "", "English name"),
    "name_zh": ("Name (zh)", "", "Chinese name"),
    "kind": ("Kind", "", "Kind of zone"),
    "source": ("Source", "", "Where the outline comes from"),
    "licence": ("Licence", "", "Licence of the outline"),
    "verification": ("Verification", "", "How far the outline was checked"),
}
ZONE_FILL = {
    "berth": ("Berth", styles.Symbol("fill", "#b5651d", 0.2, opacity=0.5)),
    "port_area": ("Port area", styles.Symbol("fill", "#e0b080", 0.2, opacity=0.4)),
    "anchorage": ("Anchorage", styles.Symbol("fill", "#4f81bd", 0.2, opacity=0.4)),
    "precautionary": ("Precautionary area", styles.Symbol("fill", "#9f7fbf", 0.2, opacity=0.3)),
    "approach": ("Approach", styles.Symbol("fill", "#a8c8a8", 0.2, opacity=0.25)),
    "speed_voluntary": ("Voluntary speed zone", styles.Symbol("fill", "#c8c890", 0.2, opacity=0.2)),
}
OTHER_FILL = styles.Symbol("fill", "#d0d8e0", 0.15, opacity=0.25)


def zone_layer(table: gpd.GeoDataFrame) -> Layer:
    """Layer of zones without totals; columns that only some systems have stand behind the others."""
    columns = ZONE_COLUMNS | {"area_km2": ("Area", "km2", "Area on the ellipsoid")}
    systems = [ZoneSystem("all", table.assign(zone_id=table["system"] + "/" + table["zone_id"]))]
    own = own_columns(systems, columns)
    frame = table.rename(columns={given: name for given, (name, _) in own.items()})
    for name, _ in own.values():
        frame[name] = plain_values(frame[name])
    columns |= dict(own.values())
    frame = gpd.GeoDataFrame(
        pd.DataFrame(frame)[list(columns)],
        geometry=geometry.split_at_180(table.geometry.to_numpy()),
        crs=4326,
    )
    style = styles.categorised("Zones", "By kind", column="kind", classes=ZONE_FILL, other=OTHER_FILL)
    text = "Zone systems, each a partition; split at the antimeridian"
    return Layer("zones", frame, "Zones", text, columns, style, label="name_en", kind="MultiPolygon")


def system_svg(system: ZoneSystem) -> str:
    """Picture of one system: tints without outlines, a legend with every name."""
    areas = [
        Area(f"{row.name_en} {row.name_zh}".strip(), display_rings(row.geometry))
        for row in system.zones.itertuples()
    ]
    sources = "; ".join(dict.fromkeys(str(licence) for licence in system.zones["licence"] if licence))
    note = f"Licences of the outlines: {sources}. Land: Natural Earth, OpenStreetMap contributors."
    return areas_svg(areas, title=f"Zone system {system.name}", note=note if sources else "")


def own_columns(systems: Sequence[ZoneSystem], known: Columns) -> dict[str, tuple[str, tuple[str, str, str]]]:
    """Name and describe the attributes that only some systems have: a speed, whatever your own zones bring.

    A GeoPackage column wants a plain name; the one that was given stays as its alias.
    """
    told = {
        "port": ("Port", "", "Key of the port it belongs to"),
        "valid_from": ("Valid from", "", "First day of the rule or area"),
        "valid_to": ("Valid to", "", "Last day of the rule or area"),
        "speed_limit_kn": ("Speed", "kn", "Speed the zone asks for; voluntary"),
        "note": ("Note", "", "What else is to be known of the zone"),
    }
    found = [str(name) for system in systems for name in system.zones if name != "geometry"]
    columns: dict[str, tuple[str, tuple[str, str, str]]] = {}
    names = {*known, "fid", "geom", "geometry"}
    for given in dict.fromkeys(found):
        if given not in known:
            name = _column_name(given, names)
            names.add(name)
            columns[given] = name, told.get(given, (given, "", "As given with your zones"))
    return columns


def _column_name(given: str, names: set[str]) -> str:
    """Write a name in lower-case letters, digits and ``_``, different from all others.

    >>> _column_name("Berth No.", {"berth_no"}), _column_name("泊位", set())
    ('berth_no_2', 'column')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", given.lower()).strip("_")
    stem = (plain if plain[:1].isalpha() else f"column_{plain}".strip("_"))[:26].strip("_")
    name, number = stem, 2
    while name in names:
        name, number = f"{stem}_{number}", number + 1
    return name


def plain_values(values: "pd.Series[Any]") -> "pd.Series[Any]":
    """Numbers as they are, everything else as text."""
    is_number = pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)
    return values.astype(float) if is_number else values.where(values.notna(), "").astype(str)

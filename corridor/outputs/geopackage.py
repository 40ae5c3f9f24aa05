"""The layers of a study's GeoPackage."""

import geopandas as gpd
import numpy as np
import pandas as pd

from corridor.emissions.phases import PHASES
from corridor.outputs import notes, tables, unobserved
from corridor.outputs.zones import OTHER_FILL, ZONE_COLUMNS, ZONE_FILL, Columns, own_columns, plain_values
from corridor.reference import table as reference_table
from corridor.study import Study
from corridor.words import ORIGINS
from layers import geometry, styles
from layers.geopackage import Layer
from maps.palette import SEQUENTIAL, class_edges

GRID_COLUMNS: Columns = {
    "cell_id": ("Cell", "", "Stable key of the grid cell"),
    "area_km2": ("Area", "km2", "Area of the cell on the ellipsoid"),
    "hours": ("Ship hours", "h", "Hours of all vessels in the cell"),
    "observed_share": ("Observed share", "", "Share of those hours that lies between reports, 0 to 1"),
    "fuel_kg": ("Fuel", "kg", "Fuel burnt"),
    "co2_kg_per_km2": (
        "CO2 density",
        "kg/km2",
        "CO2 over the period by area: compares coarse and fine cells",
    ),
}
SHOWN = (0.05, 0.99)


def study_layers(study: Study) -> list[Layer]:
    """List the layers and tables of ``study.gpkg``, from the grid to the method."""
    said = "SIMULATED data. " if study.simulated else ""
    return [
        _grid(study, said),
        _tracks(study, said),
        unobserved.layer(study, notes.period(study)[0]),
        _zones(study, said),
        _ports(said),
        _totals(study, said),
        _vessels(study, said),
        _method(study, said),
    ]


def mass_columns() -> Columns:
    """Describe one mass column per pollutant."""
    rows = reference_table("species_names_2026")
    return {
        f"{row.species}_kg": (str(row.symbol), "kg", f"{row.name_en}, tank-to-wake, over the period")
        for row in rows.itertuples()
    }


def _grid(study: Study, said: str) -> Layer:
    table = tables.cells(study)
    shapes = geometry.cell_polygons(table["west"], table["south"], table["east"], table["north"])
    columns = GRID_COLUMNS | mass_columns()
    table["cell_id"] = table["cell_id"].map("c{}".format)
    frame = gpd.GeoDataFrame(table[list(columns)], geometry=shapes, crs=4326)
    density = frame["co2_kg_per_km2"].to_numpy()
    edges = class_edges(*np.quantile(density[density > 0], SHOWN)) if (density > 0).any() else (1.0,)
    ramp = [styles.Symbol("fill", colour, opacity=0.85) for colour in SEQUENTIAL[: len(edges) + 1]]
    return Layer(
        "hotspot_grid",
        frame,
        "Hotspot grid",
        f"{said}Emissions per grid cell, {notes.period(study)[0]}, kg per period; "
        "no cell crosses 180 degrees",
        columns,
        styles.graduated(
            "CO2 density", "CO2 by area", column="co2_kg_per_km2", edges=edges, symbols=ramp, unit="kg/km2"
        ),
    )


def _tracks(study: Study, said: str) -> Layer:
    columns: Columns = {
        "vessel_id": ("Vessel", "", "Key of the vessel, as in the table vessels"),
        "voyage": ("Voyage", "", "Number of the voyage within the vessel"),
        "origin": ("Origin", "", "observed, filled, planned or simulated"),
        "start_utc": ("Start", "UTC", "First time of the line"),
        "end_utc": ("End", "UTC", "Last time of the line"),
    }
    lines = [line for line in study.tracks if len(line.lat) > 1]
    frame = pd.DataFrame(
        {
            "vessel_id": [line.vessel_id for line in lines],
            "voyage": [line.voyage for line in lines],
            "origin": [ORIGINS[line.origin] for line in lines],
            "start_utc": pd.to_datetime([line.t0_ms for line in lines], unit="ms", utc=True),
            "end_utc": pd.to_datetime([line.t1_ms for line in lines], unit="ms", utc=True),
        }
    )
    shapes = [geometry.track_lines(line.lat, line.lon, [0] * len(line.lat))[0] for line in lines]
    kept = np.array([shape is not None for shape in shapes], dtype=bool)
    table = gpd.GeoDataFrame(
        frame[kept], geometry=[shape for shape in shapes if shape is not None], crs=4326
    ).reset_index(drop=True)
    return Layer(
        "voyage_tracks",
        table,
        "Voyage tracks",
        f"{said}Thinned tracks by voyage, {notes.period(study)[0]}; split at the antimeridian",
        columns,
        styles.single("Tracks", "Ship tracks", styles.Symbol("line", "#30506f", 0.25)),
    )


def _zones(study: Study, said: str) -> Layer:
    mass = mass_columns()
    columns: Columns = ZONE_COLUMNS | {
        "hours": ("Ship hours", "h", "Hours of all vessels in the zone"),
        "observed_share": ("Observed share", "", "Share of those hours that lies between reports, 0 to 1"),
        "distance_nm": ("Distance", "nm", "Distance sailed in the zone"),
        "fuel_kg": ("Fuel", "kg", "Fuel burnt in the zone"),
        **mass,
    }
    parts = []
    own = own_columns(study.systems, columns)
    columns |= dict(own.values())
    for place, system in enumerate(study.systems):
        amounts = tables.zone_totals(study, place).iloc[1:].reset_index(drop=True)
        amounts = amounts.rename(columns={given: name for given, (name, _) in own.items()})
        attributes = amounts.reindex(columns=list(columns)).assign(system=system.name)
        shapes = geometry.split_at_180(system.zones.geometry.to_numpy())
        parts.append(gpd.GeoDataFrame(attributes, geometry=shapes, crs=4326))
    frame = pd.concat(parts, ignore_index=True)
    text = ["name_en", "name_zh", "kind", "source", "licence", "verification"]
    frame[text] = frame[text].fillna("").astype(str)
    for name, _ in own.values():
        frame[name] = plain_values(frame[name])
    return Layer(
        "zones",
        frame,
        "Zones",
        f"{said}Zones of every system with totals, {notes.period(study)[0]}; split at the antimeridian",
        columns,
        styles.categorised("Zones", "By kind", column="kind", classes=ZONE_FILL, other=OTHER_FILL),
        label="name_en",
    )


def _ports(said: str) -> Layer:
    rows = reference_table("ports_2026")
    columns: Columns = {
        "port": ("Port", "", "Key of the port"),
        "name_en": ("Name", "", "English name"),
        "name_zh": ("Name (zh)", "", "Chinese name"),
        "source": ("Source", "", "Where the position comes from"),
    }
    frame = gpd.GeoDataFrame(
        rows[list(columns)], geometry=geometry.points(rows["lat"], rows["lon"]), crs=4326
    )
    style = styles.single("Ports", "Ports", styles.Symbol("marker", "#1d2b3a", size_mm=3.0))
    return Layer("ports", frame, "Ports", f"{said}The ports of the corridor", columns, style, label="name_en")


def _totals(study: Study, said: str) -> Layer:
    columns: Columns = {
        "system": ("System", "", "Zone system; add up within one system only"),
        "zone_id": ("Zone", "", "Key of the zone"),
        "zone_name": ("Zone name", "", "English name of the zone"),
        "phase": ("Phase", "", "Operating phase"),
        "consumer": ("Consumer", "", "ship carries hours and distance; main, aux and boiler carry masses"),
        "hours": ("Hours", "h", "Ship hours"),
        "observed_share": ("Observed share", "", "Share of the hours that lies between reports, 0 to 1"),
        "distance_nm": ("Distance", "nm", "Distance sailed"),
        "energy_kwh": ("Energy", "kWh", "Energy delivered"),
        "fuel_kg": ("Fuel", "kg", "Fuel burnt"),
        **mass_columns(),
    }
    text = f"{said}Totals by zone system, zone, phase and consumer, {notes.period(study)[0]}"
    values = {"phase": {name: name.replace("_", " ") for name in PHASES}}
    return Layer("totals", tables.totals(study)[list(columns)], "Totals", text, columns, values=values)


def _vessels(study: Study, said: str) -> Layer:
    table = tables.vessels(study)
    columns: Columns = {}
    for name in table.columns:
        stem, unit = _unit(str(name))
        columns[str(name)] = (stem.replace("_", " "), unit, f"{stem.replace('_', ' ')} of the vessel")
    text = f"{said}Vessels with the provenance of their particulars, {notes.period(study)[0]}"
    return Layer("vessels", table, "Vessels", text, columns)


def _unit(name: str) -> tuple[str, str]:
    for unit in ("kwh", "kw", "kg", "nm", "kn", "m"):
        if name.endswith(f"_{unit}"):
            return name.removesuffix(f"_{unit}"), {"kwh": "kWh", "kw": "kW"}.get(unit, unit)
    return name, "h" if name.startswith("hours") else ""


def _method(study: Study, said: str) -> Layer:
    table = notes.parameters(study)
    columns: Columns = {"item": ("Item", "", "What is said"), "value": ("Value", "", "Its value or text")}
    return Layer("method", table, "Method", f"{said}Method, parameters and limits of the study", columns)

"""The layers of a study's GeoPackage."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd

from corridor.outputs import calls, grids, notes, tables, unobserved
from corridor.outputs.meanings import value_lists
from corridor.outputs.plain_layers import activity_layer, interval_layer, scenario_layer
from corridor.outputs.rule_layers import rule_layers
from corridor.outputs.vessel_columns import vessel_columns
from corridor.outputs.zones import OTHER_FILL, ZONE_COLUMNS, ZONE_FILL, Columns, own_columns, plain_values
from corridor.reference import table as reference_table
from corridor.study import Study
from corridor.words import ORIGINS
from layers import geometry, styles
from layers.layer import Layer


def study_layers(study: Study) -> list[Layer]:
    """List the layers and tables of ``study.gpkg``, from the grid to the method.

    A published study has no layer of vessels, tracks or holes: it holds no vessel.
    """
    said = study.said
    columns = grids.GRID_COLUMNS | mass_columns()
    zones = _zones(study, said)
    private = [_tracks(study, said), unobserved.layer(study, notes.period(study)[0]), *calls.layer(study)]
    layers = [
        grids.grid_layer(study, columns),
        *grids.port_grids(study, columns),
        *([] if study.published else private),
        zones,
        *_berths(zones, said),
        _ports(said),
        *activity_layer(study),
        _totals(study, said),
        *grids.long_layer(study),
        *([] if study.published else [_vessels(study, said)]),
        *([] if study.published else rule_layers(study, said)),
        *scenario_layer(study),
        interval_layer(study),
        grids.class_breaks(study),
        _method(study, said),
        _sources(study, said),
    ]
    return [replace(layer, values=value_lists(layer.table)) for layer in layers]


def mass_columns() -> Columns:
    """Describe one mass column per pollutant."""
    rows = reference_table("species_names_2026")
    return {
        f"{row.species}_kg": (str(row.symbol), "kg", f"{row.name_en}, tank-to-wake, over the period")
        for row in rows.itertuples()
    }


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
        kind="MultiLineString",
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
        kind="MultiPolygon",
    )


def _berths(zones: Layer, said: str) -> list[Layer]:
    """List berths on their own, to be looked at and joined with calls; nothing where there are none."""
    frame = zones.table[zones.table["kind"] == "berth"].reset_index(drop=True)
    if not len(frame):
        return []
    symbol = ZONE_FILL["berth"][1]
    style = styles.single("Berths", "Berths", symbol)
    text = f"{said}Berths with totals; they are in zones too"
    return [Layer("berths", frame, "Berths", text, zones.columns, style, label="name_en", kind=zones.kind)]


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
        "shore_kwh": ("Shore energy", "kWh", "Auxiliary demand taken from shore"),
        **mass_columns(),
        "measured_share": ("Measured share", "", "Share of the fuel from reports of ships, 0 to 1"),
        "modelled_share": ("Modelled share", "", "Share modelled with a known or inferred engine, 0 to 1"),
        "default_share": ("Default share", "", "Share modelled with the engine of the ship's class, 0 to 1"),
    }
    text = f"{said}Totals by zone system, zone, phase and consumer, {notes.period(study)[0]}"
    return Layer("totals", tables.totals(study)[list(columns)], "Totals", text, columns)


def _vessels(study: Study, said: str) -> Layer:
    table = tables.vessels(study)
    text = f"{said}Vessels with the provenance of their particulars, {notes.period(study)[0]}"
    return Layer("vessels", table, "Vessels", text, vessel_columns([str(name) for name in table]))


def _method(study: Study, said: str) -> Layer:
    table = notes.parameters(study)
    columns: Columns = {"item": ("Item", "", "What is said"), "value": ("Value", "", "Its value or text")}
    return Layer("method", table, "Method", f"{said}Method, parameters and limits of the study", columns)


def _sources(study: Study, said: str) -> Layer:
    table = pd.DataFrame(notes.sources(study), columns=["title", "licence", "used_for"])
    columns: Columns = {
        "title": ("Title", "", "The source"),
        "licence": ("Licence", "", "Under which it may be used"),
        "used_for": ("Used for", "", "What was taken from it"),
    }
    return Layer("sources", table, "Sources", f"{said}Sources of facts, outlines and positions", columns)

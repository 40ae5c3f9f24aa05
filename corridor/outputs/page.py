"""A study as the content of one map page."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

import maps.content as page
from corridor.emissions.phases import PHASES
from corridor.outputs import decisions, notes, two_ports
from corridor.outputs.contributors import contributors
from corridor.outputs.page_masses import (
    breakdowns,
    cells,
    items,
    named,
    scenario_items,
    species_items,
    total_interval,
    withheld,
)
from corridor.outputs.panels import rule_panels
from corridor.reference import table as reference_table
from corridor.study import Study
from corridor.words import ORIGINS, month_name
from layers.geodesy import display_longitude

DRAWN = ("port", "speed", "user")
WEST, EAST = shapely.box(-180, -90, 0, 90), shapely.box(0, -90, 180, 90)
# A straight line longer than this says nothing of where the ship was. [degrees]
WIDEST_DEG = 60.0


def page_data(study: Study, basemap: page.Basemap | None = None) -> page.PageData:
    """Turn a study into what a page shows. [kg, h, nm]."""
    months, told = study.months(), contributors(study)
    shown = breakdowns(study, months)
    return page.PageData(
        title=page.Text(*notes.title(study)),
        period=page.Text(*notes.period(study)),
        species=species_items(),
        months=tuple(month_name(month) for month in months),
        phases=items("phase", PHASES),
        classes=items("class", study.class_names()),
        cells=cells(study, months, told),
        vessels=told.vessels,
        breakdowns=shown,
        scenarios=scenario_items(study),
        panels=(*two_ports.panel(study), *decisions.panels(study), *rule_panels(study)),
        targets=decisions.targets(study),
        zones=_zones(study),
        tracks=_tracks(study),
        ports=_ports(study),
        simulated=study.simulated,
        planned=study.planned,
        interval_level=study.interval_level,
        total_interval_kg=total_interval(study, shown[0]),
        withheld_kg=withheld(study),
        banner=page.Text(*notes.planned_banner()) if study.planned and not study.simulated else None,
        status=tuple(page.Text(*pair) for pair in notes.status(study)),
        method=tuple(page.Text(*pair) for pair in notes.method(study)),
        limits=tuple(page.Text(*pair) for pair in notes.limits()),
        sources=tuple(page.Source(*(page.Text(*pair) for pair in row)) for row in notes.credit_pairs(study)),
        cite=page.Text(notes.cite(study)),
        version=study.manifest["version"],
        first_species="co2",
        basemap=basemap,
    )


def _zones(study: Study) -> tuple[page.Zone, ...]:
    out = []
    for system in study.systems:
        if system.name not in DRAWN:
            continue
        for row in system.zones.itertuples():
            polygons = display_rings(row.geometry)
            if polygons:
                out.append(page.Zone(system.name, row.zone_id, row.kind, polygons))
    return tuple(out)


def display_rings(geometry: shapely.Geometry) -> tuple[tuple[NDArray[np.float64], ...], ...]:
    """Polygons as rings in display longitudes, thinned to what a page can show."""
    # The page begins and ends at Greenwich: what lies west of it goes to its other side.
    west = shapely.transform(shapely.intersection(geometry, WEST), lambda xy: xy + np.array([360.0, 0.0]))
    shown = shapely.GeometryCollection([shapely.intersection(geometry, EAST), west])
    tolerance = 0.0005 if np.ptp(shapely.bounds(geometry).reshape(2, 2)[:, 0]) < 3 else 0.02
    thinned = shapely.get_parts(shapely.get_parts(shapely.simplify(shown, tolerance)))
    polygons = []
    for polygon in thinned[shapely.get_type_id(thinned) == 3]:
        rings = [polygon.exterior, *polygon.interiors]
        polygons.append(tuple(np.asarray(ring.coords, dtype=np.float64)[:, :2] for ring in rings))
    return tuple(polygons)


def _tracks(study: Study) -> tuple[page.Track, ...]:
    """Lines of all ships; they carry the ships' names only where the page may name ships."""
    sailed = [
        page.Track(ORIGINS[line.origin], points, line.vessel_name if study.names == "all" else "")
        for line in study.tracks
        for points in line.display_lines()
    ]
    return (*sailed, *_holes(study))


def _holes(study: Study) -> list[page.Track]:
    """Unobserved holes as straight lines between their ends; one whose ends are one place has none."""
    holes = study.holes()
    ends = holes[["from_lat", "from_lon", "to_lat", "to_lon"]].to_numpy(np.float64)
    lines = []
    for vessel, (lat0, lon0, lat1, lon1) in zip(holes["vessel_id"], ends, strict=True):
        west, east = _east(lon0), _east(lon1)
        name = str(vessel) if study.names == "all" else ""
        if (lat0, west) != (lat1, east) and abs(east - west) < WIDEST_DEG:
            lines.append(page.Track("unobserved", np.array([[west, lat0], [east, lat1]]), name))
    return lines


def _ports(study: Study) -> tuple[page.Port, ...]:
    inventory = next(system.zones for system in study.systems if system.name == "port")
    rows = reference_table("ports_2026").query("on_page == 1").to_dict("records")
    return tuple(
        page.Port(
            row["port"],
            named(row),
            _east(row["lon"]),
            row["lat"],
            _view(row),
            tuple(inventory.loc[inventory["port"] == row["port"], "zone_id"]),
        )
        for row in rows
    )


def _east(lon: float) -> float:
    return float(display_longitude(lon))


def _view(row: Mapping[Any, Any]) -> tuple[float, float, float, float]:
    return _east(row["west"]), row["south"], _east(row["east"]), row["north"]

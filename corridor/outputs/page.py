"""A study as the content of one map page."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

import maps.content as page
from corridor.accounts.ledger import MG_PER_KG, MM_PER_NM, MS_PER_H
from corridor.accounts.totals import mass_table
from corridor.emissions.phases import PHASES
from corridor.outputs import notes, tables
from corridor.reference import rows as reference_rows
from corridor.reference import table as reference_table
from corridor.study import Study
from corridor.words import ORIGINS
from layers.geodesy import display_longitude

# Rule areas follow borders in places: their totals stand in the tables, their outlines are drawn nowhere.
OFF_THE_PAGE = ("jurisdiction", "nox")
DRAWN = ("port", "speed", "user")
WEST, EAST = shapely.box(-180, -90, 0, 90), shapely.box(0, -90, 180, 90)
# A straight line longer than this says nothing of where the ship was. [degrees]
WIDEST_DEG = 60.0
NOTES = {
    "unverified": ("unverified outline", "轮廓未核实"),
    "stand-in": ("outline is a stand-in", "以替代边界表示"),
    "drawn": ("outline drawn for this study", "轮廓为本研究自绘"),
    "coarse": ("coarse outline", "概略轮廓"),
}


def page_data(study: Study, basemap: page.Basemap | None = None) -> page.PageData:
    """Turn a study into what a page shows. [kg, h, nm]."""
    months = study.months()
    species = _species()
    return page.PageData(
        title=page.Text(*notes.TITLE),
        period=page.Text(*notes.period(study)),
        species=species,
        months=tuple(f"{month // 12:04d}-{month % 12 + 1:02d}" for month in months),
        phases=_items("phase", PHASES),
        classes=_items("class", study.class_names()),
        cells=_cells(study, months),
        breakdowns=_breakdowns(study, months),
        zones=_zones(study),
        tracks=_tracks(study),
        ports=_ports(study),
        simulated=study.simulated,
        status=tuple(page.Text(*pair) for pair in notes.status(study)),
        method=tuple(page.Text(*pair) for pair in notes.method(study)),
        limits=tuple(page.Text(*pair) for pair in notes.limits()),
        sources=tuple(page.Source(*row) for row in notes.sources(study)),
        cite=page.Text(notes.cite(study)),
        version=study.manifest["version"],
        file_name="corridor_SIMULATED" if study.simulated else "corridor",
        first_species="co2",
        basemap=basemap,
    )


def _species() -> tuple[page.Species, ...]:
    greenhouse = {"co2", "co2e", "ch4", "n2o"}
    return tuple(
        page.Species(row["species"], row["symbol"], _name(row), greenhouse=row["species"] in greenhouse)
        for row in reference_table("species_names_2026").to_dict("records")
    )


def _name(row: Mapping[Any, Any]) -> page.Text:
    return page.Text(str(row["name_en"]), str(row["name_zh"]))


def _items(kind: str, keys: tuple[str, ...]) -> tuple[page.Item, ...]:
    names = reference_rows("names_2026", kind=kind).set_index("key")
    return tuple(page.Item(key, page.Text(names.name_en[key], names.name_zh[key])) for key in keys)


def _masses(table: pd.DataFrame) -> NDArray[np.float64]:
    """(n_species, n_rows) masses in the page's order of species. [kg]."""
    return np.stack([table[f"{one.key}_kg"].to_numpy(np.float64) for one in _species()])


def _cells(study: Study, months: NDArray[np.int64]) -> page.Cells:
    table = tables.cells(study)
    size = table["east"] - table["west"]
    co2 = study.ledger.cells.assign(co2=study.ledger.cells["co2_mg"] / MG_PER_KG)
    return page.Cells(
        west=np.mod(display_longitude(table["west"].to_numpy()), 360.0),
        south=table["south"].to_numpy(),
        size_deg=size.to_numpy().round(6),
        area_km2=table["area_km2"].to_numpy(),
        mass_kg=_masses(table)[np.newaxis],
        observed_share=table["observed_share"].fillna(1.0).clip(0, 1).to_numpy(),
        phase_share=_shares(co2, "phase", np.arange(len(PHASES)), table["cell_id"], whole=True),
        class_share=_shares(co2, "class", np.arange(len(study.class_names())), table["cell_id"], whole=True),
        month_share=_shares(co2, "month", months, table["cell_id"], whole=False) if len(months) > 1 else None,
    )


def _shares(
    rows: pd.DataFrame, key: str, values: NDArray[np.int64], cells: "pd.Series[int]", *, whole: bool
) -> NDArray[np.uint8]:
    """(n_values, n_cells) shares of CO2 in 1/255ths of the cell, or of its largest value."""
    table = rows.pivot_table(index="cell", columns=key, values="co2", aggfunc="sum", fill_value=0.0)
    wide = table.reindex(index=cells, columns=values, fill_value=0.0).to_numpy(np.float64)
    base = wide.sum(axis=1, keepdims=True) if whole else wide.max(axis=1, keepdims=True)
    shares = np.divide(wide, base, out=np.zeros_like(wide), where=base > 0)
    parts: NDArray[np.uint8] = np.rint(shares.T * 255).astype(np.uint8)
    return parts


def _breakdowns(study: Study, months: NDArray[np.int64]) -> tuple[page.Breakdown, ...]:
    places = study.zone_places()
    out = []
    for place, system in enumerate(study.systems):
        if system.name in OFF_THE_PAGE:
            continue
        items = tuple(
            page.Item(row["zone_id"], _name(row), _note(row.get("verification", "")))
            for row in study.zone_names(place).to_dict("records")
        )
        out.append(_breakdown(study, system.name, "zones", items, places[:, place], months))
    phases = study.ledger.rows["phase"].to_numpy()
    out.append(_breakdown(study, "phase", "phases", _items("phase", PHASES), phases, months))
    out.append(
        _breakdown(
            study, "class", "classes", _items("class", study.class_names()), study.ledger_classes(), months
        )
    )
    return tuple(out)


def _note(verification: object) -> page.Text | None:
    """Say in one word how far an outline can be trusted; the whole remark is in the GeoPackage."""
    remark = str(verification).lower()
    for word, (en, zh) in NOTES.items():
        if remark.startswith(word):
            return page.Text(en, zh)
    return None


def _breakdown(
    study: Study,
    key: str,
    kind: Literal["zones", "phases", "classes"],
    items: tuple[page.Item, ...],
    place: NDArray[np.int64],
    months: NDArray[np.int64],
) -> page.Breakdown:
    rows = study.ledger_rows().drop(columns=["zone", "vessel", "voyage", "phase", "origin", "fuel"])
    rows = rows.assign(place=place, month_place=np.searchsorted(months, rows["month"]))
    table = mass_table(rows, ["place", "month_place"], study.derived)
    sums = (
        rows.groupby(["place", "month_place"])[["hours_ms", "observed_ms", "distance_mm"]].sum().reset_index()
    )
    shape = (len(items), len(months))

    def spread(values: "pd.Series[float]") -> NDArray[np.float64]:
        grid = np.zeros(shape)
        grid[table["place"], table["month_place"]] = values
        return grid

    (named,) = _items("system", (key,))
    return page.Breakdown(
        key=key,
        kind=kind,
        title=named.name,
        rows=items,
        hours=spread(sums["hours_ms"] / MS_PER_H),
        distance_nm=spread(sums["distance_mm"] / MM_PER_NM),
        observed_hours=spread(sums["observed_ms"] / MS_PER_H),
        mass_kg=np.stack([spread(table[f"{one.key}_kg"]) for one in _species()])[np.newaxis],
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
    sailed = [
        page.Track(ORIGINS[line.origin], points, line.vessel_name)
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
        if (lat0, west) != (lat1, east) and abs(east - west) < WIDEST_DEG:
            lines.append(page.Track("unobserved", np.array([[west, lat0], [east, lat1]]), str(vessel)))
    return lines


def _ports(study: Study) -> tuple[page.Port, ...]:
    inventory = next(system.zones for system in study.systems if system.name == "port")
    rows = reference_table("ports_2026").query("on_page == 1").to_dict("records")
    return tuple(
        page.Port(
            row["port"],
            _name(row),
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

"""Tables and layers about the grid: fine port grids, the long table of cells, class breaks."""

import itertools
from collections.abc import Iterator
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.ledger import MG_PER_KG
from corridor.accounts.totals import Derived
from corridor.emissions.phases import PHASES
from corridor.emissions.species import SPECIES
from corridor.outputs import notes, tables
from corridor.outputs.intervals import bound_columns
from corridor.outputs.zones import Columns
from corridor.reference import table as reference_table
from corridor.study import Study
from corridor.words import month_name
from layers import geometry, styles
from layers.layer import Layer
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
CLUSTER_COLUMNS: Columns = {
    "rank": ("Rank", "", "Place in the order of CO2 density, 1 the densest"),
    "cumulative_share": ("Cumulative share", "", "Share of the CO2 in this cell and denser ones, 0 to 1"),
    "gi_z": ("Gi* z", "", "Getis-Ord Gi*: standard score of CO2 density among the eight nearest cells"),
    "gi_hot": ("Cluster", "", "Whether it is a cluster with the false-discovery rate held at 5 %"),
}
SHOWN = (0.05, 0.99)
# A GeoPackage with more rows than this in one table is slow to open; they then go to Parquet only.
MOST_LONG = 500_000
LONG_COLUMNS: Columns = {
    "cell_id": ("Cell", "", "Key of the cell, as in hotspot_grid"),
    "month": ("Month", "", "Calendar month, UTC"),
    "phase": ("Phase", "", "Operating phase"),
    "species": ("Species", "", "Pollutant"),
    "mass_kg": ("Mass", "kg", "Mass emitted in the cell, month and phase, tank-to-wake"),
}
# Follow from masses that the accounts hold, as in every other table.
DERIVED = ("pm25", "dpm", "co2e")


def cell_frame(study: Study, columns: Columns) -> gpd.GeoDataFrame:
    """Cells as polygons with text keys. [h, kg]"""
    table = tables.cells_with_bounds(study)
    shapes = geometry.cell_polygons(table["west"], table["south"], table["east"], table["north"])
    table["cell_id"] = table["cell_id"].map("c{}".format)
    return gpd.GeoDataFrame(table[list(columns)], geometry=shapes, crs=4326)


def _with_bounds(study: Study, columns: Columns) -> Columns:
    """Columns with the bounds of carbon dioxide, where they are known."""
    if study.ledger.pairs.empty:
        return columns
    names = bound_columns(["co2_kg"], study.interval_level)
    level = f"{100 * study.interval_level:g} % interval"
    ends = zip(names, ("lower", "upper"), strict=True)
    return columns | {name: (f"CO2, {end}", "kg", f"CO2, {end} bound of the {level}") for name, end in ends}


def grid_layer(study: Study, columns: Columns) -> Layer:
    """All cells, coarse at sea and fine in the ports: their sum is the study's."""
    said, columns = study.said, _with_bounds(study, columns)
    text = (
        f"{said}Emissions per grid cell, {notes.period(study)[0]}, kg per period; no cell crosses 180 degrees"
    )
    frame = cell_frame(study, columns)
    if study.hotspot_test:
        columns = columns | CLUSTER_COLUMNS
        found = study.hotspots().set_index("cell_id")[list(CLUSTER_COLUMNS)]
        frame = frame.join(found.set_index(found.index.map("c{}".format)), on="cell_id")[
            [*columns, frame.geometry.name]
        ]
    return Layer("hotspot_grid", frame, "Hotspot grid", text, columns, _density_style(frame))


class PortWindow(NamedTuple):
    """Fine cells around ports: key for names of files and layers, names of the ports, which cells."""

    key: str
    names: str
    rows: NDArray[np.bool_]


def port_windows(boxes: NDArray[np.float64], cell_deg: float) -> Iterator[PortWindow]:
    """Fine cells around each port that has any.

    Parameters
    ----------
    boxes : array (4, cells)
        West, south, east, north of all cells. [degrees]
    cell_deg : float
        Side of a coarse cell; fine ones are smaller. [degrees]
    """
    fine = (boxes[2] - boxes[0]) < cell_deg * 0.75
    windows = reference_table("ports_2026").groupby(["west", "south", "east", "north"], sort=False)
    for (west, south, east, north), ports in windows:
        inside = fine & (boxes[0] < east) & (boxes[2] > west) & (boxes[1] < north) & (boxes[3] > south)
        if inside.any():
            yield PortWindow("_".join(ports["port"]).lower(), ", ".join(ports["name_en"]), inside)


def port_grids(study: Study, columns: Columns) -> Iterator[Layer]:
    """Fine cells around each port, a layer each: the same cells as in the hotspot grid, to look at alone."""
    said, columns = study.said, _with_bounds(study, columns)
    frame = cell_frame(study, columns)
    for key, names, inside in port_windows(frame.bounds.to_numpy().T, study.lattice.cell_deg):
        text = f"{said}Fine cells around {names}, {notes.period(study)[0]}, kg; they are in hotspot_grid too"
        part = frame[inside].reset_index(drop=True)
        name = f"port_grid_{key}"[:30].rstrip("_")
        yield Layer(name, part, f"Port grid {names}", text, columns, _density_style(part))


def _edges(density: "pd.Series[float]") -> tuple[float, ...]:
    values = density.to_numpy()
    return class_edges(*np.quantile(values[values > 0], SHOWN)) if (values > 0).any() else (1.0,)


def _density_style(frame: gpd.GeoDataFrame) -> styles.Style:
    edges = _edges(frame["co2_kg_per_km2"])
    ramp = [styles.Symbol("fill", colour, opacity=0.85) for colour in SEQUENTIAL[: len(edges) + 1]]
    return styles.graduated(
        "CO2 density", "CO2 by area", column="co2_kg_per_km2", edges=edges, symbols=ramp, unit="kg/km2"
    )


def long_table(study: Study) -> pd.DataFrame:
    """One row per cell, month, phase and species with mass in it. [kg]

    Beside the species of the accounts stand PM2.5 (by its share of PM10), diesel particulates (PM10 of diesel
    engines, no boilers) and CO2e: they follow from the others, so no two of them may be added up.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    pandas.DataFrame
        cell_id, month, phase, species, mass_kg; the sum of a species is the study's total.
    """
    keys, species = ["cell", "month", "phase"], (*SPECIES, *DERIVED)
    columns = [*(f"{name}_mg" for name in SPECIES), "pm10_diesel_mg"]
    sums = study.ledger.cells[[*keys, *columns]].groupby(keys, as_index=False, sort=True).sum()
    mass_kg = _masses(sums, study.derived)
    place, which = np.nonzero(mass_kg)
    rows = sums.iloc[place]
    months = study.months()
    names = np.array([month_name(month) for month in months], dtype=object)
    return pd.DataFrame(
        {
            "cell_id": rows["cell"].map("c{}".format).to_numpy(),
            "month": names[np.searchsorted(months, rows["month"])],
            "phase": np.array(PHASES, dtype=object)[rows["phase"]],
            "species": np.array(species, dtype=object)[which],
            "mass_kg": mass_kg[place, which],
        }
    )


def _masses(sums: pd.DataFrame, derived: Derived) -> NDArray[np.float64]:
    """(rows, species) masses of the accounts' species, then of those that follow from them. [kg]"""
    of = {name: sums[f"{name}_mg"].to_numpy() / MG_PER_KG for name in SPECIES}
    of["pm25"] = derived.pm25_per_pm10 * of["pm10"]
    of["dpm"] = sums["pm10_diesel_mg"].to_numpy() / MG_PER_KG
    of["co2e"] = of["co2"] + derived.gwp_ch4 * of["ch4"] + derived.gwp_n2o * of["n2o"]
    return np.stack([of[name] for name in (*SPECIES, *DERIVED)], axis=1)


def long_layer(study: Study) -> list[Layer]:
    """List the long table as a layer, or nothing where it is too long for a GeoPackage."""
    table = long_table(study)
    if len(table) > MOST_LONG:
        return []
    text = (
        f"{study.said}Mass by cell, month, phase and species, {notes.period(study)[0]}, kg; join by cell_id. "
        f"dpm is PM10 of diesel engines; pm25 is {study.derived.pm25_per_pm10:g} of pm10; co2e is "
        f"{study.derived.gwp_basis}: they overlap others, add up within one species only"
    )
    return [Layer("cells_long", table, "Cells, long", text, LONG_COLUMNS)]


def class_breaks(study: Study) -> Layer:
    """Classes of every pollutant's density, for programs that read no style from the file. [kg/km2]"""
    table = tables.cells(study)
    rows: list[dict[str, object]] = []
    for name in reference_table("species_names_2026")["species"]:
        edges = _edges(table[f"{name}_kg"] / table["area_km2"])
        bounds = itertools.pairwise([0.0, *edges, np.inf])
        for number, (low, high) in enumerate(bounds):
            top = None if np.isinf(high) else high
            rows.append(
                {
                    "species": name,
                    "class_number": number + 1,
                    "from_kg_per_km2": low,
                    "below_kg_per_km2": top,
                    "colour": SEQUENTIAL[number],
                }
            )
    columns: Columns = {
        "species": ("Species", "", "Pollutant"),
        "class_number": ("Class", "", "1 is the lowest"),
        "from_kg_per_km2": ("From", "kg/km2", "Lower edge, in the class"),
        "below_kg_per_km2": ("Below", "kg/km2", "Upper edge, not in the class; none for the highest"),
        "colour": ("Colour", "", "As the page and the QGIS style draw it"),
    }
    frame = pd.DataFrame(rows).astype({"below_kg_per_km2": "float64"})
    text = (
        f"{study.said}Class edges of the density of each pollutant: mass over the period by area of the cell"
    )
    return Layer("class_breaks", frame, "Class breaks", text, columns)

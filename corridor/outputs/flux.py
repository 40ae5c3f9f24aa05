"""A study on a regular grid: fluxes for models (NetCDF), one density per file for maps (GeoTIFF)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corridor.accounts.ledger import MG_PER_KG
from corridor.emissions.phases import PHASES
from corridor.emissions.species import SPECIES
from corridor.errors import InputError
from corridor.outputs import notes
from corridor.reference import table as reference_table
from corridor.study import Study
from layers import cog, netcdf, styles
from layers.rasters import Grid, Regridding, grid_over, regridding
from maps.palette import SEQUENTIAL, class_edges

M2_PER_KM2 = 1e6
SHOWN = (0.05, 0.99)
LICENCE = "as the positions that went in allow; factors and outlines as listed in the sources"


class Gridded:
    """Masses of a study on a regular grid: by species, month and phase. [kg]

    Parameters
    ----------
    study : Study
        The study.
    cell_deg : float
        Side of a cell; it divides 180 evenly. [degrees]

    Raises
    ------
    InputError
        If the study holds no cell, or no regular grid has this side.
    """

    def __init__(self, study: Study, cell_deg: float = 0.1) -> None:
        self.study = study
        self.months = study.months()
        self._cells, place = np.unique(study.ledger.cells["cell"].to_numpy(), return_inverse=True)
        boxes = study.lattice.cell_bounds(self._cells)
        try:
            self.grid: Grid = grid_over(boxes, cell_deg)
        except ValueError as error:
            raise InputError("no_grid", str(error)) from None
        self._onto: Regridding = regridding(boxes, self.grid)
        rows = study.ledger.cells
        self._slab = np.searchsorted(self.months, rows["month"]) * len(PHASES) + rows["phase"].to_numpy()
        self._place = place

    @cached_property
    def species(self) -> tuple[str, ...]:
        """Species in the accounts, and PM2.5, which follows from PM10."""
        return (*SPECIES, "pm25")

    def slab(self, species: str, month: int, phase: int) -> NDArray[np.float64]:
        """(rows, columns) mass of one month, by its place in `months`, and one phase, by its number. [kg]"""
        return self._spread(species, self._slab == month * len(PHASES) + phase)

    def total(self, species: str) -> NDArray[np.float64]:
        """(rows, columns) mass of all months and phases. [kg]"""
        return self._spread(species, np.ones(len(self._slab), np.bool_))

    def _spread(self, species: str, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        name = "pm10_mg" if species == "pm25" else f"{species}_mg"
        factor = self.study.derived.pm25_per_pm10 if species == "pm25" else 1.0
        # Whole milligrams are summed first: so the grid holds what the ledger holds.
        mg = np.zeros(len(self._cells), np.int64)
        np.add.at(mg, self._place[rows], self.study.ledger.cells[name].to_numpy()[rows])
        return self._onto.spread(mg / MG_PER_KG * factor)


def write_netcdf(study: Study, path: Path, *, cell_deg: float = 0.1) -> Path:
    """Write fluxes per species, month and phase as CF NetCDF. [kg m-2 s-1]

    Means over whole calendar months (UTC), also where the study covers a part of one. Nitrogen oxides are as
    NO2, sulphur oxides as SO2. Hour-of-day profiles and release heights are not in the accounts.

    Parameters
    ----------
    study : Study
        The study.
    path : Path
        File to write.
    cell_deg : float
        Side of a cell: 0.1 is that of EDGAR and CAMS. [degrees]
    """
    gridded = Gridded(study, cell_deg)
    periods = [(_first_of(month), _first_of(month + 1)) for month in gridded.months.tolist()]
    axes = netcdf.Axes(gridded.grid, periods, "phase", PHASES)
    return netcdf.write(path, axes, list(_fluxes(gridded.species)), gridded.slab, _attributes(study))


def _first_of(month: int) -> datetime:
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def _fluxes(species: tuple[str, ...]) -> Iterator[netcdf.Flux]:
    names = reference_table("species_names_2026").set_index("species")["name_en"]
    rows = reference_table("cf_names_2026").fillna("").astype(str).to_dict("records")
    standard = {str(row["species"]): row for row in rows}
    for key in species:
        known = standard.get(key, {})
        told = {"molecule": str(known.get("molecule", "")), "comment": str(known.get("note", ""))}
        yield netcdf.Flux(
            key,
            f"emission flux of {names.get(key, key)} from ships",
            str(known.get("standard_name", "")),
            {name: text for name, text in told.items() if text},
        )


def _attributes(study: Study) -> dict[str, str]:
    said = study.said
    limits = " ".join(en for en, _ in notes.limits())
    sources = "; ".join(title for title, _, _ in notes.sources(study))
    version = study.manifest["version"]
    return {
        "title": f"{said}{notes.TITLE[0]}, {notes.period(study)[0]}",
        "summary": f"{said}Ship emissions, tank-to-wake, as mean fluxes per calendar month (UTC) and phase; "
        "regridded without loss of mass.",
        "institution": "as given by whoever ran the study",
        "source": f"AIS positions, corridor {version}, method {study.manifest['parameters']['method']}",
        "history": f"written by corridor {version} from inputs "
        + ", ".join(str(item["sha256"])[:12] for item in study.manifest["inputs"]),
        "references": sources,
        "comment": "Phases: flag_meanings of the variable phase; their sum is the total. No hour-of-day "
        "profile, no release height and no ensemble members are in this file; ships release through stacks "
        f"above the lowest model layer. {limits}",
        "keywords": "ship emissions, AIS, emission inventory",
        "license": LICENCE,
        "standard_name_vocabulary": "CF Standard Name Table v93",
    }


def write_cogs(study: Study, folder: Path, *, cell_deg: float = 0.1) -> list[Path]:
    """Write one GeoTIFF per species, density over the whole period, each with its QGIS style. [kg km-2]

    Parameters
    ----------
    study : Study
        The study.
    folder : Path
        Where the files go: ``co2_kg_per_km2.tif``, ``co2_kg_per_km2.qml``, …
    cell_deg : float
        Side of a cell. [degrees]
    """
    gridded = Gridded(study, cell_deg)
    tags = {key: text for key, text in _attributes(study).items() if key in {"title", "source", "history"}}
    names = reference_table("species_names_2026").set_index("species")
    written = []
    for key in gridded.species:
        density = gridded.total(key) / (gridded.grid.area_m2 / M2_PER_KM2)
        title = str(names["name_en"].get(key, key))
        band = cog.Band(f"{key}_kg_per_km2", f"{title}, {notes.period(study)[0]}", "kg km-2")
        held = density[density > 0]
        edges = class_edges(*np.quantile(held, SHOWN)) if len(held) else (1.0,)
        qml = styles.raster_qml(edges, SEQUENTIAL[: len(edges) + 1], unit="kg/km2")
        path = folder / f"{band.name}.tif"
        written += [
            cog.write(path, gridded.grid, density, band, tags=tags, qml=qml),
            path.with_suffix(".qml"),
        ]
    return written

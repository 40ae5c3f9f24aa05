"""A study on a regular grid as fluxes for models: NetCDF by species, month and group of sources."""

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
from layers import netcdf
from layers.rasters import Grid, Regridding, grid_over, regridding

LICENCE = "as the positions that went in allow; factors and outlines as listed in the sources"
# Groups of sources that every cell knows; which engine burnt the fuel is known by zone, not by cell.
GROUPS = ("phase", "class", "total")
PARTS_OF_MONTHS = "A month that the study covers in part is divided by all seconds of the month."


class Gridded:
    """Masses of a study on a regular grid: by species, month and group of sources. [kg]

    Parameters
    ----------
    study : Study
        The study.
    cell_deg : float
        Side of a cell; it divides 180 evenly. [degrees]
    group : str
        One of `GROUPS`.

    Raises
    ------
    InputError
        If the study holds no cell, no regular grid has this side, or the group is unknown.
    """

    def __init__(self, study: Study, cell_deg: float = 0.1, group: str = "total") -> None:
        self.study = study
        self.months = study.months()
        self.group = group
        self.cells, self._place = np.unique(study.ledger.cells["cell"].to_numpy(), return_inverse=True)
        boxes = study.lattice.cell_bounds(self.cells)
        try:
            self.grid: Grid = grid_over(boxes, cell_deg)
        except ValueError as error:
            raise InputError("no_grid", str(error)) from None
        self._onto: Regridding = regridding(boxes, self.grid)
        self.groups, number = self._grouped()
        month = np.searchsorted(self.months, study.ledger.cells["month"])
        self._slab = month * len(self.groups) + number

    def _grouped(self) -> tuple[tuple[str, ...], NDArray[np.int64]]:
        """Names of the groups, and the group of each row of the cells."""
        rows = self.study.ledger.cells
        if self.group == "phase":
            return PHASES, rows["phase"].to_numpy(np.int64)
        if self.group == "class":
            found, number = np.unique(rows["class"].to_numpy(np.int64), return_inverse=True)
            names = self.study.class_names()
            return tuple(names[place] for place in found), number.astype(np.int64)
        if self.group == "total":
            return ("total",), np.zeros(len(rows), np.int64)
        raise unknown_group(self.group)

    @cached_property
    def species(self) -> tuple[str, ...]:
        """Species in the accounts, and PM2.5, which follows from PM10."""
        return (*SPECIES, "pm25")

    def slab(self, species: str, month: int, group: int) -> NDArray[np.float64]:
        """(rows, columns) mass of one month, by its place in `months`, and one group, by its number. [kg]"""
        return self._spread(species, self._slab == month * len(self.groups) + group)

    def total(self, species: str) -> NDArray[np.float64]:
        """(rows, columns) mass of all months and groups. [kg]"""
        return self._spread(species, np.ones(len(self._slab), np.bool_))

    def spread(self, cells_kg: NDArray[np.float64]) -> NDArray[np.float64]:
        """(rows, columns) mass from one of each of `cells`. [kg]"""
        return self._onto.spread(cells_kg)

    def cell_masses(self, species: str) -> NDArray[np.float64]:
        """Mass of each of `cells` in all months and groups. [kg]"""
        return self._masses(species, np.ones(len(self._slab), np.bool_))

    def _spread(self, species: str, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        return self.spread(self._masses(species, rows))

    def _masses(self, species: str, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        name = "pm10_mg" if species == "pm25" else f"{species}_mg"
        factor = self.study.derived.pm25_per_pm10 if species == "pm25" else 1.0
        # Whole milligrams are summed first: so the grid holds what the ledger holds.
        mg = np.zeros(len(self.cells), np.int64)
        np.add.at(mg, self._place[rows], self.study.ledger.cells[name].to_numpy()[rows])
        return mg / MG_PER_KG * factor


def unknown_group(group: str) -> InputError:
    """Return the refusal of groups that no cell knows.

    >>> str(unknown_group("engine"))
    "found group 'engine'; expected one of phase, class, total; choose one [unknown_group]"
    """
    known = ", ".join(GROUPS)
    return InputError("unknown_group", f"found group '{group}'; expected one of {known}; choose one")


def write_netcdf(study: Study, path: Path, *, cell_deg: float = 0.1, group: str = "phase") -> Path:
    """Write fluxes per species, month and group of sources as CF NetCDF. [kg m-2 s-1]

    Means over whole calendar months (UTC), also where the study covers a part of one. Nitrogen oxides are as
    NO2, sulphur oxides as SO2.

    Parameters
    ----------
    study : Study
        The study.
    path : Path
        File to write.
    cell_deg : float
        Side of a cell: 0.1 is that of EDGAR and CAMS. [degrees]
    group : str
        ``phase`` of operation, ship ``class``, or ``total``: no groups.
    """
    gridded = Gridded(study, cell_deg, group)
    parted = group != "total"
    axes = netcdf.Axes(
        gridded.grid,
        periods(study),
        {"phase": "phase", "class": "ship_class"}.get(group, ""),
        gridded.groups if parted else 1,
    )
    summary = "Ship emissions, tank-to-wake, as mean fluxes per calendar month (UTC)"
    of = f" and {group if group == 'phase' else 'ship class'}" if parted else ""
    told = attributes(
        study, f"{summary}{of}; what the study tells by cell is regridded without loss of mass."
    )
    if parted:
        groups = f"Groups: flag_meanings of the variable {axes.group}; their sum is the total."
        told["comment"] = f"{told['comment']} {groups}"
    told["comment"] = f"{told['comment']} {PARTS_OF_MONTHS}"
    return netcdf.write(path, axes, list(fluxes(gridded.species)), gridded.slab, told)


def periods(study: Study) -> list[tuple[datetime, datetime]]:
    """First instant of each month of the study, and of the month after it. [UTC]"""
    return [(_first_of(month), _first_of(month + 1)) for month in study.months().tolist()]


def _first_of(month: int) -> datetime:
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def fluxes(species: tuple[str, ...]) -> Iterator[netcdf.Flux]:
    """Variables of species, with the standard name where there is one, and the molecule."""
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


def attributes(study: Study, summary: str) -> dict[str, str]:
    """Attributes of a file for models: title, provenance, limits, what is known of the release height."""
    said = study.said
    limits = " ".join(en for en, _ in notes.limits())
    sources = "; ".join(title for title, _, _ in notes.sources(study))
    version = study.manifest["version"]
    return {
        "title": f"{said}{notes.TITLE[0]}, {notes.period(study)[0]}",
        "summary": f"{said}{summary}",
        "institution": "as given by whoever ran the study",
        "source": f"AIS positions, corridor {version}, method {study.manifest['parameters']['method']}",
        "history": f"written by corridor {version} from inputs "
        + ", ".join(str(item["sha256"])[:12] for item in study.manifest["inputs"]),
        "references": sources,
        "comment": f"{incomplete(study)}Which engine burnt the fuel is known by zone, not by cell. {limits}",
        "release_height_note": release_height(),
        "keywords": "ship emissions, AIS, emission inventory",
        "license": LICENCE,
        "standard_name_vocabulary": "CF Standard Name Table v93",
    }


def incomplete(study: Study) -> str:
    """Return what no reader of a published study's cells may miss; nothing where every cell is told."""
    told = notes.withheld(study)
    if told["gone"] in {"", "0"}:
        return ""
    return (
        f"NOT COMPLETE: {told['gone']} cells of fewer than {told['least']} ships, {told['gone_share']} % of "
        "CO2, are left out. "
    )


def release_height() -> str:
    """Say what is known of the height at which ships release: it is in no number here.

    >>> release_height()[:54]
    'Column totals: the fluxes have no height. Stacks of oc'
    """
    facts = reference_table("release_height_2026").set_index("item")
    stack, layer = facts.loc["stack_height"], facts.loc["layer_chosen"]
    return (
        f"Column totals: the fluxes have no height. Stacks of ocean-going ships are {stack['low']:g} to "
        f"{stack['high']:g} m high ({stack['source']}); with their plume rise that inventory put them into "
        f"the layer from {layer['low']:g} to {layer['high']:g} m. No height by class or funnel is "
        "known; choose the layer in the model."
    )

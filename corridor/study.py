"""A computed study, and what can be asked of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor import engine
from corridor.accounts.ledger import Ledger
from corridor.accounts.totals import Derived, mass_table
from corridor.emissions.inference import ship_types
from corridor.emissions.phases import PHASES
from corridor.emissions.rules import FUELS
from corridor.holes import hole_table
from corridor.tracks.lines import Line
from corridor.words import ORIGINS
from layers.lattice import Lattice
from layers.zones import ZoneSystem, decode

if TYPE_CHECKING:
    import folium

    from corridor.explain import Explanation
    from corridor.outputs.folder import Written
    from maps.content import Basemap


@dataclass(frozen=True, kw_only=True)
class Study:
    """A computed study: the ledger every total comes from, and what is needed to read it.

    Attributes
    ----------
    ledger : Ledger
        Integer accounts by vessel, voyage, zone, month, phase, origin and fuel; and by cell.
    vessels : pandas.DataFrame
        One row per vessel number of the ledger: particulars and their provenance.
    systems : tuple of ZoneSystem
        The zone systems, in the order of the zone code.
    tracks : tuple of Line
        Thinned tracks, for pages and layers.
    unobserved : pandas.DataFrame
        Gaps that were not filled: vessel, times, places, reason.
    input_report : pandas.DataFrame
        Rows dropped or changed: file, line, reason.
    manifest : dict
        What ``run.json`` says: version, parameters, hashes, row balance, totals, mass balance, warnings.
    """

    ledger: Ledger
    vessels: pd.DataFrame
    systems: tuple[ZoneSystem, ...]
    lattice: Lattice
    derived: Derived
    tracks: tuple[Line, ...]
    unobserved: pd.DataFrame
    input_report: pd.DataFrame
    manifest: dict[str, Any]
    timings_s: dict[str, float]
    pieces: Path | None
    simulated: bool
    first_ms: int
    source: engine.Source

    @cached_property
    def _coded_rows(self) -> pd.DataFrame:
        return with_engine_kind(self.ledger, self.vessels)

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        return decode(self.ledger.rows["zone"].to_numpy(), [len(system.zone_ids) for system in self.systems])

    def ledger_rows(self) -> pd.DataFrame:
        """Ledger rows with ``main_diesel``, whether the vessel's main engine is a diesel."""
        return self._coded_rows

    def ledger_classes(self) -> NDArray[np.int64]:
        """Ship class number of each ledger row, an index into `class_names`."""
        order = {name: place for place, name in enumerate(self.class_names())}
        number = np.asarray(self.vessels["ship_class"].map(order), np.int64)
        classes: NDArray[np.int64] = number[self.ledger.rows["vessel"].to_numpy()]
        return classes

    def class_names(self) -> tuple[str, ...]:
        """Ship classes, in the order of the class number of the cells."""
        return ship_types()

    def zone_places(self) -> NDArray[np.int64]:
        """(n_rows, n_systems) row of each system's zone table; 0 is the remainder."""
        return self._places

    def zone_names(self, place: int) -> pd.DataFrame:
        """Zones of one system, the remainder first: zone_id, name_en, name_zh, kind and attributes."""
        table = self.systems[place].table()
        text = table.select_dtypes(include=["object", "string"]).columns
        return table.assign(**{name: table[name].fillna("") for name in text})

    def months(self) -> NDArray[np.int64]:
        """Months with hours in them, as year * 12 + month - 1, ascending; else that of the first fix."""
        found = np.unique(self.ledger.rows["month"].to_numpy(np.int64))
        first = pd.Timestamp(self.first_ms, unit="ms")
        return found if len(found) else np.array([first.year * 12 + first.month - 1], np.int64)

    def totals(self, by: Sequence[str] = ("phase",)) -> pd.DataFrame:
        """Hours, distance, fuel and masses by ledger keys or zone systems. [h, nm, kg].

        Parameters
        ----------
        by : sequence of str
            Any of ``vessel``, ``voyage``, ``month``, ``phase``, ``origin``, ``fuel`` and the names of the
            zone systems; ``zone`` stands for the port inventory.

        Raises
        ------
        ValueError
            If a key is unknown; the message names the known ones.
        """
        rows = self.ledger_rows()
        names = [system.name for system in self.systems]
        keys = ["port" if key == "zone" else key for key in by]
        known = ("vessel", "voyage", "month", "phase", "origin", "fuel", *names)
        for key in keys:
            if key not in known:
                raise ValueError(f"key {key!r} is unknown; known: {', '.join(known)}")
        places = {name: self._places[:, place] for place, name in enumerate(names) if name in keys}
        table = mass_table(rows.drop(columns="zone").assign(**places), keys, self.derived)
        for place, name in enumerate(names):
            if name in keys:
                table[name] = self.zone_names(place)["zone_id"].to_numpy()[table[name]]
        return self._named(table)

    def _named(self, table: pd.DataFrame) -> pd.DataFrame:
        labels = {"phase": PHASES, "origin": ORIGINS, "fuel": FUELS}
        for key in table.columns.intersection(list(labels)):
            table[key] = np.array(labels[key], dtype=object)[table[key]]
        if "vessel" in table:
            table["vessel"] = self.vessels["vessel_id"].to_numpy()[table["vessel"]]
        return table

    def holes(self) -> pd.DataFrame:
        """One row per hole that stays unobserved: vessel, times, places, reason, waters. [h, degrees]."""
        return hole_table(self.unobserved, self.systems)

    def cells(self, species: str = "co2") -> pd.DataFrame:
        """One row per cell with bounds, area, hours and the mass of one species. [degrees, km2, h, kg]."""
        from corridor.outputs import tables

        table = tables.cells(self)
        column = species if species.endswith("_kg") else f"{species}_kg"
        if column not in table:
            known = [str(name) for name in table if str(name).endswith("_kg")]
            raise ValueError(f"species {species!r} is unknown; known: {', '.join(known)}")
        return table[
            ["cell_id", "west", "south", "east", "north", "area_km2", "hours", "observed_share", column]
        ]

    def explore(self) -> folium.Map:
        """Return the study's map as a `folium.Map`, for notebooks."""
        from corridor.outputs.page import page_data
        from maps.page import build

        return build(page_data(self))

    def to_folder(
        self, out: str | Path, *, overwrite: bool = False, basemap: Basemap | None = None
    ) -> Written:
        """Write map, GeoPackage, tables and manifest into a folder, whole or not at all.

        Parameters
        ----------
        out : path
            The folder.
        overwrite : bool
            Whether a folder that holds something may be written over.
        basemap : maps.content.Basemap, optional
            An approved base map of your own: tiles that the reader may switch on, and the line that
            credits it, with its number.

        Raises
        ------
        OutputError
            If the folder holds something and ``overwrite`` is false, or cannot be written.
        """
        from corridor.outputs.folder import write

        return write(self, Path(out), overwrite=overwrite, basemap=basemap)

    def explain(self, vessel: str, time: datetime | str) -> Explanation:
        """Every step from reports to masses for one piece: numbers, units, sources.

        Parameters
        ----------
        vessel : str
            Id of the vessel, or its IMO number or MMSI.
        time : datetime or str
            An instant in the piece; UTC where it names no zone.
        """
        from corridor.explain import explain

        return explain(self.source, vessel, time)

    def _repr_html_(self) -> str:
        table = self.totals(by=["phase"])[["phase", "hours", "distance_nm", "fuel_kg", "co2_kg", "nox_kg"]]
        html: str = table.round(1).to_html(index=False)
        return html


def with_engine_kind(ledger: Ledger, vessels: pd.DataFrame) -> pd.DataFrame:
    """Ledger rows with ``main_diesel``: whether the vessel's main engine is a diesel."""
    diesel = vessels["main_diesel"].to_numpy(dtype=bool)
    return ledger.rows.assign(main_diesel=diesel[ledger.rows["vessel"].to_numpy()])

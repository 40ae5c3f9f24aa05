"""A computed study, and what can be asked of it."""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from corridor.accounts.targets import Target
from corridor.errors import InputError
from corridor.holes import hole_table
from corridor.plan import Source
from corridor.tracks.lines import Line
from corridor.worlds import Worlds

if TYPE_CHECKING:
    import folium

    from corridor.explain import Explanation
    from corridor.outputs.folder import Written
    from maps.content import Basemap


# How a page may call the ships of a cell, the usual way first.
NAMES = ("class", "all", "none")


@dataclass(frozen=True, kw_only=True)
class Study(Worlds):
    """A computed study: the ledger every total comes from, and what is needed to read it.

    Totals and cells are asked of its `corridor.sums.Sums`, scenarios and intervals of its
    `corridor.worlds.Worlds`: both are part of it.

    Attributes
    ----------
    tracks : tuple of Line
        Thinned tracks, for pages and layers.
    unobserved : pandas.DataFrame
        Gaps that were not filled: vessel, times, places, reason.
    input_report : pandas.DataFrame
        Rows dropped or changed: file, line, reason.
    calls, journeys : pandas.DataFrame, optional
        Port calls, and journeys between the two ends of the corridor; see `corridor.tracks.calls`.
    reconciled : pandas.DataFrame, optional
        A list of calls against them.
    voyages : pandas.DataFrame, optional
        Ports called at before and after each voyage of the ledger.
    visits : pandas.DataFrame, optional
        Visits to berths with what controls their engines.
    shore_log, transits, reports : pandas.DataFrame, optional
        The shore-power log laid over the visits; transits near Point Fermin; reports of measured fuel.
    """

    tracks: tuple[Line, ...]
    unobserved: pd.DataFrame
    input_report: pd.DataFrame
    timings_s: dict[str, float]
    simulated: bool
    source: Source | None
    calls: pd.DataFrame | None = None
    journeys: pd.DataFrame | None = None
    reconciled: pd.DataFrame | None = None
    voyages: pd.DataFrame | None = None
    visits: pd.DataFrame | None = None
    shore_log: pd.DataFrame | None = None
    transits: pd.DataFrame | None = None
    reports: pd.DataFrame | None = None

    @cached_property
    def answers(self) -> dict[Hashable, Any]:
        """What was asked already and is kept, by question; see `corridor.kept`."""
        return {}

    @property
    def published(self) -> bool:
        """Whether the study was made to be passed on: groups of ships instead of vessels."""
        return bool(self.manifest.get("published", False))

    @property
    def planned(self) -> bool:
        """Whether the voyages are planned: no ship sailed them."""
        return bool(self.manifest["parameters"].get("planned"))

    @property
    def said(self) -> str:
        """What stands before titles where no ship sailed the voyages."""
        return "SIMULATED data. " if self.simulated else "PLANNED voyages. " if self.planned else ""

    @property
    def names(self) -> str:
        """How pages call the ships of a cell: by ``class``, by name (``all``), or not at all (``none``)."""
        return str(self.manifest["parameters"].get("names", NAMES[0]))

    @property
    def targets(self) -> tuple[Target, ...]:
        """Targets that the study is held against."""
        listed = self.manifest["parameters"].get("targets", [])
        return tuple(Target.model_validate_json(json.dumps(one)) for one in listed)

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

    def hotspots(self, species: str = "co2", *, test: bool | None = None) -> pd.DataFrame:
        """Cells by density with rank, share and what makes them; see `corridor.outputs.hotspots.hotspots`.

        Parameters
        ----------
        species : str
            A species of the cells.
        test : bool, optional
            Whether to test for clusters, which needs the extra ``hotspots``; as the study was run by default.
        """
        from corridor.outputs.hotspots import hotspots

        if (species, test) == ("co2", None):
            return self._densest.copy()
        return hotspots(self, species, test=test)

    @property
    def hotspot_test(self) -> bool:
        """Whether the study was asked to test hotspots for clusters."""
        return bool(self.manifest["parameters"].get("hotspot_test"))

    @cached_property
    def _densest(self) -> pd.DataFrame:
        from corridor.outputs.hotspots import hotspots

        return hotspots(self)

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

    def export(
        self, out: str | Path, formats: Sequence[str], *, overwrite: bool = False, **settings: Any
    ) -> list[Path]:
        """Write the study in formats of other programs; see `corridor.outputs.export.export`.

        Parameters
        ----------
        out : path
            A folder for the files.
        formats : sequence of str
            Any of ``geoparquet``, ``gpkg``, ``pieces``, ``netcdf``, ``cog``, ``xlsx``, ``csv``, ``report``,
            ``zip``.
        overwrite : bool
            Whether a folder that holds something may be written over.
        **settings
            What formats ask: ``cell_deg``, ``bom``, ``group``, ``members``, as
            `corridor.outputs.export.Settings` has them.

        Raises
        ------
        InputError
            If a format is unknown, or needs a package that is not installed.
        OutputError
            If the folder cannot be written.
        """
        from corridor.outputs.export import Settings, export

        return export(self, out, formats, settings=Settings(**settings), overwrite=overwrite)

    def explain(self, vessel: str, time: datetime | str) -> Explanation:
        """Every step from reports to masses for one piece: numbers, units, sources.

        Parameters
        ----------
        vessel : str
            Id of the vessel, or its IMO number or MMSI.
        time : datetime or str
            An instant in the piece; UTC where it names no zone.

        Raises
        ------
        InputError
            If the study was opened from its folder, which holds no positions; or there is no such piece.
        """
        from corridor.explain import explain

        if self.source is None:
            raise InputError(
                "no_positions",
                "found a study opened from its folder, without positions; expected one just run; "
                "run it again from its inputs and ask that one",
            )
        return explain(self.source, vessel, time)

    def _repr_html_(self) -> str:
        table = self.totals(by=["phase"])[["phase", "hours", "distance_nm", "fuel_kg", "co2_kg", "nox_kg"]]
        html: str = table.round(1).to_html(index=False)
        return html

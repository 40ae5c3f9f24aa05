"""A computed study, and what can be asked of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.cell_spreads import cell_spreads
from corridor.accounts.ledger import Ledger, complete
from corridor.accounts.scenarios import Alternative
from corridor.accounts.shore_use import countries, shore_use
from corridor.accounts.spreads import Spread
from corridor.accounts.targets import Target
from corridor.accounts.totals import Derived, derived_factors, mass_table
from corridor.accounts.uncertainty import MEMBERS, Ensemble, Errors, Members, ensemble, error_model
from corridor.accounts.unknowns import blanked, unestimated
from corridor.accounts.wake import boundary_named, with_upstream
from corridor.emissions.at_berth import CASES
from corridor.emissions.bunkers import OIL_KINDS, fuel_named
from corridor.emissions.fuels import FUELS
from corridor.emissions.inference import ship_types
from corridor.emissions.phases import PHASES
from corridor.errors import InputError
from corridor.holes import hole_table
from corridor.plan import Source
from corridor.tracks.lines import Line
from corridor.words import ORIGINS
from layers.lattice import Lattice
from layers.zones import ZoneSystem, decode

if TYPE_CHECKING:
    import folium

    from corridor.explain import Explanation
    from corridor.outputs.folder import Written
    from maps.content import Basemap


# Of intervals where nothing else is asked for.
LEVEL = 0.9
# How a page may call the ships of a cell, the usual way first.
NAMES = ("class", "all", "none")


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
    calls, journeys : pandas.DataFrame, optional
        Port calls, and journeys between the two ends of the corridor; see `corridor.tracks.calls`.
    reconciled : pandas.DataFrame, optional
        A list of calls against them.
    voyages : pandas.DataFrame, optional
        Ports called at before and after each voyage of the ledger.
    manifest : dict
        What ``run.json`` says: version, parameters, hashes, row balance, totals, mass balance, warnings.
    visits, use_ends : pandas.DataFrame, optional
        Visits to berths with what controls their engines; and what low and high use of those controls add
        to the ledger.
    shore_log, transits, reports : pandas.DataFrame, optional
        The shore-power log laid over the visits; transits near Point Fermin; reports of measured fuel.
    baseline_errors : Errors, optional
        Of an alternative: what may be wrong with its baseline, and so with it.
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
    source: Source | None
    calls: pd.DataFrame | None = None
    journeys: pd.DataFrame | None = None
    reconciled: pd.DataFrame | None = None
    voyages: pd.DataFrame | None = None
    alternatives: Mapping[str, Alternative] = field(default_factory=dict)
    visits: pd.DataFrame | None = None
    use_ends: pd.DataFrame | None = None
    shore_log: pd.DataFrame | None = None
    transits: pd.DataFrame | None = None
    reports: pd.DataFrame | None = None
    baseline_errors: Errors | None = None

    @cached_property
    def _coded_rows(self) -> pd.DataFrame:
        return with_engine_kind(self.ledger, self.vessels)

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        return decode(self.ledger.rows["zone"].to_numpy(), [len(system.zone_ids) for system in self.systems])

    def rows_at_use(self, use: str) -> Ledger:
        """Accounts at ``low``, ``central`` or ``high`` use of controls at berth, where it is unknown.

        Raises
        ------
        ValueError
            If the word is none of the three.
        """
        if use not in CASES:
            raise ValueError(f"use {use!r} is unknown; known: {', '.join(CASES)}")
        if use == "central" or self.use_ends is None or self.use_ends.empty:
            return self.ledger
        more = complete(self.use_ends[self.use_ends["case"] == use].drop(columns="case"))
        return Ledger(
            pd.concat([self.ledger.rows, more], ignore_index=True), self.ledger.cells, self.ledger.pairs
        )

    def places_of(self, ledger: Ledger) -> NDArray[np.int64]:
        """(n_rows, n_systems) row of each system's zone table of some accounts."""
        zones = ledger.rows["zone"].to_numpy(np.int64)
        return decode(zones, [len(system.zone_ids) for system in self.systems])

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

    def ledger_rows(self) -> pd.DataFrame:
        """Ledger rows with ``main_diesel`` and ``aux_diesel``: whether particulates are of diesel engines."""
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

    def totals(
        self, by: Sequence[str] = ("phase",), *, gwp: str | None = None, boundary: str = "ttw"
    ) -> pd.DataFrame:
        """Hours, distance, fuel and masses by ledger keys or zone systems. [h, nm, kg].

        Boundary and potentials are said in ``attrs`` of the table. Nothing is computed anew: they are weights
        on the accounts.

        Parameters
        ----------
        by : sequence of str
            Any of ``vessel``, ``voyage``, ``month``, ``phase``, ``origin``, ``fuel`` and the names of the
            zone systems; ``zone`` stands for the port inventory.
        gwp : str, optional
            ar4, ar5 or ar6; as the study was run by default.
        boundary : str
            ``ttw``, tank-to-wake: what left the funnel. ``wtw`` adds ``wtt_co2e_kg``, ``wtw_co2e_kg`` and
            ``co2_renewable_kg``, carbon from the air that is in ``co2_kg``.

        Raises
        ------
        ValueError
            If a key, the potentials or the boundary are unknown; the message names the known ones.
        """
        derived = self.derived if gwp is None else derived_factors(gwp)
        words = boundary_named(boundary)
        rows = self.ledger_rows() if boundary == "ttw" else self.upstream_rows()
        keys, places = self._keys(by)
        table = mass_table(rows.drop(columns="zone").assign(**places), keys, derived)
        table = blanked(table, self.ledger, self.manifest.get("not_estimated", []))
        table.attrs = {"boundary": words, "gwp_basis": derived.gwp_basis}
        for place, system in enumerate(self.systems):
            if system.name in keys:
                table[system.name] = self.zone_names(place)["zone_id"].to_numpy()[table[system.name]]
        return self._named(table)

    def _keys(self, by: Sequence[str]) -> tuple[list[str], dict[str, NDArray[np.int64]]]:
        """Keys by their names in tables, and the columns of those that are zone systems."""
        names = [system.name for system in self.systems]
        keys = ["port" if key == "zone" else key for key in by]
        known = ("vessel", "voyage", "month", "phase", "origin", "fuel", *names)
        for key in keys:
            if key not in known:
                raise ValueError(f"key {key!r} is unknown; known: {', '.join(known)}")
        return keys, {name: self._places[:, place] for place, name in enumerate(names) if name in keys}

    @property
    def names(self) -> str:
        """How pages call the ships of a cell: by ``class``, by name (``all``), or not at all (``none``)."""
        return str(self.manifest["parameters"].get("names", NAMES[0]))

    @property
    def interval_level(self) -> float:
        """Share of the worlds that the study's intervals hold, 0.9 unless it was run otherwise. [0–1]"""
        return float(self.manifest["parameters"].get("interval_level", LEVEL))

    @cached_property
    def errors(self) -> Errors:
        """What may be wrong with the study's ships, factors and assumptions."""
        if self.baseline_errors is not None:
            return self.baseline_errors
        ends = self.use_ends
        use = None if ends is None or ends.empty else shore_use(ends, self.ledger.rows, self._countries(ends))
        return error_model(self.vessels, use)

    def _countries(self, rows: pd.DataFrame) -> NDArray[np.int64]:
        """Number of the country of each row's port: plugs are used there alike."""
        place = next(place for place, system in enumerate(self.systems) if system.name == "port")
        codes = rows["zone"].to_numpy(np.int64)
        zone = decode(codes, [len(system.zone_ids) for system in self.systems])[:, place]
        return countries(self.zone_names(place)["port"].to_numpy(dtype=str)[zone])

    @cached_property
    def cell_spread(self) -> Spread | None:
        """Where each cell's carbon dioxide may lie, by cell; None where nobody knows whose it is."""
        cells, pairs = self.ledger.cells, self.ledger.pairs
        if pairs.empty or cells.empty:
            return None
        found = cell_spreads(self.errors, self.ledger_rows(), cells, pairs)
        return Spread(found["centre"].to_numpy(), found["sigma"].to_numpy())

    def worlds(self, n: int = MEMBERS, seed: int = 0) -> Ensemble:
        """Return worlds in which everything that may be wrong is wrong by some draw; see `members`."""
        return ensemble(self.ledger_rows(), self.errors, n, seed)

    def members(
        self, by: Sequence[str] = (), species: str = "co2", n: int = MEMBERS, seed: int = 0
    ) -> NDArray[np.float64]:
        """Mass of a species in each of ``n`` worlds: (rows of ``totals(by)``, n). [kg]

        Errors that ships, zones or scenarios share are the same in each column; so sums, differences and
        ratios of rows have the right intervals.

        Parameters
        ----------
        by : sequence of str
            As in `totals`; none for the whole study, which is one row.
        species : str
            Species, or ``fuel``.
        n, seed : int
            Worlds; equal seeds give equal ones.

        Raises
        ------
        ValueError
            If a key is unknown; the message names the known ones.
        KeyError
            If the species is unknown.
        """
        rows = self.ledger_rows()
        keys, places = self._keys(by)
        group, groups = np.zeros(len(rows), np.int64), 1
        if keys:
            table = np.stack([np.asarray(places.get(key, rows.get(key)), np.int64) for key in keys], axis=1)
            found, group = np.unique(table, axis=0, return_inverse=True)
            group, groups = group.ravel(), len(found)
        return Members(self.worlds(n, seed), rows, group, groups, self.derived).of(species)

    def upstream_rows(self) -> pd.DataFrame:
        """Ledger rows with ``wtt_co2e_mg`` and ``co2_renewable_mg``: what their fuel emitted upstream."""
        return self._upstream

    @cached_property
    def _upstream(self) -> pd.DataFrame:
        engines = self.vessels["engine_type"].to_numpy(dtype=str)[self.ledger.rows["vessel"].to_numpy()]
        return with_upstream(self.ledger_rows(), engines, self.method_tables)

    @property
    def method_tables(self) -> str:
        """Whose tables the study was computed with: imo4, epa2022 or icct."""
        return str(self.manifest["parameters"]["method_tables"])

    def not_estimated(self) -> pd.DataFrame:
        """What has no known factor and is in no total: species, consumer, fuel, reason, how much. [h, kg].

        An unknown is not zero: ``hours`` and ``fuel_kg`` are those to which a factor is missing.
        """
        return unestimated(self.ledger, self.vessels, self.method_tables)

    def _named(self, table: pd.DataFrame) -> pd.DataFrame:
        labels = {"phase": PHASES, "origin": ORIGINS, "fuel": FUELS}
        for key in table.columns.intersection(list(labels)):
            table[key] = np.array(labels[key], dtype=object)[table[key]]
        if "vessel" in table:
            table["vessel"] = self.vessels["vessel_id"].to_numpy()[table["vessel"]]
        return table

    def alternative(self, key: str) -> Study:
        """Return the study as a scenario has it: the same ships, zones and cells, other accounts.

        Raises
        ------
        InputError
            If the study has no such scenario; the message names those it has.
        """
        if key not in self.alternatives:
            known = ", ".join(self.alternatives) or "none"
            raise InputError("unknown_scenario", f"found no scenario '{key}' in the study; it has: {known}")
        return self._sides[key]

    @cached_property
    def _sides(self) -> dict[str, Study]:
        bare: dict[str, Any] = {"alternatives": {}, "pieces": None, "baseline_errors": self.errors}
        return {key: replace(self, ledger=one.ledger, **bare) for key, one in self.alternatives.items()}

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

    def export(self, out: str | Path, formats: Sequence[str], *, overwrite: bool = False) -> list[Path]:
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

        Raises
        ------
        InputError
            If a format is unknown, or needs a package that is not installed.
        OutputError
            If the folder cannot be written.
        """
        from corridor.outputs.export import export

        return export(self, out, formats, overwrite=overwrite)

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


def with_engine_kind(ledger: Ledger, vessels: pd.DataFrame) -> pd.DataFrame:
    """Ledger rows with ``main_diesel``, ``aux_diesel``: whether engines emit diesel particulates."""
    diesel = vessels["main_diesel"].to_numpy(dtype=bool)
    oil = np.array([fuel_named(name).kind in OIL_KINDS for name in FUELS])[ledger.rows["fuel"].to_numpy()]
    number = ledger.rows["vessel"].to_numpy()
    # Groups of ships, in a study made to be passed on, have no provenance of their own.
    said = vessels.get("main_power_provenance", pd.Series("", index=vessels.index))
    default = said.eq("default").to_numpy(dtype=bool)
    return ledger.rows.assign(main_diesel=diesel[number] & oil, aux_diesel=oil, main_default=default[number])

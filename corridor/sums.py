"""The accounts of a study, and the totals that are asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.ledger import Ledger
from corridor.accounts.totals import Derived, derived_factors, mass_table
from corridor.accounts.unknowns import blanked, unestimated
from corridor.accounts.wake import boundary_named, with_upstream
from corridor.emissions.bunkers import OIL_KINDS, fuel_named
from corridor.emissions.fuels import FUELS
from corridor.emissions.inference import ship_types
from corridor.emissions.phases import PHASES
from corridor.words import ORIGINS
from layers.lattice import Lattice
from layers.zones import ZoneSystem, decode


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Integer accounts with what is needed to read them, and every total that they give.

    Attributes
    ----------
    ledger : Ledger
        Integer accounts by vessel, voyage, zone, month, phase, origin and fuel; and by cell.
    vessels : pandas.DataFrame
        One row per vessel number of the ledger: particulars and their provenance.
    systems : tuple of ZoneSystem
        The zone systems, in the order of the zone code.
    lattice : Lattice
        The grid of the cells.
    derived : Derived
        Factors of the species that follow from others.
    manifest : dict
        What ``run.json`` says: version, parameters, hashes, row balance, totals, mass balance, warnings.
    first_ms : int
        Instant of the first fix. [ms since 1970]
    """

    ledger: Ledger
    vessels: pd.DataFrame
    systems: tuple[ZoneSystem, ...]
    lattice: Lattice
    derived: Derived
    manifest: dict[str, Any]
    first_ms: int

    @cached_property
    def _coded_rows(self) -> pd.DataFrame:
        return with_engine_kind(self.ledger, self.vessels)

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        return decode(self.ledger.rows["zone"].to_numpy(), [len(system.zone_ids) for system in self.systems])

    def places_of(self, ledger: Ledger) -> NDArray[np.int64]:
        """(n_rows, n_systems) row of each system's zone table of some accounts."""
        zones = ledger.rows["zone"].to_numpy(np.int64)
        return decode(zones, [len(system.zone_ids) for system in self.systems])

    def ledger_rows(self) -> pd.DataFrame:
        """Ledger rows with ``main_diesel`` and ``aux_diesel``: whether particulates are of diesel engines."""
        # The caller may add or change columns of his own: pandas copies what is written to.
        return self._coded_rows.copy(deep=False)

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


def with_engine_kind(ledger: Ledger, vessels: pd.DataFrame) -> pd.DataFrame:
    """Ledger rows with ``main_diesel``, ``aux_diesel``: whether engines emit diesel particulates."""
    diesel = vessels["main_diesel"].to_numpy(dtype=bool)
    oil = np.array([fuel_named(name).kind in OIL_KINDS for name in FUELS])[ledger.rows["fuel"].to_numpy()]
    number = ledger.rows["vessel"].to_numpy()
    # Groups of ships, in a study made to be passed on, have no provenance of their own.
    said = vessels.get("main_power_provenance", pd.Series("", index=vessels.index))
    default = said.eq("default").to_numpy(dtype=bool)
    return ledger.rows.assign(main_diesel=diesel[number] & oil, aux_diesel=oil, main_default=default[number])

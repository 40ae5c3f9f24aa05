"""What may be otherwise in a study: its scenarios, the use of plugs at berth, and what may be wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.cell_spreads import cell_spreads
from corridor.accounts.ledger import Ledger, complete
from corridor.accounts.scenarios import Alternative
from corridor.accounts.shore_use import countries, shore_use
from corridor.accounts.spreads import Spread
from corridor.accounts.uncertainty import MEMBERS, Ensemble, Errors, Members, ensemble, error_model
from corridor.emissions.at_berth import CASES
from corridor.errors import InputError
from corridor.sums import Sums
from layers.zones import decode

# Of intervals where nothing else is asked for.
LEVEL = 0.9


@dataclass(frozen=True, kw_only=True)
class Worlds(Sums):
    """Accounts with their alternatives: other scenarios, other use at berth, other draws of what is unsure.

    Attributes
    ----------
    alternatives : mapping
        Scenarios by key, each with its accounts.
    use_ends : pandas.DataFrame, optional
        What low and high use of controls at berth add to the ledger.
    pieces : Path, optional
        Where the pieces of the baseline lie; an alternative has none.
    baseline_errors : Errors, optional
        Of an alternative: what may be wrong with its baseline, and so with it.
    """

    alternatives: Mapping[str, Alternative] = field(default_factory=dict)
    use_ends: pd.DataFrame | None = None
    pieces: Path | None = None
    baseline_errors: Errors | None = None

    def alternative(self, key: str) -> Self:
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
    def _sides(self) -> dict[str, Self]:
        bare: dict[str, Any] = {"alternatives": {}, "pieces": None, "baseline_errors": self.errors}
        return {key: replace(self, ledger=one.ledger, **bare) for key, one in self.alternatives.items()}

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

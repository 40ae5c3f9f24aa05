"""What a partition needs besides its positions, and what a study was made from."""

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.scenarios import Scenario
from corridor.callbook import CallPlan
from corridor.emissions.at_berth import Use, use_of
from corridor.emissions.fleet import Method, method_named
from corridor.emissions.hotel import port_of_loads
from corridor.emissions.phases import phase_rules
from corridor.emissions.places import Places, places
from corridor.emissions.register import RegisterIndex, index_register
from corridor.emissions.rules import Rulebook
from corridor.tracks.calls import Grounds
from corridor.tracks.claims import Claims
from corridor.tracks.gaps import APPROACH, HARBOUR, OPEN, GapSettings
from corridor.tracks.trajectories import TraceSettings
from layers.zones import ZoneIndex, ZoneSystem

SHELTERS = {
    "berth": HARBOUR,
    "port_area": HARBOUR,
    "anchorage": HARBOUR,
    "precautionary": APPROACH,
    "approach": APPROACH,
}
PARTICULARS = ("imo", "mmsi", "name", "ais_type", "length_m", "beam_m")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything a partition needs besides its positions; small enough to send to a worker."""

    ships: pd.DataFrame
    register: pd.DataFrame | None
    systems: tuple[ZoneSystem, ...]
    index: ZoneIndex
    rulebook: Rulebook
    trace: TraceSettings
    gaps: GapSettings | None = None
    method: str | Method = "imo4"
    main_off: bool = True
    hotel_loads: str | None = None
    simulated: bool = False
    planned: bool = False
    pieces_dir: Path | None = None
    lines: bool = True
    only_ship: int | None = None
    scenarios: tuple[Scenario, ...] = ()
    calling: CallPlan = field(default_factory=CallPlan)
    use: Use = field(default_factory=use_of)
    shore_log: pd.DataFrame | None = None
    measured: pd.DataFrame | None = None
    claims: Claims | None = None

    @functools.cached_property
    def entries(self) -> RegisterIndex:
        """Register rows of the plan's ships, by the keys they are found by."""
        known = self.ships
        if self.claims is not None:
            known = pd.concat([known, self.claims.ships[["imo"]].assign(mmsi=-1)])
        return index_register(self.register, known)

    @functools.cached_property
    def particulars(self) -> dict[str, NDArray[Any]]:
        """What messages said of the plan's ships, by column."""
        return {name: self.ships[name].to_numpy() for name in PARTICULARS}

    @functools.cached_property
    def places(self) -> Places:
        """What zone codes mean to the method."""
        port = None if self.hotel_loads is None else port_of_loads(self.hotel_loads)
        return places(
            self.systems, self.index.decode, phase_rules(self.emission_method.tables), local_port=port
        )

    @property
    def emission_method(self) -> Method:
        """Method, found by its name where it is named."""
        return method_named(self.method)

    @functools.cached_property
    def grounds(self) -> Grounds:
        """What zones mean to port calls."""
        return next(Grounds.of(system) for system in self.systems if system.name == "port")

    @functools.cached_property
    def _shelter_of_zone(self) -> NDArray[np.int64]:
        (inventory,) = (system.zones for system in self.systems if system.name == "port")
        return np.array([OPEN, *(SHELTERS.get(kind, OPEN) for kind in inventory["kind"])], np.int64)

    def shelter(self, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.int64]:
        """How likely a ship lies still at places, by the kind of port zone; see `corridor.tracks.gaps`."""
        zones = self.index.decode(self.index.zone_at(lat, lon))
        found: NDArray[np.int64] = self._shelter_of_zone[zones[:, self.index.names.index("port")]]
        return found


@dataclass(frozen=True)
class Source:
    """What a study was made from, for those who ask how: plan, positions, names of the input files."""

    plan: Plan
    buckets: tuple[Path, ...]
    names: tuple[str, ...]

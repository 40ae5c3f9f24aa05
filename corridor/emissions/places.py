"""What a zone code means to the physics: the kind of port zone, and the sulphur zone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from corridor.emissions.phases import PhaseRules
from corridor.errors import InputError
from layers.zones import ZoneSystem

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Places:
    """Readers of zone codes.

    Attributes
    ----------
    decode : callable
        From zone codes to the zone of each system, codes x systems.
    port_column, sulphur_column : int
        Columns of the two systems in what ``decode`` returns.
    kind_of_zone : array
        Row of the phase rules for each zone of the port system, the remainder first.
    local_of_zone : array of int8, optional
        1 for each zone of the port system in which a port's own auxiliary and boiler powers hold.
    """

    decode: Callable[[IntArray], IntArray]
    port_column: int
    sulphur_column: int
    kind_of_zone: IntArray
    local_of_zone: npt.NDArray[np.int8] | None = None

    def look_up(self, codes: IntArray) -> tuple[IntArray, IntArray]:
        """Row of the phase rules and sulphur zone of each code. [index]"""
        zones = self.decode(codes)
        return self.kind_of_zone[zones[:, self.port_column]], zones[:, self.sulphur_column].astype(np.int64)

    def local(self, codes: IntArray) -> npt.NDArray[np.int8]:
        """Return 1 for each code in which a port's own powers hold, else 0."""
        if self.local_of_zone is None:
            return np.zeros(len(codes), np.int8)
        return self.local_of_zone[self.decode(codes)[:, self.port_column]]


def places(
    systems: Sequence[ZoneSystem],
    decode: Callable[[IntArray], IntArray],
    rules: PhaseRules,
    *,
    port: str = "port",
    sulphur: str = "sulphur",
    local_port: str | None = None,
) -> Places:
    """Make the reader of a zone index's codes.

    Parameters
    ----------
    systems : sequence of ZoneSystem
        Systems of the index, in its order.
    decode : callable
        ``ZoneIndex.decode``.
    rules : PhaseRules
        Phases of the method; every kind of the port system must be among them.
    port, sulphur : str
        Names of the two systems.
    local_port : str, optional
        Port in whose zones its own auxiliary and boiler loads hold.

    Raises
    ------
    InputError
        If one of the two systems is not among them.
    ReferenceDataError
        If a kind of zone has no phase rule.
    """
    names = [system.name for system in systems]
    for name in (port, sulphur):
        if name not in names:
            raise InputError(
                "missing_zone_system", f"zone system '{name}' is needed; found: {', '.join(names) or 'none'}"
            )
    zones = systems[names.index(port)].zones
    kinds = ["remainder", *zones["kind"]]
    local = None
    if local_port is not None:
        local = np.array([False, *zones["port"].eq(local_port)], np.int8)
    return Places(decode, names.index(port), names.index(sulphur), rules.kind_index(kinds), local)

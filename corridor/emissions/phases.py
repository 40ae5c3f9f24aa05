"""What a ship was doing: the six operational phases, from place, speed, rest and load."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from corridor import reference
from corridor.emissions.method_tables import parameter, table_of
from corridor.errors import ReferenceDataError
from layers.jit import borrowing

PHASES = ("at_berth", "at_anchor", "drifting", "manoeuvring", "slow_transit", "cruising")
AT_BERTH, AT_ANCHOR, DRIFTING, MANOEUVRING, SLOW_TRANSIT, CRUISING = range(6)
# What a rule may say instead of a phase.
BY_LOAD, BY_COAST, BY_REST, BY_MOORING = -1, -2, -3, -4
_SPEED_BANDS = ("stopped", "drifting", "slow", "fast")


@dataclass(frozen=True)
class PhaseRules:
    """Phases of one method: by kind of zone and band of speed, then by load.

    Attributes
    ----------
    name : str
        Table they stand in.
    kinds : tuple of str
        Kinds of zone that the rules know.
    table : array of int8, kinds x 4
        Phase when stopped, drifting, slow or fast; -1 where the load decides, -2 where the distance to the
        coast does, -3 and -4 where the kind of rest does, at sea and in a harbour. [index]
    band_limits_kn : array
        Highest speed of the first three bands. [kn]
    cruising_above : float
        Load above which the ship cruises where the load decides. [1]
    below : int
        Phase at or below that load. [index]
    load_columns : tuple of str
        Column of the auxiliary table that each phase reads.
    main_on : array of bool
        Whether the main engine can run in each phase.
    """

    name: str
    kinds: tuple[str, ...]
    table: npt.NDArray[np.int8]
    band_limits_kn: npt.NDArray[np.float64]
    cruising_above: float
    below: int
    load_columns: tuple[str, ...]
    main_on: npt.NDArray[np.bool_]

    def kind_index(self, kinds: Iterable[str]) -> npt.NDArray[np.int64]:
        """Row of the rules for each kind of zone. [index]

        Raises
        ------
        ReferenceDataError
            If a kind is unknown; the message names the known ones.

        Examples
        --------
        >>> phase_rules().kind_index(["port_area", "anchorage"]).tolist()
        [1, 2]
        """
        place = {kind: row for row, kind in enumerate(self.kinds)}
        wanted = [str(kind) for kind in kinds]
        unknown = sorted(set(wanted) - set(place))
        if unknown:
            raise ReferenceDataError(
                "unknown_zone_kind",
                f"zone kind '{unknown[0]}' has no phase rule; known: {', '.join(self.kinds)} "
                "(data/{self.name}.csv)",
            )
        return np.array([place[kind] for kind in wanted], np.int64)


@cache
def phase_rules(method: str = "imo4") -> PhaseRules:
    """Rules of a method.

    Parameters
    ----------
    method : str
        Name of the method's tables.

    Raises
    ------
    ReferenceDataError
        If the method has no rules.

    Examples
    --------
    >>> phase_rules().load_columns
    ('berth', 'anchored', 'anchored', 'manoeuvring', 'sea', 'sea')
    """
    rows = reference.table(table_of(method, "phase_rules"))
    columns = reference.rows("phase_columns", method=method).set_index("phase").loc[list(PHASES)]
    number = {name: place for place, name in enumerate(PHASES)}
    number |= {"by_load": BY_LOAD, "by_coast": BY_COAST, "by_rest": BY_REST, "by_mooring": BY_MOORING}
    limit = {name: parameter(method, f"{name}_up_to") for name in _SPEED_BANDS[:3]}
    return PhaseRules(
        name=table_of(method, "phase_rules"),
        kinds=tuple(rows["zone_kind"]),
        table=np.array(
            [[number[name] for name in row] for row in rows[list(_SPEED_BANDS)].to_numpy()], np.int8
        ),
        band_limits_kn=np.array([limit[name] for name in _SPEED_BANDS[:3]]),
        cruising_above=parameter(method, "cruising_above_load"),
        below=number[str(columns.index[columns["below_load"].to_numpy(bool)][0])],
        load_columns=tuple(columns["load_column"]),
        main_on=columns["main_engine"].to_numpy(bool),
    )


@borrowing
def phase_of(
    bands: npt.NDArray[np.int8],
    band: int,
    rest: int,
    harbour: int,
    near_coast: bool,
    load: float,
    cruising_above: float,
    below: int,
) -> int:
    """Phase of a ship in a zone: by polygon first, then by speed, coast and load [1]_. [index]

    Parameters
    ----------
    bands : array
        The zone's row of :attr:`PhaseRules.table`.
    band : int
        Band of speed; a ship that stays is stopped whatever its speed field says. [index]
    rest : int
        Phase of the ship at rest where no polygon says; only there a broadcast status is evidence. [index]
    harbour : int
        Phase of the ship at rest in a harbour, off its berths. [index]
    near_coast : bool
        Whether the coast is near enough for manoeuvring.
    load : float
        Main-engine load. [1]
    cruising_above : float
        Load above which the ship cruises. [1]
    below : int
        Phase at or below that load: slow transit, or manoeuvring. [index]

    Examples
    --------
    >>> rules = phase_rules()
    >>> sea = rules.table[rules.kind_index(["remainder"])[0]]
    >>> slow, fast = 2, 3
    >>> PHASES[phase_of(sea, fast, DRIFTING, AT_BERTH, False, 0.5, rules.cruising_above, rules.below)]
    'slow_transit'
    >>> PHASES[phase_of(sea, slow, DRIFTING, AT_BERTH, True, 0.05, rules.cruising_above, rules.below)]
    'manoeuvring'

    References
    ----------
    .. [1] Fourth IMO GHG Study 2020, Table 16; its distances from port replaced by polygons.
    """
    phase = int(bands[band])
    if phase >= 0:
        return phase
    if phase == BY_REST:
        return rest
    if phase == BY_MOORING:
        return harbour
    if phase == BY_COAST and near_coast:
        return MANOEUVRING
    return CRUISING if load > cruising_above else below

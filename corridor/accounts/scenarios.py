"""What-if questions as small, checked files: what changes, where, for which ships, and who says so.

A scenario keeps the calendar of the baseline: every hour stays in its zone, cell, month and phase. Where a
ship slows, its hours grow there; what arrives later is reported and moves nothing.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from corridor import reference
from corridor.accounts.ledger import Ledger
from corridor.checked import Part, read_checked
from corridor.errors import InputError

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Percent = Annotated[float, Field(ge=0.0, le=100.0)]
Consumer = Literal["main", "aux", "boiler"]
ENDING = ".toml"


class Lever(Part):
    """One change: where it holds, for which ships, and its source.

    Attributes
    ----------
    zones : tuple of str
        Zones as ``system:zone_id``; a bare zone is one of the port inventory. Everywhere if empty.
    classes : tuple of str
        Ship classes; all if empty.
    source : str
        Who says so: a document, or ``assumed``.
    """

    zones: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    source: Annotated[str, Field(min_length=1)]
    note: str = ""


class SpeedCap(Lever):
    """No leg in these zones is faster: slower means longer, with more hours of auxiliaries. [kn]."""

    max_kn: Annotated[float, Field(ge=4.0, le=30.0)]
    extra_ships: bool = False


class FuelSwitch(Lever):
    """A share of the energy that these consumers would have burnt comes from another fuel."""

    fuel: str
    share: Share = 1.0
    consumers: tuple[Consumer, ...] = ("main", "aux", "boiler")


class ShorePower(Lever):
    """A share of the auxiliary energy at berth comes from the grid: its emissions move ashore. [g/kWh]."""

    share: Share
    grid_g_co2e_per_kwh: Annotated[float, Field(ge=0.0)]
    grid_year: int
    grid_place: str


class Saving(Lever):
    """Power saved by wind assistance, hull cleaning or another measure, on a share of the ships. [%]."""

    measure: Literal["wind", "hull_cleaning", "efficiency"]
    main_percent: Percent = 0.0
    aux_percent: Percent = 0.0
    boiler_percent: Percent = 0.0
    share: Share = 1.0


class JustInTime(Lever):
    """A share of the hours at anchor before a berth is sailed as slow steaming instead. [kn]."""

    ports: tuple[str, ...]
    share: Share = 1.0
    least_kn: Annotated[float, Field(ge=4.0, le=30.0)] = 8.0


class RuleChange(Lever):
    """Another sulphur limit and fuel, or Tier III for ships keeled from a year on, in these zones. [%]."""

    fuel: Literal["hfo", "vlsfo", "mdo"] | None = None
    sulphur_percent: Annotated[float, Field(gt=0.0, le=5.0)] | None = None
    tier_3_keel_from: int | None = None


class Newbuild(Lever):
    """A share of the ships is replaced by ships of this NOx tier."""

    tier: Annotated[int, Field(ge=1, le=3)]
    share: Share = 1.0


class Growth(Lever):
    """Cargo, and with it calls and voyages of ships of today's size, grows or shrinks. [%]."""

    cargo_percent: Annotated[float, Field(ge=-90.0, le=1000.0)]


class Scenario(Part):
    """One alternative to the baseline.

    Attributes
    ----------
    name, name_zh : str
        What it is called.
    description, description_zh : str
        What it asks, in a sentence.
    includes : tuple of str
        Scenario files, beside this one or shipped, whose levers come first.
    speed_cap, fuel, shore_power, saving, just_in_time, rule, newbuild, growth : tuple of levers
        What changes.

    Examples
    --------
    >>> slow = read_scenario("slow_steaming_12kn_40nm")
    >>> slow.speed_cap[0].max_kn, slow.speed_cap[0].zones
    (12.0, ('speed:green_flag_20nm', 'speed:green_flag_40nm'))
    """

    name: Annotated[str, Field(min_length=1)]
    name_zh: str = ""
    description: str = ""
    description_zh: str = ""
    includes: tuple[str, ...] = ()
    speed_cap: tuple[SpeedCap, ...] = ()
    fuel: tuple[FuelSwitch, ...] = ()
    shore_power: tuple[ShorePower, ...] = ()
    saving: tuple[Saving, ...] = ()
    just_in_time: tuple[JustInTime, ...] = ()
    rule: tuple[RuleChange, ...] = ()
    newbuild: tuple[Newbuild, ...] = ()
    growth: tuple[Growth, ...] = ()

    @property
    def key(self) -> str:
        """Name as a short word for columns and files.

        >>> Scenario(name="Slow: 12 kn").key
        'slow_12_kn'
        """
        word = "".join(c if c.isalnum() and c.isascii() else "_" for c in self.name.lower())
        return "_".join(part for part in word.split("_") if part) or "scenario"

    @property
    def growth_factor(self) -> float:
        """How many times as many calls, voyages and containers there are. [1]"""
        return math.prod(1.0 + lever.cargo_percent / 100.0 for lever in self.growth)

    @property
    def levers(self) -> tuple[Lever, ...]:
        """Every lever, in the order in which they work."""
        groups: Iterable[Sequence[Lever]] = (
            *(self.speed_cap, self.just_in_time, self.saving, self.shore_power),
            *(self.rule, self.newbuild, self.fuel, self.growth),
        )
        return tuple(lever for group in groups for lever in group)


@dataclass(frozen=True, eq=False)
class Alternative:
    """A scenario and the accounts of the same ships in it, with the keys of the baseline."""

    scenario: Scenario
    ledger: Ledger


_WORDS = {"name", "name_zh", "description", "description_zh"}
LISTS = tuple(name for name in Scenario.model_fields if name not in _WORDS)


def shipped_scenarios() -> tuple[str, ...]:
    """Names of the scenarios that ship with the package.

    >>> "slow_steaming_12kn_40nm" in shipped_scenarios()
    True
    """
    return tuple(reference.shipped("scenarios"))


def read_scenario(source: str | Path) -> Scenario:
    """Read a scenario from a TOML file, or by the name of one that ships.

    Parameters
    ----------
    source : str or path
        File, or one of `shipped_scenarios`.

    Raises
    ------
    InputError
        If it is no file or no known name, is no TOML, or holds a key or value that is not expected; the
        message names key and line.
    """
    return _read(_file(source, Path()), ())


def read_scenarios(sources: Sequence[str | Path | Scenario]) -> tuple[Scenario, ...]:
    """Read several alternatives; each must have a name of its own.

    Raises
    ------
    InputError
        If one cannot be read, or two have the same name.
    """
    found = tuple(one if isinstance(one, Scenario) else read_scenario(one) for one in sources)
    keys = [one.key for one in found]
    for key in keys:
        if keys.count(key) > 1 or key == "baseline":
            raise InputError(
                "equal_scenarios", f"found the scenario name '{key}' twice; give each a name of its own"
            )
    return found


def _file(source: str | Path, beside: Path) -> Path:
    """Find a scenario file: as it stands, beside another, or shipped."""
    name = str(source)
    for place in (Path(name), beside / name, beside / f"{name}{ENDING}"):
        if place.is_file():
            return place
    shipped = reference.shipped("scenarios")
    if name.removesuffix(ENDING) in shipped:
        return shipped[name.removesuffix(ENDING)]
    raise InputError(
        "unknown_scenario",
        f"found no scenario '{name}'; expected a TOML file or one of: {', '.join(shipped_scenarios())}",
    )


def _read(path: Path, above: tuple[Path, ...]) -> Scenario:
    if path.resolve() in above:
        raise InputError("scenario_circle", f"{path.name}: it includes itself; take it out of its includes")
    own = read_checked(path, Scenario)
    for included in reversed(own.includes):
        base = _read(_file(included, path.parent), (*above, path.resolve()))
        own = own.model_copy(
            update={name: (*getattr(base, name), *getattr(own, name)) for name in LISTS if name != "includes"}
        )
    return own

"""Targets that can be set, with their boundary and denominator, and how far a figure is from them."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from corridor import reference
from corridor.checked import Part, read_checked
from corridor.errors import InputError

ENDING = ".toml"


class Target(Part):
    """A reduction by a year, of what, over what.

    Attributes
    ----------
    name, name_zh : str
        What it is called.
    boundary : str
        ``corridor_voyages`` (journeys between the two ends), ``ships_in_port`` (what is not at sea), or
        ``terminal_scopes_1_2``: a terminal's own energy, which ships' emissions are never held against.
    denominator : str
        ``teu_nominal`` (slots sailed), ``teu_on_board``, ``teu_moved`` (throughput), or ``none``.
    measure : str
        Species, or ``wtw_co2e``.
    reduction_percent, target_year : float, int
        By how much, by when. [%]
    baseline_year, baseline_value : int, float
        Year and value to reduce from, in kg over the denominator; the study's own baseline if not given.
    source, source_zh : str
        Where it was read, or that it is assumed.

    Examples
    --------
    >>> target = read_target("per_teu_30_percent_2030")
    >>> target.goal(200.0), target.on_the_way(200.0, 2026, 2028)
    (140.0, 170.0)
    """

    name: Annotated[str, Field(min_length=1)]
    name_zh: str = ""
    boundary: Literal["corridor_voyages", "ships_in_port", "terminal_scopes_1_2"]
    denominator: Literal["teu_nominal", "teu_on_board", "teu_moved", "none"] = "none"
    measure: str = "wtw_co2e"
    reduction_percent: Annotated[float, Field(gt=0.0, le=100.0)]
    target_year: Annotated[int, Field(ge=2020, le=2100)]
    baseline_year: int | None = None
    baseline_value: Annotated[float, Field(gt=0.0)] | None = None
    source: Annotated[str, Field(min_length=1)]
    source_zh: str = ""

    def goal(self, baseline: float) -> float:
        """Value to reach, from a baseline."""
        return baseline * (1.0 - self.reduction_percent / 100.0)

    def on_the_way(self, baseline: float, from_year: int, year: int) -> float:
        """Value in a year on the straight line from the baseline to the target."""
        whole = max(self.target_year - from_year, 1)
        gone = min(max(year - from_year, 0), whole) / whole
        return baseline + (self.goal(baseline) - baseline) * gone


def shipped_targets() -> tuple[str, ...]:
    """Names of the targets that ship with the package.

    >>> "net_zero_2050" in shipped_targets()
    True
    """
    return tuple(reference.shipped("targets"))


def read_target(source: str | Path) -> Target:
    """Read a target from a TOML file, or by the name of one that ships.

    Raises
    ------
    InputError
        If it is unknown or wrong; the message names key and line. A terminal's own target is refused for
        ships: it is a figure of cranes and trucks, not of these emissions.
    """
    path = Path(source)
    if not path.is_file():
        path = reference.shipped("targets").get(str(source).removesuffix(ENDING), path)
    if not path.is_file():
        known = ", ".join(shipped_targets())
        raise InputError(
            "unknown_target", f"found no target '{source}'; expected a TOML file or one of: {known}"
        )
    target = read_checked(path, Target)
    if target.boundary == "terminal_scopes_1_2":
        raise InputError(
            "terminal_target",
            f"{path.name}: found the boundary terminal_scopes_1_2; expected one of ships: a pledge of a "
            "terminal is about its own energy; take corridor_voyages or ships_in_port",
        )
    return target

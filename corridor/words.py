"""The words that stand for numbers in accounts, in the order of the numbers."""

from typing import Literal

Origin = Literal["observed", "filled", "planned", "simulated"]
ORIGINS: tuple[Origin, ...] = ("observed", "filled", "planned", "simulated")

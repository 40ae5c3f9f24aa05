"""The words that stand for numbers in accounts, in the order of the numbers."""

from typing import Literal

Origin = Literal["observed", "filled", "planned", "simulated"]
ORIGINS: tuple[Origin, ...] = ("observed", "filled", "planned", "simulated")


def month_name(month: int) -> str:
    """Name a month of the accounts, which count months as year * 12 + month - 1.

    >>> month_name(2026 * 12 + 2)
    '2026-03'
    """
    return f"{month // 12:04d}-{month % 12 + 1:02d}"

"""One comparison: what was expected, what came out, and whether it lies near enough."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

PASS, FAIL, NOT_RUN = "pass", "fail", "not run"


@dataclass(frozen=True)
class Check:
    """One quantity of one case.

    Attributes
    ----------
    group, case, quantity, unit : str
        What is compared.
    expected, ours : float
        Published, and computed; ``ours`` is NaN where the case cannot be run.
    tolerance_percent : float
        Most by which ours may differ. [%]
    source, note : str
        Where the expectation is from, and what to know of it.
    """

    group: str
    case: str
    quantity: str
    unit: str
    expected: float
    ours: float
    tolerance_percent: float
    source: str
    note: str = ""

    @property
    def difference_percent(self) -> float:
        """Ours over expected, less one; infinite where nothing is expected and something found. [%]

        >>> round(Check("a", "b", "c", "kg", 100.0, 101.0, 2.0, "").difference_percent, 9)
        1.0
        """
        if np.isnan(self.ours):
            return float("nan")
        if self.expected == 0.0:
            return 0.0 if self.ours == 0.0 else float("inf")
        return (self.ours - self.expected) / self.expected * 100.0

    @property
    def verdict(self) -> str:
        """``pass``, ``fail`` or ``not run``.

        >>> Check("a", "b", "c", "kg", 100.0, 101.0, 0.5, "").verdict
        'fail'
        """
        if np.isnan(self.ours):
            return NOT_RUN
        return PASS if abs(self.difference_percent) <= self.tolerance_percent else FAIL


def as_table(checks: Iterable[Check]) -> pd.DataFrame:
    """Checks as rows, ``difference_percent`` and ``verdict`` behind the numbers they follow from."""
    checks = list(checks)
    names = [field.name for field in fields(Check)]
    rows = [[getattr(check, name) for name in names] for check in checks]
    table = pd.DataFrame(rows, columns=names)
    place = names.index("tolerance_percent")
    table.insert(place, "difference_percent", [check.difference_percent for check in checks])
    table.insert(place + 2, "verdict", [check.verdict for check in checks])
    return table

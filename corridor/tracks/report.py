"""The account of the rows of the input: in = kept + dropped by reason, by file and in all."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

# Each reason lists this many lines of a file at most; the rest is one row with a count.
MOST_LINES = 1000
COLUMNS = ["file", "line", "reason", "count"]


@dataclass
class InputReport:
    """What became of the rows.

    ``details`` has a row for each dropped or changed row (line given, count 1) up to 1000 a file and reason,
    then one with the number of further rows; "not available" codes are counted by column. ``origins`` are
    those of positions that an earlier study wrote: how it knew them.
    """

    rows_in: int = 0
    rows_dropped: Counter[str] = field(default_factory=Counter)
    rows_repaired: Counter[str] = field(default_factory=Counter)
    not_available: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)
    listed: dict[tuple[str, str], tuple[list[int], int]] = field(default_factory=dict)
    origins: Counter[str] = field(default_factory=Counter)

    @property
    def rows_kept(self) -> int:
        """Rows that are in the buckets."""
        return self.rows_in - sum(self.rows_dropped.values())

    @property
    def details(self) -> pd.DataFrame:
        """The rows of ``input_report.csv``: file, line, reason, count."""
        rows: list[tuple[str, int | None, str, int]] = []
        for (file, reason), (lines, total) in sorted(self.listed.items()):
            rows += [(file, line, reason, 1) for line in lines]
            if total > len(lines):
                rows.append((file, None, reason, total - len(lines)))
        rows += [
            ("", None, f"not_available:{name}", n) for name, n in sorted(self.not_available.items()) if n
        ]
        return pd.DataFrame(rows, columns=COLUMNS).astype({"line": "Int64", "count": "int64"})

    def drop(self, file: str, reason: str, lines: Iterable[int], count: int | None = None) -> None:
        """Account for dropped rows; without lines, only their number."""
        self.rows_dropped[reason] += self._list(file, reason, lines, count)

    def repair(self, file: str, reason: str, lines: Iterable[int], count: int | None = None) -> None:
        """Account for rows, or with no line whole files, of which something was changed."""
        self.rows_repaired[reason] += self._list(file, reason, lines, count)

    def _list(self, file: str, reason: str, lines: Iterable[int], count: int | None) -> int:
        listed, total = self.listed.get((file, reason), ([], 0))
        found = np.fromiter(lines, np.int64)
        number = len(found) if count is None else count
        room = max(MOST_LINES - len(listed), 0)
        self.listed[file, reason] = ([*listed, *found[:room].tolist()], total + number)
        return number

    def warn(self, message: str) -> None:
        """Say something that a reader of the result should know."""
        self.warnings.append(message)

    def merge(self, other: "InputReport") -> None:
        """Add the account of another file."""
        self.rows_in += other.rows_in
        self.rows_dropped.update(other.rows_dropped)
        self.rows_repaired.update(other.rows_repaired)
        self.not_available.update(other.not_available)
        self.warnings += other.warnings
        self.origins.update(other.origins)
        for key, (lines, total) in other.listed.items():
            listed, before = self.listed.get(key, ([], 0))
            self.listed[key] = ([*listed, *lines][:MOST_LINES], before + total)

    def renamed(self, old: str, new: str) -> "InputReport":
        """Return the account of one file under another name."""
        warnings = [new + text.removeprefix(old) if text.startswith(old) else text for text in self.warnings]
        listed = {
            (new if file == old else file, reason): value for (file, reason), value in self.listed.items()
        }
        return replace(self, warnings=warnings, listed=listed)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, to be kept beside the buckets."""
        listed = [[*key, *value] for key, value in sorted(self.listed.items())]
        return {
            "rows_in": self.rows_in,
            "rows_dropped": dict(sorted(self.rows_dropped.items())),
            "rows_repaired": dict(sorted(self.rows_repaired.items())),
            "not_available": dict(sorted(self.not_available.items())),
            "warnings": self.warnings,
            "origins": dict(sorted(self.origins.items())),
            "listed": listed,
        }

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> "InputReport":
        """Return the report that `to_dict` wrote."""
        counts = (Counter(kept[name]) for name in ("rows_dropped", "rows_repaired", "not_available"))
        report = cls(kept["rows_in"], next(counts), next(counts), next(counts), list(kept["warnings"]))
        report.origins = Counter(kept["origins"])
        report.listed = {(file, reason): (lines, total) for file, reason, lines, total in kept["listed"]}
        return report


def lines_of(lines: npt.NDArray[np.int64]) -> Iterable[int]:
    """Return at most the lines a report lists, so that long arrays are not walked through Python."""
    return lines[: MOST_LINES + 1].tolist()  # type: ignore[no-any-return]

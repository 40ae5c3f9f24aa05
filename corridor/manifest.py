"""What ``run.json`` says of a study: inputs, settings, tables, row balance, totals, mass balance, warnings.

Nothing in it depends on the clock or the machine, so equal inputs give equal bytes.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from corridor import __version__, reference
from corridor.accounts.ledger import MM_PER_NM, MS_PER_H, Ledger, balance
from corridor.accounts.totals import Derived, mass_table
from corridor.engine import Result
from corridor.errors import CorridorError
from corridor.tracks.buckets import FILE_SHIFT
from corridor.tracks.ingest import Ingested
from corridor.tracks.quality import DROPPED, NAMES
from corridor.tracks.report import MOST_LINES
from corridor.tracks.trajectories import FILLED


def describe(
    result: Result,
    *,
    rows: pd.DataFrame,
    derived: Derived,
    ingested: Ingested,
    parameters: Mapping[str, Any],
    pieces: bool,
) -> dict[str, Any]:
    """Return the content of ``run.json``; the mass balance is checked before anything is said.

    Raises
    ------
    CorridorError
        If the sums over zones, cells, vessels and pieces are not equal to the last milligram.
    """
    sums = _checked(balance(result.ledger, result.piece_sums if pieces else None))
    return {
        "program": "corridor",
        "version": __version__,
        "parameters": dict(parameters),
        "inputs": [dict(item) for item in sorted(ingested.inputs, key=lambda item: str(item["sha256"]))],
        "tables": reference.table_hashes(),
        **row_balance(ingested, result.counts),
        "vessels": len(result.vessels),
        "vessels_with_one_fix": int((result.vessels["fixes"] < 2).sum()),
        "vessels_from_register": int(result.vessels["main_power_provenance"].eq("register").sum()),
        "totals": _totals(rows, derived, result),
        "mass_balance": {
            "equal": True,
            "unit": "mg; hours in ms",
            "paths": sorted(next(iter(sums.values()))),
            "sums": {quantity: next(iter(paths.values())) for quantity, paths in sums.items()},
        },
        "warnings": list(ingested.report.warnings),
    }


def file_identity(path: str | Path) -> dict[str, Any]:
    """Name, size and hash of a file beside the positions: a register, zones, a mapping. [bytes].

    A layer behind ``#`` stays in the name.
    """
    file = Path(path)
    if not file.exists():
        file = Path(str(path).rpartition("#")[0])
    content = file.read_bytes()
    return {
        "name": Path(path).name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _checked(sums: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    for quantity, paths in sums.items():
        if len(set(paths.values())) > 1:
            found = f"sums of {quantity} differ by path: {paths}"
            raise CorridorError(
                "mass_balance", f"{found}; expected one sum; this is a fault of corridor: report it"
            )
    return sums


def row_balance(ingested: Ingested, counts: Mapping[str, int]) -> dict[str, Any]:
    """Rows read, kept, dropped and repaired, each with its reasons: in = kept + dropped."""
    report = ingested.report
    # Reading and cleaning may give the same reason (a wrong clock): their counts add up.
    dropped = report.rows_dropped + Counter({name: n for name, n in counts.items() if NAMES[name] & DROPPED})
    flagged = {name: n for name, n in counts.items() if not NAMES[name] & DROPPED}
    return {
        "rows_in": report.rows_in,
        "rows_kept": report.rows_in - sum(dropped.values()),
        "rows_dropped": dict(sorted(dropped.items())),
        "rows_repaired": dict(sorted((dict(report.rows_repaired) | flagged).items())),
        "not_available": dict(sorted(report.not_available.items())),
    }


def input_report(ingested: Ingested, flagged: pd.DataFrame, counts: Mapping[str, int]) -> pd.DataFrame:
    """Rows dropped or changed, by file, line and reason; what is not listed singly stands as a count."""
    names = ingested.names
    parts = [ingested.report.details]
    for reason, rows in flagged.groupby("reason", sort=True):
        listed = rows["row_ref"].to_numpy()[:MOST_LINES]
        table = pd.DataFrame(
            {
                "file": [names[number] for number in listed >> FILE_SHIFT],
                "line": listed & ((1 << FILE_SHIFT) - 1),
                "reason": reason,
                "count": 1,
            }
        )
        parts.append(table)
        rest = counts[str(reason)] - len(listed)
        if rest:
            parts.append(pd.DataFrame({"file": [""], "line": [None], "reason": [reason], "count": [rest]}))
    filled = [part.astype({"line": "Int64"}) for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def _totals(rows: pd.DataFrame, derived: Derived, result: Result) -> dict[str, float]:
    ledger: Ledger = result.ledger
    gaps = result.unobserved
    unobserved_ms = int((gaps["t1_ms"] - gaps["t0_ms"]).sum()) if len(gaps) else 0
    table = mass_table(rows.assign(all=0), ["all"], derived)
    masses = {name: float(table[name].sum()) for name in table.columns if name.endswith("_kg")}
    hours = ledger.total("hours_ms") / MS_PER_H
    observed = ledger.total("observed_ms") / MS_PER_H
    return {
        "hours": hours,
        "hours_observed": observed,
        "hours_filled": int(ledger.rows.loc[ledger.rows["origin"] == FILLED, "hours_ms"].sum()) / MS_PER_H,
        "hours_unobserved": unobserved_ms / MS_PER_H,
        "hours_main_engine_off_by_low_load": result.main_off_ms / MS_PER_H,
        "hours_under_way_without_draught": result.no_draught_ms / MS_PER_H,
        "nm": ledger.total("distance_mm") / MM_PER_NM,
        **masses,
    }

"""What is said beside the numbers, in English and Chinese: period, status, method, limits, sources."""

from typing import Any

import pandas as pd

from corridor.reference import table as reference_table
from corridor.study import Study

Pair = tuple[str, str]

TITLE: Pair = ("Ship emissions, Shenzhen – Long Beach", "深圳—长滩航运排放")
# Less than this is not worth a reader's line. [h]
LEAST_HOURS = 0.5


def period(study: Study) -> Pair:
    """Return the first and last month of the study."""
    months = study.months()
    first, last = (f"{month // 12:04d}-{month % 12 + 1:02d}" for month in (months[0], months[-1]))
    return (first, first) if first == last else (f"{first} to {last}", f"{first} 至 {last}")


def status(study: Study) -> list[Pair]:
    """Return the lines a reader has to know before any number."""
    totals = study.manifest["totals"]
    hours, observed, lost = totals["hours"], totals["hours_observed"], totals["hours_unobserved"]
    filled = totals["hours_filled"]
    facts = {
        "vessels": f"{len(study.vessels):,}",
        "hours": f"{hours:,.0f}",
        "observed": f"{100.0 * observed / hours if hours else 0.0:.0f}",
        "known": f"{int(study.vessels['main_power_provenance'].eq('register').sum()):,}",
        "lost": f"{lost:,.0f}",
        "filled": f"{filled:,.0f}",
    }
    shown = {"simulated": study.simulated, "unobserved": lost >= LEAST_HOURS, "filled": filled >= LEAST_HOURS}
    return [pair for key, pair in _said("status", facts) if shown.get(key, True)]


def method(study: Study) -> list[Pair]:
    """Return how the numbers were made."""
    return [pair for _, pair in _said("method", {"gwp": study.derived.gwp_basis})]


def limits() -> list[Pair]:
    """Return what the numbers do not hold."""
    return [pair for _, pair in _said("limit", {})]


def _said(kind: str, facts: dict[str, str]) -> list[tuple[str, Pair]]:
    rows = reference_table("notes_2026").to_dict("records")
    return [
        (str(row["key"]), (row["en"].format(**facts), row["zh"].format(**facts)))
        for row in rows
        if row["kind"] == kind
    ]


def sources(study: Study) -> list[tuple[str, str, str]]:
    """Return title, licence and note of each source."""
    rows = reference_table("credits_2026").to_dict("records")
    names = ", ".join(str(item["name"]) for item in study.manifest["inputs"])
    said = [(str(row["title"]), str(row["licence"]), str(row["used_for"])) for row in rows]
    return [*said, ("Positions", "as given by the user", names)]


def cite(study: Study) -> str:
    """Return one line to cite the study by."""
    hashes = [str(item["sha256"])[:12] for item in study.manifest["inputs"]]
    return f"corridor {study.manifest['version']}, {period(study)[0]}, inputs {', '.join(hashes)}"


def parameters(study: Study) -> pd.DataFrame:
    """Return settings, method and limits as a two-column table."""
    facts: dict[str, Any] = {"version": study.manifest["version"], **study.manifest["parameters"]}
    lines = [("method", line[0]) for line in method(study)] + [("limit", line[0]) for line in limits()]
    rows = [(name, str(value)) for name, value in facts.items()] + lines
    return pd.DataFrame(rows, columns=["item", "value"])

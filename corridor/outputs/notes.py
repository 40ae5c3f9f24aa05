"""What is said beside the numbers, in English and Chinese: period, status, method, limits, sources."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pandas as pd

from corridor.emissions.fleet import METHODS
from corridor.reference import table as reference_table
from corridor.study import Study
from corridor.words import month_name

Pair = tuple[str, str]

TITLE: Pair = ("Ship emissions, Shenzhen – Long Beach", "深圳—长滩航运排放")
# Less than this is not worth a reader's line. [h]
LEAST_HOURS = 0.5


def title(study: Study) -> Pair:
    """Return the title, with what no reader may miss before it."""
    if not study.planned or study.simulated:
        return TITLE
    return f"PLANNED – {TITLE[0]}", f"计划航次 – {TITLE[1]}"


def planned_banner() -> Pair:
    """Return the line over the page of planned voyages."""
    return next(pair for key, pair in _said("status", defaultdict(str)) if key == "planned")


def period(study: Study) -> Pair:
    """Return the first and last month of the study."""
    months = study.months()
    first, last = (month_name(month) for month in (months[0], months[-1]))
    return (first, first) if first == last else (f"{first} to {last}", f"{first} 至 {last}")


def status(study: Study) -> list[Pair]:
    """Return the lines a reader has to know before any number."""
    totals = study.manifest["totals"]
    hours, observed, lost = totals["hours"], totals["hours_observed"], totals["hours_unobserved"]
    filled = totals["hours_filled"]
    facts = {
        "vessels": f"{study.manifest['vessels']:,}",
        "hours": f"{hours:,.0f}",
        "observed": f"{100.0 * observed / hours if hours else 0.0:.0f}",
        "known": f"{study.manifest['vessels_from_register']:,}",
        "lost": f"{lost:,.0f}",
        "filled": f"{filled:,.0f}",
        **_journeys(study),
        **withheld(study),
    }
    shown = {
        "journeys": bool(study.manifest["parameters"].get("journeys")),
        "simulated": study.simulated,
        "planned": study.planned,
        "unobserved": lost >= LEAST_HOURS,
        "filled": filled >= LEAST_HOURS,
        "withheld": "withheld" in (study.manifest.get("published") or {}),
    }
    return [pair for key, pair in _said("status", facts) if shown.get(key, True)]


def _journeys(study: Study) -> dict[str, str]:
    """Return how many journeys and ships a study of journeys holds, and how many it misses."""
    said = study.manifest.get("calls") or {}
    counts = {
        "journeys": sum(said.get("journeys", {}).values()),
        "sailed": said.get("ships_with_a_journey", 0),
        "one_end": said.get("ships_at_one_end_only", 0),
        "unheard": said.get("list", {}).get("rows_of_ships_not_in_ais", 0),
    }
    ends = {"LB": "Long Beach", "LB+LA": "Long Beach / Los Angeles"}
    return {name: f"{count:,}" for name, count in counts.items()} | {
        "end": ends.get(str(said.get("journeys_to")), "")
    }


def withheld(study: Study) -> dict[str, str]:
    """Return how many cells a published study does not tell, and their share of its CO2; else empty words.

    Parameters
    ----------
    study : Study
        The study.

    Returns
    -------
    dict of str to str
        ``least`` ships that a cell is told from, ``gone`` cells, ``gone_share`` of the CO2. [%]
    """
    told = study.manifest.get("published") or {}
    if "withheld" not in told:
        return {"least": "", "gone": "", "gone_share": ""}
    gone, shown = told["withheld"]["sums"]["co2_mg"], study.ledger.cells["co2_mg"].sum()
    share = 100.0 * gone / (gone + shown) if gone else 0.0
    least = told.get("at_least", told["least_ships_in_a_class"])
    return {"least": f"{least:,}", "gone": f"{told['withheld']['cells']:,}", "gone_share": f"{share:.1f}"}


def method(study: Study) -> list[Pair]:
    """Return how the numbers were made."""
    rules = study.manifest["parameters"].get("suppose", [])
    reports = 0 if study.reports is None or study.reports.empty else study.reports["report"].nunique()
    visits = study.visits if study.visits is not None else pd.DataFrame()
    facts = {
        "gwp": study.derived.gwp_basis,
        "rules": ", ".join(rules),
        "reports": f"{reports:,}",
        **(_use_at_berth(study, visits) if len(visits) else {}),
    }
    name, tables = study.manifest["parameters"]["method"], study.method_tables
    off_h = study.manifest["totals"].get("hours_main_engine_off_by_low_load", 0.0)
    facts |= {"off": f"{off_h:,.0f}"}
    facts |= {"method": name, "tables": tables, "unknown": _unknown(study)}
    shown = {"at_berth": len(visits) > 0, "measured": reports > 0, "supposed": len(rules) > 0}
    shown |= {f"main_{known}": name == known for known in METHODS} | {"main_own": name not in METHODS}
    shown |= {"auxiliary": tables != "epa2022", "auxiliary_epa2022": tables == "epa2022"}
    shown |= {"cut_off": off_h > 0.0}
    shown |= {"unknown": bool(study.manifest.get("not_estimated", []))}
    return [pair for key, pair in _said("method", defaultdict(str, facts)) if shown.get(key, True)]


def _unknown(study: Study) -> str:
    """Species without an estimate, by fuel."""
    found: dict[str, set[str]] = {}
    for row in study.manifest.get("not_estimated", []):
        found.setdefault(str(row["fuel"]), set()).add(str(row["species"]))
    return "; ".join(f"{fuel}: {', '.join(sorted(species))}" for fuel, species in sorted(found.items()))


def _use_at_berth(study: Study, visits: pd.DataFrame) -> dict[str, str]:
    """How many visits were under a rule or in a log, and the use of controls that was taken."""
    use = study.manifest["parameters"].get("use_at_berth", {})
    logged = int(visits["basis"].eq("log").sum())
    ruled = int((~visits["basis"].isin(["log", "no_rule"])).sum())
    shares = {case: f"{100.0 * use[case]:.0f}" for case in use}
    return {"visits": f"{len(visits):,}", "ruled": f"{ruled:,}", "logged": f"{logged:,}", **shares}


def limits() -> list[Pair]:
    """Return what the numbers do not hold."""
    return [pair for _, pair in _said("limit", {})]


def _said(kind: str, facts: Mapping[str, str]) -> list[tuple[str, Pair]]:
    rows = reference_table("notes_2026").to_dict("records")
    return [
        (str(row["key"]), (row["en"].format_map(facts), row["zh"].format_map(facts)))
        for row in rows
        if row["kind"] == kind
    ]


def sources(study: Study) -> list[tuple[str, str, str]]:
    """Return title, licence and note of each source."""
    return [(title[0], licence[0], use[0]) for title, licence, use in credit_pairs(study)]


def credit_pairs(study: Study) -> list[tuple[Pair, Pair, Pair]]:
    """Return title, licence and use of each source in both languages; titles are as published."""
    rows = reference_table("credits_2026").to_dict("records")
    names = ", ".join(str(item["name"]) for item in study.manifest["inputs"])
    said = [
        (
            (str(row["title"]), ""),
            (str(row["licence"]), str(row["licence_zh"])),
            (str(row["used_for"]), str(row["used_for_zh"])),
        )
        for row in rows
    ]
    return [*said, (("Positions", "船位"), ("as given by the user", "由用户提供"), (names, ""))]


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

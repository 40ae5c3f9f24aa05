"""Activity before any mass: calls, hours at berth and at anchor per call, by port, ship type and size."""

import pandas as pd

from corridor.kept import kept
from corridor.outputs.report_words import Words
from corridor.study import Study
from corridor.tracks.calls import ports

TIERS = (0, 1, 2, 3)
KEYS = ("port", "ship_class", "size_bin")
# Column of a call's hours, and the stem of the columns that describe it.
HOURS = {"hours_at_berth": "berth", "hours_at_anchor": "anchor"}
STATISTICS = {"calls": "count", "min_h": "min", "mean_h": "mean", "max_h": "max", "total_h": "sum"}


@kept
def activity(study: Study) -> pd.DataFrame:
    """Count the calls of each port, ship type and size, with least, mean and most hours per call. [h]

    Ports of the corridor stand first. Calls without hours at berth, or at anchor, are not among those that
    their statistics are of: ``anchor_calls`` of the ``calls`` lay at anchor.

    Parameters
    ----------
    study : Study
        A study; one without calls, as a published one is, has no activity.

    Returns
    -------
    pandas.DataFrame
        port, ship_class, size_bin, their names, ships, calls, arrivals, departures, shifts, calls by NOx
        tier, and of hours at berth and at anchor: calls with any, min, mean, max and total.
    """
    if study.calls is None:
        return pd.DataFrame()
    calls = study.calls[study.calls["call_no"] > 0]
    if not len(calls):
        return pd.DataFrame()
    facts = study.vessels.set_index("vessel_id")[["ship_class", "size_bin", "tier"]]
    calls = calls.join(facts, on="vessel_id").astype({"size_bin": "int64", "tier": "int64"})
    groups = calls.groupby(list(KEYS), sort=True)
    table = pd.DataFrame(
        {
            "ships": groups["vessel_id"].nunique(),
            "calls": groups.size(),
            "arrivals": groups["arrive_40nm_utc"].count(),
            "departures": groups["leave_40nm_utc"].count(),
            "shifts": groups["shifts"].sum(),
        }
    )
    for tier in TIERS:
        table[f"calls_tier_{tier}"] = calls["tier"].eq(tier).groupby([calls[key] for key in KEYS]).sum()
    for column, stem in HOURS.items():
        table = table.join(_hours(calls, column, stem))
    counts = [name for name in table if not str(name).endswith("_h")]
    return _named(table.fillna(dict.fromkeys(counts, 0)).astype(dict.fromkeys(counts, "int64")))


def _hours(calls: pd.DataFrame, column: str, stem: str) -> pd.DataFrame:
    """Hours of the calls that have any, described by group. [h]"""
    some = calls[calls[column] > 0]
    found = some.groupby(list(KEYS), sort=True)[column].agg(list(STATISTICS.values()))
    return found.set_axis([f"{stem}_{name}" for name in STATISTICS], axis=1)


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Rows with names, ports of the corridor first."""
    table = table.reset_index()
    english, chinese = Words("en"), Words("zh")
    pairs = list(zip(table["ship_class"].astype(str), table["size_bin"], strict=True))
    names = {
        "port_name": [english.port(str(port)) for port in table["port"]],
        "type_and_size": [english.size(*pair) for pair in pairs],
        "type_and_size_zh": [chinese.size(*pair) for pair in pairs],
    }
    known = {code: place for place, code in enumerate(ports().codes)}
    order = table["port"].map(known).fillna(len(known))
    rest = [str(name) for name in table if name not in KEYS]
    found = table.assign(**names, _order=order).sort_values(["_order", *KEYS], ignore_index=True)
    return found[["port", "port_name", "ship_class", "size_bin", *list(names)[1:], *rest]]

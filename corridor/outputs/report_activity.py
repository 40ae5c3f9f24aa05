"""Activity for the printed report: calls, hours at berth and at anchor per call, by ship type and size."""

from typing import Any

import pandas as pd

from corridor.outputs.report_words import Words, numbers
from corridor.study import Study
from maps.report import Block, Paragraph, Table

# Ports called at that each report is about.
PORTS = {"LB": ("LB", "LA"), "SZ": ("YT", "SZW"), "all": ("LB", "LA", "YT", "SZW")}
# Rows of ports, types and sizes that a table of hours per call has at the most.
MOST_KINDS = 20
STATISTICS = ("count", "min", "mean", "max")


def calls_of(study: Study, key: str) -> pd.DataFrame:
    """Calls at the ports of a report with type, size and tier of each ship; none without a table of calls."""
    if study.calls is None or not len(study.calls):
        return pd.DataFrame()
    calls = study.calls[(study.calls["call_no"] > 0) & study.calls["port"].isin(PORTS[key])]
    facts = study.vessels.set_index("vessel_id")[["ship_class", "size_bin", "tier"]]
    return calls.join(facts, on="vessel_id")


def activity(study: Study, key: str, words: Words) -> list[Block]:
    """Tables of calls, of hours per call, and of tiers; empty where no ship called."""
    calls = calls_of(study, key)
    if not len(calls):
        return []
    anchored = calls[calls["hours_at_anchor"] > 0]
    berthed = calls[calls["hours_at_berth"] > 0]
    return [
        _calls(calls, key, words),
        hours_per_call(berthed, "hours_at_berth", words.say("berth_by"), words),
        hours_per_call(anchored, "hours_at_anchor", words.say("anchor_by"), words),
        _tiers(calls, key, words),
    ]


def _calls(calls: pd.DataFrame, key: str, words: Words) -> Table:
    ports = [port for port in PORTS[key] if port in set(calls["port"])]
    groups = [(words.port(port), calls[calls["port"] == port]) for port in ports]
    rows = [(name, *_counts(group)) for name, group in [*groups, (words.say("all"), calls)]]
    head = tuple(
        words.say(name)
        for name in (
            *("port", "ships", "calls_head", "arrivals", "departures", "shifts"),
            *("berth_hours", "anchor_hours"),
        )
    )
    return Table(words.say("calls"), head, tuple(rows), (len(rows) - 1,), 1, words.say("calls_note"))


def _counts(calls: pd.DataFrame) -> tuple[str, ...]:
    hours = [calls["hours_at_berth"].sum(), calls["hours_at_anchor"].sum()]
    counts = (
        calls["vessel_id"].nunique(),
        len(calls),
        calls["arrive_40nm_utc"].notna().sum(),
        calls["leave_40nm_utc"].notna().sum(),
        int(calls["shifts"].sum()),
    )
    return (*(f"{one:,}" for one in counts), *numbers(hours, 0))


def hours_per_call(calls: pd.DataFrame, column: str, caption: str, words: Words) -> Table | Paragraph:
    """Return number, least, mean and most hours per call by port, ship type and size. [h]

    Parameters
    ----------
    calls : pandas.DataFrame
        Calls with ``port``, ``ship_class``, ``size_bin`` and the column of hours.
    column : str
        Hours to describe. [h]
    caption : str
        The table's caption.
    words : Words
        Its language.
    """
    head = (
        words.say("port"),
        words.say("type_size"),
        *(words.say(one) for one in ("n", "min", "mean", "max")),
    )
    if not len(calls):
        joint = "：" if words.language == "zh" else ": "
        return Paragraph(f"{caption}{joint}{words.say('none_found')}")
    kinds = calls.groupby(["port", "ship_class", "size_bin"], sort=True)[column]
    every = kinds.agg(list(STATISTICS))
    # A year of every type and size would fill the report: the busiest kinds stand for themselves.
    groups = every.nlargest(MOST_KINDS, "count").sort_index()
    ports = [port for port in PORTS["all"] if port in set(groups.index.get_level_values("port"))]
    rows: list[tuple[str, ...]] = []
    for port in ports:
        of_port: Any = groups.loc[port]
        for (ship_class, size_bin), one in of_port.iterrows():
            rows.append((words.port(port), words.size(str(ship_class), int(size_bin)), *_statistics(one)))
    rows.append((words.say("all"), "", *_statistics(calls[column].agg(list(STATISTICS)))))
    left_out = len(every) - len(groups)
    note = words.say("kinds_note", shown=len(groups), of=len(every)) if left_out else ""
    return Table(caption, head, tuple(rows), (len(rows) - 1,), 2, note)


def _statistics(one: "pd.Series[Any]") -> tuple[str, ...]:
    return (f"{one['count']:,.0f}", *numbers([one["min"], one["mean"], one["max"]], 1))


def _tiers(calls: pd.DataFrame, key: str, words: Words) -> Table:
    tiers = sorted(calls["tier"].astype(int).unique())
    names = [words.say("tier", tier=tier) if tier else words.say("tier_0") for tier in tiers]
    ports = [port for port in PORTS[key] if port in set(calls["port"])]
    rows = []
    for name, mine in [*((words.port(port), calls["port"] == port) for port in ports),
                       (words.say("all"), calls["port"].notna())]:  # fmt: skip
        counts = calls.loc[mine, "tier"].astype(int).value_counts()
        rows.append((name, *(f"{counts.get(tier, 0):,}" for tier in tiers)))
    return Table(words.say("tiers"), (words.say("port"), *names), tuple(rows), (len(rows) - 1,))

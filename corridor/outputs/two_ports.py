"""The two ports side by side: hours and masses per call and per container, by what the ships were doing."""

import numpy as np
import pandas as pd

import maps.content as page
from corridor.accounts.totals import MASS_COLUMNS
from corridor.kept import kept
from corridor.outputs.call_ports import totals_by_call_port
from corridor.reference import rows as reference_rows
from corridor.study import Study
from corridor.tracks.calls import ports

# Ports of one harbour city stand together; the two of San Pedro Bay stay apart.
SIDES = {
    "shenzhen": ("Shenzhen", "深圳"),
    "long_beach": ("Long Beach", "长滩"),
    "los_angeles": ("Los Angeles", "洛杉矶"),
}
ACTIVITIES = ("at_berth", "at_anchor", "drifting", "manoeuvring", "approach")
_OF_PHASE = {"slow_transit": "approach", "cruising": "approach"}
SHOWN = ("co2e", "nox", "sox", "pm25", "dpm")


@kept
def side_by_side(study: Study) -> pd.DataFrame:
    """Calls of each port with their hours and masses, by activity. [h, kg]

    What happens in waters that two ports share belongs to the port called at. ``per_call`` divides by the
    calls, ``per_teu_nominal`` by the nominal capacity of the ships that called, ``per_teu_moved`` by the
    containers that a call list says were moved; the last is empty without one.

    Returns
    -------
    pandas.DataFrame
        port, activity, calls, ships, teu_nominal, teu_moved, hours, hours_per_call, and for every mass its
        sum, ``_per_call`` and ``_per_teu_nominal``; one row ``all`` a port.
    """
    if study.calls is None or not len(study.calls):
        return pd.DataFrame()
    known = ports()
    side_of = dict(zip(known.codes, known.sides, strict=True))
    amounts = totals_by_call_port(study)
    amounts = amounts.assign(
        side=amounts["call_port"].map(side_of),
        activity=amounts["phase"].map(lambda phase: _OF_PHASE.get(phase, phase)),
    )
    amounts = amounts[amounts["side"].isin(list(SIDES))]
    columns = ["hours", *MASS_COLUMNS]
    parts = amounts.groupby(["side", "activity"])[columns].sum().reset_index()
    whole = amounts.groupby("side")[columns].sum().reset_index().assign(activity="all")
    table = pd.concat([parts, whole], ignore_index=True).merge(_calls(study, side_of), on="side")
    for column in columns:
        table[f"{column}_per_call"] = table[column] / table["calls"]
    for column in MASS_COLUMNS:
        for teu in ("teu_nominal", "teu_moved"):
            table[f"{column}_per_{teu}"] = table[column] / table[teu].where(table[teu] > 0)
    order = {name: place for place, name in enumerate((*SIDES, *ACTIVITIES, "all"))}
    keys = [table["side"].map(order), table["activity"].map(order)]
    table = table.iloc[np.lexsort([key.to_numpy() for key in reversed(keys)])]
    return table.rename(columns={"side": "port"}).reset_index(drop=True)


def _calls(study: Study, side_of: dict[str, str]) -> pd.DataFrame:
    """Calls, ships and containers of each port."""
    if study.calls is None:
        raise ValueError("the study has no calls")
    calls = study.calls[study.calls["call_no"] > 0]
    capacity = study.vessels.set_index("vessel_id")["teu"].astype(float)
    moved = pd.to_numeric(calls["teu_moved"], errors="coerce") if "teu_moved" in calls else np.nan
    calls = calls.assign(
        side=calls["port"].map(side_of), teu=calls["vessel_id"].map(capacity).astype(float), moved=moved
    )
    groups = calls[calls["side"].isin(list(SIDES))].groupby("side")
    table = pd.DataFrame(
        {
            "calls": groups.size(),
            "ships": groups["vessel_id"].nunique(),
            # A sum over ships of which one is unknown would be of other ships than the masses.
            "teu_nominal": groups["teu"].sum(min_count=1).where(groups["teu"].count() == groups.size()),
            "teu_moved": groups["moved"].sum(min_count=1).where(groups["moved"].count() == groups.size()),
        }
    )
    return table.reset_index()


def panel(study: Study) -> tuple[page.Panel, ...]:
    """The page's table of the two ports; none without calls."""
    table = side_by_side(study)
    if not len(table):
        return ()
    phases = reference_rows("names_2026", kind="phase").set_index("key")
    words = {
        key: page.Text(phases.name_en[key], phases.name_zh[key]) for key in ACTIVITIES if key in phases.index
    }
    words |= {"approach": page.Text("Approach", "进出港航行"), "all": page.Text("All", "合计")}
    rows = tuple(
        (
            page.Text(*SIDES[row["port"]]),
            words[row["activity"]],
            float(row["calls"]),
            row["hours_per_call"],
            *(row[f"{one}_kg_per_call"] for one in SHOWN),
            None if np.isnan(row["co2e_kg_per_teu_nominal"]) else row["co2e_kg_per_teu_nominal"],
        )
        for row in table.to_dict("records")
    )
    symbols = {"co2e": "CO₂e", "nox": "NOₓ", "sox": "SOₓ", "pm25": "PM2.5", "dpm": "DPM"}
    head = (
        page.Text("Port called at", "挂靠港"),
        page.Text("Activity", "活动"),
        page.Text("Calls", "挂靠次数"),
        page.Text("h per call", "每次挂靠小时数"),
        *(page.Text(f"{symbols[one]} kg per call", f"每次挂靠 {symbols[one]} kg") for one in SHOWN),
        page.Text("CO₂e kg per nominal TEU", "每标准箱（额定）CO₂e kg"),
    )
    note = page.Text(
        "In waters that two ports share, time and masses belong to the port called at; exhaust only.",
        "两港共用水域内的时间与排放量归入所挂靠的港口；仅含船舶排气。",
    )
    title = page.Text("Per call at the two ports", "两港每次挂靠对照")
    return (page.Panel(key="two_ports", title=title, head=head, rows=rows, note=note),)

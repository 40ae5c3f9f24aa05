"""Small tables of the page: speed near Point Fermin by operator, control of engines at berth by port."""

import pandas as pd

from corridor.outputs.rule_tables import at_berth, green_flag, green_flag_operators
from corridor.reference import table as reference_table
from corridor.reference import value as reference_value
from corridor.study import Study
from maps.content import Panel, Text

OPERATORS_SHOWN = 12
Cell = Text | float | None


def rule_panels(study: Study) -> tuple[Panel, ...]:
    """Panels of what rules and goodwill came to; none where the study has nothing of it."""
    return tuple(panel for panel in (_green_flag(study), _at_berth(study)) if panel is not None)


def _green_flag(study: Study) -> Panel | None:
    """Transits and the share of their way at 12 kn or less, by operator, within 20 and 40 nm."""
    table = green_flag(study)
    if table is None:
        return None
    table = table[table["direction"].isin(["in", "out"])]
    kept = green_flag_operators(study)
    by = table["operator"].replace("", "–")
    busiest = by.value_counts().index[:OPERATORS_SHOWN].tolist()
    rows: list[tuple[Cell, ...]] = [
        (Text("All", "全部"), *speeds_of(table), kept_share(kept)),
        *((Text(name if name != "–" else "Operator unknown", name if name != "–" else "经营人不详"),
           *speeds_of(table[by == name]), kept_share(kept, "" if name == "–" else name)) for name in busiest),
    ]  # fmt: skip
    head = (
        Text("Operator", "经营人"),
        Text("Transits", "航次数"),
        Text("≤ 12 kn within 20 nm, % of distance", "20 海里内 ≤12 节航程占比(%)"),
        Text("mean kn, 20 nm", "20 海里内平均航速(节)"),
        Text("≤ 12 kn within 40 nm, % of distance", "40 海里内 ≤12 节航程占比(%)"),
        Text("mean kn, 40 nm", "40 海里内平均航速(节)"),
        Text("transits with mean ≤ 12 kn, 40 nm, %", "40 海里内平均航速≤12节的航次占比(%)"),
    )
    asked = 100.0 * reference_value("green_flag_2026", item="transits_share")
    note = Text(
        "Point Fermin, in and out. Observed by AIS, not the port's verdict: the programme asks for "
        f"{asked:.0f} % of an operator's transits in a calendar year, and how it measures one was not read. "
        "By year: green_flag_operators.csv.",
        "以费明角为中心，进出港航段。据 AIS 观测，并非港口的认定："
        f"该计划要求经营人每日历年 {asked:.0f}% 的航次达标，其计算方法未核实。"
        "分年结果见 green_flag_operators.csv。",
    )
    title = Text("Green Flag: 12 kn near Long Beach", "绿旗计划：长滩附近 12 节")
    return Panel("green_flag", title, head, tuple(rows), note)


def kept_share(kept: pd.DataFrame | None, operator: str | None = None) -> Cell:
    """Share of transits that kept 12 kn on the mean within 40 nm, of one operator or of all. [%]"""
    if kept is None:
        return None
    rows = kept if operator is None else kept[kept["operator"] == operator]
    count = rows["transits"].sum()
    return float(100.0 * (rows["kept_share_40nm"] * rows["transits"]).sum() / count) if count else None


def speeds_of(table: pd.DataFrame) -> tuple[Cell, ...]:
    """Number of transits, and slow share and mean speed within 20 and 40 nm. [1, %, kn, %, kn]"""
    cells: list[Cell] = [float(len(table))]
    for waters in ("20nm", "40nm"):
        way, hours = table[f"distance_nm_{waters}"], table[f"hours_{waters}"]
        slow = (way * table[f"slow_share_{waters}"].fillna(0.0)).sum()
        cells += [
            float(100.0 * slow / way.sum()) if way.sum() > 0 else None,
            float(way.sum() / hours.sum()) if hours.sum() > 0 else None,
        ]
    return tuple(cells)


def _at_berth(study: Study) -> Panel | None:
    """Visits, hours and shore energy by port, at low, central and high use. [h, MWh]"""
    table = at_berth(study)
    if table is None:
        return None
    names = reference_table("call_ports_2026").set_index("port")
    rows: list[tuple[Cell, ...]] = []
    for port, part in table.groupby("port", sort=True):
        known = port in names.index
        name = Text(str(names["name_en"][port]), str(names["name_zh"][port])) if known else Text(str(port))
        energy = [float(part[f"shore_kwh_{case}"].sum() / 1000.0) for case in ("low", "central", "high")]
        ruled = ~part["basis"].isin(["log", "no_rule"])
        cells = (float(len(part)), float(ruled.sum()), float(part["basis"].eq("log").sum()))
        rows.append((name, *cells, float(part["controllable_h"].sum()), *energy))
    head = (
        Text("Port", "港口"),
        Text("Visits", "靠泊次数"),
        Text("under a rule", "适用规定"),
        Text("in a log", "有岸电记录"),
        Text("hours to control", "可控小时"),
        Text("shore MWh, low use", "岸电 MWh(低)"),
        Text("central", "中"),
        Text("high", "高"),
    )
    note = Text(
        "Without a log the use of shore power is unknown: none, an assumed half, all of what a rule asks.",
        "无岸电记录时使用情况未知：按无、假定的一半和规定全部要求三种情形列出。",
    )
    return Panel("at_berth", Text("Engines at berth", "靠泊辅机控制"), head, tuple(rows), note)

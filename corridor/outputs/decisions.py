"""What a study says to those who decide: alternatives, carbon per container, targets."""

from collections.abc import Iterator

import pandas as pd

import maps.content as page
from corridor.accounts.targets import Target
from corridor.comparison import ashore, compare, sailing
from corridor.costs import TOTAL, costs
from corridor.efficiency import efficiency
from corridor.errors import InputError
from corridor.intensity import per_teu
from corridor.outputs import hotspots, near
from corridor.outputs.near import near_people, receptors_of
from corridor.outputs.settling import settled
from corridor.study import Study
from corridor.tracker import VERDICTS, sentences, track

KG_PER_T = 1000.0
UNITS = {
    "t": ("t", "吨"),
    "kg/teu_nominal": ("kg per nominal TEU", "千克/额定标准箱"),
    "kg/teu_on_board": ("kg per TEU on board", "千克/在船标准箱"),
    "kg/teu_moved": ("kg per TEU moved", "千克/装卸标准箱"),
}
BOUNDARIES = {"corridor_voyages": "走廊航次", "ships_in_port": "在港船舶"}
DIRECTIONS = {
    "round_trip": ("both directions", "往返"),
    "eastbound": ("eastbound", "东行"),
    "westbound": ("westbound", "西行"),
}


def files(study: Study) -> dict[str, pd.DataFrame]:
    """Tables by the name of their file; none where there is nothing to decide."""
    found = {}
    carbon = per_teu(study)
    if len(carbon):
        found["per_teu"] = carbon
    if study.alternatives:
        found |= {
            "scenarios": compare(study),
            "scenario_delays": sailing(study),
            "scenario_grid": ashore(study),
        }
    priced = costs(study)
    if len(priced):
        found["costs"] = priced
    if receptors_of(study):
        found["receptors"] = near_people(study)
    found["hotspots"] = study.hotspots()
    tracked = [table.assign(target=target.name) for target, table in tracks(study)]
    if tracked:
        found["targets"] = pd.concat(tracked, ignore_index=True)
    return found


def private_files(study: Study) -> dict[str, pd.DataFrame]:
    """Tables that name ships or their operators, by the name of their file."""
    table = efficiency(study)
    return {"indicators": table} if len(table) else {}


def tracks(study: Study) -> Iterator[tuple[Target, pd.DataFrame]]:
    """Each target of the study with its table; one that this study cannot be held against is left out."""
    for target in study.targets:
        try:
            yield target, track(study, target)
        except InputError:
            continue


def headlines(study: Study) -> list[str]:
    """Lines for the end of a run: what each alternative changes, and whether a target is reached."""
    lines = []
    targets = study.targets
    # The study as its files tell it, of which the answers are known by now.
    told = settled(study) if targets else study
    for target in targets:
        try:
            table = track(told, target)
        except InputError as error:
            lines.append(f"target not shown: {error.message}")
            continue
        lines += [english for english, _ in sentences(table, target)]
    return lines


def names(study: Study) -> dict[str, page.Text]:
    """Names of the baseline and the alternatives, by key."""
    others = {
        key: page.Text(one.scenario.name, one.scenario.name_zh) for key, one in study.alternatives.items()
    }
    return {"baseline": page.Text("Baseline", "基准情景"), **others}


def targets(study: Study) -> tuple[page.Target, ...]:
    """The page's trackers: base, goal and where each side lands."""
    found = []
    for target, table in tracks(study):
        for row in table.to_dict("records"):
            if row["scenario"] == "baseline" and target.baseline_value is None:
                continue  # it would be held against itself
            english, chinese = row["verdict"], VERDICTS[row["verdict"]]
            figures = [_signed(row[one]) for one in ("change_percent", "change_low", "change_high")]
            change = f"{figures[0]} % ({figures[1]} … {figures[2]})"
            side = names(study)[row["scenario"]]
            boundary = target.boundary.replace("_", " ")
            found.append(
                page.Target(
                    title=page.Text(
                        f"{target.name}: {side.en}", f"{target.name_zh or target.name}：{side.zh or side.en}"
                    ),
                    unit=page.Text(*UNITS[row["unit"]]),
                    base=(page.Text("Baseline", "基准"), float(row["baseline"])),
                    goal=(page.Text(str(target.target_year)), float(row["goal"])),
                    now=(side, float(row["value"])),
                    note=page.Text(
                        f"{english}: {change}. Boundary: {boundary}. {target.source}",
                        f"{chinese}：{change}。边界：{BOUNDARIES.get(target.boundary, boundary)}。"
                        f"{target.source_zh or target.source}",
                    ),
                )
            )
    return tuple(found)


def _signed(percent: float) -> str:
    """Print a change with its sign; nothing has none.

    >>> _signed(-0.04), _signed(-2.35)
    ('0.0', '−2.4')
    """
    return "0.0" if abs(percent) < 0.05 else f"{percent:+.1f}".replace("-", "−")


def panels(study: Study) -> tuple[page.Panel, ...]:
    """The page's tables for those who decide; each where the study has something to say."""
    return (*_per_teu_panel(study), *_cost_panel(study), *near.panel(study), *hotspots.panel(study))


def _cost_panel(study: Study) -> tuple[page.Panel, ...]:
    """What fuel, carbon and energy from shore cost at the user's prices; none without prices."""
    table = costs(study)
    if not len(table):
        return ()
    words = {"carbon": ("Carbon", "碳"), "shore_power": ("Shore power", "岸电"), TOTAL: ("Total", "合计")}
    rows = tuple(
        (
            names(study)[row["scenario"]],
            page.Text(*words.get(row["item"], (row["item"], ""))),
            *(
                None if pd.isna(row[one]) else float(row[one])
                for one in ("price", "cost", "low", "high", "change")
            ),
        )
        for row in table.to_dict("records")
    )
    currency = table["currency"].iloc[0]
    head = (
        page.Text("Scenario", "情景"),
        page.Text("Item", "项目"),
        page.Text(f"{currency} per t or kWh", f"{currency} 每吨或千瓦时"),
        page.Text(currency),
        page.Text("5 %"),
        page.Text("95 %"),
        page.Text("change", "变化"),
    )
    note = page.Text(
        "At prices that the user gave; the interval is that of the quantities. No price, no cost.",
        "按用户提供的价格计算；区间仅反映数量的不确定性。未给价格的项目不计费用。",
    )
    return (page.Panel("costs", page.Text("Cost of fuel and carbon", "燃料与碳成本"), head, rows, note),)


def _per_teu_panel(study: Study) -> tuple[page.Panel, ...]:
    """The page's table of carbon per container; none without a journey of a ship of known capacity."""
    table = per_teu(study)
    if not len(table):
        return ()
    head = (
        page.Text("Scenario, direction", "情景与方向"),
        page.Text("TtW kg CO₂e per TEU", "TtW 每标准箱 kg CO₂e"),
        page.Text("WtW kg CO₂e per TEU", "WtW 每标准箱 kg CO₂e"),
        page.Text("WtW g CO₂e/TEU-km", "WtW g CO₂e/TEU-km"),
        page.Text("WtW change, %", "WtW 变化（%）"),
    )
    rows = tuple(_container_row(study, table, *key) for key in _shown(table))
    return (
        page.Panel(
            key="per_teu",
            title=page.Text("Carbon per container", "每标准箱碳排放"),
            head=head,
            rows=rows,
            note=page.Text(
                "Per nominal TEU and journey; both directions with their empties unless one is named. Per "
                "TEU-km at 70 % of the slots and planned distance, sailed over planned taken as 1.15, once.",
                "按额定标准箱和每航程计；除注明方向者外均为往返（含空箱）。每TEU-km按箱位利用率70%及计划距离计，"
                "航行距离与计划距离之比取1.15，仅调整一次。",
            ),
            on_paper=True,
        ),
    )


def _shown(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Both directions of every side, and each direction of the baseline."""
    keys = table[["scenario", "direction"]].drop_duplicates().itertuples(index=False, name=None)
    return [key for key in keys if key[1] == "round_trip" or key[0] == "baseline"]


def _container_row(
    study: Study, table: pd.DataFrame, scenario: str, direction: str
) -> tuple[page.Text | float | None, ...]:
    mine = table[(table["scenario"] == scenario) & (table["direction"] == direction)]
    by = mine.set_index(["boundary", "denominator"])
    values, changes = by["value"].to_dict(), by["change_percent"].to_dict()
    side, way = names(study)[scenario], DIRECTIONS[direction]
    return (
        page.Text(f"{side.en}, {way[0]}", f"{side.zh or side.en}，{way[1]}"),
        float(values["ttw", "teu_nominal"]),
        float(values["wtw", "teu_nominal"]),
        float(values["wtw", "teu_km_at_70_percent_planned"]),
        None if scenario == "baseline" else float(changes["wtw", "teu_nominal"]),
    )

"""Pictures of the printed report: hotspots on the corridor and in the ports, bars of what emits."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.totals import MASS_COLUMNS
from corridor.accounts.uncertainty import percentile_names
from corridor.emissions.phases import PHASES
from corridor.outputs import decisions, notes, tables
from corridor.outputs.intervals import with_bounds
from corridor.outputs.report_activity import PORTS, calls_of
from corridor.outputs.report_masses import Place, masses, place_of, whole
from corridor.outputs.report_words import Words, decimals, numbers
from corridor.reference import table as reference_table
from corridor.study import Study
from corridor.words import month_name
from layers.geodesy import display_longitude
from maps import palette
from maps.figures import Bar, CellMap, Frame, bars_svg, map_svg, shares_svg
from maps.figures import Place as Spot
from maps.report import Figure

# Windows of the maps: west, south, east, north. [degrees, 0-360]
WINDOWS = {
    "all": (108.0, 8.0, 246.0, 58.0),
    "LB": (241.55, 33.55, 241.95, 33.82),
    "SZ": (113.6, 22.2, 114.6, 22.7),
}
SHARED = ("co2e", "nox", "sox", "pm25", "dpm")
KG_PER_T = 1000.0
MOST_BARS = 10


def frame(study: Study, words: Words, title: str) -> Frame:
    """Title, mark and source of a picture: pictures travel alone."""
    facts = {"version": study.manifest["version"], "period": words.pick(notes.period(study))}
    return Frame(title, mark(study, words), words.say("figure_source", **facts))


def mark(study: Study, words: Words) -> str:
    """Return what stands on every page and picture: SIMULATED, PLANNED or nothing."""
    kind = "simulated" if study.simulated else "planned" if study.planned else ""
    return words.say(f"mark_{kind}") if kind else ""


def hotspot_map(study: Study, key: str, words: Words, width: float = 1.0) -> Figure:
    """Map of CO2e per area: of the whole corridor, or of one port."""
    table = tables.cells(study)
    west = np.mod(display_longitude(table["west"].to_numpy()), 360.0)
    table = table.assign(west=west, size=(table["east"] - table["west"]).round(6))
    table["density"] = table["co2e_kg"] / table["area_km2"]
    seen = table[(table["density"] > 0) & _inside(table, WINDOWS[key])]
    edges = palette.class_edges(*palette.spread([seen["density"].to_numpy()]))
    unit, factor = palette.density_unit(edges)
    shown = [f"{edge * factor:,.4g}" for edge in edges]
    cells = CellMap(
        window=WINDOWS[key],
        west=seen["west"].to_numpy(np.float64),
        south=seen["south"].to_numpy(np.float64),
        size=seen["size"].to_numpy(np.float64),
        classes=np.searchsorted(edges, seen["density"].to_numpy(), side="right"),
        legend=(words.say("below", edge=shown[0]), *(words.say("above", edge=one) for one in shown)),
        legend_title=words.say("map_legend", unit=unit),
    )
    name = "corridor" if key == "all" else key
    drawn = map_svg(frame(study, words, words.say(f"map_{name}")), cells, _spots(key, words))
    caption = words.say("map_caption", place=words.say(f"side_{key}"))
    return Figure(f"map_{name}", drawn, caption, width)


def _inside(table: pd.DataFrame, window: tuple[float, float, float, float]) -> NDArray[np.bool_]:
    west, south, east, north = window
    inside: NDArray[np.bool_] = (
        table["west"].between(west - 2, east + 2) & table["south"].between(south - 2, north + 2)
    ).to_numpy()
    return inside


def _spots(key: str, words: Words) -> list[Spot]:
    rows = reference_table("ports_2026").query("on_page == 1").to_dict("records")
    kept = rows if key == "all" else [row for row in rows if row["port"] in PORTS[key]]
    if key == "all":  # the two ports of Shenzhen would stand on one another
        kept = [row for row in kept if row["port"] != "SZW"]
    spots = []
    for row in kept:
        name = words.pick((str(row["name_en"]), str(row["name_zh"])))
        if key == "all" and row["port"] == "YT":
            name = words.say("side_SZ")
        spots.append(Spot(name, float(display_longitude(row["lon"])) % 360.0, float(row["lat"])))
    return spots


def phase_shares(study: Study, place: Place, words: Words) -> Figure:
    """Bars of 100 %: what each mode emits of each pollutant."""
    table = masses(study, {"phase": study.ledger.rows["phase"].to_numpy(np.int64)}, place.rows)
    sums = table[[f"{one}_kg" for one in SHARED]]
    shown = [one for one in SHARED if sums[f"{one}_kg"].sum() > 0]
    shares = np.array([(sums[f"{one}_kg"] / sums[f"{one}_kg"].sum()).to_numpy(np.float64) for one in shown])
    title = words.say("chart_phases", place=place.name)
    svg = shares_svg(
        frame(study, words, title),
        [words.species(one) for one in shown],
        [words.phase(PHASES[number]) for number in table["phase"]],
        shares,
    )
    return Figure(f"modes_{place.key}", svg, title, 0.5)


def month_bars(study: Study, words: Words) -> Figure | None:
    """CO2e month by month; nothing where there is but one."""
    months = study.months()
    if len(months) < 2:
        return None
    keys = {"month": study.ledger.rows["month"].to_numpy(np.int64)}
    table = masses(study, keys, np.ones(len(study.ledger.rows), bool))
    names = [month_name(number) for number in table["month"]]
    title = words.say("chart_months")
    bars = _bars(names, table["co2e_kg"].to_numpy(np.float64))
    return Figure("months", bars_svg(frame(study, words, title), bars), title, 0.5)


def class_bars(study: Study, place: Place, words: Words) -> Figure | None:
    """CO2e of the ship types that emit most; nothing where there is but one."""
    table = masses(study, {"class": study.ledger_classes()}, place.rows)
    table = table.nlargest(MOST_BARS, "co2e_kg")
    if len(table) < 2:
        return None
    names = [words.ship_class(study.class_names()[number]) for number in table["class"]]
    title = words.say("chart_classes")
    bars = _bars(names, table["co2e_kg"].to_numpy(np.float64))
    return Figure(f"types_{place.key}", bars_svg(frame(study, words, title), bars), title, 0.5)


def scenario_bars(study: Study, words: Words) -> Figure | None:
    """CO2e of the baseline and each scenario with its interval; nothing without scenarios."""
    if not study.alternatives:
        return None
    names = ["co2e_kg", *(f"co2e_{end}_kg" for end in percentile_names(study.interval_level))]
    rows = []
    for side in (study, *(study.alternative(key) for key in study.alternatives)):
        none = np.zeros(len(side.ledger.rows), np.int64)
        total = with_bounds(whole(side, none == 0)[[*MASS_COLUMNS]], side, none, np.zeros(1, np.int64)).iloc[
            0
        ]
        rows.append(tuple(total[name] for name in names))
    named = decisions.names(study)
    sides = [words.pick((named[key].en, named[key].zh)) for key in named]
    values = np.array(rows, np.float64)
    title = words.say("chart_scenarios", level=f"{100 * study.interval_level:g}")
    bars = _bars(sides, values[:, 0], values[:, 1:])
    return Figure("scenarios", bars_svg(frame(study, words, title), bars), title, 0.5)


def waiting_bars(study: Study, key: str, words: Words) -> Figure | None:
    """Mean hours per call at berth and at anchor by port called at; nothing without calls."""
    calls = calls_of(study, key)
    if not len(calls):
        return None
    bars = []
    for port in PORTS[key]:
        mine = calls[calls["port"] == port]
        for column in ("at_berth", "at_anchor"):
            if len(mine):
                hours = float(mine[f"hours_{column}"].mean())
                name = words.say(f"{column}_of", port=words.port(port))
                bars.append(Bar(name, hours, f"{hours:,.1f}"))
    title = words.say("chart_two_ports")
    return Figure("hours_per_call", bars_svg(frame(study, words, title), bars), title, 0.5)


def _bars(names: list[str], kg: NDArray[np.float64], ends: NDArray[np.float64] | None = None) -> list[Bar]:
    """Bars in tonnes. [kg]"""
    amounts = kg / KG_PER_T
    shown = numbers(amounts, decimals(amounts))
    bounds = np.full((len(names), 2), np.nan) if ends is None else ends / KG_PER_T
    return [
        Bar(name, float(value), text, float(low), float(high))
        for name, value, text, (low, high) in zip(names, amounts, shown, bounds, strict=True)
    ]


def pictures_of(study: Study, key: str, words: Words) -> dict[str, Figure]:
    """Every picture of a report by its name; those that would show nothing are left out."""
    keys = ("LB", "SZ") if key == "all" else (key,)
    places = [place_of(study, one, words) for one in keys]
    found: list[Figure | None] = [hotspot_map(study, "all", words)] if key == "all" else []
    for place in places:
        if place.rows.any():
            found += [
                hotspot_map(study, place.key, words, 0.5 if key == "all" else 0.9),
                phase_shares(study, place, words),
            ]
    everywhere = place_of(study, key, words)
    found += [waiting_bars(study, key, words), class_bars(study, everywhere, words)]
    found += [month_bars(study, words), scenario_bars(study, words)]
    return {figure.name: figure for figure in found if figure is not None}

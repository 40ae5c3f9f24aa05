"""Plain tables of the GeoPackage beside totals: activity, scenarios, intervals."""

from corridor.outputs import notes
from corridor.outputs.activity import HOURS, TIERS, activity
from corridor.outputs.alternatives import scenario_table
from corridor.outputs.intervals import interval_table
from corridor.outputs.zones import Columns
from corridor.study import Study
from layers.layer import Layer

ACTIVITY: Columns = {
    "port": ("Port", "", "Port called at: LB, LA, YT, SZW, a UN/LOCODE, or other"),
    "port_name": ("Port name", "", "Its English name, where it is a port of the corridor"),
    "ship_class": ("Ship class", "", "Class of the ships"),
    "size_bin": ("Size bin", "", "Size bin of the class, as in the table vessels"),
    "type_and_size": ("Type and size", "", "Class and size in words"),
    "type_and_size_zh": ("Type and size (zh)", "", "Class and size in Chinese"),
    "ships": ("Ships", "", "Different ships; one that called at two ports counts at both"),
    "calls": ("Calls", "", "Calls"),
    "arrivals": ("Arrivals", "", "Calls whose arrival within 40 nm was seen"),
    "departures": ("Departures", "", "Calls whose departure beyond 40 nm was seen"),
    "shifts": ("Shifts", "", "Changes from one berth to another within a call"),
    **{f"calls_tier_{one}": (f"Calls, Tier {one}", "", f"Calls of ships of NOx Tier {one}") for one in TIERS},
}
_PLACES = {"berth": "at berth", "anchor": "at anchor"}
_WORDS = {"min_h": "fewest", "mean_h": "mean", "max_h": "most"}
SCENARIO: Columns = {
    "scenario": ("Scenario", "", "Key of the scenario"),
    "name_en": ("Name", "", "What it is called"),
    "name_zh": ("Name (zh)", "", "What it is called in Chinese"),
    "levers": ("Levers", "", "What it changes: each lever with its settings and source"),
    "species": ("Species", "", "Pollutant, or fuel"),
    "baseline_kg": ("Baseline", "kg", "Mass of the study without the scenario"),
    "scenario_kg": ("Scenario mass", "kg", "Mass with it"),
    "difference_kg": ("Difference", "kg", "Mass with it less mass without it"),
    "difference_percent": ("Difference in percent", "%", "Difference by the baseline"),
    "difference_low_kg": ("Difference, low", "kg", "Lower bound of the difference"),
    "difference_high_kg": ("Difference, high", "kg", "Upper bound of the difference"),
    "interval_level": ("Interval level", "", "Share of the worlds between the bounds, 0 to 1"),
}
INTERVAL: Columns = {
    "dimension": ("Divided by", "", "total, phase, ship_class, or a zone system"),
    "key": ("Key", "", "Which phase, class or zone; join zones by it"),
    "species": ("Species", "", "Pollutant, or fuel"),
    "low_kg": ("Low", "kg", "Lower bound"),
    "mass_kg": ("Mass", "kg", "The study's figure, as in totals"),
    "high_kg": ("High", "kg", "Upper bound"),
    "interval_level": ("Interval level", "", "Share of the worlds between the bounds, 0 to 1"),
}


def activity_layer(study: Study) -> list[Layer]:
    """List the table of calls by port, type and size; nothing where there are no calls."""
    table = activity(study)
    if not len(table):
        return []
    columns: Columns = dict(ACTIVITY)
    for stem in HOURS.values():
        place = _PLACES[stem]
        columns[f"{stem}_calls"] = (f"Calls {place}", "", f"Calls with hours {place}: n of the statistics")
        for name, word in _WORDS.items():
            columns[f"{stem}_{name}"] = (f"Hours {place}, {word}", "h", f"Hours {place} per call, {word}")
        columns[f"{stem}_total_h"] = (f"Hours {place}, all", "h", f"Hours {place} of all calls")
    text = f"{study.said}Calls and hours per call by port, ship type and size, {notes.period(study)[0]}"
    return [Layer("activity", table, "Activity", text, columns)]


def scenario_layer(study: Study) -> list[Layer]:
    """List each scenario's totals beside the baseline; nothing where the study has no scenario."""
    table = scenario_table(study)
    if not len(table):
        return []
    text = (
        f"{study.said}Totals of each scenario, its difference to the baseline and the interval of that, "
        f"{notes.period(study)[0]}, kg; scenarios.csv divides them by zone, phase and class"
    )
    return [Layer("scenarios", table, "Scenarios", text, SCENARIO)]


def interval_layer(study: Study) -> Layer:
    """Low, study's figure and high of every total."""
    text = (
        f"{study.said}Interval of totals by phase, ship class and zone, {notes.period(study)[0]}, kg; "
        "bounds of rows may not be added up"
    )
    return Layer("intervals", interval_table(study), "Intervals", text, INTERVAL)

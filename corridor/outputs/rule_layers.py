"""Visits to berths and Green Flag transits as tables of the GeoPackage."""

from corridor.outputs import notes
from corridor.outputs.rule_tables import at_berth, green_flag
from corridor.study import Study
from layers.layer import Layer

UNITS = {"_kwh": "kWh", "_kg": "kg", "_h": "h", "hours": "h", "_nm": "nm", "_kn": "kn", "_utc": "UTC"}


def rule_layers(study: Study, said: str) -> list[Layer]:
    """Tables of what rules came to; none where the study has nothing of it, or is to be passed on."""
    made = (
        (
            "at_berth",
            at_berth(study),
            "Visits to berths",
            "Visits, what controls engines there, what it saves",
        ),
        (
            "green_flag",
            green_flag(study),
            "Green Flag transits",
            "Speeds within 20 and 40 nm of Point Fermin",
        ),
    )
    period = notes.period(study)[0]
    return [
        Layer(
            name,
            table,
            title,
            f"{said}{text}, {period}",
            {str(column): _told(str(column)) for column in table},
        )
        for name, table, title, text in made
        if table is not None and len(table) and not study.published
    ]


def _told(column: str) -> tuple[str, str, str]:
    """Title, unit and meaning of a column, from its name."""
    words = column.replace("_", " ")
    for case in (" low", " central", " high"):
        if words.endswith(case):
            words = f"{words.removesuffix(case)},{case} use"
    stem = column
    for ending in ("_low", "_central", "_high", "_20nm", "_40nm"):
        stem = stem.removesuffix(ending)
    unit = next((unit for ending, unit in UNITS.items() if stem.endswith(ending)), "")
    return words, unit, words

"""Visits to berths and Green Flag transits as tables of the GeoPackage."""

import pandas as pd

from corridor.outputs import notes
from corridor.outputs.rule_tables import at_berth, green_flag
from corridor.study import Study
from layers.layer import Layer

MEANINGS = {
    "vessel_id": "Key of the vessel, as in the table vessels",
    "name": "Name of the vessel",
    "operator": "Operator by the register, empty where none is known",
    "zone_id": "Berth, as in the layer berths",
    "port": "Port of the berth",
    "arrive_utc": "First time at the berth",
    "depart_utc": "Last time at the berth",
    "basis": "Rule, or log where the shore-power log says it, or no_rule",
    "hours": "Hours there",
    "controllable_h": "Hours in which engines may be controlled",
    "demand_kwh": "Auxiliary demand in those hours",
    "direction": "in, out, or through the waters",
    "start_utc": "First time within 40 nm of Point Fermin",
    "end_utc": "Last time within 40 nm of Point Fermin",
    "use": "Share of the controllable demand that is controlled, 0 to 1",
    "shore_kwh": "Energy from shore",
    "distance_nm": "Distance sailed",
    "mean_kn": "Mean speed",
    "highest_kn": "Highest speed",
    "slow_share": "Share of the way at 12 kn or less, 0 to 1",
}
_CASES = {
    **{f"_{case}": f", {case} use" for case in ("low", "central", "high")},
    **{f"_{nm}nm": f", within {nm} nm" for nm in (20, 40)},
}
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
            _timed(table),
            title,
            f"{said}{text}, {period}",
            {str(column): _told(str(column)) for column in table},
        )
        for name, table, title, text in made
        if table is not None and len(table) and not study.published
    ]


def _timed(table: pd.DataFrame) -> pd.DataFrame:
    """Table whose instants are times instead of text: programs filter and order them as such."""
    names = [str(name) for name in table if str(name).endswith("_utc")]
    return table.assign(**{name: pd.to_datetime(table[name], format="ISO8601", utc=True) for name in names})


def _told(column: str) -> tuple[str, str, str]:
    """Title, unit and meaning of a column, from its name: what, its unit, in which waters, at which use."""
    stem, of = column, ""
    for ending, words in _CASES.items():
        if stem.endswith(ending):
            stem, of = stem.removesuffix(ending), words
    ending = next((one for one in UNITS if stem.endswith(one)), "")
    saved, _, is_saved = stem.partition("_saved")
    name = f"{saved} saved" if is_saved else stem.removesuffix(ending if ending.startswith("_") else "")
    usual = f"{saved} that is not burnt or emitted at the berth"
    meaning = usual if is_saved else MEANINGS.get(stem, name.replace("_", " "))
    return f"{name.replace('_', ' ')}{of}", UNITS.get(ending, ""), f"{meaning}{of}"

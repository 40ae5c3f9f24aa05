"""Tables of masses for the printed report, in the order of port inventories: mode, type, zone, anchorage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.totals import consumer_table, mass_table
from corridor.accounts.unknowns import blanked
from corridor.emissions.phases import PHASES
from corridor.emissions.species import CONSUMERS
from corridor.outputs.call_ports import OPEN_SEA, totals_by_call_port, zone_waters
from corridor.outputs.report_words import Units, Words, numbers
from corridor.study import Study
from maps.report import Paragraph, Table

# Bays of each port of the report; none are all waters.
BAYS = {"LB": ("san_pedro_bay",), "SZ": ("shenzhen_west", "yantian")}
# In the order of the inventories of Long Beach and of Shenzhen.
SPECIES = {
    "LB": ("pm10", "pm25", "dpm", "nox", "sox", "co", "nmvoc", "co2e"),
    "SZ": ("sox", "nox", "co", "pm10", "pm25", "nmvoc", "co2e"),
    "all": ("pm10", "pm25", "dpm", "nox", "sox", "co", "nmvoc", "co2e"),
}
WAITING = ("at_anchor", "drifting")
MOST_ZONES = 14
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Place:
    """Waters that a chapter is about: ``LB``, ``SZ`` or ``all``, with the rows of the accounts in them."""

    key: str
    name: str
    rows: Bools
    units: Units

    @property
    def species(self) -> tuple[str, ...]:
        """Pollutants in the order of the place's own inventory."""
        return SPECIES[self.key]


def place_of(study: Study, key: str, words: Words) -> Place:
    """Return one of the report's places.

    Parameters
    ----------
    study : Study
        The study.
    key : str
        ``LB`` for San Pedro Bay, ``SZ`` for Shenzhen, ``all`` for every water.
    words : Words
        Its language: Chinese readers are never given short tons.
    """
    rows = np.ones(len(study.ledger.rows), bool)
    if key in BAYS:
        rows = np.isin(_bay_of_rows(study), BAYS[key])
    units = Units(short=key == "LB" and words.language == "en")
    return Place(key, words.say(f"side_{key}"), rows, units)


def _bay_of_rows(study: Study) -> NDArray[np.object_]:
    column = port_column(study)
    bays, of_zone = zone_waters(study, column)
    names: NDArray[np.object_] = np.array([*bays, OPEN_SEA], dtype=object)
    return names[of_zone[study.zone_places()[:, column]]]


def port_column(study: Study) -> int:
    """Return which zone system is the port inventory."""
    return [system.name for system in study.systems].index("port")


def masses(study: Study, keys: Mapping[str, NDArray[np.int64]], rows: Bools) -> pd.DataFrame:
    """Hours and masses of some rows of the accounts by keys; what has no estimate is NaN. [h, kg]"""
    chosen = study.ledger_rows().drop(columns=["zone"]).assign(**keys)[rows]
    table = mass_table(chosen, list(keys), study.derived)
    return blanked(table, study.ledger, study.manifest.get("not_estimated", []))


def whole(study: Study, rows: Bools) -> pd.DataFrame:
    """One row: hours and masses of some rows of the accounts. [h, kg]"""
    table = masses(study, {"all": np.zeros(len(rows), np.int64)}, rows)
    return table if len(table) else table.reindex([0]).fillna(0.0)


def by_phase(study: Study, place: Place, words: Words) -> Table:
    """Mode by mode, each with its engines below where more than one emits."""
    rows = study.ledger_rows().drop(columns=["zone"])[place.rows]
    table = consumer_table(rows, ["phase"], study.derived)
    table = blanked(table, study.ledger, study.manifest.get("not_estimated", []))
    sums = masses(study, {"phase": study.ledger.rows["phase"].to_numpy(np.int64)}, place.rows)
    names: list[str] = []
    parts, bold = [], []
    for _, mode in sums.iterrows():
        bold.append(len(names))
        names.append(words.phase(PHASES[int(mode["phase"])]))
        parts.append(mode)
        for consumer in CONSUMERS:
            one = table[(table["phase"] == mode["phase"]) & (table["consumer"] == consumer)].iloc[0]
            if one["fuel_kg"] > 0:
                names.append(f"– {words.say(f'source_{consumer}')}")
                parts.append(one)
    amounts = pd.DataFrame(parts, columns=[*sums.columns]).reset_index(drop=True)
    caption = words.say("by_mode", place=place.name, unit=words.say(place.units.key))
    total, first = whole(study, place.rows), words.say("mode_source")
    return mass_rows(words, place, amounts, names, caption, total, first, bold=bold)


def by_class(study: Study, place: Place, words: Words) -> Table | Paragraph:
    """Ship type by ship type, the largest emitter first; a sentence where there is but one."""
    table = masses(study, {"class": study.ledger_classes()}, place.rows)
    table = table.sort_values("co2e_kg", ascending=False, kind="stable")
    names = [words.ship_class(study.class_names()[number]) for number in table["class"]]
    if len(names) == 1:
        return Paragraph(words.say("one_class", place=place.name, name=names[0]))
    caption = words.say("by_class", place=place.name, unit=words.say(place.units.key))
    return mass_rows(words, place, table, names, caption, whole(study, place.rows), words.say("ship_type"))


def by_zone(study: Study, place: Place, words: Words) -> Table:
    """Zone by zone of the port inventory, in its order; the smallest are taken together."""
    column = port_column(study)
    table = masses(study, {"place": study.zone_places()[:, column]}, place.rows)
    zones = study.zone_names(column)
    kept = table.nlargest(MOST_ZONES, "co2e_kg").index
    small = table[~table.index.isin(kept)]
    table = table.loc[table.index.isin(kept)]
    names = [words.pick((zones["name_en"].iloc[row], zones["name_zh"].iloc[row])) for row in table["place"]]
    if len(small):
        table = pd.concat([table, small.sum().to_frame().T], ignore_index=True)
        names.append(words.say("others", count=len(small)))
    caption = words.say("by_zone", place=place.name, unit=words.say(place.units.key))
    return mass_rows(words, place, table, names, caption, whole(study, place.rows), words.say("zone"))


def waiting(study: Study, place: Place, words: Words) -> Table | Paragraph:
    """Hours and masses at anchor and adrift by zone, apart from all else; a sentence where nobody waited."""
    column = port_column(study)
    phase = study.ledger.rows["phase"].to_numpy(np.int64)
    rows = place.rows & np.isin(phase, [PHASES.index(name) for name in WAITING])
    if not rows.any():
        return Paragraph(words.say("nobody_waited", place=place.name))
    keys = {"place": study.zone_places()[:, column], "phase": phase}
    table = masses(study, keys, rows)
    zones = study.zone_names(column)
    joint = "，" if words.language == "zh" else ", "
    names = [
        f"{words.pick((zones['name_en'].iloc[int(where)], zones['name_zh'].iloc[int(where)]))}"
        f"{joint}{words.phase(PHASES[int(what)])}"
        for where, what in zip(table["place"], table["phase"], strict=True)
    ]
    caption = words.say("anchorages", place=place.name, unit=words.say(place.units.key))
    return mass_rows(
        words, place, table, names, caption, whole(study, rows), words.say("zone"),
        note=words.say("anchorages_note"),
    )  # fmt: skip


def by_port_called(study: Study, place: Place, words: Words) -> Table:
    """The same waters by the port called at: two ports share the anchorages and approaches of a bay."""
    table = totals_by_call_port(study)
    table = table[table["waters"].isin(BAYS[place.key])]
    columns = ["hours", *(f"{one}_kg" for one in place.species)]
    table = table.groupby("call_port", sort=False)[columns].sum().reset_index()
    table = blanked(table, study.ledger, study.manifest.get("not_estimated", []))
    names = [words.say("none") if code == "none" else words.port(code) for code in table["call_port"]]
    caption = words.say("by_called", place=place.name, unit=words.say(place.units.key))
    return mass_rows(
        words, place, table, names, caption, whole(study, place.rows), words.say("port"),
        note=words.say("called_note"),
    )  # fmt: skip


def mass_rows(
    words: Words,
    place: Place,
    table: pd.DataFrame,
    names: Sequence[str],
    caption: str,
    total: pd.DataFrame,
    first: str,
    note: str = "",
    bold: Sequence[int] = (),
) -> Table:
    """Return rows of hours and masses with their sum below, in the units of the place."""
    both = pd.concat([table, total], ignore_index=True)
    # Hours belong to the ship: an engine's row has none.
    hours = numbers(both["hours"], 0 if both["hours"].max() >= 100 else 1)
    columns = [["" if pd.isna(one) else shown for one, shown in zip(both["hours"], hours, strict=True)]]
    columns += [place.units.column(one, both[f"{one}_kg"]) for one in place.species]
    labels = [*names, words.say("all")]
    rows = tuple(zip(labels, *columns, strict=True))
    head = (first, words.say("hours"), *(words.species(one) for one in place.species))
    return Table(caption, head, rows, (*bold, len(rows) - 1), 1, note)

"""Chapter of the printed report on causes: what makes the densest cells, and why two periods differ."""

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from corridor.outputs import notes
from corridor.outputs.report_masses import port_column
from corridor.outputs.report_words import Units, Words, decimals, numbers
from corridor.study import Study
from corridor.why import EFFECTS, why
from layers.geodesy import display_longitude
from maps.report import Block, Heading, Paragraph, Table

SHOWN = 8
CAUSED = ("co2e", "nox", "sox", "pm25")
KG_PER_T = 1000.0
Window = tuple[float, float, float, float]


def why_chapter(
    study: Study, before: Study | None, words: Words, number: int, window: Window | None
) -> Iterator[Block]:
    """What makes the densest cells; and, where an earlier study is given, what changed each mass.

    Parameters
    ----------
    study : Study
        The study.
    before : Study, optional
        Another period of the same waters.
    words : Words
        Its language.
    number : int
        Of the chapter.
    window : tuple of float, optional
        West, south, east, north of the waters that the report is about. [degrees, 0-360]
    """
    yield Heading(words.say("why", number=number))
    yield hot_cells(study, words, window)
    if before is None:
        yield Paragraph(words.say("no_before"))
    elif study.published or before.published:
        yield Paragraph(words.say("no_causes"))
    else:
        yield causes(before, study, words)


def hot_cells(study: Study, words: Words, window: Window | None = None) -> Table | Paragraph:
    """Return the cells with most CO2 per area, each with the mode and ship type that make most of it."""
    table = study.hotspots()
    # Of the whole: cells of few ships may be withheld from a published study, their mass is in its total.
    table = table.assign(share=100.0 * table["mass_kg"] / study.manifest["totals"]["co2_kg"])
    if window is not None:
        table = table[_inside(table, window)]
    table = table.head(SHOWN)
    if not len(table):
        return Paragraph(words.say("no_hot"))
    waters = _zones_at(study, table, words)
    tonnes = (table["kg_per_km2"] / KG_PER_T).to_numpy()
    density = numbers(tonnes, decimals(tonnes))
    rows = tuple(
        _hot_row(row, zone, per_area, words)
        for row, zone, per_area in zip(table.to_dict("records"), waters, density, strict=True)
    )
    head = ("cell", "mode", "ship_type", "t_per_km2", "share_of_all", "observed_percent")
    withheld = "withheld" in (study.manifest.get("published") or {})
    note = words.say("hot_note_told" if withheld else "hot_note")
    return Table(words.say("hot_cells"), tuple(words.say(one) for one in head), rows, (), 3, note)


def _hot_row(row: dict[Hashable, Any], zone: str, per_area: str, words: Words) -> tuple[str, ...]:
    place = f"{_place(row['south'], row['north'], 'NS')} {_place(row['west'], row['east'], 'EW')}"
    makers = ((words.phase(row["phase"]), "phase"), (words.ship_class(row["ship_class"]), "ship_class"))
    return (
        f"{row['rank']:,}.  {zone}  {place}",
        *(words.say("most_of", name=name, share=f"{100 * row[f'{of}_share']:.0f}") for name, of in makers),
        per_area,
        *numbers([row["share"]], 2),
        *numbers([100.0 * row["observed_share"]], 0),
    )


def _inside(table: pd.DataFrame, window: Window) -> NDArray[np.bool_]:
    west, south, east, north = window
    lon = np.mod(display_longitude(((table["west"] + table["east"]) / 2.0).to_numpy()), 360.0)
    lat = ((table["south"] + table["north"]) / 2.0).to_numpy()
    inside: NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return inside


def _place(low: float, high: float, signs: str) -> str:
    """Middle of two degrees as text.

    >>> _place(-118.25, -118.24, "EW"), _place(33.7, 33.8, "NS")
    ('118.245°W', '33.750°N')
    """
    middle = (low + high) / 2.0
    return f"{abs(middle):.3f}°{signs[int(middle < 0)]}"


def _zones_at(study: Study, table: pd.DataFrame, words: Words) -> list[str]:
    """Name of the zone of the port inventory at the middle of each cell."""
    column = port_column(study)
    zones = study.zone_names(column)
    middles = shapely.points((table["west"] + table["east"]) / 2.0, (table["south"] + table["north"]) / 2.0)
    found = np.zeros(len(table), np.int64)
    at, zone = study.systems[column].zones.sindex.query(middles, predicate="intersects")
    found[at] = zone + 1
    names = zip(zones["name_en"].iloc[found], zones["name_zh"].iloc[found], strict=True)
    return [words.pick(pair) for pair in names]


def causes(before: Study, study: Study, words: Words) -> Table:
    """Return what changed each mass between two studies, its parts adding up to the difference. [t]"""
    table = why(before, study)
    table = table[table["ship_class"] == "all"].set_index(["pollutant", "effect"])
    units = Units(short=False)
    columns = []
    for one in CAUSED:
        mine = table.loc[one]
        parts = mine["change_kg"].reindex(EFFECTS)
        ends = mine[["before_kg", "after_kg"]].iloc[0]
        kg = [ends["before_kg"], *parts, ends["after_kg"]]
        columns.append([*units.column(one, kg)])
    percent = table.loc["co2e"]["change_percent"].reindex(EFFECTS)
    shown = [f"{one:+.1f}".replace("-", "−") if abs(one) >= 0.05 else "0.0" for one in percent]
    first, last = (
        words.say(one, period=words.pick(notes.period(side)))
        for one, side in (("side_before", before), ("side_after", study))
    )
    labels = [first, *(words.say(f"effect_{one}") for one in EFFECTS), last]
    rows = list(zip(labels, *columns, ["", *shown, ""], strict=True))
    # What changed nothing at all needs no line.
    moved = [
        0,
        *(n for n in range(1, len(rows) - 1) if any(_figure(one) for one in rows[n][1:])),
        len(rows) - 1,
    ]
    head = (words.say("cause"), *(words.species(one) for one in CAUSED), words.say("change_co2e"))
    kept = tuple(tuple(str(one) for one in rows[n]) for n in moved)
    return Table(words.say("causes"), head, kept, (0, len(kept) - 1), 1, words.say("causes_note"))


def _figure(text: str) -> float:
    """Return the number that a cell shows; a dash is none.

    >>> _figure("−1,234.5"), _figure("–")
    (-1234.5, 0.0)
    """
    plain = text.replace(",", "").replace("−", "-")
    return 0.0 if plain == "–" else float(plain or 0.0)

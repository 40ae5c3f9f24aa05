"""Chapters of the printed report, in the order port inventories use: activity first, then what it emitted."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

import maps.content as page
from corridor import reference
from corridor.accounts.uncertainty import percentile_names
from corridor.comparison import compare, sailing
from corridor.outputs import decisions, notes, report_masses, two_ports
from corridor.outputs.intervals import with_bounds
from corridor.outputs.report_activity import PORTS, activity
from corridor.outputs.report_masses import Place, place_of, whole
from corridor.outputs.report_pictures import WINDOWS
from corridor.outputs.report_rules import berth_chapter, speed_chapter
from corridor.outputs.report_why import why_chapter
from corridor.outputs.report_words import NOTHING, Units, Words, decimals, numbers
from corridor.study import Study
from maps.report import Block, Bullets, Cards, Figure, Heading, Paragraph, Table

Pictures = dict[str, Figure]
Chapter = Callable[[Study, str, Words, Pictures, int], Iterator[Block]]
CHANGED = ("nox", "sox", "pm25", "dpm")
SHOWN_PER_CALL = ("co2e", "nox", "sox", "pm25", "dpm")


def chapters(
    study: Study, key: str, words: Words, pictures: Pictures, before: Study | None = None
) -> Iterator[Block]:
    """Every block of a report after its title.

    Parameters
    ----------
    study : Study
        The study.
    key : str
        ``LB``, ``SZ`` or ``all``.
    words : Words
        Its language.
    pictures : dict
        Pictures by name, as they may be left out.
    before : Study, optional
        Another period of the same waters, for what changed.
    """
    yield from _cover(study, key, words, pictures)
    yield from _activity(study, key, words, pictures)
    number = 2
    for part in ("LB", "SZ", "all") if key == "all" else (key,):
        place = place_of(study, part, words)
        if place.rows.any():
            yield from _emissions(study, place, words, pictures, number)
            number += 1
    # The programme of Long Beach asks nothing of Shenzhen.
    rules = (_berths,) if key == "SZ" else (_speeds, _berths)
    why = partial(_why, before=before)
    ends: tuple[Chapter, ...] = (*(_per_call, *rules, _decided, why, _data, _method, _limits, _sources),)
    for place_in_order, chapter in enumerate(ends, start=number):
        yield from chapter(study, key, words, pictures, place_in_order)


def _cover(study: Study, key: str, words: Words, pictures: Pictures) -> Iterator[Block]:
    place = place_of(study, key, words)
    total = whole(study, place.rows).iloc[0]
    units = Units(short=False)
    cards = [
        (f"{total['hours']:,.0f}", words.say("card_hours")),
        (units.column("co2e", [total["co2e_kg"]])[0], words.say("card_co2e")),
        (f"{100 * _or_zero(total['observed_share']):.0f} %", words.say("card_observed")),
    ]
    if not study.published:
        # The groups of a published study are no ships, nor does it know how many were here.
        ships = int(study.ledger.rows["vessel"][place.rows].nunique())
        cards.insert(0, (f"{ships:,}", words.say("card_ships")))
    if study.calls is not None and len(study.calls):
        calls = study.calls[(study.calls["call_no"] > 0) & study.calls["port"].isin(PORTS[key])]
        cards.insert(1, (f"{len(calls):,}", words.say("card_calls")))
    yield Cards(tuple(cards))
    yield from _shown(pictures, "map_corridor" if key == "all" else f"map_{key}")
    yield Heading(words.say("first"), 2)
    yield Bullets(tuple(words.pick(pair) for pair in notes.status(study)))


def _activity(study: Study, key: str, words: Words, pictures: Pictures) -> Iterator[Block]:
    yield Heading(words.say("activity"))
    found = activity(study, key, words)
    if not found:
        yield Paragraph(words.absent("no_calls", published=study.published))
    yield from found
    yield from _shown(pictures, "hours_per_call")


def _emissions(study: Study, place: Place, words: Words, pictures: Pictures, number: int) -> Iterator[Block]:
    yield Heading(words.say("emissions", number=number, place=place.name))
    yield report_masses.by_phase(study, place, words)
    # On its own cover the map stands already.
    yield from _shown(pictures, f"modes_{place.key}", f"map_{place.key}")
    yield report_masses.by_class(study, place, words)
    yield report_masses.by_zone(study, place, words)
    if place.key == "all":
        yield from _shown(pictures, "types_all", "months")
        yield Paragraph(words.say("rounding"))
        return
    yield report_masses.waiting(study, place, words)
    if study.voyages is not None and len(study.voyages):
        yield report_masses.by_port_called(study, place, words)
    yield from _shown(pictures, f"types_{place.key}")


def _per_call(study: Study, key: str, words: Words, _: Pictures, number: int) -> Iterator[Block]:
    yield Heading(words.say("per_call_chapter", number=number))
    table = two_ports.side_by_side(study)
    if not len(table):
        yield Paragraph(words.absent("no_per_call", published=study.published))
    else:
        sides = {"LB": ("long_beach", "los_angeles"), "SZ": ("shenzhen",)}.get(key, tuple(two_ports.SIDES))
        yield _per_call_table(table[table["port"].isin(sides)], words)
    if key == "all":
        # Other panels are of hotspots, costs and people.
        carbon = [panel for panel in decisions.panels(study) if panel.key == "per_teu"]
        yield from (_per_teu(panel.rows, words) for panel in carbon)


def _per_call_table(table: pd.DataFrame, words: Words) -> Table:
    activities = {"approach": words.say("approach"), "all": words.say("all")}
    columns = [
        table["port"].map(lambda side: words.pick(two_ports.SIDES[side])),
        table["activity"].map(lambda one: activities.get(one) or words.phase(one)),
        [f"{calls:,}" for calls in table["calls"]],
        numbers(table["hours_per_call"], 1),
    ]
    for one in SHOWN_PER_CALL:
        amounts = table[f"{one}_kg_per_call"]
        columns.append(numbers(amounts, decimals(amounts)))
    per_teu = table["co2e_kg_per_teu_nominal"]
    columns.append(numbers(per_teu, decimals(per_teu.fillna(0.0))))
    head = (
        words.say("port"), words.say("activity_head"), words.say("calls_head"), words.say("h_per_call"),
        *(words.species(one) for one in SHOWN_PER_CALL), words.say("per_teu_head"),
    )  # fmt: skip
    sums = tuple(np.flatnonzero((table["activity"] == "all").to_numpy()).tolist())
    rows = tuple(zip(*columns, strict=True))
    return Table(words.say("per_call"), head, rows, sums, 2, words.say("called_note"))


def _per_teu(rows: Sequence[Sequence[page.Text | float | None]], words: Words) -> Table:
    shown = []
    for row in rows:
        side = "".join(words.pick((one.en, one.zh)) for one in row if isinstance(one, page.Text))
        amounts = [np.nan if one is None else one for one in row if not isinstance(one, page.Text)]
        shown.append((side, *numbers(amounts, 1)))
    head = tuple(words.say(one) for one in ("scenario", "ttw_teu", "wtw_teu", "wtw_km"))
    head = (*head, words.say("change", species="WtW"))
    return Table(words.say("per_teu"), head, tuple(shown), (), 1, words.say("per_teu_note"))


def _speeds(study: Study, _key: str, words: Words, _: Pictures, number: int) -> Iterator[Block]:
    yield from speed_chapter(study, words, number)


def _berths(study: Study, key: str, words: Words, _: Pictures, number: int) -> Iterator[Block]:
    yield from berth_chapter(study, key, words, number)


def _why(
    study: Study, key: str, words: Words, _: Pictures, number: int, before: Study | None = None
) -> Iterator[Block]:
    yield from why_chapter(study, before, words, number, None if key == "all" else WINDOWS[key])


def _decided(study: Study, key: str, words: Words, pictures: Pictures, number: int) -> Iterator[Block]:
    yield Heading(words.say("decisions", number=number))
    yield intervals(study, words)
    if not study.alternatives:
        yield Paragraph(words.say("no_scenarios"))
    else:
        yield _scenarios(study, words)
        if key == "all":
            yield from _shown(pictures, "scenarios")
    found = decisions.targets(study)
    if found:
        rows = tuple(_target(one, words) for one in found)
        head = tuple(words.say(one) for one in ("target", "base", "goal", "landed", "unit"))
        yield Table(words.say("targets"), head, rows, (), 1)
        said = dict.fromkeys(words.pick((one.note.en, one.note.zh)) for one in found if one.note)
        yield Bullets(tuple(said))


def _target(one: page.Target, words: Words) -> tuple[str, ...]:
    values = [part[1] for part in (one.base, one.goal, one.now)]
    title, unit = (words.pick((text.en, text.zh)) for text in (one.title, one.unit))
    return (title, *numbers(values, decimals(values)), unit)


def intervals(study: Study, words: Words) -> Table:
    """Totals of the whole study with the bounds of their intervals, in metric tonnes."""
    none = np.zeros(len(study.ledger.rows), np.int64)
    total = whole(study, none == 0)
    bounds = with_bounds(total, study, none, np.zeros(1, np.int64)).iloc[0]
    low, high = percentile_names(study.interval_level)
    order = ("co2e", "co2", "nox", "sox", "pm10", "pm25", "dpm", "bc", "co", "nmvoc", "ch4", "n2o")
    rows = []
    for one in order:
        kg = [bounds[f"{one}_kg"], bounds[f"{one}_{low}_kg"], bounds[f"{one}_{high}_kg"]]
        rows.append((words.pollutant(one), *Units(short=False).column(one, kg)))
    head = tuple(words.say(one, level=level(study)) for one in ("species", "central", "low", "high"))
    return Table(
        words.say("intervals", level=level(study)), head, tuple(rows), (), 1, words.say("intervals_note")
    )


def level(study: Study) -> str:
    """Level of the study's intervals, in per cent."""
    return f"{100 * study.interval_level:g}"


def _scenarios(study: Study, words: Words) -> Table:
    table: Any = compare(study, dimensions=["total"]).set_index(["scenario", "quantity"])
    delays: Any = sailing(study).set_index("scenario")
    named = decisions.names(study)
    rows = []
    for key in study.alternatives:
        carbon = table.loc[(key, "co2e")]
        base = carbon["baseline"] or np.nan
        ends = [100 * carbon[f"difference_{one}"] / base for one in percentile_names(study.interval_level)]
        others = [_signed(table.loc[(key, one)]["difference_percent"]) for one in CHANGED]
        joined = words.say("between", low=_signed(ends[0]), high=_signed(ends[1]))
        later = numbers([float(delays.loc[key, "mean_delay_h"])], 1)
        name = words.pick((named[key].en, named[key].zh))
        rows.append((name, _signed(carbon["difference_percent"]), joined, *others, *later))
    head = (
        words.say("scenario"), words.say("change_co2e"), words.say("interval", level=level(study)),
        *(words.say("change", species=words.species(one)) for one in CHANGED), words.say("later"),
    )  # fmt: skip
    return Table(words.say("scenarios"), head, tuple(rows), (), 1, words.say("scenarios_note"))


def _signed(percent: float) -> str:
    """Print a change with its sign; no minus before nothing.

    >>> _signed(-0.04), _signed(2.35), _signed(float("nan"))
    ('0.0', '+2.4', '–')
    """
    if np.isnan(percent):
        return NOTHING
    return "0.0" if abs(percent) < 0.05 else f"{percent:+.1f}".replace("-", "−")


def _data(study: Study, _key: str, words: Words, _: Pictures, number: int) -> Iterator[Block]:
    yield Heading(words.say("data", number=number))
    totals = study.manifest["totals"]
    hours, observed = totals["hours"], totals["hours_observed"]
    filled, lost = totals["hours_filled"], totals["hours_unobserved"]
    every = hours + lost
    kinds = {"observed": observed, "rested": hours - observed - filled, "filled": filled, "unobserved": lost}
    rows = tuple(
        (words.say(kind), *numbers([amount], 0), *_percent(amount, every),
         words.say("no" if kind == "unobserved" else "yes"))
        for kind, amount in kinds.items()
    )  # fmt: skip
    head = tuple(words.say(one) for one in ("kind", "hours", "share", "in_totals"))
    yield Table(words.say("coverage"), head, rows, (), 1)
    total = whole(study, np.ones(len(study.ledger.rows), bool)).iloc[0]
    kinds_of_fuel = {"measured": "measured", "modelled": "modelled", "defaulted": "default"}
    shares = {kind: _or_zero(total[f"{name}_share"]) for kind, name in kinds_of_fuel.items()}
    kg = [total["fuel_kg"] * share for share in shares.values()]
    fuel = Units(short=False).column("fuel", kg)
    rows = tuple(
        (words.say(kind), tonnes, *_percent(share, 1.0))
        for (kind, share), tonnes in zip(shares.items(), fuel, strict=True)
    )
    head = (words.say("kind"), words.say("ton"), words.say("share"))
    yield Table(words.say("basis"), head, rows, (), 1)


def _percent(amount: float, whole_amount: float) -> list[str]:
    return numbers([100 * amount / whole_amount if whole_amount > 0 else 0.0], 1)


def _or_zero(share: float) -> float:
    return 0.0 if np.isnan(share) else float(share)


def _method(study: Study, _key: str, words: Words, _: Pictures, number: int) -> Iterator[Block]:
    yield Heading(words.say("method", number=number))
    yield Bullets(tuple(words.pick(pair) for pair in notes.method(study)))


def _limits(study: Study, _key: str, words: Words, _: Pictures, number: int) -> Iterator[Block]:
    yield Heading(words.say("limits", number=number))
    yield Bullets(tuple(words.pick(pair) for pair in notes.limits()))
    warnings = study.manifest["warnings"]
    if warnings:
        yield Heading(words.say("warnings"), 2)
        yield Bullets(tuple(str(one) for one in warnings))


def _sources(study: Study, _key: str, words: Words, _: Pictures, number: int) -> Iterator[Block]:
    yield Heading(words.say("sources", number=number))
    rows = [
        (str(row["title"]), words.pick((row["licence"], row["licence_zh"])),
         words.pick((row["used_for"], row["used_for_zh"])))
        for row in reference.table("credits_2026").to_dict("records")
    ]  # fmt: skip
    inputs = ", ".join(str(item["name"]) for item in study.manifest["inputs"])
    rows.append((words.say("positions"), words.say("given"), inputs))
    head = tuple(words.say(one) for one in ("source", "licence", "used_for"))
    note = words.say("facts_count", n=len([name for name in reference.tables() if "/" not in name]))
    yield Table(words.say("sources", number=number).partition(" ")[2], head, tuple(rows), (), 3, note)
    yield Heading(words.say("cite"), 2)
    yield Paragraph(notes.cite(study))


def _shown(pictures: Pictures, *names: str) -> Iterator[Figure]:
    for name in names:
        if name in pictures:
            yield pictures.pop(name)

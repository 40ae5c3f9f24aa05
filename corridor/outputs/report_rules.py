"""Chapters of the printed report on goodwill and rules: 12 knots near Long Beach, engines at berth."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from corridor import reference
from corridor.emissions.at_berth import CASES
from corridor.outputs.panels import OPERATORS_SHOWN, kept_share, speeds_of
from corridor.outputs.report_activity import PORTS
from corridor.outputs.report_words import Units, Words, numbers
from corridor.outputs.rule_tables import at_berth, green_flag, green_flag_operators
from corridor.study import Study
from maps.report import Block, Heading, Paragraph, Table

WATERS = ("20nm", "40nm")
# What shore power and capture take away at berth, in the order they are printed.
SAVED = ("nox", "pm10", "sox", "co2", "fuel")


def speed_chapter(study: Study, words: Words, number: int) -> Iterator[Block]:
    """Speeds within 20 and 40 nm of Point Fermin, per transit and by operator: observed, not judged. [kn]

    Parameters
    ----------
    study : Study
        The study.
    words : Words
        Its language.
    number : int
        Of the chapter.
    """
    yield Heading(words.say("green_flag", number=number))
    table = green_flag(study)
    ways = pd.DataFrame() if table is None else table[table["direction"].isin(["in", "out"])]
    if not len(ways):
        yield Paragraph(words.absent("no_transits", published=study.published))
        return
    yield _by_transit(ways, words)
    yield _by_operator(ways, green_flag_operators(study), words)


def _by_transit(ways: pd.DataFrame, words: Words) -> Table:
    """Mean speed of a transit: least, mean, most; the highest speed; the slow share of the way. [kn, %]"""
    rows = []
    for direction in ("in", "out"):
        for waters in WATERS:
            seen = ways[(ways["direction"] == direction) & ways[f"mean_kn_{waters}"].notna()]
            if not len(seen):
                continue
            mean, way = seen[f"mean_kn_{waters}"], seen[f"distance_nm_{waters}"]
            slow = (way * seen[f"slow_share_{waters}"].fillna(0.0)).sum() / way.sum()
            kn = [mean.min(), mean.mean(), mean.max(), seen[f"highest_kn_{waters}"].max()]
            name = words.say(f"transit_{direction}", nm=waters.removesuffix("nm"))
            rows.append((name, f"{len(seen):,}", *numbers(kn, 1), *numbers([100.0 * slow], 0)))
    head = ("transit", "n", "mean_least", "mean_mean", "mean_most", "highest", "slow_way")
    return Table(words.say("transits"), tuple(words.say(one) for one in head), tuple(rows), (), 1)


def _by_operator(ways: pd.DataFrame, kept: pd.DataFrame | None, words: Words) -> Table:
    """Transits and slow shares of the busiest operators; who is not known stands together. [kn, %]"""
    names = ways["operator"].value_counts().index[:OPERATORS_SHOWN].tolist()
    groups = [(name or words.say("operator_unknown"), ways[ways["operator"] == name], name) for name in names]
    rows = [_operator_row(label, mine, kept_share(kept, name)) for label, mine, name in groups]
    rows.append(_operator_row(words.say("all"), ways, kept_share(kept)))
    asked = 100.0 * reference.value("green_flag_2026", item="transits_share")
    head = ("operator", "transits_head", "slow_20", "mean_20", "slow_40", "mean_40", "kept_40")
    return Table(
        words.say("operators"),
        tuple(words.say(one) for one in head),
        tuple(rows),
        (len(rows) - 1,),
        1,
        words.say("operators_note", asked=f"{asked:.0f}"),
    )


def _operator_row(label: str, ways: pd.DataFrame, kept: object) -> tuple[str, ...]:
    figures = [np.nan if one is None else float(str(one)) for one in (*speeds_of(ways)[1:], kept)]
    shown = [numbers([figure], places)[0] for figure, places in zip(figures, (0, 1, 0, 1, 0), strict=True)]
    return (label, f"{len(ways):,}", *shown)


def berth_chapter(study: Study, key: str, words: Words, number: int) -> Iterator[Block]:
    """Visits to berths by the rule they are under, and what controls take away at low to high use. [h, MWh]

    Parameters
    ----------
    study : Study
        The study.
    key : str
        ``LB``, ``SZ`` or ``all``.
    words : Words
        Its language.
    number : int
        Of the chapter.
    """
    yield Heading(words.say("berth_chapter", number=number))
    table = at_berth(study)
    mine = pd.DataFrame() if table is None else table[table["port"].isin(PORTS[key])]
    if not len(mine):
        yield Paragraph(words.absent("no_visits", published=study.published))
        return
    yield _by_port(mine, key, words)
    # On its own cover Long Beach is told in its own units.
    use = study.manifest["parameters"]["use_at_berth"]
    note = words.say("use_note", **{case: f"{100.0 * use[case]:.0f}" for case in CASES})
    yield _by_use(mine, Units(short=key == "LB" and words.language == "en"), words, note)


def _by_port(visits: pd.DataFrame, key: str, words: Words) -> Table:
    """Visits and hours of each port: under a rule, in a log, asked of by none; hours to control. [1, h]"""
    groups = [(words.port(port), visits[visits["port"] == port]) for port in PORTS[key]]
    rows = [
        (name, *_visits(mine)) for name, mine in [*groups, (words.say("all"), visits)] if len(mine)
    ]  # fmt: skip
    head = (
        "berth_port",
        "visits",
        "ruled",
        "logged",
        "no_rule",
        "berth_hours",
        "control_hours",
        "demand_mwh",
    )
    return Table(
        words.say("visits_table"),
        tuple(words.say(one) for one in head),
        tuple(rows),
        (len(rows) - 1,),
        1,
        words.say("visits_note"),
    )


def _visits(mine: pd.DataFrame) -> tuple[str, ...]:
    basis = mine["basis"]
    logged, free = basis.eq("log").sum(), basis.eq("no_rule").sum()
    counts = (len(mine), len(mine) - logged - free, logged, free)
    hours = numbers([mine["hours"].sum(), mine["controllable_h"].sum()], 0)
    return (*(f"{one:,}" for one in counts), *hours, *numbers([mine["demand_kwh"].sum() / 1000.0], 0))


def _by_use(visits: pd.DataFrame, units: Units, words: Words, note: str) -> Table:
    """Energy from shore and mass avoided on board at low, central and high use. [MWh, t]"""
    energy = [visits[f"shore_kwh_{case}"].sum() / 1000.0 for case in CASES]
    rows = [(words.say("shore_mwh"), *numbers(energy, 0))]
    for one in SAVED:
        kg = [visits[f"{one}_saved_kg_{case}"].sum() for case in CASES]
        name = words.say("fuel_saved") if one == "fuel" else words.species(one)
        rows.append((name, *units.column(one, kg)))
    head = ("avoided", "use_low", "use_central", "use_high")
    caption = words.say("use_table", unit=words.say(units.key))
    return Table(caption, tuple(words.say(one) for one in head), tuple(rows), (), 1, note)

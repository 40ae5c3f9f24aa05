"""A study that may leave the port: groups of ships instead of vessels, and two such studies joined."""

from copy import deepcopy
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.ledger import Ledger, in_order
from corridor.emissions.basis import CELL_KEYS, LEDGER_KEYS
from corridor.emissions.fuels import FUELS
from corridor.errors import InputError
from corridor.outputs.coarsening import Coarsening, coarsened, coarsening
from corridor.study import Study
from corridor.words import month_name

LEAST = 3
POOL = "miscellaneous"
# Known of a group of ships: without them particulates of diesels, upstream emissions and the share that
# rests on defaults could not be told.
SPREAD = "_gsd"
GROUPED = ("ship_class", "engine_type", "main_diesel", "main_power_provenance")


def published(study: Study, at_least: int | None = None) -> Study:
    """Return the study without its vessels: classes of at least three ships, no tracks, no pieces, no calls.

    Totals, cells and zones stay what they were, to the milligram. A class of fewer than three ships goes
    into ``miscellaneous``, with the smallest other class where that is not enough. A cell or zone may still
    have been used by one ship: what is left out is who it was. With ``at_least`` that is left out too, see
    `corridor.outputs.coarsening`: totals of the whole stay, those of places are told more coarsely.

    Parameters
    ----------
    study : Study
        A study; one that is published already comes back as it is.
    at_least : int, optional
        Ships that a cell, and a month, phase and zone, has at the least; three or more.

    Raises
    ------
    InputError
        If it has fewer than three ships, or than ``at_least``; or was published with fewer.
    """
    if at_least is not None and at_least < LEAST:
        raise InputError("bad_at_least", f"found at least {at_least} ships; expected {LEAST} or more")
    if study.published:
        _check_published(study, at_least)
        return study
    least = LEAST if at_least is None else at_least
    if len(study.vessels) < LEAST:
        raise InputError(
            "too_few_ships",
            f"found {len(study.vessels)} ships; expected at least {LEAST} to publish totals that name none; "
            "take a longer time or a larger area",
        )
    how = None if at_least is None else coarsening(study, at_least)
    pooled = pooled_classes(study.vessels["ship_class"].tolist(), least)
    number, vessels = _groups(study.vessels, pooled, None if how is None else least)
    order = list(study.class_names())
    classes = np.array([order.index(POOL if name in pooled else name) for name in order])
    grouped = {
        key: replace(found, ledger=_regrouped(_told(found.ledger, how), number, classes))
        for key, found in study.alternatives.items()
    }
    blank: dict[str, Any] = _emptied(study)
    return replace(
        study,
        ledger=_regrouped(_told(study.ledger, how), number, classes),
        alternatives=grouped,
        vessels=vessels,
        tracks=(),
        pieces=None,
        source=None,
        timings_s={},
        manifest=_manifest(study, sorted(pooled), least, how),
        **blank,
    )


def _check_published(study: Study, at_least: int | None) -> None:
    """Refuse to make coarser what has no ships any more to be counted."""
    if at_least is not None and study.manifest["published"].get("at_least", 0) < at_least:
        raise InputError(
            "published_study",
            "found a published study, whose ships nobody can count; expected one with its ships; publish "
            "that one with --at-least",
        )


def _told(ledger: Ledger, how: Coarsening | None) -> Ledger:
    return ledger if how is None else coarsened(ledger, how)


def _regrouped(ledger: Ledger, number: NDArray[np.int64], classes: NDArray[np.int64]) -> Ledger:
    """Accounts of groups from those of vessels: ``number`` of each vessel's group, new number of classes."""
    rows = ledger.rows.assign(voyage=0)
    rows["vessel"] = number[rows["vessel"].to_numpy()]
    cells = ledger.cells.copy()
    cells["class"] = classes[cells["class"].to_numpy()]
    return in_order(Ledger(summed(rows, LEDGER_KEYS), summed(cells, CELL_KEYS)))


def _groups(
    vessels: pd.DataFrame, pooled: set[str], least: int | None
) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Group of each vessel, and the table of groups: class and engine, on which later factors depend."""
    groups = vessels[list(GROUPED)].assign(
        ship_class=[POOL if name in pooled else str(name) for name in vessels["ship_class"]],
        main_power_provenance=vessels["main_power_provenance"].where(
            vessels["main_power_provenance"].eq("default"), "known"
        ),
    )
    groups = groups if least is None else _larger(groups, least)
    number: NDArray[np.int64] = np.asarray(groups.groupby(list(GROUPED), sort=True).ngroup(), np.int64)
    first = groups.assign(number=number).drop_duplicates("number").sort_values("number", ignore_index=True)
    table = _blank(vessels, len(first)).assign(**{name: first[name].to_numpy() for name in GROUPED})
    for name in [name for name in vessels if str(name).endswith(SPREAD)]:
        # The widest of the group for the group as one ship: its interval is too wide rather than too narrow.
        table[name] = vessels[name].groupby(number).max().to_numpy()
    words = [
        f"{ship_class}, {engine}{'' if diesel else ', no diesel'}, power {provenance}"
        for ship_class, engine, diesel, provenance in first[list(GROUPED)].itertuples(index=False)
    ]
    return number, table.assign(vessel_id=words).astype(vessels.dtypes.to_dict())


def _larger(groups: pd.DataFrame, least: int) -> pd.DataFrame:
    """Groups of at least so many ships.

    Few of an engine take the usual one of their class, and few whose power is known, or is not, count as most
    ships of that engine do. Diesel and other engines stay apart: their particulates are not the same.
    """
    told = groups.copy()
    apart = ["ship_class", "main_diesel"]
    engines = told.groupby([*apart, "engine_type"])["engine_type"].transform("size")
    usual = told.groupby(apart)["engine_type"].transform(lambda one: one.mode().iloc[0])
    told["engine_type"] = told["engine_type"].where(engines >= least, usual)
    known = told.groupby(list(GROUPED))["engine_type"].transform("size") < least
    some = known.groupby([told[name] for name in GROUPED[:3]]).transform("any")
    most = told.groupby(list(GROUPED[:3]))["main_power_provenance"].transform(lambda one: one.mode().iloc[0])
    told["main_power_provenance"] = told["main_power_provenance"].where(~some, most)
    return told


def pooled_classes(classes: list[str], least: int = LEAST) -> set[str]:
    """Classes of fewer than so many ships, and the smallest other one where those together are fewer.

    >>> sorted(pooled_classes(["container"] * 5 + ["cruise"] * 3 + ["ro_ro"]))
    ['cruise', 'ro_ro']
    >>> pooled_classes(["container"] * 5)
    set()
    """
    counts = pd.Series(classes).value_counts()
    order = sorted(counts.index, key=lambda name: (name != POOL, int(counts[name]), str(name)))
    small = {str(name) for name in order if counts[name] < least}
    for name in order:
        if not small or sum(counts[name] for name in small) >= least:
            break
        small.add(str(name))
    return small


def summed(table: pd.DataFrame, keys: tuple[str, ...]) -> pd.DataFrame:
    """Sum the integer accounts of rows with equal keys."""
    return table.groupby(list(keys), as_index=False, sort=True).sum()[list(table.columns)]


def _blank(vessels: pd.DataFrame, rows: int) -> pd.DataFrame:
    """Table of the columns of vessels, with nothing in it that a vessel said."""
    blank: dict[str, Any] = {}
    for name, values in vessels.items():
        if pd.api.types.is_bool_dtype(values):
            blank[str(name)] = False
        elif pd.api.types.is_integer_dtype(values):
            blank[str(name)] = 0
        else:
            blank[str(name)] = np.nan if pd.api.types.is_numeric_dtype(values) else ""
    return pd.DataFrame(blank, index=range(rows))


def _emptied(study: Study) -> dict[str, pd.DataFrame]:
    """Every other table of the study, without its rows: each may speak of a vessel."""
    found = {field.name: getattr(study, field.name) for field in fields(study) if field.name != "vessels"}
    return {name: table.iloc[:0] for name, table in found.items() if isinstance(table, pd.DataFrame)}


KEPT = (
    *("program", "version", "tables", "rows_in", "rows_kept", "rows_dropped", "rows_repaired"),
    *("not_available", "vessels", "vessels_with_one_fix", "vessels_from_register", "totals", "mass_balance"),
    "not_estimated",
)
# Settings that name no file and no ship.
SETTINGS = (
    *("method", "cell_deg", "start_utc", "end_utc", "bbox", "time_zone", "zones_datum", "zone_systems"),
    *("receptors", "prices", "hotspot_test"),
    *("gwp_basis", "boundary", "simulated", "population", "method_tables", "interval_level"),
    *("suppose", "journeys", "main_off", "hotel_loads", "shore_power_use", "use_at_berth"),
)


def _manifest(study: Study, pooled: list[str], least: int, how: Coarsening | None) -> dict[str, Any]:
    """Say what may be said: what is not known to be harmless stays behind."""
    told = study.manifest
    kept = {key: told[key] for key in KEPT if key in told}
    settings = {key: told["parameters"][key] for key in SETTINGS if key in told["parameters"]}
    if voyages := told["parameters"].get("planned"):
        # That they are planned must be said; whose they are, and when, must not.
        settings["planned"] = {"voyages": len(voyages)}
    holes = _holes_of(study, least)
    warnings = [] if how is None else _warnings(study, how)
    if how is not None and "not_estimated" in kept:
        few = fuels_of_few(study, least)
        kept["not_estimated"] = [row for row in kept["not_estimated"] if row["fuel"] not in few]
    return {
        **deepcopy(kept),
        "parameters": settings,
        "inputs": [
            {"name": f"input {number}", "bytes": item["bytes"], "sha256": item["sha256"]}
            for number, item in enumerate(told["inputs"], start=1)
        ],
        "warnings": warnings,
        "unobserved": holes,
        "published": {"least_ships_in_a_class": least, "pooled_classes": pooled} | _coarser(study, how),
    }


def _holes_of(study: Study, least: int) -> list[dict[str, Any]]:
    """Holes between waters where at least so many ships were not heard; the longest is one ship's, untold."""
    pair = ["from_waters", "to_waters"]
    holes = study.holes()
    ships = holes.groupby(pair)["vessel_id"].transform("nunique")
    told = set(holes.loc[ships >= least, pair].itertuples(index=False, name=None))
    rows = study.manifest.get("unobserved", [])
    return [
        {name: value for name, value in row.items() if name != "longest_h"}
        for row in rows
        if (row["from_waters"], row["to_waters"]) in told
    ]


def fuels_of_few(study: Study, least: int) -> set[str]:
    """Fuels that fewer than so many ships burnt."""
    ships = study.ledger.rows.groupby("fuel")["vessel"].nunique()
    return {FUELS[int(str(fuel))] for fuel, number in ships.items() if number < least}


def _warnings(study: Study, how: Coarsening) -> list[str]:
    """Say what is told with another month, and of what no fuel can be named."""
    lines = [f"{month_name(month)} is told with {month_name(into)}" for month, into in how.months.items()]
    few = fuels_of_few(study, how.least)
    unknown = study.manifest.get("not_estimated", [])
    species = sorted({str(row["species"]) for row in unknown if row["fuel"] in few})
    if species:
        lines.append(f"not estimated for fuels of fewer than {how.least} ships: {', '.join(species)}")
    return lines


def _coarser(study: Study, how: Coarsening | None) -> dict[str, Any]:
    """What was told more coarsely, and the sums of the cells that are told nowhere."""
    if how is None:
        return {}
    scenarios = {key: how.withheld(one.ledger.cells) for key, one in study.alternatives.items()}
    return {
        "at_least": how.least,
        "withheld": how.withheld(study.ledger.cells),
        "withheld_of_scenarios": scenarios,
        "months_joined": {str(month): into for month, into in how.months.items()},
    }

"""A study that may leave the port: groups of ships instead of vessels, and two such studies joined."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.ledger import Ledger, in_order
from corridor.emissions.basis import CELL_KEYS, LEDGER_KEYS
from corridor.errors import InputError
from corridor.study import Study

LEAST = 3
POOL = "miscellaneous"
# Known of a group of ships: without them particulates of diesels, upstream emissions and the share that
# rests on defaults could not be told.
SPREAD = "_gsd"
GROUPED = ("ship_class", "engine_type", "main_diesel", "main_power_provenance")


def published(study: Study) -> Study:
    """Return the study without its vessels: classes of at least three ships, no tracks, no pieces, no calls.

    Totals, cells and zones stay what they were, to the milligram. A class of fewer than three ships goes
    into ``miscellaneous``, with the smallest other class where that is not enough. A cell or zone may still
    have been used by one ship: what is left out is who it was.

    Parameters
    ----------
    study : Study
        A study; one that is published already comes back as it is.

    Raises
    ------
    InputError
        If it has fewer than three ships.
    """
    if study.published:
        return study
    if len(study.vessels) < LEAST:
        raise InputError(
            "too_few_ships",
            f"found {len(study.vessels)} ships; expected at least {LEAST} to publish totals that name none; "
            "take a longer time or a larger area",
        )
    pooled = pooled_classes(study.vessels["ship_class"].tolist())
    number, vessels = _groups(study.vessels, pooled)
    order = list(study.class_names())
    classes = np.array([order.index(POOL if name in pooled else name) for name in order])
    grouped = {
        key: replace(found, ledger=_regrouped(found.ledger, number, classes))
        for key, found in study.alternatives.items()
    }
    blank: dict[str, Any] = _emptied(study)
    return replace(
        study,
        ledger=_regrouped(study.ledger, number, classes),
        alternatives=grouped,
        vessels=vessels,
        tracks=(),
        pieces=None,
        source=None,
        timings_s={},
        manifest=_manifest(study, sorted(pooled)),
        **blank,
    )


def _regrouped(ledger: Ledger, number: NDArray[np.int64], classes: NDArray[np.int64]) -> Ledger:
    """Accounts of groups from those of vessels: ``number`` of each vessel's group, new number of classes."""
    rows = ledger.rows.assign(voyage=0)
    rows["vessel"] = number[rows["vessel"].to_numpy()]
    cells = ledger.cells.copy()
    cells["class"] = classes[cells["class"].to_numpy()]
    return in_order(Ledger(summed(rows, LEDGER_KEYS), summed(cells, CELL_KEYS)))


def _groups(vessels: pd.DataFrame, pooled: set[str]) -> tuple[NDArray[np.int64], pd.DataFrame]:
    """Group of each vessel, and the table of groups: class and engine, on which later factors depend."""
    groups = vessels[list(GROUPED)].assign(
        ship_class=[POOL if name in pooled else str(name) for name in vessels["ship_class"]],
        main_power_provenance=vessels["main_power_provenance"].where(
            vessels["main_power_provenance"].eq("default"), "known"
        ),
    )
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


def pooled_classes(classes: list[str]) -> set[str]:
    """Classes of fewer than three ships, and the smallest other one where those together are fewer.

    >>> sorted(pooled_classes(["container"] * 5 + ["cruise"] * 3 + ["ro_ro"]))
    ['cruise', 'ro_ro']
    >>> pooled_classes(["container"] * 5)
    set()
    """
    counts = pd.Series(classes).value_counts()
    order = sorted(counts.index, key=lambda name: (name != POOL, int(counts[name]), str(name)))
    small = {str(name) for name in order if counts[name] < LEAST}
    for name in order:
        if not small or sum(counts[name] for name in small) >= LEAST:
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
    *("gwp_basis", "boundary", "simulated", "population", "method_tables"),
)


def _manifest(study: Study, pooled: list[str]) -> dict[str, Any]:
    """Say what may be said: what is not known to be harmless stays behind."""
    told = study.manifest
    kept = {key: told[key] for key in KEPT if key in told}
    settings = {key: told["parameters"][key] for key in SETTINGS if key in told["parameters"]}
    if voyages := told["parameters"].get("planned"):
        # That they are planned must be said; whose they are, and when, must not.
        settings["planned"] = {"voyages": len(voyages)}
    holes = [row for row in told.get("unobserved", []) if row["holes"] >= LEAST]
    return {
        **kept,
        "parameters": settings,
        "inputs": [
            {"name": f"input {number}", "bytes": item["bytes"], "sha256": item["sha256"]}
            for number, item in enumerate(told["inputs"], start=1)
        ],
        "warnings": [],
        "unobserved": holes,
        "published": {"least_ships_in_a_class": LEAST, "pooled_classes": pooled},
    }

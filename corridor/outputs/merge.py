"""Two published studies joined into one: what may not leave a port need not."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.ledger import MM_PER_NM, MS_PER_H, Ledger, balance, in_order
from corridor.accounts.scenarios import Alternative
from corridor.accounts.totals import mass_table
from corridor.accounts.unknowns import joined as unknowns_of
from corridor.emissions.basis import CELL_KEYS, LEDGER_KEYS
from corridor.errors import InputError
from corridor.outputs.coarsening import promised
from corridor.outputs.publish import SPREAD, published, summed
from corridor.study import Study
from corridor.sums import with_engine_kind
from layers.zones import ZoneSystem

# Settings by which tables of a study are made.
MADE_BY = ("receptors", "prices", "hotspot_test")
SAME = (
    *("method", "gwp_basis", "boundary", "simulated", "zone_systems", "cell_deg", "population"),
    *("suppose", "journeys", "main_off", "hotel_loads", "use_at_berth"),
)
_SUMMED = ("rows_in", "rows_kept", "vessels", "vessels_with_one_fix", "vessels_from_register")
_COUNTED = ("rows_dropped", "rows_repaired", "not_available")


def merge_studies(first: Study, second: Study) -> Study:
    """Join two studies of different positions, made alike, without their vessels.

    Parameters
    ----------
    first, second : Study
        In any order: the answer is the same. One that still holds vessels is published first.

    Returns
    -------
    Study
        Sums of both, in every zone, cell, month and phase. What only one has, or has otherwise (a scenario,
        prices, receptors), is left out, and so are targets; ``warnings`` of the manifest name it.

    Raises
    ------
    InputError
        If zones, grid, tables, version, method or level of intervals differ, one is simulated and the other
        not, or both hold the same input; the message names what differs.
    """
    given = sorted((first, second), key=_inputs)
    one, other = (published(study) for study in given)
    _check(one, other)
    vessels, places = _groups(one, other)
    ledger = _joined((one.ledger, other.ledger), places)
    shared = [key for key, found in one.alternatives.items() if _same_scenario(found, other, key)]
    remarks = [*_overlap(one, other), *_left_out(given, shared)]
    alternatives = {
        key: replace(
            one.alternatives[key],
            ledger=_joined((one.alternatives[key].ledger, other.alternatives[key].ledger), places),
        )
        for key in shared
    }
    return replace(
        one,
        ledger=ledger,
        alternatives=alternatives,
        vessels=vessels,
        first_ms=min(one.first_ms, other.first_ms),
        manifest=_manifest(one, other, ledger, vessels) | {"warnings": remarks},
    )


Places = list[NDArray[np.int64]]


def _joined(ledgers: tuple[Ledger, Ledger], places: Places) -> Ledger:
    """Sum the accounts of groups of ships, renumbered."""
    rows = [
        ledger.rows.assign(vessel=place[ledger.rows["vessel"].to_numpy()])
        for ledger, place in zip(ledgers, places, strict=True)
    ]
    cells = pd.concat([ledger.cells for ledger in ledgers], ignore_index=True)
    return in_order(Ledger(summed(pd.concat(rows, ignore_index=True), LEDGER_KEYS), summed(cells, CELL_KEYS)))


def _same_scenario(found: Alternative, other: Study, key: str) -> bool:
    return key in other.alternatives and other.alternatives[key].scenario == found.scenario


def _inputs(study: Study) -> list[str]:
    return sorted(str(item["sha256"]) for item in study.manifest["inputs"])


def _check(one: Study, other: Study) -> None:
    differing = [name for name in SAME if _setting(one, name) != _setting(other, name)]
    differing += [name for name in ("version", "tables") if one.manifest[name] != other.manifest[name]]
    if one.interval_level != other.interval_level:
        differing.append("interval_level")
    if one.lattice != other.lattice:
        differing.append("grid")
    if not _same_zones(one.systems, other.systems):
        differing.append("zones")
    if differing:
        raise InputError(
            "studies_differ",
            f"found studies with different {', '.join(differing)}; expected the same in both; "
            "run both with one version of corridor and the same settings",
        )
    common = set(_inputs(one)) & set(_inputs(other))
    if common:
        raise InputError(
            "same_input",
            f"found {len(common)} input files in both studies; expected each in one only, or their ships "
            "count twice; leave them out of one",
        )


def _setting(study: Study, name: str) -> Any:
    return study.manifest["parameters"].get(name)


def _same_zones(one: tuple[ZoneSystem, ...], other: tuple[ZoneSystem, ...]) -> bool:
    return len(one) == len(other) and all(
        a.name == b.name
        and a.zone_ids == b.zone_ids
        and [shape.wkb for shape in a.zones.geometry] == [shape.wkb for shape in b.zones.geometry]
        for a, b in zip(one, other, strict=True)
    )


def _groups(one: Study, other: Study) -> tuple[pd.DataFrame, Places]:
    """Groups of ships of both, and where each study's stand among them."""
    table = pd.concat([one.vessels, other.vessels], ignore_index=True)
    spread = [str(name) for name in table if str(name).endswith(SPREAD)]
    # The widest of both, as of the ships of a group: too wide rather than too narrow.
    for name in spread:
        table[name] = table.groupby("vessel_id")[name].transform("max")
    table = table.drop_duplicates("vessel_id").sort_values("vessel_id", ignore_index=True)
    order = pd.Index(table["vessel_id"])
    return table, [
        np.asarray(order.get_indexer(study.vessels["vessel_id"]), np.int64) for study in (one, other)
    ]


def _manifest(one: Study, other: Study, ledger: Ledger, vessels: pd.DataFrame) -> dict[str, Any]:
    parts = (one.manifest, other.manifest)
    sums = balance(ledger)
    inputs = sorted((item for part in parts for item in part["inputs"]), key=lambda item: item["sha256"])
    numbered = [item | {"name": f"input {number}"} for number, item in enumerate(inputs, start=1)]
    pooled = {name for part in parts for name in part["published"]["pooled_classes"]}
    return {
        **one.manifest,
        **{key: sum(part.get(key, 0) for part in parts) for key in _SUMMED},
        **{key: _added([part.get(key, {}) for part in parts]) for key in _COUNTED},
        "parameters": _parameters(one.manifest["parameters"], other.manifest["parameters"]),
        "inputs": numbered,
        "totals": _totals([part["totals"] for part in parts], ledger, vessels, one),
        "mass_balance": one.manifest["mass_balance"]
        | {
            "paths": ["cells", "vessels", "zones"],
            "sums": {key: paths["zones"] for key, paths in sums.items()},
        },
        "not_estimated": unknowns_of([part.get("not_estimated", []) for part in parts]),
        "unobserved": [row for part in parts for row in part["unobserved"]],
        "published": promised([part["published"] for part in parts]) | {"pooled_classes": sorted(pooled)},
        "merged_from": [
            {"inputs": _inputs(study), "rows_in": study.manifest["rows_in"]} for study in (one, other)
        ],
    }


def _added(counts: list[Mapping[str, int]]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in counts:
        total.update(part)
    return dict(sorted(total.items()))


def _parameters(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Settings that agree as they are, others side by side; what tables are made by only where it agrees."""
    keys = [
        key for key in dict.fromkeys([*one, *other]) if key not in MADE_BY or one.get(key) == other.get(key)
    ]
    return {
        key: one.get(key) if one.get(key) == other.get(key) else {"differ": [one.get(key), other.get(key)]}
        for key in keys
    }


def _totals(
    parts: list[Mapping[str, float]], ledger: Ledger, vessels: pd.DataFrame, study: Study
) -> dict[str, float]:
    rows = with_engine_kind(ledger, vessels).assign(all=0)
    table = mass_table(rows, ["all"], study.derived)
    told = {key: sum(part.get(key, 0.0) for part in parts) for key in dict.fromkeys([*parts[0], *parts[1]])}
    exact = {str(name): float(table[name].sum()) for name in table if str(name).endswith("_kg")}
    return (
        told
        | exact
        | {
            "hours": ledger.total("hours_ms") / MS_PER_H,
            "hours_observed": ledger.total("observed_ms") / MS_PER_H,
            "nm": ledger.total("distance_mm") / MM_PER_NM,
        }
    )


def _left_out(given: Sequence[Study], shared: Sequence[str]) -> list[str]:
    """Say what the joined study lacks of the two, by name: what is not in both alike cannot be added up."""
    keys = dict.fromkeys(key for study in given for key in study.alternatives)
    lost = {"scenarios": [key for key in keys if key not in shared]}
    settings = [study.manifest["parameters"] for study in given]
    lost["settings"] = [key for key in MADE_BY if settings[0].get(key) != settings[1].get(key)]
    names = [target.name for study in given for target in study.targets]
    remarks = [
        f"{kind} left out ({len(found)}), in one study only or different in the two: {', '.join(found)}; "
        "run both with the same"
        for kind, found in lost.items()
        if found
    ]
    if names:
        told = ", ".join(dict.fromkeys(names))
        remarks.append(f"targets left out ({len(set(names))}), as of every study without vessels: {told}")
    return remarks


def _overlap(one: Study, other: Study) -> list[str]:
    """Warn of cells that both studies have hours in: a ship heard by both would count twice."""
    key = ["cell", "month"]
    both = one.ledger.cells[key].drop_duplicates().merge(other.ledger.cells[key].drop_duplicates())
    if not len(both):
        return []
    cells = both["cell"].nunique()
    found = f"both studies have hours in {cells} cells of the same month: a ship that both heard counts twice"
    return [f"{found}; cut the positions of one along a line with --bbox"]

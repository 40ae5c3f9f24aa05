"""Carbon per container and per container and kilometre, of the baseline and of each alternative.

Every figure names its denominator. The default is the round trip with its empties: both directions together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor import reference
from corridor.accounts.totals import mass_table
from corridor.accounts.uncertainty import Ensemble, Members, bounds
from corridor.kept import kept
from corridor.study import Study

Floats = NDArray[np.float64]
KM_PER_NM = 1.852
GRAMS = 1000.0
DIRECTIONS = ("round_trip", "eastbound", "westbound")
FACTS = "intensity_2026"


@dataclass(frozen=True)
class Basis:
    """How a figure per container is made.

    Attributes
    ----------
    utilisation : float
        Share of the nominal slots taken as filled. [0–1]
    adjustment : float
        Sailed over planned distance: applied once, where a figure is per planned distance. [1]
    """

    utilisation: float
    adjustment: float


def basis() -> Basis:
    """Utilisation and distance adjustment of the tables.

    >>> basis()
    Basis(utilisation=0.7, adjustment=1.15)
    """
    return Basis(*(reference.value(FACTS, item=item) for item in ("utilisation", "distance_adjustment")))


def trips(study: Study) -> pd.DataFrame:
    """Journeys of ships whose capacity is known, with what they carried. [TEU, km]

    A ship of unknown capacity is left out of both sides of every fraction.

    Returns
    -------
    pandas.DataFrame
        vessel_id, journey_no, direction, distance_km, teu_nominal, teu_on_board (NaN where no list says).
    """
    names = ["vessel_id", "journey_no", "direction", "distance_km", "teu_nominal", "teu_on_board"]
    if study.journeys is None or not len(study.journeys):
        return pd.DataFrame({name: [] for name in names})
    capacity = study.vessels.set_index("vessel_id")["teu"].astype(float)
    table = study.journeys.assign(
        distance_km=study.journeys["distance_nm"].astype(float) * KM_PER_NM,
        teu_nominal=study.journeys["vessel_id"].map(capacity).astype(float),
        teu_on_board=np.nan,
    )
    if study.calls is not None and "teu_on_board" in study.calls:
        listed = study.calls.set_index(["vessel_id", "call_no"])["teu_on_board"]
        said = listed.reindex(pd.MultiIndex.from_frame(table[["vessel_id", "from_call_no"]]))
        table["teu_on_board"] = pd.to_numeric(said, errors="coerce").to_numpy(np.float64)
    known = (table["teu_nominal"] > 0) & (table["distance_km"] > 0)
    return table.loc[known, names].reset_index(drop=True)


def rows_of_trips(study: Study, carried: pd.DataFrame) -> NDArray[np.object_]:
    """Direction of the journey that each ledger row belongs to; empty text for none."""
    if study.voyages is None or not len(carried):
        return np.full(len(study.ledger.rows), "", dtype=object)
    ids = study.vessels["vessel_id"].to_numpy()
    voyages = study.voyages.assign(vessel_id=ids[study.voyages["vessel"].to_numpy(np.int64)])
    joined = voyages.merge(carried[["vessel_id", "journey_no", "direction"]], on=["vessel_id", "journey_no"])
    direction = joined.set_index(["vessel", "voyage"])["direction"]
    keys = pd.MultiIndex.from_frame(study.ledger.rows[["vessel", "voyage"]])
    found: NDArray[np.object_] = direction.reindex(keys).fillna("").to_numpy(dtype=object)
    return found


@kept
def per_teu(study: Study, level: float | None = None) -> pd.DataFrame:
    """Carbon dioxide equivalent per container, of the baseline and each alternative. [kg/TEU, g/(TEU km)]

    Parameters
    ----------
    study : Study
        A study with journeys; the capacities of its ships are among their particulars.
    level : float
        Share of the worlds inside an interval; the study's own by default. [0–1]

    Returns
    -------
    pandas.DataFrame
        scenario, direction, boundary (ttw, wtw), denominator, unit, value, low, high, change_percent against
        the baseline with its own low and high (both in the same world, so that shared errors cancel),
        journeys, ships. No row without a journey of a ship of known capacity.
    """
    level = study.interval_level if level is None else level
    carried = trips(study)
    worlds = study.worlds()
    ways = {key: rows_of_trips(side, carried) for key, side in sides(study)}
    found = []
    for direction in DIRECTIONS:
        mine = carried if direction == "round_trip" else carried[carried["direction"] == direction]
        if not len(mine):
            continue
        base: dict[str, tuple[float, Floats]] = {}
        for key, side in sides(study):
            chosen = in_direction(ways[key], direction)
            grown = growth_factor(study, key)
            for boundary, whole_kg, whole_drawn in carbon(side, chosen, worlds):
                # More cargo is more journeys and more containers alike.
                mass_kg, drawn = whole_kg / grown, whole_drawn / grown
                change = _change(mass_kg, drawn, *base.setdefault(boundary, (mass_kg, drawn)), level)
                facts = {"scenario": key, "direction": direction, "boundary": boundary, **_counts(mine)}
                found += [facts | figure | change for figure in _figures(mine, mass_kg, drawn, level)]
    return pd.DataFrame(found)


def in_direction(ways: NDArray[np.object_], direction: str) -> NDArray[np.bool_]:
    """Rows that belong to a direction; a round trip is both."""
    chosen: NDArray[np.bool_] = ways != "" if direction == "round_trip" else ways == direction
    return chosen


def sides(study: Study) -> Iterator[tuple[str, Study]]:
    """The baseline and each alternative, by name."""
    yield "baseline", study
    for key in study.alternatives:
        yield key, study.alternative(key)


def growth_factor(study: Study, key: str) -> float:
    """How many times as many containers a side carries as the baseline. [1]"""
    return 1.0 if key == "baseline" else study.alternatives[key].scenario.growth_factor


def carbon(side: Study, chosen: NDArray[np.bool_], worlds: Ensemble) -> Iterator[tuple[str, float, Floats]]:
    """Tank-to-wake and well-to-wake mass of some ledger rows: estimate, and in every world. [kg]"""
    rows = side.upstream_rows()
    members = Members(worlds, rows, np.where(chosen, 0, -1), 1, side.derived)
    table = mass_table(rows[chosen].drop(columns="zone").assign(all=0), ["all"], side.derived).sum()
    tank, upstream, fuel = (float(table[f"{name}_kg"]) for name in ("co2e", "wtt_co2e", "fuel"))
    drawn = members.of("co2e")[0]
    yield "ttw", tank, drawn
    # What a fuel cost upstream is off as the fuel burnt is off.
    yield "wtw", tank + upstream, drawn + members.of("fuel")[0] * (upstream / fuel if fuel > 0 else 0.0)


def _figures(carried: pd.DataFrame, mass_kg: float, drawn: Floats, level: float) -> Iterator[dict[str, Any]]:
    """Figures with each denominator that is known."""
    ways = basis()
    km = carried["distance_km"]
    nominal, slots_km = carried["teu_nominal"].sum(), (carried["teu_nominal"] * km).sum()
    denominators = {
        ("teu_nominal", "kg/TEU"): nominal,
        ("teu_km_nominal", "g/(TEU km)"): slots_km / GRAMS,
        ("teu_km_at_70_percent_sailed", "g/(TEU km)"): slots_km * ways.utilisation / GRAMS,
        ("teu_km_at_70_percent_planned", "g/(TEU km)"): slots_km * ways.utilisation / ways.adjustment / GRAMS,
    }
    if carried["teu_on_board"].notna().all():
        denominators["teu_on_board", "kg/TEU"] = carried["teu_on_board"].sum()
        denominators["teu_km_on_board", "g/(TEU km)"] = (carried["teu_on_board"] * km).sum() / GRAMS
    low, high = bounds(drawn, level)
    for (denominator, unit), amount in denominators.items():
        values = {"value": mass_kg / amount, "low": low / amount, "high": high / amount}
        yield {"denominator": denominator, "unit": unit, **values}


def _change(
    mass_kg: float, drawn: Floats, base_kg: float, base_drawn: Floats, level: float
) -> dict[str, float]:
    """Change against the baseline: in each world its own, so that what both have wrong cancels. [%]"""
    low, high = bounds(100.0 * (drawn / base_drawn - 1.0), level)
    change = 100.0 * (mass_kg / base_kg - 1.0) if base_kg > 0 else np.nan
    return {"change_percent": change, "change_low": float(low), "change_high": float(high)}


def _counts(carried: pd.DataFrame) -> dict[str, int]:
    return {"journeys": len(carried), "ships": int(carried["vessel_id"].nunique())}

"""How far the baseline and each alternative are from a target: plainly reached, not reached, or not shown."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.targets import Target
from corridor.accounts.totals import mass_table
from corridor.accounts.uncertainty import Members, bounds
from corridor.errors import InputError
from corridor.intensity import carbon, growth_factor, in_direction, rows_of_trips, sides, trips
from corridor.kept import kept
from corridor.study import Study

KG_PER_T = 1000.0
# What a verdict is called in Chinese.
VERDICTS = {"reached": "达到", "not reached": "未达到", "not shown": "尚不能判定"}


@kept
def track(study: Study, target: Target, level: float | None = None) -> pd.DataFrame:
    """Hold every side of a study against a target.

    A target is reached where the whole interval lies at or below the goal, not reached where it lies above,
    and not shown where the goal lies inside it: then the figures do not tell.

    Parameters
    ----------
    study : Study
        A study; with journeys where the boundary is ``corridor_voyages``.
    target : Target
        What to reach. Its baseline is the study's own unless it has a value.
    level : float
        Share of the worlds inside an interval; the study's own by default. [0–1]

    Returns
    -------
    pandas.DataFrame
        scenario, value, low, high, unit, baseline, goal, on_the_way (the straight line in the study's year),
        change_percent with low and high, gap (what is left), verdict, boundary, denominator, measure.

    Raises
    ------
    InputError
        If the denominator is not known in this study.
    """
    level = study.interval_level if level is None else level
    amount, unit = _denominator(study, target)
    worlds = study.worlds()
    values = {key: _drawn(study, side, target, worlds) for key, side in sides(study)}
    # More cargo is more containers too.
    amounts = {
        key: amount * (1.0 if target.denominator == "none" else growth_factor(study, key)) for key in values
    }
    mass, drawn = values["baseline"]
    own, own_drawn = mass / amount, drawn / amount
    baseline = own if target.baseline_value is None else target.baseline_value
    drawn_base = own_drawn if target.baseline_value is None else np.full_like(own_drawn, baseline)
    year = int(study.months()[-1]) // 12
    shared = {
        "unit": unit,
        "baseline": baseline,
        "goal": target.goal(baseline),
        "on_the_way": target.on_the_way(baseline, target.baseline_year or year, year),
        "boundary": target.boundary,
        "denominator": target.denominator,
        "measure": target.measure,
    }
    rows = [
        {
            "scenario": key,
            **_row(mass / amounts[key], drawn / amounts[key], baseline, drawn_base, target, level),
            **shared,
        }
        for key, (mass, drawn) in values.items()
    ]
    return pd.DataFrame(rows)


def _row(
    value: float,
    drawn: NDArray[np.float64],
    baseline: float,
    base: NDArray[np.float64],
    target: Target,
    level: float,
) -> dict[str, Any]:
    low, high = bounds(drawn, level)
    change = 100.0 * (drawn / base - 1.0)
    change_low, change_high = (float(bound) for bound in bounds(change, level))
    percent = 100.0 * (value / baseline - 1.0)
    return {
        "value": value,
        "low": float(low),
        "high": float(high),
        "change_percent": percent,
        "change_low": change_low,
        "change_high": change_high,
        "gap": max(value - target.goal(baseline), 0.0),
        "verdict": verdict(change_low, change_high, -target.reduction_percent),
    }


def verdict(low: float, high: float, goal_percent: float) -> str:
    """Say whether a change between two bounds reaches a goal. [%]

    >>> verdict(-36.0, -31.0, -30.0), verdict(-19.0, -12.0, -30.0)
    ('reached', 'not reached')
    >>> verdict(-35.0, -27.0, -30.0)
    'not shown'
    """
    if high <= goal_percent:
        return "reached"
    if low > goal_percent:
        return "not reached"
    return "not shown"


def sentences(table: pd.DataFrame, target: Target) -> list[tuple[str, str]]:
    """One plain sentence for each side, in both languages."""
    found = []
    for row in table.to_dict("records"):
        change = f"{row['change_percent']:+.1f} % ({row['change_low']:+.1f} to {row['change_high']:+.1f})"
        chinese = f"{row['change_percent']:+.1f}%（{row['change_low']:+.1f}至{row['change_high']:+.1f}）"
        found.append(
            (
                f"{row['scenario']}: {change}; {target.name}: {row['verdict']}",
                f"{row['scenario']}：{chinese}；{target.name_zh or target.name}：{VERDICTS[row['verdict']]}",
            )
        )
    return found


def _drawn(study: Study, side: Study, target: Target, worlds: Any) -> tuple[float, NDArray[np.float64]]:
    """Mass inside the boundary: estimate, and in every world. [kg]"""
    chosen = _inside(study, side, target)
    if target.measure in {"wtw_co2e", "co2e"}:
        found = {boundary: (mass, drawn) for boundary, mass, drawn in carbon(side, chosen, worlds)}
        return found["wtw" if target.measure == "wtw_co2e" else "ttw"]
    rows = side.ledger_rows()
    try:
        drawn = Members(worlds, rows, np.where(chosen, 0, -1), 1, side.derived).of(target.measure)[0]
    except KeyError as error:
        raise InputError("unknown_measure", f"target '{target.name}': {error.args[0]}") from None
    table = mass_table(rows[chosen].drop(columns="zone").assign(all=0), ["all"], side.derived)
    return float(table[f"{target.measure}_kg"].sum()), drawn


def _inside(study: Study, side: Study, target: Target) -> NDArray[np.bool_]:
    """Ledger rows inside a target's boundary."""
    if target.boundary == "corridor_voyages":
        return in_direction(rows_of_trips(side, trips(study)), "round_trip")
    place = next(n for n, system in enumerate(side.systems) if system.name == "port")
    inside: NDArray[np.bool_] = side.zone_places()[:, place] > 0
    return inside


def _denominator(study: Study, target: Target) -> tuple[float, str]:
    """What the mass is divided by, and the unit that comes of it."""
    if target.denominator == "none":
        return KG_PER_T, "t"
    carried = trips(study)
    amounts: Mapping[str, float] = {
        "teu_nominal": float(carried["teu_nominal"].sum()),
        "teu_on_board": float(carried["teu_on_board"].sum(skipna=False)) if len(carried) else np.nan,
        "teu_moved": _moved(study),
    }
    amount = amounts[target.denominator]
    if not amount > 0:
        raise InputError(
            "no_denominator",
            f"target '{target.name}': found no {target.denominator} in the study; expected journeys of ships "
            "of known capacity, or a call list with TEU; give --calls and --ships, or another denominator",
        )
    return amount, f"kg/{target.denominator}"


def _moved(study: Study) -> float:
    if study.calls is None or "teu_moved" not in study.calls:
        return float("nan")
    return float(pd.to_numeric(study.calls["teu_moved"], errors="coerce").sum())

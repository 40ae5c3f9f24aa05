"""Published answers of the EPA's method, by the method as studies use it, and of FuelEU's formula."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from corridor import reference
from corridor.accounts.wake import intensity
from corridor.emissions.factors import MAIN, factors, load_curve_of
from corridor.emissions.fleet import METHODS, SegmentMotion, fleet
from corridor.emissions.fuels import load_curve
from corridor.emissions.method_tables import parameter
from corridor.emissions.power import service_load
from corridor.emissions.rules import NO_TIER_3, Supply
from corridor.emissions.ships import Ship, resolve_ships
from corridor.emissions.species import CONSUMERS, LOW_LOAD_GROUPS, SPECIES, low_load_table
from corridor.validation.check import Check

METHOD = "epa2022"
MS_PER_H = 3_600_000
M_PER_NM = 1852.0
CO2 = SPECIES.index("co2")


def checks() -> Iterator[Check]:
    """Every case."""
    yield from _power()
    yield from _factors()
    yield from _well_to_wake()


def _rows(name: str) -> list[dict[str, Any]]:
    return [
        {str(key): value for key, value in row.items()}
        for row in reference.table(f"validation/{name}").to_dict("records")
    ]


def _ship(**particulars: Any) -> Ship:
    register = pd.DataFrame([{"vessel_id": "X", "ship_type": "container", "teu": 8500, **particulars}])
    return resolve_ships(register[["vessel_id"]], register)[0]


def _power() -> Iterator[Check]:
    for name in ("epa_power_law", "epa_vignette"):
        for row in _rows(name):
            margin = row.get("service_margin_factor", parameter(METHOD, "service_margin"))
            ours = _load(row) if margin == parameter(METHOD, "service_margin") else _by_the_law(row, margin)
            yield Check(
                "EPA power law", row["case"], "main-engine power", "kW", row["expected_power_kw"],
                ours * row["mcr_kw"], row["tolerance_percent"], row["source"], f"method {METHOD}",
            )  # fmt: skip


def _load(row: dict[str, Any]) -> float:
    """Load of a ship that reports the case's speed and draught for an hour, by the method. [0–1]"""
    ship = _ship(
        me_kw=row["mcr_kw"],
        v_ref_kn=row["service_speed_kn"],
        speed_meaning="service",
        t_ref_m=row["max_draught_m"],
    )
    made = fleet([ship], [Supply("mdo", 0.001, "limit", NO_TIER_3)], METHOD)
    lasting_ms = np.array([MS_PER_H], np.int64)
    motion = SegmentMotion(
        vessel=np.zeros(1, np.int32),
        t0_ms=np.zeros(1, np.int64),
        t1_ms=lasting_ms,
        observed_ms=lasting_ms,
        distance_m=np.array([row["speed_kn"] * M_PER_NM]),
        sog_kn=np.array([row["speed_kn"]], np.float32),
        draught_m=np.array([row["draught_m"]], np.float32),
        kind=np.zeros(1, np.uint8),
        coast_nm=np.full(1, np.nan),
    )
    _, load = METHODS[METHOD].loads(made, motion)
    return float(load[0])


def _by_the_law(row: dict[str, Any], margin: float) -> float:
    """Load by the formula alone, of a case with another margin than the method's. [0–1]"""
    return float(
        service_load(
            row["speed_kn"],
            row["draught_m"] / row["max_draught_m"],
            v_max_kn=row["service_speed_kn"] / _service_share(),
            margin=margin,
            draught_exponent=parameter(METHOD, "draught_exponent"),
            floor=parameter(METHOD, "load_floor"),
        )
    )


def _service_share() -> float:
    """Service speed over the greatest. [1]"""
    share = reference.value("speed_meanings_epa_2022", "power_share", speed_meaning="service")
    return float(np.cbrt(share))


def _factors() -> Iterator[Check]:
    for row in _rows("epa_factors"):
        ours, quantity = _factor(row)
        yield Check(
            "EPA factor units", row["case"], quantity, row["unit"], row["expected"], ours,
            row["tolerance_percent"], row["source"], f"method {METHOD}",
        )  # fmt: skip


def _factor(row: dict[str, Any]) -> tuple[float, str]:
    if row["kind"] == "sfc":
        return row["base"] * load_curve(row["load"], *load_curve_of("ssd", METHOD)), "specific fuel at a load"
    if row["kind"] == "low_load":
        percent = round(row["load"] * 100)
        factor = low_load_table()[percent, LOW_LOAD_GROUPS.index(row["group"])]
        return float(factor), f"low-load factor of {row['group']} at {percent} %"
    place = CONSUMERS.index(row["consumer"])
    engine = row["engine_type"] if place == MAIN else "ssd"
    found = factors(_ship(engine_type=engine), Supply(row["fuel"], 0.001, "limit", NO_TIER_3), METHOD)
    ours = float(found.sfc[place] * found.ef_fuel[place, CO2])
    return ours, f"CO2 of {row['consumer']} {row['engine_type']} on {row['fuel']}"


def _well_to_wake() -> Iterator[Check]:
    for row in _rows("well_to_wake"):
        ours = intensity(row["fuel"], row["engine_type"], row["gwp"])
        yield Check(
            "FuelEU Maritime, Annex II", row["case"], "well-to-wake", row["unit"], row["expected"],
            ours.well_to_wake, row["tolerance_percent"], row["source"],
        )  # fmt: skip

"""Published and hand-worked cases.

A case is a row of ``data/validation/``: what was published, where, and how far ours may lie from it.
Formulae are asked directly; the cases of the inventory method are sailed, from AIS rows to the ledger. Bands
of ten per cent and wider test for gross error, not for accuracy.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from corridor import reference
from corridor.accounts import indicators
from corridor.emissions.factors import load_curve_of
from corridor.emissions.fuels import load_curve
from corridor.emissions.species import CONSUMERS
from corridor.validation.check import Check
from corridor.validation.sailed import IN_NA_ECA, M_PER_NM, Amounts, Sailed, Voyage
from layers.geodesy import distance_m

HOURS_PER_DAY, KG_PER_T = 24.0, 1000.0


def voyages() -> list[Voyage]:
    """Voyages that the published cases need."""
    return [*_hand_voyages(), *_peer_voyages(), *_year_voyages()]


def checks(sailed: Sailed) -> Iterator[Check]:
    """Every published case, those that cannot be run with what they need."""
    yield from _geodesy()
    yield from _hand_calculation(sailed)
    yield from _peer(sailed)
    yield from _cii()
    yield from _eexi()
    yield from _ship_years(sailed)
    yield from _beyond_reach()


def _facts(name: str) -> list[dict[str, Any]]:
    return [
        {str(key): value for key, value in row.items()}
        for row in reference.table(f"validation/{name}").to_dict("records")
    ]


def _geodesy() -> Iterator[Check]:
    for row in _facts("geodesy"):
        ends = [np.array([row[name]]) for name in ("lat1_deg", "lon1_deg", "lat2_deg", "lon2_deg")]
        ours = float(distance_m(*ends)[0]) / M_PER_NM
        yield Check(
            "geodesy", row["case"], "distance", "nm", row["expected_nm"], ours, row["tolerance_percent"],
            row["source"],
        )  # fmt: skip


# Cases of the inventory method, sailed


def _voyage(row: dict[str, Any], name: str, speed: str, draught: str, **changes: Any) -> Voyage:
    ship = {
        "ship_type": "container",
        "teu": row["teu"],
        "me_kw": row["me_mcr_kw"],
        "v_ref_kn": row[speed],
        "t_ref_m": row[draught],
        "build_year": 2010,
    }
    return Voyage(
        name=name, particulars=ship, speed_kn=row["speed_kn"], draught_m=row["draught_m"], **changes
    )


def _hand_voyages() -> list[Voyage]:
    return [
        _voyage(row, row["case"], "ref_speed_kn", "ref_draught_m") for row in _facts("ghg4_hand_calculation")
    ]


def _hand_calculation(sailed: Sailed) -> Iterator[Check]:
    group = "Fourth IMO GHG Study, by hand"
    curve = load_curve_of("ssd")
    sfc = reference.value(
        "fuel_consumption_imo4_2020",
        engine_type="ssd",
        consumer="main",
        fuel_kind="residual",
        built_from=2001,
    )
    for row in _facts("ghg4_hand_calculation"):
        found = sailed.rows[row["case"]]
        answers = {
            "load": ("1", "expected_load", found["load"]),
            "specific fuel": (
                "g/kWh",
                "expected_sfc_g_per_kwh",
                sfc * load_curve(float(found["load"]), *curve),
            ),
            "main fuel": ("kg/h", "expected_me_fuel_kg_per_h", found["main_fuel_kg"] / found["hours"]),
            "auxiliary fuel": ("kg/h", "expected_aux_fuel_kg_per_h", found["aux_fuel_kg"] / found["hours"]),
            "boiler fuel": (
                "kg/h",
                "expected_boiler_fuel_kg_per_h",
                found["boiler_fuel_kg"] / found["hours"],
            ),
            "fuel": ("kg/h", "expected_total_fuel_kg_per_h", _fuel_kg(found) / found["hours"]),
            "CO2": ("kg/h", "expected_co2_kg_per_h", _mass_kg(found, "co2") / found["hours"]),
        }
        for quantity, (unit, column, ours) in answers.items():
            yield Check(
                group, row["case"], quantity, unit, row[column], float(ours), row["tolerance_percent"],
                row["source"],
            )  # fmt: skip


def _fuel_kg(found: Amounts) -> float:
    return sum(found[f"{consumer}_fuel_kg"] for consumer in CONSUMERS)


def _mass_kg(found: Amounts, species: str) -> float:
    return sum(found[f"{consumer}_{species}_kg"] for consumer in CONSUMERS)


def _peer_name(row: dict[str, Any]) -> str:
    return f"{row['case_id']}, {row['fuel']}, {row['speed_kn']:g} kn, draught {row['draught_m']:g} m"


def _peer_voyages() -> list[Voyage]:
    # Distillate is what ships burn in the emission control area.
    return [
        _voyage(
            row,
            _peer_name(row),
            "design_speed_kn",
            "design_draught_m",
            **({} if row["fuel"] == "HFO" else {"start": IN_NA_ECA}),
        )
        for row in _facts("cetos_outputs")
    ]


def _peer(sailed: Sailed) -> Iterator[Check]:
    for row in _facts("cetos_outputs"):
        found = sailed.rows[_peer_name(row)]
        answers = {
            "main fuel": ("me_fuel_kg", found["main_fuel_kg"]),
            "fuel": ("total_fuel_kg", _fuel_kg(found)),
            "CO2": ("total_co2_kg", _mass_kg(found, "co2")),
        }
        for quantity, (column, ours) in answers.items():
            yield Check(
                "cetos, a peer programme", _peer_name(row), quantity, "kg/h", row[column],
                float(ours) / float(found["hours"]), row["tolerance_percent"], row["source"],
                "same equations: agreement is no evidence of truth",
            )  # fmt: skip


def _year_voyages() -> list[Voyage]:
    return [
        _voyage(
            row | {"me_mcr_kw": row["me_kw"], "speed_kn": row["mean_speed_kn"], "draught_m": row["t_ref_m"]},
            f"{row['name']} {row['year']}",
            "v_ref_kn",
            "t_ref_m",
        )
        for row in _facts("mrv_ship_years")
    ]


def _ship_years(sailed: Sailed) -> Iterator[Check]:
    for row in _facts("mrv_ship_years"):
        name = f"{row['name']} {row['year']}"
        found = sailed.rows[name]
        ours = _fuel_kg(found) / float(found["hours"]) * HOURS_PER_DAY / KG_PER_T
        yield Check(
            "reported ship-years (EU MRV)", name, "fuel at sea", "t/day", row["expected_t_per_day"], ours,
            row["tolerance_percent"], row["source"], row["note"],
        )  # fmt: skip


# Formulae of the regulation


def _cii() -> Iterator[Check]:
    for row in _facts("cii"):
        line = indicators.cii_line(row["cii_type"], row["capacity"])
        required = indicators.required_cii(
            indicators.reference_cii(line.capacity, line.a, line.c),
            indicators.cii_reduction_percent(row["year"]),
        )
        answers = {"required": required}
        if row["fuel"] == row["fuel"]:
            co2_t = row["fuel_t"] * reference.value("fuels_mepc364_2022", "cf_co2", fuel=row["fuel"])
            attained = indicators.attained_cii(co2_t, row["capacity"], row["distance_nm"])
            answers |= {"co2_t": co2_t, "attained": attained}
            answers |= {f"d{place}": d * required for place, d in enumerate(line.bounds, start=1)}
            rating = int(indicators.cii_rating(attained, required, line.bounds))
            letters = indicators.RATINGS
            answers["rating"] = rating + 1
            row["expected_rating"] = letters.index(row["expected_rating"]) + 1
        for quantity, ours in answers.items():
            unit = {"co2_t": "t", "rating": "A is 1"}.get(quantity, "g/(t nm)")
            yield Check(
                "CII", row["case"], quantity, unit, row[f"expected_{quantity}"], float(ours),
                row["tolerance_percent"], row["source"],
            )  # fmt: skip


def _eexi() -> Iterator[Check]:
    for row in _facts("eexi"):
        speed, power = indicators.eexi_speed_and_power(row["eexi_type"], row["dwt_t"])
        case = f"{row['eexi_type']} {row['dwt_t']:,} DWT"
        for unit, name, ours in (("kn", "vref", speed), ("kW", "mcr", power)):
            for kind, limit in (("expected", "tolerance_percent"), ("printed", "printed_tolerance_percent")):
                quantity = f"{'speed at 75 % power' if name == 'vref' else 'rated power'}, {kind}"
                yield Check(
                    "EEXI defaults", case, quantity, unit, row[f"{kind}_{name}_{unit.lower()}"], float(ours),
                    row[limit], row["source"], "printed examples round their deadweight",
                )  # fmt: skip


def _beyond_reach() -> Iterator[Check]:
    for row in _facts("san_pedro_bay_2018"):
        yield Check(
            "inventories of the ports", row["case"], "total", row["unit"], row["expected"], float("nan"),
            row["tolerance_percent"], row["source"], f"needs {row['needs']}",
        )  # fmt: skip

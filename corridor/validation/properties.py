"""Properties that need no published number: proportions, geometry, conservation."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from corridor import reference
from corridor.accounts.ledger import MG_PER_KG, balance
from corridor.emissions.basis import LEDGER_COLUMNS, account
from corridor.emissions.control import Control
from corridor.emissions.phases import AT_BERTH
from corridor.emissions.species import SPECIES, sulphur_chemistry, sulphur_oxides
from corridor.explain import worked_ship
from corridor.plan import Source
from corridor.runs import run_study
from corridor.study import Study
from corridor.validation.check import Check
from corridor.validation.sailed import IN_NA_ECA, Amounts, Sailed, Voyage, places_along

SOURCE = "a property of the method; no published number"
SHIP = {
    "ship_type": "container",
    "teu": 8500,
    "me_kw": 61000,
    "v_ref_kn": 25.9,
    "t_ref_m": 14.4,
    "build_year": 2010,
}
# Off Oregon, where a course due east meets the edge of the control area after some seven miles.
BEFORE_THE_EDGE = (44.0, -129.0)
SPEEDS_KN = range(12, 25)


def _ship(name: str, speed_kn: float = 18.0, **changes: Any) -> Voyage:
    return Voyage(name=name, particulars=SHIP, speed_kn=speed_kn, draught_m=14.4, **changes)


OVER_THE_EDGE = _ship("into the control area", start=BEFORE_THE_EDGE)


def voyages() -> list[Voyage]:
    """Voyages that the properties need."""
    return [
        _ship("one hour"),
        _ship("two hours", hours=2.0),
        _ship("one hour, in halves", step_min=5.0),
        _ship("in the control area", start=IN_NA_ECA),
        _ship("high seas 2021", day="2021-06-10"),
        _ship("in the control area 2021", start=IN_NA_ECA, day="2021-06-10"),
        _ship("over 180", start=(40.0, 179.8)),
        OVER_THE_EDGE,
        *(_ship(f"{knots} kn", float(knots)) for knots in SPEEDS_KN),
    ]


def checks(sailed: Sailed, work_dir: Path | None = None) -> Iterator[Check]:
    """Every property."""
    yield from _proportions(sailed.rows)
    yield from _fuel_ratios(sailed.rows)
    yield from _sulphur_ratios(sailed.rows)
    yield from _shore_power(sailed)
    yield from _geography(sailed)
    yield from _mass_balance(work_dir)


def _own(case: str, quantity: str, expected: float, ours: float, tolerance_percent: float = 1e-4) -> Check:
    return Check("properties", case, quantity, "1", float(expected), float(ours), tolerance_percent, SOURCE)


def _proportions(rows: dict[str, Amounts]) -> Iterator[Check]:
    one, two, halves = (rows[name] for name in ("one hour", "two hours", "one hour, in halves"))
    for quantity in ("main_fuel_kg", "main_co2_kg", "main_nox_kg", "aux_pm10_kg"):
        yield _own("twice the hours, twice the mass", quantity, 2.0, two[quantity] / one[quantity])
        yield _own("half the step, the same mass", quantity, 1.0, halves[quantity] / one[quantity])
    fuel = np.array([rows[f"{knots} kn"]["main_fuel_kg"] for knots in SPEEDS_KN])
    falls = int((np.diff(fuel) <= 0).sum())
    yield _own("more speed, more fuel, 12 to 24 kn", "steps without a rise", 0.0, falls)


def _sfc(kind: str) -> float:
    facts = reference.rows("fuel_consumption_imo4_2020", engine_type="ssd", consumer="main", fuel_kind=kind)
    return float(facts.loc[facts["built_from"] == facts["built_from"].max(), "value"].iloc[0])


def _carbon(fuel: str) -> float:
    return reference.value("fuels_mepc364_2022", "cf_co2", fuel=fuel)


def _fuel_ratios(rows: dict[str, Amounts]) -> Iterator[Check]:
    residual, distillate = rows["one hour"], rows["in the control area"]
    for fuel, found in (("hfo", residual), ("mdo", distillate)):
        for consumer in ("main", "aux"):
            ours = found[f"{consumer}_co2_kg"] / found[f"{consumer}_fuel_kg"]
            yield _own("CO2 over fuel is the carbon factor", f"{consumer}, {fuel}", _carbon(fuel), ours)
    expected = _sfc("distillate") * _carbon("mdo") / (_sfc("residual") * _carbon("hfo"))
    ours = distillate["main_co2_kg"] / residual["main_co2_kg"]
    yield _own("HFO to MDO", "CO2 of the main engine", expected, ours)
    yield _own("HFO to MDO", "the same, as printed", 0.9707, ours, 0.01)


def _sulphur_ratios(rows: dict[str, Amounts]) -> Iterator[Check]:
    """At the legal limits by formula; at the contents that are used, sailed."""
    case, by_fuel = "SOx in the control area over high seas", _sfc("distillate") / _sfc("residual")
    chemistry = sulphur_chemistry()
    ours = sulphur_oxides(0.0010, chemistry) / sulphur_oxides(0.0050, chemistry) * by_fuel
    yield _own(case, "at the limits of 0.10 and 0.50 %", 0.20 * by_fuel, ours)
    contents = reference.table("sulphur_content_icct_2025").set_index(["year", "fuel"])["value"]
    share = float(contents.loc[(2021, "mdo")]) / min(float(contents.loc[(2021, "vlsfo")]), 0.0050)
    names = ("in the control area 2021", "high seas 2021")
    inside, outside = (rows[name]["main_sox_kg"] for name in names)
    yield _own(case, "at measured contents, 2021", share * by_fuel, inside / outside)


def _shore_power(sailed: Sailed) -> Iterator[Check]:
    """An hour at berth on shore power: no auxiliary engine, the same boiler, the demand from shore."""
    worked = worked_ship(_source(sailed.study), str(sailed.study.vessels["vessel_id"].iloc[0]))
    plan, atoms = _source(sailed.study).plan, len(worked.atoms.segment)
    left = np.array([0.0 if name.startswith("aux_") else 1.0 for name in LEDGER_COLUMNS])
    control = Control(np.ones(atoms, np.int32), np.vstack([np.ones_like(left), left]), np.array([0.0, 1.0]))
    plain, shore = (
        account(
            worked.segments,
            worked.atoms,
            worked.period,
            fleet=worked.fleet,
            places=plan.places,
            rulebook=plan.rulebook,
            phase=np.full(atoms, AT_BERTH, np.int8),
            control=chosen,
        ).ledger.sum()
        for chosen in (None, control)
    )
    case = "an hour on shore power"
    yield _own(case, "auxiliary fuel", 0.0, shore["aux_fuel_mg"])
    yield _own(case, "boiler fuel, over that without", 1.0, shore["boiler_fuel_mg"] / plain["boiler_fuel_mg"])
    yield _own(case, "power from shore, over the demand", 1.0, shore["shore_mwh"] / plain["aux_mwh"])


def _source(study: Study) -> Source:
    if study.source is None:
        raise ValueError("found a study without its positions; expected one just run")
    return study.source


def _geography(sailed: Sailed) -> Iterator[Check]:
    found = sailed.rows["over 180"]["distance_nm"]
    yield _own("a track over 180 degrees", "distance in nm", 18.0, found, 0.01)
    study = sailed.study
    column = [system.name for system in study.systems].index("sulphur")
    expected = _share_inside(study, column)
    mine = (study.ledger.rows["vessel"] == sailed.rows[OVER_THE_EDGE.name]["vessel"]).to_numpy()
    inside = mine & (study.zone_places()[:, column] > 0)
    for quantity in ("hours_ms", "distance_mm"):
        amount = study.ledger.rows[quantity].to_numpy()
        ours = amount[inside].sum() / amount[mine].sum()
        yield _own("a track over an edge, share inside", quantity.split("_")[0], expected, ours, 0.1)


def _share_inside(study: Study, column: int) -> float:
    """Share of the voyage over the edge that lies in any sulphur zone, by 36,000 points on its way."""
    lat, lon = places_along(OVER_THE_EDGE, (np.arange(36_000) + 0.5) / 36_000)
    shapes = study.systems[column].zones.geometry.to_numpy()
    inside = np.any([shapely.contains_xy(shape, lon, lat) for shape in shapes], axis=0)
    return float(inside.mean())


def _mass_balance(work_dir: Path | None) -> Iterator[Check]:
    """Sums of the demo along every path; the pieces are read back from their files."""
    study = demo_study(work_dir)
    sums = balance(study.ledger)
    for quantity in (*SPECIES, "fuel"):
        paths = sums[quantity]
        if study.pieces is not None:
            pieces = pd.read_parquet(study.pieces, columns=[f"{quantity}_kg"])[f"{quantity}_kg"]
            paths = paths | {"pieces": round(float(pieces.sum()) * MG_PER_KG)}
        for path in sorted(set(paths) - {"vessels"}):
            yield Check(
                "mass balance of the demo",
                f"{path} against vessels",
                quantity,
                "mg",
                float(paths["vessels"]),
                float(paths[path]),
                0.0 if path != "pieces" else 1e-7,
                SOURCE,
                "whole milligrams, equal to the last" if path != "pieces" else "read back as kilograms",
            )


def demo_study(work_dir: Path | None = None) -> Study:
    """Return the study of the simulated voyages that ship with the package."""
    folder = reference.data_path() / "demo"
    (ships,) = folder.glob("*ships*.csv")
    return run_study(sorted(folder.glob("*.csv.gz")), ships=ships, work_dir=work_dir)

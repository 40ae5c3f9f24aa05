"""Planned voyages from words to a study, and lanes compared side by side."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from platformdirs import user_cache_path

from corridor import reference
from corridor.emissions.inference import check_ship_type, size_bins, size_unit
from corridor.emissions.register import KEY_COLUMNS, read_register
from corridor.errors import InputError
from corridor.runs import run_study
from corridor.study import Study
from corridor.tracks.gazetteer import Place, find_place
from corridor.tracks.passages import SHORTEST, Given, Route, lanes, plan_route
from corridor.tracks.routes import DEPART, Voyage, arrival, planned

# Rule areas whose share of a voyage is told, by the system that has them.
ECA = {"na_eca": ("na_eca", "na_eca_hawaii", "california_24nm"), "china_eca": ("china_coastal", "hong_kong")}
# A lane so much longer than the shortest way does not lead there.
MOST_LONGER = 1.15
COMPARED = ("fuel_kg", "co2_kg", "co2e_kg", "nox_kg", "sox_kg", "pm25_kg", "bc_kg")


def ship_of(spec: str | Path, columns: str | Path | None = None) -> pd.DataFrame:
    """Return the particulars of one ship: of a class and size, or from a register.

    Parameters
    ----------
    spec : str or Path
        ``container:8500`` (class and size in the unit of the class), ``container`` (its middle size),
        or a register; ``register.csv#9811000`` names one ship of several by IMO number, MMSI or id.
    columns : path, optional
        TOML mapping of a register's columns.

    Returns
    -------
    DataFrame
        One row, as `corridor.emissions.register.read_register` gives it.

    Raises
    ------
    InputError
        If there is no such file, class, size or ship; the message names the known ones.

    Examples
    --------
    >>> ship_of("container:8500")[["ship_type", "teu"]].to_dict("records")
    [{'ship_type': 'container', 'teu': 8500.0}]
    """
    text = str(spec)
    path, _, wanted = text.partition("#")
    if Path(text).is_file() or Path(path).is_file():
        return _one_of(read_register(path, columns), wanted, Path(path).name)
    kind, _, size = text.partition(":")
    if Path(kind).suffix or "/" in kind:
        message = f"{Path(path).name}: no such ship list; give a file, or a class such as container:8500"
        raise InputError("missing_file", message)
    row: dict[str, Any] = {"imo": -1, "mmsi": -1, "ship_type": check_ship_type(kind, "--ship")}
    row["name"] = f"planned {row['ship_type']} {size}".strip()
    if size:
        row[size_unit(row["ship_type"])] = _size(row["ship_type"], size)
    return pd.DataFrame([row])


def _size(ship_type: str, text: str) -> float:
    """Size of a class in its own unit, as people write it."""
    unit = size_unit(ship_type)
    least = size_bins(ship_type)[0][1]
    try:
        size = float(text.lower().removesuffix(unit).strip().replace(",", ""))
    except ValueError:
        size = float("nan")
    if not max(least, 1.0) <= size <= 1e6:
        raise InputError(
            "bad_size", f"found size '{text}'; expected a number of {unit}, such as {ship_type}:8500"
        )
    return size


def _one_of(register: pd.DataFrame, wanted: str, where: str) -> pd.DataFrame:
    keys = [column for column in KEY_COLUMNS if column in register]
    if wanted:
        hit = [wanted.strip() in {str(row[key]) for key in keys} for row in register.to_dict("records")]
        register = register[hit]
    if len(register) == 1:
        return register.reset_index(drop=True)
    found = f"{len(register)} ships" + (f" with '{wanted}'" if wanted else "")
    raise InputError(
        "which_ship", f"{where}: found {found}; expected one; name it by IMO number as {where}#9811000"
    )


def plan_voyage(
    start: Given | Route,
    end: Given | None = None,
    *,
    ship: str | Path | pd.DataFrame,
    speed_kn: float,
    via: Sequence[Given] = (),
    lane: str | None = None,
    depart: datetime = DEPART,
    berth_hours: tuple[float, float] = (0.0, 0.0),
) -> tuple[Voyage, pd.DataFrame]:
    """Return one voyage, and the particulars of its ship.

    Parameters
    ----------
    start, end, via, lane
        See `corridor.tracks.passages.plan_route`; or a route that it gave, alone.
    ship : str, path or DataFrame
        See `ship_of`.
    speed_kn : float
        Speed at sea; ships slow down near their berths. [kn]
    depart : datetime
        When the ship leaves; UTC where it names no zone.
    berth_hours : tuple of float
        Hours at berth before and after. [h]
    """
    facts = ship if isinstance(ship, pd.DataFrame) else ship_of(ship)
    route = start if isinstance(start, Route) else plan_route(start, _given(end), via=via, lane=lane)
    voyage = Voyage(route=route, speed_kn=speed_kn, depart=depart, berth_hours=berth_hours, **_who(facts))
    return voyage, _registered(facts, [voyage])


def _given(end: Given | None) -> Given:
    if end is None:
        raise InputError("unknown_place", "found no place to sail to; give one, or a planned route alone")
    return end


def _who(facts: pd.DataFrame) -> dict[str, Any]:
    """Identity of a ship: its numbers where it has some."""
    row = facts.iloc[0]
    imo, mmsi = (int(row[name]) if name in facts else -1 for name in ("imo", "mmsi"))
    name = str(row["name"]) if "name" in facts and isinstance(row["name"], str) else ""
    key = f"IMO{imo}" if imo > 0 else f"MMSI{mmsi:09d}" if mmsi > 0 else "PLAN1"
    return {"vessel_id": key, "name": name, "imo": imo, "mmsi": mmsi}


def _registered(facts: pd.DataFrame, voyages: Sequence[Voyage]) -> pd.DataFrame:
    """Particulars repeated for each voyage, found by the vessel's id alone."""
    rows = pd.concat([facts] * len(voyages), ignore_index=True)
    return rows.assign(vessel_id=[voyage.vessel_id for voyage in voyages], imo=-1, mmsi=-1)


def route_study(
    start: Given | Route,
    end: Given | None = None,
    *,
    ship: str | Path | pd.DataFrame,
    speed_kn: float,
    via: Sequence[Given] = (),
    lane: str | None = None,
    depart: datetime = DEPART,
    berth_hours: tuple[float, float] = (0.0, 0.0),
    **settings: Any,
) -> Study:
    """Return the study of one planned voyage; every number in it is planned, none observed.

    Parameters
    ----------
    start, end, ship, speed_kn, via, lane, depart, berth_hours
        See `plan_voyage`.
    **settings
        As `corridor.runs.run_study` takes them: zones, cell_deg, work_dir and so on.

    Raises
    ------
    InputError
        If a place, lane, ship or speed cannot be used as it is; one line says what to do.
    """
    voyage, register = plan_voyage(
        start, end, ship=ship, speed_kn=speed_kn, via=via, lane=lane, depart=depart, berth_hours=berth_hours
    )
    # Kept like positions of files: an explanation asks for them later.
    folder = settings.get("work_dir") or user_cache_path("corridor")
    return run_study(planned([voyage], register, folder), **settings)


def compare_lanes(
    start: Given,
    end: Given,
    *,
    ship: str | Path | pd.DataFrame,
    speeds_kn: Sequence[float],
    via: Sequence[Given] = (),
    only: Sequence[str] | None = None,
    depart: datetime = DEPART,
    **settings: Any,
) -> pd.DataFrame:
    """Return one row for every lane and speed: length, hours, fuel, masses, shares in control areas.

    Parameters
    ----------
    speeds_kn : sequence of float
        Speeds at sea. [kn]
    only : sequence of str, optional
        Lanes to compare; those that cross the Pacific and the shortest way where the ends lie on both sides
        of it, else the shortest way alone.

    Returns
    -------
    DataFrame
        lane, direction, from, to, speed_kn, mean_speed_kn, distance_nm, hours, masses in kg, nautical miles
        and shares of distance and fuel in the control areas, months of use where a source says them.
    """
    facts = ship if isinstance(ship, pd.DataFrame) else ship_of(ship)
    routes = lane_routes(start, end, via=via, only=only)
    return voyage_table(voyages_of(routes, speeds_kn, depart), facts, **settings)


def lane_routes(
    start: Given, end: Given, *, via: Sequence[Given] = (), only: Sequence[str] | None = None
) -> list[Route]:
    """Return the routes between two places over each lane that leads there without a great way round."""
    ends = [place if isinstance(place, Place) else find_place(place) for place in (start, end)]
    found = []
    for name in only or [*lanes(), SHORTEST]:
        try:
            found.append(plan_route(ends[0], ends[1], via=via, lane=name))
        except InputError as error:
            if only or error.code != "lane_elsewhere":
                raise
    least_nm = min(route.distance_nm for route in found)
    return [route for route in found if only or route.distance_nm <= MOST_LONGER * least_nm]


def voyages_of(
    routes: Sequence[Route], speeds_kn: Sequence[float], depart: datetime = DEPART
) -> list[Voyage]:
    """Return one voyage for every route and speed, each of a vessel of its own."""
    pairs = [(route, float(speed)) for route in routes for speed in speeds_kn]
    return [
        Voyage(route=route, speed_kn=speed, depart=depart, vessel_id=f"PLAN{number:05d}")
        for number, (route, speed) in enumerate(pairs, start=1)
    ]


def voyage_table(voyages: Sequence[Voyage], ship: pd.DataFrame, **settings: Any) -> pd.DataFrame:
    """Return one row a voyage: what it takes and what it leaves behind; see `compare_lanes`."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = planned(voyages, _registered(ship, voyages), folder)
        study = run_study(inputs, pieces=False, **settings)
    whole = {str(row["vessel"]): row for row in study.totals(by=["vessel"]).to_dict("records")}
    parts = dict(list(study.totals(by=["vessel", "sulphur"]).groupby("vessel")))
    return pd.DataFrame([_row(each, whole[each.vessel_id], parts[each.vessel_id]) for each in voyages])


def _row(voyage: Voyage, whole: Mapping[Any, Any], parts: pd.DataFrame) -> dict[str, Any]:
    route = voyage.route
    lane = lanes().get(route.lane)
    row: dict[str, Any] = {
        "lane": route.lane,
        "name_en": lane.name_en if lane else "Shortest way at sea",
        "name_zh": lane.name_zh if lane else "最短海路",
        "direction": route.direction,
        "from": route.start.name,
        "to": route.end.name,
        "speed_kn": voyage.speed_kn,
        "mean_speed_kn": float(whole["distance_nm"] / whole["hours"]),
        "distance_nm": float(whole["distance_nm"]),
        "hours": float(whole["hours"]),
        "arrive_utc": arrival(replace(voyage, berth_hours=(0.0, 0.0))).isoformat(timespec="minutes"),
        **{name: float(whole[name]) for name in COMPARED if name in whole},
    }
    for area, zones in ECA.items():
        inside = parts[parts["sulphur"].isin(zones)]
        row[f"{area}_nm"] = float(inside["distance_nm"].sum())
        row[f"{area}_distance_share"] = row[f"{area}_nm"] / row["distance_nm"]
        row[f"{area}_fuel_share"] = float(inside["fuel_kg"].sum()) / row["fuel_kg"]
    months = lane.months if lane else ""
    return row | {
        "months": months,
        "months_source": lane.months_source if lane else "",
        "origin": "planned",
        "observed_share": 0.0,
    }


def lane_sources() -> pd.DataFrame:
    """Return each lane with its months of use, source and verification."""
    return reference.table("lanes/lanes_2026").drop(columns=["order", "side"])

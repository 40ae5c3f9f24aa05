"""A study of the voyages that a list of calls stands for, where nobody heard the ships: all is planned."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from platformdirs import user_cache_path

from corridor.emissions.register import KEY_COLUMNS, read_register
from corridor.errors import InputError
from corridor.planning import ship_of
from corridor.runs import run_study
from corridor.study import Study
from corridor.tracks.calllist import read_calls
from corridor.tracks.list_voyages import list_voyages
from corridor.tracks.routes import Voyage, planned

# So many ships are named where some are unknown.
NAMED = 8


def schedule_study(
    calls: str | Path,
    *,
    calls_columns: str | Path | None = None,
    calls_tz: str | None = None,
    ships: str | Path | None = None,
    ships_columns: str | Path | None = None,
    ship: str | Path | pd.DataFrame | None = None,
    lane: str | None = None,
    **settings: Any,
) -> tuple[Study, pd.DataFrame]:
    """Return the study of the voyages between the calls of a list, and the pairs of calls that are none.

    Every number in it is planned, none observed: ways are those of the lanes, speeds those that keep the
    times of the list. Its calls are those of the plan, reconciled with the list as those of AIS are.

    Parameters
    ----------
    calls, calls_columns, calls_tz
        The list, the TOML mapping of its columns, and the zone of its times; see
        `corridor.tracks.calllist.read_calls`.
    ships, ships_columns : path, optional
        Register of the ships, found by IMO number, MMSI, or the name in the list; and its TOML mapping.
    ship : str, path or DataFrame, optional
        What a ship is that the register does not know, such as ``container:8500``; see
        `corridor.planning.ship_of`.
    lane : str, optional
        Lane across the ocean; see `corridor.tracks.passages.plan_route`.
    **settings
        As `corridor.runs.run_study` takes them: zones, cell_deg, work_dir, journeys and so on.

    Returns
    -------
    Study, DataFrame
        The study; and vessel, line, next_line and reason of each pair of calls that is no voyage.

    Raises
    ------
    InputError
        If the list or register cannot be read, no two calls are a voyage, or nobody says what a ship is.
    """
    listed = read_calls(calls, columns=calls_columns, tz=calls_tz)
    voyages, rest = list_voyages(listed, lane=lane)
    if not voyages:
        why = (
            f"line {rest['line'].iloc[0]}: {rest['reason'].iloc[0]}" if len(rest) else "no ship has two calls"
        )
        raise InputError(
            "no_voyage", f"{Path(calls).name}: found no voyage ({why}); expected two calls of a ship or more"
        )
    register = read_register(ships, ships_columns) if ships is not None else None
    otherwise = ship if ship is None or isinstance(ship, pd.DataFrame) else ship_of(ship)
    folder = settings.get("work_dir") or user_cache_path("corridor")
    plan = planned(voyages, particulars(voyages, register, otherwise), folder)
    study = run_study(plan, calls=calls, calls_columns=calls_columns, calls_tz=calls_tz, **settings)
    study.manifest["parameters"]["unplanned"] = rest.to_dict("records")
    study.manifest["warnings"] += _left_out(rest)
    return study, rest


def particulars(
    voyages: Sequence[Voyage], register: pd.DataFrame | None, otherwise: pd.DataFrame | None
) -> pd.DataFrame:
    """Return a row for each vessel: that of the register, else of the ship that stands in for unknown ones.

    Raises
    ------
    InputError
        If neither says what a ship is.
    """
    rows, unknown = [], []
    for voyage in {voyage.vessel_id: voyage for voyage in voyages}.values():
        row = _entry(voyage, register)
        if row is None and otherwise is not None:
            row = otherwise.iloc[[0]].assign(name=voyage.name)
        if row is None:
            unknown.append(voyage.name or voyage.vessel_id)
            continue
        rows.append(row.assign(vessel_id=voyage.vessel_id, imo=-1, mmsi=-1))
    if unknown:
        some = ", ".join(dict.fromkeys(unknown[:NAMED])) + (", …" if len(unknown) > NAMED else "")
        raise InputError(
            "unknown_ships",
            f"found nothing of what these ships are: {some}; expected their rows in --ships FILE, or what "
            "stands in for them, such as --ship container:8500",
        )
    return pd.concat(rows, ignore_index=True)


def _entry(voyage: Voyage, register: pd.DataFrame | None) -> pd.DataFrame | None:
    """Row of the register that is the ship's: by a number, else by a name that one row alone has."""
    if register is None:
        return None
    said = {"imo": voyage.imo, "mmsi": voyage.mmsi, "vessel_id": voyage.vessel_id}
    for key in (key for key in KEY_COLUMNS if key in register and said[key] != -1):
        hit = register[register[key] == said[key]]
        if len(hit):
            return hit.iloc[[0]]
    if "name" in register and voyage.name:
        hit = register[register["name"].fillna("").str.casefold() == voyage.name.casefold()]
        return hit if len(hit) == 1 else None
    return None


def _left_out(rest: pd.DataFrame) -> list[str]:
    if rest.empty:
        return []
    first = rest.iloc[0]
    said = f"{first['vessel']}, lines {first['line']} and {first['next_line']}: {first['reason']}"
    return [f"{len(rest)} pairs of calls are no voyage and not counted: see unplanned.csv; the first: {said}"]

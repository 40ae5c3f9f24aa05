"""Totals by the port called at, not by place: two ports share the anchorages and approaches of a bay."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from corridor.accounts.totals import MASS_COLUMNS, mass_table
from corridor.emissions.phases import PHASES
from corridor.kept import kept
from corridor.study import Study
from corridor.tracks.calls import ports
from layers.geodesy import distance_m

OPEN_SEA, NO_CALL = "open_sea", "none"


@kept
def totals_by_call_port(study: Study) -> pd.DataFrame:
    """Totals by waters, port called at and phase. [h, nm, kg].

    Two ports share the anchorages and approaches of one bay: there, time and masses belong to the call that
    the ship is on her way to, and after her last call in the bay to that one. ``none`` called at no port of
    the bay; the open sea belongs to no port. Every row of the accounts is in one row of the table: its
    columns add up to the totals.

    Parameters
    ----------
    study : Study
        A study that holds its voyages.

    Returns
    -------
    pandas.DataFrame
        Columns waters, call_port, phase and one per quantity.
    """
    rows = study.ledger_rows()
    place = [system.name for system in study.systems].index("port")
    waters, bay = zone_waters(study, place)
    keys = {"waters": bay[study.zone_places()[:, place]], "call_port": _called(study, waters, place)}
    table = mass_table(
        rows.drop(columns="zone").assign(**keys), ["waters", "call_port", "phase"], study.derived
    )
    table["phase"] = np.array(PHASES, dtype=object)[table["phase"]]
    names = np.array([*waters, OPEN_SEA], dtype=object)
    codes = np.array([*ports().codes, NO_CALL, ""], dtype=object)
    table["waters"], table["call_port"] = names[table["waters"]], codes[table["call_port"]]
    order = ["waters", "call_port", "phase", "hours", "observed_share", "distance_nm"]
    return table[[*order, *MASS_COLUMNS]]


def zone_waters(study: Study, place: int) -> tuple[list[str], NDArray[np.int64]]:
    """Names of the bays, and the bay of each zone of the port inventory; the last number is the open sea."""
    known = ports()
    home = [row for row, side in enumerate(known.sides) if side]
    bays = sorted({known.bays[row] for row in home})
    zones = study.systems[place].zones
    named = zones["port"].fillna("") if "port" in zones else pd.Series("", index=zones.index)
    middle = zones.geometry.representative_point()
    lat, lon = middle.y.to_numpy(), middle.x.to_numpy()
    away = np.array(
        [distance_m(lat, lon, 0 * lat + known.lat[row], 0 * lon + known.lon[row]) for row in home]
    )
    nearest = np.array(home)[away.argmin(axis=0)]
    row = [
        known.place(port) if port in known.codes else near for port, near in zip(named, nearest, strict=True)
    ]
    bay = [bays.index(known.bays[one]) if known.bays[one] in bays else len(bays) for one in row]
    return bays, np.array([len(bays), *bay], np.int64)


def _called(study: Study, waters: list[str], place: int) -> NDArray[np.int64]:
    """Port that each row of the accounts belongs to, by row of the ports; then none, then the open sea."""
    known = ports()
    none, open_sea = len(known.codes), len(known.codes) + 1
    bay = zone_waters(study, place)[1][study.zone_places()[:, place]]
    voyages = study.voyages if study.voyages is not None else pd.DataFrame()
    rows = study.ledger.rows[["vessel", "voyage"]]
    around = rows.merge(voyages, on=["vessel", "voyage"], how="left", validate="many_to_one")
    number = {code: row for row, code in enumerate(known.codes)}
    of_bay = np.array([waters.index(name) if name in waters else -1 for name in (*known.bays, "", "")])
    found = np.full(len(rows), none, np.int64)
    for name in ("last_port", "next_port"):
        port = around[name].map(number).fillna(none).to_numpy(np.int64)
        found = np.where(of_bay[port] == bay, port, found)
    return np.where(bay == len(waters), open_sea, found)

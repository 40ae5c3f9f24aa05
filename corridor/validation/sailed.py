"""Check cases that are sailed: drawn voyages sent through the whole programme, from AIS rows to accounts.

Each case is one ship on a straight course in open water, reporting a constant speed; what comes out of
`corridor.study.run_study` is compared with published, hand-worked or geometrical answers.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyproj
from numpy.typing import NDArray

from corridor.accounts.ledger import MG_PER_KG, MM_PER_NM, MS_PER_H
from corridor.emissions.rules import ms_of
from corridor.emissions.species import CONSUMERS, SPECIES
from corridor.runs import run_study
from corridor.study import Study

# Identities of nobody: the country code is the simulator's.
FIRST_MMSI = 499_300_001
EAST = 90.0
HIGH_SEAS, IN_NA_ECA = (40.0, -160.0), (33.0, -121.5)
MS_PER_MIN = 60_000
M_PER_NM = 1852.0


@dataclass(frozen=True, kw_only=True)
class Voyage:
    """One drawn voyage.

    Attributes
    ----------
    name : str
        Key of the case.
    particulars : dict
        Columns of a ship register.
    speed_kn, draught_m : float
        Constant. [kn, m]
    start : tuple
        Latitude and longitude. [degrees]
    course_deg : float
        First course. [degrees]
    day : str
        UTC day.
    hours, step_min : float
        Length, and time between reports. [h, min]
    """

    name: str
    particulars: dict[str, Any]
    speed_kn: float
    draught_m: float
    start: tuple[float, float] = HIGH_SEAS
    course_deg: float = EAST
    day: str = "2018-06-10"
    hours: float = 1.0
    step_min: float = 10.0


Amounts = dict[str, float]


@dataclass(frozen=True)
class Sailed:
    """What came out: one row a voyage, and the study.

    Attributes
    ----------
    rows : dict
        By name of the voyage: vessel number, hours, distance, load, fuel by consumer, masses by consumer
        and species. [h, nm, 1, kg]
    study : Study
        The study they are read from.
    """

    rows: dict[str, Amounts]
    study: Study


def sail(voyages: Sequence[Voyage], work_dir: Path | None = None, method: str = "imo4") -> Sailed:
    """Send voyages through the programme. [h, nm, kg].

    Parameters
    ----------
    voyages : sequence of Voyage
        Drawn voyages; each gets a ship of its own.
    work_dir : Path, optional
        As in `corridor.study.run_study`.
    method : str
        Emission method.
    """
    with tempfile.TemporaryDirectory(prefix="corridor-") as folder:
        ais, ships = Path(folder) / "drawn_ais.csv", Path(folder) / "drawn_ships.csv"
        pd.concat([_reports(v, n) for n, v in enumerate(voyages)]).to_csv(ais, index=False)
        register = [{"mmsi": FIRST_MMSI + n, **v.particulars} for n, v in enumerate(voyages)]
        pd.DataFrame(register).to_csv(ships, index=False)
        study = run_study(ais, ships=ships, work_dir=work_dir, method=method)
    return Sailed(_by_name(study, [voyage.name for voyage in voyages]), study)


def _reports(voyage: Voyage, number: int) -> pd.DataFrame:
    """Draw a voyage's AIS rows, on the geodesic that leaves the start on the course."""
    minutes = np.arange(0.0, voyage.hours * 60.0 + 1e-9, voyage.step_min)
    lat, lon = places_along(voyage, minutes / 60.0)
    t_ms = ms_of(voyage.day) + (minutes * MS_PER_MIN).astype(np.int64)
    return pd.DataFrame(
        {
            "MMSI": FIRST_MMSI + number,
            "BaseDateTime": pd.to_datetime(t_ms, unit="ms").strftime("%Y-%m-%dT%H:%M:%S"),
            "LAT": lat.round(8),
            "LON": lon.round(8),
            "SOG": voyage.speed_kn,
            "VesselName": f"DRAWN {number}",
            "VesselType": 71,
            "Length": 300,
            "Width": 45,
            "Draft": voyage.draught_m,
        }
    )


def places_along(
    voyage: Voyage, hours: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Latitude and longitude of a voyage after some hours. [degrees]."""
    same = np.ones_like(hours)
    lat0, lon0 = voyage.start
    reach_m = voyage.speed_kn * M_PER_NM * hours
    lon, lat, _ = pyproj.Geod(ellps="WGS84").fwd(lon0 * same, lat0 * same, voyage.course_deg * same, reach_m)
    return np.asarray(lat), np.asarray(lon)


def _by_name(study: Study, names: Sequence[str]) -> dict[str, Amounts]:
    sums = study.ledger.rows.groupby("vessel").sum(numeric_only=True)
    order = [FIRST_MMSI + n for n in range(len(names))]
    vessel = pd.Series(study.vessels.index, index=study.vessels["mmsi"]).loc[order].to_numpy()
    sums = sums.loc[vessel].set_axis(list(names), axis=0)
    columns: dict[str, Any] = {
        "vessel": vessel,
        "hours": sums["hours_ms"] / MS_PER_H,
        "distance_nm": sums["distance_mm"] / MM_PER_NM,
    }
    for consumer in CONSUMERS:
        columns[f"{consumer}_fuel_kg"] = sums[f"{consumer}_fuel_mg"] / MG_PER_KG
        columns |= {f"{consumer}_{s}_kg": sums[f"{consumer}_{s}_mg"] / MG_PER_KG for s in SPECIES}
    loads = _loads(study).loc[study.vessels["vessel_id"].to_numpy()[vessel]]
    table = pd.DataFrame(columns).assign(load=loads.to_numpy())
    return {
        str(name): {str(k): float(v) for k, v in row.items()} for name, row in table.to_dict("index").items()
    }


def _loads(study: Study) -> "pd.Series[float]":
    """Mean engine load of each vessel, from the pieces. [0–1]."""
    if study.pieces is None:
        raise ValueError("the study keeps no pieces; run it with pieces=True")
    pieces = pd.read_parquet(study.pieces, columns=["vessel_id", "engine_load"])
    return pieces.astype({"vessel_id": str}).groupby("vessel_id")["engine_load"].mean()

"""Simulated container ships between Shenzhen and San Pedro Bay, as AIS receivers would have heard them.

Every ship is invented: names begin with ``SIM``, maritime identification digits 499 and IMO numbers from
4900000 are given to nobody, and every file name says ``simulated``. The truth is written beside the reports.
"""

import gzip
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from corridor import reference
from corridor.errors import InputError
from corridor.simulation import faults as fault
from corridor.simulation.lanes import network
from corridor.simulation.reception import receive
from corridor.simulation.schedule import Harbourmaster, Legs, sail_ship
from corridor.simulation.truth import tell

START = "2026-03-01T00:00:00"
# The fleet in data/demo/ is simulate(DEMO_VOYAGES, DEMO_SEED, ...).
DEMO_VOYAGES, DEMO_SEED = 16, 2027
VOYAGES_PER_SHIP = 4 / 3
FIRST_DEPARTURES_H = 32 * 24.0
AIS_COLUMNS = (
    "MMSI",
    "BaseDateTime",
    "LAT",
    "LON",
    "SOG",
    "COG",
    "Heading",
    "VesselName",
    "IMO",
    "CallSign",
    "VesselType",
    "Status",
    "Length",
    "Width",
    "Draft",
    "Cargo",
    "TransceiverClass",
)
REGISTER_COLUMNS = (
    "ship_type",
    "teu",
    "length_m",
    "beam_m",
    "t_ref_m",
    "me_kw",
    "v_ref_kn",
    "speed_meaning",
    "engine_type",
    "build_year",
    "tier",
)
# fmt: off
NAMES = (
    "ALPHA", "BRAVO", "CHARLIE", "DELTA", "ECHO", "FOXTROT", "GOLF", "HOTEL", "INDIA", "JULIETT", "KILO",
    "LIMA", "MIKE", "NOVEMBER", "OSCAR", "PAPA", "QUEBEC", "ROMEO", "SIERRA", "TANGO", "UNIFORM", "VICTOR",
    "WHISKEY", "XRAY", "YANKEE", "ZULU",
)
# fmt: on
# A comma and quotation marks in names: files that quote wrongly fall here.
AWKWARD_NAMES = {2: "SIM CHARLIE, EAST", 5: 'SIM "FOXTROT"'}
# This ship is missing in the register, so that its particulars have to be inferred.
UNREGISTERED = 4
SHARED_MMSI = 1
FIRST_MMSI, FIRST_IMO_STEM = 499_260_001, 490_000


@dataclass(frozen=True)
class SimulatedFleet:
    """Paths of the files of a simulation, and what is in them."""

    ais_path: Path
    ships_path: Path
    truth_path: Path
    faults_path: Path
    rows: int
    ships: int
    voyages: int


@dataclass(frozen=True)
class SimulatedTables:
    """A simulation in memory: reports, register, truth, and the number of rows each fault touched.

    Attributes
    ----------
    ais, ships, truth, faults : pandas.DataFrame
        As the files of `simulate`.
    fleet : pandas.DataFrame
        Every ship, also one that the register lacks.
    legs : tuple
        What each ship of ``fleet`` did, point by point.
    strangers : dict
        Clean reports of craft that use the number of a ship, by her place in ``fleet``.
    start : pandas.Timestamp
        First moment, UTC.
    """

    ais: pd.DataFrame
    ships: pd.DataFrame
    truth: pd.DataFrame
    faults: pd.DataFrame
    fleet: pd.DataFrame
    legs: tuple[Legs, ...]
    strangers: dict[int, pd.DataFrame]
    start: pd.Timestamp


def simulate(
    voyages: int, seed: int, out: Path, *, start: str = START, with_faults: bool = True
) -> SimulatedFleet:
    """Write a simulated fleet: AIS reports, a ship register, the truth, and a count of the faults put in.

    The files are ``simulated_ais.csv.gz`` (the 17 columns of NOAA MarineCadastre), ``simulated_ships.csv``,
    ``simulated_truth.csv`` and ``simulated_faults.csv``. The same arguments give the same contents.

    Parameters
    ----------
    voyages : int
        Ocean crossings to sail, both directions.
    seed : int
        Seed of the random numbers.
    out : Path
        Folder to write to, made if missing.
    start : str
        First moment, UTC.
    with_faults : bool
        Put in the faults of real AIS; reception holes stay either way.

    Raises
    ------
    InputError
        If no voyage is asked for.
    """
    tables = compose(voyages, seed, start=start, with_faults=with_faults)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    fleet = SimulatedFleet(
        ais_path=folder / "simulated_ais.csv.gz",
        ships_path=folder / "simulated_ships.csv",
        truth_path=folder / "simulated_truth.csv",
        faults_path=folder / "simulated_faults.csv",
        rows=len(tables.ais),
        ships=tables.truth["vessel_id"].nunique(),
        voyages=voyages,
    )
    write_csv_gz(tables.ais, fleet.ais_path)
    tables.ships.to_csv(fleet.ships_path, index=False, lineterminator="\n")
    tables.truth.to_csv(fleet.truth_path, index=False, lineterminator="\n")
    tables.faults.to_csv(fleet.faults_path, index=False, lineterminator="\n")
    return fleet


def compose(voyages: int, seed: int, *, start: str = START, with_faults: bool = True) -> SimulatedTables:
    """Return the tables of a simulated fleet without writing them.

    >>> tables = compose(1, seed=7)
    >>> tables.ships["name"].tolist(), tables.truth["phase"].tolist()[:4]
    (['SIM ALPHA'], ['at_berth', 'harbour', 'approach', 'sea'])
    """
    if voyages < 1:
        raise InputError("no_voyages", f"found {voyages} voyages; expected 1 or more; ask for at least one")
    counts: Counter[str] = Counter()
    moment = pd.Timestamp(start)
    ships = _register(voyages, seed)
    fleet_legs = _sail_all(ships, voyages, seed)
    frames, truths, strangers = [], [], dict[int, pd.DataFrame]()
    for index, legs in enumerate(fleet_legs):
        rng = np.random.default_rng([seed, 2, index])
        reports = receive(legs, rng)
        if with_faults:
            reports = _spoil(reports, index, rng, counts, strangers)
        frames.append(_with_particulars(reports, ships.iloc[index]))
        truths.append(tell(legs, f"IMO{ships.iloc[index]['imo']}", moment))
    rng = np.random.default_rng([seed, 3])
    if with_faults:
        frames += _other_craft(len(ships), float(frames[0]["hour"].median()), rng, counts)
    ais = _assemble(frames, moment)
    everyone = ships = ships.drop(columns="call_sign")
    if with_faults:
        ais = fault.shuffle_some(ais, rng, counts)
        ships = ships.drop(index=UNREGISTERED, errors="ignore")
    fault_table = pd.DataFrame({"fault": sorted(counts), "rows": [counts[key] for key in sorted(counts)]})
    return SimulatedTables(
        ais=ais,
        ships=ships.reset_index(drop=True),
        truth=pd.concat(truths, ignore_index=True),
        faults=fault_table,
        fleet=everyone,
        legs=tuple(fleet_legs),
        strangers=strangers,
        start=moment,
    )


def write_csv_gz(table: pd.DataFrame, path: Path) -> None:
    """Write a gzip-compressed CSV whose bytes hold no time and no name."""
    text = table.to_csv(index=False, lineterminator="\n").encode()
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", filename="", compresslevel=9, mtime=0) as file:
        file.write(text)
    path.write_bytes(buffer.getvalue())


def imo_number(stem: int) -> int:
    """Return the IMO number of six leading digits, with its check digit.

    >>> imo_number(907472)
    9074729
    """
    digits = [int(digit) for digit in f"{stem:06d}"]
    check = sum(digit * weight for digit, weight in zip(digits, range(7, 1, -1), strict=True)) % 10
    return stem * 10 + check


def _register(voyages: int, seed: int) -> pd.DataFrame:
    """Invent the ships: identities by number, particulars by pattern."""
    count = max(1, int(np.ceil(voyages / VOYAGES_PER_SHIP)))
    patterns = reference.table("simulated_ship_patterns_2026")
    rng = np.random.default_rng([seed, 0])
    chosen = patterns.iloc[rng.integers(len(patterns), size=count)].reset_index(drop=True)
    number = np.arange(count)
    register = pd.DataFrame(
        {
            "name": [_name(int(index)) for index in number],
            "imo": [imo_number(FIRST_IMO_STEM + int(index)) for index in number],
            "mmsi": FIRST_MMSI + number,
            "call_sign": [f"9SIM{index:03d}" for index in number],
            "ship_type": "container",
        }
    )
    return pd.concat([register, chosen[list(REGISTER_COLUMNS[1:])]], axis=1)


def _name(index: int) -> str:
    again = f" {index // len(NAMES) + 1}" if index >= len(NAMES) else ""
    return AWKWARD_NAMES.get(index, f"SIM {NAMES[index % len(NAMES)]}{again}")


def _sail_all(ships: pd.DataFrame, voyages: int, seed: int) -> list[Legs]:
    """Each ship's legs; directions take turns and the first ships cross twice."""
    harbourmaster = Harbourmaster(network())
    spacing = FIRST_DEPARTURES_H / len(ships)
    fleet = []
    for index, draught in enumerate(ships["t_ref_m"]):
        rng = np.random.default_rng([seed, 1, index])
        crossings = voyages // len(ships) + (index < voyages % len(ships))
        legs = sail_ship(
            harbourmaster,
            rng,
            first_hour=float(index * spacing + rng.uniform(0.0, 0.9 * spacing)),
            direction="eastbound" if index % 2 == 0 else "westbound",
            crossings=crossings,
            draught_ref_m=float(draught),
        )
        fleet.append(legs)
    return fleet


def _spoil(
    reports: pd.DataFrame,
    index: int,
    rng: np.random.Generator,
    counts: Counter[str],
    strangers: dict[int, pd.DataFrame],
) -> pd.DataFrame:
    """One ship's reports with faults; one MMSI is also used by a craft in the Taiwan Strait."""
    spoilt = fault.spoil_reports(reports, index, rng, counts)
    if index == SHARED_MMSI:
        middle = float(reports["hour"].median())
        other = fault.loiter((middle, middle + 50.0), (23.6, 118.6), rng, speed_kn=4.0)
        counts["shared_mmsi"] += len(other)
        strangers[index] = other
        spoilt = pd.concat([spoilt, other]).sort_values("hour", kind="stable", ignore_index=True)
    return spoilt


def _with_particulars(reports: pd.DataFrame, ship: pd.Series) -> pd.DataFrame:
    """Join reports with what the ship says of itself, under the archive's column names."""
    return reports.assign(
        MMSI=int(ship["mmsi"]),
        VesselName=ship["name"],
        IMO=f"IMO{ship['imo']}",
        CallSign=ship["call_sign"],
        VesselType=71,
        Length=int(ship["length_m"]),
        Width=int(ship["beam_m"]),
        Cargo=71,
        TransceiverClass="A",
    )


def _other_craft(
    ships: int, hour: float, rng: np.random.Generator, counts: Counter[str]
) -> list[pd.DataFrame]:
    """Add a tug and a yacht in San Pedro Bay, without a usable IMO number: not ocean-going."""
    tug = fault.loiter((hour, hour + 30.0), (33.700, -118.205), rng, speed_kn=5.0)
    yacht = fault.loiter((hour + 10.0, hour + 22.0), (33.640, -118.160), rng, speed_kn=6.5)
    counts["not_ocean_going"] += len(tug) + len(yacht)
    first = FIRST_MMSI + ships + 100
    tug = tug.assign(MMSI=first, VesselName="SIM TUG", IMO="IMO0000000", CallSign="9SIMTUG")
    tug = tug.assign(VesselType=52, Length=30, Width=11, Cargo=52, TransceiverClass="A")
    yacht = yacht.assign(MMSI=first + 1, VesselName="SIM YACHT", IMO="", CallSign="", Draft=np.nan)
    yacht["Status"] = pd.Series(pd.NA, index=yacht.index, dtype="Int64")
    yacht = yacht.assign(VesselType=37, Length=18, Width=5, Cargo=37, TransceiverClass="B")
    return [tug, yacht]


def _assemble(frames: list[pd.DataFrame], moment: pd.Timestamp) -> pd.DataFrame:
    """All ships in one table in order of time, with the archive's columns and types."""
    frames = [frame.astype({"Status": "Int64", "Heading": "Int64"}) for frame in frames]
    rows = pd.concat(frames, ignore_index=True)
    rows["second"] = np.floor(rows["hour"] * 3600.0).astype(np.int64)
    rows = rows.sort_values(["second", "MMSI"], kind="stable", ignore_index=True)
    time = moment + pd.to_timedelta(rows["second"], unit="s")
    rows["BaseDateTime"] = time.dt.strftime("%Y-%m-%dT%H:%M:%S")
    return rows[list(AIS_COLUMNS)]

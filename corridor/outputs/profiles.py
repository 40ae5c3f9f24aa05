"""When a study's ships emitted: shares by month, day of the week and hour of the day, whole and by port."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from corridor.emissions.species import CONSUMERS, SPECIES
from corridor.errors import InputError
from corridor.outputs.flux import attributes, periods
from corridor.outputs.pieces import files_of
from corridor.reference import table as reference_table
from corridor.study import Study
from layers import netcdf
from layers.hours import MS_PER_HOUR, add_by_hour

# The zone system whose zones know their port.
SYSTEM = "port"
# Places beside the ports: all of the study, and what lies in no zone of a port.
WHOLE, ELSEWHERE = "study", "elsewhere"
CLOCKS = (
    "Local time is that of the port's clocks, summer time included. A port is the zones that are its own; "
    "SPB is the precautionary area and approaches of San Pedro Bay, which LB and LA share; names of other "
    f"ports are made words; {ELSEWHERE} is what lies in no zone of a port."
)
SHARES = (
    "Shares are of mass, not rates: a month that is covered in part has the mass of that part, and a weekday "
    "is not divided by how often it occurs."
)
BATCH = 200_000
HOURS, DAYS = 24, 7
# 1970-01-01 was a Thursday, the fourth day of a week that begins on Monday.
_FIRST_DAY = 3
_MASSES = [f"{species}_kg" for species in SPECIES]
Floats = NDArray[np.float64]


class Hourly(NamedTuple):
    """Masses by place, hour and species; the first of the hours since 1970-01-01 UTC. [kg]"""

    first_hour: int
    places: tuple[str, ...]
    mass_kg: Floats


def write_profiles(study: Study, path: Path) -> Path:
    """Write shares by month, day of the week and hour of the day as CF NetCDF; each axis adds up to 1.

    Months come from the accounts. Days and hours come from the pieces: each is spread over the hours it
    lasted. A study that kept no pieces has months alone.

    Parameters
    ----------
    study : Study
        The study.
    path : Path
        File to write.
    """
    places, monthly = by_month(study)
    arrays = [netcdf.words_axis("species", SPECIES), netcdf.words_axis("place", places)]
    arrays.append(_array("month_share", ("place", "time"), monthly, "share of the months"))
    told = attributes(study, "When ships emitted: shares of the mass of a species in a place.")
    if study.pieces is None:
        told["comment"] = f"{told['comment']} The study kept no pieces: no hour or weekday is known. {SHARES}"
        return netcdf.write_arrays(path, arrays, periods(study), told)
    hourly = by_hour(study)
    told["comment"] = f"{told['comment']} {CLOCKS} {SHARES}"
    arrays += _hour_axes()
    arrays += _clock_arrays(hourly)
    return netcdf.write_arrays(path, arrays, periods(study), told)


def _hour_axes() -> Iterator[netcdf.Array]:
    told = {"long_name": "hour of the day", "units": "h"}
    yield from netcdf.steps_axis("hour", np.arange(HOURS + 1), told)
    words = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    yield netcdf.words_axis("weekday", words, "day of the week")


def _clock_arrays(hourly: Hourly) -> Iterator[netcdf.Array]:
    """Shares in UTC for every place, and by the port's own clocks for every port."""
    hours = hourly.first_hour + np.arange(hourly.mass_kg.shape[1])
    clocks = _clocks()
    known = [place for place in hourly.places if place in clocks]
    local = [(hourly.places.index(place), local_hours(hours, clocks[place])) for place in known]
    for name, count, key in (("hour", HOURS, _of_day), ("weekday", DAYS, _of_week)):
        sums = _folded(hourly.mass_kg, count, [key(hours)] * len(hourly.places))
        yield _array(f"{name}_share", ("place", name), sums, f"share of the {name}s, UTC")
        if known:
            one = hourly.mass_kg[[place for place, _ in local]]
            sums = _folded(one, count, [key(clock) for _, clock in local])
            yield _array(f"{name}_share_local", ("port", name), sums, f"share of the {name}s, local time")
    if known:
        yield netcdf.words_axis("port", known, "port, by the key of its zones")


def _clocks() -> dict[str, str]:
    """Time zone of each port, and of waters that ports share."""
    ports = reference_table("call_ports_2026").set_index("port")["time_zone"]
    shared = reference_table("shared_zones_2026")
    return {str(port): str(zone) for port, zone in ports.items()} | {
        str(row.place): ports[str(row.clock_port)] for row in shared.itertuples()
    }


def _of_day(hours: NDArray[np.int64]) -> NDArray[np.int64]:
    return hours % HOURS


def _of_week(hours: NDArray[np.int64]) -> NDArray[np.int64]:
    return (hours // HOURS + _FIRST_DAY) % DAYS


def _folded(mass_kg: Floats, count: int, step: list[NDArray[np.int64]]) -> Floats:
    """(places, steps, species) sums over all hours that are the same step of a day or week."""
    sums = np.zeros((len(mass_kg), count, mass_kg.shape[2]))
    for place, steps in enumerate(step):
        np.add.at(sums[place], steps, mass_kg[place])
    return sums


def _array(name: str, dimensions: tuple[str, str], mass_kg: Floats, long_name: str) -> netcdf.Array:
    """Shares of each species and place; none where a place has nothing of a species."""
    whole = mass_kg.sum(axis=1, keepdims=True)
    shares = np.divide(mass_kg, whole, out=np.full_like(mass_kg, np.nan), where=whole > 0)
    told = {"long_name": long_name, "units": "1"}
    return netcdf.Array(name, ("species", *dimensions), np.moveaxis(shares, 2, 0), told)


def local_hours(hours: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    """Hours as the clocks of a time zone show them; numbers since 1970-01-01 there. [hours]

    Raises
    ------
    InputError
        If its clocks differ from UTC by a part of an hour.

    Examples
    --------
    >>> (local_hours(np.array([475_000]), "Asia/Shanghai") - 475_000).tolist()
    [8]
    """
    clock = ZoneInfo(zone)
    moments = (datetime.fromtimestamp(3600 * hour, UTC).astimezone(clock) for hour in hours.tolist())
    seconds = np.array([(moment.utcoffset() or timedelta()).total_seconds() for moment in moments])
    if (seconds % 3600).any():
        raise InputError(
            "broken_hour", f"found clocks of {zone} between hours; expected whole ones; use shares in UTC"
        )
    return hours + (seconds // 3600).astype(np.int64)


def _ports(study: Study) -> tuple[tuple[str, ...], NDArray[np.int64], pd.DataFrame]:
    """Places that profiles are made for, the place of each zone of the system, and its zones."""
    system = next(number for number, one in enumerate(study.systems) if one.name == SYSTEM)
    zones = study.zone_names(system)
    ports = zones["port"].fillna("").astype(str) if "port" in zones else pd.Series("", index=zones.index)
    shared = reference_table("shared_zones_2026").set_index("zone_id")["place"]
    ports = ports.where(ports.str.strip() != "", zones["zone_id"].map(shared).fillna("").astype(str))
    names = [name for name in dict.fromkeys(ports) if name.strip()]
    order = {name: place for place, name in enumerate(names, start=1)}
    number = np.array([order.get(name, len(names) + 1) for name in ports], np.int64)
    return (WHOLE, *words_of(names), ELSEWHERE), number, zones


def words_of(names: Sequence[str]) -> list[str]:
    """Make names of ports words of ``flag_meanings``, each of them once.

    >>> words_of(["LB", "Port of X", "port-of-x", "Port of X", "?"])
    ['LB', 'Port_of_X', 'port_of_x', 'Port_of_X_2', 'port']
    """
    taken = {WHOLE, ELSEWHERE}
    words = []
    for name in names:
        plain = word = re.sub(r"\W+", "_", name).strip("_") or "port"
        count = 1
        while word in taken:
            count += 1
            word = f"{plain}_{count}"
        taken.add(word)
        words.append(word)
    return words


def by_month(study: Study) -> tuple[tuple[str, ...], Floats]:
    """Places, and (places, months, species) masses, from the accounts. [kg]"""
    places, number, _ = _ports(study)
    system = next(number for number, one in enumerate(study.systems) if one.name == SYSTEM)
    rows = study.ledger.rows
    place = number[study.zone_places()[:, system]]
    month = np.searchsorted(study.months(), rows["month"])
    sums = np.zeros((len(places), len(study.months()), len(SPECIES)), np.int64)
    for column, species in enumerate(SPECIES):
        mass = rows[[f"{consumer}_{species}_mg" for consumer in CONSUMERS]].to_numpy().sum(axis=1)
        np.add.at(sums[:, :, column], (place, month), mass)
    sums[0] = sums.sum(axis=0)
    return places, sums / 1e6


def by_hour(study: Study) -> Hourly:
    """Masses of a study by place and hour, from its pieces. [kg]

    A piece emits evenly while it lasts: each hour gets the part of it that lies in the hour.

    Parameters
    ----------
    study : Study
        A study that kept its pieces.

    Raises
    ------
    InputError
        If it kept none.
    """
    files = files_of(study)
    places, number, zones = _ports(study)
    order = dict(zip(zones["zone_id"].astype(str), number.tolist(), strict=True))
    months = periods(study)
    first = int(months[0][0].timestamp()) * 1000 // MS_PER_HOUR
    last = int(months[-1][1].timestamp()) * 1000 // MS_PER_HOUR
    sums = np.zeros((len(places), last - first, len(SPECIES)))
    for batch in _batches(files):
        words = batch.column(f"{SYSTEM}_zone")
        group = np.array([order[word] for word in words.dictionary.to_pylist()], np.int64)
        spans = tuple(
            batch.column(name).cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64()).to_numpy()
            for name in ("start_utc", "end_utc")
        )
        amounts = np.stack([batch.column(name).to_numpy() for name in _MASSES], axis=1)
        add_by_hour(sums, first, (spans[0], spans[1]), group[words.indices.to_numpy()], amounts)
    sums[0] = sums.sum(axis=0)
    return Hourly(first, places, sums)


def _batches(files: Sequence[Path]) -> Iterator[pa.RecordBatch]:
    columns = ["start_utc", "end_utc", f"{SYSTEM}_zone", *_MASSES]
    for file in files:
        yield from pq.ParquetFile(file).iter_batches(batch_size=BATCH, columns=columns)

"""Fuel that was measured: reports of ships, and what they make of the modelled masses.

A report says what a ship burned from one time to another: a noon report, a leg, a year of the IMO's data
collection or of the EU's monitoring. The modelled masses of that time are multiplied: their sum becomes the
report, their shape in space and time stays. Where positions cover only part of the time, the part gets what
its distance (where the report names one) or its hours make of the report, and a column says so.

An EU MRV export is one report a ship and year. Its total holds voyages to, from and between ports of the
European Economic Area alone, so that it is no ship's year: what counts is its fuel per distance, times the
distance that positions show in that year (``mrv_per_nm``); nothing where that is short, or the rate a fault.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor import reference
from corridor.emissions.at_berth import parameter
from corridor.emissions.basis import LEDGER_COLUMNS
from corridor.emissions.fuels import FUELS
from corridor.emissions.mrv import is_mrv, read_mrv
from corridor.emissions.records import (
    need,
    numbers,
    read_record_mapping,
    read_records,
    ship_keys,
    times_ms,
)
from corridor.emissions.rules import ms_of
from corridor.emissions.species import CONSUMERS
from corridor.errors import InputError
from corridor.tracks.columns import TimeForm

MG_PER_KG = 1_000_000
ALL = "all"
NOT_PLACED = "not_placed"
# What ships call the fuels that accounts name.
FUEL_WORDS = {
    **{fuel: fuel for fuel in FUELS},
    **dict.fromkeys(("hsfo", "ifo", "ifo380", "重油"), "hfo"),
    **dict.fromkeys(("ulsfo", "lsfo", "lfo", "低硫油"), "vlsfo"),
    **dict.fromkeys(("mgo", "lsmgo", "轻油", "柴油"), "mdo"),
}
_UNITS = {"kg": 1.0, "t": 1000.0, "mt": 1000.0, "tonnes": 1000.0, "吨": 1000.0, "mtonnes": 1000.0}
KNOWN_HEADERS = {
    **dict.fromkeys(("vesselid",), "vessel_id"),
    **dict.fromkeys(("imo", "imonumber", "imono", "imo号", "imo编号"), "imo"),
    **dict.fromkeys(("mmsi",), "mmsi"),
    **dict.fromkeys(("vessel", "vesselname", "ship", "shipname", "name", "船名"), "name"),
    **dict.fromkeys(("from", "start", "fromutc", "startutc", "begin", "开始时间"), "from"),
    **dict.fromkeys(("to", "end", "toutc", "endutc", "until", "结束时间"), "to"),
    **dict.fromkeys(("year", "reportingperiod", "年份", "年度"), "year"),
    **dict.fromkeys(("consumer", "engine", "耗能设备"), "consumer"),
    **dict.fromkeys(("fueltype", "fuel", "燃料种类", "燃油种类"), "fuel"),
    **dict.fromkeys(("distancenm", "distance", "航程", "航程nm"), "distance_nm"),
    **{f"{stem}{unit}": f"fuel_{unit}" for stem in ("fuel", "totalfuelconsumption") for unit in _UNITS},
    **dict.fromkeys(("燃油消耗量吨", "油耗吨"), "fuel_吨"),
    **{f"{word}{unit}": f"{word}_{unit}" for word in FUEL_WORDS for unit in _UNITS},
}


def read_measured(path: str | Path, *, mapping: str | Path | None = None) -> pd.DataFrame:
    """Read reports of fuel burned: one row a report and type of fuel, or one column a type (``hfo_t``).

    Parameters
    ----------
    path : path
        Table with a ship (imo, mmsi, vessel), from and to (or a year), and a mass in kg or t, of one
        ``fuel_type`` or of all; optionally consumer (main, aux, boiler; all by default) and distance_nm.
        A bare date in ``to`` is the end of that day.
    mapping : path, optional
        TOML file that names the columns, and form and zone of the times; they are UTC without it.

    Returns
    -------
    DataFrame
        One row a mass: report (number), line, vessel_id, imo, mmsi, name, t0_ms, t1_ms, consumer, fuel (""
        where not said), mg, distance_nm, rate_kg_per_nm (of EU MRV reports, else not a number).

    Raises
    ------
    InputError
        If a column, a fuel or a consumer is unknown, a row has no ship, period or mass, or two reports of
        one ship overlap.
    """
    if mapping is None and is_mrv(path):
        return _of_mrv(read_mrv(path), Path(path).name)
    named = read_record_mapping(mapping) if mapping is not None else None
    where = Path(path).name
    records = ship_keys(
        read_records(path, KNOWN_HEADERS, named, expected="imo, from, to, fuel_t", option="--measured")
    )
    form = named.time if named is not None and named.time is not None else TimeForm()
    t0_ms, t1_ms = _period(records, form, where)
    masses = [name for name in records if str(name).rpartition("_")[2] in _UNITS]
    if not masses:
        need(records, ("fuel_kg",), where, "fuel_kg, fuel_t, hfo_t, mgo_t")
    empty = pd.Series([""] * len(records), dtype=object)
    shared = records[["line", "vessel_id", "imo", "mmsi", "name"]].assign(
        t0_ms=t0_ms,
        t1_ms=t1_ms,
        consumer=records.get("consumer", empty).str.strip().str.lower().replace("", ALL),
        distance_nm=numbers(records.get("distance_nm", empty)),
    )
    tables = [_masses(shared, records, str(name)) for name in masses]
    table = pd.concat(tables).sort_values(["line", "fuel"], kind="stable").reset_index(drop=True)
    _check(shared, table, where)
    return _numbered(table, where)


def _of_mrv(reports: pd.DataFrame, where: str) -> pd.DataFrame:
    """Reports of the EU's monitoring as years of measured fuel."""
    least, most = (
        reference.value("mrv_comparison_2026", parameter=f"report_{end}") for end in ("least", "most")
    )
    rate = reports["fuel_kg_per_nm"].where(reports["fuel_kg_per_nm"].between(least, most))
    fuel_kg = reports["fuel_t"].fillna(0.0) * _UNITS["t"]
    table = pd.DataFrame(
        {
            "line": np.arange(len(reports)) + 1,
            "vessel_id": "",
            "imo": reports["imo"].astype("int64"),
            "mmsi": -1,
            "name": "",
            "t0_ms": [ms_of(f"{year}-01-01") for year in reports["year"]],
            "t1_ms": [ms_of(f"{year + 1}-01-01") for year in reports["year"]],
            "consumer": ALL,
            "fuel": "",
            "mg": np.rint(fuel_kg * MG_PER_KG).astype("int64"),
            "distance_nm": np.nan,
            # Not a number is an ordinary report; a rate that is a fault is one of nothing.
            "rate_kg_per_nm": rate.fillna(0.0),
        }
    )
    return _numbered(table, where)


def _period(records: pd.DataFrame, form: TimeForm, where: str) -> tuple[npt.NDArray[np.float64], ...]:
    if "from" in records or "year" not in records:
        need(records, ("from", "to"), where, "from and to, 开始时间 and 结束时间, or year")
        begin = times_ms(records["from"], form, where, "[time] zone of a mapping")
        return begin, times_ms(records["to"], form, where, "[time] zone of a mapping", ends=True)
    first = records["year"].astype(str).str.extract(r"(\d{4})")[0]
    begin = times_ms(first.fillna("") + "-01-01", form, where, "[time] zone of a mapping")
    return begin, times_ms(first.fillna("") + "-12-31", form, where, "[time] zone of a mapping", ends=True)


def _masses(shared: pd.DataFrame, records: pd.DataFrame, column: str) -> pd.DataFrame:
    word, _, unit = column.rpartition("_")
    mg = np.rint(numbers(records[column]) * _UNITS[unit] * MG_PER_KG)
    if word == "fuel":
        said = records["fuel"].str.strip().str.lower() if "fuel" in records else ""
        return shared.assign(fuel=said, mg=mg).dropna(subset="mg")
    return shared.assign(fuel=word, mg=mg).dropna(subset="mg")


def _check(rows: pd.DataFrame, table: pd.DataFrame, where: str) -> None:
    """Refuse rows that say too little, and words that nobody knows."""
    nobody = (rows[["vessel_id", "name"]] == "").all(axis=1) & (rows[["imo", "mmsi"]] == -1).all(axis=1)
    silent = ~rows["line"].isin(table["line"])
    tests = (
        (nobody, "no ship", "an IMO number, MMSI or name"),
        (
            rows["t0_ms"].isna() | rows["t1_ms"].isna(),
            "no period",
            "from and to as 2024-01-05 08:00, or a year",
        ),
        (~(rows["t1_ms"] > rows["t0_ms"]), "a period that ends before it begins", "from before to"),
        (silent, "no mass", "a number in kg or t"),
        (~rows["consumer"].isin([ALL, *CONSUMERS]), "an unknown consumer", f"{ALL}, {', '.join(CONSUMERS)}"),
    )
    for bad, found, expected in tests:
        if bad.any():
            line = int(rows.loc[bad, "line"].iloc[0])
            raise InputError(
                "bad_report", f"{where} line {line}: found {found}; expected {expected}; correct the row"
            )
    if (table["mg"] < 0).any():
        line = int(table.loc[table["mg"] < 0, "line"].iloc[0])
        raise InputError(
            "bad_report", f"{where} line {line}: found a mass below zero; expected 0 or more; correct it"
        )
    strange = table.loc[~table["fuel"].isin(["", *FUEL_WORDS]), "fuel"]
    if len(strange):
        raise InputError(
            "unknown_fuel",
            f"{where}: found fuel '{strange.iloc[0]}'; expected one of {', '.join(FUEL_WORDS)}; correct it",
        )


def _numbered(table: pd.DataFrame, where: str) -> pd.DataFrame:
    """Number the reports: the rows of one ship and period are one; refuse those that overlap."""
    keys = ["vessel_id", "imo", "mmsi", "name"]
    ship = table.groupby(keys, sort=False).ngroup()
    table = table.assign(
        fuel=table["fuel"].map(lambda word: FUEL_WORDS.get(word, "")),
        report=table.assign(ship=ship).groupby(["ship", "t0_ms", "t1_ms"]).ngroup(),
    ).astype({"mg": "int64", "t0_ms": "int64", "t1_ms": "int64"})
    periods = table.assign(ship=ship).drop_duplicates("report").sort_values(["ship", "t0_ms"])
    again = periods["ship"].eq(periods["ship"].shift()) & (periods["t0_ms"] < periods["t1_ms"].shift())
    mixed = table.groupby("report")["consumer"].agg(lambda names: ALL in set(names) and len(set(names)) > 1)
    for bad, found, expected in (
        (again, "a report that overlaps another of the same ship", "periods that meet at most"),
        (periods["report"].map(mixed), "fuel of all consumers and of one in one period", "one or the other"),
    ):
        if bad.any():
            line = int(periods.loc[bad, "line"].iloc[0])
            raise InputError(
                "bad_report", f"{where} line {line}: found {found}; expected {expected}; correct it"
            )
    order = ["report", "line", *keys, "t0_ms", "t1_ms", "consumer", "fuel", "mg", "distance_nm"]
    return table[order].assign(rate_kg_per_nm=table.get("rate_kg_per_nm", np.nan))


def consumers_of(consumer: str) -> tuple[str, ...]:
    """Consumers that a report's word stands for.

    >>> consumers_of("all"), consumers_of("main")
    (('main', 'aux', 'boiler'), ('main',))
    """
    return tuple(CONSUMERS) if consumer == ALL else (consumer,)


def goal(mg: int, report: Mapping[str, float]) -> tuple[int, str]:
    """Return what of a report falls to the part that positions cover, and how that was found. [mg]

    Parameters
    ----------
    mg : int
        Measured mass. [mg]
    report : mapping
        ``hours``, ``seen_h`` (of the period, and covered), ``distance_nm`` (of the report; not a number where
        unknown) and ``seen_nm``; ``rate_kg_per_nm`` where a rate counts instead of the mass. [h, nm, kg/nm]

    Examples
    --------
    >>> half = {"hours": 48.0, "seen_h": 24.0, "distance_nm": float("nan"), "seen_nm": 400.0}
    >>> goal(10_000, half), goal(10_000, half | {"distance_nm": 1000.0})
    ((5000, 'per_hour'), (4000, 'per_nm'))
    >>> goal(10_000, half | {"seen_h": 48.0})
    (10000, 'whole')
    >>> rate = half | {"rate_kg_per_nm": 300.0}
    >>> goal(10_000, rate), goal(10_000, rate | {"seen_nm": 2000.0})
    ((0, 'not_placed'), (600000000000, 'mrv_per_nm'))
    """
    rate = report.get("rate_kg_per_nm", math.nan)
    if not math.isnan(rate):
        long = rate > 0 and report["seen_nm"] >= parameter("mrv_least_nm")
        return (round(rate * report["seen_nm"] * MG_PER_KG), "mrv_per_nm") if long else (0, NOT_PLACED)
    if report["seen_h"] >= parameter("measured_covers") * report["hours"]:
        return mg, "whole"
    if report["distance_nm"] > 0:
        return round(mg * min(1.0, report["seen_nm"] / report["distance_nm"])), "per_nm"
    return round(mg * report["seen_h"] / report["hours"]), "per_hour"


def goals(masses: pd.DataFrame, modelled: pd.DataFrame, report: Mapping[str, float]) -> pd.DataFrame:
    """Set what was measured against what was modelled, by consumer and fuel where both name the same fuels.

    Parameters
    ----------
    masses : DataFrame
        Rows of one report: consumer, fuel, mg.
    modelled : DataFrame
        fuel (name) and one column of mg per consumer, of the part that positions cover.
    report : mapping
        As :func:`goal` takes it.

    Returns
    -------
    DataFrame
        consumer, fuel ("" for all together), fuels (tuple), measured_mg, goal_mg, modelled_mg, basis, by
        (``fuel`` or ``total``).
    """
    rows = []
    for consumer, part in masses.groupby("consumer", sort=True):
        columns = list(consumers_of(str(consumer)))
        model = modelled.set_index("fuel")[columns].sum(axis=1).groupby(level=0).sum()
        model = model[model > 0]
        said = part.groupby("fuel")["mg"].sum()
        alike = "" not in said.index and set(said[said > 0].index) == set(model.index)
        groups: Sequence[tuple[str, ...]] = (
            [(fuel,) for fuel in sorted(model.index)] if alike else [tuple(sorted(model.index))]
        )
        for fuels in groups:
            mg = int(said.loc[list(fuels)].sum()) if alike else int(said.sum())
            goal_mg, basis = goal(mg, report)
            modelled_mg = int(model.loc[list(fuels)].sum())
            basis = basis if modelled_mg else NOT_PLACED
            row = (consumer, fuels[0] if alike else "", fuels, mg, goal_mg if modelled_mg else 0, modelled_mg)
            rows.append((*row, basis, "fuel" if alike else "total"))
    names = ["consumer", "fuel", "fuels", "measured_mg", "goal_mg", "modelled_mg", "basis", "by"]
    return pd.DataFrame(rows, columns=names)


def scaled(consumer: str, factor: float) -> npt.NDArray[np.float64]:
    """What each account is multiplied by where a consumer burned ``factor`` times what was modelled. [1]

    Energy, fuel and all that follows them; time, distance and energy from shore stay.

    >>> times = dict(zip(LEDGER_COLUMNS, scaled("main", 2.0)))
    >>> [float(times[name]) for name in ("main_fuel_mg", "aux_fuel_mg", "hours_ms", "shore_mwh")]
    [2.0, 1.0, 1.0, 1.0]
    """
    names = consumers_of(consumer)
    starts = tuple(f"{name}_" for name in names) + (("ll_",) if "main" in names else ())
    return np.array([factor if name.startswith(starts) else 1.0 for name in LEDGER_COLUMNS])

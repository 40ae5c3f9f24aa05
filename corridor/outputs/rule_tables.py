"""What rules and reports came to, as tables: berths, shore power, speed near Point Fermin, measured fuel."""

import numpy as np
import pandas as pd

from corridor import reference
from corridor.accounts.totals import MASS_COLUMNS, mass_table
from corridor.emissions.at_berth import CASES
from corridor.emissions.phases import PHASES
from corridor.study import Study
from corridor.sums import with_engine_kind
from corridor.tracks.transits import rounding_kn

MG_PER_KG = 1e6
# Calendar years of the programme end at midnight there.
PORT_ZONE = "America/Los_Angeles"
STAMP = "%Y-%m-%dT%H:%M:%SZ"
KEYS_OF_CASE = ["system", "zone_id", "zone_name", "phase", "use"]


def tables_of_rules(study: Study) -> dict[str, pd.DataFrame]:
    """Tables by the name of their file; what a study has nothing of is left out."""
    made = {
        "at_berth": at_berth(study),
        "at_berth_interval": at_berth_interval(study),
        "shore_power": shore_power(study),
        "green_flag": green_flag(study),
        "green_flag_operators": green_flag_operators(study),
        "measured": measured(study),
    }
    return {name: table for name, table in made.items() if table is not None}


def at_berth(study: Study) -> pd.DataFrame | None:
    """One row a visit to a berth: times, rule or log, hours and energy to control, use, savings. [h, kWh, kg]

    ``basis`` is the rule, ``log``, or ``no_rule``; low, central and high are the cases of use.
    """
    if study.visits is None or study.visits.empty:
        return None
    return _timed(study.visits, {"t0_ms": "arrive_utc", "t1_ms": "depart_utc"}, "vessel_id")


def at_berth_interval(study: Study) -> pd.DataFrame | None:
    """Totals where the use of controls at berth is unknown, at low, central and high use. [kg]

    By port zone and as the study's total; each differs from the others by the controls alone.
    """
    if study.use_ends is None or study.use_ends.empty:
        return None
    column = [system.name for system in study.systems].index("port")
    parts = []
    zones = study.zone_names(column)
    for case in CASES:
        ledger = study.rows_at_use(case)
        places = study.places_of(ledger)[:, column]
        rows = with_engine_kind(ledger, study.vessels).assign(zone_place=places).drop(columns="zone")
        for keys, whole in ((["zone_place", "phase"], False), (["all"], True)):
            table = mass_table(rows.assign(all=0), keys, study.derived)
            ids = ["all"] * len(table) if whole else zones["zone_id"].to_numpy()[table["zone_place"]]
            names = ["All zones"] * len(table) if whole else zones["name_en"].to_numpy()[table["zone_place"]]
            phase = ["all"] * len(table) if whole else np.array(PHASES, dtype=object)[table["phase"]]
            told = {"system": "port", "zone_id": ids, "zone_name": names, "phase": phase, "use": case}
            parts.append(table.assign(**told)[[*KEYS_OF_CASE, "shore_kwh", *MASS_COLUMNS]])
    table = pd.concat(parts, ignore_index=True)
    order = table["use"].map({case: place for place, case in enumerate(CASES)})
    table = table.assign(_order=order).sort_values(["zone_id", "phase", "_order"], kind="stable")
    keys = ["zone_id", "phase"]
    differs = table.groupby(keys)["shore_kwh"].transform("nunique").gt(1)
    differs |= table.groupby(keys)["nox_kg"].transform("nunique").gt(1)
    return table[differs].drop(columns="_order").reset_index(drop=True)


def shore_power(study: Study) -> pd.DataFrame | None:
    """One row a row of the shore-power log: its visit or why none, energy logged and modelled. [kWh]"""
    if study.shore_log is None:
        return None
    times = {"connect_ms": "connect_utc", "disconnect_ms": "disconnect_utc"}
    return _timed(study.shore_log, times, "line")


def green_flag(study: Study) -> pd.DataFrame | None:
    """One row a transit within 40 nm of Point Fermin: speeds and the share of the way at 12 kn or less. [kn]

    Observed, not imposed; operators are those of the register.
    """
    if study.transits is None or study.transits.empty:
        return None
    facts = study.vessels.set_index("vessel_id")
    operator = facts["operator"] if "operator" in facts else pd.Series("", index=facts.index)
    told = {
        "name": facts["name"].reindex(study.transits["vessel_id"]).to_numpy(),
        "operator": operator.reindex(study.transits["vessel_id"]).fillna("").to_numpy(),
    }
    table = _timed(study.transits, {"t0_ms": "start_utc", "t1_ms": "end_utc"}, "vessel_id")
    for place, (name, values) in enumerate(told.items(), start=1):
        table.insert(place, name, values)
    return table


def green_flag_operators(study: Study) -> pd.DataFrame | None:
    """One row an operator and calendar year: transits, and the share whose mean speed kept 12 kn. [1]

    The year is that at Long Beach. ``programme_share`` is what the programme asks of an operator; the verdict
    is the port's, whose way of measuring was not read.
    """
    table = green_flag(study)
    if table is None or not table["direction"].isin(["in", "out"]).any():
        return None
    table = table[table["direction"].isin(["in", "out"])]
    limit = reference.value("geo/speed_zones_2026", "speed_limit_kn", zone_id="green_flag_20nm")
    began = pd.to_datetime(table["start_utc"], utc=True).dt.tz_convert(PORT_ZONE)
    shares = {}
    for waters in ("20nm", "40nm"):
        mean = table[f"mean_kn_{waters}"]
        shares[f"kept_share_{waters}"] = (mean <= limit + rounding_kn()).where(mean.notna())
    counted = table[["operator"]].assign(year=began.dt.year, transits=1, **shares)
    how = {"transits": "sum"} | dict.fromkeys(shares, "mean")
    out = counted.groupby(["operator", "year"], as_index=False, sort=True).agg(how)
    return out.assign(
        **{name: out[name].astype("float64") for name in shares},
        programme_share=reference.value("green_flag_2026", item="transits_share"),
        basis="observed by AIS, not the port's verdict",
    )


def measured(study: Study) -> pd.DataFrame | None:
    """One row a report, consumer and fuel: measured, modelled and booked mass, and how they met. [kg, h, nm]

    ``basis`` is ``whole`` where positions cover the report, ``per_nm`` or ``per_hour`` where they cover part
    of it, ``mrv_per_nm`` where the rate of an EU MRV report times the distance seen counts, ``not_placed``
    where they cover nothing or too little of it; ``by`` says whether fuels were told apart.
    """
    if study.reports is None or study.reports.empty:
        return None
    table = study.reports
    masses = {"measured_mg": "measured_kg", "modelled_mg": "modelled_kg", "booked_mg": "booked_kg"}
    kg = {ours: table[theirs] / MG_PER_KG for theirs, ours in masses.items()}
    words = ["vessel_id", "line", "consumer", "fuel", "basis", "by"]
    numbers = ["hours", "seen_h", "distance_nm", "seen_nm", "rate_kg_per_nm"]
    return table[words].assign(**kg).join(table[numbers])


def _timed(table: pd.DataFrame, times: dict[str, str], first: str) -> pd.DataFrame:
    """Table with instants as UTC text, and one column first."""
    stamps = {
        ours: pd.to_datetime(table[theirs], unit="ms", utc=True).dt.strftime(STAMP)
        for theirs, ours in times.items()
    }
    made = table.assign(**{theirs: stamps[ours] for theirs, ours in times.items()}).rename(columns=times)
    return made[[first, *(name for name in made if name != first)]]

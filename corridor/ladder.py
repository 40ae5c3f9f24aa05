"""The ladder of one piece: every step from two reports to masses, each with its numbers and its source.

The steps are computed again here from the formulae, one piece at a time, and not read from the accounts: that
both come out alike is what `corridor.explain` shows.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from corridor import reference
from corridor.accounts.ledger import MM_PER_NM, MS_PER_H
from corridor.emissions.fleet import AUX, BOILER, MAIN, reference_speed_kn
from corridor.emissions.fuels import load_curve
from corridor.emissions.phases import PHASES, parameter
from corridor.emissions.power import propeller_load
from corridor.emissions.rules import NO_TIER_3, Supply
from corridor.emissions.ships import Ship
from corridor.emissions.species import (
    CONSUMERS,
    SPECIES,
    black_carbon,
    low_load_groups,
    low_load_table,
    particulates,
    sulphur_chemistry,
)
from corridor.engine import Source, Worked
from corridor.tracks.buckets import FILE_SHIFT
from corridor.tracks.trajectories import STAY
from corridor.words import ORIGINS
from layers.geodesy import NAUTICAL_MILE_M

G_PER_KG = 1000.0
# Where factors stand that are not in the table of factors by energy.
FACTOR_TABLES = {
    "sox": "particulate_sulphur_imo4_2020",
    "nox": "nox_by_tier_icct_2025",
    "pm10": "particulate_sulphur_imo4_2020",
    "bc": "black_carbon_imo4_2020",
}


class Rung(NamedTuple):
    """One step: what, how much, in which unit, from what, and where that stands."""

    section: str
    item: str
    value: float | str
    unit: str
    how: str
    source: str


@dataclass(frozen=True)
class Piece:
    """One piece of a worked ship, and the places of everything it is computed from.

    Attributes
    ----------
    source : Source
        What the study was made from.
    worked : Worked
        The ship's tracks and accounts.
    row : pandas.Series
        The piece as booked.
    segment, vessel, supply, period : int
        Places in the segments, the fleet, its supplies and the calendar.
    """

    source: Source
    worked: Worked
    row: "pd.Series[float]"
    segment: int
    vessel: int
    supply: int
    period: int

    @property
    def ship(self) -> Ship:
        """Particulars of the vessel."""
        return self.worked.ships[self.vessel]

    @property
    def burns(self) -> Supply:
        """Fuel, its sulphur and the NOx regime."""
        return self.worked.fleet.supplies[self.supply]

    @property
    def phase(self) -> int:
        """Phase. [index]"""
        return int(self.row["phase"])

    @property
    def share(self) -> float:
        """Share of the segment. [1]"""
        return float(self.row["f1"] - self.row["f0"])

    @property
    def duration_ms(self) -> float:
        """Length of the segment. [ms]"""
        segments = self.worked.segments
        return float(segments.t1_ms[self.segment] - segments.t0_ms[self.segment])

    @property
    def hours(self) -> float:
        """Length of the piece. [h]"""
        return self.duration_ms * self.share / MS_PER_H

    @property
    def stays(self) -> bool:
        """Whether the ship lay still."""
        return bool(self.worked.segments.kind[self.segment] == STAY)


def piece_of(source: Source, worked: Worked, row: "pd.Series[float]") -> Piece:
    """Find what a booked piece was computed from."""
    segment = int(row["segment"])
    atoms = worked.atoms
    first = int(np.flatnonzero((atoms.segment == segment) & (atoms.f0 == row["f0"]))[0])
    period = int(worked.period[first])
    _, sulphur = source.plan.places.look_up(np.array([int(row["zone"])], np.int64))
    return Piece(
        source=source,
        worked=worked,
        row=row,
        segment=segment,
        vessel=int(worked.segments.vessel[segment]),
        supply=int(source.plan.rulebook.supply_of[int(sulphur[0]), period]),
        period=period,
    )


@dataclass(frozen=True)
class Ladder:
    """The steps, and what they come to.

    Attributes
    ----------
    rungs : tuple of Rung
        Steps in order.
    amounts : dict
        Hours, distance, energy, fuel and masses. [h, nm, kWh, kg]
    """

    rungs: tuple[Rung, ...]
    amounts: dict[str, float]


def climb(piece: Piece) -> Ladder:
    """Compute a piece step by step."""
    rungs = [*_way(piece), *_place(piece), *_ship(piece)]
    speed_kn, speed = _speed(piece)
    load, loads = _load(piece, speed_kn)
    rungs += [*speed, *loads]
    power_kw, curve, powers = _power(piece, load)
    rungs += powers
    amounts = {
        "hours": piece.hours,
        "distance_nm": float(piece.worked.segments.distance_m[piece.segment]) * piece.share / NAUTICAL_MILE_M,
    }
    for place, consumer in enumerate(CONSUMERS):
        found, steps = _burn(piece, place, power_kw[place], load, curve)
        rungs += steps
        amounts |= {f"{consumer}_{name}": value for name, value in found.items()}
    return Ladder(tuple(rungs), amounts)


def _utc(t_ms: float) -> str:
    return pd.Timestamp(round(t_ms), unit="ms").isoformat(timespec="seconds") + "Z"


def _way(piece: Piece) -> list[Rung]:
    segments, s = piece.worked.segments, piece.segment
    t0 = float(segments.t0_ms[s])
    ref = int(segments.row_ref[s])
    file, line = piece.source.names[ref >> FILE_SHIFT], ref & ((1 << FILE_SHIFT) - 1)
    ends = [
        f"{segments.lat0[s]:.5f}, {segments.lon0[s]:.5f}",
        f"{segments.lat1[s]:.5f}, {segments.lon1[s]:.5f}",
    ]
    said = "positions as reported" if segments.origin[s] in {0, 3} else "a hole in the reports, filled at sea"
    cut = [t0 + piece.duration_ms * float(piece.row[name]) for name in ("f0", "f1")]
    name = "way"
    observed = float(segments.observed_ms[s]) / max(piece.duration_ms, 1.0)
    return [
        Rung(name, "vessel", piece.ship.vessel_id, "", piece.ship.name, "reports"),
        Rung(name, "first report", f"line {line}", "", f"of {file}", "reports"),
        Rung(name, "segment from", _utc(t0), "UTC", f"at {ends[0]} degrees", said),
        Rung(name, "segment to", _utc(t0 + piece.duration_ms), "UTC", f"at {ends[1]} degrees", said),
        Rung(name, "origin", ORIGINS[int(segments.origin[s])], "", "", said),
        Rung(name, "observed share", observed, "1", "time outside reporting gaps", said),
        Rung(name, "segment length", float(segments.distance_m[s]) / NAUTICAL_MILE_M, "nm", "", "ellipsoid"),
        Rung(name, "piece from", _utc(cut[0]), "UTC", f"share {piece.row['f0']:.6f} of the segment", "cuts"),
        Rung(name, "piece to", _utc(cut[1]), "UTC", f"share {piece.row['f1']:.6f} of the segment", "cuts"),
        Rung(name, "hours", piece.hours, "h", "segment time x share of the piece", "cuts"),
    ]


def _place(piece: Piece) -> list[Rung]:
    plan, atoms = piece.source.plan, piece.worked.atoms
    zones = plan.index.decode(np.array([int(piece.row["zone"])], np.int64))[0]
    rungs = []
    for system, number in zip(plan.systems, zones, strict=True):
        row = system.table().iloc[int(number)]
        note = str(row["kind"]) if int(number) else "remainder"
        source = "zone system " + system.name
        rungs.append(Rung("place", f"{system.name} zone", str(row["zone_id"]), "", note, source))
    inside = (atoms.segment == piece.segment) & (atoms.f0 >= piece.row["f0"]) & (atoms.f1 <= piece.row["f1"])
    cells = np.unique(atoms.cell[inside])
    rungs.append(Rung("place", "cells", float(len(cells)), "1", f"first {cells[0]}", "grid of the study"))
    month = int(piece.row["month"])
    rungs.append(Rung("place", "month", f"{month // 12}-{month % 12 + 1:02d}", "UTC", "", "calendar"))
    how = (
        "kind of port zone, speed, coast, rest and load; lies still"
        if piece.stays
        else ("kind of port zone, speed, coast and load; under way")
    )
    rungs.append(
        Rung("place", "phase", PHASES[piece.phase], "", how, reference.cite("phase_rules_imo4_2020"))
    )
    return rungs


def _ship(piece: Piece) -> list[Rung]:
    ship = piece.ship
    units = {"size": ship.size_unit, "me_kw": "kW", "v_ref_kn": "kn", "t_ref_m": "m", "rpm": "1/min"}
    names = ("ship_type", "size", "size_bin", "me_kw", "v_ref_kn", "speed_meaning", "t_ref_m", "engine_type")
    rungs = []
    for name in (*names, "rpm", "build_year", "keel_year", "tier"):
        value = getattr(ship, name)
        shown = value if isinstance(value, str) else float(value)
        if isinstance(shown, float) and np.isnan(shown):
            rungs.append(Rung("ship", name, "unknown", "", "only what follows is known", "register and AIS"))
            continue
        said = ship.provenance.get(name, "default")
        rungs.append(Rung("ship", name, shown, units.get(name, ""), said, _provenance(ship, name, said)))
    rungs += [Rung("ship", "remark", remark, "", "", "inference") for remark in ship.remarks]
    return rungs


def _provenance(ship: Ship, name: str, said: str) -> str:
    """Return where a particular of this provenance stands."""
    if said in {"register", "ais"}:
        return {"register": "register", "ais": "AIS"}[said]
    sized = "size_by_length_2026" if np.isnan(ship.size) else "container_size_2021"
    tables = {"ship_type": "class_rules_2026", "size": sized, "size_bin": sized}
    if said == "inferred" and name in tables:
        return reference.cite(tables[name])
    if name in {"me_kw", "v_ref_kn", "speed_meaning", "t_ref_m", "engine_type"}:
        where = {"ship_type": ship.ship_type, "size_bin": ship.size_bin}
        return reference.cite("particulars_default_epa_2022", **where)
    return reference.cite("ship_defaults_2026")


def _speed(piece: Piece) -> tuple[float, list[Rung]]:
    """Speed that the power follows from, and why that one. [kn]"""
    segments, s = piece.worked.segments, piece.segment
    if piece.stays:
        return 0.0, [Rung("load", "speed", 0.0, "kn", "the ship lies still", "track")]
    over_time = float(segments.distance_m[s]) / NAUTICAL_MILE_M / (piece.duration_ms / MS_PER_H)
    reported = float(segments.sog_kn[s])
    limit = parameter("imo4", "speed_reject_ratio") * float(piece.worked.fleet.v_ref_kn[piece.vessel])
    longest_h = parameter("imo4", "reported_speed_up_to")
    reasons = [
        (piece.duration_ms > longest_h * MS_PER_H, f"reports more than {longest_h:g} h apart"),
        (segments.observed_ms[s] < piece.duration_ms, "part of it lies in a reporting gap"),
        (np.isnan(reported), "no speed reported"),
        (not 0.0 <= reported <= limit, f"the reported {reported:.2f} kn is above {limit:.2f} kn"),
    ]
    why = next((text for holds, text in reasons if holds), "")
    source = reference.cite("method_parameters_imo4_2020", parameter="reported_speed_up_to")
    if why:
        return over_time, [Rung("load", "speed", over_time, "kn", f"distance over time: {why}", source)]
    how = f"mean reported speed over ground; distance over time is {over_time:.2f} kn"
    return reported, [Rung("load", "speed", reported, "kn", how, "reports")]


def _load(piece: Piece, speed_kn: float) -> tuple[float, list[Rung]]:
    """Main-engine load, factor by factor. [0–1]"""
    made, v, ship = piece.worked.fleet, piece.vessel, piece.ship
    draught = float(piece.worked.segments.draught_m[piece.segment])
    least, most, missing, exponent = (
        parameter("imo4", name)
        for name in ("draught_ratio_min", "draught_ratio_max", "missing_draught_ratio", "draught_exponent")
    )
    known = not np.isnan(draught)
    ratio = float(np.clip(draught / made.t_ref_m[v], least, most)) if known else missing
    said = (
        f"{draught:.2f} m over {made.t_ref_m[v]:.2f} m"
        if known
        else "no draught reported: as at its design draught"
    )
    load = float(
        propeller_load(
            speed_kn,
            ratio,
            v_ref_kn=made.v_ref_kn[v],
            delta_w=made.delta_w[v],
            eta=made.eta[v],
            draught_exponent=exponent,
        )
    )
    correction = reference.rows(
        "power_corrections_imo4_2020", ship_type=ship.ship_type, size_bin=ship.size_bin
    ).iloc[0]
    method = reference.cite("method_parameters_imo4_2020", parameter="draught_exponent")
    table = reference.cite("power_corrections_imo4_2020", ship_type=ship.ship_type, size_bin=ship.size_bin)
    cube = (speed_kn / float(made.v_ref_kn[v])) ** 3
    at_power = f"{ship.v_ref_kn:g} kn ({ship.speed_meaning}) raised to full power"
    meaning = reference.cite("speed_meanings_imo4_2020", speed_meaning=ship.speed_meaning)
    how = f"{made.delta_w[v]:g} x {ratio**exponent:.6f} x {cube:.6f} / {made.eta[v]:.6f}, at most 1"
    return load, [
        Rung("load", "reference speed", reference_speed_kn(ship), "kn", at_power, meaning),
        Rung("load", "speed ratio, cubed", cube, "1", f"({speed_kn:.4f} / {made.v_ref_kn[v]:.4f})^3", method),
        Rung("load", "draught ratio", ratio, "1", f"{said}, kept in {least:g} to {most:g}", "reports"),
        Rung("load", "draught factor", ratio**exponent, "1", f"{ratio:.6f}^{exponent:g}", method),
        Rung("load", "correction of the type", float(made.delta_w[v]), "1", "delta_w", table),
        Rung("load", "weather efficiency", float(correction["eta_weather"]), "1", "", table),
        Rung("load", "fouling efficiency", float(correction["eta_fouling"]), "1", "", table),
        Rung("load", "load", load, "1", how, method),
    ]


def _power(piece: Piece, load: float) -> tuple[tuple[float, float, float], float, list[Rung]]:
    """Power of the consumers and factor of the load curve. [kW, 1]"""
    made, v = piece.worked.fleet, piece.vessel
    cut = parameter("imo4", "main_off_below_load") if piece.source.plan.main_off else 0.0
    runs = bool(made.phases.main_on[piece.phase]) and not piece.stays and load >= cut
    power_kw = (
        float(made.me_kw[v]) * load if runs else 0.0,
        float(made.aux_kw[v, piece.phase]),
        float(made.boiler_kw[v, piece.phase]),
    )
    first, second, third = (float(number) for number in made.curve[v])
    curve = load_curve(load, first, second, third)
    off = "off: at rest in this phase" if piece.stays or load >= cut else f"off: load below {cut:g}"
    how = f"{made.me_kw[v]:g} kW x {load:.6f}" if runs else off
    column = made.phases.load_columns[piece.phase]
    hotel = f"{piece.ship.ship_type}, bin {piece.ship.size_bin}, column {column}"
    table = reference.cite("aux_boiler_power_imo4_2020")
    method = reference.cite("method_parameters_imo4_2020", parameter="main_off_below_load")
    name = "power"
    return (
        power_kw,
        curve,
        [
            Rung(name, "main engine", power_kw[MAIN], "kW", how, method),
            Rung(name, "auxiliary engines", power_kw[AUX], "kW", hotel, table),
            Rung(name, "boiler", power_kw[BOILER], "kW", hotel, table),
            *_supply_rungs(piece),
        ],
    )


def _supply_rungs(piece: Piece) -> list[Rung]:
    burns, ship = piece.burns, piece.ship
    limited = ship.tier == 3 and ship.keel_year < burns.tier_3_keel_from
    here = (
        "no Tier III here" if burns.tier_3_keel_from == NO_TIER_3 else f"keels from {burns.tier_3_keel_from}"
    )
    tier = 2 if limited else ship.tier
    sulphur = reference.cite("sulphur_content_icct_2025", fuel=burns.fuel)
    return [
        Rung(
            "fuel",
            "fuel",
            burns.fuel,
            "",
            "by place and date",
            reference.cite("sulphur_rules_2026", fuel=burns.fuel),
        ),
        Rung("fuel", "sulphur", burns.sulphur, "1", burns.sulphur_basis, sulphur),
        Rung("fuel", "NOx tier in force", float(tier), "", here, reference.cite("nox_rules_2026")),
    ]


def _burn(
    piece: Piece, place: int, power_kw: float, load: float, curve: float
) -> tuple[dict[str, float], list[Rung]]:
    """Energy, fuel and masses of one consumer. [kWh, kg]"""
    made, v, r, name = piece.worked.fleet, piece.vessel, piece.supply, CONSUMERS[place]
    kwh = power_kw * piece.hours
    base = float(made.sfc[v, r, place])
    bent = curve if place == MAIN else 1.0
    fuel_kg = kwh * base * bent / G_PER_KG
    table = reference.cite("fuel_consumption_imo4_2020")
    how = f"{base:g} x {bent:.6f}, load curve" if place == MAIN else "no load curve"
    rungs = [
        Rung(name, "energy", kwh, "kWh", f"{power_kw:.4f} kW x {piece.hours:.6f} h", ""),
        Rung(name, "specific fuel", base * bent, "g/kWh", how, table),
        Rung(name, "fuel", fuel_kg, "kg", f"{kwh:.6f} kWh x {base * bent:.6f} g/kWh / 1000", ""),
    ]
    found = {"kwh": kwh, "fuel_kg": fuel_kg}
    for k, species in enumerate(SPECIES):
        mass_kg, rung = _mass(piece, place, k, (kwh, fuel_kg, load))
        found[f"{species}_kg"] = mass_kg
        rungs.append(rung)
    return found, rungs


def _mass(piece: Piece, place: int, k: int, burnt: tuple[float, float, float]) -> tuple[float, Rung]:
    """Mass of one species from one consumer, with the factors in words. [kg]"""
    made, v, r, species = piece.worked.fleet, piece.vessel, piece.supply, SPECIES[k]
    kwh, fuel_kg, load = burnt
    by_energy, by_fuel = float(made.ef[v, r, place, k]), float(made.ef_fuel[v, r, place, k])
    group = int(low_load_groups()[k])
    factor = 1.0
    if place == MAIN and group >= 0 and made.low_load[v]:
        factor = float(low_load_table()[round(load * 100), group])
    parts = []
    if by_energy:
        words = _factor_in_words(piece, place, species, by_energy)
        low = f" x {factor:.4f} low load" if factor != 1.0 else ""
        parts.append(f"{kwh:.6f} kWh x {by_energy:.6g} g/kWh{low} / 1000{words}")
    if by_fuel:
        parts.append(f"{fuel_kg:.6f} kg fuel x {by_fuel:.6g}{_fuel_in_words(piece, species)}")
    mass_kg = kwh * by_energy * factor / G_PER_KG + fuel_kg * by_fuel
    coefficient, exponent = (float(number) for number in made.bc[v, r])
    if species == "bc" and place == MAIN and coefficient and load > 0.0:
        mass_kg += fuel_kg * black_carbon(load, coefficient, exponent)
        parts.append(f"{fuel_kg:.6f} kg fuel x {coefficient:g} x {load:.6f}^{exponent:g}")
    rung = Rung(
        CONSUMERS[place], species, mass_kg, "kg", " + ".join(parts), _factor_source(piece, place, species)
    )
    return mass_kg, rung


def _factor_source(piece: Piece, place: int, species: str) -> str:
    """Return where the factor of a species and consumer stands."""
    if species == "co2":
        return reference.cite("fuels_mepc364_2022", fuel=piece.burns.fuel)
    table = FACTOR_TABLES.get(species, "energy_factors_icct_2025")
    printed = species == "bc" and (place != MAIN or not piece.worked.fleet.bc[piece.vessel, piece.supply, 0])
    return reference.cite("energy_factors_icct_2025" if printed else table)


def _factor_in_words(piece: Piece, place: int, species: str, factor: float) -> str:
    """How a factor by energy comes about, where it is computed and not printed."""
    sfc = float(piece.worked.fleet.sfc[piece.vessel, piece.supply, place])
    if species != "pm10":
        return ""
    kind = str(reference.rows("fuels_mepc364_2022", fuel=piece.burns.fuel)["fuel_kind"].iloc[0])
    name, chemistry = "particulate_sulphur_imo4_2020", sulphur_chemistry()
    base, nominal = (
        reference.value(name, fuel_kind=kind, parameter=word) for word in ("pm10_base", "sulphur_reference")
    )
    if not np.isclose(particulates(sfc, piece.burns.sulphur, base, nominal, chemistry), factor):
        return " (printed)"
    shares = f"{chemistry.sulphate_per_sulphur:g} x {chemistry.sulphur_to_sulphate_share:g}"
    return f" ({base:g} + {sfc:g} x {shares} x ({piece.burns.sulphur:g} - {nominal:g}))"


def _fuel_in_words(piece: Piece, species: str) -> str:
    """How a factor by fuel comes about."""
    if species != "sox":
        return " (carbon factor)"
    chemistry = sulphur_chemistry()
    emitted = f"{chemistry.so2_per_sulphur:g} x {chemistry.sulphur_emitted_share:g}"
    return f" ({emitted} x {piece.burns.sulphur:g})"


def booked(piece: Piece) -> dict[str, float]:
    """Amounts that the accounts hold for the piece, as far as they keep them apart. [h, nm, kWh, kg]"""
    row = piece.row
    kg = 1e-6
    amounts = {"hours": row["hours_ms"] / MS_PER_H, "distance_nm": row["distance_mm"] / MM_PER_NM}
    amounts |= {f"{consumer}_kwh": row[f"{consumer}_mwh"] * kg for consumer in CONSUMERS}
    amounts["fuel_kg"] = row["fuel_mg"] * kg
    amounts |= {f"{species}_kg": row[f"{species}_mg"] * kg for species in SPECIES}
    return {name: float(value) for name, value in amounts.items()}

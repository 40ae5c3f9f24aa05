"""The ladder of one piece: every step from two reports to masses, each with its numbers and its source.

The steps are computed again here from the formulae, one piece at a time, and not read from the accounts: that
both come out alike is what `corridor.explain` shows.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from corridor import reference
from corridor.emissions.basis import LEDGER_COLUMNS
from corridor.emissions.phases import PHASES
from corridor.emissions.ships import Ship
from corridor.emissions.species import CONSUMERS
from corridor.loadrungs import load_rungs
from corridor.massrungs import burn, power_rungs
from corridor.rungs import Piece, Rung
from corridor.tracks.buckets import FILE_SHIFT
from corridor.words import ORIGINS
from layers.geodesy import NAUTICAL_MILE_M


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
    load, loads = load_rungs(piece)
    rungs += loads
    power_kw, curve, powers = power_rungs(piece, load)
    rungs += powers
    amounts = {
        "hours": piece.hours,
        "distance_nm": float(piece.worked.segments.distance_m[piece.segment]) * piece.share / NAUTICAL_MILE_M,
    }
    for place, consumer in enumerate(CONSUMERS):
        found, steps = burn(piece, place, power_kw[place], load, curve)
        rungs += steps
        amounts |= {f"{consumer}_{name}": value for name, value in found.items()}
    controlled, controls = _controlled(piece, amounts)
    return Ladder((*rungs, *controls), controlled)


def _controlled(piece: Piece, amounts: dict[str, float]) -> tuple[dict[str, float], list[Rung]]:
    """What shore power, capture of exhaust and measured fuel leave of the amounts. [h, nm, kWh, kg]"""
    control = piece.worked.control
    if control is None or not len(control.variant):
        return amounts, []
    atoms = piece.worked.atoms
    share = (atoms.f1 - atoms.f0)[piece.atoms]
    variant = control.variant[piece.atoms]
    if not variant.any():
        return amounts, []
    left = np.average(control.multipliers[variant], axis=0, weights=share)
    shore = float(np.average(control.shore_share[variant], weights=share))
    endings = (("_nm", "_mm"), ("hours", "hours_ms"), ("_kwh", "_mwh"), ("_kg", "_mg"))
    rungs = [Rung("control", "from shore", shore, "1", "share of the auxiliary demand", "rules, or your log")]
    found = {}
    for name, amount in amounts.items():
        ending, account = next(pair for pair in endings if name.endswith(pair[0]))
        factor = float(left[LEDGER_COLUMNS.index(name.removesuffix(ending) + account)])
        found[name] = amount * factor
        if factor != 1.0:
            how = f"{amount:.6f} x {factor:.6f}"
            unit = "kWh" if ending == "_kwh" else "kg"
            rungs.append(Rung("control", name, found[name], unit, how, "rules, or what was measured"))
    return found, rungs


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
    cells = np.unique(atoms.cell[piece.atoms])
    rungs.append(Rung("place", "cells", float(len(cells)), "1", f"first {cells[0]}", "grid of the study"))
    month = int(piece.row["month"])
    rungs.append(Rung("place", "month", f"{month // 12}-{month % 12 + 1:02d}", "UTC", "", "calendar"))
    how = (
        "kind of port zone, speed, coast, rest and load; lies still"
        if piece.stays
        else ("kind of port zone, speed, coast and load; under way")
    )
    rungs.append(
        Rung("place", "phase", PHASES[piece.phase], "", how, reference.cite(piece.table("phase_rules")))
    )
    return rungs


def _ship(piece: Piece) -> list[Rung]:
    ship = piece.ship
    units = {"size": ship.size_unit, "me_kw": "kW", "v_ref_kn": "kn", "t_ref_m": "m", "rpm": "1/min"}
    names = ["ship_type", "size", "size_bin", "me_kw", "v_ref_kn", "speed_meaning", "t_ref_m", "engine_type"]
    names += ["fuel", "scrubber", "rpm", "build_year", "keel_year", "tier"]
    rungs = []
    for name in names:
        value = getattr(ship, name)
        shown = value if isinstance(value, str) else float(value)
        if isinstance(shown, float) and np.isnan(shown):
            rungs.append(Rung("ship", name, "unknown", "", "only what follows is known", "register and AIS"))
            continue
        said = ship.provenance.get(name, "nobody says; taken as none")
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
    if said == "inferred" and name in {"me_kw", "v_ref_kn", "speed_meaning"}:
        return reference.cite("eexi_speed_power_mepc333_2021")
    if name in {"me_kw", "v_ref_kn", "speed_meaning", "t_ref_m", "engine_type"}:
        where = {"ship_type": ship.ship_type, "size_bin": ship.size_bin}
        return reference.cite("particulars_default_epa_2022", **where)
    rows = {
        "rpm": f"rpm_{ship.engine_type}",
        "build_year": "build_year",
        "keel_year": "keel_years_before_delivery",
        "tier": f"tier_{ship.tier}_keel_from" if ship.tier else "tier_1_keel_from",
    }
    if name in rows:
        return reference.cite("ship_defaults_2026", parameter=rows[name])
    return "no register"

"""Steps from reports to the main engine's load: speed, then the formula of the method."""

from collections.abc import Callable

import numpy as np

from corridor import reference
from corridor.accounts.ledger import MS_PER_H
from corridor.emissions.fleet import reference_speed_kn
from corridor.emissions.loads import epa2022_loads, icct_loads, imo4_loads
from corridor.emissions.power import propeller_load, service_load
from corridor.rungs import Piece, Rung
from layers.geodesy import NAUTICAL_MILE_M


def load_rungs(piece: Piece) -> tuple[float, list[Rung]]:
    """Main-engine load of a piece, step by step. [0–1]"""
    loads = piece.worked.fleet.method.loads
    maker = MAKERS.get(loads)
    if maker is None:
        return _own(piece)
    speed_kn, speed = _speed(piece)
    load, steps = maker(piece, speed_kn)
    return load, [*speed, *steps]


def _own(piece: Piece) -> tuple[float, list[Rung]]:
    """Load by a function of the user's own, whose steps nobody here knows."""
    basis, name = piece.worked.basis, piece.worked.fleet.method.name
    speed, load = float(basis.speed_kn[piece.segment]), float(basis.load[piece.segment])
    said = f"method {name}, a function of your own"
    return load, [Rung("load", "speed", speed, "kn", "", said), Rung("load", "load", load, "1", "", said)]


def _speed(piece: Piece) -> tuple[float, list[Rung]]:
    """Speed that the power follows from, and why that one. [kn]"""
    segments, s = piece.worked.segments, piece.segment
    if piece.stays:
        return 0.0, [Rung("load", "speed", 0.0, "kn", "the ship lies still", "track")]
    over_time = float(segments.distance_m[s]) / NAUTICAL_MILE_M / (piece.duration_ms / MS_PER_H)
    reported = float(segments.sog_kn[s])
    limit = piece.number("speed_reject_ratio") * float(piece.worked.fleet.v_ref_kn[piece.vessel])
    longest_h = piece.number("reported_speed_up_to")
    reasons = [
        (piece.duration_ms > longest_h * MS_PER_H, f"reports more than {longest_h:g} h apart"),
        (segments.observed_ms[s] < piece.duration_ms, "part of it lies in a reporting gap"),
        (np.isnan(reported), "no speed reported"),
        (not 0.0 <= reported <= limit, f"the reported {reported:.2f} kn is above {limit:.2f} kn"),
    ]
    why = next((text for holds, text in reasons if holds), "")
    source = reference.cite(piece.table("parameters"), parameter="reported_speed_up_to")
    if why:
        return over_time, [Rung("load", "speed", over_time, "kn", f"distance over time: {why}", source)]
    how = f"mean reported speed over ground; distance over time is {over_time:.2f} kn"
    return reported, [Rung("load", "speed", reported, "kn", how, "reports")]


def _cite(piece: Piece, name: str) -> str:
    return reference.cite(piece.table("parameters"), parameter=name)


def _reference_speed(piece: Piece) -> Rung:
    ship = piece.ship
    at_power = f"{ship.v_ref_kn:g} kn ({ship.speed_meaning}) raised to full power"
    meaning = reference.cite(piece.table("speed_meanings"), speed_meaning=ship.speed_meaning)
    speed_kn = reference_speed_kn(ship, piece.tables)
    return Rung("load", "reference speed", speed_kn, "kn", at_power, meaning)


def _cube(piece: Piece, speed_kn: float) -> tuple[float, Rung]:
    v_ref_kn = float(piece.worked.fleet.v_ref_kn[piece.vessel])
    cube = (speed_kn / v_ref_kn) ** 3
    how = f"({speed_kn:.4f} / {v_ref_kn:.4f})^3"
    return cube, Rung("load", "speed ratio, cubed", cube, "1", how, _cite(piece, "draught_exponent"))


def _draught(piece: Piece, draught_m: float, what: str) -> tuple[float, list[Rung]]:
    """Draught ratio to its exponent. [1]"""
    t_ref_m = float(piece.worked.fleet.t_ref_m[piece.vessel])
    least, most, exponent = (
        piece.number(name) for name in ("draught_ratio_min", "draught_ratio_max", "draught_exponent")
    )
    known = not np.isnan(draught_m)
    ratio = (
        float(np.clip(draught_m / t_ref_m, least, most)) if known else piece.number("missing_draught_ratio")
    )
    said = (
        f"{what}{draught_m:.2f} m over {t_ref_m:.2f} m"
        if known
        else "no draught reported: the method's default"
    )
    factor = ratio**exponent
    return ratio, [
        Rung("load", "draught ratio", ratio, "1", f"{said}, kept in {least:g} to {most:g}", "reports"),
        Rung(
            "load",
            "draught factor",
            factor,
            "1",
            f"{ratio:.6f}^{exponent:g}",
            _cite(piece, "draught_exponent"),
        ),
    ]


def _imo4(piece: Piece, speed_kn: float) -> tuple[float, list[Rung]]:
    """Load by eq. 8 of the Fourth IMO GHG Study, factor by factor. [0–1]"""
    made, v, ship = piece.worked.fleet, piece.vessel, piece.ship
    ratio, draughts = _draught(piece, float(piece.worked.segments.draught_m[piece.segment]), "")
    exponent = piece.number("draught_exponent")
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
    name, where = piece.table("corrections"), {"ship_type": ship.ship_type, "size_bin": ship.size_bin}
    correction, table = reference.rows(name, **where).iloc[0], reference.cite(name, **where)
    cube, cubed = _cube(piece, speed_kn)
    how = f"{made.delta_w[v]:g} x {ratio**exponent:.6f} x {cube:.6f} / {made.eta[v]:.6f}, at most 1"
    return load, [
        _reference_speed(piece),
        cubed,
        *draughts,
        Rung("load", "correction of the type", float(made.delta_w[v]), "1", "delta_w", table),
        Rung("load", "weather efficiency", float(correction["eta_weather"]), "1", "", table),
        Rung("load", "fouling efficiency", float(correction["eta_fouling"]), "1", "", table),
        Rung("load", "load", load, "1", how, _cite(piece, "draught_exponent")),
    ]


def _epa2022(piece: Piece, speed_kn: float) -> tuple[float, list[Rung]]:
    """Load by the EPA's admiralty formula. [0–1]"""
    ratio, draughts = _draught(piece, float(piece.worked.segments.draught_m[piece.segment]), "")
    margin, exponent, floor = (
        piece.number(name) for name in ("service_margin", "draught_exponent", "load_floor")
    )
    v_max_kn = float(piece.worked.fleet.v_ref_kn[piece.vessel])
    law = {"v_max_kn": v_max_kn, "margin": margin, "draught_exponent": exponent, "floor": floor}
    load = float(service_load(speed_kn, ratio, **law))
    cube, cubed = _cube(piece, speed_kn)
    how = f"{margin:g} x {ratio**exponent:.6f} x {cube:.6f}, {floor:g} to 1 under way"
    return load, [
        _reference_speed(piece),
        cubed,
        *draughts,
        Rung("load", "service margin", margin, "1", "", _cite(piece, "service_margin")),
        Rung("load", "load", load, "1", how, _cite(piece, "service_margin")),
    ]


def _icct(piece: Piece, speed_kn: float) -> tuple[float, list[Rung]]:
    """Load by eq. 3 of the ICCT's SAVE. [0–1]"""
    segments, s = piece.worked.segments, piece.segment
    ratio, draughts = _draught(piece, _mean_draught_m(piece), "mean of the ship by time: ")
    ends = ((segments.lat0, segments.lon0), (segments.lat1, segments.lon1))
    coast_nm = float(
        np.mean([reference.shore().distance_nm(lat[s : s + 1], lon[s : s + 1]) for lat, lon in ends])
    )
    near = coast_nm <= piece.number("near_shore_within")
    weather_name = "weather_near_shore" if near else "weather_offshore"
    weather, hull = piece.number(weather_name), piece.number("hull_fouling")
    factor = ratio ** piece.number("draught_exponent")
    cube, cubed = _cube(piece, speed_kn * piece.number("speed_adjustment"))
    load = min(cube * hull * weather * factor, 1.0)
    how = f"{cube:.6f} x {hull:g} x {weather:g} x {factor:.6f}, at most 1"
    return load, [
        _reference_speed(piece),
        cubed,
        *draughts,
        Rung("load", "hull fouling", hull, "1", "", _cite(piece, "hull_fouling")),
        Rung(
            "load", "weather", weather, "1", f"{coast_nm:.1f} nm from the coast", _cite(piece, weather_name)
        ),
        Rung("load", "load", load, "1", how, _cite(piece, "hull_fouling")),
    ]


def _mean_draught_m(piece: Piece) -> float:
    """Mean draught of the ship by time. [m]"""
    segments = piece.worked.segments
    mine = (segments.vessel == piece.vessel) & ~np.isnan(segments.draught_m)
    lasting = (segments.t1_ms - segments.t0_ms)[mine]
    if not lasting.sum():
        return float("nan")
    return float(np.average(segments.draught_m[mine].astype(np.float64), weights=lasting))


Maker = Callable[[Piece, float], tuple[float, list[Rung]]]
MAKERS: dict[object, Maker] = {imo4_loads: _imo4, epa2022_loads: _epa2022, icct_loads: _icct}

"""Steps from load to masses: power, fuel, and every species with its factor in words."""

import numpy as np

from corridor import reference
from corridor.emissions.bunkers import FUEL_TABLE, OIL_KINDS, PILOT, burnt, carbon_factor, fuel_named
from corridor.emissions.factors import (
    AUX,
    BOILER,
    MAIN,
    chemistry_of,
    particulate_base,
    tier_in_force,
)
from corridor.emissions.fuels import FUELS, load_curve
from corridor.emissions.hotel import LOADS
from corridor.emissions.rules import NO_TIER_3
from corridor.emissions.species import (
    CONSUMERS,
    SPECIES,
    black_carbon,
    low_load_groups,
    low_load_table,
    particulates,
)
from corridor.rungs import G_PER_KG, Piece, Rung

# Species whose factors stand in a table of their own.
FACTOR_ROLES = {"sox": "particulates", "nox": "nox", "pm10": "particulates", "bc": "black_carbon"}


def power_rungs(piece: Piece, load: float) -> tuple[tuple[float, float, float], float, list[Rung]]:
    """Power of the consumers and factor of the load curve. [kW, 1]"""
    made, v = piece.worked.fleet, piece.vessel
    cut = piece.number("main_off_below_load") if piece.source.plan.main_off else 0.0
    runs = bool(made.phases.main_on[piece.phase]) and not piece.stays and load >= cut
    power_kw = (
        float(made.me_kw[v]) * load if runs else 0.0,
        float(made.aux_kw[v, piece.local, piece.phase]),
        float(made.boiler_kw[v, piece.local, piece.phase]),
    )
    first, second, third = (float(number) for number in made.curve[v])
    curve = load_curve(load, first, second, third)
    off = "off: at rest in this phase" if piece.stays or load >= cut else f"off: load below {cut:g}"
    how = f"{made.me_kw[v]:g} kW x {load:.6f}" if runs else off
    column = made.phases.load_columns[piece.phase]
    hotel = f"{piece.ship.ship_type}, bin {piece.ship.size_bin}, column {column}"
    table = reference.cite(piece.table("hotel"))
    if piece.local:
        hotel, table = (
            f"{hotel}, as the port found it where it has a row ({piece.source.plan.hotel_loads})",
            f"{reference.cite(LOADS, loads=piece.source.plan.hotel_loads)}; {table}",
        )
    method = reference.cite(piece.table("parameters"), parameter="main_off_below_load")
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
    supply, ship = piece.burns, piece.ship
    what = burnt(ship, supply, piece.tables)
    here = (
        "no Tier III here"
        if supply.tier_3_keel_from == NO_TIER_3
        else f"keels from {supply.tier_3_keel_from}"
    )
    why, source = "by place and date", reference.cite("sulphur_rules_2026", fuel=supply.fuel)
    basis, content = supply.sulphur_basis, reference.cite("sulphur_content_icct_2025", fuel=supply.fuel)
    if what.scrubbed:
        why, basis = "behind a scrubber, which is accepted here", "as emitted: of a fuel at the limit"
        source = content = reference.cite(piece.table("parameters"), parameter="scrubbers")
    elif what.fuel != supply.fuel or fuel_named(what.fuel).of_choice:
        why, basis = f"what the ship burns: {ship.fuel}", "of the fuel"
        source = content = reference.cite(FUEL_TABLE, fuel=what.fuel)
    tier = tier_in_force(ship, supply)
    return [
        Rung("fuel", "fuel", what.fuel, "", why, source),
        Rung("fuel", "sulphur", what.sulphur, "1", basis, content),
        Rung("fuel", "NOx tier in force", float(tier), "", here, reference.cite("nox_rules_2026")),
    ]


def burn(
    piece: Piece, place: int, power_kw: float, load: float, curve: float
) -> tuple[dict[str, float], list[Rung]]:
    """Energy, fuel and masses of one consumer. [kWh, kg]"""
    made, v, r, name = piece.worked.fleet, piece.vessel, piece.supply, CONSUMERS[place]
    kwh = power_kw * piece.hours
    base = float(made.sfc[v, r, place])
    bent, pilot = (curve, float(made.pilot[v, r])) if place == MAIN else (1.0, 0.0)
    specific = base * bent + pilot
    fuel_kg = kwh * specific / G_PER_KG
    table = reference.cite(piece.table("consumption"))
    how = f"{base:g} x {bent:.6f}, load curve" if place == MAIN else "no load curve"
    how += f"; and {pilot:g} of pilot fuel" if pilot else ""
    rungs = [
        Rung(name, "energy", kwh, "kWh", f"{power_kw:.4f} kW x {piece.hours:.6f} h", ""),
        Rung(name, "specific fuel", specific, "g/kWh", how, table),
        Rung(name, "fuel", fuel_kg, "kg", f"{kwh:.6f} kWh x {specific:.6f} g/kWh / 1000", ""),
    ]
    found = {"kwh": kwh, "fuel_kg": fuel_kg}
    for k, species in enumerate(SPECIES):
        mass_kg, rung = _mass(piece, place, k, (kwh, fuel_kg, load))
        found[f"{species}_kg"] = mass_kg
        rungs.append(rung)
    return found, rungs


def _fuel(piece: Piece) -> str:
    return FUELS[int(piece.worked.fleet.fuel_index[piece.vessel, piece.supply])]


def _mass(piece: Piece, place: int, k: int, spent: tuple[float, float, float]) -> tuple[float, Rung]:
    """Mass of one species from one consumer, with the factors in words. [kg]"""
    made, v, r, species = piece.worked.fleet, piece.vessel, piece.supply, SPECIES[k]
    name = CONSUMERS[place]
    if made.unknown[v, r, place, k]:
        said = "not estimated, and not zero; 0 x 1"
        return 0.0, Rung(name, species, 0.0, "kg", said, reference.cite("not_estimated_2026"))
    kwh, fuel_kg, load = spent
    by_energy, by_fuel = float(made.ef[v, r, place, k]), float(made.ef_fuel[v, r, place, k])
    group = int(low_load_groups()[k])
    factor = 1.0
    if place == MAIN and group >= 0 and made.low_load[v, r]:
        factor = float(low_load_table()[round(load * 100), group])
    low = f" x {factor:.4f} low load" if factor != 1.0 else ""
    parts = []
    if by_energy:
        words = _factor_in_words(piece, place, species, by_energy)
        parts.append(f"{kwh:.6f} kWh x {by_energy:.6g} g/kWh{low} / 1000{words}")
    if by_fuel:
        parts.append(f"{fuel_kg:.6f} kg fuel x {by_fuel:.6g}{low}{_fuel_in_words(piece, species)}")
    mass_kg = (kwh * by_energy / G_PER_KG + fuel_kg * by_fuel) * factor
    coefficient, exponent = (float(number) for number in made.bc[v, r])
    if species == "bc" and place == MAIN and coefficient and load > 0.0:
        mass_kg += fuel_kg * black_carbon(load, coefficient, exponent)
        parts.append(f"{fuel_kg:.6f} kg fuel x {coefficient:g} x {load:.6f}^{exponent:g}")
    words = " + ".join(parts) or f"{kwh:.6f} kWh x 0 g/kWh / 1000"
    return mass_kg, Rung(name, species, mass_kg, "kg", words, _factor_source(piece, place, species))


def _factor_source(piece: Piece, place: int, species: str) -> str:
    """Return where the factor of a species and consumer stands."""
    if species == "co2":
        return reference.cite(FUEL_TABLE, fuel=_fuel(piece))
    role = FACTOR_ROLES.get(species, "energy")
    printed = species == "bc" and (place != MAIN or not piece.worked.fleet.bc[piece.vessel, piece.supply, 0])
    return reference.cite(piece.table("energy" if printed else role))


def _factor_in_words(piece: Piece, place: int, species: str, factor: float) -> str:
    """How a factor by energy comes about, where it is computed and not printed."""
    if species in {"co2", "sox"}:
        pilot = float(piece.worked.fleet.pilot[piece.vessel, piece.supply])
        return f" (pilot fuel: {pilot:g} g/kWh of {PILOT}, beyond the factor of gas)"
    kind = fuel_named(_fuel(piece)).kind
    if species != "pm10" or kind not in OIL_KINDS:
        return ""
    sfc = float(piece.worked.fleet.sfc[piece.vessel, piece.supply, place])
    sulphur = burnt(piece.ship, piece.burns, piece.tables).sulphur
    base, nominal = particulate_base(piece.tables, kind)
    chemistry = chemistry_of(piece.tables)
    if not np.isclose(particulates(sfc, sulphur, base, nominal, chemistry), factor):
        return " (printed)"
    shares = f"{chemistry.sulphate_per_sulphur:g} x {chemistry.sulphur_to_sulphate_share:g}"
    return f" ({base:g} + {sfc:g} x {shares} x ({sulphur:g} - {nominal:g}))"


def _fuel_in_words(piece: Piece, species: str) -> str:
    """How a factor by fuel comes about."""
    chemistry = chemistry_of(piece.tables)
    sulphur = burnt(piece.ship, piece.burns, piece.tables).sulphur
    if species == "co2":
        return f" (carbon factor {carbon_factor(_fuel(piece), piece.tables):g})"
    if species == "pm10":
        share = f"{chemistry.sulphate_per_sulphur:g} x {chemistry.sulphur_to_sulphate_share:g}"
        return f" ({share} x {sulphur:g})"
    emitted = f"{chemistry.so2_per_sulphur:g} x {chemistry.sulphur_emitted_share:g}"
    return f" ({emitted} x {sulphur:g})"

"""Ships: particulars, each with its provenance: register, AIS, inference or default."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pandas as pd

from corridor import reference
from corridor.emissions.inference import (
    Hull,
    bin_of_length,
    bin_of_size,
    class_of,
    median_bin,
    size_bins,
    size_unit,
    teu_from_dwt,
    teu_from_hull,
)
from corridor.emissions.particulars import Particulars, particulars_of
from corridor.emissions.register import RegisterIndex, index_register, match_register
from corridor.identity import country_of_mmsi

DIESEL_ENGINES = ("ssd", "msd", "hsd")
UNKNOWN = "unknown"
OIL = "oil"
GAS_ENGINES = ("lng_", "lbsi")


@dataclass(frozen=True)
class Ship:
    """One ship as the inventory sees it. Values are frozen: use ``dataclasses.replace`` for a variant.

    Attributes
    ----------
    vessel_id : str
        Identity in the study, such as ``IMO9811000``.
    name : str
        Name, or empty.
    imo, mmsi : int
        Numbers, -1 where unknown.
    ship_type : str
        Class of Table 17 of the Fourth IMO GHG Study.
    size : float
        Size in ``size_unit``, NaN where only the bin is known.
    size_unit : str
        teu, dwt, gt or cbm.
    size_bin : int
        Bin of the class.
    length_m, beam_m : float
        Dimensions, NaN where unknown. [m]
    me_kw : float
        Installed main-engine power. [kW]
    v_ref_kn : float
        Reference speed in the sense of ``speed_meaning``. [kn]
    speed_meaning : str
        maximum, service or eexi_75.
    t_ref_m : float
        Design draught. [m]
    engine_type : str
        ssd, msd, hsd, gas_turbine, steam_turbine; of gas engines lng_otto_ss, lng_otto_ms, lng_diesel, lbsi.
    rpm : float
        Rated engine speed. [1/min]
    build_year, keel_year : int
        Years of delivery and of keel laying.
    tier : int
        NOx tier the engine is built to; a Tier III engine runs as Tier II outside its areas.
    provenance : mapping
        register, ais, inferred or default for each field above.
    remarks : tuple of str
        What was clipped, chosen or doubted, in words.
    fuel : str
        What she burns where the rules leave it to her: oil (fuel and sulphur follow place and date), lng,
        methanol, ammonia or another fuel of the tables.
    scrubber : str
        none, fitted, open_loop, closed_loop, hybrid, or unknown; unknown counts as none.
    shore_power : str
        yes, no or unknown: whether she can take power from the quay.
    operator, service : str
        Who runs her and in which service, or empty.
    flag : str
        Country code by the register or the first three digits of the MMSI, or empty.
    teu, dwt_t, gt : float
        Container capacity, deadweight, gross tonnage; NaN where unknown. [TEU, t, 1]

    Examples
    --------
    >>> seen = {"vessel_id": ["X"], "ais_type": [71], "length_m": [366.0], "beam_m": [51.0]}
    >>> ship = resolve_ships(pd.DataFrame(seen))[0]
    >>> ship.ship_type, ship.size_bin, ship.me_kw, ship.provenance["me_kw"]
    ('container', 7, 65000.0, 'default')
    """

    vessel_id: str
    name: str
    imo: int
    mmsi: int
    ship_type: str
    size: float
    size_unit: str
    size_bin: int
    length_m: float
    beam_m: float
    me_kw: float
    v_ref_kn: float
    speed_meaning: str
    t_ref_m: float
    engine_type: str
    rpm: float
    build_year: int
    keel_year: int
    tier: int
    provenance: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    fuel: str = OIL
    scrubber: str = UNKNOWN
    shore_power: str = UNKNOWN
    operator: str = ""
    service: str = ""
    flag: str = ""
    teu: float = math.nan
    dwt_t: float = math.nan
    gt: float = math.nan

    @property
    def has_scrubber(self) -> bool:
        """Whether a scrubber is known to be fitted."""
        return self.scrubber not in {"none", UNKNOWN}

    @property
    def is_diesel(self) -> bool:
        """Whether the main engine is a piston engine, whose particulates count as diesel particulates."""
        return self.engine_type in DIESEL_ENGINES

    def __str__(self) -> str:
        """Return a small card: each field with where it comes from."""
        lines = [f"{self.vessel_id} {self.name}".rstrip()]
        units = {"me_kw": "kW", "v_ref_kn": "kn", "t_ref_m": "m", "size": self.size_unit}
        names = ("ship_type", "size", "size_bin", "me_kw", "v_ref_kn", "t_ref_m", "engine_type", "tier")
        for name in (*names, "fuel", "scrubber"):
            number = getattr(self, name)
            lines.append(
                f"  {name:12} {number} {units.get(name, '')}".rstrip()
                + f"  ({self.provenance.get(name, 'nobody says')})"
            )
        return "\n".join(lines + [f"  note: {remark}" for remark in self.remarks])


def resolve_ships(vessels: pd.DataFrame, register: pd.DataFrame | RegisterIndex | None = None) -> list[Ship]:
    """One ship per vessel, in the order of the rows.

    Each field is taken from the register, else from AIS, else inferred, else the default of its class and
    size bin; where it came from is kept.

    Parameters
    ----------
    vessels : DataFrame
        ``vessel_id`` and any of imo, mmsi, name, ais_type, length_m, beam_m and fast_kn (the speed the vessel
        has held for an hour, evidence for its class).
    register : DataFrame or RegisterIndex, optional
        From :func:`corridor.emissions.register.read_register`; indexed once for many portions of ships.

    Returns
    -------
    list of Ship
    """
    index = register if isinstance(register, dict) else index_register(register, vessels)
    entries = match_register(vessels, index)
    rows = vessels.to_dict("records")
    return [
        _ship({str(k): v for k, v in row.items()}, entry) for row, entry in zip(rows, entries, strict=True)
    ]


def _ship(ais: Mapping[str, Any], entry: Mapping[str, Any]) -> Ship:
    known = _Sources(ais, entry)
    hull = Hull(
        ais_type=int(known.number("ais_type", -1)),
        length_m=known.number("length_m"),
        beam_m=known.number("beam_m"),
        fast_kn=known.number("fast_kn"),
    )
    ship_type = _class(known, hull)
    size, size_bin = _size(known, ship_type, hull)
    engine = _engine(known, particulars_of(ship_type, size_bin, known.given("dwt")))
    return Ship(
        vessel_id=str(ais["vessel_id"]),
        name=str(known.text("name", "")),
        imo=int(known.number("imo", -1)),
        mmsi=int(known.number("mmsi", -1)),
        ship_type=ship_type,
        size=size,
        size_unit=size_unit(ship_type),
        size_bin=size_bin,
        length_m=hull.length_m,
        beam_m=hull.beam_m,
        **engine,
        **_fuel(known, str(engine["engine_type"])),
        **_business(known, ship_type, size),
        provenance=known.provenance,
        remarks=tuple(dict.fromkeys(known.remarks)),
    )


class _Sources:
    """Asks the register, then AIS, and writes down which of them answered.

    A register that is the table of an earlier study says itself where a value came from.
    """

    def __init__(self, ais: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
        self.ais, self.entry = dict(ais), dict(entry)
        self.provenance: dict[str, str] = {}
        said = self.entry.get("remarks")
        self.remarks: list[str] = [] if said is None or _is_missing(said) else str(said).split("; ")

    def find(self, name: str) -> Any:
        for source, values in (("register", self.entry), ("ais", self.ais)):
            found = values.get(name)
            if found is not None and not _is_missing(found):
                own = self.entry.get(f"{name}_provenance") if source == "register" else None
                self.provenance[name] = source if own is None or _is_missing(own) else str(own)
                return found
        return None

    def number(self, name: str, default: float = math.nan) -> float:
        found = self.find(name)
        return default if found is None else float(str(found))

    def given(self, name: str) -> float:
        """Return the number without claiming it as a field of the ship; NaN where nobody says."""
        before = dict(self.provenance)
        found = self.number(name)
        self.provenance = before
        return found

    def text(self, name: str, default: str) -> str:
        found = self.find(name)
        return default if found is None else str(found)

    def settle(self, name: str, default: float, provenance: str = "default") -> float:
        """Return the known number, else the default with its provenance."""
        found = self.number(name)
        if math.isnan(found):
            self.provenance[name] = provenance
            return default
        return found


def _is_missing(found: Any) -> bool:
    """Whether a value says nothing; what is not a number or not a time differs from itself."""
    return bool(found is pd.NA or found != found or found in {"", -1})  # noqa: PLR0124 - not a number


def _class(known: _Sources, hull: Hull) -> str:
    named = known.text("ship_type", "")
    if named:
        return named
    ship_type, reason = class_of(hull)
    known.provenance["ship_type"] = "inferred" if hull.ais_type >= 0 else "default"
    known.remarks.append(f"class {ship_type}: {reason}")
    return ship_type


def _size(known: _Sources, ship_type: str, hull: Hull) -> tuple[float, int]:
    size = known.number(size_unit(ship_type))
    if not math.isnan(size):
        known.provenance["size"] = known.provenance["size_bin"] = known.provenance[size_unit(ship_type)]
        return size, bin_of_size(ship_type, size)
    if ship_type == "container" and not math.isnan(teu := _container_size(known, hull)):
        known.provenance["size"] = known.provenance["size_bin"] = "inferred"
        return round(teu), bin_of_size(ship_type, teu)
    if not math.isnan(size_bin := known.number("size_bin")):
        known.provenance["size"] = known.provenance["size_bin"]
        return math.nan, int(size_bin)
    by_length = bin_of_length(ship_type, hull.length_m)
    known.provenance["size"] = known.provenance["size_bin"] = "default" if by_length is None else "inferred"
    if by_length is None and len(size_bins(ship_type)) > 1:
        known.remarks.append("size unknown: the middle bin of the class")
    return math.nan, by_length or median_bin(ship_type)


def _container_size(known: _Sources, hull: Hull) -> float:
    """Capacity from deadweight where known, else from the hull; beyond known ships it is said. [TEU]"""
    dwt_t = known.given("dwt")
    teu = teu_from_hull(hull.length_m, hull.beam_m) if math.isnan(dwt_t) else teu_from_dwt(dwt_t)
    if teu > (most := ship_default("largest_container_teu")):
        known.remarks.append(f"{teu:,.0f} TEU by its size is beyond the largest known ship: {most:,.0f}")
    return teu


def _engine(known: _Sources, facts: Particulars) -> dict[str, Any]:
    me_kw = known.settle("me_kw", facts.me_kw, facts.provenance)
    v_ref_kn = known.settle("v_ref_kn", facts.v_ref_kn, facts.provenance)
    from_register = known.provenance["v_ref_kn"] == "register"
    meaning = known.text("speed_meaning", "maximum" if from_register else facts.speed_meaning)
    known.provenance.setdefault("speed_meaning", "default" if from_register else facts.provenance)
    engine_type = known.text("engine_type", facts.engine_type)
    known.provenance.setdefault("engine_type", "default")
    if {known.provenance[name] for name in ("me_kw", "v_ref_kn")} != {"register"}:
        known.remarks.append(f"particulars of {facts.row}: {facts.verification}")
    return {
        "me_kw": me_kw,
        "v_ref_kn": v_ref_kn,
        "speed_meaning": meaning,
        "t_ref_m": known.settle("t_ref_m", facts.t_ref_m),
        "engine_type": engine_type,
        "rpm": known.settle(
            "rpm", ship_default(f"rpm_{engine_type}") if engine_type in DIESEL_ENGINES else math.nan
        ),
        **_age(known),
    }


def _fuel(known: _Sources, engine_type: str) -> dict[str, Any]:
    """Fuel, scrubber and shore connection; a gas engine without a fuel named burns gas."""
    is_gas = engine_type.startswith(GAS_ENGINES)
    fuel = known.text("fuel", "lng" if is_gas else OIL)
    known.provenance.setdefault("fuel", "inferred" if is_gas else "default")
    return {
        "fuel": fuel,
        "scrubber": known.text("scrubber", UNKNOWN),
        "shore_power": known.text("shore_power", UNKNOWN),
    }


def _business(known: _Sources, ship_type: str, size: float) -> dict[str, Any]:
    """Who runs the ship, under which flag, and her capacities as far as they are known."""
    flag = known.text("flag", "")
    if not flag and (flag := country_of_mmsi(int(known.number("mmsi", -1)))):
        known.provenance["flag"] = "inferred"
    teu = known.number("teu")
    if math.isnan(teu) and ship_type == "container" and not math.isnan(size):
        teu = size
        known.provenance["teu"] = known.provenance["size"]
    dwt_t = known.number("dwt")
    if "dwt" in known.provenance:
        known.provenance["dwt_t"] = known.provenance["dwt"]
    return {
        "operator": known.text("operator", ""),
        "service": known.text("service", ""),
        "flag": flag,
        "teu": teu,
        "dwt_t": dwt_t,
        "gt": known.number("gt"),
    }


def _age(known: _Sources) -> dict[str, Any]:
    """Build year, keel year and tier; a tier in the register overrides the years."""
    build_year = int(known.settle("build_year", ship_default("build_year")))
    before = int(ship_default("keel_years_before_delivery"))
    given = known.provenance["build_year"]
    keel_year = int(
        known.settle("keel_year", build_year - before, "inferred" if given == "register" else "default")
    )
    tier = int(known.settle("tier", tier_of_keel(keel_year), known.provenance["keel_year"]))
    return {"build_year": build_year, "keel_year": keel_year, "tier": tier}


@cache
def ship_default(name: str) -> float:
    """One default of ``data/ship_defaults_2026.csv``.

    >>> ship_default("build_year")
    2008.0
    """
    return reference.value("ship_defaults_2026", parameter=name)


def tier_of_keel(keel_year: int) -> int:
    """NOx tier by the year the keel was laid; Tier III holds inside its areas only.

    >>> [tier_of_keel(year) for year in (1999, 2000, 2011, 2016)]
    [0, 1, 2, 3]

    References
    ----------
    .. [1] MARPOL Annex VI regulation 13.
    """
    return sum(keel_year >= ship_default(f"tier_{tier}_keel_from") for tier in (1, 2, 3))


def ship_table(ships: Sequence[Ship]) -> pd.DataFrame:
    """Ships as rows: each field, and its provenance in a column ``<field>_from``."""
    names = [name for name in Ship.__dataclass_fields__ if name not in {"provenance", "remarks"}]
    rows = [
        {name: getattr(ship, name) for name in names}
        | {f"{name}_from": ship.provenance.get(name, "") for name in names[4:]}
        | {"remarks": "; ".join(ship.remarks)}
        for ship in ships
    ]
    return pd.DataFrame(rows)

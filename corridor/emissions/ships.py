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
    default_particulars,
    median_bin,
    size_bins,
    size_unit,
    teu_from_hull,
)
from corridor.emissions.register import RegisterIndex, index_register, match_register

PROVENANCE = ("register", "ais", "inferred", "default")
DIESEL_ENGINES = ("ssd", "msd", "hsd")


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
        ssd, msd, hsd, gas_turbine or steam_turbine.
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

    @property
    def is_diesel(self) -> bool:
        """Whether the main engine is a piston engine, whose particulates count as diesel particulates."""
        return self.engine_type in DIESEL_ENGINES

    def __str__(self) -> str:
        """Return a small card: each field with where it comes from."""
        lines = [f"{self.vessel_id} {self.name}".rstrip()]
        units = {"me_kw": "kW", "v_ref_kn": "kn", "t_ref_m": "m", "size": self.size_unit}
        for name in ("ship_type", "size", "size_bin", "me_kw", "v_ref_kn", "t_ref_m", "engine_type", "tier"):
            number = getattr(self, name)
            lines.append(
                f"  {name:12} {number} {units.get(name, '')}".rstrip()
                + f"  ({self.provenance.get(name, '')})"
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
    engine = _engine(known, ship_type, size_bin)
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
        provenance=known.provenance,
        remarks=tuple(known.remarks),
    )


class _Sources:
    """Asks the register, then AIS, and writes down which of them answered."""

    def __init__(self, ais: Mapping[str, Any], entry: Mapping[str, Any]) -> None:
        self.ais, self.entry = dict(ais), dict(entry)
        self.provenance: dict[str, str] = {}
        self.remarks: list[str] = []

    def find(self, name: str) -> Any:
        for source, values in (("register", self.entry), ("ais", self.ais)):
            found = values.get(name)
            if not pd.isna(found) and found not in {"", -1}:
                self.provenance[name] = source
                return found
        return None

    def number(self, name: str, default: float = math.nan) -> float:
        found = self.find(name)
        return default if found is None else float(str(found))

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
    if ship_type == "container" and not math.isnan(teu := teu_from_hull(hull.length_m, hull.beam_m)):
        known.provenance["size"] = known.provenance["size_bin"] = "inferred"
        return round(teu), bin_of_size(ship_type, teu)
    by_length = bin_of_length(ship_type, hull.length_m)
    known.provenance["size"] = known.provenance["size_bin"] = "default" if by_length is None else "inferred"
    if by_length is None and len(size_bins(ship_type)) > 1:
        known.remarks.append("size unknown: the middle bin of the class")
    return math.nan, by_length or median_bin(ship_type)


def _engine(known: _Sources, ship_type: str, size_bin: int) -> dict[str, Any]:
    facts = default_particulars(ship_type, size_bin)
    me_kw = known.settle("me_kw", float(facts["me_kw"]))
    v_ref_kn = known.settle("v_ref_kn", float(facts["v_ref_kn"]))
    from_register = known.provenance["v_ref_kn"] == "register"
    meaning = known.text("speed_meaning", "maximum" if from_register else str(facts["speed_meaning"]))
    known.provenance.setdefault("speed_meaning", "default")
    engine_type = known.text("engine_type", str(facts["engine_type"]))
    known.provenance.setdefault("engine_type", "default")
    if "default" in {known.provenance[name] for name in ("me_kw", "v_ref_kn")}:
        known.remarks.append(f"particulars of {facts['table_row']}: {facts['verification']}")
    return {
        "me_kw": me_kw,
        "v_ref_kn": v_ref_kn,
        "speed_meaning": meaning,
        "t_ref_m": known.settle("t_ref_m", float(facts["t_ref_m"])),
        "engine_type": engine_type,
        "rpm": known.settle(
            "rpm", ship_default(f"rpm_{engine_type}") if engine_type in DIESEL_ENGINES else math.nan
        ),
        **_age(known),
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

"""Power, speed, draught and engine of a ship that no register describes, from tables and formulae by size."""

import math
from dataclasses import dataclass, replace
from functools import cache

import pandas as pd

from corridor import reference

# A row that stands for another class or size: a formula by deadweight comes nearer, where one is known.
STAND_IN = "nearest row"


@dataclass(frozen=True)
class Particulars:
    """What a class and size suggest of a ship.

    Attributes
    ----------
    me_kw : float
        Installed main-engine power. [kW]
    v_ref_kn : float
        Reference speed. [kn]
    speed_meaning : str
        maximum, service or eexi_75.
    t_ref_m : float
        Design draught. [m]
    engine_type : str
        Kind of main engine.
    row, verification : str
        Which row of which table, and how well it fits.
    provenance : str
        ``default``: by class and size bin; ``inferred``: by the ship's own deadweight.
    """

    me_kw: float
    v_ref_kn: float
    speed_meaning: str
    t_ref_m: float
    engine_type: str
    row: str
    verification: str
    provenance: str


def particulars_of(ship_type: str, size_bin: int, dwt_t: float = math.nan) -> Particulars:
    """Particulars of a class and bin; where the table has no row of its own, by deadweight if that is known.

    Parameters
    ----------
    ship_type : str
        Class.
    size_bin : int
        Bin of the class.
    dwt_t : float
        Deadweight; NaN where unknown. [t]

    Examples
    --------
    >>> particulars_of("container", 7).me_kw
    65000.0
    >>> vlcc = particulars_of("oil_tanker", 8, dwt_t=300_000)
    >>> round(vlcc.me_kw, -2), round(vlcc.v_ref_kn, 1), vlcc.speed_meaning
    (26100.0, 16.0, 'eexi_75')

    References
    ----------
    .. [1] EPA-420-B-22-011 (2022), Table C.3; named classes of container ships above 14,500 TEU.
    .. [2] IMO Resolution MEPC.333(76), paragraph 2.2.3.5 and appendix: power and speed by deadweight.
    """
    row = _row(ship_type, size_bin)
    formula = _formula(ship_type)
    if formula is None or math.isnan(dwt_t) or not row.verification.startswith(STAND_IN):
        return row
    return replace(
        row,
        me_kw=_power_law(formula, "mcr_size_cap", "mcr_d", "mcr_f", dwt_t),
        v_ref_kn=_power_law(formula, "v_ref_size_cap", "v_ref_a", "v_ref_c", dwt_t),
        speed_meaning="eexi_75",
        row=f"MEPC.333(76) for a {formula['eexi_type']} of {dwt_t:,.0f} t, draught of {row.row}",
        verification=f"formula by deadweight, because of the table only the {row.verification}",
        provenance="inferred",
    )


@cache
def _row(ship_type: str, size_bin: int) -> Particulars:
    found = reference.rows("particulars_default_epa_2022", ship_type=ship_type, size_bin=size_bin)
    facts = {str(column): entry for column, entry in found.to_dict("records")[0].items()}
    return Particulars(
        me_kw=float(facts["me_kw"]),
        v_ref_kn=float(facts["v_ref_kn"]),
        speed_meaning=str(facts["speed_meaning"]),
        t_ref_m=float(facts["t_ref_m"]),
        engine_type=str(facts["engine_type"]),
        row=str(facts["table_row"]),
        verification=str(facts["verification"]),
        provenance="default",
    )


@cache
def _formula(ship_type: str) -> "pd.Series[float] | None":
    """Coefficients of the formulae that hold for a class, by deadweight; none for some."""
    classes = reference.table("eexi_classes_2026")
    named = classes.loc[classes["ship_type"] == ship_type, "eexi_type"]
    if named.empty:
        return None
    return reference.rows("eexi_speed_power_mepc333_2021", eexi_type=named.iloc[0]).iloc[0]


def _power_law(facts: "pd.Series[float]", cap: str, factor: str, exponent: str, size: float) -> float:
    capped = size if pd.isna(facts[cap]) else min(size, float(facts[cap]))
    return float(facts[factor]) * float(capped ** float(facts[exponent]))

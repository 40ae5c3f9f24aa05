"""Fuel per mile at sea beside what the ships themselves reported for a year under the EU MRV rules.

A report is the mean of a year: all speeds, draughts and weathers, and the fuel in port too; ours is of some
hours at ocean speeds. The comparison finds gross errors of class, size, power or speed, not the accuracy.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.dataset

from corridor import reference
from corridor.accounts.spreads import Spreads, factors
from corridor.emissions.mrv import read_mrv, report_near
from corridor.errors import InputError
from corridor.runs import run_study
from corridor.study import Study
from corridor.worlds import LEVEL

PARAMETERS = "mrv_comparison_2026"
# Ways between reports; a filled hole is our own guess of the speed.
REPORTED_WAYS = ("observed", "simulated")
_PIECES = ("vessel_id", "origin", "speed_kn", "hours", "distance_nm", "fuel_kg")


@dataclass(frozen=True)
class Reported:
    """The comparison.

    Attributes
    ----------
    ships : pandas.DataFrame
        One row a ship with a usable report and enough hours: vessel_id, name, imo, hours, distance_nm,
        speed_kn, ours_kg_per_nm with the bounds of its interval, report_year, reported_kg_per_nm, ratio,
        within, covered (whether the report lies in the interval), and where class and power come from.
    ratio_least, ratio_most, share_least : float
        Where the ratio should lie, and for which share of the ships. [1]
    speed_from_kn, speed_to_kn, hours_least : float
        Which hours are compared. [kn, h]
    """

    ships: pd.DataFrame
    ratio_least: float
    ratio_most: float
    share_least: float
    speed_from_kn: float
    speed_to_kn: float
    hours_least: float
    level: float

    @property
    def share_covered(self) -> float:
        """Share of the ships whose report lies in the interval of ours; NaN without ships. [1]"""
        return float(self.ships["covered"].mean()) if len(self.ships) else float("nan")

    @property
    def coverage(self) -> str:
        """How often intervals hold what ships reported, in one sentence."""
        if not len(self.ships):
            return "No interval was compared with a report."
        return (
            f"{int(self.ships['covered'].sum())} of {len(self.ships)} reports "
            f"({100 * self.share_covered:.0f} %) lie in our {100 * self.level:g} % interval of the ship's "
            "fuel per mile, which knows nothing of a year's other speeds."
        )

    @property
    def share_within(self) -> float:
        """Share of the ships whose ratio lies within; NaN without ships. [1]"""
        return float(self.ships["within"].mean()) if len(self.ships) else float("nan")

    @property
    def holds(self) -> bool:
        """Whether enough ships lie within; not without any ship."""
        return bool(self.share_within >= self.share_least)

    def __str__(self) -> str:
        """Return the outcome in one sentence."""
        inside, n = int(self.ships["within"].sum()), len(self.ships)
        if not n:
            return "no ship with a report was heard long enough at these speeds: nothing compared"
        return (
            f"{inside} of {n} ships ({100 * self.share_within:.0f} %) within {self.ratio_least:g} to "
            f"{self.ratio_most:g} of their own report; median ratio {self.ships['ratio'].median():.2f}"
        )


def compare_files(
    ais: Sequence[str | Path],
    mrv: Sequence[str | Path],
    *,
    ships: str | Path | None = None,
    work_dir: str | Path | None = None,
    level: float = LEVEL,
) -> Reported:
    """Run a study on AIS files and compare it with reports.

    Parameters
    ----------
    ais, mrv : sequence of paths
        Positions, and exports of EU MRV reports.
    ships : path, optional
        Register of ships.
    work_dir : path, optional
        Where converted positions are kept; the user's cache by default.
    level : float
        Share that intervals hold. [0–1]
    """
    reports = read_mrv(list(mrv))
    study = run_study(list(ais), ships=ships, work_dir=work_dir, interval_level=level)
    return compare(study, reports)


def compare(study: Study, reports: pd.DataFrame) -> Reported:
    """Compare a study with reports, each ship with that of the year of the positions or the nearest one.

    Parameters
    ----------
    study : Study
        Study with pieces.
    reports : pandas.DataFrame
        From :func:`corridor.emissions.mrv.read_mrv`.

    Raises
    ------
    InputError
        If the study has no pieces.
    """
    speed_from, speed_to, hours_least, least, most, share = (
        reference.value(PARAMETERS, parameter=name)
        for name in ("speed_from", "speed_to", "hours_least", "ratio_least", "ratio_most", "share_least")
    )
    sums = _at_speeds(study, speed_from, speed_to)
    facts = study.vessels.set_index("vessel_id")
    names = ["name", "imo", "ship_class", "size_bin", "main_power_kw", "main_power_provenance"]
    year = pd.Timestamp(study.first_ms, unit="ms").year
    said = report_near(reports, year)
    table = sums[sums["hours"] >= hours_least].join(facts[names], how="inner")
    table = table[table["imo"].isin(said.index)].reset_index(names="vessel_id")
    ours = table["fuel_kg"] / table["distance_nm"]
    theirs = said.loc[table["imo"], "fuel_kg_per_nm"].to_numpy(float)
    ratio = ours / theirs
    low, high = _bounds(study, table["vessel_id"])
    table = table.assign(
        speed_kn=table["distance_nm"] / table["hours"],
        ours_kg_per_nm=ours,
        ours_low_kg_per_nm=low * ours,
        ours_high_kg_per_nm=high * ours,
        report_year=said.loc[table["imo"], "year"].to_numpy(np.int64),
        reported_kg_per_nm=theirs,
        ratio=ratio,
        within=ratio.between(least, most),
        covered=(low <= 1.0 / ratio) & (1.0 / ratio <= high),
    )
    return Reported(
        ships=table.drop(columns="fuel_kg").sort_values("ratio", ignore_index=True),
        ratio_least=least,
        ratio_most=most,
        share_least=share,
        speed_from_kn=speed_from,
        speed_to_kn=speed_to,
        hours_least=hours_least,
        level=study.interval_level,
    )


def _bounds(study: Study, vessel_ids: "pd.Series[str]") -> npt.NDArray[np.float64]:
    """(2, ships) bounds of each ship's fuel as factors on it. [1]"""
    rows = study.ledger_rows()
    vessel = rows["vessel"].to_numpy(np.int64)
    spreads = Spreads(study.errors, rows, vessel, len(study.vessels), study.derived)
    places = pd.Index(study.vessels["vessel_id"].astype(str)).get_indexer(pd.Index(vessel_ids))
    return factors(spreads.of("fuel"), study.interval_level)[:, places]


def _at_speeds(study: Study, least_kn: float, most_kn: float) -> pd.DataFrame:
    """Observed hours, miles and fuel of each vessel between two speeds. [h, nm, kg]"""
    if study.pieces is None:
        raise InputError("no_pieces", "found a study without pieces; expected some; run it with pieces=True")
    kept = pyarrow.dataset.dataset(study.pieces, format="parquet")
    pieces: pd.DataFrame = kept.to_table(columns=list(_PIECES)).to_pandas()
    chosen = pieces["origin"].astype(str).isin(REPORTED_WAYS) & pieces["speed_kn"].between(least_kn, most_kn)
    rows = pieces[chosen].assign(vessel_id=pieces["vessel_id"].astype(str))
    sums: pd.DataFrame = rows.groupby("vessel_id")[["hours", "distance_nm", "fuel_kg"]].sum()
    return sums

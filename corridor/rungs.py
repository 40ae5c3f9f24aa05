"""One piece, the places of everything it is computed from, and the form of a step."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from corridor.accounts.ledger import MM_PER_NM, MS_PER_H
from corridor.emissions.method_tables import parameter, table_of
from corridor.emissions.rules import Supply
from corridor.emissions.ships import Ship
from corridor.emissions.species import CONSUMERS, SPECIES
from corridor.engine import Worked
from corridor.plan import Source
from corridor.tracks.trajectories import STAY

G_PER_KG = 1000.0


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
    def tables(self) -> str:
        """Whose tables the method reads."""
        return self.worked.fleet.method.tables

    @property
    def stays(self) -> bool:
        """Whether the ship lay still."""
        return bool(self.worked.segments.kind[self.segment] == STAY)

    @property
    def local(self) -> int:
        """1 where a port's own auxiliary and boiler powers hold, else 0."""
        return int(self.source.plan.places.local(np.array([int(self.row["zone"])], np.int64))[0])

    @property
    def atoms(self) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        """Atoms it was joined of. [index]"""
        atoms = self.worked.atoms
        inside = (atoms.f0 >= self.row["f0"]) & (atoms.f1 <= self.row["f1"])
        return np.flatnonzero((atoms.segment == self.segment) & inside)

    def number(self, name: str) -> float:
        """One number of the method."""
        return parameter(self.tables, name)

    def table(self, role: str) -> str:
        """Name of one of the method's tables."""
        return table_of(self.tables, role)


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


def booked(piece: Piece) -> dict[str, float]:
    """Amounts that the accounts hold for the piece, as far as they keep them apart. [h, nm, kWh, kg]"""
    row = piece.row
    kg = 1e-6
    amounts = {"hours": row["hours_ms"] / MS_PER_H, "distance_nm": row["distance_mm"] / MM_PER_NM}
    amounts |= {f"{consumer}_kwh": row[f"{consumer}_mwh"] * kg for consumer in CONSUMERS}
    amounts["fuel_kg"] = row["fuel_mg"] * kg
    amounts |= {f"{species}_kg": row[f"{species}_mg"] * kg for species in SPECIES}
    return {name: float(value) for name, value in amounts.items()}

"""How one piece came to its masses: the ladder from reports to kilograms, beside what the accounts hold.

One kilogram can be followed by hand: every step has its numbers, units and source. The steps are computed
anew from the formulae (`corridor.ladder`) and compared with what was booked for the piece.
"""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from corridor import engine
from corridor.emissions.species import CONSUMERS, SPECIES
from corridor.engine import Worked
from corridor.errors import InputError
from corridor.ladder import Ladder, climb
from corridor.plan import Source
from corridor.rungs import Piece, Rung, booked, piece_of

# Booked amounts are whole milligrams, and carry up to half of one from the atom before and to the one after.
ROUNDING_KG = 2e-6


@dataclass(frozen=True)
class Explanation:
    """One piece, explained.

    Attributes
    ----------
    vessel_id : str
        Vessel.
    at_utc : str
        The instant that was asked for.
    rungs : tuple of Rung
        Steps: section, item, value, unit, how, source.
    computed, booked : dict
        Amounts by the ladder, and in the accounts. [h, nm, kWh, kg]
    """

    vessel_id: str
    at_utc: str
    rungs: tuple[Rung, ...]
    computed: dict[str, float]
    booked: dict[str, float]

    def table(self) -> pd.DataFrame:
        """Steps as rows."""
        return pd.DataFrame(self.rungs, columns=list(Rung._fields))

    def comparison(self) -> pd.DataFrame:
        """One row an amount: computed, booked, difference. [h, nm, kWh, kg]"""
        rows = [
            {"amount": name, "computed": self.computed[name], "booked": value}
            for name, value in self.booked.items()
        ]
        table = pd.DataFrame(rows)
        return table.assign(difference=table["computed"] - table["booked"])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain values, for JSON; a number that is unknown is None."""
        plain = asdict(self)
        plain["rungs"] = [
            {
                name: None if isinstance(value, float) and np.isnan(value) else value
                for name, value in rung._asdict().items()
            }
            for rung in self.rungs
        ]
        return plain

    def __str__(self) -> str:
        """Return the ladder as text, section by section, with the comparison at the end."""
        lines = [f"{self.vessel_id} at {self.at_utc}"]
        section = ""
        for rung in self.rungs:
            if rung.section != section:
                section = rung.section
                lines += ["", section]
            number = f"{_shown(rung.value)} {rung.unit}".strip()
            how = f"  = {rung.how}" if rung.how else ""
            source = f"  [{rung.source}]" if rung.source else ""
            lines.append(f"  {rung.item:<22} {number}{how}{source}")
        lines += ["", "computed here against booked in the accounts"]
        for row in self.comparison().to_dict("records"):
            lines.append(
                f"  {row['amount']:<22} {_shown(row['computed'])} against {_shown(row['booked'])}, "
                f"difference {row['difference']:.3g}"
            )
        return "\n".join(lines)


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.10g}"


def explain(source: Source, vessel: str, time: datetime | str) -> Explanation:
    """Explain the piece of a vessel at an instant.

    Parameters
    ----------
    source : Source
        What the study was made from.
    vessel : str
        Id of the vessel, or its IMO number or MMSI.
    time : datetime or str
        An instant in the piece; UTC where it names no zone.

    Raises
    ------
    InputError
        If the vessel is unknown, the positions are no longer there, or nothing is booked at that instant.
    """
    at_ms = _instant_ms(time)
    worked = worked_ship(source, vessel)
    number = _vessel_at(worked, vessel, at_ms)
    piece = piece_of(source, worked, _piece_at(worked, number, at_ms))
    return explained(piece, climb(piece), at_ms)


def explained(piece: Piece, ladder: Ladder, at_ms: int) -> Explanation:
    """Put a ladder beside what the accounts hold for its piece."""
    amounts = dict(ladder.amounts)
    for name in ("fuel", *SPECIES):
        amounts[f"{name}_kg"] = sum(amounts[f"{consumer}_{name}_kg"] for consumer in CONSUMERS)
    return Explanation(
        vessel_id=piece.ship.vessel_id,
        at_utc=_text(at_ms),
        rungs=ladder.rungs,
        computed=amounts,
        booked=booked(piece),
    )


def worked_ship(source: Source, vessel: str) -> Worked:
    """Work the positions of one ship again, keeping every step.

    Raises
    ------
    InputError
        If the vessel is unknown, or its positions are no longer kept.
    """
    ship = engine.ship_number(source.plan.ships, vessel)
    for bucket in source.buckets:
        if not bucket.is_file():
            raise InputError(
                "positions_gone",
                f"found no {bucket.name} among the converted positions; expected it; run the study again",
            )
        columns = engine.read_positions(bucket, ship)
        if len(columns["ship"]):
            return engine.work(columns, source.plan, pieces=True)
    raise InputError("no_positions", f"found no positions of '{vessel}'; expected some; run the study again")


def _vessel_at(worked: Worked, vessel: str, at_ms: int) -> int:
    """Which vessel of the ship: the one that is named, else the part that was seen at the instant."""
    ids = worked.vessels["vessel_id"].astype(str)
    named = np.flatnonzero(ids.str.upper() == vessel.strip().upper())
    if len(named):
        return int(named[0])
    segments = worked.segments
    there = np.flatnonzero((segments.t0_ms <= at_ms) & (at_ms < segments.t1_ms))
    return int(segments.vessel[there[0]]) if len(there) else 0


def _piece_at(worked: Worked, vessel: int, at_ms: int) -> "pd.Series[float]":
    segments, pieces = worked.segments, worked.basis.pieces
    if pieces is None:
        raise ValueError("the accounts were booked without pieces; work the ship with pieces=True")
    segment = pieces["segment"].to_numpy()
    t0, length = segments.t0_ms[segment], (segments.t1_ms - segments.t0_ms)[segment]
    start = t0 + pieces["f0"].to_numpy() * length
    end = t0 + pieces["f1"].to_numpy() * length
    mine = segments.vessel[segment] == vessel
    found = np.flatnonzero(mine & (start <= at_ms) & (at_ms < end))
    if len(found):
        return pieces.iloc[int(found[0])]
    raise InputError("nothing_booked", _nothing(worked, vessel, at_ms, start[mine], end[mine]))


def _nothing(worked: Worked, vessel: int, at_ms: int, start: Any, end: Any) -> str:
    """Say why nothing is booked at an instant, and where there is something."""
    name = str(worked.vessels["vessel_id"].iloc[vessel])
    holes = worked.segments.unobserved
    inside = holes[(holes["vessel"] == vessel) & (holes["t0_ms"] <= at_ms) & (at_ms < holes["t1_ms"])]
    why = f" (a hole that was not filled: {inside['reason'].iloc[0]})" if len(inside) else ""
    if not len(start):
        return f"found one report of {name} and no piece; expected two or more; name another vessel"
    span = f"{_text(float(start.min()))} to {_text(float(end.max()))}"
    return (
        f"found nothing booked for {name} at {_text(at_ms)}{why}; expected an instant in {span}; give another"
    )


def _instant_ms(time: datetime | str) -> int:
    """Read an instant; UTC where it names no zone. [ms]

    >>> _instant_ms("1970-01-01T00:00:01Z")
    1000
    """
    if isinstance(time, str):
        try:
            time = datetime.fromisoformat(time)
        except ValueError:
            raise InputError(
                "bad_time", f"found '{time}'; expected an instant such as 2024-03-01T06:00Z; correct it"
            ) from None
    aware = time if time.tzinfo is not None else time.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)


def _text(t_ms: float) -> str:
    return pd.Timestamp(round(t_ms), unit="ms").isoformat(timespec="seconds") + "Z"

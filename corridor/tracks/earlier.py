"""Pieces of an earlier study as positions: the ends of its segments; its other lines are refused."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from corridor.errors import InputError
from corridor.tracks.report import InputReport, lines_of

ENDS = ("lat0", "lon0", "lat1", "lon1")
TIMES = ("start_utc", "end_utc")
NEEDED = ("vessel_id", *TIMES, *ENDS, "origin", "observed", "speed_kn")
DRAUGHT = "draught_m"
FILLED, PLANNED = "filled", "planned"
LEFT_OUT = "filled_before"
NOTE = "pieces of an earlier study: an approximation, no reports of ships"
Lines = npt.NDArray[np.int64]


def are_pieces(names: Sequence[str]) -> bool:
    """Whether a table is one of pieces that a study wrote.

    >>> are_pieces(["vessel_id", "voyage", *TIMES, *ENDS, "origin", "phase", "speed_kn", "observed"])
    True
    >>> are_pieces(["MMSI", "BaseDateTime", "LAT", "LON"])
    False
    """
    return set(NEEDED) <= set(names)


def columns_of(names: Sequence[str]) -> list[str]:
    """Columns of pieces that positions are made of."""
    return [name for name in (*NEEDED, DRAUGHT) if name in names]


def refuse_lines(names: Sequence[str], name: str) -> None:
    """Refuse lines of a study that are no positions of ships.

    Raises
    ------
    InputError
        ``thinned_tracks`` for its tracks, ``unobserved_holes`` for its holes.

    Examples
    --------
    >>> refuse_lines(["MMSI", "BaseDateTime", "LAT", "LON"], "day.parquet") is None
    True
    """
    given = set(names)
    if {"vessel_id", *TIMES, "reason", "from_waters"} <= given:
        raise InputError(
            "unobserved_holes",
            f"{name}: found holes of a study, in which nobody saw the ship; expected positions; "
            "give what the study was computed from",
        )
    if {"vessel_id", "voyage", "origin", *TIMES} <= given and not are_pieces(names):
        raise InputError(
            "thinned_tracks",
            f"{name}: found thinned tracks of a study, without the times of their vertices; expected "
            "positions; give its pieces (pieces/ or pieces.parquet) or what it was computed from",
        )


def positions(tables: Iterator[pa.Table], name: str, report: InputReport) -> Iterator[tuple[pa.Table, Lines]]:
    """Give the ends of pieces as rows with time and place, and the line of each; say so in the report.

    The speed at an end is the mean of the two pieces that meet there, the draught that of the piece that
    begins there. What the earlier study filled in is left out: its holes are filled anew.

    Raises
    ------
    InputError
        ``planned_positions`` if no ship sailed them.
    """
    line, filled, without = 1, 0, ""
    for table in tables:
        pieces = table.select(columns_of(table.column_names)).to_pandas()
        without = "" if DRAUGHT in pieces else ", without draughts"
        origin = pieces["origin"]
        if origin.eq(PLANNED).any():
            raise InputError(
                "planned_positions",
                f"{name}: found pieces of planned voyages, which no ship sailed; expected positions; "
                "give the plan itself",
            )
        lines = np.arange(line, line + len(pieces), dtype=np.int64)
        line += len(pieces)
        seen = origin.ne(FILLED).to_numpy()
        report.rows_in += int((~seen).sum())
        report.drop(name, LEFT_OUT, lines_of(lines[~seen]), int((~seen).sum()))
        filled += int((~seen).sum())
        counts = origin[seen].value_counts()
        report.origins.update({str(word): int(count) for word, count in counts.items() if count})
        if seen.any():
            rows, of = _ends(pieces[seen].reset_index(drop=True))
            yield rows, lines[seen][of]
    left_out = f"; {filled:,} pieces that it had filled in are left out" if filled else ""
    report.warn(
        f"{name}: positions are the ends of pieces of an earlier study, with mean speeds{without}: an "
        f"approximation, no reports of ships{left_out}"
    )


def _ends(pieces: pd.DataFrame) -> tuple[pa.Table, Lines]:
    """Rows in the order of the pieces, and the piece of each; an end where the next begins stands once."""
    # A stay lies where its reports do in the middle, so the next piece begins a little beside it.
    ends, starts = (pieces[name].array for name in ("end_utc", "start_utc"))
    ship, _ = pd.factorize(pieces["vessel_id"])
    met = np.asarray(ends[:-1] == starts[1:], bool) & (ship[:-1] == ship[1:])
    speed = pieces["speed_kn"].to_numpy(np.float64)
    before = np.append(np.nan, speed[:-1])
    begun = np.where(np.append(False, met), 0.5 * (before + speed), speed)
    last = np.flatnonzero(~np.append(met, False))
    parts = [
        _rows(pieces, ("start_utc", "lat0", "lon0"), begun),
        _rows(pieces.iloc[last], ("end_utc", "lat1", "lon1"), speed[last]),
    ]
    piece = np.concatenate([np.arange(len(pieces)), last])
    order = np.lexsort((np.repeat([0, 1], [len(pieces), len(last)]), piece))
    rows = pd.concat(parts, ignore_index=True).iloc[order]
    return pa.Table.from_pandas(rows, preserve_index=False), piece[order].astype(np.int64)


def _rows(pieces: pd.DataFrame, end: tuple[str, str, str], speed_kn: npt.NDArray[np.float64]) -> pd.DataFrame:
    time, lat, lon = end
    columns = {"vessel_id": "vessel_id", time: "time_utc", lat: "lat", lon: "lon", DRAUGHT: DRAUGHT}
    kept = {theirs: ours for theirs, ours in columns.items() if theirs in pieces}
    return pieces[list(kept)].rename(columns=kept).assign(sog_kn=speed_kn)

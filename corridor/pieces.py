"""Pieces: what a user sees of atoms, those of one segment joined by zone, month and phase, as Parquet."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from corridor.accounts.ledger import MG_PER_KG, MM_PER_NM, MS_PER_H, MWH_PER_KWH
from corridor.emissions.basis import PIECE_COLUMNS, Basis
from corridor.emissions.fuels import FUELS
from corridor.emissions.phases import PHASES
from corridor.tracks.trajectories import Segments
from corridor.words import ORIGINS
from layers.geodesy import great_circle_points
from layers.zones import ZoneIndex

_UNITS = {
    "_ms": ("", MS_PER_H),
    "_mm": ("_nm", MM_PER_NM),
    "_mwh": ("_kwh", MWH_PER_KWH),
    "_mg": ("_kg", MG_PER_KG),
}


def write_pieces(
    path: Path, segments: Segments, basis: Basis, vessel_ids: NDArray[np.str_], index: ZoneIndex
) -> dict[str, int]:
    """Write the pieces of a chunk of ships; return the exact sum of each account.

    Parameters
    ----------
    path : Path
        File to write.
    segments : Segments
        Segments of the chunk.
    basis : Basis
        Their accounts, with pieces.
    vessel_ids : array of str
        Identity of each vessel of the chunk.
    index : ZoneIndex
        Reader of zone codes.
    """
    table = piece_table(segments, basis, vessel_ids, index)
    words = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
    # Dictionaries of numbers cost more than all of the computing; compressing them, half as much, for a fifth
    # of their size.
    pq.write_table(table, path, compression="none", use_dictionary=words, write_statistics=["start_utc"])
    return piece_sums(basis)


def piece_table(segments: Segments, basis: Basis, vessel_ids: NDArray[np.str_], index: ZoneIndex) -> pa.Table:
    """Pieces as an Arrow table; units in column names, longitudes in ±180."""
    pieces = _pieces_of(basis)
    segment = pieces["segment"].to_numpy()
    f0, f1 = pieces["f0"].to_numpy(), pieces["f1"].to_numpy()
    columns: dict[str, Any] = {"vessel_id": _words(segments.vessel[segment], vessel_ids)}
    columns["voyage"] = segments.voyage[segment]
    columns |= _times(segments, segment, f0, f1) | _places(segments, segment, f0, f1)
    columns["origin"] = _words(segments.origin[segment], ORIGINS)
    columns["phase"] = _words(pieces["phase"].to_numpy(), PHASES)
    columns["fuel"] = _words(pieces["fuel"].to_numpy(), FUELS)
    zones = index.decode(pieces["zone"].to_numpy())
    for place, name in enumerate(index.names):
        columns[f"{name}_zone"] = _words(zones[:, place], index.zone_ids[place])
    columns["speed_kn"] = basis.speed_kn[segment].astype(np.float32)
    columns["engine_load"] = basis.load[segment].astype(np.float32)
    columns["draught_m"] = pa.array(segments.draught_m[segment].astype(np.float32), from_pandas=True)
    for name in PIECE_COLUMNS:
        ending = f"_{name.rsplit('_', 1)[1]}"
        unit, scale = _UNITS[ending]
        columns[name.removesuffix(ending) + unit] = pieces[name].to_numpy() / scale
    return pa.table(columns)


def piece_sums(basis: Basis) -> dict[str, int]:
    """Exact sum of each account over the pieces. [mg, mWh, ms, mm]"""
    pieces = _pieces_of(basis)
    sums = pieces.iloc[:, -len(PIECE_COLUMNS) :].to_numpy().sum(axis=0)
    return dict(zip(PIECE_COLUMNS, sums.tolist(), strict=True))


def _pieces_of(basis: Basis) -> pd.DataFrame:
    if basis.pieces is None:
        raise ValueError("the accounts were booked without pieces; ask `account` for them with pieces=True")
    return basis.pieces


def _words(number: NDArray[Any], words: Any) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(number.astype(np.int32)), pa.array([str(word) for word in words])
    )


def _times(
    segments: Segments, segment: NDArray[Any], f0: NDArray[Any], f1: NDArray[Any]
) -> dict[str, pa.Array]:
    start, length = segments.t0_ms[segment], (segments.t1_ms - segments.t0_ms)[segment]
    stamp = pa.timestamp("ms", tz="UTC")
    return {
        "start_utc": pa.array(start + np.rint(f0 * length).astype(np.int64), stamp),
        "end_utc": pa.array(start + np.rint(f1 * length).astype(np.int64), stamp),
    }


def _places(segments: Segments, segment: NDArray[Any], f0: NDArray[Any], f1: NDArray[Any]) -> dict[str, Any]:
    ends = tuple(getattr(segments, name)[segment] for name in ("lat0", "lon0", "lat1", "lon1"))
    lat0, lon0, lat1, lon1 = (values.copy() for values in ends)
    for lat, lon, share, cut in ((lat0, lon0, f0, f0 > 0.0), (lat1, lon1, f1, f1 < 1.0)):
        if cut.any():
            y0, x0, y1, x1 = (values[cut] for values in ends)
            lat[cut], lon[cut] = great_circle_points(y0, x0, y1, x1, share[cut])
    return {"lat0": lat0, "lon0": lon0, "lat1": lat1, "lon1": lon1}

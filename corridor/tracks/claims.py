"""Whose particulars each part of a shared identity takes: those that its own rows carry.

Rows under one MMSI that name several valid IMO numbers are of several ships. They are remembered, with what
was said beside each number; when positions have told the parts of the identity, each asks its own rows. All
other ships, nearly all of them, are not touched.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.tracks.particulars import Codes, Sightings, particulars
from corridor.tracks.quality import MIN_TRACK

Array = npt.NDArray[Any]
FACTS = ("imo", "name", "ais_type", "length_m", "beam_m")


@dataclass(frozen=True)
class Claims:
    """Rows by their number and the IMO number each names; what was said beside each number, by ship."""

    rows: pd.DataFrame
    ships: pd.DataFrame

    def write(self, folder: Path) -> None:
        """Keep the claims beside the positions; nothing is written where there are none."""
        if len(self.ships):
            self.rows.to_parquet(folder / "claims.parquet", index=False)
            self.ships.to_parquet(folder / "claimed.parquet", index=False)

    @classmethod
    def read(cls, folder: Path) -> "Claims | None":
        """Return the claims that `write` kept."""
        if not (folder / "claims.parquet").is_file():
            return None
        return cls(pd.read_parquet(folder / "claims.parquet"), pd.read_parquet(folder / "claimed.parquet"))

    def tell(self, said: dict[str, Array], positions: Mapping[str, Array], vessels: pd.DataFrame) -> None:
        """Put into ``said`` what each part's own rows carry.

        Parameters
        ----------
        said : dict of arrays
            Particulars of the vessels, by column; those of parts are replaced in place.
        positions : mapping of arrays
            Kept rows with ``ship``, ``vessel_part`` and ``row_ref``.
        vessels : DataFrame
            ``ship`` and ``part`` of each vessel.
        """
        number = self._of_parts(positions)
        facts = {(row["ship"], row["imo"]): row for row in self.ships.to_dict("records")}
        for place, key in enumerate(zip(vessels["ship"].tolist(), vessels["part"].tolist(), strict=True)):
            if key not in number:
                continue
            own = facts[key[0], number[key]]
            for name in FACTS[1:]:
                said[name][place] = own[name]
            # Two parts that name one number: nobody knows which of them it is.
            alone = [part for part in number if part[0] == key[0] and number[part] == number[key]] == [key]
            said["imo"][place] = number[key] if alone else -1

    def _of_parts(self, positions: Mapping[str, Array]) -> dict[tuple[int, int], int]:
        """IMO number that most of the rows of each part name, of those that name any."""
        shared = np.flatnonzero(positions["vessel_part"] > 0)
        shared = shared[np.isin(positions["ship"][shared], self.ships["ship"].to_numpy())]
        named = pd.DataFrame({name: positions[name][shared] for name in ("ship", "vessel_part", "row_ref")})
        named = named.merge(self.rows, on="row_ref")
        keys = ["ship", "vessel_part"]
        counted = named.groupby([*keys, "imo"]).size().rename("rows").reset_index()
        most = counted[2 * counted["rows"] > counted.groupby(keys)["rows"].transform("sum")]
        found = most[[*keys, "imo"]].to_numpy(np.int64).tolist()
        return {(ship, part): imo for ship, part, imo in found}


def find_claims(sightings: Sightings, ship_of: Codes, parts: Iterable[Array]) -> Claims:
    """Find the ships of which one station names several IMO numbers, and the rows that name them.

    Parameters
    ----------
    sightings : Sightings
        What stations said, each with the IMO number it named.
    ship_of : array
        Ship of each station, -1 for none.
    parts : iterable of arrays
        All rows, with station and row number.
    """
    several = _several(sightings, ship_of)
    number = np.full(len(sightings.codes), -1, np.int64)
    stations: dict[tuple[int, int], list[int]] = {}
    for code, ((_, named), ship) in enumerate(zip(sightings.codes, ship_of.tolist(), strict=True)):
        if named and ship in several:
            number[code] = int(named)
            stations.setdefault((ship, int(named)), []).append(code)
    told = [
        {"ship": ship} | particulars(f"IMO{imo}", codes, sightings)
        for (ship, imo), codes in sorted(stations.items())
    ]
    claimed = np.concatenate(
        [np.zeros((2, 0), np.int64), *(_rows(parts, number) if told else ())], axis=1, dtype=np.int64
    )
    return Claims(
        pd.DataFrame({"row_ref": claimed[0], "imo": claimed[1]}), pd.DataFrame(told, columns=["ship", *FACTS])
    )


def _several(sightings: Sightings, ship_of: Codes) -> set[int]:
    """Ships of which one sender names several numbers, each in enough rows to be no accident."""
    found, seen = set(), set()
    for code, ((entity, imo), rows) in enumerate(zip(sightings.codes, sightings.rows, strict=True)):
        if imo and rows >= MIN_TRACK and ship_of[code] >= 0:
            if entity in seen:
                found.add(int(ship_of[code]))
            seen.add(entity)
    return found


def _rows(parts: Iterable[Array], number: Codes) -> Iterator[Array]:
    """Numbers of the rows that name one of the claimed numbers, and that number."""
    for part in parts:
        imo = number[part["ship"]]
        yield np.stack([part["row_ref"][imo >= 0], imo[imo >= 0]])

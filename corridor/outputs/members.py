"""Members of an ensemble on a regular grid: fields that may be added up before an interval is taken."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corridor.accounts.cell_members import CellMembers
from corridor.errors import InputError
from corridor.outputs.flux import PARTS_OF_MONTHS, Gridded, attributes, fluxes, periods
from corridor.study import Study
from layers import netcdf

# More would make a file that nobody loads.
MOST = 1000


def cell_members(study: Study, n: int, seed: int = 0) -> CellMembers:
    """Return the cells of a study in each of ``n`` worlds: those of `Study.members` with the same seed.

    Parameters
    ----------
    study : Study
        A study that knows who was in which cell.
    n, seed : int
        Worlds; equal seeds give equal ones.

    Raises
    ------
    InputError
        If the study does not know it: one that was published or merged.
    """
    if study.ledger.pairs.empty:
        raise InputError(
            "no_pairs",
            "found no account of ships by cell; expected one; published and merged studies keep none: "
            "take the study that they were made from",
        )
    order = {name: place for place, name in enumerate(study.class_names())}
    classes = np.asarray(study.vessels["ship_class"].map(order), np.int64)
    rows, ledger = study.ledger_rows(), study.ledger
    return CellMembers(study.worlds(n, seed), rows, ledger.cells, ledger.pairs, classes, study.derived)


def check_count(count: int) -> None:
    """Refuse too few or too many members.

    Raises
    ------
    InputError
        ``bad_members``.
    """
    if not 2 <= count <= MOST:
        raise InputError(
            "bad_members", f"found {count} members; expected 2 to {MOST}; take 20 to look, 200 for intervals"
        )


def write_members(study: Study, path: Path, count: int, *, cell_deg: float = 0.1) -> Path:
    """Write fluxes per species and month in each of some worlds as CF NetCDF. [kg m-2 s-1]

    In a world everything that may be wrong is wrong by one draw, in all cells alike: a sum over cells, months
    or a box is taken within each member, and its interval over the members. Single precision.

    Parameters
    ----------
    study : Study
        A study that knows who was in which cell.
    path : Path
        File to write.
    count : int
        Members, 2 to `MOST`.
    cell_deg : float
        Side of a cell. [degrees]

    Raises
    ------
    InputError
        If there are too few or too many members, or the study does not know who was where.
    """
    check_count(count)
    gridded = Gridded(study, cell_deg)
    axes = netcdf.Axes(gridded.grid, periods(study), "member", count, single=True)
    told = attributes(
        study,
        "Members of an ensemble: ship emissions, tank-to-wake, as mean fluxes per calendar month (UTC).",
    )
    # What is missing comes first.
    told["comment"] = (
        f"{told['comment']} Add up cells, months or boxes within each member, then take quantiles over "
        "the members. Factors have a median of one, so that the mean of the members lies above the fluxes of "
        f"emissions.nc. {PARTS_OF_MONTHS}"
    )
    slabs = _Slabs(gridded, cell_members(study, count))
    return netcdf.write(path, axes, list(fluxes(gridded.species)), slabs.slab, told)


class _Slabs:
    """Members of one species and month at a time on the grid."""

    def __init__(self, gridded: Gridded, members: CellMembers) -> None:
        self._gridded, self._members = gridded, members
        self._held: tuple[tuple[str, int], NDArray[np.float64]] | None = None

    def slab(self, species: str, month: int, member: int) -> NDArray[np.float64]:
        """(rows, columns) mass of one month, by its place in the months, in one world. [kg]"""
        if self._held is None or self._held[0] != (species, month):
            found = self._members.of(species, int(self._gridded.months[month]))
            self._held = ((species, month), found)
        return self._gridded.spread(self._held[1][:, member])

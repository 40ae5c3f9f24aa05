"""Atoms: parts of segments, each in one zone of every system and one cell; cut at instants, too."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from layers.jit import borrowing

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Columns = tuple[npt.NDArray[np.int32], IntArray, IntArray, FloatArray, FloatArray]


@dataclass(frozen=True, eq=False)
class Atoms:
    """Parts of segments, in order: columns of equal length.

    `segment` is the row of the segment, `code` the zone code (see `ZoneIndex.decode`), `cell` the number of
    the cell; `f0` and `f1` are the shares of the segment where the part begins and ends. Each segment's
    shares begin at exactly 0, end at exactly 1, and each part begins where the one before ends.
    """

    segment: npt.NDArray[np.int32]
    code: IntArray
    cell: IntArray
    f0: FloatArray
    f1: FloatArray

    def __len__(self) -> int:
        """Return the number of atoms."""
        return int(self.segment.size)

    def columns(self) -> Columns:
        """Return the columns, in their order."""
        return self.segment, self.code, self.cell, self.f0, self.f1


def cut_times(
    atoms: Atoms, t0_ms: npt.ArrayLike, t1_ms: npt.ArrayLike, marks_ms: npt.ArrayLike
) -> tuple[Atoms, npt.NDArray[np.int32]]:
    """Cut atoms also at instants, and say in which period each lies.

    Parameters
    ----------
    atoms
        Of the segments.
    t0_ms, t1_ms
        First and last instant of each *segment*; time runs evenly along it. [ms]
    marks_ms
        Instants at which to cut, rising: months, dates of rules. [ms]

    Returns
    -------
    tuple
        The atoms, those over a mark cut there, and for each the number of marks at or before its beginning.

    Raises
    ------
    ValueError
        If the marks do not rise, or a segment ends before it begins.

    Examples
    --------
    >>> whole = Atoms(*(np.array([value]) for value in (0, 7, 11, 0.0, 1.0)))
    >>> atoms, period = cut_times(whole, [1000], [2000], [0, 1250, 2000])
    >>> atoms.f1.tolist(), period.tolist()
    ([0.25, 1.0], [1, 2])
    """
    start, stop = np.asarray(t0_ms, np.int64), np.asarray(t1_ms, np.int64)
    marks = np.asarray(marks_ms, np.int64)
    if (np.diff(marks) <= 0).any():
        raise ValueError("marks do not rise; sort them and leave out repeated ones")
    if (stop < start).any():
        raise ValueError(f"segment {int(np.argmax(stop < start))} ends before it begins; sort fixes by time")
    first = np.searchsorted(marks, start, side="right")
    period = first[atoms.segment]
    passes = np.append(marks, np.iinfo(np.int64).max)[first] < stop
    if not passes.any():
        return atoms, period.astype(np.int32)
    last = first.copy()
    last[passes] = np.searchsorted(marks, stop[passes], side="left")
    return _cut_over(atoms, np.flatnonzero(passes[atoms.segment]), period, (start, stop, last), marks)


def _cut_over(
    atoms: Atoms,
    over: IntArray,
    period: IntArray,
    times: tuple[IntArray, IntArray, IntArray],
    marks: IntArray,
) -> tuple[Atoms, npt.NDArray[np.int32]]:
    """Cut those of the atoms `over` whose segment passes marks."""
    start, stop, last = times
    # Pairs of atom and mark, as many for each atom as its segment passes.
    segment = atoms.segment[over]
    passed = last[segment] - period[over]
    atom, segment = np.repeat(over, passed), np.repeat(segment, passed)
    nth = np.arange(atom.size) - np.repeat(np.cumsum(passed) - passed, passed)
    share = (marks[period[atom] + nth] - start[segment]) / (stop[segment] - start[segment])
    before = share <= atoms.f0[atom]
    np.add.at(period, atom[before], 1)
    inner = ~before & (share < atoms.f1[atom])
    atom, share = atom[inner], share[inner]
    rows = len(atoms) + atom.size
    cut = Atoms(*(np.empty(rows, column.dtype) for column in atoms.columns()))
    number = np.empty(rows, np.int32)
    _insert(atoms.columns(), period, atom, share, cut.columns(), number)
    return cut, number


@borrowing
def _insert(
    atoms: Columns,
    period: IntArray,
    atom: IntArray,
    share: FloatArray,
    out: Columns,
    number: npt.NDArray[np.int32],
) -> None:
    """Copy atoms with some cut at shares, in order, and number the period of each part."""
    segment, code, cell, f0, f1 = out
    k = m = 0
    for i in range(len(period)):
        begin, passed = atoms[3][i], period[i]
        while m < len(atom) and atom[m] == i:
            segment[k], code[k], cell[k], number[k] = atoms[0][i], atoms[1][i], atoms[2][i], passed
            f0[k], f1[k] = begin, share[m]
            begin = share[m]
            passed += 1
            m += 1
            k += 1
        segment[k], code[k], cell[k], number[k] = atoms[0][i], atoms[1][i], atoms[2][i], passed
        f0[k], f1[k] = begin, atoms[4][i]
        k += 1


def cut_offsets(
    atoms: Atoms,
    t0_ms: npt.ArrayLike,
    t1_ms: npt.ArrayLike,
    segment: npt.ArrayLike,
    marks_ms: npt.ArrayLike,
) -> tuple[Atoms, npt.NDArray[np.int32]]:
    """Cut some segments also at instants of their own, such as two hours after a ship came to its berth.

    Cutting a second time at the same marks cuts nothing and counts anew: cut here first, then with
    `cut_times`, then ask here again for the counts of what came out.

    Parameters
    ----------
    atoms
        Of the segments.
    t0_ms, t1_ms
        First and last instant of each *segment*; time runs evenly along it. [ms]
    segment, marks_ms
        Pairs of a segment's row and an instant at which to cut it [ms], in any order; an instant outside
        its segment cuts nothing.

    Returns
    -------
    tuple
        The atoms, those over a mark cut there, and for each how many marks of its segment lie at or before
        its beginning.

    Raises
    ------
    ValueError
        If a pair names no segment, columns differ in length, or a segment ends before it begins.

    Examples
    --------
    >>> stays = Atoms(*(np.array(column) for column in ([0, 1], [7, 7], [1, 1], [0.0, 0.0], [1.0, 1.0])))
    >>> atoms, passed = cut_offsets(stays, [0, 0], [1000, 1000], [1, 1], [900, 200])
    >>> atoms.segment.tolist(), atoms.f1.tolist(), passed.tolist()
    ([0, 1, 1, 1], [1.0, 0.2, 0.9, 1.0], [0, 0, 1, 2])
    """
    start, stop = np.asarray(t0_ms, np.int64), np.asarray(t1_ms, np.int64)
    row, marks = np.asarray(segment, np.int64), np.asarray(marks_ms, np.int64)
    _check_pairs(start, stop, row, marks)
    row, marks = np.unique(np.stack([row, marks]), axis=1)  # sorted by segment, then time; each once
    begin = np.append(0, np.cumsum(np.bincount(row, minlength=start.size)))
    first, last = begin[:-1].copy(), begin[:-1].copy()
    # Marks are few: what has none is left alone.
    np.add.at(first, row[marks <= start[row]], 1)
    np.add.at(last, row[marks < stop[row]], 1)
    last[row] = np.maximum(last[row], first[row])
    period = first[atoms.segment]
    over = np.flatnonzero((last > first)[atoms.segment])
    cut = atoms
    if over.size:
        cut, number = _cut_over(atoms, over, period, (start, stop, last), marks)
        period = number.astype(np.int64)
    return cut, (period - begin[cut.segment]).astype(np.int32)


def _check_pairs(start: IntArray, stop: IntArray, row: IntArray, marks: IntArray) -> None:
    if start.shape != stop.shape or row.shape != marks.shape:
        raise ValueError("columns differ in length; give one beginning and end a segment, one mark a row")
    if (stop < start).any():
        raise ValueError(f"segment {int(np.argmax(stop < start))} ends before it begins; sort fixes by time")
    wrong = (row < 0) | (row >= start.size)
    if wrong.any():
        raise ValueError(
            f"a mark names segment {row[wrong][0]}; expected 0 to {start.size - 1}: rows of the segments"
        )

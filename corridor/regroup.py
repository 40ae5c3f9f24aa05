"""Atoms booked by groups of the user's making: a visit's window at berth, the time of a report."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from corridor.emissions.basis import Basis, account
from corridor.emissions.behaviour import Surroundings
from corridor.emissions.control import Control
from corridor.emissions.fleet import Fleet
from corridor.emissions.places import Places
from corridor.emissions.rules import Rulebook
from corridor.tracks.trajectories import Segments
from layers.atoms import Atoms

IntArray = npt.NDArray[np.int64]


class Books(NamedTuple):
    """What every booking of a chunk shares: ships, places, rules, surroundings, switches."""

    fleet: Fleet
    places: Places
    rulebook: Rulebook
    surroundings: Surroundings
    main_off: bool = True


class Regrouped(NamedTuple):
    """Some atoms whose segments were split by a group, so that accounts come out by group.

    Attributes
    ----------
    segments, surroundings
        One row for each segment and group; ``voyage`` counts the pairs of voyage and group.
    atoms, period
        The chosen atoms.
    row : array
        Row that each split segment had before. [index]
    voyage, group : array
        What each number of ``voyage`` stands for.
    """

    segments: Segments
    surroundings: Surroundings
    atoms: Atoms
    period: npt.NDArray[np.int32]
    row: IntArray
    voyage: IntArray
    group: IntArray


def taken(atoms: Atoms, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Atoms:
    """Some of the atoms, in their order."""
    return Atoms(
        segment=atoms.segment[rows],
        code=atoms.code[rows],
        cell=atoms.cell[rows],
        f0=atoms.f0[rows],
        f1=atoms.f1[rows],
    )


def regrouped(
    books: Books, segments: Segments, atoms: Atoms, period: npt.NDArray[np.int32], group: IntArray
) -> Regrouped:
    """Split segments by the group of their atoms.

    Parameters
    ----------
    books : Books
        Surroundings of the segments.
    segments : Segments
        Segments by vessel and time.
    atoms, period : Atoms, array
        The atoms to book, in order, and their periods.
    group : array
        Group of each of the atoms, 0 or more. [index]
    """
    segment = np.asarray(atoms.segment, np.int64)
    new = np.ones(len(segment), bool)
    new[1:] = (segment[1:] != segment[:-1]) | (group[1:] != group[:-1])
    row = segment[new]
    pairs = np.stack([np.asarray(segments.voyage, np.int64)[row], group[new]])
    kinds, voyage = np.unique(pairs, axis=1, return_inverse=True)
    columns: dict[str, Any] = {name: values[row] for name, values in segments.columns().items()}
    columns["voyage"] = voyage.ravel().astype(columns["voyage"].dtype)
    around = {name: values[row] for name, values in vars(books.surroundings).items()}
    _, code, cell, f0, f1 = atoms.columns()
    return Regrouped(
        segments=replace(segments, **columns),
        surroundings=replace(books.surroundings, **around),
        atoms=Atoms((np.cumsum(new) - 1).astype(np.int32), code, cell, f0, f1),
        period=period,
        row=row,
        voyage=kinds[0],
        group=kinds[1],
    )


def booked_by_group(
    books: Books,
    parts: Regrouped,
    baseline: tuple[npt.NDArray[np.int8], npt.NDArray[np.float64], npt.NDArray[np.float64]],
    *,
    control: Control | None = None,
    pieces: bool = False,
) -> tuple[Basis, pd.DataFrame]:
    """Book regrouped atoms with the phases, speeds and loads they had before: accounts, and ledger by group.

    Parameters
    ----------
    baseline : tuple of arrays
        Phase of each of the atoms; speed and load of each *unsplit* segment. [index, kn, 0–1]
    control : Control, optional
        Of the atoms.

    Returns
    -------
    tuple
        Basis as booked, and its ledger with the voyage of the segments and a column ``group``.
    """
    phase, speed_kn, load = baseline
    basis = account(
        parts.segments,
        parts.atoms,
        parts.period,
        fleet=books.fleet,
        places=books.places,
        rulebook=books.rulebook,
        surroundings=parts.surroundings,
        main_off=books.main_off,
        pieces=pieces,
        control=control,
        phase=phase,
        loads=(speed_kn[parts.row], load[parts.row]),
    )
    number = basis.ledger["voyage"].to_numpy()
    return basis, basis.ledger.assign(voyage=parts.voyage[number], group=parts.group[number])

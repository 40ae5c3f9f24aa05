"""What is done to atoms besides burning fuel: shore power, capture of exhaust, a mass that was measured."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


class Control(NamedTuple):
    """Variants of an hour: what of each account is left, atom by atom.

    Hours, observed hours and distance are never changed: a multiplier of theirs is not read. Shore power is a
    variant whose auxiliary accounts are multiplied by what stays on board, and whose ``shore_share`` says how
    much of the auxiliary demand came through the cable.

    Attributes
    ----------
    variant : array (atoms), int32
        Variant of each atom; 0 is the untouched one. [index]
    multipliers : array (variants, accounts)
        What each account is multiplied by, in the order of :data:`corridor.emissions.basis.LEDGER_COLUMNS`;
        row 0 is all ones. [1]
    shore_share : array (variants)
        Share of the auxiliary demand that is taken from shore. [0–1]
    """

    variant: npt.NDArray[np.int32]
    multipliers: FloatArray
    shore_share: FloatArray


def untouched(accounts: int) -> Control:
    """Return the control of a study that controls nothing.

    >>> untouched(3).multipliers.tolist(), len(untouched(3).variant)
    ([[1.0, 1.0, 1.0]], 0)
    """
    return Control(np.zeros(0, np.int32), np.ones((1, accounts)), np.zeros(1))


def checked(control: Control | None, atoms: int, accounts: int) -> Control:
    """Return a control whose arrays fit the atoms.

    Raises
    ------
    ValueError
        If an array has another length than expected, or variant 0 changes anything.
    """
    if control is None:
        return untouched(accounts)
    variants = len(control.multipliers)
    expected = {
        "variant": ((atoms,), control.variant.shape),
        "multipliers": ((variants, accounts), control.multipliers.shape),
        "shore_share": ((variants,), control.shore_share.shape),
    }
    for name, (wanted, found) in expected.items():
        if wanted != found:
            raise ValueError(f"found {name} of shape {found}; expected {wanted}")
    if variants == 0 or not (control.multipliers[0] == 1.0).all() or control.shore_share[0] != 0.0:
        raise ValueError("found a first variant that changes something; expected all ones and no shore power")
    if atoms and not 0 <= control.variant.min() <= control.variant.max() < variants:
        raise ValueError(f"found a variant beyond the {variants} there are; expected 0 to {variants - 1}")
    return Control(
        np.ascontiguousarray(control.variant, np.int32),
        np.ascontiguousarray(control.multipliers, np.float64),
        np.ascontiguousarray(control.shore_share, np.float64),
    )

"""A change of a product split among its factors, without a remainder: the logarithmic mean Divisia index."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def logarithmic_mean(a: Floats, b: Floats) -> Floats:
    """Logarithmic mean of two positive numbers, ``(a - b) / ln(a / b)``; the number itself where equal.

    >>> logarithmic_mean(np.array([2.0, 8.0]), np.array([2.0, 1.0])).round(4).tolist()
    [2.0, 3.3663]
    """
    # Over the smaller one, so that the logarithm keeps its digits near one and far from it.
    least = np.minimum(a, b)
    excess = np.maximum(a, b) / least - 1.0
    far = excess != 0.0
    safe = np.where(far, excess, 1.0)
    mean: Floats = np.where(far, least * safe / np.log1p(safe), a)
    return mean


def effects(before: Floats, after: Floats) -> Floats:
    """How much of the change of each product every factor makes; they sum to the change.

    The additive index LMDI-I [1]_: a factor's effect is the logarithmic mean of the products before and
    after, times the logarithm of the factor's ratio. Where a product is zero on one side the whole change
    belongs to the first factor that is zero there, which is the limit of the index as that factor goes to
    zero [2]_: what follows from something absent has no value. So factors stand in the order in which each is
    needed by the next; what is undefined may be NaN.

    Parameters
    ----------
    before, after : array (n, factors)
        Factors of n products; none negative.

    Returns
    -------
    array (n, factors)
        In the unit of the products.

    Raises
    ------
    ValueError
        If the shapes differ or a factor is negative.

    References
    ----------
    .. [1] B. W. Ang, LMDI decomposition approach: a guide for implementation, Energy Policy 86, 2015.
    .. [2] B. W. Ang, N. Liu, Handling zero values in the logarithmic mean Divisia index decomposition
       approach, Energy Policy 35, 2007.

    Examples
    --------
    Twice the calls at half the hours: nothing changed, and both did.

    >>> effects(np.array([[10.0, 4.0]]), np.array([[20.0, 2.0]])).round(3).tolist()
    [[27.726, -27.726]]
    >>> effects(np.array([[10.0, 0.0]]), np.array([[20.0, 2.0]])).tolist()
    [[0.0, 40.0]]
    """
    if before.shape != after.shape:
        raise ValueError(f"found factors of shapes {before.shape} and {after.shape}; expected equal ones")
    if (before < 0).any() or (after < 0).any():
        raise ValueError("found a negative factor; expected none below zero")
    there = [np.all(side > 0, axis=1) for side in (before, after)]
    found = np.zeros(before.shape)
    both = there[0] & there[1]
    was, now = before[both], after[both]
    mean = logarithmic_mean(now.prod(axis=1), was.prod(axis=1))
    found[both] = mean[:, None] * np.log(now / was)
    for sign, side, present, absent in ((1.0, after, *there[::-1]), (-1.0, before, *there)):
        alone = np.flatnonzero(present & ~absent)
        other = (before if sign > 0 else after)[alone]
        first = np.argmax(~(other > 0), axis=1)
        found[alone, first] = sign * side[alone].prod(axis=1)
    return found

"""Compile numeric kernels with numba, or leave them as plain Python.

Setting the environment variable ``CORRIDOR_JIT=0`` before the first import gives a numba-free path with the
same answers: slow, and useful to debug a kernel or to check that compiling changed nothing.

A compiled kernel is cached by the date of its own file only: after a change to a kernel that another file's
kernels call, delete the cached files of the caller too.
"""

import os
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np

F = TypeVar("F", bound=Callable[..., object])

ENABLED = os.environ.get("CORRIDOR_JIT", "1") != "0"

if ENABLED:
    import numba
    from numba.core.options import DefaultOptions

    # Numba keeps this option to itself: a version without it counts everywhere, which is slower, not wrong.
    _CAN_BORROW = hasattr(DefaultOptions, "_nrt")

    def njit(function: F) -> F:
        """Compile a function of floats and arrays to machine code, cached beside its source.

        A function without a file, or a place where nothing may be written, has no cache and is compiled anew.

        >>> @njit
        ... def double(x):
        ...     return 2 * x
        >>> double(2.0)
        4.0
        """
        return _compiled(function, counts=True)

    def borrowing(function: F) -> F:
        """Compile a kernel that only borrows arrays: it makes none, keeps none, returns none.

        It then need not count who holds them, which in a kernel of small functions takes a third of the time.
        One that makes an array all the same is not compiled: numba says so.

        >>> @borrowing
        ... def first(values):
        ...     return values[0]
        >>> first(np.array([2.0, 3.0]))
        2.0
        """
        return _compiled(function, counts=False)

    def _compiled(function: F, *, counts: bool) -> F:
        # Said of each: a kernel would take it over from the one that calls it first.
        options: dict[str, Any] = {"error_model": "numpy"} | ({"_nrt": counts} if _CAN_BORROW else {})
        try:
            compiled = numba.njit(cache=True, **options)(function)
        except RuntimeError:
            compiled = numba.njit(**options)(function)
        return cast("F", compiled)

else:

    def njit(function: F) -> F:
        """Return the function as it is: the numba-free path."""
        return function

    borrowing = njit


@njit
def zero() -> int:
    """0 to count from: for a literal 0 numba compiles the kernels that are given the count a second time.

    >>> zero()
    0
    """
    return int(np.int64(0))

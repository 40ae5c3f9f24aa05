"""Compile numeric kernels with numba, or leave them as plain Python.

Setting the environment variable ``CORRIDOR_JIT=0`` before the first import gives a numba-free path with the
same answers: slow, and useful to debug a kernel or to check that compiling changed nothing.

A compiled kernel is cached by the date of its own file only: after a change to a kernel that another file's
kernels call, delete the cached files of the caller too.
"""

import os
from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np

F = TypeVar("F", bound=Callable[..., object])

ENABLED = os.environ.get("CORRIDOR_JIT", "1") != "0"

if ENABLED:
    import numba

    def njit(function: F) -> F:
        """Compile a function of floats and arrays to machine code, cached beside its source.

        A function without a file, or a place where nothing may be written, has no cache and is compiled anew.

        >>> @njit
        ... def double(x):
        ...     return 2 * x
        >>> double(2.0)
        4.0
        """
        try:
            compiled = numba.njit(cache=True, error_model="numpy")(function)
        except RuntimeError:
            compiled = numba.njit(error_model="numpy")(function)
        return cast("F", compiled)

else:

    def njit(function: F) -> F:
        """Return the function as it is: the numba-free path."""
        return function


@njit
def zero() -> int:
    """0 to count from: for a literal 0 numba compiles the kernels that are given the count a second time.

    >>> zero()
    0
    """
    return int(np.int64(0))

"""Upstream's dynamics and resizing, imported such that what numba compiles for it is kept on disk.

Cellpose 3.1.1.3 has four functions compiled whenever this module is imported, which takes longer
than anything else at a child's start, and keeps only one of them (dynamics.py:26, 414, 525, 548).
Here all are kept, in the place where numba keeps that one.
"""

from __future__ import annotations

import functools

import numba

usual = numba.njit
numba.njit = functools.partial(usual, cache=True)
try:
    from cellpose import dynamics, transforms
finally:
    numba.njit = usual

__all__ = ["dynamics", "transforms"]

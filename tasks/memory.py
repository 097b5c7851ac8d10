"""How a process that lives for long gives memory back."""

from __future__ import annotations

import ctypes

# malloc.h of glibc.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
#: Bytes. What glibc begins with.
LARGE = 128 * 1024


def give_back_large_blocks() -> None:
    """
    Have the C library give a large block back to the system as soon as it is free.

    glibc does so at first; but when one was freed it takes blocks of that size from its heaps
    from then on, and what is small and lives on behind a path's document keeps its room for good.
    Other C libraries are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        for name in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
            mallopt(name, LARGE)

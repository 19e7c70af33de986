"""How the C library hands out memory."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
NEVER = 2**31 - 1


def keep_freed_memory() -> None:
    """Keep what is freed for the next use, where the C library is glibc; elsewhere nothing happens.

    It returns large blocks to the system at once. A training step frees and asks for the same gigabytes again, and
    the system clears each page anew: up to a fifth of the time of a step on a processor.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
        # Older versions take no more than 32 MiB as the first; the second without it would make things worse.
        if mallopt is not None and (mallopt(M_MMAP_THRESHOLD, NEVER) or mallopt(M_MMAP_THRESHOLD, 32 << 20)):
            mallopt(M_TRIM_THRESHOLD, NEVER)

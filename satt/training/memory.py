"""Memory that is freed and soon needed again."""

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # as in malloc.h


def keep_freed_memory():
    """Have the C library keep what is freed for what is needed next.

    A training step makes and drops some hundred arrays of up to a few megabytes. Left alone, the
    GNU C library hands the larger ones back to the system, and gets them again at the next step
    empty, page by page, each of which costs as much as computing a thousand numbers. Other systems
    have no such switch.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if set_option is not None:
        for option, size in ((M_MMAP_THRESHOLD, 2**25), (M_TRIM_THRESHOLD, 2**29)):
            set_option(option, size)

"""How much memory there is, so that what cannot fit is refused before any work is done.

A system that promises more memory than it has ends the program later, without a word.
"""

import os

from satt.errors import SattError


def physical_memory():
    """The bytes of memory that this machine has; None where the system cannot say."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def peak_memory():
    """The most memory that this process has held, in bytes; None where the system cannot say."""
    try:
        import resource
    except ImportError:
        return None
    import sys

    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else 1024 * used


def check_memory(wanted, what, advice):
    """Raise a SattError if something takes more memory than there is.

    Parameters
    ----------
    wanted : int
        Bytes.
    what, advice : str
        For the error: what takes them, and what to do.
    """
    there = physical_memory()
    if there and wanted > there:
        raise SattError(
            f"{what} take {wanted / 1e9:,.1f} GB, expected less than the {there / 1e9:,.1f} GB "
            f"of memory that this machine has; {advice}"
        )

"""What a student's process may use: memory, processes, file sizes; and as whom it runs."""

import os
import sys

try:
    import resource
except ImportError:  # Windows: time limits and the end of all processes remain
    resource = None

OPEN_FILES = 64
MOST_OUTPUT = 8 * 2**20  # bytes of a file


def set_limits(memory, processes, seconds):
    """Lower the limits of this process for good.

    Parameters
    ----------
    memory : int
        Bytes of address space.
    processes : int or None
        Of this user, threads counted; None to leave it.
    seconds : int
        Of processor time, a last resort: the grader's own clock is faster.
    """
    if resource is None:
        return
    _lower("RLIMIT_CORE", 0)
    _lower("RLIMIT_FSIZE", MOST_OUTPUT)
    _lower("RLIMIT_NOFILE", OPEN_FILES)
    _lower("RLIMIT_CPU", seconds)
    if sys.platform != "darwin":  # macOS reserves more than anyone asks for
        _lower("RLIMIT_AS", memory)
    if processes is not None:
        _lower("RLIMIT_NPROC", processes)


def become(user):
    """Become another user, for good.

    Parameters
    ----------
    user : int or None
        Its number, also that of its group; None to stay who we are.
    """
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)


def _lower(name, value):
    number = getattr(resource, name, None)
    if number is None:
        return
    _, hard = resource.getrlimit(number)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(number, (value, value))

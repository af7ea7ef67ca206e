"""What the system offers to keep a student's process apart, found out once.

On Linux that is namespaces (no network, no sight of other processes, the answers covered up, a
scratch folder in memory) by the command `unshare`, and for root another user. Elsewhere, and where
a container does not allow it, the limits, the hook in the child and the end of its whole session
remain; `describe` says what there is.
"""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

# Debian keeps these numbers free of users; each grading process takes one for its students.
USERS = range(65_000, 65_534)
NOBODY = 65_534
SCRATCH_SIZE = "64m"
PROCESSES = 48  # a student's, threads counted
NAMESPACES = ("--net", "--pid", "--mount", "--fork", "--kill-child")
PACKAGE = Path(__file__).resolve().parents[2]

# Where everybody may write, beside the folder for temporary files.
WRITABLE = ("/dev/shm", "/var/tmp")

# Makes the folder for temporary files one to read only, lays SCRATCH in memory, covers other
# folders by empty ones, and then runs what follows.
BOOT = """\
mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"
set -e
mount -t tmpfs -o size=$2,mode=700,uid=$3,gid=$3 none "$4"
shift 4
while [ "$1" != -- ]; do mount -t tmpfs -o size=4k,mode=555 none "$1"; shift; done
shift
exec "$@"
"""


@dataclass(frozen=True)
class Isolation:
    """How a student's process is started.

    Attributes
    ----------
    namespaces : tuple of str
        The command that makes them; empty where they cannot be made.
    user : int or None
        As whom it runs, None for ourselves.
    is_own_user : bool
        Whether nothing else runs as this user, so that all that does can be ended.
    """

    namespaces: tuple[str, ...]
    user: int | None
    is_own_user: bool

    def command(self, command, scratch):
        """Put what makes the namespaces before a command.

        Parameters
        ----------
        command : list of str
        scratch : Path
            The folder that is laid in memory.

        Returns
        -------
        list of str
        """
        if not self.namespaces:
            return command
        owner = str(self.user or 0)
        hidden = [str(folder) for folder in _answers()]
        hidden += [name for name in WRITABLE if Path(name) not in scratch.parents
                   and os.path.isdir(name) and not os.path.islink(name)]
        covers = [tempfile.gettempdir(), SCRATCH_SIZE, owner, str(scratch), *hidden, "--"]
        return [*self.namespaces, "sh", "-c", BOOT, "sh", *covers, *command]

    def processes(self):
        """How many processes the student's user may have; None where that cannot be told."""
        if self.is_own_user:
            return PROCESSES
        if not sys.platform.startswith("linux"):
            return None
        return PROCESSES + _running(os.getuid() if self.user is None else self.user)

    def end_all(self):
        """End all that runs as the student's user, wherever it went."""
        if self.is_own_user:
            subprocess.run(
                ["sh", "-c", "kill -9 -1"], user=self.user, group=self.user, extra_groups=[],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )

    def describe(self):
        """Say in a line what keeps a student's process apart."""
        parts = ["a process with limits"]
        if self.user is not None:
            parts.append(f"as user {self.user}")
        if self.namespaces:
            parts.append("without network, in namespaces of its own")
        return ", ".join(parts)


@functools.cache
def isolation():
    """Find out what there is; a user number that is taken stays ours until this process ends.

    Returns
    -------
    Isolation
    """
    user, is_own_user = _take_user()
    return Isolation(_namespaces(user), user, is_own_user)


def _namespaces(user):
    tools = [shutil.which(name) for name in ("unshare", "mount", "sh")]
    if not sys.platform.startswith("linux") or not all(tools):
        return ()
    command = (tools[0], *NAMESPACES)
    if user is None:
        command += ("--user", "--map-root-user")
    trial = [*command, "sh", "-c", "mount -t tmpfs none /mnt"]
    return command if _works(trial) else ()


def _take_user():
    """Take a user for students, if we are root and nobody else has it."""
    if os.name == "nt" or os.getuid() != 0 or not shutil.which("true"):
        return None, False
    for user in USERS if sys.platform.startswith("linux") else ():
        if _reserve(user) and not _running(user):
            if _works(["true"], user=user, group=user, extra_groups=[]):
                return user, True
            break
    works = _works(["true"], user=NOBODY, group=NOBODY, extra_groups=[])
    return (NOBODY if works else None), False


_reserved = []


def _reserve(user):
    """Take a number for as long as this process runs: a name that only one can have."""
    import socket

    lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        lock.bind(f"\0satt-homework-user-{user}")
    except OSError:
        lock.close()
        return False
    _reserved.append(lock)
    return True


def _works(command, **settings):
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, timeout=20, **settings,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _running(user):
    """Count the threads of a user."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if process.stat().st_uid == user:
                count += len(os.listdir(process / "task"))
        except OSError:
            continue  # it has just ended
    return count


def _answers():
    """The folders that hold the reference."""
    return [path for name in ("satt", "gradcheck") if (path := PACKAGE / name).is_dir()]

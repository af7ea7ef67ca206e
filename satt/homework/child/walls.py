"""What a student's code may not reach, as far as Python sees it: a hook that cannot be removed.

It is the second wall. The first is the process itself: another user, limits, no network, where
the system has them. The hook sees what Python does, not what machine code might do; modules that
would let Python run machine code, start processes or open connections are refused as a whole.
"""

import os
import sys

# Importing one of these is refused; "satt" and "gradcheck" hold the answers.
ANSWERS = ("satt", "gradcheck")
REFUSED_MODULES = (
    "_ctypes", "_curses", "_dbm", "_gdbm", "_interpreters", "_multiprocessing", "_posixshmem",
    "_posixsubprocess", "_scproxy", "_socket", "_sqlite3", "_ssl", "_testcapi",
    "_testinternalcapi", "_tkinter", "_winapi", "_xxinterpchannels", "_xxsubinterpreters",
    "cffi", "ctypes", "multiprocessing", "nis", "ossaudiodev", "readline", "socket", "sqlite3",
    "ssl", "subprocess", "termios", "tkinter", "winreg",
)

# Every event that begins so is refused; see "Audit events table" in Python's documentation.
REFUSED_EVENTS = (
    "_winapi.", "code.__new__", "cpython.PyInterpreterState_Clear", "ctypes.", "fcntl.ioctl",
    "ftplib.", "function.__new__", "gc.get_", "http.", "msvcrt.", "os.chdir", "os.chflags",
    "os.chmod", "os.chown", "os.exec", "os.fork", "os.kill", "os.lchown", "os.link",
    "os.posix_spawn", "os.removexattr", "os.setxattr", "os.spawn", "os.startfile", "os.symlink",
    "os.system", "pty.spawn", "resource.prlimit", "resource.setrlimit", "setopencodehook",
    "signal.pthread_kill", "smtplib.", "socket.", "sqlite3.", "subprocess.", "syslog.",
    "urllib.", "winreg.",
)
CHANGING_EVENTS = (
    "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate", "os.utime", "shutil.",
)
LISTING_EVENTS = ("os.listdir", "os.scandir")
MOST_WRITTEN = 10  # files opened for writing: none needs to be
WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def raise_walls(library, code_folder, scratch, numpy_folder):
    """Refuse, from now on and for good, what homework has no use for.

    Parameters
    ----------
    library : list of str
        The folders of Python's own modules.
    code_folder : str
        With the student's files; they may be read.
    scratch : str
        The current folder, where files may be written.
    numpy_folder : str
        Of the package.
    """
    for name in list(sys.modules):
        if name.partition(".")[0] in REFUSED_MODULES:
            del sys.modules[name]
    numpy_folders = [numpy_folder, numpy_folder + ".libs"]
    sys.addaudithook(
        _hook(
            mine=_prefixes([scratch]),
            readable=_prefixes([code_folder, scratch, *numpy_folders]),
            library=_prefixes(library),
        )
    )


def _prefixes(folders):
    """Write folders, as they are called and where they really are, in one way on all systems."""
    both = [path for folder in folders for path in (folder, os.path.realpath(folder))]
    return tuple({_plain(os.path.abspath(path)) + "/" for path in both})


def _plain(path):
    return path.replace("\\", "/").lower() if os.name == "nt" else path


def _hook(mine, readable, library):
    """Make the hook. It uses nothing that a student's code could exchange: no global name."""
    refused_events, refused_modules, answers = REFUSED_EVENTS, REFUSED_MODULES, ANSWERS
    changing, listing, writing_flags = CHANGING_EVENTS, LISTING_EVENTS, WRITING_FLAGS
    is_windows = os.name == "nt"
    str_, bytes_, int_, type_, len_ = str, bytes, int, type, len
    most_written = MOST_WRITTEN
    import_error, permission_error = ImportError, PermissionError

    def as_text(path):
        if type_(path) is bytes_:
            path = path.decode("utf-8", "surrogateescape")
        if type_(path) is not str_:  # a subclass could answer one thing here and another later
            return ""
        return path.replace("\\", "/").lower() if is_windows else path

    def is_absolute(path):
        return path[:1] == "/" or is_windows and path[1:3] == ":/"

    def is_within(path, prefixes):
        return "/../" not in path + "/" and (path + "/").startswith(prefixes)

    def may_read(path):
        if is_within(path, readable) or path in ("/dev/null", "/dev/urandom"):
            return True
        is_library = is_within(path, library)
        return is_library and "/site-packages/" not in path and "/dist-packages/" not in path

    def may_write(path):
        return is_within(path, mine) or path in ("/dev/null", "nul")

    def is_relative_and_inside(path):
        return path != "" and not is_absolute(path) and ".." not in path.split("/")

    written = 0

    def hook(event, arguments):
        nonlocal written
        if event == "open":
            path, mode, flags = arguments
            if type_(path) is int_:
                return
            text = as_text(path)
            writes = type_(flags) is int_ and flags & writing_flags
            writes = writes or type_(mode) is str_ and mode.strip("rbtU") != ""
            written += 1 if writes else 0
            if writes and written > most_written:
                raise permission_error("homework may not write so many files")
            # Of `os.open` one does not see to which folder a relative path belongs.
            if mode is not None and is_relative_and_inside(text):
                return
            if text and (may_write(text) if writes else may_read(text)):
                return
            what = "write" if writes else "read"
            raise permission_error(f"homework may not {what} this file: {text[:100]}")
        if event == "import":
            name = arguments[0]
            top = name.partition(".")[0] if type_(name) is str_ else ""
            if top in answers:
                raise import_error(f"homework may not import {top}: it holds the answers")
            if top in refused_modules:
                raise import_error(f"homework may not import {top}", name=top)
        elif event.startswith(refused_events):
            raise permission_error(f"homework may not do this: {event}")
        elif event in listing:
            text = as_text(arguments[0])
            if arguments[0] is not None and not may_read(text) and text != ".":
                raise permission_error(f"homework may not list this folder: {text[:100]}")
        elif event.startswith(changing):
            for path in arguments[: 2 if event == "os.rename" else 1]:
                text = as_text(path)
                if not may_write(text) and not is_relative_and_inside(text):
                    raise permission_error(f"homework may not change this: {text[:100]}")
            if event[:3] == "os." and len_(arguments) > 1 and type_(arguments[-1]) is int_:
                if event != "os.truncate" and arguments[-1] != -1:
                    raise permission_error(f"homework may not do this: {event}")

    return hook

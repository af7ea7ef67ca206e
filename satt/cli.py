"""The command `satt`: what it can do, and how it says that something went wrong."""

import argparse
import os
import signal
import sys
import threading
import warnings
from contextlib import contextmanager

from satt.commands import caption, demo, draw, evaluate, homework, inspect, lessons, train
from satt.errors import SattError
from satt.training.memory import keep_freed_memory

COMMANDS = (demo, draw, inspect, train, caption, evaluate, lessons, homework)

DESCRIPTION = """\
Show, Attend and Tell by hand: a captioner that looks at one part of an image for each word, in
NumPy, with every gradient written out."""

EPILOG = """\
where to begin:
  satt demo                           learn to caption drawn scenes, and show where it looked
  satt caption photo.jpg              caption a photograph, or a scene with what the demo learned
  satt draw                           look at the scenes that the demo learns from
  satt train --data scenes            train with settings of your own
  satt inspect FOLDER                 look at photographs with captions, if you have some
  satt train --data FOLDER            train on them
  satt evaluate --data scenes         measure what a checkpoint can do
  satt lessons                        learn how all this works, step by step
  satt homework                       hand out homework made of it
  satt COMMAND --help                 all about one command, with examples
  gradcheck                           check every gradient by which all this is learned

exit code: 0 done, 2 something in what was asked for is wrong, 130 interrupted"""

WRONG, INTERRUPTED = 2, 130
POSITIONAL = {"images": "IMAGE", "folder": "FOLDER", "set": "SET"}


def main(arguments=None):
    """Run the command.

    Parameters
    ----------
    arguments : list of str, optional
        What follows the command's name; by default, what the process was called with.

    Returns
    -------
    code : int
        0 if all was done, 2 if something in what was asked for is wrong, 130 if Ctrl-C ended it.
    """
    _leave_the_threads_to_us()
    keep_freed_memory()
    _let_everything_be_printed()
    try:
        with warnings.catch_warnings(), _sigterm_as_ctrl_c():
            warnings.showwarning = _say_warning
            code = _run(sys.argv[1:] if arguments is None else list(arguments))
        sys.stdout.flush()
        return code
    except (SattError, Warning) as error:  # a warning, where Python is told to raise them
        return _say(error, WRONG)
    except KeyboardInterrupt as interrupt:
        return _say(str(interrupt) or "interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has enough; Python would complain once more when it ends.
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return WRONG
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _say(f"{where}{error.strerror or error}; make room or choose another place", WRONG)
    except MemoryError as error:
        what = str(error) or "out of memory"
        return _say(f"{what}; ask for fewer or smaller images, or a smaller model", WRONG)


def _run(arguments):
    parser = _build_parser(arguments)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        parser.prog += f" {options.command}" if options.command else ""
        parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    if options.version:
        print(f"satt {_version()}")
        return 0
    if options.command is None:
        parser.print_help(sys.stderr)
        return WRONG
    _refuse_empty_texts(options)
    return options.run(options)


def _leave_the_threads_to_us():
    """Have BLAS compute in one thread, unless the user has asked for more.

    Training splits the batch between threads (see `satt.training.parts`). BLAS splits single
    products, and ours are small: its threads mostly wait for each other, and when another program
    wants the processors too, a step takes many times as long. BLAS reads this when NumPy is
    imported, which is later.
    """
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ.setdefault(variable, "1")


@contextmanager
def _sigterm_as_ctrl_c():
    """Take SIGTERM, by which batch systems say that the time is up, for Ctrl-C."""
    ours = (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if ours:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


class _Parser(argparse.ArgumentParser):
    """A parser that complains in one line."""

    def error(self, message):
        self.exit(WRONG, f"satt: {' '.join(message.split())}; see `{self.prog} --help`\n")


def _build_parser(arguments):
    """Build the parser; only the command that is asked for gets its arguments."""
    looks = {"formatter_class": argparse.RawDescriptionHelpFormatter, "allow_abbrev": False}
    parser = _Parser(prog="satt", description=DESCRIPTION, epilog=EPILOG, **looks)
    parser.add_argument("--version", action="store_true", help="print the version")
    parsers = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    asked_for = next((word for word in arguments if not word.startswith("-")), None)
    for command in COMMANDS:
        sub_parser = parsers.add_parser(
            command.NAME, help=command.SUMMARY, description=command.DESCRIPTION,
            epilog=command.EXAMPLES, **looks,
        )
        if command.NAME == asked_for:
            command.add_arguments(sub_parser)
            sub_parser.set_defaults(run=command.run)
    return parser


def _version():
    from importlib import metadata

    try:
        return metadata.version("satt")
    except metadata.PackageNotFoundError:
        return "from its source, not installed"


def _let_everything_be_printed():
    """A stream may be closed; a file's name may hold what the terminal's encoding does not."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _refuse_empty_texts(options):
    """A variable of the shell that is not set gives "", and that would mean the current folder."""
    for name, value in vars(options).items():
        if value == "" or (isinstance(value, list) and "" in value):
            named = POSITIONAL.get(name, "--" + name.replace("_", "-"))
            raise SattError(f"{named}: expected a name, got ''; give one or leave it out")


def _say(message, code):
    line = " ".join(str(message).split())
    print(f"satt: {line}", file=sys.stderr)
    return code


def _say_warning(message, category, filename, lineno, file=None, line=None):
    print(f"satt: {message}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())

"""The command `gradcheck`: what it can do, and how it says that something went wrong."""

import argparse
import os
import sys
import traceback
from pathlib import Path

COULD_NOT_RUN, INTERRUPTED = 2, 130
SUBCOMMANDS = ("mutate", "mistakes")


def main(arguments=None):
    """Run the command.

    Parameters
    ----------
    arguments : list of str, optional
        What follows the command's name; by default, what the process was called with.

    Returns
    -------
    code : int
        0 if everything asked for is right, 1 if a check failed, 2 if one could not run or is not
        known, 130 if Ctrl-C ended it.
    """
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    _let_any_text_be_printed()
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # Whoever read the output has enough; Python would complain once more when it ends.
        for stream in (sys.stdout, sys.stderr):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        return COULD_NOT_RUN
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        what = error.strerror or error
        return _say(f"{where}{what}; make room or choose another place", COULD_NOT_RUN)
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}, line {last.lineno}"
        what = f"{type(error).__name__}: {error} ({where})"
        return _say(f"a mistake in gradcheck itself: {what}", COULD_NOT_RUN)


class _Parser(argparse.ArgumentParser):
    """A parser that complains in one line."""

    def error(self, message):
        message = " ".join(message.split())
        self.exit(COULD_NOT_RUN, f"gradcheck: {message}; see `{self.prog} --help`\n")


def _new_parser(program, description, examples):
    """Make a parser with what all parts of the command have.

    Parameters
    ----------
    program, description, examples : str

    Returns
    -------
    argparse.ArgumentParser
    """
    parser = _Parser(
        prog=program,
        description=description,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")
    return parser


def _run(arguments):
    """Go where the first word points: to a subcommand, or to the check of cases and files."""
    rest = list(arguments)
    word = next((word for word in arguments if not word.startswith("-")), None)
    if word in SUBCOMMANDS:
        rest.remove(word)
    if word == "mutate":
        from gradcheck.commands import mutate as command
    elif word == "mistakes":
        from gradcheck.commands import mistakes as command
    else:
        from gradcheck.commands import check as command
    program = f"gradcheck {word}" if word in SUBCOMMANDS else "gradcheck"
    parser = _new_parser(program, command.DESCRIPTION, command.EXAMPLES)
    command.add_arguments(parser)
    return command.run(parser.parse_args(rest))


def _let_any_text_be_printed():
    """A stream may be closed; a name or a message may hold what the terminal's encoding does not.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if os.name == "nt":
        os.system("")  # lets the older consoles of Windows understand colours


def _say(message, code):
    print(f"gradcheck: {' '.join(str(message).split())}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())

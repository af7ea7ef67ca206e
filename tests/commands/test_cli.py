"""The command `satt` itself: help, version, and how it says that something went wrong."""

import subprocess
import sys
from argparse import Namespace

import pytest

from satt import cli
from satt.errors import SattError

NAMES = [command.NAME for command in cli.COMMANDS]


def fail_with(error, monkeypatch):
    """Let `satt draw` raise something."""

    def run(options):
        raise error

    monkeypatch.setattr("satt.commands.draw.run", run)


def test_help_names_every_command_and_where_to_begin(satt):
    ended = satt("--help")
    assert ended.code == 0
    assert all(f"\n    {name}" in ended.out for name in NAMES)
    assert "satt demo" in ended.out and "exit code" in ended.out


def test_help_needs_no_slow_import():
    code = "import sys; from satt import cli; cli._build_parser(['--help']); print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert run.returncode == 0, run.stderr
    assert not {"numpy", "PIL", "matplotlib", "tqdm"} & set(run.stdout.split())


@pytest.mark.parametrize("name", NAMES)
def test_each_command_teaches_by_examples(name, satt):
    ended = satt(name, "--help")
    assert ended.code == 0
    assert f"usage: satt {name}" in ended.out
    assert ended.out.split("examples:")[1].count(f"satt {name}") >= 3


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_are_right(name):
    command = next(command for command in cli.COMMANDS if name == command.NAME)
    for line in command.EXAMPLES.splitlines():
        words = line.split("   ")[1 if line.startswith("   ") else 0].split(" > ")[0].split()
        if words[:1] == ["satt"]:
            options = cli._build_parser(words[1:]).parse_args(words[1:])
            assert isinstance(options, Namespace) and options.command == words[1]


def test_without_a_command_it_shows_the_help(satt):
    ended = satt()
    assert ended.code == 2 and ended.out == ""
    assert "where to begin:" in ended.err


def test_version(satt):
    ended = satt("--version")
    assert ended.code == 0
    assert ended.out.startswith("satt ") and len(ended.out.split()) > 1


def test_it_is_a_module_too():
    run = subprocess.run(
        [sys.executable, "-m", "satt", "nothing"], capture_output=True, encoding="utf-8"
    )
    assert run.returncode == 2
    assert run.stderr.startswith("satt: ") and "nothing" in run.stderr


@pytest.mark.parametrize("arguments, about", [
    (["dance"], ["'dance'", "demo", "caption"]),
    (["draw", "--colour"], ["--colour"]),
    (["draw", "--cou", "3"], ["--cou"]),
    (["train"], ["--data", "`satt train --help`"]),
    (["caption"], ["IMAGE"]),
])
def test_what_it_does_not_understand(arguments, about, complains):
    complains(*arguments, about=about)


@pytest.mark.parametrize("error, line", [
    (SattError("size: too\nlarge"), "satt: size: too large"),
    (PermissionError(13, "Permission denied", "sheet.png"),
     "satt: sheet.png: Permission denied; make room or choose another place"),
    (OSError(28, "No space left on device"),
     "satt: No space left on device; make room or choose another place"),
    (MemoryError("Unable to allocate 3 TiB"),
     "satt: Unable to allocate 3 TiB; ask for fewer or smaller images, or a smaller model"),
])
def test_what_can_go_wrong_is_one_line(error, line, monkeypatch, satt):
    fail_with(error, monkeypatch)
    ended = satt("draw")
    assert (ended.code, ended.out, ended.err) == (2, "", line + "\n")


def test_control_c_ends_with_130(monkeypatch, satt):
    fail_with(KeyboardInterrupt(), monkeypatch)
    ended = satt("draw")
    assert (ended.code, ended.err) == (130, "satt: interrupted\n")


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch, satt):
    fail_with(ZeroDivisionError(), monkeypatch)
    with pytest.raises(ZeroDivisionError):
        satt("draw")


def test_a_warning_is_one_line(monkeypatch, satt):
    def run(options):
        import warnings

        warnings.warn("two images are missing", stacklevel=1)
        return 0

    monkeypatch.setattr("satt.commands.draw.run", run)
    ended = satt("draw")
    assert (ended.code, ended.err) == (0, "satt: two images are missing\n")

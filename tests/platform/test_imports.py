"""What an import loads: nothing that takes long; tests/benchmarks/import_times.py has the times.

A machine that is busy makes every import slow, so that not the seconds are checked here but what
they are spent on.
"""

import pkgutil
import subprocess
import sys

import pytest

import gradcheck
import satt

SLOW = {"matplotlib", "scipy"}
MODULES = [
    module.name
    for package in (satt, gradcheck)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if not module.name.endswith("__main__")
]


def loaded_by(code):
    """Run some code in a fresh process; return the packages that are loaded afterwards."""
    code += "\nimport sys\nprint(*{name.split('.')[0] for name in sys.modules}, file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8")
    assert run.returncode == 0, run.stderr
    return set(run.stderr.split())


def test_no_module_loads_matplotlib_or_scipy():
    assert {"satt.figures.canvas", "satt.models.captioner", "gradcheck.plot"} <= set(MODULES)
    assert not loaded_by("\n".join(f"import {name}" for name in MODULES)) & SLOW


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["draw", "--help"], ["dance"]])
def test_help_and_complaints_load_nothing(arguments):
    code = f"""
import contextlib, io
from satt.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    with contextlib.suppress(SystemExit):
        main({arguments})
"""
    assert not loaded_by(code) & (SLOW | {"numpy", "PIL", "tqdm"})


def test_help_of_gradcheck_loads_numpy_alone():
    code = """
import contextlib, io
from gradcheck.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main(["--help"])
"""
    assert not loaded_by(code) & (SLOW | {"satt", "PIL", "tqdm"})

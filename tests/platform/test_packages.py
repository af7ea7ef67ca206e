"""From a clean clone to a demo: the sdist and the wheel, each where nothing can be written.

pip fetches what they need, so that these tests want the package index. When the demo runs, the
environment that satt is installed into and the home folder are read-only, for root too; and the
demo is called from a folder with a name that needs quoting.
"""

import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("satt/", "gradcheck/")
# What only those who work on the repository need.
LEFT_OUT = {".gitignore"}
WRITING = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
# Takes from root the right to write where the permissions say no.
AS_ANYBODY = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if IS_ROOT else []

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (ROOT / ".git").exists() or shutil.which("git") is None, reason="no git, so no clone"
    ),
]


def call(*command, **options):
    run = subprocess.run(
        [str(word) for word in command], capture_output=True, encoding="utf-8", **options
    )
    assert run.returncode == 0, f"{command}\n{run.stdout[-2000:]}\n{run.stderr[-2000:]}"
    return run.stdout


def clean_environment(**more):
    """The shell's variables without those that let Python find anything but what is installed."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    for name in ("VIRTUAL_ENV", "HOME", "MPLCONFIGDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        kept.pop(name, None)
    return kept | more


@pytest.fixture(scope="module")
def place():
    place = Path(tempfile.mkdtemp(prefix="satt-packages-"))
    yield place
    for folder in place.rglob("*"):
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o755)
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def clone(place):
    call("git", "clone", "--quiet", ROOT, place / "clone")
    return place / "clone"


@pytest.fixture(scope="module")
def built(place, clone):
    """The sdist, and the wheel that is built from it."""
    call(sys.executable, "-m", "build", "--outdir", place / "dist", clone)
    (sdist,) = (place / "dist").glob("*.tar.gz")
    (wheel,) = (place / "dist").glob("*.whl")
    return {"sdist": sdist, "wheel": wheel}


@pytest.fixture(scope="module")
def tracked(clone):
    return set(call("git", "ls-files", "-z", cwd=clone).split("\0")) - {""}


def test_the_wheel_holds_the_packages_and_all_of_their_files(built, tracked):
    with zipfile.ZipFile(built["wheel"]) as archive:
        names = set(archive.namelist())
    installed = {name for name in names if ".dist-info/" not in name}
    assert installed == {name for name in tracked if name.startswith(PACKAGES)}
    assert "gradcheck/cases/equivalent_mutants.json" in installed
    about = {name.split(".dist-info/")[1] for name in names - installed}
    assert {"METADATA", "entry_points.txt", "licenses/LICENSE"} <= about


def test_the_sdist_holds_all_that_is_tracked(built, tracked):
    with tarfile.open(built["sdist"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames() if not name.endswith("/")}
        files = {m.name.partition("/")[2] for m in archive.getmembers() if m.isfile()}
    wanted = {name for name in tracked if not name.startswith(".ci/")} - LEFT_OUT
    assert {"README.md", "LICENSE", "CHANGELOG.md", "setup.cfg"} <= wanted <= files
    made = {name for name in names - tracked if ".egg-info" not in name}
    assert {name for name in made if name in files} == {"PKG-INFO"}


@pytest.fixture(scope="module", params=["wheel", "sdist"])
def installed(request, place, built):
    """The folder of scripts of an environment that holds satt and can no longer be written to."""
    folder = place / f"from-{request.param}"
    call(sys.executable, "-m", "venv", folder)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    pip = (scripts / "python", "-m", "pip", "--disable-pip-version-check", "--quiet")
    call(*pip, "install", built[request.param], cwd=place)
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~WRITING)
    return scripts


@pytest.fixture
def anybody(place):
    """Run a command by the permissions, and without a home: anybody(folder, command...)."""
    if IS_ROOT and shutil.which("setpriv") is None:
        pytest.skip("root can write anywhere, and there is no setpriv to prevent it")
    home = place / "home"
    home.mkdir(exist_ok=True)
    home.chmod(0o555)

    def run(folder, *command):
        folder.mkdir(exist_ok=True)
        environment = clean_environment(HOME=str(home), TMPDIR=str(folder), OMP_NUM_THREADS="1")
        return call(*AS_ANYBODY, *command, cwd=folder, env=environment)

    return run


def test_the_demo_runs_where_only_its_own_folder_can_be_written(installed, place, anybody):
    folder = place / f"{installed.parent.name} 데모"
    python = installed / "python"
    where = anybody(folder, python, "-c", "import satt, gradcheck; print(satt.__path__[0])")
    site_packages = Path(where.strip()).parent
    assert site_packages.is_relative_to(installed.parent)
    before = sorted(site_packages.rglob("*"))
    for new in (site_packages / "satt" / "new.py", place / "home" / "new"):
        if os.name == "nt":  # a folder that is read-only takes new files there
            break
        writes = f"open({str(new)!r}, 'w')"
        with pytest.raises(AssertionError, match="PermissionError"):
            anybody(folder, python, "-c", writes)
    (folder / "numpy.py").write_text("raise SystemExit('the wrong one')", encoding="utf-8")

    said = anybody(folder, installed / "satt", "demo", "--scenes", "300", "--epochs", "1")
    assert "true captions" in said
    made = {path.name for path in (folder / "satt-demo").iterdir()}
    assert {"checkpoint.npz", "metrics.json", "gaze.png", "learning-curve.png"} <= made
    drawn = anybody(folder, installed / "satt", "draw", "--size", "64", "--count", "1")
    assert "satt-scenes" in drawn
    said = anybody(folder, installed / "satt", "caption", "satt-scenes/train-0-0.png",
                  "--figure", "look.png")
    assert said.startswith("satt-scenes/train-0-0.png\t")
    assert "3 of 3 right" in anybody(folder, installed / "gradcheck", "softmax")
    version = anybody(folder, installed / "satt", "--version")
    assert version.startswith("satt ") and "not installed" not in version
    assert sorted(site_packages.rglob("*")) == before


def test_nothing_but_the_packages_is_installed(installed):
    files = call(installed / "python", "-m", "pip", "show", "--files", "satt")
    _, _, listed = files.partition("Files:\n")
    tops = {line.strip().replace("\\", "/").split("/")[0] for line in listed.splitlines()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"satt", "gradcheck", ".."}

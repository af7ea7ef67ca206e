"""The folder that is handed out: it stands by itself, and its figure is worth earning."""

import configparser
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from solved import solve

from satt.errors import SattError
from satt.homework.folder import folder_files, teacher_text, write_folder
from satt.homework.sets import load_set, set_names
from satt.homework.sets.hw5 import data as hw5_data

# Runs a script of the folder where there is no satt, with some of its constants changed.
ALONE = """
import sys
sys.path.insert(0, {folder!r})
for name in ("satt", "gradcheck", "scipy", "tqdm"):
    sys.modules[name] = None
import {script}
for name, value in {constants!r}.items():
    setattr({script}, name, value)
sys.argv = [{script!r} + ".py", *{arguments!r}]
{script}.main()
"""
QUICK = {"hw1": {"STEPS": 60}, "hw3": {"STEPS": 4}}


def run_alone(folder, script, arguments=(), **constants):
    code = ALONE.format(folder=str(folder), script=script, constants=constants,
                        arguments=list(arguments))
    return subprocess.run([sys.executable, "-I", "-c", code], capture_output=True,
                          encoding="utf-8", cwd=folder.parent)


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """A folder for each set as it is handed out; that of hw5 with fewer scenes."""
    place = tmp_path_factory.mktemp("handed out")
    sizes = hw5_data.LEARN, hw5_data.TEST
    hw5_data.LEARN, hw5_data.TEST = 60, 8
    try:
        for name in set_names():
            write_folder(load_set(name), place / name)
    finally:
        hw5_data.LEARN, hw5_data.TEST = sizes
    return place


@pytest.fixture(scope="module")
def solved(untouched, tmp_path_factory):
    place = tmp_path_factory.mktemp("solved")
    for name in set_names():
        shutil.copytree(untouched / name, place / name)
        solve(place / name, load_set(name))
    return place


def assert_is_a_picture(path):
    with Image.open(path) as picture:
        assert min(picture.size) > 250
        shades = np.unique(np.asarray(picture.convert("L")))
    assert len(shades) > 50


@pytest.mark.parametrize("name", set_names())
def test_every_file_of_an_untouched_folder_can_be_imported_without_satt(untouched, name):
    folder = untouched / name
    modules = [".".join(path.relative_to(folder).with_suffix("").parts)
               for path in sorted(folder.rglob("*.py"))]
    assert len(modules) > 5
    code = f"import sys; sys.path.insert(0, {str(folder)!r}); sys.modules['satt'] = None\n"
    code += "\n".join(f"import {module}" for module in modules)
    run = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, encoding="utf-8")
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("name", set_names())
def test_the_figure_of_an_untouched_folder_says_what_is_missing(untouched, name):
    run = run_alone(untouched / name, "figure")
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert "still to be written" in run.stderr
    first = load_set(name).functions[0] if name != "hw5" else load_set(name).functions[2]
    assert f"  {first.name} in {first.file}\n" in run.stderr
    assert not (untouched / name / "figure.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["hw1", "hw2", "hw3", "hw4"])
def test_the_reference_draws_the_figure(solved, name):
    run = run_alone(solved / name, "figure", **QUICK.get(name, {}))
    assert run.returncode == 0, run.stderr
    assert "figure.png" in run.stdout
    assert_is_a_picture(solved / name / "figure.png")


@pytest.mark.slow
def test_the_reference_learns_and_draws_the_captioner(solved):
    folder = solved / "hw5"
    run = run_alone(folder, "figure")
    assert run.returncode == 1 and "run first: python train.py" in run.stderr
    run = run_alone(folder, "train", ["--steps", "12"])
    assert run.returncode == 0, run.stderr
    assert "step   12 of 12: loss" in run.stdout
    run = run_alone(folder, "figure", ["3"])
    assert run.returncode == 0, run.stderr
    assert "BLEU-1 to 4 on 8 scenes" in run.stdout
    assert_is_a_picture(folder / "figure.png")


@pytest.mark.parametrize("name", ["hw4", "hw5"])
def test_a_scene_that_is_not_there_is_refused_in_one_line(solved, name):
    if name == "hw5":
        np.savez(solved / name / "captioner.npz", losses=np.zeros(1))
    run = run_alone(solved / name, "figure", ["9"])
    assert run.returncode == 1
    assert run.stderr == "figure.py: expected the number of a scene, 0 to 5, got '9'\n"
    (solved / "hw5" / "captioner.npz").unlink(missing_ok=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", set_names())
def test_the_whole_way_from_the_command_to_the_figure(tmp_path, name):
    folder = tmp_path / name
    subprocess.run([sys.executable, "-m", "satt", "homework", "new", name, "--out", folder],
                   check=True, capture_output=True)
    size = sum(path.stat().st_size for path in folder.rglob("*"))
    assert size < 1_000_000
    solve(folder, load_set(name))
    for script in ("train.py", "figure.py"):
        if (folder / script).exists():
            said = subprocess.run([sys.executable, script], cwd=folder, check=True,
                                  capture_output=True, encoding="utf-8").stdout
    assert_is_a_picture(folder / "figure.png")
    if name == "hw5":
        bleu4 = float(said.split("never seen:")[1].split()[3])
        assert bleu4 > 0.75


def test_half_of_the_functions_can_be_solved(tmp_path):
    homework = load_set("hw3")
    write_folder(homework, tmp_path)
    solve(tmp_path, homework, only={"rnn_step_forward", "rnn_forward"})
    text = (tmp_path / "rnn_step.py").read_text(encoding="utf-8")
    assert text.count("NotImplementedError") == 1
    run = run_alone(tmp_path, "figure")
    assert "rnn_step_backward in rnn_step.py" in run.stderr
    assert "rnn_step_forward in" not in run.stderr


def test_homework_ini_tells_the_set(untouched):
    for name in set_names():
        path = untouched / name / "homework.ini"
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_string(path.read_text(encoding="utf-8"))
        assert parser["homework"]["set"] == name
        assert parser["homework"]["seed"] == "0"
        assert parser["homework"]["version"]
        again = load_set(path)
        assert (again.name, again.functions) == (name, load_set(name).functions)


def test_readme_and_teachers_text_hold_no_gaps_and_all_functions(untouched):
    for name in set_names():
        homework = load_set(name)
        readme = (untouched / name / "README.md").read_text(encoding="utf-8")
        for text in (readme, teacher_text(homework)):
            assert "{" not in text.replace("{i,j}", "")
            for function in homework.functions:
                assert f"| `{function.name}` | `{function.file}` | {function.points:g} |" in text
        for file in {function.file for function in homework.functions}:
            assert f"`{file}`" in readme.split("Hand in:")[1]


def test_nothing_for_the_teacher_is_in_the_folder(untouched):
    for name in set_names():
        texts = [path.read_text(encoding="utf-8") for path in (untouched / name).rglob("*")
                 if path.suffix in (".md", ".py", ".ini")]
        assert not [text for text in texts if "Usual mistakes" in text or "the teacher" in text]


def test_another_seed_draws_other_scenes_and_the_same_seed_the_same(tmp_path):
    folders = {}
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        write_folder(load_set("hw4"), tmp_path / folder, seed)
        with np.load(tmp_path / folder / "given" / "scenes.npz", allow_pickle=False) as file:
            folders[folder] = {name: file[name] for name in file.files}
    assert np.array_equal(folders["a"]["images"], folders["b"]["images"])
    assert np.array_equal(folders["a"]["grids"], folders["b"]["grids"])
    assert not np.array_equal(folders["a"]["images"], folders["c"]["images"])


def test_what_is_not_asked_for_is_given(tmp_path):
    homework = load_set("hw2")
    forward = replace(homework, functions=homework.functions[:1])
    files = folder_files(forward)
    assert "given/max_pool.py" in files and "max_pool.py" not in files
    assert files["conv2d.py"].count("NotImplementedError") == 1
    assert "def _columns" in files["conv2d.py"]  # conv2d_backward, which is given, needs it
    assert "from given.max_pool import" in files["given/average_pool.py"]


def test_two_modules_of_one_name_are_refused(monkeypatch):
    both = ["satt.layers.conv2d", "satt.kernels.conv2d"]
    monkeypatch.setattr("satt.homework.folder.satt_modules", lambda source: both)
    with pytest.raises(SattError, match="both satt.layers.conv2d and satt.kernels.conv2d would"):
        folder_files(load_set("hw3"))


def test_what_imports_a_whole_package_cannot_be_given():
    homework = load_set("hw3")
    encoder = replace(homework.functions[0], name="encoder_forward", source="satt.models.encoder")
    with pytest.raises(SattError, match="satt cannot be copied into a folder; import names from"):
        folder_files(replace(homework, functions=(encoder,)))


def test_paths_are_relative_and_stay_in_the_folder(tmp_path):
    for path in write_folder(load_set("hw3"), tmp_path):
        assert not path.is_absolute() and ".." not in path.parts
        assert (tmp_path / path).is_file()
    assert isinstance(path, Path)

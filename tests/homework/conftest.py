"""Folders of homework, made once."""

import shutil

import pytest

from satt.homework.folder import folder_files
from satt.homework.sets import load_set
from tests.homework.solved import solve


@pytest.fixture(scope="session")
def skeleton(tmp_path_factory):
    """From a set's name to the code that is handed out, without data; not to be changed."""
    made = {}

    def folder(name):
        if name not in made:
            made[name] = tmp_path_factory.mktemp("skeleton") / name
            for file, text in folder_files(load_set(name)).items():
                path = made[name] / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        return made[name]

    return folder


@pytest.fixture(scope="session")
def solved(tmp_path_factory, skeleton):
    """The same with all functions right; not to be changed."""
    made = {}

    def folder(name):
        if name not in made:
            made[name] = shutil.copytree(skeleton(name), tmp_path_factory.mktemp("solved") / name)
            solve(made[name], load_set(name))
        return made[name]

    return folder

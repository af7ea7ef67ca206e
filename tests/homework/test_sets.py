"""The INI files of the sets, and what is said to one that is wrong."""

import pytest

from satt.errors import SattError
from satt.homework.folder import set_ini
from satt.homework.sets import load_set, set_names, with_level

SET = "[set]\ntitle = Mine\nlessons = 4, 6\nhours = 2.5\nbased_on = hw4\n"
FUNCTION = """
[alignment_forward]
source = satt.layers.alignment
points = 7.5
hints =
    1. The state becomes a query.
    2) The tanh holds a sum = of both.
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "mine.ini"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_there_are_five_sets_of_a_hundred_points():
    assert set_names() == ["hw1", "hw2", "hw3", "hw4", "hw5"]
    for name in set_names():
        homework = load_set(name)
        assert homework.name == homework.based_on == name
        assert homework.points == 100
        assert homework.title and homework.lessons and homework.hours > 0
        assert all(len(function.hints) >= 1 for function in homework.functions)


def test_a_forward_stands_before_its_backward():
    for name in set_names():
        names = [function.name for function in load_set(name).functions]
        for place, each in enumerate(names):
            if each.endswith("_backward"):
                assert names[place - 1] == each.replace("_backward", "_forward")


def test_a_set_of_ones_own_is_read(written):
    homework = load_set(written(SET + FUNCTION))
    (function,) = homework.functions
    assert (homework.name, homework.based_on, homework.hours) == ("mine", "hw4", 2.5)
    assert homework.lessons == (4, 6)
    assert (function.file, function.points, function.level) == ("alignment.py", 7.5, "normal")
    assert function.hints == ("The state becomes a query.", "The tanh holds a sum = of both.")
    assert not function.is_backward


@pytest.mark.parametrize("name", ["hw1", "hw2", "hw3", "hw4", "hw5"])
def test_a_set_that_is_written_and_read_again_is_the_same(name, written):
    homework = with_level(load_set(name), "hard")
    again = load_set(written(set_ini(homework)))
    assert again.functions == homework.functions
    assert (again.title, again.lessons, again.hours) == (
        homework.title, homework.lessons, homework.hours)
    assert (again.folder, again.leave_out) == (homework.folder, homework.leave_out)


@pytest.mark.parametrize(("old", "new", "says"), [
    ("[alignment_forward]", "[alinment_forward]", "there is no such function in satt.layers.al"),
    ("satt.layers.alignment", "satt.layers.alinment", "there is no module 'satt.layers.alinment'"),
    ("satt.layers.alignment", "os.path", "there is no module 'os.path' in satt"),
    ("satt.layers.alignment", "satt.errors.x", "there is no module"),
    ("points = 7.5", "points = 0", "points: expected a number above 0, got '0'"),
    ("points = 7.5", "points = -3", "points: expected a number above 0, got '-3'"),
    ("points = 7.5", "points = many", "points: expected a number above 0, got 'many'"),
    ("points = 7.5", "points = nan", "points: expected a number above 0, got 'nan'"),
    ("points = 7.5", "points = inf", "points: expected a number above 0"),
    ("points = 7.5\n", "", "points is missing"),
    ("points = 7.5", "pionts = 7.5", "there is no 'pionts'; expected file, hints"),
    ("points = 7.5", "points = 5\nlevel = easy", "level: expected one of normal, hard, got 'ea"),
    ("points = 7.5", "points = 5\nfile = ../a.py", "file: expected a name such as alignment.py"),
    ("points = 7.5", "points = 5\nfile = figure.py", "figure.py holds something else already"),
    ("    1. The state becomes a query.\n    2) The tanh holds a sum = of both.\n", "",
     "hints: there are none"),
    (FUNCTION, "", "no function is asked for"),
    (FUNCTION, FUNCTION + FUNCTION, "this is no INI file"),
    (FUNCTION, FUNCTION + FUNCTION.replace("_forward", "_backward").replace(
        "points", "file = other.py\npoints"), "is in alignment.py already"),
    ("[set]", "[sett]", "expected a section [set]"),
    ("title = Mine\n", "", "title is missing"),
    ("lessons = 4, 6", "lessons = all", "lessons: expected numbers such as '4, 6, 7', got 'all'"),
    ("hours = 2.5", "hours = long", "hours: expected a number above 0, got 'long'"),
    ("based_on = hw4\n", "", "based_on: expected one of hw1, hw2"),
    ("based_on = hw4", "based_on = hw9", "got 'hw9'"),
    ("title = Mine", "title: Mine\nseed = 3", "there is no 'seed'"),
])
def test_what_is_wrong_is_said_in_one_line(written, old, new, says):
    text = SET + FUNCTION
    assert old in text
    with pytest.raises(SattError) as error:
        load_set(written(text.replace(old, new)))
    assert says in str(error.value)


def test_a_set_that_is_not_there(tmp_path):
    with pytest.raises(SattError, match="no set 'hw99'; choose one of hw1, hw2, hw3, hw4, hw5"):
        load_set("hw99")
    with pytest.raises(SattError, match="No such file"):
        load_set(tmp_path / "none.ini")
    binary = tmp_path / "binary.ini"
    binary.write_bytes(b"\xff\xfe\x00[set]")
    with pytest.raises(SattError, match="no INI file in UTF-8"):
        load_set(binary)

"""`satt homework`: what is written, what is printed, what is refused."""

import pytest

from satt import cli
from satt.cli import main
from satt.commands import homework
from satt.homework.sets import load_set, set_names


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys, *arguments):
    code = main(["homework", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_without_an_action_the_sets_are_listed(capsys):
    code, out, _ = said(capsys)
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[1:6]] == set_names()
    assert said(capsys, "list")[1] == out


def test_a_set_is_listed_with_its_functions(capsys):
    code, out, _ = said(capsys, "list", "hw4")
    assert code == 0
    for function in load_set("hw4").functions:
        assert function.name in out and function.file in out
    assert out.splitlines()[-1].split() == ["all", "100"]


def test_new_writes_the_folder_and_says_what_is_in_it(here, capsys):
    code, out, _ = said(capsys, "new", "hw3")
    assert code == 0
    for name in ("lstm_step.py", "given/sigmoid.py", "README.md", "figure.py", "homework.ini"):
        assert (here / "hw3" / name).is_file()
        assert name.rpartition("/")[2] in out
    assert "8 functions, 100 points" in out
    assert "satt homework teacher hw3" in out


def test_level_seed_and_place_are_taken(here, capsys):
    said(capsys, "new", "hw3", "--level", "hard", "--seed", "5", "--out", here / "a" / "b")
    text = (here / "a" / "b" / "lstm_step.py").read_text(encoding="utf-8")
    assert "dcell' = dnew_cell" not in text
    ini = (here / "a" / "b" / "homework.ini").read_text(encoding="utf-8")
    assert "seed = 5" in ini and "level = hard" in ini


def test_a_folder_that_is_not_empty_is_left_alone_unless_asked(here, capsys):
    said(capsys, "new", "hw3")
    work = here / "hw3" / "rnn.py"
    work.write_text("mine", encoding="utf-8")
    code, _, err = said(capsys, "new", "hw3")
    assert code == 2
    assert err == ("satt: --out: hw3 is not empty; choose another folder, or add --overwrite to "
                   "write over files of the same names\n")
    assert work.read_text(encoding="utf-8") == "mine"
    assert said(capsys, "new", "hw3", "--overwrite")[0] == 0
    assert "NotImplementedError" in work.read_text(encoding="utf-8")


def test_a_set_of_ones_own_goes_the_whole_way(here, capsys):
    _, ini, _ = said(capsys, "teacher", "hw4", "--ini")
    kept = ini.split("\n[weighted_sum_forward]")[0].replace("points = 20", "points = 60")
    (here / "mine.ini").write_text(kept, encoding="utf-8")
    assert said(capsys, "list", "mine.ini")[0] == 0
    code, out, err = said(capsys, "new", "mine.ini")
    assert code == 0, err
    assert "2 functions, 70 points" in out
    assert (here / "mine" / "given" / "weighted_sum.py").is_file()
    assert "set = mine" in (here / "mine" / "homework.ini").read_text(encoding="utf-8")
    assert "| `alignment_backward` | `alignment.py` | 60 |" in (
        here / "mine" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", set_names())
def test_the_teacher_reads_what_is_usual(name, capsys):
    code, out, _ = said(capsys, "teacher", name)
    assert code == 0
    assert "## Usual mistakes, and what to say" in out
    assert out.count("\n| ") > 15


@pytest.mark.parametrize(("arguments", "says"), [
    (["new", "hw9"], "homework: there is no set 'hw9'; choose one of hw1, hw2, hw3, hw4, hw5"),
    (["list", "none.ini"], "none.ini: No such file or directory"),
    (["new", ""], "SET: expected a name, got ''"),
    (["new", "hw3", "--out", ""], "--out: expected a name, got ''"),
    (["new", "hw3", "--out", "file"], "--out: file is a file; choose another folder"),
    (["teacher", "hw0"], "there is no set 'hw0'"),
])
def test_what_is_wrong_is_refused_in_one_line(here, capsys, arguments, says):
    (here / "file").write_text("", encoding="utf-8")
    code, out, err = said(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("satt: ") and says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("arguments", [
    ["new"], ["teacher"], ["new", "hw3", "--seed", "-1"], ["new", "hw3", "--level", "easy"],
    ["make", "hw3"],
])
def test_what_the_parser_refuses_takes_one_line_too(here, capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        main(["homework", *arguments])
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("action", [[], ["list"], ["new"], ["teacher"]])
def test_help_teaches_with_examples(capsys, action):
    with pytest.raises(SystemExit) as ended:
        main(["homework", *action, "--help"])
    assert ended.value.code == 0
    assert "examples:\n  satt homework" in capsys.readouterr().out


@pytest.mark.parametrize("action", homework.ACTIONS, ids=lambda action: action.NAME)
def test_the_examples_are_right(action):
    for line in action.EXAMPLES.splitlines():
        words = line.strip().split("   ")[0].split(" > ")[0].split()
        if words[:1] == ["satt"]:
            options = cli._build_parser(words[1:]).parse_args(words[1:])
            assert options.act in [each.run for each in homework.ACTIONS]

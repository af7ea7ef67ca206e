"""The command `gradcheck`: what it prints, and what it ends with."""

import json
from dataclasses import replace

import pytest

from gradcheck import cli
from gradcheck.cases.layers import layer_cases


def a_case(name):
    return next(case for case in layer_cases() if case.name == name)


@pytest.fixture
def twice(monkeypatch):
    """Among the cases, a tanh whose backward is twice too large."""
    right = a_case("tanh")
    wrong = replace(right, backward=lambda *given: 2 * right.backward(*given))
    monkeypatch.setattr(cli, "all_cases", lambda: [a_case("relu"), wrong])


@pytest.fixture
def broken(monkeypatch):
    """Among the cases, one whose backward raises, one that is wrong and one that is right."""

    def raises(dout, cache):
        raise IndexError("no such axis")

    wrong = replace(a_case("tanh"), backward=lambda dout, cache: 2 * dout)
    cases = [replace(a_case("relu"), backward=raises), wrong, a_case("sigmoid")]
    monkeypatch.setattr(cli, "all_cases", lambda: cases)


def test_all_layers_are_right(monkeypatch, capsys):
    monkeypatch.setattr(cli, "model_cases", lambda: [])  # they take their time
    assert cli.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [case.name for case in layer_cases()]
    assert [line.split()[0] for line in lines[1 : 1 + len(names)]] == names
    assert all(line.endswith("  ok") for line in lines[1 : 1 + len(names)])
    assert f"{len(names)} of {len(names)} right" in lines[-1]


def test_a_layers_name_stands_for_all_its_variants(capsys):
    assert cli.main(["lstm", "tanh"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:-2]] == ["lstm", "lstm-masked", "tanh"]
    assert "x, initial_state, initial_cell, W_x, W_state, b" in lines[1]


def test_a_variant_can_be_asked_for_alone(capsys):
    assert cli.main(["lstm-masked"]) == 0
    assert "1 of 1 right" in capsys.readouterr().out


def test_a_failed_check_ends_with_1_and_says_what_is_wrong(twice, capsys):
    assert cli.main([]) == 1
    out = capsys.readouterr().out
    assert "1 of 2 right" in out
    detail = out.split("tanh: FAILED\n")[1]
    assert detail.splitlines()[0].startswith("argument")
    assert detail.splitlines()[1].split()[-1] == "2"


def test_what_cannot_run_ends_with_2_and_the_rest_still_runs(broken, capsys):
    assert cli.main([]) == 2
    out = capsys.readouterr().out
    assert "relu: could not run\nIndexError: no such axis" in out
    assert "tanh: FAILED" in out
    assert "1 of 3 right" in out


@pytest.mark.parametrize("name, close", [("lstn", "lstm"), ("pool", "max_pool"), ("Relu", "relu")])
def test_an_unknown_name_ends_with_2_and_one_line_with_what_is_close(name, close, capsys):
    assert cli.main([name]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.splitlines()) == 1
    assert repr(name) in captured.err
    assert close in captured.err.split("did you mean ")[1]


def test_a_name_far_from_all_is_told_where_the_names_are(capsys):
    assert cli.main(["xyzzy"]) == 2
    assert "lists them all" in capsys.readouterr().err


def test_json_holds_one_object_for_each_case(broken, capsys):
    assert cli.main(["--json"]) == 2
    relu, tanh, sigmoid = json.loads(capsys.readouterr().out)
    assert relu["verdict"] == "could not run" and relu["gradients"] == []
    assert relu["problems"] == ["IndexError: no such axis"]
    assert tanh["verdict"] == "FAILED" and not tanh["gradients"][0]["ok"]
    assert len(tanh["gradients"][0]["worst_index"]) == 3
    assert sigmoid["verdict"] == "ok" and sigmoid["max_error"] < 1e-9
    assert sigmoid["gradients"][0]["name"] == "x" and sigmoid["problems"] == []


def test_json_has_no_word_for_infinity(monkeypatch, capsys):
    wrong = replace(a_case("tanh"), backward=lambda dout, cache: dout[0])
    monkeypatch.setattr(cli, "all_cases", lambda: [wrong])
    assert cli.main(["--json"]) == 1
    out = capsys.readouterr().out
    assert "Infinity" not in out
    assert json.loads(out)[0]["gradients"][0]["max_error"] is None


@pytest.mark.parametrize(
    "terminal, no_color, coloured",
    [(True, None, True), (True, "1", False), (True, "", True), (False, None, False)],
)
def test_colour_on_a_terminal_only_and_unless_declined(
    terminal, no_color, coloured, monkeypatch, capsys
):
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    cli.main(["tanh"])
    assert ("\033[" in capsys.readouterr().out) == coloured


def test_help_shows_examples_and_exit_codes(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert "examples:" in out and "gradcheck --json" in out and "exit code" in out


def test_an_unknown_option_ends_with_2(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--fast"])
    assert ended.value.code == 2

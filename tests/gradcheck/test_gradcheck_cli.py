"""The command `gradcheck`: what it prints, and what it ends with."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from gradcheck import cli, mutate
from gradcheck.cases import mistakes
from gradcheck.cases.kernels import kernel_cases
from gradcheck.cases.layers import layer_cases
from gradcheck.commands import check, layers


def a_case(name):
    return next(case for case in layer_cases() if case.name == name)


@pytest.fixture
def twice(monkeypatch):
    """Among the cases, a tanh whose backward is twice too large."""
    right = a_case("tanh")
    wrong = replace(right, backward=lambda *given: 2 * right.backward(*given))
    monkeypatch.setattr(layers, "all_cases", lambda: [a_case("relu"), wrong])


@pytest.fixture
def broken(monkeypatch):
    """Among the cases, one whose backward raises, one that is wrong and one that is right."""

    def raises(dout, cache):
        raise IndexError("no such\naxis")

    wrong = replace(a_case("tanh"), backward=lambda dout, cache: 2 * dout)
    cases = [replace(a_case("relu"), backward=raises), wrong, a_case("sigmoid")]
    monkeypatch.setattr(layers, "all_cases", lambda: cases)


@pytest.mark.slow
def test_all_layers_and_kernels_are_right(monkeypatch, capsys):
    monkeypatch.setattr(layers, "model_cases", lambda: [])  # they take their time
    monkeypatch.setattr(layers, "grid_net_cases", lambda: [])
    assert cli.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = [case.name for case in [*layer_cases(), *kernel_cases()]]
    assert lines[0].split() == ["case", "arguments", "central", "complex", "step", "time"]
    assert [line.split()[0] for line in lines[1 : 1 + len(names)]] == names
    assert all(line.endswith("  ok") for line in lines[1 : 1 + len(names)])
    assert f"{len(names)} of {len(names)} right" in lines[-1]


def test_a_layers_name_stands_for_all_its_variants(capsys):
    assert cli.main(["lstm", "tanh"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:-2]] == ["lstm", "lstm-masked", "tanh"]
    assert "x, initial_state, initial_cell, W_x, W_state, b" in lines[1]


def test_a_variant_can_be_asked_for_alone_also_one_that_looks_like_a_path(capsys):
    assert cli.main(["doubly_stochastic-T/L"]) == 0
    assert "1 of 1 right" in capsys.readouterr().out


def test_the_columns_are_the_largest_error_of_each_method(capsys):
    assert cli.main(["linear-without-bias", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert cli.main(["linear-without-bias"]) == 0
    words = capsys.readouterr().out.splitlines()[1].replace(",", "").split()
    assert words[:4] == ["linear-without-bias", "x", "W", "b"]
    assert words[4:6] == [f"{max(g[m] for g in found):.1e}" for m in ("central", "complex")]


def test_one_method_can_be_asked_for(capsys):
    assert cli.main(["tanh", "--method", "central", "--json"]) == 0
    (x,) = json.loads(capsys.readouterr().out)
    assert x["central"] < 1e-9 and x["complex"] is None


def test_a_failed_check_ends_with_1_and_says_what_is_wrong(twice, capsys):
    assert cli.main([]) == 1
    out = capsys.readouterr().out
    assert "1 of 2 right" in out
    detail = out.split("tanh: FAILED\n")[1]
    assert "x" in detail.splitlines()[1].split()
    assert "scale" in detail and "2" in detail.split("scale")[1]


def test_what_cannot_run_ends_with_2_and_the_rest_still_runs(broken, capsys):
    assert cli.main([]) == 2
    out = capsys.readouterr().out
    assert "relu     could not run: IndexError: no such axis\n" in out
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


def test_a_subcommand_misspelt_is_suggested(capsys):
    assert cli.main(["mutat"]) == 2
    assert "did you mean mutate?" in capsys.readouterr().err


def test_a_name_far_from_all_is_told_where_the_names_are(capsys):
    assert cli.main(["xyzzy"]) == 2
    assert "lists them all" in capsys.readouterr().err


def test_a_file_that_is_not_there_ends_with_2_and_one_line(tmp_path, capsys):
    (tmp_path / "mine.py").write_text("", encoding="utf-8")
    assert cli.main([str(tmp_path / "mime.py")]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and len(captured.err.splitlines()) == 1
    assert "no such file; did you mean mine.py?" in captured.err
    assert cli.main([str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


def test_json_holds_one_object_for_each_case_and_argument(broken, capsys):
    assert cli.main(["--json"]) == 2
    captured = capsys.readouterr()
    relu, tanh, sigmoid = json.loads(captured.out)
    assert captured.err == ""
    assert relu["verdict"] == "could not run" and not relu["ok"] and relu["argument"] is None
    assert relu["problem"] == "IndexError: no such axis"
    assert (tanh["name"], tanh["argument"], tanh["ok"]) == ("tanh", "x", False)
    assert tanh["central"] > 0.1 and tanh["complex"] > 0.1
    assert tanh["cause"] and tanh["hint"] and len(tanh["worst_index"]) == 3
    assert sigmoid["ok"] and sigmoid["central"] < 1e-9 and sigmoid["complex"] < 1e-11
    assert sigmoid["cause"] is None and sigmoid["problem"] is None


def test_json_of_a_layer_has_an_object_for_each_argument(capsys):
    assert cli.main(["lstm_step", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [g["argument"] for g in found] == ["x", "state", "cell", "W_x", "W_state", "b"]
    assert {g["name"] for g in found} == {"lstm_step"}


def test_json_has_no_word_for_infinity(monkeypatch, capsys):
    wrong = replace(a_case("tanh"), backward=lambda dout, cache: dout[0])
    monkeypatch.setattr(layers, "all_cases", lambda: [wrong])
    assert cli.main(["--json"]) == 1
    out = capsys.readouterr().out
    assert "Infinity" not in out and "NaN" not in out
    assert json.loads(out)[0]["central"] is None and json.loads(out)[0]["cause"] == "shape"


@pytest.mark.parametrize(
    "terminal, no_color, coloured",
    [(True, None, True), (True, "1", False), (True, "", True), (False, None, False)],
)
def test_colour_on_a_terminal_only_and_unless_declined(
    terminal, no_color, coloured, monkeypatch, capsys
):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color is not None:
        monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    cli.main(["tanh"])
    assert ("\033[" in capsys.readouterr().out) == coloured


def test_a_heat_map_of_each_case_that_fails(twice, tmp_path):
    assert cli.main(["--plot", str(tmp_path / "maps")]) == 1
    assert [path.name for path in (tmp_path / "maps").iterdir()] == ["tanh.png"]
    assert (tmp_path / "maps" / "tanh.png").read_bytes().startswith(b"\x89PNG")


def test_ctrl_c_ends_with_130_and_one_line(monkeypatch, capsys):
    def interrupted(*given):
        raise KeyboardInterrupt

    monkeypatch.setattr(layers, "run", interrupted)
    assert cli.main(["tanh"]) == 130
    assert capsys.readouterr().err == "gradcheck: interrupted\n"


def test_a_mistake_of_its_own_is_one_line_without_a_traceback(monkeypatch, capsys):
    def mistaken(*given):
        raise RuntimeError("how\ncould it")

    monkeypatch.setattr(layers, "run", mistaken)
    assert cli.main(["tanh"]) == 2
    captured = capsys.readouterr()
    assert len(captured.err.splitlines()) == 1 and "how could it" in captured.err
    assert "Traceback" not in captured.out + captured.err


@pytest.mark.parametrize("word", [[], ["mutate"], ["mistakes"]])
def test_help_shows_examples_and_exit_codes(word, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([*word, "--help"])
    assert ended.value.code == 0
    out = capsys.readouterr().out
    command = " ".join(["gradcheck", *word])
    assert f"usage: {command} " in out and "exit code" in out
    assert out.split("examples:")[1].count(command) >= 2


@pytest.fixture
def some_mistakes(monkeypatch):
    """Of the collected mistakes three: one that the usual check sees, two that it misses."""
    wanted = ["linear-doubles-dW", "relu-returns-its-slope", "weighted_sum-copies-the-attention"]
    chosen = [mistake for mistake in mistakes.mistakes() if mistake.name in wanted]
    assert len(chosen) == len(wanted)
    monkeypatch.setattr(mistakes, "mistakes", lambda: chosen)
    return chosen


def test_mistakes_are_shown_with_their_diagnosis_and_whether_the_usual_check_sees_them(
    some_mistakes, capsys
):
    assert cli.main(["mistakes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines[1:4]] == [
        ["linear-doubles-dW", "scale", "sees"],
        ["relu-returns-its-slope", "ignores-upstream", "misses"],
        ["weighted_sum-copies-the-attention", "ignores-upstream", "misses"],
    ]
    assert all(m.about in line for m, line in zip(some_mistakes, lines[1:4], strict=True))
    assert lines[-1] == (
        "3 mistakes: 3 caught, 3 of them with the right diagnosis; the usual check misses 2"
    )


def test_a_mistake_that_is_not_caught_ends_with_1(some_mistakes, capsys):
    right = replace(some_mistakes[0], case=a_case("tanh"))
    other = replace(some_mistakes[1], kind="sign")
    some_mistakes[:2] = [right, other]
    assert cli.main(["mistakes", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["mistakes"], found["caught"], found["diagnosed"]) == (3, 2, 1)
    assert [item["caught"] for item in found["list"]] == [False, True, True]
    assert found["list"][1]["kind"] == "sign" and found["list"][1]["cause"] == "ignores-upstream"
    assert cli.main(["mistakes"]) == 1
    out = capsys.readouterr().out
    assert "not caught" in out and "(it is sign)" in out


@pytest.mark.parametrize(
    "survivors, equivalent, sample, code",
    [([], 3, None, 0), (["linear_backward 5"], 3, None, 1), ([], 4, None, 1), ([], 4, 100, 0)],
)
def test_mutants_are_counted_and_survivors_named(
    survivors, equivalent, sample, code, monkeypatch, capsys
):
    asked = []

    def run(**settings):
        asked.append(settings)
        caught = 100 - equivalent - len(survivors)
        functions = {"linear_backward": mutate.Count(100, caught, equivalent)}
        return mutate.Outcome(100, caught, equivalent, survivors, functions)

    monkeypatch.setattr(mutate, "run", run)
    words = ["mutate", "--seed", "5"] + (["--sample", str(sample)] if sample else [])
    assert cli.main(words) == code
    out = capsys.readouterr().out
    assert f"100 mutants: {97 - len(survivors) if equivalent == 3 else 96} caught" in out
    assert all(survivor in out for survivor in survivors) and "linear_backward " in out
    assert (asked[0]["seed"], asked[0]["sample"]) == (5, sample)
    assert cli.main([*words, "--json"]) == code
    found = json.loads(capsys.readouterr().out)
    assert [*found] == ["mutants", "caught", "equivalent", "survivors"]
    assert found["equivalent"] == equivalent and found["survivors"] == survivors


def test_mutants_of_what_fails_as_it_is_are_not_tried(monkeypatch, capsys):
    def run(**settings):
        raise ValueError("tanh: fails as it is; mend it first")

    monkeypatch.setattr(mutate, "run", run)
    assert cli.main(["mutate", "--json"]) == 2
    assert capsys.readouterr() == ("", "gradcheck: tanh: fails as it is; mend it first\n")


def test_variants_that_fail_in_the_same_way_are_explained_once(monkeypatch, capsys):
    cases = [case for case in layer_cases() if case.name.startswith("max_pool")]
    wrong = [replace(case, backward=lambda dout, cache: (1, 2)) for case in cases]
    monkeypatch.setattr(layers, "all_cases", lambda: wrong)
    assert cli.main([]) == 1
    out = capsys.readouterr().out
    assert out.count("backward returned 2 gradient(s), expected 1 (x)") == 1
    assert out.count("FAILED in the same way") == len(wrong) - 1 > 0


def test_help_teaches_a_file_of_ones_own_that_is_right(tmp_path, capsys):
    """The example in the help is what a student copies: it is checked as it stands there."""
    lines = check.EXAMPLES.split("your own file:")[1].split("how to read")[0].splitlines()
    code = "\n".join(line[6:] for line in lines if line.startswith(" " * 6) or not line)
    code += "\ndef gain_forward(x, gain):\n    return x * gain, (x, gain)\n"
    code += "def gain_backward(dout, cache):\n    x, gain = cache\n"
    code += "    return dout * gain, (dout * x).sum(axis=0)\n"
    path = tmp_path / "mine.py"
    path.write_text("import numpy as np\n" + code, encoding="utf-8")
    assert cli.main([str(path)]) == 0
    assert "2 of 2 right" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["--fast"], ["--time-limit", "-1"], ["--time-limit", "nan"], ["--method", "forward"],
     ["mutate", "--sample", "0"], ["mutate", "--sample", "x"], ["mistakes", "conv2d"]],
)
def test_an_unknown_option_or_value_ends_with_2_and_one_line(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == "" and len(captured.err.splitlines()) == 1
    assert arguments[-2 if len(arguments) > 2 else 0] in captured.err


def test_it_runs_as_a_module():
    command = [sys.executable, "-m", "gradcheck", "tanh"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == 0 and "1 of 1 right" in done.stdout and done.stderr == ""

"""A student's file: which pairs are found in it, on what they are checked, what it may do."""

import json
import os
import signal
import subprocess
import sys
import time
from textwrap import dedent

import numpy as np
import pytest

from gradcheck import cli
from gradcheck.cases.layers import layer_cases
from gradcheck.check import check_case
from gradcheck.commands import process
from gradcheck.commands.blame import describe
from gradcheck.commands.results import COULD_NOT_RUN, FAILED, OK
from gradcheck.exercises import disagreement, exercises
from gradcheck.student_file import CannotCheck, find_pairs, load, missing_half

HEAD = "import os, sys\nimport numpy as np\n"
GAIN = """
def gain_forward(x, gain):
    return x * gain, (x, gain)
def gain_backward(dout, cache):
    x, gain = cache
    return dout * gain, (dout * x).sum(axis=0)
"""
GAIN_EXAMPLE = """
def example_gain():
    random = np.random.default_rng(0)
    return {"x": random.normal(size=(2, 3)), "gain": random.normal(size=3)}
"""
RELU = """
def relu_forward(x):
    return np.where(x.real > 0, x, 0), x
def relu_backward(dout, cache):
    return dout * (cache > 0)
"""


@pytest.fixture
def write(tmp_path):
    """Write a student's file, and give its path."""

    def write(*parts, name="mine.py"):
        path = tmp_path / name
        path.write_text(HEAD + "".join(map(dedent, parts)), encoding="utf-8")
        return path

    return write


@pytest.fixture
def load_file(write, monkeypatch):
    """Write a student's file and import it, here and not in another process."""
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    return lambda *parts: load(write(*parts))


@pytest.fixture
def first_pair(load_file):
    return lambda source: find_pairs(load_file(source))[0]


def checked(path, time_limit=20):
    """Check a file in its process: the results by name, and the notes."""
    events = list(process.run_file(path, time_limit))
    results = {values[0].name: values[0] for event, *values in events if event == "result"}
    return results, [values[0] for event, *values in events if event == "note"]


# -- which pairs there are


def test_pairs_are_found_in_the_order_of_the_file(load_file):
    pairs = find_pairs(load_file(RELU + GAIN + GAIN_EXAMPLE))
    assert [pair.name for pair in pairs] == ["relu", "gain"]
    assert pairs[0].example is None and pairs[1].example is not None
    assert pairs[1].forward.__name__ == "gain_forward"


def test_what_is_imported_or_private_is_no_pair_of_the_file(load_file):
    pairs = find_pairs(load_file("""
        from satt.layers.softmax import softmax_backward, softmax_forward
        from satt.layers.sigmoid import sigmoid_forward as theirs_forward
        from satt.layers.tanh import tanh_forward
        def tanh_backward(dout, out):
            return dout * (1 - out**2)
        def _own_forward(x):
            return x, x
    """))
    assert [pair.name for pair in pairs] == ["tanh"]
    assert pairs[0].forward.__module__ == "satt.layers.tanh"


def test_a_decorated_function_is_the_files_own(load_file, write):
    noting = "def noting(function):\n    return lambda *given: function(*given)\n"
    write(noting, name="helper_of_mine.py")
    source = "from helper_of_mine import noting\n" + RELU.replace("def", "@noting\ndef")
    sys.path.insert(0, str(write("").parent))
    try:
        module = load_file(source)
    finally:
        del sys.path[0]
    (pair,) = find_pairs(module)
    assert pair.forward.__module__ == "helper_of_mine"
    found, _ = exercises(pair, layer_cases())
    assert check_case(found[0].case).ok


@pytest.mark.parametrize(
    "source, said",
    [
        ("def own_forward(x): return x, x", "there is own_forward but no own_backward; add it"),
        ("def own_backward(d, c): return d", "there is own_backward but no own_forward; add it"),
        (
            "def own_forward(x): return x, x\ndef own_bakward(d, c): return d",
            "is own_bakward misspelt?",
        ),
    ],
)
def test_a_missing_half_is_named(source, said, load_file):
    module = load_file(source)
    assert said in missing_half(find_pairs(module)[0], module)


# -- on what they are checked


def test_a_layer_of_satt_gets_all_its_variants(first_pair):
    found, notes = exercises(first_pair("""
        def softmax_forward(scores, axis=-1, mask=None):
            return scores, None
        def softmax_backward(dout, cache):
            return dout
    """), layer_cases())
    names = [case.name for case in layer_cases() if case.name.split("-")[0] == "softmax"]
    assert [exercise.case.name for exercise in found] == names and len(names) > 2
    assert notes == []
    assert all(e.case.forward.__code__.co_filename.endswith("mine.py") for e in found)
    assert all(e.reference.__module__ == "satt.layers.softmax" for e in found)


def test_variants_that_a_forward_cannot_take_are_left_out_and_named(first_pair):
    found, notes = exercises(first_pair("""
        def softmax_forward(scores, axis):
            return scores, None
        def softmax_backward(dout, cache):
            return dout
    """), layer_cases())
    assert [e.case.name for e in found] == ["softmax", "softmax-middle-axis"]
    assert found[0].case.options == {"axis": -1}  # satt's default, which is required here
    assert notes == ["softmax-masked is left out: softmax_forward takes no mask"]


@pytest.mark.parametrize("arguments", ["x, w, b", "x", "W, x, b=None", "x, W, b, extra"])
def test_a_pair_with_other_arguments_than_satts_is_not_taken_for_satts(arguments, first_pair):
    pair = first_pair(f"""
        def linear_forward({arguments}):
            return x, x
        def linear_backward(dout, cache):
            return dout
    """)
    with pytest.raises(CannotCheck) as raised:
        exercises(pair, layer_cases())
    said = str(raised.value)
    assert "satt's linear_forward(x, W, b=None)" in said and "add example_linear()" in said


def test_with_an_example_a_pair_may_have_a_layers_name_and_other_arguments(first_pair):
    pair = first_pair(GAIN.replace("gain_", "linear_") + GAIN_EXAMPLE.replace("_gain", "_linear"))
    found, notes = exercises(pair, layer_cases())
    assert [(e.case.name, e.reference) for e in found] == [("linear", None)]
    assert notes == []


def test_an_example_of_a_layer_of_satt_is_one_case_more(first_pair):
    pair = first_pair(RELU + "def example_relu(): return {'x': np.ones((2, 3))}")
    found, _ = exercises(pair, layer_cases())
    assert [e.case.name for e in found] == ["relu", "relu-example"]


def test_an_example_gives_inputs_alone_or_with_options(first_pair):
    found, _ = exercises(first_pair(GAIN + GAIN_EXAMPLE), [])
    assert [*found[0].case.inputs] == ["x", "gain"] and found[0].case.options == {}
    found, _ = exercises(first_pair("""
        def power_forward(x, exponent=1):
            return x**exponent, (x, exponent)
        def power_backward(dout, cache):
            x, exponent = cache
            return dout * exponent * x ** (exponent - 1)
        def example_power():
            return {"x": np.array([1.0, 2.0])}, {"exponent": 3}
    """), [])
    assert found[0].case.options == {"exponent": 3}
    assert check_case(found[0].case).ok


def test_an_example_may_name_its_inputs_in_any_order(first_pair):
    example = GAIN_EXAMPLE.replace("return {", "return {'gain': random.normal(size=3), ")
    found, _ = exercises(first_pair(GAIN + example), [])
    assert [*found[0].case.inputs] == ["x", "gain"]
    assert check_case(found[0].case).ok


@pytest.mark.parametrize(
    "returned, said",
    [
        ("np.ones(3)", "got ndarray"),
        ("None", "got NoneType"),
        ("{}", "expected a dict"),
        ("({'x': np.ones(3)}, 2)", "got tuple"),
        ("{'x': np.ones(3)}", "gain_forward(x, gain) cannot be called with x: missing"),
        ("{'x': np.ones(3), 'gain': np.ones(3)}, {'y': 1}", "cannot be called with x, gain, y"),
    ],
)
def test_an_example_that_is_none_is_told_what_to_return(returned, said, first_pair):
    with pytest.raises(CannotCheck) as raised:
        exercises(first_pair(GAIN + f"def example_gain(): return {returned}"), [])
    assert said in str(raised.value) and "example_gain()" in str(raised.value)


def test_a_pair_without_inputs_is_told_what_to_add(first_pair):
    with pytest.raises(CannotCheck) as raised:
        exercises(first_pair(GAIN), layer_cases())
    said = str(raised.value)
    assert "add example_gain() that returns its inputs" in said
    assert '"x": np.random.default_rng(0).normal(size=(2, 3)), "gain": ...' in said
    assert "\n" not in said


# -- the forward against satt's


@pytest.mark.parametrize(
    "out, said",
    [
        ("1.001 * np.tanh(x)", "expected"),
        ("np.tanh(x)[0]", "out has the shape (4, 3), expected (2, 4, 3)"),
        ("(np.tanh(x), x)", "returns 2 output(s) before the cache, expected 1"),
        ("np.tanh(x) * np.nan", "is nan, expected"),
    ],
)
def test_a_forward_that_is_not_satts_is_told(out, said, first_pair):
    pair = first_pair(f"""
        def tanh_forward(x):
            return {out}, x
        def tanh_backward(dout, cache):
            return dout
    """)
    exercise = exercises(pair, layer_cases())[0][0]
    assert said in disagreement(exercise, False)
    assert "backward is right" not in disagreement(exercise, False)
    assert "backward is right for this forward" in disagreement(exercise, True)


def test_another_order_of_summing_is_the_same_forward(first_pair):
    pair = first_pair("""
        def sigmoid_forward(x):
            out = 1 / (1 + np.exp(-x))
            return out, out
        def sigmoid_backward(dout, out):
            return dout * out * (1 - out)
    """)
    exercise = exercises(pair, layer_cases())[0][0]
    assert disagreement(exercise, True) == ""
    assert check_case(exercise.case).ok


# -- what went wrong, in one line


def test_an_exception_is_told_with_the_last_line_of_the_file(write):
    path = write("def f():\n    return np.ones(2) @ np.ones(3)\n\nf()")
    with pytest.raises(ValueError) as raised:
        load(path)
    said = describe(raised.value, path)
    assert said.startswith("line 4 of f: ValueError: ") and "\n" not in said


def test_an_exception_without_a_text_is_still_one_line(write):
    class Odd(Exception):
        def __str__(self):
            raise TypeError

    assert describe(Odd(), write("")) == "Odd"
    assert describe(ValueError("a\n  b"), write("")) == "ValueError: a b"
    assert len(describe(ValueError("a" * 5000), write(""))) < 400


# -- in its own process


@pytest.mark.slow
def test_one_file_with_everything_wrong_that_can_be(write):
    results, notes = checked(write(GAIN, GAIN_EXAMPLE, """
        print("\\u00e4 noise")
        def linear_forward(x, W, b=None):
            while True:
                pass
        def linear_backward(dout, cache):
            return dout, dout, dout
        def sigmoid_forward(x):
            sys.exit(0)
        def sigmoid_backward(dout, cache):
            return dout
        def tanh_forward(x):
            os._exit(7)
        def tanh_backward(dout, cache):
            return dout
        def relu_forward(x):
            return np.where(x.real > 0, x, 0), x
        def relu_backward(dout, cache):
            return dout * (cache > 0), dout
        def dropout_forward(x, mask):
            return x * mask, mask
        def dropout_backward(dout, cache):
            raise IndexError("no such axis")
        def lone_forward(x):
            return x, x
        def endless_forward(x):
            return x, x
        def endless_backward(dout, cache):
            return dout
        def example_endless():
            while True:
                pass
        def embedding_forward(words, W):
            print(words)
            return W[words], (words, W.shape)
        def embedding_backward(dout, cache):
            words, shape = cache
            dW = np.zeros(shape, dout.dtype)
            np.add.at(dW, words, dout)
            return dW
    """), time_limit=3)
    said = {name: result.text for name, result in results.items()}
    assert results["gain"].outcome == OK and results["embedding"].outcome == OK
    assert results["relu"].outcome == FAILED
    assert said["relu"].count("2 gradient") >= 1
    assert "after 3 s, at line " in said["linear"] and "of linear_forward" in said["linear"]
    assert "example_endless" in said["endless"] and "endless loop?" in said["endless"]
    assert "of sigmoid_forward: it ends the program" in said["sigmoid"]
    assert "exit code 7" in said["tanh"]
    assert "IndexError: no such axis" in said["dropout"]
    assert "no lone_backward" in said["lone"]
    stopped = ["linear", "endless", "sigmoid", "tanh", "dropout", "lone"]
    assert all(results[name].outcome == COULD_NOT_RUN for name in stopped)
    assert all("\n" not in said[name] for name in stopped)
    assert notes == ["mine.py prints while it is checked, left out here: \u00e4 noise"]


@pytest.mark.parametrize(
    "source, said",
    [
        ("def f(:\n    pass", "line 3: SyntaxError: "),
        ("import no_such_module", "line 3: ModuleNotFoundError: "),
        ("sys.exit('enough')", "line 3: it ends the program (SystemExit: enough)"),
        ("input()", "line 3: EOFError"),
        ("while True:\n    pass", "after 2 s, at line "),
        ("x = 1", "no functions NAME_forward and NAME_backward"),
    ],
)
def test_a_file_that_cannot_be_read_gets_one_line(source, said, write):
    results, _ = checked(write(source), time_limit=2 if "while True" in source else 20)
    assert results["mine.py"].outcome == COULD_NOT_RUN
    assert said in results["mine.py"].text
    assert "\n" not in results["mine.py"].text


def test_the_rest_still_runs_and_the_exit_code_is_of_the_worst(write, capsys):
    broken, right = write("def f(:", name="broken.py"), write(RELU)
    assert cli.main([str(broken), str(right), "tanh"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("broken.py  could not run: line 3: Syntax") for line in lines)
    assert sum(line.endswith(" ok") for line in lines) == 2
    assert lines[-1].startswith("2 of 3 right")


def test_json_of_a_file_is_all_that_stands_on_the_standard_output(write, capsys):
    path = write("print('noise')\n" + GAIN.replace(".sum(axis=0)", "") + GAIN_EXAMPLE)
    assert cli.main([str(path), "--json"]) == 1
    captured = capsys.readouterr()
    x, gain = json.loads(captured.out)
    assert (x["name"], x["argument"], x["ok"]) == ("gain", "x", True)
    assert x["central"] < 1e-7 and x["complex"] < 1e-11
    assert (gain["argument"], gain["ok"], gain["cause"]) == ("gain", False, "missing-sum")
    assert gain["hint"]
    assert captured.err.splitlines() == [
        "note: mine.py prints while it is checked, left out here: noise"
    ]


def test_a_wrong_forward_fails_though_its_backward_fits(write, capsys):
    path = write("""
        def sigmoid_forward(x):
            out = np.tanh(x)
            return out, out
        def sigmoid_backward(dout, out):
            return dout * (1 - out**2)
    """)
    assert cli.main([str(path)]) == 1
    out = capsys.readouterr().out
    assert "the forward is not satt's: out at [" in out
    assert "the backward is right for this forward" in out


def test_code_that_no_complex_number_gets_through_fails_and_is_told_the_way_out(write, capsys):
    path = write("""
        def tanh_forward(x):
            out = np.zeros(x.shape)
            out[:] = np.tanh(x)
            return out, out
        def tanh_backward(dout, out):
            return dout * (1 - out**2)
    """)
    assert cli.main([str(path)]) == 1
    out = capsys.readouterr().out
    assert "not complex-safe" in out and "note: `--method central`" in out
    assert cli.main([str(path), "--method", "central"]) == 0
    assert "note:" not in capsys.readouterr().out


def test_a_file_leaves_nothing_in_its_folder_and_may_import_its_neighbour(write, tmp_path):
    write("FACTOR = 3.0", name="constants_of_mine.py")
    path = write("""
        from constants_of_mine import FACTOR
        def thrice_forward(x):
            return FACTOR * x, None
        def thrice_backward(dout, cache):
            return FACTOR * dout
        def example_thrice():
            return {"x": np.linspace(1, 2, 6).reshape(2, 3)}
    """)
    results, notes = checked(path)
    assert results["thrice"].outcome == OK and notes == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["constants_of_mine.py", "mine.py"]


def test_a_file_may_have_the_name_of_a_module(write):
    results, _ = checked(write(RELU, name="numpy.py"))
    assert results["relu"].outcome == OK


def test_integers_that_were_meant_as_floats_are_pointed_at(write):
    path = write(GAIN, """
        def example_gain():
            return {"x": np.arange(6).reshape(2, 3), "gain": np.ones(3)}
    """)
    results, notes = checked(path)
    assert results["gain"].outcome == FAILED
    assert len(notes) == 1 and "integers stand in x" in notes[0]


@pytest.mark.skipif(os.name == "nt", reason="there Ctrl-C cannot be sent to one process")
def test_ctrl_c_ends_the_command_and_the_files_process_with_one_line(write, tmp_path):
    path = write("""
        with open("pid", "w", encoding="utf-8") as file:
            file.write(str(os.getpid()) + ".")
        while True:
            pass
    """)
    command = [sys.executable, "-m", "gradcheck.cli", str(path), "--time-limit", "600"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8"}
    running = subprocess.Popen(command, cwd=tmp_path, env=environment, **pipes)
    try:
        number = ""
        for _ in range(6000):
            number = (tmp_path / "pid").read_text("utf-8") if (tmp_path / "pid").exists() else ""
            if number.endswith("."):
                break
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=300)
    finally:
        running.kill()
    assert running.returncode == 130
    assert err == "gradcheck: interrupted\n"
    with pytest.raises(ProcessLookupError):
        os.kill(int(number.rstrip(".")), 0)


@pytest.mark.slow
def test_every_layer_of_satt_passes_as_a_students_file(write):
    """Satt's own functions, wrapped in a file: each has a case, and each is right."""
    names = dict.fromkeys(case.forward.__name__.removesuffix("_forward") for case in layer_cases())
    lines = []
    for name in names:
        for half in ("forward", "backward"):
            lines.append(f"from satt.layers.{name} import {name}_{half} as satt_{name}_{half}")
            given = f"satt_{name}_{half}"
            lines.append(f"{name}_{half} = lambda *a, f={given}, **k: f(*a, **k)")
    results, notes = checked(write("\n".join(lines)))
    assert {*results} == {case.name for case in layer_cases()}
    wrong = {name: r.text for name, r in results.items() if r.outcome != OK}
    assert not wrong and not notes
    assert max(r.complex_step for r in results.values()) < 1e-11
    assert np.isfinite([r.central for r in results.values()]).all()

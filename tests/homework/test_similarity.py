"""The same code under other names is found; the same task is not."""

import ast
import shutil

import pytest

from satt.homework.sets import load_set
from satt.homework.similarity import REFERENCE, find_similar

HW4 = load_set("hw4")

OWN = {
    "alignment.py": '''
import numpy as np

def alignment_forward(keys, state, W_state, b, v):
    N, L, A = keys.shape
    asked = np.zeros((N, A))
    for n in range(N):
        asked[n] = np.dot(state[n], W_state) + b
    hidden = np.empty_like(keys)
    for l in range(L):
        hidden[:, l] = np.tanh(keys[:, l] + asked)
    result = np.einsum("nla,a->nl", hidden, v)
    return result, (hidden, state, W_state, v, keys.shape)

def alignment_backward(dscores, cache):
    hidden, state, W_state, v, shape = cache
    dhidden = np.einsum("nl,a->nla", dscores, v)
    dbefore = dhidden - dhidden * hidden * hidden
    dasked = np.zeros((shape[0], shape[2]))
    for l in range(shape[1]):
        dasked += dbefore[:, l]
    dv = np.zeros_like(v)
    for n in range(shape[0]):
        for l in range(shape[1]):
            dv = dv + dscores[n, l] * hidden[n, l]
    dstate = np.dot(dasked, np.transpose(W_state))
    dW_state = np.dot(np.transpose(state), dasked)
    return dbefore, dstate, dW_state, np.sum(dasked, 0), dv
''',
}


def rename(source):
    """Rename every variable and argument of a source, drop comments, add docstrings."""
    tree = ast.parse(source)
    kept = {"np", "range", "alignment_forward", "alignment_backward"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in kept:
            node.id = "my_" + node.id[::-1]
        elif isinstance(node, ast.arg):
            node.arg = "my_" + node.arg[::-1]
        elif isinstance(node, ast.FunctionDef):
            node.body.insert(0, ast.Expr(ast.Constant("I wrote this myself.")))
    return "# all mine\n" + ast.unparse(tree)


@pytest.fixture
def submit(skeleton, tmp_path):
    def submission(name, files):
        folder = shutil.copytree(skeleton("hw4"), tmp_path / name)
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        return folder

    return submission


def test_skeletons_are_not_similar(submit):
    assert find_similar([submit(f"s{n}", {}) for n in range(4)], HW4) == []


def test_renamed_code_is_found(submit):
    renamed = rename(OWN["alignment.py"])
    assert "hidden" not in renamed
    pairs = find_similar([submit("ann", OWN), submit("bob", {"alignment.py": renamed}),
                          submit("cas", {})], HW4)
    assert [(pair.one, pair.other) for pair in pairs] == [("ann", "bob")]
    assert pairs[0].share == 1
    assert pairs[0].functions == ("alignment_forward", "alignment_backward")


def test_a_few_changes_do_not_hide_it(submit):
    changed = rename(OWN["alignment.py"]).replace("np.dot", "np.matmul", 1) + "\nx = 1\n"
    pairs = find_similar([submit("ann", OWN), submit("bob", {"alignment.py": changed})], HW4)
    assert [(pair.one, pair.other) for pair in pairs] == [("ann", "bob")]
    assert 0.7 < pairs[0].share < 1


def test_another_solution_of_the_same_task_is_not(submit, solved):
    own = submit("ann", OWN)
    assert find_similar([own], HW4) == []  # nor is it satt's
    assert [pair.other for pair in find_similar([own, solved("hw4")], HW4)] == [REFERENCE]


def test_satts_own_source_is_found_also_if_all_have_it(solved, tmp_path):
    copies = [shutil.copytree(solved("hw4"), tmp_path / f"s{number}") for number in range(12)]
    pairs = find_similar(copies, HW4)
    assert [pair.one for pair in pairs if pair.other == REFERENCE] == sorted(
        copy.name for copy in copies
    )


def test_past_years_are_looked_at(submit):
    past = submit("old", OWN)
    pairs = find_similar([submit("bob", {"alignment.py": rename(OWN["alignment.py"])})], HW4,
                         [past])
    assert [(pair.one, pair.other) for pair in pairs] == [("bob", "past: old")]


def test_code_that_does_not_parse_is_passed_over(submit):
    broken = submit("bob", {"alignment.py": "def f(:\n" + "(" * 500})
    assert find_similar([submit("ann", OWN), broken], HW4) == []

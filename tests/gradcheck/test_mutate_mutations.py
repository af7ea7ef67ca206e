"""The mutants of one function: the mistakes they make, and what is no mutant."""

from types import FunctionType

import numpy as np
import pytest

from gradcheck.mutate.mutants import corrupted
from gradcheck.mutate.mutations import mutations


def example(dout, cache):
    """Many kinds of lines."""
    x, W, mask = cache
    dW = np.zeros(W.shape, x.dtype)
    for t in reversed(range(len(x))):
        dW += x[t].T @ dout[t]
    dx = np.where(mask[:, None], 2 * dout @ W.T, 0)
    return dx[:, 1:], dW - W, dout.sum(axis=0)


def simple(a, b):
    c = a - b
    return c


def sizes(x):
    return x.reshape(-1, 3)


def countdown(n):
    while n > 0:
        n -= 1
    return n


def changes(function, operator):
    return {(m.before, m.after) for m in mutations(function) if m.operator == operator}


def run(mutation, *arguments):
    return FunctionType(mutation.code, {"np": np})(*arguments)


@pytest.mark.parametrize(("operator", "after"), [
    ("drop term", "return (dx[:, 1:], dW, dout.sum(axis=0))"),
    ("drop term", "return (dx[:, 1:], -W, dout.sum(axis=0))"),
    ("drop factor", "dx = np.where(mask[:, None], dout @ W.T, 0)"),
    ("flip sign", "return (dx[:, 1:], dW + W, dout.sum(axis=0))"),
    ("flip sign", "return (-dx[:, 1:], dW - W, dout.sum(axis=0))"),
    ("flip sign", "dW -= x[t].T @ dout[t]"),
    ("swap operands", "dW += dout[t] @ x[t].T"),
    ("swap operands", "return (dx[:, 1:], W - dW, dout.sum(axis=0))"),
    ("swap axes", "dx = np.where(mask[None, :], 2 * dout @ W.T, 0)"),
    ("swap axes", "return (dx[:, 1:], dW - W, dout.sum(axis=1))"),
    ("swap values", "return (dW - W, dx[:, 1:], dout.sum(axis=0))"),
    ("swap values", "x, mask, W = cache"),
    ("swap values", "dx = np.where(mask[:, None], 0, 2 * dout @ W.T)"),
    ("forget sum", "return (dx[:, 1:], dW - W, dout)"),
    ("forget sum", "return (dx[:, 1:], dW - W, dout.sum())"),
    ("forget sum", "return (dx[:, 1:], dW - W, dout.mean(axis=0))"),
    ("forget sum", "return (dx[:, 1:], dW - W, dout.take(0, axis=0))"),
    ("forget transpose", "dW += x[t] @ dout[t]"),
    ("forget mask", "dx = 2 * dout @ W.T"),
    ("forget index", "dW += x.T @ dout[t]"),
    ("forget index", "return (dx, dW - W, dout.sum(axis=0))"),
    ("take first", "dW += x[t].T @ dout[0]"),
    ("overwrite", "dW = x[t].T @ dout[t]"),
    ("change constant", "dx = np.where(mask[:, None], 3 * dout @ W.T, 0)"),
    ("change constant", "dW = np.ones(W.shape, x.dtype)"),
    ("change slice", "return (dx[:, 1 + 1:], dW - W, dout.sum(axis=0))"),
    ("forget call", "for t in range(len(x)):"),
    ("forget statement", "pass"),
    ("wrong variable", "dW += x[t].T @ dW[t]"),
])
def test_each_kind_of_mistake_is_made(operator, after):
    assert after in {after for _, after in changes(example, operator)}


def test_a_mutant_computes_what_it_says():
    results = {m.after: run(m, 5.0, 2.0) for m in mutations(simple)}
    assert results["c = a"] == 5 and results["c = -b"] == -2 and results["c = a + b"] == 7
    assert results["c = b - a"] == -3 and results["return -c"] == -3
    assert results["return a"] == 5 and results["return b"] == 2


def test_no_two_mutants_are_the_same_code_nor_have_one_name():
    found = mutations(example)
    names = {(m.operator, m.before, m.after, m.occurrence) for m in found}
    assert len(found) == len(names) > 60
    codes = {(m.code.co_code, m.code.co_consts, m.code.co_names) for m in found}
    assert len(codes) == len(found)


def test_what_cannot_matter_is_left_alone():
    """A dtype where all is float64, and -2 where -1 stands for whatever is left."""
    assert not any(".dtype" in m.after and "x.dtype" not in m.after for m in mutations(example))
    assert not any("-2" in m.after or "-0" in m.after for m in mutations(sizes))


def test_the_docstring_is_no_place_for_a_mutant():
    assert not any("Many kinds" in m.before for m in mutations(example))


def test_a_loop_without_an_end_is_stopped():
    endless = [m for m in mutations(countdown) if m.after in ("n += 1", "pass")]
    assert len(endless) == 2
    for mutation in endless:
        with pytest.raises(RuntimeError, match="without an end"):
            run(mutation, 3)


def test_only_the_smallest_entries_are_corrupted():
    gradient = np.array([[0.0, -3.0, 0.5, 2.0], [0.01, 7.0, -0.02, 4.0]] * 5)
    ratio = corrupted(gradient)[gradient != 0] / gradient[gradient != 0]
    assert np.count_nonzero(ratio != 1) == 3  # a tenth of the 35 that are not zero
    np.testing.assert_allclose(ratio[ratio != 1], 1.01)
    assert set(gradient[gradient != 0][ratio != 1]) == {0.01}
    assert np.all(corrupted(gradient)[gradient == 0] == 0)

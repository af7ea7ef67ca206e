"""The fast decoder is the plain one: the same numbers, the same gradients, the same rules."""

import os
import subprocess
import sys

import numpy as np
import pytest

from gradcheck import check
from satt.kernels import attention_lstm as fast, pieces
from satt.kernels.stacking import Stacking
from satt.layers import attention_lstm as plain

# M images, k captions of each, T, L, D, A, H, E
SIZES = [(3, 1, 4, 6, 5, 4, 3, 2), (2, 3, 5, 9, 4, 3, 6, 2), (1, 2, 1, 4, 3, 2, 5, 3),
         (5, 1, 2, 1, 2, 3, 4, 1), (2, 3, 6, 4, 9, 3, 5, 2)]  # in the last, looks are many


def draw(random, size, gated=True, dtype=np.float64):
    M, k, T, L, D, A, H, E = size
    N = M * k
    shapes = {
        "x": (N, T, E), "initial_state": (N, H), "initial_cell": (N, H), "grid": (M, L, D),
        "keys": (M, L, A), "W_query": (H, A), "b_query": (A,), "v": (A,), "W_x": (E + D, 4 * H),
        "W_state": (H, 4 * H), "b": (4 * H,),
    }
    if gated:
        shapes |= {"W_gate": (H, 1), "b_gate": (1,)}
    inputs = {name: random.normal(size=shape).astype(dtype) for name, shape in shapes.items()}
    dout = tuple(random.normal(size=(N, T, width)).astype(dtype) for width in (H, D, L))
    return inputs, dout


def draw_lengths(random, size, how):
    """Steps of each caption."""
    M, k, T = size[:3]
    lengths = {
        "not given": None, "all": [T] * (M * k), "drawn": random.integers(1, T + 1, M * k),
        "first": [T] + [1] * (M * k - 1),  # one caption goes on alone, the first or the last
        "last": [1] * (M * k - 1) + [T],
        "one": [max(1, T - 1)] * (M * k),  # so that even the longest is padded
    }[how]
    return None if lengths is None else np.array(lengths)


@pytest.mark.parametrize("lengths", ["not given", "all", "drawn", "first", "last", "one"])
@pytest.mark.parametrize("together", [fast.TOGETHER, 1])
@pytest.mark.parametrize("gated", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_equals_the_plain_layer(random, monkeypatch, size, gated, together, lengths):
    monkeypatch.setattr(fast, "TOGETHER", together)
    inputs, dout = draw(random, size, gated)
    options = {"context_scale": 0.3, "lengths": draw_lengths(random, size, lengths)}
    wanted, wanted_cache = plain.attention_lstm_forward(**inputs, **options)
    got, got_cache = fast.attention_lstm_forward(**inputs, **options)
    for one, other in zip(wanted, got, strict=True):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-10)
    gradients = plain.attention_lstm_backward(dout, wanted_cache)
    for name, one, other in zip(
        inputs, gradients, fast.attention_lstm_backward(dout, got_cache), strict=True
    ):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("form", [plain, fast])
@pytest.mark.parametrize("size", [SIZES[1], SIZES[-1]])
def test_words_that_are_read_again_and_again_are_as_if_they_all_differed(random, form, size):
    inputs, dout = draw(random, size)
    lengths = draw_lengths(random, size, "drawn")
    words = random.integers(0, 4, inputs["x"].shape[:2])
    words[words == 2] = 1  # nobody reads the third
    few = random.normal(size=(4, size[-1]))
    wanted, wanted_cache = form.attention_lstm_forward(
        **inputs | {"x": few[words]}, lengths=lengths
    )
    got, got_cache = form.attention_lstm_forward(
        **inputs | {"x": few}, lengths=lengths, words=words
    )
    for one, other in zip(wanted, got, strict=True):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-12)
    dx, *wanted = form.attention_lstm_backward(dout, wanted_cache)
    dfew, *got = form.attention_lstm_backward(dout, got_cache)
    np.testing.assert_allclose(dfew, [dx[words == word].sum(axis=0) for word in range(4)])
    assert not dfew[2].any()
    for one, other in zip(wanted, got, strict=True):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-10)


@pytest.mark.parametrize("form", [plain, fast])
def test_what_comes_after_a_caption_is_zero_and_teaches_nothing(random, form):
    size = (3, 2, 5, 6, 4, 3, 4, 2)
    inputs, dout = draw(random, size)
    lengths = np.array([5, 1, 4, 4, 2, 3])
    has_ended = np.arange(5) >= lengths[:, None]
    outs, cache = form.attention_lstm_forward(**inputs, lengths=lengths)
    for out in outs:
        assert not out[has_ended].any() and out[~has_ended].all()
    gradients = form.attention_lstm_backward(dout, cache)
    others = tuple(np.where(has_ended[:, :, None], 1000, d) for d in dout)
    for one, other in zip(gradients, form.attention_lstm_backward(others, cache), strict=True):
        np.testing.assert_array_equal(other, one)
    assert not gradients[0][has_ended].any()


def test_padding_is_not_computed():
    """Two images of three captions: a slot goes on up to its last caption that has not ended."""
    stacking = Stacking(2, 3, 9, np.array([2, 4, 1, 3, 3, 2]))
    # The second image says more. Slot 0 is captions 3 and 1, slot 1 is 4 and 0, slot 2 is 5 and 2.
    counts = [[n for _, n in slots] for _, slots, _ in stacking.steps]
    assert counts == [[2, 2, 2], [2, 2, 1], [2, 1], [2]]
    assert stacking.rows == 16 and len(stacking._idle) == 1  # caption 3 waits for caption 1


@pytest.mark.parametrize("form", [plain, fast])
@pytest.mark.parametrize("size", SIZES[-2:])
def test_who_does_not_want_the_grids_gradient_gets_the_others(random, form, size):
    inputs, dout = draw(random, size)
    _, cache = form.attention_lstm_forward(**inputs)
    whole = form.attention_lstm_backward(dout, cache)
    _, cache = form.attention_lstm_forward(**inputs)
    for name, one, other in zip(
        inputs, whole, form.attention_lstm_backward(dout, cache, to_grid=False), strict=True
    ):
        if name == "grid":
            assert other is None and one is not None
        else:
            np.testing.assert_array_equal(other, one, err_msg=name)


@pytest.mark.parametrize("loud", ["keys", "queries", "both", "opposite", "nearly", "gates"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_loud_keys_and_queries_are_no_matter(random, loud, dtype):
    inputs, dout = draw(random, (2, 2, 3, 6, 4, 3, 5, 2), dtype=dtype)
    if loud in ("keys", "both"):
        inputs["keys"] *= 300
    if loud in ("queries", "both"):
        inputs["b_query"] *= 300
    if loud == "opposite":  # exp(2 key) is infinite and exp(2 query) zero
        inputs["keys"] += 500
        inputs["b_query"] -= 500
    if loud == "nearly":  # the keys alone would do, the queries not
        inputs["keys"] -= 15 - np.abs(inputs["keys"])
        inputs["b_query"] += 23
    if loud == "gates":
        inputs["b"] *= 1000
        inputs["b_gate"] -= 1000
    wanted, wanted_cache = plain.attention_lstm_forward(**inputs)
    got, got_cache = fast.attention_lstm_forward(**inputs)
    wanted += plain.attention_lstm_backward(dout, wanted_cache)
    got += fast.attention_lstm_backward(dout, got_cache)
    near = 1e-10 if dtype == np.float64 else 1e-3
    for one, other in zip(wanted, got, strict=True):
        np.testing.assert_allclose(other, one, rtol=near, atol=near * max(1, np.abs(one).max()))


@pytest.mark.parametrize("gated", [True, False])
@pytest.mark.parametrize("size", [(2, 2, 3, 4, 3, 2, 3, 2), (2, 2, 4, 2, 4, 2, 3, 2)])
@pytest.mark.parametrize("lengths", ["not given", "drawn"])
def test_its_gradients_are_right(random, size, gated, lengths):
    inputs, _ = draw(random, size, gated)
    report = check(
        fast.attention_lstm_forward, fast.attention_lstm_backward, inputs,
        {"lengths": draw_lengths(random, size, lengths)},
    )
    assert report.ok, f"\n{report}"
    assert report.max_error_central <= 1e-7 and report.max_error_complex <= 1e-11


@pytest.mark.parametrize("size", [(2, 2, 6, 12, 8, 6, 7, 5), SIZES[-1]])
def test_float32_stays_float32_and_is_near(random, size):
    inputs, dout = draw(random, size, dtype=np.float32)
    wanted, wanted_cache = plain.attention_lstm_forward(**inputs)
    got, got_cache = fast.attention_lstm_forward(**inputs)
    gradients = plain.attention_lstm_backward(dout, wanted_cache)
    fast_gradients = fast.attention_lstm_backward(dout, got_cache)
    for one, other in zip((*wanted, *gradients), (*got, *fast_gradients), strict=True):
        assert other.dtype == np.float32
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-4 * np.abs(one).max())


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_changed_and_twice_gives_the_same(random, size):
    inputs, dout = draw(random, size, dtype=np.float32)
    for array in (*inputs.values(), *dout):
        array.flags.writeable = False
    runs = []
    for _ in range(2):
        outs, cache = fast.attention_lstm_forward(**inputs)
        for _ in range(2):
            runs.append((*outs, *fast.attention_lstm_backward(dout, cache)))
    for run in runs[1:]:
        for one, other in zip(runs[0], run, strict=True):
            np.testing.assert_array_equal(one, other)


def test_numpys_settings_are_the_callers_again(random):
    inputs, dout = draw(random, SIZES[1])
    with np.errstate(over="raise"):
        before = np.getbufsize(), np.geterr()
        _, cache = fast.attention_lstm_forward(**inputs)
        assert (np.getbufsize(), np.geterr()) == before
        fast.attention_lstm_backward(dout, cache)
        assert (np.getbufsize(), np.geterr()) == before


@pytest.mark.parametrize("count, bytes_each, lengths", [
    (1, 10, [1]), (10, 300_000, [1] * 10), (10, 100_000, [3, 3, 3, 1]), (4, 1, [4]),
    (7, 10**9, [1] * 7),
])
def test_pieces_cover_everything_once(count, bytes_each, lengths):
    found = pieces.pieces(count, bytes_each)
    assert [piece.stop - piece.start for piece in found] == lengths
    assert [n for piece in found for n in range(piece.start, piece.stop)] == list(range(count))


def test_kernels_can_be_turned_off():
    code = "from satt import ops; print(ops.attention_lstm_forward.__module__,"
    code += " ops.conv2d_forward.__module__)"
    for setting, room in (("off", "layers"), ("on", "kernels")):
        done = subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "SATT_KERNELS": setting},
            capture_output=True, encoding="utf-8", check=True,
        )
        assert done.stdout.split() == [f"satt.{room}.attention_lstm", f"satt.{room}.conv2d"]

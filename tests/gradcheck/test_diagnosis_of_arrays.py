"""The public `diagnose` on arrays alone: each kind by what it looks like, nothing by chance."""

import numpy as np
import pytest

from gradcheck.diagnosis import KINDS, Cause, diagnose, diagnose_all

random = np.random.default_rng(0)
EXPECTED = random.normal(size=(3, 4, 5))
IMAGE = random.normal(size=(2, 6, 5, 3))
VECTOR = random.normal(size=5)


def test_a_negative_is_a_sign_and_its_factor_minus_one():
    cause = diagnose(-EXPECTED, EXPECTED, name="x")
    assert (cause.kind, cause.factor) == ("sign", -1.0)
    assert "x" in cause.hint


def test_a_factor_is_told_as_the_length_that_it_is():
    cause = diagnose(EXPECTED[0] * 7, EXPECTED[0], {"x": np.zeros((7, 2))}, name="W")
    assert cause.kind == "scale"
    assert cause.factor == pytest.approx(7)
    assert "7 is the length of axis 0 of x" in cause.hint


def test_a_fraction_is_told_by_its_denominator():
    cause = diagnose(EXPECTED[0] / 7, EXPECTED[0], {"x": np.zeros((7, 2))}, name="W")
    assert cause.kind == "scale"
    assert "1 / 7" in cause.hint


def test_zeros_are_zero():
    assert diagnose(0 * EXPECTED, EXPECTED).kind == "zero"
    assert diagnose(None, EXPECTED).kind == "zero"


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 1, 0), (1, 2, 0)])
def test_another_order_of_the_axes_is_transposed(order):
    assert diagnose(EXPECTED.transpose(order), EXPECTED).kind == "transposed"


def test_a_square_matrix_is_transposed_though_its_shape_is_right():
    square = random.normal(size=(4, 4))
    assert diagnose(square.T, square).kind == "transposed"


def test_a_reshape_in_place_of_a_transpose_is_transposed():
    matrix = EXPECTED[0]
    assert diagnose(matrix.T.reshape(matrix.shape), matrix).kind == "transposed"


def test_what_still_has_to_be_summed_is_a_missing_sum():
    assert diagnose(EXPECTED, EXPECTED.sum(axis=(0, 1))).kind == "missing-sum"
    assert diagnose(EXPECTED, EXPECTED.sum(axis=1)).kind == "missing-sum"


def test_an_axis_of_length_one_too_many_is_a_shape():
    assert diagnose(VECTOR[None], VECTOR).kind == "shape"
    assert diagnose(VECTOR.sum(), VECTOR).kind == "shape"
    assert diagnose(EXPECTED[0, :, 1:], EXPECTED[0]).kind == "shape"


def test_a_named_path_that_is_missing_is_named():
    as_key, as_value = random.normal(size=(2, 3, 4))
    partials = {"grid as key": as_key, "grid as value": as_value}
    cause = diagnose(as_value, as_key + as_value, partials=partials, name="grid")
    assert cause.kind == "missing-path"
    assert "grid as key" in cause.hint


def test_only_one_step_with_a_gradient_is_told_by_which():
    last, first = np.zeros((2, *EXPECTED.shape))
    last[:, -1], first[:, 0] = EXPECTED[:, -1], EXPECTED[:, 0]
    assert diagnose(last, EXPECTED).kind == "last-step-only"
    assert diagnose(first, EXPECTED).kind == "first-step-only"


def test_blocks_in_another_order_are_permuted():
    i, f, o, g = np.split(random.normal(size=(3, 20)), 4, axis=1)
    cause = diagnose(np.hstack([i, f, g, o]), np.hstack([i, f, o, g]))
    assert cause.kind == "permuted"
    assert "4 blocks in the order 0, 1, 3, 2" in cause.hint


def test_reversed_columns_are_permuted():
    assert diagnose(EXPECTED[..., ::-1], EXPECTED).kind == "permuted"


def test_a_filter_turned_round_is_permuted_and_not_a_border():
    W = random.normal(size=(3, 3, 2, 4))
    assert diagnose(W[::-1, ::-1], W).kind == "permuted"


def test_one_negated_gate_is_a_sign():
    i, f, o, g = np.split(random.normal(size=(3, 20)), 4, axis=1)
    cause = diagnose(np.hstack([i, -f, o, g]), np.hstack([i, f, o, g]))
    assert cause.kind == "sign"
    assert "block 1 of 4" in cause.hint


@pytest.mark.parametrize("place", [-1, 0])
def test_one_gradient_of_a_repeated_word_is_overwritten(place):
    words, dout = np.array([2, 0, 2, 1]), random.normal(size=(4, 3))
    expected, mine = np.zeros((2, 5, 3))
    np.add.at(expected, words, dout)
    for word in words:
        mine[word] = dout[np.flatnonzero(words == word)[place]]
    cause = diagnose(mine, expected, {"words": words}, dout, name="W")
    assert cause.kind == "overwrites-repeats"
    assert "np.add.at" in cause.hint


def test_a_rim_of_zeros_is_a_border():
    mine = np.zeros_like(IMAGE)
    mine[:, 1:-1, 1:-1] = IMAGE[:, 1:-1, 1:-1]
    assert diagnose(mine, IMAGE).kind == "border"


def test_an_image_cut_off_at_the_wrong_side_is_a_border():
    assert diagnose(np.pad(IMAGE, ((0, 0), (1, 0), (1, 0), (0, 0)))[:, :-1, :-1], IMAGE).kind == (
        "border"
    )


def test_what_is_not_zero_behind_the_end_word_is_a_padding_leak():
    mask = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 1, 1]])
    cause = diagnose(EXPECTED, EXPECTED * mask[:, :, None], {"mask": mask})
    assert cause.kind == "padding-leak"


@pytest.mark.parametrize("array, slope", [
    (np.tanh, lambda y: 1 - y**2),
    (lambda x: 1 / (1 + np.exp(-x)), lambda y: y * (1 - y)),
    (lambda x: np.maximum(x, 0), lambda y: y > 0),
])
def test_a_slope_left_out_is_found_from_the_input(array, slope):
    x, dout = random.normal(size=(2, 3, 4))
    cause = diagnose(dout, dout * slope(array(x)), {"x": x}, dout)
    assert cause.kind == "missing-activation-gradient"


def test_a_gradient_for_an_upstream_of_ones_ignores_it():
    x, dout = random.normal(size=(4, 3)), random.normal(size=(4, 5))
    cause = diagnose(x.T @ np.ones((4, 5)), x.T @ dout, {"x": x}, dout)
    assert cause.kind == "ignores-upstream"
    assert diagnose(EXPECTED, 0.7 * EXPECTED, upstream=np.array(0.7)).kind == "ignores-upstream"


def test_digits_lost_on_the_way_are_a_dtype():
    assert diagnose(EXPECTED.astype(np.float32), EXPECTED).kind == "dtype"
    assert diagnose(EXPECTED.astype(np.float32).astype(float), EXPECTED).kind == "dtype"
    assert diagnose((9 * EXPECTED).astype(int), 9 * EXPECTED).kind == "dtype"
    assert diagnose(EXPECTED + 0j, EXPECTED).kind == "dtype"


def test_one_nan_is_enough():
    mine = EXPECTED.copy()
    mine[1, 2, 3] = np.nan
    assert diagnose(mine, EXPECTED).kind == "nan"


def test_entries_that_were_not_sampled_do_not_matter():
    numeric = EXPECTED.copy()
    numeric[0, 0] = np.nan
    assert diagnose(-EXPECTED, numeric).kind == "sign"
    assert diagnose(EXPECTED.transpose(0, 2, 1), numeric).kind == "transposed"


@pytest.mark.parametrize("shape", [(), (1,), (5,), (3, 4), (4, 4), (2, 3, 4), (2, 6, 5, 3)])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_wrong_at_random_is_unknown(shape, seed):
    draw = np.random.default_rng(seed).normal
    inputs = {"x": draw(size=(4, 3)), "words": np.array([0, 0, 1]), "mask": np.array([[1], [0]])}
    upstream = draw(size=(4, 5))
    assert diagnose(draw(size=shape), draw(size=shape), inputs, upstream).kind == "unknown"


def test_a_few_small_entries_wrong_by_a_percent_are_unknown():
    mine = EXPECTED.copy()
    mine.flat[np.argsort(np.abs(mine), axis=None)[:6]] *= 1.01
    assert diagnose(mine, EXPECTED).kind == "unknown"


def test_a_slip_plain_in_one_argument_explains_the_other():
    blocks = random.normal(size=(4, 6))
    wrong = {
        "x": (random.normal(size=(2, 3)), random.normal(size=(2, 3))),
        "W": (blocks * [1, 1, -1, -1, 1, 1], blocks),
    }
    causes = diagnose_all(wrong)
    assert list(causes) == ["x", "W"]
    assert causes["x"].kind == causes["W"].kind == "sign"
    assert "W" in causes["x"].hint


def test_a_slip_of_one_line_does_not_explain_the_other_argument():
    wrong = {
        "x": (random.normal(size=(2, 3)), random.normal(size=(2, 3))),
        "b": (np.zeros(5), VECTOR),
    }
    assert [cause.kind for cause in diagnose_all(wrong).values()] == ["unknown", "zero"]


def test_a_kind_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="one of scale, sign"):
        Cause("typo", "no")
    assert len(set(KINDS)) == 22

"""The fast loss is the plain one: the same numbers and gradients, with less memory."""

import tracemalloc

import numpy as np
import pytest

from satt.kernels import pieces, sequence_cross_entropy as fast
from satt.layers import sequence_cross_entropy as plain

MASKS = {
    "all": np.ones((3, 4), bool), "some": np.array([[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]]),
    "none": np.zeros((3, 4), bool),
}


def both(module, logits, targets, mask, dloss=1.7):
    loss, cache = module.sequence_cross_entropy_forward(logits, targets, mask)
    return loss, module.sequence_cross_entropy_backward(dloss, cache)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("cache", [pieces.CACHE, 1])
@pytest.mark.parametrize("loud", [1, 1000])
def test_equals_the_plain_layer(random, monkeypatch, mask, cache, loud):
    monkeypatch.setattr(pieces, "CACHE", cache)
    logits, targets = loud * random.normal(size=(3, 4, 7)), random.integers(7, size=(3, 4))
    before = logits.copy()
    wanted, got = (both(module, logits, targets, MASKS[mask]) for module in (plain, fast))
    assert got[0] == pytest.approx(wanted[0], rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(got[1], wanted[1], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(logits, before)


def test_float32_stays_float32(random):
    logits = random.normal(size=(3, 4, 7)).astype(np.float32)
    loss, dlogits = both(fast, logits, random.integers(7, size=(3, 4)), MASKS["some"], 1.0)
    assert loss.dtype == dlogits.dtype == np.float32


def test_it_holds_the_scores_only_once_more(random):
    logits = random.normal(size=(8, 16, 5000)).astype(np.float32)
    targets, mask = random.integers(5000, size=(8, 16)), np.ones((8, 16), bool)
    tracemalloc.start()
    both(fast, logits, targets, mask)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1.5 * logits.nbytes

"""What no arrangement of NumPy's calls can undercut, beside ours and torch, in milliseconds.

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python -m tests.benchmarks.limits

A batch norm cannot do without four sums, two products for them, and one each for its result and
its gradient. A greedy step meets each of its weight matrices with a vector. Here is nothing else.
"""

from functools import partial

import numpy as np
import torch

from satt.decoding.greedy import greedy
from satt.kernels.pieces import pieces
from satt.training.memory import keep_freed_memory
from tests.benchmarks.measure import in_turn
from tests.benchmarks.models import SIZES, decoder
from tests.benchmarks.pool_and_norm import norm, torch_norm
from tests.benchmarks.torch_captioner import TorchCaptioner

SHAPE, TOGETHER = (32, 64, 64, 32), 32  # pixels side by side, so that NumPy meets long rows
WORDS, SECONDS = 12, 20
WEIGHTS = ["alignment.W_state", "lstm.W_x", "lstm.W_state", "deep_output.W_state",
           "deep_output.W_context", "vocabulary.W"]


def batch_norm():
    """Forward and backward."""
    random = np.random.default_rng(0)
    x, dout = random.standard_normal((2, *SHAPE), dtype=np.float32)
    gamma, beta = random.standard_normal((2, SHAPE[3]), dtype=np.float32)
    rows, drows = (array.reshape(-1, TOGETHER * SHAPE[3]) for array in (x, dout))
    buffer = np.empty_like(rows)
    ones = np.ones(len(rows), x.dtype)  # a product with ones is NumPy's quickest sum over rows
    tensors = [
        torch.tensor(array).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)
        for array in (x, dout)
    ]

    def sums(a, b):
        """Sum a and a b, piece by piece: mean and variance, or dbeta and dgamma."""
        for piece in pieces(len(rows), rows[0].nbytes):
            products = np.multiply(a[piece], b[piece], out=buffer[: len(a[piece])])
            ones[: len(products)] @ a[piece]
            ones[: len(products)] @ products

    def walks():
        sums(rows, rows)
        np.multiply(rows, rows[0])  # out
        sums(drows, rows)
        np.multiply(drows, rows)  # dx

    return {
        "ours": partial(norm, x, dout, gamma, beta),
        "torch": partial(torch_norm, torch, *tensors, torch.tensor(gamma), torch.tensor(beta)),
        "limit": walks,
    }


def greedy_words():
    """The words of one caption, with 196 locations and 10,000 words to choose from."""
    model, batch = decoder(SIZES["L196: B64 T16 D512 H512 V10k"] | {"B": 1})
    model.params["decoder.vocabulary.b"][2] = -100  # never <stop>
    rival, grid = TorchCaptioner(model), torch.tensor(batch["images"])
    weights = [model.params[f"decoder.{name}"] for name in WEIGHTS]
    vectors = [np.ones(len(W), W.dtype) for W in weights]

    def products():
        for _ in range(WORDS):
            for vector, W in zip(vectors, weights, strict=True):
                vector @ W

    return {
        "ours": partial(greedy, model, batch["images"], WORDS),
        "torch": partial(rival.greedy, grid, WORDS),
        "limit": products,
    }


def main():
    """Measure, and print."""
    torch.set_num_threads(1)
    keep_freed_memory()
    for what, steps, count in (
        (f"batch norm, {'x'.join(map(str, SHAPE))}", batch_norm(), 1),
        ("a greedy word, 196 locations, 10,000 words", greedy_words(), WORDS),
    ):
        times = {name: 1e3 * t / count for name, t in in_turn(steps, SECONDS).items()}
        print(f"{what}: " + ", ".join(f"{name} {t:.2f} ms" for name, t in times.items())
              + f"; torch by the limit {times['torch'] / times['limit']:.2f}")


if __name__ == "__main__":
    main()

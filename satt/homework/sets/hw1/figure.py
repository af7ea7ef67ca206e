"""Run me when your layers are written: `python figure.py`.

A small net of your layers (linear, relu, linear, softmax with cross-entropy) learns which of three
arms of a spiral a point belongs to. Its decisions become figure.png; before that your own
gradient check has a look at your layers.
"""

from pathlib import Path

import numpy as np

from satt.homework.handout.missing import stop_if_missing
from satt.homework.sets.hw1.gradient_check import (
    check_gradients,
    numerical_gradient,
    relative_error,
)
from satt.layers.linear import linear_backward, linear_forward
from satt.layers.relu import relu_backward, relu_forward
from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_backward,
    sequence_cross_entropy_forward,
)
from satt.layers.softmax import softmax_backward, softmax_forward

FIGURE = Path(__file__).resolve().parent / "figure.png"
ARMS, POINTS, WIDTH = 3, 150, 48
STEPS, LEARNING_RATE = 1500, 0.5
COLOURS = ("#0072b2", "#e69f00", "#555555")
MARKS = "os^"


def main():
    """Check, learn, draw."""
    stop_if_missing(
        linear_forward, linear_backward, relu_forward, relu_backward, softmax_forward,
        softmax_backward, sequence_cross_entropy_forward, sequence_cross_entropy_backward,
        numerical_gradient, relative_error, check_gradients,
    )
    random = np.random.default_rng(0)
    check_the_layers(random)
    points, arms = spirals(random)
    params = {
        "W1": random.normal(size=(2, WIDTH)) * np.sqrt(2 / 2), "b1": np.zeros(WIDTH),
        "W2": random.normal(size=(WIDTH, ARMS)) * np.sqrt(2 / WIDTH), "b2": np.zeros(ARMS),
    }
    losses = []
    for step in range(STEPS):
        loss, gradients = loss_and_gradients(points, arms, params)
        losses.append(loss)
        rate = LEARNING_RATE * (1 - step / STEPS)
        params = {name: param - rate * gradients[name] for name, param in params.items()}
    right = (probabilities(points, params).argmax(axis=1) == arms).mean()
    draw(points, arms, params, losses, right)
    print(f"loss {losses[0]:.2f} -> {losses[-1]:.2f}, {right:.0%} of the points right: {FIGURE}")


def check_the_layers(random):
    """Ask the student's gradient check about the student's layers."""
    x, W, b = random.normal(size=(4, 3)), random.normal(size=(3, 5)), random.normal(size=5)
    upstream = random.normal(size=(4, 5))
    checks = {
        "linear": check_gradients(linear_forward, linear_backward, [x, W, b], upstream),
        "relu": check_gradients(relu_forward, relu_backward, [upstream], upstream),
        "softmax": check_gradients(softmax_forward, softmax_backward, [W], W**2),
    }
    for name, errors in checks.items():
        print(f"{name:8} relative errors " + " ".join(f"{error:.0e}" for error in errors))


def spirals(random):
    """Points (M, 2) and the number of the arm that each lies on."""
    along = np.tile(np.linspace(0.1, 1, POINTS), ARMS)
    arms = np.repeat(np.arange(ARMS), POINTS)
    angle = 4 * along + 2 * np.pi * arms / ARMS + 0.15 * random.normal(size=along.size)
    return along[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1), arms


def loss_and_gradients(points, arms, params):
    """Every point is a caption of one word: that is all that cross-entropy needs to know."""
    hidden, first = linear_forward(points, params["W1"], params["b1"])
    hidden, relu = relu_forward(hidden)
    logits, second = linear_forward(hidden, params["W2"], params["b2"])
    mask = np.ones((len(arms), 1), dtype=bool)
    loss, surprise = sequence_cross_entropy_forward(logits[:, None, :], arms[:, None], mask)
    dlogits = sequence_cross_entropy_backward(1.0, surprise)[:, 0, :]
    dhidden, dW2, db2 = linear_backward(dlogits, second)
    _, dW1, db1 = linear_backward(relu_backward(dhidden, relu), first)
    return loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}


def probabilities(points, params):
    """What the net believes of each point: (M, ARMS)."""
    hidden, _ = linear_forward(points, params["W1"], params["b1"])
    hidden, _ = relu_forward(hidden)
    logits, _ = linear_forward(hidden, params["W2"], params["b2"])
    return softmax_forward(logits)[0]


def draw(points, arms, params, losses, right):
    """Draw what the net decides everywhere, and how it learned."""
    from matplotlib.colors import to_rgb
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 5), layout="constrained")
    map_panel, curve = figure.subplots(1, 2)
    side = np.linspace(-1.2, 1.2, 200)
    everywhere = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    belief = probabilities(everywhere, params)
    colours = np.array([to_rgb(colour) for colour in COLOURS])
    # Where the net is in doubt the colours mix.
    shown = 0.35 + 0.65 * (belief @ colours).reshape(200, 200, 3)
    map_panel.imshow(shown, extent=(-1.2, 1.2, -1.2, 1.2), origin="lower")
    for arm in range(ARMS):
        x, y = points[arms == arm].T
        map_panel.plot(x, y, MARKS[arm], color=COLOURS[arm], markeredgecolor="white", markersize=5)
    map_panel.set(title=f"What your net decides: {right:.0%} of the points right",
                  xticks=[], yticks=[])
    curve.plot(losses, color=COLOURS[0])
    curve.axhline(np.log(ARMS), color=COLOURS[2], linestyle="--")
    curve.text(len(losses), np.log(ARMS), "knows nothing: log 3 ", ha="right", va="bottom")
    curve.set(title="How it learned", xlabel="step", ylabel="loss (nats a point)", ylim=(0, None))
    figure.savefig(FIGURE, dpi=110)


if __name__ == "__main__":
    main()

"""Run me when your layers are written: `python figure.py`.

A task for a memory: the first of 30 inputs says which of four symbols it is, 29 inputs of noise
follow, and at the end the net must say which it was. Your plain net and your LSTM learn it;
figure.png shows how they learn it, how much of the gradient comes back to the first input before
any training, and what the gates of the trained LSTM do.
"""

from pathlib import Path

import numpy as np

from satt.homework.handout.missing import stop_if_missing
from satt.layers.linear import linear_backward, linear_forward
from satt.layers.lstm import lstm_backward, lstm_forward
from satt.layers.lstm_step import lstm_step_backward, lstm_step_forward
from satt.layers.rnn import rnn_backward, rnn_forward
from satt.layers.rnn_step import rnn_step_backward, rnn_step_forward
from satt.layers.sequence_cross_entropy import (
    sequence_cross_entropy_backward,
    sequence_cross_entropy_forward,
)
from satt.layers.sigmoid import sigmoid_forward

FIGURE = Path(__file__).resolve().parent / "figure.png"
SYMBOLS, T, N, H = 4, 30, 64, 24
STEPS, LEARNING_RATE = 250, 0.01
BLUE, ORANGE, GREY = "#0072b2", "#e69f00", "#555555"


def main():
    """Learn with both nets, look at the gradients, draw."""
    stop_if_missing(
        rnn_step_forward, rnn_step_backward, rnn_forward, rnn_backward, lstm_step_forward,
        lstm_step_backward, lstm_forward, lstm_backward,
    )
    losses, lengths = {}, {}
    for name, gates in (("RNN", 1), ("LSTM", 4)):
        random = np.random.default_rng(0)
        params = initial(random, gates)
        _, _, dx = loss_and_gradients(*sequences(random), params)
        lengths[name] = np.sqrt((dx**2).sum(axis=(0, 2)))
        losses[name], params = learn(params, random)
        print(f"{name:4}  loss {losses[name][0]:.2f} -> {losses[name][-1]:.3f}; the first input "
              f"got {lengths[name][0] / lengths[name][-1]:.0e} of the last one's gradient")
    draw(losses, lengths, gates_over_time(random, params))
    print(FIGURE)


def sequences(random):
    """Inputs (N, T, SYMBOLS + 1), the last of them noise, and the symbols (N,)."""
    symbols = random.integers(SYMBOLS, size=N)
    x = np.zeros((N, T, SYMBOLS + 1))
    x[np.arange(N), 0, symbols] = 1
    x[:, 1:, SYMBOLS] = random.normal(size=(N, T - 1))
    return x, symbols


def initial(random, gates):
    """Matrices of variance 1 / fan-in; the LSTM's gate for forgetting starts open."""
    params = {
        "W_x": random.normal(size=(SYMBOLS + 1, gates * H)) / np.sqrt(SYMBOLS + 1),
        "W_state": random.normal(size=(H, gates * H)) / np.sqrt(H),
        "b": np.zeros(gates * H),
        "W_out": random.normal(size=(H, SYMBOLS)) / np.sqrt(H),
        "b_out": np.zeros(SYMBOLS),
    }
    if gates == 4:
        params["b"][H : 2 * H] = 2
    return params


def run(x, params):
    """The states of either net, and what its backward needs; four gates make an LSTM."""
    start = np.zeros((len(x), H))
    weights = params["W_x"], params["W_state"], params["b"]
    if len(params["b"]) == H:
        return rnn_forward(x, start, *weights)
    (states, _), cache = lstm_forward(x, start, start, *weights)
    return states, cache


def loss_and_gradients(x, symbols, params):
    """Ask for the symbol at the last step only."""
    states, recurrent = run(x, params)
    logits, out = linear_forward(states[:, -1:], params["W_out"], params["b_out"])
    mask = np.ones((len(x), 1), dtype=bool)
    loss, surprise = sequence_cross_entropy_forward(logits, symbols[:, None], mask)
    dlast, dW_out, db_out = linear_backward(sequence_cross_entropy_backward(1.0, surprise), out)
    dstates = np.zeros_like(states)
    dstates[:, -1:] = dlast
    if len(params["b"]) == H:
        dx, _, *dweights = rnn_backward(dstates, recurrent)
    else:
        dx, _, _, *dweights = lstm_backward((dstates, np.zeros_like(states[:, 0])), recurrent)
    names = ("W_x", "W_state", "b", "W_out", "b_out")
    return loss, dict(zip(names, [*dweights, dW_out, db_out], strict=True)), dx


def learn(params, random):
    """Go down by the gradient's sign and recent size (RMSProp)."""
    squares = {name: np.zeros_like(param) for name, param in params.items()}
    losses = []
    for step in range(STEPS):
        loss, gradients, _ = loss_and_gradients(*sequences(random), params)
        losses.append(loss)
        rate = LEARNING_RATE * (1 - step / STEPS)
        for name, gradient in gradients.items():
            squares[name] = 0.9 * squares[name] + 0.1 * gradient**2
            params[name] = params[name] - rate * gradient / (np.sqrt(squares[name]) + 1e-8)
    return losses, params


def gates_over_time(random, params):
    """The gates i and f of the LSTM, of every unit while it reads one sequence: two of (H, T)."""
    x, _ = sequences(random)
    states, _ = run(x, params)
    before = np.concatenate([np.zeros_like(states[:, :1]), states[:, :-1]], axis=1)
    pre = x @ params["W_x"] + before @ params["W_state"] + params["b"]
    gates, _ = sigmoid_forward(pre[0, :, : 2 * H])
    write, keep = gates[:, :H].T, gates[:, H:].T
    # The units that write the most at the first step, where the symbol is, stand on top.
    order = np.argsort(write[:, 1:].mean(axis=1) - write[:, 0])
    return write[order], keep[order]


def draw(losses, lengths, gates):
    """Learning curves, gradients over time, gates over time."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 4.6), layout="constrained")
    curves, gradients, openings = figure.subfigures(1, 3)
    curves, gradients = curves.subplots(), gradients.subplots()
    panels = openings.subplots(2, 1, sharex=True)
    steps = np.arange(1, T + 1)
    for name, colour, style in (("RNN", ORANGE, "--"), ("LSTM", BLUE, "-")):
        curves.plot(losses[name], color=colour, linestyle=style, label=name)
        gradients.semilogy(steps, lengths[name] / lengths[name][-1], color=colour,
                           linestyle=style, label=name)
    curves.axhline(np.log(SYMBOLS), color=GREY, linewidth=0.8)
    curves.text(STEPS, np.log(SYMBOLS), "guessing: log 4 ", ha="right", va="bottom")
    curves.set(title="Learning to remember for 30 steps", xlabel="training step",
               ylabel="loss (nats)", ylim=(0, 2.2))
    gradients.set(title="Before training: how much gradient comes back?", xlabel="input at step",
                  ylabel="length of its gradient, as a share of the last")
    for panel in (curves, gradients):
        panel.legend()
    openings.suptitle("Gates of your trained LSTM while it reads one sequence")
    for panel, gate, name in zip(panels, gates, ("i: write", "f: keep"), strict=True):
        shown = panel.imshow(gate, vmin=0, vmax=1, cmap="viridis", aspect="auto",
                             extent=(0.5, T + 0.5, H, 0))
        panel.set(ylabel=f"{name}\nunit", yticks=[])
    panels[1].set_xlabel("step")
    openings.colorbar(shown, ax=panels, label="0 shut, 1 open")
    figure.savefig(FIGURE, dpi=100)


if __name__ == "__main__":
    main()

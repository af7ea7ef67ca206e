"""Run me when your layers are written: `python figure.py`, or `python figure.py 3`.

A captioner that has learned on drawn scenes captions one of six with your attention: its weights
are in given/, and where it looks is computed by you. The map becomes figure.png.
"""

import sys
from pathlib import Path

import numpy as np

from satt.homework.handout.attention_map import draw_attention
from satt.homework.handout.missing import stop_if_missing
from satt.layers.alignment import alignment_forward
from satt.layers.attention_lstm_step import attention_lstm_step_forward
from satt.layers.context_gate import context_gate_forward
from satt.layers.deep_output import deep_output_forward
from satt.layers.doubly_stochastic import doubly_stochastic_forward
from satt.layers.embedding import embedding_forward
from satt.layers.initial_state import initial_state_forward
from satt.layers.linear import linear_forward
from satt.layers.weighted_sum import weighted_sum_forward

HERE = Path(__file__).resolve().parent
FIGURE = HERE / "figure.png"
PAD, START, STOP = 0, 1, 2
LONGEST = 20
STEP = ("alignment.W_state", "alignment.b", "alignment.v", "lstm.W_x", "lstm.W_state", "lstm.b",
        "gate.W", "gate.b")


def main():
    """Caption a scene, draw where the captioner looked."""
    stop_if_missing(
        alignment_forward, weighted_sum_forward, context_gate_forward,
        attention_lstm_step_forward, doubly_stochastic_forward,
    )
    with np.load(HERE / "given" / "scenes.npz", allow_pickle=False) as file:
        scenes = {name: file[name] for name in file.files}
    with np.load(HERE / "given" / "weights.npz", allow_pickle=False) as file:
        weights = {name.removeprefix("decoder."): file[name].astype(float) for name in file.files}
    number = sys.argv[1] if len(sys.argv) > 1 else "0"
    if number not in [str(n) for n in range(len(scenes["images"]))]:
        sys.exit(f"figure.py: expected the number of a scene, 0 to {len(scenes['images']) - 1}, "
                 f"got {number!r}")

    said, attention = caption(scenes["grids"][int(number)].astype(float), weights)
    words = [str(scenes["words"][word]) for word in said]
    penalty, _ = doubly_stochastic_forward(attention[None], target="T/L")
    text = " ".join(words)
    draw_attention(FIGURE, scenes["images"][int(number)], words, attention[: len(words)],
                   scenes["grid_shape"], f'"{text}", and where your attention looked')
    print(f"scene {number}: {text}")
    print(f"the doubly stochastic penalty of this attention (T/L): {penalty:.3f}")
    print(FIGURE)


def caption(grid, weights):
    """Say always the likeliest word: the words, and the attention (T, L) for each."""
    grid = grid[None]
    keys, _ = linear_forward(grid, weights["alignment.W_grid"])
    (state, cell), _ = initial_state_forward(
        grid, *(weights[f"initial_state.{name}"] for name in ("W_state", "b_state", "W_cell",
                                                              "b_cell"))
    )
    word, said, looked = START, [], []
    while len(looked) < LONGEST:
        embedded, _ = embedding_forward(np.array([word]), weights["embedding.W"])
        (state, cell, context, attention), _ = attention_lstm_step_forward(
            embedded, state, cell, grid, keys, *(weights[name] for name in STEP),
            context_scale=float(weights["context_scale"]),
        )
        hidden, _ = deep_output_forward(
            embedded, state, context,
            *(weights[f"deep_output.{name}"] for name in ("W_state", "W_context", "b")),
        )
        logits, _ = linear_forward(hidden, weights["vocabulary.W"], weights["vocabulary.b"])
        logits[:, [PAD, START]] = -np.inf
        word = int(logits[0].argmax())
        looked.append(attention[0])
        if word == STOP:
            break
        said.append(word)
    return said, np.stack(looked)


if __name__ == "__main__":
    main()

"""Run me after train.py: `python figure.py`, or `python figure.py 3`.

Your captioner captions scenes that it has never seen, by your beam search, and your BLEU says how
well. For one of them figure.png shows where it looked at each word.
"""

import sys
from pathlib import Path

import numpy as np

from satt.homework.handout.attention_map import draw_attention
from satt.homework.handout.missing import stop_if_missing
from satt.homework.sets.hw5.beam_search import beam_search, beam_step
from satt.homework.sets.hw5.captioner import captioner_start, captioner_step
from satt.homework.sets.hw5.parameters import PAD, START_WORD, STOP_WORD
from satt.homework.sets.hw5.scenes import load_scenes
from satt.metrics.bleu import corpus_bleu

HERE = Path(__file__).resolve().parent
TRAINED, FIGURE = HERE / "captioner.npz", HERE / "figure.png"
SHOWN = 6


def main():
    """Caption the test scenes, measure, draw one."""
    stop_if_missing(captioner_start, captioner_step, beam_step, beam_search)
    if not TRAINED.exists():
        sys.exit("figure.py: your captioner has learned nothing yet; run first: python train.py")
    scenes = load_scenes()
    number = sys.argv[1] if len(sys.argv) > 1 else "0"
    if number not in [str(n) for n in range(len(scenes["test_images"]))]:
        sys.exit(f"figure.py: expected the number of a scene, 0 to "
                 f"{len(scenes['test_images']) - 1}, got {number!r}")
    with np.load(TRAINED, allow_pickle=False) as file:
        params = {name: file[name] for name in file.files if name != "losses"}

    captions = [caption(grid, params) for grid in scenes["test_grids"]]
    for said in captions[:SHOWN]:
        print("  " + text_of(said, scenes["words"]))
    image, said = scenes["test_images"][int(number)], captions[int(number)]
    attention = look_again(scenes["test_grids"][int(number)], said, params)
    words = [scenes["words"][word] for word in said]
    draw_attention(FIGURE, image, words, attention, scenes["grid_shape"],
                   f'"{" ".join(words)}", and where your captioner looked')
    print(FIGURE)
    stop_if_missing(corpus_bleu)
    references = [[text_of(ids, scenes["words"]).split() for ids in several]
                  for several in scenes["test_captions"]]
    candidates = [text_of(said, scenes["words"]).split() for said in captions]
    bleu = corpus_bleu(candidates, references).bleu
    print(f"BLEU-1 to 4 on {len(captions)} scenes never seen: "
          + " ".join(f"{score:.2f}" for score in bleu))


def text_of(ids, words):
    """The words of some numbers, without start, stop and padding."""
    return " ".join(words[i] for i in ids if i not in (PAD, START_WORD, STOP_WORD))


def caption(grid, params):
    """Search for a probable caption: the numbers of its words."""
    memory, state = captioner_start(grid[None], params)

    def step(words, state):
        repeated = tuple(np.repeat(array, len(words), axis=0) for array in memory)
        logits, _, state = captioner_step(words, repeated, state, params)
        logits = logits.astype(np.float64)
        logits[:, [PAD, START_WORD]] = -np.inf  # never said
        logits -= logits.max(axis=1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True)), state

    words, _ = beam_search(step, state, start=START_WORD, stop=STOP_WORD)
    return [int(word) for word in words]


def look_again(grid, said, params):
    """Read a caption once more, and note where the captioner looked for each word: (T, L)."""
    memory, state = captioner_start(grid[None], params)
    looked = []
    for word in [START_WORD, *said[:-1]]:
        _, attention, state = captioner_step(np.array([word]), memory, state, params)
        looked.append(attention[0])
    return np.stack(looked)


if __name__ == "__main__":
    main()

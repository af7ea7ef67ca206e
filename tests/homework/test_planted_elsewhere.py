"""Mistakes in what is no layer: the gradient check, the captioner, its training, its speaking."""

import shutil

import pytest

from satt.homework.grade import grade
from satt.homework.process import Limits
from satt.homework.sets import load_set

LIMITS = Limits(memory=2**30)

# set, function, what is replaced, by what, and what must be said (a cause, or some words)
MISTAKES = {
    "one-sided slope": (
        "hw1", "numerical_gradient", "(f(x + move) - f(x - move)) / (2 * h)",
        "(f(x + move) - f(x)) / h", "to one side only"),
    "forgotten 2 h": (
        "hw1", "numerical_gradient", "/ (2 * h)", "/ h", "2 times"),
    "mean error": (
        "hw1", "relative_error", "np.max(np.abs", "np.mean(np.abs", "it hides one wrong entry"),
    "signs compared": (
        "hw1", "relative_error", "np.maximum(np.maximum(np.abs(mine), np.abs(numerical)), floor)",
        "np.maximum(np.maximum(mine, numerical), floor)", "absolute values"),
    "no floor": ("hw1", "relative_error", ", floor)", ", 0)", "floor"),
    "ones for the upstream": (
        "hw1", "check_gradients", "np.sum(upstream * out)", "np.sum(out)", "upstream * out"),
    "no tuple": (
        "hw1", "check_gradients", "if not isinstance(gradients, tuple):", "if False:",
        "without a tuple"),
    "grid as keys forgotten": (
        "hw5", "captioner_backward", "dgrid_as_value + dgrid_as_keys + dgrid_as_start",
        "dgrid_as_value + dgrid_as_start", "missing-path"),
    "grid as start forgotten": (
        "hw5", "captioner_backward", "dgrid_as_value + dgrid_as_keys + dgrid_as_start",
        "dgrid_as_value + dgrid_as_keys", "missing-path"),
    "embedding read once": (
        "hw5", "captioner_backward", "dembedded + dembedded_in_output", "dembedded",
        "missing-path"),
    "penalty not weighted": (
        "hw5", "captioner_backward", "dloss * penalty", "dloss",
        "unknown"),  # found, but not named
    "dloss taken for 1": (
        "hw5", "captioner_backward", "cache\n    gradients = {}", "cache\n    gradients = {}\n"
        "    dloss = np.ones_like(dloss)", "ignores-upstream"),
    "a gradient left out": (
        "hw5", "captioner_backward", "    keep(VOCABULARY, dvocabulary)\n",
        "    keep(VOCABULARY[:1], dvocabulary[:1])\n", "None"),
    "penalty forgotten": (
        "hw5", "captioner_forward", "surprise + penalty * unevenness", "surprise", "penalty"),
    "no gate on padding": (
        "hw5", "captioner_forward", "mask = targets != PAD", "mask = targets >= PAD", "loss"),
    "step without context scale": (
        "hw5", "captioner_step", ", context_scale=context_scale", "", "logits"),
    "averages not corrected": (
        "hw5", "adam_step", "mean / (1 - beta1**steps)", "mean", "1 - beta^steps"),
    "epsilon under the root": (
        "hw5", "adam_step", "(np.sqrt(unbiased_square) + epsilon)",
        "np.sqrt(unbiased_square + epsilon)", "added to the root"),
    "probabilities multiplied": (
        "hw5", "beam_step", "totals[:, None] + log_probabilities",
        "totals[:, None] * log_probabilities", "added, not multiplied"),
    "finished lose their place": (
        "hw5", "beam_step", "scores[finished, stop] = np.inf", "scores[finished, stop] = -1e9",
        "keeps its place"),
    "states stay behind": (
        "hw5", "beam_search", "state = tuple(array[parents] for array in state)", "pass",
        "follow its parent"),
    "no length penalty": (
        "hw5", "beam_search", "scores = totals / ((5 + lengths) / 6) ** length_penalty",
        "scores = totals.copy()", "length_penalty"),
    "unfinished win": (
        "hw5", "beam_search", "scores[~finished] = -np.inf", "pass",
        "the unfinished do not count"),
    "counts not clipped": (
        "hw5", "corpus_bleu", "(counts & clip).total()",
        "sum(n for gram, n in counts.items() if gram in clip)", "clip"),
    "longest reference": (
        "hw5", "corpus_bleu", "key=lambda n: (abs(n - len(candidate)), n)", "key=lambda n: -n",
        "closest in length"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_it_is_found_and_named(name, solved, tmp_path):
    set_name, wrong, old, new, words = MISTAKES[name]
    homework = load_set(set_name)
    function = next(f for f in homework.functions if f.name == wrong)
    folder = shutil.copytree(solved(set_name), tmp_path / "folder")
    path = folder / function.file
    text = path.read_text(encoding="utf-8")
    assert old in text
    new = new if "np." not in new or "import numpy" in text else "import numpy as np\n" + new
    path.write_text(text.replace(old, new), encoding="utf-8")
    (found,) = grade(folder, homework, LIMITS, only=[wrong]).functions
    assert found.score < found.points
    said = [f"{v.kind} {v.text} {v.hint}" for v in found.wrong] + [found.problem]
    assert any(words in text for text in said), said

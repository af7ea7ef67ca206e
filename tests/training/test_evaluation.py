import numpy as np
import pytest

from satt.data.batches import to_float
from satt.data.scenes.grammar import write_caption
from satt.decoding.beam_search import beam_search
from satt.decoding.decoded import Decoded
from satt.decoding.greedy import greedy
from satt.errors import SattError
from satt.metrics.bleu import corpus_bleu
from satt.training import evaluation
from satt.training.evaluation import caption_images, evaluate_captions, evaluate_scenes

LOCATIONS = 4


@pytest.fixture
def model(build, drawn):
    model = build()
    model.calibrate(to_float(drawn[0].images))
    return model


@pytest.fixture
def say(monkeypatch, vocabulary):
    """Let the model say given captions, looking evenly: say({images: captions})."""

    def use(*parts):
        spoken = {
            id(images): [
                Decoded(vocabulary.encode(words), np.full((len(words), LOCATIONS), 1 / LOCATIONS),
                        -1.0, True)
                for words in captions
            ]
            for images, captions in parts
        }
        monkeypatch.setattr(
            evaluation, "caption_images", lambda model, images, *_, **__: spoken[id(images)]
        )

    return use


@pytest.mark.parametrize("beam_size", [1, 3])
def test_captions_do_not_depend_on_the_batch(model, drawn, beam_size):
    images = drawn[1].images
    together = caption_images(model, images, beam_size, 9, batch_size=4)
    assert len(together) == len(images)
    for image, caption in zip(images, together, strict=True):
        if beam_size == 1:
            (alone,) = greedy(model, to_float(image[None]), 9)
        else:
            (alone,) = beam_search(model, to_float(image[None]), 3, 9)
        assert alone.words == caption.words and len(caption.words) <= 9
        np.testing.assert_allclose(alone.attention, caption.attention, atol=1e-5)


def test_float_images_are_taken_as_they_are(model, drawn):
    images = drawn[1].images
    floats = caption_images(model, to_float(images))
    for of_bytes, of_floats in zip(caption_images(model, images), floats, strict=True):
        assert of_bytes.words == of_floats.words
        np.testing.assert_array_equal(of_bytes.attention, of_floats.attention)


def test_no_images_no_captions(model, drawn):
    assert caption_images(model, drawn[1].images[:0]) == []


@pytest.mark.parametrize("name", ["beam_size", "batch_size", "max_length"])
def test_nothing_at_a_time_is_refused(model, drawn, name):
    with pytest.raises(SattError, match=f"^{name}: expected at least 1"):
        caption_images(model, drawn[1].images, **{name: 0})


def test_the_bar_counts_images(model, drawn, capsys):
    caption_images(model, drawn[1].images, progress=True)
    assert "6/6" in capsys.readouterr().err
    caption_images(model, drawn[1].images)
    assert capsys.readouterr() == ("", "")


def test_figures_are_those_of_the_models_own_captions(model, vocabulary, drawn):
    data = drawn[1]
    found = evaluate_captions(model, vocabulary, data, max_length=9, progress=False)
    captions = greedy(model, to_float(data.images), 9)
    expected = corpus_bleu([vocabulary.decode(c.words) for c in captions], data.captions)
    assert found["bleu"] == list(expected.bleu) and found["bleu"][0] > 0
    assert found["bleu_without_brevity"] == list(expected.bleu_without_brevity)
    assert found["length_ratio"] == expected.length_ratio
    assert found["bleu4"] == found["bleu"][3]
    assert found["ended"] == np.mean([c.finished for c in captions])


def test_right_captions_get_all_the_points(model, vocabulary, drawn, say):
    _, data, unseen = drawn
    say((data.images, [c[0] for c in data.captions]),
        (unseen.images, [["a", "a"] for _ in unseen.captions]))
    figures, judgements, captions = evaluate_scenes(
        model, vocabulary, data, unseen, seed=4, progress=False
    )
    assert len(judgements) == len(captions) == len(data)
    assert figures["true_captions"] == figures["complete_captions"] == 1
    assert figures["true_captions_unseen"] == 0
    assert figures["bleu4"] == pytest.approx(1)
    assert figures["setting_gap_closed"] == pytest.approx(0)
    assert 0 < figures["mass_on_things"] < 1 and 0 <= figures["pointing"] <= 1
    sixth = [
        write_caption(scene, np.random.default_rng([4, 6, n]))
        for n, scene in enumerate(data.scenes)
    ]
    expected = 1 / corpus_bleu(sixth, data.captions).bleu[3]
    assert figures["bleu4_share"] == pytest.approx(expected)


def test_unseen_scenes_are_judged_by_themselves(model, vocabulary, drawn, say):
    _, data, unseen = drawn
    say((data.images, [["a", "a"] for _ in data.captions]),
        (unseen.images, [c[1] for c in unseen.captions]))
    figures, judgements, _ = evaluate_scenes(model, vocabulary, data, unseen, progress=False)
    assert figures["true_captions"] == 0 and figures["true_captions_unseen"] == 1
    assert figures["bleu4"] == figures["bleu4_share"] == 0
    assert figures["pointing"] is None and not any(j.parses for j in judgements)


def test_scenes_are_evaluated_with_a_real_model(model, vocabulary, drawn):
    _, data, unseen = drawn
    figures, judgements, captions = evaluate_scenes(
        model, vocabulary, data, unseen, beam_size=2, max_length=7, progress=False
    )
    greedily, _, _ = evaluate_scenes(
        model, vocabulary, data, unseen, max_length=7, progress=False
    )
    for name in evaluation.LOOKS:
        assert figures[name] == greedily[name]
    alone = evaluate_captions(model, vocabulary, data, 2, 7, progress=False)
    assert {name: figures[name] for name in alone} == alone
    assert len(judgements) == len(captions) == len(data)


def test_looks_are_those_of_greedy_captions(model, vocabulary, drawn, say, monkeypatch):
    _, data, unseen = drawn
    say((data.images, [c[0] for c in data.captions]), (unseen.images, [["a"]] * len(unseen)))
    greedily, _, _ = evaluate_scenes(model, vocabulary, data, unseen, progress=False)
    right = evaluation.caption_images

    def beam_says_nonsense(model, images, beam_size, *_, **__):
        captions = right(model, images)
        if beam_size == 1:
            return captions
        return [Decoded(c.words[:1], c.attention[:1], -1.0, True) for c in captions]

    monkeypatch.setattr(evaluation, "caption_images", beam_says_nonsense)
    figures, _, _ = evaluate_scenes(model, vocabulary, data, unseen, 3, progress=False)
    assert figures["true_captions"] == 0 < greedily["true_captions"]
    assert {name: figures[name] for name in evaluation.LOOKS} == {
        name: greedily[name] for name in evaluation.LOOKS
    }

"""How a captioner in training behaves: what no comparison of gradients would notice."""

import copy

import numpy as np
import pytest
from tiny_captioner import (
    PAD,
    START,
    STOP,
    A,
    D,
    E,
    H,
    L,
    M,
    V,
    assert_same_gradients,
    read_along,
    tiny_batch,
    tiny_captioner,
)

from satt.models.captioner import Captioner, CaptionerSettings
from satt.models.encoder import BLOCKS
from satt.training.optimisers import Adam

# Everything that adds a path of its own to the loss.
FULL = {"penalty": 0.7, "dropout": 0.3}


def gradients_of(model, batch, random=None):
    """Return the loss, the gradient of the images and those of the parameters."""
    loss, cache = model.forward(batch, random)
    return loss, *model.backward(cache)


# --- attention ----------------------------------------------------------------------------------


def test_attention_depends_on_the_state():
    model = tiny_captioner(encoder="absent")
    memory, (state, cell) = model.start(tiny_batch(model)["images"])
    words = np.full(M, START)
    _, attention, _ = model.step(words, memory, (state, cell))
    _, other, _ = model.step(words, memory, (state[::-1] + 1, cell))
    # A state that entered every location's score alike would cancel: 1e-17, not 1e-3.
    assert (np.abs(attention - other).max(axis=1) > 1e-3).all()


def test_attention_looks_before_it_reads_the_word():
    model = tiny_captioner(encoder="absent")
    memory, state = model.start(tiny_batch(model)["images"])
    _, attention, _ = model.step(np.full(M, START), memory, state)
    _, other, _ = model.step(np.full(M, 5), memory, state)
    np.testing.assert_array_equal(attention, other)


def test_attention_varies_over_time():
    model = tiny_captioner(encoder="absent")
    batch = tiny_batch(model, (6, 6, 6))
    _, attention = read_along(model, batch["images"], batch["words"])
    assert (np.abs(np.diff(attention, axis=1)).max(axis=(1, 2)) > 1e-2).all()
    assert (np.abs(np.diff(attention, axis=1)).max(axis=2) > 1e-4).all()


def test_attention_is_a_distribution_over_locations():
    model = tiny_captioner(encoder="absent")
    batch = tiny_batch(model)
    _, attention = read_along(model, batch["images"], batch["words"])
    assert attention.shape == (M, 4, L)
    assert (attention > 0).all()
    np.testing.assert_allclose(attention.sum(axis=2), 1, atol=1e-12)


def test_permuting_the_locations_permutes_the_attention_and_nothing_else(random):
    model = tiny_captioner(encoder="absent", penalty=0.7)
    batch = tiny_batch(model)
    order = random.permutation(L)
    permuted = batch | {"images": batch["images"][:, order]}
    logits, attention = read_along(model, **batch)
    logits_after, attention_after = read_along(model, **permuted)
    assert np.abs(np.diff(attention, axis=2)).max() > 1e-2
    np.testing.assert_allclose(attention_after, attention[:, :, order], atol=1e-12)
    np.testing.assert_allclose(logits_after, logits, atol=1e-12)

    loss, dimages, gradients = gradients_of(model, batch)
    loss_after, dimages_after, gradients_after = gradients_of(model, permuted)
    assert loss_after == pytest.approx(loss, abs=1e-12)
    np.testing.assert_allclose(dimages_after, dimages[:, order], atol=1e-12)
    assert_same_gradients(gradients_after, gradients)


def test_one_hot_attention_is_hard_selection():
    model = tiny_captioner(encoder="absent")
    model.params["decoder.alignment.v"] *= 1e6
    batch = tiny_batch(model)
    memory, state = model.start(batch["images"])
    grid, keys = memory
    logits, attention, state_after = model.step(batch["words"][:, 0], memory, state)
    np.testing.assert_array_equal(np.sort(attention, axis=1), np.tile(np.eye(L)[-1], (M, 1)))

    # A grid that holds the chosen vector everywhere gives it to any attention.
    chosen = grid[np.arange(M), attention.argmax(axis=1)]
    hard = np.repeat(chosen[:, None, :], L, axis=1), np.zeros_like(keys)
    logits_hard, uniform, state_hard = model.step(batch["words"][:, 0], hard, state)
    np.testing.assert_allclose(uniform, 1 / L)
    np.testing.assert_allclose(logits, logits_hard, atol=1e-12)
    np.testing.assert_allclose(state_after, state_hard, atol=1e-12)


# --- padding ------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", [1.0, "T/L"])
def test_more_padding_changes_neither_loss_nor_gradient(target):
    model = tiny_captioner(penalty=0.7, penalty_target=target)
    batch = tiny_batch(model)
    padded = batch | {"words": np.pad(batch["words"], [(0, 0), (0, 3)], constant_values=PAD)}
    loss, dimages, gradients = gradients_of(model, batch)
    loss_padded, dimages_padded, gradients_padded = gradients_of(model, padded)
    assert loss_padded == pytest.approx(loss, abs=1e-12)
    np.testing.assert_allclose(dimages_padded, dimages, atol=1e-12)
    assert_same_gradients(gradients_padded, gradients)


def test_the_padding_word_gets_exactly_no_gradient_and_its_embedding_does_not_matter():
    model = tiny_captioner(**FULL, encoder="absent")
    batch = tiny_batch(model)
    assert (batch["words"] == PAD).any()
    loss, dimages, gradients = gradients_of(model, batch, np.random.default_rng(0))
    assert not gradients["decoder.embedding.W"][PAD].any()
    read = np.unique(batch["words"][:, :-1][batch["words"][:, 1:] != PAD])
    assert gradients["decoder.embedding.W"][read].all()

    model.params["decoder.embedding.W"][PAD] += 100
    other_loss, other_dimages, others = gradients_of(model, batch, np.random.default_rng(0))
    assert other_loss == loss
    np.testing.assert_array_equal(other_dimages, dimages)
    assert_same_gradients(others, gradients, atol=0)


def test_a_batch_of_unlike_captions_is_the_mean_of_its_captions_alone():
    model = tiny_captioner(encoder="absent", penalty=0.7)
    lengths = (4, 2, 3)
    batch = tiny_batch(model, lengths)
    images, words = batch["images"], batch["words"]
    alone = [
        gradients_of(model, {"images": images[[n]], "words": words[[n], : T + 1]})
        for n, T in enumerate(lengths)
    ]
    loss, dimages, gradients = gradients_of(model, batch)
    assert loss == pytest.approx(np.mean([one for one, *_ in alone]), abs=1e-12)
    expected = np.concatenate([dimage for _, dimage, _ in alone]) / M
    np.testing.assert_allclose(dimages, expected, atol=1e-12)
    mean = {name: sum(own[name] for *_, own in alone) / M for name in gradients}
    assert_same_gradients(gradients, mean)


# --- several captions of an image ---------------------------------------------------------------


@pytest.mark.parametrize("encoder", ["trained", "absent"])
def test_captions_that_share_an_image_do_as_if_it_were_repeated(encoder):
    model = tiny_captioner(encoder=encoder, penalty=0.7)
    shared = tiny_batch(model, (4, 2, 3, 1, 5, 2))
    repeated = shared | {"images": np.repeat(shared["images"], 2, axis=0)}
    loss, dimages, gradients = gradients_of(model, shared)
    loss_repeated, dimages_repeated, gradients_repeated = gradients_of(model, repeated)
    assert loss == pytest.approx(loss_repeated, abs=1e-12)
    summed = dimages_repeated.reshape(M, 2, *dimages.shape[1:]).sum(axis=1)
    np.testing.assert_allclose(dimages, summed, atol=1e-12)
    assert_same_gradients(gradients, gradients_repeated, atol=1e-11)


def test_captions_belong_to_the_image_they_stand_with():
    model = tiny_captioner(encoder="absent")
    batch = tiny_batch(model, (4, 2, 3, 1, 5, 2))
    swapped = batch | {"words": batch["words"][[4, 5, 2, 3, 0, 1]]}
    within = batch | {"words": batch["words"][[1, 0, 3, 2, 5, 4]]}
    assert model.loss(within) == pytest.approx(model.loss(batch), abs=1e-12)
    assert abs(model.loss(swapped) - model.loss(batch)) > 1e-3


# --- the loss -----------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, {"encoder": "absent"}, {"deep_output": False}])
def test_the_first_loss_is_about_that_of_guessing(settings, random):
    settings = CaptionerSettings(300, image_size=32, channels=(8, 8, 8, 16), **settings)
    model = Captioner(settings)
    words = random.integers(STOP + 1, 300, (4, 13))
    shape = (4, 16, 16) if settings.encoder == "absent" else (4, 32, 32, 3)
    batch = {"images": random.uniform(-1, 1, shape).astype(np.float32), "words": words}
    loss, _ = model.loss_and_gradients(batch)
    assert loss == pytest.approx(12 * np.log(300), rel=0.15)


def test_five_captions_can_be_learned_by_heart():
    model = tiny_captioner(
        dtype=np.float32, attention_width=16, state_width=24, embedding_width=20
    )
    random = np.random.default_rng(3)
    images = random.uniform(-1, 1, (5, 16, 16, 3)).astype(np.float32)
    words = tiny_batch(model, (5, 3, 4, 6, 4))["words"]
    optimiser = Adam()
    for _ in range(150):
        loss, gradients = model.loss_and_gradients({"images": images, "words": words})
        optimiser.step(model.params, gradients, 0.02)
    assert loss < 0.05
    # By heart from what is seen: with the images exchanged the captions are wrong.
    model.calibrate(images)
    assert model.loss({"images": images, "words": words}) < 0.05
    assert model.loss({"images": images[::-1], "words": words}) > 1


@pytest.mark.parametrize("target", [1.0, "T/L"])
def test_the_penalty_is_added_to_the_loss_with_its_weight(target):
    model = tiny_captioner(encoder="absent", penalty=0.7, penalty_target=target)
    lengths = (4, 2, 3)
    batch = tiny_batch(model, lengths)
    _, attention = read_along(model, **batch)
    expected = 0
    for n, T in enumerate(lengths):
        wanted = T / L if target == "T/L" else target
        expected += np.sum((wanted - attention[n, :T].sum(axis=0)) ** 2) / M
    loss, _ = model.loss_and_gradients(batch)
    assert loss - model.loss(batch) == pytest.approx(0.7 * expected, rel=1e-10)


@pytest.mark.parametrize("kind", ["dropout", "state_dropout"])
def test_dropout_needs_a_generator_and_follows_it(kind):
    model = tiny_captioner(encoder="absent", **{kind: 0.3})
    sober = tiny_captioner(encoder="absent")
    batch = tiny_batch(model)
    expected, without = sober.loss_and_gradients(batch)
    loss, gradients = model.loss_and_gradients(batch)
    assert loss == expected
    assert_same_gradients(gradients, without, atol=0)

    drawn = [model.loss_and_gradients(batch, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert drawn[0][0] == drawn[1][0]
    assert_same_gradients(drawn[0][1], drawn[1][1], atol=0)
    assert len({loss, drawn[0][0], drawn[2][0]}) == 3
    assert model.loss(batch) == sober.loss(batch)


def test_a_word_is_chosen_without_the_silent_units_of_the_state_but_the_lstm_hears_them():
    batches = {}
    for share in (0.0, 0.999999):  # as good as all of the state
        model = tiny_captioner(encoder="absent", state_dropout=share)
        batch = tiny_batch(model)
        logits, attention, *_ = model._run(
            batch["images"], batch["words"], np.random.default_rng(0)
        )
        batches[share] = logits, attention
    (with_state, looked), (without, also_looked) = batches.values()
    np.testing.assert_array_equal(looked, also_looked)
    model.params["decoder.deep_output.W_state"] *= 0
    expected, *_ = model._run(batch["images"], batch["words"])
    np.testing.assert_allclose(without, expected, rtol=1e-12)
    assert not np.allclose(with_state, without)


# --- what is trained ----------------------------------------------------------------------------


def test_a_trained_encoder_gets_a_gradient_for_every_parameter():
    model = tiny_captioner()
    _, dimages, gradients = gradients_of(model, tiny_batch(model))
    assert {name: g.shape for name, g in gradients.items()} == {
        name: value.shape for name, value in model.params.items()
    }
    assert all(np.abs(gradient).max() > 0 for gradient in gradients.values())
    assert np.abs(dimages).max() > 0


def test_a_frozen_encoder_gets_no_gradients_and_yet_the_images_do():
    trained, model = tiny_captioner(), tiny_captioner(encoder="frozen")
    batch = tiny_batch(model)
    trained.calibrate(batch["images"])
    model.restore(trained.arrays())
    _, dimages, gradients = gradients_of(model, batch)
    assert gradients.keys() == {name for name in model.params if name.startswith("decoder.")}
    assert dimages.shape == batch["images"].shape
    assert np.abs(dimages).max() > 0


def test_a_frozen_encoder_keeps_its_statistics_in_training():
    trained, model = tiny_captioner(), tiny_captioner(encoder="frozen")
    images = tiny_batch(model)["images"]
    trained.calibrate(images)
    model.restore(trained.arrays())
    grid, _ = model.encode(images, training=True)
    alone, _ = model.encode(images[:1], training=True)
    np.testing.assert_allclose(alone, grid[:1], atol=1e-12)


def test_without_an_encoder_the_grids_get_the_gradient():
    model = tiny_captioner(encoder="absent")
    assert not any(name.startswith("encoder.") for name in model.params)
    _, dgrids, gradients = gradients_of(model, tiny_batch(model))
    assert dgrids.shape == (M, L, D)
    assert dgrids.all()
    assert gradients.keys() == model.params.keys()


@pytest.mark.parametrize(
    "settings, without",
    [({"gate": False}, "decoder.gate."), ({"deep_output": False}, "decoder.deep_output.")],
)
def test_what_is_switched_off_has_no_parameters(settings, without):
    names = set(tiny_captioner(encoder="absent").params)
    fewer = set(tiny_captioner(encoder="absent", **settings).params)
    assert names - fewer == {name for name in names if name.startswith(without)} != set()
    assert fewer < names


def test_a_closed_gate_hides_the_grid_from_every_step_but_the_start(random):
    model = tiny_captioner(encoder="absent")
    model.params["decoder.gate.b"][:] = -800.0
    (grid, keys), state = model.start(tiny_batch(model)["images"])
    logits, *_ = model.step(np.full(M, 4), (grid, keys), state)
    other, *_ = model.step(np.full(M, 4), (random.normal(size=grid.shape), keys), state)
    np.testing.assert_allclose(logits, other, atol=1e-12)
    model.params["decoder.gate.b"][:] = 0.0
    logits, *_ = model.step(np.full(M, 4), (grid, keys), state)
    assert np.abs(logits - other).max() > 1e-3


# --- the house rules ----------------------------------------------------------------------------


@pytest.mark.parametrize("target", [1.0, "T/L"])
@pytest.mark.parametrize("encoder", ["trained", "absent"])
def test_float32_stays_float32(encoder, target):
    settings = {"encoder": encoder, "penalty_target": target, **FULL}
    model = tiny_captioner(dtype=np.float32, **settings)
    assert {v.dtype for v in Captioner(model.settings).params.values()} == {np.dtype(np.float32)}
    batch = tiny_batch(model)
    model.calibrate(batch["images"])
    logits, attention = read_along(model, **batch)
    memory, state = model.start(batch["images"])
    loss, dimages, gradients = gradients_of(model, batch, np.random.default_rng(0))
    arrays = [logits, attention, *memory, *state, loss, dimages]
    arrays += [*gradients.values(), *model.statistics.values()]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}
    # And it is the same computation.
    double = tiny_captioner(**settings)
    expected, _ = double.loss_and_gradients(tiny_batch(double), np.random.default_rng(0))
    assert loss == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("settings", [{}, {"encoder": "absent"}, {"deep_output": False}])
def test_nothing_is_mutated_and_backward_twice_gives_the_same(settings):
    model = tiny_captioner(**FULL, **settings)
    batch = tiny_batch(model)
    model.calibrate(batch["images"])
    before = copy.deepcopy((batch, model.params, model.statistics))
    _, cache = model.forward(batch, np.random.default_rng(0))
    dimages, gradients = model.backward(cache)
    kept = copy.deepcopy((dimages, gradients))
    for array in (dimages, *gradients.values()):
        array += 1  # the caller owns the gradients: this must reach nothing else
    dimages, gradients = model.backward(cache)
    np.testing.assert_array_equal(dimages, kept[0])
    assert_same_gradients(gradients, kept[1], atol=0)
    model.loss_and_gradients(batch)
    model.loss(batch)
    read_along(model, **batch)
    for was, now in zip(before, (batch, model.params, model.statistics), strict=True):
        assert_same_gradients(was, now, atol=0)


def test_the_seed_decides_the_parameters():
    settings = CaptionerSettings(V, image_size=16, channels=(3, 4, 5, D))
    one, same, other = (Captioner(settings, seed).params for seed in (4, 4, 5))
    assert_same_gradients(one, same, atol=0)
    drawn = [name for name, value in one.items() if value.ndim > 1 and value.any()]
    assert len(drawn) > 8
    assert all(not np.array_equal(one[name], other[name]) for name in drawn)


def test_the_settings_decide_the_shapes():
    params = tiny_captioner().params
    assert params["decoder.embedding.W"].shape == (V, E)
    assert params["decoder.alignment.W_grid"].shape == (D, A)
    assert params["decoder.alignment.W_state"].shape == (H, A)
    assert params["decoder.lstm.W_x"].shape == (E + D, 4 * H)
    assert params["decoder.vocabulary.W"].shape == (E, V)


@pytest.mark.parametrize("encoder, settled", [
    ("trained", 0), ("trained", 2), ("trained", BLOCKS), ("frozen", BLOCKS), ("absent", 0),
])
def test_training_gets_the_same_gradients_without_those_of_the_images(encoder, settled):
    model = tiny_captioner(encoder=encoder)
    batch = tiny_batch(model)
    if settled:
        seeing = tiny_captioner()
        seeing.calibrate(batch["images"])
        model.restore(seeing.arrays())
        model.settled = settled
    _, cache = model.forward(batch)
    dimages, whole = model.backward(cache)
    nothing, without = model.backward(cache, to_images=False)
    assert dimages.shape == batch["images"].shape and nothing is None
    if settled and encoder == "trained":  # what has settled is not asked, unless for the images
        whole = {name: whole[name] for name in without}
        assert ("encoder.conv4.W" in without) == (settled < BLOCKS)
        assert "encoder.conv1.W" not in without and "decoder.lstm.W_x" in without
    assert_same_gradients(whole, without)


def test_sharpened_attention_settles_on_fewer_locations():
    model = tiny_captioner(encoder="absent")
    images = tiny_batch(model)["images"]

    def spread():
        memory, state = model.start(images)
        _, attention, _ = model.step(np.full(M, START), memory, state)
        return -(attention * np.log(attention)).sum(axis=1)

    before, dtype = spread(), model.params["decoder.alignment.v"].dtype
    model.sharpen(3)
    assert model.params["decoder.alignment.v"].dtype == dtype
    assert np.all(spread() < before)


def test_settled_training_sees_an_image_as_captioning_does():
    model = tiny_captioner()
    batch = tiny_batch(model)
    model.settle(batch["images"][::-1] * 0.5)
    loss, _ = model.loss_and_gradients(batch)
    assert loss == pytest.approx(model.loss(batch), rel=1e-6)
    before = model.arrays()
    model.calibrate(batch["images"])
    assert_same_gradients(model.arrays(), before)
    # The images no longer feel each other.
    repeats = len(batch["words"]) // len(batch["images"])
    first = {"images": batch["images"][:1], "words": batch["words"][:repeats]}
    rest = {"images": batch["images"][1:], "words": batch["words"][repeats:]}
    apart = [model.loss_and_gradients(part) for part in (first, rest)]
    shares = [len(part["images"]) / len(batch["images"]) for part in (first, rest)]
    assert loss == pytest.approx(sum(s * part for s, (part, _) in zip(shares, apart, strict=True)))
    model.settled = 0
    unsettled, _ = model.loss_and_gradients(batch)
    assert unsettled != pytest.approx(loss, rel=1e-3)

import json

import numpy as np
import pytest

from satt.training.parts import PartsPool, split_batch

DEPTH = 10  # the last of the tiny captioner's channels


def batch_of(images, repeats, seed=0):
    random = np.random.default_rng(seed)
    words = random.integers(4, 9, (images * repeats, 6))
    words[:, 0] = 1
    grids = random.normal(size=(images, 5, DEPTH)).astype(np.float32)
    return {"images": grids, "words": words}


def gradients_in(parts, model, batch, seed=0, processes=False):
    pool = PartsPool(model, parts, seed, processes)
    try:
        return pool.loss_and_gradients(batch)
    finally:
        pool.close()


@pytest.mark.parametrize(("images", "parts", "sizes"), [
    (6, 2, [3, 3]), (7, 2, [3, 4]), (7, 3, [2, 2, 3]), (1, 2, [1]), (2, 4, [1, 1]),
])
def test_an_image_stays_with_its_captions(images, parts, sizes):
    batch = batch_of(images, repeats=3)
    found = split_batch(batch, parts)
    assert [len(part["images"]) for part in found] == sizes
    assert [len(part["words"]) for part in found] == [3 * size for size in sizes]
    for name in batch:
        assert np.array_equal(np.concatenate([part[name] for part in found]), batch[name])


@pytest.mark.parametrize(("images", "parts"), [(4, 2), (5, 2), (5, 3), (1, 2)])
def test_parts_together_are_the_batch(build, images, parts):
    # Without an encoder nothing ties the images of a batch together.
    model, batch = build(encoder="absent"), batch_of(images, repeats=2)
    loss, gradients = model.loss_and_gradients(batch)
    found, in_parts = gradients_in(parts, model, batch)
    assert found == pytest.approx(loss, rel=1e-5)
    assert in_parts.keys() == gradients.keys()
    for name, gradient in gradients.items():
        assert in_parts[name].dtype == np.float32
        np.testing.assert_allclose(in_parts[name], gradient, rtol=1e-3, atol=1e-5)


def test_every_part_draws_its_own_dropout_and_the_same_again(build):
    model, batch = build(encoder="absent", dropout=0.5), batch_of(1, repeats=2)
    twice = {name: np.concatenate([array, array]) for name, array in batch.items()}
    once = gradients_in(2, model, twice)
    again, other = gradients_in(2, model, twice), gradients_in(2, model, twice, seed=1)
    assert once[0] == again[0] != other[0]
    # The two parts hold the same, so that with one mask for both the mean would be either's.
    assert once[0] != gradients_in(1, model, batch)[0]


@pytest.mark.parametrize("parts", [1, 2])
def test_the_dropout_goes_on_from_where_it_was(build, parts):
    model, batch = build(encoder="absent", dropout=0.5), batch_of(4, repeats=2)
    pools = [PartsPool(model, parts, seed) for seed in (0, 1)]
    try:
        pools[0].loss_and_gradients(batch)
        pools[1].random_states = json.loads(json.dumps(pools[0].random_states))
        assert pools[0].loss_and_gradients(batch)[0] == pools[1].loss_and_gradients(batch)[0]
    finally:
        for pool in pools:
            pool.close()


def test_a_mistake_in_a_part_is_raised(build):
    batch = batch_of(4, repeats=1)
    batch["words"][3, 2] = 10**6
    with pytest.raises(ValueError, match="words"):
        gradients_in(2, build(encoder="absent"), batch)


@pytest.mark.parametrize("settled", [0, 2, 4])
def test_processes_compute_what_threads_compute(build, drawn, settled):
    model, random = build(dropout=0.5), np.random.default_rng(0)
    images = random.uniform(-1, 1, (5, 16, 16, 3)).astype(np.float32)
    batch = {"images": images, "words": batch_of(5, repeats=2)["words"]}
    if settled:
        model.settle(images, settled)
    pools = [PartsPool(model, 3, 0, processes) for processes in (False, True)]
    try:
        for _ in range(2):
            (loss, gradients), (other, others) = (
                pool.loss_and_gradients(batch) for pool in pools
            )
            assert loss == other and list(gradients) == list(others)
            for name, gradient in gradients.items():
                np.testing.assert_array_equal(others[name], gradient)
                model.params[name] -= 0.1 * gradient
            assert pools[0].random_states == pools[1].random_states
    finally:
        for pool in pools:
            pool.close()


def test_what_a_lost_process_owes_is_computed_here(build):
    model, batch = build(encoder="absent", dropout=0.5), batch_of(4, repeats=2)
    pools = [PartsPool(model, 2, 0, processes) for processes in (False, True)]
    (process,) = pools[1].processes
    try:
        for kill in (False, True, False):
            if kill:
                process.terminate()
                process.join()
            assert pools[0].loss_and_gradients(batch)[0] == pools[1].loss_and_gradients(batch)[0]
            assert pools[0].random_states == pools[1].random_states
    finally:
        for pool in pools:
            pool.close()


def test_a_mistake_in_a_process_is_raised_here(build, capfd):
    batch = batch_of(4, repeats=1)
    batch["words"][3, 2] = 10**6
    with pytest.raises(ValueError, match="words"):
        gradients_in(2, build(encoder="absent"), batch, processes=True)
    assert capfd.readouterr() == ("", "")


def test_no_process_outlives_its_pool(build):
    pool = PartsPool(build(encoder="absent"), 3, 0, processes=True)
    processes = pool.processes
    assert len(processes) == 2 and all(process.is_alive() for process in processes)
    pool.close()
    assert not any(process.is_alive() for process in processes)

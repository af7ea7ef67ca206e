"""A training step of the decoder, from grid to all gradients: against torch, compiled or not."""

import numpy as np

from tests.benchmarks.measure import Row, check_equal, compare, peak_memory
from tests.benchmarks.models import SIZES, decoder, multiplications

GOALS = {  # by the size's first word: of torch hoisted, torch.compile and jax.jit
    "small": (2.0, 1.6, 1.4), "L49": (1.5, None, None), "L196": (1.7, None, None),
}
MEMORY = {"small": 10, "L49": 160, "L196": 290}  # MB


def rows(threads, seconds, torch):
    """Yield the rows."""
    for name, size in SIZES.items():
        what, short = f"decoder step, {name}", name.partition(":")[0]
        model, batch = decoder(size)

        def our_step(model=model, batch=batch):
            results = list(model.forward(batch))
            # To the grids too, as in the rivals. Not kept here, what has served can go.
            _, gradients = model.backward(results.pop())
            return results[0], *gradients.values()

        operations = multiplications(size)
        for rival, goal, make in zip(
            ("torch, hoisted", "torch.compile", "jax.jit"), GOALS[short],
            (torch_step, compiled_step, jax_step), strict=True,
        ):
            if goal is None:
                continue
            try:
                step, note = make(torch, model, batch), ""
                theirs = step()
            except Exception as error:  # whatever a compiler says: its row is left out
                note = f"left out: {type(error).__name__} {error}"[:100]
                yield Row(what, rival, threads, None, goal, note=note)
                continue
            check_equal(our_step(), theirs, f"{what}, {rival}")
            steps = {"ours": our_step, rival: step}
            ratios, peak, ms = compare(steps, "ours", seconds, operations)
            yield Row(what, rival, threads, ratios[rival], goal, peak, ms)
        if threads == 1:
            megabytes = peak_memory(our_step)
            yield Row(
                f"memory of a {what}", "the goal, MB", threads, MEMORY[short] / megabytes, 1.0,
                note=f"{megabytes:.0f} MB, asked at most {MEMORY[short]}",
            )


def torch_step(torch, model, batch, function=None):
    """Torch's, with everything that can be taken out of the loop taken out."""
    from tests.benchmarks.torch_captioner import TorchCaptioner, loss

    rival = TorchCaptioner(model, function or loss)
    images = torch.tensor(batch["images"], requires_grad=True)
    words = torch.tensor(batch["words"])

    def step():
        images.grad = None
        value = rival.loss_and_gradients(images, words)
        return value, *(rival.p[name].grad for name in gradient_names(model, batch))

    return step


def compiled_step(torch, model, batch):
    """The same through torch.compile; compiling takes a minute."""
    from tests.benchmarks.torch_captioner import loss

    return torch_step(torch, model, batch, torch.compile(loss))


def jax_step(_, model, batch):
    """The same in jax, compiled as a whole."""
    import jax

    from tests.benchmarks.jax_captioner import loss

    value_and_gradients = jax.jit(jax.value_and_grad(loss, argnums=(0, 1)))
    params = {name: jax.numpy.asarray(value) for name, value in model.params.items()}
    images, words = jax.numpy.asarray(batch["images"]), jax.numpy.asarray(batch["words"])
    names = gradient_names(model, batch)

    def step():
        value, (gradients, _) = jax.block_until_ready(value_and_gradients(params, images, words))
        return np.asarray(value), *(np.asarray(gradients[name]) for name in names)

    return step


def gradient_names(model, batch):
    """The order in which ours come."""
    return list(model.loss_and_gradients(batch)[1])

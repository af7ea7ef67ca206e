"""What every layer must obey, and the comparison with torch's autograd, for the layers' tests."""

import numpy as np
import pytest


def as_tuple(arrays):
    """Make one array and several look alike."""
    return arrays if isinstance(arrays, tuple) else (arrays,)


def upstream_for(out, random):
    """Draw an upstream gradient shaped like the output; ones would hide errors."""
    outs = [np.asarray(o) for o in as_tuple(out)]
    drawn = tuple(random.normal(size=o.shape).astype(o.dtype) for o in outs)
    return drawn if isinstance(out, tuple) else drawn[0]


def check_house_rules(forward, backward, inputs, random, **options):
    """Nothing is mutated, backward twice gives the same, shapes and dtypes follow the data."""
    for dtype in (np.float32, np.float64, np.complex128):
        typed = {name: array.astype(dtype) for name, array in inputs.items()}
        if dtype is np.complex128:
            typed = {name: array * (1 + 0.1j) for name, array in typed.items()}
        out, cache = forward(**typed, **options)
        dout = upstream_for(out, random)
        before = [array.copy() for array in (*typed.values(), *as_tuple(out), *as_tuple(dout))]
        first = as_tuple(backward(dout, cache))
        kept = [gradient.copy() for gradient in first]
        for gradient in first:
            gradient += 1  # the caller owns the gradients: adding to them must reach nothing else
        second = as_tuple(backward(dout, cache))
        after = [*typed.values(), *as_tuple(out), *as_tuple(dout)]
        for was, now in zip([*before, *kept], [*after, *second], strict=True):
            np.testing.assert_array_equal(was, now)
        for o in as_tuple(out):
            assert o.dtype == dtype
        for (name, array), gradient in zip(typed.items(), second, strict=True):
            assert gradient.shape == array.shape, name
            assert gradient.dtype == dtype, name


def check_against_torch(forward, backward, formula, inputs, random, **options):
    """Compare outputs and gradients with autograd of `formula(torch, **tensors)`, in float64."""
    torch = pytest.importorskip("torch")
    out, cache = forward(**inputs, **options)
    dout = upstream_for(out, random)
    tensors = {name: torch.tensor(array, requires_grad=True) for name, array in inputs.items()}
    expected = as_tuple(formula(torch, **tensors))
    pairs = zip(expected, as_tuple(dout), strict=True)
    sum((e * torch.tensor(d)).sum() for e, d in pairs).backward()
    for e, o in zip(expected, as_tuple(out), strict=True):
        np.testing.assert_allclose(o, e.detach().numpy(), rtol=1e-10, atol=1e-12)
    gradients = as_tuple(backward(dout, cache))
    for (name, tensor), gradient in zip(tensors.items(), gradients, strict=True):
        np.testing.assert_allclose(
            gradient, tensor.grad.numpy(), rtol=1e-10, atol=1e-12, err_msg=name
        )

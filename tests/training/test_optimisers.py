import numpy as np
import pytest

from satt.errors import SattError
from satt.training.optimisers import OPTIMISERS, SGD, Adam, RMSProp

SHAPES = {"W": (4, 3), "b": (3,), "scale": ()}


def arrays(seed, dtype=np.float64):
    random = np.random.default_rng(seed)
    return {name: np.array(random.normal(size=s), dtype=dtype) for name, s in SHAPES.items()}


@pytest.mark.parametrize(
    ("optimiser", "name", "options"),
    [
        (SGD(momentum=0.0), "SGD", {}),
        (SGD(momentum=0.9), "SGD", {"momentum": 0.9}),
        (RMSProp(decay=0.95, epsilon=1e-6), "RMSprop", {"alpha": 0.95, "eps": 1e-6}),
        (Adam(), "Adam", {}),
        (Adam(beta1=0.8, beta2=0.95, epsilon=1e-4), "Adam", {"betas": (0.8, 0.95), "eps": 1e-4}),
    ],
)
def test_equal_to_torch_over_ten_steps(optimiser, name, options):
    torch = pytest.importorskip("torch")
    params = arrays(0)
    tensors = {key: torch.tensor(array, requires_grad=True) for key, array in params.items()}
    oracle = getattr(torch.optim, name)(list(tensors.values()), lr=0.03, **options)
    for step in range(10):
        gradients = arrays(step + 1)
        optimiser.step(params, gradients, 0.03)
        for key, tensor in tensors.items():
            tensor.grad = torch.tensor(gradients[key])
        oracle.step()
    for key, tensor in tensors.items():
        np.testing.assert_allclose(params[key], tensor.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_parameters_change_in_place_and_gradients_do_not(name):
    params, gradients = arrays(0), arrays(1)
    same, before = dict(params), {key: array.copy() for key, array in params.items()}
    OPTIMISERS[name]().step(params, gradients, 0.1)
    for key in SHAPES:
        assert params[key] is same[key]
        assert (np.sign(before[key] - params[key]) == np.sign(gradients[key])).all()
        assert np.array_equal(gradients[key], arrays(1)[key])


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_parameter_without_a_gradient_stays(name):
    params = arrays(0)
    gradients = {"W": np.ones((4, 3))}
    OPTIMISERS[name]().step(params, gradients, 0.1)
    assert np.array_equal(params["b"], arrays(0)["b"])
    assert not np.array_equal(params["W"], arrays(0)["W"])


@pytest.mark.parametrize("name", OPTIMISERS)
def test_float32_stays_float32_even_with_a_numpy_learning_rate(name, monkeypatch):
    params, gradients = arrays(0, np.float32), arrays(1, np.float32)
    optimiser = OPTIMISERS[name]()

    class Watched(np.ndarray):
        def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
            plain = [i.view(np.ndarray) if isinstance(i, Watched) else i for i in inputs]
            if out is not None:
                options["out"] = tuple(o.view(np.ndarray) for o in out)
            result = getattr(ufunc, method)(*plain, **options)
            assert result.dtype == np.float32
            return out[0] if out is not None else np.asarray(result).view(Watched)

    params = {key: array.view(Watched) for key, array in params.items()}
    gradients = {key: array.view(Watched) for key, array in gradients.items()}
    for _ in range(2):
        optimiser.step(params, gradients, np.float64(0.1))
    assert all(array.dtype == np.float32 for array in params.values())
    floats = {key: array.dtype for key, array in optimiser.state.items() if key != "steps"}
    assert floats and set(floats.values()) == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_restored_state_goes_on_as_if_nothing_had_happened(name):
    params, optimiser = arrays(0), OPTIMISERS[name]()
    optimiser.step(params, arrays(1), 0.1)
    later = {key: array.copy() for key, array in params.items()}
    restored = OPTIMISERS[name]()
    restored.state = optimiser.state
    for step in (2, 3):
        optimiser.step(params, arrays(step), 0.1)
        restored.step(later, arrays(step), 0.1)
    for key in SHAPES:
        assert np.array_equal(params[key], later[key])
    fresh, forgetful = arrays(0), OPTIMISERS[name]()
    forgetful.step(fresh, arrays(1), 0.1)
    forgetful.state = {}
    forgetful.step(fresh, arrays(2), 0.1)
    forgetful.step(fresh, arrays(3), 0.1)
    assert not np.allclose(fresh["W"], params["W"])


def test_the_state_is_flat_and_another_optimisers_is_refused():
    params, adam = arrays(0), Adam()
    adam.step(params, arrays(1), 0.1)
    assert set(adam.state) == {"steps"} | {f"{k}.{n}" for k in ("mean", "square") for n in SHAPES}
    with pytest.raises(SattError, match="SGD keeps no"):
        SGD().state = adam.state


@pytest.mark.parametrize("name", OPTIMISERS)
def test_each_finds_the_bottom_of_a_valley(name):
    params = {"p": np.array([3.0, -2.0])}
    steep = np.array([1.0, 10.0])
    optimiser = OPTIMISERS[name]()
    for step in range(400):
        optimiser.step(params, {"p": steep * params["p"]}, 0.05 * (1 - step / 400))
    assert np.abs(params["p"]).max() < 0.01

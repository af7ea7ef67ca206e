import numpy as np
import pytest

from satt.errors import SattError
from satt.training.optimisers import FILTERS_STEP, OPTIMISERS, SGD, Adam, Muon, RMSProp

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


def banks(seed):
    random = np.random.default_rng(seed)
    return {"square": random.normal(size=(3, 3, 4, 36)), "tall": random.normal(size=(4, 4, 3, 20)),
            "flat": random.normal(size=(1, 1, 30, 6))}


def test_muon_is_torchs_but_for_its_sixteen_bits():
    torch = pytest.importorskip("torch")
    if not hasattr(torch.optim, "Muon"):
        pytest.skip("this torch has no Muon")
    params, optimiser = banks(0), Muon(momentum=0.9)

    def transposed(bank):  # a row a filter: then torch's scale is 1
        return bank.reshape(-1, bank.shape[-1]).T

    tensors = {name: torch.tensor(transposed(bank).copy(), requires_grad=True)
               for name, bank in params.items()}
    oracle = torch.optim.Muon(
        list(tensors.values()), lr=0.003 * FILTERS_STEP, momentum=0.9, weight_decay=0
    )
    for step in range(6):
        gradients = banks(step + 1)
        optimiser.step(params, gradients, 0.003)
        for name, tensor in tensors.items():
            tensor.grad = torch.tensor(transposed(gradients[name]).copy())
        oracle.step()
    for name, tensor in tensors.items():
        begin = transposed(banks(0)[name])
        steps, torchs = transposed(params[name]) - begin, tensor.detach().numpy() - begin
        # It computes the directions in bfloat16, of 8 bits.
        np.testing.assert_allclose(steps, torchs, atol=0.02 * np.abs(torchs).max())


def test_muon_steps_in_all_directions_alike():
    params = {"W": np.zeros((3, 3, 4, 20))}
    direction = np.random.default_rng(0).normal(size=(36, 20))
    common = 10 * np.outer(np.ones(36), np.ones(20))  # drowns the rest
    Muon().step(params, {"W": (common + direction).reshape(3, 3, 4, 20)}, 1.0)
    sizes = np.linalg.svd(params["W"].reshape(36, 20), compute_uv=False)
    assert sizes.max() < 2 * sizes.min()
    assert 0.6 * FILTERS_STEP < sizes.min() and sizes.max() < 1.3 * FILTERS_STEP


def test_muon_leaves_all_but_filters_to_adam():
    ours, adams = arrays(0), arrays(0)
    muon, adam = Muon(), Adam()
    for step in range(3):
        muon.step(ours, arrays(step + 1), 0.1)
        adam.step(adams, arrays(step + 1), 0.1)
    for name in SHAPES:
        assert np.array_equal(ours[name], adams[name])
    assert muon.state.keys() == adam.state.keys()

"""What every room's tests share."""

import signal

import numpy as np
import pytest
from hypothesis import settings

# The same examples at every run, and no verdict that depends on how busy the machine is.
settings.register_profile("satt", derandomize=True, database=None, deadline=None)
settings.load_profile("satt")


@pytest.fixture
def random():
    """The source of a test's numbers, the same at every run."""
    return np.random.default_rng(0)


@pytest.fixture(scope="session", autouse=True)
def _no_cache():
    """No test remembers images in the user's own folder, nor lets another test find them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SATT_CACHE", "off")
        yield


def pytest_configure():
    """Have Ctrl-C work, which tests send: what a shell starts in the background ignores it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

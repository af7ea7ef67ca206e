"""What every room's tests share."""

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

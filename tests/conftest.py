"""What every room's tests share."""

import numpy as np
import pytest


@pytest.fixture
def random():
    """The source of a test's numbers, the same at every run."""
    return np.random.default_rng(0)

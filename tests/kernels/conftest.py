"""What the tests of several kernels share."""

import pytest

from satt.kernels import small_products


@pytest.fixture
def row_cuts(monkeypatch):
    """Of how many rows the pieces were that rows were cut into, a number for each matrix."""
    sizes, cut = [], small_products._cut
    monkeypatch.setattr(
        small_products, "_cut", lambda matrix, rows: sizes.append(rows) or cut(matrix, rows)
    )
    return sizes

import pytest

from satt.errors import SattError


def test_a_mistake_can_be_caught_as_a_value_error():
    with pytest.raises(ValueError, match="^grid: wrong$"):
        raise SattError("grid: wrong")

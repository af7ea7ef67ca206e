"""Several batches at once come back in order, and are not all fetched beforehand."""

import threading
import time

import pytest

from satt.training import threads
from satt.training.threads import side_by_side


def test_results_come_in_the_order_of_the_items():
    def slow_at_first(number):
        time.sleep(0.02 / (1 + number))
        return number

    assert list(side_by_side(slow_at_first, range(9))) == list(range(9))


def test_items_are_taken_as_they_are_needed(monkeypatch):
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 2)
    taken = []
    results = side_by_side(lambda item: item, (taken.append(n) or n for n in range(50)))
    assert next(results) == 0
    assert len(taken) == 3
    results.close()


def test_two_are_computed_at_the_same_time(monkeypatch):
    monkeypatch.setattr(threads.os, "cpu_count", lambda: 2)
    barrier = threading.Barrier(2, timeout=30)
    list(side_by_side(lambda _: barrier.wait(), range(4)))


def test_an_error_in_a_thread_is_raised_here():
    with pytest.raises(ZeroDivisionError):
        list(side_by_side(lambda number: 1 / number, [1, 0, 2]))

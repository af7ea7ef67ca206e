import signal
import threading

import pytest

from satt.training.interrupts import Interrupts


@pytest.fixture(autouse=True)
def usual_handler():
    """As in any program that has not chosen otherwise."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_outside_it_comes_at_once():
    reached = []
    with Interrupts():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
            reached.append(1)
    assert not reached


def test_within_it_waits_for_the_end_and_comes_once():
    reached = []
    with Interrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt):
            with interrupts.held():
                signal.raise_signal(signal.SIGINT)
                signal.raise_signal(signal.SIGINT)
                reached.append("the end")
            reached.append("after")
        with interrupts.held():
            reached.append("again")
    assert reached == ["the end", "again"]


def test_another_exception_goes_first():
    with Interrupts() as interrupts:
        with pytest.raises(OSError), interrupts.held():
            signal.raise_signal(signal.SIGINT)
            raise OSError


def test_afterwards_all_is_as_before():
    with pytest.raises(KeyboardInterrupt):
        with Interrupts() as interrupts, interrupts.held():
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_the_handler_of_another_stays():
    calls = []
    signal.signal(signal.SIGINT, lambda *given: calls.append(given))
    with Interrupts() as interrupts, interrupts.held():
        signal.raise_signal(signal.SIGINT)
        assert len(calls) == 1


def test_another_thread_sets_no_handler():
    errors = []

    def work():
        try:
            with Interrupts() as interrupts, interrupts.held():
                assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert not errors

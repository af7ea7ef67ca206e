import pytest

from satt.training.schedules import warmup_cosine


def test_the_corners():
    assert warmup_cosine(0, 100, 9, peak=2.0) == pytest.approx(0.2)
    assert warmup_cosine(9, 100, 9, peak=2.0) == 2.0
    assert warmup_cosine(60, 100, 20, peak=2.0, final=1.0) == pytest.approx(1.5)
    assert warmup_cosine(100, 100, 9, peak=2.0, final=0.5) == 0.5
    assert warmup_cosine(1000, 100, 9, peak=2.0, final=0.5) == 0.5


def test_it_rises_and_then_falls():
    rates = [warmup_cosine(step, 50, 10, peak=1.0) for step in range(51)]
    assert all(a < b for a, b in zip(rates[:10], rates[1:11], strict=True))
    assert all(a > b for a, b in zip(rates[10:50], rates[11:], strict=True))
    assert rates[0] > 0


def test_it_rises_in_a_line():
    rates = [warmup_cosine(step, 50, 10, peak=1.0) for step in range(11)]
    differences = [b - a for a, b in zip(rates[:-1], rates[1:], strict=True)]
    assert differences == pytest.approx([1 / 11] * 10)


def test_without_warmup_it_starts_at_the_peak():
    assert warmup_cosine(0, 10, 0, peak=3.0) == 3.0
    assert warmup_cosine(5, 5, 5, peak=3.0) == 0.0

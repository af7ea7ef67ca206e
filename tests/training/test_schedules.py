import pytest

from satt.training.schedules import SCHEDULES, warmup_cosine, warmup_trapezoid


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


@pytest.mark.parametrize("name", SCHEDULES)
def test_it_rises_in_a_line(name):
    rates = [SCHEDULES[name](step, 50, 10, peak=1.0) for step in range(11)]
    differences = [b - a for a, b in zip(rates[:-1], rates[1:], strict=True)]
    assert differences == pytest.approx([1 / 11] * 10)


def test_without_warmup_it_starts_at_the_peak():
    assert warmup_cosine(0, 10, 0, peak=3.0) == 3.0
    assert warmup_cosine(5, 5, 5, peak=3.0) == 0.0


def test_the_trapezoid_has_a_roof_and_falls_in_a_line():
    rates = [warmup_trapezoid(step, 100, 10, peak=2.0, falling=0.25) for step in range(111)]
    assert rates[10:76] == [2.0] * 66
    differences = [b - a for a, b in zip(rates[75:100], rates[76:101], strict=True)]
    assert differences == pytest.approx([-2 / 25] * 25)
    assert rates[100:] == [0.0] * 11
    # Also where the training is over before the roof is reached.
    short = [warmup_trapezoid(step, 12, 10, peak=1.0) for step in range(13)]
    assert short[12] == 0 and all(0 <= rate <= 1 for rate in short)

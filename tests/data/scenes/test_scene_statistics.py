import pytest

from satt.data.scenes.statistics import measure_scenes


@pytest.fixture(scope="module")
def figures():
    return measure_scenes(500, progress=False)


def test_world_is_what_was_asked_for(figures):
    assert figures["kinds"] >= 10
    assert figures["settings"] >= 6
    assert 80 <= figures["words"] <= 150
    assert figures["median_area_of_a_thing"] <= 0.08
    assert figures["overlap_where_several"] >= 0.15
    assert figures["noise_standard_deviation"] > 0


def test_shares_of_the_counts_sum_to_one(figures):
    shares = [figures[name] for name in ("one_thing", "two_things", "three_things")]
    assert sum(shares) == pytest.approx(1)
    assert min(shares) > 0.05


def test_captions_are_as_long_as_a_sentence(figures):
    assert 6 < figures["caption_length"] < 12 < figures["longest_caption"] <= 20


def test_one_scene_can_be_measured():
    figures = measure_scenes(1, size=32, progress=False)
    assert figures["scenes"] == 1
    assert 0 < figures["median_area_of_a_thing"] < 0.3

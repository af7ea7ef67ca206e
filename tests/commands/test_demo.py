import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from satt.cli import main
from satt.commands import demo
from satt.commands.demo import ASKED, choose_shown, demo_settings
from satt.commands.evaluate import KEYS
from satt.data.scenes.dataset import draw_scenes
from satt.data.scenes.world import Scene, Thing
from satt.metrics.scene_report import Judgement
from satt.models.captioner import CaptionerSettings

PICTURES = {"attention.png", "gaze.png", "failures.png", "learning-curve.png", "snapshots.png"}
FILES = PICTURES | {"checkpoint.npz", "snapshots.npz", "log.jsonl", "metrics.json"}


def small_settings():
    """A demo of seconds: 80 scenes of 24x24 pixels are 10 steps an epoch."""
    whole = demo_settings()
    return replace(
        whole, validation=6, test=12, unseen=5,
        captioner={"image_size": 24, "channels": (4, 6, 8, 8), "state_width": 9},
        training=replace(whole.training, batch_size=8, evaluations=4, learning_rate=2e-2,
                         warmup_steps=2, patience=4),
    )


@pytest.fixture
def small(monkeypatch):
    settings = small_settings()
    monkeypatch.setattr(demo, "demo_settings", lambda: settings)
    monkeypatch.setattr(demo, "BEAM_SIZE", 1)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A demo with its default paths in a folder where one was before: folder, stdout, stderr."""
    folder, settings = tmp_path_factory.mktemp("place"), small_settings()
    (folder / "satt-demo").mkdir()
    (folder / "satt-demo" / "log.jsonl").write_text("an earlier one\n", encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err)
    ):
        patch.setattr(demo, "demo_settings", lambda: settings)
        patch.setattr(demo, "BEAM_SIZE", 1)  # so early the beam likes empty captions best
        patch.chdir(folder)
        code = main(["demo", "--scenes", "80", "--epochs", "2", "--seed", "3"])
    assert code == 0, err.getvalue()
    return folder / "satt-demo", out.getvalue(), err.getvalue()


def test_it_leaves_its_files_and_says_where(done):
    folder, out, _ = done
    assert {path.name for path in folder.iterdir()} == FILES
    for name in PICTURES:
        assert Image.open(folder / name).width > 300
        assert str(Path("satt-demo") / name) in out
    log = (folder / "log.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["step"] for line in log] == list(range(1, 21))


def test_it_says_what_it_does_and_shows_how_far_it_is(done):
    _, out, err = done
    for phase in ("1/4 drawing", "2/4 training", "3/4 captioning", "4/4 drawing"):
        assert phase in out
    for bar in ("drawing train scenes", "training", "captioning"):
        assert bar in err


def test_it_sets_what_it_reached_beside_what_was_asked(done):
    folder, out, _ = done
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    assert list(metrics) == list(KEYS)
    assert metrics["seconds"] > 0
    for name, asked in ASKED.items():
        title = name.replace("_", " ").replace("bleu4", "BLEU-4") + "  "
        row = next(row for row in out.splitlines() if row.startswith(title))
        assert f"{asked:.2f}" in row
        assert row.endswith("ok" if (metrics[name] or 0) >= asked else "not yet")


def test_what_it_leaves_is_what_the_other_commands_take(done, satt, monkeypatch):
    folder, _, _ = done
    monkeypatch.chdir(folder.parent)
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    ended = satt("evaluate", "--data", "scenes", "--count", 12, "--seed", 3, "--beam", 1, "--json")
    found = json.loads(ended.out)
    of_test = set(KEYS) - {"seconds", "true_captions_unseen"}
    assert {name: found[name] for name in of_test} == {name: metrics[name] for name in of_test}
    assert satt("draw", "--count", 1).code == 0
    assert satt("caption", "satt-scenes/train-0-0.png").code == 0


def test_snapshots_show_one_caption_at_several_moments(done):
    folder, _, _ = done
    with np.load(folder / "snapshots.npz", allow_pickle=False) as file:
        image, words, steps = file["image"], file["words"].tolist(), file["steps"].tolist()
        attentions = file["attentions"]
    # 20 steps and 4 evaluations, of which the first, the second and the last are shown.
    assert steps == [0, 5, 10, 20]
    validation = draw_scenes("validation", 6, 24, 3, progress=False)
    index = next(i for i, other in enumerate(validation.images) if (other == image).all())
    kinds = [thing.kind for thing in validation.scenes[index].things]
    assert len(kinds) == len(set(kinds)) == 2
    assert words == [*validation.captions[index][0], "<stop>"]
    assert attentions.shape == (4, len(words), 9)
    np.testing.assert_allclose(attentions.sum(axis=2), 1, rtol=1e-5)
    # So small a grid is silent at first: the attention need not move from each look to the next.
    assert (attentions[-1] != attentions[0]).any()


def test_control_c_shows_what_was_learned(satt, small, tmp_path, monkeypatch):
    from satt import figures
    from satt.training import log

    def append(path, record, append=log.append_log):
        append(path, record)
        if record["step"] == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(log, "append_log", append)
    monkeypatch.setattr(figures, "draw_attention", lambda *given: None)  # it takes long
    ended = satt("demo", "--out", tmp_path, "--scenes", 80, "--epochs", 2)
    assert ended.code == 0
    assert "interrupted" in ended.out
    assert FILES - {"failures.png", "attention.png"} <= {path.name for path in tmp_path.iterdir()}


def test_the_settings_are_whole():
    settings = demo_settings()
    captioner = CaptionerSettings(100, **settings.captioner)
    assert captioner.image_size == settings.captioner["image_size"]
    assert (settings.test, settings.unseen) == (1000, 500)
    assert set(ASKED) < set(KEYS)


def a_scene(setting, *kinds):
    things = [Thing(k, "red", "flying" if k == "bird" else "lying", 0.5, 0.5, 1.0) for k in kinds]
    return Scene(setting, tuple(things), 0.5, 0)


def test_the_scene_that_is_shown_is_chosen_by_a_rule():
    true, partly = Judgement(True, True, True, []), Judgement(True, True, False, [])
    wrong = Judgement(True, False, False, [])
    one, two = a_scene("grass", "ball"), a_scene("grass", "ball", "bird")
    bird = a_scene("water", "bird")
    assert choose_shown([one, two, bird, bird], [true, true, true, true]) == 2
    assert choose_shown([one, two, bird, two], [true, true, partly, true]) == 1
    assert choose_shown([one, one, two, bird], [wrong, true, partly, wrong]) == 1
    assert choose_shown([one, two], [wrong, wrong]) == 0


@pytest.mark.parametrize("arguments, about", [
    (["--epochs", "0"], ["--epochs", "'0'"]),
    (["--scenes", "-1"], ["--scenes", "'-1'"]),
    (["--seed", "x"], ["--seed", "'x'"]),
])
def test_wrong_arguments(arguments, about, complains, small, tmp_path):
    complains("demo", "--out", tmp_path / "demo", *arguments, about=about)
    assert not (tmp_path / "demo").exists()


def test_a_file_is_where_the_folder_should_be(complains, small, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    complains("demo", "--out", tmp_path / "file", about=["--out", "file"])

"""The autograder, run as Gradescope runs it: in a tree of that layout and nothing else."""

import json
import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from satt.cli import main as satt

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("bash") is None or shutil.which("timeout") is None,
                       reason="Gradescope's machines have bash and timeout"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A tree like Gradescope's, with the autograder unpacked."""
    root = tmp_path_factory.mktemp("gradescope")
    for folder in (root, root.parent):
        folder.chmod(0o755)
    archive = root / "hw4-autograder.zip"
    assert satt(["homework", "gradescope", "hw4", "--out", str(archive)]) == 0
    autograder = root / "autograder"
    for name in ("source", "submission", "results"):
        (autograder / name).mkdir(parents=True)
    subprocess.run([sys.executable, "-m", "zipfile", "-e", archive, autograder / "source"],
                   check=True)
    with zipfile.ZipFile(archive) as file:
        scripts = {m.filename: m.external_attr >> 16 for m in file.infolist()
                   if m.filename in ("setup.sh", "run_autograder")}
    assert scripts == {"setup.sh": 0o755, "run_autograder": 0o755}
    (autograder / "source" / "run_autograder").chmod(0o755)
    return autograder


def run(tree, submission):
    """Run the autograder on a folder; return what it wrote."""
    shutil.rmtree(tree / "submission")
    shutil.copytree(submission, tree / "submission")
    environment = {
        "PATH": os.environ["PATH"], "AUTOGRADER_ROOT": str(tree),
        "AUTOGRADER_PYTHON": sys.executable,
    }
    done = subprocess.run([tree / "source" / "run_autograder"], cwd=tree.parent, env=environment,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((tree / "results" / "results.json").read_text(encoding="utf-8"))


def points(results, function):
    return sum(t["score"] for t in results["tests"] if t["name"].startswith(function))


def test_right_code_gets_all_points(tree, solved):
    results = run(tree, solved("hw4"))
    assert results["score"] == pytest.approx(100)
    assert sum(test["max_score"] for test in results["tests"]) == pytest.approx(100, abs=1e-2)
    for test in results["tests"]:
        assert test["status"] == "passed" and test["score"] == test["max_score"]
        hidden = "hidden" in test["name"]
        assert test["visibility"] == ("after_published" if hidden else "visible")


def test_the_skeleton_gets_none(tree, skeleton):
    results = run(tree, skeleton("hw4"))
    assert results["score"] == 0
    assert len(results["tests"]) == 10
    assert "not written yet" in results["tests"][0]["output"]


def test_an_empty_submission_has_results(tree, tmp_path):
    results = run(tree, tmp_path)
    assert results["score"] == 0
    assert "alignment.py is not there" in results["output"]


def test_an_endless_submission_has_results(tree, solved, tmp_path):
    folder = shutil.copytree(solved("hw4"), tmp_path / "endless")
    with open(folder / "doubly_stochastic.py", "a", encoding="utf-8") as file:
        file.write("\nwhile True:\n    pass\n")
    results = run(tree, folder)
    assert results["score"] == pytest.approx(90)
    assert points(results, "doubly_stochastic") == 0
    told = [t["output"] for t in results["tests"] if t["name"] == "doubly_stochastic_forward"]
    assert "still running after 10 s" in told[0] and "while True" in told[0]


def test_a_hostile_submission_has_results(tree, solved, tmp_path):
    folder = shutil.copytree(solved("hw4"), tmp_path / "hostile")
    path = folder / "weighted_sum.py"
    attack = f"""
import os
for place in {[str(tree / 'results' / 'results.json'), str(tree / 'source' / 'satt' / 'x.py')]}:
    try:
        open(place, "w").write('{{"score": 1000}}')
    except OSError:
        pass
os._exit(0)
"""
    path.write_text(path.read_text(encoding="utf-8") + attack, encoding="utf-8")
    results = run(tree, folder)
    assert points(results, "weighted_sum") == 0
    assert points(results, "alignment") == pytest.approx(30)
    assert points(results, "doubly_stochastic") == pytest.approx(10)
    assert not (tree / "source" / "satt" / "x.py").exists()


def test_results_are_written_when_the_grader_itself_fails(tree, solved):
    broken = tree / "source" / "satt" / "homework" / "run_autograder.py"
    source = broken.read_text(encoding="utf-8")
    broken.write_text("raise RuntimeError('a fault of ours')\n", encoding="utf-8")
    try:
        results = run(tree, solved("hw4"))
    finally:
        broken.write_text(source, encoding="utf-8")
    assert results["score"] == 0 and "itself failed" in results["output"]

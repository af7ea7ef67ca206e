"""An autograder for Gradescope: a zip with satt, the set and two scripts.

Gradescope unpacks it to /autograder/source, runs `setup.sh` once when the image is built, and
`run_autograder` for every submission, which lies in /autograder/submission; it reads
/autograder/results/results.json. Nothing is downloaded but Python and NumPy, at setup.
"""

import zipfile
from pathlib import Path

from satt.homework.sets import load_set, set_names

# The newest that Python 3.10, which Gradescope's images have, can install; 3.14 cannot.
REQUIREMENTS = """\
numpy==2.2.6; python_version < "3.14"
numpy>=2.3.3,<3; python_version >= "3.14"
"""
PACKAGE = Path(__file__).resolve().parents[2]
DATE = (1980, 1, 1, 0, 0, 0)  # the same zip each time
LEFT_OUT = {"__pycache__", "lessons", "tests"}

SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this once, when the image is built.
set -e
root="${AUTOGRADER_ROOT:-/autograder}"
if ! python3 -c "import ensurepip, sys; assert sys.version_info >= (3, 10)"; then
    apt-get update
    apt-get install -y python3 python3-venv
fi
python3 -m venv "$root/env"
"$root/env/bin/pip" install -r "$root/source/requirements.txt"
chmod -R go+rX "$root/env"
"""

RUN = """\
#!/usr/bin/env bash
# Gradescope runs this for every submission. AUTOGRADER_ROOT is for trying it elsewhere.
root="${AUTOGRADER_ROOT:-/autograder}"
python="${AUTOGRADER_PYTHON:-$root/env/bin/python}"
mkdir -p "$root/results"
# Submissions run as another user, who is not to read the answers or write the marks.
chmod go-rwx "$root/source" "$root/results"
rm -f "$root/results/results.json"
cd "$root/source"
export PYTHONDONTWRITEBYTECODE=1
timeout -k 10 300 "$python" -m satt.homework.run_autograder \\
    SET "$root/submission" "$root/results/results.json"
if [ ! -s "$root/results/results.json" ]; then
    echo '{"score": 0, "output": "The autograder itself failed; ask your teacher."}' \\
        > "$root/results/results.json"
fi
"""


def write_autograder(set_name, path):
    """Write the zip.

    Parameters
    ----------
    set_name : str or Path
        As for `load_set`.
    path : Path

    Raises
    ------
    SattError
        If there is no such set.
    """
    load_set(set_name)  # what is wrong with it is told here, not on Gradescope
    is_own = str(set_name) not in set_names()
    name = "homework.ini" if is_own else str(set_name)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:

        def add(name, data, is_script=False):
            member = zipfile.ZipInfo(name, DATE)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (0o755 if is_script else 0o644) << 16
            archive.writestr(member, data)

        add("setup.sh", SETUP, is_script=True)
        add("run_autograder", RUN.replace("SET", name), is_script=True)
        add("requirements.txt", REQUIREMENTS)
        if is_own:
            add(name, Path(set_name).read_bytes())
        for package in ("satt", "gradcheck"):
            for file in sorted((PACKAGE / package).rglob("*")):
                if file.is_file() and not LEFT_OUT & {*file.parts} and file.suffix != ".pyc":
                    add(file.relative_to(PACKAGE).as_posix(), file.read_bytes())

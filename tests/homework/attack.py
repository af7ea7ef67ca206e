"""Hostile submissions as folders."""

import re
import shutil

from tests.homework import hostile

ZEROS = '''

def weighted_sum_forward(attention, grid):
    return np.zeros((len(grid), grid.shape[2])), (attention, grid)


def weighted_sum_backward(dcontext, cache):
    return np.zeros_like(cache[0]), np.zeros_like(cache[1])
'''


def write_attacks(folder, solved, outside, mark, answers):
    """Write all hostile submissions.

    Parameters
    ----------
    folder : Path
        Gets a folder for each.
    solved : Path
        The homework with all functions right.
    outside : Path
        Where nobody may write.
    mark : str
    answers : list of str
        The folders of satt and gradcheck.

    Returns
    -------
    names : list of str
    """
    def named(code):
        code = code.replace("{folders}", repr(answers)).replace("{outside}", str(outside))
        return code.replace("{mark}", mark).replace("{{", "{").replace("}}", "}")

    right = (solved / "weighted_sum.py").read_text(encoding="utf-8")
    start = right.index("import numpy as np") + len("import numpy as np")
    files = {
        name: right[:start] + "\n" + named(code) + right[start:]
        for name, code in hostile.IN_IMPORT.items()
    }
    for name, code in hostile.IN_FORWARD.items():
        body = f"def weighted_sum_forward(attention, grid):\n    {named(code)}\n"
        files[name] = re.sub(r"def weighted_sum_forward.*?\n\n\n(?=def)", lambda _, b=body: b +
                             "\n\n", right, flags=re.DOTALL)
    for name, code in hostile.CHEATS.items():
        files[name] = "import numpy as np\n" + named(code) + ZEROS
    for name, text in files.items():
        shutil.copytree(solved, folder / name)
        (folder / name / "weighted_sum.py").write_text(text, encoding="utf-8")
    # Cheats define their functions anew after an import, but these two must not.
    for name in ("imports-satt", "reads-the-reference"):
        path = folder / name / "weighted_sum.py"
        path.write_text(path.read_text(encoding="utf-8").replace(ZEROS, "\n"), encoding="utf-8")
    return list(files)

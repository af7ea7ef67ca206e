"""Show a figure wherever the lesson runs: in a notebook, in a window, or in a file only.

Importing this gives figures their look: letters that can be read from the last row, and colours
that can be told apart with any kind of colour vision (Okabe and Ito 2008). It comes first in every
lesson, because it also has NumPy compute in one thread.
"""

import atexit
import os
from pathlib import Path

# The products of a lesson are small. Several threads would mostly wait for each other, and many
# times as long on a machine that is busy with something else. BLAS reads this when NumPy comes.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(variable, "1")

import matplotlib
from matplotlib import pyplot as plt
from matplotlib.text import Text

from satt.figures.fonts import use_font_for

FIGURES = Path(__file__).resolve().parent / "figures"

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7",
)

plt.rcParams.update({
    "font.size": 12,
    "axes.titlesize": 13,
    "figure.titlesize": 15,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "legend.fontsize": 11,
    "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK]),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.constrained_layout.use": True,
    "savefig.dpi": 120,
})

# What can only write files.
WITHOUT_A_SCREEN = {"agg", "cairo", "pdf", "pgf", "ps", "svg", "template"}
PAUSE = 0.1  # seconds that a window is given to draw itself


def show(figure, name):
    """Save a figure to `lessons/figures/`, and show it where there is a screen.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        From `plt.subplots`, or one of your own; letters of 11 points and more can be read when
        they are projected.
    name : str
        Of the file, without the ending; the lesson's number first, as in "07_scores".

    Returns
    -------
    path : Path
        Of the .png file.

    Raises
    ------
    ValueError
        If the name does not begin with a lesson's number.
    """
    if not (name[:2].isdigit() and name[2:3] == "_"):
        raise ValueError(f"name: expected the lesson's number first, like 07_scores, got {name}")
    FIGURES.mkdir(exist_ok=True)
    path = FIGURES / f"{name}.png"
    for text in figure.findobj(Text):
        if not text.get_text().isascii():  # such as the name of your photograph
            readable, families = use_font_for(text.get_text())
            text.set(text=readable, fontfamily=families)
    figure.savefig(path)
    print(f"[figure: {path}]")
    if matplotlib.get_backend().lower() in WITHOUT_A_SCREEN:
        plt.close(figure)
        return path
    if figure.canvas.manager is None:
        # pyplot, which owns the screen, does not know it: it gets the picture.
        size = figure.get_size_inches()
        figure = plt.figure(figsize=size, layout="none")
        figure.add_axes((0, 0, 1, 1), frameon=False).imshow(plt.imread(path), aspect="auto")
    plt.show(block=False)
    # A notebook has closed it by now. A window stays, and the lesson goes on.
    if plt.fignum_exists(figure.number):
        plt.pause(PAUSE)
        atexit.unregister(plt.show)
        atexit.register(plt.show)
    return path

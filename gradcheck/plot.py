"""The picture of a report: which entries of which gradient are wrong, and by how much."""

import textwrap

import numpy as np

from gradcheck.compare import FLOORS, relative_errors, rms

SMALLEST = -12.0  # as a power of ten, the error at which the scale begins


def plot_errors(report, path=None):
    """Draw the error of every entry as a heat map, one for each argument.

    An argument of more than two axes is laid out as a matrix: its last axis goes across, all
    others go down. Entries that were not sampled stay grey.

    Parameters
    ----------
    report : gradcheck.Report
    path : str or Path, optional
        Where to save the picture.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    gradients = list(report.gradients.values())
    figure = Figure(figsize=(max(4.0, 3.2 * len(gradients)), 3.6), layout="constrained")
    panels = figure.subplots(1, max(1, len(gradients)), squeeze=False)[0]
    image = None
    for panel, gradient in zip(panels, gradients, strict=False):
        panel.set_facecolor("0.85")
        verdict = "ok" if gradient.ok else gradient.cause.kind if gradient.cause else "wrong"
        panel.set_title(f"{gradient.name} {gradient.numeric.shape}\n{verdict}", fontsize=9)
        panel.tick_params(labelsize=7)
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_locator(MaxNLocator(integer=True))
        if gradient.worst_index is None:
            text = textwrap.fill(gradient.problem or "not compared", 24)
            panel.text(0.5, 0.5, text, ha="center", va="center", fontsize=8,
                       transform=panel.transAxes)
            panel.set_xticks([])
            panel.set_yticks([])
            continue
        image = panel.imshow(
            _as_matrix(_log_errors(gradient)), cmap="cividis", vmin=SMALLEST, vmax=0,
            aspect="auto", interpolation="nearest",
        )
        row, column = np.unravel_index(
            np.ravel_multi_index(gradient.worst_index, gradient.numeric.shape)
            if gradient.numeric.ndim else 0,
            _as_matrix(gradient.numeric).shape,
        )
        if not gradient.ok:
            panel.plot(column, row, "o", mfc="none", mec="red", ms=10)
    if not gradients:
        text = "\n".join(textwrap.fill(problem, 40) for problem in report.problems)
        panels[0].text(0.5, 0.5, text, ha="center", va="center")
        panels[0].set_axis_off()
    if image is not None:
        bar = figure.colorbar(image, ax=list(panels), shrink=0.8)
        bar.set_label("error of an entry, power of ten", fontsize=8)
        bar.ax.tick_params(labelsize=7)
    if path is not None:
        figure.savefig(path, dpi=150)
    return figure


def _log_errors(gradient):
    known = gradient.numeric[np.isfinite(gradient.numeric)]
    method = "central" if gradient.complex_error is None else "complex"
    errors = relative_errors(gradient.analytic, gradient.numeric, FLOORS[method] * rms(known))
    return np.log10(np.maximum(errors, 10.0**SMALLEST))


def _as_matrix(array):
    return array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array.reshape(1, -1)

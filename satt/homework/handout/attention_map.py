"""A picture of where a captioner looked: one panel for each word."""

import numpy as np

COLUMNS = 6


def draw_attention(path, image, words, attention, grid_shape, title):
    """Draw an image, and for each word of its caption the attention laid over the image.

    Parameters
    ----------
    path : str or Path
        The file to write.
    image : ndarray of uint8, shape (H, W, 3)
    words : list of str
        T words.
    attention : ndarray, shape (T, L)
        One row a word, each summing to 1.
    grid_shape : tuple of int
        Rows and columns of the grid; their product is L.
    title : str
    """
    from matplotlib.figure import Figure

    rows = -(-(len(words) + 1) // COLUMNS)
    figure = Figure(figsize=(2 * COLUMNS, 2.05 * rows + 0.5), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, squeeze=False)
    figure.suptitle(title)
    height, width = image.shape[:2]
    for panel in panels.flat:
        panel.axis("off")
    panels.flat[0].imshow(image)
    # One scale for all panels, in multiples of even attention; bright is where it looked.
    times = np.asarray(attention) * np.prod(grid_shape)
    top = max(2.0, float(times.max()))
    for panel, word, weights in zip(panels.flat[1:], words, times, strict=False):
        panel.set_title(word)
        panel.imshow(image.mean(axis=2), cmap="gray", vmin=0, vmax=255)
        drawn = panel.imshow(
            weights.reshape(grid_shape), cmap="viridis", alpha=0.65, vmin=0, vmax=top,
            interpolation="bilinear", extent=(-0.5, width - 0.5, height - 0.5, -0.5),
        )
    figure.colorbar(drawn, ax=panels, shrink=0.7, label="times as much as even attention")
    figure.savefig(path, dpi=110)

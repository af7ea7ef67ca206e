"""Run me when your layers are written: `python figure.py`.

Your convolution slides five filters over a drawn scene: two edges drawn by hand, and three that a
captioner has learned. Your pooling shrinks what they say, and your backwards tell which pixels the
loudest place listens to. All of it becomes figure.png.
"""

from pathlib import Path

import numpy as np

from satt.homework.handout.missing import stop_if_missing
from satt.layers.average_pool import average_pool_backward, average_pool_forward
from satt.layers.conv2d import conv2d_backward, conv2d_forward
from satt.layers.max_pool import max_pool_backward, max_pool_forward
from satt.layers.relu import relu_backward, relu_forward

HERE = Path(__file__).resolve().parent
FIGURE = HERE / "figure.png"
POOL = 6
LEGEND = "The loudest place\nof each filter:\nthe pixels that your\nbackwards lead to,\nin a ring."
NAMES = ("edge: left to right", "edge: down", "learned: 1", "learned: 2", "learned: 3")


def main():
    """Convolve, pool, go back, draw."""
    stop_if_missing(
        conv2d_forward, conv2d_backward, max_pool_forward, max_pool_backward,
        average_pool_forward, average_pool_backward,
    )
    with np.load(HERE / "given" / "scene.npz", allow_pickle=False) as file:
        image, learned = file["image"], file["filters"]
    x = image[None] / 127.5 - 1
    filters = all_filters(learned)

    out, conv = conv2d_forward(x, filters, padding=1)
    # What a filter says of most of the image is no news: only what stands out passes.
    response, relu = relu_forward(out - np.median(out, axis=(1, 2)))
    pooled, pool = max_pool_forward(response, POOL)
    small, average = average_pool_forward(x, POOL)
    blame = [pixels_behind(pooled, number, pool, relu, conv) for number in range(len(NAMES))]
    seen = average_pool_backward(np.ones_like(small), average)

    draw(image, small[0], response[0], pooled[0], blame)
    print(f"responses {response.shape}, after max pooling {pooled.shape}: {FIGURE}")
    print(f"a pixel counts {seen.max():.4f} in the average of its window, 1 / {POOL**2}")


def all_filters(learned):
    """Two edges drawn by hand beside the learned ones: (4, 4, 3, 5), each of length 1."""
    across = np.array([-1.0, -1.0, 1.0, 1.0])
    drawn = np.ones((4, 4, 3, 2))
    drawn[..., 0] *= across[None, :, None]
    drawn[..., 1] *= across[:, None, None]
    filters = np.concatenate([drawn, learned], axis=3)
    return filters / np.sqrt((filters**2).sum(axis=(0, 1, 2)))


def pixels_behind(pooled, number, pool, relu, conv):
    """Which pixels the loudest place of a filter's pooled response depends on: (H, W)."""
    dpooled = np.zeros_like(pooled)
    row, column = np.unravel_index(pooled[0, ..., number].argmax(), pooled.shape[1:3])
    dpooled[0, row, column, number] = 1
    dx, _, _ = conv2d_backward(relu_backward(max_pool_backward(dpooled, pool), relu), conv)
    return np.abs(dx[0]).sum(axis=-1)


def draw(image, small, response, pooled, blame):
    """Three rows: what the filters say, what is left after pooling, and what they listened to."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 8), layout="constrained")
    panels = figure.subplots(3, len(NAMES) + 1)
    for panel in panels.flat:
        panel.set(xticks=[], yticks=[])
    panels[0, 0].imshow(image)
    panels[0, 0].set_title("the scene")
    panels[1, 0].imshow((small + 1) / 2)
    panels[1, 0].set_title(f"average pooling, {POOL}x{POOL}")
    panels[2, 0].axis("off")
    panels[2, 0].text(0, 0.5, LEGEND, va="center", fontsize=12)
    for column, name in enumerate(NAMES, start=1):
        panels[0, column].imshow(response[..., column - 1], cmap="viridis")
        panels[0, column].set_title(name)
        panels[1, column].imshow(pooled[..., column - 1], cmap="viridis")
        panels[1, column].set_title(f"max pooling, {POOL}x{POOL}")
        panels[2, column].imshow(image)
        rows, columns = np.nonzero(blame[column - 1])
        panels[2, column].plot(columns.mean(), rows.mean(), "o", markersize=22,
                               markerfacecolor="none", markeredgecolor="black", markeredgewidth=3)
        panels[2, column].plot(columns.mean(), rows.mean(), "o", markersize=22,
                               markerfacecolor="none", markeredgecolor="#e69f00")
        panels[2, column].set_title(f"{len(rows)} pixels")
    figure.savefig(FIGURE, dpi=90)


if __name__ == "__main__":
    main()

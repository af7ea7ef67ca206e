"""How a captioner learns from grids of a pretrained net, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class GridRecipe:
    """What differs from a captioner that learns to see by itself.

    Attributes
    ----------
    options : dict
        Of `satt train`, by their names: what the user may choose otherwise.
    captioner, training : dict
        Further arguments of `CaptionerSettings` and `TrainingSettings`.
    """

    options: dict
    captioner: dict
    training: dict


def grid_recipe():
    """The settings for grids, found with EfficientNet-Lite0's 7x7x1280 on Flickr8k.

    There are few captions, 30,000 for millions of parameters, so that most of this is against
    learning them by heart: dropout on the grid and before the words, the smoothed labels, the
    average of the states. After six epochs at this rate the average gains little more from
    people's captions; in the last three it learns from its own, see
    `satt.training.self_critical`.

    Returns
    -------
    GridRecipe
    """
    return GridRecipe(
        options={
            "epochs": 9, "batch_size": 16, "captions_per_image": 5, "learning_rate": 1e-3,
            "dropout": 0.5, "state_width": 512, "embedding_width": 256, "attention_width": 256,
            "self_critical": 1 / 3, "evaluations": 6, "patience": 6,
        },
        captioner={
            "projection": 256, "grid_dropout": 0.2, "context_scale": 1.0, "label_smoothing": 0.1,
        },
        # Nothing has to settle: what a grid is normalised with is known from the beginning.
        training={"warmup_steps": 200, "averaging": 0.998, "settling": 0.0},
    )

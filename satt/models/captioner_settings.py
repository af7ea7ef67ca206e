"""What a captioner is made of: its sizes and its options, checked when they are chosen."""

import re
from dataclasses import asdict, dataclass

import numpy as np

from satt.errors import SattError
from satt.models.encoder import DOWNSAMPLING, receptive_field

ENCODERS = ("trained", "frozen", "absent")
WIDTHS = ("vocabulary_size", "image_size", "attention_width", "state_width", "embedding_width")
LARGEST_IMAGE = 1024
GRID = re.compile(r".*:([1-9]\d{0,3})x([1-9]\d{0,3})x([1-9]\d{0,5})", re.DOTALL)


@dataclass(frozen=True)
class CaptionerSettings:
    """What a captioner is made of.

    Attributes
    ----------
    vocabulary_size : int
        V.
    image_size : int
        Height and width of the images in pixels; a multiple of 8.
    encoder : {"trained", "frozen", "absent"}
        Frozen: it keeps its filters and its statistics. Absent: the images come as grids (N, L, D)
        that another network has made.
    grid : str
        For an absent encoder: which network and which of its grids, and after a colon the rows,
        columns and depth, such as "efficientnet-lite0:7x7x1280". Its features are standardised.
    grid_dropout : float
        Share of these features that are silent at a training step, each at each location.
    projection : int
        For such a grid: to so many features, by a linear map and a ReLU, the decoder sees it
        reduced; 0 for as it is.
    channels : tuple of 4 int
        Filters of the encoder's blocks; the last is D, the depth of the grid, unless `grid` says.
    attention_width, state_width, embedding_width : int
        A, H and E.
    gate : bool
        Whether the context is scaled by beta_t.
    deep_output : bool
        Whether embedding, state and context choose the word; else the state alone does.
    context_scale : float
        How loud the LSTM hears the context; the paper's is 1. Its weights could make up for any
        scale, but with a small one they take long to: meanwhile the state cannot rely on what it
        saw before, and the model learns to look at a thing when it says its name.
    label_smoothing : float
        Share of each target that is spread over all words instead of the right one.
    dropout : float
        Share of the hidden units before the vocabulary that are silent at a training step.
    state_dropout : float
        Share of the state's units that are silent at a training step where the word is chosen,
        though not in the LSTM. What was seen at an earlier word reaches this one by the state
        alone, what is seen now reaches it directly too: so it pays to look at a thing again when
        it is named. (Without `deep_output` the state alone chooses the word: then this is nothing
        but dropout.)
    penalty : float
        Weight of the doubly stochastic penalty, the paper's lambda.
    penalty_target : float or "T/L"
        What the attention that a location gets over the caption should add up to.
    """

    vocabulary_size: int
    image_size: int = 64
    encoder: str = "trained"
    grid: str = ""
    grid_dropout: float = 0.0
    projection: int = 0
    channels: tuple = (32, 64, 64, 128)
    attention_width: int = 64
    state_width: int = 128
    embedding_width: int = 64
    gate: bool = True
    deep_output: bool = True
    context_scale: float = 0.1
    label_smoothing: float = 0.0
    dropout: float = 0.0
    state_dropout: float = 0.0
    penalty: float = 0.0
    penalty_target: float | str = "T/L"

    def __post_init__(self):
        widths = {name: getattr(self, name) for name in WIDTHS}
        widths |= {f"channels[{block}]": filters for block, filters in enumerate(self.channels)}
        for name, width in widths.items():
            if isinstance(width, bool) or not isinstance(width, (int, np.integer)) or width < 1:
                raise SattError(
                    f"{name}: expected a whole number above 0, got {width!r:.60}; 64 is usual"
                )
        if self.encoder not in ENCODERS:
            raise SattError(f"encoder: expected one of {ENCODERS}, got {self.encoder!r}")
        if self.encoder != "absent" and (
            self.image_size % DOWNSAMPLING
            or not 2 * DOWNSAMPLING <= self.image_size <= LARGEST_IMAGE
        ):
            raise SattError(
                f"image_size: expected a multiple of {DOWNSAMPLING} from {2 * DOWNSAMPLING} to "
                f"{LARGEST_IMAGE}, got {self.image_size}; 64 is the usual size"
            )
        if self.grid and (self.encoder != "absent" or not GRID.fullmatch(self.grid)):
            raise SattError(
                "grid: expected for an absent encoder a name and a size, as "
                f'"efficientnet-lite0:7x7x1280", got {self.grid!r:.100} for one that is '
                f"{self.encoder}"
            )
        if len(self.channels) != 4:
            raise SattError(f"channels: expected 4 numbers of filters, got {self.channels}")
        if self.penalty_target != "T/L" and not isinstance(self.penalty_target, (int, float)):
            raise SattError(
                f'penalty_target: expected "T/L" or a number, got {self.penalty_target!r}'
            )
        if not 0 < self.context_scale < np.inf:
            raise SattError(f"context_scale: expected more than 0, got {self.context_scale}")
        for name in ("dropout", "state_dropout", "grid_dropout", "label_smoothing"):
            if not 0 <= getattr(self, name) < 1:
                raise SattError(f"{name}: expected a share in [0, 1), got {getattr(self, name)}")
        projection = self.projection
        if isinstance(projection, bool) or not isinstance(projection, int) or projection < 0:
            raise SattError(
                f"projection: expected a whole number from 0, got {projection!r:.60}; 256 is usual"
            )
        if not self.grid and (projection or self.grid_dropout):
            name = "projection" if projection else "grid_dropout"
            raise SattError(f"{name}: expected 0 without a grid from elsewhere; name that in grid")

    @property
    def grid_shape(self):
        """Rows and columns of the grid."""
        if self.grid:
            return tuple(int(size) for size in GRID.fullmatch(self.grid).groups()[:2])
        side = self.image_size // DOWNSAMPLING
        return side, side

    @property
    def grid_depth(self):
        """The length of a grid vector as the encoder, or who else makes the grid, gives it."""
        if self.grid:
            return int(GRID.fullmatch(self.grid)[3])
        return self.channels[-1]

    @property
    def seen_depth(self):
        """D, the length of a grid vector as the decoder sees it."""
        return self.projection or self.grid_depth

    def as_dict(self):
        """The settings as a file keeps them, and how far a vector of our encoder sees.

        An encoder with other strides can have filters of the same shapes. Its parameters would be
        taken for ours, and make nonsense of every image.

        Returns
        -------
        dict
        """
        sees = {} if self.encoder == "absent" else {"receptive_field": receptive_field()}
        return asdict(self) | sees

"""Grids from a file, the names of their photographs, and a captioner that looks at them."""

import numpy as np
from folders import Table
from targets import COLOURS, tiny_captioner

from satt.commands.looking import look_as_trained
from satt.data.grid_file import GridFile
from satt.errors import SattError
from satt.models.captioner import Captioner, CaptionerSettings
from satt.training.evaluation import caption_images
from satt.training.keeping import load_captioner, save_captioner

GRID, TEST = (2, 2, 5), "blue one.jpg"


def tiny_grid_captioner():
    """A captioner of grids of 2 x 2 locations, its statistics taken."""
    _, vocabulary = tiny_captioner()
    model = Captioner(CaptionerSettings(
        len(vocabulary), encoder="absent", grid=f"mine:{'x'.join(map(str, GRID))}", projection=4,
        attention_width=4, state_width=6, embedding_width=3,
    ), seed=1)
    model.calibrate(grids_of_three())
    return model, vocabulary


def grids_of_three():
    rows, columns, depth = GRID
    return np.random.default_rng(5).normal(size=(3, rows * columns, depth)).astype(np.float32)


class WithGrids:
    """A folder of photographs, grids of them, and a captioner that looks at grids."""

    def __init__(self, folder):
        self.photographs = Table(folder / "of").folder
        self.grids, self.names = folder / "grids.npy", folder / "names.txt"
        np.save(self.grids, grids_of_three().astype(np.float16))
        self.names.write_bytes("\n".join(COLOURS).encode())
        self.captioner = folder / "captioner.npz"
        save_captioner(self.captioner, *tiny_grid_captioner(), half=True)
        self.path = getattr(self, self.spoilt)
        self.data = self.path.read_bytes()

    def judge(self):
        model, vocabulary, _ = load_captioner(self.captioner)
        file = GridFile(self.grids, self.names)
        look_as_trained(model.settings, file)
        grids, _, reasons = file.grids([TEST])
        if reasons:
            raise SattError(reasons[0])
        grids = np.asarray(grids)
        assert grids.shape == (1, GRID[0] * GRID[1], GRID[2]) and np.isfinite(grids).all()
        with np.errstate(all="ignore"):  # right in form, and yet of any size
            (caption,) = caption_images(model, grids, beam_size=2, max_length=4)
        vocabulary.decode(caption.words)

    def command(self, checkpoint):
        return ["evaluate", "--data", self.photographs, "--checkpoint", self.captioner,
                "--grids", self.grids, "--names", self.names]


class Grids(WithGrids):
    kind, spoilt = "npy", "grids"


class Names(WithGrids):
    kind, spoilt = "text", "names"


class GridCaptioner(WithGrids):
    kind, spoilt = "npz", "captioner"

"""What is corrupted how many times."""

from folders import Captions, Coco, Karpathy, Split, Table
from grids import GridCaptioner, Grids, Names
from targets import Checkpoint, SavedRun, picture_of

TARGETS = {
    "captions": (Captions, 1200),
    "split": (Split, 700),
    "karpathy": (Karpathy, 1100),
    "coco": (Coco, 1100),
    "table": (Table, 1100),
    "png": (picture_of("PNG"), 400),
    "png-palette": (picture_of("PNG", "P"), 200),
    "jpeg": (picture_of("JPEG"), 500),
    "jpeg-progressive": (picture_of("JPEG", progressive=True), 200),
    "gif": (picture_of("GIF"), 300),
    "bmp": (picture_of("BMP"), 200),
    "webp": (picture_of("WEBP"), 200),
    "tiff": (picture_of("TIFF", compression="tiff_lzw"), 200),
    "ppm": (picture_of("PPM"), 200),
    "checkpoint": (Checkpoint, 1300),
    "grid-checkpoint": (GridCaptioner, 300),
    "grids": (Grids, 300),
    "grid-names": (Names, 100),
    "run": (SavedRun, 400),
}

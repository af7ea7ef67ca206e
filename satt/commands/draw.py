"""`satt draw`: scenes as picture files, or the figures of the world that they come from."""

import json

from satt.commands.arguments import COUNT, SEED, whole_number
from satt.commands.checkpoints import DRAWN_BY
from satt.commands.output import prepare_folder, print_table, told_where
from satt.errors import SattError

NAME = "draw"
SUMMARY = "draw scenes with their captions, to look at"
DESCRIPTION = """\
Draw scenes of the world that the demo learns from. The folder gets, for each scene, a picture
(train-0-3.png: split, seed, number) and a mask of who is where (train-0-3-mask.png); for all of
them captions.txt, where each line is a file's name, a tab and a caption, five lines a scene; and
sheet.png, the first pictures with a caption each. Files of these names are overwritten.

A mask is an indexed picture: 0 sky, 1 setting, 2 and up the things, from the farthest to the
nearest. It says what they are: in Python, Image.open("train-0-3-mask.png").text["things"]."""
EXAMPLES = """\
examples:
  satt draw                            12 training scenes of 128x128 pixels, in satt-scenes/
  satt draw --count 40 --seed 7        40 others
  satt draw --split unseen             scenes with combinations that training never shows
  satt draw --size 64                  as the demo sees them
  satt draw --statistics               how small, how hidden, how many: figures, no files
  satt draw --statistics --json        the same for programs"""

SPLITS = ("train", "validation", "test", "unseen")
COUNT_DRAWN, COUNT_MEASURED = 12, 1000
SIZE_DRAWN, SIZE_MEASURED = 128, 64
MOST_ON_A_SHEET = 24
# Sky, setting, things: to be told apart with any kind of colour vision, and in grey.
PALETTE = (255, 255, 255, 190, 190, 190, 0, 114, 178, 230, 159, 0, 0, 0, 0)
SHARES = {"one_thing", "two_things", "three_things", "median_area_of_a_thing",
          "overlap_where_several", "noise_standard_deviation"}


def add_arguments(parser):
    """Add what `run` takes."""
    parser.add_argument("--out", default="satt-scenes", metavar="FOLDER",
                        help="where the files go (default: %(default)s)")
    parser.add_argument("--count", type=COUNT, metavar="N",
                        help=f"how many scenes (default: {COUNT_DRAWN}; for the statistics "
                        f"{COUNT_MEASURED})")
    parser.add_argument("--size", type=whole_number(16, 1024), metavar="N",
                        help=f"width and height in pixels (default: {SIZE_DRAWN}; for the "
                        f"statistics {SIZE_MEASURED})")
    parser.add_argument("--seed", type=SEED, default=0, metavar="N",
                        help="another seed, other scenes (default: %(default)s)")
    parser.add_argument("--split", choices=SPLITS, default="train",
                        help="which scenes (default: %(default)s)")
    parser.add_argument("--statistics", action="store_true",
                        help="print figures of the training scenes, and write nothing")
    parser.add_argument("--json", action="store_true", help="print the statistics as JSON")


def run(options):
    """Draw, or measure."""
    if options.statistics:
        return _measure(options)
    if options.json:
        raise SattError("--json: it goes with --statistics only; add that or leave --json out")
    from PIL import Image
    from tqdm import tqdm

    from satt.data.scenes.dataset import scene_at
    from satt.data.scenes.drawing import draw_scene
    from satt.figures import draw_samples

    folder = prepare_folder(options.out)
    count, size = options.count or COUNT_DRAWN, options.size or SIZE_DRAWN
    lines, shown = [], []
    for index in tqdm(range(count), f"drawing {options.split} scenes", unit="scene"):
        scene, captions = scene_at(options.split, index, options.seed)
        image, thing_masks, setting_mask = draw_scene(scene, size)
        name = f"{options.split}-{options.seed}-{index}"
        picture, mask = Image.fromarray(image), _mask(thing_masks, setting_mask)
        # So that `satt caption` knows it again.
        _save(picture, folder / f"{name}.png", "Software", DRAWN_BY)
        _save(mask, folder / f"{name}-mask.png", "things", _who(scene))
        texts = [" ".join(words) for words in captions]
        lines += [f"{name}.png\t{text}\n" for text in texts]
        if index < MOST_ON_A_SHEET:
            shown.append((image, texts[0]))
    with told_where(folder / "captions.txt"):
        (folder / "captions.txt").write_text("".join(lines), encoding="utf-8", newline="\n")
    images, titles = zip(*shown, strict=True)
    draw_samples(folder / "sheet.png", images, list(titles))
    print(f"{count} scenes, their captions and masks are in {folder}; begin with "
          f"{folder / 'sheet.png'}")
    return 0


def _save(picture, path, key, text):
    """Write a PNG file that says something about itself."""
    from PIL.PngImagePlugin import PngInfo

    about = PngInfo()
    about.add_text(key, text)
    with told_where(path):
        picture.save(path, pnginfo=about)


def _mask(thing_masks, setting_mask):
    """The number of who is there, for each pixel, as an indexed picture."""
    import numpy as np
    from PIL import Image

    numbers = setting_mask.astype(np.uint8)
    for number, mask in enumerate(thing_masks, start=2):
        numbers[mask] = number
    picture = Image.fromarray(numbers)
    picture.putpalette(PALETTE)  # from grey to indexed
    return picture


def _who(scene):
    """0 sky, 1 grass, 2 red cat sitting"""
    things = [f"{thing.colour} {thing.kind} {thing.pose}" for thing in scene.things]
    return ", ".join(f"{n} {what}" for n, what in enumerate(["sky", scene.setting, *things]))


def _measure(options):
    from satt.data.scenes.statistics import measure_scenes

    figures = measure_scenes(
        options.count or COUNT_MEASURED, options.size or SIZE_MEASURED, options.seed, options.split
    )
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        print_table([(name.replace("_", " "), _text(name, v)) for name, v in figures.items()])
    return 0


def _text(name, value):
    if name in SHARES:
        return f"{value:.1%}"
    return f"{value:.1f}" if isinstance(value, float) else f"{value:,}"

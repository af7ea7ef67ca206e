"""`satt caption`: images in, captions out, and where the model looked."""

import json
import os
import warnings
from pathlib import Path

from satt.commands.arguments import BEAM, BEAM_SIZE, SEED, number, whole_number
from satt.commands.checkpoints import add_checkpoint_argument, checkpoint_for_images, load
from satt.commands.looking import Seen, encoder_of
from satt.commands.output import FIGURE_ENDINGS, draw_caption, prepare_folder, spare
from satt.errors import SattError

NAME = "caption"
SUMMARY = "caption images, and draw where it looked"
DESCRIPTION = """\
Caption images: prints each file's name, a tab and the caption. The shorter side of an image is
scaled to the size that the captioner was trained with, and the longer one is cut to the middle.
What is transparent lies on white, and of what moves the first picture is taken. An image that
cannot be read is named and left out; if none can be, the exit code is 2.
A captioner says what it has learned to say: one of drawn scenes sees them in photographs too. So
without --checkpoint, pictures that `satt draw` has drawn (their files say so) are captioned by
what `satt demo` has learned, and all others by the captioner of photographs that comes with satt.
One that has learned from a pretrained grid computes that of each photograph."""
EXAMPLES = """\
examples:
  satt draw --size 64                                  some scenes to caption
  satt caption satt-scenes/train-0-3.png               with what `satt demo` learned
  satt caption cat.jpg --figure cat-attention.png      a photograph, and where it looked
  satt caption satt-scenes/*-?.png --figure look       several: a folder for the pictures
  satt caption cat.jpg --beam 1                        no beam: always the likeliest word
  satt caption cat.jpg --temperature 0.8 --seed 1      a caption drawn at random
  satt caption *.jpg --checkpoint satt-run/checkpoint.npz --json > captions.json
  satt caption *.jpg --strict                          all of them, or none"""

IMAGES_AT_A_TIME = 100
MANY = 10  # from so many images on there is a bar


def add_arguments(parser):
    """Add what `run` takes."""
    parser.add_argument("images", nargs="+", metavar="IMAGE",
                        help="a picture that Pillow can open: PNG, JPEG, WebP, TIFF, ...")
    add_checkpoint_argument(parser, "for pictures that `satt draw` has drawn")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--beam", type=BEAM, metavar="K",
                     help="keep the K likeliest beginnings of a caption; 1 always takes the "
                     f"likeliest word (default: {BEAM_SIZE})")
    way.add_argument("--temperature", type=number(0, 100), metavar="T",
                     help="draw each word at random: 1 by its probability, less is more cautious")
    parser.add_argument("--seed", type=SEED, metavar="N", help="of the random words (default: 0)")
    parser.add_argument("--max-length", type=whole_number(1, 1000), default=20, metavar="N",
                        help="at most so many words, the end counted (default: %(default)s)")
    parser.add_argument("--figure", metavar="FILE|FOLDER",
                        help="draw where it looked: a .png, .pdf or .svg file, or a folder")
    parser.add_argument("--strict", action="store_true",
                        help="stop at the first image that cannot be read")
    parser.add_argument("--json", action="store_true",
                        help="print JSON: caption, words, attention, log probability")


def run(options):
    """Caption."""
    if options.seed is not None and options.temperature is None:
        raise SattError("--seed: nothing is random without --temperature; add that, such as 0.8")
    figures = _figure_paths(options)
    spare(options.images, figures, "--figure")
    if not any(os.path.exists(path) for path in options.images):
        _read(options, size=1)  # complains of each, before a captioner is asked for in vain
    model, vocabulary = load(options.checkpoint or checkpoint_for_images(options.images))
    encoder = encoder_of(model.settings)

    import numpy as np
    from tqdm import tqdm

    from satt.data.batches import to_float
    from satt.data.vocabulary import UNKNOWN
    from satt.decoding.sampling import sample
    from satt.training.evaluation import caption_images

    images, kept = _read(options, encoder.image_size if encoder else model.settings.image_size)
    seen = Seen(images, encoder) if encoder else images
    paths = [path for path, good in zip(options.images, kept, strict=True) if good]
    figures = [path for path, good in zip(figures, kept, strict=False) if good]
    many = len(paths) >= MANY
    if options.temperature is None:
        captions = caption_images(
            model, seen, options.beam or BEAM_SIZE, options.max_length, IMAGES_AT_A_TIME,
            progress=many,
        )
    else:
        random, captions = np.random.default_rng(options.seed or 0), []
        for begin in range(0, len(images), IMAGES_AT_A_TIME):
            batch = to_float(seen[begin : begin + IMAGES_AT_A_TIME])
            captions += sample(
                model, batch, random, options.temperature, options.max_length, excluded=[UNKNOWN]
            )

    texts = [vocabulary.decode(caption.words) for caption in captions]
    if options.json:
        objects = zip(paths, texts, captions, strict=True)
        print(json.dumps([_as_object(*o, model) for o in objects], ensure_ascii=False))
    else:
        for path, words in zip(paths, texts, strict=True):
            print(f"{path}\t{' '.join(words)}")
    shown = tqdm(figures, "drawing", unit="figure", disable=not (many and figures))
    for index, path in enumerate(shown):
        draw_caption(
            path, images[index], texts[index], captions[index], model.settings.grid_shape
        )
    if len(paths) < len(kept):
        warnings.warn(
            f"{len(kept) - len(paths)} of the {len(kept)} images could not be read", stacklevel=2
        )
    return 0


def _read(options, size):
    """The images that can be read, and which these are; the others are named."""
    from satt.data.images import load_images

    label = "reading" if len(options.images) >= MANY else None
    # Captioning an image takes longer than decoding it: nothing is gained by remembering it.
    images, kept, reasons = load_images(options.images, size, options.strict, False, label)
    if len(reasons) == 1 == len(kept):
        raise SattError(reasons[0])
    for reason in reasons.values():
        warnings.warn(reason, stacklevel=2)
    if not kept.any():
        raise SattError(
            f"images: none of the {len(kept)} could be read; what is wrong with each is said above"
        )
    return images[kept], kept


def _as_object(path, words, caption, model):
    return {
        "image": path,
        "caption": " ".join(words),
        "words": words,
        "log_probability": caption.log_probability,
        "finished": caption.finished,
        "grid_shape": model.settings.grid_shape,
        "attention": caption.attention.astype(float).round(4).tolist(),
    }


def _figure_paths(options):
    """Where the figure of each image goes; none if there are to be none."""
    if options.figure is None:
        return []
    target = Path(options.figure)
    is_file = target.suffix != "" and not target.is_dir()
    if is_file and target.suffix.lower() not in FIGURE_ENDINGS:
        raise SattError(
            f"--figure: expected a file that ends in {', '.join(FIGURE_ENDINGS)} or a folder, "
            f"got {target}; give it one of these endings"
        )
    if is_file and len(options.images) > 1:
        raise SattError(
            f"--figure: {target} is one file for {len(options.images)} images; name a folder"
        )
    folder = prepare_folder(target.parent if is_file else target, "--figure")
    if is_file:
        return [target]
    paths = []
    for image in options.images:
        # Two images of one name, from two folders, need two figures.
        stem, number = f"{Path(image).stem}-attention", 2
        name = f"{stem}.png"
        while folder / name in paths:
            name, number = f"{stem}-{number}.png", number + 1
        paths.append(folder / name)
    return paths

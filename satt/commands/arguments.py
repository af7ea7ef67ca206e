"""Numbers as they are given on the command line, checked before anything is done."""

import argparse


def whole_number(lowest, highest):
    """Make a type for argparse: an int from `lowest` to `highest`."""

    def convert(text):
        try:
            value = int(text)
        except ValueError:
            value = None
        if value is None or not lowest <= value <= highest:
            raise argparse.ArgumentTypeError(
                f"expected a whole number from {lowest} to {highest:,}, got {text!r:.60}"
            )
        return value

    return convert


def number(lowest, highest, open_below=False):
    """Make a type for argparse: a float from `lowest` (or, open below, above it) to `highest`."""

    def convert(text):
        try:
            value = float(text)
        except ValueError:
            value = None
        # NaN is in no range.
        if value is None or not lowest <= value <= highest or (open_below and value == lowest):
            bounds = f"above {lowest:g}, up to" if open_below else f"from {lowest:g} to"
            raise argparse.ArgumentTypeError(
                f"expected a number {bounds} {highest:g}, got {text!r:.60}"
            )
        return value

    return convert


# Beyond these a number is a slip of the keyboard, or the memory's end.
SEED = whole_number(0, 2**32 - 1)
COUNT = whole_number(1, 1_000_000)
WIDTH = whole_number(1, 10_000)
BEAM = whole_number(1, 100)
SECONDS = number(0, 3600, open_below=True)

BEAM_SIZE = 5  # where none is given


def image_size(text):
    """An image size that a captioner takes: a multiple of 8, as eight pixels are a location."""
    size = whole_number(16, 1024)(text)
    if size % 8:
        raise argparse.ArgumentTypeError(
            f"expected a multiple of 8, got {size}; the nearest is {8 * round(size / 8)}"
        )
    return size

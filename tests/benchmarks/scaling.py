"""How the cost of a decoder's training step grows, and how its memory does."""

import numpy as np

from tests.benchmarks.measure import in_turn, peak_memory
from tests.benchmarks.models import decoder

MIDDLE = {"B": 16, "T": 12, "L": 49, "D": 256, "A": 256, "E": 256, "H": 256, "V": 2000}
FACTORS = (0.5, 1, 2)
WIDTHS = ("D", "A", "E", "H")
AXES = {"B": ("B",), "T": ("T",), "L": ("L",), "widths D, A, E, H": WIDTHS, "V": ("V",)}


def scaling(seconds):
    """Yield for each axis what it is, the sizes, the milliseconds, the megabytes, and exponents.

    The exponent p of cost = c size^p is the slope of a line through the logarithms.
    """
    for name, letters in AXES.items():
        steps = {}
        for factor in FACTORS:
            size = MIDDLE | {letter: int(MIDDLE[letter] * factor) for letter in letters}
            model, batch = decoder(size)
            steps[size[letters[0]]] = lambda model=model, batch=batch: (
                model.loss_and_gradients(batch)
            )
        times = in_turn(steps, seconds)
        memory = {size: peak_memory(step) for size, step in steps.items()}
        sizes = list(steps)
        yield {
            "axis": name, "sizes": sizes,
            "milliseconds": [round(1e3 * times[size], 2) for size in sizes],
            "megabytes": [round(memory[size], 1) for size in sizes],
            "exponent": _exponent(sizes, [times[size] for size in sizes]),
            "memory_exponent": _exponent(sizes, [memory[size] for size in sizes]),
        }


def _exponent(sizes, costs):
    return round(float(np.polyfit(np.log(sizes), np.log(costs), 1)[0]), 2)

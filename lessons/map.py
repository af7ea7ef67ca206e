"""Draw `map.png`, which lesson needs which, and bring the table in `README.md` up to date.

    python lessons/map.py

All of it is read from the lessons themselves.
"""

import json
import re
import textwrap
from pathlib import Path

from matplotlib import pyplot as plt
from showing import BLUE

from satt.commands.lessons import read_lessons

FOLDER = Path(__file__).resolve().parent
WIDTH, HEIGHT, GAP = 2.7, 0.7, 0.35  # of a box, and between two, in inches
DOWN = 1.2  # from a row to the next
LETTERS_IN_A_LINE = 20


def direct(lessons):
    """Leave out the arrows that another way through the map already says.

    Returns
    -------
    needs : dict from int to set of int
    """
    numbers = {lesson.number for lesson in lessons}
    needs = {lesson.number: numbers.intersection(lesson.needs) for lesson in lessons}

    def before(number):
        return needs[number].union(*(before(need) for need in needs[number]))

    return {
        number: {n for n in all_of if not any(n in before(other) for other in all_of - {n})}
        for number, all_of in needs.items()
    }


def rows_of(needs):
    """Put each lesson one row below the last that it needs; a longer arrow passes through rows.

    Returns
    -------
    rows : list of list
        A lesson is its number, the passage of an arrow is (from, to, row).
    """
    depth = {}
    for number in sorted(needs):
        depth[number] = max((depth[need] + 1 for need in needs[number]), default=0)
    rows = [[n for n in depth if depth[n] == row] for row in range(max(depth.values()) + 1)]
    for number, all_of in needs.items():
        for need in all_of:
            for row in range(depth[need] + 1, depth[number]):
                rows[row].append((need, number, row))
    return rows


def place(needs):
    """Find a place for each lesson and each passage.

    Returns
    -------
    centres : dict from int or tuple to (float, float)
        In inches; the first row is the top one, at 0.
    """
    centres = {}
    for depth, row in enumerate(rows_of(needs)):
        # Each stands below what it comes from, so that few arrows cross.
        row.sort(key=lambda entry: wanted(entry, needs, centres))
        widths = [GAP if isinstance(entry, tuple) else WIDTH + GAP for entry in row]
        left = -sum(widths) / 2
        for entry, width in zip(row, widths, strict=True):
            centres[entry] = left + width / 2, -DOWN * depth
            left += width
    return centres


def wanted(entry, needs, centres):
    """Where an entry of a row would like to stand: a key to sort by."""
    sources = [entry[0]] if isinstance(entry, tuple) else needs[entry]
    across = sum(centres[source][0] for source in sources) / max(1, len(sources))
    return round(across, 3), (0, entry) if isinstance(entry, int) else (1, entry[1])


def way(need, number, centres):
    """List the points of an arrow: out of one box, through the passages, into the other."""
    (x, y), (end_x, end_y) = centres[need], centres[number]
    points = [(x, y - HEIGHT / 2)]
    for entry, (across, down) in centres.items():
        if isinstance(entry, tuple) and entry[:2] == (need, number):
            points += [(across, down + HEIGHT / 2), (across, down - HEIGHT / 2)]
    return [*points, (end_x, end_y + HEIGHT / 2)]


def draw(lessons):
    """Draw the map.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    needs = direct(lessons)
    centres = place(needs)
    half = {entry: WIDTH / 2 if isinstance(entry, int) else 0 for entry in centres}
    left = min(x - half[entry] for entry, (x, _) in centres.items()) - 0.1
    right = max(x + half[entry] for entry, (x, _) in centres.items()) + 0.1
    bottom, top = min(y for _, y in centres.values()) - HEIGHT / 2 - 0.1, HEIGHT / 2 + 0.1
    figure = plt.figure(figsize=(right - left, top - bottom), layout="none")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(left, right), ylim=(bottom, top))
    axes.set_axis_off()
    for lesson in lessons:
        for need in needs[lesson.number]:
            points = way(need, lesson.number, centres)
            axes.plot(*zip(*points[:-1], strict=True), color="0.35", lw=1.6)
            axes.annotate("", points[-1], points[-2], arrowprops={
                "arrowstyle": "-|>", "color": "0.35", "lw": 1.6, "shrinkA": 0, "shrinkB": 0,
            })
        x, y = centres[lesson.number]
        corner = x - WIDTH / 2, y - HEIGHT / 2
        axes.add_patch(plt.Rectangle(corner, WIDTH, HEIGHT, fc="white", ec=BLUE, lw=2, zorder=3))
        axes.text(corner[0] + 0.3, y, str(lesson.number), color=BLUE, size=18, weight="bold",
                  ha="center", va="center", zorder=4)
        # As few lines as possible, and these as equal as possible.
        ways = [textwrap.wrap(lesson.title, n) for n in range(8, LETTERS_IN_A_LINE + 1)]
        title = "\n".join(min(ways, key=lambda lines: (len(lines), max(map(len, lines)))))
        axes.text(corner[0] + 0.6, y, title, size=12.5, va="center", zorder=4)
    return figure


def update(table, lessons):
    """Write titles and minutes as the lessons give them; a lesson without a row stays without.

    Returns
    -------
    table : str
    """
    for lesson in lessons:
        row = rf"^(\| {lesson.number} \| \[).+?(\]\(.+?\) \| .+? \| )\d+( \|)"
        new = rf"\g<1>{lesson.title}\g<2>{lesson.minutes}\g<3>"
        table = re.sub(row, new, table, flags=re.MULTILINE)
    return table


if __name__ == "__main__":
    lessons = read_lessons(FOLDER)
    readme = FOLDER / "README.md"
    table = update(readme.read_text(encoding="utf-8"), lessons)
    readme.write_text(table, encoding="utf-8", newline="\n")
    shown = [[lesson.number, lesson.title, list(lesson.needs)] for lesson in lessons]
    path = FOLDER / "map.png"
    draw(lessons).savefig(path, dpi=100, metadata={"Lessons": json.dumps(shown)})
    print(path)

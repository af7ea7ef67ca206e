"""The mistakes of a class as bars, the most frequent on top."""

SHOWN = 18
COLOUR = "#0072B2"


def draw_class_mistakes(mistakes, submissions, title, path):
    """Draw how often each mistake was made.

    Parameters
    ----------
    mistakes : list of (str, int)
        Each in a few words, with the number of submissions that made it; the most frequent first.
    submissions : int
        All there are.
    title : str
    path : str or Path
        Where to save the picture.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure  # it takes half a second, and not every command draws

    shown = mistakes[:SHOWN]
    figure = Figure(figsize=(10, 1.4 + 0.32 * max(len(shown), 1)), layout="constrained")
    axes = figure.subplots()
    places = range(len(shown))
    axes.barh(places, [count for _, count in shown], color=COLOUR)
    axes.set_yticks(places, [label for label, _ in shown])
    axes.invert_yaxis()
    for place, (_, count) in enumerate(shown):
        axes.text(count, place, f" {count / submissions:.0%}", va="center", fontsize=9)
    axes.set_xlim(0, 1.12 * max([count for _, count in shown], default=1))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_xlabel(f"submissions, of {submissions}")
    rest = len(mistakes) - len(shown)
    figure.suptitle(title + (f" ({rest} rarer ones left out)" if rest else ""), fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    if not shown:
        axes.text(0.5, 0.5, "no mistakes", transform=axes.transAxes, ha="center")
    figure.savefig(path, dpi=120)
    return figure

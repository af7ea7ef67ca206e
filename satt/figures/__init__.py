"""What people look at: attention over pictures, gaze paths, learning curves, contact sheets.

matplotlib takes half a second to import, and much longer the first time, when it looks for the
fonts of the machine. So the files here import it where they draw, and not when they are imported.
"""

from satt.figures.attention import draw_attention, upsample_attention
from satt.figures.fonts import use_font_for
from satt.figures.gaze import draw_gaze
from satt.figures.learning_curve import draw_learning_curve
from satt.figures.samples import draw_samples
from satt.figures.snapshots import draw_snapshots

__all__ = [
    "draw_attention",
    "draw_gaze",
    "draw_learning_curve",
    "draw_samples",
    "draw_snapshots",
    "upsample_attention",
    "use_font_for",
]

"""Draw the photographs of README.md anew, with what the shipped captioner says of them.

    python docs/photographs.py

needs `pip install -e '.[photos]'`. The pictures are those of `satt caption --figure`, made small.
"""

import tempfile
from pathlib import Path

from PIL import Image

from satt.cli import main

FOLDER = Path(__file__).resolve().parent
PHOTOGRAPHS = FOLDER.parent / "lessons" / "photographs"
NAMES = "dog", "photographer", "polar-bear", "cow"
WIDTH = 1000  # pixels

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for name in NAMES:
            drawn = Path(folder) / f"{name}.png"
            code = main(["caption", str(PHOTOGRAPHS / f"{name}.jpg"), "--figure", str(drawn)])
            if code:
                raise SystemExit(code)
            with Image.open(drawn) as picture:
                height = round(picture.height * WIDTH / picture.width)
                small = picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
            small.save(FOLDER / f"photograph-{name}.jpg", quality=85, optimize=True)

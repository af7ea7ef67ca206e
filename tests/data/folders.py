"""Small data sets in the layouts of the real ones, for the tests of readers and commands."""

import json

import numpy as np
from PIL import Image


def write_images(folder, names):
    """Write images, 30 high and 60 wide: a red, a green and a blue third."""
    pixels = np.zeros((30, 60, 3), dtype=np.uint8)
    for third in range(3):
        pixels[:, 20 * third : 20 * third + 20, third] = 255
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.fromarray(pixels).save(folder / name, quality=95)


def write(path, text):
    """Write a text file, and the folder that it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def write_json(path, content):
    """Write a JSON file, and the folder that it is in."""
    return write(path, json.dumps(content))


def make_flickr8k(folder, images="images", texts="."):
    """Four photographs: c and a to learn from, b and d to validate with."""
    write_images(folder / images, [f"{name}.jpg" for name in "abcd"])
    lines = [f"{n}.jpg#{k}\tA {n} picture , number {k} ." for n in "abcd" for k in range(2)]
    lines.insert(3, "ghost.jpg.1#0\tNobody's dog")
    write(folder / texts / "Flickr8k.token.txt", "\n".join(lines) + "\n")
    write(folder / texts / "Flickr_8k.trainImages.txt", "c.jpg\na.jpg\n")
    write(folder / texts / "Flickr_8k.devImages.txt", "b.jpg\nd.jpg")
    return folder


def karpathy(name, split, *captions, **more):
    """Return an image of a file of Karpathy's splits."""
    sentences = [{"raw": text, "tokens": text.lower().split()} for text in captions]
    return {"filename": name, "split": split, "sentences": sentences, **more}


def make_coco(folder):
    """Return a folder with two images of 2017's training and one of its validation."""
    write_images(folder / "train2017", ["1.jpg", "2.jpg"])
    write_images(folder / "val2017", ["1.jpg"])
    for split, count in (("train2017", 2), ("val2017", 1)):
        write_json(folder / "annotations" / f"captions_{split}.json", {
            "info": {"year": 2017},
            "images": [{"id": n, "file_name": f"{n}.jpg"} for n in range(1, count + 1)],
            "annotations": [{"image_id": n, "id": 10 * n + k, "caption": f"A {split} dog {n}."}
                            for n in range(1, count + 1) for k in range(2)],
        })
    return folder

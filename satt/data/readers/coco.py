"""COCO's own caption files (Lin et al. 2014; Chen et al. 2015), such as `captions_val2017.json`.

Each is one object with "images" ("id" and "file_name") and "annotations" ("image_id" and
"caption"). The name of the file says which split it is; the images lie in a folder of that name,
`val2017/`.
"""

import re

from satt.data.listing import make_listing
from satt.data.readers.text import field_of, read_json
from satt.data.words import tokenise

TITLE = "COCO"
NAME = re.compile(r"captions_((train|val|test)\w*)\.json")
SPLITS = {"train": "train", "val": "validation", "test": "test"}


def caption_files(images):
    """All caption files, of each split."""
    return images.named(NAME.fullmatch)


def read(files, images):
    """Read captions and splits.

    Raises
    ------
    SattError
        If a file is not what it should be; the message names the record by its place, from 0.
    """
    captions, splits = {}, {}
    for path in files:
        folder, split = NAME.fullmatch(path.name).groups()
        content, names = read_json(path), {}
        for number, image in enumerate(field_of(content, "images", list, path)):
            where = f"{path}: image {number}"
            name = field_of(image, "file_name", str, where)
            # With its folder where there is one: other splits may have the same name.
            inside = f"{folder}/{name}"
            name = inside if images.find(inside)[0] else name
            names[field_of(image, "id", (int, str), where)] = name
            captions.setdefault(name, [])
            splits[name] = SPLITS[split]
        for number, record in enumerate(field_of(content, "annotations", list, path)):
            where = f"{path}: annotation {number}"
            name = names.get(field_of(record, "image_id", (int, str), where))
            # A caption of an image that the file does not list has no image to go with.
            if name is not None:
                captions[name].append(tokenise(field_of(record, "caption", str, where)))
    return make_listing(TITLE, files, images, captions, splits)

"""An encoder that makes a grid quickly, and counts what it was asked for."""

import time

import numpy as np


class CountingEncoder:
    """The mean colour of each quarter of the image; every number fits into float16 exactly."""

    image_size, grid_shape = 8, (2, 2, 3)

    def __init__(self, name="mean:2x2x3", version="1", pause=0.0, image_size=8):
        self.name, self.version, self.image_size = name, version, image_size
        self.pause, self.asked = pause, 0

    def __call__(self, images):
        self.asked += len(images)
        time.sleep(self.pause)
        half = self.image_size // 2
        quarters = images.reshape(len(images), 2, half, 2, half, 3)
        return np.rint(quarters.mean(axis=(2, 4))).reshape(len(images), 4, 3)

"""How good captions of drawn scenes are: what is true, and where the model looked.

Everything here is measured on free-running captions: the model read its own words, never the
right ones.
"""

from typing import NamedTuple

import numpy as np

from satt.data.scenes.drawing import draw_masks
from satt.data.scenes.parser import (
    is_true,
    named_settings,
    named_things,
    names_everything,
    parse,
)
from satt.metrics.looking import location_shares, mass_on, points_at


class Look(NamedTuple):
    """Where the attention was at one word that names something.

    Attributes
    ----------
    position : int
        Of the word in the caption.
    is_setting : bool
        Whether the word names a setting; else a thing.
    points : bool
        Whether the peak is on what the word names.
    mass : float
        How much of the attention is on it, 0..1.
    uniform_mass : float
        What attention spread evenly would get.
    """

    position: int
    is_setting: bool
    points: bool
    mass: float
    uniform_mass: float


class Judgement(NamedTuple):
    """One caption against its scene.

    Attributes
    ----------
    parses : bool
        Whether it is a sentence of the scenes' language; else all the rest is False or empty.
    is_true, names_everything : bool
        As the parser has them.
    looks : list of Look
        One for each word that names a thing or a setting.
    """

    parses: bool
    is_true: bool
    names_everything: bool
    looks: list


def judge(words, attention, scene, size, grid_shape):
    """Judge one caption of one scene.

    Parameters
    ----------
    words : list of str
    attention : ndarray, shape (T, L)
        One row a word; L = rows * columns of the grid.
    scene : Scene
    size : int
        Of the image in pixels.
    grid_shape : (int, int)
        Rows and columns; the image's size is a multiple of both.

    Returns
    -------
    Judgement
        A word that names what is not there is a look that misses: its mass is 0.
    """
    claims = parse(words)
    if claims is None:
        return Judgement(False, False, False, [])
    thing_masks, setting_mask = draw_masks(scene, size)
    targets = [
        (position, False, thing_masks[things].any(axis=0))
        for position, things in named_things(claims, scene).items()
    ] + [
        (position, True, setting_mask & (setting == scene.setting))
        for position, setting in named_settings(claims).items()
    ]
    looks = []
    for position, is_setting, mask in targets:
        shares = location_shares(mask, grid_shape)
        uniform = np.full(len(shares), 1 / len(shares))
        looks.append(
            Look(
                position,
                is_setting,
                points_at(attention[position], shares),
                mass_on(attention[position], shares),
                mass_on(uniform, shares),
            )
        )
    return Judgement(True, is_true(claims, scene), names_everything(claims, scene), looks)


def report(judgements):
    """Sum many judgements up.

    Parameters
    ----------
    judgements : list of Judgement

    Returns
    -------
    dict
        true_captions, complete_captions : shares of all captions.
        pointing, mass_on_things : means over the words that name a thing.
        setting_gap_closed : over the words that name a setting, how much of the way from the mass
        of uniform attention to 1 was gone: (mass - uniform) / (1 - uniform), of the means.
        A figure that no caption has a word for is None.
    """
    looks = [look for judgement in judgements for look in judgement.looks]
    things = [look for look in looks if not look.is_setting]
    settings = [look for look in looks if look.is_setting]
    mass = _mean(look.mass for look in settings)
    uniform = _mean(look.uniform_mass for look in settings)
    return {
        "true_captions": _mean(judgement.is_true for judgement in judgements),
        "complete_captions": _mean(judgement.names_everything for judgement in judgements),
        "pointing": _mean(look.points for look in things),
        "mass_on_things": _mean(look.mass for look in things),
        "setting_gap_closed": (mass - uniform) / (1 - uniform) if settings else None,
    }


def _mean(values):
    values = list(values)
    return float(np.mean(values)) if values else None

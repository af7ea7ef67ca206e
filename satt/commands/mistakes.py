"""What is wrong with a caption of a scene, in words."""

from satt.data.scenes import lexicon
from satt.data.scenes.parser import is_true, parse

NO_SENTENCE = "this is no sentence of the scenes' language"
NO_READING = "each part could be right, but not all together"


def why_wrong(words, scene):
    """Say what is wrong with a caption.

    Parameters
    ----------
    words : list of str
    scene : Scene

    Returns
    -------
    str
        Empty for a true caption.
    """
    claims = parse(words)
    if claims is None:
        return NO_SENTENCE
    if is_true(claims, scene):
        return ""
    wrong = _wrong_places(claims, scene)
    for name in claims.names:
        wrong.append(_wrong_name(name, scene))
    for name, verb in claims.verbs:
        kin = _kin(name, scene)
        if kin and not any(verb in lexicon.VERBS[thing.kind, thing.pose] for thing in kin):
            wrong.append(f"the {name.kind} is {_each('pose', kin)}, not {verb}")
    # One thing said of two names need not be corrected twice.
    wrong = dict.fromkeys(reason for reason in wrong if reason)
    return "; ".join(wrong) or NO_READING


def _wrong_places(claims, scene):
    wrong = []
    for setting, _, inside, _, _ in claims.places:
        if setting not in (None, scene.setting):
            wrong.append(f"the setting is {scene.setting}, not {setting}")
        elif inside != (scene.setting == "room"):
            wrong.append(f"the setting is {scene.setting}")
    return wrong


def _wrong_name(name, scene):
    kin = _kin(name, scene)
    if not kin:
        return f"there is no {name.kind}"
    if name.count > len(kin):
        one, more = lexicon.NOUNS[name.kind][0]
        return f"there is only one {one}" if len(kin) == 1 else f"there are only two {more}"
    if name.colour not in (None, *(thing.colour for thing in kin)):
        return f"the {name.kind} is {_each('colour', kin)}, not {name.colour}"
    if not any(name.fits(thing) for thing in kin):
        return f"the {name.kind} is not {name.size}"
    return ""


def _kin(name, scene):
    return [thing for thing in scene.things if thing.kind == name.kind]


def _each(attribute, things):
    """red, or: red or blue"""
    return " or ".join(dict.fromkeys(getattr(thing, attribute) for thing in things))

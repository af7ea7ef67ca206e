import numpy as np
import pytest
from scene_builder import make_scene, make_thing, sampled

from satt.data.scenes.lexicon import (
    NOUNS,
    NUMBERS,
    ON,
    OVER,
    PLACES,
    RELATIONS,
    VERBS,
    all_words,
)
from satt.data.scenes.parser import (
    is_true,
    named_settings,
    named_things,
    names_everything,
    parse,
)
from satt.data.scenes.world import COLOURS, SETTINGS

CAPTIONS = [
    (scene, words)
    for split in ("train", "unseen")
    for scene, captions in sampled(split, 200)
    for words in captions
]


def verdict(words, scene):
    """(it is true, it names everything); a sentence that cannot be read does neither."""
    claims = parse(words)
    if claims is None:
        return False, False
    return is_true(claims, scene), names_everything(claims, scene)


TRUE, COMPLETE, FALSE = (True, False), (True, True), (False, False)

CAT = make_scene("grass", make_thing("cat", "red", "sitting"))
TWO_CATS = make_scene("grass", make_thing("cat", x=0.3), make_thing("cat", x=0.7))
THREE_CATS = make_scene(
    "snow",
    make_thing("cat", "red", x=0.2),
    make_thing("cat", "red", x=0.5),
    make_thing("cat", "blue", "sleeping", x=0.8),
)
TWO_BIRDS = make_scene(
    "beach", make_thing("bird", "white", "perched"), make_thing("bird", "black", "flying")
)
WATER = make_scene("water", make_thing("boat", "blue"), make_thing("bird", "white", x=0.6))
FISHES = make_scene("water", make_thing("fish", x=0.2), make_thing("fish", x=0.8))
ROOM = make_scene("room", make_thing("cat", "black", "sleeping"))
STREET = make_scene("street", make_thing("person", "red"))
HOUSE = make_scene(
    "grass", make_thing("house", base=0.75), make_thing("dog", "white", "running", 0.55, 0.9)
)
SIZES = make_scene("snow", make_thing("car", scale=0.9), make_thing("ball", scale=1.3))

SENTENCES = [
    (CAT, "a cat is sitting on the grass", COMPLETE),
    (CAT, "a red cat is sitting on the grass", COMPLETE),
    (CAT, "a kitten sitting on a lawn", COMPLETE),
    (CAT, "in a field a cat is sitting", COMPLETE),
    (CAT, "outside there is a cat", COMPLETE),
    (CAT, "there is a red kitten on a green lawn", COMPLETE),
    (CAT, "a cat", COMPLETE),
    (CAT, "a blue cat is sitting on the grass", FALSE),
    (CAT, "a dog is sitting on the grass", FALSE),
    (CAT, "a cat is sleeping on the grass", FALSE),
    (CAT, "a cat is sitting on the beach", FALSE),
    (CAT, "a cat is sitting over the grass", FALSE),
    (CAT, "a cat is sitting inside", FALSE),
    (CAT, "two cats are sitting on the grass", FALSE),
    (CAT, "a cat is sitting on the grass with a dog", FALSE),
    (CAT, "a cat and a cat on the grass", FALSE),
    # how many
    (TWO_CATS, "two cats are sitting on the grass", COMPLETE),
    (TWO_CATS, "two red cats are sitting on the grass", COMPLETE),
    (TWO_CATS, "a cat and a cat on the grass", COMPLETE),
    (TWO_CATS, "a cat is sitting on the grass", TRUE),
    (TWO_CATS, "two blue cats are sitting on the grass", FALSE),
    (TWO_CATS, "three cats are sitting on the grass", FALSE),
    (THREE_CATS, "three cats in the snow", COMPLETE),
    (THREE_CATS, "two red cats and a blue cat in the snow", COMPLETE),
    (THREE_CATS, "a blue cat and a red cat and a red cat in the snow", COMPLETE),
    (THREE_CATS, "two red cats are sitting in the snow", TRUE),
    (THREE_CATS, "a cat is sleeping in the snow", TRUE),
    (THREE_CATS, "two cats in the snow", FALSE),
    (THREE_CATS, "two cats are sitting in the snow", FALSE),
    (THREE_CATS, "three red cats in the snow", FALSE),
    (THREE_CATS, "three cats are sitting in the snow", FALSE),
    (THREE_CATS, "a blue cat is sitting in the snow", FALSE),
    (THREE_CATS, "two blue cats and a red cat in the snow", FALSE),
    (FISHES, "two fish are swimming in the water", COMPLETE),
    (FISHES, "a fish is swimming in the water", TRUE),
    (FISHES, "three fish are swimming in the water", FALSE),
    # on and over
    (TWO_BIRDS, "a bird is flying over the beach", TRUE),
    (TWO_BIRDS, "a bird is sitting on the beach", TRUE),
    (TWO_BIRDS, "a white bird on the sand and a black bird over the sand", COMPLETE),
    (TWO_BIRDS, "two birds outside", COMPLETE),
    (TWO_BIRDS, "two birds on the beach", FALSE),
    (TWO_BIRDS, "two birds over the beach", FALSE),
    (TWO_BIRDS, "a white bird is flying over the beach", FALSE),
    (WATER, "a bird is flying over a body of water", TRUE),
    (WATER, "a bird is flying on a body of water", FALSE),
    (WATER, "a boat is sailing over the water", FALSE),
    (WATER, "over the water there is a bird and a boat", COMPLETE),
    (WATER, "on the water there is a boat and a bird", COMPLETE),
    (WATER, "on the water there is a bird and a boat", FALSE),
    (WATER, "a boat is floating on a lake and a bird is soaring", COMPLETE),
    (WATER, "a boat is floating on a lake and a bird is perched", FALSE),
    (WATER, "a white bird is flying outside with a blue boat", COMPLETE),
    (WATER, "a blue bird is flying outside with a white boat", FALSE),
    (WATER, "a bird and a boat are flying outside", FALSE),
    # how one stands to the other
    (WATER, "a bird is flying above a boat on the water", COMPLETE),
    (WATER, "a bird over a sailboat", COMPLETE),
    (WATER, "a boat above a bird", FALSE),
    (WATER, "a bird next to a boat on the water", FALSE),
    (HOUSE, "a dog is running in front of a house on the grass", COMPLETE),
    (HOUSE, "a cottage behind a puppy outdoors", COMPLETE),
    (HOUSE, "a house beside a dog outdoors", COMPLETE),
    (HOUSE, "a house in front of a dog on the grass", FALSE),
    (HOUSE, "a dog is running behind a house on the grass", FALSE),
    (HOUSE, "a dog above a house on the grass", FALSE),
    (HOUSE, "a dog in front of a dog on the grass", FALSE),
    # inside and outside
    (ROOM, "a cat is sleeping inside", COMPLETE),
    (ROOM, "a cat is lying indoors", COMPLETE),
    (ROOM, "a black cat is sleeping on the floor", COMPLETE),
    (ROOM, "in the room there is a cat", COMPLETE),
    (ROOM, "a cat is sleeping outside", FALSE),
    (ROOM, "a cat is sleeping over the floor", FALSE),
    (ROOM, "a cat is sleeping on the sand", FALSE),
    # what a person wears
    (STREET, "a person in red is standing on the street", COMPLETE),
    (STREET, "a person is standing in the street", COMPLETE),
    (STREET, "a person in blue is standing on the street", FALSE),
    (STREET, "a person in red is walking on the street", FALSE),
    # how large
    (SIZES, "a little car and a large ball in the snow", COMPLETE),
    (SIZES, "a big car in the snow", FALSE),
    (SIZES, "a small ball in the snow", FALSE),
    (make_scene("snow", make_thing("car", scale=1.0)), "a small car in the snow", COMPLETE),
    (make_scene("snow", make_thing("car", scale=1.0)), "a big car in the snow", FALSE),
]


@pytest.mark.parametrize("scene, sentence, expected", SENTENCES)
def test_sentences_of_known_scenes(scene, sentence, expected):
    assert parse(sentence.split()) is not None
    assert verdict(sentence.split(), scene) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "cat",
        "on the grass",
        "there is",
        "a cat is",
        "a cat are sitting on the grass",
        "two cats is sitting on the grass",
        "there are a cat on the grass",
        "there is two cats on the grass",
        "is a cat on the grass",
        "there a cat on the grass",
        "there is a cat is sitting on the grass",
        "two cat on the grass",
        "a cats on the grass",
        "a cat is sitting on grass",
        "a cat is sitting on",
        "a cat is sitting the grass",
        "a cat and a dog is sitting on the grass",
        "a cat on the grass with a dog is sitting",
        "a cat on the grass on the grass",
        "a cat outside on the grass",
        "a cat on the grass and",
        "a cat on the grass with",
        "a cat on the grass a dog",
        "a cat on the grass is sitting",
        "a cat is sitting sleeping on the grass",
        "a red blue cat on the grass",
        "a red small cat on the grass",
        "a cat in red on the grass",
        "a red person in blue on the grass",
        "a cat next to on the grass",
        "a cat is next to a dog on the grass",
        "a cat is sitting on the moon",
        "A cat is sitting on the grass",
        "a cat is sitting on the grass .",
    ],
)
def test_no_sentences(text):
    assert parse(text.split()) is None


def test_verb_is_said_of_all_names_in_front():
    claims = parse("a cat and two dogs are sitting on the grass with a ball".split())
    assert [(name.kind, verb) for name, verb in claims.verbs] == [
        ("cat", "sitting"), ("dog", "sitting")
    ]
    assert [name.kind for name in claims.names] == ["cat", "dog", "ball"]


def test_place_is_of_the_name_before_it_or_of_the_first_name():
    (place,) = parse("a cat and a bird over the grass".split()).places
    assert place[3].kind == "bird"
    (place,) = parse("over the grass a bird is flying and a cat".split()).places
    assert place[3].kind == "bird"
    (place,) = parse("a bird above a cat on the grass".split()).places
    assert place[3].kind == "cat"


# One word or phrase of a written caption is changed, everywhere it can be changed.


def replaced(words, old, new):
    """The captions that come of putting the words `new` in the place of `old`."""
    old, new = old.split(), new.split()
    for start in range(len(words) - len(old) + 1):
        if words[start : start + len(old)] == old:
            yield words[:start] + new + words[start + len(old) :]


def check_never_true(scene, words, old, new):
    """Return how many captions were checked, so that a test can see that there were some."""
    changed = list(replaced(words, old, new))
    for caption in changed:
        assert not verdict(caption, scene)[0], (words, caption)
    return len(changed)


def test_wrong_colour():
    checked = 0
    for scene, words in CAPTIONS:
        for colour in COLOURS.keys() & words:
            for wrong in COLOURS.keys() - {colour}:
                checked += check_never_true(scene, words, colour, wrong)
    assert checked > 1000


def test_wrong_kind():
    checked = 0
    for scene, words in CAPTIONS:
        here = {thing.kind for thing in scene.things}
        for number in (0, 1):
            right = {pair[number] for kind in here for pair in NOUNS[kind]}
            wrong = [pairs[0][number] for kind, pairs in NOUNS.items() if kind not in here]
            for noun in right & set(words):
                for other in wrong:
                    checked += check_never_true(scene, words, noun, other)
    assert checked > 1000


def test_larger_number():
    checked = 0
    for scene, words in CAPTIONS:
        for pairs in NOUNS.values():
            for one, many in pairs:
                checked += check_never_true(scene, words, f"two {many}", f"three {many}")
                for more in ("two", "three"):
                    checked += check_never_true(scene, words, f"a {one}", f"{more} {many}")
    assert checked > 1000


def test_smaller_number():
    """"a cat" of two cats is true, "two cats" of three is not; neither names everything."""
    checked = 0
    for scene, words in CAPTIONS:
        for pairs in NOUNS.values():
            for one, many in pairs:
                checked += check_never_true(scene, words, f"three {many}", f"two {many}")
                for caption in replaced(words, f"two {many}", f"a {one}"):
                    checked += 1
                    assert not verdict(caption, scene)[1]
    assert checked > 100


def test_number_alone():
    for scene, words in CAPTIONS:
        for number in NUMBERS.values():
            for wrong in set(NUMBERS.values()) - {number}:
                for caption in replaced(words, number, wrong):
                    assert not verdict(caption, scene)[1], caption


def test_wrong_verb():
    verbs, checked = {verb for choices in VERBS.values() for verb in choices}, 0
    for scene, words in CAPTIONS:
        done = {verb for thing in scene.things for verb in VERBS[thing.kind, thing.pose]}
        for verb in verbs & set(words):
            for wrong in verbs - done:
                checked += check_never_true(scene, words, verb, wrong)
    assert checked > 1000


def test_wrong_setting():
    checked = 0
    for scene, words in CAPTIONS:
        for manner in (ON, OVER):
            for place in PLACES[scene.setting][manner]:
                for other in PLACES.keys() - {scene.setting}:
                    for wrong in PLACES[other][manner]:
                        checked += check_never_true(scene, words, place, wrong)
    assert checked > 1000


def test_on_for_over():
    checked = 0
    for scene, words in CAPTIONS:
        places = PLACES[scene.setting]
        for right, wrong in ((ON, OVER), (OVER, ON)):
            for place in places[right]:
                for other in places[wrong]:
                    checked += check_never_true(scene, words, place, other)
    assert checked > 1000


def test_inside_for_outside():
    checked = 0
    for scene, words in CAPTIONS:
        checked += check_never_true(scene, words, "outside", "inside")
        checked += check_never_true(scene, words, "indoors", "outdoors")
    assert checked > 50


@pytest.mark.parametrize(
    "right, wrong",
    [
        ("next to", "above"),
        ("above", "next to"),
        ("above", "in front of"),
        ("in front of", "behind"),
        ("behind", "in front of"),
        ("behind", "above"),
    ],
)
def test_wrong_relation(right, wrong):
    checked = 0
    for scene, words in CAPTIONS:
        for said in RELATIONS[right]:
            for other in RELATIONS[wrong]:
                checked += check_never_true(scene, words, said, other)
    assert checked > 5


def test_is_and_are():
    for scene, words in CAPTIONS:
        for right, wrong in (("is", "are"), ("are", "is")):
            for caption in replaced(words, right, wrong):
                assert parse(caption) is None, (caption, scene)


def test_dropped_article():
    for _, words in CAPTIONS:
        for article in ("a", "the"):
            for caption in replaced(words, article, ""):
                assert parse(caption) is None, caption


def test_repeated_word():
    for _, words in CAPTIONS:
        for at in range(len(words)):
            assert parse(words[:at] + words[at : at + 1] + words[at:]) is None


def test_unknown_word():
    for _, words in CAPTIONS:
        for at in range(len(words)):
            assert parse([*words[:at], "xyzzy", *words[at + 1 :]]) is None
            assert parse([*words[:at], "<unknown>", *words[at:]]) is None


def test_shuffled_words(random):
    """Of a few words some orders are sentences again, so it is a rate."""
    named = [verdict(random.permutation(words).tolist(), scene)[1] for scene, words in CAPTIONS]
    assert np.mean(named) < 0.02


def test_truncated_caption():
    """The beginning of a caption is no sentence, or one that claims less: never a false one."""
    for scene, words in CAPTIONS:
        last_noun = parse(words).names[-1].position
        for length in range(len(words)):
            true, complete = verdict(words[:length], scene)
            assert true == (parse(words[:length]) is not None), words[:length]
            assert not complete or length > last_noun


# Any words at all


def test_no_words_raise():
    random, words, sentences = np.random.default_rng(3), np.array(all_words()), 0
    for _ in range(5000):
        claims = parse(random.choice(words, random.integers(15)).tolist())
        if claims is not None:
            sentences += 1
            scene = CAPTIONS[int(random.integers(len(CAPTIONS)))][0]
            assert is_true(claims, scene) >= names_everything(claims, scene)
            assert set(named_things(claims, scene)) == {name.position for name in claims.names}
    assert sentences < 50


def test_no_mixture_of_captions_raises():
    """Two halves that do not belong together: many of them are long sentences, mostly false."""
    random, sentences, true = np.random.default_rng(4), 0, 0
    for _ in range(3000):
        (scene, a), (_, b) = (CAPTIONS[int(i)] for i in random.integers(len(CAPTIONS), size=2))
        mixed = a[: random.integers(len(a) + 1)] + b[random.integers(len(b) + 1) :]
        claims = parse(mixed)
        if claims is not None:
            sentences += 1
            true += is_true(claims, scene)
            named_things(claims, scene), named_settings(claims)
    assert sentences > 200
    assert true < 0.5 * sentences


def test_longest_repetition_is_read():
    """As a model that has not learned to stop may write it."""
    claims = parse(["a", "cat", *["and", "a", "cat"] * 200])
    assert len(claims.names) == 201
    assert not is_true(claims, CAT)


def test_words_are_not_changed():
    words = "a cat is sitting on the grass".split()
    assert parse(tuple(words)).names[0].kind == parse(words).names[0].kind == "cat"
    assert words == "a cat is sitting on the grass".split()


# What the words name


def named(sentence, scene):
    words = sentence.split()
    claims = parse(words)
    return {words[at]: things for at, things in named_things(claims, scene).items()}


def test_named_things_of_true_captions():
    assert named("a bird is flying above a boat on the water", WATER) == {"bird": [1], "boat": [0]}
    assert named("two red cats and a blue kitten in the snow", THREE_CATS) == {
        "cats": [0, 1], "kitten": [2]
    }
    assert named("a blue kitten and a red cat in the snow", THREE_CATS)["kitten"] == [2]
    assert named("a cat is sleeping in the snow", THREE_CATS) == {"cat": [2]}


def test_either_of_two_cats_may_be_meant():
    assert named("a cat is sitting on the grass", TWO_CATS) == {"cat": [0, 1]}
    assert named("a cat and a kitten on the grass", TWO_CATS) == {"cat": [0, 1], "kitten": [0, 1]}


def test_named_things_of_false_captions():
    # a wrong colour still finds the kind
    assert named("a purple cat is sitting on the grass", CAT) == {"cat": [0]}
    # a wrong setting, verb or relation does too
    assert named("a cat is sleeping on the beach", CAT) == {"cat": [0]}
    assert named("a boat above a bird", WATER) == {"boat": [0], "bird": [1]}
    # as many adjectives as fit decide
    assert named("a blue cat is sitting on the beach", THREE_CATS) == {"cat": [2]}
    assert named("a green cat is sitting on the beach", THREE_CATS) == {"cat": [0, 1, 2]}
    # what is not there is not found
    assert named("a dog is sitting on the grass with a cat", CAT) == {"dog": [], "cat": [0]}
    assert named("three cats on the grass", TWO_CATS) == {"cats": [0, 1]}


def test_named_things_of_written_captions():
    """Each thing is named by exactly one noun, and that noun is of its kind."""
    nouns = {form: kind for kind, pairs in NOUNS.items() for pair in pairs for form in pair}
    for scene, words in CAPTIONS:
        things = named_things(parse(words), scene)
        assert sorted(i for group in things.values() for i in group) == [*range(len(scene.things))]
        for at, group in things.items():
            assert all(scene.things[i].kind == nouns[words[at]] for i in group)


def test_named_settings():
    assert named_settings(parse("over a body of water there is a bird".split())) == {4: "water"}
    assert named_settings(parse("a cat is sitting on the beach".split())) == {6: "beach"}
    assert named_settings(parse("a cat on snowy ground and a dog on a road".split())) == {
        4: "snow", 10: "street"
    }
    assert named_settings(parse("a cat is sitting outside".split())) == {}


def test_named_settings_of_written_captions():
    last_words = {
        setting: {text.split()[-1] for texts in manners.values() for text in texts}
        for setting, manners in PLACES.items()
    }
    seen = set()
    for scene, words in CAPTIONS:
        for at, setting in named_settings(parse(words)).items():
            assert setting == scene.setting
            assert words[at] in last_words[setting]
            seen.add(setting)
    assert seen == set(SETTINGS)

"""A world to caption: drawn scenes in which it is known what every word names and where that is.

The room, in the order in which a scene comes about:

    world       what there is: kinds, colours, settings, poses; which combinations are held out
    sampling    a random scene: which things, where, how large
    shapes      how each kind is drawn, on the picture and on the map of who is where at once
    drawing     a scene becomes an image and masks
    lexicon     the words of the language and what each of them means
    grammar     a scene becomes a caption
    parser      a caption becomes claims, and the claims are true or false of a scene
    dataset     many scenes at once, drawn with a bar
    statistics  the figures that describe the world
"""

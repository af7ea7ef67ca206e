"""Show, Attend and Tell, by hand: an image captioner in NumPy with every gradient written out."""

"""What a model learns from: words, vocabularies, captioned images and the batches made of them."""

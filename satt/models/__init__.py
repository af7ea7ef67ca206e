"""Layers wired into systems: the captioner and its siblings, the translator, answerer, speller."""

"""Homework 1: layers, softmax with cross-entropy, and a gradient check."""

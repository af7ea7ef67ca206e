"""Homework 2: convolution and pooling."""

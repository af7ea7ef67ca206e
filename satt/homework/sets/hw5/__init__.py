"""Homework 5: the captioner."""

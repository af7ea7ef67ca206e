"""Homework 4: attention."""

"""What runs in the process of a student's code: it computes, and knows no answer.

This folder is copied beside each submission and imports only the standard library, NumPy and
itself. Whatever a student's code does to it, it can at most get a wrong result.
"""

"""The same mathematics, faster.

A kernel has the name and the signature of its plain layer in `satt/layers`, and a test that holds
the two equal. Read the layer for what is computed, the kernel for how to do it quickly.
"""

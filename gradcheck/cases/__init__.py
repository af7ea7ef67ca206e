"""The small inputs that each check runs on, one file per room of satt.

Small, so that every entry can be moved; every axis of another size, so that swapped axes show;
inputs of max and relu away from their kinks, where there is no slope to compare with.
"""

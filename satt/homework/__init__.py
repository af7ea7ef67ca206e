"""Homework: folders to hand out, made of satt's own source, so that they never go stale.

    sets        which functions a set asks for, with points and hints: an INI file each
    skeleton    a file of satt becomes one with gaps
    folder      the folder that students get
    handout     what helps in every such folder
"""

"""Homework: folders to hand out, made of satt's own source, so that they never go stale.

    sets        which functions a set asks for, with points and hints: an INI file each
    skeleton    a file of satt becomes one with gaps
    folder      the folder that students get
    handout     what helps in every such folder
    cases       what functions are tried on, shown and hidden
    child       the process in which a student's code computes
    process     that process from outside; isolation: what keeps it apart; scratch: its folders
    judge       a submission, function by function; pairs, calls: how one is judged
    results     what came of it, and the marks; reports: what people read of it
    grade       many submissions; archives, staging: how they come in
    similarity  who has the same code
    autograder  all this as a zip for Gradescope
"""

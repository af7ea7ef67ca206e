"""The sub-commands of `satt`, a file each.

Every one offers NAME, SUMMARY (a line), DESCRIPTION and EXAMPLES for its help, and two functions:
`add_arguments(parser)` and `run(options) -> exit code`. What takes long to import is imported in
these functions, so that `satt --help` answers at once.
"""

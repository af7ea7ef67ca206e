"""The error that a user can put right."""


class SattError(ValueError):
    """A mistake in what was given: one line that says what it was and what to do about it.

    The command line prints the message alone and ends with exit code 2; everything else that is
    raised is a fault of the program and keeps its traceback.
    """

"""Which functions are still to be written?"""

import sys


def stop_if_missing(*functions):
    """End the program, saying which of some functions are not written yet.

    Parameters
    ----------
    *functions : function
        Those that what comes next is going to call.

    Raises
    ------
    SystemExit
        If one is.
    """
    missing = [
        f"  {function.__name__} in {function.__module__}.py" for function in functions
        if "NotImplementedError" in function.__code__.co_names
    ]
    if missing:
        print("Not yet: this needs functions that are still to be written:", file=sys.stderr)
        print("\n".join(missing), file=sys.stderr)
        print("Write them, see `satt homework check`, and come back.", file=sys.stderr)
        raise SystemExit(1)

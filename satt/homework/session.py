"""A submission at work: its process, started again when it had to be ended, and its time."""

import time

from satt.homework.process import Child, Ended

STOP = 1e-3  # seconds: with less left, there is nothing to start


class Session:
    """Asks a submission's functions, and keeps the time of each.

    Parameters
    ----------
    code : Path
        The folder with the files, as `satt.homework.staging` lays them out.
    limits : Limits
    keep_output : bool, optional
        As for `Child`.
    """

    def __init__(self, code, limits, keep_output=False):
        self._code, self._limits, self._keep_output = code, limits, keep_output
        self._child, self._used, self._faults = None, {}, {}
        self.noise = ""

    def load(self, file):
        """Import a file, once.

        Parameters
        ----------
        file : str

        Returns
        -------
        failure : dict or None
            What the file did instead, as the child tells it.

        Raises
        ------
        Ended
            Also at every later attempt: what loops in its import does so for all its functions.
        """
        if file not in self._faults:
            try:
                header, _ = self.ask(file, {"do": "load", "file": file}, {})
                self._faults[file] = header.get("failure")
            except Ended as ended:
                self._faults[file] = ended
        fault = self._faults[file]
        if isinstance(fault, Ended):
            raise fault
        return fault

    def ask(self, function, header, arrays):
        """Have something computed at the cost of a function's time.

        Parameters
        ----------
        function : str
        header : dict
        arrays : dict from str to ndarray

        Returns
        -------
        header, arrays

        Raises
        ------
        Ended
        """
        left = self._limits.submission - sum(self._used.values())
        if left < STOP:
            raise Ended("the time for the submission was over", is_time=True)
        left = min(left, self._limits.function - self._used.get(function, 0.0))
        if left < STOP:
            raise Ended("still running when the time was over", is_time=True)
        if self._child is None:
            self._child = Child(self._code, self._limits, self._keep_output)
        start = time.monotonic()
        try:
            return self._child.ask(header, arrays, left)
        except Ended:
            self.close()
            raise
        finally:
            spent = time.monotonic() - start
            self._used[function] = self._used.get(function, 0.0) + spent

    def close(self):
        """End the process; the next question starts another."""
        if self._child is not None:
            self._child.close()
            self.noise = self.noise or self._child.noise
            self._child = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

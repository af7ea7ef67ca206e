"""Experiments for the diagnosis: what would both gradients be under another upstream?"""

import copy

import numpy as np

from gradcheck.purity import call_backward


class Probe:
    """One argument of a pair, ready to be asked.

    Parameters
    ----------
    backward : callable
    out, cache : object
        What the forward returned.
    place : int
        Of the argument's gradient among those that the backward returns.
    shape : tuple of int
        Of the argument.
    jacobian : ndarray, shape (entries, outputs)
        How fast every output grows with every entry of the argument.
    all_analytic, all_numeric : dict from str to ndarray
        The gradients of all arguments.
    options : dict
        The keyword arguments of the forward.
    """

    def __init__(
        self, backward, out, cache, place, shape, jacobian, all_analytic, all_numeric, options
    ):
        self.out, self.cache, self.options = out, cache, options
        self.all_analytic, self.all_numeric = all_analytic, all_numeric
        self._backward, self._place, self._shape = backward, place, shape
        self._jacobian = jacobian

    def analytic(self, upstream):
        """Ask the backward for this argument's gradient under another upstream.

        Parameters
        ----------
        upstream : tuple of ndarray
            One for each output.

        Returns
        -------
        object
            As the backward returns it.
        """
        cache = copy.deepcopy(self.cache)
        return call_backward(self._backward, self.out, upstream, cache)[0][self._place]

    def numeric(self, upstream):
        """Take the true gradient under another upstream.

        Parameters
        ----------
        upstream : tuple of ndarray

        Returns
        -------
        ndarray, of the argument's shape
        """
        weights = np.concatenate([np.reshape(u, -1) for u in upstream])
        return (self._jacobian @ weights).reshape(self._shape)

"""Is a backward written by hand the derivative of its forward? Ask the forward itself.

Every number that goes in is moved a little up and a little down; how the outputs answer is the
slope, and the backward must say the same. Nothing here knows what is being differentiated: any
pair of functions will do, in the convention

    out, cache = forward(inputs..., options...)
    d_inputs... = backward(dout, cache)

For example, a gain whose backward forgets that it served every row:

>>> import numpy as np
>>> from gradcheck import check
>>> def gain_forward(x, gain):
...     return x * gain, (x, gain)
>>> def gain_backward(dout, cache):
...     x, gain = cache
...     return dout * gain, dout * x
>>> random = np.random.default_rng(0)
>>> inputs = {"x": random.normal(size=(2, 3)), "gain": random.normal(size=3)}
>>> report = check(gain_forward, gain_backward, inputs)
>>> report.gradients["x"].ok, report.gradients["gain"].ok
(True, False)
>>> report.gradients["gain"].problem
'the gradient has the shape (2, 3), expected (3,)'

>>> report.gradients["gain"].cause.kind
'missing-sum'

`report.ok` is what a test asserts; `print(report)` shows, for every argument, the largest error
and where it is, and what is likely wrong. A `Case` is a pair of functions together with inputs to
check it on. The command `gradcheck` runs the cases of satt's own layers.
"""

from gradcheck.case import Case
from gradcheck.check import check
from gradcheck.diagnosis import Cause, diagnose
from gradcheck.expectation import expectation
from gradcheck.model import check_model
from gradcheck.report import Report

__all__ = ["Case", "Cause", "Report", "check", "check_model", "diagnose", "expectation"]

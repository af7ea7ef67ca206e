"""Why a gradient is wrong: explanations are tried in turn, and the likeliest is named.

>>> import numpy as np
>>> from gradcheck.diagnosis import diagnose
>>> expected = np.arange(6.0).reshape(2, 3)
>>> diagnose(-expected, expected, name="x").kind
'sign'
"""

from gradcheck.diagnosis.cause import KINDS, Cause
from gradcheck.diagnosis.diagnose import diagnose, diagnose_all

__all__ = ["KINDS", "Cause", "diagnose", "diagnose_all"]

"""The causes that concern a pair of functions as a whole, in the words of a teaching assistant.

The diagnosis of a single gradient is made by the rules beside this file; these are not diagnosed
but observed, so the check itself makes them.
"""

from gradcheck.diagnosis.cause import Cause


def mutates(function, what):
    """Say that a function changed what it was given.

    Parameters
    ----------
    function : {"forward", "backward"}
    what : str
        An argument's name, "cache" or "upstream".

    Returns
    -------
    Cause
    """
    return Cause(
        "mutates",
        f"{function} changes {what} in place, so whoever uses it next gets other numbers. Look for"
        f" `+=`, `*=`, `out=` or an assignment into a slice of {what}, and work on a new array.",
        evidence=f"{what} differs before and after the call of {function}",
    )


def not_repeatable():
    """Say that a backward called twice gives two results.

    Returns
    -------
    Cause
    """
    return Cause(
        "not-repeatable",
        "backward called twice with the same cache gives two results. Look for a list that is"
        " popped, a buffer that is not set to zero at the start, or a random number in it.",
        evidence="two calls with equal arguments differ",
    )


def forward_inconsistent():
    """Say that a forward called twice gives two results.

    Returns
    -------
    Cause
    """
    return Cause(
        "forward-inconsistent",
        "forward called twice with the same arguments gives two results, so it has no derivative."
        " Pass a fixed mask or a seeded generator, and keep no state between calls.",
        evidence="two calls with equal arguments differ",
    )


def dtype(where, found, wanted="float64"):
    """Say that something is computed in another precision than the data's.

    Parameters
    ----------
    where : str
        What has the wrong dtype, as "the output" or "the gradient of x".
    found, wanted : str or dtype

    Returns
    -------
    Cause
    """
    return Cause(
        "dtype",
        f"{where} is {found}, expected {wanted}: let the dtype follow the data. Look for"
        " `.astype`, a `dtype=` written out, or a buffer of zeros made without the data's dtype.",
        evidence=f"{found} instead of {wanted}",
    )


def not_complex_safe(where):
    """Say that a forward drops the imaginary part, so that the complex step cannot be taken.

    Parameters
    ----------
    where : str
        Such as "the forward" or "the forward in x".

    Returns
    -------
    Cause
    """
    return Cause(
        "dtype",
        f"{where} is not complex-safe: complex numbers went in, real ones came out. Look for"
        " np.abs, np.var, np.std, a norm, `.real`, a float buffer or `.astype(float)`, and write"
        " it with products and sums.",
        evidence="a complex input gave a real output",
    )


def nan(where):
    """Say that something holds NaN or infinity.

    Parameters
    ----------
    where : str
        Such as "the output" or "the gradient of x".

    Returns
    -------
    Cause
    """
    return Cause(
        "nan",
        f"{where} holds NaN or infinity. Look for a division by zero, the log or root of zero, or"
        " an exp without the largest score taken off first.",
        evidence="not all entries are finite",
    )


def vacuous(name):
    """Say that both gradients are zero, so that their comparison shows nothing.

    Parameters
    ----------
    name : str
        The argument's.

    Returns
    -------
    Cause
    """
    return Cause(
        "vacuous",
        f"The gradient of {name} is zero by both ways, so this check shows nothing. Choose inputs"
        f" on which {name} matters, or declare it in `zero` if it never does.",
        evidence="all entries of both gradients are zero",
    )


def wrong_number(found, expected):
    """Say that a backward returned too many or too few gradients.

    Parameters
    ----------
    found : int
    expected : sequence of str
        The names of the arguments that should get one.

    Returns
    -------
    Cause
    """
    return Cause(
        "shape",
        f"backward returned {found} gradient(s), expected {len(expected)}: one for each of"
        f" {', '.join(expected)}, in the order of the forward's arguments.",
        evidence=f"{found} instead of {len(expected)} gradients",
    )

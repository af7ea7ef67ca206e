"""Why a short convolution needs so few products: the 1-D half of `satt/kernels/winograd.py`.

With numbers. Two neighbouring outputs of a filter g = (1, 2, 3) see four pixels d = (1, 2, 3, 4).
Directly they take six products:

    1*1 + 2*2 + 3*3 = 14        2*1 + 3*2 + 4*3 = 20

F(2, 3), "two outputs, three taps", takes four products of a sum of pixels and a sum of taps:

    m0 = (d0 - d2)     g0               =  -2 * 1 = -2
    m1 = (d1 + d2) / 2 (g0 + g1 + g2)   = 5/2 * 6 = 15        out0 = m0 + m1 + m2 = 14
    m2 = (d2 - d1) / 2 (g0 - g1 + g2)   = 1/2 * 2 =  1        out1 = m1 - m2 + m3 = 20
    m3 = (d3 - d1)     g2               =   2 * 3 =  6

As matrices, out = A^T ((G g) * (B^T d)), where * goes entry by entry. The sums of taps betray
where this comes from: they are the polynomial g0 + g1 t + g2 t^2 at t = 0, 1, -1 and infinity,
where its last coefficient is all that counts.

Take any numbers y_i, one for each output, and read y and g as polynomials y(t) and g(t). Then

    sum_i y_i out_i = sum_ij y_i g_j d_(i+j) = sum_k d_k (coefficient k of y(t) g(t))

and a product of polynomials is known from its values: evaluate both at enough points, multiply
point by point, interpolate. Let E_n evaluate a polynomial of n coefficients at the points. The
product of y, of two coefficients, and g, of three, has four, so that four points are enough, and
inverse(E_4) interpolates:

    y . out = d . inverse(E_4) ((E_2 y) * (E_3 g)) = y . E_2^T ((E_3 g) * (inverse(E_4)^T d))

for every y. Hence A^T = E_2^T, G = E_3 and B^T = inverse(E_4)^T. (Toom 1963, Cook 1966, Winograd
1980.) F(4, 3) takes six products for four outputs in place of twelve, and six points.
"""

import numpy as np

# The sixth point is infinity. Often 1 and 2 stand in place of 3/4 and 3/2, for round numbers; with
# these the rounding errors of float32 are a quarter, as their powers grow less.
POINTS = (0, 3 / 4, -3 / 4, 3 / 2, -3 / 2)


def winograd_transforms(outputs, taps, points):
    """Make the matrices of F(outputs, taps).

    Parameters
    ----------
    outputs, taps : int
    points : sequence of float
        outputs + taps - 2 different numbers; infinity is added to them.

    Returns
    -------
    G : ndarray, shape (outputs + taps - 1, taps)
        Transforms the filter.
    B^T : ndarray, shape (outputs + taps - 1, outputs + taps - 1)
        Transforms the pixels.
    A^T : ndarray, shape (outputs, outputs + taps - 1)
        Makes the outputs of the products.
    """
    return (
        _evaluation(points, taps),
        np.linalg.inv(_evaluation(points, outputs + taps - 1)).T,
        _evaluation(points, outputs).T,
    )


def _evaluation(points, count):
    """E_count: from a polynomial's coefficients to its values at the points and at infinity."""
    at_infinity = np.eye(count)[-1:]
    return np.concatenate([np.vander(points, count, increasing=True), at_infinity])


FILTER_TRANSFORM, TILE_TRANSFORM, OUTPUT_TRANSFORM = winograd_transforms(4, 3, POINTS)

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import voigt_profile

from operando.analysis.profile import pseudo_voigt, voigt_width

X = np.linspace(-400, 400, 160_001)
SIGMA = 1 / np.sqrt(8 * np.log(2))  # of a Gaussian of unit width


@given(width=st.floats(0.5, 5), mixing=st.floats(0, 1))
def test_a_line_has_unit_area_and_its_width(width: float, mixing: float) -> None:
    line = pseudo_voigt(X, width, mixing)
    assert line.sum() * (X[1] - X[0]) == pytest.approx(1.0, abs=0.01)
    assert 2 * pseudo_voigt(width / 2, width, mixing) == pytest.approx(pseudo_voigt(0.0, width, mixing))


@given(gaussian=st.floats(0.05, 3), lorentzian=st.floats(0.05, 3))
def test_folded_widths_make_nearly_a_voigt_profile(gaussian: float, lorentzian: float) -> None:
    near = np.linspace(-10, 10, 2001)
    true = voigt_profile(near, gaussian * SIGMA, lorentzian / 2)
    width, mixing = voigt_width(gaussian, lorentzian)
    assert np.abs(pseudo_voigt(near, width, mixing) - true).max() < 0.015 * true.max()


def test_one_width_alone_stays_itself() -> None:
    assert voigt_width(2.0, 0.0) == pytest.approx((2.0, 0.0))
    width, mixing = voigt_width(0.0, 2.0)
    assert (width, mixing) == (pytest.approx(2.0), pytest.approx(1.0, abs=1e-4))

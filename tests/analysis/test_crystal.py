import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operando.analysis import d_spacing, q_from_two_theta, scattering_vector
from operando.errors import AnalysisError

SILICON = 5.431179  # Å, NIST SRM 640f
INDEX = st.integers(-6, 6)


def test_silicon_111_stands_where_molybdenum_light_shows_it() -> None:
    expected = scattering_vector("cubic", [1, 1, 1], SILICON, SILICON)
    assert q_from_two_theta([12.988], 0.70930) == pytest.approx(expected, rel=1e-4)


def test_spacings_of_nmc811_are_those_of_the_tables() -> None:
    found = d_spacing("hexagonal", [(0, 0, 3), (1, 0, 4), (0, 1, 8), (1, 1, 0), (1, 1, 3)], 2.8718, 14.2136)
    assert found == pytest.approx([4.7379, 2.0376, 1.4457, 1.4359, 1.3742], abs=5e-5)


@given(h=INDEX, k=INDEX, along_c=st.integers(1, 12), a=st.floats(2, 10), c=st.floats(2, 30))
def test_a_hexagonal_spacing_is_one_over_the_reciprocal_vector(
    h: int, k: int, along_c: int, a: float, c: float
) -> None:
    vectors = np.array([[a, 0, 0], [-a / 2, a * np.sqrt(3) / 2, 0], [0, 0, c]])
    length = np.linalg.norm(np.linalg.inv(vectors) @ [h, k, along_c])
    assert d_spacing("hexagonal", [h, k, along_c], a, c) == pytest.approx([1 / length])


@given(h=INDEX, k=INDEX, along_c=st.integers(1, 6), a=st.floats(2, 10))
def test_a_larger_lattice_scatters_to_smaller_angles(h: int, k: int, along_c: int, a: float) -> None:
    small, large = (scattering_vector("cubic", [h, k, along_c], size, size) for size in (a, 1.1 * a))
    assert small == pytest.approx(1.1 * large)


def test_a_grid_of_lattices_has_the_reflections_first() -> None:
    a, c = np.linspace(2.8, 2.9, 4)[:, None], np.linspace(14, 14.5, 5)[None, :]
    assert d_spacing("hexagonal", [(0, 0, 3), (1, 1, 0)], a, c).shape == (2, 4, 5)


def test_an_unknown_system_is_named() -> None:
    with pytest.raises(AnalysisError, match="'trigonal'; hexagonal and cubic are known"):
        d_spacing("trigonal", [1, 0, 0], 3, 3)

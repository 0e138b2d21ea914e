"""Names become folders: by the site's rule, or not at all, and never outside."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operando.vocabulary.names import LONGEST, component, esrf_proposal, site_name

NASTY = [
    "",
    " ",
    "..",
    ".",
    "../up",
    "a/b",
    "/etc",
    "a\\b",
    "a\0b",
    ".hidden",
    "-rf",
    "x" * 300,
    "Zelle µ",
    "a\nb;c",
    "~",
]


@pytest.mark.parametrize("site", ["esrf", "petra"])
@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_name_is_refused_in_words(name: str, site: str) -> None:
    with pytest.raises(ValueError, match=r"sample .* (wanted|allowed)"):
        site_name(name, site, "sample")


@pytest.mark.parametrize("site", ["esrf", "petra"])
@given(name=st.text(max_size=120) | st.from_regex(r"[\w ./\\-]{1,30}"))
def test_a_name_that_passes_stays_in_its_folder(site: str, name: str) -> None:
    try:
        passed = site_name(name, site, "sample")
    except ValueError:
        return
    assert component(passed) == passed
    place = Path("/root") / passed
    assert place.resolve().parent == Path("/root")
    assert passed == "_".join(name.split()), "nothing but blanks is changed"
    assert len(passed) <= LONGEST
    assert site_name(passed, site, "sample") == passed


@given(name=st.text(max_size=250))
def test_what_a_document_says_stays_in_its_folder_too(name: str) -> None:
    try:
        component(name)
    except ValueError:
        return
    assert (Path("/root") / name).resolve().parent == Path("/root")


@given(proposal=st.text(max_size=60))
def test_a_proposal_stays_in_its_folder(proposal: str) -> None:
    try:
        folder = esrf_proposal(proposal, "bm31")
    except ValueError:
        return
    assert folder.isascii()
    assert folder.isalnum()
    assert folder == folder.lower()


@pytest.mark.parametrize(
    ("proposal", "folder"),
    [
        ("MA-6543", "ma6543"),
        ("ma6543", "ma6543"),
        ("31-01-234", "bm311234"),  # a collaborating research group: letters of the beamline, no zeros behind it
        ("BLC-12345", "blc12345"),
        ("bm312611", "bm312611"),
    ],
)
def test_proposals_are_named_as_bliss_names_them(proposal: str, folder: str) -> None:
    assert esrf_proposal(proposal, "bm31") == folder


def test_pressures_may_stand_in_names_where_the_site_allows_dots() -> None:
    assert site_name("NMC811 1.5MPa", "esrf", "sample") == "NMC811_1.5MPa"
    with pytest.raises(ValueError, match=r"'\.' is not allowed at petra"):
        site_name("NMC811 1.5MPa", "petra", "sample")

"""Names that become folders and files at a site.

Blanks become underscores, which changes nothing that a name says; everything else that a site does not allow is
refused in words, because leaving it out could make one name of two. No name that passes can leave its folder.
"""

import re

LONGEST = 100
"""Characters: twice a name, a proposal and a number still fit into the 255 bytes of a file name."""

_PLAIN = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]*")
_DOTTED = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z_.+-]*[0-9A-Za-z_+-])?")
ALLOWED = {
    "esrf": (_DOTTED, "letters, digits and _ - + . inside"),
    "petra": (_PLAIN, "letters, digits, _ and -"),
}
"""Site → what a name must be, and that in words. ESRF's own rule (bliss, ``scan_saving``) forbids less, but not to
start with a dot or dash; PETRA III reduces names to this set (hasyutils, nxstools)."""


def component(name: str) -> str:
    r"""Return a name that can stand as one folder or file below another.

    Parameters
    ----------
    name : str
        What a document says.

    Raises
    ------
    ValueError
        It is empty, too long, hidden, or leads elsewhere.

    Examples
    --------
    >>> component("cell3_0001")
    'cell3_0001'
    >>> component("../cell3")
    Traceback (most recent call last):
        ...
    ValueError: '../cell3' is no name of a folder: / is in it
    """
    if not isinstance(name, str) or not name:
        raise ValueError(f"{name!r} is no name of a folder: it is empty")
    if len(name) > 2 * LONGEST:
        raise ValueError(f"{name[:20]!r}… is no name of a folder: {len(name)} characters, {2 * LONGEST} are allowed")
    for wrong in "/\\\0":
        if wrong in name:
            raise ValueError(f"{name!r} is no name of a folder: {wrong if wrong.isprintable() else 'NUL'} is in it")
    if name.startswith("."):
        raise ValueError(f"{name!r} is no name of a folder: it starts with a dot")
    if not name.isascii() or not name.isprintable():
        raise ValueError(f"{name!r} is no name of a folder: not plain ASCII")
    return name


def site_name(text: str, site: str, what: str) -> str:
    """Return a name as a site writes it.

    Parameters
    ----------
    text : str
        As a person writes it.
    site : str
        ``esrf`` or ``petra``.
    what : str
        What is named: ``sample``.

    Raises
    ------
    ValueError
        The site does not allow it; says what is allowed.

    Examples
    --------
    >>> site_name(" NMC811  cell 3", "petra", "sample")
    'NMC811_cell_3'
    >>> site_name("NMC811 | LPSC", "petra", "sample")
    Traceback (most recent call last):
        ...
    ValueError: sample 'NMC811 | LPSC': '|' is not allowed at petra; letters, digits, _ and - are wanted
    """
    pattern, words = ALLOWED[site]
    if "\0" in text or not text.strip():
        raise ValueError(f"{what} {text!r} is no name; {words} are wanted")
    name = "_".join(text.split())
    if len(name) > LONGEST:
        raise ValueError(f"{what} {name[:20]!r}…: {len(name)} characters, {LONGEST} are allowed at {site}")
    if not pattern.fullmatch(name) or name.lower().endswith(".h5"):
        raise ValueError(f"{what} {text!r}: {_culprit(name, site)} is not allowed at {site}; {words} are wanted")
    return name


def esrf_proposal(proposal: str, beamline: str) -> str:
    """Return the folder of a proposal by ESRF's rule (bliss, ``scan_saving.proposal_dirname``).

    Small letters and digits alone are kept. The proposals of collaborating research groups have digits only: they get
    the letters of the beamline, and zeros after its number are left out.

    Parameters
    ----------
    proposal : str
        As the user office writes it: ``MA-6543``, ``31-01-234``.
    beamline : str
        ``bm31``.

    Raises
    ------
    ValueError
        Nothing is left of it.

    Examples
    --------
    >>> esrf_proposal("MA-6543", "bm31"), esrf_proposal("31-01-234", "bm31")
    ('ma6543', 'bm311234')
    """
    if not proposal.isascii() or re.search(r"[/\\.\0]", proposal):
        raise ValueError(f"proposal {proposal!r}: letters, digits and - are wanted, as in MA-6543 or 31-01-234")
    name = re.sub(r"[^0-9a-z]", "", proposal.lower())
    if not 0 < len(name) <= LONGEST:
        raise ValueError(f"proposal {proposal!r}: letters and digits are wanted, at most {LONGEST}")
    lettered = re.sub("[0-9]", "", beamline) + name
    if name.isdigit() and lettered.startswith(beamline) and len(lettered) > len(beamline):
        return beamline + str(int(lettered[len(beamline) :]))
    return name


def _culprit(name: str, site: str) -> str:
    """Name what is wrong with a name that does not match."""
    pattern, _ = ALLOWED[site]
    for character in name:
        if not pattern.fullmatch(f"a{character}a"):
            return repr(character)
    if name.lower().endswith(".h5"):
        return "'.h5' at the end"
    return f"{name[0]!r} at the start" if not pattern.fullmatch(name[0]) else f"{name[-1]!r} at the end"

"""One line of a journal: a document and its name, as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from event_model import NumpyEncoder

from operando.errors import JournalError


def encode(name: str, doc: Mapping[str, Any]) -> bytes:
    r"""Return the line of a document; numpy scalars and arrays become numbers and lists.

    Examples
    --------
    >>> encode("stop", {"exit_status": "success"})
    b'{"name": "stop", "doc": {"exit_status": "success"}}\n'
    """
    try:
        return json.dumps({"name": name, "doc": doc}, cls=NumpyEncoder).encode() + b"\n"
    except (TypeError, ValueError) as error:
        raise JournalError(
            f"journal: the {name} document {doc.get('uid')} cannot be written as JSON: {error}"
        ) from error


def decode(line: bytes) -> tuple[str, dict[str, Any]]:
    """Return name and document of a whole line.

    Raises
    ------
    ValueError
        It is not a line of a journal.
    """
    content = json.loads(line)
    if not isinstance(content, dict) or content.keys() != {"name", "doc"}:
        raise ValueError("neither a name nor a document")
    return content["name"], content["doc"]

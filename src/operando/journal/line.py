"""One line of a journal: a document and its name as JSON, and the checksum of both."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from operando.errors import JournalError

INLINE = 10_000
"""Numbers that an array in a line may hold; a larger one goes into a file beside the journal."""
_CRC = len(b', "crc": "12345678"}')


class LargeArray(Exception):
    """A document to be encoded holds an array that is too large for a line."""


def encode(name: str, doc: Mapping[str, Any], whole: bool = False) -> bytes:
    r"""Return the line of a document; numpy scalars and arrays become numbers and lists.

    The checksum is the CRC-32 of the line as it would be without its member ``crc`` and its line feed.

    Parameters
    ----------
    whole : bool
        Write arrays of any size into the line.

    Raises
    ------
    LargeArray
        It holds a numpy array of more than `INLINE` numbers.
    JournalError
        It holds what JSON does not know.

    Examples
    --------
    >>> encode("stop", {"exit_status": "success"})
    b'{"name": "stop", "doc": {"exit_status": "success"}, "crc": "8a16be8f"}\n'
    """
    encoder = _WHOLE if whole else _LIGHT
    try:
        text = encoder.encode({"name": name, "doc": doc}).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise JournalError(
            f"journal: the {name} document {doc.get('uid')} cannot be written as JSON: {error}"
        ) from error
    return b'%b, "crc": "%08x"}\n' % (text[:-1], zlib.crc32(text))


def decode(line: bytes) -> tuple[str, dict[str, Any]]:
    """Return name and document of a whole line; one written before there were checksums is taken as it is.

    Raises
    ------
    ValueError
        It is not a line of a journal, or no longer as it was written.
    """
    line = line.removesuffix(b"\n")
    if line[-_CRC : 10 - _CRC] == b', "crc": "':
        told, line = line[-10:], line[:-_CRC] + b"}"
        if told != b'%08x"}' % zlib.crc32(line):
            raise ValueError("its checksum does not fit")
    content = json.loads(line)
    if not isinstance(content, dict) or content.keys() != {"name", "doc"} or not isinstance(content["doc"], dict):
        raise ValueError("neither a name nor a document")
    return content["name"], content["doc"]


def _plain(value: object) -> Any:
    """Return a numpy object in words of JSON."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _plain_and_light(value: object) -> Any:
    if isinstance(value, np.ndarray) and value.size > INLINE:
        raise LargeArray
    return _plain(value)


# Without bookkeeping of what contains itself, 10 µs a document faster; such a document ends in a RecursionError.
_LIGHT = json.JSONEncoder(default=_plain_and_light, check_circular=False)
_WHOLE = json.JSONEncoder(default=_plain, check_circular=False)

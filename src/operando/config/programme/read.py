"""Read a cell programme: TOML or JSON, a file of its own or a table of the endstation's."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from operando.config.programme.complaints import complaint
from operando.config.programme.model import Programme
from operando.errors import ConfigurationError


def load_programme(path: Path) -> Programme:
    """Load the file of a cell programme; one that is called ``.json`` holds JSON, any other TOML.

    Raises
    ------
    ConfigurationError
        One line for each thing that is wrong: file, step and field.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}; a cell programme is wanted") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not UTF-8 text; a cell programme is wanted") from error
    return parse_programme(text, str(path))


def parse_programme(text: str, file: str = "programme") -> Programme:
    """Read the text of a cell programme.

    Parameters
    ----------
    text : str
        JSON if it begins with a brace, else TOML.
    file : str
        For the message.

    Raises
    ------
    ConfigurationError
        One line for each thing that is wrong.
    """
    try:
        return _parsed(text, file)
    except RecursionError as error:
        raise ConfigurationError(f"{file}: nested too deep for a cell programme") from error


def _parsed(text: str, file: str) -> Programme:
    try:
        written = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        kind = "JSON" if text.lstrip().startswith("{") else "TOML"
        raise ConfigurationError(f"{file}: not {kind}: {error}") from error
    return validated(written, file).located(file, text)


def programme_table(path: Path, table: Any) -> Any:
    """Return ``[programme]`` of a configuration with the file read that it may name: as it is, or a `Programme`.

    Parameters
    ----------
    path : Path
        The configuration; the file is relative to its folder.
    table : object
        What stands there.

    Raises
    ------
    ConfigurationError
        The file is not there, or one line for each thing that is wrong in it.
    """
    if not isinstance(table, Mapping) or "file" not in table:
        return table
    file, others = table["file"], sorted(set(table) - {"file"})
    if not isinstance(file, str):
        raise ConfigurationError(f"{path}: [programme] file = {file!r}: a path, relative to {path.parent}, is wanted")
    if others:
        raise ConfigurationError(f"{path}: [programme] file = {file!r}: {', '.join(others)} cannot stand beside it")
    return load_programme((path.parent / file).resolve())


def validated(written: Mapping[str, Any], file: str) -> Programme:
    """Return the programme that a table says.

    Raises
    ------
    ConfigurationError
        One line for each thing that is wrong.
    """
    try:
        return Programme.model_validate(dict(written)).located(file, "")
    except ValidationError as error:
        details = error.errors(include_url=False)
        # A misspelt key is unknown and leaves another missing: the unknown one is the cause.
        unknown = [detail for detail in details if detail["type"] == "extra_forbidden"]
        lines = (f"{file}: {line}" for detail in unknown or details for line in complaint(detail, written).splitlines())
        raise ConfigurationError("\n".join(lines)) from error

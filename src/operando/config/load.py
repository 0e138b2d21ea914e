"""Read a TOML file into a model; every complaint is one line with file, table, key, value and what is allowed."""

import logging
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from operando.config._model import Table
from operando.config.endstation import Endstation
from operando.config.interlocks import scale_doubts
from operando.config.plausibility import contradiction, doubts
from operando.config.programme import programme_doubts, programme_table
from operando.config.programme.complaints import complaint
from operando.errors import ConfigurationError

Model = TypeVar("Model", bound=Table)
_logger = logging.getLogger(__name__)


def read(path: Path) -> dict[str, Any]:
    """Parse a TOML file.

    Raises
    ------
    ConfigurationError
        The file is missing, not text, or not TOML.
    """
    return parse(path, read_text(path))


def read_text(path: Path) -> str:
    """Return what stands in a file, byte for byte.

    Raises
    ------
    ConfigurationError
        The file is missing or not text.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}; a TOML file is wanted") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{path}: not UTF-8 text; a TOML file is wanted") from error


def parse(path: Path, text: str) -> dict[str, Any]:
    """Parse the text of a TOML file.

    Raises
    ------
    ConfigurationError
        It is not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not TOML: {error}") from error


def validate(path: Path | str, data: Mapping[str, Any], model: type[Model]) -> Model:
    """Validate what `read` returned.

    Parameters
    ----------
    path : Path or str
        Where the data come from, for the message.

    Raises
    ------
    ConfigurationError
        One line for each thing that is wrong.
    """
    try:
        return model.model_validate(dict(data))
    except ValidationError as error:
        details = error.errors(include_url=False)
        # A misspelt key is unknown and leaves another missing: the unknown one is the cause.
        unknown = [detail for detail in details if detail["type"] == "extra_forbidden"]
        lines = (line for it in unknown or details for line in _complaint(it, model, data).splitlines())
        raise ConfigurationError("\n".join(f"{path}: {line}" for line in lines)) from error


def load(path: Path) -> Endstation:
    """Load the configuration of an endstation.

    Raises
    ------
    ConfigurationError
        One line for each thing that is wrong.
    """
    text = read_text(path)
    config = validate(path, _with_programmes(path, parse(path, text)), Endstation).located(path, text)
    if what := contradiction(config.beam, _geometry(config)):
        raise ConfigurationError(f"{path}: {what}")
    unlikely = (doubt for programme in config.compiled_programmes().values() for doubt in programme_doubts(programme))
    for doubt in (*doubts(config.cell), *scale_doubts(config), *unlikely):
        _logger.warning("%s: %s", path, doubt)
    return config


def _geometry(config: Endstation) -> str:
    """Return the text of the PONI file; nothing where it cannot be read, which is said when it is needed."""
    try:
        return config.beside(config.integration.poni).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _with_programmes(path: Path, data: dict[str, Any]) -> dict[str, Any]:
    """Return the data with every cell programme read that is a file of its own."""
    channels = data.get("channels")
    for table in [data, *(channels if isinstance(channels, list) else ())]:
        if isinstance(table, dict) and "programme" in table:
            table["programme"] = programme_table(path, table["programme"])
    return data


def _complaint(detail: ErrorDetails, model: type[Table], data: Mapping[str, Any]) -> str:
    if "programme" in detail["loc"][:-1]:
        depth = detail["loc"].index("programme") + 1
        written: Any = data
        for part in detail["loc"][:depth]:
            written = written[part]
        inside: Any = {**detail, "loc": detail["loc"][depth:]}
        return f"[{'.'.join(map(str, detail['loc'][:depth]))}] {complaint(inside, written)}"
    tables = [str(part) for part in detail["loc"]]
    kind, value = detail["type"], detail["input"]
    if kind == "extra_forbidden":
        return f"{_place(tables)} = {value!r}: unknown key; allowed: {', '.join(_keys_at(model, tables[:-1]))}"
    if kind == "missing":
        return f"{_place(tables)}: missing; {_wanted(model, tables)}"
    if kind == "value_error":
        place = f"[{'.'.join(tables)}] " if tables else ""
        return place + str(detail["ctx"]["error"])
    return f"{_place(tables)} = {value!r}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _place(parts: list[str]) -> str:
    *table, key = parts
    return f"[{'.'.join(table)}] {key}" if table else key


def _table_at(model: type[Table], parts: list[str]) -> type[Table] | None:
    """Return the model of a nested table, or None where the path leads to something else."""
    here: Any = model
    for part in parts:
        if part.isdecimal():  # a row of a list of tables
            continue
        field = getattr(here, "model_fields", {}).get(part)
        if field is None:
            return None
        options = getattr(field.annotation, "__args__", (field.annotation,))
        here = next((kind for kind in options if isinstance(kind, type) and issubclass(kind, Table)), None)
    return here if isinstance(here, type) and issubclass(here, Table) else None


def _keys_at(model: type[Table], parts: list[str]) -> list[str]:
    table = _table_at(model, parts)
    return sorted(table.model_fields) if table else []


def _wanted(model: type[Table], parts: list[str]) -> str:
    table = _table_at(model, parts[:-1])
    field = table.model_fields.get(parts[-1]) if table else None
    kind = getattr(field.annotation, "__name__", str(field.annotation)) if field else "a value"
    return f"{'a table' if _table_at(model, parts) else kind} is wanted"

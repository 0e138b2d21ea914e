"""The JSON schema of the programme language, for editors and for programs that write programmes."""

import json
import sys
from typing import Any

from operando.config.programme.model import Programme

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_text() -> str:
    """Return the schema as it is kept in ``docs/reference/cell-programme.schema.json``."""
    schema = {"$schema": DIALECT, **_plain(Programme.model_json_schema())}
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _plain(schema: Any) -> Any:
    """Take out what says nothing: made-up titles, and null, which TOML does not have."""
    if isinstance(schema, list):
        return [_plain(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    options = [option for option in schema.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        schema = {key: value for key, value in schema.items() if key != "anyOf"} | options[0]
    kept = {key: value for key, value in schema.items() if not (key == "default" and value is None)}
    if isinstance(kept.get("title"), str):
        del kept["title"]
    return {key: _plain(value) for key, value in kept.items()}


if __name__ == "__main__":
    sys.stdout.write(schema_text())

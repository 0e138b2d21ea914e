"""Runs tests as an EPICS client: orders from standard input, verdicts to standard output."""

import importlib.util
import json
import sys
import traceback
from pathlib import Path

from toy_endstation import Client


def run(order: dict[str, str]) -> str:
    """Return nothing, or the traceback of the test that failed."""
    spec = importlib.util.spec_from_file_location("client_test", order["file"])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    client = Client(Path(order["tmp_path"]))
    try:
        spec.loader.exec_module(module)
        client.toy("normal")
        getattr(module, order["function"])(client)
    except BaseException:  # noqa: BLE001 (a test framework's boundary: every failure is the verdict)
        return traceback.format_exc()
    return ""


if __name__ == "__main__":
    answers, sys.stdout = sys.stdout, sys.stderr
    answers.write("ready\n")
    answers.flush()
    for line in sys.stdin:
        answers.write(json.dumps({"failure": run(json.loads(line))}) + "\n")
        answers.flush()

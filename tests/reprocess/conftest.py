"""A recorded run, once for all tests of a file, and a copy of it for each."""

import shutil
from pathlib import Path

import pytest
from recorder.made_run import MadeRun
from reprocess.finished_run import recorded, taken_home


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    """A recorded run that nobody changes."""
    return recorded(tmp_path_factory.mktemp("original"))


@pytest.fixture
def home(original: MadeRun, tmp_path: Path) -> Path:
    """Its file of record, copied with its raw frames and nothing else."""
    return taken_home(original, tmp_path)


@pytest.fixture
def beside(original: MadeRun, tmp_path: Path) -> Path:
    """Its file of record, copied with everything that an endstation keeps."""
    shutil.copytree(original.root, tmp_path / "root")
    return tmp_path / "root" / original.file.relative_to(original.root)

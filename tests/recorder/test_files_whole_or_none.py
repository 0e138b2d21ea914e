"""A new file is there whole or not at all, and never in the place of another."""

from pathlib import Path

import pytest

from operando.errors import AnalysisError, RecordError
from operando.recorder.new_file import new_file


def test_it_has_its_name_when_it_is_whole(tmp_path: Path) -> None:
    with new_file(tmp_path / "dark.h5") as file:
        file["dark"] = 3.0
        assert not (tmp_path / "dark.h5").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["dark.h5"]


def test_what_is_there_already_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "dark.h5").write_text("precious")
    with pytest.raises(RecordError, match=r"dark.h5: exists already"), new_file(tmp_path / "dark.h5"):
        pass
    assert (tmp_path / "dark.h5").read_text() == "precious"


@pytest.mark.parametrize(
    ("error", "told"), [(OSError("disk full"), RecordError), (AnalysisError("no ring"), AnalysisError)]
)
def test_an_interrupted_one_leaves_nothing(tmp_path: Path, error: Exception, told: type[Exception]) -> None:
    with pytest.raises(told, match=str(error)), new_file(tmp_path / "dark.h5"):
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(RecordError, match=r"nowhere/dark.h5: cannot be written"),
        new_file(tmp_path / "nowhere/dark.h5"),
    ):
        pass

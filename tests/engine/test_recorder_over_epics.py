"""What a session hears of the recorder: exposures wait at its word, and not because it is gone."""

import threading
from unittest.mock import patch

from toy_endstation import Client


def test_exposures_wait_at_the_recorders_word_as_long_as_it_lives(client: Client) -> None:
    import ophyd  # noqa: F401 (it must find the EPICS library first)

    from operando.engine.recorder_word import RecorderWord

    said: list[str] = []
    with patch("operando.engine.recorder_word.SILENT", 3.0):
        word = RecorderWord("SIM:", said.append)
        client.toy("recorder pause")
        client.until(lambda: word.obstacle() == "recorder: the disk is full (toy)")
        client.toy("recorder good")
        client.until(lambda: not word.obstacle())
        client.toy("recorder pause")
        client.until(word.obstacle)
        client.toy("recorder gone")
        client.until(lambda: not word.obstacle())
        client.until(lambda: word.obstacle() or said)
        assert said == ["the recorder is silent; exposures go on, files of record are made when it runs again"]
        client.toy("recorder good")
        client.until(lambda: word.obstacle() or len(said) == 2)
        assert said[1] == "the recorder is back"


def test_an_endstation_without_a_recorder_is_silent_and_nothing_waits(client: Client) -> None:
    import ophyd  # noqa: F401

    from operando.engine.recorder_word import RecorderWord

    said: list[str] = []
    with patch("operando.engine.recorder_word.SILENT", 0.3):
        word = RecorderWord("NOWHERE:", said.append)
        assert word.obstacle() == ""
        threading.Event().wait(0.5)
        assert word.obstacle() == ""
        assert len(said) == 1
        word.obstacle()
        assert len(said) == 1

"""The feed of looks: whole lines, newest first, and nobody waits for whoever reads slowly."""

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from waiting import wait_until

from operando.errors import ServiceSilent
from operando.live import Feed, LiveFeed, Look, decode, encode
from operando.live.client import PLACE

LIMIT_S = 30.0


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[Feed]:
    feed = Feed(tmp_path / PLACE)
    yield feed
    feed.close()
    assert "live feed" not in {thread.name for thread in threading.enumerate()}


def pattern(row: int, bins: int = 100) -> Look:
    return Look("pattern", {"row": row, "unit": "q_nm^-1"}, {"intensity": np.full(bins, float(row))})


def test_a_look_survives_its_line() -> None:
    cake = np.random.default_rng(1).normal(size=(36, 50))
    cake[3, 4] = np.nan
    look = Look("cake", {"row": np.int64(7), "time": 1.5, "unit": "q_nm^-1", "spottiness": float("nan")}, {"I": cake})
    line = encode(look)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    json.loads(line, parse_constant=pytest.fail)  # NaN and Infinity are not JSON
    found = decode(line)
    assert found.facts == {"row": 7, "time": 1.5, "unit": "q_nm^-1", "spottiness": None}
    np.testing.assert_array_equal(found.arrays["I"], cake.astype(np.float32))


@pytest.mark.parametrize("line", [b"{}", b"[1]", b"null", b'{"name": "pattern", "arrays": {"I": 1}}', b"no json"])
def test_a_line_that_is_no_look_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"live feed|Expecting"):
        decode(line)


def test_who_comes_late_sees_the_newest_at_once(feed: Feed, tmp_path: Path) -> None:
    for row in range(50):
        feed.publish(pattern(row))
    feed.publish(Look("quality", {"row": 49}))
    with LiveFeed(tmp_path, LIMIT_S) as live:
        seen = live.newest("pattern", "quality")
    assert (seen["pattern"].facts["row"], seen["quality"].facts["row"]) == (49, 49)


def test_every_reader_sees_what_comes(feed: Feed, tmp_path: Path) -> None:
    feed.publish(pattern(0))
    with LiveFeed(tmp_path, LIMIT_S) as first, LiveFeed(tmp_path, LIMIT_S) as second:
        for live in (first, second):
            assert next(iter(live)).facts["row"] == 0
        feed.publish(pattern(1))
        for live in (first, second):
            assert next(iter(live)).facts["row"] == 1


def test_a_slow_reader_misses_looks_and_nobody_waits_for_it(feed: Feed, tmp_path: Path) -> None:
    feed.publish(pattern(-1, 100_000))
    with LiveFeed(tmp_path, LIMIT_S) as slow, LiveFeed(tmp_path, LIMIT_S) as quick:
        for row in range(200):  # 0.5 MB each, far more than the buffers of a socket take
            feed.publish(pattern(row, 100_000))
        wait_until(lambda: next(iter(quick)).facts["row"] == 199)
        rows = []
        for look in slow:
            rows.append(look.facts["row"])
            np.testing.assert_array_equal(look.arrays["intensity"], np.float32(rows[-1]))
            if rows[-1] == 199:
                break
    assert len(rows) < 200
    assert rows == sorted(rows)  # type: ignore[type-var]  # they are numbers


def test_it_listens_on_loopback_alone(feed: Feed, tmp_path: Path) -> None:
    facts = json.loads((tmp_path / PLACE).read_text())
    assert facts["host"] == "127.0.0.1"
    assert feed._listener.getsockname() == ("127.0.0.1", facts["port"])


def test_a_reader_that_talks_or_breaks_off_disturbs_nobody(feed: Feed, tmp_path: Path) -> None:
    feed.publish(pattern(0, 100_000))
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", feed.port)) as rude:
            rude.sendall(b"GET / HTTP/1.1\r\n\r\n" * 1000)
    with LiveFeed(tmp_path, LIMIT_S) as live:
        assert live.newest("pattern")["pattern"].facts["row"] == 0


def test_too_many_readers_are_turned_away(feed: Feed) -> None:
    feed.publish(pattern(0))
    readers = [socket.create_connection(("127.0.0.1", feed.port)) for _ in range(32)]
    for reader in readers:
        assert reader.recv(10)
    with socket.create_connection(("127.0.0.1", feed.port)) as late:
        assert late.recv(10) == b""
    for reader in readers:
        reader.close()


def test_without_a_recorder_the_reader_is_told_where_it_looked(tmp_path: Path) -> None:
    with pytest.raises(ServiceSilent, match=r"live\.json"):
        LiveFeed(tmp_path)


def test_the_end_of_the_recorder_ends_the_reading(tmp_path: Path) -> None:
    feed = Feed(tmp_path / PLACE)
    feed.publish(pattern(0))
    with LiveFeed(tmp_path, LIMIT_S) as live:
        assert live.newest("pattern")
        feed.close()
        assert list(live) == []
        assert not (tmp_path / PLACE).exists()


def test_silence_is_said_where_somebody_waits_for_more(feed: Feed, tmp_path: Path) -> None:
    with LiveFeed(tmp_path, 0.05) as live, pytest.raises(ServiceSilent, match="nothing new"):
        live.newest("pattern")

"""What a sink is promised: every document of every run, in order, at least once, whatever becomes of the target."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sinks.toy_sink import Feeder, Target, journalled, run_documents, uid_of

from operando.journal import Journal
from operando.sinks import tail


def test_every_run_arrives_whole_and_once(tmp_path: Path) -> None:
    runs = [run_documents(events=3), run_documents(events=0), run_documents(events=5)]
    for documents in runs:
        journalled(tmp_path, documents)
    target = Target()
    feeder = Feeder(tmp_path, target)
    feeder.work()
    assert target.has == {uid_of(documents): documents for documents in runs}
    assert sorted(target.ended) == sorted(target.has)
    assert feeder.delivery.health.documents == sum(map(len, runs))
    assert feeder.delivery.health.behind == 0


def test_a_run_under_way_arrives_as_it_goes_on(tmp_path: Path) -> None:
    documents = run_documents(events=4)
    target = Target()
    feeder = Feeder(tmp_path, target)
    journal = Journal(tmp_path / "journal")
    for count, (name, doc) in enumerate(documents, start=1):
        assert target.ended == []
        journal(name, doc)
        feeder.work()
        assert target.has[uid_of(documents)] == documents[:count]
    assert target.ended == [uid_of(documents)]


def test_old_runs_do_not_keep_the_one_under_way_waiting(tmp_path: Path) -> None:
    for _ in range(5):
        journalled(tmp_path, run_documents(events=2))
    live = run_documents(events=2)
    journal = Journal(tmp_path / "journal")
    for name, doc in live[:-1]:
        journal(name, doc)
    target = Target()
    feeder = Feeder(tmp_path, target)
    feeder.delivery.step()
    assert target.has == {uid_of(live): live[:-1]}
    journal.close()


def test_a_restart_goes_on_where_it_ended(tmp_path: Path) -> None:
    first, second = run_documents(events=3), run_documents(events=6)
    journalled(tmp_path, first)
    journal = Journal(tmp_path / "journal")
    for name, doc in second[:4]:
        journal(name, doc)
    target = Target()
    feeder = Feeder(tmp_path, target)
    feeder.work()
    feeder.delivery.close()
    for name, doc in second[4:]:
        journal(name, doc)
    again = Feeder(tmp_path, target)
    again.work()
    assert target.has == {uid_of(first): first, uid_of(second): second}
    assert again.delivery.health.documents == len(second) - 4


def test_after_a_kill_documents_come_twice_but_none_is_left_out(tmp_path: Path) -> None:
    documents = run_documents(events=3)
    journal = Journal(tmp_path / "journal")
    for name, doc in documents[:3]:
        journal(name, doc)
    target = Target()
    Feeder(tmp_path, target).delivery.step()  # never saved, never closed
    for name, doc in documents[3:]:
        journal(name, doc)
    Feeder(tmp_path, target).work()
    assert target.has[uid_of(documents)] == documents[:3] + documents


def test_a_target_that_cannot_go_on_gets_the_run_from_its_start(tmp_path: Path) -> None:
    documents = run_documents(events=6)
    journalled(tmp_path, documents)
    target = Target(resumes=False, fails_after=4)
    feeder = Feeder(tmp_path, target)
    feeder.work()
    assert target.has[uid_of(documents)] == documents[:4]
    target.away = False
    feeder.work(10)
    assert target.has[uid_of(documents)] == documents


def test_a_target_that_goes_on_gets_the_rest(tmp_path: Path) -> None:
    documents = run_documents(events=6)
    journalled(tmp_path, documents)
    target = Target(fails_after=4)
    feeder = Feeder(tmp_path, target)
    feeder.work()
    target.away = False
    feeder.work(10)
    assert target.has[uid_of(documents)] == documents
    assert feeder.delivery.health.failures > 0
    assert feeder.delivery.health.state == "waiting"


def test_a_target_that_is_away_is_asked_less_and_less_often(tmp_path: Path) -> None:
    documents = run_documents(events=1)
    journalled(tmp_path, documents)
    target = Target(away=True)
    feeder = Feeder(tmp_path, target)
    feeder.work(60)
    assert 5 <= target.connected <= 7  # after 0, 1, 3, 7, 15, 31 s
    feeder.work(3600)
    assert target.connected <= 7 + 60
    assert feeder.delivery.health.state == "retrying"
    assert feeder.delivery.health.error == "toy: nobody is there"
    assert feeder.delivery.health.behind > 0
    target.away = False
    feeder.work(120)
    assert target.has[uid_of(documents)] == documents


def test_a_run_that_is_refused_does_not_stop_the_others(tmp_path: Path) -> None:
    bad, good = run_documents(events=1), run_documents(events=1)
    path = journalled(tmp_path, bad)
    os.utime(path, (1.0, 1.0))  # the oldest
    journalled(tmp_path, good)
    target = Target(refuses={uid_of(bad)})
    feeder = Feeder(tmp_path, target)
    feeder.work(30)
    assert target.has == {uid_of(good): good}
    assert feeder.delivery.health.refused == 1
    assert "face" in feeder.positions.refused[uid_of(bad)]
    target.refuses.clear()
    feeder.delivery.close()
    again = Feeder(tmp_path, target)
    again.work(30)
    assert set(target.has) == {uid_of(good)}
    assert again.delivery.health.refused == 1


def test_what_a_target_has_already_is_not_sent_again(tmp_path: Path) -> None:
    documents = run_documents(events=2)
    journalled(tmp_path, documents)
    target = Target(ended=[uid_of(documents)])
    feeder = Feeder(tmp_path, target)
    feeder.work()
    assert target.has == {}
    assert feeder.positions.is_done(uid_of(documents))


def test_an_abandoned_run_is_ended_without_a_stop_document(tmp_path: Path) -> None:
    documents = run_documents(events=2)
    journalled(tmp_path, documents, count=3)
    target = Target()
    Feeder(tmp_path, target).work()
    assert target.has[uid_of(documents)] == documents[:3]
    assert target.ended == [uid_of(documents)]
    assert ("begin", f"{uid_of(documents)} open") in target.calls


def test_a_torn_end_is_waited_for_while_the_run_goes_on(tmp_path: Path) -> None:
    documents = run_documents(events=2)
    whole = journalled(tmp_path / "elsewhere", documents).read_bytes()
    journal = Journal(tmp_path / "journal")
    journal(*documents[0])
    path = tmp_path / "journal" / f"{uid_of(documents)}.jsonl"
    cut = len(path.read_bytes()) + 40
    with path.open("ab") as file:
        file.write(whole[len(path.read_bytes()) : cut])
    target = Target()
    feeder = Feeder(tmp_path, target)
    feeder.work()
    assert target.has[uid_of(documents)] == documents[:1]
    with path.open("ab") as file:
        file.write(whole[cut:])
    feeder.work()
    assert target.has[uid_of(documents)] == documents
    journal.close()


@pytest.mark.parametrize("piece", [100, tail.PIECE])
def test_a_damaged_line_is_left_out_and_counted(tmp_path: Path, piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "PIECE", piece)  # a small piece ends with the damaged line
    documents = run_documents(events=3)
    path = journalled(tmp_path, documents)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[2] = b"\0" * (len(lines[2]) - 1) + b"\n"
    path.write_bytes(b"".join(lines))
    target = Target()
    feeder = Feeder(tmp_path, target)
    feeder.work()
    assert target.has[uid_of(documents)] == documents[:2] + documents[3:]
    assert feeder.delivery.health.damaged == 1
    assert target.ended == [uid_of(documents)]


def test_a_large_array_arrives_as_it_was_emitted(tmp_path: Path) -> None:
    documents = run_documents(events=2)
    pattern = np.arange(20_000) / 7
    documents[2][1]["data"]["pattern"] = pattern
    journalled(tmp_path, documents)
    target = Target()
    Feeder(tmp_path, target).work()
    received = target.has[uid_of(documents)]
    assert np.array_equal(received[2][1]["data"]["pattern"], pattern)
    assert received[3:] == documents[3:]


def test_a_large_array_that_is_lost_costs_its_document(tmp_path: Path) -> None:
    documents = run_documents(events=2)
    documents[2][1]["data"]["pattern"] = np.arange(20_000) / 7
    journalled(tmp_path, documents).with_suffix(".h5").unlink()
    target = Target()
    feeder = Feeder(tmp_path, target)
    feeder.work()
    assert target.has[uid_of(documents)] == documents[:2] + documents[3:]
    assert feeder.delivery.health.damaged == 1


def test_a_live_target_is_spared_the_runs_of_last_year(tmp_path: Path) -> None:
    old, live = run_documents(events=1), run_documents(events=1)
    journalled(tmp_path, old)
    journal = Journal(tmp_path / "journal")
    journal(*live[0])
    target = Target()
    feeder = Feeder(tmp_path, target, live_only=True)
    feeder.work()
    assert target.has == {uid_of(live): live[:1]}
    for name, doc in live[1:]:
        journal(name, doc)
    feeder.delivery.close()
    # What ended while nobody fed the target is not old: it was on since.
    between = run_documents(events=1)
    journalled(tmp_path, between)
    Feeder(tmp_path, target, live_only=True).work()
    assert target.has == {uid_of(live): live, uid_of(between): between}


def test_memory_holds_a_piece_of_a_journal_not_all_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "PIECE", 1000)
    documents = run_documents(events=200)
    path = journalled(tmp_path, documents)
    assert max(len(line.document) for line in tail.Tail(path).read()) < 1000
    assert len(tail.Tail(path).read()) < 10
    target = Target()
    Feeder(tmp_path, target).work()
    assert target.has[uid_of(documents)] == documents


def test_a_line_longer_than_a_piece_is_read_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "PIECE", 100)
    documents = run_documents(events=2)
    documents[0][1]["remark"] = "a long story" * 100
    journalled(tmp_path, documents)
    target = Target()
    Feeder(tmp_path, target).work()
    assert target.has[uid_of(documents)] == documents


def test_a_journal_that_is_taken_away_is_no_trouble(tmp_path: Path) -> None:
    documents = run_documents(events=2)
    path = journalled(tmp_path, documents)
    target = Target(away=True)
    feeder = Feeder(tmp_path, target)
    feeder.work()
    feeder.positions.advance(uid_of(documents), 10)
    path.unlink()
    target.away = False
    feeder.work(20)
    assert target.has == {}
    assert feeder.delivery.health.behind == 0
    assert feeder.delivery.health.state == "waiting"
    assert feeder.positions.offset(uid_of(documents)) == 0


@pytest.mark.parametrize("target_resumes", [True, False])
@pytest.mark.parametrize("unreadable", [Path.mkdir, lambda path: path.symlink_to(path.name)], ids=["folder", "loop"])
def test_a_journal_that_cannot_be_read_does_not_stop_the_others(
    tmp_path: Path, unreadable: Callable[[Path], None], target_resumes: bool
) -> None:
    bad, good = run_documents(events=2), run_documents(events=2)
    path = journalled(tmp_path, bad)
    aside = path.rename(tmp_path / "aside")
    unreadable(path)
    os.utime(path, (1.0, 1.0), follow_symlinks=False)  # the oldest
    journalled(tmp_path, good)
    target = Target(resumes=target_resumes)
    feeder = Feeder(tmp_path, target)
    feeder.work(10)
    assert target.has.pop(uid_of(bad), []) == []
    assert target.has == {uid_of(good): good}
    assert feeder.delivery.health.state == "retrying"
    path.unlink() if path.is_symlink() else path.rmdir()
    aside.rename(path)
    feeder.work(20)
    assert target.has == {uid_of(bad): bad, uid_of(good): good}
    assert feeder.delivery.health.state == "waiting"


def test_a_run_folder_that_cannot_be_written_costs_repetition_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    documents = run_documents(events=2)
    journalled(tmp_path, documents)
    target = Target()
    feeder = Feeder(tmp_path, target)
    (tmp_path / "run" / "sinks").rmdir()
    feeder.work(30)
    assert target.has[uid_of(documents)] == documents
    assert len(caplog.messages) == 2  # one a file, however long it lasts
    (tmp_path / "run" / "sinks").mkdir()
    feeder.work(30)
    feeder.delivery.close()
    assert [message.rpartition(": ")[2] for message in caplog.messages[2:]] == ["written again"]

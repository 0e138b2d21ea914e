"""What a power cut leaves of a file: processes of a test keep a copy of what they have synced.

`watch` stands in a process's own entry script, before anything of operando is imported. SQLite syncs on its own: what
a write-ahead log holds up to its last commit is on disk where ``PRAGMA synchronous`` is FULL, and only what was moved
into the main file where it is less (https://sqlite.org/pragma.html#pragma_synchronous).
"""

import itertools
import os
import shutil
import stat
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

TICK_NS = 50_000_000
MOMENTS_NS = 2_000_000_000
FOR_EVER_NS = 2**63
WAL_HEADER, FRAME_HEADER = 32, 24
"""Bytes; https://sqlite.org/fileformat2.html#the_write_ahead_log."""


def watch(folder: Path) -> None:
    """Keep in ``folder``, under its inode, each file as it was when the last sync began that has succeeded.

    How late a thread came and how long a sync took is noted, too: a host with other work can do no better.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = itertools.count()
    notes = os.open(folder / "delays", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def note(name: str, begun_ns: int, ended_ns: int) -> None:
        os.write(notes, f"{name} {begun_ns} {ended_ns}\n".encode())

    def tick() -> None:
        while True:
            due_ns = time.time_ns() + TICK_NS
            threading.Event().wait(TICK_NS * 1e-9)
            note("tick", due_ns, time.time_ns())

    threading.Thread(target=tick, daemon=True).start()

    def watched(sync: Callable[[int], None]) -> Callable[[int], None]:
        def synced(descriptor: int) -> None:
            facts = os.fstat(descriptor)
            if stat.S_ISDIR(facts.st_mode):
                sync(descriptor)
                return
            begun_ns = time.time_ns()
            before = folder / f".{os.getpid()}.{next(count)}"
            note(before.name, begun_ns, FOR_EVER_NS)
            shutil.copyfile(f"/proc/self/fd/{descriptor}", before)
            sync(descriptor)
            os.replace(before, folder / str(facts.st_ino))
            note(before.name, begun_ns, time.time_ns())

        return synced

    os.fsync, os.fdatasync = watched(os.fsync), watched(os.fdatasync)


def longest_delay_ns(folder: Path, until_ns: int) -> int:
    """Return the longest that a thread was late or a sync took in the last moments before an instant."""
    lines = [line.split() for line in (folder / "delays").read_text().splitlines()]
    ended = {(name, int(begun)): min(int(end), until_ns) for name, begun, end in lines}  # the last word about each
    spans = [(begun, end) for (_, begun), end in ended.items()]
    return max(end - begun for begun, end in spans if end > until_ns - MOMENTS_NS)


def cut(path: Path, kept: Path, in_place: bool) -> bytes | None:
    """Return what a power cut leaves of a file; None where it was never synced.

    Parameters
    ----------
    kept : Path
        Folder of `watch`.
    in_place : bool
        What was written since into the synced part of the file has reached the disk, what lies behind it has not;
        otherwise nothing has.
    """
    if path.suffix == ".sqlite":
        return path.read_bytes()
    if path.name.endswith(".sqlite-wal"):
        return committed(path.read_bytes())
    synced = kept / str(path.stat().st_ino)
    if not synced.is_file():
        return None
    return path.read_bytes()[: synced.stat().st_size] if in_place else synced.read_bytes()


def committed(wal: bytes) -> bytes:
    """Return a write-ahead log up to its last commit: at ``synchronous = FULL`` it is synced until there."""
    if len(wal) < WAL_HEADER:
        return b""
    page_size, salt = struct.unpack(">8xI4x8s8x", wal[:WAL_HEADER])
    end = start = WAL_HEADER
    while start + FRAME_HEADER + page_size <= len(wal):
        pages, frame_salt = struct.unpack(">4xI8s8x", wal[start : start + FRAME_HEADER])
        if frame_salt != salt:
            break
        start += FRAME_HEADER + page_size
        end = start if pages else end
    return wal[:end]

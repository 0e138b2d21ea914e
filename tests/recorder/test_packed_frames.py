"""A packed frame is unpacked to the very counts that HDF5 gives, and a damaged one is refused, never followed."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin
import numpy as np
import pytest

from operando.recorder import chunks
from operando.recorder.chunks import Packed, codec_of
from operando.recorder.frame_file import FrameFile
from operando.recorder.frames import FrameFiles
from operando.recorder.run import FrameStore

DATA = "/entry/data/data"


def written(path: Path, shape: tuple[int, int], dtype: str, frames: int = 3, **options: Any) -> FrameStore:
    """Write a file of frames with their numbers."""
    with h5py.File(path, "w", libver="latest") as file:
        stack = file.create_dataset(DATA, shape=(frames, *shape), dtype=dtype, **{"chunks": (1, *shape), **options})
        for index in range(frames):
            stack[index] = counts(index, shape)
        for name in ("NDArrayUniqueId", "NDArrayEpicsTSSec", "NDArrayEpicsTSnSec"):
            file[f"/entry/instrument/NDAttributes/{name}"] = np.arange(1, frames + 1)
        file["/entry/instrument/NDAttributes/IncidentMonitor"] = 1e5 + np.arange(frames)
    return FrameStore("uid", path, DATA, swmr=False)


def counts(index: int, shape: tuple[int, int]) -> Any:
    return np.random.default_rng(index).poisson(3.0, shape)


def packed(store: FrameStore, index: int = 0) -> Packed:
    file = FrameFile(store, abandoned=False)
    found = file.image(DATA, index)
    file.close()
    assert isinstance(found, Packed)
    return found


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "uint32", "float64"])
@pytest.mark.parametrize("shape", [(64, 64), (61, 67), (1, 5), (487, 195)], ids=str)
def test_counts_are_those_that_hdf5_gives(tmp_path: Path, codec: str, dtype: str, shape: tuple[int, int]) -> None:
    """Also where pixels do not fill the last block, and where a few are left that are not packed at all."""
    store = written(tmp_path / "frames.h5", shape, dtype, **hdf5plugin.Bitshuffle(cname=codec))
    with h5py.File(store.path) as file:
        for index in range(3):
            found = packed(store, index).unpack()
            assert found.dtype == np.dtype(dtype)
            np.testing.assert_array_equal(found, file[DATA][index])


@pytest.mark.parametrize(
    "options",
    [{}, {"compression": "gzip"}, {"chunks": None}, hdf5plugin.Bitshuffle(cname="none"), {"chunks": (2, 32, 32)}],
    ids=["plain", "gzip", "contiguous", "shuffled", "tiles"],
)
def test_other_files_are_read_by_hdf5(tmp_path: Path, options: dict[str, Any]) -> None:
    store = written(tmp_path / "frames.h5", (64, 64), "uint16", **options)
    files = FrameFiles()
    for index in range(3):
        np.testing.assert_array_equal(files.read(store, index).image, counts(index, (64, 64)))
    files.close()
    with h5py.File(store.path) as file:
        assert codec_of(file[DATA]) == ""


@pytest.mark.parametrize("position", [0, 8, 12, 16, 400, -1])
@pytest.mark.parametrize("value", [0x00, 0x7F, 0xFF])
def test_a_damaged_chunk_gives_an_error_or_counts(tmp_path: Path, position: int, value: int) -> None:
    """It says how long its parts are: a length that leads out of it is not followed."""
    whole = packed(written(tmp_path / "frames.h5", (61, 67), "int32", **hdf5plugin.Bitshuffle(cname="lz4")))
    data = bytearray(whole.data)
    data[position] = value
    try:
        image = Packed(bytes(data), whole.codec, whole.dtype, whole.shape).unpack()
    except ValueError:
        return
    assert image.shape == whole.shape


@pytest.mark.parametrize("kept", [12, 13, 17, 300])
def test_a_chunk_that_is_cut_off_is_refused(tmp_path: Path, kept: int) -> None:
    whole = packed(written(tmp_path / "frames.h5", (61, 67), "int32", **hdf5plugin.Bitshuffle(cname="lz4")))
    with pytest.raises(ValueError, match="cut off or damaged"):
        Packed(whole.data[:kept], whole.codec, whole.dtype, whole.shape).unpack()


def test_without_bitshuffles_function_hdf5_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another build of the plugins need not show it."""
    monkeypatch.setattr(chunks, "CODECS", {2: "no_such_function"})
    store = written(tmp_path / "frames.h5", (61, 67), "int32", **hdf5plugin.Bitshuffle(cname="lz4"))
    files = FrameFiles()
    np.testing.assert_array_equal(files.read(store, 1).image, counts(1, (61, 67)))
    files.close()


def test_a_frame_that_there_is_only_room_for_is_not_one_of_zeros(tmp_path: Path) -> None:
    store = written(tmp_path / "frames.h5", (64, 64), "uint16", maxshape=(None, 64, 64))
    with h5py.File(store.path, "r+") as file:
        file[DATA].resize(4, axis=0)
        for name in ("NDArrayUniqueId", "NDArrayEpicsTSSec", "NDArrayEpicsTSnSec"):
            del file[f"/entry/instrument/NDAttributes/{name}"]
            file[f"/entry/instrument/NDAttributes/{name}"] = np.arange(1, 5)
    files = FrameFiles()
    frame = files.read(store, 3)
    assert (frame.number, frame.image) == (4, None)
    assert "never written" in frame.reason
    files.close()


def test_attributes_come_with_their_frame(tmp_path: Path) -> None:
    store = written(tmp_path / "frames.h5", (8, 8), "uint16")
    files = FrameFiles()
    frame = files.read(store, 2, attributes=("IncidentMonitor", "TransmittedDiode"))
    assert dict(frame.attributes) == {"IncidentMonitor": 100_002.0}
    files.close()


def test_many_threads_read_the_same_files(tmp_path: Path) -> None:
    """More files than are kept open, so that they are closed under way."""
    options = dict(hdf5plugin.Bitshuffle(cname="lz4"))
    stores = [written(tmp_path / f"frames_{k}.h5", (61, 67), "int32", 4, **options) for k in range(6)]
    files = FrameFiles()

    def is_right(number: int) -> bool:
        index = number % 4
        image = files.read(stores[number // 4 % 6], index).image
        return image is not None and np.array_equal(image, counts(index, (61, 67)))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(is_right, range(200)))
    files.close()

"""A detector that writes into folders made for it, and goes on elsewhere where one takes nothing any more."""

import logging
import os.path
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from ophyd import Component

from operando.devices.area_detector import AreaDetector
from operando.devices.detector_family import DetectorFamily
from operando.devices.errand import Errand
from operando.devices.frame_account import FrameAccount
from operando.devices.frame_documents import AssetDocument, FrameDocuments
from operando.disk import LARGE, trouble_with
from operando.errors import InstrumentRefused

_logger = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
"""s before a frame that was not written is exposed again: each costs the sample its dose."""
CHECK_ROOM = 1.0
"""s between two looks at a folder that takes nothing."""


class FrameWriter(AreaDetector):
    """Files of frames and what was said about them.

    Parameters
    ----------
    frames_folder : callable
        Makes a folder, each time another one; the frames go to ``frames_000000.h5`` and so on in it.
    frames_per_file : int
        After so many the next file is opened.
    """

    account = Component(FrameAccount, "", kind="omitted")

    def __init__(
        self,
        prefix: str,
        *,
        frames_folder: Callable[[], Path],
        frames_per_file: int,
        family: DetectorFamily,
        name: str,
        **kwargs: Any,
    ) -> None:
        super().__init__(prefix, family=family, name=name, **kwargs)
        self.frames_folder = frames_folder
        self.frames_per_file = frames_per_file
        self.documents = FrameDocuments(f"{name}_image", (0, 0))
        self._folder = Path()
        self._said = ""
        self._counted = 0

    def begin(self) -> None:
        """Prepare a folder and open the first file in it."""
        folder = self._folder = self.frames_folder().resolve()
        self.documents = FrameDocuments(f"{self.name}_image", self.shape())
        self.account.begin()
        self.stop_camera()
        self.close_file()
        for signal, value in self.streaming(f"{folder}/"):
            self.write(signal, value)
        if not self.file_path_exists.get():
            raise InstrumentRefused(f"{self.name}: {self.file_path.pvname}: {folder} does not exist for its IOC")
        self.open_file()

    def change_file(self, errand: Errand) -> None:
        """Go on in the next file."""
        self.close_file()
        errand.check()
        self.open_file()

    def wrote(self, file: str, index: int) -> None:
        """Take note of a frame that is on disk."""
        self.documents.add(file, index)
        self.account.wrote(self.documents.frames)

    def remember_number(self) -> None:
        """Take note of the number of the last frame, which an IOC that is restarted does not know."""
        self._counted = int(self.unique_id.get(use_monitor=False))

    def describe(self) -> dict[str, Any]:
        """Say what a frame is; the frames themselves are in the files."""
        return {**super().describe(), **self.describe_collect()}

    def describe_collect(self) -> dict[str, Any]:
        """Say the same of frames that are collected."""
        rows, columns = self.shape()
        image = {
            "source": f"PV:{self.prefix}",
            "dtype": "array",
            "dtype_numpy": np.dtype(str(self.data_type.get()).lower()).str,
            "shape": [1, rows, columns],
            "external": "STREAM:",
        }
        return {f"{self.name}_image": image}

    def get_index(self) -> int:
        """Return how many frames were written since staging."""
        return self.documents.frames

    def collect_asset_docs(self, index: int | None = None) -> Iterator[AssetDocument]:
        """Yield the documents of frames of one file that are on disk and were not announced yet."""
        return self.documents.announce(index)

    def await_room(
        self, errand: Errand, complaint: str, pause: float, halted: Callable[[], bool] = lambda: False
    ) -> None:
        """Wait a while, and until the folder of the frames takes one; one that was removed may be made elsewhere."""
        why = complaint.partition("\n")[0]  # HDF5 writes five lines
        text = f"{self.name}: frame {self.documents.frames + 1} was not written ({why}); it is exposed again later"
        if text != self._said:
            _logger.warning("%s", text)
        self._said = text
        errand.wait_until(halted, pause)
        while not halted() and os.path.exists(self._folder) and trouble_with(self._folder, LARGE):
            errand.wait_until(halted, CHECK_ROOM)

    def begin_elsewhere(self, errand: Errand, exposure: float) -> None:
        """Begin a file in a folder of its own: what the last one holds, and what its IOC still knows, is uncertain.

        A slow IOC may outlast the plan: after `unstage` no parameter is written and no file opened any more.
        """
        errand.check()
        self._folder = self.frames_folder().resolve()
        self.close_file()
        for signal, value in (*self.streaming(f"{self._folder}/"), (self.acquire_time, exposure)):
            errand.check()
            self.write(signal, value)
        if self.exposed() < self._counted:  # a restarted IOC counts from 0 again
            self.write(self.array_counter, self._counted)
        errand.check()
        self.open_file()
        _logger.warning("%s: frame %d is exposed again", self.name, self.documents.frames + 1)

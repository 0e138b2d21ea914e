"""The Channel Access server of the simulated beamline: every record, on loopback."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from caproto.asyncio.server import Context

from operando.sim.cell.state import TrueState
from operando.sim.detector_faults import DetectorFaults
from operando.sim.iocs.beam import Beam
from operando.sim.iocs.camera_family import CAMERAS
from operando.sim.iocs.detector import camera_class
from operando.sim.iocs.diffraction import Diffraction
from operando.sim.iocs.exposure import FrameSource
from operando.sim.iocs.frames import RealFrames
from operando.sim.iocs.hdf_plugin import HdfPlugin
from operando.sim.iocs.heartbeat import Heartbeat
from operando.sim.iocs.holder import Holder
from operando.sim.iocs.motors import Motor, Travel
from operando.sim.iocs.pixels import ImperfectPixels
from operando.sim.iocs.readout import Readout
from operando.sim.iocs.source import Light, Ring, Shutter
from operando.sim.iocs.states import StateHistory
from operando.sim.iocs.truth import TruthLog
from operando.sim.setup import Setup

LOOPBACK = "127.0.0.1"

POLL = 0.1
"""s between two looks at whether the receiving thread shall end."""


def serve(setup: Setup, states: Connection) -> None:
    """Serve until the pipe ends or SIGTERM comes."""
    os.environ["EPICS_CA_SERVER_PORT"] = str(setup.ca_port)
    os.environ.setdefault("EPICS_CAS_BEACON_ADDR_LIST", LOOPBACK)
    os.environ["EPICS_CAS_AUTO_BEACON_ADDR_LIST"] = "NO"
    logging.getLogger("caproto.ctx").addFilter(lambda record: "send beacon" not in record.msg)
    asyncio.run(_serve(setup, states))


async def _serve(setup: Setup, states: Connection) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    beamline = Beamline(setup)
    context = Context(beamline.records, [LOOPBACK])

    async def announce(layer: Any) -> None:
        if context.port != setup.ca_port:
            raise OSError(f"port {setup.ca_port} of {LOOPBACK} is taken by another server")
        states.send("ready")

    server = asyncio.create_task(context.run(startup_hook=announce))
    heartbeat = asyncio.create_task(Heartbeat(setup.root, setup.prefix).run(ended))
    with Receiver(states, beamline.hear, lambda: loop.call_soon_threadsafe(ended.set)):
        waiting = asyncio.create_task(ended.wait())
        await asyncio.wait((server, waiting), return_when=asyncio.FIRST_COMPLETED)
        ended.set()
        await waiting
        await beamline.close()
        await heartbeat
        server.cancel()
        await server


class Receiver:
    """The thread that takes true states from the pipe, so that the process that computes them never waits.

    Parameters
    ----------
    states : Connection
        Read end.
    hear : callable
        Takes each, in the thread.
    on_end : callable
        Called, in the thread, when the pipe has ended.
    """

    def __init__(self, states: Connection, hear: Callable[[Any], None], on_end: Callable[[], object]) -> None:
        self._states = states
        self._hear = hear
        self._on_end = on_end
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._receive, name="states")

    def __enter__(self) -> "Receiver":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._closing.set()
        self._thread.join()

    def _receive(self) -> None:
        try:
            while not self._closing.is_set():
                if self._states.poll(POLL):
                    self._hear(self._states.recv())
        except (EOFError, OSError):
            pass
        if not self._closing.is_set():
            self._on_end()


class Beamline:
    """All records and what is behind them.

    Parameters
    ----------
    setup : Setup
        What to serve.
    """

    def __init__(self, setup: Setup) -> None:
        self.states = StateHistory()
        source = _source(setup)
        truth = TruthLog(setup.root / "sim" / "truth.jsonl", crystal=not setup.frames)
        self._readout = Readout(source, self.states, truth)
        light = Light(is_open=True)
        family = CAMERAS[setup.detector_family]
        self._plugin = HdfPlugin(f"{setup.detector_prefix}HDF1:", self._readout, family)
        motors = [Motor(name, Travel()) for name in (setup.stage_x, setup.stage_y, setup.stage_z)]
        holder = Holder(setup.sample, setup.sample_x, lambda: motors[0].at)
        beam = Beam(
            light,
            seed=setup.seed,
            transmission=setup.transmission,
            flicker=setup.flicker,
            in_beam=holder.in_beam,
        )
        self._camera = camera_class(family)(f"{setup.detector_prefix}cam1:", beam, self._readout, self._plugin)
        groups: list[Any] = [
            *motors,
            Ring(setup.ring_current),
            Shutter(setup.shutter, light),
            self._camera,
            self._plugin,
        ]
        self.records: dict[str, Any] = {name: record for group in groups for name, record in group.pvdb.items()}

    def hear(self, news: TrueState | DetectorFaults) -> None:
        """Take what is true of the cell, or what is wrong with the detector; from any thread."""
        if isinstance(news, DetectorFaults):
            self._camera.faults = self._plugin.faults = news
        else:
            self.states.append(news)

    async def close(self) -> None:
        """Stop exposing, and close the file behind the last frame."""
        await self._camera.close()
        await self._plugin.close()
        self._readout.close()


def _source(setup: Setup) -> FrameSource:
    """Return where frames come from."""
    source: FrameSource = RealFrames(setup.frames) if setup.frames else Diffraction(setup)
    if not (setup.dark_rate or setup.hot_pixels or setup.dead_pixels):
        return source
    return ImperfectPixels(
        source, seed=setup.seed, dark_rate=setup.dark_rate, hot=setup.hot_pixels, dead=setup.dead_pixels
    )

"""The process of the simulated IOCs: EPICS records and frames, apart from the serial wires and their 50 ms replies."""

import signal
from multiprocessing.connection import Connection

from operando.sim.setup import Setup


def run(setup: Setup, states: Connection) -> None:
    """Serve the simulated IOCs on loopback; the target of a spawned process.

    Sends ``"ready"`` once every record is served. Ends when the pipe ends or at SIGTERM, after closing the file of
    frames; a Ctrl-C is for the parent to judge.

    Parameters
    ----------
    setup : Setup
        The simulated beamline.
    states : Connection
        Both ways: a `TrueState` every 20 ms comes in.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Imported here: the parent names this function, and shall not load caproto and h5py beside its serial lines.
    from operando.sim.iocs.server import serve

    serve(setup, states)

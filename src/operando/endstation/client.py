"""Make this process an EPICS client of an endstation."""

import os
import threading
from collections.abc import Mapping
from pathlib import Path

from operando.endstation.announcements import listen
from operando.endstation.ports import LOOPBACK, free_port, is_free
from operando.endstation.register import Register
from operando.endstation.root import Root

SITE_REPEATER_PORT = 5065
"""UDP; the Channel Access repeater of a host (EPICS Channel Access Reference Manual, "Environment Variables")."""
POLL_INTERVAL = 0.01
REPEATER_LIMIT = 5.0


def client_environment(root: Path, site: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Environment variables with which an EPICS client finds the endstation's servers.

    Parameters
    ----------
    root : Path
        The endstation's root folder.
    site : mapping
        The variables there are. A real endstation's clients look for detectors and motors where the site says, too;
        a simulated one's look nowhere else.

    Returns
    -------
    dict
        Empty where no server is registered.
    """
    processes = Register(Root(root)).read()["processes"]
    ours = [f"{LOOPBACK}:{facts['ca_port']}" for facts in processes.values() if facts.get("ca_port")]
    if not ours:
        return {}
    if "sim" in processes:
        return {"EPICS_CA_ADDR_LIST": " ".join(sorted(ours)), "EPICS_CA_AUTO_ADDR_LIST": "NO"}
    theirs = [address for address in site.get("EPICS_CA_ADDR_LIST", "").split() if address not in ours]
    return {"EPICS_CA_ADDR_LIST": " ".join([*sorted(ours), *theirs])}


def prepare_client(root: Path) -> None:
    """Let this process reach the endstation's records; before anything of EPICS is imported.

    Parameters
    ----------
    root : Path
        The endstation's root folder.
    """
    found = client_environment(root)
    os.environ.update(found)
    _provide_repeater(Root(root), alone=found.get("EPICS_CA_AUTO_ADDR_LIST") == "NO")
    import epicscorelibs.path.pyepics  # noqa: F401 - tells pyepics which library to load


def _provide_repeater(place: Root, alone: bool) -> None:
    """Run a Channel Access repeater in a thread, and have servers of the endstation send their beacons to it.

    Not where the host has one, through which a site's servers are heard, too. A client that is ``alone``, of a
    simulated endstation, hears none of those, and does not rely on a repeater that may end before it. The client
    library would start a program ``caRepeater``, which no wheel brings, and complain on the terminal.
    """
    if "EPICS_CA_REPEATER_PORT" in os.environ or not (alone or is_free(SITE_REPEATER_PORT)):
        return
    from caproto.sync import repeater

    port = free_port()
    os.environ["EPICS_CA_REPEATER_PORT"] = str(port)
    threading.Thread(target=repeater.run, args=(LOOPBACK,), name="CA repeater", daemon=True).start()
    pause = threading.Event()
    for _ in range(int(REPEATER_LIMIT / POLL_INTERVAL)):
        if not is_free(port):
            listen(place, port)
            return
        pause.wait(POLL_INTERVAL)

"""Reach every line and record of a configuration."""

from typing import TYPE_CHECKING

from operando.config.channels import serial_ports
from operando.endstation import prepare_client

if TYPE_CHECKING:
    from operando.config import Endstation
    from operando.endstation import Root

CONNECTION_LIMIT = 3.0
"""s, for all records together; a search is repeated well within that."""


def unreachable(config: "Endstation", place: "Root") -> list[str]:
    """Names of the serial ports and EPICS records that do not answer.

    A running endstation is asked through its own servers; otherwise the site's EPICS environment counts.
    """
    ports = serial_ports(config)
    missing = [f"{table} port = {port!r}" for table, port in ports.items() if not (place.path / port).exists()]
    return missing + _silent_records(config, place)


def _silent_records(config: "Endstation", place: "Root") -> list[str]:
    prepare_client(place.path)
    from operando.devices.detector_family import FAMILIES  # with ophyd, which must be there before its client library

    import epics  # isort: skip

    detector, source, stage = config.detector, config.source, config.stage
    names = [
        f"{detector.prefix}cam1:Acquire",
        f"{detector.prefix}HDF1:Capture",
        *(f"{detector.prefix}cam1:{record}" for record in FAMILIES[detector.family].settings),
        source.ring_current,
        f"{source.shutter}OPEN",
        f"{stage.x}.RBV",
        f"{stage.y}.RBV",
        f"{stage.z}.RBV",
    ]
    if place.owner("environment"):
        names.append(f"{config.prefix}ENVIRONMENT:HEARTBEAT")
    records = [epics.PV(name) for name in names]
    return [record.pvname for record in records if not record.wait_for_connection(CONNECTION_LIMIT)]

"""What waited on the line while a service was started."""

from dataclasses import replace

from operando.instruments.roles import Said

NS = 1_000_000_000


def dated(held: list[Said], fresh: Said | None) -> list[Said]:
    """Return what waited for the service under its own time, which the first fresh packet tells."""
    if fresh is None:
        return held
    zero_ns = fresh.time_ns - round(fresh.elapsed * NS)
    of_the_same = [said for said in held if said.elapsed <= fresh.elapsed]
    return [replace(said, time_ns=zero_ns + round(said.elapsed * NS)) for said in of_the_same]

"""Bluesky plans: generators of messages that know protocols, never a device class."""

from operando.plans.operando_cycle import operando_cycle

__all__ = ["operando_cycle"]

"""Bluesky plans: generators of messages that know protocols, never a device class."""

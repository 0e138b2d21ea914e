"""Faults of the simulated instruments: on command, for a time or until cleared."""

"""EPICS IOCs of the simulated beamline: motors, shutter, ring current, area detector."""

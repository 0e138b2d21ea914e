"""The simulated beamline: cell physics, serial wires on ptys, EPICS IOCs."""

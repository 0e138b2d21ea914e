"""Ophyd devices over the endstation's EPICS records."""

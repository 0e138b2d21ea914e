"""A table of quantities served as EPICS records."""

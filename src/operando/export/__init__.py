"""Exports of a file of record for programs that do not read NeXus."""

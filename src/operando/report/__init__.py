"""Figures of a run, from its file of record alone."""

"""The environment log: append, commit, query over an interval."""

"""A fault that there is not, or not like this."""


class FaultRefused(ValueError):
    """Says what was asked for and what there is."""

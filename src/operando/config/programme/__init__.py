"""``[programme]``: the cell programme; every potential names its scale."""

from operando.config.programme.short_form import Potential, Programme

__all__ = ["Potential", "Programme"]

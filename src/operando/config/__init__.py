"""TOML files validated into frozen models; an error names file, table, key, value and what is allowed."""

from operando.config.diffraction import Delithiation, load_delithiation, load_material, load_recipe
from operando.config.endstation import Endstation
from operando.config.load import load
from operando.config.parasitic import load_parasitic

__all__ = ["Delithiation", "Endstation", "load", "load_delithiation", "load_material", "load_parasitic", "load_recipe"]

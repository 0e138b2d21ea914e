"""Operando X-ray studies of solid-state batteries under controlled stack pressure and temperature."""

__version__ = "0.1.0"

"""RunEngine assembly: devices, metadata, progress bars, journal subscription.

Nothing is imported here: `operando.engine.session` sets the EPICS client's environment before ophyd is loaded.
"""

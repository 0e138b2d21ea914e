"""RunEngine assembly: metadata, progress bars, journal subscription."""

"""The simulated IOCs, which end with this folder (a package, so that pytest knows where it ends)."""

"""Physics of the simulated solid-state cell and its rig."""

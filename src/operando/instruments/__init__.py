"""Wire drivers, one instrument a file, over a Line."""

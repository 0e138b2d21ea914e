"""ophyd devices against a toy endstation that ends with this folder (a package, so that pytest knows where it ends)."""

"""Data: endstations, PONI files, integration recipes, materials, cell programmes."""

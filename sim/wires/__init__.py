"""Serial instruments on ptys, byte for byte."""

"""Analysis: arrays in, arrays out; works without any service."""

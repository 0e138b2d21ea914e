"""The environment service: sole owner of the sample-environment hardware."""

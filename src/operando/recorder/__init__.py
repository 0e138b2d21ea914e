"""The recorder: journal, frames and environment log into a NeXus file."""

"""The journal: append, follow and replay of bluesky documents."""

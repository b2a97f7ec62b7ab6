"""The HTTP API; one folder a version."""

"""Every SELECT over sessions, their audience and the catalogue."""

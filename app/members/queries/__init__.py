"""Every SELECT over the organisation tree and members."""

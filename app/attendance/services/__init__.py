"""Use cases of the ledger: recording an attendance, and correcting one."""

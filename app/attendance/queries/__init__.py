"""Every SELECT over the ledger for one session or one member; reports have their own."""

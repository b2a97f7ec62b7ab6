"""The ledger of attendance: recording, status, corrections and the rules of study hours."""

"""What every feature stands on: database, clock, errors, security, audit, language; imports no feature."""

"""Training classes and sessions: kinds, venues, lecturers, audience, publishing and clashes."""

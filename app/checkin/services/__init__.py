"""Use cases of check-in: codes, tickets, bound phones, cards, and what staff record."""

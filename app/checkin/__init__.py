"""Check-in: codes, tickets, bound phones and cards, and the pages that use them."""

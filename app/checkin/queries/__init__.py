"""Every SELECT of check-in: sessions by code, members by token and card."""

"""A plan that reaches everyone who has not been reached, with the fewest sessions."""

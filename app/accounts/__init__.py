"""Staff users, their roles in the tree, sign-in and API tokens."""

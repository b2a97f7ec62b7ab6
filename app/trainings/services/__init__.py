"""Use cases of scheduling: saving drafts, and the steps of a session's life."""

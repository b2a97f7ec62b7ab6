"""Makes a plan and turns it into drafts."""
